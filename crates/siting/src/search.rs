//! Plans: built by regret insertion on the sites the relaxation opens, then improved by ruin and recreate
//! (Schrimpf et al. 2000) with shifts and swaps, accepting losses like simulated annealing does.
//!
//! A move picks a demand, takes the open sites near it, perhaps closes one, opens another or changes a tier, empties some and
//! places the homeless again. It is undone when it is not accepted. All randomness comes from the seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::instance::{ASIDE, Instance};
use crate::plan::Plan;

/// What the relaxation says about sites and prices.
pub(crate) struct Guide {
    /// To what degree each site is open.
    pub openness: Vec<f64>,
    /// Price of a unit of money.
    pub budget: f64,
    /// Price of a household left aside.
    pub concentration: f64,
    /// How willingly losses are accepted: 1 at the beginning, towards 0 at the end.
    pub warmth: f64,
}

/// One searcher: a present plan and the best it has seen.
pub(crate) struct Search<'i, 'p> {
    instance: &'i Instance<'p>,
    plan: Plan<'i, 'p>,
    value: i128,
    best: Plan<'i, 'p>,
    best_value: i128,
    random: ChaCha8Rng,
    /// Changes of the move under way: demand and what it had before.
    log: Vec<(u32, u32)>,
    /// Most households a touched site takes during the move under way.
    ceiling: Vec<u32>,
    /// Number of the move that touched a site last.
    touched_in: Vec<u32>,
    touched: Vec<u32>,
    move_number: u32,
    /// Elementary steps done, which stand for time: they are the same on every machine.
    effort: u64,
    /// Typical difference between a demand's near choices, in units of cost.
    unit: f64,
}

/// Pairs of a demand that a local move looks at, cheapest first.
const NEAR: usize = 24;
/// Most demands a ruined site loses when it is not closed.
const RUINED: usize = 12;
/// Most demands that a site draws from others when it opens.
const ATTRACTED: usize = 150;
/// Open sites whose members a swap looks at.
const PARTNERS: usize = 10;
/// From so many demands on, insertion goes through them once in the order of their first regret.
const MANY: usize = 300;
/// Rounds of shifts and swaps at most.
const PASSES: usize = 4;

/// A demand waiting for a place.
struct Waiting {
    demand: u32,
    best: Option<(f64, u32)>,
    second: Option<(f64, u32)>,
    /// Stretches the regret, so that not every insertion goes the same way.
    stretch: f64,
}

impl Waiting {
    fn regret(&self) -> f64 {
        match (self.best, self.second) {
            (Some((best, _)), Some((second, _))) => (second - best) * self.stretch,
            // Only one place is left: now or never.
            (Some((best, _)), None) => 1e30 - best,
            (None, _) => f64::NEG_INFINITY,
        }
    }
}

impl<'i, 'p> Search<'i, 'p> {
    pub fn new(instance: &'i Instance<'p>, seed: u64, stream: u64) -> Self {
        let plan = Plan::new(instance);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        let sites = instance.problem.sites.len();
        Self {
            instance,
            value: plan.value(),
            best_value: plan.value(),
            best: plan.clone(),
            plan,
            random,
            log: Vec::new(),
            ceiling: vec![0; sites],
            touched_in: vec![0; sites],
            touched: Vec::new(),
            move_number: 0,
            effort: 0,
            unit: typical_difference(instance),
        }
    }

    /// The best plan so far; it may still be broken.
    pub fn best(&self) -> &Plan<'i, 'p> {
        &self.best
    }

    /// Goes on from another searcher's plan.
    pub fn adopt(&mut self, plan: &Plan<'i, 'p>) {
        self.plan.clone_from(plan);
        self.value = plan.value();
        self.keep();
    }

    fn keep(&mut self) {
        if self.value < self.best_value {
            self.best_value = self.value;
            self.best.clone_from(&self.plan);
        }
    }

