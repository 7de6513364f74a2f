//! Connected regions of cells by runs: neighbouring runs of consecutive rows are joined with a disjoint-set forest, so
//! that memory follows the runs and no raster of labels is needed. It does not judge regions.

use crate::Grid;

/// Cells of one row from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The row.
    pub row: u32,
    /// First column.
    pub start: u32,
    /// One past the last column.
    pub end: u32,
}

impl Run {
    /// Number of cells.
    pub fn cells(&self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Which cells are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    /// Cells that share an edge.
    Four,
    /// Cells that share an edge or a corner.
    Eight,
}

/// A connected set of cells as runs, ordered by row and column; never empty, and no two runs touch within a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The runs.
    pub runs: Vec<Run>,
}

impl Region {
    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.runs.iter().map(Run::cells).sum()
    }

    /// Area in square metres on a grid.
    pub fn area(&self, grid: &Grid) -> f64 {
        self.cells() as f64 * grid.cell_area()
    }

    /// First row, one past the last row, first column, one past the last column.
    pub fn extent(&self) -> (u32, u32, u32, u32) {
        let rows = (self.runs[0].row, self.runs[self.runs.len() - 1].row + 1);
        let start = self.runs.iter().map(|run| run.start).min().unwrap_or(0);
        let end = self.runs.iter().map(|run| run.end).max().unwrap_or(0);
        (rows.0, rows.1, start, end)
    }
}

/// The runs of cells of one row that `keep` accepts, appended to `runs`.
pub fn runs_of_row<T>(row: usize, cells: &[T], keep: impl Fn(&T) -> bool, runs: &mut Vec<Run>) {
    let mut col = 0;
    while col < cells.len() {
        if !keep(&cells[col]) {
            col += 1;
            continue;
        }
        let start = col;
        while col < cells.len() && keep(&cells[col]) {
            col += 1;
        }
        runs.push(Run {
            row: row as u32,
            start: start as u32,
            end: col as u32,
        });
    }
}

/// Joins runs, ordered by row and column and apart within a row, into regions, ordered by their first run.
///
/// ```
/// use anju_land::regions::{Connectivity, Run, regions};
/// let diagonal = [Run { row: 0, start: 0, end: 1 }, Run { row: 1, start: 1, end: 2 }];
/// assert_eq!(regions(&diagonal, Connectivity::Eight).len(), 1);
/// assert_eq!(regions(&diagonal, Connectivity::Four).len(), 2);
/// ```
pub fn regions(runs: &[Run], connectivity: Connectivity) -> Vec<Region> {
    let reach = match connectivity {
        Connectivity::Four => 0,
        Connectivity::Eight => 1,
    };
    // The parent of a run is never after it, so the root is the region's first run.
    let mut parent: Vec<u32> = (0..runs.len() as u32).collect();
    let mut above = 0; // the first run of the row above that may still meet the current one
    for (index, run) in runs.iter().enumerate() {
        while above < index
            && (runs[above].row + 1 < run.row
                || (runs[above].row + 1 == run.row && runs[above].end + reach <= run.start))
        {
            above += 1;
        }
        let mut other = above;
        while other < index && runs[other].row + 1 == run.row && runs[other].start < run.end + reach {
            join(&mut parent, other as u32, index as u32);
            other += 1;
        }
    }
    let mut number = vec![u32::MAX; runs.len()];
    let mut found: Vec<Region> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let first = root(&mut parent, index as u32) as usize;
        if first == index {
            number[index] = found.len() as u32;
            found.push(Region { runs: Vec::new() });
        }
        found[number[first] as usize].runs.push(*run);
    }
    found
}

fn root(parent: &mut [u32], mut of: u32) -> u32 {
    while parent[of as usize] != of {
        parent[of as usize] = parent[parent[of as usize] as usize];
        of = parent[of as usize];
    }
    of
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}

