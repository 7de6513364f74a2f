//! From the optimiser's answer to a plan that explains itself.

use std::collections::BTreeMap;

use anju_model::area::AreaLevel;
use anju_model::code_list::Text;
use anju_model::land::LandAssessment;
use anju_model::money::Fen;
use anju_model::plan::{Assignment, Destination, Plan, PlanTotals, PlannedSite, SiteKind, UnusedSite};
use anju_siting::{Choice, Solution};

use super::problem::{DemandGroup, Input, Model, PairCost, SiteOption};
use crate::workspace::AreaNames;
use crate::{AppError, Workspace};

pub(super) fn record(
    workspace: &Workspace,
    areas: &AreaNames,
    assessment: &LandAssessment,
    input: &Input<'_>,
    model: &Model,
    solution: &Solution,
    seed: u64,
) -> Result<(Plan, Vec<Assignment>), AppError> {
    let id = workspace.new_id();
    let made_at = workspace.now();
    let mut assignments = Vec::with_capacity(model.demands.len() + model.other_pathway.len());
    let mut placed: BTreeMap<usize, Placed> = BTreeMap::new();
    for (d, demand) in model.demands.iter().enumerate() {
        let (destination, cost, explanation) = match solution.assignment[d] {
            Choice::Site(s) => {
                let pair = model.pairs.get(&(d, s)).copied().ok_or_else(|| {
                    AppError::Aborted(format!(
                        "the optimiser chose a forbidden pair: demand {d}, site {s}"
                    ))
                })?;
                placed.entry(s).or_default().add(demand, &pair);
                let site = &model.sites[s];
                (
                    Destination::Site {
                        site: site.id,
                        distance_m: pair.distance_m,
                    },
                    pair.housing + pair.distance_value + pair.cross_township,
                    explain(areas, model, solution, d, demand, s, &pair),
                )
            }
            Choice::Alternative => (Destination::Unplaced, Fen(0), explain_unplaced(model, d)),
        };
        let next_best = solution.next_best[d].map(|(s, extra)| (model.sites[s].id, Fen(extra)));
        assignments.push(Assignment {
            id: workspace.new_id(),
            plan: id,
            area: demand.area.clone(),
            households: demand.households.clone(),
            persons: demand.persons,
            origin: demand.origin,
            destination,
            cost,
            next_best,
            explanation,
        });
    }
    for (pathway, households, area, persons) in &model.other_pathway {
        assignments.push(Assignment {
            id: workspace.new_id(),
            plan: id,
            area: area.clone(),
            households: households.clone(),
            persons: *persons,
            origin: (0.0, 0.0),
            destination: Destination::Pathway { pathway: *pathway },
            cost: Fen(0),
            next_best: None,
            explanation: Text::new(
                format!("按本户意愿:{}", pathway.zh()),
                format!("by the households' own choice: {}", pathway.en()),
            ),
        });
    }

    let mut sites: Vec<PlannedSite> = placed
        .iter()
        .map(|(&s, there)| planned(areas, model, solution, s, there))
        .collect::<Result<_, _>>()?;
    sites.sort_by(|a, b| b.households.cmp(&a.households).then_with(|| a.name.cmp(&b.name)));
    let mut unused: Vec<UnusedSite> = model
        .sites
        .iter()
        .enumerate()
        .filter(|(s, _)| !placed.contains_key(s))
        .map(|(s, site)| UnusedSite {
            site: site.id,
            name: site.name.clone(),
            reduced_cost: Fen(solution.reduced_cost[s].max(0)),
        })
        .collect();
    unused.sort_by(|a, b| {
        a.reduced_cost
            .cmp(&b.reduced_cost)
            .then_with(|| a.name.cmp(&b.name))
    });
    let totals = totals(input, model, solution, &assignments, &sites);
    let plan = Plan {
        id,
        made_at,
        pack: workspace.pack_reference(),
        assessment: assessment.id,
        seed,
        totals,
        sites,
        unused,
    };
    Ok((plan, assignments))
}

/// What was placed on one site.
#[derive(Default)]
struct Placed {
    households: u32,
    persons: u32,
    housing: Fen,
    distance_sum: f64,
}

impl Placed {
    fn add(&mut self, demand: &DemandGroup, pair: &PairCost) {
        self.households += demand.households.len() as u32;
        self.persons += demand.persons;
        self.housing = self.housing + pair.housing;
        self.distance_sum += pair.distance_m * demand.households.len() as f64;
    }
}

