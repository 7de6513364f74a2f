//! What belongs to a household and has a history of its own: its income by year, its consents and its documents.
//!
//! None of it is looked for by area: whoever may see the household may see it, and a household that moved takes it along.

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::register::{
    ConsentChoice, HouseholdDocument, HouseholdStatus, IncomeYear, Pathway, SignedConsent,
};
use uuid::Uuid;

use crate::list::{Conditions, grouped};
use crate::read::{VERSIONED, versioned};
use crate::register::level_column;
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for IncomeYear {
    const KIND: &'static str = "income_year";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("household_id", self.household.into()),
            ("year", Value::Int(i64::from(self.year))),
            ("net", Value::Int(self.net().0)),
        ]
    }
}

impl Subject for SignedConsent {
    const KIND: &'static str = "consent";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("household_id", self.household.into()),
            ("choice", self.consent.choice.code().into()),
            ("signed_on", self.consent.date.to_string().into()),
            ("withdrawn", self.withdrawal.is_some().into()),
            ("recorded_at", self.recorded_at.into()),
        ]
    }
}

impl Subject for HouseholdDocument {
    const KIND: &'static str = "household_document";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("household_id", self.household.into()),
            ("kind", self.kind.code().into()),
            ("hash", self.hash.as_str().into()),
            ("removed", self.removal.is_some().into()),
            ("added_at", self.added_at.into()),
        ]
    }
}

/// All subjects of a kind that belong to a household, in an order.
async fn of_household<S: Subject>(
    db: &Db,
    household: Uuid,
    order: &str,
) -> Result<Vec<Versioned<S>>, StoreError> {
    let sql = format!(
        "SELECT {VERSIONED} FROM {} WHERE household_id = $1 ORDER BY {order}",
        S::KIND
    );
    db.all(&sql, &[household.into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}

/// The income of a household, the newest year first.
///
/// # Errors
/// When the database fails.
pub async fn income_of(db: &Db, household: Uuid) -> Result<Vec<Versioned<IncomeYear>>, StoreError> {
    of_household(db, household, "year DESC").await
}

/// The consents of a household, withdrawn ones included, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn consents_of(db: &Db, household: Uuid) -> Result<Vec<Versioned<SignedConsent>>, StoreError> {
    of_household(db, household, "recorded_at DESC, id DESC").await
}

/// The documents of a household, removed ones included, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn documents_of(db: &Db, household: Uuid) -> Result<Vec<Versioned<HouseholdDocument>>, StoreError> {
    of_household(db, household, "added_at DESC, id DESC").await
}

/// Households and persons of one area with one choice and pathway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentCount {
    /// The area.
    pub area: AreaCode,
    /// What they chose; none where nobody asked, or the consent was withdrawn.
    pub choice: Option<ConsentChoice>,
    /// The pathway they chose.
    pub pathway: Option<Pathway>,
    /// Whether the last consent was withdrawn.
    pub withdrawn: bool,
    /// Households.
    pub households: u64,
    /// Persons.
    pub persons: u64,
}

/// What the households on the register chose, by area of a level, choice and pathway.
///
/// # Errors
/// When the database fails.
pub async fn consent_counts(
    db: &Db,
    area: &AreaCode,
    level: AreaLevel,
) -> Result<Vec<ConsentCount>, StoreError> {
    let column = level_column(level);
    let mut conditions = Conditions::default();
    conditions.within("h.area", area);
    conditions.equal("h.status", Some(HouseholdStatus::Active.code()));
    conditions.and(&format!("h.{column} IS NOT NULL"));
    let withdrawn = "CASE WHEN h.choice IS NULL AND EXISTS
        (SELECT 1 FROM consent c WHERE c.household_id = h.id AND c.withdrawn) THEN 1 ELSE 0 END";
    grouped(
        db,
        &format!("h.{column}, h.choice, h.pathway, {withdrawn}, COUNT(*), CAST(SUM(h.persons) AS BIGINT)"),
        "household h",
        &conditions,
        "1, 2, 3, 4",
        |row| {
            Ok(ConsentCount {
                area: row.area(0)?,
                choice: row.optional(1, |row, place| row.code(place, ConsentChoice::from_code))?,
                pathway: row.optional(2, |row, place| row.code(place, Pathway::from_code))?,
                withdrawn: row.int(3)? == 1,
                households: row.count(4)?,
                persons: row.count(5)?,
            })
        },
    )
    .await
}
