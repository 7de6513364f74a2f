//! What the files' records change in the register, compared with what is stored, and the error workbooks of the rest.

use std::collections::{BTreeMap, HashMap, HashSet};

use anju_exchange::areas::{AreaIndex, AreaRecord};
use anju_exchange::hazard_points::HazardRecord;
use anju_exchange::header::{ColumnProfile, Table, recognise};
use anju_exchange::{CellProblem, Parsed, RefusedRows};
use anju_model::area::{Area, AreaCode};
use anju_model::category::DepartmentListing;
use anju_model::code_list::Text;
use anju_model::hazard::{HazardFacts, HazardPoint};
use anju_model::land::{Layer, LayerKind};
use anju_model::lookback::{ExtractRecord, ThreatenedHousehold};
use anju_model::register::{
    FileKind, Fund, Household, ImportedFile, IncomeRecord, IncomeYear, Person, PersonFacts, StockHousing,
};
use anju_model::roster::KeyFact;
use anju_store::attachment::Attachment;
use anju_store::{Subject, Versioned};
use uuid::Uuid;

use super::households::{Choices, Counts, List, Taking, chunks};
use super::source::{Content, Source};
use super::{FileOutcome, ListSource, SHOWN_CELLS, SHOWN_REFUSALS, list_name};
use crate::register::roster::Frozen;
use crate::workspace::Transaction;
use crate::{AppError, Caller, Workspace};

/// What came of a table: rows read, rows held back, cells left out, and the error workbook of the rows held back.
pub(super) struct Taken {
    pub(super) read: u64,
    pub(super) refused: u64,
    pub(super) unused_headers: Vec<String>,
    pub(super) left_out: Vec<CellProblem>,
    pub(super) refused_for: Vec<CellProblem>,
    pub(super) workbook: Option<Vec<u8>>,
}

/// New and changed subjects of one kind.
struct Changes<S> {
    added: Vec<S>,
    changed: Vec<Versioned<S>>,
    retired: Vec<Versioned<S>>,
}

impl<S> Default for Changes<S> {
    fn default() -> Self {
        Self {
            added: Vec::new(),
            changed: Vec::new(),
            retired: Vec::new(),
        }
    }
}

impl<S: Subject + Clone> Changes<S> {
    /// Brings stored records to the ones read: equal ones stay, whatever their ids, new ones are added, and those of
    /// the others that `replaced` names are retired.
    fn replace(
        &mut self,
        stored: &mut Vec<Versioned<S>>,
        read: Vec<S>,
        without_id: impl Fn(&S) -> S,
        replaced: impl Fn(&S) -> bool,
    ) -> Result<(), AppError> {
        let key = |record: &S| {
            serde_json::to_string(&without_id(record)).map_err(|error| AppError::Aborted(error.to_string()))
        };
        let mut before: HashMap<String, Vec<Versioned<S>>> = HashMap::new();
        for record in stored.drain(..) {
            before.entry(key(&record.value)?).or_default().push(record);
        }
        for record in read {
            match before.get_mut(&key(&record)?).and_then(Vec::pop) {
                // Kept from now on, also from the next list of this import.
                Some(_) => {}
                None => self.added.push(record),
            }
        }
        let (gone, rest): (Vec<_>, Vec<_>) = before
            .into_values()
            .flatten()
            .partition(|record| replaced(&record.value));
        self.retired.extend(gone);
        *stored = rest;
        Ok(())
    }

    async fn write(&self, transaction: &mut Transaction<'_>) -> Result<(), AppError> {
        transaction.retire(&self.retired).await?;
        transaction.update(&self.changed).await?;
        transaction.insert(&self.added).await
    }
}

