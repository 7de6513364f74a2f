//! The procedure of identification: cases, notices and objections, and the worklists over them.

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::identification::{
    IdentificationCase, Level, NoticeKind, Objection, ObjectionState, PublicityNotice, Step,
};
use anju_model::register::{Category, HouseholdStatus};
use jiff::civil::Date;
use uuid::Uuid;

use crate::area::township;
use crate::database::Dialect;
use crate::list::{Conditions, List, Page, Paging, SortKind, grouped};
use crate::read::{VERSIONED, area_range, versioned};
use crate::search::search_condition;
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
            ("waiting_since", self.waiting_since().to_string().into()),
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
            ("kind", self.kind.code().into()),
            (
                "number_year",
                self.number.map(|number| i64::from(number.year)).into(),
            ),
            (
                "number_serial",
                self.number.map(|number| i64::from(number.serial)).into(),
            ),
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
    /// Only those that wait for one of these steps since a day before the one given with it, and stand on no notice.
    pub waiting_before: Option<Vec<(Step, Date)>>,
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
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
            waiting_before: None,
            ids: None,
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
    if let Some(limits) = &filter.waiting_before {
        waiting_before(&mut conditions, limits);
    }
    if let Some(ids) = &filter.ids {
        let list: Vec<String> = ids.iter().map(|id| conditions.bind(*id)).collect();
        conditions.and(&format!("c.id IN ({})", list.join(", ")));
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

/// Only cases that wait for one of these steps since a day before the one given with it, and stand on no notice.
fn waiting_before(conditions: &mut Conditions, limits: &[(Step, Date)]) {
    let late: Vec<String> = limits
        .iter()
        .map(|(step, day)| {
            let (step, day) = (conditions.bind(step.code()), conditions.bind(day.to_string()));
            format!("(c.step = {step} AND c.waiting_since < {day})")
        })
        .collect();
    // Without a limit nothing is late.
    let late = if late.is_empty() {
        "1 = 0".to_owned()
    } else {
        late.join(" OR ")
    };
    conditions.and(&format!("c.notice_id IS NULL AND ({late})"));
}

/// How many cases of an area wait for each step since a day before the one given with it; steps without any are left
/// out.
///
/// # Errors
/// When the database fails.
pub async fn count_late(
    db: &Db,
    area: &AreaCode,
    limits: &[(Step, Date)],
) -> Result<Vec<(Step, u64)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("c.area", area);
    waiting_before(&mut conditions, limits);
    let select = "c.step, COUNT(*)";
    grouped(
        db,
        select,
        "identification_case c",
        &conditions,
        "c.step",
        |row| Ok((row.code(0, Step::from_code)?, row.count(1)?)),
    )
    .await
}

/// How many cases that wait for a step are free to go on a notice, by the area of a level.
///
/// # Errors
/// When the database fails.
pub async fn ready_for_notice(
    db: &Db,
    area: &AreaCode,
    step: Step,
    level: AreaLevel,
) -> Result<Vec<(AreaCode, u64)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("c.area", area);
    conditions.equal("c.step", Some(step.code()));
    conditions.and("c.notice_id IS NULL AND NOT c.suspended");
    let digits = match level {
        AreaLevel::Province => 2,
        AreaLevel::Prefecture => 4,
        AreaLevel::County => 6,
        AreaLevel::Township => 9,
        AreaLevel::Village => 12,
        AreaLevel::Group => 14,
    };
    let group = format!("substr(c.area, 1, {digits})");
    let select = format!("{group}, COUNT(*)");
    grouped(db, &select, "identification_case c", &conditions, &group, |row| {
        Ok((row.area(0)?, row.count(1)?))
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

/// No case that has not ended or led to the roster.
const FREE: &str = "NOT EXISTS (SELECT 1 FROM identification_case c WHERE c.household_id = h.id
    AND (NOT c.ended OR c.step = 'announced'))";

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
    conditions.and(FREE);
    let sql = format!(
        "SELECT h.id FROM household h{} ORDER BY h.register_number",
        conditions.text()
    );
    let rows = db.all(&sql, conditions.values()).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// How many households [`without_case`] finds.
///
/// # Errors
/// When the database fails.
pub async fn count_without_case(db: &Db, area: &AreaCode) -> Result<u64, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("h.area", area);
    conditions.and(FREE);
    let sql = format!("SELECT COUNT(*) FROM household h{}", conditions.text());
    db.first(&sql, conditions.values())
        .await?
        .map_or(Ok(0), |row| row.count(0))
}

/// Which notices are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeFilter {
    /// In this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// Also those of the areas above it that name a household of this area.
    pub of_areas_above: bool,
    /// Publicity notices or announcements.
    pub kind: Option<NoticeKind>,
    /// The level that posted them.
    pub level: Option<Level>,
    /// Whether they are closed.
    pub closed: Option<bool>,
    /// Only those whose last day is before this one.
    pub until_before: Option<Date>,
}

impl NoticeFilter {
    /// All notices of an area.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            of_areas_above: false,
            kind: None,
            level: None,
            closed: None,
            until_before: None,
        }
    }
}

/// The highest serial number of an area's notices of a kind and year, 0 without one.
///
/// # Errors
/// When the database fails.
pub async fn last_serial(db: &Db, area: &AreaCode, kind: NoticeKind, year: i16) -> Result<u32, StoreError> {
    let sql = "SELECT COALESCE(MAX(number_serial), 0) FROM publicity_notice
        WHERE area = $1 AND kind = $2 AND number_year = $3";
    let arguments = [
        area.as_str().into(),
        kind.code().into(),
        Value::Int(i64::from(year)),
    ];
    db.first(sql, &arguments).await?.map_or(Ok(0), |row| row.small(0))
}

/// A page of notices, the newest first.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn notices(
    db: &Db,
    filter: &NoticeFilter,
    paging: &Paging,
) -> Result<Page<Versioned<PublicityNotice>>, StoreError> {
    let mut conditions = Conditions::default();
    if filter.of_areas_above {
        within_or_naming(db, &mut conditions, &filter.area);
    } else {
        conditions.within("n.area", &filter.area);
    }
    conditions.equal("n.kind", filter.kind.map(NoticeKind::code));
    conditions.equal("n.level", filter.level.map(Level::code));
    conditions.equal("n.closed", filter.closed);
    if let Some(day) = filter.until_before {
        let day = conditions.bind(day.to_string());
        conditions.and(&format!("n.open_until < {day}"));
    }
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

/// Notices of an area, and those of the areas above it that name a household of the area.
fn within_or_naming(db: &Db, conditions: &mut Conditions, area: &AreaCode) {
    let [from, to] = area_range(area).map(|bound| conditions.bind(bound));
    let above: Vec<String> = std::iter::successors(area.parent(), AreaCode::parent)
        .map(|area| conditions.bind(area.as_str()))
        .collect();
    if above.is_empty() {
        return conditions.and(&format!("n.area >= {from} AND n.area < {to}"));
    }
    let above = above.join(", ");
    let named = match db.dialect() {
        Dialect::Sqlite => "json_each(n.state, '$.cases') named",
        Dialect::Postgres => "jsonb_array_elements_text(CAST(n.state AS jsonb) -> 'cases') AS named(value)",
    };
    conditions.and(&format!(
        "((n.area >= {from} AND n.area < {to}) OR (n.area IN ({above}) AND EXISTS (
            SELECT 1 FROM {named} JOIN identification_case c ON c.id = named.value
            WHERE c.area >= {from} AND c.area < {to})))"
    ));
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
