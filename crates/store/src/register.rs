//! The register stage: households with their persons, the lists and counts of the register, stock housing and funds.

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::identity::IdNumber;
use anju_model::register::{
    Category, ConsentChoice, Fund, Household, HouseholdStatus, Pathway, Position, StockHousing, Urgency,
};
use uuid::Uuid;

use crate::area::township;
use crate::list::{Conditions, List, Page, Paging, SortKind, grouped, like};
use crate::read::{VERSIONED, versioned};
use crate::subject::{Child, Row, Subject};
use crate::transaction::{ERASED, RETIRED};
use crate::value::Record;
use crate::{Db, StoreError, Value, Versioned};

/// Between the parts of the searched text; in no name and no number.
const SEPARATOR: &str = "\n";

impl Subject for Household {
    const KIND: &'static str = "household";
    const CHILDREN: &'static [Child] = &[Child {
        table: "person",
        owner: "household_id",
        key: "id",
    }];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.facts.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        let facts = &self.facts;
        // Without exactly one head, which the look-back asks about, the first member stands for the household.
        let head = self.head().or(self.members.first());
        let mut search = vec![facts.register_number.to_lowercase()];
        search.extend(self.members.iter().map(|person| person.facts.name.to_lowercase()));
        vec![
            ("register_number", facts.register_number.as_str().into()),
            ("township", township(&facts.area)),
            (
                "village",
                facts.area.at_level(AreaLevel::Village).map(String::from).into(),
            ),
            ("category", facts.category.code().into()),
            (
                "choice",
                self.consent.as_ref().map(|consent| consent.choice.code()).into(),
            ),
            (
                "pathway",
                self.consent
                    .as_ref()
                    .and_then(|consent| consent.pathway)
                    .map(Pathway::code)
                    .into(),
            ),
            ("must_move", facts.must_move.into()),
            ("urgency", facts.urgency.map(Urgency::code).into()),
            ("hazard_point", facts.hazard_point.clone().into()),
            ("head_name", head.map_or("", |person| &person.facts.name).into()),
            (
                "head_id_number",
                head.and_then(|person| person.facts.id_number.as_ref())
                    .map(|id| id.as_str())
                    .into(),
            ),
            ("persons", Value::Int(self.members.len() as i64)),
            ("phone", facts.phone.clone().into()),
            (
                "longitude",
                facts.position.map(|position| position.longitude).into(),
            ),
            (
                "latitude",
                facts.position.map(|position| position.latitude).into(),
            ),
            ("search", search.join(SEPARATOR).into()),
            ("status", self.status.code().into()),
        ]
    }

    fn rows(&self) -> Vec<Row> {
        let household = self.id;
        (0..)
            .zip(&self.members)
            .map(|(position, person)| {
                let facts = &person.facts;
                // Both generations of a number are found by its 18 characters; a malformed one as it was written.
                let number = facts
                    .id_number
                    .as_ref()
                    .map(|id| id.to_18().unwrap_or_else(|| id.clone()).to_string());
                Row {
                    table: "person",
                    columns: vec![
                        ("id", person.id.into()),
                        ("household_id", household.into()),
                        ("position", Value::Int(position)),
                        ("name", facts.name.as_str().into()),
                        ("name_search", facts.name.to_lowercase().into()),
                        ("id_number", number.into()),
                        ("birth_date", facts.birth_date.map(|date| date.to_string()).into()),
                        ("sex", facts.sex.code().into()),
                        ("relation", facts.relation.code().into()),
                    ],
                }
            })
            .collect()
    }
}

impl Subject for StockHousing {
    const KIND: &'static str = "stock_housing";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.as_str().into()),
            ("dwellings", self.dwellings.into()),
            ("price", Value::Int(self.price.0)),
            ("longitude", self.position.longitude.into()),
            ("latitude", self.position.latitude.into()),
        ]
    }
}

