//! Lists of households threatened by hazard points (受威胁户清单), one row per household.

use anju_model::lookback::ThreatenedHousehold;
use uuid::Uuid;

use crate::areas::AreaIndex;
use crate::header::Table;
use crate::normal;
use crate::rows::{Parsed, read_each};

/// Reads a list of threatened households.
pub fn read_threatened(
    table: &Table<'_>,
    areas: &AreaIndex,
    mut new_id: impl FnMut() -> Uuid,
) -> Parsed<ThreatenedHousehold> {
    read_each(table, |row| {
        let hazard_point = row.need("hazard_point", normal::identifier);
        let given = !row.cell("township").is_blank();
        let township = row.take("township", |cell| {
            normal::text(cell)?
                .map(|text| areas.township_as_written(&text))
                .transpose()
        });
        let area = if given && township.is_none() {
            None
        } else {
            row.need("village", |cell| {
                normal::text(cell)?
                    .map(|text| areas.present(&areas.village(township.as_ref(), &text)?))
                    .transpose()
            })
        };
        let head_name = row.need_name("head_name");
        let head_id_number = row.take("head_id_number", normal::id_number);
        let persons = row.need("persons", |cell| normal::whole_between(cell, 1, 100));
        let must_move = row.need("must_move", normal::yes_no);
        if !row.problems.is_empty() {
            return None;
        }
        Some(ThreatenedHousehold {
            id: new_id(),
            file: row.file().to_owned(),
            row: row.number(),
            hazard_point: hazard_point?,
            area: area?,
            head_name: head_name?,
            head_id_number,
            persons: persons.and_then(|persons| u32::try_from(persons).ok())?,
            must_move: must_move?,
        })
    })
}