/// What is in the workspace, and what this import makes of it. Households are not kept: they are compared and written in
/// pieces.
pub(super) struct Stage {
    areas: BTreeMap<AreaCode, Area>,
    known_files: HashMap<String, Versioned<ImportedFile>>,
    /// Households on rosters in force, whose key facts no import changes.
    frozen: Frozen,
    /// Income by household and year.
    stored_income: HashMap<(Uuid, i16), Versioned<IncomeYear>>,
    stored_extracts: Vec<Versioned<ExtractRecord>>,
    stored_threatened: Vec<Versioned<ThreatenedHousehold>>,
    stored_points: HashMap<String, Versioned<HazardPoint>>,
    stored_listings: Vec<Versioned<DepartmentListing>>,
    /// Document and office of approved lists whose rows do not say them.
    list_source: ListSource,
    stored_stock: Vec<Versioned<StockHousing>>,
    stored_funds: Vec<Versioned<Fund>>,
    stored_layers: Vec<Versioned<Layer>>,
    new_areas: Changes<Area>,
    pub(super) households: Counts,
    /// What households choose by the consent records of this import.
    choices: Choices,
    /// Income that was read, by household and year.
    income: BTreeMap<(Uuid, i16), IncomeYear>,
    files: Changes<ImportedFile>,
    extracts: Changes<ExtractRecord>,
    threatened: Changes<ThreatenedHousehold>,
    points: Changes<HazardPoint>,
    listings: Changes<DepartmentListing>,
    stock: Changes<StockHousing>,
    funds: Changes<Fund>,
    layers: Changes<Layer>,
    attachments: Vec<Attachment>,
}

/// All stored subjects of a kind, unless no file is of the kind that they come from.
async fn stored_if<S: Subject>(db: &anju_store::Db, wanted: bool) -> Result<Vec<Versioned<S>>, AppError> {
    if wanted {
        Ok(anju_store::load_all(db).await?)
    } else {
        Ok(Vec::new())
    }
}

impl Stage {
    /// Reads what the sources are compared with. The import's transaction has begun: nobody else writes until it ends.
    pub(super) async fn load(
        workspace: &Workspace,
        sources: &[Source],
        list_source: ListSource,
    ) -> Result<Self, AppError> {
        let db = workspace.db();
        let files: Vec<Versioned<ImportedFile>> = anju_store::load_all(db).await?;
        let any = |kinds: &[FileKind]| sources.iter().any(|source| kinds.contains(&source.kind()));
        let extracts = any(&[
            FileKind::CivilRegistry,
            FileKind::SocialInsurance,
            FileKind::Vehicles,
            FileKind::RealEstate,
            FileKind::Companies,
            FileKind::PublicPayroll,
        ]);
        let points: Vec<Versioned<HazardPoint>> = stored_if(db, any(&[FileKind::HazardPoints])).await?;
        let income: Vec<Versioned<IncomeYear>> = stored_if(db, any(&[FileKind::Income])).await?;
        Ok(Self {
            areas: workspace
                .areas()
                .await?
                .table()
                .all()
                .map(|area| (area.code.clone(), area.clone()))
                .collect(),
            known_files: files
                .into_iter()
                .map(|file| (file.value.name.clone(), file))
                .collect(),
            frozen: Frozen::load(workspace).await?,
            stored_income: income
                .into_iter()
                .map(|year| ((year.value.household, year.value.year), year))
                .collect(),
            stored_extracts: stored_if(db, extracts).await?,
            stored_threatened: stored_if(db, any(&[FileKind::ThreatenedHouseholds])).await?,
            stored_points: points
                .into_iter()
                .map(|point| (point.value.facts.code.clone(), point))
                .collect(),
            stored_listings: stored_if(db, any(&[FileKind::PovertyRoster])).await?,
            list_source,
            stored_stock: stored_if(db, any(&[FileKind::StockHousing])).await?,
            stored_funds: stored_if(db, any(&[FileKind::Funds])).await?,
            stored_layers: stored_if(db, any(&[FileKind::VectorLayer, FileKind::Elevation])).await?,
            new_areas: Changes::default(),
            households: Counts::default(),
            choices: Choices::default(),
            income: BTreeMap::new(),
            files: Changes::default(),
            extracts: Changes::default(),
            threatened: Changes::default(),
            points: Changes::default(),
            listings: Changes::default(),
            stock: Changes::default(),
            funds: Changes::default(),
            layers: Changes::default(),
            attachments: Vec::new(),
        })
    }

