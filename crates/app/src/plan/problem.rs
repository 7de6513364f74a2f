//! From the register, the candidates and the policy pack to a capacitated facility-location problem.
//!
//! A **demand** is the households of one villagers' group that chose the same pathway and may go to the same
//! townships: consent decides which pairs exist at all, so no plan can break it. A **site** is a candidate with the
//! tiers its land allows, or an estate of stock housing. The cost of a pair is land and housing for those placed plus
//! valued distance and the price of leaving the own township; only the first two are money.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anju_exchange::crs::{Crs, Transformer};
use anju_model::area::{AreaCode, AreaLevel, Areas, Present};
use anju_model::code_list::Text;
use anju_model::land::Candidate;
use anju_model::money::Fen;
use anju_model::plan::{SiteKind, Tier};
use anju_model::policy::{Facility, Pack};
use anju_model::register::{ConsentChoice, Household, Pathway, StockHousing};
use anju_siting::{Demand, Pair, Problem, Site, Solution};
use geo::{Distance, Euclidean, LineString, Point};
use uuid::Uuid;

use crate::AppError;
use crate::land::ExistingFacility;

/// Everything a plan is made from.
pub(super) struct Input<'a> {
    pub households: &'a [Household],
    pub areas: &'a Areas,
    pub candidates: &'a [Candidate],
    pub stock: &'a [StockHousing],
    pub facilities: &'a [ExistingFacility],
    pub roads: &'a [LineString<f64>],
    pub budget: Fen,
    pub epsg: u16,
}

/// Households that are decided on together.
pub(super) struct DemandGroup {
    pub area: AreaCode,
    pub households: Vec<Uuid>,
    pub persons: u32,
    pub origin: (f64, f64),
}

/// A site as the optimiser sees it, with what the plan must say of it.
pub(super) struct SiteOption {
    pub id: Uuid,
    pub kind: SiteKind,
    pub name: String,
    pub area: AreaCode,
    pub centre: (f64, f64),
    pub tiers: Vec<TierOption>,
}

/// One size a site can have.
pub(super) struct TierOption {
    /// Absent for stock housing.
    pub tier: Option<Tier>,
    pub capacity_households: u32,
    pub opening_cost: Fen,
    pub facilities: Vec<Text>,
    pub existing_facilities: Vec<Text>,
}

/// The parts of a pair's cost.
#[derive(Clone, Copy)]
pub(super) struct PairCost {
    pub distance_m: f64,
    pub housing: Fen,
    pub distance_value: Fen,
    pub cross_township: Fen,
}

/// The problem and the way back from its indices.
pub(super) struct Model {
    pub siting: Problem,
    pub demands: Vec<DemandGroup>,
    pub sites: Vec<SiteOption>,
    pub pairs: BTreeMap<(usize, usize), PairCost>,
    /// Households that chose another pathway, with it.
    pub other_pathway: Vec<(Pathway, Vec<Uuid>, AreaCode, u32)>,
    /// Households that stay or have not decided.
    pub not_moving: u32,
}

/// Where a household may be placed by its own word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Allowed {
    /// Only in this township.
    Township(AreaCode),
    /// Anywhere in the county.
    Anywhere,
}

