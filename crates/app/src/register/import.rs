//! Import: from the office's files to rows and ledger entries.
//!
//! All files are read and understood before anything is written, and everything is written in one transaction. A file
//! that cannot be used stops the whole import (or is left out, when the user says so); a row that cannot be used goes
//! into an error workbook, and the rest of its file is stored. A household is stored whole or held back whole.
//! Importing what is stored already changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anju_exchange::areas::AreaIndex;
use anju_exchange::crs::{Crs, Transformer};
use anju_exchange::header::{ColumnProfile, Table, recognise};
use anju_exchange::raster::{GeoTiff, read_geotiff, reproject_bilinear, require_metric};
use anju_exchange::table::{Sheet, read_table_file};
use anju_exchange::vector::{Feature, VectorLayer};
use anju_exchange::{CellProblem, Parsed, RefusedRows};
use anju_model::access::Action;
use anju_model::area::Area;
use anju_model::code_list::Text;
use anju_model::land::{Layer, LayerKind};
use anju_model::lookback::{ExtractRecord, ThreatenedHousehold};
use anju_model::register::{
    ConsentRecord, FileKind, Fund, Household, HouseholdRecord, ImportedFile, Person, PersonFacts,
    StockHousing,
};
use anju_store::attachment::Attachment;
use anju_store::{Subject, Versioned};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::workspace::Transaction;
use crate::{AppError, Caller, Problem, Progress, Workspace};

/// How to import.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder for the error workbooks; made when there is one to write.
    pub errors: PathBuf,
    /// Name of a saved column profile to try first.
    pub profile: Option<String>,
    /// EPSG code for layers that do not say their CRS.
    pub crs: Option<u16>,
    /// What a layer shows, for one whose name does not say it.
    pub layer: Option<LayerKind>,
    /// Leave out files that cannot be used instead of stopping.
    pub keep_going: bool,
}

/// What an import did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// Each file with what came of it.
    pub files: Vec<FileOutcome>,
    /// Records read: rows of tables, features of layers.
    pub records_read: u64,
    /// Records stored, or found unchanged.
    pub records_accepted: u64,
    /// Records refused.
    pub records_refused: u64,
    /// Households that are new.
    pub households_added: u64,
    /// Households whose facts or consent changed.
    pub households_changed: u64,
    /// Error workbooks to be corrected and imported again.
    pub error_workbooks: Vec<String>,
    /// Files left out, with the reason.
    pub problems: Vec<Problem>,
}

/// What came of one file.
#[derive(Debug, Clone, Serialize)]
pub struct FileOutcome {
    /// File, and sheet or layer in it.
    pub name: String,
    /// What it holds.
    pub kind: FileKind,
    /// Records read.
    pub read: u64,
    /// Records accepted.
    pub accepted: u64,
    /// Records refused.
    pub refused: u64,
}

/// An error workbook: its file name and its bytes.
type Workbook = (String, Vec<u8>);

/// A file understood, before anything is written.
enum Content {
    Table {
        sheet: Sheet,
        kind: FileKind,
    },
    Vector {
        layer: VectorLayer,
        kind: LayerKind,
        source_crs: String,
    },
    Elevation {
        raster: GeoTiff,
        source_crs: String,
    },
}

struct Source {
    name: String,
    sha256: String,
    content: Content,
}

impl Source {
    fn kind(&self) -> FileKind {
        match &self.content {
            Content::Table { kind, .. } => *kind,
            Content::Vector { .. } => FileKind::VectorLayer,
            Content::Elevation { .. } => FileKind::Elevation,
        }
    }
}

