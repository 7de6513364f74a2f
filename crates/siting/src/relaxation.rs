//! The Lagrangian relaxation: what is left when the assignment rows, the budget and the share on sites are priced
//! instead of required. It falls apart into one knapsack per site and a choice of sites; its value is a lower bound on
//! the cost of every plan whatever the multipliers are, computed in integers throughout.
//!
//! This module evaluates given multipliers; [`crate::ascent`] looks for good ones.

use rayon::prelude::*;

use crate::instance::Instance;
use crate::knapsack::{Item, Sums, fill};

/// Prices of the relaxed rows, in units of `1 / scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Multipliers {
    /// Per demand: what placing it once is worth.
    pub demand: Vec<i64>,
    /// Price of a unit of money, at least 0.
    pub budget: i64,
    /// Price of a household left to its alternative, at least 0.
    pub concentration: i64,
}

/// The relaxed problem solved at some multipliers. Values are in units of `1 / scale`.
pub(crate) struct Relaxed {
    /// Lower bound on the cost of every plan.
    pub value: i128,
    /// How often each demand is placed, alternatives included.
    pub placed: Vec<f64>,
    /// To what degree each site is open, 0 to 1.
    pub open: Vec<f64>,
    /// Money spent.
    pub money: f64,
    /// Households left to their alternatives.
    pub aside: f64,
    /// Least value of each site when it is opened; below 0 when opening pays.
    pub site_value: Vec<i64>,
}

/// Value of a site that can never be opened; far above every real one, and sums of it stay within 128 bits.
const NEVER: i64 = 1 << 62;

/// Nodes of branch and bound per knapsack; beyond, the continuous filling bounds it.
const NODES: u32 = 1500;

/// Nodes for choosing among conflicting sites of one group.
const CONFLICT_NODES: u32 = 4000;

/// One site at some multipliers.
struct SiteValue {
    value: i64,
    fixed_cost: i64,
    /// Pairs and shares that are served when the site opens.
    taken: Vec<(u32, f64)>,
}

/// Room to work in, kept between sites.
#[derive(Default)]
struct Workspace {
    wanted: Vec<Item>,
    filler: Vec<Item>,
    sums: Sums,
}

/// Solves the relaxed problem. Every rounding is downwards.
pub(crate) fn relax(instance: &Instance<'_>, multipliers: &Multipliers) -> Relaxed {
    let problem = instance.problem;
    let sites: Vec<SiteValue> = (0..problem.sites.len())
        .into_par_iter()
        .with_min_len(8)
        .map_init(Workspace::default, |workspace, site| {
            open_site(instance, multipliers, site, workspace)
        })
        .collect();
    let site_value: Vec<i64> = sites.iter().map(|site| site.value).collect();
    let selection = select(instance, &site_value, None);
    let mut value = selection.value;
    let mut placed = vec![0.0; problem.demands.len()];
    let (mut money, mut aside) = (0.0, 0.0);
    for (site, &degree) in sites.iter().zip(&selection.open) {
        if degree > 0.0 {
            money += site.fixed_cost as f64 * degree;
            for &(p, share) in &site.taken {
                let pair = &instance.pairs[p as usize];
                placed[pair.demand] += share * degree;
                money += pair.money as f64 * share * degree;
            }
        }
    }
    for (i, demand) in problem.demands.iter().enumerate() {
        value += i128::from(multipliers.demand[i]);
        if let Some(cost) = demand.alternative {
            let reduced = instance.scale * cost + multipliers.concentration * i64::from(demand.households)
                - multipliers.demand[i];
            if reduced < 0 {
                value += i128::from(reduced);
                placed[i] += 1.0;
                aside += f64::from(demand.households);
            }
        }
    }
    if let Some(budget) = problem.budget {
        value -= i128::from(multipliers.budget) * i128::from(budget);
    }
    value -= i128::from(multipliers.concentration) * i128::from(instance.aside_limit);
    Relaxed {
        value,
        placed,
        open: selection.open,
        money,
        aside,
        site_value,
    }
}