pub(super) fn build(input: &Input<'_>, pack: &Pack) -> Result<Model, AppError> {
    let to_metric = Transformer::new(Crs::CGCS2000, Crs::from_epsg(input.epsg)?)?;
    let sites = site_options(input, pack, &to_metric)?;
    let largest = sites
        .iter()
        .flat_map(|site| &site.tiers)
        .map(|tier| tier.capacity_households)
        .max()
        .unwrap_or(0);

    let mut grouped: BTreeMap<(AreaCode, Pathway, Allowed), Vec<&Household>> = BTreeMap::new();
    let mut other: BTreeMap<(AreaCode, Pathway), Vec<&Household>> = BTreeMap::new();
    let mut not_moving = 0;
    for household in input.households {
        let Some(consent) = household
            .consent
            .as_ref()
            .filter(|consent| consent.choice == ConsentChoice::Move)
        else {
            not_moving += 1;
            continue;
        };
        match consent.pathway {
            Some(pathway @ (Pathway::Concentrated | Pathway::StockHousing)) => {
                let own = household.facts.area.at_level(AreaLevel::Township);
                // A signed form names the township of its day; the land is under today's code. What was split since says
                // no more than that the household stays near: its own township.
                let preferred = consent.preferred_township.as_ref().and_then(|township| {
                    match input.areas.present(township) {
                        Present::Now(now) => Some(now),
                        Present::InForce | Present::Unknown => Some(township.clone()),
                        Present::Split(_) => None,
                    }
                });
                let allowed = match (consent.accepts_other_township, preferred.or(own)) {
                    (false, Some(township)) => Allowed::Township(township),
                    _ => Allowed::Anywhere,
                };
                grouped
                    .entry((household.facts.area.clone(), pathway, allowed))
                    .or_default()
                    .push(household);
            }
            Some(pathway) => other
                .entry((household.facts.area.clone(), pathway))
                .or_default()
                .push(household),
            // Agreed to move but not how: there is no consent yet to any settlement.
            None => not_moving += 1,
        }
    }
    if grouped.is_empty() {
        return Err(AppError::invalid(
            "nobody_moves",
            "",
            "没有同意集中安置或购置存量房的户;请先导入搬迁意愿",
            "no household has agreed to a settlement or to stock housing; import the consent records first",
        ));
    }

    let centre_of_county = mean(sites.iter().map(|site| site.centre));
    let mut demands = Vec::new();
    let mut allowed_of = Vec::new();
    for ((area, pathway, allowed), households) in grouped {
        // A group larger than any site is divided; otherwise it stays together.
        for part in households.chunks(largest.max(1) as usize) {
            let places: Vec<(f64, f64)> = part
                .iter()
                .filter_map(|household| household.facts.position)
                .filter_map(|position| to_metric.point(position.longitude, position.latitude).ok())
                .collect();
            demands.push(DemandGroup {
                area: area.clone(),
                households: part.iter().map(|household| household.id).collect(),
                persons: part.iter().map(|household| household.members.len() as u32).sum(),
                origin: if places.is_empty() {
                    centre_of_county
                } else {
                    mean(places.into_iter())
                },
            });
            allowed_of.push((pathway, allowed.clone()));
        }
    }

    let figures = PairFigures::read(pack)?;
    let mut pairs = BTreeMap::new();
    for (d, demand) in demands.iter().enumerate() {
        let (pathway, allowed) = &allowed_of[d];
        for (s, site) in sites.iter().enumerate() {
            let right_kind = match pathway {
                Pathway::StockHousing => site.kind == SiteKind::StockPurchase,
                _ => site.kind == SiteKind::NewBuild,
            };
            let right_place = match allowed {
                Allowed::Anywhere => true,
                Allowed::Township(township) => township.contains(&site.area),
            };
            if !right_kind || !right_place {
                continue;
            }
            let cost = figures.pair(demand, site, s, input);
            // Stock housing stands where it stands: whoever chose it chose the distance too.
            if site.kind == SiteKind::StockPurchase || cost.distance_m <= figures.distance_cap_m {
                pairs.insert((d, s), cost);
            }
        }
    }

    let unplaced = pack.money("plan.unplaced_penalty")?;
    let siting = Problem {
        demands: demands
            .iter()
            .map(|demand| {
                let households = demand.households.len() as u32;
                Demand {
                    households,
                    persons: demand.persons,
                    alternative: Some((unplaced * i64::from(households)).0),
                }
            })
            .collect(),
        sites: sites
            .iter()
            .map(|site| {
                let tiers = site.tiers.iter().map(|tier| {
                    Ok(anju_siting::Tier {
                        min_households: smallest(pack, tier.tier)?,
                        max_households: tier.capacity_households,
                        fixed_cost: tier.opening_cost.0,
                    })
                });
                Ok(Site {
                    tiers: tiers.collect::<Result<_, AppError>>()?,
                })
            })
            .collect::<Result<_, AppError>>()?,
        pairs: pairs
            .iter()
            .map(|(&(demand, site), cost)| Pair {
                demand,
                site,
                cost: (cost.housing + cost.distance_value + cost.cross_township).0,
                money: cost.housing.0,
            })
            .collect(),
        exclusive: Vec::new(),
        budget: (input.budget > Fen(0)).then_some(input.budget.0),
        concentration_percent: None,
    };
    let other_pathway = other
        .into_iter()
        .map(|((area, pathway), households)| {
            let persons = households
                .iter()
                .map(|household| household.members.len() as u32)
                .sum();
            (
                pathway,
                households.iter().map(|household| household.id).collect(),
                area,
                persons,
            )
        })
        .collect();
    Ok(Model {
        siting,
        demands,
        sites,
        pairs,
        other_pathway,
        not_moving,
    })
}

