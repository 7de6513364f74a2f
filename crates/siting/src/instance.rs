//! A problem laid out for computing: pairs by demand and by site, conflicts between sites, and the scale of the
//! multipliers. It checks that the input can be meant; it does not judge whether the limits can be met.

use crate::{Pair, Problem, SitingError};

/// Stands for "no pair": the demand's alternative.
pub(crate) const ASIDE: u32 = u32::MAX;

/// Most cells of the table of pairs; beyond, pairs are searched for.
const LARGEST_TABLE: usize = 1 << 24;

/// Sites and demands with their pairs.
pub(crate) struct Instance<'a> {
    pub problem: &'a Problem,
    /// Pairs sorted by demand, then cost, then site.
    pub pairs: Vec<Pair>,
    /// Where each demand's pairs begin; one element longer than the demands.
    first_pair: Vec<u32>,
    /// Per demand the same range of `pairs`, by site.
    by_site_number: Vec<u32>,
    /// Pair of each demand and site, a row per demand; empty when it would take too much memory.
    table: Vec<u32>,
    /// For each site its pairs, as positions in `pairs`.
    pub by_site: Vec<Vec<u32>>,
    /// Sites that must stay closed while this one is open, ascending.
    pub conflicts: Vec<Vec<u32>>,
    /// Sites that take part in a conflict, in connected groups; each group is cut into parts of which at most one opens.
    pub conflict_groups: Vec<Vec<Vec<u32>>>,
    /// Most households of each site.
    pub most: Vec<u32>,
    /// All households.
    pub households: u64,
    /// Households that may be left to their alternatives.
    pub aside_limit: u64,
    /// Households that every plan places on sites.
    pub least_placed: u64,
    /// Multipliers are whole multiples of `1 / scale`.
    pub scale: i64,
    /// Greatest multiplier of a demand, and of money, in units of `1 / scale`.
    pub caps: Caps,
}

/// Bounds on multipliers, so that no sum leaves 64 bits per demand and site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps {
    pub demand: i64,
    pub budget: i64,
    pub concentration: i64,
}

impl<'a> Instance<'a> {
    /// Lays a problem out.
    ///
    /// # Errors
    /// [`SitingError::Input`] when an index, a size, a cost or a share cannot be meant.
    pub fn new(problem: &'a Problem) -> Result<Self, SitingError> {
        check_input(problem)?;
        let mut pairs = problem.pairs.clone();
        pairs.sort_unstable_by_key(|pair| (pair.demand, pair.cost, pair.site));
        let mut first_pair = vec![0u32; problem.demands.len() + 1];
        for pair in &pairs {
            first_pair[pair.demand + 1] += 1;
        }
        for demand in 0..problem.demands.len() {
            first_pair[demand + 1] += first_pair[demand];
        }
        let mut by_site_number: Vec<u32> = (0..pairs.len() as u32).collect();
        by_site_number.sort_unstable_by_key(|&p| (pairs[p as usize].demand, pairs[p as usize].site));
        let cells = problem.demands.len() * problem.sites.len();
        let mut table = vec![ASIDE; if cells <= LARGEST_TABLE { cells } else { 0 }];
        if !table.is_empty() {
            for (p, pair) in pairs.iter().enumerate() {
                table[pair.demand * problem.sites.len() + pair.site] = p as u32;
            }
        }
        let mut by_site = vec![Vec::new(); problem.sites.len()];
        for (p, pair) in pairs.iter().enumerate() {
            by_site[pair.site].push(p as u32);
        }
        let conflicts = conflicts(problem);
        let conflict_groups = conflict_groups(problem, &conflicts);
        let households: u64 = problem
            .demands
            .iter()
            .map(|demand| u64::from(demand.households))
            .sum();
        let share = problem
            .concentration_percent
            .map_or(0, |percent| (households * u64::from(percent)).div_ceil(100));
        let bound_to_sites: u64 = problem
            .demands
            .iter()
            .filter(|demand| demand.alternative.is_none())
            .map(|demand| u64::from(demand.households))
            .sum();
        let (scale, caps) = scale(problem);
        Ok(Self {
            most: problem
                .sites
                .iter()
                .map(|site| {
                    site.tiers
                        .iter()
                        .map(|tier| tier.max_households)
                        .max()
                        .unwrap_or(0)
                })
                .collect(),
            pairs,
            first_pair,
            by_site_number,
            table,
            by_site,
            conflicts,
            conflict_groups,
            households,
            aside_limit: households - share,
            least_placed: share.max(bound_to_sites),
            scale,
            caps,
            problem,
        })
    }