/// Imports files and folders.
///
/// # Errors
/// [`AppError::Files`] with every file that cannot be used, and nothing written.
pub async fn import(
    workspace: &Workspace,
    caller: &Caller,
    paths: &[PathBuf],
    options: &Options,
    progress: &Progress,
) -> Result<Outcome, AppError> {
    caller.require_in(Action::ImportData, &workspace.county().code)?;
    progress.report("查找文件", "looking for files", 0.0)?;
    let files = find_files(paths)?;
    let profiles = wanted_profiles(workspace, caller, options).await?;
    let (mut sources, problems) = read_all(workspace, files, &profiles, options, progress).await?;
    if !problems.is_empty() && (!options.keep_going || sources.is_empty()) {
        return Err(AppError::Files(problems));
    }
    // Areas name the places in all other tables, households are named by consent records.
    sources.sort_by_key(|source| order(source.kind()));

    let mut stage = Stage::load(workspace).await?;
    let mut outcome = Outcome {
        problems,
        ..Outcome::default()
    };
    let mut workbooks: Vec<Workbook> = Vec::new();
    let count = sources.len().max(1) as f32;
    for (index, source) in sources.into_iter().enumerate() {
        progress.report(
            &format!("核对 {}", source.name),
            &format!("checking {}", source.name),
            0.4 + 0.35 * index as f32 / count,
        )?;
        let (file, workbook) = stage.take(workspace, source, &profiles)?;
        outcome.records_read += file.read;
        outcome.records_accepted += file.accepted;
        outcome.records_refused += file.refused;
        workbooks.extend(workbook);
        outcome.files.push(file);
    }
    outcome.households_added = stage.households.added.len() as u64;
    outcome.households_changed = stage.households.changed.len() as u64;

    progress.report("写入数据库和账本", "writing rows and ledger entries", 0.8)?;
    for (name, bytes) in workbooks {
        std::fs::create_dir_all(&options.errors).map_err(AppError::io(&options.errors))?;
        let path = options.errors.join(name);
        std::fs::write(&path, bytes).map_err(AppError::io(&path))?;
        outcome.error_workbooks.push(path.display().to_string());
    }
    stage.write(workspace, caller).await?;
    progress.report("完成", "done", 1.0)?;
    Ok(outcome)
}

fn order(kind: FileKind) -> u8 {
    match kind {
        FileKind::Areas => 0,
        FileKind::Register => 1,
        FileKind::Consent => 2,
        _ => 3,
    }
}

/// All files at the paths: a file named is taken, a folder is searched for files of known formats.
fn find_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, AppError> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.is_dir() {
            folders.push(path.clone());
        } else if path.is_file() {
            found.push(path.clone());
        } else {
            return Err(AppError::Files(vec![Problem::new(
                "no_file",
                path.display().to_string(),
                "没有这个文件或文件夹",
                "there is no such file or folder",
            )]));
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(AppError::io(&folder))? {
            let path = entry.map_err(AppError::io(&folder))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // Hidden files, Excel's lock files, and the example's answers, which an office would not have.
            if name.starts_with('.') || name.starts_with("~$") || name == "truth" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if matches!(
                extension(&path).as_str(),
                "xlsx" | "csv" | "shp" | "geojson" | "gpkg" | "tif" | "tiff"
            ) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(AppError::Files(vec![Problem::new(
            "no_file",
            paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
            "没有可导入的文件(xlsx、csv、shp、geojson、gpkg、tif)",
            "there is nothing to import (xlsx, csv, shp, geojson, gpkg, tif)",
        )]));
    }
    Ok(found)
}