    /// Builds a plan on the sites the relaxation opens, and goes on from it when it is better than the present one.
    pub fn build(&mut self, guide: &Guide) {
        let instance = self.instance;
        let mut order: Vec<(f64, usize)> = guide
            .openness
            .iter()
            .enumerate()
            .map(|(site, &open)| (open + 0.2 * self.random.random::<f64>(), site))
            .collect();
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let before = std::mem::replace(&mut self.plan, Plan::new(instance));
        self.begin();
        let needed = instance.least_placed + instance.least_placed / 20;
        let mut room = 0;
        for (open, site) in order {
            let rival = instance.conflicts[site]
                .iter()
                .any(|&rival| self.is_open(rival as usize));
            if !rival && instance.most[site] > 0 && (open > 0.5 || room < needed) {
                self.touch(site, instance.most[site]);
                room += u64::from(instance.most[site]);
            }
        }
        let all: Vec<u32> = (0..instance.problem.demands.len() as u32).collect();
        self.finish(all, guide);
        self.log.clear();
        let value = self.plan.value();
        if value < self.value {
            self.value = value;
            self.keep();
        } else {
            self.plan = before;
        }
    }

    /// Tries moves until the effort is spent; at least one.
    pub fn improve(&mut self, guide: &Guide, effort: u64) {
        self.effort = 0;
        while self.effort < effort {
            self.effort += 100;
            self.one_move(guide);
        }
    }

    fn begin(&mut self) {
        self.move_number += 1;
        self.touched.clear();
        self.log.clear();
    }

    fn touch(&mut self, site: usize, ceiling: u32) {
        if self.touched_in[site] != self.move_number {
            self.touched_in[site] = self.move_number;
            self.touched.push(site as u32);
        }
        self.ceiling[site] = ceiling;
    }

    /// Most households a site takes during the move under way.
    fn limit(&self, site: usize) -> u32 {
        if self.touched_in[site] == self.move_number {
            self.ceiling[site]
        } else {
            self.plan.top(site)
        }
    }

    fn is_open(&self, site: usize) -> bool {
        self.limit(site) > 0
    }

    fn change(&mut self, demand: usize, to: u32) {
        self.log.push((demand as u32, self.plan.chosen[demand]));
        self.plan.set(demand, to);
    }

    fn undo(&mut self, to_length: usize) {
        while self.log.len() > to_length {
            if let Some((demand, before)) = self.log.pop() {
                self.plan.set(demand as usize, before);
            }
        }
    }

    fn one_move(&mut self, guide: &Guide) {
        let instance = self.instance;
        let demands = instance.problem.demands.len();
        if demands == 0 {
            return;
        }
        self.begin();
        let demand = self.random.random_range(0..demands);
        let (mut open, mut closed) = (Vec::new(), Vec::new());
        for p in instance.pairs_of(demand).take(3 * NEAR) {
            let site = instance.pairs[p as usize].site;
            if self.plan.load[site] > 0 {
                open.push(site);
            } else if instance.most[site] > 0 {
                closed.push(site);
            }
        }
        open.truncate(6);
        let kind = self.random.random_range(0..100);
        let (close, create) = match kind {
            0..35 => (false, false),
            35..50 => (true, false),
            50..70 => (false, true),
            _ => (true, true),
        };
        let mut homeless = Vec::new();
        if (create || open.is_empty())
            && let Some(site) = self.pick_closed(&closed, &guide.openness)
        {
            for &rival in &instance.conflicts[site] {
                if self.plan.load[rival as usize] > 0 {
                    self.empty(rival as usize, &mut homeless);
                }
            }
            let tiers = &instance.problem.sites[site].tiers;
            let tier = self.random.random_range(0..tiers.len());
            self.touch(site, tiers[tier].max_households);
            self.attract(site, &mut homeless, guide);
        }
        if close && !open.is_empty() {
            let which = self.random.random_range(0..open.len().min(3));
            let site = open.remove(which);
            self.empty(site, &mut homeless);
        }
        let ruin = if create || close {
            self.random.random_range(0..3)
        } else {
            self.random.random_range(2..5)
        };
        for _ in 0..ruin {
            if open.is_empty() {
                break;
            }
            let which = self.random.random_range(0..open.len());
            let site = open.remove(which);
            if self.touched_in[site] != self.move_number {
                self.ruin(site, &mut homeless);
            }
        }
        if homeless.is_empty() {
            return;
        }
        self.finish(homeless, guide);
        let value = self.plan.value();
        let drawn: f64 = self.random.random();
        let allowed = guide.warmth * self.unit * -drawn.max(1e-12).ln();
        if value <= self.value + allowed as i128 {
            self.value = value;
            self.keep();
        } else {
            self.undo(0);
        }
    }

