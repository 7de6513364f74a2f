//! The one way to change anything: rows and ledger entries together, or neither.

use std::collections::HashMap;

use anju_ledger::{Checkpoint, Entry, Frontier, Hash, SALT_BYTES, SigningKey, canonical_json, commitment};
use anju_model::area::AreaCode;
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use crate::attachment::hex;
use crate::database::{Answer, Dialect, Link};
use crate::ledger::stored_hashes;
use crate::list::placeholders;
use crate::read::Versioned;
use crate::register::{add_to_tally, tidy_tally};
use crate::subject::{Row, Stamp, Subject, parse, project};
use crate::value::Record;
use crate::{StoreError, Value};

/// Payload of the entry that takes a subject out of the tables.
pub(crate) const RETIRED: &str = "null";

/// Payload of the entry that records the erasure of all payloads of its subject before it.
pub(crate) const ERASED: &str = "\"erased\"";

/// Subjects handled at once: bounds memory.
const CHUNK: usize = 1_000;

/// Who does what, why and when; written into every ledger entry of the transaction.
#[derive(Clone)]
pub struct Context {
    /// Who.
    pub actor: String,
    /// The command, e.g. `decide_lookback`.
    pub command: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// 32 random bytes, never used before, from which the salts of the entries are drawn.
    pub salt_seed: [u8; 32],
}

/// A transaction. Dropping it without [`Tx::commit`] leaves everything as it was.
pub struct Tx {
    pub(crate) link: Link,
    context: Context,
    salts: ChaCha20Rng,
    frontier: Frontier,
    /// Size of the newest checkpoint, 0 when there is none.
    checkpoint: u64,
    /// Size of the log when the transaction began.
    begun: u64,
    /// Whether counts of households may have fallen to nothing.
    uncounted: bool,
    /// Statements that make the indexes again which were taken away before many rows.
    indexes: Vec<String>,
}

/// One change: the subject's id, its new version, its area and its new payload.
struct Change {
    id: String,
    version: i64,
    area: Option<AreaCode>,
    payload: String,
}

impl Tx {
    pub(crate) async fn start(mut link: Link, context: Context) -> Result<Self, StoreError> {
        let last = link.first("SELECT MAX(idx) FROM ledger_entry", &[]).await?;
        let last = last
            .map(|row| row.optional(0, Record::count))
            .transpose()?
            .flatten();
        let size = last.map_or(0, |index| index + 1);
        let indexes = anju_ledger::frontier_indexes(size);
        let hashes: Vec<Hash> = stored_hashes(&mut link, &indexes)
            .await?
            .into_iter()
            .map(|(_, hash)| hash)
            .collect();
        let newest = link.first("SELECT MAX(size) FROM ledger_checkpoint", &[]).await?;
        let newest = newest
            .map(|row| row.optional(0, Record::count))
            .transpose()?
            .flatten();
        Ok(Self {
            frontier: Frontier::new(size, &hashes)?,
            checkpoint: newest.unwrap_or(0),
            begun: size,
            uncounted: false,
            indexes: Vec::new(),
            salts: ChaCha20Rng::from_seed(context.salt_seed),
            link,
            context,
        })
    }

