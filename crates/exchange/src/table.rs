//! Workbooks and CSV files as sheets of cells, without knowing what they mean.
//!
//! What a file is, is decided by its first bytes, not by its name. Cells keep whether they were text or numbers,
//! because a number that should have been text may have lost digits. Formulas count with their stored result; formats
//! and colours are not read.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xls, XlsError, Xlsx, XlsxError};
use jiff::civil::Date;

use crate::error::{ExchangeError, Fault, file_name};
use crate::packed::PackedSheet;

/// The largest file that is read.
pub const MOST_BYTES: u64 = 256 << 20;
/// The most cells with content in one sheet.
pub const MOST_CELLS: usize = 40_000_000;
/// The most columns.
pub const MOST_COLUMNS: usize = 1024;

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text as written.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A number that the workbook shows as a date.
    Date(Date),
    /// An error value such as `#N/A`.
    Error(String),
}

impl Cell {
    /// The cell as a person reads it: dates as 1968-05-03, numbers without needless decimals and from 12 digits on in
    /// the scientific form that Excel shows.
    pub fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Boolean(true) => "TRUE".to_owned(),
            Self::Boolean(false) => "FALSE".to_owned(),
            Self::Date(date) => date.to_string(),
            Self::Error(error) => error.clone(),
            Self::Number(number) if number.abs() >= 1e15 => {
                let text = format!("{number:.5e}");
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                format!(
                    "{}E+{exponent}",
                    digits.trim_end_matches('0').trim_end_matches('.')
                )
            }
            Self::Number(number) => number.to_string(),
        }
    }

    /// Whether there is nothing but space.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text
                .chars()
                .all(|c| c.is_whitespace() || c == '\u{200b}' || c == '\u{feff}'),
            _ => false,
        }
    }
}

/// A block of merged cells, rows and columns counted from 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Last row.
    pub bottom: usize,
    /// Last column.
    pub right: usize,
}

/// A sheet of a workbook, or a CSV file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Name of the file without its folder.
    pub file: String,
    /// Name of the sheet, empty for CSV.
    pub sheet: String,
    /// Rows from the first one of the sheet; rows may be of different length, trailing empty rows are left out.
    pub rows: Vec<Vec<Cell>>,
    /// Merged cells; the value stands in the upper left one.
    pub merged: Vec<Region>,
    /// The rows' numbers as the spreadsheet counts them, of a sheet that holds some of a file's rows; empty for a whole
    /// one, which counts from 1.
    pub numbers: Vec<u32>,
}

impl Sheet {
    /// A row's number as the spreadsheet counts it.
    pub fn number(&self, row: usize) -> u32 {
        match self.numbers.get(row) {
            Some(number) => *number,
            None => u32::try_from(row + 1).unwrap_or(u32::MAX),
        }
    }

    /// The cell, empty where there is none.
    pub fn cell(&self, row: usize, column: usize) -> &Cell {
        self.rows
            .get(row)
            .and_then(|row| row.get(column))
            .unwrap_or(&Cell::Empty)
    }

    /// The cell, or for a merged block the cell that holds its value.
    pub fn merged_cell(&self, row: usize, column: usize) -> &Cell {
        let block = self.merged.iter().find(|region| {
            (region.top..=region.bottom).contains(&row) && (region.left..=region.right).contains(&column)
        });
        match block {
            Some(region) => self.cell(region.top, region.left),
            None => self.cell(row, column),
        }
    }

