//! Erasing contents of the ledger on legal order: one person asks, another one carries it out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::area::AreaCode;
use crate::code_list;

/// Longest reason, order and remark, in characters.
pub const ERASURE_TEXT_LIMIT: usize = 500;

code_list! {
    /// Where an erasure stands.
    ErasureState {
        Asked = "asked", "待执行", "asked for";
        Refused = "refused", "已退回", "refused";
        Withdrawn = "withdrawn", "已撤回", "withdrawn";
        CarriedOut = "carried_out", "已删除", "carried out";
    }
}

/// How an erasure ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErasureDecision {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was said; a refusal always says why.
    pub remark: Option<String>,
}

/// The erasure of one entry's contents.
///
/// Those of before two people were needed were carried out at once: they name neither who asked nor a decision, which
/// are in the ledger entry that records them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Erasure {
    /// Position of the entry; also the id.
    pub entry: u64,
    /// Area of that entry's subject.
    pub area: Option<AreaCode>,
    /// The legal order, e.g. the number of a court's ruling.
    pub document: String,
    /// Why.
    #[serde(default)]
    #[schema(required)]
    pub reason: String,
    /// Where it stands.
    #[serde(default = "carried_out")]
    #[schema(required)]
    pub state: ErasureState,
    /// Who asked.
    #[serde(default)]
    pub asked_by: Option<String>,
    /// When.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// The execution, refusal or withdrawal.
    #[serde(default)]
    pub decision: Option<ErasureDecision>,
}

fn carried_out() -> ErasureState {
    ErasureState::CarriedOut
}

/// Why a step of an erasure is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErasureError {
    /// Reason or order is missing or too long.
    #[error("an erasure needs its reason and the legal order, 1 to {limit} characters each")]
    Incomplete {
        /// Most characters.
        limit: usize,
    },
    /// A refusal without its reason, or too long a remark.
    #[error("give a reason of at most {limit} characters")]
    Reason {
        /// Most characters.
        limit: usize,
    },
    /// A step that does not follow.
    #[error("this erasure is {}; this step does not follow", .0.en())]
    State(ErasureState),
    /// Asking and carrying out need two people.
    #[error("{0} asked for this erasure; somebody else must carry it out or refuse it")]
    SamePerson(String),
    /// Only who asked may take it back.
    #[error("only {0}, who asked for this erasure, may withdraw it")]
    NotYours(String),
}

impl ErasureError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Incomplete { .. } => "erasure_incomplete",
            Self::Reason { .. } => "reason_missing",
            Self::State(_) => "erasure_state",
            Self::SamePerson(_) => "same_person",
            Self::NotYours(_) => "erasure_not_yours",
        }
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Incomplete { limit } => format!("删除须写明理由和依据的文书,各 1 至 {limit} 字"),
            Self::Reason { limit } => format!("请填写理由,不超过 {limit} 个字"),
            Self::State(state) => format!("该删除事项{},不能再办这一步", state.zh()),
            Self::SamePerson(name) => format!("该删除由 {name} 提出,须由另一人执行或退回"),
            Self::NotYours(name) => format!("只有提出人 {name} 可以撤回该删除"),
        }
    }
}

/// A text without surrounding space, when it says something within the limit.
fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= ERASURE_TEXT_LIMIT).then(|| text.to_owned())
}

impl Erasure {
    /// The erasure of an entry, asked for by reason and legal order.
    ///
    /// # Errors
    /// When one of both is missing or too long.
    pub fn ask(
        entry: u64,
        area: Option<AreaCode>,
        by: &str,
        at: Timestamp,
        reason: &str,
        document: &str,
    ) -> Result<Self, ErasureError> {
        let limit = ERASURE_TEXT_LIMIT;
        let (Some(reason), Some(document)) = (said(reason), said(document)) else {
            return Err(ErasureError::Incomplete { limit });
        };
        Ok(Self {
            entry,
            area,
            document,
            reason,
            state: ErasureState::Asked,
            asked_by: Some(by.to_owned()),
            asked_at: Some(at),
            decision: None,
        })
    }

    /// Carried out by another person.
    ///
    /// # Errors
    /// When it does not wait for that, or the person asked for it.
    pub fn carry_out(&self, by: &str, at: Timestamp, remark: Option<&str>) -> Result<Self, ErasureError> {
        self.others_step(by)?;
        let remark = match remark.map(str::trim).filter(|remark| !remark.is_empty()) {
            None => None,
            Some(remark) => Some(said(remark).ok_or(ErasureError::Reason {
                limit: ERASURE_TEXT_LIMIT,
            })?),
        };
        Ok(self.decided(ErasureState::CarriedOut, by, at, remark))
    }

    /// Refused by another person, with the reason.
    ///
    /// # Errors
    /// As [`Erasure::carry_out`], and without a reason.
    pub fn refuse(&self, by: &str, at: Timestamp, remark: &str) -> Result<Self, ErasureError> {
        self.others_step(by)?;
        let remark = said(remark).ok_or(ErasureError::Reason {
            limit: ERASURE_TEXT_LIMIT,
        })?;
        Ok(self.decided(ErasureState::Refused, by, at, Some(remark)))
    }

