//! The exact share of each cell that polygons cover, computed row by row.
//!
//! Each polygon edge adds the signed area between itself and the right-hand side of the row to the cells it crosses; a
//! running sum along the row then is the coverage (the method of anti-aliased scan conversion, in double precision).
//! No sampling of centre points and no "all touched": half a cell is 0.5. Rows do not depend on each other.

use geo::{LineString, MultiPolygon};
use rayon::prelude::*;

use crate::{Grid, Raster};

/// Sums below this are rounding, not land: a thousandth of a square millimetre in a cell of 30 m.
const ROUNDING: f64 = 1e-9;

/// Polygons without overlaps, ready to be laid on the rows of a grid.
#[derive(Debug)]
pub struct Coverage {
    rows: usize,
    cols: usize,
    edges: Vec<Edge>,
    /// Where each row's edges begin in `by_row`.
    starts: Vec<u32>,
    /// Indices of the edges that cross a row, row after row.
    by_row: Vec<u32>,
}

/// An edge in cells, from top to bottom, with the sign of its contribution.
#[derive(Debug)]
struct Edge {
    top: f64,
    bottom: f64,
    x_top: f64,
    x_per_row: f64,
    x_low: f64,
    x_high: f64,
    sign: f64,
}

impl Coverage {
    /// Prepares polygons whose interiors do not overlap, as [`crate::buffer::buffered`] returns them. Where they do
    /// overlap, the coverage counts the land once but cells on two edges may come out too high.
    pub fn new(grid: &Grid, land: &MultiPolygon<f64>) -> Coverage {
        let (rows, cols) = (grid.rows(), grid.cols());
        let mut edges = Vec::new();
        for polygon in land {
            add_ring(grid, polygon.exterior(), 1.0, &mut edges);
            for hole in polygon.interiors() {
                add_ring(grid, hole, -1.0, &mut edges);
            }
        }
        let span = |edge: &Edge| {
            let last = (edge.bottom.ceil() as usize).min(rows);
            (edge.top.floor() as usize)..last
        };
        let mut starts = vec![0u32; rows + 1];
        for edge in &edges {
            span(edge).for_each(|row| starts[row + 1] += 1);
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut by_row = vec![0u32; starts[rows] as usize];
        for (index, edge) in edges.iter().enumerate() {
            for row in span(edge) {
                by_row[next[row] as usize] = index as u32;
                next[row] += 1;
            }
        }
        Coverage {
            rows,
            cols,
            edges,
            starts,
            by_row,
        }
    }

    /// Writes the covered share (0 to 1) of each cell of a row and returns true, or returns false without writing when
    /// the row is not covered anywhere. `out` has one place per column.
    ///
    /// # Panics
    /// If the row or the length of `out` is not that of the grid.
    pub fn row(&self, row: usize, out: &mut [f64]) -> bool {
        assert!(
            row < self.rows && out.len() == self.cols,
            "a row of the coverage has the columns of its grid"
        );
        let crossing = &self.by_row[self.starts[row] as usize..self.starts[row + 1] as usize];
        if crossing.is_empty() {
            return false;
        }
        out.fill(0.0);
        for &index in crossing {
            let edge = &self.edges[index as usize];
            let top = edge.top.max(row as f64);
            let bottom = edge.bottom.min((row + 1) as f64);
            if bottom <= top {
                continue;
            }
            let at = |y: f64| (edge.x_top + (y - edge.top) * edge.x_per_row).clamp(edge.x_low, edge.x_high);
            add_segment(at(top), at(bottom), (bottom - top) * edge.sign, out);
        }
        let mut sum = 0.0;
        for cell in out.iter_mut() {
            sum += *cell;
            *cell = if sum < ROUNDING {
                0.0
            } else if sum > 1.0 - ROUNDING {
                1.0
            } else {
                sum
            };
        }
        true
    }
}

/// The covered share of every cell, as a raster.
pub fn coverage(grid: &Grid, land: &MultiPolygon<f64>) -> Raster<f32> {
    let prepared = Coverage::new(grid, land);
    let mut cells = vec![0f32; grid.cells()];
    cells.par_chunks_mut(grid.cols()).enumerate().for_each_init(
        || vec![0f64; grid.cols()],
        |shares, (row, out)| {
            if prepared.row(row, shares) {
                out.iter_mut()
                    .zip(shares.iter())
                    .for_each(|(cell, share)| *cell = *share as f32);
            }
        },
    );
    Raster::new(*grid, cells).expect("the coverage has the shape of its grid")
}

fn add_ring(grid: &Grid, ring: &LineString<f64>, sign: f64, edges: &mut Vec<Edge>) {
    let (rows, cols) = (grid.rows() as f64, grid.cols() as f64);
    let points: Vec<(f64, f64)> = ring.coords().map(|at| grid.to_cells(*at)).collect();
    let Some(&origin) = points.first() else { return };
    // Twice the area in cells, rows counted downwards, relative to the first point so that it does not cancel.
    let doubled: f64 = points
        .windows(2)
        .map(|pair| {
            let (ax, ay) = (pair[0].0 - origin.0, pair[0].1 - origin.1);
            let (bx, by) = (pair[1].0 - origin.0, pair[1].1 - origin.1);
            ax * by - bx * ay
        })
        .sum();
    // With rows downwards, a ring whose western edges run down has a negative area here; those begin the land.
    let sign = if doubled < 0.0 { sign } else { -sign };
    for pair in points.windows(2) {
        let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
        let (x_low, x_high) = (ax.min(bx), ax.max(bx));
        if ay == by || ay.max(by) <= 0.0 || ay.min(by) >= rows || x_low >= cols {
            continue;
        }
        let x_per_row = (bx - ax) / (by - ay);
        let (top, bottom, x_top, direction) = if ay < by {
            (ay, by, ax, 1.0)
        } else {
            (by, ay, bx, -1.0)
        };
        edges.push(Edge {
            top,
            bottom,
            x_top,
            x_per_row,
            x_low,
            x_high,
            sign: sign * direction,
        });
    }
}

/// Adds one piece of an edge within a row: `height` of the row (signed), from `x_a` to `x_b`.
fn add_segment(x_a: f64, x_b: f64, height: f64, out: &mut [f64]) {
    let cols = out.len();
    let (mut left, right) = (x_a.min(x_b), x_a.max(x_b));
    if left >= cols as f64 {
        return;
    }
    if right <= 0.0 {
        out[0] += height;
        return;
    }
    let width = right - left;
    let mut height = height;
    if left < 0.0 {
        let beyond = height * (-left / width);
        out[0] += beyond;
        height -= beyond;
        left = 0.0;
    }
    let width = right - left;
    let first = left as usize;
    if right <= (first + 1) as f64 {
        let middle = (left + right) * 0.5 - first as f64;
        out[first] += height * (1.0 - middle);
        if first + 1 < cols {
            out[first + 1] += height * middle;
        }
        return;
    }
    let mut from = left;
    let mut col = first;
    while from < right && col < cols {
        let to = right.min((col + 1) as f64);
        let part = height * ((to - from) / width);
        let middle = (from + to) * 0.5 - col as f64;
        out[col] += part * (1.0 - middle);
        if col + 1 < cols {
            out[col + 1] += part * middle;
        }
        from = to;
        col += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::buffered;
    use geo::{Area, BooleanOps, Geometry, Polygon, Rect, polygon};
    use proptest::prelude::*;

    fn grid() -> Grid {
        Grid::new(0.0, 40.0, 10.0, 8.0, 5, 6).unwrap()
    }

    #[test]
    fn half_a_cell_is_a_half() {
        let land = MultiPolygon(vec![
            polygon![(x: 10.0, y: 32.0), (x: 15.0, y: 32.0), (x: 15.0, y: 40.0), (x: 10.0, y: 40.0)],
        ]);
        let shares = coverage(&grid(), &land);
        assert_eq!(shares.get(0, 1), 0.5);
        assert_eq!(shares.cells().iter().sum::<f32>(), 0.5);
    }

    #[test]
    fn a_triangle_over_a_diagonal_is_a_half_too() {
        let land = MultiPolygon(vec![
            polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 10.0, y: 8.0)],
        ]);
        assert!((coverage(&grid(), &land).get(4, 0) - 0.5).abs() < 1e-7);
    }

