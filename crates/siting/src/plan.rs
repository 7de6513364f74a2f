//! A plan under construction with all its sums, kept up to date move by move.
//!
//! A plan may be broken while it is being built: households without a place, a site below its smallest size, too much
//! money, too many households aside. What is broken is counted and priced far above every real cost, so that a search
//! mends it first; only a plan with nothing broken is ever handed out.

use crate::instance::{ASIDE, Instance};

/// A plan with its sums.
#[derive(Clone)]
pub(crate) struct Plan<'i, 'p> {
    pub instance: &'i Instance<'p>,
    /// Each demand's pair, or [`ASIDE`].
    pub chosen: Vec<u32>,
    /// Households on each site.
    pub load: Vec<u32>,
    /// Demands on each site, in no particular order.
    pub members: Vec<Vec<u32>>,
    /// Each demand's place in its site's list of members.
    place: Vec<u32>,
    /// Cost of each site's tier and how many households it is away from fitting one.
    fixed: Vec<Opening>,
    /// Open sites that keep each site closed.
    pub blocked: Vec<u32>,
    sums: Sums,
}

/// What opening a site for a load costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Opening {
    cost: i64,
    misfit: u32,
    /// Fewest and most households of that tier.
    bottom: u32,
    top: u32,
}

/// Totals of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub cost: i64,
    pub money: i64,
    /// Households not on any site.
    pub aside: i64,
    /// Households without a place although they have no alternative, and households by which sites miss a tier.
    pub misfit: i64,
}

/// What a unit of money beyond the budget costs the search.
const OVERSPENT: i128 = 1 << 10;
/// What a household against a limit costs the search: more than all real costs together.
const BROKEN: i128 = 1 << 76;

/// The cheapest tier that takes a load.
pub(crate) fn tier_for(instance: &Instance<'_>, site: usize, load: u32) -> Option<usize> {
    let tiers = instance.problem.sites[site].tiers.iter().enumerate();
    tiers
        .filter(|(_, tier)| (tier.min_households..=tier.max_households).contains(&load))
        .min_by_key(|&(t, tier)| (tier.fixed_cost, t))
        .map(|(t, _)| t)
}

fn opening(instance: &Instance<'_>, site: usize, load: u32) -> Opening {
    if load == 0 {
        return Opening::default();
    }
    let mut best = Opening {
        cost: 0,
        misfit: u32::MAX,
        bottom: 0,
        top: 0,
    };
    for tier in &instance.problem.sites[site].tiers {
        let below = tier.min_households.saturating_sub(load);
        let misfit = below.max(load.saturating_sub(tier.max_households));
        if (misfit, tier.fixed_cost) < (best.misfit, best.cost) {
            let (bottom, top) = (tier.min_households, tier.max_households);
            best = Opening {
                cost: tier.fixed_cost,
                misfit,
                bottom,
                top,
            };
        }
    }
    best
}

impl<'i, 'p> Plan<'i, 'p> {
    /// Nobody placed yet.
    pub fn new(instance: &'i Instance<'p>) -> Self {
        let demands = &instance.problem.demands;
        let (mut sums, mut place) = (Sums::default(), Vec::with_capacity(demands.len()));
        for demand in demands {
            let households = i64::from(demand.households);
            sums.aside += households;
            match demand.alternative {
                Some(cost) => sums.cost += cost,
                None => sums.misfit += households,
            }
            place.push(0);
        }
        let sites = instance.problem.sites.len();
        Self {
            instance,
            chosen: vec![ASIDE; demands.len()],
            load: vec![0; sites],
            members: vec![Vec::new(); sites],
            place,
            fixed: vec![Opening::default(); sites],
            blocked: vec![0; sites],
            sums,
        }
    }

    /// The totals.
    pub fn sums(&self) -> Sums {
        self.sums
    }

    /// What the search minimises: cost, and far more for what is broken.
    pub fn value(&self) -> i128 {
        self.weigh(&self.sums)
    }

    /// Money beyond the budget.
    pub fn overspent(&self) -> i64 {
        self.instance
            .problem
            .budget
            .map_or(0, |budget| (self.sums.money - budget).max(0))
    }

    /// Households aside beyond what the least share on sites allows.
    pub fn too_many_aside(&self) -> i64 {
        (self.sums.aside - self.instance.aside_limit as i64).max(0)
    }

    /// Whether every limit is met.
    pub fn whole(&self) -> bool {
        self.sums.misfit == 0 && self.overspent() == 0 && self.too_many_aside() == 0
    }

    fn weigh(&self, sums: &Sums) -> i128 {
        let over = self
            .instance
            .problem
            .budget
            .map_or(0, |budget| (sums.money - budget).max(0));
        let aside = (sums.aside - self.instance.aside_limit as i64).max(0);
        i128::from(sums.cost) + i128::from(over) * OVERSPENT + i128::from(sums.misfit + aside) * BROKEN
    }

    /// Where a demand is.
    pub fn site_of(&self, demand: usize) -> Option<usize> {
        let chosen = self.chosen[demand];
        (chosen != ASIDE).then(|| self.instance.pairs[chosen as usize].site)
    }