fn planned(
    areas: &AreaNames,
    model: &Model,
    solution: &Solution,
    s: usize,
    there: &Placed,
) -> Result<PlannedSite, AppError> {
    let site = &model.sites[s];
    let tier = solution.open[s]
        .and_then(|tier| site.tiers.get(tier))
        .ok_or_else(|| AppError::Aborted(format!("the optimiser placed households on closed site {s}")))?;
    let mean_km = there.distance_sum / f64::from(there.households.max(1)) / 1000.0;
    let place = areas.name(&site.area);
    let explanation = match site.kind {
        SiteKind::NewBuild => {
            let size = tier.tier.map_or(("", ""), |tier| (tier.zh(), tier.en()));
            Text::new(
                format!(
                    "位于{place},平均距原住处 {mean_km:.1} 公里;按 {} 户定为{}安置点,容量 {} 户;需新建设施 {} 项,利用现有设施 {} 项。",
                    there.households,
                    size.0,
                    tier.capacity_households,
                    tier.facilities.len(),
                    tier.existing_facilities.len()
                ),
                format!(
                    "In {place}, {mean_km:.1} km from the old homes on average; {} households make it a {} settlement (capacity {}); {} facilities to build, {} existing ones used.",
                    there.households,
                    size.1,
                    tier.capacity_households,
                    tier.facilities.len(),
                    tier.existing_facilities.len()
                ),
            )
        }
        SiteKind::StockPurchase => Text::new(
            format!(
                "{place}的存量商品房,自愿选择购房安置的 {} 户入住,共有房源 {} 套。",
                there.households, tier.capacity_households
            ),
            format!(
                "Stock housing in {place} for {} households that chose it; {} dwellings are on offer.",
                there.households, tier.capacity_households
            ),
        ),
    };
    Ok(PlannedSite {
        site: site.id,
        kind: site.kind,
        name: site.name.clone(),
        area: site.area.clone(),
        centre: site.centre,
        tier: tier.tier,
        capacity_households: tier.capacity_households,
        households: there.households,
        persons: there.persons,
        opening_cost: tier.opening_cost,
        housing_cost: there.housing,
        facilities: tier.facilities.clone(),
        existing_facilities: tier.existing_facilities.clone(),
        explanation,
    })
}

/// Why these households go to this site: distance, township, what the nearest allowed site would have been, the next
/// best and its price.
fn explain(
    areas: &AreaNames,
    model: &Model,
    solution: &Solution,
    d: usize,
    demand: &DemandGroup,
    s: usize,
    pair: &PairCost,
) -> Text {
    let site = &model.sites[s];
    let own = demand
        .area
        .at_level(AreaLevel::Township)
        .is_some_and(|township| township.contains(&site.area));
    let kilometres = pair.distance_m / 1000.0;
    let township = areas.name(&site.area);
    let (mut zh, mut en) = if own {
        (
            format!("安置到本乡镇的 {},距原住处 {kilometres:.1} 公里", site.name),
            format!(
                "to {} in the own township, {kilometres:.1} km from the old homes",
                site.name
            ),
        )
    } else {
        (
            format!(
                "安置到{township}的 {},距原住处 {kilometres:.1} 公里(本户已同意跨乡镇)",
                site.name
            ),
            format!(
                "to {} in {township}, {kilometres:.1} km from the old homes (the households agreed to leave their township)",
                site.name
            ),
        )
    };
    let nearest = model
        .pairs
        .range((d, 0)..(d + 1, 0))
        .min_by(|a, b| a.1.distance_m.total_cmp(&b.1.distance_m))
        .map(|(&(_, site), pair)| (site, pair.distance_m));
    match nearest {
        Some((nearest, _)) if nearest == s => {
            zh.push_str(";这是可选安置点中最近的");
            en.push_str("; it is the nearest site they may go to");
        }
        Some((nearest, distance_m)) => {
            let (name, kilometres) = (&model.sites[nearest].name, distance_m / 1000.0);
            let (why_zh, why_en) = why_not(
                &model.sites[nearest],
                solution.open[nearest],
                solution.load[nearest],
            );
            zh.push_str(&format!(";更近的 {name}({kilometres:.1} 公里){why_zh}"));
            en.push_str(&format!("; the nearer {name} ({kilometres:.1} km) {why_en}"));
        }
        None => {}
    }
    match solution.next_best[d] {
        Some((other, extra)) => {
            let (name, yuan) = (&model.sites[other].name, Fen(extra).yuan() / 1e4);
            zh.push_str(&format!(";次优为 {name},多 {yuan:.1} 万元。"));
            en.push_str(&format!(
                "; the next best is {name} at {yuan:.1} x 10,000 yuan more."
            ));
        }
        None => {
            zh.push_str(";没有其他已启用的可选安置点。");
            en.push_str("; no other open site is open to them.");
        }
    }
    Text::new(zh, en)
}

