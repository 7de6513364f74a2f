//! What the plan's pages show: totals, sites, who goes where, flows for the map, figures for the charts.
//!
//! A plan has at most a few thousand assignments, which are read whole and filtered here.

use std::collections::{BTreeMap, HashMap};

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Text;
use anju_model::money::Fen;
use anju_model::plan::{Assignment, Destination, Plan, PlanTotals, PlannedSite, Tier, UnusedSite};
use anju_model::register::Fund;
use anju_store::plan::{AssignmentFilter, AssignmentSort, To};
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::register::views::Page;
use crate::table::{TableFormat, write_texts};
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// The plan with names; centres in degrees.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlanView {
    /// UUIDv7.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// Policy pack and version.
    pub pack: String,
    /// The land assessment it stands on.
    pub assessment: Uuid,
    /// Seed of the optimiser.
    pub seed: u64,
    /// Totals.
    pub totals: PlanTotals,
    /// Sites opened, most households first.
    pub sites: Vec<SiteView>,
    /// Candidates left unused, cheapest to add first.
    pub unused: Vec<UnusedSite>,
}

/// A site of the plan as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SiteView {
    /// The site; its centre is in degrees.
    #[serde(flatten)]
    pub site: PlannedSite,
    /// Name of the township.
    pub area_name: String,
}

/// Which assignments to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssignmentQuery {
    /// Only to this site.
    pub site: Option<Uuid>,
    /// Only from this area.
    pub area: Option<AreaCode>,
    /// `site`, `pathway` or `unplaced`.
    pub to: Option<String>,
    /// A household: name, register number or ID number.
    pub search: Option<String>,
    /// `area`, `households`, `persons`, `distance`, `cost`; `-` before it for descending.
    pub sort: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// An assignment as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AssignmentView {
    /// The assignment.
    #[serde(flatten)]
    pub assignment: Assignment,
    /// Township, village and group.
    pub area_name: String,
    /// Name of the site, if it goes to one.
    pub site_name: Option<String>,
    /// Number of households.
    pub household_count: usize,
    /// Name of the next best site.
    pub next_best_name: Option<String>,
    /// What it would cost more.
    pub next_best_extra: Option<Fen>,
}

/// Figures for the charts of the plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlanFigures {
    /// By township of origin.
    pub by_township: Vec<TownshipFigures>,
    /// What the money goes to.
    pub cost_parts: Vec<CostPart>,
    /// Households by distance to their new home.
    pub distance_histogram: Vec<DistanceBin>,
    /// Sites and households by size class.
    pub by_tier: Vec<TierFigures>,
    /// Where the money comes from.
    pub funds: Vec<Fund>,
}

/// One township's households in the plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TownshipPlanFigures)]
pub struct TownshipFigures {
    /// Code.
    pub code: AreaCode,
    /// Name.
    pub name: String,
    /// Households that move.
    pub to_move: u32,
    /// Placed on a site or in stock housing.
    pub placed: u32,
    /// Of those, inside their own township.
    pub own_township: u32,
    /// By another pathway they chose.
    pub other_pathway: u32,
    /// Not placed.
    pub unplaced: u32,
}

/// One part of the cost.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CostPart {
    /// Stable key.
    pub key: &'static str,
    /// Name.
    pub name: Text,
    /// Amount.
    pub amount: Fen,
}

/// Households within a range of distance.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DistanceBin {
    /// From, m, inclusive.
    pub from_m: f64,
    /// To, m, exclusive.
    pub to_m: f64,
    /// Households.
    pub households: u32,
}

/// Sites of one size class.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TierFigures {
    /// Size class; none for stock housing.
    pub tier: Option<Tier>,
    /// Sites.
    pub sites: u32,
    /// Households placed there.
    pub households: u32,
}

/// Width of a bar of the distance histogram, m.
const BIN_M: f64 = 1000.0;

