//! Square grids in metres: places of cells, neighbours, means, distances and connected parts.
//! No files and no coordinate systems here.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A grid of square cells, row by row from the north-west corner.
#[derive(Debug, Clone)]
pub(crate) struct Raster<T> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Cell size, m.
    pub(crate) cell: f64,
    /// Easting of the west edge, m.
    pub(crate) west: f64,
    /// Northing of the north edge, m.
    pub(crate) north: f64,
    pub(crate) values: Vec<T>,
}

impl<T> Raster<T> {
    /// A grid on the same cells with values made from the index of each cell.
    pub(crate) fn derive<U>(&self, value: impl FnMut(usize) -> U) -> Raster<U> {
        Raster {
            width: self.width,
            height: self.height,
            cell: self.cell,
            west: self.west,
            north: self.north,
            values: (0..self.values.len()).map(value).collect(),
        }
    }

    /// Centre of a cell: easting and northing.
    pub(crate) fn centre(&self, index: usize) -> (f64, f64) {
        let (column, row) = (index % self.width, index / self.width);
        (
            self.west + (column as f64 + 0.5) * self.cell,
            self.north - (row as f64 + 0.5) * self.cell,
        )
    }

    /// The cell that holds a point, if the grid covers it.
    pub(crate) fn cell_at(&self, x: f64, y: f64) -> Option<usize> {
        let column = ((x - self.west) / self.cell).floor();
        let row = ((self.north - y) / self.cell).floor();
        let inside = column >= 0.0 && row >= 0.0 && column < self.width as f64 && row < self.height as f64;
        inside.then(|| row as usize * self.width + column as usize)
    }

    /// The up to eight neighbours of a cell with their distance in cells.
    pub(crate) fn neighbours(&self, index: usize) -> impl Iterator<Item = (usize, f64)> + use<T> {
        const STEPS: [(i32, i32); 8] = [
            (0, -1),
            (1, 0),
            (0, 1),
            (-1, 0),
            (1, -1),
            (1, 1),
            (-1, 1),
            (-1, -1),
        ];
        let (width, height) = (self.width as i32, self.height as i32);
        let (column, row) = ((index % self.width) as i32, (index / self.width) as i32);
        STEPS.into_iter().filter_map(move |(dx, dy)| {
            let (c, r) = (column + dx, row + dy);
            let inside = c >= 0 && r >= 0 && c < width && r < height;
            let length = if dx != 0 && dy != 0 {
                std::f64::consts::SQRT_2
            } else {
                1.0
            };
            inside.then_some(((r * width + c) as usize, length))
        })
    }

    /// The up to four neighbours that share an edge.
    pub(crate) fn edge_neighbours(&self, index: usize) -> impl Iterator<Item = usize> + use<T> {
        self.neighbours(index)
            .filter(|(_, length)| *length == 1.0)
            .map(|(neighbour, _)| neighbour)
    }

    /// Cells within `radius` metres of a point, in grid order.
    pub(crate) fn around(&self, x: f64, y: f64, radius: f64) -> Vec<usize> {
        let left = (((x - radius - self.west) / self.cell).floor().max(0.0)) as usize;
        let right = (((x + radius - self.west) / self.cell).ceil().max(0.0) as usize).min(self.width);
        let top = (((self.north - y - radius) / self.cell).floor().max(0.0)) as usize;
        let bottom = (((self.north - y + radius) / self.cell).ceil().max(0.0) as usize).min(self.height);
        let mut found = Vec::new();
        for row in top..bottom {
            for column in left..right {
                let index = row * self.width + column;
                let (cx, cy) = self.centre(index);
                if (cx - x).hypot(cy - y) <= radius {
                    found.push(index);
                }
            }
        }
        found
    }

    /// Cost of the cheapest way from the sources to each cell, and the cell before it on that way (itself at a source,
    /// `usize::MAX` where no way leads). `cost` is the cost per metre inside a cell, infinite where nobody passes.
    pub(crate) fn cheapest_ways(&self, sources: &[usize], cost: &[f64]) -> (Vec<f64>, Vec<usize>) {
        let mut spent = vec![f64::INFINITY; self.values.len()];
        let mut before = vec![usize::MAX; self.values.len()];
        let mut queue = BinaryHeap::new();
        for &source in sources {
            spent[source] = 0.0;
            before[source] = source;
            queue.push(Reverse((0u64, source)));
        }
        while let Some(Reverse((bits, index))) = queue.pop() {
            // Positive floats order like their bits, so the heap needs no wrapper for them.
            if f64::from_bits(bits) > spent[index] {
                continue;
            }
            for (neighbour, length) in self.neighbours(index) {
                let total = spent[index] + (cost[index] + cost[neighbour]) * 0.5 * length * self.cell;
                if total < spent[neighbour] {
                    spent[neighbour] = total;
                    before[neighbour] = index;
                    queue.push(Reverse((total.to_bits(), neighbour)));
                }
            }
        }
        (spent, before)
    }
}

