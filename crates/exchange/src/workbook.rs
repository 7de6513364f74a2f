//! Workbooks out: lists as they are seen, and the rows an import held back, ready to be corrected and imported again.
//!
//! Texts are written as texts, never as formulas, whatever they begin with. Equal content gives equal bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet,
    XlsxError,
};

use crate::error::{ExchangeError, Fault};
use crate::header::Table;
use crate::rows::{CellProblem, RefusedRows, Rows};
use crate::table::Cell;

/// Header of the last column of an error workbook.
pub const ERROR_COLUMN: &str = "错误说明";

/// Fields whose cells are written as text, so that Excel keeps all digits of what is typed into them.
const TEXT_FIELDS: [&str; 9] = [
    "id_number",
    "head_id_number",
    "register_number",
    "bank_account",
    "phone",
    "code",
    "hazard_point",
    "village",
    "hukou_number",
];

pub(crate) fn refused(file: &str, error: &XlsxError) -> ExchangeError {
    ExchangeError::Value(Fault::new(
        Path::new(file),
        (
            &format!("无法写成工作簿（{error}）"),
            &format!("it cannot be written as a workbook ({error})"),
        ),
        ("减少行数或缩短文字", "write fewer rows or shorter texts"),
    ))
}

pub(crate) fn new_workbook(title: &str) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed day, so that equal content gives equal bytes.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(title)
            .set_creation_datetime(&created),
    );
    Ok(workbook)
}

/// A name that a sheet may have: at most 31 characters, none of `[]:*?/\`.
fn sheet_name(title: &str) -> String {
    let allowed = title.chars().map(|c| {
        if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') {
            ' '
        } else {
            c
        }
    });
    let name: String = allowed.take(31).collect();
    if name.trim().is_empty() {
        "Sheet1".to_owned()
    } else {
        name.trim().to_owned()
    }
}

/// Width for a text in characters of the standard font: Chinese ones count twice.
pub(crate) fn width(text: &str) -> f64 {
    let units: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (units as f64 + 2.0).clamp(8.0, 40.0)
}

pub(crate) fn place(index: usize) -> Result<u16, XlsxError> {
    u16::try_from(index).map_err(|_| XlsxError::RowColumnLimitError)
}

pub(crate) fn line(index: usize) -> Result<u32, XlsxError> {
    u32::try_from(index).map_err(|_| XlsxError::RowColumnLimitError)
}

pub(crate) fn write_cell(
    sheet: &mut Worksheet,
    row: usize,
    column: usize,
    cell: &Cell,
    format: &Format,
) -> Result<(), XlsxError> {
    let (row, column) = (line(row)?, place(column)?);
    match cell {
        Cell::Empty => sheet.write_blank(row, column, format)?,
        Cell::Number(number) if number.is_finite() && number.abs() < 1e15 => {
            sheet.write_number_with_format(row, column, *number, format)?
        }
        Cell::Boolean(flag) => sheet.write_boolean_with_format(row, column, *flag, format)?,
        other => sheet.write_string_with_format(row, column, other.shown(), format)?,
    };
    Ok(())
}

/// A list as a workbook: title in the first row, headers in the second, frozen, with a filter.
///
/// # Errors
/// [`ExchangeError::Value`] for more rows or longer texts than a sheet holds.
pub fn write_table(title: &str, headers: &[String], rows: &[Vec<Cell>]) -> Result<Vec<u8>, ExchangeError> {
    list(title, headers, rows).map_err(|error| refused(title, &error))
}

/// Writes [`write_table`]'s workbook to a file.
///
/// # Errors
/// As [`write_table`], and [`ExchangeError::Io`].
pub fn write_table_file(
    path: &Path,
    title: &str,
    headers: &[String],
    rows: &[Vec<Cell>],
) -> Result<(), ExchangeError> {
    let bytes = write_table(title, headers, rows)?;
    std::fs::write(path, bytes).map_err(|error| ExchangeError::io(path, ("写入", "write"), &error))
}

fn list(title: &str, headers: &[String], rows: &[Vec<Cell>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook(title)?;
    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name(title))?;
    let heading = Format::new().set_bold().set_font_size(14);
    let head = Format::new()
        .set_bold()
        .set_border(FormatBorder::Thin)
        .set_background_color(Color::RGB(0x00DD_EBF7))
        .set_text_wrap();
    let (text, plain) = (Format::new().set_num_format("@"), Format::new());
    sheet.write_string_with_format(0, 0, title, &heading)?;
    for (column, header) in headers.iter().enumerate() {
        sheet.write_string_with_format(1, place(column)?, header, &head)?;
        let longest = rows
            .iter()
            .take(200)
            .filter_map(|row| row.get(column))
            .map(|cell| width(&cell.shown()));
        sheet.set_column_width(place(column)?, longest.fold(width(header), f64::max))?;
    }
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            if *cell != Cell::Empty {
                let format = if matches!(cell, Cell::Number(_) | Cell::Boolean(_)) {
                    &plain
                } else {
                    &text
                };
                write_cell(sheet, index + 2, column, cell, format)?;
            }
        }
    }
    sheet.set_freeze_panes(2, 0)?;
    if !headers.is_empty() {
        sheet.autofilter(1, 0, line(rows.len() + 1)?, place(headers.len() - 1)?)?;
    }
    workbook.save_to_buffer()
}