    /// A closed site, the more likely the more the relaxation opens it.
    fn pick_closed(&mut self, closed: &[usize], openness: &[f64]) -> Option<usize> {
        let weight = |place: usize, site: usize| (openness[site] + 0.03) / (1.0 + place as f64 * 0.1);
        let total: f64 = closed
            .iter()
            .enumerate()
            .map(|(place, &site)| weight(place, site))
            .sum();
        let mut left = self.random.random::<f64>() * total;
        for (place, &site) in closed.iter().enumerate() {
            left -= weight(place, site);
            if left <= 0.0 {
                return Some(site);
            }
        }
        closed.last().copied()
    }

    /// Closes a site for this move.
    fn empty(&mut self, site: usize, homeless: &mut Vec<u32>) {
        self.touch(site, 0);
        while let Some(&member) = self.plan.members[site].last() {
            self.change(member as usize, ASIDE);
            homeless.push(member);
        }
    }

    /// Takes members from a site that stays open, perhaps at another tier.
    fn ruin(&mut self, site: usize, homeless: &mut Vec<u32>) {
        let tiers = &self.instance.problem.sites[site].tiers;
        let mut ceiling = self.plan.top(site);
        if tiers.len() > 1 && self.random.random_bool(0.3) {
            ceiling = tiers[self.random.random_range(0..tiers.len())].max_households;
        }
        self.touch(site, ceiling);
        let mut removed = 0;
        while let Some(&last) = self.plan.members[site].last() {
            if removed >= RUINED && self.plan.load[site] <= ceiling {
                break;
            }
            let count = self.plan.members[site].len();
            let member = if count > RUINED {
                self.plan.members[site][self.random.random_range(0..count)]
            } else {
                last
            };
            self.change(member as usize, ASIDE);
            homeless.push(member);
            removed += 1;
        }
    }

    /// Takes from their sites those who gain most by a site that opens.
    fn attract(&mut self, site: usize, homeless: &mut Vec<u32>, guide: &Guide) {
        let instance = self.instance;
        let mut gains: Vec<(f64, u32)> = Vec::new();
        for &p in &instance.by_site[site] {
            let demand = instance.pairs[p as usize].demand;
            let gain = self.price(demand, self.plan.chosen[demand], guide) - self.price(demand, p, guide);
            if gain > 0.0 && self.plan.chosen[demand] != p {
                gains.push((
                    gain / f64::from(instance.problem.demands[demand].households),
                    demand as u32,
                ));
            }
        }
        gains.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut room = self.ceiling[site] + self.ceiling[site] / 2;
        for (_, demand) in gains.into_iter().take(ATTRACTED) {
            let households = instance.problem.demands[demand as usize].households;
            if households > room {
                break;
            }
            room -= households;
            // Those already homeless get their turn anyway.
            if self.plan.chosen[demand as usize] != ASIDE {
                self.change(demand as usize, ASIDE);
                homeless.push(demand);
            } else if self.plan.may_stand_aside(demand as usize) && !homeless.contains(&demand) {
                homeless.push(demand);
            }
        }
    }

