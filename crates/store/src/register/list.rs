//! Pages of the register that cost what they show, also of a million households.
//!
//! A page is made in two steps: which households it shows, by indexes alone, then their rows with what is joined to them.
//! The first step has two ways. What few households are meant by is gathered first and sorted then; otherwise the list is
//! gone through in its order until the page is full, which is quick because much is found. Of filters, the counts that are
//! kept tell which way is shorter. A search is counted in the index, never beyond a bound; when more is found, the first
//! rows of the list are gone through, which fill the page with whatever is frequent, and what is not is gathered.

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::register::{Category, ConsentChoice, HouseholdStatus, Pathway};

use super::tally::{Facet, facets};
use super::{HouseholdFilter, HouseholdSort, HouseholdSummary, SUMMARY, SUMMARY_FROM, summary};
use crate::database::Link;
use crate::list::{Conditions, Page, Paging, SortKind, placeholders, read_cursor, write_cursor};
use crate::search::{Typed, search_condition};
use crate::{Db, StoreError, Value};

/// Households counted of a search.
const COUNTED: u64 = 500;

/// Rows of the list that are gone through for a search before it is gathered.
const TRIED: u64 = 1_500;

/// Households with open look-back items that are gathered.
const WITH_ITEMS: u64 = 4_000;

/// Longer pages are whole lists: they are read in one step.
const LONGEST_PAGE: u32 = 1_000;

impl HouseholdSort {
    /// Column of `h` and the kind of its values. Register numbers settle ties.
    fn column(self) -> (&'static str, SortKind) {
        match self {
            Self::RegisterNumber => ("register_number", SortKind::Text),
            Self::HeadName => ("head_name", SortKind::Text),
            Self::Persons => ("persons", SortKind::Int),
            Self::Area => ("area", SortKind::Text),
        }
    }
}

impl HouseholdFilter {
    fn facet_matters(&self) -> bool {
        self.category.is_some() || self.choice.is_some() || self.pathway.is_some() || self.must_move.is_some()
    }

    fn matches(&self, facet: &Facet) -> bool {
        self.category.is_none_or(|category| facet.category == category)
            && self.choice.is_none_or(|choice| facet.choice == Some(choice))
            && self.pathway.is_none_or(|pathway| facet.pathway == Some(pathway))
            && self
                .must_move
                .is_none_or(|must_move| facet.must_move == must_move)
            && self.status.is_none_or(|status| facet.status == status)
    }

    /// Whether anything but place, search and being on the register narrows the list.
    fn is_filtered(&self) -> bool {
        self.facet_matters() || self.open_items.is_some() || self.identified.is_some()
    }

    /// Conditions on the columns of `h`, place and search left out.
    fn conditions(&self, conditions: &mut Conditions) {
        conditions.equal("h.status", self.status.map(HouseholdStatus::code));
        conditions.equal("h.category", self.category.map(Category::code));
        conditions.equal("h.choice", self.choice.map(ConsentChoice::code));
        conditions.equal("h.pathway", self.pathway.map(Pathway::code));
        conditions.equal("h.must_move", self.must_move);
        if let Some(households) = &self.households {
            let list: Vec<String> = households.iter().map(|id| conditions.bind(*id)).collect();
            conditions.and(&match list.as_slice() {
                [] => "1 = 0".to_owned(),
                list => format!("h.id IN ({})", list.join(", ")),
            });
        }
        if let Some(identified) = self.identified {
            let not = if identified { "" } else { "NOT " };
            conditions.and(&format!(
                "{not}EXISTS (SELECT 1 FROM identification_case c WHERE c.household_id = h.id AND c.step = 'announced')"
            ));
        }
        if let Some(some) = self.open_items {
            let some = if some { "" } else { "NOT " };
            conditions.and(&format!(
                "{some}EXISTS (SELECT 1 FROM lookback_item i WHERE i.household_id = h.id AND i.item_state = 'open'
                 LIMIT 1 OFFSET 0)"
            ));
        }
    }

    /// The order of the list, for the columns of a table or the result named so.
    fn order(&self, table: &str) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.sort.column() {
            ("register_number", _) => format!("{table}.register_number {direction}"),
            (column, _) => format!("{table}.{column} {direction}, {table}.register_number {direction}"),
        }
    }

    /// Goes on behind the end of the page before.
    fn after(&self, conditions: &mut Conditions, cursor: Option<&[Value; 2]>) {
        let Some([value, number]) = cursor else { return };
        let comparison = if self.descending { "<" } else { ">" };
        let number = conditions.bind(number.clone());
        match self.sort.column() {
            ("register_number", _) => conditions.and(&format!("h.register_number {comparison} {number}")),
            (column, _) => {
                let value = conditions.bind(value.clone());
                conditions.and(&format!(
                    "(h.{column}, h.register_number) {comparison} ({value}, {number})"
                ));
            }
        }
    }
}

