//! Clusters: pairs become groups of entries of one person, against conflicts.
//!
//! Two members of one household are two persons, and so are two different valid ID numbers; a group never holds either.
//! A pair that a conflict keeps apart is handed back, so that somebody can ask.

use crate::linkage::Link;
use crate::normalise::Record;

/// Why a likely pair was not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The group would hold two members of one household.
    OneHousehold,
    /// The group would hold two different valid ID numbers.
    TwoValidNumbers,
}

/// The outcome: which links joined two groups, and which a conflict refused. Links inside a group that was already
/// joined appear in neither.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    /// Numbers of links that joined two groups, in the order of their pairs.
    pub joined: Vec<usize>,
    /// Numbers of refused links with the reason, in the order of their pairs.
    pub refused: Vec<(usize, Conflict)>,
}

/// Joins by falling weight (then by record numbers).
pub fn cluster(records: &[Record], links: &[Link]) -> Clusters {
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by(|a, b| {
        links[*b]
            .score
            .weight
            .total_cmp(&links[*a].score.weight)
            .then(links[*a].pair.cmp(&links[*b].pair))
    });
    let mut group: std::collections::HashMap<u32, Vec<u32>> = std::collections::HashMap::new();
    let mut group_of: std::collections::HashMap<u32, u32> = std::collections::HashMap::new();
    let mut clusters = Clusters::default();
    for number in order {
        let (left, right) = links[number].pair;
        let (a, b) = (
            *group_of.get(&left).unwrap_or(&left),
            *group_of.get(&right).unwrap_or(&right),
        );
        if a == b {
            continue;
        }
        let first = group.get(&a).cloned().unwrap_or_else(|| vec![left]);
        let second = group.get(&b).cloned().unwrap_or_else(|| vec![right]);
        if let Some(conflict) = conflict(records, &first, &second) {
            clusters.refused.push((number, conflict));
            continue;
        }
        clusters.joined.push(number);
        group.remove(&b);
        let joined: Vec<u32> = first.into_iter().chain(second).collect();
        for member in &joined {
            group_of.insert(*member, a);
        }
        group.insert(a, joined);
    }
    clusters.joined.sort_unstable();
    clusters.refused.sort_unstable_by_key(|(number, _)| *number);
    clusters
}

fn conflict(records: &[Record], first: &[u32], second: &[u32]) -> Option<Conflict> {
    let pairs = || {
        first.iter().flat_map(|a| {
            second
                .iter()
                .map(|b| (&records[*a as usize], &records[*b as usize]))
        })
    };
    if pairs().any(|(a, b)| a.household.is_some() && a.household == b.household) {
        return Some(Conflict::OneHousehold);
    }
    let two_numbers = pairs().any(|(a, b)| a.id.valid && b.id.valid && a.id.bits != b.id.bits);
    two_numbers.then_some(Conflict::TwoValidNumbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Pattern;
    use crate::weights::Score;
    use anju_model::identity::IdNumber;

    fn link(pair: (u32, u32), weight: f64) -> Link {
        let score = Score {
            parts: [0.0; 5],
            start: 0.0,
            name_frequency: 0.0,
            weight,
            probability: 0.99,
        };
        Link {
            pair,
            pattern: Pattern([0; 5]),
            score,
        }
    }

    fn record(id: &str, household: u32) -> Record {
        Record::new("甲", Some(&IdNumber::new(id)), None, None, None, Some(household))
    }

    #[test]
    fn transitive_links_make_one_group_and_conflicts_break_it() {
        let (one, two, none) = ("11010519491231002X", "110105194912310038", "");
        let records = [record(one, 0), record(none, 1), record(two, 2), record(none, 2)];
        let links = [link((0, 1), 20.0), link((1, 2), 10.0), link((2, 3), 15.0)];
        let clusters = cluster(&records, &links);
        assert_eq!(clusters.joined, [0]);
        assert_eq!(
            clusters.refused,
            [(1, Conflict::TwoValidNumbers), (2, Conflict::OneHousehold)]
        );
        let triangle = [link((0, 1), 20.0), link((0, 3), 18.0), link((1, 3), 5.0)];
        assert_eq!(cluster(&records, &triangle).joined, [0, 1]);
    }
}
