//! Migrations: forward only, the same names for both engines, each applied once and remembered by its checksum.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::attachment::hex;
use crate::database::{Dialect, Link};
use crate::rebuild::lay_out_again;
use crate::register::remake_tally;
use crate::value::Value;
use crate::{Db, StoreError};

struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }),+]
    };
}

const MIGRATIONS: &[Migration] = migrations![
    "0001_ledger",
    "0002_state",
    "0003_identification",
    "0004_erasure",
    "0005_roster",
    "0006_access",
    "0007_household",
    "0008_places",
    "0009_api",
    "0010_documents",
    "0011_access_oidc",
    "0012_search",
    "0013_bulk",
    "0014_casework",
];

/// Kinds whose rows are laid out in another way since a migration: it has them made again from the ledger.
const LAID_OUT_AGAIN: &[(&str, &str)] = &[("0012_search", "household")];

const TABLE_SQLITE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT";
const TABLE_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version BIGINT PRIMARY KEY NOT NULL, name TEXT COLLATE \"C\" NOT NULL, checksum TEXT COLLATE \"C\" NOT NULL)";

/// A row of the table of migrations, as it must be.
pub(crate) fn expected(dialect: Dialect) -> Vec<[Value; 3]> {
    (1..)
        .zip(MIGRATIONS)
        .map(|(version, migration)| {
            let checksum = hex(&Sha256::digest(migration.sql(dialect).as_bytes()));
            [
                Value::Int(version),
                Value::from(migration.name),
                Value::Text(checksum),
            ]
        })
        .collect()
}

impl Migration {
    fn sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

pub(crate) async fn applied(link: &mut Link) -> Result<Vec<Vec<Value>>, StoreError> {
    let rows = link
        .all(
            "SELECT version, name, checksum FROM schema_migration ORDER BY version",
            &[],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.values).collect())
}

pub(crate) async fn migrate(db: &Db) -> Result<(), StoreError> {
    let mut link = db.begin_writing().await?;
    let dialect = link.dialect();
    link.script(match dialect {
        Dialect::Sqlite => TABLE_SQLITE,
        Dialect::Postgres => TABLE_POSTGRES,
    })
    .await?;
    let expected = expected(dialect);
    let applied = applied(&mut link).await?;
    for (place, row) in applied.iter().enumerate() {
        let version = match row.first() {
            Some(Value::Int(version)) => *version,
            _ => 0,
        };
        match expected.get(place) {
            None => {
                return Err(StoreError::SchemaNewer {
                    found: version,
                    known: MIGRATIONS.len(),
                });
            }
            Some(known) if known.as_slice() != row.as_slice() => {
                return Err(StoreError::SchemaChanged { version });
            }
            Some(_) => {}
        }
    }
    for (migration, row) in MIGRATIONS.iter().zip(expected).skip(applied.len()) {
        link.script(migration.sql(dialect)).await?;
        link.insert(
            "schema_migration",
            &["version", "name", "checksum"],
            vec![row.to_vec()],
        )
        .await?;
    }
    // By the newest layout, therefore after all migrations.
    let again: BTreeSet<&str> = LAID_OUT_AGAIN
        .iter()
        .filter(|(name, _)| MIGRATIONS.iter().skip(applied.len()).any(|new| new.name == *name))
        .map(|(_, kind)| *kind)
        .collect();
    for kind in again {
        lay_out_again(&mut link, kind).await?;
        remake_tally(&mut link).await?;
    }
    link.commit().await
}
