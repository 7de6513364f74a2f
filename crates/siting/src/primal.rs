//! Plans: regret insertion guided by the relaxed problem, then moves until none helps.

use crate::bound::Index;
use crate::{Choice, Problem};

/// What one unit of money beyond the budget costs during the search; far more than it could ever save.
const OVERSPENT: i128 = 1000;

/// A plan under construction. Every site is empty or filled within one of its tiers, unless a construction is under way.
#[derive(Clone)]
pub(crate) struct State<'a> {
    problem: &'a Problem,
    index: &'a Index,
    /// Position of the chosen pair of each demand; `None` for its alternative.
    pub chosen: Vec<Option<usize>>,
    pub load: Vec<u32>,
    members: Vec<Vec<usize>>,
    pub money: i128,
    pub cost: i128,
}

/// Opening cost and tier for a load, or `None` when no tier takes that many.
pub(crate) fn tier_for(problem: &Problem, site: usize, load: u32) -> Option<(usize, i64)> {
    problem.sites[site]
        .tiers
        .iter()
        .enumerate()
        .filter(|(_, tier)| (tier.min_households..=tier.max_households).contains(&load))
        .map(|(t, tier)| (t, tier.fixed_cost))
        .min_by_key(|&(t, cost)| (cost, t))
}

impl<'a> State<'a> {
    pub fn new(problem: &'a Problem, index: &'a Index) -> Self {
        let cost = problem
            .demands
            .iter()
            .map(|demand| alternative(demand.alternative))
            .sum();
        Self {
            problem,
            index,
            chosen: vec![None; problem.demands.len()],
            load: vec![0; problem.sites.len()],
            members: vec![Vec::new(); problem.sites.len()],
            money: 0,
            cost,
        }
    }

    /// What the search minimises: the objective, and a price on money that is not there.
    pub fn value(&self) -> i128 {
        let over = self
            .problem
            .budget
            .map_or(0, |budget| (self.money - i128::from(budget)).max(0));
        self.cost + over * OVERSPENT
    }

    fn site_of(&self, demand: usize) -> Option<usize> {
        self.chosen[demand].map(|position| self.problem.pairs[position].site)
    }

    /// Opening cost of a site at its present load; a load that no tier takes is priced out of reach.
    fn opening(&self, site: usize) -> i128 {
        match self.load[site] {
            0 => 0,
            load => tier_for(self.problem, site, load).map_or(UNFIT, |(_, cost)| i128::from(cost)),
        }
    }

    /// Moves a demand to a pair or its alternative and keeps all sums.
    pub fn set(&mut self, demand: usize, to: Option<usize>) {
        let from = self.chosen[demand];
        if from == to {
            return;
        }
        let households = self.problem.demands[demand].households;
        match from {
            Some(position) => {
                let pair = self.problem.pairs[position];
                let before = self.opening(pair.site);
                self.load[pair.site] -= households;
                if let Some(place) = self.members[pair.site]
                    .iter()
                    .position(|&member| member == demand)
                {
                    self.members[pair.site].swap_remove(place);
                }
                let change = self.opening(pair.site) - before;
                self.cost += change - i128::from(pair.cost);
                self.money += change - i128::from(pair.money);
            }
            None => self.cost -= alternative(self.problem.demands[demand].alternative),
        }
        match to {
            Some(position) => {
                let pair = self.problem.pairs[position];
                let before = self.opening(pair.site);
                self.load[pair.site] += households;
                self.members[pair.site].push(demand);
                let change = self.opening(pair.site) - before;
                self.cost += change + i128::from(pair.cost);
                self.money += change + i128::from(pair.money);
            }
            None => self.cost += alternative(self.problem.demands[demand].alternative),
        }
        self.chosen[demand] = to;
    }

    fn room(&self, site: usize) -> u32 {
        let most = self.problem.sites[site]
            .tiers
            .iter()
            .map(|tier| tier.max_households)
            .max()
            .unwrap_or(0);
        most.saturating_sub(self.load[site])
    }

    /// Sends every demand to the cheapest open site with room, those with most to lose first.
    pub fn insert(&mut self, open: &[bool]) {
        let mut order: Vec<(i64, usize)> = (0..self.problem.demands.len())
            .map(|demand| {
                let (mut first, mut second) = (i64::MAX, i64::MAX);
                for &position in &self.index.by_demand[demand] {
                    let pair = &self.problem.pairs[position];
                    if open[pair.site] {
                        if pair.cost < first {
                            second = first;
                            first = pair.cost;
                        } else if pair.cost < second {
                            second = pair.cost;
                        }
                    }
                }
                (second.saturating_sub(first), demand)
            })
            .collect();
        order.sort_unstable_by_key(|&(regret, demand)| (std::cmp::Reverse(regret), demand));
        for (_, demand) in order {
            let best = self.cheapest(demand, |site| open[site]);
            self.set(demand, best);
        }
        self.mend();
    }

    /// The cheapest pair of a demand among wanted sites with room.
    fn cheapest(&self, demand: usize, wanted: impl Fn(usize) -> bool) -> Option<usize> {
        let households = self.problem.demands[demand].households;
        self.index.by_demand[demand]
            .iter()
            .copied()
            .filter(|&position| {
                let site = self.problem.pairs[position].site;
                wanted(site) && self.room(site) >= households
            })
            .min_by_key(|&position| (self.problem.pairs[position].cost, position))
    }

