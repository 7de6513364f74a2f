//! Hazard points, the department's approved lists, and evidence recorded for a household's category.

use anju_model::area::AreaCode;
use anju_model::category::{DepartmentListing, EvidenceRecord};
use anju_model::hazard::{
    HazardFacts, HazardKind, HazardPoint, HazardRisk, HazardScale, HazardState, RelocationExtent,
};
use anju_model::lookback::ThreatenedHousehold;
use anju_model::register::HouseholdStatus;
use uuid::Uuid;

use crate::list::{Conditions, List, Page, Paging, SortKind, like, placeholders};
use crate::read::{VERSIONED, versioned};
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for HazardPoint {
    const KIND: &'static str = "hazard_point";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.facts.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        let HazardFacts {
            code,
            name,
            kind,
            scale,
            risk,
            state,
            extent,
            ..
        } = &self.facts;
        let rank = risk.and_then(|risk| HazardRisk::ALL.iter().position(|known| *known == risk));
        vec![
            ("code", code.as_str().into()),
            ("name", name.clone().into()),
            ("kind", kind.code().into()),
            ("scale", scale.map(HazardScale::code).into()),
            ("risk", risk.map(HazardRisk::code).into()),
            (
                "risk_rank",
                Value::Int(rank.unwrap_or(HazardRisk::ALL.len()) as i64),
            ),
            ("hazard_state", state.code().into()),
            ("extent", extent.map(RelocationExtent::code).into()),
            ("threatened", self.facts.threatened_households.unwrap_or(0).into()),
            ("closing_asked", self.closing.is_some().into()),
        ]
    }
}

impl Subject for DepartmentListing {
    const KIND: &'static str = "department_listing";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        self.area.clone()
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("file", self.file.as_str().into()),
            ("row_number", self.row.into()),
            ("document", self.document.as_str().into()),
            ("name", self.name.as_str().into()),
            // Both generations of a number are found by its 18 characters.
            (
                "id_number",
                self.id_number
                    .as_ref()
                    .map(|id| id.to_18().unwrap_or_else(|| id.clone()).to_string())
                    .into(),
            ),
        ]
    }
}

impl Subject for EvidenceRecord {
    const KIND: &'static str = "category_evidence";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("household_id", self.household.into()),
            ("kind", self.evidence.kind().code().into()),
        ]
    }
}

/// What a list of hazard points is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HazardSort {
    /// Code.
    #[default]
    Code,
    /// Risk, the highest first.
    Risk,
    /// Area code.
    Area,
    /// Threatened households by the department's figures.
    Threatened,
}

/// Which hazard points are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct HazardFilter {
    /// In this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// Part of code or name.
    pub search: Option<String>,
    /// Kind.
    pub kind: Option<HazardKind>,
    /// Risk.
    pub risk: Option<HazardRisk>,
    /// State.
    pub state: Option<HazardState>,
    /// Extent.
    pub extent: Option<RelocationExtent>,
    /// Whether closing was asked for.
    pub closing_asked: Option<bool>,
    /// Order.
    pub sort: HazardSort,
    /// Largest first.
    pub descending: bool,
}

impl HazardFilter {
    /// All points of an area.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            search: None,
            kind: None,
            risk: None,
            state: None,
            extent: None,
            closing_asked: None,
            sort: HazardSort::default(),
            descending: false,
        }
    }
}

