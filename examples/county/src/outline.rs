//! From cells to valid polygons and smooth lines.
//!
//! A region's outline runs through the middles of its boundary edges, which turns the stairs of a grid into diagonals. Each edge
//! middle belongs to one place of one ring and two joins never cross, so every ring is simple by construction; neighbours of a
//! partition share their joins, and where three regions meet all of them pass through the common corner, so a partition has
//! neither gaps nor overlaps. Holes are inner rings.

use std::collections::BTreeMap;

use geo::{Area, Contains, Coord, LineString, Polygon};

use crate::raster::Raster;

/// The label of cells outside every region.
pub(crate) const NOTHING: u16 = u16::MAX;

/// Removes the places where two cells of a label touch by a corner only, which no polygon could follow without touching itself.
pub(crate) fn without_corner_contacts(labels: &mut Raster<u16>) {
    // Every change lets one label grow by a cell next to it; the number of rounds is small in practice and bounded for safety.
    for _ in 0..64 {
        let mut changed = false;
        for row in 1..labels.height {
            for column in 1..labels.width {
                let (a, b) = (
                    (row - 1) * labels.width + column - 1,
                    (row - 1) * labels.width + column,
                );
                let (c, d) = (row * labels.width + column - 1, row * labels.width + column);
                let values = &mut labels.values;
                if values[a] == values[d] && values[b] != values[a] && values[c] != values[a] {
                    let fill = if values[a] == NOTHING {
                        values[b]
                    } else {
                        values[a]
                    };
                    let target = if values[a] == NOTHING { a } else { b };
                    values[target] = fill;
                    changed = true;
                } else if values[b] == values[c] && values[a] != values[b] && values[d] != values[b] {
                    let fill = if values[b] == NOTHING {
                        values[a]
                    } else {
                        values[b]
                    };
                    let target = if values[b] == NOTHING { b } else { a };
                    values[target] = fill;
                    changed = true;
                }
            }
        }
        if !changed {
            return;
        }
    }
}

/// The polygons of every label, by label; [`without_corner_contacts`] must have been applied.
pub(crate) fn polygons(labels: &Raster<u16>) -> BTreeMap<u16, Vec<Polygon<f64>>> {
    let mut rings: BTreeMap<u16, Vec<LineString<f64>>> = BTreeMap::new();
    let (width, height) = (labels.width as i64, labels.height as i64);
    let label = |column: i64, row: i64| {
        let inside = column >= 0 && row >= 0 && column < width && row < height;
        if inside {
            labels.values[(row * width + column) as usize]
        } else {
            NOTHING
        }
    };
    // Directed edges with the region on the right hand as seen on the map: top edges run east, and so on.
    // An edge is named by its cell and side: 0 top (east), 1 right (south), 2 bottom (west), 3 left (north).
    const OUTWARD: [(i64, i64); 4] = [(0, -1), (1, 0), (0, 1), (-1, 0)];
    let mut seen = vec![false; labels.values.len() * 4];
    for start in 0..labels.values.len() {
        let own = labels.values[start];
        if own == NOTHING {
            continue;
        }
        for side in 0..4 {
            let (column, row) = (start as i64 % width, start as i64 / width);
            let is_edge = |c: i64, r: i64, s: usize| label(c + OUTWARD[s].0, r + OUTWARD[s].1) != own;
            if seen[start * 4 + side] || !is_edge(column, row, side) {
                continue;
            }
            let mut ring: Vec<Coord<f64>> = Vec::new();
            let (mut c, mut r, mut s) = (column, row, side);
            loop {
                seen[((r * width + c) as usize) * 4 + s] = true;
                // Corner points count in cells from the north-west corner of the grid.
                let (from, to) = match s {
                    0 => ((c, r), (c + 1, r)),
                    1 => ((c + 1, r), (c + 1, r + 1)),
                    2 => ((c + 1, r + 1), (c, r + 1)),
                    _ => ((c, r + 1), (c, r)),
                };
                let place = |x: f64, y: f64| Coord {
                    x: labels.west + x * labels.cell,
                    y: labels.north - y * labels.cell,
                };
                ring.push(place((from.0 + to.0) as f64 / 2.0, (from.1 + to.1) as f64 / 2.0));
                let around = [
                    label(to.0 - 1, to.1 - 1),
                    label(to.0, to.1 - 1),
                    label(to.0 - 1, to.1),
                    label(to.0, to.1),
                ];
                let mut kinds = around;
                kinds.sort_unstable();
                let different = 1 + kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
                if different >= 3 {
                    ring.push(place(to.0 as f64, to.1 as f64));
                }
                // Turn right at a convex corner, go straight on, or turn left at a concave one.
                let forward = OUTWARD[(s + 1) % 4];
                let outward = OUTWARD[s];
                let ahead = (c + forward.0, r + forward.1);
                let diagonal = (ahead.0 + outward.0, ahead.1 + outward.1);
                if label(ahead.0, ahead.1) != own {
                    s = (s + 1) % 4;
                } else if label(diagonal.0, diagonal.1) != own {
                    (c, r) = ahead;
                } else {
                    (c, r) = diagonal;
                    s = (s + 3) % 4;
                }
                if (c, r, s) == (column, row, side) {
                    break;
                }
            }
            rings
                .entry(own)
                .or_default()
                .push(closed_without_straight_points(ring));
        }
    }
    rings
        .into_iter()
        .map(|(label, rings)| (label, assembled(rings)))
        .collect()
}