    /// Takes in one source; returns what came of it and its error workbook, if rows were refused.
    pub(super) async fn take(
        &mut self,
        workspace: &Workspace,
        caller: &Caller,
        transaction: &mut Transaction<'_>,
        source: Source,
        profiles: &[ColumnProfile],
        progress: &(dyn Fn(f32) -> Result<(), AppError> + Send + Sync),
    ) -> Result<(FileOutcome, Option<Vec<u8>>), AppError> {
        let kind = source.kind();
        // The rows refused when the very same file was imported before.
        let refused_before = self
            .known_files
            .get(&source.name)
            .filter(|file| file.value.sha256 == source.sha256)
            .map(|file| file.value.records_refused);
        let Source {
            name,
            sha256,
            content,
        } = source;
        let taken = match content {
            Content::Table {
                sheet,
                kind: FileKind::Register,
            } => {
                let list = List::new(sheet, FileKind::Register, profiles, self.area_index());
                self.taking(workspace, caller, transaction)
                    .register(list, progress)
                    .await?
            }
            Content::Table {
                kind: FileKind::Consent,
                ..
            } => match self.choices.next_list() {
                Some((list, parsed)) => {
                    self.taking(workspace, caller, transaction)
                        .choices(list, parsed)
                        .await?
                }
                None => Taken::whole(0),
            },
            Content::Table {
                sheet,
                kind: FileKind::Income,
            } => {
                let sheets = [sheet.unpack()];
                let tables = recognise(&sheets, profiles, Some(FileKind::Income))?;
                match tables.first() {
                    Some(table) => self.take_income(workspace, transaction, table).await?,
                    None => Taken::whole(0),
                }
            }
            Content::Table { sheet, kind } => {
                let sheets = [sheet.unpack()];
                match recognise(&sheets, profiles, Some(kind))?.first() {
                    Some(table) => self.take_table(workspace, refused_before, table)?,
                    None => Taken::whole(0),
                }
            }
            Content::Vector {
                layer,
                kind,
                source_crs,
            } => {
                let features = layer.features.len() as u64;
                if refused_before.is_none() {
                    let bytes = crate::land::layers::encode_vector(&layer);
                    let stored = workspace.store_file("application/geo+json", &name, &bytes)?;
                    self.take_layer(workspace, &name, kind, source_crs, features, stored);
                }
                Taken::whole(features)
            }
            Content::Elevation { raster, source_crs } => {
                if refused_before.is_none() {
                    let stored = crate::land::layers::store_geotiff(workspace, &name, &raster)?;
                    let cells = (raster.rows * raster.cols) as u64;
                    self.take_layer(workspace, &name, LayerKind::Elevation, source_crs, cells, stored);
                }
                Taken::whole(1)
            }
        };
        let Taken {
            read,
            refused,
            unused_headers,
            mut left_out,
            refused_for,
            workbook,
        } = taken;
        let cells_left_out = left_out.len() as u64;
        left_out.truncate(SHOWN_CELLS);
        let record = ImportedFile {
            id: workspace.new_id(),
            name: name.clone(),
            kind,
            sha256,
            records_read: read,
            records_accepted: read - refused,
            records_refused: refused,
            imported_at: workspace.now(),
        };
        match self.known_files.get(&name) {
            Some(before) => {
                let same = ImportedFile {
                    id: before.value.id,
                    imported_at: before.value.imported_at,
                    ..record.clone()
                };
                if same != before.value {
                    let value = ImportedFile {
                        id: before.value.id,
                        ..record
                    };
                    self.files.changed.push(Versioned {
                        value,
                        ..before.clone()
                    });
                }
            }
            None => self.files.added.push(record),
        }
        Ok((
            FileOutcome {
                name,
                kind,
                read,
                accepted: read - refused,
                refused,
                unused_headers,
                cells_left_out,
                left_out,
                refused_for,
            },
            workbook,
        ))
    }

    fn area_index(&self) -> AreaIndex {
        AreaIndex::new(&self.areas.values().cloned().collect::<Vec<_>>())
    }

