//! Looks for multipliers with a high bound: a deflected subgradient with Polyak steps (Camerini, Fratta and Maffioli
//! 1975), which is close kin of the volume algorithm (Barahona and Anbil 2000): the averaged openings it keeps are
//! estimates of the linear relaxation and guide the search for plans.

use crate::instance::Instance;
use crate::relaxation::{Multipliers, Relaxed, bound, relax};

/// The state of the ascent.
pub(crate) struct Ascent<'i, 'p> {
    instance: &'i Instance<'p>,
    /// Multipliers as real numbers, in units of `1 / scale`: demands, then budget, then concentration.
    point: Vec<f64>,
    /// Conditioning: a step moves each multiplier in proportion to the square of its weight.
    weight: Vec<f64>,
    direction: Vec<f64>,
    step: f64,
    stalled: u32,
    best_value: i128,
    best_point: Vec<f64>,
    /// The multipliers with the highest bound.
    pub best: Multipliers,
    /// The highest bound, in whole units of cost.
    pub bound: i64,
    /// To what degree each site was open lately.
    pub openness: Vec<f64>,
    /// Multipliers evaluated.
    pub evaluations: u32,
}

/// Share of the last direction that is kept.
const KEPT: f64 = 0.7;
/// Evaluations without a better bound after which steps become shorter.
const PATIENCE: u32 = 12;
/// By which factor they do.
const SHRINK: f64 = 0.6;
/// The ascent has converged when steps are this short.
const SHORTEST: f64 = 1e-4;
/// Weight of the rows about totals against all others: they miss their limits by a tenth rather than by the whole.
const TOTALS: f64 = 3.0;
/// Weight of the latest openings in their average.
const FRESH: f64 = 0.1;

impl<'i, 'p> Ascent<'i, 'p> {
    pub fn new(instance: &'i Instance<'p>) -> Self {
        let problem = instance.problem;
        let point = start(instance);
        let demands = problem.demands.len();
        // Prices differ by orders of magnitude with the size of a demand; steps follow them.
        let mean = point[..demands].iter().sum::<f64>() / demands.max(1) as f64;
        let mut weight: Vec<f64> = point
            .iter()
            .map(|price| (price / mean.max(1e-9)).max(1e-3).sqrt())
            .collect();
        let norm = weight.iter().map(|w| w * w).sum::<f64>().sqrt();
        let budget = problem
            .budget
            .map_or(0.0, |budget| TOTALS * norm / (budget as f64).max(1.0));
        let concentration = problem
            .concentration_percent
            .map_or(0.0, |_| TOTALS * norm / (instance.households as f64).max(1.0));
        weight.extend([budget, concentration]);
        let best = rounded(instance, &point);
        Self {
            instance,
            direction: vec![0.0; point.len()],
            weight,
            step: 1.0,
            stalled: 0,
            best_value: i128::MIN,
            best_point: point.clone(),
            point,
            best,
            bound: 0,
            openness: vec![0.0; problem.sites.len()],
            evaluations: 0,
        }
    }

    /// Whether further steps are too short to matter.
    pub fn converged(&self) -> bool {
        self.step < SHORTEST
    }

    /// Evaluates the present multipliers and moves them towards closing the gap to `cost`, the best plan's.
    pub fn advance(&mut self, cost: Option<i64>) {
        let multipliers = rounded(self.instance, &self.point);
        let relaxed = relax(self.instance, &multipliers);
        self.evaluations += 1;
        for (average, &open) in self.openness.iter_mut().zip(&relaxed.open) {
            let fresh = if self.evaluations == 1 { 1.0 } else { FRESH };
            *average += fresh * (open - *average);
        }
        if relaxed.value > self.best_value {
            self.best_value = relaxed.value;
            self.best_point.clone_from(&self.point);
            self.best = multipliers;
            self.bound = self.bound.max(bound(self.instance, &relaxed));
            self.stalled = 0;
        } else {
            self.stalled += 1;
            if self.stalled >= PATIENCE {
                self.stalled = 0;
                self.step *= SHRINK;
                self.point.clone_from(&self.best_point);
                self.direction.fill(0.0);
                return;
            }
        }
        self.shift(&relaxed, cost);
    }

