//! How households split, merge, move, end and come back. Every person stays in exactly one household, both sides keep
//! who they came from or went to, and nothing is deleted.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Home, Household, HouseholdFacts, Person, Position, Relation};
use crate::amendment::Evidence;
use crate::area::AreaCode;
use crate::code_list;

code_list! {
    /// Whether a household is still one of its own.
    HouseholdStatus {
        Active = "active", "在册", "on the register";
        Merged = "merged", "已并入他户", "merged into another";
        Cancelled = "cancelled", "已注销", "cancelled";
    }
}

impl Default for HouseholdStatus {
    /// A household begins on the register.
    fn default() -> Self {
        Self::Active
    }
}

code_list! {
    /// What happened to a household as a whole.
    EventKind {
        SplitFrom = "split_from", "从他户分出", "split from";
        SplitInto = "split_into", "分出新户", "split into";
        MergedFrom = "merged_from", "并入他户成员", "took in";
        MergedInto = "merged_into", "并入他户", "merged into";
        Moved = "moved", "迁移", "moved";
        Cancelled = "cancelled", "注销", "cancelled";
        Reinstated = "reinstated", "恢复", "reinstated";
    }
}

/// On which ground something happens to a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The day it takes effect.
    pub date: Date,
    /// Why.
    pub reason: String,
    /// The paper about it.
    pub evidence: Option<Evidence>,
    /// Who records it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether the day lies after the cut-off date, so that it gives no entitlement.
    pub after_cut_off: bool,
}

/// What happened to a household as a whole, and on which ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HouseholdEvent)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The day it took effect.
    pub date: Date,
    /// Why.
    pub reason: String,
    /// The paper about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub evidence: Option<Evidence>,
    /// The other household of a split or merger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub household: Option<Uuid>,
    /// Register number of that household.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub register_number: Option<String>,
    /// Where the household was before it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub area_before: Option<AreaCode>,
    /// Whether it came after the cut-off date and so gives no entitlement.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub after_cut_off: bool,
    /// Who recorded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Ground {
    fn event(&self, kind: EventKind) -> Event {
        Event {
            kind,
            date: self.date,
            reason: self.reason.clone(),
            evidence: self.evidence.clone(),
            household: None,
            register_number: None,
            area_before: None,
            after_cut_off: self.after_cut_off,
            by: self.by.clone(),
            at: self.at,
        }
    }

    fn event_with(&self, kind: EventKind, other: &Household) -> Event {
        Event {
            household: Some(other.id),
            register_number: Some(other.facts.register_number.clone()),
            ..self.event(kind)
        }
    }
}

/// Relations to the head that change because the head or the household does.
pub type Relations = HashMap<Uuid, Relation>;

/// Why a household cannot change so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The household is not on the register any more.
    #[error("household {0} is no longer on the register; open the one it went into, or reinstate it")]
    NotActive(String),
    /// Only a cancelled household comes back.
    #[error("only a cancelled household can be reinstated; to undo a merger, split the members off again")]
    NotCancelled,
    /// Nobody was named.
    #[error("say which members leave")]
    NobodyLeaves,
    /// Nobody would be left.
    #[error("somebody must stay; to end the household, cancel it or merge it")]
    NobodyStays,
    /// A person that is no member.
    #[error("{0} is not a member of the household")]
    NoMember(Uuid),
    /// The household itself.
    #[error("a household cannot be merged into itself")]
    Itself,
    /// The area is the one it is in.
    #[error("the household is in that area already")]
    SameArea,
}

impl ChangeError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotActive(_) => "household_not_active",
            Self::NotCancelled => "household_not_cancelled",
            Self::NobodyLeaves => "nobody_leaves",
            Self::NobodyStays => "nobody_stays",
            Self::NoMember(_) => "no_member",
            Self::Itself => "merge_itself",
            Self::SameArea => "same_area",
        }
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NotActive(number) => format!("{number} 户已不在册;请打开并入的户,或先恢复本户"),
            Self::NotCancelled => "只有已注销的户可以恢复;撤销合户请把成员重新分出".into(),
            Self::NobodyLeaves => "请选择分出的成员".into(),
            Self::NobodyStays => "原户须至少留一名成员;整户结束请办理注销或合户".into(),
            Self::NoMember(person) => format!("{person} 不是该户成员"),
            Self::Itself => "不能把一户并入它自己".into(),
            Self::SameArea => "该户已在此区划".into(),
        }
    }
}

fn active(household: &Household) -> Result<(), ChangeError> {
    match household.is_active() {
        true => Ok(()),
        false => Err(ChangeError::NotActive(household.facts.register_number.clone())),
    }
}

/// The household with the new relations, the head first, the others as they were.
fn related(mut members: Vec<Person>, relations: &Relations) -> Vec<Person> {
    for member in &mut members {
        if let Some(&relation) = relations.get(&member.id) {
            member.facts.relation = relation;
        }
    }
    members.sort_by_key(|member| !member.facts.relation.is_head());
    members
}