    #[test]
    fn a_hole_and_land_beyond_every_edge() {
        let outer = Rect::new((-1000.0, -1000.0), (1000.0, 1000.0)).to_polygon();
        let hole = Rect::new((20.0, 16.0), (30.0, 24.0)).to_polygon();
        let land = MultiPolygon(vec![Polygon::new(
            outer.exterior().clone(),
            vec![hole.exterior().clone()],
        )]);
        let shares = coverage(&grid(), &land);
        assert_eq!(shares.get(2, 2), 0.0);
        assert_eq!(shares.cells().iter().sum::<f32>(), 29.0);
    }

    proptest! {
        #[test]
        fn each_cell_has_the_area_of_its_intersection(
            rings in prop::collection::vec(prop::collection::vec((-30.0..90.0f64, -30.0..70.0f64), 3..7), 1..4),
        ) {
            let features: Vec<Geometry<f64>> = rings.into_iter()
                .map(|ring| Polygon::new(ring.into(), vec![]).into())
                .collect();
            let land = buffered(&features, 0.0).unwrap();
            let grid = grid();
            let shares = coverage(&grid, &land);
            for row in 0..grid.rows() {
                for col in 0..grid.cols() {
                    let cell = Rect::new(grid.corner(row + 1, col), grid.corner(row, col + 1)).to_polygon();
                    let area = land.intersection(&cell).unsigned_area() / grid.cell_area();
                    prop_assert!((f64::from(shares.get(row, col)) - area).abs() < 1e-5, "cell {row}, {col}: {} instead of {area}", shares.get(row, col));
                }
            }
        }
    }
}