/// Runs the optimiser.
pub(super) fn solve(
    problem: &Problem,
    options: &super::Options,
    listener: &dyn Fn(f32) -> ControlFlow<()>,
) -> Result<Solution, AppError> {
    let wanted = anju_siting::Options {
        seed: options.seed,
        rounds: options.rounds,
        gap: options.gap,
    };
    let cancelled = std::cell::Cell::new(false);
    let solution = anju_siting::solve(problem, &wanted, &|progress| {
        let answer = listener(progress.rounds as f32 / wanted.rounds.max(1) as f32);
        cancelled.set(answer.is_break());
        answer
    })?;
    if cancelled.get() {
        Err(AppError::Cancelled)
    } else {
        Ok(solution)
    }
}

fn smallest(pack: &Pack, tier: Option<Tier>) -> Result<u32, AppError> {
    match tier {
        Some(tier) => Ok(pack.count(&format!("siting.tier.{tier}.min_households"))?),
        None => Ok(1),
    }
}

/// The figures of the pack that price a pair, read once.
struct PairFigures {
    distance_cap_m: f64,
    distance_value: Fen,
    cross_township: Fen,
    land_per_person: Fen,
    housing_per_person: Fen,
    slope_costly: f64,
    slope_factor: f64,
}

impl PairFigures {
    fn read(pack: &Pack) -> Result<Self, AppError> {
        let times = |price: Fen, amount: f64| Fen((price.0 as f64 * amount).round() as i64);
        Ok(Self {
            distance_cap_m: pack.number("plan.distance_cap")? * 1000.0,
            distance_value: pack.money("plan.distance_value")?,
            cross_township: pack.money("plan.cross_township_penalty")?,
            land_per_person: times(
                pack.money("plan.land_cost_per_m2")?,
                pack.number("siting.land_per_person")?,
            ),
            housing_per_person: times(
                pack.money("housing.cost_per_m2")?,
                pack.number("housing.area_per_person")?,
            ),
            slope_costly: pack.number("siting.slope_costly_percent")?,
            slope_factor: pack.number("siting.slope_cost_factor")?,
        })
    }

