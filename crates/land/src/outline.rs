//! From runs of cells to polygons: boundary rings are followed from cell edge to cell edge without a raster of labels, and
//! stairs may be smoothed. Smoothing only ever takes corners off the land, so a smoothed outline lies within its cells: it
//! cannot enter excluded land or a neighbouring candidate.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use geo::{LineString, MultiPolygon, Polygon};
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};

use crate::Grid;
use crate::regions::{Connectivity, Region, Run, regions};

/// A corner of cells: column and row of the lattice, rows counted downwards.
type Corner = (i32, i32);

/// The exact outline of a region: one valid polygon for each part that is connected by cell edges, exterior rings
/// counter-clockwise, holes clockwise.
///
/// ```
/// use anju_land::{Grid, outline::outline, regions::{Region, Run}};
/// use geo::Area;
/// let grid = Grid::new(0.0, 60.0, 30.0, 30.0, 2, 3)?;
/// let region = Region { runs: vec![Run { row: 0, start: 0, end: 2 }, Run { row: 1, start: 1, end: 3 }] };
/// let polygons = outline(&region, &grid, 0.0);
/// assert_eq!(polygons.unsigned_area(), 4.0 * 900.0);
/// # Ok::<(), anju_land::LandError>(())
/// ```
///
/// With `smoothing` above 0 (square metres), corners whose triangle is at most that large are cut off, smallest first
/// (M. Visvalingam and J. D. Whyatt, "Line generalisation by repeated elimination of points", 1993, kept to
/// convex corners whose triangle holds no other corner). Half a cell's area smooths diagonal stairs; the outline stays
/// valid and within the exact one.
pub fn outline(region: &Region, grid: &Grid, smoothing: f64) -> MultiPolygon<f64> {
    // Twice the area of a triangle in cells is a whole number.
    let most = (2.0 * smoothing / grid.cell_area()).clamp(0.0, i64::MAX as f64) as i64;
    let polygons = regions(&region.runs, Connectivity::Four).into_iter().map(|part| {
        let mut rings = trace(&part.runs);
        if most > 0 {
            smooth(&mut rings, most);
        }
        let mut rings = rings.into_iter().map(|ring| {
            let mut points: Vec<_> = ring
                .iter()
                .map(|&(col, row)| grid.corner(row as usize, col as usize))
                .collect();
            points.extend(points.first().copied());
            LineString(points)
        });
        let exterior = rings.next().unwrap_or(LineString(Vec::new()));
        Polygon::new(exterior, rings.collect())
    });
    MultiPolygon(polygons.collect())
}

/// The rings of runs connected by edges: the exterior first, then the holes by their first run.
fn trace(runs: &[Run]) -> Vec<Vec<Corner>> {
    let top = runs[0].row;
    let bottom = runs[runs.len() - 1].row;
    let mut starts = vec![0usize; (bottom - top + 2) as usize];
    runs.iter()
        .for_each(|run| starts[(run.row - top + 1) as usize] += 1);
    (1..starts.len()).for_each(|row| starts[row] += starts[row - 1]);
    // The run that holds a cell, if any.
    let run_at = |col: i32, row: i32| -> Option<usize> {
        let line = u32::try_from(row).ok()?.checked_sub(top)? as usize;
        let col = u32::try_from(col).ok()?;
        if line + 1 >= starts.len() {
            return None;
        }
        let of_row = &runs[starts[line]..starts[line + 1]];
        let at = of_row.partition_point(|run| run.end <= col);
        (at < of_row.len() && of_row[at].start <= col).then_some(starts[line] + at)
    };
    // Every ring goes down the western edge of some run at least once, with the land on its left.
    let mut followed = vec![false; runs.len()];
    let mut rings = Vec::new();
    for first in 0..runs.len() {
        if followed[first] {
            continue;
        }
        let begin = (runs[first].start as i32, runs[first].row as i32);
        let mut corners = Vec::new();
        let (mut at, mut step) = (begin, (0, 1));
        loop {
            if step == (0, 1)
                && let Some(run) = run_at(at.0, at.1)
            {
                followed[run] = true;
            }
            at = (at.0 + step.0, at.1 + step.1);
            // The two cells ahead of this corner. With rows downwards, left of (dx, dy) is (dy, -dx).
            let left = (step.1, -step.0);
            let cell = |side: (i32, i32)| {
                let x = (step.0 + side.0 - 1) / 2;
                let y = (step.1 + side.1 - 1) / 2;
                run_at(at.0 + x, at.1 + y).is_some()
            };
            // Where land meets land only at this corner, the path stays with its own cell.
            let turn = if !cell(left) {
                left
            } else if !cell((-left.0, -left.1)) {
                step
            } else {
                (-left.0, -left.1)
            };
            if turn != step {
                corners.push(at);
                step = turn;
            }
            if at == begin && step == (0, 1) {
                break;
            }
        }
        part_at_repeated_corners(corners, &mut rings);
    }
    // One ring runs counter-clockwise on the map: the exterior.
    let exterior = rings.iter().position(|ring| doubled_area(ring) > 0).unwrap_or(0);
    rings[..=exterior].rotate_right(1);
    rings
}