    fn taking<'a, 't>(
        &'a mut self,
        workspace: &'a Workspace,
        caller: &'a Caller,
        transaction: &'a mut Transaction<'t>,
    ) -> Taking<'a, 't> {
        Taking {
            workspace,
            caller,
            transaction,
            frozen: &self.frozen,
            choices: &self.choices,
            counts: &mut self.households,
        }
    }

    /// Reads the consent records of all sources, before the registers are taken in.
    pub(super) async fn read_choices(
        &mut self,
        sources: &[Source],
        profiles: &[ColumnProfile],
    ) -> Result<(), AppError> {
        for source in sources {
            if let Content::Table {
                sheet,
                kind: FileKind::Consent,
            } = &source.content
            {
                let list = List::new(sheet.clone(), FileKind::Consent, profiles, self.area_index());
                self.choices.read(list).await?;
            }
        }
        Ok(())
    }

    fn take_table(
        &mut self,
        workspace: &Workspace,
        refused_before: Option<u64>,
        table: &Table<'_>,
    ) -> Result<Taken, AppError> {
        let index = self.area_index();
        let new_id = || workspace.new_id();
        let file = table.sheet.file.as_str();
        // The records of a list are kept by file; a corrected workbook adds to the list it came from, and a new list
        // takes the place of the old one with its corrections.
        let correction = table.is_error_workbook();
        let replaced = |stored: &str| match correction {
            true => stored == file,
            false => list_name(stored) == list_name(file),
        };
        match table.kind {
            FileKind::Areas => {
                let (areas, taken) = close(table, anju_exchange::areas::read_areas(table))?;
                areas.into_iter().for_each(|record| self.take_area(record));
                Ok(taken)
            }
            FileKind::ThreatenedHouseholds => {
                let parsed = anju_exchange::threatened::read_threatened(table, &index, new_id);
                let (records, taken) = close(table, parsed)?;
                if refused_before != Some(taken.refused) {
                    let without_id = |record: &ThreatenedHousehold| ThreatenedHousehold {
                        id: Uuid::nil(),
                        ..record.clone()
                    };
                    let replaced = |record: &ThreatenedHousehold| replaced(&record.file);
                    self.threatened
                        .replace(&mut self.stored_threatened, records, without_id, replaced)?;
                }
                Ok(taken)
            }
            FileKind::HazardPoints => {
                let mut parsed = anju_exchange::hazard_points::read_hazard_points(table, &index);
                for record in std::mem::take(&mut parsed.records) {
                    parsed
                        .refused
                        .extend(self.take_hazard_point(workspace, table, record));
                }
                sort_refused(&mut parsed.refused);
                let (_, taken) = close(table, parsed)?;
                Ok(taken)
            }
            FileKind::PovertyRoster => {
                let parsed = anju_exchange::poverty_roster::read_poverty_roster(
                    table,
                    &index,
                    &self.list_source,
                    new_id,
                );
                let (records, taken) = close(table, parsed)?;
                let without_id = |record: &DepartmentListing| DepartmentListing {
                    id: Uuid::nil(),
                    ..record.clone()
                };
                let replaced = |record: &DepartmentListing| replaced(&record.file);
                self.listings
                    .replace(&mut self.stored_listings, records, without_id, replaced)?;
                Ok(taken)
            }
            FileKind::StockHousing => {
                let parsed = anju_exchange::stock_housing::read_stock_housing(table, &index, new_id);
                let (records, taken) = close(table, parsed)?;
                if refused_before != Some(taken.refused) {
                    let without_id = |offer: &StockHousing| StockHousing {
                        id: Uuid::nil(),
                        ..offer.clone()
                    };
                    self.stock
                        .replace(&mut self.stored_stock, records, without_id, |_| !correction)?;
                }
                Ok(taken)
            }
            FileKind::Funds => {
                let (records, taken) = close(table, anju_exchange::funds::read_funds(table, new_id))?;
                if refused_before != Some(taken.refused) {
                    let without_id = |fund: &Fund| Fund {
                        id: Uuid::nil(),
                        ..fund.clone()
                    };
                    self.funds
                        .replace(&mut self.stored_funds, records, without_id, |_| !correction)?;
                }
                Ok(taken)
            }
            FileKind::CivilRegistry
            | FileKind::SocialInsurance
            | FileKind::Vehicles
            | FileKind::RealEstate
            | FileKind::Companies
            | FileKind::PublicPayroll => {
                let Some(parsed) = anju_exchange::extract::read_extract(table, new_id) else {
                    return Ok(Taken::whole(0));
                };
                let (records, taken) = close(table, parsed)?;
                if refused_before != Some(taken.refused) {
                    let without_id = |record: &ExtractRecord| ExtractRecord {
                        id: Uuid::nil(),
                        ..record.clone()
                    };
                    let replaced = |record: &ExtractRecord| replaced(&record.file);
                    self.extracts
                        .replace(&mut self.stored_extracts, records, without_id, replaced)?;
                }
                Ok(taken)
            }
            // Households and their income are taken in by pieces; layers are no tables, and the recognition of tables never gives them.
            FileKind::Register
            | FileKind::Consent
            | FileKind::Income
            | FileKind::VectorLayer
            | FileKind::Elevation => Ok(Taken::whole(0)),
        }
    }

