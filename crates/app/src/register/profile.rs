//! Column profiles: a saved answer to "which header of our spreadsheets is which field".

use std::collections::BTreeMap;
use std::path::Path;

use anju_exchange::header::{ColumnProfile, fields, recognise};
use anju_exchange::table::{Cell, Sheet, read_table_file};
use anju_model::access::Action;
use anju_model::register::FileKind;
use anju_store::Versioned;
use anju_store::exchange::ImportProfile;

use crate::{AppError, Caller, Workspace};

/// Rows searched for a header that no table is known by.
const HEADER_ROWS: usize = 20;

/// Saves a profile from a TOML file; one of the same name is replaced.
///
/// # Errors
/// When the file is not a profile, or names a field that its kind does not have.
pub async fn save(workspace: &Workspace, caller: &Caller, file: &Path) -> Result<ColumnProfile, AppError> {
    caller.require(Action::ImportData)?;
    let place = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(AppError::io(file))?;
    let mut profile: ColumnProfile = toml::from_str(&text).map_err(|error| {
        AppError::invalid(
            "profile",
            place.clone(),
            format!("不是列对应方案:{error}"),
            format!("this is not a column profile: {error}"),
        )
    })?;
    profile.columns.retain(|_, field| !field.is_empty());
    let known = fields(profile.kind).ok_or_else(|| {
        AppError::invalid(
            "profile",
            place.clone(),
            "该类文件不是表格",
            "files of this kind are no tables",
        )
    })?;
    if let Some((header, field)) = profile
        .columns
        .iter()
        .find(|(_, field)| !known.contains_key(*field))
    {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        return Err(AppError::invalid(
            "profile",
            place,
            format!(
                "“{header}”对应的字段 {field} 不存在;可用字段:{}",
                names.join("、")
            ),
            format!(
                "{header:?} names the field {field}, which does not exist; fields: {}",
                names.join(", ")
            ),
        ));
    }
    let stored: Vec<Versioned<ImportProfile>> = anju_store::load_all(workspace.db()).await?;
    let mapping = serde_json::to_value(&profile).map_err(|error| AppError::Aborted(error.to_string()))?;
    let mut transaction = workspace.begin(caller, "save_profile", None).await?;
    match stored
        .into_iter()
        .find(|stored| stored.value.name == profile.name)
    {
        Some(mut stored) => {
            stored.value.kind = profile.kind;
            stored.value.mapping = mapping;
            transaction.update(&[stored]).await?;
        }
        None => {
            let new = ImportProfile {
                id: workspace.new_id(),
                name: profile.name.clone(),
                kind: profile.kind,
                mapping,
            };
            transaction.insert(&[new]).await?;
        }
    }
    transaction.commit().await?;
    Ok(profile)
}

/// All saved profiles.
///
/// # Errors
/// When the database fails.
pub async fn list(workspace: &Workspace, caller: &Caller) -> Result<Vec<ColumnProfile>, AppError> {
    caller.require(Action::ImportData)?;
    saved(workspace).await
}

/// The saved profiles, for an import, whoever may do it.
pub(super) async fn saved(workspace: &Workspace) -> Result<Vec<ColumnProfile>, AppError> {
    let stored: Vec<Versioned<ImportProfile>> = anju_store::load_all(workspace.db()).await?;
    stored
        .into_iter()
        .map(|stored| {
            serde_json::from_value(stored.value.mapping).map_err(|error| AppError::Aborted(error.to_string()))
        })
        .collect()
}

/// How the columns of a spreadsheet are understood, as a profile to edit and save. A header that is not understood
/// stands there with an empty field; the fields of the kind are listed as comments.
///
/// # Errors
/// When the file cannot be read.
pub async fn show(
    workspace: &Workspace,
    caller: &Caller,
    file: &Path,
    kind: FileKind,
) -> Result<String, AppError> {
    let profiles = list(workspace, caller).await?;
    let sheets = read_table_file(file)?;
    let (kind, columns) = match recognise(&sheets, &profiles, None) {
        Ok(tables) => match tables.first() {
            Some(table) => {
                let of = |column: usize| table.columns.iter().find(|(_, place)| **place == column);
                let headers = table
                    .headers
                    .iter()
                    .enumerate()
                    .filter(|(_, header)| !header.is_empty());
                let columns = headers
                    .map(|(column, header)| {
                        (
                            header.clone(),
                            of(column).map_or("", |(field, _)| field).to_owned(),
                        )
                    })
                    .collect();
                (table.kind, columns)
            }
            None => (kind, BTreeMap::new()),
        },
        Err(_) => (
            kind,
            widest_row(&sheets)
                .map(|header| (header, String::new()))
                .collect(),
        ),
    };
    let name = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let profile = ColumnProfile { name, kind, columns };
    let mut text = String::new();
    for (code, field) in fields(kind).into_iter().flatten() {
        let required = if field.required { " *" } else { "" };
        text.push_str(&format!("# {code}: {} / {}{required}\n", field.zh, field.en));
    }
    text.push_str(&toml::to_string(&profile).map_err(|error| AppError::Aborted(error.to_string()))?);
    Ok(text)
}

/// The texts of the first sheet's row with most of them: most likely its header.
fn widest_row(sheets: &[Sheet]) -> impl Iterator<Item = String> {
    let rows = sheets
        .first()
        .into_iter()
        .flat_map(|sheet| sheet.rows.iter().take(HEADER_ROWS));
    let texts = |row: &Vec<Cell>| row.iter().filter(|cell| matches!(cell, Cell::Text(_))).count();
    // The first of equally wide rows: data follow the header.
    let widest = rows.rev().max_by_key(|row| texts(row));
    widest
        .into_iter()
        .flatten()
        .filter(|cell| !cell.is_blank())
        .map(Cell::shown)
        .collect::<Vec<_>>()
        .into_iter()
}
