//! Money made available (资金安排), one row per document.

use anju_model::register::Fund;
use uuid::Uuid;

use crate::header::Table;
use crate::normal;
use crate::rows::{Parsed, read_each};

/// Reads a list of funds; amounts are in 10,000 yuan unless the header or the cell says otherwise.
pub fn read_funds(table: &Table<'_>, mut new_id: impl FnMut() -> Uuid) -> Parsed<Fund> {
    read_each(table, |row| {
        let source = row.need_text("source");
        let document = row.need_text("document");
        let year = row.need("year", |cell| normal::whole_between(cell, 1990, 2100));
        let header = row.header("amount");
        let amount = row.need("amount", |cell| normal::money(cell, &header, 10_000.0));
        if !row.problems.is_empty() {
            return None;
        }
        Some(Fund {
            id: new_id(),
            source: source?,
            document: document?,
            year: year.and_then(|year| i16::try_from(year).ok())?,
            amount: amount?,
        })
    })
}