    /// Adds an area. One that is there already keeps its name: a new name has a day and a document, and such a table is
    /// imported by itself ([`super::areas`]).
    fn take_area(&mut self, record: AreaRecord) {
        if self.areas.contains_key(&record.code) {
            return;
        }
        let area = Area {
            valid_from: record.valid_from,
            ..Area::new(record.code, record.name)
        };
        self.new_areas.added.push(area.clone());
        self.areas.insert(area.code.clone(), area);
    }

    /// Takes in a table of income. Held back is a line of a household that nobody knows, or that is no longer on the
    /// register.
    async fn take_income(
        &mut self,
        workspace: &Workspace,
        transaction: &mut Transaction<'_>,
        table: &Table<'_>,
    ) -> Result<Taken, AppError> {
        let mut parsed = anju_exchange::income::read_income(table);
        for records in chunks(std::mem::take(&mut parsed.records)) {
            let numbers: Vec<String> = records
                .iter()
                .map(|record| record.register_number.clone())
                .collect();
            let stored = transaction.households(&numbers).await?;
            let stored: HashMap<&str, &Household> = stored
                .iter()
                .map(|household| (household.value.facts.register_number.as_str(), &household.value))
                .collect();
            for record in records {
                let refused = match stored.get(record.register_number.as_str()) {
                    Some(household) => self.take_income_of(workspace, table, record, household),
                    None => Some(unknown(table, record.row, &record.register_number)),
                };
                parsed.refused.extend(refused);
            }
        }
        sort_refused(&mut parsed.refused);
        let (_, taken) = close(table, parsed)?;
        Ok(taken)
    }

    /// Takes in a line of income, or holds it back when the household is no longer on the register.
    fn take_income_of(
        &mut self,
        workspace: &Workspace,
        table: &Table<'_>,
        record: IncomeRecord,
        household: &Household,
    ) -> Option<RefusedRows> {
        if let Some(refused) = off_register(table, record.row, household) {
            return Some(refused);
        }
        let year = self
            .income
            .entry((household.id, record.year))
            .or_insert_with(|| IncomeYear {
                id: workspace.new_id(),
                household: household.id,
                area: household.facts.area.clone(),
                year: record.year,
                lines: Vec::new(),
            });
        year.lines.push(record.line);
        None
    }

    /// What the incomes read change: a year that was read takes the place of what was recorded of it.
    fn income_changes(&mut self) -> Changes<IncomeYear> {
        let mut changes = Changes::default();
        for (key, read) in std::mem::take(&mut self.income) {
            match self.stored_income.remove(&key) {
                Some(stored) if stored.value.lines == read.lines => {}
                Some(mut stored) => {
                    stored.value.lines = read.lines;
                    changes.changed.push(stored);
                }
                None => changes.added.push(read),
            }
        }
        changes
    }

