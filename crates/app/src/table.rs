//! Lists as files: Excel workbooks and CSV.

pub use anju_exchange::table::Cell;

use crate::AppError;

/// File format of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Excel workbook.
    Xlsx,
    /// Comma-separated, UTF-8 with byte-order mark so that Excel reads Chinese.
    Csv,
}

/// A list as a file. Texts stay texts: none is taken for a formula, whatever it begins with.
///
/// # Errors
/// For more rows or longer texts than a sheet holds.
pub fn write(
    title: &str,
    headers: &[String],
    rows: &[Vec<Cell>],
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    match format {
        TableFormat::Xlsx => Ok(anju_exchange::workbook::write_table(title, headers, rows)?),
        TableFormat::Csv => csv(headers, rows),
    }
}

/// A list of texts as a file.
pub(crate) fn write_texts(
    title: &str,
    headers: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    let rows: Vec<Vec<Cell>> = rows
        .map(|row| row.into_iter().map(Cell::Text).collect())
        .collect();
    write(title, &headers, &rows, format)
}

fn csv(headers: &[String], rows: &[Vec<Cell>]) -> Result<Vec<u8>, AppError> {
    let failed = |error: csv::Error| AppError::Aborted(error.to_string());
    let mut writer = csv::Writer::from_writer(vec![0xEF, 0xBB, 0xBF]);
    writer.write_record(headers).map_err(failed)?;
    for row in rows {
        let shown = row.iter().map(|cell| match cell {
            Cell::Text(text) => no_formula(text),
            other => other.shown(),
        });
        writer.write_record(shown).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|error| AppError::Aborted(error.to_string()))
}

/// Letters by which a spreadsheet program takes a text for a formula, their full-width forms too; blanks before them are
/// dropped by some programs.
pub(crate) const FORMULA_MARKS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
];

/// A text that a spreadsheet would take for a formula is set off by an apostrophe.
fn no_formula(text: &str) -> String {
    if text.trim_start_matches(' ').starts_with(FORMULA_MARKS) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_begins_with_the_mark_and_holds_no_formula() {
        let rows = vec![
            vec![Cell::Text("=1+1".into()), Cell::Number(-2.5)],
            vec![Cell::Text("\tcmd".into()), Cell::Empty],
            vec![Cell::Text("李,四".into()), Cell::Number(3.0)],
        ];
        let bytes = write("", &["甲".into(), "乙".into()], &rows, TableFormat::Csv).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}甲,乙\n'=1+1,-2.5\n'\tcmd,\n\"李,四\",3\n");
    }
}