/// The place as a condition that goes with an index of the list's order: of the whole county all of it, of a township its
/// own. Smaller areas are gathered.
fn place(conditions: &mut Conditions, area: &AreaCode, sort: HouseholdSort) {
    match area.level() {
        _ if sort == HouseholdSort::Area => conditions.within("h.area", area),
        AreaLevel::Township => conditions.equal("h.township", Some(area.as_str())),
        // No range: that would have the index of areas read, and everything sorted.
        _ => {
            let code = conditions.bind(area.as_str());
            let length = area.as_str().len();
            conditions.and(&format!("substr(h.area, 1, {length}) = {code}"));
        }
    }
}

/// How many households a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Total {
    households: u64,
    /// Whether there may be more: nobody counted on.
    at_least: bool,
}

impl Total {
    fn exactly(households: u64) -> Self {
        Self {
            households,
            at_least: false,
        }
    }
}

/// How the households of a page are found.
enum Way {
    /// Nothing is found.
    None,
    /// Through the list in its order.
    Through,
    /// Through the first rows of the list, and when they do not fill the page, from what the search gives.
    Tried,
    /// From few that one index gives.
    Gathered(By),
}

enum By {
    Area,
    Facets(Vec<Facet>),
    Search,
    OpenItems,
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
    let (column, kind) = filter.sort.column();
    let cursor = paging
        .after
        .as_deref()
        .map(|cursor| read_cursor(cursor, kind))
        .transpose()?;
    let mut link = db.begin_reading().await?;
    // What is asked for seldom, and what is long, is read in one step: the areas of a code that was split, who came through
    // identification, and searches among households that are no longer on the register.
    let register = filter.status == Some(HouseholdStatus::Active);
    let seldom = !filter.further_areas.is_empty()
        || filter.identified.is_some()
        || filter.households.is_some()
        || (filter.search.is_some() && !register);
    if paging.limit == 0 || paging.limit > LONGEST_PAGE || seldom {
        return whole(&mut link, filter, paging.limit, cursor.as_ref()).await;
    }
    let limit = paging.limit as usize;
    let wanted = limit + 1;
    let (way, total) = choose(&mut link, filter, wanted as u64).await?;
    let cursor = cursor.as_ref();
    let (sql, conditions) = match &way {
        Way::None => return Ok(page_of(Vec::new(), None, total)),
        Way::Through => through(filter, column, cursor, wanted),
        Way::Tried => tried(filter, column, cursor, wanted),
        Way::Gathered(by) => gathered(filter, by, column, cursor, wanted),
    };
    let mut found = link.all(&sql, conditions.values()).await?;
    if matches!(way, Way::Tried) && found.len() < wanted {
        let (sql, conditions) = gathered(filter, &By::Search, column, cursor, wanted);
        found = link.all(&sql, conditions.values()).await?;
    }
    let seen = found.len() as u64;
    let total = match total {
        // The first page is the whole list.
        Total { at_least: true, .. } if found.len() <= limit && cursor.is_none() => Total::exactly(seen),
        Total { households, at_least } => Total {
            households: households.max(seen),
            at_least,
        },
    };
    let mut next = None;
    if found.len() > limit {
        found.truncate(limit);
        next = found.last().map(write_cursor).transpose()?;
    }
    let numbers: Vec<&str> = found.iter().map(|row| row.text(1)).collect::<Result<_, _>>()?;
    Ok(page_of(rows(&mut link, &numbers).await?, next, total))
}

fn page_of(items: Vec<HouseholdSummary>, next: Option<String>, total: Total) -> Page<HouseholdSummary> {
    Page {
        items,
        next,
        total: total.households,
        at_least: total.at_least,
    }
}

