//! Reading the log: its entries, the history of a subject, checkpoints and proofs.

use anju_ledger::{ConsistencyProof, Entry, Frontier, Hash, HashAt, InclusionProof, VerifyingKey};
use anju_model::area::AreaCode;
use jiff::Timestamp;
use serde::Serialize;

use crate::attachment::hex;
use crate::database::Link;
use crate::list::{Conditions, placeholders};
use crate::read::Versioned;
use crate::subject::{Subject, parse};
use crate::transaction::{ERASED, RETIRED, index_value};
use crate::value::{Record, Value};
use crate::{Db, StoreError};

/// Which entries are wanted. The default wants all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// Only entries before this index: the index of the last entry of the page before.
    pub before: Option<u64>,
    /// Most entries; 0 means all.
    pub limit: u32,
    /// Kind of subject.
    pub kind: Option<String>,
    /// Id of the subject.
    pub subject: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// By which command.
    pub command: Option<String>,
    /// Only subjects in this area; those without a place are left out.
    pub area: Option<AreaCode>,
    /// Only entries of this instant and later.
    pub since: Option<Timestamp>,
    /// Only entries before this instant.
    pub until: Option<Timestamp>,
}

/// An entry as shown: without the payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerEntry)]
pub struct EntryView {
    /// Position in the log, from 0.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// The command.
    pub command: String,
    /// Kind of subject.
    pub kind: String,
    /// Id of the subject.
    pub subject: String,
    /// The subject's version.
    pub version: i64,
    /// Area of the subject.
    pub area: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether the state is gone, by erasure.
    pub erased: bool,
}

/// One version of a subject.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Revision {
    /// The entry.
    #[serde(flatten)]
    pub entry: EntryView,
    /// The whole state; `null` when the subject was retired here or its payload was erased.
    pub state: serde_json::Value,
}

/// A signed checkpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointRecord {
    /// Number of entries it covers.
    pub size: u64,
    /// Merkle root, in hex.
    pub root: String,
    /// The whole note.
    pub note: String,
}

/// An entry with the proof that a checkpoint covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProof {
    /// The entry.
    pub entry: Entry,
    /// The checkpoint.
    pub checkpoint: CheckpointRecord,
    /// The hashes between the two.
    pub proof: InclusionProof,
}

/// The log at one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = LogHead)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Merkle root over them, in hex, from the stored hashes.
    pub root: String,
    /// The signed note, when a checkpoint was signed at this size.
    pub note: Option<String>,
}

/// The proof that the log at one size begins with the log at a smaller one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The smaller.
    pub from: Head,
    /// The larger, or the same.
    pub to: Head,
    /// The hashes between the two.
    pub proof: ConsistencyProof,
}

/// Number of entries.
///
/// # Errors
/// When the database fails.
pub async fn entry_count(db: &Db) -> Result<u64, StoreError> {
    let last = db.first("SELECT MAX(idx) FROM ledger_entry", &[]).await?;
    let last = last
        .map(|row| row.optional(0, Record::count))
        .transpose()?
        .flatten();
    Ok(last.map_or(0, |index| index + 1))
}

const VIEW: &str = "idx, at, actor, command, subject_kind, subject_id, version, area, reason, \
                    CASE WHEN payload IS NULL THEN 1 ELSE 0 END AS erased";

fn view(row: &Record) -> Result<EntryView, StoreError> {
    Ok(EntryView {
        index: row.count(0)?,
        at: row.instant(1)?,
        actor: row.text(2)?.to_owned(),
        command: row.text(3)?.to_owned(),
        kind: row.text(4)?.to_owned(),
        subject: row.text(5)?.to_owned(),
        version: row.int(6)?,
        area: row.optional(7, Record::text)?.map(str::to_owned),
        reason: row.optional(8, Record::text)?.map(str::to_owned),
        erased: row.int(9)? != 0,
    })
}

/// Entries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn entries(db: &Db, filter: &EntryFilter) -> Result<Vec<EntryView>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.equal("subject_kind", filter.kind.as_deref());
    conditions.equal("subject_id", filter.subject.as_deref());
    conditions.equal("actor", filter.actor.as_deref());
    conditions.equal("command", filter.command.as_deref());
    for (instant, comparison) in [(filter.since, ">="), (filter.until, "<")] {
        if let Some(instant) = instant {
            let instant = conditions.bind(instant);
            conditions.and(&format!("at {comparison} {instant}"));
        }
    }
    if let Some(area) = &filter.area {
        conditions.within("area", area);
    }
    if let Some(before) = filter.before {
        let before = conditions.bind(index_value(before));
        conditions.and(&format!("idx < {before}"));
    }
    let limit = match filter.limit {
        0 => String::new(),
        limit => format!(" LIMIT {limit}"),
    };
    let sql = format!(
        "SELECT {VIEW} FROM ledger_entry{} ORDER BY idx DESC{limit}",
        conditions.text()
    );
    db.all(&sql, conditions.values())
        .await?
        .iter()
        .map(view)
        .collect()
}

