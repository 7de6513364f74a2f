//! Bulk changes: records exported as a sheet, edited in Excel, read back as changes, and applied as one batch that a
//! second person approves.
//!
//! [`read`] compares a sheet with the register and keeps what it would change; nothing of the register changes by that.
//! Who read it asks for it with a reason, another person approves or refuses. Approving checks every row once more
//! inside the writer's place and writes all of them or none. [`undo`] makes the opposite batch of an applied one.

mod columns;
mod compare;
mod sheet;

use std::collections::{BTreeSet, HashMap};

use anju_exchange::change_sheet::{ChangeColumn, ChangeTable, write_change_sheet};
use anju_exchange::table::Cell;
use anju_ledger::canonical_json;
use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::bulk::{
    BULK_ROWS, BulkChange, BulkContents, BulkEdit, BulkError, BulkRow, BulkSource, BulkState, FieldCount,
    RefusedRow,
};
use anju_model::code_list::Text;
use anju_model::identity::masked_name;
use anju_model::register::Household;
use anju_store::bulk::BulkFilter;
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::columns::{Title, titles, value, write};
use self::compare::{Compared, Known, Rules, compare, is_personal, mend, new_problems, objection};
pub use self::sheet::{Part, SHEET_BYTES};
use self::sheet::{Wanted, read_file, rows, takes_one_value, write_sheet};
use super::roster::Frozen;
use super::unmask::{Need, Stated, stated};
use super::views::{HouseholdQuery, Page, Rows, wanted_households};
use crate::table::{TableFormat, write_texts};
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// Conflicts named in a refusal; the others are counted.
const NAMED: usize = 10;

impl From<BulkError> for AppError {
    fn from(error: BulkError) -> Self {
        Self::invalid(error.code(), "bulk_change", error.zh(), error.to_string())
    }
}

/// Which households are meant: those that are named, or those that a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// These households, at most 5,000.
    #[serde(default)]
    pub households: Option<Vec<Uuid>>,
    /// Otherwise all that match; order and filters as in the list.
    #[serde(default)]
    pub query: HouseholdQuery,
}

/// Most households that a request names one by one.
const NAMED_HOUSEHOLDS: usize = 5_000;

/// The change sheet that is wanted.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetRequest {
    /// Which households.
    #[serde(default)]
    pub selection: Selection,
    /// Only these columns; all of them when there are none.
    #[serde(default)]
    pub fields: BTreeSet<String>,
    /// What personal data is needed for; masked without it.
    #[serde(default)]
    pub need: Option<Need>,
    /// File format.
    pub format: SheetFormat,
    /// Which table a CSV file holds.
    #[serde(default)]
    pub part: Part,
}

/// File format of a change sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SheetFormat {
    /// Excel workbook with both tables.
    Xlsx,
    /// One table, comma-separated.
    Csv,
}

impl From<SheetFormat> for TableFormat {
    fn from(format: SheetFormat) -> Self {
        match format {
            SheetFormat::Xlsx => Self::Xlsx,
            SheetFormat::Csv => Self::Csv,
        }
    }
}

/// How a sheet that came back is read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Columns whose emptied cells are changes.
    pub clear: BTreeSet<String>,
    /// What personal data is changed for; without it no personal data may change.
    pub need: Option<Need>,
}

/// One value for a field of many households.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneValue {
    /// Which households.
    pub selection: Selection,
    /// Column.
    pub field: String,
    /// The new value in words; none empties the field.
    pub value: Option<String>,
}

/// Which bulk changes to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct BulkQuery {
    /// Only this state.
    pub state: Option<BulkState>,
    /// Only the caller's own, or only those of others.
    pub mine: Option<bool>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Which rows of a bulk change to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RowQuery {
    /// Only rows that change this field.
    pub field: Option<String>,
    /// Only this register number, or the beginning of it.
    pub search: Option<String>,
    /// Rows passed over.
    pub offset: usize,
    /// Rows wanted, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// A step of a bulk change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkStep {
    /// Ask for it, with a reason.
    Ask,
    /// Approve it, which applies it.
    Approve,
    /// Refuse it, with a reason.
    Refuse,
    /// Take it back.
    Withdraw,
}

/// A column as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ColumnView {
    /// Stable name.
    pub field: &'static str,
    /// Whether it is one of members.
    pub member: bool,
    /// What it is called.
    pub title: Text,
    /// Whether it is personal data.
    pub personal: bool,
    /// Whether it can be emptied.
    pub clearable: bool,
    /// Whether many households can get one value at once.
    pub one_value: bool,
    /// The values it can have, where there is a list of them.
    pub choices: Vec<Text>,
}

/// A bulk change as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BulkView {
    /// All of it.
    #[serde(flatten)]
    pub change: BulkChange,
    /// Stored version, to be sent back with a step.
    pub version: i64,
    /// Name of the area.
    pub area_name: String,
    /// What the fields are called.
    pub titles: Vec<Text>,
    /// The batch that undoes it, when one was asked for or applied.
    pub undone_by: Option<Uuid>,
    /// The steps that the caller may take now.
    pub steps: Vec<BulkStep>,
    /// Whether the caller may undo it now.
    pub may_undo: bool,
}

