//! The rounds: the ascent towards a high bound and the searchers for a cheap plan work side by side and tell each other
//! what they know once a round.

use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::ascent::Ascent;
use crate::feasibility::{broken, obvious};
use crate::instance::Instance;
use crate::plan::{Plan, tier_for};
use crate::relaxation::{relax, rise_when_opened};
use crate::search::{Guide, Search};
use crate::{Choice, Clash, Options, Problem, Progress, Proof, SitingError, Solution};

/// Independent searchers; a fixed number, so that the answer does not depend on the machine.
const SEARCHERS: u64 = 2;
/// Most elementary steps of a searcher per round; about as long as evaluating the relaxation of a county. Small problems
/// need fewer.
const EFFORT: u64 = 300_000;
/// Fewest.
const LEAST_EFFORT: u64 = 1_500;
/// Rounds between plans built anew while the multipliers still move.
const BUILD_EVERY: u32 = 10;
/// Rounds after which the worse searchers go on from the best one's plan.
const EXCHANGE_EVERY: u32 = 40;
/// Rounds to find how much money is needed at least.
const BUDGET_ROUNDS: u32 = 200;

/// Finds a plan that meets all limits, and a lower bound on the cost of every such plan.
///
/// `progress` is called after every round. When it returns [`ControlFlow::Break`] the search stops and hands back the best
/// plan so far.
///
/// # Errors
/// [`SitingError::Input`] when the input cannot be meant; [`SitingError::Infeasible`] when it is proved that the limits it
/// names cannot be met; [`SitingError::NotFound`] when no plan that meets all limits was found, with the limits that the
/// best plan breaks; [`SitingError::Cancelled`] when it was stopped before there was a plan.
pub fn solve(
    problem: &Problem,
    options: &Options,
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<Solution, SitingError> {
    let instance = Instance::new(problem)?;
    let clashes = obvious(&instance);
    if !clashes.is_empty() {
        return Err(SitingError::Infeasible(clashes));
    }
    let mut ascent = Ascent::new(&instance);
    let mut searchers: Vec<Search<'_, '_>> = (0..SEARCHERS)
        .map(|stream| Search::new(&instance, options.seed, stream))
        .collect();
    ascent.advance(None);
    let effort = EFFORT.min(LEAST_EFFORT + 20 * problem.pairs.len() as u64);
    let mut rounds = 0;
    let mut stopped = false;
    while rounds < options.rounds.max(1) {
        let guide = guide(&instance, &ascent, rounds, options.rounds);
        let cost = best_cost(&searchers);
        let build = rounds < 4 || (rounds % BUILD_EVERY == 0 && !ascent.converged());
        let work = || {
            searchers.par_iter_mut().for_each(|searcher| {
                if build {
                    searcher.build(&guide);
                }
                searcher.improve(&guide, effort);
            });
        };
        let climb = || {
            if !ascent.converged() {
                ascent.advance(cost);
            }
        };
        rayon::join(climb, work);
        rounds += 1;
        if rounds % EXCHANGE_EVERY == 0 {
            exchange(&mut searchers);
        }
        let cost = best_cost(&searchers);
        let shown = Progress {
            rounds,
            cost,
            lower_bound: ascent.bound,
        };
        stopped = progress(shown).is_break();
        if stopped || cost.is_some_and(|cost| gap(cost, ascent.bound) <= options.gap.max(0.0)) {
            break;
        }
    }
    let Some(best) = best(&searchers) else {
        return Err(SitingError::Cancelled);
    };
    if best.whole() {
        return Ok(solution(&instance, best, &ascent, rounds));
    }
    if stopped {
        return Err(SitingError::Cancelled);
    }
    let broken = broken(&instance, best);
    match money_needed(problem)? {
        Some(clash) => Err(SitingError::Infeasible(vec![clash])),
        None => Err(SitingError::NotFound { broken, rounds }),
    }
}

fn guide(instance: &Instance<'_>, ascent: &Ascent<'_, '_>, rounds: u32, limit: u32) -> Guide {
    let scale = instance.scale as f64;
    let left = 1.0 - f64::from(rounds) / f64::from(limit.max(1));
    Guide {
        openness: ascent.openness.clone(),
        budget: ascent.best.budget as f64 / scale,
        concentration: ascent.best.concentration as f64 / scale,
        warmth: WARMEST * left * left,
    }
}

/// Losses accepted at the beginning, in units of the typical difference between a demand's choices.
const WARMEST: f64 = 8.0;

fn best<'s, 'i, 'p>(searchers: &'s [Search<'i, 'p>]) -> Option<&'s Plan<'i, 'p>> {
    searchers.iter().map(Search::best).min_by_key(|plan| plan.value())
}

