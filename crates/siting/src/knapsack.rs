//! 0-1 knapsack with a certified upper bound.
//!
//! Items are handed in by falling profit per weight. Branch and bound (Horowitz and Sahni 1974) with Dantzig's bound
//! (1957); when the limit of nodes is reached the answer is Dantzig's continuous filling, which is an upper bound
//! too. It neither sorts nor allocates beyond the answer.

/// An item with a profit above zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    /// What taking it brings, above zero.
    pub profit: i64,
    /// Room it needs, above zero.
    pub weight: u32,
    /// What the item stands for.
    pub pair: u32,
}

/// Running sums of profits and weights, one element longer than the items.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sums {
    profit: Vec<i64>,
    weight: Vec<u64>,
}

impl Sums {
    /// Fills the sums anew.
    pub fn set(&mut self, items: &[Item]) {
        self.profit.clear();
        self.weight.clear();
        let (mut profit, mut weight) = (0, 0);
        self.profit.push(0);
        self.weight.push(0);
        for item in items {
            profit += item.profit;
            weight += u64::from(item.weight);
            self.profit.push(profit);
            self.weight.push(weight);
        }
    }

    /// All weights.
    pub fn weight(&self) -> u64 {
        self.weight.last().copied().unwrap_or(0)
    }

    /// First item from `from` on that no longer fits when all before it are taken, and Dantzig's bound rounded down.
    fn dantzig(&self, items: &[Item], from: usize, room: u64) -> (usize, i64) {
        let limit = self.weight[from] + room;
        let full = from + self.weight[from + 1..].partition_point(|&weight| weight <= limit);
        let taken = self.profit[full] - self.profit[from];
        let Some(item) = items.get(full) else {
            return (full, taken);
        };
        let left = limit - self.weight[full];
        let part = i128::from(item.profit) * i128::from(left) / i128::from(item.weight);
        (full, taken + part as i64)
    }

    /// Dantzig's bound on the best profit that fits, rounded down.
    pub fn continuous(&self, items: &[Item], room: u64) -> i64 {
        self.dantzig(items, 0, room).1
    }
}

/// How full a knapsack is in the best or the continuous filling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filling {
    /// No filling brings more.
    pub bound: i64,
    /// Items by position and the share of each that is taken.
    pub taken: Vec<(u32, f64)>,
}

/// Best filling, or the continuous one after `nodes` nodes.
pub(crate) fn fill(items: &[Item], sums: &Sums, room: u64, nodes: u32) -> Filling {
    let (full, bound) = sums.dantzig(items, 0, room);
    let whole = |count: usize| (0..count as u32).map(|item| (item, 1.0)).collect::<Vec<_>>();
    if full == items.len() {
        return Filling {
            bound,
            taken: whole(full),
        };
    }
    let mut branch = Branch {
        items,
        sums,
        best: -1,
        chosen: Vec::new(),
        current: Vec::new(),
        nodes,
    };
    branch.descend(0, room, 0);
    if branch.nodes > 0 {
        return Filling {
            bound: branch.best,
            taken: branch.chosen.iter().map(|&item| (item, 1.0)).collect(),
        };
    }
    let mut taken = whole(full);
    let left = room - sums.weight[full];
    if left > 0 {
        taken.push((full as u32, left as f64 / f64::from(items[full].weight)));
    }
    Filling { bound, taken }
}

struct Branch<'a> {
    items: &'a [Item],
    sums: &'a Sums,
    best: i64,
    chosen: Vec<u32>,
    current: Vec<u32>,
    nodes: u32,
}

impl Branch<'_> {
    fn descend(&mut self, from: usize, room: u64, value: i64) {
        let (full, bound) = self.sums.dantzig(self.items, from, room);
        if self.nodes == 0 || value + bound <= self.best {
            return;
        }
        self.nodes -= 1;
        // Everything up to the first item that does not fit is taken at once; backtracking then leaves these out one
        // by one, the last first.
        let before = self.current.len();
        self.current.extend(from as u32..full as u32);
        let value = value + self.sums.profit[full] - self.sums.profit[from];
        let room = room - (self.sums.weight[full] - self.sums.weight[from]);
        if full == self.items.len() {
            self.record(value);
        } else {
            self.descend_without(full, room, value);
        }
        let (mut value, mut room) = (value, room);
        for item in (from..full).rev() {
            self.current.pop();
            value -= self.items[item].profit;
            room += u64::from(self.items[item].weight);
            if self.nodes == 0 {
                break;
            }
            self.descend_without(item, room, value);
        }
        self.current.truncate(before);
    }

    /// Goes on behind an item that is left out.
    fn descend_without(&mut self, item: usize, room: u64, value: i64) {
        if item + 1 == self.items.len() {
            self.record(value);
        } else {
            self.descend(item + 1, room, value);
        }
    }

    fn record(&mut self, value: i64) {
        if value > self.best {
            self.best = value;
            self.chosen.clone_from(&self.current);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(mut items: Vec<(i64, u32)>) -> Vec<Item> {
        items.sort_by(|a, b| (i128::from(b.0) * i128::from(a.1)).cmp(&(i128::from(a.0) * i128::from(b.1))));
        items
            .iter()
            .map(|&(profit, weight)| Item {
                profit,
                weight,
                pair: 0,
            })
            .collect()
    }

    fn table(items: &[Item], room: usize) -> i64 {
        let mut best = vec![0i64; room + 1];
        for item in items {
            for load in (item.weight as usize..=room).rev() {
                best[load] = best[load].max(best[load - item.weight as usize] + item.profit);
            }
        }
        best[room]
    }

    proptest! {
        #[test]
        fn agrees_with_dynamic_programming(
            items in prop::collection::vec((1i64..200, 1u32..40), 0..16),
            room in 0usize..200,
        ) {
            let items = sorted(items);
            let mut sums = Sums::default();
            sums.set(&items);
            let best = table(&items, room);
            let exact = fill(&items, &sums, room as u64, 1_000_000);
            prop_assert_eq!(exact.bound, best);
            let (mut profit, mut weight) = (0, 0);
            for &(item, share) in &exact.taken {
                prop_assert_eq!(share, 1.0);
                profit += items[item as usize].profit;
                weight += items[item as usize].weight as usize;
            }
            prop_assert_eq!(profit, best);
            prop_assert!(weight <= room);
            // However early the search is cut off, what comes back is still an upper bound.
            for nodes in 0..4 {
                prop_assert!(fill(&items, &sums, room as u64, nodes).bound >= best);
            }
        }
    }
}