/// Parts a closed path at corners it passes twice into rings that pass each corner once.
fn part_at_repeated_corners(path: Vec<Corner>, rings: &mut Vec<Vec<Corner>>) {
    let mut open: Vec<Corner> = Vec::new();
    let mut place: HashMap<Corner, usize> = HashMap::new();
    for corner in path {
        if let Some(&from) = place.get(&corner) {
            let ring: Vec<Corner> = open.drain(from..).collect();
            ring.iter().for_each(|passed| {
                place.remove(passed);
            });
            rings.push(ring);
        }
        place.insert(corner, open.len());
        open.push(corner);
    }
    rings.push(open);
}

/// Twice the signed area in cells, positive when counter-clockwise on the map.
fn doubled_area(ring: &[Corner]) -> i64 {
    (0..ring.len())
        .map(|at| cross((0, 0), ring[at], ring[(at + 1) % ring.len()]))
        .sum()
}

/// Twice the signed area of a triangle, positive when counter-clockwise on the map (rows counted downwards).
fn cross(a: Corner, b: Corner, c: Corner) -> i64 {
    let (bx, by) = (i64::from(b.0 - a.0), i64::from(a.1 - b.1));
    let (cx, cy) = (i64::from(c.0 - a.0), i64::from(a.1 - c.1));
    bx * cy - by * cx
}

