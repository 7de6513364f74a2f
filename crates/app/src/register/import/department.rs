//! Departments' data handed in by the department itself, or by the office for it, through the web app.
//!
//! A department user imports what the own department gives and nothing else: neither another kind of file, nor one under
//! the name of another's file, whose records it would replace.

use std::path::{Path, PathBuf};

use anju_exchange::CellProblem;
use anju_exchange::poverty_roster::ListSource;
use anju_model::access::Action;
use anju_model::code_list::Text;
use anju_model::register::FileKind;
use serde::Serialize;

use super::source::Source;
use super::{Options, Outcome, list_name, run};
use crate::{AppError, Caller, Problem, Progress, Workspace};

/// Largest file that is taken in, in bytes.
pub const EXTRACT_BYTES: usize = 64 << 20;

/// What came of a file, or of one sheet of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ImportedExtract {
    /// File, and sheet in it.
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
    /// The first cells for which rows were refused.
    pub refused_for: Vec<CellView>,
    /// The first cells that could not be read and were left out of a record that was accepted without them.
    pub left_out: Vec<CellView>,
}

/// A cell that was not understood.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ImportedCell)]
pub struct CellView {
    /// Row, counted from 1.
    pub row: u32,
    /// Header of the column.
    pub header: String,
    /// The cell as a person sees it.
    pub value: String,
    /// What is wrong.
    pub reason: Text,
    /// What to do.
    pub remedy: Text,
}

impl From<CellProblem> for CellView {
    fn from(cell: CellProblem) -> Self {
        Self {
            row: cell.row,
            header: cell.header,
            value: cell.value,
            reason: cell.reason,
            remedy: cell.remedy,
        }
    }
}

/// Imports one file of departments' data: all of it, or, when it cannot be used, nothing. A file of a name that was
/// imported before replaces that one's records.
///
/// # Errors
/// When the caller may not; [`AppError::Files`] or [`AppError::Invalid`] for a file that cannot be used;
/// [`AppError::FileTooLarge`]; `other_data` for what is no data of the caller's department, `file_of_others` for another's file of that name.
pub async fn import(
    workspace: &Workspace,
    caller: &Caller,
    name: &str,
    bytes: Vec<u8>,
    list_source: ListSource,
) -> Result<Vec<ImportedExtract>, AppError> {
    let kinds = caller.department_data(Action::ImportExtracts, &workspace.county().code)?;
    if bytes.len() > EXTRACT_BYTES {
        return Err(AppError::FileTooLarge {
            limit: EXTRACT_BYTES as u64,
        });
    }
    let plain =
        anju_model::roster::is_line(name) && Path::new(name).file_name().is_some_and(|file| file == name);
    if !plain || name.starts_with('.') || name.contains(['/', '\\', ':']) {
        return Err(AppError::invalid(
            "file_name",
            "name",
            "文件须有名称,不含路径",
            "the file needs a name without a path",
        ));
    }
    // Files are read from disk; this one is gone again however the import ends.
    let folder = Upload::new(workspace)?;
    let file = folder.0.join(name);
    tokio::fs::write(&file, bytes)
        .await
        .map_err(AppError::io(&file))?;
    let options = Options {
        errors: folder.0.join("errors"),
        profile: None,
        crs: None,
        layer: None,
        keep_going: false,
        list_source,
    };
    let outcome = run(
        workspace,
        caller,
        std::slice::from_ref(&file),
        &options,
        Some(kinds),
        &Progress::default(),
    )
    .await
    .map_err(|error| without_folder(error, &folder.0, name))?;
    Ok(shown(outcome))
}

/// What is wrong with a file, by its own name: where it lay for the import is nobody's business.
fn without_folder(error: AppError, folder: &Path, name: &str) -> AppError {
    let AppError::Files(problems) = error else {
        return error;
    };
    let path = folder.join(name).display().to_string();
    let told = |text: &str| text.replace(&path, name);
    AppError::Files(
        problems
            .into_iter()
            .map(|problem| Problem {
                code: problem.code,
                place: told(&problem.place),
                detail: Text::new(told(&problem.detail.zh), told(&problem.detail.en)),
            })
            .collect(),
    )
}

fn shown(outcome: Outcome) -> Vec<ImportedExtract> {
    let files = outcome.files.into_iter();
    let cells = |cells: Vec<CellProblem>| cells.into_iter().map(CellView::from).collect();
    files
        .map(|file| ImportedExtract {
            name: file.name,
            kind: file.kind,
            read: file.read,
            accepted: file.accepted,
            refused: file.refused,
            unused_headers: file.unused_headers,
            refused_for: cells(file.refused_for),
            left_out: cells(file.left_out),
        })
        .collect()
}

/// A folder for one file, removed with it.
struct Upload(PathBuf);

impl Upload {
    fn new(workspace: &Workspace) -> Result<Self, AppError> {
        let folder = workspace
            .root()
            .join("uploads")
            .join(workspace.new_id().to_string());
        std::fs::create_dir_all(&folder).map_err(AppError::io(&folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "an uploaded file could not be removed");
        }
    }
}

/// Checks that all sources are of these kinds and replace no others' records.
pub(super) async fn check_sources(
    workspace: &Workspace,
    sources: &[Source],
    kinds: &[FileKind],
) -> Result<(), AppError> {
    let names = |of: fn(FileKind) -> &'static str| kinds.iter().map(|kind| of(*kind)).collect::<Vec<_>>();
    let known = anju_store::exchange::imported_files(workspace.db(), 0).await?;
    for source in sources {
        let kind = source.kind();
        if !kinds.contains(&kind) {
            return Err(AppError::invalid(
                "other_data",
                source.name.clone(),
                format!(
                    "{} 是{},您只能导入:{}",
                    source.name,
                    kind.zh(),
                    names(FileKind::zh).join("、")
                ),
                format!(
                    "{} holds {}; you can import {} here",
                    source.name,
                    kind.en(),
                    names(FileKind::en).join(", ")
                ),
            ));
        }
        let others = known
            .iter()
            .find(|file| list_name(&file.name) == list_name(&source.name) && file.kind != kind);
        if let Some(others) = others {
            return Err(AppError::invalid(
                "file_of_others",
                source.name.clone(),
                format!("已有同名文件 {},内容不同类;请改名后再导入", others.name),
                format!(
                    "there is a file {} of that name that holds other data; rename yours and import it again",
                    others.name
                ),
            ));
        }
    }
    Ok(())
}
