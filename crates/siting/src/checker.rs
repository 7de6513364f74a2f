//! An independent check of a plan: every limit and every sum from the problem alone. It shares no code with the search.

use std::collections::HashMap;

use crate::instance::Instance;
use crate::relaxation::{Multipliers, bound, relax};
use crate::{Choice, Problem, SitingError, Solution};

/// A limit that a plan breaks, or a figure that it misstates, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

/// Checks a plan against its problem; empty when nothing is wrong.
///
/// The tiers, sums and the bound that the solution claims are recomputed, never trusted.
pub fn check(problem: &Problem, solution: &Solution) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut report = |text: String| found.push(Violation(text));
    let (demands, sites) = (problem.demands.len(), problem.sites.len());
    if solution.assignment.len() != demands || solution.open.len() != sites || solution.load.len() != sites {
        report("the plan is not about this problem: it has another number of demands or sites".into());
        return found;
    }
    let pairs: HashMap<(usize, usize), (i64, i64)> = problem
        .pairs
        .iter()
        .map(|pair| ((pair.demand, pair.site), (pair.cost, pair.money)))
        .collect();
    let (mut cost, mut money) = (0i128, 0i128);
    let (mut aside, mut all) = (0u64, 0u64);
    let mut load = vec![0u64; sites];
    for (i, (demand, choice)) in problem.demands.iter().zip(&solution.assignment).enumerate() {
        all += u64::from(demand.households);
        match *choice {
            Choice::Site(site) => match pairs.get(&(i, site)) {
                Some(&(pair_cost, pair_money)) => {
                    cost += i128::from(pair_cost);
                    money += i128::from(pair_money);
                    load[site] += u64::from(demand.households);
                }
                None => report(format!(
                    "demand {i} is at site {site}, which is not allowed for it"
                )),
            },
            Choice::Alternative => match demand.alternative {
                Some(alternative) => {
                    cost += i128::from(alternative);
                    aside += u64::from(demand.households);
                }
                None => report(format!("demand {i} is at its alternative and has none")),
            },
        }
    }
    for (s, site) in problem.sites.iter().enumerate() {
        if load[s] != u64::from(solution.load[s]) {
            report(format!(
                "site {s} holds {} households, not {}",
                load[s], solution.load[s]
            ));
        }
        match solution.open[s].map(|t| (t, site.tiers.get(t))) {
            None if load[s] > 0 => report(format!("site {s} is closed and holds {} households", load[s])),
            None => {}
            Some((t, None)) => report(format!("site {s} is opened at tier {t}, which it does not have")),
            Some((t, Some(tier))) => {
                if load[s] < u64::from(tier.min_households) || load[s] > u64::from(tier.max_households) {
                    let (least, most) = (tier.min_households, tier.max_households);
                    report(format!(
                        "site {s} holds {} households, outside {least} to {most} of tier {t}",
                        load[s]
                    ));
                }
                cost += i128::from(tier.fixed_cost);
                money += i128::from(tier.fixed_cost);
            }
        }
    }
    for set in &problem.exclusive {
        let mut open: Vec<usize> = set
            .iter()
            .copied()
            .filter(|&s| solution.open[s].is_some())
            .collect();
        open.sort_unstable();
        open.dedup();
        if open.len() > 1 {
            report(format!("sites {open:?} are open together and exclude each other"));
        }
    }
    if let Some(budget) = problem.budget
        && money > i128::from(budget)
    {
        report(format!("the plan spends {money} of a budget of {budget}"));
    }
    if let Some(percent) = problem.concentration_percent
        && (all - aside) * 100 < all * u64::from(percent)
    {
        report(format!(
            "{} of {all} households are on sites, less than {percent} percent",
            all - aside
        ));
    }
    if cost != i128::from(solution.cost) {
        report(format!("the plan costs {cost}, not {}", solution.cost));
    }
    if money != i128::from(solution.money) {
        report(format!(
            "the plan draws {money} from the budget, not {}",
            solution.money
        ));
    }
    if solution.lower_bound > solution.cost {
        report(format!(
            "the lower bound {} lies above the cost {}",
            solution.lower_bound, solution.cost
        ));
    }
    match certified_bound(problem, solution) {
        Ok(proved) if solution.lower_bound > proved => {
            report(format!(
                "the multipliers prove a bound of {proved}, not {}",
                solution.lower_bound
            ));
        }
        Ok(_) => {}
        Err(error) => report(format!("the bound cannot be recomputed: {error}")),
    }
    found
}

/// The lower bound that a solution's multipliers prove, recomputed in integers from the problem and the multipliers alone.
///
/// # Errors
/// [`SitingError::Input`] when the problem cannot be meant or the multipliers are not about it.
pub fn certified_bound(problem: &Problem, solution: &Solution) -> Result<i64, SitingError> {
    let instance = Instance::new(problem)?;
    let caps = instance.caps;
    let fits = solution.multipliers.len() == problem.demands.len()
        && solution.multiplier_scale == instance.scale
        && solution
            .multipliers
            .iter()
            .all(|price| price.abs() <= caps.demand)
        && (0..=caps.budget).contains(&solution.budget_multiplier)
        && (0..=caps.concentration).contains(&solution.concentration_multiplier);
    if !fits {
        let reason =
            "their number, scale or range does not belong to the problem; take them from the solution";
        return Err(SitingError::Input {
            place: "the multipliers".into(),
            reason: reason.into(),
        });
    }
    let multipliers = Multipliers {
        demand: solution.multipliers.clone(),
        budget: solution.budget_multiplier,
        concentration: solution.concentration_multiplier,
    };
    Ok(bound(&instance, &relax(&instance, &multipliers)))
}
