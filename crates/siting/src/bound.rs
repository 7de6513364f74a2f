//! Lower bounds by Lagrangian relaxation of the assignment rows and of the budget.
//!
//! With multipliers λ (one per demand, free) and μ >= 0 (budget) the rest is one continuous knapsack per site and tier:
//! fill the tier's room with the demands of lowest reduced cost per household. The smallest size of a tier is not
//! enforced here, which only lowers the bound.

use crate::Problem;

/// Multipliers are kept in integer units of `1 / SCALE` of the cost unit, so that the bound is exact.
pub(crate) const SCALE: i64 = 64;

/// Pairs by site, and the other way round.
pub(crate) struct Index {
    /// For each site, positions in `problem.pairs`.
    pub by_site: Vec<Vec<usize>>,
    /// For each demand, positions in `problem.pairs`.
    pub by_demand: Vec<Vec<usize>>,
}

impl Index {
    pub fn new(problem: &Problem) -> Self {
        let mut by_site = vec![Vec::new(); problem.sites.len()];
        let mut by_demand = vec![Vec::new(); problem.demands.len()];
        for (position, pair) in problem.pairs.iter().enumerate() {
            by_site[pair.site].push(position);
            by_demand[pair.demand].push(position);
        }
        Self { by_site, by_demand }
    }
}

/// Multipliers in units of `1 / SCALE`; `budget` is a rational `budget / SCALE` too.
#[derive(Clone)]
pub(crate) struct Multipliers {
    pub demand: Vec<i64>,
    pub budget: i64,
}

/// The relaxed problem solved at some multipliers.
pub(crate) struct Relaxed {
    /// The bound, in units of `1 / SCALE`.
    pub value: i128,
    /// How often each demand is served (0 to several, fractions for the item that fills a knapsack up).
    pub served: Vec<f64>,
    /// For each site, its best opened value (may be positive when it stays closed), in units of `1 / SCALE`.
    pub site_value: Vec<i128>,
    /// For each site, whether it is open in the relaxed problem.
    pub site_open: Vec<bool>,
    /// Money spent in the relaxed problem.
    pub money: f64,
}

/// Solves the relaxed problem. Every division rounds down, so the value never exceeds the true one.
pub(crate) fn relax(problem: &Problem, index: &Index, multipliers: &Multipliers) -> Relaxed {
    let scale = i128::from(SCALE);
    let mut value: i128 = 0;
    let mut served = vec![0.0; problem.demands.len()];
    let mut money = 0.0;
    for (i, demand) in problem.demands.iter().enumerate() {
        let lambda = i128::from(multipliers.demand[i]);
        value += lambda;
        if let Some(alternative) = demand.alternative {
            let reduced = i128::from(alternative) * scale - lambda;
            if reduced < 0 {
                value += reduced;
                served[i] += 1.0;
            }
        }
    }
    let mut site_value = Vec::with_capacity(problem.sites.len());
    let mut site_open = Vec::with_capacity(problem.sites.len());
    let mut items: Vec<(i128, i128, usize)> = Vec::new();
    for (s, site) in problem.sites.iter().enumerate() {
        items.clear();
        for &position in &index.by_site[s] {
            let pair = &problem.pairs[position];
            let reduced = i128::from(pair.cost) * scale
                + i128::from(multipliers.budget) * i128::from(pair.money)
                - i128::from(multipliers.demand[pair.demand]);
            if reduced < 0 {
                items.push((
                    reduced,
                    i128::from(problem.demands[pair.demand].households),
                    position,
                ));
            }
        }
        // Lowest reduced cost per household first; positions break ties, so that the order is total.
        items.sort_unstable_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1)).then(a.2.cmp(&b.2)));
        let mut best: Option<(i128, usize)> = None;
        for (t, tier) in site.tiers.iter().enumerate() {
            let fixed = i128::from(tier.fixed_cost) * (scale + i128::from(multipliers.budget));
            let opened = fixed + fill(&items, i128::from(tier.max_households), |_, _| {});
            if best.is_none_or(|(value, _)| opened < value) {
                best = Some((opened, t));
            }
        }
        let opened = best.map_or(i128::MAX / 4, |(value, _)| value);
        let open = opened < 0;
        if let (true, Some((_, t))) = (open, best) {
            value += opened;
            let tier = &site.tiers[t];
            money += tier.fixed_cost as f64;
            fill(&items, i128::from(tier.max_households), |position, share| {
                let pair = &problem.pairs[position];
                served[pair.demand] += share;
                money += pair.money as f64 * share;
            });
        }
        site_value.push(opened);
        site_open.push(open);
    }
    if let Some(budget) = problem.budget {
        value -= i128::from(multipliers.budget) * i128::from(budget);
    }
    Relaxed {
        value,
        served,
        site_value,
        site_open,
        money,
    }
}

/// Continuous knapsack over sorted items; calls `take` with each item's position and share. Rounds down.
fn fill(items: &[(i128, i128, usize)], room: i128, mut take: impl FnMut(usize, f64)) -> i128 {
    let (mut left, mut value) = (room, 0);
    for &(reduced, size, position) in items {
        if size <= left {
            value += reduced;
            left -= size;
            take(position, 1.0);
        } else {
            if left > 0 {
                value += (reduced * left).div_euclid(size);
                take(position, left as f64 / size as f64);
            }
            break;
        }
    }
    value
}

/// The lower bound that multipliers prove, in cost units, rounded up because costs are whole numbers.
pub(crate) fn bound(relaxed: &Relaxed) -> i64 {
    let scale = i128::from(SCALE);
    let up = -((-relaxed.value).div_euclid(scale));
    i64::try_from(up).unwrap_or(i64::MAX)
}
