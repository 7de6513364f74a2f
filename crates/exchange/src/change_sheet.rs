//! Change sheets out: a workbook of records that somebody edits and hands back, with a table for households and one for
//! their members.
//!
//! The first row of a table is its header, so that Excel sorts and filters it. Columns that must not be edited are grey,
//! the ids are hidden, cells of code lists offer their values, and the last sheet says in words what is to be done.
//! Reading such a workbook is reading any workbook ([`crate::table`]): formulas count with their stored result.

use rust_xlsxwriter::{Color, DataValidation, Format, FormatBorder, Workbook, XlsxError};

use crate::error::ExchangeError;
use crate::table::Cell;
use crate::workbook::{line, new_workbook, place, refused, width, write_cell};

/// A column of a change sheet.
#[derive(Debug, Clone)]
pub struct ChangeColumn {
    /// Header.
    pub header: String,
    /// Whether it is kept out of sight: keys that nobody reads.
    pub hidden: bool,
    /// Whether it must not be edited.
    pub locked: bool,
    /// The values that its cells may have, where there is a list of them.
    pub choices: Option<Vec<&'static str>>,
}

/// A table of a change sheet.
#[derive(Debug, Clone)]
pub struct ChangeTable {
    /// Name of the sheet.
    pub name: &'static str,
    /// Columns.
    pub columns: Vec<ChangeColumn>,
    /// Rows, with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// Name of the sheet with the values of code lists.
const CHOICES_SHEET: &str = "代码表";

/// A workbook of change tables, the code lists behind them and what is to be done.
///
/// # Errors
/// [`ExchangeError::Value`] for more rows or longer texts than a sheet holds.
pub fn write_change_sheet(
    title: &str,
    tables: &[ChangeTable],
    help: &[&str],
) -> Result<Vec<u8>, ExchangeError> {
    write(title, tables, help).map_err(|error| refused(title, &error))
}

fn write(title: &str, tables: &[ChangeTable], help: &[&str]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook(title)?;
    // Columns of the sheet of choices, each under the header that it belongs to.
    let mut lists: Vec<(String, &[&'static str])> = Vec::new();
    for table in tables {
        write_table(&mut workbook, table, &mut lists)?;
    }
    if !lists.is_empty() {
        let sheet = workbook.add_worksheet();
        sheet.set_name(CHOICES_SHEET)?;
        for (column, (header, choices)) in lists.iter().enumerate() {
            sheet.write_string_with_format(0, place(column)?, header, &Format::new().set_bold())?;
            sheet.set_column_width(place(column)?, 16)?;
            for (row, choice) in choices.iter().enumerate() {
                sheet.write_string(line(row + 1)?, place(column)?, *choice)?;
            }
        }
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name("填写说明")?;
    sheet.set_column_width(0, 100)?;
    for (row, text) in help.iter().enumerate() {
        sheet.write_string_with_format(line(row)?, 0, *text, &Format::new().set_text_wrap())?;
    }
    workbook.save_to_buffer()
}

fn write_table<'t>(
    workbook: &mut Workbook,
    table: &'t ChangeTable,
    lists: &mut Vec<(String, &'t [&'static str])>,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(table.name)?;
    let grey = Color::RGB(0x00E7_E6E6);
    let head = Format::new().set_bold().set_border(FormatBorder::Thin);
    let (editable_head, locked_head) = (
        head.clone().set_background_color(Color::RGB(0x00DD_EBF7)),
        head.set_background_color(Color::RGB(0x00BF_BFBF)),
    );
    let text = Format::new().set_num_format("@");
    let number = Format::new();
    let (locked_text, locked_number) = (
        text.clone().set_background_color(grey),
        number.clone().set_background_color(grey),
    );
    for (index, column) in table.columns.iter().enumerate() {
        let at = place(index)?;
        let head = if column.locked {
            &locked_head
        } else {
            &editable_head
        };
        sheet.write_string_with_format(0, at, &column.header, head)?;
        let longest = table.rows.iter().take(200).filter_map(|row| row.get(index));
        let longest = longest
            .map(|cell| width(&cell.shown()))
            .fold(width(&column.header), f64::max);
        sheet.set_column_width(at, longest)?;
        // What is typed into an empty cell is kept as it was typed: no dates are made of months, no digits are lost.
        sheet.set_column_format(at, if column.locked { &locked_text } else { &text })?;
        if column.hidden {
            sheet.set_column_hidden(at)?;
        }
        if let Some(choices) = column.choices.as_ref().filter(|_| !table.rows.is_empty()) {
            lists.push((column.header.clone(), choices));
            let name = column_name(lists.len() - 1);
            let source = format!("='{CHOICES_SHEET}'!${name}$2:${name}${}", choices.len() + 1);
            // Excel only warns: other words for the values of a code list are understood when the sheet comes back.
            let validation = DataValidation::new()
                .allow_list_formula(source.as_str().into())
                .set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Warning);
            sheet.add_data_validation(1, at, line(table.rows.len())?, at, &validation)?;
        }
    }
    for (row, cells) in table.rows.iter().enumerate() {
        for (index, cell) in cells.iter().enumerate() {
            let locked = table.columns.get(index).is_some_and(|column| column.locked);
            let format = match (cell, locked) {
                (Cell::Number(_), false) => &number,
                (Cell::Number(_), true) => &locked_number,
                (_, false) => &text,
                (_, true) => &locked_text,
            };
            if *cell != Cell::Empty {
                write_cell(sheet, row + 1, index, cell, format)?;
            }
        }
    }
    let visible = table.columns.iter().filter(|column| column.locked).count();
    sheet.set_freeze_panes(1, place(visible)?)?;
    if !table.columns.is_empty() {
        sheet.autofilter(0, 0, line(table.rows.len())?, place(table.columns.len() - 1)?)?;
    }
    Ok(())
}

/// The letters of a column, counted from 0.
fn column_name(index: usize) -> String {
    rust_xlsxwriter::utility::column_number_to_name(u16::try_from(index).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_change_sheet_is_read_back_as_it_was_written() {
        let column = |header: &str, locked: bool, choices: Option<Vec<&'static str>>| ChangeColumn {
            header: header.into(),
            hidden: header == "户标识",
            locked,
            choices,
        };
        let table = ChangeTable {
            name: "户",
            columns: vec![
                column("户标识", true, None),
                column("户编号", true, None),
                column("是否应搬", false, Some(vec!["是", "否"])),
                column("耕地面积(亩)", false, None),
            ],
            rows: vec![vec![
                Cell::Text("0198".into()),
                Cell::Text("=1+1".into()),
                Cell::Text("是".into()),
                Cell::Number(3.25),
            ]],
        };
        let bytes = write_change_sheet("批量变更", std::slice::from_ref(&table), &["第一行说明"]).unwrap();
        let sheets = crate::table::read_table_bytes(Path::new("x.xlsx"), bytes).unwrap();
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.sheet.as_str()).collect();
        assert_eq!(names, ["户", "代码表", "填写说明"]);
        assert_eq!(sheets[0].rows[1], table.rows[0]);
        assert_eq!(sheets[1].cell(2, 0), &Cell::Text("否".into()));
        assert_eq!(column_name(27), "AB");
    }
}
