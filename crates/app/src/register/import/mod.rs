//! Import: from the office's files to rows and ledger entries.
//!
//! All files are read before anything is written, and everything is written in one transaction. A file that cannot be used
//! stops the whole import (or is left out, when the user says so); a row that cannot be used goes into an error workbook,
//! and the rest of its file is stored. A household is stored whole or held back whole. Importing what is stored already
//! changes nothing. Memory holds the files' cells, packed, and some thousand households at a time.

mod areas;
pub mod department;
mod households;
mod source;
mod stage;

use std::path::{Path, PathBuf};

use anju_exchange::CellProblem;
use anju_exchange::header::ColumnProfile;
pub use anju_exchange::poverty_roster::ListSource;
use anju_model::access::Action;
use anju_model::land::LayerKind;
use anju_model::register::{FileKind, Household};
use serde::Serialize;

use self::source::{find_files, read_all};
use self::stage::Stage;
use crate::{AppError, Caller, Problem, Progress, Workspace};

/// Cells left out that an outcome shows of one file; the others are counted.
const SHOWN_CELLS: usize = 20;

/// Cells that an outcome shows of those for which one file's rows were refused; all are in the error workbook.
const SHOWN_REFUSALS: usize = 200;

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
    /// Document and office of approved lists whose rows do not say them.
    pub list_source: ListSource,
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
    /// Headers that no field was found for: their columns were not read.
    pub unused_headers: Vec<String>,
    /// Cells that could not be read and were left out of a record that was accepted without them.
    pub cells_left_out: u64,
    /// The first of those cells.
    pub left_out: Vec<CellProblem>,
    /// The first cells for which rows were refused.
    pub refused_for: Vec<CellProblem>,
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
    let county = &workspace.county().code;
    // Whoever may not import everything may import departments' data, and nothing else.
    let only = match caller.require_in(Action::ImportData, county) {
        Ok(()) => None,
        Err(refused) => match caller.department_data(Action::ImportExtracts, county) {
            Ok(kinds) => Some(kinds),
            Err(_) => return Err(refused),
        },
    };
    run(workspace, caller, paths, options, only, progress).await
}

/// Imports, of `only` these kinds where they are named.
async fn run(
    workspace: &Workspace,
    caller: &Caller,
    paths: &[PathBuf],
    options: &Options,
    only: Option<&[FileKind]>,
    progress: &Progress,
) -> Result<Outcome, AppError> {
    progress.report("查找文件", "looking for files", 0.0)?;
    let files = find_files(paths)?;
    let profiles = wanted_profiles(workspace, options).await?;
    let (mut sources, problems) = read_all(workspace, files, &profiles, options, progress).await?;
    if !problems.is_empty() && (!options.keep_going || sources.is_empty()) {
        return Err(AppError::Files(problems));
    }
    if let Some(kinds) = only {
        department::check_sources(workspace, &sources, kinds).await?;
    }
    for index in 0..sources.len() {
        if areas::is_change(workspace, &sources[index], &profiles).await? {
            if sources.len() > 1 {
                return Err(areas::not_alone(&sources[index]));
            }
            progress.report("变更行政区划", "changing areas", 0.5)?;
            let outcome =
                areas::import_changes(workspace, caller, sources.remove(index), &profiles, options).await?;
            progress.report("完成", "done", 1.0)?;
            return Ok(Outcome { problems, ..outcome });
        }
    }
    // Areas name the places in all other tables, households are named by consent records.
    sources.sort_by_key(|source| order(source.kind()));

    // From here on nobody else writes, so that what is compared is what is stored. Nothing is seen of it before the commit,
    // and nothing is left of it should the program end before that.
    let mut transaction = workspace.begin(caller, "import", None).await?;
    if sources.iter().any(|source| source.kind() == FileKind::Register) {
        transaction.expect_many::<Household>().await?;
    }
    let mut stage = Stage::load(workspace, &sources, options.list_source.clone()).await?;
    let mut outcome = Outcome {
        problems,
        ..Outcome::default()
    };
    let mut workbooks: Vec<(String, Vec<u8>)> = Vec::new();
    let rest = sources.split_off(sources.partition_point(|source| source.kind() == FileKind::Areas));
    let count = (sources.len() + rest.len()).max(1) as f32;
    let mut index = 0.0;
    for sources in [sources, rest] {
        stage.read_choices(&sources, &profiles).await?;
        for source in sources {
            let name = source.name.clone();
            let (zh, en) = (
                format!("核对并写入 {name}"),
                format!("comparing and writing {name}"),
            );
            let report = |done: f32| progress.report(&zh, &en, 0.4 + 0.5 * (index + done) / count);
            report(0.0)?;
            let (file, workbook) = stage
                .take(workspace, caller, &mut transaction, source, &profiles, &report)
                .await?;
            index += 1.0;
            outcome.records_read += file.read;
            outcome.records_accepted += file.accepted;
            outcome.records_refused += file.refused;
            workbooks.extend(workbook.map(|bytes| (name, bytes)));
            outcome.files.push(file);
        }
        stage.write_areas(&mut transaction).await?;
    }
    outcome.households_added = stage.households.added.len() as u64;
    outcome.households_changed = stage.households.changed.len() as u64;

    progress.report("写入数据库和账本", "writing rows and ledger entries", 0.9)?;
    for (name, bytes) in workbooks {
        let path = write_error_workbook(&options.errors, &name, &bytes)?;
        outcome.error_workbooks.push(path.display().to_string());
    }
    stage.write(&mut transaction).await?;
    transaction.commit().await?;
    progress.report("完成", "done", 1.0)?;
    Ok(outcome)
}

