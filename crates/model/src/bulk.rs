//! Bulk changes (批量变更): many records changed by one spreadsheet, as one batch that a second person approves.
//!
//! A batch is read and compared first, asked for with a reason, and then approved or refused by somebody else; approving
//! writes every row or none. What it changes is one attachment of canonical JSON whose hash the batch names, as with a
//! roster's entries: every step of the batch would otherwise write 50,000 rows into the ledger again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::code_list::Text;

code_list! {
    /// Where a bulk change stands.
    BulkState {
        Read = "read", "待提交", "read, not asked for yet";
        Asked = "asked", "待批准", "asked for";
        Approved = "approved", "已执行", "approved and applied";
        Refused = "refused", "已退回", "refused";
        Withdrawn = "withdrawn", "已撤回", "withdrawn";
    }
}

code_list! {
    /// Where the new values of a bulk change come from.
    BulkSource {
        Sheet = "sheet", "表格", "spreadsheet";
        Edit = "edit", "统一修改", "one value for all";
        Undo = "undo", "撤销", "undoing";
    }
}

/// Most households that one batch changes, and most rows that a sheet may have.
pub const BULK_ROWS: usize = 50_000;

/// Most characters of a reason or remark.
pub const REASON_LIMIT: usize = 500;

/// One field of a household or of one of its members, before and after. Values are in the one form in which the
/// columns of the sheet compare them: codes of code lists, numbers in digits, dates as 1968-05-03.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkEdit {
    /// The member; none for a field of the household itself.
    pub person: Option<Uuid>,
    /// Name of the column.
    pub field: String,
    /// The value it must have when the batch is applied.
    pub before: Option<String>,
    /// The value it gets.
    pub after: Option<String>,
}

/// What a batch changes of one household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkRow {
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Where it is.
    pub area: AreaCode,
    /// Its fields that change, each once.
    pub edits: Vec<BulkEdit>,
}

/// A row that is not part of the batch, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefusedRow {
    /// Name of the file, with the sheet; empty where the batch comes from no file.
    pub file: String,
    /// Row as the spreadsheet counts it; 0 where the batch comes from no file.
    pub row: u32,
    /// 户编号, when the row has one.
    pub register_number: String,
    /// Header of the column; empty when the whole row is refused.
    pub column: String,
    /// What the cell holds.
    pub value: String,
    /// What the register holds, where the two contradict each other.
    pub stored: Option<String>,
    /// Why.
    pub reason: Text,
    /// What to do.
    pub remedy: Text,
    /// Whether value and stored value are personal data.
    pub personal: bool,
}

/// The contents of a batch: what the attachment of its hash holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkContents {
    /// What changes, by register number.
    pub rows: Vec<BulkRow>,
    /// What was refused, in the order of the file.
    pub refused: Vec<RefusedRow>,
}

/// How often a field changes in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldCount {
    /// Name of the column.
    pub field: String,
    /// Whether it is a field of members.
    pub member: bool,
    /// Changes.
    pub changes: u64,
}

/// What somebody decided about a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkDecision {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was said; a refusal always says why.
    pub remark: Option<String>,
}

/// Many changes on their way as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkChange {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the file, or what was changed.
    pub title: String,
    /// The area of who asks: the batch changes nothing outside it.
    pub area: AreaCode,
    /// Where the new values come from.
    pub source: BulkSource,
    /// The batch that this one undoes.
    pub undoes: Option<Uuid>,
    /// SHA-256 of the canonical JSON of its [`BulkContents`], in hex.
    pub hash: String,
    /// Rows of the file.
    pub rows_read: u64,
    /// Rows in which nothing is new.
    pub rows_unchanged: u64,
    /// Rows refused.
    pub rows_refused: u64,
    /// Households that change.
    pub households: u64,
    /// Changes by field, in the order of the columns.
    pub fields: Vec<FieldCount>,
    /// Columns of the file that no field is known for; they were not read.
    pub unknown_columns: Vec<String>,
    /// Whether personal data changes.
    pub personal: bool,
    /// Where it stands.
    pub state: BulkState,
    /// Who read the file and asks for it.
    pub asked_by: String,
    /// When it was read, later when it was asked for.
    pub asked_at: Timestamp,
    /// Why, once it was asked for.
    pub reason: Option<String>,
    /// The approval, refusal or withdrawal.
    pub decision: Option<BulkDecision>,
}