    /// Takes in a hazard point; a closed one is held back. What the file does not say stays as it is.
    fn take_hazard_point(
        &mut self,
        workspace: &Workspace,
        table: &Table<'_>,
        record: HazardRecord,
    ) -> Option<RefusedRows> {
        let HazardRecord { facts, states, row } = record;
        let Some(stored) = self.stored_points.get(&facts.code) else {
            self.points.added.push(HazardPoint {
                id: workspace.new_id(),
                facts,
                safe: Vec::new(),
                closing: None,
            });
            return None;
        };
        let known = &stored.value.facts;
        let facts = HazardFacts {
            name: facts.name.or_else(|| known.name.clone()),
            scale: facts.scale.or(known.scale),
            risk: facts.risk.or(known.risk),
            state: if states { facts.state } else { known.state },
            extent: facts.extent.or(known.extent),
            threatened_households: facts.threatened_households.or(known.threatened_households),
            threatened_persons: facts.threatened_persons.or(known.threatened_persons),
            assessment: facts.assessment.or_else(|| known.assessment.clone()),
            position: facts.position.or(known.position),
            layer_feature: facts.layer_feature.or_else(|| known.layer_feature.clone()),
            ..facts
        };
        if facts == *known {
            return None;
        }
        let mut changed = stored.clone();
        match changed.value.edit(facts) {
            Ok(()) => {
                self.points.changed.push(changed);
                None
            }
            Err(error) => Some(RefusedRows {
                rows: vec![row],
                cells: vec![CellProblem {
                    row,
                    column: table.columns.get("code").map(|&column| column as u32),
                    header: table.header("code"),
                    value: stored.value.facts.code.clone(),
                    reason: error.text(),
                    remedy: Text::new(
                        "已销号的隐患点先在其页面恢复,再导入",
                        "open a closed point again on its page, then import",
                    ),
                }],
            }),
        }
    }

    fn take_layer(
        &mut self,
        workspace: &Workspace,
        source: &str,
        kind: LayerKind,
        source_crs: String,
        features: u64,
        stored: Attachment,
    ) {
        let layer = Layer {
            id: workspace.new_id(),
            kind,
            source: source.to_owned(),
            source_crs,
            features,
            content: stored.hash.clone(),
            imported_at: workspace.now(),
        };
        // One layer of a kind: a new one takes the place of the old.
        let old = std::mem::take(&mut self.stored_layers);
        let (gone, rest): (Vec<_>, Vec<_>) = old.into_iter().partition(|stored| stored.value.kind == kind);
        self.stored_layers = rest;
        self.layers.retired.extend(gone);
        self.layers.added.push(layer);
        self.attachments.push(stored);
    }

    /// Writes the new areas, which other records of the import lie in.
    pub(super) async fn write_areas(&mut self, transaction: &mut Transaction<'_>) -> Result<(), AppError> {
        std::mem::take(&mut self.new_areas).write(transaction).await
    }

    /// Writes all that is not written piece by piece. Without anything new the transaction stays empty.
    pub(super) async fn write(mut self, transaction: &mut Transaction<'_>) -> Result<(), AppError> {
        transaction.insert_attachments(&self.attachments).await?;
        self.income_changes().write(transaction).await?;
        self.extracts.write(transaction).await?;
        self.threatened.write(transaction).await?;
        self.points.write(transaction).await?;
        self.listings.write(transaction).await?;
        self.stock.write(transaction).await?;
        self.funds.write(transaction).await?;
        self.layers.write(transaction).await?;
        self.files.write(transaction).await
    }
}

impl Taken {
    /// All of a source, with nothing left out.
    pub(super) fn whole(read: u64) -> Self {
        Self {
            read,
            refused: 0,
            unused_headers: Vec::new(),
            left_out: Vec::new(),
            refused_for: Vec::new(),
            workbook: None,
        }
    }
}

/// The good records, and what came of the rest.
/// The first cells for which rows are refused.
pub(super) fn shown(refused: &[RefusedRows]) -> Vec<CellProblem> {
    let cells = refused.iter().flat_map(|rows| &rows.cells);
    cells.take(SHOWN_REFUSALS).cloned().collect()
}