fn order(kind: FileKind) -> u8 {
    match kind {
        FileKind::Areas => 0,
        FileKind::Register => 1,
        FileKind::Consent => 2,
        FileKind::Income => 3,
        _ => 4,
    }
}

/// What ends the name of an error workbook.
const TO_BE_CORRECTED: &str = "-待更正";

/// Name without extension of the list that a file is or corrects: `名册-待更正-2.xlsx` corrects `名册`.
fn list_name(file: &str) -> &str {
    // A workbook of several sheets has the sheet's name behind a colon.
    let file = file.split(": ").next().unwrap_or(file);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match stem.rsplit_once(TO_BE_CORRECTED) {
        Some((name, number)) if !name.is_empty() && is_number_of_round(number) => name,
        _ => stem,
    }
}

fn is_number_of_round(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix('-')
            .is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Writes an error workbook under a name that is free: one that somebody is correcting is never overwritten. The same
/// workbook is not written twice.
fn write_error_workbook(folder: &Path, source: &str, bytes: &[u8]) -> Result<PathBuf, AppError> {
    std::fs::create_dir_all(folder).map_err(AppError::io(folder))?;
    let name = list_name(source);
    let mut round = 1;
    loop {
        let path = folder.join(match round {
            1 => format!("{name}{TO_BE_CORRECTED}.xlsx"),
            _ => format!("{name}{TO_BE_CORRECTED}-{round}.xlsx"),
        });
        match std::fs::read(&path) {
            Ok(there) if there == bytes => return Ok(path),
            Ok(_) => round += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                std::fs::write(&path, bytes).map_err(AppError::io(&path))?;
                return Ok(path);
            }
            Err(error) => return Err(AppError::io(&path)(error)),
        }
    }
}

async fn wanted_profiles(workspace: &Workspace, options: &Options) -> Result<Vec<ColumnProfile>, AppError> {
    let mut profiles = super::profile::saved(workspace).await?;
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

#[cfg(test)]
mod tests {
    use super::{list_name, write_error_workbook};

    #[test]
    fn a_corrected_workbook_belongs_to_the_list_it_came_from() {
        for (file, list) in [
            ("名册.xlsx", "名册"),
            ("名册-待更正.xlsx", "名册"),
            ("名册-待更正-12.xlsx", "名册"),
            ("名册-待更正-再.xlsx", "名册-待更正-再"),
            ("-待更正.xlsx", "-待更正"),
            ("一.二.csv: 表", "一.二"),
        ] {
            assert_eq!(list_name(file), list, "{file}");
        }
    }

    #[test]
    fn an_error_workbook_under_correction_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let name = |path: std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let write =
            |source: &str, bytes: &[u8]| name(write_error_workbook(folder.path(), source, bytes).unwrap());
        assert_eq!(write("册.csv", b"1"), "册-待更正.xlsx");
        assert_eq!(write("册.csv", b"1"), "册-待更正.xlsx");
        assert_eq!(write("册-待更正.xlsx", b"2"), "册-待更正-2.xlsx");
        assert_eq!(write("册-待更正-2.xlsx", b"3"), "册-待更正-3.xlsx");
        assert_eq!(std::fs::read(folder.path().join("册-待更正.xlsx")).unwrap(), b"1");
    }
}
