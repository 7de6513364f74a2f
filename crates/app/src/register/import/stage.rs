//! What the files' records change in the register, compared with what is stored, and the error workbooks of the rest.

use std::collections::{BTreeMap, HashMap, HashSet};

use anju_exchange::areas::{AreaIndex, AreaRecord};
use anju_exchange::header::{ColumnProfile, Table, recognise};
use anju_exchange::{CellProblem, Parsed, RefusedRows};
use anju_model::area::{Area, AreaCode};
use anju_model::code_list::Text;
use anju_model::land::{Layer, LayerKind};
use anju_model::lookback::{ExtractRecord, ThreatenedHousehold};
use anju_model::register::{
    Consent, ConsentRecord, FileKind, Fund, Household, HouseholdRecord, HouseholdStatus, ImportedFile,
    IncomeRecord, IncomeYear, Person, PersonFacts, SignedConsent, StockHousing,
};
use anju_model::roster::KeyFact;
use anju_store::attachment::Attachment;
use anju_store::{Subject, Versioned};
use uuid::Uuid;

use super::source::{Content, Source};
use super::{FileOutcome, SHOWN_CELLS, list_name};
use crate::register::roster::Frozen;
use crate::workspace::Transaction;
use crate::{AppError, Caller, Workspace};

/// What came of a table: rows read, rows held back, cells left out, and the error workbook of the rows held back.
struct Taken {
    read: u64,
    refused: u64,
    unused_headers: Vec<String>,
    left_out: Vec<CellProblem>,
    workbook: Option<Vec<u8>>,
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

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.retired.is_empty()
    }
}

/// What is in the workspace, and what this import makes of it.
pub(super) struct Stage {
    areas: BTreeMap<AreaCode, Area>,
    known_files: HashMap<String, Versioned<ImportedFile>>,
    stored_households: HashMap<String, Versioned<Household>>,
    /// Households on rosters in force, whose key facts no import changes.
    frozen: Frozen,
    /// Income by household and year.
    stored_income: HashMap<(Uuid, i16), Versioned<IncomeYear>>,
    stored_extracts: Vec<Versioned<ExtractRecord>>,
    stored_threatened: Vec<Versioned<ThreatenedHousehold>>,
    stored_stock: Vec<Versioned<StockHousing>>,
    stored_funds: Vec<Versioned<Fund>>,
    stored_layers: Vec<Versioned<Layer>>,
    new_areas: Changes<Area>,
    pub(super) households: Households,
    /// Choices that this import brings, by household, in the order of the rows.
    consents: Vec<(Uuid, AreaCode, Consent)>,
    /// Income that was read, by household and year.
    income: BTreeMap<(Uuid, i16), IncomeYear>,
    files: Changes<ImportedFile>,
    extracts: Changes<ExtractRecord>,
    threatened: Changes<ThreatenedHousehold>,
    stock: Changes<StockHousing>,
    funds: Changes<Fund>,
    layers: Changes<Layer>,
    attachments: Vec<Attachment>,
}

/// Households of this import by register number, so that consent finds the ones read a moment ago.
#[derive(Default)]
pub(super) struct Households {
    pub(super) added: BTreeMap<String, Household>,
    pub(super) changed: BTreeMap<String, Versioned<Household>>,
}