/// The least value of opening a site over its tiers.
fn open_site(
    instance: &Instance<'_>,
    multipliers: &Multipliers,
    site: usize,
    workspace: &mut Workspace,
) -> SiteValue {
    let problem = instance.problem;
    let Workspace { wanted, filler, sums } = workspace;
    wanted.clear();
    filler.clear();
    let most = instance.most[site];
    for &p in &instance.by_site[site] {
        let pair = &instance.pairs[p as usize];
        let weight = problem.demands[pair.demand].households;
        if weight > most {
            continue;
        }
        let reduced =
            instance.scale * pair.cost + multipliers.budget * pair.money - multipliers.demand[pair.demand];
        if reduced < 0 {
            wanted.push(Item {
                profit: -reduced,
                weight,
                pair: p,
            });
        } else {
            filler.push(Item {
                profit: reduced,
                weight,
                pair: p,
            });
        }
    }
    let ratio = |a: &Item, b: &Item| {
        (i128::from(a.profit) * i128::from(b.weight)).cmp(&(i128::from(b.profit) * i128::from(a.weight)))
    };
    wanted.sort_unstable_by(|a, b| ratio(b, a).then(a.pair.cmp(&b.pair)));
    sums.set(wanted);
    let opening =
        |fixed_cost: i64| fixed_cost * instance.scale + multipliers.budget.saturating_mul(fixed_cost);
    let mut filler_sorted = false;
    let mut best = SiteValue {
        value: NEVER,
        fixed_cost: 0,
        taken: Vec::new(),
    };
    // The tier with the best continuous value first, so that the others are often settled by it.
    let mut tiers: Vec<(i64, usize)> = problem.sites[site]
        .tiers
        .iter()
        .enumerate()
        .map(|(t, tier)| {
            (
                opening(tier.fixed_cost) - sums.continuous(wanted, u64::from(tier.max_households)),
                t,
            )
        })
        .collect();
    tiers.sort_unstable();
    for (least, t) in tiers {
        if least >= best.value {
            break;
        }
        let tier = &problem.sites[site].tiers[t];
        let smallest = u64::from(tier.min_households);
        if sums.weight() >= smallest {
            let filling = fill(wanted, sums, u64::from(tier.max_households), NODES);
            let value = opening(tier.fixed_cost) - filling.bound;
            if value < best.value {
                let taken = filling
                    .taken
                    .iter()
                    .map(|&(item, share)| (wanted[item as usize].pair, share))
                    .collect();
                best = SiteValue {
                    value,
                    fixed_cost: tier.fixed_cost,
                    taken,
                };
            }
            continue;
        }
        // Too few want to come: the smallest size is reached with those who cost least per household, in part if
        // need be, which is a lower bound on reaching it.
        if !filler_sorted {
            filler.sort_unstable_by(|a, b| ratio(a, b).then(a.pair.cmp(&b.pair)));
            filler_sorted = true;
        }
        let mut value = least;
        let mut missing = smallest - sums.weight();
        let mut taken: Vec<(u32, f64)> = wanted.iter().map(|item| (item.pair, 1.0)).collect();
        for item in filler.iter() {
            if missing == 0 || value >= best.value {
                break;
            }
            let part = missing.min(u64::from(item.weight));
            value += (i128::from(item.profit) * i128::from(part) / i128::from(item.weight)) as i64;
            taken.push((item.pair, part as f64 / f64::from(item.weight)));
            missing -= part;
        }
        if missing == 0 && value < best.value {
            best = SiteValue {
                value,
                fixed_cost: tier.fixed_cost,
                taken,
            };
        }
    }
    best
}

/// Which sites the relaxed problem opens.
struct Selection {
    value: i128,
    open: Vec<f64>,
}

/// Opens sites at the least total value. The rows that tie sites together are the conflicts and that enough room must
/// be open for all households every plan places; each is enforced alone and the best of the bounds is kept.
fn select(instance: &Instance<'_>, values: &[i64], forced: Option<usize>) -> Selection {
    let free = |site: usize| forced != Some(site) && !forced.is_some_and(|f| rivals(instance, f, site));
    let attractive = |site: usize| values[site] < 0 && free(site);
    let base = forced.map_or(0, |site| i128::from(values[site]));

    // Conflicts.
    let mut open = vec![0.0; values.len()];
    let mut value = base;
    if let Some(site) = forced {
        open[site] = 1.0;
    }
    for site in 0..values.len() {
        if instance.conflicts[site].is_empty() && attractive(site) {
            value += i128::from(values[site]);
            open[site] = 1.0;
        }
    }
    for group in &instance.conflict_groups {
        let parts: Vec<Vec<u32>> = group
            .iter()
            .map(|part| {
                let mut part: Vec<u32> = part
                    .iter()
                    .copied()
                    .filter(|&site| attractive(site as usize))
                    .collect();
                part.sort_unstable_by_key(|&site| (values[site as usize], site));
                part
            })
            .filter(|part| !part.is_empty())
            .collect();
        let (least, chosen) = choose_compatible(instance, values, &parts);
        value += least;
        for site in chosen {
            open[site as usize] = 1.0;
        }
    }
    let mut best = Selection { value, open };
    let needed = instance.least_placed;
    if needed == 0 {
        return best;
    }

    // Room: continuous covering, then the smallest number of sites that can hold everybody.
    let room = |site: usize| u64::from(instance.most[site]);
    let mut chosen: Vec<usize> = (0..values.len()).filter(|&site| attractive(site)).collect();
    chosen.extend(forced);
    let value: i128 = base
        + chosen
            .iter()
            .filter(|&&s| Some(s) != forced)
            .map(|&s| i128::from(values[s]))
            .sum::<i128>();
    let mut others: Vec<usize> = (0..values.len())
        .filter(|&site| values[site] >= 0 && values[site] < NEVER && free(site) && room(site) > 0)
        .collect();
    let have: u64 = chosen.iter().map(|&site| room(site)).sum();
    let mut open = vec![0.0; values.len()];
    for &site in &chosen {
        open[site] = 1.0;
    }
    if have < needed {
        others.sort_unstable_by(|&a, &b| {
            let (left, right) = (
                i128::from(values[a]) * i128::from(room(b)),
                i128::from(values[b]) * i128::from(room(a)),
            );
            left.cmp(&right).then(a.cmp(&b))
        });
        let (mut value, mut open, mut missing) = (value, open.clone(), needed - have);
        for &site in &others {
            let part = missing.min(room(site));
            value += i128::from(values[site]) * i128::from(part) / i128::from(room(site));
            open[site] = part as f64 / room(site) as f64;
            missing -= part;
            if missing == 0 {
                break;
            }
        }
        if value > best.value {
            best = Selection { value, open };
        }
    }
    let mut rooms: Vec<u64> = (0..values.len()).map(room).collect();
    rooms.sort_unstable_by_key(|&room| std::cmp::Reverse(room));
    let (mut count, mut sum) = (0, 0);
    while sum < needed && count < rooms.len() {
        sum += rooms[count];
        count += 1;
    }
    if chosen.len() < count {
        others.sort_unstable_by_key(|&site| (values[site], site));
        let mut value = value;
        for &site in others.iter().take(count - chosen.len()) {
            value += i128::from(values[site]);
            open[site] = 1.0;
        }
        if value > best.value {
            best = Selection { value, open };
        }
    }
    best
}