    /// Makes ready for very many new subjects of a kind that has none yet: the indexes that only lists and searches use are
    /// made at the end, by sorting, which takes a fraction of the time of adding to each for every row. Elsewhere nothing
    /// is done: PostgreSQL would keep readers out meanwhile.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn expect_many<S: Subject>(&mut self) -> Answer<'_, ()> {
        Box::pin(self.run_expect_many::<S>())
    }

    async fn run_expect_many<S: Subject>(&mut self) -> Result<(), StoreError> {
        if self.link.dialect() == Dialect::Postgres {
            return Ok(());
        }
        let any = format!("SELECT 1 FROM {} LIMIT 1", S::KIND);
        if self.link.first(&any, &[]).await?.is_some() {
            return Ok(());
        }
        // What holds a rule, and what finds the rows of a subject, stays.
        let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1
                   AND sql LIKE 'CREATE INDEX %' AND name <> $2";
        let tables = std::iter::once((S::KIND, String::new())).chain(
            S::CHILDREN
                .iter()
                .map(|child| (child.table, format!("{}_{}", child.table, child.owner))),
        );
        for (table, kept) in tables {
            for row in self.link.all(sql, &[table.into(), kept.into()]).await? {
                self.link
                    .execute(&format!("DROP INDEX {}", row.text(0)?), &[])
                    .await?;
                self.indexes.push(row.text(1)?.to_owned());
            }
        }
        Ok(())
    }

    /// Adds subjects that do not exist. One that was retired comes back with its history.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when one exists or shares a value that must be unique.
    pub fn insert<'a, S: Subject>(&'a mut self, subjects: &'a [S]) -> Answer<'a, ()> {
        Box::pin(self.run_insert(subjects))
    }

    async fn run_insert<S: Subject>(&mut self, subjects: &[S]) -> Result<(), StoreError> {
        for chunk in subjects.chunks(CHUNK) {
            let ids: Vec<String> = chunk.iter().map(Subject::id).collect();
            let known = self.last_versions(S::KIND, &ids).await?;
            let versioned = chunk.iter().zip(ids).map(|(subject, id)| {
                let version = known.get(&id).copied().unwrap_or(0) + 1;
                (subject, id, version)
            });
            self.write(versioned).await?;
        }
        Ok(())
    }

    /// Writes new values of subjects that were read at a version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was changed since, [`StoreError::NotFound`] when one is gone,
    /// [`StoreError::Final`] when its state does not allow the change, [`StoreError::Duplicate`] when a value that must
    /// be unique is taken.
    pub fn update<'a, S: Subject>(&'a mut self, subjects: &'a [Versioned<S>]) -> Answer<'a, ()> {
        Box::pin(self.run_update(subjects))
    }

    async fn run_update<S: Subject>(&mut self, subjects: &[Versioned<S>]) -> Result<(), StoreError> {
        for chunk in subjects.chunks(CHUNK) {
            self.guard(chunk, false).await?;
            let ids = self.take_out(chunk).await?;
            let versioned = chunk
                .iter()
                .zip(ids)
                .map(|(subject, id)| (&subject.value, id, subject.version + 1));
            self.write(versioned).await?;
        }
        Ok(())
    }

    /// Takes subjects that were read at a version out of the tables. Their history stays in the ledger.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was changed since, [`StoreError::NotFound`] when one is gone,
    /// [`StoreError::Final`] when its state does not allow it.
    pub fn retire<'a, S: Subject>(&'a mut self, subjects: &'a [Versioned<S>]) -> Answer<'a, ()> {
        Box::pin(self.run_retire(subjects))
    }

    async fn run_retire<S: Subject>(&mut self, subjects: &[Versioned<S>]) -> Result<(), StoreError> {
        for chunk in subjects.chunks(CHUNK) {
            self.guard(chunk, true).await?;
            let ids = self.take_out(chunk).await?;
            let changes = chunk.iter().zip(ids).map(|(subject, id)| Change {
                id,
                version: subject.version + 1,
                area: subject.value.area(),
                payload: RETIRED.into(),
            });
            self.append(S::KIND, changes.collect()).await?;
        }
        Ok(())
    }

    /// Erases a subject on legal order: its rows, and every payload and salt in the ledger. What stays is that there
    /// was something, when, and by whom it was changed; all proofs still hold.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the ledger has no such subject.
    pub fn erase<'a, S: Subject>(&'a mut self, id: &'a str) -> Answer<'a, ()> {
        Box::pin(self.run_erase::<S>(id))
    }

    async fn run_erase<S: Subject>(&mut self, id: &str) -> Result<(), StoreError> {
        let known = self.last_versions(S::KIND, &[id.to_owned()]).await?;
        let Some(version) = known.get(id) else {
            return Err(StoreError::NotFound {
                kind: S::KIND,
                id: id.to_owned(),
            });
        };
        self.uncount::<S>(&[id.to_owned()]).await?;
        self.link
            .execute(&format!("DELETE FROM {} WHERE id = $1", S::KIND), &[id.into()])
            .await?;
        self.link
            .execute(
                "UPDATE ledger_entry SET salt = NULL, payload = NULL
                 WHERE subject_kind = $1 AND subject_id = $2 AND payload <> $3",
                &[S::KIND.into(), id.into(), ERASED.into()],
            )
            .await?;
        let change = Change {
            id: id.to_owned(),
            version: version + 1,
            area: None,
            payload: ERASED.into(),
        };
        self.append(S::KIND, vec![change]).await
    }

    /// Signs a checkpoint over the new entries and commits. Without new entries there is nothing to sign.
    ///
    /// # Errors
    /// When the signature fails or the database refuses.
    pub fn commit(self, key: &SigningKey) -> Answer<'_, ()> {
        Box::pin(self.run_commit(key))
    }

    async fn run_commit(mut self, key: &SigningKey) -> Result<(), StoreError> {
        for index in std::mem::take(&mut self.indexes) {
            self.link.execute(&index, &[]).await?;
        }
        if self.uncounted {
            tidy_tally(&mut self.link).await?;
        }
        let size = self.frontier.size();
        if size > self.begun {
            let checkpoint = Checkpoint {
                size,
                root: self.frontier.root()?,
                previous: self.checkpoint,
            };
            let note = key.sign(&checkpoint)?;
            let row = vec![
                index_value(size),
                Value::Bytes(checkpoint.root.to_vec()),
                Value::Text(note),
            ];
            self.link
                .insert("ledger_checkpoint", &["size", "root", "note"], vec![row])
                .await?;
        }
        self.link.commit().await
    }

    /// The newest version of each subject in the ledger, retired ones included.
    async fn last_versions(
        &mut self,
        kind: &'static str,
        ids: &[String],
    ) -> Result<HashMap<String, i64>, StoreError> {
        // One look-up in the index for each id: of an IN list PostgreSQL would make a scan of the whole kind, once the log
        // has grown within the transaction.
        let list: Vec<String> = (2..ids.len() + 2).map(|number| format!("(${number})")).collect();
        let sql = format!(
            "WITH wanted (id) AS (VALUES {}) SELECT w.id, (SELECT MAX(e.version) FROM ledger_entry e
             WHERE e.subject_kind = $1 AND e.subject_id = w.id) FROM wanted w",
            list.join(", ")
        );
        let arguments: Vec<Value> = std::iter::once(kind.into())
            .chain(ids.iter().map(|id| id.as_str().into()))
            .collect();
        let rows = self.link.all(&sql, &arguments).await?;
        // A subject that was never in the log has no version.
        let mut known = HashMap::new();
        for row in &rows {
            if let Some(version) = row.optional(1, Record::int)? {
                known.insert(row.text(0)?.to_owned(), version);
            }
        }
        Ok(known)
    }

    /// Asks the stored states whether the subjects may take their place, or nothing when they are to go.
    async fn guard<S: Subject>(&mut self, subjects: &[Versioned<S>], out: bool) -> Result<(), StoreError> {
        if !S::GUARDED {
            return Ok(());
        }
        let sql = format!("SELECT state FROM {} WHERE id = $1", S::KIND);
        for subject in subjects {
            let id = subject.value.id();
            let Some(row) = self.link.first(&sql, &[id.as_str().into()]).await? else {
                continue;
            };
            let stored: S = parse(row.text(0)?)?;
            if !stored.may_become((!out).then_some(&subject.value)) {
                return Err(StoreError::Final { kind: S::KIND, id });
            }
        }
        Ok(())
    }

    /// Checks that subjects are at the versions they were read at, and removes their rows.
    async fn take_out<S: Subject>(&mut self, subjects: &[Versioned<S>]) -> Result<Vec<String>, StoreError> {
        let ids: Vec<String> = subjects.iter().map(|subject| subject.value.id()).collect();
        let arguments: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
        let list = placeholders(1, ids.len());
        let sql = format!("SELECT id, version FROM {} WHERE id IN ({list})", S::KIND);
        let rows = self.link.all(&sql, &arguments).await?;
        let stored: HashMap<&str, i64> = rows
            .iter()
            .map(|row| Ok((row.text(0)?, row.int(1)?)))
            .collect::<Result<_, StoreError>>()?;
        for (subject, id) in subjects.iter().zip(&ids) {
            match stored.get(id.as_str()) {
                None => {
                    return Err(StoreError::NotFound {
                        kind: S::KIND,
                        id: id.clone(),
                    });
                }
                Some(&found) if found != subject.version => {
                    let expected = subject.version;
                    return Err(StoreError::Conflict {
                        kind: S::KIND,
                        id: id.clone(),
                        expected,
                        found,
                    });
                }
                Some(_) => {}
            }
        }
        self.uncount::<S>(&ids).await?;
        self.link
            .execute(
                &format!("DELETE FROM {} WHERE id IN ({list})", S::KIND),
                &arguments,
            )
            .await?;
        Ok(ids)
    }

    /// Takes rows off the counts before they go.
    async fn uncount<S: Subject>(&mut self, ids: &[String]) -> Result<(), StoreError> {
        if S::TALLIED {
            add_to_tally(&mut self.link, ids, -1).await?;
            self.uncounted = true;
        }
        Ok(())
    }

    async fn write<'a, S: Subject + 'a>(
        &mut self,
        subjects: impl Iterator<Item = (&'a S, String, i64)>,
    ) -> Result<(), StoreError> {
        let subjects: Vec<(&S, String, i64)> = subjects.collect();
        let (at, actor) = (self.context.at.as_microsecond(), self.context.actor.as_str());
        let made: Vec<(Vec<Row>, Change)> = subjects
            .into_par_iter()
            .with_min_len(32)
            .map(|(subject, id, version)| lay_out(subject, id, version, at, actor))
            .collect::<Result<_, _>>()?;
        let mut changes = Vec::with_capacity(made.len());
        let mut rows = Vec::with_capacity(made.len());
        for (of_subject, change) in made {
            rows.extend(of_subject);
            changes.push(change);
        }
        insert_rows(&mut self.link, rows)
            .await
            .map_err(|error| duplicate(S::KIND, error))?;
        if S::TALLIED {
            let ids: Vec<String> = changes.iter().map(|change| change.id.clone()).collect();
            add_to_tally(&mut self.link, &ids, 1).await?;
        }
        self.append(S::KIND, changes).await
    }

    /// Appends one ledger entry for each change.
    async fn append(&mut self, kind: &'static str, changes: Vec<Change>) -> Result<(), StoreError> {
        let at = self.context.at.as_microsecond();
        let mut entries = Vec::with_capacity(changes.len());
        let mut hashes = Vec::with_capacity(2 * changes.len());
        for change in changes {
            let mut salt = [0; SALT_BYTES];
            self.salts.fill_bytes(&mut salt);
            let commitment = commitment(&salt, &change.payload);
            let index = self.frontier.size();
            let entry = Entry {
                actor: self.context.actor.clone(),
                area: change.area.map(String::from),
                at,
                command: self.context.command.clone(),
                commitment: hex(&commitment),
                index,
                kind: kind.into(),
                reason: self.context.reason.clone(),
                subject: change.id,
                version: change.version,
            };
            for (place, hash) in self.frontier.append(&entry.leaf()?)? {
                hashes.push(vec![index_value(place), Value::Bytes(hash.to_vec())]);
            }
            entries.push(vec![
                index_value(index),
                Value::Text(entry.kind),
                Value::Text(entry.subject),
                Value::Int(entry.version),
                entry.area.into(),
                Value::Int(at),
                Value::Text(entry.actor),
                Value::Text(entry.command),
                entry.reason.into(),
                Value::Bytes(salt.to_vec()),
                Value::Text(change.payload),
                Value::Bytes(commitment.to_vec()),
            ]);
        }
        let columns = [
            "idx",
            "subject_kind",
            "subject_id",
            "version",
            "area",
            "at",
            "actor",
            "command",
            "reason",
            "salt",
            "payload",
            "commitment",
        ];
        self.link.insert("ledger_entry", &columns, entries).await?;
        self.link.insert("ledger_hash", &["idx", "hash"], hashes).await
    }
}