/// Counts, and chooses the way.
async fn choose(link: &mut Link, filter: &HouseholdFilter, wanted: u64) -> Result<(Way, Total), StoreError> {
    let facets = facets(link, &filter.area).await?;
    let gathered = |households: u64, by: By| match households {
        0 => (Way::None, Total::exactly(0)),
        _ => (Way::Gathered(by), Total::exactly(households)),
    };
    if let Some(typed) = Typed::new(filter.search.as_deref()) {
        let found = count_found(link, &typed, &filter.area, COUNTED).await?;
        if found > COUNTED {
            let total = Total {
                households: COUNTED,
                at_least: true,
            };
            // Of what was found, filters may leave anything, from all to nothing.
            let total = if filter.is_filtered() {
                Total {
                    households: 0,
                    ..total
                }
            } else {
                total
            };
            return Ok((Way::Tried, total));
        }
        if found == 0 || !filter.is_filtered() {
            return Ok(gathered(found, By::Search));
        }
        let households = count_gathered(link, filter, &By::Search).await?;
        return Ok(gathered(households, By::Search));
    }
    let Some(facets) = facets else {
        let households = count_gathered(link, filter, &By::Area).await?;
        return Ok(gathered(households, By::Area));
    };
    let (matching, others): (Vec<_>, Vec<_>) =
        facets.into_iter().partition(|(facet, ..)| filter.matches(facet));
    let households: u64 = matching.iter().map(|(_, households, _)| households).sum();
    let total = Total::exactly(households);
    if households == 0 {
        return Ok((Way::None, total));
    }
    if let Some(some) = filter.open_items {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT DISTINCT household_id FROM lookback_item WHERE item_state = 'open'
             AND household_id IS NOT NULL LIMIT {}) AS found",
            WITH_ITEMS + 1
        );
        let open = link.first(&sql, &[]).await?.map_or(Ok(0), |row| row.count(0))?;
        if open > WITH_ITEMS {
            return Ok((
                Way::Through,
                Total {
                    households: 0,
                    at_least: true,
                },
            ));
        }
        let with = HouseholdFilter {
            open_items: Some(true),
            ..filter.clone()
        };
        let with = count_gathered(link, &with, &By::OpenItems).await?;
        return Ok(if some {
            gathered(with, By::OpenItems)
        } else if filter.area.level() == AreaLevel::Village {
            gathered(households - with.min(households), By::Area)
        } else {
            (Way::Through, Total::exactly(households - with.min(households)))
        });
    }
    if filter.area.level() == AreaLevel::Village {
        return Ok(gathered(households, By::Area));
    }
    let others: u64 = others.iter().map(|(_, households, _)| households).sum();
    if gathering_is_shorter(filter.sort, households, households + others, wanted) {
        let facets = matching.into_iter().map(|(facet, ..)| facet).collect();
        return Ok(gathered(households, By::Facets(facets)));
    }
    Ok((Way::Through, total))
}

/// Whether gathering all households that are meant reads less than going through the list until the page is full, where
/// they stand evenly spread. The index of facets has the register numbers; for another order every row is looked at.
fn gathering_is_shorter(sort: HouseholdSort, meant: u64, all: u64, wanted: u64) -> bool {
    let gathered = match sort {
        HouseholdSort::RegisterNumber => meant / 4,
        _ => meant,
    };
    meant < all && gathered < wanted * all / meant.max(1)
}

/// Counts what a search finds in an area, up to one more than `most`.
async fn count_found(link: &mut Link, typed: &Typed, area: &AreaCode, most: u64) -> Result<u64, StoreError> {
    let mut conditions = Conditions::default();
    let finders: Vec<String> = typed
        .finders(&mut conditions, Some(area))
        .into_iter()
        .zip(1..)
        .map(|(finder, number)| {
            format!(
                "SELECT register_number FROM ({finder} LIMIT {}) AS way{number}",
                2 * most
            )
        })
        .collect();
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT register_number FROM ({}) AS ways LIMIT {}) AS found",
        finders.join(" UNION "),
        most + 1
    );
    link.first(&sql, conditions.values())
        .await?
        .map_or(Ok(0), |row| row.count(0))
}

async fn count_gathered(link: &mut Link, filter: &HouseholdFilter, by: &By) -> Result<u64, StoreError> {
    let mut conditions = Conditions::default();
    let few = few(filter, by, None, None, &mut conditions);
    let sql = format!("{few} SELECT COUNT(*) FROM few");
    link.first(&sql, conditions.values())
        .await?
        .map_or(Ok(0), |row| row.count(0))
}

/// A page by going through the list in its order.
fn through(
    filter: &HouseholdFilter,
    column: &str,
    cursor: Option<&[Value; 2]>,
    wanted: usize,
) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    place(&mut conditions, &filter.area, filter.sort);
    filter.conditions(&mut conditions);
    filter.after(&mut conditions, cursor);
    let sql = format!(
        "SELECT h.{column}, h.register_number FROM household h{} ORDER BY {} LIMIT {wanted}",
        conditions.text(),
        filter.order("h")
    );
    (sql, conditions)
}

