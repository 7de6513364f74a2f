//! Amendments (变更审批): the only way to change a key fact of a household on a frozen roster.
//!
//! A correction is asked for, checked by the township and applied by the county, each by another person. A natural
//! change (birth, death, marriage, school, army) of the members goes a short way: with its certificate attached it may
//! go from asking straight to the county. Old and new values stay readable whatever becomes of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::register::{Category, Household, Pathway, Person, PersonFacts, Relation};
use crate::roster::{KeyFact, KeyFacts, RosterHome, RosterMember};

code_list! {
    /// Why a key fact changes.
    AmendmentKind {
        NaturalChange = "natural_change", "自然变更", "natural change";
        Correction = "correction", "更正", "correction";
    }
}

code_list! {
    /// Where an amendment stands; each value is also the step that leads to it.
    AmendmentState {
        Asked = "asked", "已提出", "asked for";
        TownshipApproved = "township_approved", "乡镇已审核", "approved by the township";
        Applied = "applied", "已执行", "applied";
        Refused = "refused", "已退回", "refused";
    }
}

/// One key fact before and after, as `{field, old, new}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AmendmentChange)]
#[serde(tag = "field", rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the fields are the same in all variants: before and after"
)]
pub enum Change {
    /// Who belongs to the household.
    Members {
        old: Vec<RosterMember>,
        new: Vec<RosterMember>,
    },
    /// Category of relocation.
    Category { old: Category, new: Category },
    /// The present home.
    Home { old: RosterHome, new: RosterHome },
    /// The pathway.
    Pathway {
        old: Option<Pathway>,
        new: Option<Pathway>,
    },
    /// Where the household is.
    Area { old: AreaCode, new: AreaCode },
    /// Where money is paid to.
    BankAccount {
        old: Option<String>,
        new: Option<String>,
    },
}

impl Change {
    /// Which fact it changes.
    pub fn field(&self) -> KeyFact {
        match self {
            Self::Members { .. } => KeyFact::Members,
            Self::Category { .. } => KeyFact::Category,
            Self::Home { .. } => KeyFact::Home,
            Self::Pathway { .. } => KeyFact::Pathway,
            Self::Area { .. } => KeyFact::Area,
            Self::BankAccount { .. } => KeyFact::BankAccount,
        }
    }

    /// Whether it changes nothing.
    fn is_idle(&self) -> bool {
        match self {
            Self::Members { old, new } => old == new,
            Self::Category { old, new } => old == new,
            Self::Home { old, new } => old == new,
            Self::Pathway { old, new } => old == new,
            Self::Area { old, new } => old == new,
            Self::BankAccount { old, new } => old == new,
        }
    }

    /// Whether the household still has the old value.
    pub fn fits(&self, facts: &KeyFacts) -> bool {
        match self {
            Self::Members { old, .. } => *old == facts.members,
            Self::Category { old, .. } => *old == facts.category,
            Self::Home { old, .. } => *old == facts.home,
            Self::Pathway { old, .. } => *old == facts.pathway,
            Self::Area { old, .. } => *old == facts.area,
            Self::BankAccount { old, .. } => *old == facts.bank_account,
        }
    }
}

/// The paper that proves an amendment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Evidence {
    /// Hash of the attachment.
    pub hash: String,
    /// Name of the file.
    pub name: String,
}

/// One step of an amendment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AmendmentStep)]
pub struct Step {
    /// The state it led to.
    pub state: AmendmentState,
    /// Who took it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was said; a refusal always says why.
    pub remark: Option<String>,
}

/// A change of key facts on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Amendment {
    /// UUIDv7.
    pub id: Uuid,
    /// The frozen roster the household is on.
    pub roster: Uuid,
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Where the household was when it was asked for; decides who may check it.
    pub area: AreaCode,
    /// Why.
    pub kind: AmendmentKind,
    /// What changes.
    pub changes: Vec<Change>,
    /// The reason in the asker's words.
    pub reason: String,
    /// What proves it.
    pub evidence: Option<Evidence>,
    /// Where it stands.
    pub state: AmendmentState,
    /// Every step, the asking first.
    pub steps: Vec<Step>,
}