/// Cuts a region into pieces of at most `most` cells (at least 1), each connected and as compact as the shape allows.
///
/// A piece that is too large is cut straight across its longer side, in metres, where the cut is shortest among the
/// places that leave at least a third of the cells on either side; equal cuts are decided by balance, then by the
/// smaller coordinate. What a cut takes apart becomes pieces of its own, so narrow remains may be small.
pub fn split(region: Region, most: usize, grid: &Grid, connectivity: Connectivity) -> Vec<Region> {
    let mut pieces = Vec::new();
    let mut open = vec![region];
    while let Some(region) = open.pop() {
        let (top, bottom, west, east) = region.extent();
        if region.cells() <= most || (bottom - top == 1 && east - west == 1) {
            pieces.push(region);
            continue;
        }
        let tall = f64::from(bottom - top) * grid.cell_height() >= f64::from(east - west) * grid.cell_width();
        let by_rows = if bottom - top == 1 {
            false
        } else {
            tall || east - west == 1
        };
        let (north_west, south_east) = if by_rows {
            let cut = shortest_cut(top, bottom, |line| {
                let mut cells = vec![0u64; line];
                let mut shared = vec![0u64; line];
                for run in &region.runs {
                    cells[(run.row - top) as usize] += run.cells() as u64;
                }
                count_shared_rows(&region.runs, top, &mut shared);
                (cells, shared)
            });
            region.runs.iter().partition(|run| run.row < cut)
        } else {
            let cut = shortest_cut(west, east, |line| {
                let mut cells = vec![0u64; line];
                let mut shared = vec![0u64; line];
                for run in &region.runs {
                    for col in run.start..run.end {
                        cells[(col - west) as usize] += 1;
                        shared[(col - west) as usize] += u64::from(col > run.start);
                    }
                }
                (cells, shared)
            });
            cut_columns(&region.runs, cut)
        };
        let (one, other): (Vec<Run>, Vec<Run>) = (north_west, south_east);
        open.extend(regions(&one, connectivity));
        open.extend(regions(&other, connectivity));
    }
    pieces.sort_by_key(|piece| piece.runs[0]);
    pieces
}

/// For each row after the first, the number of cells whose northern neighbour is in the region too.
fn count_shared_rows(runs: &[Run], top: u32, shared: &mut [u64]) {
    let mut above = 0;
    for run in runs {
        while runs[above].row + 1 < run.row
            || (runs[above].row + 1 == run.row && runs[above].end <= run.start)
        {
            above += 1;
        }
        let mut other = above;
        while runs[other].row + 1 == run.row && runs[other].start < run.end {
            let common = runs[other].end.min(run.end) - runs[other].start.max(run.start);
            shared[(run.row - top) as usize] += u64::from(common);
            other += 1;
        }
    }
}

/// The line (row or column) before which to cut. `count` returns, per line from the first, its cells and how many of them
/// continue from the line before.
fn shortest_cut(first: u32, end: u32, count: impl Fn(usize) -> (Vec<u64>, Vec<u64>)) -> u32 {
    let (cells, shared) = count((end - first) as usize);
    let total: u64 = cells.iter().sum();
    let mut before = 0;
    let mut best: Option<(bool, u64, u64, u32)> = None;
    for line in 1..cells.len() {
        before += cells[line - 1];
        let smaller = before.min(total - before);
        let uneven = total - 2 * smaller;
        let lopsided = smaller * 3 < total;
        // Among lopsided cuts balance comes first: they are taken only where nothing else can be.
        let key = if lopsided {
            (true, uneven, shared[line], first + line as u32)
        } else {
            (false, shared[line], uneven, first + line as u32)
        };
        if best.is_none_or(|best| key < best) {
            best = Some(key);
        }
    }
    best.map_or(first, |best| best.3)
}

