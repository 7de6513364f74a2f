//! Proving the log, and that every row of every table is what its subject's last entry says.
//!
//! Everything is read in pages from one unchanging view of the database; memory stays bounded however long the log is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use anju_ledger::{
    EntryFields, Frontier, Hash, VerifyingKey, commitment, leaf_hash, leaf_of, stored_hash_count,
};
use anju_model::erasure::{Erasure, ErasureState};
use rayon::prelude::*;
use serde::Serialize;

use crate::attachment::{Attachments, hex};
use crate::database::{Answer, Link, RawRow, RawRows};
use crate::ledger::ENTRY;
use crate::register::check_tally;
use crate::subject::{KINDS, Kind, Row, Stamp, Subject, parse};
use crate::transaction::{ERASED, RETIRED, index_value};
use crate::value::{Record, Value};
use crate::{Db, StoreError};

/// Subjects read at once.
const PAGE: u64 = 2_000;

/// Entries of the log read at once.
const LOG_PAGE: u64 = 4_000;

/// Differences reported one by one; more are only counted.
const REPORTED: usize = 1_000;

/// Characters of a value that a difference shows, around the first that differs.
const SHOWN: usize = 40;

/// A place where the database is not what the log proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// Id of the row, or its position.
    pub id: String,
    /// The column; empty when the whole row is wrong.
    pub column: String,
    /// What was found and what was expected, shortened.
    pub detail: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.column.is_empty() {
            String::new()
        } else {
            format!(", column {}", self.column)
        };
        write!(f, "{} {}{place}: {}", self.table, self.id, self.detail)
    }
}

/// What verification found. No problems means: the log is whole and signed, and every row is proved by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct VerificationReport {
    /// Entries checked.
    pub entries: u64,
    /// Signed checkpoints checked.
    pub checkpoints: u64,
    /// Rows of state tables checked.
    pub rows: u64,
    /// Attachments whose bytes were checked.
    pub attachments: u64,
    /// Root of the whole log, in hex.
    pub root: String,
    /// Number of problems, also of those beyond the list.
    pub problem_count: u64,
    /// The problems, at most 1,000.
    pub problems: Vec<Difference>,
}

/// The differences found so far.
#[derive(Default)]
pub(crate) struct Findings {
    pub differences: Vec<Difference>,
    pub count: u64,
    pub entries: u64,
    checkpoints: u64,
    root: Hash,
    /// Entries whose leaf is not the stored one: either may have been changed.
    suspects: Vec<u64>,
    /// Whether the entries give another root than a signed one.
    forged: bool,
}

impl Findings {
    fn add(&mut self, table: &str, id: impl ToString, column: &str, detail: impl Into<String>) {
        self.count += 1;
        if self.differences.len() < REPORTED {
            self.differences.push(Difference {
                table: table.to_owned(),
                id: id.to_string(),
                column: column.to_owned(),
                detail: detail.into(),
            });
        }
    }
}

type Progress<'a> = &'a (dyn Fn(f32) -> ControlFlow<()> + Send + Sync);

fn report(progress: Progress<'_>, done: f32) -> Result<(), StoreError> {
    match progress(done) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(StoreError::Cancelled),
    }
}

/// Verifies everything: migrations, commitments, leaves, stored hashes, checkpoints, every row and every attachment.
/// `progress` is told how much is done, 0 to 1, and may stop the work.
///
/// # Errors
/// When the database fails or the work was stopped. What does not fit is in the report.
pub fn verify<'a>(
    db: &'a Db,
    key: &'a VerifyingKey,
    attachments: &'a Attachments,
    progress: &'a (dyn Fn(f32) -> ControlFlow<()> + Send + Sync),
) -> Answer<'a, VerificationReport> {
    Box::pin(verify_all(db, key, attachments, progress))
}