/// Takes convex corners off the rings of one polygon while their doubled triangle is at most `most`.
fn smooth(rings: &mut [Vec<Corner>], most: i64) {
    let corners: Vec<Corner> = rings.iter().flatten().copied().collect();
    let (mut before, mut after) = (
        Vec::with_capacity(corners.len()),
        Vec::with_capacity(corners.len()),
    );
    let mut ring_of = Vec::with_capacity(corners.len());
    let mut left: Vec<usize> = Vec::with_capacity(rings.len());
    for (number, ring) in rings.iter().enumerate() {
        let (first, len) = (before.len(), ring.len());
        for at in 0..len {
            before.push(first + (at + len - 1) % len);
            after.push(first + (at + 1) % len);
            ring_of.push(number);
        }
        left.push(len);
    }
    let point = |at: usize| GeomWithData::new([corners[at].0, corners[at].1], at);
    let mut tree = RTree::bulk_load((0..corners.len()).map(point).collect());
    let mut kept = vec![true; corners.len()];
    let area = |before: &[usize], after: &[usize], at: usize| {
        cross(corners[before[at]], corners[at], corners[after[at]])
    };
    let mut heap: BinaryHeap<Reverse<(i64, usize, usize, usize)>> = BinaryHeap::new();
    let offer = |heap: &mut BinaryHeap<_>, before: &[usize], after: &[usize], at: usize, least: i64| {
        let own = area(before, after, at);
        // What removing a neighbour has cost counts for the corner, so that a slope is not eaten away bit by bit.
        if (0..=most).contains(&own) && own.max(least) <= most {
            heap.push(Reverse((own.max(least), at, before[at], after[at])));
        }
    };
    (0..corners.len()).for_each(|at| offer(&mut heap, &before, &after, at, 0));
    while let Some(Reverse((cost, at, a, b))) = heap.pop() {
        if !kept[at] || before[at] != a || after[at] != b || left[ring_of[at]] <= 4 {
            continue;
        }
        let (ca, cv, cb) = (corners[a], corners[at], corners[b]);
        let low = [ca.0.min(cv.0).min(cb.0), ca.1.min(cv.1).min(cb.1)];
        let high = [ca.0.max(cv.0).max(cb.0), ca.1.max(cv.1).max(cb.1)];
        let blocked = tree
            .locate_in_envelope_intersecting(&AABB::from_corners(low, high))
            .any(|other| {
                let c = (other.geom()[0], other.geom()[1]);
                let inside = cross(ca, cv, c) >= 0 && cross(cv, cb, c) >= 0 && cross(cb, ca, c) >= 0;
                inside && ![a, at, b].contains(&other.data)
            });
        if blocked {
            continue;
        }
        tree.remove(&point(at));
        kept[at] = false;
        left[ring_of[at]] -= 1;
        after[a] = b;
        before[b] = a;
        offer(&mut heap, &before, &after, a, cost);
        offer(&mut heap, &before, &after, b, cost);
    }
    let mut at = 0;
    for ring in rings.iter_mut() {
        let first = at;
        at += ring.len();
        *ring = (first..at)
            .filter(|&corner| kept[corner])
            .map(|corner| corners[corner])
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::tests::{mask, runs_of};
    use geo::{Area, Contains, Intersects, Validation};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exact_outlines_are_valid_and_hold_just_their_cells((cols, mask) in mask()) {
            let rows = mask.len() / cols;
            let grid = Grid::new(1000.0, 5000.0, 20.0, 30.0, rows, cols).unwrap();
            for region in regions(&runs_of(&mask, cols), Connectivity::Eight) {
                let land = outline(&region, &grid, 0.0);
                prop_assert!(land.is_valid(), "{:?}", land.check_validation());
                prop_assert_eq!(land.unsigned_area(), region.area(&grid));
                for polygon in &land {
                    prop_assert!(polygon.signed_area() > 0.0);
                }
                for run in &region.runs {
                    for col in 0..cols {
                        let inside = land.contains(&geo::Point(grid.centre(run.row as usize, col)));
                        let own = region.runs.iter().any(|other| other.row == run.row && (other.start..other.end).contains(&(col as u32)));
                        prop_assert_eq!(inside, own);
                    }
                }
            }
        }

        #[test]
        fn smoothed_outlines_are_valid_and_stay_within_the_exact_ones((cols, mask) in mask(), smoothing in 0.0..4.0f64) {
            let rows = mask.len() / cols;
            let grid = Grid::new(0.0, 0.0, 1.0, 1.0, rows, cols).unwrap();
            for region in regions(&runs_of(&mask, cols), Connectivity::Eight) {
                let exact = outline(&region, &grid, 0.0);
                let smoothed = outline(&region, &grid, smoothing);
                prop_assert!(smoothed.is_valid(), "{:?}", smoothed.check_validation());
                prop_assert!(smoothed.unsigned_area() <= exact.unsigned_area() + 1e-9);
                prop_assert!(smoothed.unsigned_area() > 0.0);
                prop_assert_eq!(smoothed.0.len(), exact.0.len());
                let beyond = geo::BooleanOps::difference(&smoothed, &exact);
                prop_assert!(beyond.unsigned_area() < 1e-6);
            }
        }
    }

    #[test]
    fn diagonal_stairs_become_a_straight_line() {
        // A triangle of cells: row r holds columns 0..=r.
        let runs: Vec<Run> = (0..6)
            .map(|row| Run {
                row,
                start: 0,
                end: row + 1,
            })
            .collect();
        let grid = Grid::new(0.0, 0.0, 30.0, 30.0, 6, 6).unwrap();
        let land = outline(&Region { runs }, &grid, 0.5 * 900.0);
        assert!(land.0[0].exterior().0.len() <= 6, "{land:?}");
        assert!(land.intersects(&geo::Point(grid.centre(5, 0))));
    }
}