    /// The number of columns of the widest row.
    pub fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Reads all sheets with content of a `.xlsx`, `.xls` or `.csv` file.
///
/// # Errors
/// [`ExchangeError::Empty`] for 0 bytes or no content, [`ExchangeError::Protected`] for a password,
/// [`ExchangeError::TooLarge`], [`ExchangeError::Encoding`] for a CSV file in an unknown encoding,
/// [`ExchangeError::Format`] for what is none of the three.
pub fn read_table_file(path: &Path) -> Result<Vec<Sheet>, ExchangeError> {
    let sheets = read_packed_file(path)?;
    Ok(sheets.iter().map(PackedSheet::unpack).collect())
}

/// Reads all sheets with content and keeps them small.
///
/// # Errors
/// As [`read_table_file`].
pub fn read_packed_file(path: &Path) -> Result<Vec<PackedSheet>, ExchangeError> {
    let size = fs::metadata(path)
        .map_err(|error| ExchangeError::io(path, ("读取", "read"), &error))?
        .len();
    if size > MOST_BYTES {
        return Err(ExchangeError::TooLarge(Fault::new(
            path,
            (
                &format!("文件有 {} MB，超过上限 {} MB", size >> 20, MOST_BYTES >> 20),
                &format!(
                    "the file has {} MB, more than the limit of {} MB",
                    size >> 20,
                    MOST_BYTES >> 20
                ),
            ),
            (
                "删除图片和空行，或按乡镇分成几个文件",
                "delete pictures and empty rows, or split it by township",
            ),
        )));
    }
    let bytes = fs::read(path).map_err(|error| ExchangeError::io(path, ("读取", "read"), &error))?;
    read_packed(path, bytes)
}

/// Reads a file of which the bytes are at hand; `path` is used for its name only.
///
/// # Errors
/// As [`read_table_file`].
pub fn read_table_bytes(path: &Path, bytes: Vec<u8>) -> Result<Vec<Sheet>, ExchangeError> {
    let sheets = read_packed(path, bytes)?;
    Ok(sheets.iter().map(PackedSheet::unpack).collect())
}

fn read_packed(path: &Path, bytes: Vec<u8>) -> Result<Vec<PackedSheet>, ExchangeError> {
    if bytes.is_empty() {
        return Err(empty(path, ("文件为 0 字节", "the file has 0 bytes")));
    }
    let ending = crate::vector::ending(path);
    let sheets = if bytes.starts_with(b"PK\x03\x04") {
        read_xlsx(path, bytes)?
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        read_ole(path, bytes)?
    } else if matches!(ending.as_str(), "xlsx" | "xlsm" | "xls" | "et") {
        let looks_like_text = !bytes.iter().take(4096).any(|byte| *byte == 0);
        let (zh, en) = if looks_like_text {
            (
                "文件名以 .xlsx 或 .xls 结尾，但内容是文本或网页",
                "its name ends like a workbook's, but the content is text or a web page",
            )
        } else {
            (
                "文件名以 .xlsx 或 .xls 结尾，但内容不是工作簿",
                "its name ends like a workbook's, but the content is not a workbook",
            )
        };
        return Err(ExchangeError::Format(Fault::new(
            path,
            (zh, en),
            (
                "用 Excel 或 WPS 打开后另存为 .xlsx",
                "open it in Excel or WPS and save it as .xlsx",
            ),
        )));
    } else {
        vec![read_csv(path, bytes)?]
    };
    let sheets: Vec<PackedSheet> = sheets.into_iter().filter(|sheet| !sheet.is_empty()).collect();
    if sheets.is_empty() {
        return Err(empty(
            path,
            (
                "工作簿是空的，没有任何内容",
                "the file is empty: there is nothing in it",
            ),
        ));
    }
    Ok(sheets)
}

fn empty(path: &Path, reason: (&str, &str)) -> ExchangeError {
    ExchangeError::Empty(Fault::new(
        path,
        reason,
        (
            "重新复制或导出完整的文件",
            "copy or export the complete file again",
        ),
    ))
}

fn protected(path: &Path) -> ExchangeError {
    ExchangeError::Protected(Fault::new(
        path,
        ("工作簿有打开密码", "the workbook is protected by a password"),
        (
            "用密码打开，取消“用密码进行加密”后另存，再导入",
            "open it with its password, remove the encryption, save it and import that",
        ),
    ))
}

fn too_large(path: &Path, sheet: &str, what: (&str, &str)) -> ExchangeError {
    ExchangeError::TooLarge(
        Fault::new(
            path,
            (
                &format!("超过上限：{}", what.0),
                &format!("it is above the limit of {}", what.1),
            ),
            (
                "删除表格以外的内容，或按乡镇分成几个文件",
                "delete what is beside the table, or split it by township",
            ),
        )
        .at(format!("工作表“{sheet}”"), format!("sheet {sheet:?}")),
    )
}

fn date(value: ExcelDateTime) -> Cell {
    let (year, month, day, ..) = value.to_ymd_hms_milli();
    let date = i16::try_from(year)
        .ok()
        .and_then(|year| Date::new(year, month as i8, day as i8).ok());
    match date {
        Some(date) if value.is_datetime() => Cell::Date(date),
        _ => Cell::Number(value.as_f64()),
    }
}

fn iso_date(text: &str) -> Cell {
    match text.get(..10).and_then(|date| date.parse().ok()) {
        Some(date) => Cell::Date(date),
        None => Cell::Text(text.to_owned()),
    }
}

/// Collects cells into rows within the limits, whatever corner of the sheet they stand in.
struct Rows<'a> {
    path: &'a Path,
    sheet: PackedSheet,
    /// The row that is being collected.
    row: usize,
    current: Vec<Cell>,
    cells: usize,
}