/// A page of a search by going through the first rows of the list.
fn tried(
    filter: &HouseholdFilter,
    column: &str,
    cursor: Option<&[Value; 2]>,
    wanted: usize,
) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    place(&mut conditions, &filter.area, filter.sort);
    filter.after(&mut conditions, cursor);
    let first = format!(
        "SELECT h.* FROM household h{} ORDER BY {} LIMIT {TRIED}",
        conditions.take_text(),
        filter.order("h")
    );
    filter.conditions(&mut conditions);
    if let Some(typed) = Typed::new(filter.search.as_deref()) {
        let found = typed.condition(&mut conditions);
        conditions.and(&found);
    }
    let sql = format!(
        "SELECT h.{column}, h.register_number FROM ({first}) AS h{} ORDER BY {} LIMIT {wanted}",
        conditions.text(),
        filter.order("h")
    );
    (sql, conditions)
}

/// A page from few households.
fn gathered(
    filter: &HouseholdFilter,
    by: &By,
    column: &str,
    cursor: Option<&[Value; 2]>,
    wanted: usize,
) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    let few = few(filter, by, cursor, Some(wanted), &mut conditions);
    let sql = format!(
        "{few} SELECT few.{column}, few.register_number FROM few ORDER BY {} LIMIT {wanted}",
        filter.order("few")
    );
    (sql, conditions)
}

/// `WITH few AS (…)`: order and register number of all households that are meant. Materialised, so that the index that
/// gives few is the one that is read, and not that of the order.
fn few(
    filter: &HouseholdFilter,
    by: &By,
    cursor: Option<&[Value; 2]>,
    wanted: Option<usize>,
    conditions: &mut Conditions,
) -> String {
    let (column, _) = filter.sort.column();
    let columns = match column {
        "register_number" => "h.register_number".to_owned(),
        column => format!("h.{column}, h.register_number"),
    };
    match by {
        By::Area | By::Facets(_) => {
            if let By::Facets(facets) = by {
                let list: Vec<String> = facets
                    .iter()
                    .map(|facet| conditions.bind(facet.to_string()))
                    .collect();
                conditions.and(&format!("h.facet IN ({})", list.join(", ")));
            } else {
                filter.conditions(conditions);
            }
            conditions.within("h.area", &filter.area);
            filter.after(conditions, cursor);
            format!(
                "WITH few AS MATERIALIZED (SELECT {columns} FROM household h{})",
                conditions.text()
            )
        }
        By::Search => {
            let finders = Typed::new(filter.search.as_deref())
                .map(|typed| typed.finders(conditions, Some(&filter.area)))
                .unwrap_or_default();
            let found = finders.join(" UNION ");
            if filter.sort == HouseholdSort::RegisterNumber && !filter.is_filtered() {
                filter.after(conditions, cursor);
                let behind = conditions.text().to_owned();
                let limit = wanted.map_or(String::new(), |wanted| {
                    format!(" ORDER BY {} LIMIT {wanted}", filter.order("h"))
                });
                return format!(
                    "WITH few AS MATERIALIZED (SELECT h.register_number FROM ({found}) AS h{behind}{limit})"
                );
            }
            conditions.and("h.register_number = found.register_number");
            conditions.within("h.area", &filter.area);
            filter.conditions(conditions);
            filter.after(conditions, cursor);
            format!(
                "WITH found AS MATERIALIZED ({found}), few AS MATERIALIZED
                 (SELECT {columns} FROM found CROSS JOIN household h{})",
                conditions.text()
            )
        }
        By::OpenItems => {
            conditions.and("h.id = found.household_id");
            conditions.within("h.area", &filter.area);
            filter.conditions(conditions);
            filter.after(conditions, cursor);
            format!(
                "WITH found AS MATERIALIZED (SELECT DISTINCT household_id FROM lookback_item
                     WHERE item_state = 'open' AND household_id IS NOT NULL),
                 few AS MATERIALIZED (SELECT {columns} FROM found CROSS JOIN household h{})",
                conditions.text()
            )
        }
    }
}