    /// Cost of a choice at the relaxation's prices.
    fn price(&self, demand: usize, choice: u32, guide: &Guide) -> f64 {
        if choice == ASIDE {
            let known = &self.instance.problem.demands[demand];
            return known.alternative.map_or(1e25, |cost| cost as f64)
                + guide.concentration * f64::from(known.households);
        }
        let pair = &self.instance.pairs[choice as usize];
        pair.cost as f64 + guide.budget * pair.money as f64
    }

    /// Places the homeless, mends what is undersized and improves around what was touched.
    fn finish(&mut self, homeless: Vec<u32>, guide: &Guide) {
        self.insert(homeless, guide);
        self.mend(guide);
        self.descend();
    }

    fn look(&self, demand: u32, stretch: f64, guide: &Guide) -> Waiting {
        let instance = self.instance;
        let households = instance.problem.demands[demand as usize].households;
        let enough = if guide.budget > 0.0 { NEAR } else { 2 };
        let mut waiting = Waiting {
            demand,
            best: None,
            second: None,
            stretch,
        };
        let mut found = 0;
        let mut offer = |price: f64, choice: u32| {
            if waiting.best.is_none_or(|(best, _)| price < best) {
                waiting.second = waiting.best;
                waiting.best = Some((price, choice));
            } else if waiting.second.is_none_or(|(second, _)| price < second) {
                waiting.second = Some((price, choice));
            }
        };
        if self.plan.may_stand_aside(demand as usize) {
            offer(self.price(demand as usize, ASIDE, guide), ASIDE);
        }
        for p in instance.pairs_of(demand as usize) {
            let site = instance.pairs[p as usize].site;
            if self.plan.load[site] + households <= self.limit(site) {
                offer(self.price(demand as usize, p, guide), p);
                found += 1;
                if found >= enough {
                    break;
                }
            }
        }
        waiting
    }

    /// Regret insertion: whoever has most to lose by waiting chooses first.
    fn insert(&mut self, homeless: Vec<u32>, guide: &Guide) {
        let many = homeless.len() > MANY;
        let mut waiting = Vec::with_capacity(homeless.len());
        for demand in homeless {
            let stretch = 0.5 + self.random.random::<f64>();
            waiting.push(self.look(demand, stretch, guide));
        }
        if many {
            waiting.sort_unstable_by(|a, b| a.regret().total_cmp(&b.regret()).then(b.demand.cmp(&a.demand)));
        }
        while !waiting.is_empty() {
            let mut next = if many {
                waiting.len() - 1
            } else {
                let mut next = 0;
                for place in 1..waiting.len() {
                    if waiting[place].regret() > waiting[next].regret() {
                        next = place;
                    }
                }
                next
            };
            if many {
                let (demand, stretch) = (waiting[next].demand, waiting[next].stretch);
                waiting[next] = self.look(demand, stretch, guide);
            }
            self.effort += if many { NEAR as u64 } else { waiting.len() as u64 };
            let chosen = waiting.swap_remove(std::mem::take(&mut next));
            let Some((_, choice)) = chosen.best else {
                self.squeeze(chosen.demand as usize);
                continue;
            };
            self.change(chosen.demand as usize, choice);
            if choice == ASIDE || many {
                continue;
            }
            let site = self.instance.pairs[choice as usize].site;
            let room = self.limit(site).saturating_sub(self.plan.load[site]);
            for known in &mut waiting {
                let names = |offer: Option<(f64, u32)>| {
                    offer.is_some_and(|(_, p)| p != ASIDE && self.instance.pairs[p as usize].site == site)
                };
                if (names(known.best) || names(known.second))
                    && self.instance.problem.demands[known.demand as usize].households > room
                {
                    *known = self.look(known.demand, known.stretch, guide);
                }
            }
        }
    }