    /// A demand's pairs, cheapest first, as positions in `pairs`.
    pub fn pairs_of(&self, demand: usize) -> std::ops::Range<u32> {
        self.first_pair[demand]..self.first_pair[demand + 1]
    }

    /// The pair of a demand and a site, when it is allowed.
    pub fn pair_at(&self, demand: usize, site: usize) -> Option<u32> {
        if !self.table.is_empty() {
            let p = self.table[demand * self.problem.sites.len() + site];
            return (p != ASIDE).then_some(p);
        }
        let range = self.first_pair[demand] as usize..self.first_pair[demand + 1] as usize;
        let pairs = &self.by_site_number[range];
        pairs
            .binary_search_by_key(&site, |&p| self.pairs[p as usize].site)
            .ok()
            .map(|place| pairs[place])
    }
}

fn conflicts(problem: &Problem) -> Vec<Vec<u32>> {
    let mut conflicts = vec![Vec::new(); problem.sites.len()];
    for set in &problem.exclusive {
        for &a in set {
            conflicts[a].extend(set.iter().filter(|&&b| b != a).map(|&b| b as u32));
        }
    }
    for rivals in &mut conflicts {
        rivals.sort_unstable();
        rivals.dedup();
    }
    conflicts
}

/// Connected groups of conflicting sites, each cut into parts that lie within one exclusive set.
fn conflict_groups(problem: &Problem, conflicts: &[Vec<u32>]) -> Vec<Vec<Vec<u32>>> {
    let mut part_of = vec![usize::MAX; problem.sites.len()];
    let mut largest_first: Vec<&Vec<usize>> = problem.exclusive.iter().collect();
    largest_first.sort_by_key(|set| std::cmp::Reverse(set.len()));
    for (part, set) in largest_first.into_iter().enumerate() {
        for &site in set {
            if part_of[site] == usize::MAX && !conflicts[site].is_empty() {
                part_of[site] = part;
            }
        }
    }
    let mut groups = Vec::new();
    let mut seen = vec![false; problem.sites.len()];
    for start in 0..problem.sites.len() {
        if seen[start] || conflicts[start].is_empty() {
            continue;
        }
        let (mut group, mut open) = (Vec::new(), vec![start as u32]);
        seen[start] = true;
        while let Some(site) = open.pop() {
            group.push(site);
            for &rival in &conflicts[site as usize] {
                if !std::mem::replace(&mut seen[rival as usize], true) {
                    open.push(rival);
                }
            }
        }
        group.sort_unstable_by_key(|&site| (part_of[site as usize], site));
        let same = |a: &u32, b: &u32| part_of[*a as usize] == part_of[*b as usize];
        groups.push(group.chunk_by(same).map(<[u32]>::to_vec).collect());
    }
    groups
}

/// The finest scale that keeps every sum over one site within 64 bits, and the greatest multipliers to go with it.
fn scale(problem: &Problem) -> (i64, Caps) {
    let terms = problem.demands.len() as i64 + 2;
    let room = (1i64 << 60) / terms;
    let costs = problem.pairs.iter().map(|pair| pair.cost);
    let alternatives = problem.demands.iter().filter_map(|demand| demand.alternative);
    let fixed = problem
        .sites
        .iter()
        .flat_map(|site| &site.tiers)
        .map(|tier| tier.fixed_cost);
    let dearest = costs
        .chain(alternatives)
        .chain(fixed.clone())
        .max()
        .unwrap_or(0)
        .max(1);
    let money = problem
        .pairs
        .iter()
        .map(|pair| pair.money)
        .chain(fixed)
        .max()
        .unwrap_or(0)
        .max(1);
    let scale = (room / dearest).clamp(1, FINEST);
    let scale = 1 << scale.ilog2();
    let largest_group = problem
        .demands
        .iter()
        .map(|demand| i64::from(demand.households))
        .max()
        .unwrap_or(1)
        .max(1);
    (
        scale,
        Caps {
            demand: room,
            budget: room / money,
            concentration: room / largest_group,
        },
    )
}

