//! Change sheets: writing stored records out to be edited, and finding the records again in what comes back.

use std::collections::BTreeSet;
use std::path::Path;

use anju_exchange::change_sheet::{ChangeColumn, ChangeTable, write_change_sheet};
use anju_exchange::normal;
use anju_exchange::table::{Cell, Sheet};
use anju_model::bulk::BULK_ROWS;
use anju_model::identity::masked_name;
use anju_model::register::Household;
use anju_store::Versioned;
use uuid::Uuid;

use super::columns::{HOUSEHOLD, Kind, MEMBER, Title, titles, without_guard};
use crate::AppError;
use crate::table::{TableFormat, write_texts};
use crate::workspace::AreaNames;

const HOUSEHOLD_ID: &str = "户标识";
const PERSON_ID: &str = "人员标识";
const VERSION: &str = "版本";
const NUMBER: &str = "户编号";

/// Columns that show which record a row is; they are not edited here.
pub(super) const LOCKED: [&str; 3] = ["户主", "住址", "人数"];

/// Largest file that is read.
pub const SHEET_BYTES: usize = 32 << 20;

/// Most rows of members; a household has some three to four.
const MEMBER_ROWS: usize = 5 * BULK_ROWS;

/// Which table a CSV file holds; a workbook holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = SheetPart)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A row for each household.
    #[default]
    Households,
    /// A row for each member.
    Members,
}

/// What the help sheet says.
const HELP: [&str; 9] = [
    "本表由系统导出,供批量修改后交回。改好后在“批量变更”页面上传,系统逐格比对,只把改动过的单元格作为变更。",
    "灰色列标明是哪一户、哪一人,请勿改动,也不要删除;排序、筛选、删除不需要改的行都可以。",
    "每一行对应名册中的一条记录。增加住户用“导入”,成员的增加和移出在户页面办理。",
    "代码类的列可从下拉列表选择;日期写成 1968-05-03;位置写成 经度,纬度。",
    "清空一个单元格默认不算改动。确要清空某列的值,上传时勾选该列“允许清空”。",
    "带 * 的个人信息已打掩码,原样交回不算改动。要修改个人信息,须有查看权限,导出和上传时都写明用途。",
    "在已核定名册上的户,其关键信息不能在此修改,请办理变更审批。",
    "导出后被他人改过的户,您改动的单元格会被退回,并同时列出现值。",
    "单元格中的公式只取其显示的结果。",
];

/// Values of a locked column that count as unchanged: as exported, masked or whole.
pub(super) fn locked_values(household: &Household, areas: &AreaNames, column: &str) -> Vec<String> {
    match column {
        "户主" => {
            let head = head_name(household);
            vec![masked_name(head), head.to_owned()]
        }
        "住址" => vec![areas.path(&household.facts.area)],
        _ => vec![household.members.len().to_string()],
    }
}

fn head_name(household: &Household) -> &str {
    let head = household.head().or(household.members.first());
    head.map_or("", |person| &person.facts.name)
}

/// How a change sheet is made.
pub(super) struct Wanted<'a> {
    /// Only these fields; all of them when there are none.
    pub fields: &'a BTreeSet<String>,
    /// Whether personal data is written whole.
    pub whole: bool,
    /// File format.
    pub format: TableFormat,
    /// Which table of the two a CSV file holds.
    pub part: Part,
}

/// The file of some households.
pub(super) fn write_sheet(
    households: &[Versioned<Household>],
    areas: &AreaNames,
    wanted: &Wanted<'_>,
) -> Result<Vec<u8>, AppError> {
    let households_table = || table_of_households(households, areas, wanted);
    let members_table = || table_of_members(households, wanted);
    match wanted.format {
        TableFormat::Xlsx => {
            let tables = [households_table(), members_table()];
            Ok(write_change_sheet("批量变更", &tables, &HELP)?)
        }
        TableFormat::Csv => {
            let table = match wanted.part {
                Part::Households => households_table(),
                Part::Members => members_table(),
            };
            let headers: Vec<&str> = table
                .columns
                .iter()
                .map(|column| column.header.as_str())
                .collect();
            write_texts(
                table.name,
                &headers,
                table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()),
                TableFormat::Csv,
            )
        }
    }
}

fn key(header: &str, hidden: bool) -> ChangeColumn {
    ChangeColumn {
        header: header.to_owned(),
        hidden,
        locked: true,
        choices: None,
    }
}

fn chosen(wanted: &Wanted<'_>, member: bool) -> Vec<Title> {
    titles()
        .filter(|title| title.member == member)
        .filter(|title| wanted.fields.is_empty() || wanted.fields.contains(title.field))
        .collect()
}

fn editable(title: &Title) -> ChangeColumn {
    ChangeColumn {
        header: title.zh.to_owned(),
        hidden: false,
        locked: false,
        choices: title.kind.choices(),
    }
}