/// The polygons of one mask, parts below `least_m2` left out; also the cells of each, in the same order.
pub(crate) fn mask_polygons(mask: &Raster<bool>, least_m2: f64) -> Vec<(Polygon<f64>, Vec<usize>)> {
    let least = (least_m2 / (mask.cell * mask.cell)).ceil().max(1.0) as usize;
    let mut labels = mask.derive(|index| if mask.values[index] { 0 } else { NOTHING });
    without_corner_contacts(&mut labels);
    let clean = labels.derive(|index| labels.values[index] == 0);
    let parts = clean.parts(least);
    let mut found = Vec::with_capacity(parts.len());
    for cells in parts {
        let (polygon, cells) = part_polygon(mask, cells);
        found.extend(polygon.map(|polygon| (polygon, cells)));
    }
    found
}

/// The polygon of one connected part, worked in its bounding box so that many small parts stay cheap.
fn part_polygon(grid: &Raster<bool>, cells: Vec<usize>) -> (Option<Polygon<f64>>, Vec<usize>) {
    let columns = cells.iter().map(|cell| cell % grid.width);
    let rows = cells.iter().map(|cell| cell / grid.width);
    let (left, right) = (columns.clone().min().unwrap_or(0), columns.max().unwrap_or(0));
    let (top, bottom) = (rows.clone().min().unwrap_or(0), rows.max().unwrap_or(0));
    let (width, height) = (right - left + 1, bottom - top + 1);
    let mut values = vec![NOTHING; width * height];
    for cell in &cells {
        values[(cell / grid.width - top) * width + cell % grid.width - left] = 0;
    }
    let window = Raster {
        width,
        height,
        cell: grid.cell,
        west: grid.west + left as f64 * grid.cell,
        north: grid.north - top as f64 * grid.cell,
        values,
    };
    (
        polygons(&window).remove(&0).and_then(|mut found| found.pop()),
        cells,
    )
}

fn closed_without_straight_points(ring: Vec<Coord<f64>>) -> LineString<f64> {
    let count = ring.len();
    let mut kept: Vec<Coord<f64>> = (0..count)
        .filter(|&index| {
            let (a, b, c) = (
                ring[(index + count - 1) % count],
                ring[index],
                ring[(index + 1) % count],
            );
            ((b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)).abs() > 1e-6
        })
        .map(|index| ring[index])
        .collect();
    if let Some(first) = kept.first().copied() {
        kept.push(first);
    }
    LineString(kept)
}