fn extension(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

async fn wanted_profiles(
    workspace: &Workspace,
    caller: &Caller,
    options: &Options,
) -> Result<Vec<ColumnProfile>, AppError> {
    let mut profiles = super::profile::list(workspace, caller).await?;
    if let Some(name) = &options.profile {
        let Some(place) = profiles.iter().position(|profile| profile.name == *name) else {
            return Err(AppError::invalid(
                "no_profile",
                "--profile",
                format!("没有名为 {name} 的列对应方案;用 anju profile list 查看"),
                format!("there is no column profile {name}; see `anju profile list`"),
            ));
        };
        profiles.swap(0, place);
    }
    Ok(profiles)
}

/// Reads and understands every file; what cannot be used is told, and the rest goes on.
async fn read_all(
    workspace: &Workspace,
    files: Vec<PathBuf>,
    profiles: &[ColumnProfile],
    options: &Options,
    progress: &Progress,
) -> Result<(Vec<Source>, Vec<Problem>), AppError> {
    let (epsg, profiles, options, progress) = (
        workspace.county().epsg,
        profiles.to_vec(),
        options.clone(),
        progress.clone(),
    );
    tokio::task::spawn_blocking(move || {
        let (mut sources, mut problems) = (Vec::new(), Vec::new());
        let count = files.len() as f32;
        for (index, path) in files.iter().enumerate() {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            progress.report(
                &format!("读取 {name}"),
                &format!("reading {name}"),
                0.4 * index as f32 / count,
            )?;
            match read(path, &name, epsg, &profiles, &options) {
                Ok(mut read) => sources.append(&mut read),
                Err(AppError::Exchange(error)) => {
                    problems.push(Problem::new(
                        "file",
                        path.display().to_string(),
                        error.zh(),
                        error.to_string(),
                    ));
                }
                Err(AppError::Invalid(problem)) => problems.push(problem),
                Err(other) => return Err(other),
            }
        }
        Ok((sources, problems))
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))?
}

fn read(
    path: &Path,
    name: &str,
    epsg: u16,
    profiles: &[ColumnProfile],
    options: &Options,
) -> Result<Vec<Source>, AppError> {
    let sha256 = content_hash(path)?;
    let county_crs = Crs::from_epsg(epsg)?;
    match extension(path).as_str() {
        "xlsx" | "csv" => {
            let sheets = read_table_file(path)?;
            let tables = recognise(&sheets, profiles, None)?;
            let several = tables.len() > 1;
            Ok(tables
                .into_iter()
                .map(|table| Source {
                    name: if several {
                        format!("{name}: {}", table.sheet.sheet)
                    } else {
                        name.to_owned()
                    },
                    sha256: sha256.clone(),
                    content: Content::Table {
                        sheet: table.sheet.clone(),
                        kind: table.kind,
                    },
                })
                .collect())
        }
        "tif" | "tiff" => {
            let file = read_geotiff(path, options.crs.map(Crs::from_epsg).transpose()?)?;
            require_metric(path, &file)?;
            let source_crs = file.crs.name();
            let raster = if file.crs == county_crs {
                file
            } else {
                let cell = file.cell_width;
                reproject_bilinear(&file, county_crs, cell, None)?
            };
            let content = Content::Elevation { raster, source_crs };
            Ok(vec![Source {
                name: name.to_owned(),
                sha256,
                content,
            }])
        }
        _ => {
            let wanted = anju_exchange::vector::VectorOptions {
                crs: options.crs.map(Crs::from_epsg).transpose()?,
                layer: None,
            };
            let mut sources = Vec::new();
            for layer in anju_exchange::vector::read_vector(path, &wanted)? {
                let title = if layer.name.is_empty() {
                    name.to_owned()
                } else {
                    layer.name.clone()
                };
                let kind = options
                    .layer
                    .or_else(|| anju_exchange::layer_kind::layer_kind(&title))
                    .or_else(|| anju_exchange::layer_kind::layer_kind(name));
                let Some(kind) = kind else {
                    return Err(AppError::invalid(
                        "layer_kind",
                        format!("{}: {title}", path.display()),
                        "无法从名称判断图层类型;请改名(如“洪涝灾害区”),或用 --layer 指明",
                        "the name does not say what the layer shows; rename it (e.g. flood_zones) or say it with --layer",
                    ));
                };
                let source_crs = layer.crs.name();
                let layer = reproject(layer, county_crs)?;
                sources.push(Source {
                    name: format!("{name}: {title}"),
                    sha256: sha256.clone(),
                    content: Content::Vector {
                        layer,
                        kind,
                        source_crs,
                    },
                });
            }
            Ok(sources)
        }
    }
}

/// The layer in another CRS.
fn reproject(layer: VectorLayer, target: Crs) -> Result<VectorLayer, AppError> {
    if layer.crs == target {
        return Ok(layer);
    }
    let transformer = Transformer::new(layer.crs, target)?;
    let features = layer
        .features
        .into_iter()
        .map(|feature| {
            Ok(Feature {
                geometry: transformer.geometry(&feature.geometry)?,
                ..feature
            })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(VectorLayer {
        crs: target,
        features,
        ..layer
    })
}

/// SHA-256 of a file; of a shapefile, with the files beside it that belong to it.
fn content_hash(path: &Path) -> Result<String, AppError> {
    let mut hash = Sha256::new();
    hash.update(std::fs::read(path).map_err(AppError::io(path))?);
    if extension(path) == "shp" {
        for part in ["dbf", "prj", "cpg"] {
            let beside = path.with_extension(part);
            if beside.is_file() {
                hash.update(std::fs::read(&beside).map_err(AppError::io(&beside))?);
            }
        }
    }
    Ok(anju_store::attachment::hex(&hash.finalize()))
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

impl<S: Subject> Changes<S> {
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
struct Stage {
    areas: BTreeMap<anju_model::area::AreaCode, Area>,
    known_files: HashMap<String, Versioned<ImportedFile>>,
    stored_households: HashMap<String, Versioned<Household>>,
    stored_extracts: HashMap<String, Vec<Versioned<ExtractRecord>>>,
    stored_threatened: Vec<Versioned<ThreatenedHousehold>>,
    stored_stock: Vec<Versioned<StockHousing>>,
    stored_funds: Vec<Versioned<Fund>>,
    stored_layers: Vec<Versioned<Layer>>,
    new_areas: Changes<Area>,
    households: Households,
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
struct Households {
    added: BTreeMap<String, Household>,
    changed: BTreeMap<String, Versioned<Household>>,
}

impl Stage {
    async fn load(workspace: &Workspace) -> Result<Self, AppError> {
        let db = workspace.db();
        let households: Vec<Versioned<Household>> = anju_store::load_all(db).await?;
        let files: Vec<Versioned<ImportedFile>> = anju_store::load_all(db).await?;
        let mut stored_extracts: HashMap<String, Vec<Versioned<ExtractRecord>>> = HashMap::new();
        for record in anju_store::load_all::<ExtractRecord>(db).await? {
            stored_extracts
                .entry(record.value.file.clone())
                .or_default()
                .push(record);
        }
        Ok(Self {
            areas: workspace
                .areas()
                .await?
                .all()
                .map(|area| (area.code.clone(), area))
                .collect(),
            known_files: files
                .into_iter()
                .map(|file| (file.value.name.clone(), file))
                .collect(),
            stored_households: households
                .into_iter()
                .map(|household| (household.value.facts.register_number.clone(), household))
                .collect(),
            stored_extracts,
            stored_threatened: anju_store::load_all(db).await?,
            stored_stock: anju_store::load_all(db).await?,
            stored_funds: anju_store::load_all(db).await?,
            stored_layers: anju_store::load_all(db).await?,
            new_areas: Changes::default(),
            households: Households::default(),
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
    fn take(
        &mut self,
        workspace: &Workspace,
        source: Source,
        profiles: &[ColumnProfile],
    ) -> Result<(FileOutcome, Option<Workbook>), AppError> {
        let kind = source.kind();
        let seen = self
            .known_files
            .get(&source.name)
            .is_some_and(|file| file.value.sha256 == source.sha256 && file.value.records_refused == 0);
        let Source {
            name,
            sha256,
            content,
        } = source;
        let (read, refused, workbook) = match content {
            Content::Table { sheet, kind } => {
                let sheets = [sheet];
                match recognise(&sheets, profiles, Some(kind))?.first() {
                    Some(table) => self.take_table(workspace, seen, table)?,
                    None => (0, 0, None),
                }
            }
            Content::Vector {
                layer,
                kind,
                source_crs,
            } => {
                let features = layer.features.len() as u64;
                if !seen {
                    let bytes = crate::land::layers::encode_vector(&layer);
                    let stored = workspace.store_file("application/geo+json", &name, &bytes)?;
                    self.take_layer(workspace, &name, kind, source_crs, features, stored);
                }
                (features, 0, None)
            }
            Content::Elevation { raster, source_crs } => {
                if !seen {
                    let stored = crate::land::layers::store_geotiff(workspace, &name, &raster)?;
                    let cells = (raster.rows * raster.cols) as u64;
                    self.take_layer(workspace, &name, LayerKind::Elevation, source_crs, cells, stored);
                }
                (1, 0, None)
            }
        };
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
            },
            workbook,
        ))
    }

    fn take_table(
        &mut self,
        workspace: &Workspace,
        seen: bool,
        table: &Table<'_>,
    ) -> Result<(u64, u64, Option<Workbook>), AppError> {
        let index = AreaIndex::new(&self.areas.values().cloned().collect::<Vec<_>>());
        let new_id = || workspace.new_id();
        match table.kind {
            FileKind::Areas => {
                let parsed = anju_exchange::areas::read_areas(table);
                finish(table, parsed, |area| self.take_area(area))
            }
            FileKind::Register => {
                let parsed = anju_exchange::register::read_register(table, &index);
                finish(table, parsed, |record| self.take_household(workspace, record))
            }
            FileKind::Consent => {
                let mut parsed = anju_exchange::consent::read_consent(table, &index);
                let known = |number: &str| {
                    self.households.added.contains_key(number) || self.stored_households.contains_key(number)
                };
                refuse_unknown(&mut parsed, table, &known);
                finish(table, parsed, |record| self.take_consent(record))
            }
            FileKind::ThreatenedHouseholds => {
                let parsed = anju_exchange::threatened::read_threatened(table, &index, new_id);
                if !seen {
                    let old = std::mem::take(&mut self.stored_threatened);
                    let (gone, rest) = old
                        .into_iter()
                        .partition(|stored| stored.value.file == table.sheet.file);
                    self.stored_threatened = rest;
                    self.threatened.retired.extend::<Vec<_>>(gone);
                }
                finish(table, parsed, |record| {
                    if !seen {
                        self.threatened.added.push(record);
                    }
                })
            }
            FileKind::StockHousing => {
                let parsed = anju_exchange::stock_housing::read_stock_housing(table, &index, new_id);
                if !seen {
                    self.stock.retired.append(&mut self.stored_stock);
                }
                finish(table, parsed, |offer| {
                    if !seen {
                        self.stock.added.push(offer);
                    }
                })
            }
            FileKind::Funds => {
                let parsed = anju_exchange::funds::read_funds(table, new_id);
                if !seen {
                    self.funds.retired.append(&mut self.stored_funds);
                }
                finish(table, parsed, |fund| {
                    if !seen {
                        self.funds.added.push(fund);
                    }
                })
            }
            FileKind::CivilRegistry
            | FileKind::SocialInsurance
            | FileKind::Vehicles
            | FileKind::RealEstate
            | FileKind::Companies
            | FileKind::PublicPayroll => {
                let Some(parsed) = anju_exchange::extract::read_extract(table, new_id) else {
                    return Ok((0, 0, None));
                };
                if !seen {
                    // A new extract of the same name takes the place of the old one.
                    self.extracts
                        .retired
                        .extend(self.stored_extracts.remove(&table.sheet.file).unwrap_or_default());
                }
                finish(table, parsed, |record| {
                    if !seen {
                        self.extracts.added.push(record);
                    }
                })
            }
            // Layers are no tables; the recognition of tables never gives these kinds.
            FileKind::VectorLayer | FileKind::Elevation => Ok((0, 0, None)),
        }
    }

    fn take_area(&mut self, area: Area) {
        match self.areas.get(&area.code) {
            Some(before) if *before == area => {}
            // An area that is there already keeps its name: renaming is a decision of its own.
            Some(_) => {}
            None => {
                self.new_areas.added.push(area.clone());
                self.areas.insert(area.code.clone(), area);
            }
        }
    }

    fn take_household(&mut self, workspace: &Workspace, record: HouseholdRecord) {
        let number = record.facts.register_number.clone();
        match self.stored_households.get(&number) {
            Some(stored) => {
                let members = keep_identities(workspace, &stored.value.members, record.members);
                let value = Household {
                    id: stored.value.id,
                    facts: record.facts,
                    members,
                    consent: stored.value.consent.clone(),
                };
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
                };
                self.households.added.insert(number, household);
            }
        }
    }

    fn take_consent(&mut self, record: ConsentRecord) {
        let number = &record.register_number;
        if let Some(household) = self.households.added.get_mut(number) {
            household.consent = Some(record.consent);
        } else if let Some(household) = self.households.changed.get_mut(number) {
            household.value.consent = Some(record.consent);
        } else if let Some(stored) = self.stored_households.get(number)
            && stored.value.consent.as_ref() != Some(&record.consent)
        {
            let mut changed = stored.clone();
            changed.value.consent = Some(record.consent);
            self.households.changed.insert(number.clone(), changed);
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

    /// Writes everything in one transaction; nothing to write is no transaction.
    async fn write(self, workspace: &Workspace, caller: &Caller) -> Result<(), AppError> {
        let households = Changes {
            added: self.households.added.into_values().collect(),
            changed: self.households.changed.into_values().collect(),
            retired: Vec::new(),
        };
        let nothing = self.new_areas.is_empty()
            && households.is_empty()
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
        transaction.insert_attachments(&self.attachments).await?;
        self.new_areas.write(&mut transaction).await?;
        households.write(&mut transaction).await?;
        self.extracts.write(&mut transaction).await?;
        self.threatened.write(&mut transaction).await?;
        self.stock.write(&mut transaction).await?;
        self.funds.write(&mut transaction).await?;
        self.layers.write(&mut transaction).await?;
        self.files.write(&mut transaction).await?;
        transaction.commit().await
    }
}

/// Hands the good records on, and makes the error workbook of the refused ones.
fn finish<T>(
    table: &Table<'_>,
    parsed: Parsed<T>,
    mut take: impl FnMut(T),
) -> Result<(u64, u64, Option<Workbook>), AppError> {
    parsed.records.into_iter().for_each(&mut take);
    let refused: u64 = parsed.refused.iter().map(|rows| rows.rows.len() as u64).sum();
    let workbook = if parsed.refused.is_empty() {
        None
    } else {
        let stem = Path::new(&table.sheet.file)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bytes = anju_exchange::workbook::error_workbook(table, &parsed.refused)?;
        Some((format!("{stem}-待更正.xlsx"), bytes))
    };
    Ok((parsed.rows_read, refused, workbook))
}

/// Holds back consent of households that the register does not have.
fn refuse_unknown(parsed: &mut Parsed<ConsentRecord>, table: &Table<'_>, known: &dyn Fn(&str) -> bool) {
    let (good, unknown): (Vec<_>, Vec<_>) = std::mem::take(&mut parsed.records)
        .into_iter()
        .partition(|record| known(&record.register_number));
    parsed.records = good;
    parsed.refused.extend(unknown.into_iter().map(|record| RefusedRows {
        rows: vec![record.row],
        cells: vec![CellProblem {
            row: record.row,
            column: table.columns.get("register_number").map(|&column| column as u32),
            header: table.header("register_number"),
            value: record.register_number,
            reason: Text::new("名册中没有这一户", "the register has no such household"),
            remedy: Text::new(
                "更正户编号;若该户因有误而退回,先导入更正后的名册,再导入本表",
                "correct the number; if the household itself was refused, import its corrected list first, then this one",
            ),
        }],
    }));
    parsed
        .refused
        .sort_by_key(|refused| refused.rows.first().copied());
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