async fn verify_all(
    db: &Db,
    key: &VerifyingKey,
    attachments: &Attachments,
    progress: Progress<'_>,
) -> Result<VerificationReport, StoreError> {
    let [mut link, mut beside] = db.begin_reading_twice().await?;
    let mut findings = check_log(&mut link, Some(&mut beside), key, &|done| progress(done * 0.5)).await?;
    drop(beside);
    check_migrations(&mut link, &mut findings).await?;
    let mut rows = 0;
    for (place, kind) in KINDS.iter().enumerate() {
        report(progress, 0.5 + 0.4 * place as f32 / KINDS.len() as f32)?;
        rows += check_rows(&mut link, kind, &mut findings, progress).await?;
    }
    for (key, [found, expected]) in check_tally(&mut link).await? {
        findings.add(
            "household_tally",
            key,
            "",
            format!("found {found}, expected {expected}"),
        );
    }
    report(progress, 0.9)?;
    let checked = check_attachments(&mut link, attachments, &mut findings).await?;
    report(progress, 1.0)?;
    Ok(VerificationReport {
        entries: findings.entries,
        checkpoints: findings.checkpoints,
        rows,
        attachments: checked,
        root: hex(&findings.root),
        problem_count: findings.count,
        problems: findings.differences,
    })
}

/// Checks the log itself: entries, stored hashes and checkpoints. With a second connection to the same state, the hashes
/// are read beside the entries.
pub(crate) async fn check_log(
    link: &mut Link,
    mut beside: Option<&mut Link>,
    key: &VerifyingKey,
    progress: Progress<'_>,
) -> Result<Findings, StoreError> {
    let mut findings = Findings::default();
    let total = link
        .first("SELECT COUNT(*) FROM ledger_entry", &[])
        .await?
        .map_or(Ok(0), |row| row.count(0))?;
    let mut checkpoints = read_checkpoints(link, key, &mut findings)
        .await?
        .into_iter()
        .peekable();
    let mut erasures = Erasures::default();
    let mut frontier = Frontier::empty();
    let mut page = read_entries(link, i64::MIN).await?;
    while page.len() > 0 {
        report(progress, frontier.size() as f32 / total.max(1) as f32)?;
        let size = frontier.size();
        let next = match page.get(page.len() - 1) {
            Some(last) => last.int(0)?.saturating_add(1),
            None => break,
        };
        let [first_hash, end_hash] = [size, size + page.len() as u64].map(stored_hash_count);
        // Hashes are computed by all processors while the database reads on.
        let checking = tokio::task::spawn_blocking(move || check_entries(&page, size));
        let reading = async {
            let sql = "SELECT idx, hash FROM ledger_hash WHERE idx >= $1 AND idx < $2 ORDER BY idx";
            let bounds = [index_value(first_hash), index_value(end_hash)];
            let (hashes, entries) = match &mut beside {
                Some(beside) => tokio::join!(beside.raw(sql, &bounds), read_entries(link, next)),
                None => (link.raw(sql, &bounds).await, read_entries(link, next).await),
            };
            Ok::<_, StoreError>((hashes?, entries?))
        };
        let (checked, read) = tokio::join!(checking, reading);
        let checked = checked.map_err(|error| StoreError::Interrupted(error.to_string()))?;
        let (hashes, next_page) = read?;
        let mut expected = Vec::with_capacity((end_hash - first_hash) as usize);
        for entry in checked {
            let place = frontier.size();
            for (column, detail) in entry.problems {
                findings.add("ledger_entry", place, column, detail);
            }
            erasures.recorded.extend(entry.recorded);
            erasures
                .emptied
                .extend(entry.emptied.map(|subject| (place, subject)));
            expected.extend(frontier.append_hash(entry.leaf)?);
            while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.size <= frontier.size())
            {
                checkpoint.check(frontier.root()?, &mut findings);
            }
        }
        check_hashes(&hashes, &expected, &mut findings)?;
        page = next_page;
    }
    erasures.check(link, &mut findings).await?;
    let size = frontier.size();
    let beyond = "SELECT idx FROM ledger_hash WHERE idx < 0 OR idx >= $1 ORDER BY idx LIMIT 1000";
    for row in link.all(beyond, &[index_value(stored_hash_count(size))]).await? {
        findings.add("ledger_hash", row.int(0)?, "", "a hash that belongs to no entry");
    }
    for checkpoint in checkpoints {
        let detail = format!(
            "missing with all after it: a checkpoint was signed at {} entries",
            checkpoint.size
        );
        findings.add("ledger_entry", size, "", detail);
    }
    // While every signed root fits the entries, it is the stored hash that is wrong.
    if findings.forged {
        for index in std::mem::take(&mut findings.suspects) {
            findings.add(
                "ledger_entry",
                index,
                "",
                "the entry is not the one whose hash was stored and signed",
            );
        }
    }
    findings.entries = size;
    findings.root = frontier.root()?;
    Ok(findings)
}