fn close<T>(table: &Table<'_>, parsed: Parsed<T>) -> Result<(Vec<T>, Taken), AppError> {
    let refused = parsed.refused.iter().map(|rows| rows.rows.len() as u64).sum();
    let workbook = match parsed.refused.as_slice() {
        [] => None,
        refused => Some(anju_exchange::workbook::error_workbook(table, refused)?),
    };
    let taken = Taken {
        read: parsed.rows_read,
        refused,
        unused_headers: table.unused_headers().into_iter().map(str::to_owned).collect(),
        left_out: parsed.notes,
        refused_for: shown(&parsed.refused),
        workbook,
    };
    Ok((parsed.records, taken))
}

/// The row of a household that the register does not have.
pub(super) fn unknown(table: &Table<'_>, row: u32, number: &str) -> RefusedRows {
    refused_at_number(
        table,
        row,
        number,
        Text::new("名册中没有这一户", "the register has no such household"),
        Text::new(
            "更正户编号;若该户因有误而退回,先导入更正后的名册,再导入本表",
            "correct the number; if the household itself was refused, import its corrected list first, then this one",
        ),
    )
}

/// A row that is held back for its household, with reason and remedy at the cell of the register number.
fn refused_at_number(table: &Table<'_>, row: u32, number: &str, reason: Text, remedy: Text) -> RefusedRows {
    RefusedRows {
        rows: vec![row],
        cells: vec![CellProblem {
            row,
            column: table.columns.get("register_number").map(|&column| column as u32),
            header: table.header("register_number"),
            value: number.to_owned(),
            reason,
            remedy,
        }],
    }
}

/// Holds back what concerns a household that is no longer on the register.
pub(super) fn off_register(table: &Table<'_>, row: u32, stored: &Household) -> Option<RefusedRows> {
    (!stored.is_active()).then(|| {
        refused_at_number(
            table,
            row,
            &stored.facts.register_number,
            Text::new(
                format!("该户{}", stored.status.zh()),
                format!("the household is {}", stored.status.en()),
            ),
            Text::new(
                "确需更新的,先在该户页面恢复;并入他户的,按并入的户填报",
                "reinstate it on its page first; where it was merged, report the household it went into",
            ),
        )
    })
}

pub(super) fn sort_refused(refused: &mut [RefusedRows]) {
    refused.sort_by_key(|refused| refused.rows.first().copied());
}

/// The rows of a household on a roster in force, with reason and remedy at the cell of each key fact.
pub(super) fn held_back(
    table: &Table<'_>,
    row: u32,
    stored: &Household,
    (fields, reason, remedy): (Vec<KeyFact>, Text, Text),
) -> RefusedRows {
    let cells = fields.into_iter().map(|field| {
        let column = match field {
            KeyFact::Members => "name",
            KeyFact::Category => "category",
            KeyFact::Home => "structure",
            KeyFact::Pathway => "pathway",
            KeyFact::Area => "village",
            KeyFact::BankAccount => "bank_account",
        };
        // Without such a column the fact was left out of the file; the household's number stands for it.
        let column = if table.columns.contains_key(column) {
            column
        } else {
            "register_number"
        };
        CellProblem {
            row,
            column: table.columns.get(column).map(|&column| column as u32),
            header: table.header(column),
            value: stored.facts.register_number.clone(),
            reason: reason.clone(),
            remedy: remedy.clone(),
        }
    });
    RefusedRows {
        rows: vec![row],
        cells: cells.collect(),
    }
}

/// Members keep the identity they had: the same ID number, else the same name and birth date.
pub(super) fn keep_identities(
    workspace: &Workspace,
    before: &[Person],
    after: Vec<PersonFacts>,
) -> Vec<Person> {
    let mut taken: HashSet<Uuid> = HashSet::new();
    after
        .into_iter()
        .map(|facts| {
            let same = |person: &&Person| {
                let number = |facts: &PersonFacts| facts.id_number.as_ref().and_then(|number| number.to_18());
                let by_number = number(&person.facts).is_some() && number(&person.facts) == number(&facts);
                let by_name = person.facts.name == facts.name && person.facts.birth_date == facts.birth_date;
                !taken.contains(&person.id) && (by_number || by_name)
            };
            let id = before
                .iter()
                .find(same)
                .map_or_else(|| workspace.new_id(), |person| person.id);
            taken.insert(id);
            Person { id, facts }
        })
        .collect()
}
