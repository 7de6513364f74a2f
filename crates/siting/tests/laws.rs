//! Laws of every answer, on random cases small enough to try everything: plans pass the checker, bounds lie below the true
//! optimum and costs do not, an impossible case is never answered with a plan nor a possible one called impossible, and neither order, nor threads, nor repetition
//! changes what is proved.

use std::ops::ControlFlow;

use anju_siting::{
    Choice, Clash, Demand, Options, Pair, Problem, Site, SitingError, Solution, Tier, certified_bound, check,
    solve,
};
use proptest::prelude::*;

fn answer(problem: &Problem) -> Result<Solution, SitingError> {
    solve(
        problem,
        &Options {
            seed: 7,
            rounds: 60,
            gap: 0.0,
        },
        &|_| ControlFlow::Continue(()),
    )
}

/// The optimum by trying everything; `None` when no plan meets the limits.
fn optimum(problem: &Problem) -> Option<i64> {
    struct Trial<'a> {
        problem: &'a Problem,
        load: Vec<u32>,
        cost: i64,
        money: i64,
        aside: u32,
        best: Option<i64>,
    }
    impl Trial<'_> {
        fn place(&mut self, i: usize) {
            let problem = self.problem;
            let Some(demand) = problem.demands.get(i) else {
                return self.judge();
            };
            let h = demand.households;
            if let Some(alternative) = demand.alternative {
                self.cost += alternative;
                self.aside += h;
                self.place(i + 1);
                self.cost -= alternative;
                self.aside -= h;
            }
            for pair in problem.pairs.iter().filter(|pair| pair.demand == i) {
                self.load[pair.site] += h;
                self.cost += pair.cost;
                self.money += pair.money;
                self.place(i + 1);
                self.load[pair.site] -= h;
                self.cost -= pair.cost;
                self.money -= pair.money;
            }
        }

        fn judge(&mut self) {
            let (mut cost, mut money) = (self.cost, self.money);
            for (site, &load) in self.problem.sites.iter().zip(&self.load) {
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
            let open = |set: &Vec<usize>| set.iter().filter(|&&site| self.load[site] > 0).count();
            let all: u32 = self.problem.demands.iter().map(|demand| demand.households).sum();
            let allowed = self.problem.exclusive.iter().all(|set| open(set) <= 1)
                && self.problem.budget.is_none_or(|budget| money <= budget)
                && self
                    .problem
                    .concentration_percent
                    .is_none_or(|p| (all - self.aside) * 100 >= all * p);
            if allowed && self.best.is_none_or(|best| cost < best) {
                self.best = Some(cost);
            }
        }
    }
    let load = vec![0; problem.sites.len()];
    let mut trial = Trial {
        problem,
        load,
        cost: 0,
        money: 0,
        aside: 0,
        best: None,
    };
    trial.place(0);
    trial.best
}