/// Multipliers need no finer steps than this.
const FINEST: i64 = 1 << 10;

/// Largest single cost, so that even scale 1 leaves room for every sum.
pub(crate) fn dearest_allowed(demands: usize) -> i64 {
    (1i64 << 58) / (demands as i64 + 2)
}

fn check_input(problem: &Problem) -> Result<(), SitingError> {
    let wrong = |place: String, reason: String| Err(SitingError::Input { place, reason });
    let dearest = dearest_allowed(problem.demands.len());
    let cost_reason = |cost: i64| format!("a cost of {cost} is outside 0 to {dearest}; check its unit");
    if problem.demands.len() >= (1 << 24) || problem.pairs.len() >= ASIDE as usize {
        return wrong(
            "the problem".into(),
            "it has more than 2^24 demands or 2^32 - 2 pairs; divide it by area".into(),
        );
    }
    let households: u64 = problem
        .demands
        .iter()
        .map(|demand| u64::from(demand.households))
        .sum();
    if households > u64::from(u32::MAX) {
        return wrong(
            "the problem".into(),
            format!("{households} households are more than 2^32 - 1"),
        );
    }
    for (i, demand) in problem.demands.iter().enumerate() {
        if demand.households == 0 {
            return wrong(format!("demand {i}"), "it has no households; leave it out".into());
        }
        if let Some(cost) = demand.alternative
            && !(0..=dearest).contains(&cost)
        {
            return wrong(format!("demand {i}, alternative"), cost_reason(cost));
        }
    }
    for (s, site) in problem.sites.iter().enumerate() {
        for (t, tier) in site.tiers.iter().enumerate() {
            let place = format!("site {s}, tier {t}");
            if tier.min_households > tier.max_households || tier.max_households == 0 {
                let (least, most) = (tier.min_households, tier.max_households);
                return wrong(
                    place,
                    format!("no number of households lies from {least} to {most} and above 0"),
                );
            }
            if !(0..=dearest).contains(&tier.fixed_cost) {
                return wrong(place, cost_reason(tier.fixed_cost));
            }
        }
    }
    let mut keys = Vec::with_capacity(problem.pairs.len());
    for (p, pair) in problem.pairs.iter().enumerate() {
        let place = format!("pair {p} (demand {}, site {})", pair.demand, pair.site);
        if pair.demand >= problem.demands.len() || pair.site >= problem.sites.len() {
            return wrong(place, "there is no such demand or site".into());
        }
        if !(0..=dearest).contains(&pair.cost) {
            return wrong(place, cost_reason(pair.cost));
        }
        if !(0..=dearest).contains(&pair.money) {
            return wrong(place, cost_reason(pair.money));
        }
        keys.push((pair.demand, pair.site));
    }
    keys.sort_unstable();
    if let Some(double) = keys.windows(2).find(|two| two[0] == two[1]) {
        let (demand, site) = double[0];
        return wrong(
            format!("demand {demand}, site {site}"),
            "the pair is given twice".into(),
        );
    }
    for (e, set) in problem.exclusive.iter().enumerate() {
        if let Some(site) = set.iter().find(|&&site| site >= problem.sites.len()) {
            return wrong(format!("exclusive set {e}"), format!("there is no site {site}"));
        }
    }
    if let Some(percent) = problem.concentration_percent
        && percent > 100
    {
        return wrong(
            "the least share on sites".into(),
            format!("{percent} percent are more than 100"),
        );
    }
    if let Some(budget) = problem.budget
        && !(0..=1 << 60).contains(&budget)
    {
        return wrong("the budget".into(), format!("{budget} is outside 0 to 2^60"));
    }
    Ok(())
}
