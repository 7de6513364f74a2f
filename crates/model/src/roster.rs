//! Approved rosters (核定名册): which households a county stands for, frozen with their key facts.
//!
//! A roster is drafted from the living register, compared with the version before, and frozen by another person with an
//! approver and a document number. From then on its key facts change only by an amendment
//! ([`amendment`](crate::amendment)). Rosters of one category and area are versions of each other; the newest frozen
//! one is in force, the ones before are superseded.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::identity::{IdNumber, Sex};
use crate::register::{
    Category, ConsentChoice, Home, Household, Pathway, Position, PovertyAttribute, Relation,
};

code_list! {
    /// Where a roster stands.
    RosterState {
        Draft = "draft", "草案", "draft";
        Frozen = "frozen", "已核定", "frozen";
        Superseded = "superseded", "已被新版取代", "superseded";
    }
}

code_list! {
    /// The facts that a frozen roster stands for; a wrong one makes an entry a misreport (乱报).
    KeyFact {
        Members = "members", "家庭成员", "members";
        Category = "category", "搬迁类型", "category";
        Home = "home", "现住房", "present home";
        Pathway = "pathway", "安置方式", "pathway";
        Area = "area", "行政区划", "area";
        BankAccount = "bank_account", "银行账号", "bank account";
    }
}

/// Which households of a category a roster was drafted from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RosterFilter {
    /// In this area.
    pub area: AreaCode,
    /// Only this poverty attribute.
    pub poverty_attribute: Option<PovertyAttribute>,
    /// Only this choice.
    pub choice: Option<ConsentChoice>,
    /// Only those that must move, or need not.
    pub must_move: Option<bool>,
    /// Only those with (or without) open look-back items.
    pub open_items: Option<bool>,
    /// Only those whose identification has led to the announcement, or has not.
    #[serde(default)]
    pub identified: Option<bool>,
}

/// A member as a roster freezes it: who it is, and in which relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RosterMember {
    /// The person.
    pub person: Uuid,
    /// Name.
    pub name: String,
    /// Sex.
    pub sex: Sex,
    /// Birth date as recorded.
    pub birth_date: Option<Date>,
    /// ID number as recorded.
    pub id_number: Option<IdNumber>,
    /// Relation to the head.
    pub relation: Relation,
}

/// The present home and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RosterHome {
    /// What is recorded of it.
    #[serde(flatten)]
    pub home: Home,
    /// Where it stands.
    pub position: Option<Position>,
}

/// The key facts of a household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyFacts {
    /// Members by id of the person, so that the order of a spreadsheet's rows is no difference.
    pub members: Vec<RosterMember>,
    /// Category of relocation.
    pub category: Category,
    /// The present home.
    pub home: RosterHome,
    /// The pathway chosen.
    pub pathway: Option<Pathway>,
    /// Villagers' group or village.
    pub area: AreaCode,
    /// Where money is paid to.
    pub bank_account: Option<String>,
}

impl KeyFacts {
    /// The key facts of a household as the register has them.
    pub fn of(household: &Household) -> Self {
        let facts = &household.facts;
        let mut members: Vec<RosterMember> = household
            .members
            .iter()
            .map(|person| RosterMember {
                person: person.id,
                name: person.facts.name.clone(),
                sex: person.facts.sex,
                birth_date: person.facts.birth_date,
                id_number: person.facts.id_number.clone(),
                relation: person.facts.relation,
            })
            .collect();
        members.sort_by_key(|member| member.person);
        Self {
            members,
            category: facts.category,
            home: RosterHome {
                home: facts.home.clone(),
                position: facts.position,
            },
            pathway: household.consent.as_ref().and_then(|consent| consent.pathway),
            area: facts.area.clone(),
            bank_account: facts.bank_account.clone(),
        }
    }

    /// The facts in which the two differ, in the order of the code list.
    pub fn differences(&self, other: &Self) -> Vec<KeyFact> {
        KeyFact::ALL
            .iter()
            .copied()
            .filter(|fact| match fact {
                KeyFact::Members => self.members != other.members,
                KeyFact::Category => self.category != other.category,
                KeyFact::Home => self.home != other.home,
                KeyFact::Pathway => self.pathway != other.pathway,
                KeyFact::Area => self.area != other.area,
                KeyFact::BankAccount => self.bank_account != other.bank_account,
            })
            .collect()
    }
}

/// One household of a roster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RosterEntry {
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// What is frozen of it.
    #[serde(flatten)]
    pub facts: KeyFacts,
}

