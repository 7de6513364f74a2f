//! Tables of hazard points (隐患点台账), one row per point.

use anju_model::hazard::{HazardFacts, HazardState, PointAssessment};
use anju_model::register::Position;

use crate::areas::AreaIndex;
use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, read_each};

/// A hazard point as a table gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct HazardRecord {
    /// What it says; where it says no state, a new point is active and a known one stays what it is.
    pub facts: HazardFacts,
    /// Whether the table says the state.
    pub states: bool,
    /// Row in the file, counted from 1.
    pub row: u32,
}

/// Reads a table of hazard points.
pub fn read_hazard_points(table: &Table<'_>, areas: &AreaIndex) -> Parsed<HazardRecord> {
    let mut seen = std::collections::BTreeMap::new();
    read_each(table, |row| {
        let code = row.need("code", normal::identifier);
        let name = row.text("name");
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
        let kind = row.need_coded("kind", &normal::HAZARD_KIND);
        let scale = row.coded("scale", &normal::HAZARD_SCALE);
        let risk = row.coded("risk", &normal::HAZARD_RISK);
        let state = row.coded("state", &normal::HAZARD_STATE);
        if state == Some(HazardState::Closed) {
            row.refuse(
                "state",
                Refusal::new(
                    (
                        "销号须在系统中申请和核查",
                        "a point is closed by asking and by a check, not by a file",
                    ),
                    (
                        "填写其他状态或留空，再在隐患点页面申请销号",
                        "enter another state or none, and ask for closing on the point's page",
                    ),
                ),
            );
        }
        let extent = row.coded("extent", &normal::RELOCATION_EXTENT);
        let count = |row: &mut crate::rows::Row<'_, '_>, field: &str| {
            row.take(field, |cell| {
                if cell.is_blank() {
                    Ok(None)
                } else {
                    normal::whole_between(cell, 0, 1_000_000)
                }
            })
            .and_then(|count| u32::try_from(count).ok())
        };
        let threatened_households = count(row, "households");
        let threatened_persons = count(row, "persons");
        let number = row.text("assessment_number");
        let date = row.take("assessment_date", |cell| normal::date(cell, None));
        let cannot = row.take("cannot_be_made_safe", normal::yes_no);
        let assessment = match (number, date, cannot) {
            (Some(number), Some(date), Some(cannot_be_made_safe)) => Some(PointAssessment {
                number,
                date,
                cannot_be_made_safe,
            }),
            (None, None, None) => None,
            _ => {
                row.refuse(
                    "assessment_number",
                    Refusal::new(
                        (
                            "评估报告号、评估日期、是否无法治理须同时填写",
                            "number, date and result of an assessment go together",
                        ),
                        ("补齐三项，或都不填", "fill in all three, or none"),
                    ),
                );
                None
            }
        };
        let longitude = row.take("longitude", |cell| normal::number_between(cell, 73.0, 136.0));
        let latitude = row.take("latitude", |cell| normal::number_between(cell, 3.0, 54.0));
        let position = match (longitude, latitude) {
            (Some(longitude), Some(latitude)) => Some(Position { longitude, latitude }),
            _ => None,
        };
        let layer_feature = row.text("layer_feature");
        let code = code?;
        if let Some(first) = seen.insert(code.clone(), row.number()) {
            row.refuse(
                "code",
                Refusal::new(
                    (
                        &format!("隐患点编号与第 {first} 行重复"),
                        &format!("the code is already used in row {first}"),
                    ),
                    (
                        "核对编号，删除重复的行",
                        "check the code and delete the repeated row",
                    ),
                ),
            );
        }
        Some(HazardRecord {
            facts: HazardFacts {
                code,
                name,
                area: area?,
                kind: kind?,
                scale,
                risk,
                state: state.unwrap_or(HazardState::Active),
                extent,
                threatened_households,
                threatened_persons,
                assessment,
                position,
                layer_feature,
            },
            states: state.is_some(),
            row: row.number(),
        })
    })
}
