//! Capacitated facility location with tiers: which settlements, how large, and who goes where.
//!
//! # Model
//! A demand `i` is `h_i` households that stay together. A site `s` may be opened at one of its tiers `t`, which holds `a_st`
//! to `b_st` households and costs `f_st` to open. Only the listed pairs `(i, s)` are allowed (distance caps and consent
//! decide which); a pair costs `c_is`, of which `m_is` is drawn from the budget `B`. A demand may have an alternative
//! (scattered or in-place settlement) at cost `q_i`. With `x_is`, `z_i`, `y_st` in {0, 1}:
//!
//! ```text
//! minimise    Σ c_is x_is + Σ q_i z_i + Σ f_st y_st
//! subject to  Σ_s x_is + z_i = 1                             every demand is placed once
//!             Σ_t a_st y_st <= Σ_i h_i x_is <= Σ_t b_st y_st  every site stays within its tier
//!             Σ_t y_st <= 1                                   one tier per site
//!             Σ_{s in E} Σ_t y_st <= 1                        one site of every exclusive set E
//!             Σ m_is x_is + Σ f_st y_st <= B                  budget
//!             Σ_i h_i z_i <= (1 - p / 100) Σ_i h_i            at least p percent of households on sites
//! ```
//!
//! This is single-source capacitated facility location (Cornuéjols, Sridharan and Thizy 1991; Holmberg, Rönnqvist and
//! Yuan 1999) with modular capacities (Correia and Captivo 2003), smallest sizes, conflicts and a budget. Money is in whole units (fen) and sizes in whole
//! households, so that sums are exact.
//!
//! # Bound
//! The assignment rows are priced by λ (free), the budget by μ >= 0 and the share on sites by ν >= 0 (Geoffrion
//! 1974). What is left is one 0-1 knapsack per site and tier and a choice of sites:
//!
//! ```text
//! L(λ, μ, ν) = Σ λ_i + Σ min(0, q_i + ν h_i - λ_i) - μ B - ν (1 - p / 100) Σ h_i
//!            + min over site sets of Σ v_s,  v_s = min_t [ (1 + μ) f_st + min Σ (c_is + μ m_is - λ_i) x_is ]
//! ```
//!
//! It is at most the optimum for any multipliers. Where the exact answer of a part would take too long, a continuous one
//! is used, which is lower still. All of it is computed in integers and rounded down, then up to the next whole unit once at the
//! end, so that the bound is a theorem about the input; [`certified_bound`] recomputes it from the multipliers alone. The
//! multipliers come from a deflected subgradient (Camerini, Fratta and Maffioli 1975; Barahona and Chudak 2005).
//!
//! # Plans
//! Regret insertion on the sites the relaxation opens, then ruin and recreate (Schrimpf et al. 2000) with shifts,
//! swaps, opening, closing and tier changes, accepting losses like simulated annealing. [`check`] recomputes cost and
//! limits of a plan from the problem alone.
//!
//! # What is absent
//! No clock, no input or output, no global randomness. The same problem, options and seed give the same answer on any number
//! of threads. A limit is met or named in the error: no limit is ever relaxed.
//!
//! ```
//! use anju_siting::{Choice, Demand, Options, Pair, Problem, Site, Tier, solve};
//! use std::ops::ControlFlow;
//!
//! let problem = Problem {
//!     demands: vec![
//!         Demand { households: 20, persons: 70, alternative: None },
//!         Demand { households: 15, persons: 50, alternative: Some(9_000) },
//!     ],
//!     sites: vec![Site { tiers: vec![Tier { min_households: 30, max_households: 99, fixed_cost: 1_000 }] }],
//!     pairs: vec![
//!         Pair { demand: 0, site: 0, cost: 2_000, money: 1_500 },
//!         Pair { demand: 1, site: 0, cost: 1_800, money: 1_200 },
//!     ],
//!     exclusive: Vec::new(),
//!     budget: Some(4_000),
//!     concentration_percent: Some(80),
//! };
//! let plan = solve(&problem, &Options::default(), &|_| ControlFlow::Continue(()))?;
//! assert_eq!(plan.assignment, [Choice::Site(0), Choice::Site(0)]);
//! assert_eq!((plan.cost, plan.money), (4_800, 3_700));
//! assert!(plan.lower_bound <= plan.cost);
//! # Ok::<(), anju_siting::SitingError>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that unwraps fails, which is what it is for"
    )
)]

mod ascent;
mod checker;
mod feasibility;
mod instance;
mod knapsack;
mod plan;
mod relaxation;
mod search;
mod solver;

pub use checker::{Violation, certified_bound, check};
pub use feasibility::Clash;
pub use solver::solve;

/// Households that stay together: all go to one site, or all to their alternative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Households, at least 1.
    pub households: u32,
    /// Persons; reported per site, not limited.
    pub persons: u32,
    /// Cost of placing them on no site (scattered, in place), which is not drawn from the budget; `None` when they must go to a site.
    pub alternative: Option<i64>,
}

/// One size a site can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Fewest households when the site is opened at this tier.
    pub min_households: u32,
    /// Most households, at least 1; the lesser of what the tier and the site's land allow.
    pub max_households: u32,
    /// Cost of opening at this tier, all of it drawn from the budget.
    pub fixed_cost: i64,
}

