//! Departments' data as they were imported: files, and their records masked.

use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::identity::{IdNumber, masked_name};
use anju_model::register::{FileKind, ImportedFile};
use anju_store::Paging;
use anju_store::lookback::{DepartmentRecord, ExtractFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::views::Page;
use crate::{AppError, Caller, Workspace};

/// The data that the caller may see, and what was imported of them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ExtractFiles {
    /// The kinds that the caller may see.
    pub kinds: Vec<FileKind>,
    /// Whether the caller may import such files.
    pub may_import: bool,
    /// The files, the newest first.
    pub files: Vec<ImportedFile>,
}

/// Which records to show.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExtractQuery {
    /// The kind of data.
    pub kind: FileKind,
    /// Only of this file.
    pub file: Option<String>,
    /// Only of this name, or this whole ID number.
    pub search: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// A record as shown: name and ID number masked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ExtractView {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the file it came from.
    pub file: String,
    /// Row in that file, counted from 1.
    pub row: u32,
    /// Name, masked.
    pub name: String,
    /// ID number, masked.
    pub id_number: Option<String>,
    /// Village, where the record says it.
    pub area: Option<AreaCode>,
    /// What else the department knows, by field.
    pub facts: Map<String, Value>,
}

/// The files of departments' data that the caller may see.
///
/// # Errors
/// When the caller may see none.
pub async fn files(workspace: &Workspace, caller: &Caller) -> Result<ExtractFiles, AppError> {
    let county = &workspace.county().code;
    let kinds = caller.department_data(Action::ReadExtracts, county)?;
    let files = anju_store::exchange::imported_files(workspace.db(), 0).await?;
    Ok(ExtractFiles {
        kinds: kinds.to_vec(),
        may_import: caller.department_data(Action::ImportExtracts, county).is_ok(),
        files: files
            .into_iter()
            .filter(|file| kinds.contains(&file.kind))
            .collect(),
    })
}

/// A page of records of one kind.
///
/// # Errors
/// When the caller may not see data of this kind.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &ExtractQuery,
) -> Result<Page<ExtractView>, AppError> {
    let kinds = caller.department_data(Action::ReadExtracts, &workspace.county().code)?;
    if !kinds.contains(&query.kind) {
        return Err(AppError::Forbidden {
            caller: caller.name().to_owned(),
            action: Action::ReadExtracts,
        });
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let filter = ExtractFilter {
        kind: query.kind,
        file: given(&query.file),
        search: given(&query.search).map(|text| text.trim().to_owned()),
    };
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::lookback::department_records(workspace.db(), &filter, &paging).await?;
    let items = page
        .items
        .into_iter()
        .map(view)
        .collect::<Result<_, AppError>>()?;
    Ok(Page {
        items,
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

fn view(record: DepartmentRecord) -> Result<ExtractView, AppError> {
    let hidden = |number: Option<IdNumber>| number.as_ref().map(IdNumber::masked);
    Ok(match record {
        DepartmentRecord::Extract(record) => ExtractView {
            facts: facts(&record.facts, &["register"])?,
            id: record.id,
            file: record.file,
            row: record.row,
            name: masked_name(&record.name),
            id_number: hidden(record.id_number),
            area: None,
        },
        DepartmentRecord::Listing(record) => ExtractView {
            facts: facts(&record, &["id", "file", "row", "name", "id_number", "area"])?,
            id: record.id,
            file: record.file,
            row: record.row,
            name: masked_name(&record.name),
            id_number: hidden(record.id_number),
            area: record.area,
        },
        DepartmentRecord::Threatened(record) => ExtractView {
            facts: facts(
                &record,
                &["id", "file", "row", "head_name", "head_id_number", "area"],
            )?,
            id: record.id,
            file: record.file,
            row: record.row,
            name: masked_name(&record.head_name),
            id_number: hidden(record.head_id_number),
            area: Some(record.area),
        },
    })
}

/// The fields that a record has, but for those that stand elsewhere.
fn facts(record: &impl Serialize, elsewhere: &[&str]) -> Result<Map<String, Value>, AppError> {
    match serde_json::to_value(record).map_err(|error| AppError::Aborted(error.to_string()))? {
        Value::Object(fields) => Ok(fields
            .into_iter()
            .filter(|(name, value)| !value.is_null() && !elsewhere.contains(&name.as_str()))
            .collect()),
        _ => Ok(Map::new()),
    }
}
