//! Capacitated facility location with tiers: which settlements, how large, and who goes where.
//!
//! # Model
//! Demands `i` (households that stay together, size `h_i`), sites `s` with tiers `t` (sizes `a_t` to `b_t`, opening cost
//! `f_t`), allowed pairs `(i, s)` with cost `c_is` of which `m_is` is money. `x_is = 1` sends demand `i` to site `s`, `z_i = 1` leaves it to
//! its alternative at cost `q_i`, `y_st = 1` opens site `s` at tier `t`:
//!
//! ```text
//! minimise   Σ c_is x_is + Σ f_st y_st + Σ q_i z_i
//! subject to Σ_s x_is + z_i = 1                              for every demand
//!            Σ_t a_st y_st <= Σ_i h_i x_is <= Σ_t b_st y_st   for every site
//!            Σ_t y_st <= 1                                    for every site
//!            Σ m_is x_is + Σ f_st y_st <= budget
//! ```
//!
//! This is single-source capacitated facility location with modular capacities, minimum use and one budget.
//!
//! # Method
//! Lagrangian relaxation of the assignment rows and of the budget (Geoffrion 1974; Holmberg, Rönnqvist and Yuan 1999):
//! the rest falls apart into one knapsack per site and tier, whose linear relaxation is enough for a bound. Multipliers
//! follow a subgradient with Polyak steps. Plans come from regret insertion guided by the multipliers, then shift,
//! swap, close and open moves until none helps. The lower bound is a theorem, not an estimate: [`certified_bound`]
//! recomputes it from the multipliers alone, in integers, and [`check`] recomputes a plan's cost and every limit.
//!
//! What is absent: no clock, no global randomness, no threads whose order could matter, no input or output.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that unwraps fails, which is what it is for"
    )
)]

mod bound;
mod checker;
mod primal;

use std::ops::ControlFlow;

use rand::SeedableRng;
use rand::seq::SliceRandom;

use bound::{Index, Multipliers, Relaxed, SCALE, bound, relax};
use primal::{State, tier_for};

pub use checker::{Violation, certified_bound, check};

/// Households that stay together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Households, at least 1.
    pub households: u32,
    /// Persons.
    pub persons: u32,
    /// Cost of placing them on no site; `None` when they must be placed.
    pub alternative: Option<i64>,
}

/// One size a site can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Fewest households.
    pub min_households: u32,
    /// Most households.
    pub max_households: u32,
    /// Cost of opening at this size, all of it money.
    pub fixed_cost: i64,
}

/// A place that can be opened at one of its tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The sizes, from small to large.
    pub tiers: Vec<Tier>,
}

/// An allowed way of placing a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of the demand.
    pub demand: usize,
    /// Index of the site.
    pub site: usize,
    /// Cost in the objective.
    pub cost: i64,
    /// The part of it that is money.
    pub money: i64,
}

/// A whole problem. Costs are not negative; all sums stay below 2^62.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Who is to be placed.
    pub demands: Vec<Demand>,
    /// Where.
    pub sites: Vec<Site>,
    /// The allowed pairs, each at most once.
    pub pairs: Vec<Pair>,
    /// Money available; `None` for no limit.
    pub budget: Option<i64>,
}

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Orders what is otherwise equal; the same seed gives the same answer.
    pub seed: u64,
    /// Most rounds of multipliers.
    pub rounds: u32,
    /// Stop once (cost - bound) / bound is at most this.
    pub gap: f64,
}

/// Where a demand goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// To the site of this index.
    Site(usize),
    /// To its alternative.
    Alternative,
}

/// A plan with its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Where each demand goes.
    pub assignment: Vec<Choice>,
    /// The tier each site is opened at; `None` for a closed one.
    pub open: Vec<Option<usize>>,
    /// Households on each site.
    pub load: Vec<u32>,
    /// Objective.
    pub cost: i64,
    /// Money spent.
    pub money: i64,
    /// No plan costs less.
    pub lower_bound: i64,
    /// (cost - lower bound) / lower bound; 0 when both are 0.
    pub gap: f64,
    /// For each site, by how much the bound rises when it is forced open (a closed one) - at the best multipliers.
    pub reduced_cost: Vec<i64>,
    /// For each demand placed on a site, the cheapest other open site with room and what it would cost more.
    pub next_best: Vec<Option<(usize, i64)>>,
    /// Rounds done.
    pub rounds: u32,
    /// The multipliers that prove the bound: one per demand.
    pub multipliers: Vec<i64>,
    /// The multiplier of the budget.
    pub budget_multiplier: i64,
}