    /// Taken back by who asked, before anybody decided.
    ///
    /// # Errors
    /// When it is decided, or somebody else's.
    pub fn withdraw(&self, by: &str, at: Timestamp) -> Result<Self, ErasureError> {
        self.waiting()?;
        match &self.asked_by {
            Some(asked_by) if asked_by != by => Err(ErasureError::NotYours(asked_by.clone())),
            _ => Ok(self.decided(ErasureState::Withdrawn, by, at, None)),
        }
    }

    fn waiting(&self) -> Result<(), ErasureError> {
        match self.state {
            ErasureState::Asked => Ok(()),
            state => Err(ErasureError::State(state)),
        }
    }

    fn others_step(&self, by: &str) -> Result<(), ErasureError> {
        self.waiting()?;
        if self.asked_by.as_deref() == Some(by) {
            return Err(ErasureError::SamePerson(by.to_owned()));
        }
        Ok(())
    }

    fn decided(&self, state: ErasureState, by: &str, at: Timestamp, remark: Option<String>) -> Self {
        Self {
            state,
            decision: Some(ErasureDecision {
                by: by.to_owned(),
                at,
                remark,
            }),
            ..self.clone()
        }
    }

    /// Whether the stored erasure may be replaced by `next`: one that waits by how it ends, with the same order and by
    /// the right person, and one that came to nothing by a new request. The store refuses everything else, whoever asks.
    pub fn may_become(&self, next: &Self) -> bool {
        if self.entry != next.entry || self.area != next.area {
            return false;
        }
        match (self.state, next.state) {
            (ErasureState::Refused | ErasureState::Withdrawn, ErasureState::Asked) => {
                next.decision.is_none() && next.asked_by.is_some()
            }
            (
                ErasureState::Asked,
                ErasureState::Refused | ErasureState::Withdrawn | ErasureState::CarriedOut,
            ) => {
                let ends_only = Self {
                    state: self.state,
                    decision: self.decision.clone(),
                    ..next.clone()
                };
                let by = next.decision.as_ref().map(|decision| decision.by.as_str());
                let own = by == self.asked_by.as_deref();
                ends_only == *self && by.is_some() && own == (next.state == ErasureState::Withdrawn)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn asked() -> Erasure {
        Erasure::ask(7, None, "wang", at(1), " 当事人申请 ", "安法执〔2026〕9号").unwrap()
    }

    #[test]
    fn one_person_asks_and_another_carries_out() {
        assert_eq!(asked().reason, "当事人申请");
        assert_eq!(
            asked().carry_out("wang", at(2), None),
            Err(ErasureError::SamePerson("wang".into()))
        );
        assert_eq!(
            asked().refuse("wang", at(2), "缺原件"),
            Err(ErasureError::SamePerson("wang".into()))
        );
        let done = asked().carry_out("admin", at(2), Some(" ")).unwrap();
        assert_eq!(done.state, ErasureState::CarriedOut);
        assert_eq!(done.decision.as_ref().unwrap().remark, None);
        for by in ["wang", "admin"] {
            assert!(done.withdraw(by, at(3)).is_err() && done.carry_out(by, at(3), None).is_err());
        }
    }

    #[test]
    fn it_needs_reason_and_order_and_a_refusal_says_why() {
        let limit = ERASURE_TEXT_LIMIT;
        let long = "字".repeat(limit + 1);
        for (reason, document) in [
            ("", "9号"),
            ("申请", " "),
            (long.as_str(), "9号"),
            ("申请", &long),
        ] {
            let error = Erasure::ask(7, None, "wang", at(1), reason, document).unwrap_err();
            assert_eq!(error, ErasureError::Incomplete { limit });
        }
        assert_eq!(
            asked().refuse("admin", at(2), " "),
            Err(ErasureError::Reason { limit })
        );
        assert_eq!(
            asked().withdraw("admin", at(2)),
            Err(ErasureError::NotYours("wang".into()))
        );
    }

    #[test]
    fn only_the_right_person_ends_it_and_the_order_stays() {
        let done = asked().carry_out("admin", at(2), None).unwrap();
        assert!(asked().may_become(&done));
        assert!(!done.may_become(&asked()));
        let mut alone = done.clone();
        alone.decision.as_mut().unwrap().by = "wang".into();
        let unsigned = Erasure {
            decision: None,
            ..done.clone()
        };
        let other_order = Erasure {
            document: "10号".into(),
            ..done.clone()
        };
        for wrong in [alone, unsigned, other_order] {
            assert!(!asked().may_become(&wrong), "{wrong:?}");
        }
        let mut withdrawn = asked().withdraw("wang", at(2)).unwrap();
        assert!(asked().may_become(&withdrawn));
        assert!(withdrawn.may_become(&asked()));
        assert!(!withdrawn.may_become(&done));
        withdrawn.decision.as_mut().unwrap().by = "admin".into();
        assert!(!asked().may_become(&withdrawn));
    }

    #[test]
    fn what_was_erased_before_two_people_were_needed_stays_erased() {
        let old: Erasure = serde_json::from_str(r#"{"entry":7,"area":null,"document":"9号"}"#).unwrap();
        assert_eq!((old.state, old.asked_by), (ErasureState::CarriedOut, None));
    }
}