/// Sorts rings into outer ones and their holes.
fn assembled(rings: Vec<LineString<f64>>) -> Vec<Polygon<f64>> {
    let (mut outer, mut holes) = (Vec::new(), Vec::new());
    for ring in rings {
        let polygon = Polygon::new(ring, Vec::new());
        // Rings run with the region on their right: clockwise, negative area, when they enclose it.
        if polygon.signed_area() < 0.0 {
            outer.push(polygon)
        } else {
            holes.push(polygon)
        }
    }
    for hole in holes {
        let (_, ring) = (hole.unsigned_area(), hole.exterior().clone());
        let Some(point) = ring.0.first().copied() else {
            continue;
        };
        let smallest = outer
            .iter_mut()
            .filter(|polygon| {
                Polygon::new(polygon.exterior().clone(), Vec::new()).contains(&geo::Point(point))
            })
            .min_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
        if let Some(polygon) = smallest {
            polygon.interiors_push(ring);
        }
    }
    outer
}

/// A line through points with its corners cut `rounds` times (Chaikin), both ends kept.
pub(crate) fn smoothed(points: &[(f64, f64)], rounds: usize) -> LineString<f64> {
    let mut line: Vec<(f64, f64)> = points.to_vec();
    for _ in 0..rounds {
        if line.len() < 3 {
            break;
        }
        let mut next = vec![line[0]];
        for pair in line.windows(2) {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            next.push((0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by));
            next.push((0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by));
        }
        next.extend(line.last());
        line = next;
    }
    line.dedup();
    LineString(line.into_iter().map(|(x, y)| Coord { x, y }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Validation;

    use crate::random::{Dice, Noise};

    fn labels(width: usize, height: usize, value: impl FnMut(usize) -> u16) -> Raster<u16> {
        Raster {
            width,
            height,
            cell: 30.0,
            west: 500.0,
            north: 9000.0,
            values: vec![(); width * height],
        }
        .derive(value)
    }

    #[test]
    fn a_square_loses_its_corners_only() {
        let mut grid = labels(5, 5, |index| {
            if (1..4).contains(&(index % 5)) && (1..4).contains(&(index / 5)) {
                3
            } else {
                NOTHING
            }
        });
        without_corner_contacts(&mut grid);
        let found = polygons(&grid).remove(&3).unwrap();
        assert_eq!(found.len(), 1);
        let area = found[0].unsigned_area();
        assert!((area - (9.0 * 900.0 - 4.0 * 112.5)).abs() < 1e-6, "{area}");
    }

    #[test]
    fn a_hole_is_an_inner_ring() {
        let grid = labels(7, 7, |index| if index == 3 * 7 + 3 { NOTHING } else { 0 });
        let found = polygons(&grid).remove(&0).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].interiors().len(), 1);
        assert!(found[0].is_valid());
    }

    #[test]
    fn random_partitions_are_valid_and_without_gaps() {
        for seed in 0..6 {
            let noise = Noise::new(&mut Dice::new(seed, "outline"), 300.0);
            let mut grid = labels(60, 50, |index| {
                let (x, y) = ((index % 60) as f64 * 30.0, (index / 60) as f64 * 30.0);
                ((noise.at(x, y) + 1.0) * 2.5) as u16
            });
            without_corner_contacts(&mut grid);
            let found = polygons(&grid);
            for polygon in found.values().flatten() {
                assert!(polygon.is_valid(), "seed {seed}");
            }
            let area: f64 = found.values().flatten().map(Area::unsigned_area).sum();
            // Only the outer corners of the whole are cut, where no third label meets.
            let whole = 60.0 * 50.0 * 900.0;
            assert!(
                area <= whole + 1e-6 && area > whole - 4.0 * 112.5 - 1e-6,
                "seed {seed}: {area} of {whole}"
            );
        }
    }
}