/// Splits members off into a household of their own. `relations` are those to the heads afterwards, of the ones who
/// leave and of the ones who stay, where they change.
///
/// The new household has the place, the home and the reasons to move of the old one, since its people live there still;
/// phone, account, land and helper stay with the old one, and its consent has to be asked anew.
///
/// # Errors
/// When the household is not active, or nobody would leave or stay, or a person is no member.
pub fn split(
    old: &Household,
    leaving: &HashSet<Uuid>,
    relations: &Relations,
    (id, register_number): (Uuid, String),
    ground: &Ground,
) -> Result<(Household, Household), ChangeError> {
    active(old)?;
    if leaving.is_empty() {
        return Err(ChangeError::NobodyLeaves);
    }
    let known: HashSet<Uuid> = old.members.iter().map(|member| member.id).collect();
    if let Some(stranger) = leaving
        .iter()
        .chain(relations.keys())
        .find(|&id| !known.contains(id))
    {
        return Err(ChangeError::NoMember(*stranger));
    }
    let (gone, stay): (Vec<Person>, Vec<Person>) = old
        .members
        .iter()
        .cloned()
        .partition(|member| leaving.contains(&member.id));
    if stay.is_empty() {
        return Err(ChangeError::NobodyStays);
    }
    let mut new = Household {
        id,
        facts: HouseholdFacts {
            register_number,
            phone: None,
            bank_account: None,
            farmland_mu_hundredths: None,
            forest_mu_hundredths: None,
            orchard_mu_hundredths: None,
            grassland_mu_hundredths: None,
            water_mu_hundredths: None,
            home: Home {
                homestead_m2: None,
                ..old.facts.home.clone()
            },
            helper: None,
            vulnerabilities: Vec::new(),
            ..old.facts.clone()
        },
        members: related(gone, relations),
        consent: None,
        status: HouseholdStatus::Active,
        events: Vec::new(),
    };
    new.events.push(ground.event_with(EventKind::SplitFrom, old));
    let mut rest = Household {
        members: related(stay, relations),
        ..old.clone()
    };
    if let Some(consent) = &mut rest.consent {
        consent
            .exceptions
            .retain(|exception| !leaving.contains(&exception.person));
    }
    rest.events.push(ground.event_with(EventKind::SplitInto, &new));
    Ok((rest, new))
}

/// Merges all members of `from` into `into`. `relations` are those to the head of `into`, where they change; a head that
/// joins and is not named becomes other kin, since a household has one.
///
/// # Errors
/// When one of the households is not active, they are one, or a person of `relations` belongs to neither.
pub fn merge(
    from: &Household,
    into: &Household,
    relations: &Relations,
    ground: &Ground,
) -> Result<(Household, Household), ChangeError> {
    if from.id == into.id {
        return Err(ChangeError::Itself);
    }
    active(from)?;
    active(into)?;
    let known: HashSet<Uuid> = from
        .members
        .iter()
        .chain(&into.members)
        .map(|member| member.id)
        .collect();
    if let Some(stranger) = relations.keys().find(|id| !known.contains(id)) {
        return Err(ChangeError::NoMember(*stranger));
    }
    let joining = from.members.iter().cloned().map(|mut member| {
        if member.facts.relation.is_head() {
            member.facts.relation = Relation::OtherKin;
        }
        member
    });
    let members: Vec<Person> = into.members.iter().cloned().chain(joining).collect();
    let mut joined = Household {
        members: related(members, relations),
        ..into.clone()
    };
    joined.events.push(ground.event_with(EventKind::MergedFrom, from));
    let mut ended = Household {
        members: Vec::new(),
        status: HouseholdStatus::Merged,
        ..from.clone()
    };
    ended.events.push(ground.event_with(EventKind::MergedInto, into));
    Ok((ended, joined))
}

/// Moves a household to another area, with the place of its new home when that is known.
///
/// # Errors
/// When it is not active or is in that area already.
pub fn move_to(
    household: &Household,
    area: AreaCode,
    position: Option<Position>,
    ground: &Ground,
) -> Result<Household, ChangeError> {
    active(household)?;
    if household.facts.area == area {
        return Err(ChangeError::SameArea);
    }
    let mut moved = household.clone();
    let before = std::mem::replace(&mut moved.facts.area, area);
    moved.facts.position = position;
    moved.events.push(Event {
        area_before: Some(before),
        ..ground.event(EventKind::Moved)
    });
    Ok(moved)
}

/// Takes a household off the register. It stays readable with all it had.
///
/// # Errors
/// When it is not active.
pub fn cancel(household: &Household, ground: &Ground) -> Result<Household, ChangeError> {
    active(household)?;
    let mut cancelled = household.clone();
    cancelled.status = HouseholdStatus::Cancelled;
    cancelled.events.push(ground.event(EventKind::Cancelled));
    Ok(cancelled)
}