/// A checkpoint whose signature holds.
struct SignedCheckpoint {
    size: u64,
    root: Hash,
}

impl SignedCheckpoint {
    fn check(&self, root: Hash, findings: &mut Findings) {
        if self.root != root {
            let detail = format!("signed root {}, the entries give {}", hex(&self.root), hex(&root));
            findings.add("ledger_checkpoint", self.size, "root", detail);
            findings.forged = true;
        }
    }
}

/// Reads all checkpoints and checks each note, the columns beside it and that none is missing between two.
async fn read_checkpoints(
    link: &mut Link,
    key: &VerifyingKey,
    findings: &mut Findings,
) -> Result<Vec<SignedCheckpoint>, StoreError> {
    let mut signed = Vec::new();
    let mut previous = 0;
    let mut next = i64::MIN;
    loop {
        let sql = format!(
            "SELECT size, root, note FROM ledger_checkpoint WHERE size >= $1 ORDER BY size LIMIT {PAGE}"
        );
        let rows = link.all(&sql, &[Value::Int(next)]).await?;
        let Some(last) = rows.last() else { break };
        next = last.int(0)?.saturating_add(1);
        for row in &rows {
            let size = row.int(0)?;
            let checkpoint = match key.verify(row.text(2)?) {
                Ok(checkpoint) => checkpoint,
                Err(error) => {
                    findings.add("ledger_checkpoint", size, "note", error.to_string());
                    continue;
                }
            };
            if index_value(checkpoint.size) != Value::Int(size) {
                findings.add(
                    "ledger_checkpoint",
                    size,
                    "size",
                    format!("the note is signed for size {}", checkpoint.size),
                );
            }
            if row.bytes(1)? != checkpoint.root {
                let detail = format!(
                    "found {}, the note is signed for {}",
                    hex(row.bytes(1)?),
                    hex(&checkpoint.root)
                );
                findings.add("ledger_checkpoint", size, "root", detail);
            }
            if checkpoint.previous != previous {
                let detail = format!(
                    "the checkpoint before it was at {}, found {previous}",
                    checkpoint.previous
                );
                findings.add("ledger_checkpoint", size, "", detail);
            }
            previous = checkpoint.size;
            findings.checkpoints += 1;
            signed.push(SignedCheckpoint {
                size: checkpoint.size,
                root: checkpoint.root,
            });
        }
    }
    let total = link
        .first("SELECT COUNT(*) FROM ledger_entry", &[])
        .await?
        .map_or(Ok(0), |row| row.count(0))?;
    if previous < total {
        let detail = format!("the log has {total} entries, the newest signed checkpoint covers {previous}");
        findings.add("ledger_checkpoint", previous, "", detail);
    }
    signed.sort_by_key(|checkpoint| checkpoint.size);
    Ok(signed)
}

/// Entries with an emptied payload, and what the log says of erasures.
#[derive(Default)]
struct Erasures {
    /// Kind, id and version of the subject of each emptied entry.
    emptied: BTreeMap<u64, (String, String, i64)>,
    /// The entries whose erasure is on record.
    recorded: BTreeSet<u64>,
}

impl Erasures {
    /// An emptied payload needs the record of its own erasure, or a later entry that records the erasure of the whole
    /// subject; an erasure on record needs an emptied payload.
    async fn check(&self, link: &mut Link, findings: &mut Findings) -> Result<(), StoreError> {
        for index in self
            .recorded
            .iter()
            .filter(|index| !self.emptied.contains_key(index))
        {
            let detail = "its erasure is on record, and the payload is there";
            findings.add("ledger_entry", index, "payload", detail);
        }
        let mut subjects: BTreeMap<(&str, &str), (u64, i64)> = BTreeMap::new();
        for (index, (kind, id, version)) in &self.emptied {
            if !self.recorded.contains(index) {
                subjects.insert((kind, id), (*index, *version));
            }
        }
        for ((kind, id), (index, version)) in subjects {
            let sql = "SELECT COUNT(*) FROM ledger_entry
                       WHERE subject_kind = $1 AND subject_id = $2 AND version > $3 AND payload = $4";
            let arguments = [kind.into(), id.into(), Value::Int(version), ERASED.into()];
            let recorded = link
                .first(sql, &arguments)
                .await?
                .map_or(Ok(0), |row| row.count(0))?;
            if recorded == 0 {
                findings.add(
                    "ledger_entry",
                    index,
                    "payload",
                    "the payload is gone and no erasure is on record",
                );
            }
        }
        Ok(())
    }
}