/// All versions of a subject, oldest first.
///
/// # Errors
/// When the database fails or a payload cannot be read.
pub async fn history(db: &Db, kind: &str, subject: &str) -> Result<Vec<Revision>, StoreError> {
    let sql = format!(
        "SELECT {VIEW}, payload FROM ledger_entry WHERE subject_kind = $1 AND subject_id = $2 ORDER BY version"
    );
    let rows = db.all(&sql, &[kind.into(), subject.into()]).await?;
    rows.iter()
        .map(|row| {
            let state = match row.optional(10, Record::text)? {
                None | Some(ERASED) => serde_json::Value::Null,
                Some(payload) => serde_json::from_str(payload).map_err(|error| StoreError::Unreadable {
                    table: "ledger_entry".into(),
                    id: subject.to_owned(),
                    what: "payload".into(),
                    detail: error.to_string(),
                })?,
            };
            Ok(Revision {
                entry: view(row)?,
                state,
            })
        })
        .collect()
}

/// The subject as it was at an instant; `None` when it did not exist then, was retired or is erased.
///
/// # Errors
/// When the database fails or the payload cannot be read.
pub async fn load_as_of<S: Subject>(
    db: &Db,
    id: &str,
    at: Timestamp,
) -> Result<Option<Versioned<S>>, StoreError> {
    let sql = "SELECT payload, version, at, actor FROM ledger_entry
               WHERE subject_kind = $1 AND subject_id = $2 AND at <= $3 ORDER BY version DESC LIMIT 1";
    let Some(row) = db.first(sql, &[S::KIND.into(), id.into(), at.into()]).await? else {
        return Ok(None);
    };
    match row.optional(0, Record::text)? {
        None | Some(ERASED | RETIRED) => Ok(None),
        Some(payload) => Ok(Some(Versioned {
            value: parse(payload)?,
            version: row.int(1)?,
            changed_at: row.instant(2)?,
            changed_by: row.text(3)?.to_owned(),
        })),
    }
}

/// The newest signed checkpoint.
///
/// # Errors
/// When the database fails.
pub async fn latest_checkpoint(db: &Db) -> Result<Option<CheckpointRecord>, StoreError> {
    let sql = "SELECT size, root, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1";
    db.first(sql, &[]).await?.map(|row| checkpoint(&row)).transpose()
}

/// Signed checkpoints, newest first: those smaller than `before`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn checkpoints(
    db: &Db,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<CheckpointRecord>, StoreError> {
    let mut conditions = Conditions::default();
    if let Some(before) = before {
        let before = conditions.bind(index_value(before));
        conditions.and(&format!("size < {before}"));
    }
    let sql = format!(
        "SELECT size, root, note FROM ledger_checkpoint{} ORDER BY size DESC LIMIT {limit}",
        conditions.text()
    );
    db.all(&sql, conditions.values())
        .await?
        .iter()
        .map(checkpoint)
        .collect()
}

fn checkpoint(row: &Record) -> Result<CheckpointRecord, StoreError> {
    Ok(CheckpointRecord {
        size: row.count(0)?,
        root: hex(row.bytes(1)?),
        note: row.text(2)?.to_owned(),
    })
}

/// The entry at an index, with the proof that the newest checkpoint covers it: what can be handed to somebody who has
/// nothing but the public key. `None` when there is no such entry.
///
/// # Errors
/// When the database fails or stored hashes are missing.
pub async fn prove_entry(db: &Db, index: u64) -> Result<Option<EntryProof>, StoreError> {
    let mut link = db.begin_reading().await?;
    let newest = "SELECT size, root, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1";
    let Some(newest) = link.first(newest, &[]).await? else {
        return Ok(None);
    };
    let checkpoint = checkpoint(&newest)?;
    let sql = format!("SELECT {ENTRY} FROM ledger_entry WHERE idx = $1");
    let Some(row) = link.first(&sql, &[index_value(index)]).await? else {
        return Ok(None);
    };
    if index >= checkpoint.size {
        return Ok(None);
    }
    let indexes = anju_ledger::inclusion_indexes(checkpoint.size, index)?;
    let hashes = stored_hashes(&mut link, &indexes).await?;
    let proof = anju_ledger::prove_inclusion(checkpoint.size, index, &hashes)?;
    Ok(Some(EntryProof {
        entry: entry(&row)?,
        checkpoint,
        proof,
    }))
}