impl<'a> Rows<'a> {
    fn new(path: &'a Path, sheet: &str) -> Self {
        Self {
            path,
            sheet: PackedSheet::new(file_name(path), sheet.to_owned()),
            row: 0,
            current: Vec::new(),
            cells: 0,
        }
    }

    fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), ExchangeError> {
        if cell.is_blank() {
            return Ok(());
        }
        let (row, column) = (row as usize, column as usize);
        self.cells += 1;
        if self.cells > MOST_CELLS {
            return Err(too_large(
                self.path,
                &self.sheet.sheet,
                (&format!("{MOST_CELLS} 个单元格"), &format!("{MOST_CELLS} cells")),
            ));
        }
        if column >= MOST_COLUMNS {
            return Err(too_large(
                self.path,
                &self.sheet.sheet,
                (&format!("{MOST_COLUMNS} 列"), &format!("{MOST_COLUMNS} columns")),
            ));
        }
        if row != self.row {
            self.end_row();
            // Cells of a row that was left are added to it.
            self.current = self.sheet.row(row);
            self.row = row;
        }
        if self.current.len() <= column {
            self.current.resize(column + 1, Cell::Empty);
        }
        self.current[column] = cell;
        Ok(())
    }

    fn end_row(&mut self) {
        if !self.current.is_empty() {
            self.sheet.put(self.row, &self.current);
            self.current.clear();
        }
    }

    fn finish(mut self, merged: Vec<Region>) -> PackedSheet {
        self.end_row();
        self.sheet.merged = merged;
        self.sheet
    }
}

fn regions(dimensions: Vec<calamine::Dimensions>) -> Vec<Region> {
    dimensions
        .into_iter()
        .map(|block| Region {
            top: block.start.0 as usize,
            left: block.start.1 as usize,
            bottom: block.end.0 as usize,
            right: block.end.1 as usize,
        })
        .collect()
}

fn read_xlsx(path: &Path, bytes: Vec<u8>) -> Result<Vec<PackedSheet>, ExchangeError> {
    let failed = |error: XlsxError| match error {
        XlsxError::Password => protected(path),
        other => ExchangeError::damaged(path, "XLSX", &other.to_string()),
    };
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(failed)?;
    let mut sheets = Vec::new();
    for metadata in workbook.sheets_metadata().to_vec() {
        if metadata.typ != calamine::SheetType::WorkSheet {
            continue;
        }
        let name = metadata.name;
        let merged = workbook.merge_cells_by_sheet_name(&name).map_err(failed)?;
        let mut rows = Rows::new(path, &name);
        let mut reader = workbook.worksheet_cells_reader(&name).map_err(failed)?;
        while let Some(cell) = reader.next_cell().map_err(failed)? {
            let (row, column) = cell.get_position();
            let value = match cell.get_value() {
                DataRef::Int(number) => Cell::Number(*number as f64),
                DataRef::Float(number) => Cell::Number(*number),
                DataRef::String(text) => Cell::Text(text.clone()),
                DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
                DataRef::Bool(flag) => Cell::Boolean(*flag),
                DataRef::DateTime(value) => date(*value),
                DataRef::DateTimeIso(text) => iso_date(text),
                DataRef::DurationIso(text) => Cell::Text(text.clone()),
                DataRef::Error(error) => Cell::Error(error.to_string()),
                DataRef::Empty => Cell::Empty,
            };
            rows.put(row, column, value)?;
        }
        sheets.push(rows.finish(regions(merged)));
    }
    Ok(sheets)
}