impl RosterEntry {
    /// The entry for a household as the register has it.
    pub fn of(household: &Household) -> Self {
        Self {
            household: household.id,
            register_number: household.facts.register_number.clone(),
            facts: KeyFacts::of(household),
        }
    }
}

/// Who froze a roster, and on which authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Freezing {
    /// Who froze it; never the one who drafted it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The office or person that approved it, as the document names it.
    pub approver: String,
    /// Number of the approving document (文号).
    pub document: String,
}

/// An approved list of households, or the draft of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Roster {
    /// UUIDv7.
    pub id: Uuid,
    /// Category of all its households.
    pub category: Category,
    /// What it is called.
    pub title: String,
    /// Version among the rosters of its category and area, from 1.
    pub number: u32,
    /// Where it stands.
    pub state: RosterState,
    /// What it was drafted from.
    pub filter: RosterFilter,
    /// Number of households.
    pub households: u64,
    /// Number of persons.
    pub persons: u64,
    /// SHA-256 over the canonical JSON (RFC 8785) of its entries in the order of their register numbers, in hex. The
    /// entries are the attachment of this hash.
    pub hash: String,
    /// The version in force when it was drafted, with which it is to be compared.
    pub previous: Option<Uuid>,
    /// Who drafted it.
    pub drafted_by: String,
    /// When.
    pub drafted_at: Timestamp,
    /// Who froze it, once it is frozen.
    pub frozen: Option<Freezing>,
    /// The version that took its place.
    pub superseded_by: Option<Uuid>,
}

/// Why a step of a roster is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// Only a draft can be frozen.
    #[error("the roster is {}, only a draft can be frozen", .0.en())]
    NotDraft(RosterState),
    /// Only a frozen roster can be superseded.
    #[error("the roster is {}, only a frozen one can be superseded", .0.en())]
    NotFrozen(RosterState),
    /// Drafting and freezing need two people.
    #[error("{0} drafted this roster; somebody else must freeze it")]
    SamePerson(String),
    /// A roster of nobody.
    #[error("the roster has no households; draft it with another filter")]
    Empty,
    /// Approver or document number is missing, too long or holds line breaks.
    #[error("approver and document number are needed, each one line of at most {limit} characters")]
    Authority {
        /// Most characters.
        limit: usize,
    },
}

/// Most characters of a title, an approver or a document number.
pub const LINE_LIMIT: usize = 200;

/// Whether a text is one line of 1 to [`LINE_LIMIT`] characters.
pub fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LINE_LIMIT && !text.chars().any(char::is_control)
}

impl RosterError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotDraft(_) => "roster_not_draft",
            Self::NotFrozen(_) => "roster_not_frozen",
            Self::SamePerson(_) => "same_person",
            Self::Empty => "roster_empty",
            Self::Authority { .. } => "roster_authority",
        }
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NotDraft(state) => format!("名册{},只有草案可以核定", state.zh()),
            Self::NotFrozen(state) => format!("名册为{},只有已核定的名册可以被取代", state.zh()),
            Self::SamePerson(name) => format!("该名册由 {name} 编制,须由另一人核定"),
            Self::Empty => "名册中没有户;请改用其他筛选条件重新编制".into(),
            Self::Authority { limit } => format!("请填写批准单位(人)和文号,各为一行,不超过 {limit} 个字"),
        }
    }
}

impl Roster {
    /// The roster frozen.
    ///
    /// # Errors
    /// When it is no draft, has no households, was drafted by the same person, or approver or document are missing.
    pub fn freeze(&self, freezing: Freezing) -> Result<Self, RosterError> {
        if self.state != RosterState::Draft {
            return Err(RosterError::NotDraft(self.state));
        }
        if freezing.by == self.drafted_by {
            return Err(RosterError::SamePerson(freezing.by));
        }
        if self.households == 0 {
            return Err(RosterError::Empty);
        }
        if !is_line(&freezing.approver) || !is_line(&freezing.document) {
            return Err(RosterError::Authority { limit: LINE_LIMIT });
        }
        Ok(Self {
            state: RosterState::Frozen,
            frozen: Some(freezing),
            ..self.clone()
        })
    }

    /// The roster superseded by a newer version.
    ///
    /// # Errors
    /// When it is not frozen.
    pub fn supersede(&self, newer: Uuid) -> Result<Self, RosterError> {
        if self.state != RosterState::Frozen {
            return Err(RosterError::NotFrozen(self.state));
        }
        Ok(Self {
            state: RosterState::Superseded,
            superseded_by: Some(newer),
            ..self.clone()
        })
    }

