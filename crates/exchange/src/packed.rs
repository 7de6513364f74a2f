//! Sheets kept small: the cells with content of a sheet, packed row by row.
//!
//! A list of a million persons has some twenty million cells, for which [`Sheet`] would take gigabytes. Here each takes
//! its text and four bytes more. Rows are unpacked in the pieces in which they are worked on, each an ordinary [`Sheet`]
//! that still knows which rows of the file it holds.

use jiff::civil::Date;

use crate::header::{LAST_HEADER_ROW, Table};
use crate::rows::is_data;
use crate::table::{Cell, Region, Sheet};

/// Bytes of a page; a sheet grows by pages, so that it is never copied.
const PAGE: usize = 1 << 20;

/// Rows of a sheet, packed.
#[derive(Debug, Clone)]
pub struct PackedSheet {
    /// Name of the file without its folder.
    pub file: String,
    /// Name of the sheet, empty for CSV.
    pub sheet: String,
    /// Merged cells; the value stands in the upper left one.
    pub merged: Vec<Region>,
    pages: Vec<Vec<u8>>,
    /// Page and place of each row.
    rows: Vec<(u32, u32)>,
    /// Number of columns of the widest row.
    width: usize,
}

/// What a cell is, before its content.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Tag {
    Text,
    Number,
    True,
    False,
    Date,
    Error,
    /// Ends a row.
    End,
}

impl PackedSheet {
    /// A sheet without rows.
    pub fn new(file: String, sheet: String) -> Self {
        Self {
            file,
            sheet,
            merged: Vec::new(),
            pages: Vec::new(),
            rows: Vec::new(),
            width: 0,
        }
    }

    /// Number of rows, from the first one of the sheet.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes a row at its place; rows that are left out are empty, one that is there is written over.
    pub(crate) fn put(&mut self, row: usize, cells: &[Cell]) {
        let mut bytes = Vec::with_capacity(64);
        for (column, cell) in cells.iter().enumerate() {
            let mut begin = |tag: Tag| {
                // Columns are fewer than 1024.
                bytes.push(tag as u8);
                bytes.extend((column as u16).to_le_bytes());
            };
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    begin(Tag::Text);
                    put_text(&mut bytes, text);
                }
                Cell::Error(text) => {
                    begin(Tag::Error);
                    put_text(&mut bytes, text);
                }
                Cell::Number(number) => {
                    begin(Tag::Number);
                    bytes.extend(number.to_le_bytes());
                }
                Cell::Boolean(flag) => begin(if *flag { Tag::True } else { Tag::False }),
                Cell::Date(date) => {
                    begin(Tag::Date);
                    bytes.extend(date.year().to_le_bytes());
                    bytes.extend([date.month() as u8, date.day() as u8]);
                }
            }
        }
        bytes.push(Tag::End as u8);
        if self
            .pages
            .last()
            .is_none_or(|page| page.len() + bytes.len() > PAGE)
        {
            self.pages.push(Vec::with_capacity(PAGE.max(bytes.len())));
        }
        let page = self.pages.len() - 1;
        let place = (page as u32, self.pages[page].len() as u32);
        self.pages[page].extend(&bytes);
        if self.rows.len() <= row {
            self.rows.resize(row + 1, (u32::MAX, 0));
        }
        self.rows[row] = place;
        self.width = self.width.max(cells.len());
    }

    /// The cells of a row; trailing empty ones are left out.
    pub fn row(&self, row: usize) -> Vec<Cell> {
        let mut cells = Vec::new();
        let Some(&(page, place)) = self.rows.get(row) else {
            return cells;
        };
        let Some(page) = self.pages.get(page as usize) else {
            return cells;
        };
        let mut bytes = Bytes(&page[place as usize..]);
        while let Some((column, cell)) = bytes.cell() {
            cells.resize(column, Cell::Empty);
            cells.push(cell);
        }
        cells
    }

    /// The rows a header is looked for in, for finding out what the sheet holds. They are as wide as the whole sheet.
    pub fn head(&self) -> Sheet {
        let mut rows: Vec<Vec<Cell>> = (0..self.len().min(LAST_HEADER_ROW + 2))
            .map(|row| self.row(row))
            .collect();
        if let Some(first) = rows.first_mut() {
            first.resize(self.width, Cell::Empty);
        }
        Sheet {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            rows,
            merged: self.merged.clone(),
            numbers: Vec::new(),
        }
    }

    /// The whole sheet.
    pub fn unpack(&self) -> Sheet {
        Sheet {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            rows: (0..self.len()).map(|row| self.row(row)).collect(),
            merged: self.merged.clone(),
            numbers: Vec::new(),
        }
    }

    /// The rows above the data as they are, and below them the rows asked for, with the values of merged cells filled in.
    pub fn piece(&self, blocks: &Blocks, rows: impl IntoIterator<Item = usize>) -> Sheet {
        let mut piece = Sheet {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            rows: (0..blocks.head).map(|row| self.row(row)).collect(),
            merged: blocks.above.clone(),
            numbers: (0..blocks.head).map(number).collect(),
        };
        for row in rows {
            let mut cells = self.row(row);
            blocks.fill(self, row, &mut cells);
            piece.rows.push(cells);
            piece.numbers.push(number(row));
        }
        piece
    }

    /// The rows of a recognised table that hold data, counted from 0.
    pub fn data(&self, table: &Table<'_>) -> Vec<u32> {
        let first = table.header_rows.1 + 1;
        let data = (first..self.len()).filter(|row| is_data(table, &self.row(*row)));
        // A sheet has fewer rows than 2^32.
        data.map(|row| row as u32).collect()
    }
}