fn cell(title: &Title, value: Option<String>, whole: bool) -> Cell {
    match (value, title.mask) {
        (None, _) => Cell::Empty,
        (Some(value), Some(mask)) if !whole => Cell::Text(mask(&value)),
        (Some(value), _) => title.kind.cell(&value),
    }
}

fn table_of_households(
    households: &[Versioned<Household>],
    areas: &AreaNames,
    wanted: &Wanted<'_>,
) -> ChangeTable {
    let titles = chosen(wanted, false);
    let mut columns = vec![key(HOUSEHOLD_ID, true), key(VERSION, true), key(NUMBER, false)];
    columns.extend(LOCKED.map(|header| key(header, false)));
    columns.extend(titles.iter().map(editable));
    let rows = households.iter().map(|stored| {
        let household = &stored.value;
        let head = head_name(household);
        let mut row = vec![
            Cell::Text(household.id.to_string()),
            Cell::Text(stored.version.to_string()),
            Cell::Text(household.facts.register_number.clone()),
            Cell::Text(if wanted.whole {
                head.to_owned()
            } else {
                masked_name(head)
            }),
            Cell::Text(areas.path(&household.facts.area)),
            Cell::Text(household.members.len().to_string()),
        ];
        row.extend(titles.iter().map(|title| {
            let column = HOUSEHOLD.iter().find(|column| column.title.field == title.field);
            cell(
                title,
                column.and_then(|column| (column.get)(household)),
                wanted.whole,
            )
        }));
        row
    });
    ChangeTable {
        name: "户",
        rows: rows.collect(),
        columns,
    }
}

fn table_of_members(households: &[Versioned<Household>], wanted: &Wanted<'_>) -> ChangeTable {
    let titles = chosen(wanted, true);
    let mut columns = vec![
        key(PERSON_ID, true),
        key(HOUSEHOLD_ID, true),
        key(VERSION, true),
        key(NUMBER, false),
    ];
    columns.extend(titles.iter().map(editable));
    let mut rows = Vec::new();
    for stored in households {
        let household = &stored.value;
        for person in &household.members {
            let mut row = vec![
                Cell::Text(person.id.to_string()),
                Cell::Text(household.id.to_string()),
                Cell::Text(stored.version.to_string()),
                Cell::Text(household.facts.register_number.clone()),
            ];
            row.extend(titles.iter().map(|title| {
                let column = MEMBER.iter().find(|column| column.title.field == title.field);
                cell(
                    title,
                    column.and_then(|column| (column.get)(person)),
                    wanted.whole,
                )
            }));
            rows.push(row);
        }
    }
    ChangeTable {
        name: "家庭成员",
        rows,
        columns,
    }
}