/// The rows and the ledger's change of a subject at a version.
fn lay_out<S: Subject>(
    subject: &S,
    id: String,
    version: i64,
    at: i64,
    actor: &str,
) -> Result<(Vec<Row>, Change), StoreError> {
    let unstorable = |detail: String| StoreError::Unstorable {
        kind: S::KIND,
        id: id.clone(),
        detail,
    };
    if id.is_empty() {
        return Err(unstorable("it has no id".into()));
    }
    let payload = canonical_json(subject).map_err(|error| unstorable(error.to_string()))?;
    // The rows come from the payload, as in verification, so that what cannot be read back is never written.
    let read: S = parse(&payload).map_err(|error| unstorable(error.to_string()))?;
    let stamp = Stamp {
        version,
        at,
        actor: actor.to_owned(),
    };
    let rows = project(&read, &stamp, &payload);
    let change = Change {
        area: read.area(),
        id,
        version,
        payload,
    };
    Ok((rows, change))
}

/// Positions in the log as the database keeps them. A log of 2^63 entries does not exist.
pub(crate) fn index_value(index: u64) -> Value {
    Value::Int(i64::try_from(index).unwrap_or(i64::MAX))
}

/// A table, its columns, and the rows for it.
type Batch = (&'static str, Vec<&'static str>, Vec<Vec<Value>>);

/// Inserts rows of several tables, each table's together, tables in the order of their first row.
pub(crate) async fn insert_rows(link: &mut Link, rows: Vec<Row>) -> Result<(), StoreError> {
    let mut tables: Vec<Batch> = Vec::new();
    for row in rows {
        let place = match tables.iter().position(|(table, ..)| *table == row.table) {
            Some(place) => place,
            None => {
                let columns = row.columns.iter().map(|(column, _)| *column).collect();
                tables.push((row.table, columns, Vec::new()));
                tables.len() - 1
            }
        };
        tables[place]
            .2
            .push(row.columns.into_iter().map(|(_, value)| value).collect());
    }
    for (table, columns, values) in tables {
        link.insert(table, &columns, values).await?;
    }
    Ok(())
}

fn duplicate(kind: &'static str, error: StoreError) -> StoreError {
    match error {
        StoreError::Database(sqlx::Error::Database(refused)) if refused.is_unique_violation() => {
            StoreError::Duplicate {
                kind,
                detail: refused.message().to_owned(),
            }
        }
        other => other,
    }
}