impl Stage {
    pub(super) async fn load(workspace: &Workspace) -> Result<Self, AppError> {
        let db = workspace.db();
        let households: Vec<Versioned<Household>> = anju_store::load_all(db).await?;
        let files: Vec<Versioned<ImportedFile>> = anju_store::load_all(db).await?;
        let income: Vec<Versioned<IncomeYear>> = anju_store::load_all(db).await?;
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
            stored_households: households
                .into_iter()
                .map(|household| (household.value.facts.register_number.clone(), household))
                .collect(),
            frozen: Frozen::load(workspace).await?,
            stored_income: income
                .into_iter()
                .map(|year| ((year.value.household, year.value.year), year))
                .collect(),
            stored_extracts: anju_store::load_all(db).await?,
            stored_threatened: anju_store::load_all(db).await?,
            stored_stock: anju_store::load_all(db).await?,
            stored_funds: anju_store::load_all(db).await?,
            stored_layers: anju_store::load_all(db).await?,
            new_areas: Changes::default(),
            households: Households::default(),
            consents: Vec::new(),
            income: BTreeMap::new(),
            files: Changes::default(),
            extracts: Changes::default(),
            threatened: Changes::default(),
            stock: Changes::default(),
            funds: Changes::default(),
            layers: Changes::default(),
            attachments: Vec::new(),
        })
    }

    /// Takes in one source; returns what came of it and its error workbook, if rows were refused.
    pub(super) fn take(
        &mut self,
        workspace: &Workspace,
        source: Source,
        profiles: &[ColumnProfile],
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
            Content::Table { sheet, kind } => {
                let sheets = [sheet];
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
            },
            workbook,
        ))
    }

    fn take_table(
        &mut self,
        workspace: &Workspace,
        refused_before: Option<u64>,
        table: &Table<'_>,
    ) -> Result<Taken, AppError> {
        let index = AreaIndex::new(&self.areas.values().cloned().collect::<Vec<_>>());
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
            FileKind::Register => {
                let mut parsed = anju_exchange::register::read_register(table, &index);
                let mut held_back = Vec::new();
                for record in std::mem::take(&mut parsed.records) {
                    held_back.extend(self.take_household(workspace, table, record));
                }
                if !held_back.is_empty() {
                    let rows = anju_exchange::register::household_rows(table);
                    for refused in &mut held_back {
                        let first = refused.rows.first().copied().unwrap_or_default();
                        if let Some(rows) = rows.get(&first) {
                            refused.rows.clone_from(rows);
                        }
                    }
                }
                parsed.refused.extend(held_back);
                sort_refused(&mut parsed.refused);
                let (_, taken) = close(table, parsed)?;
                Ok(taken)
            }
            FileKind::Consent => {
                let mut parsed = anju_exchange::consent::read_consent(table, &index);
                let known = |number: &str| {
                    self.households.added.contains_key(number) || self.stored_households.contains_key(number)
                };
                refuse_unknown(&mut parsed, table, &known, |record| {
                    (&record.register_number, record.row)
                });
                for record in std::mem::take(&mut parsed.records) {
                    if let Some(held_back) = self.take_consent(table, record) {
                        parsed.refused.push(held_back);
                    }
                }
                sort_refused(&mut parsed.refused);
                let (_, taken) = close(table, parsed)?;
                Ok(taken)
            }
            FileKind::Income => {
                let mut parsed = anju_exchange::income::read_income(table);
                let known = |number: &str| {
                    self.households.added.contains_key(number) || self.stored_households.contains_key(number)
                };
                refuse_unknown(&mut parsed, table, &known, |record| {
                    (&record.register_number, record.row)
                });
                for record in std::mem::take(&mut parsed.records) {
                    parsed.refused.extend(self.take_income(workspace, table, record));
                }
                sort_refused(&mut parsed.refused);
                let (_, taken) = close(table, parsed)?;
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
            // Layers are no tables; the recognition of tables never gives these kinds.
            FileKind::VectorLayer | FileKind::Elevation => Ok(Taken::whole(0)),
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

    /// Takes in a household, or holds it back when it is on a roster in force and a key fact would change.
    fn take_household(
        &mut self,
        workspace: &Workspace,
        table: &Table<'_>,
        record: HouseholdRecord,
    ) -> Option<RefusedRows> {
        let row = record.rows.0;
        let number = record.facts.register_number.clone();
        match self.stored_households.get(&number) {
            Some(stored) if !stored.value.is_active() => return off_register(table, row, &stored.value),
            Some(stored) => {
                let members = keep_identities(workspace, &stored.value.members, record.members);
                let value = Household {
                    id: stored.value.id,
                    facts: record.facts,
                    members,
                    ..stored.value.clone()
                };
                if let Some(refusal) = self.frozen.refusal(&stored.value, &value) {
                    return Some(held_back(table, row, &stored.value, refusal));
                }
                if value != stored.value {
                    let changed = Versioned {
                        value,
                        ..stored.clone()
                    };
                    self.households.changed.insert(number, changed);
                }
            }
            None => {
                let household = Household {
                    id: workspace.new_id(),
                    facts: record.facts,
                    members: keep_identities(workspace, &[], record.members),
                    consent: None,
                    status: HouseholdStatus::Active,
                    events: Vec::new(),
                };
                self.households.added.insert(number, household);
            }
        }
        None
    }

    /// Takes in a choice, or holds it back when it would change the pathway of a household on a roster in force.
    fn take_consent(&mut self, table: &Table<'_>, record: ConsentRecord) -> Option<RefusedRows> {
        let number = &record.register_number;
        if let Some(stored) = self.stored_households.get(number) {
            if let Some(refused) = off_register(table, record.row, &stored.value) {
                return Some(refused);
            }
            let after = Household {
                consent: Some(record.consent.clone()),
                ..stored.value.clone()
            };
            if let Some(refusal) = self.frozen.refusal(&stored.value, &after) {
                return Some(held_back(table, record.row, &stored.value, refusal));
            }
        }
        let consent = Some(record.consent);
        let household = if let Some(household) = self.households.added.get_mut(number) {
            household
        } else if let Some(household) = self.households.changed.get_mut(number) {
            &mut household.value
        } else if let Some(stored) = self.stored_households.get(number)
            && stored.value.consent != consent
        {
            let changed = self.households.changed.entry(number.clone());
            &mut changed.or_insert(stored.clone()).value
        } else {
            return None;
        };
        if household.consent != consent {
            let area = household.facts.area.clone();
            self.consents
                .extend(consent.clone().map(|consent| (household.id, area, consent)));
            household.consent = consent;
        }
        None
    }

    /// Takes in a line of income, or holds it back when the household is no longer on the register.
    fn take_income(
        &mut self,
        workspace: &Workspace,
        table: &Table<'_>,
        record: IncomeRecord,
    ) -> Option<RefusedRows> {
        let number = &record.register_number;
        let stored = self.stored_households.get(number).map(|stored| &stored.value);
        let household = self.households.added.get(number).or(stored)?;
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

    /// Writes everything in one transaction; nothing to write is no transaction.
    pub(super) async fn write(mut self, workspace: &Workspace, caller: &Caller) -> Result<(), AppError> {
        let income = self.income_changes();
        let households = Changes {
            added: self.households.added.into_values().collect(),
            changed: self.households.changed.into_values().collect(),
            retired: Vec::new(),
        };
        let recorded_at = workspace.now();
        let consents: Vec<SignedConsent> = self
            .consents
            .into_iter()
            .map(|(household, area, consent)| SignedConsent {
                id: workspace.new_id(),
                household,
                area,
                consent,
                recorded_by: caller.name().to_owned(),
                recorded_at,
                withdrawal: None,
            })
            .collect();
        let nothing = self.new_areas.is_empty()
            && households.is_empty()
            && income.is_empty()
            && self.files.is_empty()
            && self.extracts.is_empty()
            && self.threatened.is_empty()
            && self.stock.is_empty()
            && self.funds.is_empty()
            && self.layers.is_empty();
        if nothing {
            return Ok(());
        }
        let mut transaction = workspace.begin(caller, "import", None).await?;
        // A roster may have been frozen while the files were read; from here on nobody else writes.
        if !households.changed.is_empty() && !self.frozen.is_same(&Frozen::load(workspace).await?) {
            return Err(AppError::invalid(
                "roster_meanwhile",
                "import",
                "导入期间核定了新的名册,未写入任何数据;请重新导入",
                "a roster was frozen during the import; nothing was written, import again",
            ));
        }
        transaction.insert_attachments(&self.attachments).await?;
        self.new_areas.write(&mut transaction).await?;
        households.write(&mut transaction).await?;
        transaction.insert(&consents).await?;
        income.write(&mut transaction).await?;
        self.extracts.write(&mut transaction).await?;
        self.threatened.write(&mut transaction).await?;
        self.stock.write(&mut transaction).await?;
        self.funds.write(&mut transaction).await?;
        self.layers.write(&mut transaction).await?;
        self.files.write(&mut transaction).await?;
        transaction.commit().await
    }
}

impl Taken {
    /// All of a source, with nothing left out.
    fn whole(read: u64) -> Self {
        Self {
            read,
            refused: 0,
            unused_headers: Vec::new(),
            left_out: Vec::new(),
            workbook: None,
        }
    }
}

/// The good records, and what came of the rest.
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
        workbook,
    };
    Ok((parsed.records, taken))
}

/// Holds back consent of households that the register does not have.
fn refuse_unknown<T>(
    parsed: &mut Parsed<T>,
    table: &Table<'_>,
    known: &dyn Fn(&str) -> bool,
    place: impl Fn(&T) -> (&String, u32),
) {
    let (good, unknown): (Vec<_>, Vec<_>) = std::mem::take(&mut parsed.records)
        .into_iter()
        .partition(|record| known(place(record).0));
    parsed.records = good;
    parsed.refused.extend(unknown.iter().map(|record| {
        let (number, row) = place(record);
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
    }));
    sort_refused(&mut parsed.refused);
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
fn off_register(table: &Table<'_>, row: u32, stored: &Household) -> Option<RefusedRows> {
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

fn sort_refused(refused: &mut [RefusedRows]) {
    refused.sort_by_key(|refused| refused.rows.first().copied());
}

/// The rows of a household on a roster in force, with reason and remedy at the cell of each key fact.
fn held_back(
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
fn keep_identities(workspace: &Workspace, before: &[Person], after: Vec<PersonFacts>) -> Vec<Person> {
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