    fn shift(&mut self, relaxed: &Relaxed, cost: Option<i64>) {
        let problem = self.instance.problem;
        let demands = problem.demands.len();
        for (direction, placed) in self.direction.iter_mut().zip(&relaxed.placed) {
            *direction = KEPT * *direction + (1.0 - placed);
        }
        let overspent = problem.budget.map_or(0.0, |budget| relaxed.money - budget as f64);
        let aside = match problem.concentration_percent {
            Some(_) => relaxed.aside - self.instance.aside_limit as f64,
            None => 0.0,
        };
        for (row, slack) in [(demands, overspent), (demands + 1, aside)] {
            self.direction[row] = KEPT * self.direction[row] + slack;
            // A price that is at zero and would fall does not lengthen the direction.
            if self.point[row] <= 0.0 && self.direction[row] < 0.0 {
                self.direction[row] = 0.0;
            }
        }
        let norm: f64 = self
            .direction
            .iter()
            .zip(&self.weight)
            .map(|(d, w)| (d * w) * (d * w))
            .sum();
        if norm <= 0.0 {
            self.step = 0.0;
            return;
        }
        let scale = self.instance.scale as f64;
        let here = relaxed.value as f64;
        let guess = self.best_value as f64 * 1.05 + scale;
        let target = cost.map_or(guess, |cost| {
            (cost as f64 * scale).min(guess.max(self.best_value as f64 * 1.5))
        });
        let length = self.step * (target - here).max(target.abs() * 1e-6) / norm;
        let caps = self.instance.caps;
        for ((row, point), (direction, weight)) in self
            .point
            .iter_mut()
            .enumerate()
            .zip(self.direction.iter().zip(&self.weight))
        {
            let (least, most) = match row {
                _ if row < demands => (-(caps.demand as f64), caps.demand as f64),
                _ if row == demands => (0.0, caps.budget as f64),
                _ => (0.0, caps.concentration as f64),
            };
            // Rounding to whole units must not lead beyond the caps.
            let (least, most) = (least * (1.0 - 1e-9), most * (1.0 - 1e-9));
            *point = (*point + length * direction * weight * weight).clamp(least, most);
        }
    }
}

fn rounded(instance: &Instance<'_>, point: &[f64]) -> Multipliers {
    let demands = instance.problem.demands.len();
    Multipliers {
        demand: point[..demands]
            .iter()
            .map(|price| price.round() as i64)
            .collect(),
        budget: point[demands].round() as i64,
        concentration: point[demands + 1].round() as i64,
    }
}

/// Prices of money tried at the start, and prices of a household aside in units of the mean cost of a household.
const STARTS: [f64; 8] = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// The best of a few prices of the totals, the demands' prices following from each: where the limits bind, the prices
/// of demands are far from what they are without.
fn start(instance: &Instance<'_>) -> Vec<f64> {
    let problem = instance.problem;
    let at = |budget: f64, aside: f64| {
        let scale = instance.scale as f64;
        let caps = instance.caps;
        let budget = budget.min(caps.budget as f64 / scale * 0.5);
        let aside = aside.min(caps.concentration as f64 / scale * 0.5);
        let most = caps.demand as f64 * 0.5;
        let mut point: Vec<f64> = (0..problem.demands.len())
            .map(|demand| (first_guess(instance, demand, budget, aside) * scale).min(most))
            .collect();
        point.extend([budget * scale, aside * scale]);
        point
    };
    let plain = at(0.0, 0.0);
    let unit = plain.iter().sum::<f64>() / instance.scale as f64 / (instance.households as f64).max(1.0);
    let budgets: &[f64] = if problem.budget.is_some() {
        &STARTS
    } else {
        &STARTS[..1]
    };
    let shares: &[f64] = if problem.concentration_percent.is_some() {
        &STARTS
    } else {
        &STARTS[..1]
    };
    let mut best = (relax(instance, &rounded(instance, &plain)).value, plain, 0.0);
    for &budget in &budgets[1..] {
        let point = at(budget, 0.0);
        let value = relax(instance, &rounded(instance, &point)).value;
        if value > best.0 {
            best = (value, point, budget);
        }
    }
    let budget = best.2;
    for &share in &shares[1..] {
        let point = at(budget, share * unit);
        let value = relax(instance, &rounded(instance, &point)).value;
        if value > best.0 {
            best = (value, point, budget);
        }
    }
    best.1
}

/// The cheapest way of placing a demand with its share of opening the site, at given prices of money and of a household
/// aside: a fair first guess of its worth.
fn first_guess(instance: &Instance<'_>, demand: usize, budget: f64, aside: f64) -> f64 {
    let problem = instance.problem;
    let households = f64::from(problem.demands[demand].households);
    let pairs = instance.pairs_of(demand).map(|p| {
        let pair = &instance.pairs[p as usize];
        let share = problem.sites[pair.site]
            .tiers
            .iter()
            .map(|tier| tier.fixed_cost as f64 / f64::from(tier.max_households.max(1)))
            .fold(f64::INFINITY, f64::min);
        let share = if share.is_finite() {
            share * households
        } else {
            0.0
        };
        pair.cost as f64 + budget * pair.money as f64 + share * (1.0 + budget)
    });
    let alternative = problem.demands[demand]
        .alternative
        .map(|cost| cost as f64 + aside * households);
    let least = pairs.chain(alternative).fold(f64::INFINITY, f64::min);
    if least.is_finite() { least } else { 0.0 }
}