fn read_ole(path: &Path, bytes: Vec<u8>) -> Result<Vec<PackedSheet>, ExchangeError> {
    // The directory of an encrypted .xlsx names this stream, in UTF-16.
    let marker: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    if bytes.windows(marker.len()).any(|window| window == marker) {
        return Err(protected(path));
    }
    let failed = |error: XlsError| match error {
        XlsError::Password => protected(path),
        other => ExchangeError::damaged(path, "XLS", &other.to_string()),
    };
    let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(failed)?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let merged = workbook.merge_cells_by_sheet_name(&name).map_err(failed)?;
        let range = workbook.worksheet_range(&name).map_err(failed)?;
        let (top, left) = range.start().unwrap_or((0, 0));
        let mut rows = Rows::new(path, &name);
        for (row, column, value) in range.used_cells() {
            let value = match value {
                Data::Int(number) => Cell::Number(*number as f64),
                Data::Float(number) => Cell::Number(*number),
                Data::String(text) | Data::DurationIso(text) => Cell::Text(text.clone()),
                Data::Bool(flag) => Cell::Boolean(*flag),
                Data::DateTime(value) => date(*value),
                Data::DateTimeIso(text) => iso_date(text),
                Data::Error(error) => Cell::Error(error.to_string()),
                Data::Empty => Cell::Empty,
            };
            rows.put(top + row as u32, left + column as u32, value)?;
        }
        sheets.push(rows.finish(regions(merged)));
    }
    Ok(sheets)
}

