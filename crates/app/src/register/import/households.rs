//! Households and their choices: read, compared with what is stored, and written, in pieces.
//!
//! A list of a million persons is never in memory as households: a thread of its own makes records of some thousand rows
//! at a time while the piece before is compared and written. A piece holds whole households, wherever in the list their
//! rows stand. Choices are read first, so that a household that comes with its choice is written once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use anju_exchange::areas::AreaIndex;
use anju_exchange::header::{ColumnProfile, Table, recognise};
use anju_exchange::packed::{Blocks, PackedSheet};
use anju_exchange::register::{HouseholdRows, household_rows, read_register};
use anju_exchange::table::Sheet;
use anju_exchange::{CellProblem, Parsed, RefusedRows};
use anju_model::code_list::Text;
use anju_model::register::{
    Consent, ConsentRecord, FileKind, Household, HouseholdRecord, HouseholdStatus, SignedConsent,
};
use anju_model::roster::KeyFact;
use anju_store::Versioned;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::stage::{Taken, held_back, keep_identities, off_register, shown, sort_refused, unknown};
use crate::register::roster::Frozen;
use crate::workspace::Transaction;
use crate::{AppError, Caller, Workspace};

/// Why a household is held back: key facts of a roster in force would change, with reason and remedy, or it is no longer on
/// the register.
enum Refusal {
    Frozen((Vec<KeyFact>, Text, Text)),
    OffRegister,
}

/// Rows of a piece, a few more for the household at its end.
const PIECE: usize = 3_000;

/// Households asked for at once.
const CHUNK: usize = 1_000;

/// Which households this import has written.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) added: HashSet<Uuid>,
    pub(super) changed: HashSet<Uuid>,
    /// Households whose choices are on record already.
    signed: HashSet<Uuid>,
}

impl Counts {
    /// A household that this import added and writes once more is new all the same.
    fn change(&mut self, household: Uuid) {
        if !self.added.contains(&household) {
            self.changed.insert(household);
        }
    }
}

/// A sheet with a register or with choices.
#[derive(Clone)]
pub(super) struct List {
    sheet: Arc<PackedSheet>,
    kind: FileKind,
    profiles: Vec<ColumnProfile>,
    areas: AreaIndex,
}

impl List {
    pub(super) fn new(
        sheet: Arc<PackedSheet>,
        kind: FileKind,
        profiles: &[ColumnProfile],
        areas: AreaIndex,
    ) -> Self {
        Self {
            sheet,
            kind,
            profiles: profiles.to_vec(),
            areas,
        }
    }