/// Why a step of an amendment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendmentError {
    /// Nothing to change.
    #[error("say at least one key fact with a new value")]
    NoChange,
    /// The new value is the old one.
    #[error("the new value of {} is the one it has", .0.en())]
    SameValue(KeyFact),
    /// A fact named twice.
    #[error("{} is named twice; say its new value once", .0.en())]
    Twice(KeyFact),
    /// No reason.
    #[error("give a reason of at most {limit} characters")]
    Reason {
        /// Most characters.
        limit: usize,
    },
    /// Nothing proves it.
    #[error("attach what proves the change: a certificate, a photo of the document, a record of the visit")]
    Evidence,
    /// A natural change is one of the members.
    #[error("a natural change is one of the members; {} is changed by a correction", .0.en())]
    NotNatural(KeyFact),
    /// The household would have no head or several, or the same person twice.
    #[error("a household needs exactly one head, every member once and with a name")]
    Members,
    /// A step that does not follow.
    #[error("the amendment is {}; this step does not follow", .0.en())]
    State(AmendmentState),
    /// Two steps by one person.
    #[error("{0} took an earlier step of this amendment; somebody else must take this one")]
    SamePerson(String),
    /// The household has another value by now.
    #[error("{} of the household was changed meanwhile; refuse this amendment and ask again", .0.en())]
    Stale(KeyFact),
    /// There is no consent to take the pathway.
    #[error("the household has no recorded consent; record it before its pathway")]
    NoConsent,
}

/// Most characters of a reason or remark.
pub const REASON_LIMIT: usize = 500;

impl AmendmentError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoChange | Self::SameValue(_) | Self::Twice(_) => "amendment_changes",
            Self::Reason { .. } => "reason_missing",
            Self::Evidence => "evidence_missing",
            Self::NotNatural(_) => "amendment_kind",
            Self::Members => "amendment_members",
            Self::State(_) => "amendment_state",
            Self::SamePerson(_) => "same_person",
            Self::Stale(_) => "amendment_stale",
            Self::NoConsent => "no_consent",
        }
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NoChange => "请至少写明一项关键信息的新值".into(),
            Self::SameValue(fact) => format!("{}的新值与现值相同", fact.zh()),
            Self::Twice(fact) => format!("{}写了两次,请只写一次", fact.zh()),
            Self::Reason { limit } => format!("请填写理由,不超过 {limit} 个字"),
            Self::Evidence => "请附上凭证:证明、证件照片或入户记录".into(),
            Self::NotNatural(fact) => format!("自然变更只涉及家庭成员;{}须按更正办理", fact.zh()),
            Self::Members => "一户须有且只有一名户主,成员不得重复,且都有姓名".into(),
            Self::State(state) => format!("该变更{},不能再办这一步", state.zh()),
            Self::SamePerson(name) => format!("{name} 已办过该变更的前一步,须由另一人办理"),
            Self::Stale(fact) => format!("该户的{}在此期间已有变动;请退回本变更后重新提出", fact.zh()),
            Self::NoConsent => "该户没有意愿记录;请先登记意愿".into(),
        }
    }
}

impl Amendment {
    /// An amendment asked for, with the first of its steps.
    ///
    /// # Errors
    /// When it changes nothing, has no reason or evidence, or is no natural change though it says so.
    pub fn ask(self, by: &str, at: Timestamp) -> Result<Self, AmendmentError> {
        if self.changes.is_empty() {
            return Err(AmendmentError::NoChange);
        }
        for (place, change) in self.changes.iter().enumerate() {
            let field = change.field();
            if self.changes[..place].iter().any(|other| other.field() == field) {
                return Err(AmendmentError::Twice(field));
            }
            if change.is_idle() {
                return Err(AmendmentError::SameValue(field));
            }
            if self.kind == AmendmentKind::NaturalChange && field != KeyFact::Members {
                return Err(AmendmentError::NotNatural(field));
            }
            if let Change::Members { new, .. } = change {
                check_members(new)?;
            }
        }
        if said(&self.reason).is_none() {
            return Err(AmendmentError::Reason { limit: REASON_LIMIT });
        }
        if self.evidence.is_none() {
            return Err(AmendmentError::Evidence);
        }
        Ok(Self {
            state: AmendmentState::Asked,
            steps: vec![Step {
                state: AmendmentState::Asked,
                by: by.to_owned(),
                at,
                remark: None,
            }],
            ..self
        })
    }

