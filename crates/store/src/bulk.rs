//! Bulk changes, and the lists that people saved to see them again.

use anju_model::area::AreaCode;
use anju_model::bulk::{BulkChange, BulkState, SavedView};
use anju_model::register::Household;
use uuid::Uuid;

use crate::list::{Conditions, List, Page, Paging, SortKind, placeholders};
use crate::read::{VERSIONED, versioned};
use crate::subject::parse;
use crate::transaction::{ERASED, RETIRED};
use crate::value::Record;
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for BulkChange {
    const KIND: &'static str = "bulk_change";
    const GUARDED: bool = true;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("bulk_state", self.state.code().into()),
            ("asked_by", self.asked_by.as_str().into()),
            ("asked_at", self.asked_at.into()),
            ("undoes", self.undoes.into()),
        ]
    }

    fn may_become(&self, next: Option<&Self>) -> bool {
        next.is_some_and(|next| BulkChange::may_become(self, next))
    }
}

impl Subject for SavedView {
    const KIND: &'static str = "saved_view";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("owner", self.owner.as_str().into()),
            ("page", self.page.as_str().into()),
            ("name", self.name.as_str().into()),
        ]
    }
}

/// Which bulk changes are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkFilter {
    /// Of this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// State.
    pub state: Option<BulkState>,
    /// Made by this person.
    pub asked_by: Option<String>,
    /// Made by anybody but this person.
    pub not_asked_by: Option<String>,
    /// That undo this one.
    pub undoes: Option<Uuid>,
}

impl BulkFilter {
    /// All bulk changes of an area.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            state: None,
            asked_by: None,
            not_asked_by: None,
            undoes: None,
        }
    }
}

/// A page of bulk changes, the newest first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn bulk_changes(
    db: &Db,
    filter: &BulkFilter,
    paging: &Paging,
) -> Result<Page<Versioned<BulkChange>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("b.area", &filter.area);
    conditions.equal("b.bulk_state", filter.state.map(BulkState::code));
    conditions.equal("b.asked_by", filter.asked_by.as_deref());
    if let Some(other) = &filter.not_asked_by {
        let other = conditions.bind(other.as_str());
        conditions.and(&format!("b.asked_by <> {other}"));
    }
    conditions.equal("b.undoes", filter.undoes);
    let list = List {
        select: "b.id, b.version, b.changed_at, b.changed_by, b.state",
        from: "bulk_change b",
        sort: "b.asked_at",
        sort_kind: SortKind::Int,
        descending: true,
        id: "b.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// A household as it was at a version; `None` when there is no such version, or its contents were erased.
///
/// # Errors
/// When the database fails or the entry cannot be read.
pub async fn household_at_version(db: &Db, id: Uuid, version: i64) -> Result<Option<Household>, StoreError> {
    let sql = "SELECT payload FROM ledger_entry WHERE subject_kind = $1 AND subject_id = $2 AND version = $3";
    let row = db
        .first(sql, &[Household::KIND.into(), id.into(), version.into()])
        .await?;
    let Some(row) = row else { return Ok(None) };
    match row.optional(0, Record::text)? {
        None => Ok(None),
        Some(payload) if payload == RETIRED || payload == ERASED => Ok(None),
        Some(payload) => parse(payload).map(Some),
    }
}

/// The views that somebody saved of a page, by name.
///
/// # Errors
/// When the database fails.
pub async fn saved_views(db: &Db, owner: &str, page: &str) -> Result<Vec<Versioned<SavedView>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM saved_view WHERE owner = $1 AND page = $2 ORDER BY name");
    db.all(&sql, &[owner.into(), page.into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}

/// The households with these register numbers, those that exist.
///
/// # Errors
/// When the database fails or a stored state cannot be read.
pub async fn households_by_numbers(
    db: &Db,
    numbers: &[String],
) -> Result<Vec<Versioned<Household>>, StoreError> {
    let mut found = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(500) {
        let list = placeholders(1, chunk.len());
        let sql = format!(
            "SELECT {VERSIONED} FROM household WHERE register_number IN ({list}) ORDER BY register_number"
        );
        let arguments: Vec<Value> = chunk.iter().map(|number| number.as_str().into()).collect();
        for row in db.all(&sql, &arguments).await? {
            found.push(versioned(&row)?);
        }
    }
    Ok(found)
}