/// What a bulk change changes of one household.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BulkRowView {
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Township, village and group.
    pub area_name: String,
    /// Each field before and after.
    pub edits: Vec<EditView>,
}

/// A field before and after, as shown: personal data masked but for who asked and who decides.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EditView {
    /// The member, of whose field it is.
    pub person: Option<Uuid>,
    /// Name of the member.
    pub person_name: Option<String>,
    /// Column.
    pub field: String,
    /// What the column is called.
    pub title: Text,
    /// Before; empty where there was nothing.
    pub before: Text,
    /// After; empty where nothing is left.
    pub after: Text,
}

/// The columns of change sheets, in their order.
///
/// # Errors
/// When the caller may not read the register.
pub fn columns(caller: &Caller) -> Result<Vec<ColumnView>, AppError> {
    caller.require(Action::ReadRegister)?;
    Ok(titles()
        .map(|title| ColumnView {
            field: title.field,
            member: title.member,
            title: Text::new(title.zh, title.en),
            personal: title.mask.is_some(),
            clearable: title.clearable,
            one_value: takes_one_value(&title),
            choices: title.kind.names(),
        })
        .collect())
}

/// The households of a selection, whole, in the order of the list.
async fn selected(
    workspace: &Workspace,
    caller: &Caller,
    selection: &Selection,
) -> Result<Vec<Versioned<Household>>, AppError> {
    let mut filter = wanted_households(workspace, caller, Action::AskBulkChange, &selection.query).await?;
    let paging = Paging {
        after: None,
        limit: BULK_ROWS as u32,
    };
    if let Some(households) = &selection.households {
        if households.len() > NAMED_HOUSEHOLDS {
            return Err(too_many(households.len() as u64, NAMED_HOUSEHOLDS));
        }
        filter.households = Some(households.clone());
    }
    let page = anju_store::register::households(workspace.db(), &filter, &paging).await?;
    if page.total > BULK_ROWS as u64 {
        return Err(too_many(page.total, BULK_ROWS));
    }
    let ids: Vec<String> = page.items.iter().map(|row| row.id.to_string()).collect();
    let loaded: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    let mut loaded: HashMap<Uuid, Versioned<Household>> = loaded
        .into_iter()
        .map(|stored| (stored.value.id, stored))
        .collect();
    Ok(page
        .items
        .iter()
        .filter_map(|row| loaded.remove(&row.id))
        .collect())
}

fn too_many(found: u64, most: usize) -> AppError {
    AppError::invalid(
        "too_many_rows",
        "selection",
        format!("选中 {found} 户,一批最多 {most} 户;请缩小筛选范围"),
        format!("{found} households are selected, a batch has at most {most}; narrow the filter"),
    )
}

/// The stored purpose of a caller who needs personal data.
fn purpose(caller: &Caller, need: Option<&Need>) -> Result<Option<Stated>, AppError> {
    need.map(|need| {
        caller.require(Action::UnmaskData)?;
        stated(need.clone())
    })
    .transpose()
}

/// A change sheet. With a purpose personal data is whole, and that the caller saw it is on the ledger before.
///
/// # Errors
/// When the caller may not, too many households match, or a column is unknown.
pub async fn change_sheet(
    workspace: &Workspace,
    caller: &Caller,
    request: &SheetRequest,
) -> Result<Vec<u8>, AppError> {
    caller.require(Action::AskBulkChange)?;
    known_fields(&request.fields)?;
    let stated = purpose(caller, request.need.as_ref())?;
    let households = selected(workspace, caller, &request.selection).await?;
    if let Some(stated) = &stated {
        let seen: Vec<(Uuid, AreaCode)> = households
            .iter()
            .map(|stored| (stored.value.id, stored.value.facts.area.clone()))
            .collect();
        let mut transaction = workspace
            .begin(caller, "export_change_sheet", Some(stated.reason.clone()))
            .await?;
        transaction
            .insert(&stated.records(workspace, caller, seen))
            .await?;
        transaction.commit().await?;
    }
    let areas = workspace.areas().await?;
    write_sheet(
        &households,
        &areas,
        &Wanted {
            fields: &request.fields,
            whole: stated.is_some(),
            format: request.format.into(),
            part: request.part,
        },
    )
}

fn known_fields(fields: &BTreeSet<String>) -> Result<(), AppError> {
    match fields
        .iter()
        .find(|field| titles().all(|title| title.field != **field))
    {
        None => Ok(()),
        Some(field) => {
            let names: Vec<&str> = titles().map(|title| title.field).collect();
            Err(AppError::invalid(
                "unknown_field",
                field.clone(),
                format!("没有名为 {field} 的列;可用的列:{}", names.join("、")),
                format!("there is no column {field}; the columns are {}", names.join(", ")),
            ))
        }
    }
}

