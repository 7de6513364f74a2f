//! The plan stage: plans and their assignments.

use anju_model::area::AreaCode;
use anju_model::plan::{Assignment, Destination, Plan};
use anju_model::register::Pathway;
use uuid::Uuid;

use crate::area::township;
use crate::list::{Conditions, List, Page, Paging, SortKind, grouped};
use crate::read::{VERSIONED, versioned};
use crate::search::search_condition;
use crate::subject::{Child, Row, Subject};
use crate::{Db, StoreError, Value, Versioned};

impl Subject for Plan {
    const KIND: &'static str = "plan";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("made_at", self.made_at.into()),
            ("pack", self.pack.as_str().into()),
            ("assessment_id", self.assessment.into()),
        ]
    }
}

impl Subject for Assignment {
    const KIND: &'static str = "plan_assignment";
    const CHILDREN: &'static [Child] = &[Child {
        table: "plan_household",
        owner: "assignment_id",
        key: "household_id",
    }];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        let (to, site, pathway, distance) = match &self.destination {
            Destination::Site { site, distance_m } => ("site", Some(*site), None, *distance_m),
            Destination::Pathway { pathway } => ("pathway", None, Some(pathway.code()), 0.0),
            Destination::Unplaced => ("unplaced", None, None, 0.0),
        };
        vec![
            ("plan_id", self.plan.into()),
            ("township", township(&self.area)),
            ("destination", to.into()),
            ("site_id", site.into()),
            ("pathway", pathway.into()),
            ("households", Value::Int(self.households.len() as i64)),
            ("persons", self.persons.into()),
            ("distance_m", distance.into()),
            ("cost", Value::Int(self.cost.0)),
        ]
    }

    fn rows(&self) -> Vec<Row> {
        self.households
            .iter()
            .map(|household| Row {
                table: "plan_household",
                columns: vec![
                    ("plan_id", self.plan.into()),
                    ("household_id", (*household).into()),
                    ("assignment_id", self.id.into()),
                ],
            })
            .collect()
    }
}

/// The newest plan.
///
/// # Errors
/// When the database fails.
pub async fn latest(db: &Db) -> Result<Option<Versioned<Plan>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM plan ORDER BY made_at DESC, id DESC LIMIT 1");
    db.first(&sql, &[]).await?.map(|row| versioned(&row)).transpose()
}

/// Where an assignment leads, for a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// To a settlement or stock housing.
    Site,
    /// By another pathway.
    Pathway,
    /// Nowhere yet.
    Unplaced,
}

impl To {
    fn code(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Pathway => "pathway",
            Self::Unplaced => "unplaced",
        }
    }
}

/// What a list of assignments is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AssignmentSort {
    /// Area code of the origin.
    #[default]
    Area,
    /// Number of households.
    Households,
    /// Number of persons.
    Persons,
    /// Straight distance; 0 without a site.
    Distance,
    /// Objective cost.
    Cost,
}

/// Which assignments are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct AssignmentFilter {
    /// Of this plan.
    pub plan: Uuid,
    /// From this area: the caller's, or a narrower one.
    pub area: AreaCode,
    /// To this site.
    pub site: Option<Uuid>,
    /// Where to.
    pub to: Option<To>,
    /// With a household found by this search (see [`HouseholdFilter::search`](crate::register::HouseholdFilter)).
    pub search: Option<String>,
    /// Order.
    pub sort: AssignmentSort,
    /// Largest first.
    pub descending: bool,
}

impl AssignmentFilter {
    /// All assignments of a plan from an area, by area.
    pub fn within(plan: Uuid, area: AreaCode) -> Self {
        Self {
            plan,
            area,
            site: None,
            to: None,
            search: None,
            sort: AssignmentSort::default(),
            descending: false,
        }
    }
}

/// A page of assignments.
///
/// # Errors
/// When the database fails or the cursor is not of this list.
pub async fn assignments(
    db: &Db,
    filter: &AssignmentFilter,
    paging: &Paging,
) -> Result<Page<Versioned<Assignment>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.equal("a.plan_id", Some(filter.plan));
    conditions.within("a.area", &filter.area);
    conditions.equal("a.site_id", filter.site);
    conditions.equal("a.destination", filter.to.map(To::code));
    if let Some(found) = search_condition(&mut conditions, filter.search.as_deref()) {
        conditions.and(&format!(
            "a.id IN (SELECT p.assignment_id FROM plan_household p JOIN household h ON h.id = p.household_id
             WHERE {found})"
        ));
    }
    let (sort, sort_kind) = match filter.sort {
        AssignmentSort::Area => ("a.area", SortKind::Text),
        AssignmentSort::Households => ("a.households", SortKind::Int),
        AssignmentSort::Persons => ("a.persons", SortKind::Int),
        AssignmentSort::Distance => ("a.distance_m", SortKind::Real),
        AssignmentSort::Cost => ("a.cost", SortKind::Int),
    };
    let list = List {
        select: "a.id, a.version, a.changed_at, a.changed_by, a.state",
        from: "plan_assignment a",
        sort,
        sort_kind,
        descending: filter.descending,
        id: "a.id",
        conditions,
    };
    list.page(db, paging, versioned).await
}

/// The assignment of a household in a plan.
///
/// # Errors
/// When the database fails.
pub async fn assignment_of(
    db: &Db,
    plan: Uuid,
    household: Uuid,
) -> Result<Option<Versioned<Assignment>>, StoreError> {
    let sql = "SELECT a.id, a.version, a.changed_at, a.changed_by, a.state
               FROM plan_household p JOIN plan_assignment a ON a.id = p.assignment_id
               WHERE p.household_id = $1 AND p.plan_id = $2";
    db.first(sql, &[household.into(), plan.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// Households of one township by where a plan sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TownshipPlan {
    /// The township they come from.
    pub township: AreaCode,
    /// Where to.
    pub to: To,
    /// The pathway, when it leads by one.
    pub pathway: Option<Pathway>,
    /// Households.
    pub households: u64,
    /// Persons.
    pub persons: u64,
}

/// Households of a plan by township and destination, for those from the area.
///
/// # Errors
/// When the database fails.
pub async fn count_by_township(
    db: &Db,
    plan: Uuid,
    area: &AreaCode,
) -> Result<Vec<TownshipPlan>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.equal("plan_id", Some(plan));
    conditions.within("area", area);
    conditions.and("township IS NOT NULL");
    let columns = "township, destination, pathway";
    let select = format!("{columns}, CAST(SUM(households) AS BIGINT), CAST(SUM(persons) AS BIGINT)");
    grouped(db, &select, "plan_assignment", &conditions, columns, |row| {
        Ok(TownshipPlan {
            township: row.area(0)?,
            to: row.code(1, |code| {
                [To::Site, To::Pathway, To::Unplaced]
                    .into_iter()
                    .find(|to| to.code() == code)
            })?,
            pathway: row.optional(2, |row, place| row.code(place, Pathway::from_code))?,
            households: row.count(3)?,
            persons: row.count(4)?,
        })
    })
    .await
}