/// The newest plan, or `None`.
///
/// # Errors
/// When the caller may not read the register.
pub async fn page(workspace: &Workspace, caller: &Caller) -> Result<Option<PlanView>, AppError> {
    caller.require(Action::ReadRegister)?;
    let Some(plan) = anju_store::plan::latest(workspace.db()).await? else {
        return Ok(None);
    };
    let plan = plan.value;
    let areas = workspace.areas().await?;
    let to_degrees = crate::land::to_degrees(workspace)?;
    let sites = plan
        .sites
        .into_iter()
        .map(|mut site| {
            site.centre = to_degrees.point(site.centre.0, site.centre.1)?;
            Ok(SiteView {
                area_name: areas.name(&site.area),
                site,
            })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(Some(PlanView {
        id: plan.id,
        made_at: plan.made_at,
        pack: plan.pack,
        assessment: plan.assessment,
        seed: plan.seed,
        totals: plan.totals,
        sites,
        unused: plan.unused,
    }))
}

/// One page of assignments of the newest plan.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn assignments(
    workspace: &Workspace,
    caller: &Caller,
    query: &AssignmentQuery,
) -> Result<Page<AssignmentView>, AppError> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    matching(
        workspace,
        caller,
        query,
        Paging {
            after: query.after.clone(),
            limit,
        },
    )
    .await
}

/// All matching assignments as a workbook.
///
/// # Errors
/// As [`assignments`].
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    query: &AssignmentQuery,
) -> Result<Vec<u8>, AppError> {
    let views = matching(workspace, caller, query, Paging::default()).await?.items;
    let headers = [
        "原住地",
        "户数",
        "人数",
        "去向",
        "距离(公里)",
        "费用(万元)",
        "次优",
        "次优多出(万元)",
        "说明",
    ];
    let rows = views.iter().map(|view| {
        let (to, distance) = match &view.assignment.destination {
            Destination::Site { distance_m, .. } => (
                view.site_name.clone().unwrap_or_default(),
                format!("{:.2}", distance_m / 1000.0),
            ),
            Destination::Pathway { pathway } => (pathway.zh().to_owned(), String::new()),
            Destination::Unplaced => ("未落实".to_owned(), String::new()),
        };
        vec![
            view.area_name.clone(),
            view.household_count.to_string(),
            view.assignment.persons.to_string(),
            to,
            distance,
            format!("{:.2}", view.assignment.cost.yuan() / 1e4),
            view.next_best_name.clone().unwrap_or_default(),
            view.next_best_extra
                .map(|extra| format!("{:.2}", extra.yuan() / 1e4))
                .unwrap_or_default(),
            view.assignment.explanation.zh.clone(),
        ]
    });
    write_texts("安置分配表", &headers, rows, TableFormat::Xlsx)
}

/// Lines from villages to sites, for the map (GeoJSON, EPSG:4326).
///
/// # Errors
/// When the caller may not read the register.
pub async fn flows(workspace: &Workspace, caller: &Caller) -> Result<serde_json::Value, AppError> {
    caller.require(Action::ReadRegister)?;
    let Some((plan, assignments)) = latest(workspace, caller).await? else {
        return Ok(json!({ "type": "FeatureCollection", "features": [] }));
    };
    let areas = workspace.areas().await?;
    let to_degrees = crate::land::to_degrees(workspace)?;
    let sites: HashMap<Uuid, &PlannedSite> = plan.sites.iter().map(|site| (site.site, site)).collect();
    let mut flows: BTreeMap<(AreaCode, Uuid), Flow> = BTreeMap::new();
    for assignment in &assignments {
        if let Destination::Site { site, distance_m } = assignment.destination
            && let Some(village) = assignment.area.at_level(AreaLevel::Village)
        {
            flows
                .entry((village, site))
                .or_default()
                .add(assignment, distance_m);
        }
    }
    let mut features = Vec::with_capacity(flows.len());
    for ((village, site), flow) in flows {
        let Some(site) = sites.get(&site) else { continue };
        let weight = f64::from(flow.households);
        let from = to_degrees.point(flow.x / weight, flow.y / weight)?;
        let to = to_degrees.point(site.centre.0, site.centre.1)?;
        features.push(json!({
            "type": "Feature",
            "geometry": { "type": "LineString", "coordinates": [[from.0, from.1], [to.0, to.1]] },
            "properties": {
                "village": village, "village_name": areas.path(&village),
                "site": site.site, "site_name": site.name,
                "households": flow.households, "persons": flow.persons,
                "distance_m": (flow.distance / weight).round(),
            },
        }));
    }
    Ok(json!({ "type": "FeatureCollection", "features": features }))
}

