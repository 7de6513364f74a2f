//! Rosters: which are in force, and which households they hold.
//!
//! A roster may hold 100,000 households with all their key facts, some sixty megabytes. They are therefore not part of
//! the roster's state, which every step of the roster would write into the ledger again: the entries are one attachment
//! of canonical JSON, and the roster names its hash. Whoever has the roster's ledger entry can prove every byte of it.
//! What queries need (is this household on a frozen roster?) is an index by household, written when the roster is frozen
//! and never again, as one [`RosterPart`] for each [`PART`] households. Freezing 100,000 households so appends about a
//! hundred entries instead of 100,000, and superseding appends one.
//!
//! The store itself refuses to change a frozen roster ([`Subject::may_become`]).

use std::collections::HashMap;

use anju_model::area::AreaCode;
use anju_model::register::Category;
use anju_model::roster::{Roster, RosterState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::list::{Conditions, List, Page, Paging, SortKind};
use crate::read::{VERSIONED, versioned};
use crate::subject::{Child, Row, Subject};
use crate::{Db, StoreError, Value, Versioned};

/// Households of a part.
pub const PART: usize = 1_000;

/// Some of the households of a frozen roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterPart {
    /// UUIDv7.
    pub id: Uuid,
    /// The roster.
    pub roster: Uuid,
    /// Which part of it, from 1.
    pub number: u32,
    /// The households in the order of the roster, at most [`PART`].
    pub households: Vec<Uuid>,
}

impl Subject for Roster {
    const KIND: &'static str = "roster";
    const GUARDED: bool = true;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.filter.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("category", self.category.code().into()),
            ("number", self.number.into()),
            ("roster_state", self.state.code().into()),
            ("drafted_at", self.drafted_at.into()),
        ]
    }

    fn may_become(&self, next: Option<&Self>) -> bool {
        match next {
            Some(next) => Roster::may_become(self, next),
            None => self.state == RosterState::Draft,
        }
    }
}

impl Subject for RosterPart {
    const KIND: &'static str = "roster_part";
    const CHILDREN: &'static [Child] = &[Child {
        table: "roster_household",
        owner: "part_id",
        key: "household_id",
    }];
    const GUARDED: bool = true;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![("roster_id", self.roster.into()), ("number", self.number.into())]
    }

    fn rows(&self) -> Vec<Row> {
        self.households
            .iter()
            .map(|household| Row {
                table: "roster_household",
                columns: vec![
                    ("roster_id", self.roster.into()),
                    ("household_id", (*household).into()),
                    ("part_id", self.id.into()),
                ],
            })
            .collect()
    }

    fn may_become(&self, _next: Option<&Self>) -> bool {
        false
    }
}

/// Which rosters are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct RosterFilter {
    /// Those that hold households of this area: of it, of an area in it, or of one around it.
    pub area: AreaCode,
    /// Category.
    pub category: Option<Category>,
    /// States; without any there is nothing to find.
    pub states: Vec<RosterState>,
}

/// A page of rosters, the newest draft first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn rosters(
    db: &Db,
    filter: &RosterFilter,
    paging: &Paging,
) -> Result<Page<Versioned<Roster>>, StoreError> {
    let mut conditions = Conditions::default();
    let mut around = filter.area.parent();
    let mut inside = Conditions::default();
    inside.within("r.area", &filter.area);
    // The bounds are bound first, so that their numbers are the same in both lists of conditions.
    let mut ways = vec![inside.text().trim_start_matches(" WHERE ").to_owned()];
    for value in inside.values() {
        conditions.bind(value.clone());
    }
    while let Some(area) = around {
        let bound = conditions.bind(area.as_str());
        ways.push(format!("r.area = {bound}"));
        around = area.parent();
    }
    conditions.and(&format!("({})", ways.join(" OR ")));
    conditions.equal("r.category", filter.category.map(Category::code));
    if filter.states.is_empty() {
        return Ok(Page {
            items: Vec::new(),
            next: None,
            total: 0,
            at_least: false,
        });
    }
    let states: Vec<String> = filter
        .states
        .iter()
        .map(|state| conditions.bind(state.code()))
        .collect();
    conditions.and(&format!("r.roster_state IN ({})", states.join(", ")));
    let list = List {
        select: "r.id, r.version, r.changed_at, r.changed_by, r.state",
        from: "roster r",
        sort: "r.drafted_at",
        sort_kind: SortKind::Int,
        descending: true,
        id: "r.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// The newest version of a category and area: draft, frozen or superseded.
///
/// # Errors
/// When the database fails.
pub async fn newest(
    db: &Db,
    category: Category,
    area: &AreaCode,
) -> Result<Option<Versioned<Roster>>, StoreError> {
    let sql = format!(
        "SELECT {VERSIONED} FROM roster WHERE category = $1 AND area = $2 ORDER BY number DESC LIMIT 1"
    );
    db.first(&sql, &[category.code().into(), area.as_str().into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// The frozen roster that each household is on. A household is on one at most.
///
/// # Errors
/// When the database fails.
pub async fn frozen_households(db: &Db) -> Result<HashMap<Uuid, Uuid>, StoreError> {
    let sql = "SELECT p.household_id, p.roster_id FROM roster r JOIN roster_household p ON p.roster_id = r.id
               WHERE r.roster_state = 'frozen'";
    let rows = db.all(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.uuid(1)?))).collect()
}

/// The frozen roster that a household is on.
///
/// # Errors
/// When the database fails.
pub async fn frozen_roster_of(db: &Db, household: Uuid) -> Result<Option<Versioned<Roster>>, StoreError> {
    let sql = "SELECT r.id, r.version, r.changed_at, r.changed_by, r.state
               FROM roster_household p JOIN roster r ON r.id = p.roster_id
               WHERE p.household_id = $1 AND r.roster_state = 'frozen' ORDER BY r.id LIMIT 1";
    db.first(sql, &[household.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}