    /// Empties sites whose load fits no tier, the least filled first.
    fn mend(&mut self) {
        loop {
            let unfit = (0..self.load.len())
                .filter(|&site| {
                    self.load[site] > 0 && tier_for(self.problem, site, self.load[site]).is_none()
                })
                .min_by_key(|&site| (self.load[site], site));
            let Some(site) = unfit else { break };
            self.empty(site);
        }
    }

    /// Sends the members of a site to other open sites with room, or to their alternatives.
    fn empty(&mut self, site: usize) {
        for demand in self.members[site].clone() {
            let to = self.cheapest(demand, |other| other != site && self.load[other] > 0);
            self.set(demand, to);
        }
    }

    /// Applies moves until none helps.
    pub fn improve(&mut self) {
        loop {
            let before = self.value();
            self.shifts();
            self.closings();
            self.openings();
            self.swaps();
            if self.value() >= before {
                break;
            }
        }
    }

    fn shifts(&mut self) {
        for demand in 0..self.chosen.len() {
            let original = self.chosen[demand];
            let mut best = (self.value(), original);
            let options = self.index.by_demand[demand]
                .iter()
                .copied()
                .map(Some)
                .chain(std::iter::once(None));
            for to in options {
                let fits = to.is_none_or(|position| {
                    self.room(self.problem.pairs[position].site) >= self.problem.demands[demand].households
                });
                if to == original || !fits {
                    continue;
                }
                let now = self.chosen[demand];
                self.set(demand, to);
                if self.value() < best.0 {
                    best = (self.value(), to);
                }
                self.set(demand, now);
            }
            self.set(demand, best.1);
        }
    }

    /// Two demands on different sites change places, where room is what stands in the way.
    fn swaps(&mut self) {
        for demand in 0..self.chosen.len() {
            let Some(from) = self.site_of(demand) else {
                continue;
            };
            let households = self.problem.demands[demand].households;
            for &position in &self.index.by_demand[demand] {
                let pair = self.problem.pairs[position];
                let here = self.chosen[demand].map_or(i64::MAX, |chosen| self.problem.pairs[chosen].cost);
                if pair.site == from
                    || self.load[pair.site] == 0
                    || pair.cost >= here
                    || self.room(pair.site) >= households
                {
                    continue;
                }
                let before = self.value();
                for other in self.members[pair.site].clone() {
                    let back = self.index.by_demand[other]
                        .iter()
                        .copied()
                        .find(|&position| self.problem.pairs[position].site == from);
                    let size = self.problem.demands[other].households;
                    let fits =
                        self.room(pair.site) + size >= households && self.room(from) + households >= size;
                    let (Some(back), true) = (back, fits) else {
                        continue;
                    };
                    let (mine, theirs) = (self.chosen[demand], self.chosen[other]);
                    self.set(other, None);
                    self.set(demand, Some(position));
                    self.set(other, Some(back));
                    if self.value() < before {
                        break;
                    }
                    self.set(other, None);
                    self.set(demand, mine);
                    self.set(other, theirs);
                }
                if self.site_of(demand) != Some(from) {
                    break;
                }
            }
        }
    }

    fn closings(&mut self) {
        for site in 0..self.load.len() {
            if self.load[site] == 0 {
                continue;
            }
            let before = self.clone();
            self.empty(site);
            self.mend();
            if self.value() >= before.value() {
                *self = before;
            }
        }
    }

    fn openings(&mut self) {
        for site in 0..self.load.len() {
            if self.load[site] > 0 {
                continue;
            }
            for tier in 0..self.problem.sites[site].tiers.len() {
                let before = self.clone();
                let room = self.problem.sites[site].tiers[tier].max_households;
                let mut wishes: Vec<(i128, usize)> = self.index.by_site[site]
                    .iter()
                    .map(|&position| {
                        let pair = &self.problem.pairs[position];
                        let now = match self.chosen[pair.demand] {
                            Some(chosen) => i128::from(self.problem.pairs[chosen].cost),
                            None => alternative(self.problem.demands[pair.demand].alternative),
                        };
                        let gain = now - i128::from(pair.cost);
                        (
                            gain * 1024 / i128::from(self.problem.demands[pair.demand].households),
                            position,
                        )
                    })
                    .collect();
                wishes.sort_unstable_by_key(|&(gain, position)| (std::cmp::Reverse(gain), position));
                let smallest = self.problem.sites[site].tiers[tier].min_households;
                for (gain, position) in wishes {
                    if gain <= 0 && self.load[site] >= smallest {
                        break;
                    }
                    let demand = self.problem.pairs[position].demand;
                    if self.load[site] + self.problem.demands[demand].households <= room {
                        self.set(demand, Some(position));
                    }
                }
                self.mend();
                if self.value() < before.value() {
                    break;
                }
                *self = before;
            }
        }
    }

    /// Closes some sites at random choice of the caller, for a fresh start near a good plan.
    pub fn close(&mut self, sites: &[usize]) {
        for &site in sites {
            self.empty(site);
        }
        self.mend();
    }

    pub fn choices(&self) -> Vec<Choice> {
        (0..self.chosen.len())
            .map(|demand| self.site_of(demand).map_or(Choice::Alternative, Choice::Site))
            .collect()
    }
}

/// A load that fits no tier: dearer than anything real, small enough to add up.
const UNFIT: i128 = 1 << 80;

/// The cost of placing a demand nowhere; forbidden is dearer than anything real.
fn alternative(cost: Option<i64>) -> i128 {
    cost.map_or(1 << 70, i128::from)
}