    /// Makes room for a demand that fits nowhere by moving one other demand away.
    fn squeeze(&mut self, demand: usize) {
        let instance = self.instance;
        let households = instance.problem.demands[demand].households;
        let size = |member: u32| instance.problem.demands[member as usize].households;
        let mut best: Option<(i64, u32, u32, u32)> = None;
        for p in instance.pairs_of(demand).take(2 * NEAR) {
            let pair = &instance.pairs[p as usize];
            let limit = self.limit(pair.site);
            if limit < households || self.plan.load[pair.site] == 0 {
                continue;
            }
            self.effort += NEAR as u64 * self.plan.members[pair.site].len() as u64 / 4;
            for &member in &self.plan.members[pair.site] {
                if self.plan.load[pair.site] - size(member) + households > limit {
                    continue;
                }
                let now = instance.pairs[self.plan.chosen[member as usize] as usize].cost;
                let away = instance.pairs_of(member as usize).take(2 * NEAR).find(|&q| {
                    let site = instance.pairs[q as usize].site;
                    site != pair.site && self.plan.load[site] + size(member) <= self.limit(site)
                });
                if let Some(q) = away {
                    let price = pair.cost + instance.pairs[q as usize].cost - now;
                    if best.is_none_or(|(before, ..)| price < before) {
                        best = Some((price, p, member, q));
                    }
                }
            }
        }
        if let Some((_, p, member, q)) = best {
            for choice in [p, q] {
                let site = instance.pairs[choice as usize].site;
                self.touch(site, self.limit(site));
            }
            self.change(member as usize, q);
            self.change(demand, p);
        }
    }

    /// Sites below their smallest size draw others in, or close.
    fn mend(&mut self, guide: &Guide) {
        let touched = self.touched.clone();
        for site in touched {
            let site = site as usize;
            if self.plan.load[site] == 0 || self.plan.misfit(site) == 0 {
                continue;
            }
            let (start, before) = (self.log.len(), self.plan.value());
            self.draw_in(site);
            let drawn = self.plan.value();
            let drawn_choices: Vec<(u32, u32)> = self.log[start..]
                .iter()
                .map(|&(demand, _)| (demand, self.plan.chosen[demand as usize]))
                .collect();
            self.undo(start);
            let ceiling = self.limit(site);
            let mut homeless = Vec::new();
            self.empty(site, &mut homeless);
            self.insert(homeless, guide);
            if self.plan.value() > drawn && drawn < before {
                self.undo(start);
                self.touch(site, ceiling);
                for (demand, choice) in drawn_choices {
                    self.change(demand as usize, choice);
                }
            }
        }
    }