/// A row as the spreadsheet counts it.
fn number(row: usize) -> u32 {
    u32::try_from(row + 1).unwrap_or(u32::MAX)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// Bytes that were written by [`PackedSheet::put`].
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn text(&mut self) -> Option<String> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    /// The next cell with its column; `None` at the end of the row.
    fn cell(&mut self) -> Option<(usize, Cell)> {
        let [tag] = self.take()?;
        if tag == Tag::End as u8 {
            return None;
        }
        let column = usize::from(u16::from_le_bytes(self.take()?));
        let cell = match tag {
            tag if tag == Tag::Text as u8 => Cell::Text(self.text()?),
            tag if tag == Tag::Error as u8 => Cell::Error(self.text()?),
            tag if tag == Tag::Number as u8 => Cell::Number(f64::from_le_bytes(self.take()?)),
            tag if tag == Tag::True as u8 => Cell::Boolean(true),
            tag if tag == Tag::False as u8 => Cell::Boolean(false),
            _ => {
                let year = i16::from_le_bytes(self.take()?);
                let [month, day] = self.take()?;
                Cell::Date(Date::new(year, month as i8, day as i8).ok()?)
            }
        };
        Some((column, cell))
    }
}

/// The merged cells of a sheet, sorted for filling in their values.
pub struct Blocks {
    /// Number of rows above the data.
    head: usize,
    /// Those above the data.
    above: Vec<Region>,
    /// Those in the data that go down in one column, by column and first row. A block across columns is a remark.
    below: Vec<Region>,
}

impl Blocks {
    /// Those of a sheet whose data begin below the table's header.
    pub fn new(sheet: &PackedSheet, table: &Table<'_>) -> Self {
        let head = table.header_rows.1 + 1;
        let (above, below): (Vec<_>, Vec<_>) =
            sheet.merged.iter().copied().partition(|region| region.top < head);
        let mut below: Vec<Region> = below
            .into_iter()
            .filter(|region| region.left == region.right)
            .collect();
        below.sort_by_key(|region| (region.left, region.top));
        Self { head, above, below }
    }

    /// Puts the value of each block that a row is in into the row's cells.
    pub(crate) fn fill(&self, sheet: &PackedSheet, row: usize, cells: &mut Vec<Cell>) {
        let mut rest = self.below.as_slice();
        while let Some(first) = rest.first() {
            let column = first.left;
            let of_column = rest.partition_point(|region| region.left == column);
            let above = rest[..of_column].partition_point(|region| region.top <= row);
            if let Some(region) = above.checked_sub(1).map(|place| rest[place])
                && region.bottom >= row
                && region.top != row
            {
                let value = sheet.row(region.top).into_iter().nth(column).unwrap_or_default();
                if cells.len() <= column {
                    cells.resize(column + 1, Cell::Empty);
                }
                cells[column] = value;
            }
            rest = &rest[of_column..];
        }
    }
}

#[cfg(test)]
mod tests {
    use anju_model::register::FileKind;
    use proptest::prelude::*;

    use super::*;

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Empty),
            ".{1,8}".prop_map(Cell::Text),
            any::<f64>()
                .prop_filter("comparable", |number| !number.is_nan())
                .prop_map(Cell::Number),
            any::<bool>().prop_map(Cell::Boolean),
            (-4000_i16..9000, 1_i8..=12, 1_i8..=28)
                .prop_map(|(year, month, day)| Cell::Date(Date::constant(year, month, day))),
            "#[A-Z/]{1,5}".prop_map(Cell::Error),
        ]
    }

    proptest! {
        #[test]
        fn rows_come_back(rows in prop::collection::vec(prop::collection::vec(cell(), 0..9), 0..20)) {
            let mut sheet = PackedSheet::new("a.csv".into(), String::new());
            for (row, cells) in rows.iter().enumerate() {
                sheet.put(row, cells);
            }
            let trimmed: Vec<Vec<Cell>> = rows
                .iter()
                .map(|cells| {
                    let length = cells.iter().rposition(|cell| *cell != Cell::Empty).map_or(0, |last| last + 1);
                    cells[..length].to_vec()
                })
                .collect();
            prop_assert_eq!(sheet.unpack().rows, trimmed);
        }
    }

    #[test]
    fn a_piece_has_the_values_of_merged_cells_and_the_numbers_of_its_rows() {
        let text = |text: &str| Cell::Text(text.into());
        let mut sheet = PackedSheet::new("a.xlsx".into(), "表".into());
        sheet.put(
            0,
            &[
                "户编号",
                "乡镇",
                "村",
                "搬迁类型",
                "应搬",
                "姓名",
                "与户主关系",
                "证件号码",
            ]
            .map(text),
        );
        sheet.put(1, &[text("1"), text("清溪镇"), text("甲村")]);
        sheet.put(3, &[text("3"), Cell::Empty, text("丙村")]);
        sheet.merged = vec![Region {
            top: 1,
            left: 1,
            bottom: 3,
            right: 1,
        }];
        let heads = [sheet.head()];
        let tables = crate::header::recognise(&heads, &[], Some(FileKind::Register)).unwrap();
        let blocks = Blocks::new(&sheet, &tables[0]);
        let piece = sheet.piece(&blocks, [3, 1]);
        assert_eq!(piece.rows[1], [text("3"), text("清溪镇"), text("丙村")]);
        assert_eq!(piece.numbers, [1, 4, 2]);
        assert_eq!(sheet.piece(&blocks, [2]).rows[1], [Cell::Empty, text("清溪镇")]);
        assert!(piece.merged.is_empty());
        assert_eq!(sheet.data(&tables[0]), [1, 3]);
    }
}
