//! An independent check of a plan: every limit and every sum from the problem alone.

use crate::bound::{Index, Multipliers, bound, relax};
use crate::{Choice, Problem, Solution};

/// A limit that a plan breaks, or a sum that it misstates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

/// Checks a plan; nothing is taken from the solution but the assignment and the claims about it.
pub fn check(problem: &Problem, solution: &Solution) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut violate = |text: String| violations.push(Violation(text));
    let (mut cost, mut money) = (0i128, 0i128);
    let mut load = vec![0u32; problem.sites.len()];
    if solution.assignment.len() != problem.demands.len() {
        violate("not every demand has a decision".into());
    }
    for (i, choice) in solution.assignment.iter().enumerate() {
        match *choice {
            Choice::Site(s) => match problem
                .pairs
                .iter()
                .find(|pair| pair.demand == i && pair.site == s)
            {
                Some(pair) => {
                    cost += i128::from(pair.cost);
                    money += i128::from(pair.money);
                    load[s] += problem.demands[i].households;
                }
                None => violate(format!("demand {i} may not go to site {s}")),
            },
            Choice::Alternative => match problem.demands[i].alternative {
                Some(alternative) => cost += i128::from(alternative),
                None => violate(format!("demand {i} has no alternative")),
            },
        }
    }
    for (s, site) in problem.sites.iter().enumerate() {
        match solution.open[s] {
            None if load[s] > 0 => violate(format!("site {s} is closed and holds {} households", load[s])),
            None => {}
            Some(t) => match site.tiers.get(t) {
                Some(tier) => {
                    if !(tier.min_households..=tier.max_households).contains(&load[s]) {
                        violate(format!(
                            "site {s} holds {} households, outside its tier {t}",
                            load[s]
                        ));
                    }
                    cost += i128::from(tier.fixed_cost);
                    money += i128::from(tier.fixed_cost);
                }
                None => violate(format!("site {s} has no tier {t}")),
            },
        }
    }
    if let Some(budget) = problem.budget
        && money > i128::from(budget)
    {
        violate(format!("the plan spends {money} of {budget}"));
    }
    if cost != i128::from(solution.cost) || money != i128::from(solution.money) {
        violate(format!(
            "the plan costs {cost} ({money} in money), not {} ({})",
            solution.cost, solution.money
        ));
    }
    if solution.lower_bound > solution.cost {
        violate(format!(
            "the lower bound {} lies above the cost {}",
            solution.lower_bound, solution.cost
        ));
    }
    violations
}

/// The lower bound that a solution's multipliers prove, computed again in integers from the problem alone.
pub fn certified_bound(problem: &Problem, solution: &Solution) -> i64 {
    let multipliers = Multipliers {
        demand: solution.multipliers.clone(),
        budget: solution.budget_multiplier,
    };
    bound(&relax(problem, &Index::new(problem), &multipliers))
}