    /// Checked and approved by the township.
    ///
    /// # Errors
    /// When it is not waiting for the township, or the person took an earlier step.
    pub fn township_approve(
        &self,
        by: &str,
        at: Timestamp,
        remark: Option<String>,
    ) -> Result<Self, AmendmentError> {
        match self.state {
            AmendmentState::Asked => self.step(AmendmentState::TownshipApproved, by, at, remark),
            other => Err(AmendmentError::State(other)),
        }
    }

    /// Approved by the county, and thereby applied.
    ///
    /// # Errors
    /// When a correction was not checked by the township, or the person took an earlier step.
    pub fn apply(&self, by: &str, at: Timestamp, remark: Option<String>) -> Result<Self, AmendmentError> {
        match (self.state, self.kind) {
            (AmendmentState::TownshipApproved, _) | (AmendmentState::Asked, AmendmentKind::NaturalChange) => {
                self.step(AmendmentState::Applied, by, at, remark)
            }
            (other, _) => Err(AmendmentError::State(other)),
        }
    }

    /// Refused, with the reason.
    ///
    /// # Errors
    /// When it is decided already, no reason is given, or the person took an earlier step.
    pub fn refuse(&self, by: &str, at: Timestamp, remark: &str) -> Result<Self, AmendmentError> {
        if matches!(self.state, AmendmentState::Applied | AmendmentState::Refused) {
            return Err(AmendmentError::State(self.state));
        }
        let Some(remark) = said(remark) else {
            return Err(AmendmentError::Reason { limit: REASON_LIMIT });
        };
        self.step(AmendmentState::Refused, by, at, Some(remark))
    }

    fn step(
        &self,
        state: AmendmentState,
        by: &str,
        at: Timestamp,
        remark: Option<String>,
    ) -> Result<Self, AmendmentError> {
        if self.steps.iter().any(|step| step.by == by) {
            return Err(AmendmentError::SamePerson(by.to_owned()));
        }
        let mut next = self.clone();
        next.state = state;
        next.steps.push(Step {
            state,
            by: by.to_owned(),
            at,
            remark,
        });
        Ok(next)
    }

    /// The household with the changes made.
    ///
    /// # Errors
    /// When a fact has another value than the one the amendment was asked for, or a pathway has no consent to be in.
    pub fn amended(&self, household: &Household) -> Result<Household, AmendmentError> {
        let before = KeyFacts::of(household);
        let mut after = household.clone();
        for change in &self.changes {
            if !change.fits(&before) {
                return Err(AmendmentError::Stale(change.field()));
            }
            match change {
                Change::Members { new, .. } => after.members = amended_members(&household.members, new),
                Change::Category { new, .. } => after.facts.category = *new,
                Change::Home { new, .. } => {
                    after.facts.home = new.home.clone();
                    after.facts.position = new.position;
                }
                Change::Pathway { new, .. } => match &mut after.consent {
                    Some(consent) => consent.pathway = *new,
                    None => return Err(AmendmentError::NoConsent),
                },
                Change::Area { new, .. } => after.facts.area = new.clone(),
                Change::BankAccount { new, .. } => after.facts.bank_account.clone_from(new),
            }
        }
        Ok(after)
    }
}

/// A text without surrounding space, when it says something within the limit.
fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= REASON_LIMIT).then(|| text.to_owned())
}

fn is_head(relation: Relation) -> bool {
    matches!(relation, Relation::Head | Relation::Oneself)
}

fn check_members(members: &[RosterMember]) -> Result<(), AmendmentError> {
    let heads = members.iter().filter(|member| is_head(member.relation)).count();
    let mut persons: Vec<Uuid> = members.iter().map(|member| member.person).collect();
    persons.sort_unstable();
    persons.dedup();
    let named = members
        .iter()
        .all(|member| (1..=50).contains(&member.name.trim().chars().count()));
    if heads == 1 && persons.len() == members.len() && named {
        Ok(())
    } else {
        Err(AmendmentError::Members)
    }
}