    /// Whether the stored roster may be replaced by `next`: a draft by a draft or by itself frozen, a frozen one by
    /// nothing but itself superseded, a superseded one by nothing. The store refuses everything else, whoever asks.
    pub fn may_become(&self, next: &Self) -> bool {
        let same_place = (self.id, self.category, self.number) == (next.id, next.category, next.number)
            && self.filter.area == next.filter.area;
        match (self.state, next.state) {
            (RosterState::Draft, RosterState::Draft) => same_place,
            (RosterState::Draft, RosterState::Frozen) => next
                .frozen
                .clone()
                .is_some_and(|freezing| self.freeze(freezing).as_ref() == Ok(next)),
            (RosterState::Frozen, RosterState::Superseded) => next
                .superseded_by
                .is_some_and(|newer| self.supersede(newer).as_ref() == Ok(next)),
            _ => false,
        }
    }
}

/// A household whose key facts differ between two rosters.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedEntry {
    /// In the earlier roster.
    pub before: RosterEntry,
    /// In the later one.
    pub after: RosterEntry,
    /// In what they differ.
    pub facts: Vec<KeyFact>,
}

/// How one roster differs from an earlier one, each list in the order of the register numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// Only in the later one.
    pub added: Vec<RosterEntry>,
    /// Only in the earlier one.
    pub removed: Vec<RosterEntry>,
    /// In both, with other key facts.
    pub changed: Vec<ChangedEntry>,
    /// Households that are the same in both.
    pub unchanged: u64,
}