prop_compose! {
    fn problems()(
        demands in prop::collection::vec((1u32..9, prop::option::weighted(0.7, 500i64..4_000)), 1..8),
        sites in prop::collection::vec((0u32..8, 3u32..16, 1i64..1_500, any::<bool>()), 1..5),
        costs in prop::collection::vec((0i64..1_500, 0i64..1_500, 0u8..4), 32),
        exclusive in prop::collection::vec(prop::collection::btree_set(0usize..4, 2..4), 0..3),
        budget in prop::option::of(500i64..9_000),
        concentration_percent in prop::option::of(0u32..=100),
    ) -> Problem {
        let pairs = (0..demands.len())
            .flat_map(|demand| (0..sites.len()).map(move |site| (demand, site)))
            .filter_map(|(demand, site)| {
                let (cost, money, allowed) = costs[demand * 4 + site];
                (allowed > 0).then_some(Pair { demand, site, cost, money })
            })
            .collect();
        let count = sites.len();
        Problem {
            demands: demands
                .into_iter()
                .map(|(households, alternative)| Demand { households, persons: households * 3, alternative })
                .collect(),
            sites: sites
                .into_iter()
                .map(|(least, more, fixed_cost, two)| {
                    let (middle, most) = (least + more / 2, least + more);
                    let small = Tier { min_households: least, max_households: middle, fixed_cost };
                    let large = Tier { min_households: middle + 1, max_households: most, fixed_cost: fixed_cost * 2 };
                    Site { tiers: if two { vec![small, large] } else { vec![Tier { max_households: most, ..small }] } }
                })
                .collect(),
            pairs,
            exclusive: exclusive
                .into_iter()
                .map(|set| set.into_iter().filter(|&site| site < count).collect())
                .collect(),
            budget,
            concentration_percent,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn plans_meet_all_limits_and_bounds_are_bounds(problem in problems()) {
        let best = optimum(&problem);
        match answer(&problem) {
            Ok(found) => {
                let best = best.expect("a plan where none is possible");
                prop_assert_eq!(check(&problem, &found), vec![]);
                prop_assert!(found.lower_bound <= best, "bound {} above the optimum {best}", found.lower_bound);
                prop_assert!(found.cost >= best, "cost {} below the optimum {best}", found.cost);
                prop_assert_eq!(certified_bound(&problem, &found), Ok(found.lower_bound));
                for (site, &rise) in found.reduced_cost.iter().enumerate() {
                    // Opening a site by force costs at least what its reduced cost says.
                    let with = optimum_with(&problem, site);
                    prop_assert!(with.is_none_or(|cost| cost >= found.lower_bound.saturating_add(rise)));
                }
            }
            Err(SitingError::Infeasible(clashes)) => {
                prop_assert!(best.is_none(), "called impossible: {clashes:?}, but {best:?} is possible");
                prop_assert!(!clashes.is_empty());
            }
            Err(SitingError::NotFound { broken, .. }) => prop_assert!(!broken.is_empty()),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_further_candidate_never_raises_the_optimum_nor_the_bound_above_it(problem in problems()) {
        let Some(all) = optimum(&problem) else { return Ok(()) };
        let last = problem.sites.len() - 1;
        let mut without = problem.clone();
        without.pairs.retain(|pair| pair.site != last);
        if let Some(fewer) = optimum(&without) {
            prop_assert!(all <= fewer);
            if let Ok(found) = answer(&problem) {
                prop_assert!(found.lower_bound <= fewer);
            }
        }
    }

    #[test]
    fn the_bound_does_not_depend_on_the_order_of_pairs_and_sites(problem in problems(), turn in 0usize..32) {
        let sites = problem.sites.len();
        let mut turned = problem.clone();
        turned.sites.reverse();
        let reverse = |site: usize| sites - 1 - site;
        turned.pairs.iter_mut().for_each(|pair| pair.site = reverse(pair.site));
        turned.exclusive.iter_mut().flatten().for_each(|site| *site = reverse(*site));
        if !turned.pairs.is_empty() {
            let middle = turn % turned.pairs.len();
            turned.pairs.rotate_left(middle);
        }
        if let (Ok(here), Ok(mut there)) = (answer(&problem), answer(&turned)) {
            // The same multipliers prove the same bound up to one unit of rounding.
            there.multipliers.clone_from(&here.multipliers);
            there.budget_multiplier = here.budget_multiplier;
            there.concentration_multiplier = here.concentration_multiplier;
            let (one, other) = (certified_bound(&problem, &here).unwrap(), certified_bound(&turned, &there).unwrap());
            prop_assert!((one - other).abs() <= 1, "{one} and {other}");
        }
    }

    #[test]
    fn neither_repetition_nor_threads_change_the_answer(problem in problems()) {
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let first = single.install(|| answer(&problem));
        prop_assert_eq!(&first, &single.install(|| answer(&problem)));
        prop_assert_eq!(&first, &four.install(|| answer(&problem)));
    }
}

/// The optimum among plans that open a site: trying everything with a price on closing it.
fn optimum_with(problem: &Problem, site: usize) -> Option<i64> {
    let pairs: Vec<usize> = (0..problem.pairs.len())
        .filter(|&p| problem.pairs[p].site == site)
        .collect();
    pairs
        .into_iter()
        .filter_map(|p| {
            // Some demand is there: force each in turn.
            let demand = problem.pairs[p].demand;
            let mut forced = problem.clone();
            forced.demands[demand].alternative = None;
            forced
                .pairs
                .retain(|pair| pair.demand != demand || pair.site == site);
            optimum(&forced)
        })
        .min()
}

fn two_groups() -> Problem {
    let tier = |fixed_cost| Tier {
        min_households: 60,
        max_households: 100,
        fixed_cost,
    };
    let pair = |demand, site, cost| Pair {
        demand,
        site,
        cost,
        money: 10,
    };
    Problem {
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
                tiers: vec![tier(500)],
            },
            Site {
                tiers: vec![tier(400)],
            },
        ],
        pairs: vec![pair(0, 0, 10), pair(1, 0, 20), pair(0, 1, 90), pair(1, 1, 80)],
        exclusive: vec![],
        budget: Some(1_000),
        concentration_percent: None,
    }
}

#[test]
fn groups_share_a_site_that_neither_would_fill() {
    let problem = two_groups();
    let found = answer(&problem).unwrap();
    assert_eq!((found.cost, found.money, found.lower_bound), (530, 520, 530));
    assert_eq!(found.assignment, [Choice::Site(0), Choice::Site(0)]);
    assert_eq!((found.load[0], found.persons[0]), (80, 300));
    assert_eq!(check(&problem, &found), []);
}

#[test]
fn a_budget_moves_the_plan_to_the_cheaper_site() {
    let found = answer(&Problem {
        budget: Some(450),
        ..two_groups()
    })
    .unwrap();
    assert_eq!(found.assignment, [Choice::Site(1), Choice::Site(1)]);
}

#[test]
fn a_budget_below_the_cheapest_plan_is_named_with_what_is_needed() {
    let Err(error) = answer(&Problem {
        budget: Some(300),
        ..two_groups()
    }) else {
        panic!("a plan was found")
    };
    let SitingError::Infeasible(clashes) = &error else {
        panic!("{error}")
    };
    assert!(
        matches!(
            clashes[..],
            [Clash::Budget {
                needed: 301..=420,
                budget: 300
            }]
        ),
        "{clashes:?}"
    );
}

#[test]
fn a_demand_without_any_place_is_named() {
    let mut problem = two_groups();
    problem.pairs.retain(|pair| pair.demand != 1);
    let error = answer(&problem).unwrap_err();
    assert_eq!(
        error,
        SitingError::Infeasible(vec![Clash::NoChoice {
            demand: 1,
            households: 40
        }])
    );
    assert!(error.to_string().contains("demand 1 (40 households)"), "{error}");
}

#[test]
fn an_unreachable_share_on_sites_is_named() {
    let mut problem = two_groups();
    problem.demands[1].alternative = Some(5);
    problem.pairs.retain(|pair| pair.demand != 1);
    problem.concentration_percent = Some(80);
    let clash = Clash::Concentration {
        percent: 80,
        needed: 64,
        reached: 40,
    };
    assert_eq!(answer(&problem), Err(SitingError::Infeasible(vec![clash])));
}

#[test]
fn a_share_on_sites_is_reached_although_the_alternative_is_cheaper() {
    let mut problem = two_groups();
    problem
        .demands
        .iter_mut()
        .for_each(|demand| demand.alternative = Some(1));
    assert_eq!(answer(&problem).unwrap().cost, 2);
    problem.concentration_percent = Some(100);
    assert_eq!(answer(&problem).unwrap().cost, 530);
}

#[test]
fn exclusive_sites_are_never_open_together() {
    let mut problem = two_groups();
    for site in &mut problem.sites {
        site.tiers[0].min_households = 1;
        site.tiers[0].fixed_cost = 1;
    }
    problem.pairs[0].cost = 1_000;
    assert_eq!(answer(&problem).unwrap().open, [Some(0), Some(0)]);
    problem.exclusive = vec![vec![0, 1]];
    let found = answer(&problem).unwrap();
    assert_eq!(found.open, [None, Some(0)]);
    assert_eq!(check(&problem, &found), []);
}

#[test]
fn the_checker_sees_every_kind_of_fault() {
    let problem = two_groups();
    let good = answer(&problem).unwrap();
    type Spoil = fn(&mut Problem, &mut Solution);
    let faults: [(&str, Spoil); 8] = [
        ("costs", |_, plan| plan.cost += 1),
        ("draws", |_, plan| plan.money -= 1),
        ("above the cost", |_, plan| plan.lower_bound = plan.cost + 1),
        ("prove a bound", |_, plan| plan.multipliers.fill(0)),
        ("closed", |_, plan| plan.open[0] = None),
        ("has none", |_, plan| plan.assignment[0] = Choice::Alternative),
        ("budget of 100", |problem, _| problem.budget = Some(100)),
        ("not allowed", |problem, _| {
            problem.pairs.retain(|pair| pair.site == 1)
        }),
    ];
    for (word, spoil) in faults {
        let (mut problem, mut plan) = (problem.clone(), good.clone());
        spoil(&mut problem, &mut plan);
        let found = check(&problem, &plan);
        assert!(
            found.iter().any(|violation| violation.0.contains(word)),
            "{word}: {found:?}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let faults: [fn(&mut Problem); 6] = [
        |problem| problem.demands[0].households = 0,
        |problem| problem.pairs[0].cost = -1,
        |problem| problem.pairs[0].site = 9,
        |problem| problem.pairs[1] = problem.pairs[0],
        |problem| problem.concentration_percent = Some(101),
        |problem| problem.sites[0].tiers[0].max_households = 1,
    ];
    for spoil in faults {
        let mut problem = two_groups();
        spoil(&mut problem);
        assert!(
            matches!(answer(&problem), Err(SitingError::Input { .. })),
            "{problem:?}"
        );
    }
}

#[test]
fn a_search_that_is_stopped_hands_back_what_it_has() {
    let problem = two_groups();
    let options = Options {
        rounds: 1_000,
        gap: 0.0,
        ..Options::default()
    };
    let rounds = std::cell::Cell::new(0);
    let found = solve(&problem, &options, &|progress| {
        rounds.set(progress.rounds);
        if progress.rounds == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(found.is_ok() && rounds.get() <= 3);
}