/// Proves that the log of `to` entries begins with the log of `from` entries. `None` unless
/// 1 ≤ `from` ≤ `to` ≤ number of entries.
///
/// # Errors
/// When the database fails or stored hashes are missing, and [`StoreError::LogInvalid`] when the stored hashes do not
/// prove it.
pub async fn prove_consistency(db: &Db, from: u64, to: u64) -> Result<Option<Consistency>, StoreError> {
    if from == 0 || from > to || to > entry_count(db).await? {
        return Ok(None);
    }
    let mut link = db.begin_reading().await?;
    let indexes = anju_ledger::consistency_indexes(from, to)?;
    let hashes = stored_hashes(&mut link, &indexes).await?;
    let proof = anju_ledger::prove_consistency(from, to, &hashes)?;
    let (old, from) = head(&mut link, from).await?;
    let (new, to) = head(&mut link, to).await?;
    anju_ledger::check_consistency(&proof, from.size, &old, to.size, &new)
        .map_err(|error| StoreError::LogInvalid(error.to_string()))?;
    Ok(Some(Consistency { from, to, proof }))
}

/// Root and note at a size.
async fn head(link: &mut Link, size: u64) -> Result<(Hash, Head), StoreError> {
    let root = stored_root(link, size).await?;
    let sql = "SELECT note FROM ledger_checkpoint WHERE size = $1";
    let note = link
        .first(sql, &[index_value(size)])
        .await?
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()?;
    let head = Head {
        size,
        root: hex(&root),
        note,
    };
    Ok((root, head))
}

/// The root at a size, from the stored hashes.
async fn stored_root(link: &mut Link, size: u64) -> Result<Hash, StoreError> {
    let hashes = stored_hashes(link, &anju_ledger::frontier_indexes(size)).await?;
    let hashes: Vec<Hash> = hashes.into_iter().map(|(_, hash)| hash).collect();
    Ok(Frontier::new(size, &hashes)?.root()?)
}

/// Checks a checkpoint that was kept elsewhere: the log must still have the root it was signed for. A database set back
/// to an earlier state, checkpoints and all, shows only here.
///
/// # Errors
/// [`StoreError::LogInvalid`] when the log is shorter or has another root, [`StoreError::Ledger`] when the note is not
/// signed by the key.
pub async fn check_kept_checkpoint(db: &Db, key: &VerifyingKey, note: &str) -> Result<(), StoreError> {
    let kept = key.verify(note)?;
    let entries = entry_count(db).await?;
    if entries < kept.size {
        return Err(StoreError::LogInvalid(format!(
            "it has {entries} entries, the kept checkpoint covers {}",
            kept.size
        )));
    }
    let root = stored_root(&mut db.begin_reading().await?, kept.size).await?;
    if root != kept.root {
        let detail = format!(
            "at {} entries its root is {}, the kept one is {}",
            kept.size,
            hex(&root),
            hex(&kept.root)
        );
        return Err(StoreError::LogInvalid(detail));
    }
    Ok(())
}

/// The columns that [`entry`] reads.
pub(crate) const ENTRY: &str =
    "idx, subject_kind, subject_id, version, area, at, actor, command, reason, commitment, salt, payload";

/// Reads the columns of [`ENTRY`].
pub(crate) fn entry(row: &Record) -> Result<Entry, StoreError> {
    Ok(Entry {
        index: row.count(0)?,
        kind: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        version: row.int(3)?,
        area: row.optional(4, Record::text)?.map(str::to_owned),
        at: row.int(5)?,
        actor: row.text(6)?.to_owned(),
        command: row.text(7)?.to_owned(),
        reason: row.optional(8, Record::text)?.map(str::to_owned),
        commitment: hex(row.bytes(9)?),
    })
}

/// The stored hashes at some places, in the order asked for; missing ones are left out.
pub(crate) async fn stored_hashes(link: &mut Link, indexes: &[u64]) -> Result<Vec<HashAt>, StoreError> {
    if indexes.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT idx, hash FROM ledger_hash WHERE idx IN ({})",
        placeholders(1, indexes.len())
    );
    let arguments: Vec<Value> = indexes.iter().map(|index| index_value(*index)).collect();
    let mut found = Vec::with_capacity(indexes.len());
    for row in link.all(&sql, &arguments).await? {
        if let Ok(hash) = Hash::try_from(row.bytes(1)?) {
            found.push((row.count(0)?, hash));
        }
    }
    found.sort_by_key(|(place, _)| indexes.iter().position(|index| index == place));
    Ok(found)
}
