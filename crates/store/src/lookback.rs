//! The look-back stage: departments' records, lists of threatened households, and the worklist.

use anju_model::area::AreaCode;
use anju_model::category::DepartmentListing;
use anju_model::lookback::{ExtractRecord, ItemState, LookbackItem, Severity, ThreatenedHousehold};
use anju_model::register::FileKind;
use uuid::Uuid;

use crate::area::township;
use crate::list::{Conditions, List, Page, Paging, SortKind, grouped};
use crate::read::{VERSIONED, versioned};
use crate::search::search_condition;
use crate::value::Record;
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for ExtractRecord {
    const KIND: &'static str = "extract_record";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("file", self.file.as_str().into()),
            ("row_number", self.row.into()),
            ("kind", self.facts.file_kind().code().into()),
            ("name", self.name.as_str().into()),
            ("id_number", self.id_number.as_ref().map(|id| id.as_str()).into()),
        ]
    }
}

impl Subject for ThreatenedHousehold {
    const KIND: &'static str = "threatened_household";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("file", self.file.as_str().into()),
            ("row_number", self.row.into()),
            ("hazard_point", self.hazard_point.as_str().into()),
            ("head_name", self.head_name.as_str().into()),
            (
                "head_id_number",
                self.head_id_number.as_ref().map(|id| id.as_str()).into(),
            ),
            ("persons", self.persons.into()),
            ("must_move", self.must_move.into()),
        ]
    }
}

impl Subject for LookbackItem {
    const KIND: &'static str = "lookback_item";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        let rank = Severity::ALL
            .iter()
            .position(|severity| *severity == self.severity)
            .unwrap_or(Severity::ALL.len());
        vec![
            ("rule", self.rule.as_str().into()),
            ("severity", self.severity.code().into()),
            ("severity_rank", Value::Int(rank as i64)),
            ("item_state", self.state.code().into()),
            ("township", township(&self.area)),
            ("household_id", self.household.into()),
            ("person_id", self.person.into()),
            ("other_household_id", self.other_household.into()),
            ("other_person_id", self.other_person.into()),
            ("probability", self.probability.into()),
        ]
    }
}

/// What a worklist is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemSort {
    /// The order of the code list: what must be corrected first.
    #[default]
    Severity,
    /// Rule id.
    Rule,
    /// Area code.
    Area,
    /// Probability that the item is right.
    Probability,
}

/// Which items are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFilter {
    /// In this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// Rule id.
    pub rule: Option<String>,
    /// Severity.
    pub severity: Option<Severity>,
    /// What was decided.
    pub state: Option<ItemState>,
    /// About this household, as the one or the other of a pair.
    pub household: Option<Uuid>,
    /// About a household found by this search (see [`HouseholdFilter::search`](crate::register::HouseholdFilter)).
    pub search: Option<String>,
    /// Order.
    pub sort: ItemSort,
    /// Largest first.
    pub descending: bool,
}

impl ItemFilter {
    /// All items of an area, the most severe first.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            rule: None,
            severity: None,
            state: None,
            household: None,
            search: None,
            sort: ItemSort::default(),
            descending: false,
        }
    }
}

/// A page of the worklist.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn items(
    db: &Db,
    filter: &ItemFilter,
    paging: &Paging,
) -> Result<Page<Versioned<LookbackItem>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("i.area", &filter.area);
    conditions.equal("i.rule", filter.rule.as_deref());
    conditions.equal("i.severity", filter.severity.map(Severity::code));
    conditions.equal("i.item_state", filter.state.map(ItemState::code));
    if let Some(household) = filter.household {
        let household = conditions.bind(household);
        conditions.and(&format!(
            "(i.household_id = {household} OR i.other_household_id = {household})"
        ));
    }
    if let Some(found) = search_condition(&mut conditions, filter.search.as_deref()) {
        conditions.and(&format!(
            "i.household_id IN (SELECT h.id FROM household h WHERE {found})"
        ));
    }
    let (sort, sort_kind) = match filter.sort {
        ItemSort::Severity => ("i.severity_rank", SortKind::Int),
        ItemSort::Rule => ("i.rule", SortKind::Text),
        ItemSort::Area => ("i.area", SortKind::Text),
        ItemSort::Probability => ("i.probability", SortKind::Real),
    };
    let list = List {
        select: "i.id, i.version, i.changed_at, i.changed_by, i.state",
        from: "lookback_item i",
        sort,
        sort_kind,
        descending: filter.descending,
        id: "i.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// How many items one rule found, by what was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// Rule id.
    pub rule: String,
    /// Severity.
    pub severity: Severity,
    /// Not decided yet.
    pub open: u64,
    /// Found to be right.
    pub confirmed: u64,
    /// Found to be wrong.
    pub dismissed: u64,
}

