//! Reading whole subjects.

use anju_model::area::AreaCode;
use jiff::Timestamp;

use crate::list::placeholders;
use crate::subject::{Subject, parse};
use crate::value::{Record, Value};
use crate::{Db, StoreError};

/// A subject as it was read, with what is needed to change it and to say who changed it last.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The subject.
    pub value: T,
    /// From 1, rising by one with each change.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Who changed it last.
    pub changed_by: String,
}

/// The columns that [`versioned`] reads.
pub(crate) const VERSIONED: &str = "id, version, changed_at, changed_by, state";

/// Reads the columns of [`VERSIONED`].
pub(crate) fn versioned<S: Subject>(row: &Record) -> Result<Versioned<S>, StoreError> {
    let value = parse(row.text(4)?).map_err(|error| match error {
        StoreError::Unreadable {
            table, what, detail, ..
        } => StoreError::Unreadable {
            table,
            id: row.text(0).unwrap_or_default().to_owned(),
            what,
            detail,
        },
        other => other,
    })?;
    Ok(Versioned {
        value,
        version: row.int(1)?,
        changed_at: row.instant(2)?,
        changed_by: row.text(3)?.to_owned(),
    })
}

/// The subject with this id.
///
/// # Errors
/// When the database fails or the stored state cannot be read.
pub async fn load<S: Subject>(db: &Db, id: &str) -> Result<Option<Versioned<S>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM {} WHERE id = $1", S::KIND);
    db.first(&sql, &[id.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// All subjects of a kind, by id.
///
/// # Errors
/// When the database fails or a stored state cannot be read.
pub async fn load_all<S: Subject>(db: &Db) -> Result<Vec<Versioned<S>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM {} ORDER BY id", S::KIND);
    db.all(&sql, &[]).await?.iter().map(versioned).collect()
}

/// All subjects of a kind in an area, by id.
///
/// # Errors
/// When the database fails or a stored state cannot be read.
pub async fn load_within<S: Subject>(db: &Db, area: &AreaCode) -> Result<Vec<Versioned<S>>, StoreError> {
    let sql = format!(
        "SELECT {VERSIONED} FROM {} WHERE area >= $1 AND area < $2 ORDER BY id",
        S::KIND
    );
    let [from, to] = area_range(area);
    db.all(&sql, &[from, to]).await?.iter().map(versioned).collect()
}

/// The subjects with these ids, those that exist, by id.
///
/// # Errors
/// When the database fails or a stored state cannot be read.
pub async fn load_many<S: Subject>(db: &Db, ids: &[String]) -> Result<Vec<Versioned<S>>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let list = placeholders(1, chunk.len());
        let sql = format!(
            "SELECT {VERSIONED} FROM {} WHERE id IN ({list}) ORDER BY id",
            S::KIND
        );
        let arguments: Vec<Value> = chunk.iter().map(|id| id.as_str().into()).collect();
        for row in db.all(&sql, &arguments).await? {
            found.push(versioned(&row)?);
        }
    }
    Ok(found)
}

/// The bounds of all codes that begin with this one: from the first, below the second. `:` follows `9`.
pub(crate) fn area_range(area: &AreaCode) -> [Value; 2] {
    [Value::from(area.as_str()), Value::Text(format!("{area}:"))]
}