/// Reads a sheet that came back and keeps what it would change, as a batch to be asked for.
///
/// # Errors
/// When the caller may not, the file cannot be used, or a column to be emptied is unknown. Rows that cannot be used are
/// in the batch, refused with their reasons.
pub async fn read(
    workspace: &Workspace,
    caller: &Caller,
    name: &str,
    bytes: Vec<u8>,
    reading: &Reading,
) -> Result<BulkView, AppError> {
    caller.require(Action::AskBulkChange)?;
    known_fields(&reading.clear)?;
    let stated = purpose(caller, reading.need.as_ref())?;
    if !anju_model::roster::is_line(name) {
        return Err(AppError::invalid(
            "file_name",
            "name",
            "文件须有名称",
            "the file needs a name",
        ));
    }
    let sheets = read_file(name, bytes)?;
    let (rows, unknown) = rows(name, &sheets)?;
    let mut known = Known::default();
    let numbers: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.household.is_none())
        .filter_map(|row| row.number.clone())
        .collect();
    let ids: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.household)
        .map(|id| id.to_string())
        .collect();
    let by_id: Vec<Versioned<Household>> =
        anju_store::load_many(workspace.db(), &ids.into_iter().collect::<Vec<_>>()).await?;
    let numbers: Vec<String> = numbers.into_iter().collect();
    let by_number = anju_store::bulk::households_by_numbers(workspace.db(), &numbers).await?;
    for stored in by_id.into_iter().chain(by_number) {
        // What lies outside the caller's area is as unknown as what does not exist.
        if caller.area().contains(&stored.value.facts.area) {
            known
                .numbers
                .insert(stored.value.facts.register_number.clone(), stored.value.id);
            known.households.insert(stored.value.id, stored);
        }
    }
    for row in &rows {
        let id = row
            .household
            .or_else(|| known.numbers.get(row.number.as_deref()?).copied());
        let (Some(id), Some(version)) = (id, row.version) else {
            continue;
        };
        let stale = known
            .households
            .get(&id)
            .is_some_and(|stored| version < stored.version);
        if stale
            && !known.older.contains_key(&(id, version))
            && let Some(older) = anju_store::bulk::household_at_version(workspace.db(), id, version).await?
        {
            known.older.insert((id, version), older);
        }
    }
    let areas = workspace.areas().await?;
    let frozen = Frozen::load(workspace).await?;
    let compared = compare(
        &rows,
        &known,
        &Rules {
            clear: &reading.clear,
            personal: stated.is_some(),
            frozen: &frozen,
            areas: &areas,
            today: workspace.today(),
        },
    );
    let new = NewBatch {
        title: name.to_owned(),
        source: BulkSource::Sheet,
        undoes: None,
        unknown_columns: unknown,
    };
    keep(workspace, caller, new, compared, stated.as_ref()).await
}

struct NewBatch {
    title: String,
    source: BulkSource,
    undoes: Option<Uuid>,
    unknown_columns: Vec<String>,
}

async fn keep(
    workspace: &Workspace,
    caller: &Caller,
    new: NewBatch,
    compared: Compared,
    stated: Option<&Stated>,
) -> Result<BulkView, AppError> {
    let Compared {
        contents,
        read,
        unchanged,
        personal,
    } = compared;
    if contents.rows.len() > BULK_ROWS {
        return Err(too_many(contents.rows.len() as u64, BULK_ROWS));
    }
    let document = canonical_json(&contents).map_err(|error| AppError::Aborted(error.to_string()))?;
    let id = workspace.new_id();
    let attachment = workspace.store_file(
        "application/json",
        &format!("bulk-{id}.json"),
        document.as_bytes(),
    )?;
    let refused: BTreeSet<(&str, u32)> = contents
        .refused
        .iter()
        .map(|row| (row.file.as_str(), row.row))
        .collect();
    let batch = BulkChange {
        id,
        title: new.title,
        area: caller.area().clone(),
        source: new.source,
        undoes: new.undoes,
        hash: attachment.hash.clone(),
        rows_read: read,
        rows_unchanged: unchanged,
        rows_refused: match new.source {
            BulkSource::Sheet => refused.len() as u64,
            BulkSource::Edit | BulkSource::Undo => contents.refused.len() as u64,
        },
        households: contents.rows.len() as u64,
        fields: counts(&contents.rows),
        unknown_columns: new.unknown_columns,
        personal: !personal.is_empty(),
        state: BulkState::Read,
        asked_by: caller.name().to_owned(),
        asked_at: workspace.now(),
        reason: None,
        decision: None,
    };
    let command = match new.source {
        BulkSource::Sheet => "read_change_sheet",
        BulkSource::Edit => "prepare_bulk_edit",
        BulkSource::Undo => "prepare_bulk_undo",
    };
    let reason = stated.map(|stated| stated.reason.clone());
    let mut transaction = workspace.begin(caller, command, reason).await?;
    transaction.insert_attachments(&[attachment]).await?;
    transaction.insert(std::slice::from_ref(&batch)).await?;
    if let Some(stated) = stated {
        let wanted: BTreeSet<Uuid> = personal.into_iter().collect();
        let seen = contents
            .rows
            .iter()
            .filter(|row| wanted.contains(&row.household))
            .map(|row| (row.household, row.area.clone()))
            .collect();
        transaction
            .insert(&stated.records(workspace, caller, seen))
            .await?;
    }
    transaction.commit().await?;
    show(workspace, caller, id).await
}

