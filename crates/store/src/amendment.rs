//! Amendments: what waits for whom, and what was decided for a household.

use anju_model::amendment::{Amendment, AmendmentKind, AmendmentState};
use anju_model::area::AreaCode;
use uuid::Uuid;

use crate::list::{Conditions, List, Page, Paging, SortKind};
use crate::read::versioned;
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for Amendment {
    const KIND: &'static str = "amendment";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("roster_id", self.roster.into()),
            ("household_id", self.household.into()),
            ("kind", self.kind.code().into()),
            ("amendment_state", self.state.code().into()),
            ("asked_at", self.steps.first().map(|step| step.at).into()),
        ]
    }
}

/// Which amendments are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct AmendmentFilter {
    /// In this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// State.
    pub state: Option<AmendmentState>,
    /// Kind.
    pub kind: Option<AmendmentKind>,
    /// Of this household.
    pub household: Option<Uuid>,
    /// Of the households of this roster.
    pub roster: Option<Uuid>,
}

impl AmendmentFilter {
    /// All amendments of an area.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            state: None,
            kind: None,
            household: None,
            roster: None,
        }
    }
}

/// A page of amendments, the newest first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn amendments(
    db: &Db,
    filter: &AmendmentFilter,
    paging: &Paging,
) -> Result<Page<Versioned<Amendment>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("a.area", &filter.area);
    conditions.equal("a.amendment_state", filter.state.map(AmendmentState::code));
    conditions.equal("a.kind", filter.kind.map(AmendmentKind::code));
    conditions.equal("a.household_id", filter.household);
    conditions.equal("a.roster_id", filter.roster);
    let list = List {
        select: "a.id, a.version, a.changed_at, a.changed_by, a.state",
        from: "amendment a",
        sort: "a.asked_at",
        sort_kind: SortKind::Int,
        descending: true,
        id: "a.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}