/// A page of hazard points.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn hazard_points(
    db: &Db,
    filter: &HazardFilter,
    paging: &Paging,
) -> Result<Page<Versioned<HazardPoint>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("p.area", &filter.area);
    conditions.equal("p.kind", filter.kind.map(HazardKind::code));
    conditions.equal("p.risk", filter.risk.map(HazardRisk::code));
    conditions.equal("p.hazard_state", filter.state.map(HazardState::code));
    conditions.equal("p.extent", filter.extent.map(RelocationExtent::code));
    conditions.equal("p.closing_asked", filter.closing_asked);
    if let Some(typed) = filter
        .search
        .as_deref()
        .map(str::trim)
        .filter(|typed| !typed.is_empty())
    {
        let part = conditions.bind(like("%", &typed.to_lowercase(), "%"));
        conditions.and(&format!(
            "(LOWER(p.code) LIKE {part} ESCAPE '\\' OR LOWER(p.name) LIKE {part} ESCAPE '\\')"
        ));
    }
    let (sort, sort_kind) = match filter.sort {
        HazardSort::Code => ("p.code", SortKind::Text),
        HazardSort::Risk => ("p.risk_rank", SortKind::Int),
        HazardSort::Area => ("p.area", SortKind::Text),
        HazardSort::Threatened => ("p.threatened", SortKind::Int),
    };
    let list = List {
        select: "p.id, p.version, p.changed_at, p.changed_by, p.state",
        from: "hazard_point p",
        sort,
        sort_kind,
        descending: filter.descending,
        id: "p.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// The hazard point of a code.
///
/// # Errors
/// When the database fails.
pub async fn hazard_point_by_code(db: &Db, code: &str) -> Result<Option<Versioned<HazardPoint>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM hazard_point WHERE code = $1");
    db.first(&sql, &[code.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// The households on the lists of these points, by point and row.
///
/// # Errors
/// When the database fails.
pub async fn threatened_of(db: &Db, codes: &[String]) -> Result<Vec<ThreatenedHousehold>, StoreError> {
    let mut found = Vec::new();
    for chunk in codes.chunks(500) {
        let sql = format!(
            "SELECT {VERSIONED} FROM threatened_household WHERE hazard_point IN ({}) ORDER BY hazard_point, file, row_number, id",
            placeholders(1, chunk.len())
        );
        let arguments: Vec<Value> = chunk.iter().map(|code| code.as_str().into()).collect();
        for row in db.all(&sql, &arguments).await? {
            found.push(versioned::<ThreatenedHousehold>(&row)?.value);
        }
    }
    Ok(found)
}

/// The households on the register of an area that have a person with one of these ID numbers of 18 characters, with the number.
///
/// # Errors
/// When the database fails.
pub async fn households_by_numbers(
    db: &Db,
    area: &AreaCode,
    numbers: &[String],
) -> Result<Vec<(String, Uuid)>, StoreError> {
    let mut found = Vec::new();
    for chunk in numbers.chunks(500) {
        let mut conditions = Conditions::default();
        conditions.within("h.area", area);
        conditions.equal("h.status", Some(HouseholdStatus::Active.code()));
        let list: Vec<String> = chunk
            .iter()
            .map(|number| conditions.bind(number.as_str()))
            .collect();
        conditions.and(&format!("q.id_number IN ({})", list.join(", ")));
        let sql = format!(
            "SELECT q.id_number, q.household_id FROM person q JOIN household h ON h.id = q.household_id{} ORDER BY q.id_number, q.household_id",
            conditions.text()
        );
        for row in db.all(&sql, conditions.values()).await? {
            found.push((row.text(0)?.to_owned(), row.uuid(1)?));
        }
    }
    Ok(found)
}

/// The households on the register of an area that name a hazard point.
///
/// # Errors
/// When the database fails.
pub async fn households_of_point(db: &Db, area: &AreaCode, code: &str) -> Result<Vec<Uuid>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("h.area", area);
    conditions.equal("h.hazard_point", Some(code));
    conditions.equal("h.status", Some(HouseholdStatus::Active.code()));
    let sql = format!(
        "SELECT h.id FROM household h{} ORDER BY h.register_number, h.id",
        conditions.text()
    );
    db.all(&sql, conditions.values())
        .await?
        .iter()
        .map(|row| row.uuid(0))
        .collect()
}

/// The evidence recorded for a household, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn evidence_of(db: &Db, household: Uuid) -> Result<Vec<Versioned<EvidenceRecord>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM category_evidence WHERE household_id = $1 ORDER BY id");
    db.all(&sql, &[household.into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}