/// A row of a sheet that came back.
pub(super) struct SheetRow<'s> {
    /// File and sheet.
    pub file: String,
    /// Row as the spreadsheet counts it.
    pub row: u32,
    /// Whether it is a row of the table of members.
    pub is_member: bool,
    /// Id of the household.
    pub household: Option<Uuid>,
    /// 户编号.
    pub number: Option<String>,
    /// Id of the person, in a row of a member.
    pub person: Option<Uuid>,
    /// Version of the household that the sheet was made from.
    pub version: Option<i64>,
    /// A key that cannot be read: its column and what it holds.
    pub bad_key: Option<(&'static str, String)>,
    /// Cells that may be edited.
    pub cells: Vec<(Title, &'s Cell)>,
    /// Cells that may not: place in [`LOCKED`].
    pub locked: Vec<(usize, &'s Cell)>,
}

/// A header as it is compared: without space and marks of width.
fn header_key(text: &str) -> String {
    normal::compact(text).to_lowercase()
}

/// Which column of a sheet is what.
#[derive(Default)]
struct Columns {
    household: Option<usize>,
    person: Option<usize>,
    version: Option<usize>,
    number: Option<usize>,
    locked: Vec<(usize, usize)>,
    fields: Vec<(usize, Title)>,
    unknown: Vec<String>,
}

fn columns(sheet: &Sheet, label: &str) -> Result<Option<Columns>, AppError> {
    let headers: Vec<String> = (0..sheet.width())
        .map(|column| header_key(&sheet.cell(0, column).shown()))
        .collect();
    let is = |header: &str| headers.contains(&header_key(header));
    if !is(VERSION) || !(is(HOUSEHOLD_ID) || is(NUMBER)) {
        return Ok(None);
    }
    let member = is(PERSON_ID);
    let mut found = Columns::default();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (column, header) in headers.iter().enumerate() {
        if header.is_empty() {
            continue;
        }
        if !seen.insert(header) {
            return Err(AppError::invalid(
                "column_twice",
                label.to_owned(),
                format!("“{}”列出现两次;只保留一列", sheet.cell(0, column).shown()),
                format!(
                    "the column {:?} stands twice; keep one of them",
                    sheet.cell(0, column).shown()
                ),
            ));
        }
        let title = titles().find(|title| {
            title.member == member
                && [title.zh, title.en]
                    .iter()
                    .any(|name| header_key(name) == *header)
        });
        match (header.as_str(), title) {
            (header, _) if header == header_key(HOUSEHOLD_ID) => found.household = Some(column),
            (header, _) if header == header_key(PERSON_ID) => found.person = Some(column),
            (header, _) if header == header_key(VERSION) => found.version = Some(column),
            (header, _) if header == header_key(NUMBER) => found.number = Some(column),
            (_, Some(title)) => found.fields.push((column, title)),
            (header, None) => match LOCKED
                .iter()
                .position(|locked| header_key(locked) == header && !member)
            {
                Some(locked) => found.locked.push((column, locked)),
                None => found.unknown.push(sheet.cell(0, column).shown()),
            },
        }
    }
    Ok(Some(found))
}

/// The rows of all change tables of a file, and the headers that no field is known for.
///
/// # Errors
/// When no sheet of the file is a change table, one of them has more rows than a batch may have, or a column twice.
pub(super) fn rows<'s>(
    file: &str,
    sheets: &'s [Sheet],
) -> Result<(Vec<SheetRow<'s>>, Vec<String>), AppError> {
    let mut rows = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    let mut tables = 0;
    for sheet in sheets {
        let label = match sheet.sheet.as_str() {
            "" => file.to_owned(),
            name => format!("{file} · {name}"),
        };
        let Some(columns) = columns(sheet, &label)? else {
            continue;
        };
        tables += 1;
        let is_member = columns.person.is_some();
        let most = if is_member { MEMBER_ROWS } else { BULK_ROWS };
        if sheet.rows.len() > most + 1 {
            return Err(AppError::invalid(
                "too_many_rows",
                label,
                format!(
                    "有 {} 行,一批最多 {most} 行;请按乡镇分成几批",
                    sheet.rows.len() - 1
                ),
                format!(
                    "there are {} rows, a batch has at most {most}; split it by township",
                    sheet.rows.len() - 1
                ),
            ));
        }
        for (index, cells) in sheet.rows.iter().enumerate().skip(1) {
            if cells.iter().all(Cell::is_blank) {
                continue;
            }
            rows.push(read_row(sheet, &columns, &label, index));
        }
        unknown.extend(columns.unknown);
    }
    if tables == 0 {
        return Err(AppError::invalid(
            "no_change_sheet",
            file.to_owned(),
            "没有找到含“版本”和“户标识”(或“户编号”)列的表格;请用系统导出的批量变更表填写",
            "there is no table with the columns 版本 and 户标识 (or 户编号); use a change sheet exported from here",
        ));
    }
    unknown.sort();
    unknown.dedup();
    Ok((rows, unknown))
}

fn read_row<'s>(sheet: &'s Sheet, columns: &Columns, label: &str, index: usize) -> SheetRow<'s> {
    let text = |column: Option<usize>| {
        let cell = without_guard(sheet.cell(index, column?));
        let text = normal::clean(&cell.shown());
        (!text.is_empty()).then_some(text)
    };
    let mut bad_key = None;
    let mut id = |column: Option<usize>, header: &'static str| {
        let text = text(column)?;
        match Uuid::try_parse(&text) {
            Ok(id) => Some(id),
            Err(_) => {
                bad_key = Some((header, text));
                None
            }
        }
    };
    let household = id(columns.household, HOUSEHOLD_ID);
    let person = id(columns.person, PERSON_ID);
    let version = text(columns.version).and_then(|text| match text.parse::<i64>() {
        Ok(version) if version > 0 => Some(version),
        _ => {
            bad_key = Some((VERSION, text));
            None
        }
    });
    SheetRow {
        file: label.to_owned(),
        row: u32::try_from(index + 1).unwrap_or(u32::MAX),
        is_member: columns.person.is_some(),
        household,
        number: text(columns.number),
        person,
        version,
        bad_key,
        cells: columns
            .fields
            .iter()
            .map(|(column, title)| (*title, sheet.cell(index, *column)))
            .collect(),
        locked: columns
            .locked
            .iter()
            .map(|(column, locked)| (*locked, sheet.cell(index, *column)))
            .collect(),
    }
}

/// Reads a file that came back.
///
/// # Errors
/// When it is empty, larger than [`SHEET_BYTES`], or neither a workbook nor CSV.
pub(super) fn read_file(name: &str, bytes: Vec<u8>) -> Result<Vec<Sheet>, AppError> {
    if bytes.len() > SHEET_BYTES {
        return Err(AppError::FileTooLarge {
            limit: SHEET_BYTES as u64,
        });
    }
    anju_exchange::table::read_table_bytes(Path::new(name), bytes)
        .map_err(|error| AppError::invalid("file_unreadable", name.to_owned(), error.zh(), error.to_string()))
}

/// Whether a field may get one value for many households: nothing personal, nothing that is each household's own.
pub(super) fn takes_one_value(title: &Title) -> bool {
    !title.member && title.mask.is_none() && !matches!(title.kind, Kind::Position)
}