/// How far the search is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Rounds done.
    pub rounds: u32,
    /// Objective of the best plan.
    pub cost: i64,
    /// Best lower bound.
    pub lower_bound: i64,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SitingError {
    /// An index that points nowhere, a negative cost, an empty range, a pair given twice.
    #[error("{place}: {reason}")]
    Input {
        /// Which demand, site or pair.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The limits cannot be met together; each line names one that clashes.
    #[error("no plan meets all limits: {}", .0.join("; "))]
    Infeasible(Vec<String>),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Finds a plan and a lower bound.
///
/// `progress` is called after every round and stops the search with the best plan found by returning
/// [`ControlFlow::Break`].
///
/// # Errors
/// [`SitingError::Input`] for an input that cannot be meant, [`SitingError::Infeasible`] when no plan was found that meets
/// all limits.
pub fn solve(
    problem: &Problem,
    options: &Options,
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<Solution, SitingError> {
    check_input(problem)?;
    let index = Index::new(problem);
    let mut multipliers = Multipliers {
        demand: first_multipliers(problem, &index),
        budget: 0,
    };
    let mut best_multipliers = multipliers.clone();
    let mut lower = i64::MIN;
    let mut best: Option<State<'_>> = None;
    let mut seen_open: Option<Vec<bool>> = None;
    let mut step = 1.5f64;
    let mut stalled = 0;
    let mut rounds = 0;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(options.seed);
    while rounds < options.rounds {
        let relaxed = relax(problem, &index, &multipliers);
        let bound_here = bound(&relaxed);
        if bound_here > lower {
            lower = bound_here;
            best_multipliers = multipliers.clone();
            stalled = 0;
        } else {
            stalled += 1;
            if stalled >= 15 {
                step *= 0.6;
                stalled = 0;
                multipliers = best_multipliers.clone();
            }
        }
        if rounds % PRIMAL_EVERY == 0 && seen_open.as_ref() != Some(&relaxed.site_open) {
            seen_open = Some(relaxed.site_open.clone());
            let mut state = State::new(problem, &index);
            state.insert(&relaxed.site_open);
            state.improve();
            keep(&mut best, state);
        } else if rounds % PRIMAL_EVERY == PRIMAL_EVERY / 2
            && let Some(found) = &best
        {
            let mut open: Vec<usize> = (0..found.load.len())
                .filter(|&site| found.load[site] > 0)
                .collect();
            let mut state = found.clone();
            let few = (open.len() / 6).clamp(1, 6);
            let (some, _) = open.partial_shuffle(&mut random, few);
            state.close(some);
            state.improve();
            keep(&mut best, state);
        }
        rounds += 1;
        let upper = best.as_ref().map_or(i128::MAX, State::value);
        let shown = Progress {
            rounds,
            cost: i64::try_from(upper).unwrap_or(i64::MAX),
            lower_bound: lower,
        };
        if progress(shown).is_break() || gap(upper, lower) <= options.gap || step < 1e-4 {
            break;
        }
        move_multipliers(problem, &relaxed, &mut multipliers, step, upper);
    }
    let best = best.ok_or_else(|| SitingError::Infeasible(vec!["no round was allowed".into()]))?;
    finish(problem, &index, &best, &best_multipliers, lower, rounds)
}

/// Rounds between constructions of plans.
const PRIMAL_EVERY: u32 = 10;

fn keep<'a>(best: &mut Option<State<'a>>, state: State<'a>) {
    if best.as_ref().is_none_or(|before| state.value() < before.value()) {
        *best = Some(state);
    }
}

fn gap(upper: i128, lower: i64) -> f64 {
    if upper <= i128::from(lower) {
        0.0
    } else if lower <= 0 {
        f64::INFINITY
    } else {
        (upper - i128::from(lower)) as f64 / lower as f64
    }
}

/// Each demand's second-cheapest way, with a share of opening: a fair first guess of what serving it is worth.
fn first_multipliers(problem: &Problem, index: &Index) -> Vec<i64> {
    problem
        .demands
        .iter()
        .enumerate()
        .map(|(i, demand)| {
            let cheapest = index.by_demand[i]
                .iter()
                .map(|&position| {
                    let pair = &problem.pairs[position];
                    let share = problem.sites[pair.site]
                        .tiers
                        .iter()
                        .map(|tier| tier.fixed_cost / i64::from(tier.max_households.max(1)))
                        .min()
                        .unwrap_or(0);
                    pair.cost + share * i64::from(demand.households)
                })
                .min();
            cheapest
                .into_iter()
                .chain(demand.alternative)
                .min()
                .unwrap_or(0)
                .saturating_mul(SCALE)
        })
        .collect()
}

/// A Polyak step along the subgradient.
fn move_multipliers(
    problem: &Problem,
    relaxed: &Relaxed,
    multipliers: &mut Multipliers,
    step: f64,
    upper: i128,
) {
    let missing: Vec<f64> = relaxed.served.iter().map(|served| 1.0 - served).collect();
    // Money is scaled to the size of an assignment row, else its one row would drown all others.
    let unit = problem
        .budget
        .map_or(1.0, |budget| budget as f64 / problem.demands.len().max(1) as f64)
        .max(1.0);
    let overspent = problem
        .budget
        .map_or(0.0, |budget| (relaxed.money - budget as f64) / unit);
    let overspent = if overspent < 0.0 && multipliers.budget == 0 {
        0.0
    } else {
        overspent
    };
    let norm: f64 = missing.iter().map(|m| m * m).sum::<f64>() + overspent * overspent;
    if norm == 0.0 {
        return;
    }
    let here = relaxed.value as f64 / SCALE as f64;
    let target = if upper < 1 << 62 {
        upper as f64
    } else {
        here * 1.05 + 1.0
    };
    let length = step * (target - here).max(target.abs() * 1e-5) / norm * SCALE as f64;
    for (multiplier, missing) in multipliers.demand.iter_mut().zip(&missing) {
        *multiplier += (length * missing).round() as i64;
    }
    multipliers.budget = (multipliers.budget + (length * overspent / unit).round() as i64).max(0);
}

fn finish(
    problem: &Problem,
    index: &Index,
    best: &State<'_>,
    multipliers: &Multipliers,
    lower: i64,
    rounds: u32,
) -> Result<Solution, SitingError> {
    let mut clashes = Vec::new();
    let assignment = best.choices();
    for (i, choice) in assignment.iter().enumerate() {
        if *choice == Choice::Alternative && problem.demands[i].alternative.is_none() {
            clashes.push(format!(
                "demand {i} ({} households) finds no place",
                problem.demands[i].households
            ));
        }
    }
    if let Some(budget) = problem.budget
        && best.money > i128::from(budget)
    {
        clashes.push(format!(
            "the cheapest plan found needs {} of a budget of {budget}",
            best.money
        ));
    }
    if !clashes.is_empty() {
        return Err(SitingError::Infeasible(clashes));
    }
    let open: Vec<Option<usize>> = (0..problem.sites.len())
        .map(|site| match best.load[site] {
            0 => None,
            load => tier_for(problem, site, load).map(|(tier, _)| tier),
        })
        .collect();
    let whole = |value: i128| {
        i64::try_from(value).map_err(|_| SitingError::Input {
            place: "the costs".into(),
            reason: "their sum is too large".into(),
        })
    };
    let cost = whole(best.cost)?;
    let relaxed = relax(problem, index, multipliers);
    let reduced_cost = relaxed
        .site_value
        .iter()
        .map(|&value| i64::try_from(value.max(0) / i128::from(SCALE)).unwrap_or(i64::MAX))
        .collect();
    let next_best = assignment
        .iter()
        .enumerate()
        .map(|(i, choice)| {
            let Choice::Site(here) = *choice else { return None };
            let households = problem.demands[i].households;
            let now = index.by_demand[i]
                .iter()
                .find(|&&position| problem.pairs[position].site == here)?;
            index.by_demand[i]
                .iter()
                .map(|&position| &problem.pairs[position])
                .filter(|pair| pair.site != here)
                .filter(|pair| {
                    open[pair.site]
                        .and_then(|t| problem.sites[pair.site].tiers.get(t))
                        .is_some_and(|tier| best.load[pair.site] + households <= tier.max_households)
                })
                .min_by_key(|pair| (pair.cost, pair.site))
                .map(|pair| (pair.site, pair.cost - problem.pairs[*now].cost))
        })
        .collect();
    Ok(Solution {
        assignment,
        open,
        load: best.load.clone(),
        cost,
        money: whole(best.money)?,
        lower_bound: lower.min(cost),
        gap: gap(best.cost, lower),
        reduced_cost,
        next_best,
        rounds,
        multipliers: multipliers.demand.clone(),
        budget_multiplier: multipliers.budget,
    })
}

fn check_input(problem: &Problem) -> Result<(), SitingError> {
    let wrong = |place: String, reason: &str| {
        Err(SitingError::Input {
            place,
            reason: reason.to_owned(),
        })
    };
    for (i, demand) in problem.demands.iter().enumerate() {
        if demand.households == 0 {
            return wrong(format!("demand {i}"), "it has no households");
        }
        if demand.alternative.is_some_and(|cost| !(0..MOST).contains(&cost)) {
            return wrong(
                format!("demand {i}"),
                "its alternative has a negative or astronomically large cost",
            );
        }
    }
    for (s, site) in problem.sites.iter().enumerate() {
        for tier in &site.tiers {
            if tier.min_households > tier.max_households || tier.max_households == 0 {
                return wrong(format!("site {s}"), "a tier has an empty range of households");
            }
            if !(0..MOST).contains(&tier.fixed_cost) {
                return wrong(
                    format!("site {s}"),
                    "a tier has a negative or astronomically large cost",
                );
            }
        }
    }
    let mut seen = std::collections::HashSet::with_capacity(problem.pairs.len());
    for (p, pair) in problem.pairs.iter().enumerate() {
        if pair.demand >= problem.demands.len() || pair.site >= problem.sites.len() {
            return wrong(
                format!("pair {p}"),
                "it names a demand or a site that is not there",
            );
        }
        if !(0..MOST).contains(&pair.cost) || !(0..=pair.cost).contains(&pair.money) {
            return wrong(
                format!("pair {p}"),
                "its cost is negative or astronomically large, or its money exceeds its cost",
            );
        }
        if !seen.insert((pair.demand, pair.site)) {
            return wrong(format!("pair {p}"), "the same demand and site were given before");
        }
    }
    Ok(())
}

/// Largest single cost.
const MOST: i64 = 1 << 52;