#[derive(Default)]
struct Flow {
    households: u32,
    persons: u32,
    x: f64,
    y: f64,
    distance: f64,
}

impl Flow {
    fn add(&mut self, assignment: &Assignment, distance_m: f64) {
        let households = assignment.households.len() as u32;
        let weight = f64::from(households);
        self.households += households;
        self.persons += assignment.persons;
        self.x += assignment.origin.0 * weight;
        self.y += assignment.origin.1 * weight;
        self.distance += distance_m * weight;
    }
}

/// Figures for the charts, or `None` without a plan.
///
/// # Errors
/// When the caller may not read the register.
pub async fn figures(workspace: &Workspace, caller: &Caller) -> Result<Option<PlanFigures>, AppError> {
    caller.require(Action::ReadRegister)?;
    let Some((plan, assignments)) = latest(workspace, caller).await? else {
        return Ok(None);
    };
    let areas = workspace.areas().await?;
    let township_of: HashMap<Uuid, &AreaCode> =
        plan.sites.iter().map(|site| (site.site, &site.area)).collect();
    let mut townships: BTreeMap<AreaCode, TownshipFigures> = BTreeMap::new();
    let mut bins: BTreeMap<u32, u32> = BTreeMap::new();
    for assignment in &assignments {
        let Some(township) = assignment.area.at_level(AreaLevel::Township) else {
            continue;
        };
        let figures = townships
            .entry(township.clone())
            .or_insert_with(|| TownshipFigures {
                name: areas.name(&township),
                code: township.clone(),
                to_move: 0,
                placed: 0,
                own_township: 0,
                other_pathway: 0,
                unplaced: 0,
            });
        let households = assignment.households.len() as u32;
        figures.to_move += households;
        match &assignment.destination {
            Destination::Site { site, distance_m } => {
                figures.placed += households;
                if township_of
                    .get(site)
                    .is_some_and(|there| township.contains(there))
                {
                    figures.own_township += households;
                }
                *bins.entry((distance_m / BIN_M) as u32).or_default() += households;
            }
            Destination::Pathway { .. } => figures.other_pathway += households,
            Destination::Unplaced => figures.unplaced += households,
        }
    }
    let longest = bins.keys().next_back().copied();
    let distance_histogram = longest
        .map(|longest| {
            (0..=longest)
                .map(|bin| DistanceBin {
                    from_m: f64::from(bin) * BIN_M,
                    to_m: f64::from(bin + 1) * BIN_M,
                    households: bins.get(&bin).copied().unwrap_or(0),
                })
                .collect()
        })
        .unwrap_or_default();
    let sum = |f: fn(&PlannedSite) -> Fen, stock: bool| {
        plan.sites
            .iter()
            .filter(|site| site.tier.is_none() == stock)
            .map(f)
            .sum::<Fen>()
    };
    let cost_parts = vec![
        CostPart {
            key: "housing",
            name: Text::new("土地与住房", "land and housing"),
            amount: sum(|site| site.housing_cost, false),
        },
        CostPart {
            key: "facilities",
            name: Text::new("配套设施与道路", "facilities and access"),
            amount: sum(|site| site.opening_cost, false),
        },
        CostPart {
            key: "stock_housing",
            name: Text::new("存量商品房", "stock housing"),
            amount: sum(|site| site.housing_cost, true),
        },
    ];
    let mut by_tier: BTreeMap<Option<Tier>, (u32, u32)> = BTreeMap::new();
    for site in &plan.sites {
        let (sites, households) = by_tier.entry(site.tier).or_default();
        *sites += 1;
        *households += site.households;
    }
    let funds: Vec<Versioned<Fund>> = anju_store::load_all(workspace.db()).await?;
    Ok(Some(PlanFigures {
        by_township: townships.into_values().collect(),
        cost_parts,
        distance_histogram,
        by_tier: by_tier
            .into_iter()
            .map(|(tier, (sites, households))| TierFigures {
                tier,
                sites,
                households,
            })
            .collect(),
        funds: funds.into_iter().map(|fund| fund.value).collect(),
    }))
}

