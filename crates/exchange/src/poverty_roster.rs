//! The poverty department's approved list (部门核定名单), one row per household or person.
//!
//! A list without the document that approved it and the office that issued it proves nothing: its rows are refused.

use anju_model::category::DepartmentListing;
use uuid::Uuid;

use crate::areas::AreaIndex;
use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, Row, read_each};

/// Document and office for a whole file, where its rows do not say them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListSource {
    /// Number of the document.
    pub document: Option<String>,
    /// The office.
    pub office: Option<String>,
}

/// Reads an approved list.
pub fn read_poverty_roster(
    table: &Table<'_>,
    areas: &AreaIndex,
    source: &ListSource,
    mut new_id: impl FnMut() -> Uuid,
) -> Parsed<DepartmentListing> {
    let said = |row: &mut Row<'_, '_>, field: &str, whole: Option<&String>| {
        let text = row.text(field).or_else(|| whole.cloned());
        if text.is_none() {
            row.refuse(
                field,
                Refusal::new(
                    (
                        "没有批准文号或发布单位的名单不能作为依据",
                        "a list without its document and office proves nothing",
                    ),
                    (
                        "补填文号、发布单位两列，或导入时用 --document 和 --office 指明",
                        "fill in both columns, or say them with --document and --office when importing",
                    ),
                ),
            );
        }
        text
    };
    read_each(table, |row| {
        let name = row.need_name("name");
        let id_number = row.take("id_number", normal::id_number);
        let area = row.take("village", |cell| {
            normal::text(cell)?
                .map(|text| areas.present(&areas.village(None, &text)?))
                .transpose()
        });
        let document = said(row, "document", source.document.as_ref());
        let office = said(row, "office", source.office.as_ref());
        Some(DepartmentListing {
            id: new_id(),
            file: row.file().to_owned(),
            row: row.number(),
            document: document?,
            office: office?,
            name: name?,
            id_number,
            area,
        })
    })
}