impl Raster<f32> {
    /// Mean over the square of `2 * radius + 1` cells around each cell, cut at the edges.
    pub(crate) fn mean(&self, radius: usize) -> Raster<f32> {
        let (width, height) = (self.width, self.height);
        let mut sums = vec![0.0f64; (width + 1) * (height + 1)];
        for row in 0..height {
            let mut line = 0.0;
            for column in 0..width {
                line += f64::from(self.values[row * width + column]);
                sums[(row + 1) * (width + 1) + column + 1] = sums[row * (width + 1) + column + 1] + line;
            }
        }
        self.derive(|index| {
            let (column, row) = (index % width, index / width);
            let (left, right) = (column.saturating_sub(radius), (column + radius + 1).min(width));
            let (top, bottom) = (row.saturating_sub(radius), (row + radius + 1).min(height));
            let at = |r: usize, c: usize| sums[r * (width + 1) + c];
            let sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
            (sum / ((right - left) * (bottom - top)) as f64) as f32
        })
    }
}

impl Raster<bool> {
    /// Number each connected part (by shared edges) from 1 and return the parts' cells; parts below `least` cells are cleared.
    pub(crate) fn parts(&self, least: usize) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.values.len()];
        let mut parts = Vec::new();
        for start in 0..self.values.len() {
            if !self.values[start] || seen[start] {
                continue;
            }
            seen[start] = true;
            let mut cells = vec![start];
            let mut next = 0;
            while next < cells.len() {
                for neighbour in self.edge_neighbours(cells[next]) {
                    if self.values[neighbour] && !seen[neighbour] {
                        seen[neighbour] = true;
                        cells.push(neighbour);
                    }
                }
                next += 1;
            }
            if cells.len() >= least {
                parts.push(cells);
            }
        }
        parts
    }

    /// The majority of the square of `2 * radius + 1` cells: rounds outlines, removes specks and fills pores.
    pub(crate) fn rounded(&self, radius: usize) -> Raster<bool> {
        let share = self
            .derive(|index| f32::from(u8::from(self.values[index])))
            .mean(radius);
        share.derive(|index| share.values[index] > 0.5)
    }

    /// Straight distance in metres from each cell to the nearest true cell, exact to one cell (brushfire by rings with
    /// the nearest source carried along); infinite when there is none.
    pub(crate) fn distance(&self) -> Raster<f32> {
        let mut nearest = vec![usize::MAX; self.values.len()];
        let mut squared = vec![i64::MAX; self.values.len()];
        let mut queue = VecDeque::new();
        for (index, value) in self.values.iter().enumerate() {
            if *value {
                nearest[index] = index;
                squared[index] = 0;
                queue.push_back(index);
            }
        }
        let width = self.width as i64;
        while let Some(index) = queue.pop_front() {
            let source = nearest[index] as i64;
            for (neighbour, _) in self.neighbours(index) {
                let (dx, dy) = (
                    neighbour as i64 % width - source % width,
                    neighbour as i64 / width - source / width,
                );
                let distance = dx * dx + dy * dy;
                if distance < squared[neighbour] {
                    squared[neighbour] = distance;
                    nearest[neighbour] = source as usize;
                    queue.push_back(neighbour);
                }
            }
        }
        self.derive(|index| match squared[index] {
            i64::MAX => f32::INFINITY,
            distance => ((distance as f64).sqrt() * self.cell) as f32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(width: usize, height: usize) -> Raster<f32> {
        Raster {
            width,
            height,
            cell: 10.0,
            west: 0.0,
            north: 0.0,
            values: vec![0.0; width * height],
        }
    }

    #[test]
    fn distance_is_straight() {
        let grid = flat(9, 7);
        let distance = grid.derive(|index| index == 3 * 9 + 2).distance();
        assert!((distance.values[0] - 10.0 * 13f32.sqrt()).abs() < 1e-3);
        assert!((distance.values[6 * 9 + 8] - 10.0 * 45f32.sqrt()).abs() < 1e-3);
    }

    #[test]
    fn mean_is_cut_at_the_edge() {
        let grid = flat(4, 3).derive(|index| index as f32);
        assert!((grid.mean(1).values[0] - (0.0 + 1.0 + 4.0 + 5.0) / 4.0).abs() < 1e-6);
    }

    #[test]
    fn ways_go_around_walls() {
        let grid = flat(5, 5);
        let mut cost = vec![1.0; 25];
        for row in 0..4 {
            cost[row * 5 + 2] = f64::INFINITY;
        }
        let (spent, before) = grid.cheapest_ways(&[0], &cost);
        assert!(spent[4] > 80.0 && spent[4].is_finite());
        assert_eq!(before[0], 0);
    }

    #[test]
    fn parts_need_a_shared_edge() {
        let grid = flat(3, 3).derive(|index| [0, 4, 5].contains(&index));
        let parts = grid.parts(1);
        assert_eq!(parts.len(), 2);
        assert_eq!(grid.parts(2), vec![vec![4, 5]]);
    }
}
