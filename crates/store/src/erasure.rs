//! Erasing the payload of one entry of the log on legal order.
//!
//! Payload and salt go; the entry, its commitment and every proof stay. The erasure is a subject of its own, so that the
//! log itself says who erased what, when, why and by which document, and verification can tell it from a theft.

use anju_model::area::AreaCode;
use serde::{Deserialize, Serialize};

use crate::database::Answer;
use crate::ledger::{ENTRY, entry};
use crate::subject::Subject;
use crate::transaction::{ERASED, RETIRED, Tx, index_value};
use crate::value::{Record, Value};
use crate::{Db, StoreError};

/// One erased payload. Who, when and why are in the ledger entry that records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Erasure {
    /// Position of the entry whose payload was erased; also the id.
    pub entry: u64,
    /// Area of that entry's subject.
    pub area: Option<AreaCode>,
    /// The order by which it was erased, e.g. the number of a court's ruling.
    pub document: String,
}

impl Subject for Erasure {
    const KIND: &'static str = "erasure";

    fn id(&self) -> String {
        self.entry.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        self.area.clone()
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("entry", index_value(self.entry)),
            ("document", Value::from(self.document.as_str())),
        ]
    }
}

impl Tx {
    /// Erases payload and salt of one entry and records the erasure; all proofs still hold. The bytes are gone from the
    /// files too once [`Db::compact`] has run. Returns the kind of the entry's subject.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such entry, [`StoreError::EntryIsCurrent`] when it holds the present
    /// state of its subject, [`StoreError::NothingToErase`] when it holds no state.
    pub fn erase_entry<'a>(&'a mut self, index: u64, document: &'a str) -> Answer<'a, String> {
        Box::pin(self.run_erase_entry(index, document))
    }

    async fn run_erase_entry(&mut self, index: u64, document: &str) -> Result<String, StoreError> {
        let place = [index_value(index)];
        let sql = format!("SELECT {ENTRY} FROM ledger_entry WHERE idx = $1");
        let Some(row) = self.link.first(&sql, &place).await? else {
            return Err(StoreError::NotFound {
                kind: "ledger_entry",
                id: index.to_string(),
            });
        };
        let erased = entry(&row)?;
        if matches!(row.optional(11, Record::text)?, None | Some(RETIRED | ERASED)) {
            return Err(StoreError::NothingToErase { index });
        }
        let later = "SELECT COUNT(*) FROM ledger_entry
                     WHERE subject_kind = $1 AND subject_id = $2 AND version > $3";
        let arguments = [
            erased.kind.as_str().into(),
            erased.subject.as_str().into(),
            Value::Int(erased.version),
        ];
        let later = self
            .link
            .first(later, &arguments)
            .await?
            .map_or(Ok(0), |row| row.count(0))?;
        if later == 0 {
            return Err(StoreError::EntryIsCurrent {
                index,
                kind: erased.kind,
                id: erased.subject,
            });
        }
        self.link
            .execute(
                "UPDATE ledger_entry SET salt = NULL, payload = NULL WHERE idx = $1",
                &place,
            )
            .await?;
        let record = Erasure {
            entry: index,
            area: erased.area.as_deref().and_then(|code| AreaCode::parse(code).ok()),
            document: document.to_owned(),
        };
        self.insert(&[record]).await?;
        Ok(erased.kind)
    }
}

impl Db {
    /// Writes the log's entries and the tables of a kind of subject anew, so that what was erased from them is not left
    /// behind in freed space. Readers and writers wait meanwhile; copies kept elsewhere are not touched.
    ///
    /// # Errors
    /// When the database refuses, e.g. for want of space.
    pub fn compact<'a>(&'a self, kind: &'a str) -> Answer<'a, ()> {
        Box::pin(self.run_compact(kind))
    }

    async fn run_compact(&self, kind: &str) -> Result<(), StoreError> {
        let tables = crate::subject::KINDS
            .iter()
            .filter(|known| known.name == kind)
            .flat_map(|known| {
                std::iter::once(known.name).chain(known.children.iter().map(|child| child.table))
            });
        let tables: Vec<&str> = std::iter::once("ledger_entry").chain(tables).collect();
        self.vacuum(&tables).await
    }
}