impl Subject for Fund {
    const KIND: &'static str = "fund";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("source", self.source.as_str().into()),
            ("document", self.document.as_str().into()),
            ("year", Value::Int(i64::from(self.year))),
            ("amount", Value::Int(self.amount.0)),
        ]
    }
}

/// What a list of households is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HouseholdSort {
    /// 户编号.
    #[default]
    RegisterNumber,
    /// Name of the head, by code point.
    HeadName,
    /// Number of persons.
    Persons,
    /// Area code.
    Area,
}

/// Which households are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct HouseholdFilter {
    /// In this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// In these as well, where a code that was split stands for several.
    pub further_areas: Vec<AreaCode>,
    /// Part of a name or register number, a whole ID number, or the last 4 or more digits of a phone number.
    pub search: Option<String>,
    /// Whether it is on the register; `None` for all that ever were.
    pub status: Option<HouseholdStatus>,
    /// Category.
    pub category: Option<Category>,
    /// What it chose.
    pub choice: Option<ConsentChoice>,
    /// The pathway it chose.
    pub pathway: Option<Pathway>,
    /// Whether it must move.
    pub must_move: Option<bool>,
    /// Whether it has open look-back items.
    pub open_items: Option<bool>,
    /// Only these; a list of some thousands at most.
    pub households: Option<Vec<Uuid>>,
    /// Order.
    pub sort: HouseholdSort,
    /// Largest first.
    pub descending: bool,
}

impl HouseholdFilter {
    /// All households of an area that are on the register, by register number.
    pub fn within(area: AreaCode) -> Self {
        Self {
            area,
            further_areas: Vec::new(),
            search: None,
            status: Some(HouseholdStatus::Active),
            category: None,
            choice: None,
            pathway: None,
            must_move: None,
            open_items: None,
            households: None,
            sort: HouseholdSort::default(),
            descending: false,
        }
    }
}

/// A household as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct HouseholdSummary {
    /// Id.
    pub id: Uuid,
    /// Version.
    pub version: i64,
    /// 户编号.
    pub register_number: String,
    /// Name of the head, unmasked.
    pub head_name: String,
    /// ID number of the head as written, unmasked.
    pub head_id_number: Option<String>,
    /// Villagers' group or village.
    pub area: AreaCode,
    /// Whether it is on the register.
    pub status: HouseholdStatus,
    /// Category.
    pub category: Category,
    /// Number of persons.
    pub persons: u32,
    /// What it chose.
    pub choice: Option<ConsentChoice>,
    /// The pathway it chose.
    pub pathway: Option<Pathway>,
    /// Whether it must move.
    pub must_move: bool,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// Hazard point.
    pub hazard_point: Option<String>,
    /// Where the home stands.
    pub position: Option<Position>,
    /// Number of open look-back items.
    pub open_items: u32,
    /// Where the newest plan sends it.
    pub destination: Option<PlannedDestination>,
}

/// Where the newest plan sends a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedDestination {
    /// To a settlement or stock housing.
    Site(Uuid),
    /// By another pathway.
    Pathway(Pathway),
    /// Nowhere yet.
    Unplaced,
}

const OPEN_ITEMS: &str =
    "(SELECT COUNT(*) FROM lookback_item i WHERE i.household_id = h.id AND i.item_state = 'open')";

const SUMMARY: &str =
    "h.id, h.version, h.register_number, h.head_name, h.head_id_number, h.area, h.category, h.persons,
    h.choice, h.pathway, h.must_move, h.urgency, h.hazard_point, h.longitude, h.latitude,
    (SELECT COUNT(*) FROM lookback_item i WHERE i.household_id = h.id AND i.item_state = 'open'),
    a.destination, a.site_id, a.pathway, h.status";

const SUMMARY_FROM: &str = "household h
    LEFT JOIN plan_household p ON p.household_id = h.id
        AND p.plan_id = (SELECT n.id FROM plan n ORDER BY n.made_at DESC, n.id DESC LIMIT 1)
    LEFT JOIN plan_assignment a ON a.id = p.assignment_id";

