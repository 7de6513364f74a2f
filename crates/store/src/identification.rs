//! The procedure of identification: cases, notices and objections, and the worklists over them.

use anju_model::area::AreaCode;
use anju_model::identification::{
    IdentificationCase, Level, Objection, ObjectionState, PublicityNotice, Step,
};
use anju_model::register::{Category, HouseholdStatus};
use uuid::Uuid;

use crate::area::township;
use crate::list::{Conditions, List, Page, Paging, SortKind, grouped};
use crate::read::{VERSIONED, versioned};
use crate::register::search_condition;
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for IdentificationCase {
    const KIND: &'static str = "identification_case";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("household_id", self.household.into()),
            ("township", township(&self.area)),
            ("step", self.step.code().into()),
            ("ended", self.has_ended().into()),
            ("suspended", (self.open_objections > 0).into()),
            ("notice_id", self.notice.into()),
        ]
    }
}

impl Subject for PublicityNotice {
    const KIND: &'static str = "publicity_notice";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("level", self.level.code().into()),
            ("posted_on", self.from.to_string().into()),
            ("open_until", self.until.to_string().into()),
            ("closed", self.closed_at.is_some().into()),
        ]
    }
}

impl Subject for Objection {
    const KIND: &'static str = "objection";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("notice_id", self.notice.into()),
            ("case_id", self.case.into()),
            ("objection_state", self.state.code().into()),
            ("received_at", self.received_at.into()),
        ]
    }
}

/// Which cases are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFilter {
    /// In this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// What they wait for.
    pub step: Option<Step>,
    /// Whether they are suspended by an objection.
    pub suspended: Option<bool>,
    /// Whether they stand on a notice.
    pub on_notice: Option<bool>,
    /// Whether they have ended.
    pub ended: Option<bool>,
    /// Category of the household.
    pub category: Option<Category>,
    /// About a household found by this search (see [`HouseholdFilter::search`](crate::register::HouseholdFilter)).
    pub search: Option<String>,
}

impl CaseFilter {
    /// All cases of an area.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            step: None,
            suspended: None,
            on_notice: None,
            ended: None,
            category: None,
            search: None,
        }
    }
}

/// A case as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseSummary {
    /// The case.
    pub case: Versioned<IdentificationCase>,
    /// 户编号.
    pub register_number: String,
    /// Name of the head, unmasked.
    pub head_name: String,
    /// Number of persons.
    pub persons: u32,
    /// Category.
    pub category: Category,
    /// Look-back items that must be corrected or cleared and are not decided yet.
    pub blocking_items: u32,
}

const BLOCKING: &str = "(SELECT COUNT(*) FROM lookback_item i WHERE i.household_id = c.household_id
    AND i.item_state = 'open' AND i.severity IN ('block', 'clear'))";

/// A page of cases by register number.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn cases(db: &Db, filter: &CaseFilter, paging: &Paging) -> Result<Page<CaseSummary>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("c.area", &filter.area);
    conditions.equal("c.step", filter.step.map(Step::code));
    conditions.equal("c.suspended", filter.suspended);
    conditions.equal("c.ended", filter.ended);
    conditions.equal("h.category", filter.category.map(Category::code));
    if let Some(on_notice) = filter.on_notice {
        conditions.and(if on_notice {
            "c.notice_id IS NOT NULL"
        } else {
            "c.notice_id IS NULL"
        });
    }
    if let Some(found) = search_condition(&mut conditions, filter.search.as_deref()) {
        conditions.and(&found);
    }
    let select = format!(
        "c.id, c.version, c.changed_at, c.changed_by, c.state, h.register_number, h.head_name, h.persons, h.category, {BLOCKING}"
    );
    let list = List {
        select: &select,
        from: "identification_case c JOIN household h ON h.id = c.household_id",
        sort: "h.register_number",
        sort_kind: SortKind::Text,
        descending: false,
        id: "c.id",
        conditions,
    };
    list.page(db, paging, |row| {
        Ok(CaseSummary {
            case: versioned(row)?,
            register_number: row.text(5)?.to_owned(),
            head_name: row.text(6)?.to_owned(),
            persons: row.small(7)?,
            category: row.code(8, Category::from_code)?,
            blocking_items: row.small(9)?,
        })
    })
    .await
}

/// How many cases of an area wait for each step, and how many of them are suspended.
///
/// # Errors
/// When the database fails.
pub async fn count_by_step(db: &Db, area: &AreaCode) -> Result<Vec<(Step, u64, u64)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("area", area);
    let select = "step, COUNT(*), COUNT(CASE WHEN suspended THEN 1 END)";
    grouped(db, select, "identification_case", &conditions, "step", |row| {
        Ok((row.code(0, Step::from_code)?, row.count(1)?, row.count(2)?))
    })
    .await
}

/// The cases of one household, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn cases_of(db: &Db, household: Uuid) -> Result<Vec<Versioned<IdentificationCase>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM identification_case WHERE household_id = $1 ORDER BY id DESC");
    let rows = db.all(&sql, &[household.into()]).await?;
    rows.iter().map(versioned).collect()
}

/// Households of an area without a case that has not ended or led to the roster.
///
/// # Errors
/// When the database fails.
pub async fn without_case(
    db: &Db,
    area: &AreaCode,
    category: Option<Category>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("h.area", area);
    conditions.equal("h.status", Some(HouseholdStatus::Active.code()));
    conditions.equal("h.category", category.map(Category::code));
    conditions.and(
        "NOT EXISTS (SELECT 1 FROM identification_case c WHERE c.household_id = h.id
            AND (NOT c.ended OR c.step = 'announced'))",
    );
    let sql = format!(
        "SELECT h.id FROM household h{} ORDER BY h.register_number",
        conditions.text()
    );
    let rows = db.all(&sql, conditions.values()).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// A page of notices, the newest first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn notices(
    db: &Db,
    area: &AreaCode,
    level: Option<Level>,
    closed: Option<bool>,
    paging: &Paging,
) -> Result<Page<Versioned<PublicityNotice>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("n.area", area);
    conditions.equal("n.level", level.map(Level::code));
    conditions.equal("n.closed", closed);
    let list = List {
        select: "n.id, n.version, n.changed_at, n.changed_by, n.state",
        from: "publicity_notice n",
        sort: "n.posted_on",
        sort_kind: SortKind::Text,
        descending: true,
        id: "n.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// A page of objections, the oldest first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn objections(
    db: &Db,
    area: &AreaCode,
    state: Option<ObjectionState>,
    notice: Option<Uuid>,
    paging: &Paging,
) -> Result<Page<Versioned<Objection>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("o.area", area);
    conditions.equal("o.objection_state", state.map(ObjectionState::code));
    conditions.equal("o.notice_id", notice);
    let list = List {
        select: "o.id, o.version, o.changed_at, o.changed_by, o.state",
        from: "objection o",
        sort: "o.received_at",
        sort_kind: SortKind::Int,
        descending: false,
        id: "o.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}