    /// Calls `then` with the table that the sheet was recognised as, when reading the file.
    fn with_table<T>(
        &self,
        then: impl FnOnce(&Table<'_>) -> Result<T, AppError>,
    ) -> Result<Option<T>, AppError> {
        let heads: [Sheet; 1] = [self.sheet.head()];
        let tables = recognise(&heads, &self.profiles, Some(self.kind))?;
        tables.first().map(then).transpose()
    }

    /// The first rows of households that are held back, each with the reason.
    fn hold_back(&self, households: Vec<(u32, Household, Refusal)>) -> Result<Vec<RefusedRows>, AppError> {
        if households.is_empty() {
            return Ok(Vec::new());
        }
        let refused = self.with_table(|table| {
            let refused = households
                .into_iter()
                .filter_map(|(row, stored, refusal)| match refusal {
                    Refusal::Frozen(refusal) => Some(held_back(table, row, &stored, refusal)),
                    Refusal::OffRegister => off_register(table, row, &stored),
                });
            Ok(refused.collect())
        })?;
        Ok(refused.unwrap_or_default())
    }

    /// What came of the list, with the error workbook of the rows held back.
    fn close(
        &self,
        read: u64,
        mut refused: Vec<RefusedRows>,
        left_out: Vec<CellProblem>,
    ) -> Result<Taken, AppError> {
        sort_refused(&mut refused);
        let taken = self.with_table(|table| {
            let count = refused.iter().map(|rows| rows.rows.len() as u64).sum();
            let workbook = if refused.is_empty() {
                None
            } else {
                let rows = refused.iter().flat_map(|refused| &refused.rows);
                let rows = rows.map(|row| (*row as usize).saturating_sub(1));
                let sheet = self.sheet.piece(&Blocks::new(&self.sheet, table), rows);
                Some(anju_exchange::workbook::error_workbook(
                    &table.with_rows(&sheet),
                    &refused,
                )?)
            };
            Ok(Taken {
                read,
                refused: count,
                unused_headers: table.unused_headers().into_iter().map(str::to_owned).collect(),
                left_out,
                refused_for: shown(&refused),
                workbook,
            })
        })?;
        Ok(taken.unwrap_or_else(|| Taken::whole(0)))
    }
}

/// Some of a register's households.
struct Piece {
    parsed: Parsed<HouseholdRecord>,
    /// The rows of each household by its first, where a household may yet be held back.
    rows: HashMap<u32, Vec<u32>>,
    /// How much of the list is read, 0 to 1.
    done: f32,
}

/// Reads a register in pieces on a thread of its own, at most two ahead.
fn read_pieces(list: List, may_be_held_back: bool) -> mpsc::Receiver<Result<Piece, AppError>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let read = list.with_table(|table| {
            let rows = HouseholdRows::find(&list.sheet, table);
            let blocks = Blocks::new(&list.sheet, table);
            let (mut done, all) = (0, rows.count().max(1) as f32);
            for piece in rows.pieces(PIECE) {
                let sheet = list.sheet.piece(&blocks, piece.iter().map(|row| *row as usize));
                let table = table.with_rows(&sheet);
                done += piece.len();
                let piece = Piece {
                    parsed: read_register(&table, &list.areas),
                    rows: if may_be_held_back {
                        household_rows(&table)
                    } else {
                        HashMap::new()
                    },
                    done: done as f32 / all,
                };
                // Nobody waits for the rest when the import was cancelled or has failed.
                if sender.blocking_send(Ok(piece)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            // As above.
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

/// The choices of this import's consent records.
#[derive(Default)]
pub(super) struct Choices {
    /// Of each household by register number, the oldest first; of one day in the order in which they were read.
    of: HashMap<String, Vec<Consent>>,
    /// The lists that were read, in the order of the sources.
    lists: VecDeque<(List, Parsed<ConsentRecord>)>,
}

impl Choices {
    /// Reads one list of consent records.
    pub(super) async fn read(&mut self, list: List) -> Result<(), AppError> {
        let (list, parsed) = tokio::task::spawn_blocking(move || {
            let mut all = Parsed {
                records: Vec::new(),
                refused: Vec::new(),
                notes: Vec::new(),
                rows_read: 0,
            };
            list.with_table(|table| {
                let blocks = Blocks::new(&list.sheet, table);
                for rows in list.sheet.data(table).chunks(PIECE) {
                    let sheet = list.sheet.piece(&blocks, rows.iter().map(|row| *row as usize));
                    let parsed = anju_exchange::consent::read_consent(&table.with_rows(&sheet), &list.areas);
                    all.records.extend(parsed.records);
                    all.refused.extend(parsed.refused);
                    all.notes.extend(parsed.notes);
                    all.rows_read += parsed.rows_read;
                }
                Ok(())
            })?;
            Ok::<_, AppError>((list, all))
        })
        .await
        .map_err(|error| AppError::Aborted(error.to_string()))??;
        for record in &parsed.records {
            let known = self.of.entry(record.register_number.clone()).or_default();
            // The same row twice is one choice.
            if !known.contains(&record.consent) {
                let place = known.partition_point(|earlier| earlier.date <= record.consent.date);
                known.insert(place, record.consent.clone());
            }
        }
        self.lists.push_back((list, parsed));
        Ok(())
    }

    /// The choices of a household, the oldest first.
    fn of(&self, number: &str) -> &[Consent] {
        self.of.get(number).map_or(&[], Vec::as_slice)
    }

    /// The next list that was read and is to be written.
    pub(super) fn next_list(&mut self) -> Option<(List, Parsed<ConsentRecord>)> {
        self.lists.pop_front()
    }
}

/// Taking in households and choices within the import's transaction.
pub(super) struct Taking<'a, 't> {
    pub(super) workspace: &'a Workspace,
    pub(super) caller: &'a Caller,
    pub(super) transaction: &'a mut Transaction<'t>,
    pub(super) frozen: &'a Frozen,
    pub(super) choices: &'a Choices,
    pub(super) counts: &'a mut Counts,
}

impl Taking<'_, '_> {
    /// Takes in a register: compares each piece with what is stored and writes what is new or changed. A household on a
    /// roster in force of which a key fact would change is held back.
    pub(super) async fn register(
        mut self,
        list: List,
        progress: &(dyn Fn(f32) -> Result<(), AppError> + Send + Sync),
    ) -> Result<Taken, AppError> {
        let mut pieces = read_pieces(list.clone(), !self.frozen.is_empty());
        let (mut read, mut refused, mut notes) = (0, Vec::new(), Vec::new());
        while let Some(piece) = pieces.recv().await {
            let Piece {
                mut parsed,
                rows,
                done,
            } = piece?;
            for chunk in chunks(std::mem::take(&mut parsed.records)) {
                for mut held_back in self.households(&list, chunk).await? {
                    let first = held_back.rows.first().copied().unwrap_or_default();
                    if let Some(rows) = rows.get(&first) {
                        held_back.rows.clone_from(rows);
                    }
                    parsed.refused.push(held_back);
                }
            }
            read += parsed.rows_read;
            refused.append(&mut parsed.refused);
            notes.append(&mut parsed.notes);
            progress(done)?;
        }
        list.close(read, refused, notes)
    }

    /// Compares and writes some households; returns those that are held back.
    async fn households(
        &mut self,
        list: &List,
        records: Vec<HouseholdRecord>,
    ) -> Result<Vec<RefusedRows>, AppError> {
        let numbers = records.iter().map(|record| record.facts.register_number.clone());
        let mut stored = self.stored(numbers.collect()).await?;
        let (mut added, mut changed, mut held) = (Vec::new(), Vec::new(), Vec::new());
        let mut signed = Vec::new();
        for record in records {
            let row = record.rows.0;
            let choice = self.choices.of(&record.facts.register_number).last();
            let Some(stored) = stored.remove(&record.facts.register_number) else {
                let household = Household {
                    id: self.workspace.new_id(),
                    facts: record.facts,
                    members: keep_identities(self.workspace, &[], record.members),
                    consent: choice.cloned(),
                    status: HouseholdStatus::Active,
                    events: Vec::new(),
                };
                self.counts.added.insert(household.id);
                added.push(household);
                continue;
            };
            if !stored.value.is_active() {
                held.push((row, stored.value, Refusal::OffRegister));
                continue;
            }
            let members = keep_identities(self.workspace, &stored.value.members, record.members);
            let mut value = Household {
                facts: record.facts,
                members,
                ..stored.value.clone()
            };
            if let Some(refusal) = self.frozen.refusal(&stored.value, &value) {
                held.push((row, stored.value, Refusal::Frozen(refusal)));
                continue;
            }
            if let Some(choice) = choice
                && self.choice_refusal(&stored.value, choice).is_none()
            {
                value.consent = Some(choice.clone());
            }
            if value != stored.value {
                if value.consent != stored.value.consent {
                    signed.extend(self.signed(&value, true).await?);
                }
                self.counts.change(value.id);
                changed.push(Versioned { value, ..stored });
            }
        }
        for household in &added {
            signed.extend(self.signed(household, true).await?);
        }
        self.transaction.update(&changed).await?;
        self.transaction.insert(&added).await?;
        self.transaction.insert(&signed).await?;
        list.hold_back(held)
    }

    /// Takes in consent records once all registers are in: each becomes a record, and the latest stands. Refused are
    /// those of a household that nobody knows, or whose latest one would change the pathway of a household on a roster
    /// in force.
    pub(super) async fn choices(
        mut self,
        list: List,
        mut parsed: Parsed<ConsentRecord>,
    ) -> Result<Taken, AppError> {
        let mut refused = std::mem::take(&mut parsed.refused);
        for records in chunks(parsed.records) {
            let numbers = records.iter().map(|record| record.register_number.clone());
            let mut stored = self.stored(numbers.collect()).await?;
            let (mut changed, mut held, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
            let mut signed = Vec::new();
            for record in records {
                let Some(household) = stored.get(&record.register_number) else {
                    // One that was changed a moment ago stands in the list of changes.
                    if changed.iter().any(|household: &Versioned<Household>| {
                        household.value.facts.register_number == record.register_number
                    }) {
                        continue;
                    }
                    strangers.push(record);
                    continue;
                };
                let choices = self.choices.of(&record.register_number);
                let Some(last) = choices.last() else {
                    continue;
                };
                if let Some(refusal) = self.choice_refusal(&household.value, last) {
                    held.push((record.row, household.value.clone(), refusal));
                    continue;
                }
                if record.consent != *last {
                    continue;
                }
                if household.value.consent.as_ref() == Some(last) {
                    // It stands; those before it may not be on record yet.
                    if choices.len() > 1 {
                        signed.extend(self.signed(&household.value, false).await?);
                    }
                } else if let Some(mut household) = stored.remove(&record.register_number) {
                    household.value.consent = Some(record.consent);
                    signed.extend(self.signed(&household.value, true).await?);
                    self.counts.change(household.value.id);
                    changed.push(household);
                }
            }
            self.transaction.update(&changed).await?;
            self.transaction.insert(&signed).await?;
            refused.extend(list.hold_back(held)?);
            if !strangers.is_empty() {
                let unknown: Option<Vec<RefusedRows>> = list.with_table(|table| {
                    let rows = strangers.iter();
                    Ok(rows
                        .map(|record: &ConsentRecord| unknown(table, record.row, &record.register_number))
                        .collect())
                })?;
                refused.extend(unknown.unwrap_or_default());
            }
        }
        list.close(parsed.rows_read, refused, parsed.notes)
    }

    fn choice_refusal(&self, stored: &Household, choice: &Consent) -> Option<Refusal> {
        if !stored.is_active() {
            return Some(Refusal::OffRegister);
        }
        let after = Household {
            consent: Some(choice.clone()),
            ..stored.clone()
        };
        self.frozen.refusal(stored, &after).map(Refusal::Frozen)
    }

    /// The records of a household's choices, the oldest first: of the one that stands when it is `new`, and of those
    /// before it in this import that are not on record yet.
    async fn signed(&mut self, household: &Household, new: bool) -> Result<Vec<SignedConsent>, AppError> {
        if !self.counts.signed.insert(household.id) {
            return Ok(Vec::new());
        }
        let Some(stands) = household.consent.clone() else {
            return Ok(Vec::new());
        };
        let mut choices: Vec<Consent> = self.choices.of(&household.facts.register_number).to_vec();
        choices.retain(|choice| *choice != stands);
        if !choices.is_empty() && !self.counts.added.contains(&household.id) {
            let known = anju_store::household_file::consents_of(self.workspace.db(), household.id).await?;
            choices.retain(|choice| known.iter().all(|record| record.value.consent != *choice));
        }
        choices.extend(new.then_some(stands));
        Ok(choices
            .into_iter()
            .map(|consent| SignedConsent {
                id: self.workspace.new_id(),
                household: household.id,
                area: household.facts.area.clone(),
                consent,
                recorded_by: self.caller.name().to_owned(),
                recorded_at: self.workspace.now(),
                withdrawal: None,
            })
            .collect())
    }

    async fn stored(
        &mut self,
        numbers: Vec<String>,
    ) -> Result<HashMap<String, Versioned<Household>>, AppError> {
        let stored = self.transaction.households(&numbers).await?;
        Ok(stored
            .into_iter()
            .map(|household| (household.value.facts.register_number.clone(), household))
            .collect())
    }
}

/// Records in chunks of as many as are asked for at once.
pub(super) fn chunks<T>(records: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut records = records.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<T> = records.by_ref().take(CHUNK).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}