fn summary(row: &Record) -> Result<HouseholdSummary, StoreError> {
    let position = match (row.optional(13, Record::real)?, row.optional(14, Record::real)?) {
        (Some(longitude), Some(latitude)) => Some(Position { longitude, latitude }),
        _ => None,
    };
    let destination = match row.optional(16, Record::text)? {
        None => None,
        Some("site") => Some(PlannedDestination::Site(row.uuid(17)?)),
        Some("pathway") => Some(PlannedDestination::Pathway(row.code(18, Pathway::from_code)?)),
        Some(_) => Some(PlannedDestination::Unplaced),
    };
    Ok(HouseholdSummary {
        id: row.uuid(0)?,
        version: row.int(1)?,
        register_number: row.text(2)?.to_owned(),
        head_name: row.text(3)?.to_owned(),
        head_id_number: row.optional(4, Record::text)?.map(str::to_owned),
        area: row.area(5)?,
        category: row.code(6, Category::from_code)?,
        persons: row.small(7)?,
        choice: row.optional(8, |row, place| row.code(place, ConsentChoice::from_code))?,
        pathway: row.optional(9, |row, place| row.code(place, Pathway::from_code))?,
        must_move: row.flag(10)?,
        urgency: row.optional(11, |row, place| row.code(place, Urgency::from_code))?,
        hazard_point: row.optional(12, Record::text)?.map(str::to_owned),
        position,
        open_items: row.small(15)?,
        destination,
        status: row.code(19, HouseholdStatus::from_code)?,
    })
}

/// A condition on the household `h` for what a person typed into a search field, `None` when nothing was typed. Its
/// values are bound in `conditions`.
pub(crate) fn search_condition(conditions: &mut Conditions, typed: Option<&str>) -> Option<String> {
    let typed = typed.map(str::trim).filter(|typed| !typed.is_empty())?;
    let part = conditions.bind(like("%", &typed.to_lowercase(), "%"));
    let mut ways = vec![format!("h.search LIKE {part} ESCAPE '\\'")];
    let number = anju_model::identity::IdNumber::new(typed);
    if let Some(number) = number.to_18() {
        let number = conditions.bind(number.as_str());
        ways.push(format!(
            "h.id IN (SELECT q.household_id FROM person q WHERE q.id_number = {number})"
        ));
    }
    if typed.len() >= 4 && typed.bytes().all(|byte| byte.is_ascii_digit()) {
        let tail = conditions.bind(like("%", typed, ""));
        ways.push(format!("h.phone LIKE {tail} ESCAPE '\\'"));
    }
    Some(format!("({})", ways.join(" OR ")))
}

/// A page of households.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn households(
    db: &Db,
    filter: &HouseholdFilter,
    paging: &Paging,
) -> Result<Page<HouseholdSummary>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within_any(
        "h.area",
        std::iter::once(&filter.area).chain(&filter.further_areas),
    );
    conditions.equal("h.status", filter.status.map(HouseholdStatus::code));
    conditions.equal("h.category", filter.category.map(Category::code));
    conditions.equal("h.choice", filter.choice.map(ConsentChoice::code));
    conditions.equal("h.pathway", filter.pathway.map(Pathway::code));
    conditions.equal("h.must_move", filter.must_move);
    if let Some(some) = filter.open_items {
        conditions.and(&format!("{OPEN_ITEMS} {} 0", if some { ">" } else { "=" }));
    }
    if let Some(households) = &filter.households {
        let list: Vec<String> = households.iter().map(|id| conditions.bind(*id)).collect();
        conditions.and(&match list.as_slice() {
            [] => "1 = 0".to_owned(),
            list => format!("h.id IN ({})", list.join(", ")),
        });
    }
    if let Some(found) = search_condition(&mut conditions, filter.search.as_deref()) {
        conditions.and(&found);
    }
    let (sort, sort_kind) = match filter.sort {
        HouseholdSort::RegisterNumber => ("h.register_number", SortKind::Text),
        HouseholdSort::HeadName => ("h.head_name", SortKind::Text),
        HouseholdSort::Persons => ("h.persons", SortKind::Int),
        HouseholdSort::Area => ("h.area", SortKind::Text),
    };
    let list = List {
        select: SUMMARY,
        from: SUMMARY_FROM,
        sort,
        sort_kind,
        descending: filter.descending,
        id: "h.id",
        conditions,
    };
    list.page(db, paging, summary).await
}

