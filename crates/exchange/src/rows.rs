//! Typed reading of the rows of a recognised table: what every kind of file shares. A row is read to its end, so that
//! all of its bad cells are reported at once; what a bad cell means for the record is up to the kind of file.

use std::collections::HashMap;

use anju_model::code_list::Text;

use crate::header::Table;
use crate::normal::{self, CodeList, Refusal};
use crate::table::Cell;

/// A cell that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CellProblem {
    /// Row, counted from 1 as the spreadsheet shows it.
    pub row: u32,
    /// Column counted from 0, absent when the sheet has no such column.
    pub column: Option<u32>,
    /// Header of the column, or its standard title where the sheet has none.
    pub header: String,
    /// The cell as a person sees it.
    pub value: String,
    /// What is wrong.
    pub reason: Text,
    /// What to do.
    pub remedy: Text,
}

/// Rows that were held back together, with every bad cell in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRows {
    /// Row numbers, counted from 1.
    pub rows: Vec<u32>,
    /// What is wrong with them.
    pub cells: Vec<CellProblem>,
}

/// What came of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// The records in the order of the file.
    pub records: Vec<T>,
    /// The rows that were held back.
    pub refused: Vec<RefusedRows>,
    /// Cells that were left out of records that were read all the same.
    pub notes: Vec<CellProblem>,
    /// Rows with content below the header.
    pub rows_read: u64,
}

/// The data rows of a table with the values of merged cells filled in.
pub(crate) struct Rows<'t> {
    table: &'t Table<'t>,
    /// By column: first row, last row and column of the value of each block of merged cells, by first row.
    blocks: HashMap<usize, Vec<(usize, usize, usize)>>,
}

impl<'t> Rows<'t> {
    pub fn new(table: &'t Table<'t>) -> Self {
        let mut blocks: HashMap<usize, Vec<(usize, usize, usize)>> = HashMap::new();
        for region in &table.sheet.merged {
            // Only blocks going down matter: a block across columns in the data is a remark.
            if region.top > table.header_rows.1 && region.left == region.right {
                blocks
                    .entry(region.left)
                    .or_default()
                    .push((region.top, region.bottom, region.left));
            }
        }
        for column in blocks.values_mut() {
            column.sort();
        }
        Self { table, blocks }
    }

    /// The cell at a place, for merged cells the one that holds the value.
    pub fn at(&self, row: usize, column: usize) -> &'t Cell {
        let sheet = self.table.sheet;
        let block = self.blocks.get(&column).and_then(|blocks| {
            let after = blocks.partition_point(|(top, _, _)| *top <= row);
            after
                .checked_sub(1)
                .map(|index| blocks[index])
                .filter(|(_, bottom, _)| *bottom >= row)
        });
        match block {
            Some((top, _, left)) => sheet.cell(top, left),
            None => sheet.cell(row, column),
        }
    }

    /// The cell of a field, empty where the sheet has no such column.
    pub fn cell(&self, row: usize, field: &str) -> &'t Cell {
        self.table
            .columns
            .get(field)
            .map_or(&Cell::Empty, |column| self.at(row, *column))
    }

    /// The rows with content below the header, counted from 0; sums and signatures below the table are passed over.
    pub fn data(&self) -> Vec<usize> {
        let first = self.table.header_rows.1 + 1;
        let rows = self.table.sheet.rows.iter().enumerate().skip(first);
        rows.filter(|(_, cells)| is_data(self.table, cells))
            .map(|(row, _)| row)
            .collect()
    }

    /// A row's number as the spreadsheet counts it.
    pub fn number(&self, row: usize) -> u32 {
        self.table.sheet.number(row)
    }

    /// A reader for one row.
    pub fn row(&self, row: usize) -> Row<'_, 't> {
        Row {
            rows: self,
            row,
            problems: Vec::new(),
        }
    }
}

/// Whether a row below the header has content and is no sum or signature.
pub(crate) fn is_data(table: &Table<'_>, cells: &[Cell]) -> bool {
    let filled = |column: &usize| cells.get(*column).is_some_and(|cell| !cell.is_blank());
    table.columns.values().any(filled) && !is_footer(table, cells)
}