/// Brings a cancelled household back.
///
/// # Errors
/// When it is not cancelled.
pub fn reinstate(household: &Household, ground: &Ground) -> Result<Household, ChangeError> {
    if household.status != HouseholdStatus::Cancelled {
        return Err(ChangeError::NotCancelled);
    }
    let mut back = household.clone();
    back.status = HouseholdStatus::Active;
    back.events.push(ground.event(EventKind::Reinstated));
    Ok(back)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::roster::tests::household;

    fn ground() -> Ground {
        Ground {
            date: jiff::civil::date(2026, 3, 1),
            reason: "子女成家".into(),
            evidence: None,
            by: "county".into(),
            at: "2026-03-02T01:00:00Z".parse().unwrap(),
            after_cut_off: false,
        }
    }

    fn persons(households: &[&Household]) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = households
            .iter()
            .flat_map(|household| household.members.iter().map(|member| member.id))
            .collect();
        ids.sort_unstable();
        ids
    }

    proptest! {
        /// Whoever leaves: every person is afterwards in exactly one household, and merging back brings all together.
        #[test]
        fn splitting_and_merging_conserve_persons(size in 2_u64..9, chosen in any::<u16>()) {
            let old = household(1, size, Some("6217"));
            let leaving: HashSet<Uuid> = old
                .members
                .iter()
                .enumerate()
                .filter(|(place, _)| chosen >> place & 1 == 1)
                .map(|(_, member)| member.id)
                .collect();
            let new = (Uuid::from_u64_pair(9, 9), "QX-NEW".to_owned());
            let outcome = split(&old, &leaving, &Relations::new(), new, &ground());
            if leaving.is_empty() {
                prop_assert_eq!(outcome, Err(ChangeError::NobodyLeaves));
            } else if leaving.len() == old.members.len() {
                prop_assert_eq!(outcome, Err(ChangeError::NobodyStays));
            } else {
                let (rest, new) = outcome.unwrap();
                prop_assert_eq!(persons(&[&rest, &new]), persons(&[&old]));
                prop_assert_eq!(new.members.len(), leaving.len());
                prop_assert_eq!(&new.facts.area, &old.facts.area);
                prop_assert!(new.facts.bank_account.is_none() && rest.facts.bank_account.is_some());
                let (ended, joined) = merge(&new, &rest, &Relations::new(), &ground()).unwrap();
                prop_assert_eq!(persons(&[&joined]), persons(&[&old]));
                prop_assert!(ended.members.is_empty() && !ended.is_active());
            }
        }
    }

    #[test]
    fn both_sides_of_a_split_say_where_the_others_are() {
        let old = household(1, 4, None);
        let [first, second] = [old.members[2].id, old.members[3].id];
        let relations = Relations::from([(first, Relation::Head), (second, Relation::Wife)]);
        let new_id = Uuid::from_u64_pair(9, 9);
        let (rest, new) = split(
            &old,
            &HashSet::from([first, second]),
            &relations,
            (new_id, "QX-2".into()),
            &ground(),
        )
        .unwrap();
        assert_eq!(new.head().map(|head| head.id), Some(first));
        assert_eq!(rest.events[0].household, Some(new_id));
        assert_eq!(rest.events[0].register_number.as_deref(), Some("QX-2"));
        assert_eq!(new.events[0].kind, EventKind::SplitFrom);
        assert_eq!(new.events[0].household, Some(old.id));
    }

    #[test]
    fn what_is_not_on_the_register_changes_no_more_and_only_a_cancelled_household_comes_back() {
        let (one, two) = (household(1, 2, None), household(2, 3, None));
        let (ended, joined) = merge(&one, &two, &Relations::new(), &ground()).unwrap();
        assert_eq!(joined.head().map(|head| head.id), two.head().map(|head| head.id));
        assert_eq!(reinstate(&ended, &ground()), Err(ChangeError::NotCancelled));
        assert!(matches!(
            cancel(&ended, &ground()),
            Err(ChangeError::NotActive(_))
        ));
        let gone = cancel(&two, &ground()).unwrap();
        assert!(matches!(
            merge(&one, &gone, &Relations::new(), &ground()),
            Err(ChangeError::NotActive(_))
        ));
        let back = reinstate(&gone, &ground()).unwrap();
        assert_eq!((back.is_active(), back.members.len()), (true, 3));
        assert_eq!(back.events.len(), 2);
    }

    #[test]
    fn a_move_remembers_where_from() {
        let one = household(1, 2, None);
        let to = AreaCode::parse("619021102201").unwrap();
        let moved = move_to(&one, to.clone(), None, &ground()).unwrap();
        assert_eq!(moved.facts.area, to);
        assert_eq!(moved.events[0].area_before.as_ref(), Some(&one.facts.area));
        assert_eq!(move_to(&moved, to, None, &ground()), Err(ChangeError::SameArea));
    }

    #[test]
    fn a_merger_takes_no_stranger_and_not_itself() {
        let (one, two) = (household(1, 2, None), household(2, 2, None));
        let stranger = Uuid::from_u64_pair(7, 7);
        let relations = Relations::from([(stranger, Relation::Son)]);
        assert_eq!(
            merge(&one, &two, &relations, &ground()),
            Err(ChangeError::NoMember(stranger))
        );
        assert_eq!(
            merge(&one, &one, &Relations::new(), &ground()),
            Err(ChangeError::Itself)
        );
    }
}