/// The row of one household, when it lies in the area.
///
/// # Errors
/// When the database fails.
pub async fn household_summary(
    db: &Db,
    area: &AreaCode,
    id: Uuid,
) -> Result<Option<HouseholdSummary>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("h.area", area);
    conditions.equal("h.id", Some(id));
    let sql = format!("SELECT {SUMMARY} FROM {SUMMARY_FROM}{}", conditions.text());
    db.first(&sql, conditions.values())
        .await?
        .map(|row| summary(&row))
        .transpose()
}

/// All households that are on the register, by id.
///
/// # Errors
/// When the database fails.
pub async fn active_households(db: &Db) -> Result<Vec<Versioned<Household>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM household WHERE status = $1 ORDER BY id");
    db.all(&sql, &[HouseholdStatus::Active.code().into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}

/// Whether a person on the register has this ID number, in either generation.
///
/// # Errors
/// When the database fails.
pub async fn is_listed(db: &Db, number: &IdNumber) -> Result<bool, StoreError> {
    let number = number.to_18().unwrap_or_else(|| number.clone());
    let sql = "SELECT p.id FROM person p JOIN household h ON h.id = p.household_id
        WHERE p.id_number = $1 AND h.status = $2 LIMIT 1";
    let arguments = [number.as_str().into(), HouseholdStatus::Active.code().into()];
    Ok(db.first(sql, &arguments).await?.is_some())
}

/// The household with this register number.
///
/// # Errors
/// When the database fails.
pub async fn household_by_number(
    db: &Db,
    register_number: &str,
) -> Result<Option<Versioned<Household>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM household WHERE register_number = $1");
    db.first(&sql, &[register_number.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// Where each household of an area lies.
///
/// # Errors
/// When the database fails.
pub async fn household_areas(db: &Db, area: &AreaCode) -> Result<Vec<(Uuid, AreaCode)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("h.area", area);
    let sql = format!(
        "SELECT h.id, h.area FROM household h{} ORDER BY h.id",
        conditions.text()
    );
    let rows = db.all(&sql, conditions.values()).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.area(1)?))).collect()
}

/// A page of the register as it stood at an instant, in the order of the households' ids: what each household's last
/// entry before it says, in any of these areas by the codes of that time. Households that were retired or erased by then, or whose payload was erased since, are not in it.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn households_as_of(
    db: &Db,
    at: jiff::Timestamp,
    areas: &[AreaCode],
    paging: &Paging,
) -> Result<Page<Versioned<Household>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.equal("e.subject_kind", Some(Household::KIND));
    conditions.within_any("e.area", areas);
    let at = conditions.bind(at);
    conditions.and(&format!(
        "e.version = (SELECT MAX(l.version) FROM ledger_entry l
         WHERE l.subject_kind = e.subject_kind AND l.subject_id = e.subject_id AND l.at <= {at})"
    ));
    let [retired, erased] = [RETIRED, ERASED].map(|payload| conditions.bind(payload));
    conditions.and(&format!("e.payload NOT IN ({retired}, {erased})"));
    let list = List {
        select: "e.subject_id, e.version, e.at, e.actor, e.payload",
        from: "ledger_entry e",
        sort: "e.subject_id",
        sort_kind: SortKind::Text,
        descending: false,
        id: "e.subject_id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// Households and persons of one township, village or group, by what they chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaCount {
    /// The area.
    pub area: AreaCode,
    /// Households.
    pub households: u64,
    /// Persons.
    pub persons: u64,
    /// Households that chose to move.
    pub moving: u64,
    /// Households that wish to stay.
    pub staying: u64,
    /// Households that were asked and have not decided.
    pub undecided: u64,
    /// Households without a recorded choice.
    pub unasked: u64,
}