fn counts(rows: &[BulkRow]) -> Vec<FieldCount> {
    let mut counted: HashMap<(&str, bool), u64> = HashMap::new();
    for edit in rows.iter().flat_map(|row| &row.edits) {
        *counted.entry((&edit.field, edit.person.is_some())).or_default() += 1;
    }
    titles()
        .filter_map(|title| {
            Some(FieldCount {
                field: title.field.to_owned(),
                member: title.member,
                changes: *counted.get(&(title.field, title.member))?,
            })
        })
        .collect()
}

/// Gives many households one value, as a batch to be asked for.
///
/// # Errors
/// When the caller may not, the column takes no common value, or the value cannot be read.
pub async fn edit(workspace: &Workspace, caller: &Caller, wanted: &OneValue) -> Result<BulkView, AppError> {
    caller.require(Action::AskBulkChange)?;
    if let Some(area) = &wanted.selection.query.area {
        caller.narrow(Action::AskBulkChange, Some(area))?;
    }
    let title = columns::title(&wanted.field, false)
        .filter(takes_one_value)
        .ok_or_else(|| {
            let names: Vec<&str> = titles()
                .filter(takes_one_value)
                .map(|title| title.field)
                .collect();
            AppError::invalid(
                "unknown_field",
                wanted.field.clone(),
                format!("这一列不能统一修改;可以统一修改的列:{}", names.join("、")),
                format!(
                    "this column takes no common value; those that do are {}",
                    names.join(", ")
                ),
            )
        })?;
    let refused = |zh: String, en: String| AppError::invalid("bulk_value", wanted.field.clone(), zh, en);
    let new = match wanted
        .value
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        None => None,
        Some(text) => title
            .kind
            .parse(&Cell::Text(text.to_owned()))
            .map_err(|problem| {
                refused(
                    format!("{};{}", problem.reason.zh, problem.remedy.zh),
                    format!("{}; {}", problem.reason.en, problem.remedy.en),
                )
            })?,
    };
    if new.is_none() && !title.clearable {
        return Err(refused(
            format!("{}不能为空", title.zh),
            format!("{} cannot be empty", title.en),
        ));
    }
    let households = selected(workspace, caller, &wanted.selection).await?;
    let frozen = Frozen::load(workspace).await?;
    let mut compared = Compared {
        read: households.len() as u64,
        ..Compared::default()
    };
    for stored in households {
        let household = stored.value;
        let before = value(&household, None, title.field).flatten();
        if before == new {
            compared.unchanged += 1;
            continue;
        }
        let edits = vec![BulkEdit {
            person: None,
            field: title.field.to_owned(),
            before,
            after: new.clone(),
        }];
        match objection_or_problem(workspace, &household, &edits, &frozen) {
            Some((column, reason, remedy)) => {
                compared
                    .contents
                    .refused
                    .push(without_file(&household, &column, reason, remedy));
            }
            None => compared.contents.rows.push(BulkRow {
                household: household.id,
                register_number: household.facts.register_number,
                area: household.facts.area,
                edits,
            }),
        }
    }
    compared
        .contents
        .rows
        .sort_by(|a, b| a.register_number.cmp(&b.register_number));
    let shown = new
        .as_deref()
        .map_or_else(|| "(空)".to_owned(), |new| title.kind.shown(new).zh);
    let new = NewBatch {
        title: format!("{} = {shown}", title.zh),
        source: BulkSource::Edit,
        undoes: None,
        unknown_columns: Vec::new(),
    };
    keep(workspace, caller, new, compared, None).await
}

/// Why a household may not change in this way, or what would then be wrong with it.
fn objection_or_problem(
    workspace: &Workspace,
    household: &Household,
    edits: &[BulkEdit],
    frozen: &Frozen,
) -> Option<(String, Text, Text)> {
    objection(household, edits, frozen).or_else(|| {
        let problem = new_problems(household, edits, workspace.today())
            .into_iter()
            .next()?;
        Some((String::new(), problem.detail, mend()))
    })
}

fn without_file(household: &Household, column: &str, reason: Text, remedy: Text) -> RefusedRow {
    RefusedRow {
        file: String::new(),
        row: 0,
        register_number: household.facts.register_number.clone(),
        column: column.to_owned(),
        value: String::new(),
        stored: None,
        reason,
        remedy,
        personal: false,
    }
}