/// The members after a change, the head first: those who stay keep what is recorded of them beside the key facts.
fn amended_members(before: &[Person], new: &[RosterMember]) -> Vec<Person> {
    let mut members: Vec<Person> = new
        .iter()
        .map(|member| {
            let known = before.iter().find(|person| person.id == member.person);
            let rest = known.map_or_else(
                || PersonFacts::new(member.name.clone(), member.sex, member.relation),
                |person| person.facts.clone(),
            );
            Person {
                id: member.person,
                facts: PersonFacts {
                    name: member.name.clone(),
                    sex: member.sex,
                    birth_date: member.birth_date,
                    id_number: member.id_number.clone(),
                    relation: member.relation,
                    ..rest
                },
            }
        })
        .collect();
    let place = |id: Uuid| {
        before
            .iter()
            .position(|person| person.id == id)
            .unwrap_or(before.len())
    };
    members.sort_by_key(|person| (!is_head(person.facts.relation), place(person.id), person.id));
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::Education;
    use crate::roster::tests::household;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn account(old: Option<&str>, new: Option<&str>) -> Change {
        Change::BankAccount {
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        }
    }

    fn request(kind: AmendmentKind, changes: Vec<Change>) -> Amendment {
        Amendment {
            id: Uuid::from_u64_pair(4, 1),
            roster: Uuid::from_u64_pair(3, 1),
            household: Uuid::from_u64_pair(1, 1),
            register_number: "QX-00001".into(),
            area: AreaCode::parse("61902110120101").unwrap(),
            kind,
            changes,
            reason: "开户行更名".into(),
            evidence: Some(Evidence {
                hash: "ab".into(),
                name: "存折.jpg".into(),
            }),
            state: AmendmentState::Asked,
            steps: Vec::new(),
        }
    }

    fn correction() -> Amendment {
        request(AmendmentKind::Correction, vec![account(Some("62"), Some("63"))])
    }

    fn same(name: &str) -> AmendmentError {
        AmendmentError::SamePerson(name.into())
    }

    #[test]
    fn a_correction_takes_three_people() {
        let asked = correction().ask("li", AT).unwrap();
        assert_eq!(asked.township_approve("li", AT, None), Err(same("li")));
        assert_eq!(
            asked.apply("wang", AT, None),
            Err(AmendmentError::State(AmendmentState::Asked))
        );
        let approved = asked.township_approve("zhang", AT, None).unwrap();
        for name in ["li", "zhang"] {
            assert_eq!(approved.apply(name, AT, None), Err(same(name)));
            assert_eq!(approved.refuse(name, AT, "不实"), Err(same(name)));
        }
        let applied = approved.apply("wang", AT, Some("同意".into())).unwrap();
        let by: Vec<&str> = applied.steps.iter().map(|step| step.by.as_str()).collect();
        assert_eq!(by, ["li", "zhang", "wang"]);
        assert_eq!(
            applied.refuse("zhao", AT, "晚了"),
            Err(AmendmentError::State(AmendmentState::Applied))
        );
        assert_eq!(
            applied.apply("zhao", AT, None),
            Err(AmendmentError::State(AmendmentState::Applied))
        );
    }

    #[test]
    fn a_refusal_says_why_and_ends_it() {
        let asked = correction().ask("li", AT).unwrap();
        assert_eq!(
            asked.refuse("zhang", AT, " "),
            Err(AmendmentError::Reason { limit: REASON_LIMIT })
        );
        let refused = asked.refuse("zhang", AT, " 账号户名不符 ").unwrap();
        assert_eq!(refused.steps[1].remark.as_deref(), Some("账号户名不符"));
        assert_eq!(
            refused.township_approve("wang", AT, None),
            Err(AmendmentError::State(AmendmentState::Refused))
        );
        assert_eq!(
            refused.apply("wang", AT, None),
            Err(AmendmentError::State(AmendmentState::Refused))
        );
    }

    #[test]
    fn asking_needs_a_change_a_reason_and_evidence() {
        let ask = |amendment: Amendment| amendment.ask("li", AT).map(|_| ());
        let wrong = |changes| Amendment {
            changes,
            ..correction()
        };
        assert_eq!(ask(wrong(Vec::new())), Err(AmendmentError::NoChange));
        let idle = vec![account(Some("62"), Some("62"))];
        assert_eq!(
            ask(wrong(idle)),
            Err(AmendmentError::SameValue(KeyFact::BankAccount))
        );
        let twice = vec![account(Some("62"), Some("63")), account(Some("62"), None)];
        assert_eq!(
            ask(wrong(twice)),
            Err(AmendmentError::Twice(KeyFact::BankAccount))
        );
        let silent = Amendment {
            reason: " ".into(),
            ..correction()
        };
        assert_eq!(ask(silent), Err(AmendmentError::Reason { limit: REASON_LIMIT }));
        assert_eq!(
            ask(Amendment {
                evidence: None,
                ..correction()
            }),
            Err(AmendmentError::Evidence)
        );
        let natural = request(AmendmentKind::NaturalChange, vec![account(None, Some("63"))]);
        assert_eq!(
            ask(natural),
            Err(AmendmentError::NotNatural(KeyFact::BankAccount))
        );
    }

    #[test]
    fn a_birth_goes_the_short_way_and_keeps_what_is_known_of_the_others() {
        let mut before = household(1, 2, None);
        before.members[1].facts.education = Some(Education::Primary);
        let old = KeyFacts::of(&before).members;
        let mut new = old.clone();
        new.push(RosterMember {
            person: Uuid::from_u64_pair(2, 999),
            name: "新生儿".into(),
            relation: Relation::Grandchild,
            ..old[1].clone()
        });
        let birth = |new: Vec<RosterMember>| {
            let change = Change::Members {
                old: old.clone(),
                new,
            };
            request(AmendmentKind::NaturalChange, vec![change]).ask("li", AT)
        };
        let applied = birth(new.clone()).unwrap().apply("wang", AT, None).unwrap();
        assert_eq!(applied.steps.len(), 2);
        let after = applied.amended(&before).unwrap();
        assert_eq!(after.members.len(), 3);
        assert_eq!(after.members[..2], before.members[..]);
        // Two heads, nobody twice, nobody without a name.
        for wrong in [
            [
                new.clone(),
                vec![RosterMember {
                    person: Uuid::from_u64_pair(2, 998),
                    ..old[0].clone()
                }],
            ]
            .concat(),
            [new.clone(), vec![new[2].clone()]].concat(),
            vec![
                old[0].clone(),
                RosterMember {
                    name: " ".into(),
                    ..old[1].clone()
                },
            ],
            vec![old[1].clone()],
        ] {
            assert_eq!(birth(wrong), Err(AmendmentError::Members));
        }
    }

    #[test]
    fn nothing_is_written_over_a_value_that_was_not_seen() {
        let asked = correction().ask("li", AT).unwrap();
        let after = asked.amended(&household(1, 1, Some("62"))).unwrap();
        assert_eq!(after, household(1, 1, Some("63")));
        assert_eq!(
            asked.amended(&household(1, 1, Some("64"))),
            Err(AmendmentError::Stale(KeyFact::BankAccount))
        );
        let pathway = Change::Pathway {
            old: None,
            new: Some(Pathway::Cash),
        };
        let unasked = request(AmendmentKind::Correction, vec![pathway])
            .ask("li", AT)
            .unwrap();
        assert_eq!(
            unasked.amended(&household(1, 1, None)),
            Err(AmendmentError::NoConsent)
        );
    }

    #[test]
    fn a_change_is_written_as_field_old_and_new() {
        let json = serde_json::to_value(account(None, Some("63"))).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"field": "bank_account", "old": null, "new": "63"})
        );
        let mut home = KeyFacts::of(&household(1, 1, None)).home;
        let old = home.clone();
        home.home.area_m2 = Some(88.0);
        let change = Change::Home { old, new: home };
        // A whole number comes back from canonical JSON as an integer, and must still be the same change.
        let text = serde_json::to_string(&change).unwrap().replace("88.0", "88");
        assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
    }
}
