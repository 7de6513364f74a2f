//! Departments' extracts for the look-back. What a department wrote is kept as written, wrong ID numbers included: only
//! rows with neither name nor ID number are held back. A value that cannot be read is left out and noted.

use anju_model::identity::IdNumber;
use anju_model::lookback::{ExtractFacts, ExtractRecord};
use anju_model::register::FileKind;
use uuid::Uuid;

use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, RefusedRows, Row, Rows};
use crate::table::Cell;

/// Reads an extract of one of the six departments; `None` for a table of another kind.
pub fn read_extract(table: &Table<'_>, mut new_id: impl FnMut() -> Uuid) -> Option<Parsed<ExtractRecord>> {
    let facts = facts_reader(table.kind)?;
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
        let lost_before = row.problems.len();
        let id_number = row.take("id_number", normal::id_number);
        let id_lost = row.problems.len() > lost_before;
        let name = row
            .text("name")
            .map(|name| normal::person_name(&name).unwrap_or(name))
            .unwrap_or_default();
        if name.is_empty() && id_number.is_none() {
            if !id_lost {
                row.refuse(
                    "name",
                    Refusal::new(
                        (
                            "既没有姓名也没有身份证号",
                            "there is neither a name nor an ID number",
                        ),
                        (
                            "补填姓名或身份证号，或删除该行",
                            "fill in the name or the ID number, or delete the row",
                        ),
                    ),
                );
            }
            parsed.refused.push(RefusedRows {
                rows: vec![row.number()],
                cells: row.problems,
            });
            continue;
        }
        let facts = facts(&mut row, id_number.as_ref());
        parsed.notes.append(&mut row.problems);
        parsed.records.push(ExtractRecord {
            id: new_id(),
            file: table.sheet.file.clone(),
            row: row.number(),
            name,
            id_number,
            facts,
        });
    }
    Some(parsed)
}

type FactsReader = fn(&mut Row<'_, '_>, Option<&IdNumber>) -> ExtractFacts;

fn facts_reader(kind: FileKind) -> Option<FactsReader> {
    Some(match kind {
        FileKind::CivilRegistry => |row, id_number| ExtractFacts::CivilRegistry {
            sex: row.coded("sex", &normal::SEX),
            birth_date: row.take("birth_date", |cell| normal::date(cell, id_number)),
            death_date: row.take("death_date", day),
            hukou_number: row.take("hukou_number", normal::identifier),
            address: row.text("address"),
        },
        FileKind::SocialInsurance => |row, _| ExtractFacts::SocialInsurance {
            scheme: row.text("scheme").unwrap_or_default(),
            employer: row.text("employer"),
            base: money(row, "base", 1.0),
        },
        FileKind::Vehicles => |row, _| ExtractFacts::Vehicle {
            plate: row.take("plate", normal::identifier).unwrap_or_default(),
            kind: row.text("vehicle_kind").unwrap_or_default(),
            price: money(row, "price", 1.0),
            registered: row.take("registered", day),
            state: row.text("state"),
        },
        FileKind::RealEstate => |row, _| ExtractFacts::RealEstate {
            kind: row.text("property_kind").unwrap_or_default(),
            address: row.text("address"),
            area_m2: row.take("area_m2", |cell| normal::number_between(cell, 0.0, 1e6)),
            registered: row.take("registered", day),
        },
        FileKind::Companies => |row, _| ExtractFacts::Company {
            company: row.text("company").unwrap_or_default(),
            role: row.text("role"),
            state: row.text("state"),
            capital: money(row, "capital", 10_000.0),
            registered: row.take("registered", day),
        },
        FileKind::PublicPayroll => |row, _| ExtractFacts::PublicPayroll {
            unit: row.text("unit").unwrap_or_default(),
            post: row.text("post"),
            state: row.text("state"),
        },
        _ => return None,
    })
}

fn day(cell: &Cell) -> Result<Option<jiff::civil::Date>, Refusal> {
    normal::date(cell, None)
}

fn money(row: &mut Row<'_, '_>, field: &str, default_yuan: f64) -> Option<anju_model::money::Fen> {
    let header = row.header(field);
    row.take(field, |cell| normal::money(cell, &header, default_yuan))
}