/// The assignment of one household in the newest plan.
pub(crate) async fn of_household(
    workspace: &Workspace,
    caller: &Caller,
    household: Uuid,
) -> Result<Option<AssignmentView>, AppError> {
    caller.require(Action::ReadRegister)?;
    let Some(plan) = anju_store::plan::latest(workspace.db()).await? else {
        return Ok(None);
    };
    let found = anju_store::plan::assignment_of(workspace.db(), plan.value.id, household).await?;
    let Some(assignment) = found else { return Ok(None) };
    let areas = workspace.areas().await?;
    Ok(Some(view(assignment.value, &areas, &site_names(&plan.value))))
}

/// The newest plan with the assignments that the caller may see.
async fn latest(workspace: &Workspace, caller: &Caller) -> Result<Option<(Plan, Vec<Assignment>)>, AppError> {
    let Some(plan) = anju_store::plan::latest(workspace.db()).await? else {
        return Ok(None);
    };
    let filter = AssignmentFilter::within(plan.value.id, caller.area().clone());
    let page = anju_store::plan::assignments(workspace.db(), &filter, &Paging::default()).await?;
    let assignments = page
        .items
        .into_iter()
        .map(|assignment| assignment.value)
        .collect();
    Ok(Some((plan.value, assignments)))
}

async fn matching(
    workspace: &Workspace,
    caller: &Caller,
    query: &AssignmentQuery,
    paging: Paging,
) -> Result<Page<AssignmentView>, AppError> {
    let area =
        crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref())
            .await?;
    let Some(plan) = anju_store::plan::latest(workspace.db()).await? else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
            total: 0,
            at_least: false,
        });
    };
    let (sort, descending) = crate::register::views::sort_key(query.sort.as_deref());
    let filter = AssignmentFilter {
        site: query.site,
        to: match query.to.as_deref() {
            Some("site") => Some(To::Site),
            Some("pathway") => Some(To::Pathway),
            Some("unplaced") => Some(To::Unplaced),
            _ => None,
        },
        search: query.search.clone(),
        sort: match sort {
            "households" => AssignmentSort::Households,
            "persons" => AssignmentSort::Persons,
            "distance" => AssignmentSort::Distance,
            "cost" => AssignmentSort::Cost,
            _ => AssignmentSort::Area,
        },
        descending,
        ..AssignmentFilter::within(plan.value.id, area)
    };
    let page = anju_store::plan::assignments(workspace.db(), &filter, &paging).await?;
    let areas = workspace.areas().await?;
    let names = site_names(&plan.value);
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|assignment| view(assignment.value, &areas, &names))
            .collect(),
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

fn site_names(plan: &Plan) -> HashMap<Uuid, String> {
    let used = plan.sites.iter().map(|site| (site.site, site.name.clone()));
    used.chain(plan.unused.iter().map(|site| (site.site, site.name.clone())))
        .collect()
}

fn view(assignment: Assignment, areas: &AreaNames, names: &HashMap<Uuid, String>) -> AssignmentView {
    AssignmentView {
        area_name: areas.path(&assignment.area),
        site_name: match &assignment.destination {
            Destination::Site { site, .. } => names.get(site).cloned(),
            _ => None,
        },
        household_count: assignment.households.len(),
        next_best_name: assignment
            .next_best
            .and_then(|(site, _)| names.get(&site).cloned()),
        next_best_extra: assignment.next_best.map(|(_, extra)| extra),
        assignment,
    }
}
