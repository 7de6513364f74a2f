//! Erasing the payload of one entry of the log on legal order.
//!
//! Payload and salt go; the entry, its commitment and every proof stay. The erasure is a subject of its own, so that the
//! log itself says who asked for it and who carried it out, when, why and by which document, and verification can tell
//! it from a theft. The store itself refuses to erase what another person did not ask for.

use anju_model::area::AreaCode;
use anju_model::erasure::{Erasure, ErasureState};

use crate::database::Answer;
use crate::ledger::{ENTRY, entry};
use crate::list::{Conditions, List, Page, Paging, SortKind};
use crate::read::versioned;
use crate::subject::Subject;
use crate::transaction::{ERASED, RETIRED, Tx, index_value};
use crate::value::{Record, Value};
use crate::{Db, StoreError, Versioned};

impl Subject for Erasure {
    const KIND: &'static str = "erasure";
    const GUARDED: bool = true;

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
            ("erasure_state", self.state.code().into()),
            ("asked_by", self.asked_by.as_deref().into()),
            ("asked_at", self.asked_at.into()),
        ]
    }

    fn may_become(&self, next: Option<&Self>) -> bool {
        next.is_some_and(|next| Erasure::may_become(self, next))
    }
}

/// Which erasures are wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErasureFilter {
    /// State.
    pub state: Option<ErasureState>,
    /// Asked for by anybody but this person.
    pub not_asked_by: Option<String>,
}

/// A page of erasures, the latest entry first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn erasures(
    db: &Db,
    filter: &ErasureFilter,
    paging: &Paging,
) -> Result<Page<Versioned<Erasure>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.equal("e.erasure_state", filter.state.map(ErasureState::code));
    if let Some(other) = &filter.not_asked_by {
        let other = conditions.bind(other.as_str());
        conditions.and(&format!("(e.asked_by IS NULL OR e.asked_by <> {other})"));
    }
    let list = List {
        select: "e.id, e.version, e.changed_at, e.changed_by, e.state",
        from: "erasure e",
        sort: "e.entry",
        sort_kind: SortKind::Int,
        descending: true,
        id: "e.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

impl Tx {
    /// The kind and the area of an entry's subject, when the entry's contents can be erased.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such entry, [`StoreError::EntryIsCurrent`] when it holds the present
    /// state of its subject, [`StoreError::NothingToErase`] when it holds no state.
    pub fn erasable(&mut self, index: u64) -> Answer<'_, (String, Option<AreaCode>)> {
        Box::pin(self.run_erasable(index))
    }

    async fn run_erasable(&mut self, index: u64) -> Result<(String, Option<AreaCode>), StoreError> {
        let place = [index_value(index)];
        let sql = format!("SELECT {ENTRY} FROM ledger_entry WHERE idx = $1");
        let Some(row) = self.link.first(&sql, &place).await? else {
            return Err(StoreError::NotFound {
                kind: "ledger_entry",
                id: index.to_string(),
            });
        };
        let found = entry(&row)?;
        if matches!(row.optional(11, Record::text)?, None | Some(RETIRED | ERASED)) {
            return Err(StoreError::NothingToErase { index });
        }
        let later = "SELECT COUNT(*) FROM ledger_entry
                     WHERE subject_kind = $1 AND subject_id = $2 AND version > $3";
        let arguments = [
            found.kind.as_str().into(),
            found.subject.as_str().into(),
            Value::Int(found.version),
        ];
        let later = self
            .link
            .first(later, &arguments)
            .await?
            .map_or(Ok(0), |row| row.count(0))?;
        if later == 0 {
            return Err(StoreError::EntryIsCurrent {
                index,
                kind: found.kind,
                id: found.subject,
            });
        }
        let area = found.area.as_deref().and_then(|code| AreaCode::parse(code).ok());
        Ok((found.kind, area))
    }

    /// Erases payload and salt of the entry of an erasure that somebody asked for and another person carries out here;
    /// all proofs still hold. The bytes are gone from the files too once [`Db::compact`] has run. Returns the kind of
    /// the entry's subject.
    ///
    /// # Errors
    /// As [`Tx::erasable`], and when what is stored does not become `carried_out` by this person, or was changed since.
    pub fn erase_entry<'a>(&'a mut self, carried_out: &'a Versioned<Erasure>) -> Answer<'a, String> {
        Box::pin(self.run_erase_entry(carried_out))
    }

    async fn run_erase_entry(&mut self, carried_out: &Versioned<Erasure>) -> Result<String, StoreError> {
        let index = carried_out.value.entry;
        let (kind, _) = self.run_erasable(index).await?;
        self.update(std::slice::from_ref(carried_out)).await?;
        self.link
            .execute(
                "UPDATE ledger_entry SET salt = NULL, payload = NULL WHERE idx = $1",
                &[index_value(index)],
            )
            .await?;
        Ok(kind)
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