    fn pair(&self, demand: &DemandGroup, site: &SiteOption, index: usize, input: &Input<'_>) -> PairCost {
        let distance_m = distance(demand.origin, site.centre);
        let households = demand.households.len() as i64;
        let persons = i64::from(demand.persons);
        let housing = match site.kind {
            SiteKind::NewBuild => {
                let steep = input
                    .candidates
                    .get(index)
                    .is_some_and(|c| c.slope_percent > self.slope_costly);
                let build = self.housing_per_person * persons;
                let build = if steep {
                    Fen((build.0 as f64 * self.slope_factor).round() as i64)
                } else {
                    build
                };
                self.land_per_person * persons + build
            }
            SiteKind::StockPurchase => {
                let offer = &input.stock[index - input.candidates.len()];
                offer.price * households
            }
        };
        let distance_value =
            Fen((self.distance_value.0 as f64 * distance_m / 1000.0).round() as i64) * households;
        let own_township = demand
            .area
            .at_level(AreaLevel::Township)
            .is_some_and(|own| own.contains(&site.area));
        let cross_township = if own_township {
            Fen(0)
        } else {
            self.cross_township * households
        };
        PairCost {
            distance_m,
            housing,
            distance_value,
            cross_township,
        }
    }
}

/// Candidates first, in their order, then the estates of stock housing.
fn site_options(
    input: &Input<'_>,
    pack: &Pack,
    to_metric: &Transformer,
) -> Result<Vec<SiteOption>, AppError> {
    let mut sites = Vec::with_capacity(input.candidates.len() + input.stock.len());
    let opening = pack.money("plan.site_opening_cost")?;
    let road_per_km = pack.money("plan.access_road_cost_per_km")?;
    for candidate in input.candidates {
        let place = Point::new(candidate.centre.0, candidate.centre.1);
        let to_road_m = input
            .roads
            .iter()
            .map(|road| Euclidean.distance(&place, road))
            .min_by(f64::total_cmp)
            .unwrap_or(0.0);
        let access = Fen((road_per_km.0 as f64 * to_road_m / 1000.0).round() as i64);
        let mut tiers = Vec::new();
        for &tier in Tier::ALL {
            let least = pack.count(&format!("siting.tier.{tier}.min_households"))?;
            let most = pack.count(&format!("siting.tier.{tier}.max_households"))?;
            if candidate.capacity_households < least {
                continue;
            }
            let mut cost = opening + access;
            let (mut to_build, mut existing) = (Vec::new(), Vec::new());
            for facility in pack.facilities(tier) {
                if serves(facility, input.facilities, candidate.centre) {
                    existing.push(facility.name.clone());
                } else {
                    cost = cost + Fen::from_yuan(facility.cost_yuan);
                    to_build.push(facility.name.clone());
                }
            }
            tiers.push(TierOption {
                tier: Some(tier),
                capacity_households: most.min(candidate.capacity_households),
                opening_cost: cost,
                facilities: to_build,
                existing_facilities: existing,
            });
        }
        sites.push(SiteOption {
            id: candidate.id,
            kind: SiteKind::NewBuild,
            name: candidate.code.clone(),
            area: candidate.area.clone(),
            centre: candidate.centre,
            tiers,
        });
    }
    for offer in input.stock {
        let centre = to_metric.point(offer.position.longitude, offer.position.latitude)?;
        sites.push(SiteOption {
            id: offer.id,
            kind: SiteKind::StockPurchase,
            name: offer.name.clone(),
            area: offer.area.clone(),
            centre,
            tiers: vec![TierOption {
                tier: None,
                capacity_households: offer.dwellings,
                opening_cost: Fen(0),
                facilities: Vec::new(),
                existing_facilities: Vec::new(),
            }],
        });
    }
    Ok(sites)
}

/// Whether an existing facility with spare capacity stands within the service radius.
fn serves(facility: &Facility, existing: &[ExistingFacility], centre: (f64, f64)) -> bool {
    facility.service_radius_m.is_some_and(|radius| {
        existing.iter().any(|there| {
            there.spare_capacity
                && facility.existing_kinds.contains(&there.kind)
                && distance(there.place, centre) <= radius
        })
    })
}

pub(super) fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn mean(places: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let (mut x, mut y, mut count) = (0.0, 0.0, 0.0);
    for place in places {
        x += place.0;
        y += place.1;
        count += 1.0;
    }
    if count > 0.0 {
        (x / count, y / count)
    } else {
        (0.0, 0.0)
    }
}