/// The rows an import held back, in the columns and under the header of their own file. Bad cells are coloured and carry
/// a note; the last column says in words what is wrong. Corrected, the workbook is imported like the file it came
/// from.
///
/// # Errors
/// [`ExchangeError::Value`] for longer texts than a sheet holds.
pub fn error_workbook(table: &Table<'_>, refused_rows: &[RefusedRows]) -> Result<Vec<u8>, ExchangeError> {
    corrections(table, refused_rows).map_err(|error| refused(&table.sheet.file, &error))
}

fn corrections(table: &Table<'_>, refused_rows: &[RefusedRows]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook("错误行")?;
    let sheet = workbook.add_worksheet();
    sheet.set_name("错误行")?;
    let source = table.sheet;
    // A workbook that is corrected a second time has the column of explanations already: it is written anew.
    let columns = table.explanations().unwrap_or_else(|| source.width());
    let text_columns: BTreeSet<usize> = TEXT_FIELDS
        .iter()
        .filter_map(|field| table.columns.get(field))
        .copied()
        .collect();

    let head = Format::new()
        .set_bold()
        .set_border(FormatBorder::Thin)
        .set_background_color(Color::RGB(0x00DD_EBF7))
        .set_align(FormatAlign::Center)
        .set_text_wrap();
    let text = Format::new().set_num_format("@");
    let plain = Format::new();
    let bad = Format::new()
        .set_num_format("@")
        .set_background_color(Color::RGB(0x00FF_C7CE));
    for column in &text_columns {
        sheet.set_column_format(place(*column)?, &text)?;
    }
    let (first, last) = table.header_rows;
    let lines = last - first + 1;
    for row in first..=last {
        for column in 0..columns {
            write_cell(sheet, row - first, column, source.cell(row, column), &head)?;
        }
    }
    for region in source
        .merged
        .iter()
        .filter(|region| region.top >= first && region.bottom <= last && region.right < columns)
    {
        let value = source.cell(region.top, region.left).shown();
        sheet.merge_range(
            line(region.top - first)?,
            place(region.left)?,
            line(region.bottom - first)?,
            place(region.right)?,
            &value,
            &head,
        )?;
    }
    sheet.write_string_with_format(line(lines - 1)?, place(columns)?, ERROR_COLUMN, &head)?;
    for column in 0..columns {
        sheet.set_column_width(
            place(column)?,
            width(table.headers.get(column).map_or("", String::as_str)).max(12.0),
        )?;
    }
    sheet.set_column_width(place(columns)?, 60)?;
    sheet.set_freeze_panes(line(lines)?, 0)?;

    let rows = Rows::new(table);
    let places: HashMap<u32, usize> = (0..source.rows.len())
        .map(|place| (source.number(place), place))
        .collect();
    let mut target = lines;
    for group in refused_rows {
        for row in &group.rows {
            let problems: Vec<&CellProblem> =
                group.cells.iter().filter(|problem| problem.row == *row).collect();
            let index = places.get(row).copied().unwrap_or(usize::MAX);
            let mut bad_columns: BTreeMap<usize, Vec<&CellProblem>> = BTreeMap::new();
            for problem in &problems {
                if let Some(column) = problem.column {
                    bad_columns.entry(column as usize).or_default().push(problem);
                }
            }
            for column in 0..columns {
                let cell = rows.at(index, column);
                let wrong = bad_columns.get(&column);
                let format = match (wrong, cell) {
                    (Some(_), _) => &bad,
                    (None, Cell::Number(_) | Cell::Boolean(_)) if !text_columns.contains(&column) => &plain,
                    (None, Cell::Empty) if !text_columns.contains(&column) => continue,
                    _ => &text,
                };
                if text_columns.contains(&column) && !cell.is_blank() {
                    sheet.write_string_with_format(line(target)?, place(column)?, cell.shown(), format)?;
                } else {
                    write_cell(sheet, target, column, cell, format)?;
                }
                if let Some(problems) = wrong {
                    let texts: Vec<String> = problems
                        .iter()
                        .map(|problem| {
                            format!(
                                "{}。{}。\n{}. {}.",
                                problem.reason.zh, problem.remedy.zh, problem.reason.en, problem.remedy.en
                            )
                        })
                        .collect();
                    let note = Note::new(texts.join("\n"))
                        .set_author("Anju")
                        .add_author_prefix(false)
                        .set_width(260)
                        .set_height(120);
                    sheet.insert_note(line(target)?, place(column)?, &note)?;
                }
            }
            let explanation: Vec<String> = problems
                .iter()
                .map(|problem| format!("{}：{}，{}", problem.header, problem.reason.zh, problem.remedy.zh))
                .collect();
            let explanation = if explanation.is_empty() {
                "同户其他行有错误".to_owned()
            } else {
                explanation.join("；")
            };
            // Where to look it up in the file that the office keeps.
            let explanation = format!("原表第{row}行：{explanation}");
            sheet.write_string_with_format(line(target)?, place(columns)?, &explanation, &text)?;
            target += 1;
        }
    }
    workbook.save_to_buffer()
}
