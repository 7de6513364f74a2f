//! Limits that cannot be met together, found before the search where that is simple, and named after it.

use std::fmt;

use crate::instance::Instance;
use crate::plan::Plan;

/// A limit that cannot be met, or is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// A demand has neither an alternative nor an allowed site that is large enough.
    NoChoice {
        /// Index of the demand.
        demand: usize,
        /// Its households.
        households: u32,
    },
    /// The sites cannot hold the households that must be on sites.
    Room {
        /// Households that must be on sites.
        needed: u64,
        /// Most that sites can hold together.
        room: u64,
    },
    /// Too few households may or can go to sites for the share asked for.
    Concentration {
        /// Share asked for, in percent.
        percent: u32,
        /// Households it takes.
        needed: u64,
        /// Households that reach a site at most, or do so in the best plan found.
        reached: u64,
    },
    /// The money does not suffice.
    Budget {
        /// Least money needed, or what the best plan found needs.
        needed: i64,
        /// Money available.
        budget: i64,
    },
    /// A demand that must go to a site is left without one.
    Unplaced {
        /// Index of the demand.
        demand: usize,
        /// Its households.
        households: u32,
    },
    /// A site is opened for a number of households that none of its tiers takes.
    Size {
        /// Index of the site.
        site: usize,
        /// Households on it.
        households: u32,
    },
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChoice { demand, households } => write!(
                f,
                "demand {demand} ({households} households) has no alternative and no allowed site that is large enough"
            ),
            Self::Room { needed, room } => {
                write!(
                    f,
                    "{needed} households must be on sites, which hold {room} together"
                )
            }
            Self::Concentration {
                percent,
                needed,
                reached,
            } => write!(
                f,
                "{percent} percent on sites are {needed} households, but {reached} reach one"
            ),
            Self::Budget { needed, budget } => write!(f, "{needed} are needed of a budget of {budget}"),
            Self::Unplaced { demand, households } => {
                write!(
                    f,
                    "demand {demand} ({households} households) finds no place on a site"
                )
            }
            Self::Size { site, households } => {
                write!(
                    f,
                    "site {site} would be opened for {households} households, which none of its tiers takes"
                )
            }
        }
    }
}

/// Limits that no plan can meet, each seen from the sizes alone; empty when none is obvious.
pub(crate) fn obvious(instance: &Instance<'_>) -> Vec<Clash> {
    let problem = instance.problem;
    let mut clashes = Vec::new();
    let mut reachable = 0u64;
    for (i, demand) in problem.demands.iter().enumerate() {
        let placeable = instance
            .pairs_of(i)
            .any(|p| instance.most[instance.pairs[p as usize].site] >= demand.households);
        if placeable {
            reachable += u64::from(demand.households);
        } else if demand.alternative.is_none() {
            clashes.push(Clash::NoChoice {
                demand: i,
                households: demand.households,
            });
        }
    }
    let room = most_room(instance);
    let bound_to_sites: u64 = problem
        .demands
        .iter()
        .filter(|demand| demand.alternative.is_none())
        .map(|demand| u64::from(demand.households))
        .sum();
    if bound_to_sites > room {
        clashes.push(Clash::Room {
            needed: bound_to_sites,
            room,
        });
    }
    if let Some(percent) = problem.concentration_percent {
        let needed = instance.households - instance.aside_limit;
        let reached = reachable.min(room);
        if needed > reached {
            clashes.push(Clash::Concentration {
                percent,
                needed,
                reached,
            });
        }
    }
    clashes
}

/// Most households that sites can hold together: of every part of a group of conflicting sites only the largest counts.
fn most_room(instance: &Instance<'_>) -> u64 {
    let alone = (0..instance.most.len()).filter(|&site| instance.conflicts[site].is_empty());
    let single: u64 = alone.map(|site| u64::from(instance.most[site])).sum();
    let parts = instance.conflict_groups.iter().flatten();
    let largest = |part: &Vec<u32>| {
        part.iter()
            .map(|&site| u64::from(instance.most[site as usize]))
            .max()
    };
    single + parts.filter_map(largest).sum::<u64>()
}

/// What a plan breaks.
pub(crate) fn broken(instance: &Instance<'_>, plan: &Plan<'_, '_>) -> Vec<Clash> {
    let problem = instance.problem;
    let mut clashes = Vec::new();
    for (i, demand) in problem.demands.iter().enumerate() {
        if demand.alternative.is_none() && plan.site_of(i).is_none() {
            clashes.push(Clash::Unplaced {
                demand: i,
                households: demand.households,
            });
        }
    }
    for (site, &households) in plan.load.iter().enumerate() {
        if households > 0 && plan.misfit(site) > 0 {
            clashes.push(Clash::Size { site, households });
        }
    }
    if let Some(percent) = problem.concentration_percent
        && plan.too_many_aside() > 0
    {
        let needed = instance.households - instance.aside_limit;
        let reached = instance.households - plan.sums().aside as u64;
        clashes.push(Clash::Concentration {
            percent,
            needed,
            reached,
        });
    }
    if let Some(budget) = problem.budget
        && plan.overspent() > 0
    {
        clashes.push(Clash::Budget {
            needed: plan.sums().money,
            budget,
        });
    }
    clashes
}