/// Why the nearest site did not take them.
fn why_not(site: &SiteOption, open: Option<usize>, load: u32) -> (String, String) {
    match open.and_then(|tier| site.tiers.get(tier)) {
        None => (
            "启用的总成本更高,未启用".into(),
            "is not opened: the whole would cost more".into(),
        ),
        Some(tier) => (
            format!(
                "已安排 {load} 户,容量 {} 户,余量不足或总成本更高",
                tier.capacity_households
            ),
            format!(
                "holds {load} of {} households: too little room, or dearer for the whole",
                tier.capacity_households
            ),
        ),
    }
}

fn explain_unplaced(model: &Model, d: usize) -> Text {
    if model.pairs.range((d, 0)..(d + 1, 0)).next().is_none() {
        Text::new(
            "在本户同意的乡镇和距离上限内没有备选址;需协商意愿或增补备选址。",
            "No candidate lies within the townships they agreed to and the distance limit; talk to them or find more land.",
        )
    } else {
        Text::new(
            "在容量、最小规模和资金限制内未能落实;需增补备选址、房源或资金。",
            "Not placed within capacity, smallest size and budget; more land, dwellings or money are needed.",
        )
    }
}

fn totals(
    input: &Input<'_>,
    model: &Model,
    solution: &Solution,
    assignments: &[Assignment],
    sites: &[PlannedSite],
) -> PlanTotals {
    let mut placed_households = 0;
    let mut placed_persons = 0;
    let mut unplaced = 0;
    let mut own_township = 0;
    let mut distance_sum = 0.0;
    let mut worst: f64 = 0.0;
    let mut other = 0;
    let mut persons_to_move = 0;
    // Group -> site -> households, for cohesion.
    let mut spread: BTreeMap<&anju_model::area::AreaCode, BTreeMap<uuid::Uuid, u32>> = BTreeMap::new();
    let township_of: BTreeMap<uuid::Uuid, &anju_model::area::AreaCode> =
        sites.iter().map(|site| (site.site, &site.area)).collect();
    for assignment in assignments {
        let households = assignment.households.len() as u32;
        persons_to_move += assignment.persons;
        match &assignment.destination {
            Destination::Site { site, distance_m } => {
                placed_households += households;
                placed_persons += assignment.persons;
                distance_sum += distance_m * f64::from(households);
                worst = worst.max(*distance_m);
                let own = assignment.area.at_level(AreaLevel::Township);
                if own
                    .zip(township_of.get(site))
                    .is_some_and(|(own, there)| own.contains(there))
                {
                    own_township += households;
                }
                *spread
                    .entry(&assignment.area)
                    .or_default()
                    .entry(*site)
                    .or_default() += households;
            }
            Destination::Pathway { .. } => other += households,
            Destination::Unplaced => unplaced += households,
        }
    }
    let share = |part: u32, whole: u32| {
        if whole == 0 {
            0.0
        } else {
            f64::from(part) / f64::from(whole)
        }
    };
    let together: u32 = spread
        .values()
        .map(|sites| sites.values().copied().max().unwrap_or(0))
        .sum();
    let concentrated: u32 = sites
        .iter()
        .filter(|site| site.tier.is_some())
        .map(|site| site.households)
        .sum();
    PlanTotals {
        households_to_move: placed_households + other + unplaced,
        persons_to_move,
        households_placed: placed_households,
        persons_placed: placed_persons,
        households_other_pathway: other,
        households_not_moving: model.not_moving,
        households_unplaced: unplaced,
        sites_opened: sites.len() as u32,
        concentration_rate: share(concentrated, placed_households + other),
        own_township_rate: share(own_township, placed_households),
        cohesion: share(together, placed_households),
        mean_distance_m: if placed_households == 0 {
            0.0
        } else {
            distance_sum / f64::from(placed_households)
        },
        worst_distance_m: worst,
        cost: Fen(solution.money),
        budget: input.budget,
        objective: Fen(solution.cost),
        lower_bound: Fen(solution.lower_bound),
        gap: solution.gap,
    }
}