/// Makes the opposite of an applied batch, to be asked for. Fields that were changed since stay as they are and are
/// reported. A batch with personal data needs a purpose as any change of it does.
///
/// # Errors
/// When the caller may not, the batch is not applied, or is undone already.
pub async fn undo(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    need: Option<&Need>,
) -> Result<BulkView, AppError> {
    let batch = load(workspace, caller, id).await?.value;
    caller.require_in(Action::AskBulkChange, &batch.area)?;
    if batch.state != BulkState::Approved {
        return Err(BulkError::State(batch.state).into());
    }
    if undone_by(workspace, &batch).await?.is_some() {
        return Err(AppError::invalid(
            "bulk_undone",
            batch.title,
            "这批变更已有人撤销或提出撤销",
            "somebody undid this batch or asked to",
        ));
    }
    if batch.personal && need.is_none() {
        return Err(AppError::invalid(
            "purpose_missing",
            batch.title,
            "这批变更含个人信息,撤销也须写明用途",
            "the batch holds personal data; undoing it needs a stated purpose too",
        ));
    }
    let stated = purpose(caller, need)?;
    let contents = contents(workspace, &batch)?;
    let households = by_id(workspace, &contents.rows).await?;
    let frozen = Frozen::load(workspace).await?;
    let mut compared = Compared {
        read: contents.rows.len() as u64,
        ..Compared::default()
    };
    for row in &contents.rows {
        let stored = households
            .get(&row.household)
            .filter(|stored| caller.area().contains(&stored.value.facts.area));
        let Some(stored) = stored else {
            compared.contents.refused.push(RefusedRow {
                register_number: row.register_number.clone(),
                ..without_place(gone())
            });
            continue;
        };
        let household = &stored.value;
        let mut edits = Vec::new();
        for edit in &row.edits {
            let stands = value(household, edit.person, &edit.field).flatten();
            if stands == edit.after {
                edits.push(BulkEdit {
                    before: edit.after.clone(),
                    after: edit.before.clone(),
                    ..edit.clone()
                });
            } else {
                compared
                    .contents
                    .refused
                    .push(changed_since(household, edit, stands));
            }
        }
        if let Some((column, reason, remedy)) = objection_or_problem(workspace, household, &edits, &frozen) {
            compared
                .contents
                .refused
                .push(without_file(household, &column, reason, remedy));
        } else if !edits.is_empty() {
            if edits.iter().any(is_personal) {
                compared.personal.push(household.id);
            }
            compared.contents.rows.push(BulkRow {
                household: household.id,
                register_number: household.facts.register_number.clone(),
                area: household.facts.area.clone(),
                edits,
            });
        }
    }
    let new = NewBatch {
        title: batch.title,
        source: BulkSource::Undo,
        undoes: Some(id),
        unknown_columns: Vec::new(),
    };
    keep(workspace, caller, new, compared, stated.as_ref()).await
}

fn gone() -> (Text, Text) {
    (
        Text::new(
            "名册中已没有这一户,或它不在您的辖区",
            "the household is gone, or outside your area",
        ),
        Text::new("核对该户的去向", "find out what became of it"),
    )
}

fn without_place((reason, remedy): (Text, Text)) -> RefusedRow {
    RefusedRow {
        file: String::new(),
        row: 0,
        register_number: String::new(),
        column: String::new(),
        value: String::new(),
        stored: None,
        reason,
        remedy,
        personal: false,
    }
}

/// That a field has another value than a batch expects.
fn changed_since(household: &Household, edit: &BulkEdit, stands: Option<String>) -> RefusedRow {
    let title = columns::title(&edit.field, edit.person.is_some());
    let shown = |value: Option<&str>| match (title, value) {
        (Some(title), Some(value)) => title.kind.shown(value).zh,
        (_, value) => value.unwrap_or_default().to_owned(),
    };
    RefusedRow {
        value: shown(edit.before.as_deref()),
        stored: Some(shown(stands.as_deref())),
        personal: title.is_some_and(|title| title.mask.is_some()),
        ..without_file(
            household,
            title.map_or(edit.field.as_str(), |title| title.zh),
            Text::new("该项在此期间已被改动", "the field was changed meanwhile"),
            Text::new(
                "核对现值;仍需修改的另行提出",
                "compare with the present value; ask again where it must change",
            ),
        )
    }
}

async fn by_id(
    workspace: &Workspace,
    rows: &[BulkRow],
) -> Result<HashMap<Uuid, Versioned<Household>>, AppError> {
    let ids: Vec<String> = rows.iter().map(|row| row.household.to_string()).collect();
    let found: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    Ok(found
        .into_iter()
        .map(|stored| (stored.value.id, stored))
        .collect())
}

fn contents(workspace: &Workspace, batch: &BulkChange) -> Result<BulkContents, AppError> {
    let bytes = workspace.attachments().read(&batch.hash)?;
    serde_json::from_slice(&bytes).map_err(|error| AppError::Aborted(error.to_string()))
}