fn is_footer(table: &Table<'_>, cells: &[Cell]) -> bool {
    const WORDS: [&str; 10] = [
        "合计",
        "总计",
        "小计",
        "填表人",
        "制表",
        "审核人",
        "注:",
        "备注:",
        "说明:",
        "填报单位",
    ];
    let mut filled = cells.iter().filter(|cell| !cell.is_blank());
    let first = filled
        .next()
        .map(|cell| normal::compact(&cell.shown()))
        .unwrap_or_default();
    let words = WORDS.iter().any(|word| first.starts_with(word));
    // A person may be called 合计 as little as a plot: but a data row fills more than a few of its columns.
    words && filled.count() * 2 < table.columns.len()
}

/// Reads the fields of one row and collects what is wrong with them.
pub(crate) struct Row<'r, 't> {
    rows: &'r Rows<'t>,
    row: usize,
    pub problems: Vec<CellProblem>,
}

impl<'t> Row<'_, 't> {
    /// The row's number as the spreadsheet shows it.
    pub fn number(&self) -> u32 {
        self.rows.number(self.row)
    }

    pub fn cell(&self, field: &str) -> &'t Cell {
        self.rows.cell(self.row, field)
    }

    /// Name of the file the row stands in.
    pub fn file(&self) -> &'t str {
        &self.rows.table.sheet.file
    }

    pub fn header(&self, field: &str) -> String {
        self.rows.table.header(field)
    }

    /// Records that the cell of a field is not acceptable.
    pub fn refuse(&mut self, field: &str, refusal: Refusal) {
        let problem = self.problem(field, refusal);
        self.problems.push(problem);
    }

    pub fn problem(&self, field: &str, refusal: Refusal) -> CellProblem {
        CellProblem {
            row: self.number(),
            column: self.rows.table.columns.get(field).map(|column| *column as u32),
            header: self.header(field),
            value: self.cell(field).shown(),
            reason: refusal.reason,
            remedy: refusal.remedy,
        }
    }

    /// A field that may be blank.
    pub fn take<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Cell) -> Result<Option<T>, Refusal>,
    ) -> Option<T> {
        match read(self.cell(field)) {
            Ok(value) => value,
            Err(refusal) => {
                self.refuse(field, refusal);
                None
            }
        }
    }

    /// A field that must not be blank.
    pub fn need<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Cell) -> Result<Option<T>, Refusal>,
    ) -> Option<T> {
        match read(self.cell(field)) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.refuse(field, missing());
                None
            }
            Err(refusal) => {
                self.refuse(field, refusal);
                None
            }
        }
    }

    pub fn text(&mut self, field: &str) -> Option<String> {
        self.take(field, normal::text)
    }

    pub fn need_text(&mut self, field: &str) -> Option<String> {
        self.need(field, normal::text)
    }

    pub fn coded<T: Copy>(&mut self, field: &str, list: &CodeList<T>) -> Option<T> {
        self.take(field, |cell| match normal::text(cell)? {
            Some(word) => normal::coded(list, &word).map(Some),
            None => Ok(None),
        })
    }

    pub fn need_coded<T: Copy>(&mut self, field: &str, list: &CodeList<T>) -> Option<T> {
        self.need(field, |cell| match normal::text(cell)? {
            Some(word) => normal::coded(list, &word).map(Some),
            None => Ok(None),
        })
    }

    /// One value of a code list or several.
    pub fn several<T: Copy + PartialEq>(&mut self, field: &str, list: &CodeList<T>) -> Option<Vec<T>> {
        self.take(field, |cell| normal::several(list, cell).map(Some))
    }

    pub fn need_name(&mut self, field: &str) -> Option<String> {
        self.need(field, |cell| match normal::text(cell)? {
            Some(name) => normal::person_name(&name).map(Some),
            None => Ok(None),
        })
    }
}

/// The refusal of a blank cell that must be filled in.
pub(crate) fn missing() -> Refusal {
    Refusal::new(
        ("必填项为空", "the cell must not be blank"),
        ("补填该项", "fill it in"),
    )
}

/// Reads a table in which each row is a record; a row with a bad cell is held back.
pub(crate) fn read_each<T>(
    table: &Table<'_>,
    mut read: impl FnMut(&mut Row<'_, '_>) -> Option<T>,
) -> Parsed<T> {
    let rows = Rows::new(table);
    let mut parsed = Parsed {
        records: Vec::new(),
        refused: Vec::new(),
        notes: Vec::new(),
        rows_read: 0,
    };
    for index in rows.data() {
        parsed.rows_read += 1;
        let mut row = rows.row(index);
        match read(&mut row) {
            Some(record) if row.problems.is_empty() => parsed.records.push(record),
            _ => parsed.refused.push(RefusedRows {
                rows: vec![row.number()],
                cells: row.problems,
            }),
        }
    }
    parsed
}