/// Reads the next entries.
async fn read_entries(link: &mut Link, next: i64) -> Result<RawRows, StoreError> {
    let sql = format!("SELECT {ENTRY} FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT {LOG_PAGE}");
    link.raw(&sql, &[Value::Int(next)]).await
}

/// What an entry gives by itself.
struct CheckedEntry {
    leaf: Hash,
    /// Column and detail of what is wrong with it.
    problems: Vec<(&'static str, String)>,
    /// Kind, id and version of the subject, when the payload is gone.
    emptied: Option<(String, String, i64)>,
    /// The entry whose erasure it records.
    recorded: Option<u64>,
}

/// Checks entries of which the first should stand at a place.
fn check_entries(rows: &RawRows, first: u64) -> Vec<CheckedEntry> {
    (0..rows.len())
        .into_par_iter()
        .with_min_len(64)
        .filter_map(|place| {
            let row = rows.get(place)?;
            let place = first + place as u64;
            let mut checked = CheckedEntry {
                leaf: [0; 32],
                problems: Vec::new(),
                emptied: None,
                recorded: None,
            };
            let leaf = check_entry(row, place, &mut checked).unwrap_or_else(|error| {
                checked.problems.push(("", error.to_string()));
                Vec::new()
            });
            checked.leaf = leaf_hash(&leaf);
            Some(checked)
        })
        .collect()
}

/// Checks one entry's place, salt and payload, and returns its leaf.
fn check_entry(row: RawRow<'_>, place: u64, checked: &mut CheckedEntry) -> Result<Vec<u8>, StoreError> {
    let index = row.count(0)?;
    if index != place {
        let detail = format!("found entry {index} in this place");
        checked.problems.push(("idx", detail));
    }
    let kind = row.text(1)?.unwrap_or_default();
    let subject = row.text(2)?.unwrap_or_default();
    let version = row.int(3)?;
    if !KINDS.iter().any(|known| known.name == kind) {
        let detail = format!("no such kind of subject: {}", shorten(kind, 0));
        checked.problems.push(("subject_kind", detail));
    }
    let committed = row.bytes(9)?.unwrap_or_default();
    match (row.bytes(10)?, row.text(11)?) {
        (Some(salt), Some(payload)) => {
            if committed != commitment(salt, payload) {
                let detail = "payload and salt do not give the commitment".to_owned();
                checked.problems.push(("payload", detail));
            }
            if kind == Erasure::KIND {
                checked.recorded = parse::<Erasure>(payload)
                    .ok()
                    .filter(|erasure| erasure.state == ErasureState::CarriedOut)
                    .map(|erasure| erasure.entry)
                    .filter(|index| *index < place);
            }
        }
        (None, None) => checked.emptied = Some((kind.to_owned(), subject.to_owned(), version)),
        (None, Some(_)) => checked.problems.push(("salt", "the salt is missing".into())),
        (Some(_), None) => checked
            .problems
            .push(("payload", "the payload is missing".into())),
    }
    let fields = EntryFields {
        actor: row.text(6)?.unwrap_or_default(),
        area: row.text(4)?,
        at: row.int(5)?,
        command: row.text(7)?.unwrap_or_default(),
        commitment: &hex(committed),
        index: place,
        kind,
        reason: row.text(8)?,
        subject,
        version,
    };
    Ok(fields.leaf()?)
}

/// Compares stored hashes with those the entries give.
fn check_hashes(rows: &RawRows, expected: &[(u64, Hash)], findings: &mut Findings) -> Result<(), StoreError> {
    let mut stored = (0..rows.len()).filter_map(|place| rows.get(place)).peekable();
    for (place, hash) in expected {
        let row = match stored.peek() {
            Some(row) if row.count(0)? == *place => stored.next(),
            _ => None,
        };
        let Some(row) = row else {
            findings.add("ledger_hash", place, "", "the hash is missing");
            continue;
        };
        let found = row.bytes(1)?.unwrap_or_default();
        if found != hash {
            let detail = format!("found {}, the entries give {}", hex(found), hex(hash));
            findings.add("ledger_hash", place, "hash", detail);
            findings
                .suspects
                .extend(leaf_of(*place).filter(|_| findings.suspects.len() < REPORTED));
        }
    }
    Ok(())
}

async fn check_migrations(link: &mut Link, findings: &mut Findings) -> Result<(), StoreError> {
    let expected = crate::migration::expected(link.dialect());
    let applied = crate::migration::applied(link).await?;
    for (place, known) in expected.iter().enumerate() {
        let version = place + 1;
        let Some(found) = applied.get(place) else {
            findings.add("schema_migration", version, "", "the migration is not recorded");
            continue;
        };
        for ((column, found), known) in ["version", "name", "checksum"].into_iter().zip(found).zip(known) {
            if !known.same(found) {
                findings.add("schema_migration", version, column, compare(found, known));
            }
        }
    }
    for extra in applied.iter().skip(expected.len()) {
        findings.add(
            "schema_migration",
            shown(&extra[0]),
            "",
            "no such migration is known",
        );
    }
    Ok(())
}

/// The last entry of a subject.
pub(crate) struct LatestState {
    pub id: String,
    pub stamp: Stamp,
    /// Absent when the subject was retired or erased.
    pub payload: Option<String>,
}

/// The last entries of the next subjects of a kind, by id.
pub(crate) async fn latest_states(
    link: &mut Link,
    kind: &str,
    after: &str,
) -> Result<Vec<LatestState>, StoreError> {
    let sql = format!(
        "SELECT e.subject_id, e.version, e.at, e.actor, e.payload FROM ledger_entry e
         WHERE e.subject_kind = $1 AND e.subject_id > $2 AND NOT EXISTS (
             SELECT 1 FROM ledger_entry n WHERE n.subject_kind = e.subject_kind AND n.subject_id = e.subject_id
             AND n.version > e.version)
         ORDER BY e.subject_id LIMIT {PAGE}"
    );
    let rows = link.all(&sql, &[kind.into(), after.into()]).await?;
    rows.iter()
        .map(|row| {
            let payload = row
                .optional(4, Record::text)?
                .filter(|payload| *payload != RETIRED && *payload != ERASED);
            Ok(LatestState {
                id: row.text(0)?.to_owned(),
                stamp: Stamp {
                    version: row.int(1)?,
                    at: row.int(2)?,
                    actor: row.text(3)?.to_owned(),
                },
                payload: payload.map(str::to_owned),
            })
        })
        .collect()
}

/// Rows by their key.
type Rows = BTreeMap<String, Vec<(String, Value)>>;

/// Compares all rows of a kind's tables with what the log says; returns how many rows there are.
async fn check_rows(
    link: &mut Link,
    kind: &Kind,
    findings: &mut Findings,
    progress: Progress<'_>,
) -> Result<u64, StoreError> {
    let mut checked = 0;
    let mut after = String::new();
    loop {
        let states = latest_states(link, kind.name, &after).await?;
        // The pages of subjects cover all ids, the last one everything after it, so that no row escapes.
        let until = if states.len() as u64 == PAGE {
            states.last().map(|state| state.id.clone())
        } else {
            None
        };
        let mut expected: BTreeMap<&str, Rows> = BTreeMap::new();
        let projected: Vec<_> = states
            .par_iter()
            .filter_map(|state| {
                Some((kind.project)(state.payload.as_ref()?, &state.stamp).map_err(|e| (state, e)))
            })
            .collect();
        for rows in projected {
            match rows {
                Ok(rows) => collect(rows, kind, &mut expected),
                Err((state, error)) => findings.add("ledger_entry", &state.id, "payload", error.to_string()),
            }
        }
        for (table, owner, key) in tables(kind) {
            let found = read_rows(link, table, owner, key, &after, until.as_deref(), findings).await?;
            checked += found.len() as u64;
            compare_rows(table, expected.remove(table).unwrap_or_default(), found, findings);
        }
        report(progress, 0.5)?;
        match until {
            Some(last) => after = last,
            None => return Ok(checked),
        }
    }
}

/// The tables of a kind: name, column with the subject's id, column that tells its rows apart.
fn tables(kind: &Kind) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let main = (kind.name, "id", "id");
    std::iter::once(main).chain(
        kind.children
            .iter()
            .map(|child| (child.table, child.owner, child.key)),
    )
}