    /// Draws demands to a site that is below its smallest size, those who lose least per household first.
    fn draw_in(&mut self, site: usize) {
        let instance = self.instance;
        let mut losses: Vec<(f64, u32)> = Vec::new();
        for &p in &instance.by_site[site] {
            let pair = &instance.pairs[p as usize];
            if self.plan.chosen[pair.demand] == p {
                continue;
            }
            let now = match self.plan.chosen[pair.demand] {
                ASIDE => instance.problem.demands[pair.demand]
                    .alternative
                    .unwrap_or(i64::MAX / 4),
                q => instance.pairs[q as usize].cost,
            };
            let loss = (pair.cost - now) as f64 / f64::from(instance.problem.demands[pair.demand].households);
            losses.push((loss, p));
        }
        losses.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, p) in losses {
            if self.plan.misfit(site) == 0 {
                break;
            }
            let demand = instance.pairs[p as usize].demand;
            let fits = self.plan.room(site) >= instance.problem.demands[demand].households;
            if fits && self.plan.value_after_shift(demand, p) < self.plan.value() {
                if let Some(from) = self.plan.site_of(demand) {
                    self.touch(from, self.limit(from));
                }
                self.change(demand, p);
            }
        }
    }

    /// Shifts and swaps of the members of touched sites until none helps.
    fn descend(&mut self) {
        for pass in 0..PASSES {
            // Those that were placed anew first look for partners too; the other members of touched sites only shift.
            let mut placed: Vec<u32> = self.log.iter().map(|&(demand, _)| demand).collect();
            placed.sort_unstable();
            placed.dedup();
            let mut moved = false;
            if pass == 0 {
                let mut members: Vec<u32> = Vec::new();
                for &site in &self.touched {
                    members.extend(&self.plan.members[site as usize]);
                }
                for demand in members {
                    moved |= self.shift(demand as usize);
                }
            }
            for demand in placed {
                moved |= self.shift(demand as usize) || self.swap(demand as usize);
            }
            if !moved {
                break;
            }
        }
    }

    fn shift(&mut self, demand: usize) -> bool {
        let instance = self.instance;
        let households = instance.problem.demands[demand].households;
        let now = self.plan.chosen[demand];
        let mut best = (self.plan.value(), now);
        self.effort += NEAR as u64;
        for p in instance.pairs_of(demand).take(NEAR) {
            let site = instance.pairs[p as usize].site;
            if p != now && self.plan.load[site] > 0 && self.plan.room(site) >= households {
                let value = self.plan.value_after_shift(demand, p);
                if value < best.0 {
                    best = (value, p);
                }
            }
        }
        if now != ASIDE && self.plan.may_stand_aside(demand) {
            let value = self.plan.value_after_shift(demand, ASIDE);
            if value < best.0 {
                best = (value, ASIDE);
            }
        }
        if best.1 == now {
            return false;
        }
        self.change(demand, best.1);
        true
    }

    fn swap(&mut self, demand: usize) -> bool {
        let instance = self.instance;
        let Some(from) = self.plan.site_of(demand) else {
            return false;
        };
        let size = |demand: usize| instance.problem.demands[demand].households;
        let mine = size(demand);
        let now = self.plan.value();
        let my_cost = instance.pairs[self.plan.chosen[demand] as usize].cost;
        let dear = self.plan.overspent() > 0;
        let mut best: Option<(i128, u32, u32, u32)> = None;
        let mut looked = 0;
        for p in instance.pairs_of(demand) {
            let pair = &instance.pairs[p as usize];
            let to = pair.site;
            if to == from || self.plan.load[to] == 0 {
                continue;
            }
            looked += 1;
            if looked > PARTNERS {
                break;
            }
            self.effort += self.plan.members[to].len() as u64;
            for &other in &self.plan.members[to] {
                let theirs = size(other as usize);
                let loads = (
                    self.plan.load[from] - mine + theirs,
                    self.plan.load[to] - theirs + mine,
                );
                if loads.0 > instance.most[from] || loads.1 > instance.most[to] {
                    continue;
                }
                // Without a change of tier, the two pairs alone decide; what `other` can gain at most is known.
                let settled =
                    !dear && self.plan.keeps_tier(from, loads.0) && self.plan.keeps_tier(to, loads.1);
                let chosen = &instance.pairs[self.plan.chosen[other as usize] as usize];
                let cheapest = &instance.pairs[instance.pairs_of(other as usize).start as usize];
                let loss = pair.cost - my_cost;
                if settled && loss + cheapest.cost - chosen.cost >= 0 {
                    continue;
                }
                let Some(back) = instance.pair_at(other as usize, from) else {
                    continue;
                };
                if settled && loss + instance.pairs[back as usize].cost - chosen.cost >= 0 {
                    continue;
                }
                let value = self.plan.value_after_swap(demand, p, other as usize, back);
                if value < now && best.is_none_or(|(least, ..)| value < least) {
                    best = Some((value, p, other, back));
                }
            }
        }
        let Some((_, p, other, back)) = best else {
            return false;
        };
        self.change(demand, p);
        self.change(other as usize, back);
        true
    }
}

/// Mean difference between the cheapest and the third-cheapest way of a demand: the unit in which losses are judged.
fn typical_difference(instance: &Instance<'_>) -> f64 {
    let demands = instance.problem.demands.len();
    let mut sum = 0.0;
    for demand in 0..demands {
        let range = instance.pairs_of(demand);
        if !range.is_empty() {
            let last = (range.start + 2).min(range.end - 1);
            sum += (instance.pairs[last as usize].cost - instance.pairs[range.start as usize].cost) as f64;
        }
    }
    (sum / demands.max(1) as f64).max(1.0)
}