/// Why a step of a bulk change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BulkError {
    /// A batch that changes nothing.
    #[error("the batch changes nothing")]
    Empty,
    /// No reason, or a refusal without one.
    #[error("give a reason of at most {limit} characters")]
    Reason {
        /// Most characters.
        limit: usize,
    },
    /// A step that does not follow.
    #[error("the batch is {}; this step does not follow", .0.en())]
    State(BulkState),
    /// Asking and approving need two people.
    #[error("{0} asked for this batch; somebody else must decide on it")]
    SamePerson(String),
    /// Only who asked may take it back.
    #[error("only {0}, who made this batch, may submit or withdraw it")]
    NotYours(String),
}

impl BulkError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "bulk_empty",
            Self::Reason { .. } => "reason_missing",
            Self::State(_) => "bulk_state",
            Self::SamePerson(_) => "same_person",
            Self::NotYours(_) => "bulk_not_yours",
        }
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "这批变更没有任何改动".into(),
            Self::Reason { limit } => format!("请填写理由,不超过 {limit} 个字"),
            Self::State(state) => format!("这批变更{},不能再办这一步", state.zh()),
            Self::SamePerson(name) => format!("这批变更由 {name} 提出,须由另一人审批"),
            Self::NotYours(name) => format!("只有提出人 {name} 可以提交或撤回这批变更"),
        }
    }
}

/// A text without surrounding space, when it says something within the limit.
fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= REASON_LIMIT).then(|| text.to_owned())
}

impl BulkChange {
    /// Asked for by who read it.
    ///
    /// # Errors
    /// When it changes nothing, was asked for already, has no reason, or is somebody else's.
    pub fn ask(&self, by: &str, at: Timestamp, reason: &str) -> Result<Self, BulkError> {
        self.own_step(BulkState::Read, by)?;
        if self.households == 0 {
            return Err(BulkError::Empty);
        }
        let reason = said(reason).ok_or(BulkError::Reason { limit: REASON_LIMIT })?;
        Ok(Self {
            state: BulkState::Asked,
            asked_at: at,
            reason: Some(reason),
            ..self.clone()
        })
    }

    /// Approved by another person, and thereby applied.
    ///
    /// # Errors
    /// When it does not wait for that, or the person asked for it.
    pub fn approve(&self, by: &str, at: Timestamp, remark: Option<&str>) -> Result<Self, BulkError> {
        self.others_step(by)?;
        let remark = match remark.map(str::trim).filter(|remark| !remark.is_empty()) {
            None => None,
            Some(remark) => Some(said(remark).ok_or(BulkError::Reason { limit: REASON_LIMIT })?),
        };
        Ok(self.decided(BulkState::Approved, by, at, remark))
    }

    /// Refused by another person, with the reason.
    ///
    /// # Errors
    /// As [`BulkChange::approve`], and without a reason.
    pub fn refuse(&self, by: &str, at: Timestamp, remark: &str) -> Result<Self, BulkError> {
        self.others_step(by)?;
        let remark = said(remark).ok_or(BulkError::Reason { limit: REASON_LIMIT })?;
        Ok(self.decided(BulkState::Refused, by, at, Some(remark)))
    }

    /// Taken back by who made it, before anybody decided.
    ///
    /// # Errors
    /// When it is decided, or somebody else's.
    pub fn withdraw(&self, by: &str, at: Timestamp) -> Result<Self, BulkError> {
        let state = match self.state {
            BulkState::Read => BulkState::Read,
            _ => BulkState::Asked,
        };
        self.own_step(state, by)?;
        Ok(self.decided(BulkState::Withdrawn, by, at, None))
    }

    fn own_step(&self, state: BulkState, by: &str) -> Result<(), BulkError> {
        if self.state != state {
            return Err(BulkError::State(self.state));
        }
        if self.asked_by != by {
            return Err(BulkError::NotYours(self.asked_by.clone()));
        }
        Ok(())
    }

    fn others_step(&self, by: &str) -> Result<(), BulkError> {
        if self.state != BulkState::Asked {
            return Err(BulkError::State(self.state));
        }
        if self.asked_by == by {
            return Err(BulkError::SamePerson(by.to_owned()));
        }
        Ok(())
    }

    fn decided(&self, state: BulkState, by: &str, at: Timestamp, remark: Option<String>) -> Self {
        Self {
            state,
            decision: Some(BulkDecision {
                by: by.to_owned(),
                at,
                remark,
            }),
            ..self.clone()
        }
    }