/// The rows of the households with these register numbers, in their order.
async fn rows(link: &mut Link, numbers: &[&str]) -> Result<Vec<HouseholdSummary>, StoreError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {SUMMARY} FROM {SUMMARY_FROM} WHERE h.register_number IN ({})",
        placeholders(1, numbers.len())
    );
    let arguments: Vec<Value> = numbers.iter().map(|number| (*number).into()).collect();
    let found = link.all(&sql, &arguments).await?;
    let mut found: Vec<HouseholdSummary> = found.iter().map(summary).collect::<Result<_, _>>()?;
    let place = |number: &str| numbers.iter().position(|wanted| *wanted == number);
    found.sort_by_cached_key(|household| place(&household.register_number));
    Ok(found)
}

/// A whole list or a long page of one, as exports have them, read in one step.
async fn whole(
    link: &mut Link,
    filter: &HouseholdFilter,
    limit: u32,
    cursor: Option<&[Value; 2]>,
) -> Result<Page<HouseholdSummary>, StoreError> {
    let areas = || std::iter::once(&filter.area).chain(&filter.further_areas);
    let mut conditions = Conditions::default();
    conditions.within_any("h.area", areas());
    filter.conditions(&mut conditions);
    if let Some(found) = search_condition(&mut conditions, filter.search.as_deref()) {
        conditions.and(&found);
    }
    let count = format!("SELECT COUNT(*) FROM household h{}", conditions.text());
    let total = link
        .first(&count, conditions.values())
        .await?
        .map_or(Ok(0), |row| row.count(0))?;
    filter.after(&mut conditions, cursor);
    let most = match limit {
        0 => String::new(),
        limit => format!(" LIMIT {}", u64::from(limit) + 1),
    };
    let (column, _) = filter.sort.column();
    let sql = format!(
        "SELECT {SUMMARY}, h.{column}, h.register_number FROM {SUMMARY_FROM}{} ORDER BY {}{most}",
        conditions.text(),
        filter.order("h")
    );
    let mut rows = link.all(&sql, conditions.values()).await?;
    let mut next = None;
    if limit > 0 && rows.len() > limit as usize {
        rows.truncate(limit as usize);
        next = rows.last().map(write_cursor).transpose()?;
    }
    let items = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(page_of(items, next, Total::exactly(total)))
}

/// How an engine goes about the statements by which pages of a list may be found: each with the lines of its plan.
///
/// # Errors
/// When the database fails.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub async fn explain_pages(
    db: &Db,
    filter: &HouseholdFilter,
) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    let (column, kind) = filter.sort.column();
    let value = match kind {
        SortKind::Int => Value::Int(3),
        SortKind::Text | SortKind::Real => Value::from("A"),
    };
    let mut statements = Vec::new();
    for cursor in [None, Some([value, Value::from("A")])] {
        statements.push(through(filter, column, cursor.as_ref(), 51));
        let facet = Facet {
            category: Category::Disaster,
            choice: None,
            pathway: None,
            must_move: true,
            status: HouseholdStatus::Active,
        };
        let mut ways = vec![By::Area, By::Facets(vec![facet]), By::OpenItems];
        if filter.search.is_some() {
            ways.push(By::Search);
            statements.push(tried(filter, column, cursor.as_ref(), 51));
        }
        statements.extend(
            ways.iter()
                .map(|by| gathered(filter, by, column, cursor.as_ref(), 51)),
        );
    }
    if let Some(typed) = Typed::new(filter.search.as_deref()) {
        let mut conditions = Conditions::default();
        let finders = typed.finders(&mut conditions, Some(&filter.area));
        statements.push((finders.join(" UNION "), conditions));
    }
    let mut numbers = Conditions::default();
    let number = numbers.bind("A");
    let sql = format!("SELECT {SUMMARY} FROM {SUMMARY_FROM} WHERE h.register_number IN ({number})");
    statements.push((sql, numbers));
    let mut link = db.begin_reading().await?;
    let explain = match link.dialect() {
        crate::database::Dialect::Sqlite => "EXPLAIN QUERY PLAN",
        crate::database::Dialect::Postgres => {
            // Of tables as small as a test's it would read everything: only what no index can give is read so now.
            link.execute("SET LOCAL enable_seqscan = off", &[]).await?;
            "EXPLAIN"
        }
    };
    let mut plans = Vec::with_capacity(statements.len());
    for (sql, conditions) in statements {
        let lines = link.all(&format!("{explain} {sql}"), conditions.values()).await?;
        let last = |row: &crate::value::Record| row.text(row.values.len() - 1).map(str::to_owned);
        plans.push((sql, lines.iter().map(last).collect::<Result<_, _>>()?));
    }
    Ok(plans)
}