fn collect(rows: Vec<Row>, kind: &Kind, into: &mut BTreeMap<&str, Rows>) {
    for row in rows {
        let Some((table, owner, key)) = tables(kind).find(|(table, ..)| *table == row.table) else {
            continue;
        };
        let columns: Vec<(String, Value)> = row
            .columns
            .into_iter()
            .map(|(column, value)| (column.to_owned(), value))
            .collect();
        into.entry(table)
            .or_default()
            .insert(row_key(&columns, owner, key), columns);
    }
}

fn row_key(columns: &[(String, Value)], owner: &str, key: &str) -> String {
    let part = |name: &str| {
        columns
            .iter()
            .find(|(column, _)| column == name)
            .map_or(String::new(), |(_, value)| shown(value))
    };
    if owner == key {
        part(key)
    } else {
        format!("{}/{}", part(owner), part(key))
    }
}

/// Reads whole rows, whatever their columns: a column that the program does not know is a difference too.
async fn read_rows(
    link: &mut Link,
    table: &str,
    owner: &str,
    key: &str,
    after: &str,
    until: Option<&str>,
    findings: &mut Findings,
) -> Result<Rows, StoreError> {
    // The first page begins with the empty id, which no subject has but a forged row may.
    let from = if after.is_empty() {
        format!("{owner} >= $1")
    } else {
        format!("{owner} > $1")
    };
    let mut arguments = vec![Value::from(after)];
    let mut sql = format!("SELECT * FROM {table} WHERE {from}");
    if let Some(until) = until {
        arguments.push(until.into());
        sql.push_str(&format!(" AND {owner} <= $2"));
    }
    let mut rows = Rows::new();
    for record in link.all(&sql, &arguments).await? {
        let columns: Vec<(String, Value)> = record.columns.iter().cloned().zip(record.values).collect();
        let name = row_key(&columns, owner, key);
        if let Some(twice) = rows.insert(name.clone(), columns) {
            findings.add(
                table,
                name,
                "",
                format!("the row is there twice, {} columns", twice.len()),
            );
        }
    }
    Ok(rows)
}