fn best_cost(searchers: &[Search<'_, '_>]) -> Option<i64> {
    best(searchers)
        .filter(|plan| plan.whole())
        .map(|plan| plan.sums().cost)
}

fn exchange(searchers: &mut [Search<'_, '_>]) {
    let Some(best) = best(searchers).cloned() else {
        return;
    };
    let value = best.value();
    for searcher in searchers {
        if searcher.best().value() > value {
            searcher.adopt(&best);
        }
    }
}

fn gap(cost: i64, bound: i64) -> f64 {
    if cost <= bound {
        0.0
    } else {
        (cost - bound) as f64 / cost as f64
    }
}

/// Proves that the budget is too small, if a bound on money alone can.
fn money_needed(problem: &Problem) -> Result<Option<Clash>, SitingError> {
    let Some(budget) = problem.budget else {
        return Ok(None);
    };
    let mut cheapest = problem.clone();
    cheapest.budget = None;
    for pair in &mut cheapest.pairs {
        pair.cost = pair.money;
    }
    for demand in &mut cheapest.demands {
        demand.alternative = demand.alternative.map(|_| 0);
    }
    let instance = Instance::new(&cheapest)?;
    let mut ascent = Ascent::new(&instance);
    for _ in 0..BUDGET_ROUNDS {
        ascent.advance(None);
        if ascent.bound > budget || ascent.converged() {
            break;
        }
    }
    Ok((ascent.bound > budget).then_some(Clash::Budget {
        needed: ascent.bound,
        budget,
    }))
}

fn solution(instance: &Instance<'_>, plan: &Plan<'_, '_>, ascent: &Ascent<'_, '_>, rounds: u32) -> Solution {
    let problem = instance.problem;
    let sites = problem.sites.len();
    let assignment: Vec<Choice> = (0..problem.demands.len())
        .map(|demand| plan.site_of(demand).map_or(Choice::Alternative, Choice::Site))
        .collect();
    let open: Vec<Option<usize>> = (0..sites)
        .map(|site| {
            if plan.load[site] == 0 {
                None
            } else {
                tier_for(instance, site, plan.load[site])
            }
        })
        .collect();
    let mut persons = vec![0u64; sites];
    for (choice, demand) in assignment.iter().zip(&problem.demands) {
        if let Choice::Site(site) = *choice {
            persons[site] += u64::from(demand.persons);
        }
    }
    let mut reduced_cost = rise_when_opened(instance, &relax(instance, &ascent.best));
    for (rise, open) in reduced_cost.iter_mut().zip(&open) {
        if open.is_some() {
            *rise = 0;
        }
    }
    let sums = plan.sums();
    Solution {
        next_best: next_best(instance, plan, &assignment),
        assignment,
        open,
        load: plan.load.clone(),
        persons,
        cost: sums.cost,
        money: sums.money,
        lower_bound: ascent.bound,
        gap: gap(sums.cost, ascent.bound),
        bound_proved_by: Proof::LagrangianRelaxation,
        rounds,
        reduced_cost,
        multiplier_scale: instance.scale,
        multipliers: ascent.best.demand.clone(),
        budget_multiplier: ascent.best.budget,
        concentration_multiplier: ascent.best.concentration,
    }
}

fn next_best(
    instance: &Instance<'_>,
    plan: &Plan<'_, '_>,
    assignment: &[Choice],
) -> Vec<Option<(usize, i64)>> {
    let demands = &instance.problem.demands;
    assignment
        .iter()
        .enumerate()
        .map(|(i, choice)| {
            let now = match *choice {
                Choice::Site(site) => instance.pairs[instance.pair_at(i, site)? as usize].cost,
                Choice::Alternative => demands[i].alternative?,
            };
            instance
                .pairs_of(i)
                .map(|p| &instance.pairs[p as usize])
                .find(|pair| {
                    *choice != Choice::Site(pair.site)
                        && plan.load[pair.site] > 0
                        && plan.load[pair.site] + demands[i].households <= plan.top(pair.site)
                })
                .map(|pair| (pair.site, pair.cost - now))
        })
        .collect()
}
