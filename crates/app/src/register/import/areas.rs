//! A table of areas in which one takes the place of another: new codes, mergers and new names, with day and document.
//!
//! Such a table moves households, users and everything under way, so it is imported by itself. What it says of a split
//! is refused: only people can say which household goes to which part.

use std::collections::{BTreeMap, BTreeSet};

use anju_exchange::areas::{AreaRecord, read_areas};
use anju_exchange::header::{ColumnProfile, Table, recognise};
use anju_exchange::{CellProblem, RefusedRows};
use anju_model::access::Action;
use anju_model::area::{Area, AreaCode, AreaLevel, Areas, Present, SuccessionKind};
use anju_model::area_change::{AreaChange, AreaChangeError, AreaMove, AreaOrder, Territory};
use anju_model::code_list::Text;
use anju_model::register::{FileKind, ImportedFile};
use anju_store::Versioned;
use jiff::civil::Date;

use super::source::{Content, Source};
use super::{FileOutcome, Options, Outcome, write_error_workbook};
use crate::register::areas::{Prepared, territory, write};
use crate::{AppError, Caller, Workspace};

/// Whether a row changes what is in force, and does not only add to it.
fn changes(record: &AreaRecord, areas: &Areas) -> bool {
    let renamed = || {
        areas
            .get(&record.code)
            .is_some_and(|known| known.is_in_force() && known.name != record.name)
    };
    !record.former_codes.is_empty() || (record.valid_from.is_some() && renamed())
}

/// Whether a source is a table of areas in which one takes the place of another.
pub(super) async fn is_change(
    workspace: &Workspace,
    source: &Source,
    profiles: &[ColumnProfile],
) -> Result<bool, AppError> {
    let Content::Table {
        sheet,
        kind: FileKind::Areas,
    } = &source.content
    else {
        return Ok(false);
    };
    let sheets = [sheet.unpack()];
    let tables = recognise(&sheets, profiles, Some(FileKind::Areas))?;
    let areas = workspace.areas().await?;
    Ok(tables.iter().any(|table| {
        let records = read_areas(table).records;
        records.iter().any(|record| changes(record, areas.table()))
    }))
}

/// The refusal of an import that holds such a table and others.
pub(super) fn not_alone(source: &Source) -> AppError {
    AppError::invalid(
        "areas_alone",
        source.name.clone(),
        "区划表中有代码变更、合并或更名,会改动在册住户的区划;请先单独导入这一份文件,再导入其他文件",
        "this table of areas has new codes, mergers or new names, which move households of the register; import this file by itself first, then the others",
    )
}

/// Imports such a table: all of it in one transaction, the rows that cannot be carried out in an error workbook.
pub(super) async fn import_changes(
    workspace: &Workspace,
    caller: &Caller,
    source: Source,
    profiles: &[ColumnProfile],
    options: &Options,
) -> Result<Outcome, AppError> {
    caller.require_in(Action::ManageAreas, &workspace.county().code)?;
    let Content::Table { sheet, kind } = source.content else {
        return Ok(Outcome::default());
    };
    let sheets = [sheet.unpack()];
    let tables = recognise(&sheets, profiles, Some(kind))?;
    let Some(table) = tables.first() else {
        return Ok(Outcome::default());
    };
    let mut parsed = read_areas(table);
    let mut transaction = workspace.begin(caller, "import_areas", None).await?;
    let before = territory(workspace).await?;
    let mut batch = Batch {
        territory: before.clone(),
        moves: Vec::new(),
        today: workspace.today(),
        split: named_twice(&parsed.records),
    };
    let mut records = std::mem::take(&mut parsed.records);
    // In the order in which they came into force, what encloses before what is inside.
    records.sort_by(|a, b| (a.valid_from, &a.code).cmp(&(b.valid_from, &b.code)));
    for record in &records {
        // A row is carried out whole or not at all.
        let mut next = batch.clone();
        match next.take(record) {
            Ok(()) => batch = next,
            Err(error) => parsed.refused.push(refused(table, record, &error)),
        }
    }
    parsed
        .refused
        .sort_by_key(|refused| refused.rows.first().copied());
    let refused = parsed.refused.iter().map(|rows| rows.rows.len() as u64).sum();
    let mut outcome = Outcome {
        records_read: parsed.rows_read,
        records_accepted: parsed.rows_read - refused,
        records_refused: refused,
        ..Outcome::default()
    };
    if !parsed.refused.is_empty() {
        let bytes = anju_exchange::workbook::error_workbook(table, &parsed.refused)?;
        let path = write_error_workbook(&options.errors, &source.name, &bytes)?;
        outcome.error_workbooks.push(path.display().to_string());
    }
    let Batch {
        territory: after,
        moves,
        ..
    } = batch;
    outcome.households_changed = after
        .households
        .iter()
        .filter(|(household, area)| before.households.get(household) != Some(area))
        .count() as u64;
    let prepared = Prepared::new(workspace, before, after, moves, &BTreeMap::new()).await?;
    write(workspace, &mut transaction, &prepared).await?;
    let file = ImportedFile {
        id: workspace.new_id(),
        name: source.name.clone(),
        kind,
        sha256: source.sha256,
        records_read: outcome.records_read,
        records_accepted: outcome.records_accepted,
        records_refused: refused,
        imported_at: workspace.now(),
    };
    let known: Vec<Versioned<ImportedFile>> = anju_store::load_all(workspace.db()).await?;
    match known.into_iter().find(|known| known.value.name == file.name) {
        Some(known) => {
            let value = ImportedFile {
                id: known.value.id,
                ..file
            };
            transaction.update(&[Versioned { value, ..known }]).await?;
        }
        None => transaction.insert(&[file]).await?,
    }
    transaction.commit().await?;
    outcome.files.push(FileOutcome {
        name: source.name,
        kind,
        read: outcome.records_read,
        accepted: outcome.records_accepted,
        refused,
        unused_headers: table.unused_headers().into_iter().map(str::to_owned).collect(),
        cells_left_out: parsed.notes.len() as u64,
        left_out: parsed.notes,
        refused_for: super::stage::shown(&parsed.refused),
    });
    Ok(outcome)
}