const STATES: &str = "COUNT(CASE WHEN item_state = 'open' THEN 1 END),
    COUNT(CASE WHEN item_state = 'confirmed' THEN 1 END), COUNT(CASE WHEN item_state = 'dismissed' THEN 1 END)";

/// Items of an area by rule and severity.
///
/// # Errors
/// When the database fails.
pub async fn count_by_rule(db: &Db, area: &AreaCode) -> Result<Vec<RuleCount>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("area", area);
    grouped(
        db,
        &format!("rule, severity, {STATES}"),
        "lookback_item",
        &conditions,
        "rule, severity",
        |row| {
            Ok(RuleCount {
                rule: row.text(0)?.to_owned(),
                severity: row.code(1, Severity::from_code)?,
                open: row.count(2)?,
                confirmed: row.count(3)?,
                dismissed: row.count(4)?,
            })
        },
    )
    .await
}

/// Items of one township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TownshipItems {
    /// The township.
    pub township: AreaCode,
    /// Not decided yet.
    pub open: u64,
    /// All.
    pub total: u64,
}

/// Items of an area by township.
///
/// # Errors
/// When the database fails.
pub async fn count_by_township(db: &Db, area: &AreaCode) -> Result<Vec<TownshipItems>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("area", area);
    conditions.and("township IS NOT NULL");
    let select = "township, COUNT(CASE WHEN item_state = 'open' THEN 1 END), COUNT(*)";
    grouped(db, select, "lookback_item", &conditions, "township", |row| {
        Ok(TownshipItems {
            township: row.area(0)?,
            open: row.count(1)?,
            total: row.count(2)?,
        })
    })
    .await
}

/// Which records of one kind of departments' data are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractFilter {
    /// The kind; for what is no departments' data the list is empty.
    pub kind: FileKind,
    /// Of this file.
    pub file: Option<String>,
    /// Of this name, or this ID number as written.
    pub search: Option<String>,
}

/// A record of any kind of departments' data.
#[derive(Debug, Clone, PartialEq)]
pub enum DepartmentRecord {
    /// Of one of the six registers that the look-back compares with.
    Extract(ExtractRecord),
    /// A line of the approved poverty list.
    Listing(DepartmentListing),
    /// A line of a hazard point's list.
    Threatened(ThreatenedHousehold),
}

/// A page of departments' records, by file, in the order in which they stand there.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn department_records(
    db: &Db,
    filter: &ExtractFilter,
    paging: &Paging,
) -> Result<Page<DepartmentRecord>, StoreError> {
    fn read<S: Subject>(row: &Record, of: fn(S) -> DepartmentRecord) -> Result<DepartmentRecord, StoreError> {
        versioned::<S>(row).map(|stored| of(stored.value))
    }
    let (from, name, number) = match filter.kind {
        FileKind::PovertyRoster => ("department_listing e", "e.name", "e.id_number"),
        FileKind::ThreatenedHouseholds => ("threatened_household e", "e.head_name", "e.head_id_number"),
        _ => ("extract_record e", "e.name", "e.id_number"),
    };
    let mut conditions = Conditions::default();
    if from == "extract_record e" {
        conditions.equal("e.kind", Some(filter.kind.code()));
    }
    conditions.equal("e.file", filter.file.as_deref());
    if let Some(text) = &filter.search {
        let text = conditions.bind(text.as_str());
        conditions.and(&format!("({name} = {text} OR {number} = {text})"));
    }
    let list = List {
        select: "e.id, e.version, e.changed_at, e.changed_by, e.state",
        from,
        sort: "e.file",
        sort_kind: SortKind::Text,
        descending: false,
        id: "e.id",
        conditions,
    };
    list.page(db, paging, |row| match filter.kind {
        FileKind::PovertyRoster => read(row, DepartmentRecord::Listing),
        FileKind::ThreatenedHouseholds => read(row, DepartmentRecord::Threatened),
        _ => read(row, DepartmentRecord::Extract),
    })
    .await
}

/// The departments' records of one person, by ID number as written.
///
/// # Errors
/// When the database fails.
pub async fn extracts_of(db: &Db, id_number: &str) -> Result<Vec<ExtractRecord>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM extract_record WHERE id_number = $1 ORDER BY kind, id");
    let rows = db.all(&sql, &[id_number.into()]).await?;
    rows.iter()
        .map(|row| versioned::<ExtractRecord>(row).map(|record| record.value))
        .collect()
}
