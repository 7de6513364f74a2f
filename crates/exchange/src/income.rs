//! Income of households (家庭收入), one row per line of income.

use std::collections::BTreeMap;

use anju_model::register::{IncomeLine, IncomeRecord};

use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, RefusedRows, read_each};

/// Reads a table of incomes; amounts are in yuan unless the header or the cell says otherwise. A year of a household
/// counts as a whole: one bad row of a household holds back all of its rows.
pub fn read_income(table: &Table<'_>) -> Parsed<IncomeRecord> {
    let mut held_back = BTreeMap::new();
    let mut parsed = read_each(table, |row| {
        let register_number = row.need("register_number", normal::identifier);
        let household = register_number.clone();
        let year = row.need("year", |cell| normal::whole_between(cell, 1990, 2100));
        let kind = row.need_coded("kind", &normal::INCOME_KIND);
        let header = row.header("amount");
        let amount = row.need("amount", |cell| normal::money(cell, &header, 1.0));
        let header = row.header("cost");
        let cost = row.take("cost", |cell| normal::money(cell, &header, 1.0));
        let source = row.text("source");
        let evidence = row.text("evidence");
        let from = row.take("from", |cell| normal::date(cell, None));
        let to = row.take("to", |cell| normal::date(cell, None));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            row.refuse(
                "to",
                Refusal::new(
                    ("截止日期早于起始日期", "the last day is before the first"),
                    ("核对起止日期", "check both days"),
                ),
            );
        }
        if let Some(household) = household.filter(|_| !row.problems.is_empty()) {
            held_back.insert(household, Vec::new());
        }
        Some(IncomeRecord {
            register_number: register_number?,
            year: year.and_then(|year| i16::try_from(year).ok())?,
            line: IncomeLine {
                kind: kind?,
                amount: amount?,
                cost: cost.unwrap_or_default(),
                source,
                evidence,
                from,
                to,
            },
            row: row.number(),
        })
    });
    parsed
        .records
        .retain(|record| match held_back.get_mut(&record.register_number) {
            Some(rows) => {
                rows.push(record.row);
                false
            }
            None => true,
        });
    let with_others = held_back.into_values().filter(|rows| !rows.is_empty());
    parsed.refused.extend(with_others.map(|rows| RefusedRows {
        rows,
        cells: Vec::new(),
    }));
    parsed
}