    /// Whether the stored batch may be replaced by `next`: by its next step with the same contents, and by nothing once
    /// it is decided. The store refuses everything else, whoever asks.
    pub fn may_become(&self, next: &Self) -> bool {
        let follows = matches!(
            (self.state, next.state),
            (BulkState::Read, BulkState::Asked | BulkState::Withdrawn)
                | (
                    BulkState::Asked,
                    BulkState::Approved | BulkState::Refused | BulkState::Withdrawn
                )
        );
        let steps_only = Self {
            state: self.state,
            asked_at: self.asked_at,
            reason: self.reason.clone(),
            decision: self.decision.clone(),
            ..next.clone()
        };
        let other_person = !matches!(next.state, BulkState::Approved | BulkState::Refused)
            || next
                .decision
                .as_ref()
                .is_some_and(|decision| decision.by != self.asked_by);
        follows && steps_only == *self && other_person
    }
}

/// A list that somebody wants to see again: its page and what stands behind `?` in its address.
///
/// It is a subject like any other, so that there stays one way to write: views are saved a few times a year and cost the
/// ledger nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SavedView {
    /// UUIDv7.
    pub id: Uuid,
    /// Sign-in name of whose it is.
    pub owner: String,
    /// The page, e.g. `register`.
    pub page: String,
    /// What it is called, unique among the owner's of the page.
    pub name: String,
    /// Filters, columns and order as the query of an address, without `?`.
    pub query: String,
    /// When it was saved.
    pub saved_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> BulkChange {
        BulkChange {
            id: Uuid::from_u64_pair(1, 1),
            title: "名册.xlsx".into(),
            area: AreaCode::parse("619021").unwrap(),
            source: BulkSource::Sheet,
            undoes: None,
            hash: "ab".into(),
            rows_read: 3,
            rows_unchanged: 1,
            rows_refused: 1,
            households: 1,
            fields: vec![FieldCount {
                field: "must_move".into(),
                member: false,
                changes: 1,
            }],
            unknown_columns: Vec::new(),
            personal: false,
            state: BulkState::Read,
            asked_by: "wang".into(),
            asked_at: at(0),
            reason: None,
            decision: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn one_person_asks_and_another_decides() {
        let asked = batch().ask("wang", at(1), " 核实后统一更正 ").unwrap();
        assert_eq!(asked.reason.as_deref(), Some("核实后统一更正"));
        assert_eq!(
            asked.approve("wang", at(2), None),
            Err(BulkError::SamePerson("wang".into()))
        );
        assert_eq!(
            asked.refuse("zhao", at(2), " "),
            Err(BulkError::Reason { limit: REASON_LIMIT })
        );
        let approved = asked.approve("zhao", at(2), Some("同意")).unwrap();
        assert_eq!(approved.state, BulkState::Approved);
        assert_eq!(
            approved.withdraw("wang", at(3)),
            Err(BulkError::State(BulkState::Approved))
        );
        assert_eq!(
            asked.withdraw("zhao", at(3)),
            Err(BulkError::NotYours("wang".into()))
        );
        assert_eq!(asked.withdraw("wang", at(3)).unwrap().state, BulkState::Withdrawn);
    }

    #[test]
    fn nothing_to_change_and_no_reason_are_refused() {
        let empty = BulkChange {
            households: 0,
            ..batch()
        };
        assert_eq!(empty.ask("wang", at(1), "更正"), Err(BulkError::Empty));
        assert_eq!(
            batch().ask("wang", at(1), ""),
            Err(BulkError::Reason { limit: REASON_LIMIT })
        );
        assert_eq!(
            batch().ask("zhao", at(1), "更正"),
            Err(BulkError::NotYours("wang".into()))
        );
        assert_eq!(
            batch().approve("zhao", at(1), None),
            Err(BulkError::State(BulkState::Read))
        );
    }

    #[test]
    fn the_contents_never_change_and_a_decided_batch_stays() {
        let asked = batch().ask("wang", at(1), "更正").unwrap();
        let approved = asked.approve("zhao", at(2), None).unwrap();
        assert!(batch().may_become(&asked));
        assert!(asked.may_become(&approved));
        assert!(!batch().may_become(&approved));
        assert!(!approved.may_become(&asked));
        let swapped = BulkChange {
            hash: "cd".into(),
            ..approved.clone()
        };
        assert!(!asked.may_become(&swapped));
        let mut alone = approved;
        alone.decision = alone.decision.map(|decision| BulkDecision {
            by: "wang".into(),
            ..decision
        });
        assert!(!asked.may_become(&alone));
    }
}