/// Compares two lists of entries, household by household.
pub fn compare(before: Vec<RosterEntry>, after: Vec<RosterEntry>) -> Comparison {
    let mut known: std::collections::HashMap<Uuid, RosterEntry> =
        before.into_iter().map(|entry| (entry.household, entry)).collect();
    let mut comparison = Comparison::default();
    for entry in after {
        match known.remove(&entry.household) {
            None => comparison.added.push(entry),
            Some(before) => {
                let facts = before.facts.differences(&entry.facts);
                if facts.is_empty() {
                    comparison.unchanged += 1;
                } else {
                    comparison.changed.push(ChangedEntry {
                        before,
                        after: entry,
                        facts,
                    });
                }
            }
        }
    }
    comparison.removed = known.into_values().collect();
    let number = |entry: &RosterEntry| (entry.register_number.clone(), entry.household);
    comparison.added.sort_by_key(number);
    comparison.removed.sort_by_key(number);
    comparison.changed.sort_by_key(|changed| number(&changed.after));
    comparison
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::register::{HouseholdFacts, HouseholdStatus, Person, PersonFacts};
    use proptest::prelude::*;

    pub(crate) fn household(number: u64, members: u64, account: Option<&str>) -> Household {
        let person = |place: u64| Person {
            id: Uuid::from_u64_pair(2, number * 100 + place),
            facts: PersonFacts::new(
                format!("成员{place}"),
                Sex::Female,
                if place == 0 {
                    Relation::Head
                } else {
                    Relation::Daughter
                },
            ),
        };
        Household {
            id: Uuid::from_u64_pair(1, number),
            facts: HouseholdFacts {
                must_move: true,
                bank_account: account.map(str::to_owned),
                ..HouseholdFacts::new(
                    format!("QX-{number:05}"),
                    AreaCode::parse("61902110120101").unwrap(),
                    Category::Disaster,
                )
            },
            members: (0..members).map(person).collect(),
            consent: None,
            status: HouseholdStatus::Active,
            events: Vec::new(),
        }
    }

    fn draft() -> Roster {
        Roster {
            id: Uuid::from_u64_pair(3, 1),
            category: Category::Disaster,
            title: "2026 年避灾搬迁名册".into(),
            number: 1,
            state: RosterState::Draft,
            filter: RosterFilter {
                area: AreaCode::parse("619021").unwrap(),
                poverty_attribute: None,
                choice: None,
                must_move: Some(true),
                open_items: None,
                identified: None,
            },
            households: 2,
            persons: 5,
            hash: "ab".into(),
            previous: None,
            drafted_by: "wang".into(),
            drafted_at: Timestamp::UNIX_EPOCH,
            frozen: None,
            superseded_by: None,
        }
    }

    fn freezing(by: &str) -> Freezing {
        Freezing {
            by: by.into(),
            at: Timestamp::UNIX_EPOCH,
            approver: "县人民政府".into(),
            document: "安政函〔2026〕7号".into(),
        }
    }

    #[test]
    fn freezing_needs_a_second_person_an_approver_and_a_document() {
        assert_eq!(
            draft().freeze(freezing("wang")),
            Err(RosterError::SamePerson("wang".into()))
        );
        for wrong in ["", "  ", "一\n二", &"长".repeat(LINE_LIMIT + 1)] {
            let refused = draft().freeze(Freezing {
                document: wrong.into(),
                ..freezing("zhao")
            });
            assert_eq!(
                refused,
                Err(RosterError::Authority { limit: LINE_LIMIT }),
                "{wrong:?}"
            );
            let refused = draft().freeze(Freezing {
                approver: wrong.into(),
                ..freezing("zhao")
            });
            assert_eq!(
                refused,
                Err(RosterError::Authority { limit: LINE_LIMIT }),
                "{wrong:?}"
            );
        }
        let empty = Roster {
            households: 0,
            ..draft()
        };
        assert_eq!(empty.freeze(freezing("zhao")), Err(RosterError::Empty));
        let frozen = draft().freeze(freezing("zhao")).unwrap();
        assert_eq!(
            frozen.freeze(freezing("li")),
            Err(RosterError::NotDraft(RosterState::Frozen))
        );
        assert_eq!(
            draft().supersede(Uuid::nil()),
            Err(RosterError::NotFrozen(RosterState::Draft))
        );
    }

    #[test]
    fn a_frozen_roster_becomes_nothing_but_itself_superseded() {
        let frozen = draft().freeze(freezing("zhao")).unwrap();
        let superseded = frozen.supersede(Uuid::from_u64_pair(3, 2)).unwrap();
        assert!(draft().may_become(&frozen));
        assert!(frozen.may_become(&superseded));
        let redrafted = Roster {
            hash: "cd".into(),
            drafted_by: "li".into(),
            ..draft()
        };
        assert!(draft().may_become(&redrafted));
        for next in [
            frozen.clone(),
            draft(),
            Roster {
                hash: "cd".into(),
                ..frozen.clone()
            },
            Roster {
                hash: "cd".into(),
                ..superseded.clone()
            },
            Roster {
                title: "另一个".into(),
                ..superseded.clone()
            },
            Roster {
                superseded_by: None,
                ..superseded.clone()
            },
            Roster {
                frozen: Some(freezing("li")),
                ..superseded.clone()
            },
        ] {
            assert!(!frozen.may_become(&next), "{next:?}");
        }
        // Freezing does not change what was drafted, nor skip the second person.
        assert!(!draft().may_become(&Roster {
            hash: "cd".into(),
            ..frozen.clone()
        }));
        let alone = Roster {
            frozen: Some(freezing("wang")),
            ..frozen.clone()
        };
        assert!(!draft().may_become(&alone));
        for next in [draft(), frozen, superseded.clone()] {
            assert!(!superseded.may_become(&next));
        }
    }

    #[test]
    fn a_comparison_names_what_changed() {
        let entries = |households: &[Household]| households.iter().map(RosterEntry::of).collect::<Vec<_>>();
        let before = entries(&[
            household(1, 2, None),
            household(2, 3, Some("62")),
            household(4, 1, None),
        ]);
        let mut moved = household(2, 3, Some("63"));
        moved.facts.area = AreaCode::parse("61902110120102").unwrap();
        moved.facts.phone = Some("139".into());
        let after = entries(&[household(3, 1, None), moved, household(1, 2, None)]);
        let found = compare(before, after);
        let numbers = |entries: &[RosterEntry]| {
            entries
                .iter()
                .map(|entry| entry.register_number.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&found.added), ["QX-00003"]);
        assert_eq!(numbers(&found.removed), ["QX-00004"]);
        assert_eq!(found.unchanged, 1);
        assert_eq!(found.changed.len(), 1);
        assert_eq!(found.changed[0].facts, [KeyFact::Area, KeyFact::BankAccount]);
    }

    proptest! {
        #[test]
        fn a_roster_compared_with_itself_differs_in_nothing(sizes in prop::collection::vec((0u64..5, prop::option::of("[0-9]{4}")), 0..30)) {
            let entries: Vec<RosterEntry> = (0..).zip(&sizes)
                .map(|(number, (members, account))| RosterEntry::of(&household(number, *members, account.as_deref())))
                .collect();
            let mut turned = entries.clone();
            turned.reverse();
            let found = compare(entries, turned);
            prop_assert_eq!(found, Comparison { unchanged: sizes.len() as u64, ..Comparison::default() });
        }

        #[test]
        fn the_order_of_members_is_no_difference(members in 1u64..8, turn in 0usize..8) {
            let one = household(1, members, None);
            let mut other = one.clone();
            other.members.rotate_left(turn % members as usize);
            prop_assert_eq!(RosterEntry::of(&one), RosterEntry::of(&other));
        }
    }
}