/// Former codes that several rows name: they were split.
fn named_twice(records: &[AreaRecord]) -> BTreeSet<AreaCode> {
    let mut seen = BTreeSet::new();
    let named = records.iter().flat_map(|record| &record.former_codes);
    named
        .filter(|code| !seen.insert((*code).clone()))
        .cloned()
        .collect()
}

fn refused(table: &Table<'_>, record: &AreaRecord, error: &RowError) -> RefusedRows {
    let (field, reason, remedy) = match error {
        RowError::Change(error) => (
            "code",
            error.text(),
            Text::new(
                "更正该行;也可在“行政区划”页面办理",
                "correct the row, or make the change on the page of areas",
            ),
        ),
        RowError::Split(code) => (
            "former_code",
            Text::new(
                format!("原代码 {code} 出现在多行:这是拆分,文件不能说明每户分到何处"),
                format!(
                    "several rows name the former code {code}: it was split, and a file cannot say where each household goes"
                ),
            ),
            Text::new(
                "在“行政区划”页面用“拆分”办理,逐组或逐户指明去向",
                "split it on the page of areas, where each group or household is assigned",
            ),
        ),
    };
    let column = table.columns.get(field).map(|&column| column as u32);
    let value = match field {
        "code" => record.code.to_string(),
        _ => record
            .former_codes
            .iter()
            .map(AreaCode::as_str)
            .collect::<Vec<_>>()
            .join("、"),
    };
    RefusedRows {
        rows: vec![record.row],
        cells: vec![CellProblem {
            row: record.row,
            column,
            header: table.header(field),
            value,
            reason,
            remedy,
        }],
    }
}

/// Why a row is not carried out.
enum RowError {
    Change(AreaChangeError),
    Split(AreaCode),
}

impl From<AreaChangeError> for RowError {
    fn from(error: AreaChangeError) -> Self {
        Self::Change(error)
    }
}

/// The rows carried out so far.
#[derive(Clone)]
struct Batch {
    territory: Territory,
    moves: Vec<AreaMove>,
    today: Date,
    split: BTreeSet<AreaCode>,
}

impl Batch {
    fn take(&mut self, record: &AreaRecord) -> Result<(), RowError> {
        if let Some(code) = record.former_codes.iter().find(|code| self.split.contains(code)) {
            return Err(RowError::Split(code.clone()));
        }
        let (code, name) = (&record.code, record.name.as_str());
        let areas = &self.territory.areas;
        let former = record.former_codes.iter().filter(|former| *former != code);
        // What was carried out before, by this file or on the page, stays as it is.
        let open: Vec<AreaCode> = former
            .filter(|former| areas.present(former) != Present::Now(code.clone()))
            .cloned()
            .collect();
        let (known, unknown): (Vec<AreaCode>, Vec<AreaCode>) =
            open.into_iter().partition(|former| areas.get(former).is_some());
        let there = areas.get(code).is_some();
        match (known.as_slice(), there) {
            ([], true) => self.rename(record)?,
            ([], false) => self.add(record)?,
            ([from], false) => {
                let change = AreaChange::Recode {
                    code: from.clone(),
                    to: code.clone(),
                    name: Some(name.to_owned()),
                };
                self.apply(record, change)?;
            }
            (several, _) => {
                let mut codes = several.to_vec();
                if there {
                    codes.insert(0, code.clone());
                }
                let change = AreaChange::Merge {
                    codes,
                    to: code.clone(),
                    name: name.to_owned(),
                };
                self.apply(record, change)?;
            }
        }
        let kind = match record.former_codes.len() {
            1 => SuccessionKind::Recoded,
            _ => SuccessionKind::Merged,
        };
        for former in &unknown {
            let order = (
                record.valid_from.unwrap_or(self.today),
                record.document.as_deref().unwrap_or_default(),
            );
            self.territory
                .remember(former, name, code, kind, order, self.today)?;
        }
        Ok(())
    }

    fn apply(&mut self, record: &AreaRecord, change: AreaChange) -> Result<(), RowError> {
        let order = AreaOrder {
            change,
            date: record.valid_from.unwrap_or(self.today),
            document: record.document.clone().unwrap_or_default(),
        };
        self.moves.extend(self.territory.apply(&order, self.today)?);
        Ok(())
    }

    fn rename(&mut self, record: &AreaRecord) -> Result<(), RowError> {
        if changes(
            &AreaRecord {
                former_codes: Vec::new(),
                ..record.clone()
            },
            &self.territory.areas,
        ) {
            let change = AreaChange::Rename {
                code: record.code.clone(),
                name: record.name.clone(),
            };
            self.apply(record, change)?;
        }
        Ok(())
    }

    fn add(&mut self, record: &AreaRecord) -> Result<(), RowError> {
        match record.code.level() {
            // What lies around the county is only a name.
            AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County => {
                self.territory
                    .areas
                    .put(Area::new(record.code.clone(), record.name.clone()));
            }
            AreaLevel::Township | AreaLevel::Village | AreaLevel::Group => {
                self.territory
                    .add(&record.code, &record.name, record.valid_from, self.today)?;
            }
        }
        Ok(())
    }
}