/// The text of a CSV file: UTF-8 with or without mark, UTF-16 with mark, else GB 18030 (which holds GBK).
fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, ExchangeError> {
    let unknown = || {
        ExchangeError::Encoding(Fault::new(
            path,
            ("文字既不是 UTF-8 也不是 GBK", "its text is neither UTF-8 nor GBK"),
            (
                "另存为 UTF-8 编码的 CSV，或 .xlsx",
                "save it as CSV in UTF-8, or as .xlsx",
            ),
        ))
    };
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(&bytes) {
        let (text, _, failed) = encoding.decode(&bytes);
        return if failed {
            Err(unknown())
        } else {
            Ok(text.into_owned())
        };
    }
    if bytes.contains(&0) {
        return Err(ExchangeError::Format(Fault::new(
            path,
            (
                "不是表格文件：内容是二进制",
                "it is not a table: the content is binary",
            ),
            ("导出为 .xlsx 或 .csv", "export it as .xlsx or .csv"),
        )));
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    encoding_rs::GB18030
        .decode_without_bom_handling_and_without_replacement(&bytes)
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(unknown)
}

fn read_csv(path: &Path, bytes: Vec<u8>) -> Result<PackedSheet, ExchangeError> {
    let text = decode(path, bytes)?;
    let head: String = text.lines().take(10).collect();
    let separator = [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|separator| {
            (
                head.bytes().filter(|byte| byte == separator).count(),
                *separator == b',',
            )
        })
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut rows = Rows::new(path, "");
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(ExchangeError::damaged(path, "CSV", &error.to_string())),
        }
        for (column, text) in record.iter().enumerate() {
            rows.put(row, column as u32, Cell::Text(text.to_owned()))?;
        }
        row += 1;
    }
    Ok(rows.finish(Vec::new()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_xlsxwriter::Workbook;

    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn csv_is_read_in_every_encoding_an_office_writes() {
        let source = "姓名,身份证号\r\n张三,61240119680503001X\r\n";
        let (gbk, _, _) = encoding_rs::GBK.encode(source);
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(source.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let with_mark = [b"\xef\xbb\xbf", source.as_bytes()].concat();
        for bytes in [source.as_bytes().to_vec(), gbk.into_owned(), utf16, with_mark] {
            let sheets = read_table_bytes(Path::new("户表.csv"), bytes).unwrap();
            assert_eq!(sheets[0].rows[0], [text("姓名"), text("身份证号")]);
            assert_eq!(sheets[0].rows[1], [text("张三"), text("61240119680503001X")]);
        }
    }

    #[test]
    fn workbooks_keep_numbers_dates_and_merged_cells() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("名册").unwrap();
        sheet
            .merge_range(0, 0, 0, 2, "标题", &rust_xlsxwriter::Format::new())
            .unwrap();
        sheet.write_string(1, 0, "612401196805030018").unwrap();
        sheet.write_number(1, 1, 612401196805030018.0_f64).unwrap();
        let date = rust_xlsxwriter::ExcelDateTime::from_ymd(1968, 5, 3).unwrap();
        sheet
            .write_with_format(
                1,
                2,
                &date,
                &rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd"),
            )
            .unwrap();
        let sheets = read_table_bytes(Path::new("a.xlsx"), workbook.save_to_buffer().unwrap()).unwrap();
        assert_eq!(sheets[0].sheet, "名册");
        assert_eq!(
            sheets[0].merged,
            [Region {
                top: 0,
                left: 0,
                bottom: 0,
                right: 2
            }]
        );
        assert_eq!(sheets[0].merged_cell(0, 2), &text("标题"));
        assert_eq!(sheets[0].cell(1, 0), &text("612401196805030018"));
        assert_eq!(sheets[0].cell(1, 1).shown(), "6.12401E+17");
        assert_eq!(sheets[0].cell(1, 2), &Cell::Date(Date::constant(1968, 5, 3)));
    }

    #[test]
    fn every_unusable_file_has_its_own_error() {
        let read = |name: &str, bytes: &[u8]| read_table_bytes(Path::new(name), bytes.to_vec());
        assert!(matches!(read("a.xlsx", b""), Err(ExchangeError::Empty(_))));
        assert!(matches!(
            read("a.csv", b"\r\n , ,\r\n"),
            Err(ExchangeError::Empty(_))
        ));
        assert!(matches!(
            read("a.xlsx", &Workbook::new().save_to_buffer().unwrap()),
            Err(ExchangeError::Empty(_))
        ));
        let error = read("a.xlsx", b"<html><table></table></html>").unwrap_err();
        assert!(error.to_string().contains("text or a web page"), "{error}");
        assert!(matches!(
            read("a.xlsx", b"\0\x01binary"),
            Err(ExchangeError::Format(_))
        ));
        assert!(matches!(
            read("a.xlsx", b"PK\x03\x04 cut off"),
            Err(ExchangeError::Format(_))
        ));
        assert!(matches!(read("a.csv", b"a,b\0c"), Err(ExchangeError::Format(_))));
        assert!(matches!(
            read("a.csv", b"a,\xff\xff\xfe"),
            Err(ExchangeError::Encoding(_))
        ));
        let mut encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        encrypted.resize(2048, 0);
        encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        let error = read("a.xlsx", &encrypted).unwrap_err();
        assert!(matches!(error, ExchangeError::Protected(_)), "{error}");
        assert!(error.zh().contains("密码"), "{}", error.zh());
        let missing = read_table_file(Path::new("/nonexistent/a.xlsx")).unwrap_err();
        assert!(matches!(missing, ExchangeError::Io(_)), "{missing}");
    }

    #[test]
    fn a_single_cell_in_the_last_corner_does_not_fill_the_memory() {
        let mut workbook = Workbook::new();
        workbook
            .add_worksheet()
            .write_string(1_048_575, 16_383, "x")
            .unwrap();
        let error = read_table_bytes(Path::new("a.xlsx"), workbook.save_to_buffer().unwrap()).unwrap_err();
        assert!(matches!(error, ExchangeError::TooLarge(_)), "{error}");
    }

    proptest! {
        /// No bytes make the reader panic, whatever they claim to be.
        #[test]
        fn noise_is_refused_or_read(magic in 0usize..3, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let heads: [&[u8]; 3] = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"];
            let _ = read_table_bytes(Path::new("a.xlsx"), [heads[magic], &bytes].concat());
            let _ = read_table_bytes(Path::new("a.csv"), bytes);
        }
    }
}