fn cut_columns(runs: &[Run], cut: u32) -> (Vec<Run>, Vec<Run>) {
    let (mut west, mut east) = (Vec::new(), Vec::new());
    for run in runs {
        if run.start < cut {
            west.push(Run {
                end: run.end.min(cut),
                ..*run
            });
        }
        if run.end > cut {
            east.push(Run {
                start: run.start.max(cut),
                ..*run
            });
        }
    }
    (west, east)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn runs_of(mask: &[bool], cols: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        for (row, cells) in mask.chunks(cols).enumerate() {
            runs_of_row(row, cells, |&cell| cell, &mut runs);
        }
        runs
    }

    pub(crate) fn mask() -> impl Strategy<Value = (usize, Vec<bool>)> {
        (1usize..14, 1usize..14).prop_flat_map(|(rows, cols)| {
            (
                Just(cols),
                prop::collection::vec(prop::bool::weighted(0.6), rows * cols),
            )
        })
    }

    fn flood(mask: &[bool], cols: usize, eight: bool) -> Vec<Vec<usize>> {
        let mut seen = vec![false; mask.len()];
        let mut found = Vec::new();
        for start in 0..mask.len() {
            if !mask[start] || seen[start] {
                continue;
            }
            let (mut open, mut cells) = (vec![start], Vec::new());
            seen[start] = true;
            while let Some(at) = open.pop() {
                cells.push(at);
                let (row, col) = ((at / cols) as i64, (at % cols) as i64);
                for (dr, dc) in [
                    (-1, -1),
                    (-1, 0),
                    (-1, 1),
                    (0, -1),
                    (0, 1),
                    (1, -1),
                    (1, 0),
                    (1, 1),
                ] {
                    let (r, c) = (row + dr, col + dc);
                    if (!eight && dr != 0 && dc != 0) || r < 0 || c < 0 || c >= cols as i64 {
                        continue;
                    }
                    let next = r as usize * cols + c as usize;
                    if next < mask.len() && mask[next] && !seen[next] {
                        seen[next] = true;
                        open.push(next);
                    }
                }
            }
            cells.sort_unstable();
            found.push(cells);
        }
        found
    }

    fn cells_of(region: &Region, cols: usize) -> Vec<usize> {
        region
            .runs
            .iter()
            .flat_map(|run| (run.start..run.end).map(|col| run.row as usize * cols + col as usize))
            .collect()
    }

    proptest! {
        #[test]
        fn regions_are_those_of_a_flood_fill((cols, mask) in mask()) {
            for (connectivity, eight) in [(Connectivity::Four, false), (Connectivity::Eight, true)] {
                let found: Vec<_> = regions(&runs_of(&mask, cols), connectivity).iter().map(|region| cells_of(region, cols)).collect();
                prop_assert_eq!(found, flood(&mask, cols, eight));
            }
        }

        #[test]
        fn splitting_keeps_every_cell_once_in_connected_pieces((cols, mask) in mask(), most in 1usize..30) {
            let grid = Grid::new(0.0, 0.0, 20.0, 30.0, mask.len() / cols, cols).unwrap();
            for region in regions(&runs_of(&mask, cols), Connectivity::Eight) {
                let whole = cells_of(&region, cols);
                let pieces = split(region, most, &grid, Connectivity::Four);
                let mut cells: Vec<usize> = pieces.iter().flat_map(|piece| cells_of(piece, cols)).collect();
                cells.sort_unstable();
                prop_assert_eq!(cells, whole);
                for piece in &pieces {
                    prop_assert!(piece.cells() <= most);
                }
            }
        }
    }

    #[test]
    fn a_dumbbell_is_cut_at_its_neck() {
        // Two blocks of 4 x 4 joined by a bridge of one cell's height.
        let mut mask = vec![false; 4 * 11];
        for row in 0..4 {
            for col in (0..4).chain(7..11) {
                mask[row * 11 + col] = true;
            }
        }
        (4..7).for_each(|col| mask[11 + col] = true);
        let grid = Grid::new(0.0, 0.0, 30.0, 30.0, 4, 11).unwrap();
        let region = regions(&runs_of(&mask, 11), Connectivity::Four).remove(0);
        let sizes: Vec<usize> = split(region, 20, &grid, Connectivity::Four)
            .iter()
            .map(Region::cells)
            .collect();
        assert_eq!(sizes, [17, 18]);
    }
}