const CHOICES: &str = "COUNT(*), CAST(SUM(persons) AS BIGINT), COUNT(CASE WHEN choice = 'move' THEN 1 END),
    COUNT(CASE WHEN choice = 'stay' THEN 1 END), COUNT(CASE WHEN choice = 'undecided' THEN 1 END),
    COUNT(CASE WHEN choice IS NULL THEN 1 END)";

/// The column that holds the area of a level.
pub(crate) fn level_column(level: AreaLevel) -> &'static str {
    match level {
        AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County | AreaLevel::Township => "township",
        AreaLevel::Village => "village",
        AreaLevel::Group => "area",
    }
}

/// Counts the households on the register by township, village or group, for those in the area.
///
/// # Errors
/// When the database fails.
pub async fn count_by_area(db: &Db, area: &AreaCode, level: AreaLevel) -> Result<Vec<AreaCount>, StoreError> {
    let column = level_column(level);
    let mut conditions = Conditions::default();
    conditions.within("area", area);
    conditions.equal("status", Some(HouseholdStatus::Active.code()));
    conditions.and(&format!("{column} IS NOT NULL"));
    grouped(
        db,
        &format!("{column}, {CHOICES}"),
        "household",
        &conditions,
        column,
        |row| {
            Ok(AreaCount {
                area: row.area(0)?,
                households: row.count(1)?,
                persons: row.count(2)?,
                moving: row.count(3)?,
                staying: row.count(4)?,
                undecided: row.count(5)?,
                unasked: row.count(6)?,
            })
        },
    )
    .await
}

/// Households of an area by one property; what has none comes as `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegisterCounts {
    /// Households.
    pub households: u64,
    /// Persons.
    pub persons: u64,
    /// Households that must move.
    pub must_move: u64,
    /// By category.
    pub by_category: Vec<(Category, u64)>,
    /// By choice.
    pub by_choice: Vec<(Option<ConsentChoice>, u64)>,
    /// By pathway chosen.
    pub by_pathway: Vec<(Option<Pathway>, u64)>,
}

/// Counts of the register in an area, in the order of the code lists.
///
/// # Errors
/// When the database fails.
pub async fn counts(db: &Db, area: &AreaCode) -> Result<RegisterCounts, StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("area", area);
    conditions.equal("status", Some(HouseholdStatus::Active.code()));
    let mut counts = RegisterCounts::default();
    let groups = grouped(
        db,
        "category, choice, pathway, COUNT(*), CAST(SUM(persons) AS BIGINT), COUNT(CASE WHEN must_move THEN 1 END)",
        "household",
        &conditions,
        "category, choice, pathway",
        |row| {
            Ok((
                row.code(0, Category::from_code)?,
                row.optional(1, |row, place| row.code(place, ConsentChoice::from_code))?,
                row.optional(2, |row, place| row.code(place, Pathway::from_code))?,
                [row.count(3)?, row.count(4)?, row.count(5)?],
            ))
        },
    )
    .await?;
    for (category, choice, pathway, [households, persons, must_move]) in groups {
        counts.households += households;
        counts.persons += persons;
        counts.must_move += must_move;
        add(&mut counts.by_category, category, households);
        add(&mut counts.by_choice, choice, households);
        add(&mut counts.by_pathway, pathway, households);
    }
    counts.by_category.sort_unstable();
    counts.by_choice.sort_unstable();
    counts.by_pathway.sort_unstable();
    Ok(counts)
}

/// Adds to the count of a value.
pub(crate) fn add<T: PartialEq>(counts: &mut Vec<(T, u64)>, value: T, number: u64) {
    match counts.iter_mut().find(|(known, _)| *known == value) {
        Some((_, count)) => *count += number,
        None => counts.push((value, number)),
    }
}
