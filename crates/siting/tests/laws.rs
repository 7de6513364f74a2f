//! Laws of every answer: the independent checker finds nothing, the bound is below the true optimum and the cost is not,
//! the same seed gives the same answer, and limits that cannot be met are named.

use std::ops::ControlFlow;

use anju_siting::{
    Choice, Demand, Options, Pair, Problem, Site, SitingError, Solution, Tier, certified_bound, check, solve,
};
use proptest::prelude::*;

fn options() -> Options {
    Options {
        seed: 7,
        rounds: 120,
        gap: 0.0,
    }
}

fn answer(problem: &Problem) -> Result<Solution, SitingError> {
    solve(problem, &options(), &|_| ControlFlow::Continue(()))
}

/// The optimum by trying everything; `None` when nothing is allowed.
fn optimum(problem: &Problem) -> Option<i64> {
    fn place(
        problem: &Problem,
        i: usize,
        load: &mut Vec<u32>,
        cost: i64,
        money: i64,
        best: &mut Option<i64>,
    ) {
        if i == problem.demands.len() {
            let (mut cost, mut money) = (cost, money);
            for (site, &load) in problem.sites.iter().zip(load.iter()) {
                if load > 0 {
                    let fits = site
                        .tiers
                        .iter()
                        .filter(|t| (t.min_households..=t.max_households).contains(&load));
                    let Some(fixed) = fits.map(|tier| tier.fixed_cost).min() else {
                        return;
                    };
                    cost += fixed;
                    money += fixed;
                }
            }
            if problem.budget.is_none_or(|budget| money <= budget) && best.is_none_or(|best| cost < best) {
                *best = Some(cost);
            }
            return;
        }
        let demand = &problem.demands[i];
        if let Some(alternative) = demand.alternative {
            place(problem, i + 1, load, cost + alternative, money, best);
        }
        for pair in problem.pairs.iter().filter(|pair| pair.demand == i) {
            load[pair.site] += demand.households;
            place(problem, i + 1, load, cost + pair.cost, money + pair.money, best);
            load[pair.site] -= demand.households;
        }
    }
    let mut best = None;
    place(problem, 0, &mut vec![0; problem.sites.len()], 0, 0, &mut best);
    best
}

prop_compose! {
    fn problems()(
        demands in prop::collection::vec((1u32..6, 2_000i64..6_000), 1..7),
        sites in prop::collection::vec((0u32..4, 3u32..12, 1i64..900), 1..4),
        costs in prop::collection::vec((0i64..1_500, 0u8..4), 24),
        budget in prop::option::of(500i64..9_000),
    ) -> Problem {
        let pairs = (0..demands.len())
            .flat_map(|demand| (0..sites.len()).map(move |site| (demand, site)))
            .filter_map(|(demand, site)| {
                let (cost, allowed) = costs[demand * 4 + site];
                (allowed > 0).then_some(Pair { demand, site, cost, money: cost / 2 })
            })
            .collect();
        Problem {
            demands: demands
                .into_iter()
                .map(|(households, cost)| Demand { households, persons: households * 3, alternative: Some(cost) })
                .collect(),
            sites: sites
                .into_iter()
                .map(|(min, more, fixed)| Site {
                    tiers: vec![
                        Tier { min_households: min, max_households: min + more / 2, fixed_cost: fixed },
                        Tier { min_households: min + more / 2 + 1, max_households: min + more, fixed_cost: fixed * 2 },
                    ],
                })
                .collect(),
            pairs,
            budget,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn plans_are_feasible_and_bounds_are_bounds(problem in problems()) {
        let best = optimum(&problem).unwrap();
        let found = answer(&problem).unwrap();
        prop_assert_eq!(check(&problem, &found), vec![]);
        prop_assert!(found.lower_bound <= best, "bound {} above the optimum {best}", found.lower_bound);
        prop_assert!(found.cost >= best, "cost {} below the optimum {best}", found.cost);
        prop_assert!(certified_bound(&problem, &found) >= found.lower_bound.min(found.cost));
        prop_assert!(certified_bound(&problem, &found) <= best);
    }

    #[test]
    fn the_same_seed_gives_the_same_answer(problem in problems()) {
        prop_assert_eq!(answer(&problem), answer(&problem));
    }
}

#[test]
fn a_small_case_is_solved_to_the_optimum() {
    // Two groups of 40 share the nearer of two sites; each alone would not fill a settlement of 60.
    let problem = Problem {
        demands: vec![
            Demand {
                households: 40,
                persons: 150,
                alternative: None
            };
            2
        ],
        sites: vec![
            Site {
                tiers: vec![Tier {
                    min_households: 60,
                    max_households: 100,
                    fixed_cost: 500,
                }],
            },
            Site {
                tiers: vec![Tier {
                    min_households: 60,
                    max_households: 100,
                    fixed_cost: 400,
                }],
            },
        ],
        pairs: vec![
            Pair {
                demand: 0,
                site: 0,
                cost: 10,
                money: 10,
            },
            Pair {
                demand: 1,
                site: 0,
                cost: 20,
                money: 10,
            },
            Pair {
                demand: 0,
                site: 1,
                cost: 90,
                money: 10,
            },
            Pair {
                demand: 1,
                site: 1,
                cost: 80,
                money: 10,
            },
        ],
        budget: Some(1_000),
    };
    let found = answer(&problem).unwrap();
    assert_eq!(found.cost, 530);
    assert_eq!(found.assignment, [Choice::Site(0), Choice::Site(0)]);
    assert_eq!(check(&problem, &found), []);
}

#[test]
fn a_demand_without_any_place_is_named() {
    let problem = Problem {
        demands: vec![Demand {
            households: 4,
            persons: 9,
            alternative: None,
        }],
        sites: vec![],
        pairs: vec![],
        budget: None,
    };
    let Err(SitingError::Infeasible(reasons)) = answer(&problem) else {
        panic!("a plan was found")
    };
    assert!(reasons[0].contains("demand 0"), "{reasons:?}");
}

#[test]
fn a_budget_too_small_is_named() {
    let problem = Problem {
        demands: vec![Demand {
            households: 4,
            persons: 9,
            alternative: None,
        }],
        sites: vec![Site {
            tiers: vec![Tier {
                min_households: 1,
                max_households: 9,
                fixed_cost: 100,
            }],
        }],
        pairs: vec![Pair {
            demand: 0,
            site: 0,
            cost: 50,
            money: 50,
        }],
        budget: Some(120),
    };
    let Err(SitingError::Infeasible(reasons)) = answer(&problem) else {
        panic!("a plan was found")
    };
    assert!(reasons[0].contains("120"), "{reasons:?}");
}

#[test]
fn inputs_that_cannot_be_meant_are_refused() {
    let good = Problem {
        demands: vec![Demand {
            households: 4,
            persons: 9,
            alternative: Some(5),
        }],
        sites: vec![Site {
            tiers: vec![Tier {
                min_households: 1,
                max_households: 9,
                fixed_cost: 100,
            }],
        }],
        pairs: vec![Pair {
            demand: 0,
            site: 0,
            cost: 50,
            money: 50,
        }],
        budget: None,
    };
    let mut twice = good.clone();
    twice.pairs.push(good.pairs[0]);
    let mut negative = good.clone();
    negative.pairs[0].cost = -1;
    let mut nowhere = good.clone();
    nowhere.pairs[0].site = 3;
    let mut empty = good.clone();
    empty.demands[0].households = 0;
    for problem in [twice, negative, nowhere, empty] {
        assert!(
            matches!(answer(&problem), Err(SitingError::Input { .. })),
            "{problem:?}"
        );
    }
}