fn rivals(instance: &Instance<'_>, a: usize, b: usize) -> bool {
    instance.conflicts[a].binary_search(&(b as u32)).is_ok()
}

/// At most one site of each part and none that conflict, at the least total value; when the nodes run out, conflicts
/// between parts are ignored, which is a lower bound.
fn choose_compatible(instance: &Instance<'_>, values: &[i64], parts: &[Vec<u32>]) -> (i128, Vec<u32>) {
    struct Walk<'b, 'a> {
        instance: &'b Instance<'a>,
        values: &'b [i64],
        parts: &'b [Vec<u32>],
        rest: Vec<i128>,
        best: i128,
        chosen: Vec<u32>,
        current: Vec<u32>,
        nodes: u32,
    }
    impl Walk<'_, '_> {
        fn descend(&mut self, part: usize, value: i128) {
            if self.nodes == 0 || value + self.rest[part] >= self.best {
                return;
            }
            self.nodes -= 1;
            if part == self.parts.len() {
                self.best = value;
                self.chosen.clone_from(&self.current);
                return;
            }
            let parts = self.parts;
            for &site in &parts[part] {
                if self
                    .current
                    .iter()
                    .all(|&other| !rivals(self.instance, other as usize, site as usize))
                {
                    self.current.push(site);
                    self.descend(part + 1, value + i128::from(self.values[site as usize]));
                    self.current.pop();
                }
            }
            self.descend(part + 1, value);
        }
    }
    // What the parts from here on can bring at best.
    let mut rest = vec![0i128; parts.len() + 1];
    for (k, part) in parts.iter().enumerate().rev() {
        rest[k] = rest[k + 1] + part.first().map_or(0, |&site| i128::from(values[site as usize]));
    }
    let best_of_each = rest[0];
    let (chosen, current) = (Vec::new(), Vec::new());
    let mut walk = Walk {
        instance,
        values,
        parts,
        rest,
        best: 1,
        chosen,
        current,
        nodes: CONFLICT_NODES,
    };
    walk.descend(0, 0);
    if walk.nodes == 0 {
        return (
            best_of_each,
            parts.iter().filter_map(|part| part.first().copied()).collect(),
        );
    }
    (walk.best, walk.chosen)
}

/// The lower bound in whole units of cost: rounded up, because costs are whole numbers.
pub(crate) fn bound(instance: &Instance<'_>, relaxed: &Relaxed) -> i64 {
    let up = -(-relaxed.value).div_euclid(i128::from(instance.scale));
    i64::try_from(up.max(0)).unwrap_or(i64::MAX)
}

/// For each site, by how much the bound rises when a plan must open it; at least 0.
pub(crate) fn rise_when_opened(instance: &Instance<'_>, relaxed: &Relaxed) -> Vec<i64> {
    let now = select(instance, &relaxed.site_value, None).value;
    (0..relaxed.site_value.len())
        .into_par_iter()
        .map(|site| {
            if relaxed.site_value[site] >= NEVER {
                return i64::MAX;
            }
            let then = select(instance, &relaxed.site_value, Some(site)).value;
            i64::try_from((then - now).max(0) / i128::from(instance.scale)).unwrap_or(i64::MAX)
        })
        .collect()
}
