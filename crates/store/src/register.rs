//! The register stage: households with their persons, the lists and counts of the register, stock housing and funds.

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::identity::IdNumber;
use anju_model::register::{
    Category, ConsentChoice, Fund, Household, HouseholdStatus, Pathway, Position, StockHousing, Urgency,
};
use uuid::Uuid;

use crate::area::township;
use crate::list::{Conditions, List, Page, Paging, SortKind, grouped, placeholders};
use crate::read::{VERSIONED, versioned};
use crate::search::{name_parts, reversed};
use crate::subject::{Child, Row, Subject};
use crate::transaction::{ERASED, RETIRED};
use crate::value::Record;
use crate::{Db, StoreError, Tx, Value, Versioned};

mod list;
mod tally;

#[cfg(feature = "testing")]
pub use self::list::explain_pages;
pub use self::list::households;
use self::tally::{Facet, facets};
pub(crate) use self::tally::{add_to_tally, check_tally, remake_tally, tidy_tally};
pub use crate::search::initials;

impl Subject for Household {
    const KIND: &'static str = "household";
    const CHILDREN: &'static [Child] = &[Child {
        table: "person",
        owner: "household_id",
        key: "id",
    }];
    const TALLIED: bool = true;

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
            ("facet", Facet::of(self).to_string().into()),
            (
                "register_number_reversed",
                reversed(&facts.register_number).into(),
            ),
            ("phone_reversed", facts.phone.as_deref().map(reversed).into()),
            ("status", self.status.code().into()),
        ]
    }

    fn rows(&self) -> Vec<Row> {
        let household = self.id;
        // A household that is no longer on the register is not found in any area.
        let area = self.is_active().then(|| self.facts.area.as_str());
        let register_number = self.facts.register_number.as_str();
        (0..)
            .zip(&self.members)
            .map(|(position, person)| {
                let facts = &person.facts;
                let (name_search, given_search, end_search) = name_parts(&facts.name);
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
                        ("name_search", name_search.into()),
                        ("given_search", given_search.into()),
                        ("end_search", end_search.into()),
                        ("initials", initials(&facts.name).into()),
                        ("register_number", register_number.into()),
                        ("area", area.into()),
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
    /// The beginning of a name, of a given name or of its initials in Pinyin; the beginning or the end of a register
    /// number; a whole ID number; the last 4 or more digits of a phone number.
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
    /// Whether its identification has led to the announcement.
    pub identified: Option<bool>,
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
            identified: None,
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

/// A household as maps show it.
#[derive(Debug, Clone, PartialEq)]
pub struct HouseholdPoint {
    /// Id.
    pub id: Uuid,
    /// Where the home stands.
    pub position: Position,
    /// Category.
    pub category: Category,
    /// What it chose.
    pub choice: Option<ConsentChoice>,
    /// Number of open look-back items.
    pub open_items: u32,
    /// Where the newest plan sends it.
    pub destination: Option<PlannedDestination>,
}

/// The households of an area whose position is known, all of them or those in a window: its south-west and north-east
/// corners.
///
/// # Errors
/// When the database fails.
pub async fn household_points(
    db: &Db,
    area: &AreaCode,
    window: Option<[Position; 2]>,
) -> Result<Vec<HouseholdPoint>, StoreError> {
    let mut conditions = Conditions::default();
    match window {
        None => conditions.within("h.area", area),
        Some([south_west, north_east]) => {
            for (column, from, to) in [
                ("longitude", south_west.longitude, north_east.longitude),
                ("latitude", south_west.latitude, north_east.latitude),
            ] {
                let [from, to] = [from, to].map(|bound| conditions.bind(bound));
                conditions.and(&format!("h.{column} >= {from} AND h.{column} < {to}"));
            }
            // No range of codes: the window has the index, and is the smaller.
            let code = conditions.bind(area.as_str());
            conditions.and(&format!("substr(h.area, 1, {}) = {code}", area.as_str().len()));
        }
    }
    conditions.equal("h.status", Some(HouseholdStatus::Active.code()));
    conditions.and("h.longitude IS NOT NULL AND h.latitude IS NOT NULL");
    let sql = format!("SELECT {SUMMARY} FROM {SUMMARY_FROM}{}", conditions.text());
    let mut points = Vec::new();
    for row in db.all(&sql, conditions.values()).await? {
        let row = summary(&row)?;
        points.extend(row.position.map(|position| HouseholdPoint {
            id: row.id,
            position,
            category: row.category,
            choice: row.choice,
            open_items: row.open_items,
            destination: row.destination,
        }));
    }
    Ok(points)
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

impl Tx {
    /// The households with these register numbers, those that exist, as this transaction has left them.
    ///
    /// # Errors
    /// When the database fails or a stored state cannot be read.
    pub async fn households_by_number(
        &mut self,
        numbers: &[String],
    ) -> Result<Vec<Versioned<Household>>, StoreError> {
        let mut found = Vec::new();
        for numbers in numbers.chunks(500) {
            let list = placeholders(1, numbers.len());
            let sql = format!("SELECT {VERSIONED} FROM household WHERE register_number IN ({list})");
            let arguments: Vec<Value> = numbers.iter().map(|number| number.as_str().into()).collect();
            for row in self.link.all(&sql, &arguments).await? {
                found.push(versioned(&row)?);
            }
        }
        Ok(found)
    }
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
    let mut conditions = Conditions::default();
    conditions.within("area", area);
    let digits = match level {
        AreaLevel::Group => 14,
        AreaLevel::Village => 12,
        AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County | AreaLevel::Township => 9,
    };
    // Townships and villages are counted as they are written; of groups, and of a part of a township, the households are
    // counted.
    let sql = if level == AreaLevel::Group || area.as_str().len() > digits {
        let part = format!("substr(area, 1, {digits})");
        format!(
            "SELECT {part}, facet, COUNT(*), CAST(SUM(persons) AS BIGINT) FROM household{}
             GROUP BY {part}, facet ORDER BY 1, 2",
            conditions.text()
        )
    } else {
        conditions.and(&format!("length(area) = {digits}"));
        format!(
            "SELECT area, facet, households, persons FROM household_tally{} ORDER BY area, facet",
            conditions.text()
        )
    };
    let mut counts: Vec<AreaCount> = Vec::new();
    for row in db.all(&sql, conditions.values()).await? {
        let (area, facet) = (row.area(0)?, Facet::read(&row, 1)?);
        if facet.status != HouseholdStatus::Active {
            continue;
        }
        let (households, persons) = (row.count(2)?, row.count(3)?);
        if counts.last().is_none_or(|last| last.area != area) {
            counts.push(AreaCount {
                area,
                households: 0,
                persons: 0,
                moving: 0,
                staying: 0,
                undecided: 0,
                unasked: 0,
            });
        }
        let Some(count) = counts.last_mut() else { continue };
        count.households += households;
        count.persons += persons;
        *match facet.choice {
            Some(ConsentChoice::Move) => &mut count.moving,
            Some(ConsentChoice::Stay) => &mut count.staying,
            Some(ConsentChoice::Undecided) => &mut count.undecided,
            None => &mut count.unasked,
        } += households;
    }
    Ok(counts)
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
    let mut counts = RegisterCounts::default();
    let facets = match facets(&mut db.begin_reading().await?, area).await? {
        Some(facets) => facets,
        None => {
            let mut conditions = Conditions::default();
            conditions.within("area", area);
            let select = "facet, COUNT(*), CAST(SUM(persons) AS BIGINT)";
            grouped(db, select, "household", &conditions, "facet", |row| {
                Ok((Facet::read(row, 0)?, row.count(1)?, row.count(2)?))
            })
            .await?
        }
    };
    for (facet, households, persons) in facets {
        if facet.status != HouseholdStatus::Active {
            continue;
        }
        counts.households += households;
        counts.persons += persons;
        counts.must_move += if facet.must_move { households } else { 0 };
        add(&mut counts.by_category, facet.category, households);
        add(&mut counts.by_choice, facet.choice, households);
        add(&mut counts.by_pathway, facet.pathway, households);
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