async fn load(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Versioned<BulkChange>, AppError> {
    let stored: Option<Versioned<BulkChange>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    stored
        .filter(|stored| caller.area().contains(&stored.value.area) && may_see(caller))
        .ok_or_else(|| AppError::NotFound {
            kind: "bulk_change",
            id: id.to_string(),
        })
}

/// Bulk changes are shown to who asks for them and who decides; others see their effects in the households' histories.
fn may_see(caller: &Caller) -> bool {
    let role = caller.role();
    role.may(Action::AskBulkChange) || role.may(Action::ApproveBulkChange)
}

/// The batch that undoes this one: asked for or applied.
async fn undone_by(workspace: &Workspace, batch: &BulkChange) -> Result<Option<Uuid>, AppError> {
    if batch.state != BulkState::Approved {
        return Ok(None);
    }
    let filter = BulkFilter {
        undoes: Some(batch.id),
        ..BulkFilter::within(workspace.county().code.clone())
    };
    let found = anju_store::bulk::bulk_changes(workspace.db(), &filter, &Paging::default()).await?;
    Ok(found
        .items
        .into_iter()
        .map(|stored| stored.value)
        .find(|other| matches!(other.state, BulkState::Asked | BulkState::Approved))
        .map(|other| other.id))
}

/// A bulk change.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown, of another area, or not the caller's to see.
pub async fn show(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<BulkView, AppError> {
    let stored = load(workspace, caller, id).await?;
    let areas = workspace.areas().await?;
    view(workspace, caller, &areas, stored).await
}

async fn view(
    workspace: &Workspace,
    caller: &Caller,
    areas: &AreaNames,
    stored: Versioned<BulkChange>,
) -> Result<BulkView, AppError> {
    let change = stored.value;
    let own = change.asked_by == caller.name();
    let decides = caller.require_in(Action::ApproveBulkChange, &change.area).is_ok();
    let steps = match change.state {
        BulkState::Read if own && change.households > 0 => vec![BulkStep::Ask, BulkStep::Withdraw],
        BulkState::Read | BulkState::Asked if own => vec![BulkStep::Withdraw],
        BulkState::Asked if decides => vec![BulkStep::Approve, BulkStep::Refuse],
        _ => Vec::new(),
    };
    let undone_by = undone_by(workspace, &change).await?;
    Ok(BulkView {
        area_name: areas.name(&change.area),
        titles: change
            .fields
            .iter()
            .map(|count| match columns::title(&count.field, count.member) {
                Some(title) => Text::new(title.zh, title.en),
                None => Text::new(count.field.clone(), count.field.clone()),
            })
            .collect(),
        may_undo: change.state == BulkState::Approved
            && undone_by.is_none()
            && caller.require_in(Action::AskBulkChange, &change.area).is_ok(),
        undone_by,
        steps,
        version: stored.version,
        change,
    })
}

/// One page of bulk changes, the newest first.
///
/// # Errors
/// When the caller neither asks for bulk changes nor decides on them.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &BulkQuery,
) -> Result<Page<BulkView>, AppError> {
    if !may_see(caller) {
        caller.require(Action::AskBulkChange)?;
    }
    let name = caller.name().to_owned();
    let filter = BulkFilter {
        state: query.state,
        asked_by: (query.mine == Some(true)).then(|| name.clone()),
        not_asked_by: (query.mine == Some(false)).then_some(name),
        ..BulkFilter::within(caller.area().clone())
    };
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::bulk::bulk_changes(workspace.db(), &filter, &paging).await?;
    let areas = workspace.areas().await?;
    let mut items = Vec::with_capacity(page.items.len());
    for stored in page.items {
        items.push(view(workspace, caller, &areas, stored).await?);
    }
    Ok(Page {
        items,
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// How many bulk changes wait for the caller's decision, and since when the oldest does.
pub(crate) async fn waiting_for(
    workspace: &Workspace,
    caller: &Caller,
) -> Result<(u64, Option<Timestamp>), AppError> {
    if !caller.role().may(Action::ApproveBulkChange) {
        return Ok((0, None));
    }
    let filter = BulkFilter {
        state: Some(BulkState::Asked),
        not_asked_by: Some(caller.name().to_owned()),
        ..BulkFilter::within(caller.area().clone())
    };
    let page = anju_store::bulk::bulk_changes(workspace.db(), &filter, &Paging::default()).await?;
    let since = page.items.iter().map(|stored| stored.value.asked_at).min();
    Ok((page.total, since))
}

/// Whether the caller sees personal values of a batch: who made it gave a purpose, who decides must tell the old value
/// from the new.
fn sees_whole(caller: &Caller, batch: &BulkChange) -> bool {
    batch.asked_by == caller.name() || caller.require_in(Action::ApproveBulkChange, &batch.area).is_ok()
}

fn shown(title: Option<&Title>, value: Option<&str>, whole: bool) -> Text {
    match (title, value) {
        (_, None) => Text::default(),
        (Some(title), Some(value)) => match title.mask {
            Some(mask) if !whole => Text::new(mask(value), mask(value)),
            _ => title.kind.shown(value),
        },
        (None, Some(value)) => Text::new(value, value),
    }
}

/// The rows of a bulk change, each field before and after.
///
/// # Errors
/// As [`show`].
pub async fn changed_rows(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    query: &RowQuery,
) -> Result<Rows<BulkRowView>, AppError> {
    let batch = load(workspace, caller, id).await?.value;
    let found = matching(contents(workspace, &batch)?.rows, query);
    let total = found.len();
    let limit = query.limit.unwrap_or(50).clamp(1, 500);
    let page: Vec<BulkRow> = found.into_iter().skip(query.offset).take(limit).collect();
    let items = row_views(workspace, &page, sees_whole(caller, &batch)).await?;
    Ok(Rows { items, total })
}

fn matching(rows: Vec<BulkRow>, query: &RowQuery) -> Vec<BulkRow> {
    let search = query
        .search
        .as_deref()
        .map(str::trim)
        .unwrap_or_default()
        .to_lowercase();
    rows.into_iter()
        .filter(|row| row.register_number.to_lowercase().starts_with(&search))
        .filter(|row| match &query.field {
            Some(field) => row.edits.iter().any(|edit| edit.field == *field),
            None => true,
        })
        .collect()
}

async fn row_views(
    workspace: &Workspace,
    rows: &[BulkRow],
    whole: bool,
) -> Result<Vec<BulkRowView>, AppError> {
    let areas = workspace.areas().await?;
    let with_members: Vec<BulkRow> = rows
        .iter()
        .filter(|row| row.edits.iter().any(|edit| edit.person.is_some()))
        .cloned()
        .collect();
    let households = by_id(workspace, &with_members).await?;
    let name = |row: &BulkRow, person: Uuid| {
        let household = &households.get(&row.household)?.value;
        let person = household.members.iter().find(|member| member.id == person)?;
        Some(if whole {
            person.facts.name.clone()
        } else {
            masked_name(&person.facts.name)
        })
    };
    Ok(rows
        .iter()
        .map(|row| BulkRowView {
            household: row.household,
            register_number: row.register_number.clone(),
            area_name: areas.path(&row.area),
            edits: row
                .edits
                .iter()
                .map(|edit| {
                    let title = columns::title(&edit.field, edit.person.is_some());
                    EditView {
                        person: edit.person,
                        person_name: edit.person.and_then(|person| name(row, person)),
                        field: edit.field.clone(),
                        title: title.map_or_else(
                            || Text::new(edit.field.clone(), edit.field.clone()),
                            |title| Text::new(title.zh, title.en),
                        ),
                        before: shown(title.as_ref(), edit.before.as_deref(), whole),
                        after: shown(title.as_ref(), edit.after.as_deref(), whole),
                    }
                })
                .collect(),
        })
        .collect())
}

/// The rows of the file that are not part of the batch.
///
/// # Errors
/// As [`show`].
pub async fn refused_rows(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    query: &RowQuery,
) -> Result<Rows<RefusedRow>, AppError> {
    let batch = load(workspace, caller, id).await?.value;
    let found = refused_of(workspace, caller, &batch)?;
    let limit = query.limit.unwrap_or(50).clamp(1, 500);
    Ok(Rows {
        total: found.len(),
        items: found.into_iter().skip(query.offset).take(limit).collect(),
    })
}

fn refused_of(
    workspace: &Workspace,
    caller: &Caller,
    batch: &BulkChange,
) -> Result<Vec<RefusedRow>, AppError> {
    let whole = sees_whole(caller, batch);
    let mut refused = contents(workspace, batch)?.refused;
    for row in refused.iter_mut().filter(|row| row.personal && !whole) {
        row.value = "***".into();
        row.stored = row.stored.as_ref().map(|_| "***".into());
    }
    Ok(refused)
}

/// All of a bulk change as a file: what changes and, in a workbook, what was refused on a second sheet.
///
/// # Errors
/// As [`show`].
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let batch = load(workspace, caller, id).await?.value;
    let rows = contents(workspace, &batch)?.rows;
    let views = row_views(workspace, &rows, sees_whole(caller, &batch)).await?;
    let headers = ["户编号", "住址", "成员", "项目", "原值", "新值"];
    let lines = views.iter().flat_map(|row| {
        row.edits.iter().map(|edit| {
            vec![
                row.register_number.clone(),
                row.area_name.clone(),
                edit.person_name.clone().unwrap_or_default(),
                edit.title.zh.clone(),
                edit.before.zh.clone(),
                edit.after.zh.clone(),
            ]
        })
    });
    if format == TableFormat::Csv {
        return write_texts(&batch.title, &headers, lines, format);
    }
    let refused = refused_of(workspace, caller, &batch)?;
    let refused_lines = refused.into_iter().map(|row| {
        vec![
            row.file,
            if row.row == 0 {
                String::new()
            } else {
                row.row.to_string()
            },
            row.register_number,
            row.column,
            row.value,
            row.stored.unwrap_or_default(),
            row.reason.zh,
            row.remedy.zh,
        ]
    });
    let refused_headers = [
        "文件",
        "行",
        "户编号",
        "列",
        "填写的值",
        "现值",
        "原因",
        "处理办法",
    ];
    let tables = [
        plain_table("变更", &headers, lines),
        plain_table("退回", &refused_headers, refused_lines),
    ];
    Ok(write_change_sheet(
        &batch.title,
        &tables,
        &["批量变更明细。“变更”为将要或已经改动的值,“退回”为未采用的行及原因。"],
    )?)
}

fn plain_table(name: &'static str, headers: &[&str], rows: impl Iterator<Item = Vec<String>>) -> ChangeTable {
    ChangeTable {
        name,
        columns: headers
            .iter()
            .map(|header| ChangeColumn {
                header: (*header).to_owned(),
                hidden: false,
                locked: false,
                choices: None,
            })
            .collect(),
        rows: rows
            .map(|row| row.into_iter().map(Cell::Text).collect())
            .collect(),
    }
}

/// Takes the next step of a bulk change that was seen at `version`. Approving writes all rows, or none.
///
/// # Errors
/// When the step does not follow, is not the caller's, somebody else was quicker, or a row does not fit the register any
/// more.
pub async fn step(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    step: BulkStep,
    remark: Option<&str>,
) -> Result<BulkView, AppError> {
    let mut stored = load(workspace, caller, id).await?;
    let action = match step {
        BulkStep::Ask | BulkStep::Withdraw => Action::AskBulkChange,
        BulkStep::Approve | BulkStep::Refuse => Action::ApproveBulkChange,
    };
    caller.require_in(action, &stored.value.area)?;
    if stored.version != version {
        return Err(AppError::VersionConflict {
            kind: "bulk_change".into(),
            id: id.to_string(),
            expected: version,
            found: stored.version,
        });
    }
    let batch = stored.value.clone();
    let (by, at, text) = (caller.name(), workspace.now(), remark.unwrap_or_default());
    let (next, command) = match step {
        BulkStep::Ask => (batch.ask(by, at, text)?, "ask_bulk_change"),
        BulkStep::Approve => (batch.approve(by, at, remark)?, "apply_bulk_change"),
        BulkStep::Refuse => (batch.refuse(by, at, text)?, "refuse_bulk_change"),
        BulkStep::Withdraw => (batch.withdraw(by, at)?, "withdraw_bulk_change"),
    };
    // Every household's entry names the batch, so that its history leads to who asked and who approved.
    let reason = format!("批量变更 {id}:{}", next.reason.as_deref().unwrap_or(&next.title));
    stored.value = next;
    // From here on nobody else writes, so that what is checked is what is written.
    let mut transaction = workspace.begin(caller, command, Some(reason)).await?;
    if step == BulkStep::Approve {
        let changed = applied(workspace, caller, &batch).await?;
        transaction.update(&changed).await?;
    }
    transaction.update(&[stored]).await?;
    transaction.commit().await?;
    show(workspace, caller, id).await
}

/// The households of a batch with its changes made.
async fn applied(
    workspace: &Workspace,
    caller: &Caller,
    batch: &BulkChange,
) -> Result<Vec<Versioned<Household>>, AppError> {
    let contents = contents(workspace, batch)?;
    let mut households = by_id(workspace, &contents.rows).await?;
    let frozen = Frozen::load(workspace).await?;
    let mut changed = Vec::with_capacity(contents.rows.len());
    let mut conflicts: Vec<RefusedRow> = Vec::new();
    for row in &contents.rows {
        let fits = |stored: &Versioned<Household>| {
            let area = &stored.value.facts.area;
            batch.area.contains(area) && caller.area().contains(area)
        };
        let Some(mut stored) = households.remove(&row.household).filter(fits) else {
            conflicts.push(RefusedRow {
                register_number: row.register_number.clone(),
                ..without_place(gone())
            });
            continue;
        };
        for edit in &row.edits {
            match value(&stored.value, edit.person, &edit.field) {
                Some(stands) if stands == edit.before => {}
                stands => conflicts.push(changed_since(&stored.value, edit, stands.flatten())),
            }
        }
        if let Some((column, reason, remedy)) =
            objection_or_problem(workspace, &stored.value, &row.edits, &frozen)
        {
            conflicts.push(without_file(&stored.value, &column, reason, remedy));
        }
        for edit in &row.edits {
            // A value that was read is written; one that is not in its form was not written by this program.
            write(&mut stored.value, edit.person, &edit.field, edit.after.as_deref())
                .ok_or_else(|| AppError::Aborted(format!("{} {}", row.register_number, edit.field)))?;
        }
        changed.push(stored);
    }
    if conflicts.is_empty() {
        return Ok(changed);
    }
    let named = |word: fn(&Text) -> &str, between: &str| {
        let lines = conflicts
            .iter()
            .take(NAMED)
            .map(|row| format!("{} {} {}", row.register_number, row.column, word(&row.reason)));
        lines.collect::<Vec<_>>().join(between)
    };
    Err(AppError::invalid(
        "bulk_conflicts",
        batch.title.clone(),
        format!(
            "{} 处与名册现状不符,全部未执行:{};请退回,由提出人重新导出",
            conflicts.len(),
            named(|text| &text.zh, ";")
        ),
        format!(
            "{} places do not fit the register any more and nothing was written: {}; refuse the batch and have it made again",
            conflicts.len(),
            named(|text| &text.en, "; ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_in_the_order_of_the_columns() {
        let edit = |field: &str, person: Option<Uuid>| BulkEdit {
            person,
            field: field.into(),
            before: None,
            after: Some("x".into()),
        };
        let row = |edits| BulkRow {
            household: Uuid::nil(),
            register_number: "A".into(),
            area: AreaCode::parse("619021101201").unwrap(),
            edits,
        };
        let found = counts(&[
            row(vec![edit("health", Some(Uuid::nil())), edit("must_move", None)]),
            row(vec![edit("must_move", None), edit("category", None)]),
        ]);
        let found: Vec<(&str, u64)> = found
            .iter()
            .map(|count| (count.field.as_str(), count.changes))
            .collect();
        assert_eq!(found, [("category", 1), ("must_move", 2), ("health", 1)]);
    }
}