fn compare_rows(table: &str, expected: Rows, mut found: Rows, findings: &mut Findings) {
    for (name, columns) in expected {
        let Some(row) = found.remove(&name) else {
            findings.add(table, name, "", "the row is missing");
            continue;
        };
        let known: BTreeSet<&str> = columns.iter().map(|(column, _)| column.as_str()).collect();
        for (column, value) in &columns {
            match row.iter().find(|(stored, _)| stored == column) {
                Some((_, stored)) if value.same(stored) => {}
                Some((_, stored)) => findings.add(table, &name, column, compare(stored, value)),
                None => findings.add(table, &name, column, "the column is missing"),
            }
        }
        for (column, _) in row.iter().filter(|(column, _)| !known.contains(column.as_str())) {
            findings.add(table, &name, column, "the column is not known");
        }
    }
    for (name, _) in found {
        findings.add(table, name, "", "the log knows no such row");
    }
}

/// Checks the bytes of every attachment on record.
async fn check_attachments(
    link: &mut Link,
    attachments: &Attachments,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    let mut checked = 0;
    let rows = link
        .all("SELECT id, size FROM attachment ORDER BY id", &[])
        .await?;
    for row in &rows {
        let hash = row.text(0)?;
        checked += 1;
        match attachments.examine(hash) {
            Ok(Some((found, size))) if found == hash && index_value(size) == Value::Int(row.int(1)?) => {}
            Ok(Some((found, size))) => {
                findings.add(
                    "attachment",
                    hash,
                    "",
                    format!("the file has the hash {found} and {size} bytes"),
                );
            }
            Ok(None) => findings.add("attachment", hash, "", "the file is missing"),
            Err(error) => findings.add("attachment", hash, "", error.to_string()),
        }
    }
    Ok(checked)
}

/// The two values from a little before the first character in which they differ.
fn compare(found: &Value, expected: &Value) -> String {
    let (found, expected) = (shown(found), shown(expected));
    let same = found
        .chars()
        .zip(expected.chars())
        .take_while(|(one, two)| one == two)
        .count();
    let from = same.saturating_sub(SHOWN / 4);
    format!(
        "found {}, expected {}",
        shorten(&found, from),
        shorten(&expected, from)
    )
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex(bytes),
        Value::Bool(flag) => i64::from(*flag).to_string(),
    }
}

fn shorten(text: &str, from: usize) -> String {
    let mut characters = text.chars().skip(from);
    let part: String = characters.by_ref().take(SHOWN).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if characters.next().is_some() { "…" } else { "" };
    format!("{before}{part}{after}")
}