/// A place that can be opened at one of its tiers, or stay closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The sizes; they may overlap or leave gaps. A site without tiers stays closed.
    pub tiers: Vec<Tier>,
}

/// An allowed way of placing a demand. What is not listed is forbidden: beyond the distance cap, or against consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of the demand.
    pub demand: usize,
    /// Index of the site.
    pub site: usize,
    /// Cost of serving the whole demand there: land, housing, valued distance, price of leaving the township.
    pub cost: i64,
    /// What of it is drawn from the budget.
    pub money: i64,
}

/// A whole problem. Costs are at least 0 and, with `n` demands, at most 2^58 / (n + 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Who is to be placed; fewer than 2^24.
    pub demands: Vec<Demand>,
    /// Where.
    pub sites: Vec<Site>,
    /// The allowed pairs, each once, in any order.
    pub pairs: Vec<Pair>,
    /// Sets of sites of which at most one may open, such as overlapping candidates. Sets may overlap.
    pub exclusive: Vec<Vec<usize>>,
    /// Money available for pairs and opening; `None` for no limit.
    pub budget: Option<i64>,
    /// Least share of all households that sites must hold, 0 to 100 percent; `None` for no limit.
    pub concentration_percent: Option<u32>,
}

/// How long and how to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Seed of the search; the same seed gives the same answer.
    pub seed: u64,
    /// Most rounds. A round evaluates the relaxation once and tries a fixed number of moves.
    pub rounds: u32,
    /// Stop once the gap is at most this share; see [`Solution::gap`].
    pub gap: f64,
}

impl Default for Options {
    /// Seed 1, 400 rounds, down to a gap of 0.1 percent.
    fn default() -> Self {
        Self {
            seed: 1,
            rounds: 400,
            gap: 0.001,
        }
    }
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rounds done.
    pub rounds: u32,
    /// Cost of the best plan that meets all limits; `None` before there is one.
    pub cost: Option<i64>,
    /// The highest lower bound.
    pub lower_bound: i64,
}

/// Where a demand goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// To the site of this index.
    Site(usize),
    /// To its alternative.
    Alternative,
}

/// What proves a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// The Lagrangian relaxation at the multipliers of the solution.
    LagrangianRelaxation,
}

/// A plan that meets all limits, with a lower bound and its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Where each demand goes.
    pub assignment: Vec<Choice>,
    /// The tier each site is opened at; `None` for a closed one.
    pub open: Vec<Option<usize>>,
    /// Households on each site.
    pub load: Vec<u32>,
    /// Persons on each site.
    pub persons: Vec<u64>,
    /// Cost of the plan.
    pub cost: i64,
    /// What of it is drawn from the budget.
    pub money: i64,
    /// No plan that meets the limits costs less.
    pub lower_bound: i64,
    /// (cost - lower bound) / cost, 0 when the plan is proved optimal.
    pub gap: f64,
    /// What proves the bound.
    pub bound_proved_by: Proof,
    /// Rounds done.
    pub rounds: u32,
    /// Why not this site: every plan that opens it costs at least the lower bound plus this much; 0 for an open site or one the relaxation
    /// would open, `i64::MAX` for one that cannot be opened within its own limits.
    pub reduced_cost: Vec<i64>,
    /// For each demand the cheapest other open site with room at its tier, and its cost less that of the present choice. The
    /// extra is below 0 where another limit (the budget, a smallest size) stands in the way.
    pub next_best: Vec<Option<(usize, i64)>>,
    /// Multipliers are in units of 1 / this many of the cost unit.
    pub multiplier_scale: i64,
    /// The multiplier of each demand's assignment row: what placing it is worth.
    pub multipliers: Vec<i64>,
    /// The multiplier of the budget: by how much a further unit of money lowers the bound.
    pub budget_multiplier: i64,
    /// The multiplier of the share on sites: what a further household aside would save.
    pub concentration_multiplier: i64,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SitingError {
    /// An index, a size or a cost that cannot be meant.
    #[error("{place}: {reason}")]
    Input {
        /// Which demand, site, tier, pair or limit.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Proved: no plan meets these limits.
    #[error("no plan can meet all limits: {}", sentences(.0))]
    Infeasible(Vec<Clash>),
    /// Not proved, but every plan found breaks these limits.
    #[error(
        "no plan that meets all limits was found in {rounds} rounds, though none is proved impossible: {}; allow more rounds, or ease a limit named here",
        sentences(.broken)
    )]
    NotFound {
        /// What the best plan found breaks.
        broken: Vec<Clash>,
        /// Rounds done.
        rounds: u32,
    },
    /// The caller stopped the search before there was a plan.
    #[error("the search was stopped before a plan was found")]
    Cancelled,
}

fn sentences(clashes: &[Clash]) -> String {
    const SHOWN: usize = 20;
    let mut text: Vec<String> = clashes.iter().take(SHOWN).map(ToString::to_string).collect();
    if clashes.len() > SHOWN {
        text.push(format!("and {} more", clashes.len() - SHOWN));
    }
    text.join("; ")
}