    /// Room left on a site.
    pub fn room(&self, site: usize) -> u32 {
        self.instance.most[site] - self.load[site]
    }

    /// Most households a site takes at its present tier; 0 when it is closed.
    pub fn top(&self, site: usize) -> u32 {
        self.fixed[site].top
    }

    /// Whether a site would keep its tier, and so its cost, at another load.
    pub fn keeps_tier(&self, site: usize, load: u32) -> bool {
        let now = &self.fixed[site];
        now.misfit == 0 && now.bottom <= load && load <= now.top
    }

    /// How many households a site is short of its smallest size.
    pub fn misfit(&self, site: usize) -> u32 {
        self.fixed[site].misfit
    }

    /// Whether a demand may be left to its alternative.
    pub fn may_stand_aside(&self, demand: usize) -> bool {
        self.instance.problem.demands[demand].alternative.is_some()
    }

    fn add_choice(&self, sums: &mut Sums, demand: usize, choice: u32, sign: i64) {
        let known = &self.instance.problem.demands[demand];
        if choice == ASIDE {
            let households = i64::from(known.households) * sign;
            sums.aside += households;
            match known.alternative {
                Some(cost) => sums.cost += cost * sign,
                None => sums.misfit += households,
            }
        } else {
            let pair = &self.instance.pairs[choice as usize];
            sums.cost += pair.cost * sign;
            sums.money += pair.money * sign;
        }
    }

    fn add_load(&self, sums: &mut Sums, site: usize, load: u32) {
        let (before, after) = (self.fixed[site], opening(self.instance, site, load));
        sums.cost += after.cost - before.cost;
        sums.money += after.cost - before.cost;
        sums.misfit += i64::from(after.misfit) - i64::from(before.misfit);
    }

    /// The value after a demand has changed to another choice, without changing it.
    pub fn value_after_shift(&self, demand: usize, to: u32) -> i128 {
        let mut sums = self.sums;
        let households = self.instance.problem.demands[demand].households;
        self.add_choice(&mut sums, demand, self.chosen[demand], -1);
        self.add_choice(&mut sums, demand, to, 1);
        if let Some(site) = self.site_of(demand) {
            self.add_load(&mut sums, site, self.load[site] - households);
        }
        if to != ASIDE {
            let site = self.instance.pairs[to as usize].site;
            self.add_load(&mut sums, site, self.load[site] + households);
        }
        self.weigh(&sums)
    }

    /// The value after two demands on different sites have changed places, `a` taking pair `a_to` at `b`'s site and `b`
    /// taking `b_to` at `a`'s.
    pub fn value_after_swap(&self, a: usize, a_to: u32, b: usize, b_to: u32) -> i128 {
        let mut sums = self.sums;
        self.add_choice(&mut sums, a, self.chosen[a], -1);
        self.add_choice(&mut sums, a, a_to, 1);
        self.add_choice(&mut sums, b, self.chosen[b], -1);
        self.add_choice(&mut sums, b, b_to, 1);
        let (from, to) = (
            self.instance.pairs[b_to as usize].site,
            self.instance.pairs[a_to as usize].site,
        );
        let size = |demand: usize| self.instance.problem.demands[demand].households;
        if size(a) != size(b) {
            self.add_load(&mut sums, from, self.load[from] - size(a) + size(b));
            self.add_load(&mut sums, to, self.load[to] - size(b) + size(a));
        }
        self.weigh(&sums)
    }

    /// Changes a demand's choice. Room and conflicts are the caller's business.
    pub fn set(&mut self, demand: usize, to: u32) {
        let from = self.chosen[demand];
        if from == to {
            return;
        }
        let mut sums = self.sums;
        self.add_choice(&mut sums, demand, from, -1);
        self.add_choice(&mut sums, demand, to, 1);
        self.sums = sums;
        let households = self.instance.problem.demands[demand].households;
        if let Some(site) = self.site_of(demand) {
            let place = self.place[demand] as usize;
            self.members[site].swap_remove(place);
            if let Some(&moved) = self.members[site].get(place) {
                self.place[moved as usize] = place as u32;
            }
            self.set_load(site, self.load[site] - households);
        }
        self.chosen[demand] = to;
        if to != ASIDE {
            let site = self.instance.pairs[to as usize].site;
            self.place[demand] = self.members[site].len() as u32;
            self.members[site].push(demand as u32);
            self.set_load(site, self.load[site] + households);
        }
    }

    fn set_load(&mut self, site: usize, load: u32) {
        let mut sums = self.sums;
        self.add_load(&mut sums, site, load);
        self.sums = sums;
        let instance = self.instance;
        if (self.load[site] == 0) != (load == 0) {
            for &rival in &instance.conflicts[site] {
                if load == 0 {
                    self.blocked[rival as usize] -= 1;
                } else {
                    self.blocked[rival as usize] += 1;
                }
            }
        }
        self.load[site] = load;
        self.fixed[site] = opening(instance, site, load);
    }
}
