//! Exact Euclidean distance from the centre of each cell to the centre of the nearest cell that a feature touches, row by
//! row in any order. It is not the distance to the vector feature itself, from which it differs by at most half a cell's
//! diagonal; [`crate::nearest`] measures that. It knows no terrain: straight lines only.
//!
//! Feature cells are kept per column as sorted runs of rows. For a row, the nearest run in a column gives the vertical
//! distance, and the lower envelope of the parabolas over all columns the distance (P. F. Felzenszwalb and
//! D. P. Huttenlocher, "Distance transforms of sampled functions", 2012; A. Meijster and others, 2000). Memory follows
//! the features; features outside the grid count.

use geo::Geometry;
use rayon::prelude::*;

use crate::buffer::normal;
use crate::geometry::{Part, check_coordinates, parts};
use crate::{Grid, LandError, Raster};

/// The cells that a set of features touches, inside and around a grid.
#[derive(Debug)]
pub struct FeatureCells {
    cell_width: f64,
    /// Squared ratio of cell height to cell width.
    row_squared: f64,
    /// The columns that hold features, ascending; column 0 is the grid's first.
    columns: Vec<i32>,
    /// Where each column's runs begin, and one more.
    starts: Vec<u32>,
    /// First and last row of each run, ascending and disjoint within a column.
    runs: Vec<(i32, i32)>,
}

impl FeatureCells {
    /// The cells touched by points, lines and polygons (with their interiors).
    ///
    /// # Errors
    /// [`LandError::NotFinite`] and [`LandError::FarFromGrid`] name the feature; `place` says of which layer.
    pub fn new(grid: &Grid, place: &str, features: &[Geometry<f64>]) -> Result<FeatureCells, LandError> {
        check_coordinates(&|| place.to_owned(), features, Some(&grid.bounds()))?;
        let mut runs = Vec::new();
        for feature in features {
            parts(feature, &mut |part| match part {
                Part::Point(at) => {
                    let (x, y) = grid.to_cells(at);
                    runs.push((x.floor() as i32, y.floor() as i32, y.floor() as i32));
                }
                Part::Line(line) => burn_line(grid, line, &mut runs),
                Part::Polygon(polygon) => {
                    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                        burn_line(grid, ring, &mut runs);
                    }
                    normal(polygon)
                        .iter()
                        .for_each(|polygon| burn_interior(grid, polygon, &mut runs));
                }
            });
        }
        Ok(FeatureCells::from_runs(grid, runs))
    }

    /// The cells given by row and column.
    pub fn from_cells(grid: &Grid, cells: impl IntoIterator<Item = (usize, usize)>) -> FeatureCells {
        let runs = cells
            .into_iter()
            .map(|(row, col)| (col as i32, row as i32, row as i32))
            .collect();
        FeatureCells::from_runs(grid, runs)
    }

    fn from_runs(grid: &Grid, mut raw: Vec<(i32, i32, i32)>) -> FeatureCells {
        raw.sort_unstable();
        let mut columns: Vec<i32> = Vec::new();
        let mut starts: Vec<u32> = Vec::new();
        let mut runs: Vec<(i32, i32)> = Vec::new();
        for (col, first, last) in raw {
            if columns.last() != Some(&col) {
                columns.push(col);
                starts.push(runs.len() as u32);
                runs.push((first, last));
                continue;
            }
            let end = runs.len() - 1;
            if first <= runs[end].1 + 1 {
                runs[end].1 = runs[end].1.max(last);
            } else {
                runs.push((first, last));
            }
        }
        starts.push(runs.len() as u32);
        let ratio = grid.cell_height() / grid.cell_width();
        FeatureCells {
            cell_width: grid.cell_width(),
            row_squared: ratio * ratio,
            columns,
            starts,
            runs,
        }
    }

    /// Whether no cell is touched.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// A scan over rows of this set.
    pub fn scan(&self) -> DistanceScan<'_> {
        DistanceScan {
            cells: self,
            row: None,
            cursor: vec![0; self.columns.len()],
            envelope: Vec::new(),
        }
    }
}

/// Distances row by row. Consecutive rows are quickest, but any order gives the same values.
#[derive(Debug)]
pub struct DistanceScan<'a> {
    cells: &'a FeatureCells,
    row: Option<usize>,
    /// Per column, the first run that does not end above the row.
    cursor: Vec<u32>,
    /// Column, squared vertical distance in cell widths, and where the parabola begins to be the lowest.
    envelope: Vec<(f64, f64, f64)>,
}

impl DistanceScan<'_> {
    /// Writes the distance in metres of each cell of a row; infinite where there are no features at all.
    pub fn row(&mut self, row: usize, out: &mut [f64]) {
        let cells = self.cells;
        if cells.is_empty() {
            out.fill(f64::INFINITY);
            return;
        }
        let next_row = self.row.is_some_and(|before| before + 1 == row);
        self.row = Some(row);
        self.envelope.clear();
        let here = row as i32;
        for (index, &column) in cells.columns.iter().enumerate() {
            let (from, to) = (cells.starts[index] as usize, cells.starts[index + 1] as usize);
            let cursor = if next_row {
                let mut cursor = self.cursor[index] as usize;
                while cursor < to && cells.runs[cursor].1 < here {
                    cursor += 1;
                }
                cursor
            } else {
                from + cells.runs[from..to].partition_point(|run| run.1 < here)
            };
            self.cursor[index] = cursor as u32;
            let below = if cursor < to {
                (cells.runs[cursor].0 - here).max(0)
            } else {
                i32::MAX
            };
            let above = if cursor > from {
                here - cells.runs[cursor - 1].1
            } else {
                i32::MAX
            };
            let vertical = f64::from(below.min(above));
            self.add(f64::from(column), vertical * vertical * cells.row_squared);
        }
        let mut lowest = 0;
        for (col, distance) in out.iter_mut().enumerate() {
            let x = col as f64;
            while lowest + 1 < self.envelope.len() && self.envelope[lowest + 1].2 <= x {
                lowest += 1;
            }
            let (column, squared, _) = self.envelope[lowest];
            *distance = cells.cell_width * ((x - column) * (x - column) + squared).sqrt();
        }
    }

    /// Adds the parabola of a column east of all before it.
    fn add(&mut self, column: f64, squared: f64) {
        let mut begins = f64::NEG_INFINITY;
        while let Some(&(other, other_squared, other_begins)) = self.envelope.last() {
            begins =
                ((squared + column * column) - (other_squared + other * other)) / (2.0 * (column - other));
            if begins > other_begins {
                break;
            }
            self.envelope.pop();
            begins = f64::NEG_INFINITY;
        }
        self.envelope.push((column, squared, begins));
    }
}

/// The distance in metres of every cell to the nearest feature cell, as a raster; infinite without features.
///
/// # Errors
/// Those of [`FeatureCells::new`].
///
/// ```
/// use anju_land::{Grid, distance::distance};
/// use geo::{Geometry, Point};
/// let grid = Grid::new(0.0, 40.0, 10.0, 10.0, 4, 5)?;
/// let town: Geometry<f64> = Point::new(5.0, 35.0).into();
/// let metres = distance(&grid, "the towns", &[town])?;
/// assert_eq!(metres.get(3, 4), 50.0); // 40 m east and 30 m south
/// # Ok::<(), anju_land::LandError>(())
/// ```
pub fn distance(grid: &Grid, place: &str, features: &[Geometry<f64>]) -> Result<Raster<f32>, LandError> {
    let cells = FeatureCells::new(grid, place, features)?;
    let mut out = vec![0f32; grid.cells()];
    out.par_chunks_mut(grid.cols()).enumerate().for_each_init(
        || (cells.scan(), vec![0f64; grid.cols()]),
        |(scan, metres), (row, out)| {
            scan.row(row, metres);
            out.iter_mut()
                .zip(metres.iter())
                .for_each(|(cell, metres)| *cell = *metres as f32);
        },
    );
    Raster::new(*grid, out)
}

/// Adds the cells a line passes through, column by column.
fn burn_line(grid: &Grid, line: &geo::LineString<f64>, runs: &mut Vec<(i32, i32, i32)>) {
    let points: Vec<(f64, f64)> = line.coords().map(|at| grid.to_cells(*at)).collect();
    if let [(x, y)] = points[..] {
        runs.push((x.floor() as i32, y.floor() as i32, y.floor() as i32));
    }
    for pair in points.windows(2) {
        let (west, east) = if pair[0].0 <= pair[1].0 {
            (pair[0], pair[1])
        } else {
            (pair[1], pair[0])
        };
        let (low, high) = (west.1.min(east.1), west.1.max(east.1));
        let (first, last) = (west.0.floor() as i32, east.0.floor() as i32);
        let at = |x: f64| {
            if x <= west.0 {
                west.1
            } else if x >= east.0 {
                east.1
            } else {
                (west.1 + (x - west.0) / (east.0 - west.0) * (east.1 - west.1)).clamp(low, high)
            }
        };
        for col in first..=last {
            let (enter, leave) = if west.0 == east.0 {
                (low, high)
            } else {
                (at(f64::from(col)), at(f64::from(col + 1)))
            };
            runs.push((
                col,
                enter.min(leave).floor() as i32,
                enter.max(leave).floor() as i32,
            ));
        }
    }
}

/// Adds the cells whose column's centre line runs through the inside of a polygon. Cells the inside touches elsewhere are
/// touched by the boundary too.
fn burn_interior(grid: &Grid, polygon: &geo::Polygon<f64>, runs: &mut Vec<(i32, i32, i32)>) {
    let mut crossings: Vec<(i32, f64)> = Vec::new();
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        let points: Vec<(f64, f64)> = ring.coords().map(|at| grid.to_cells(*at)).collect();
        for pair in points.windows(2) {
            let (west, east) = if pair[0].0 <= pair[1].0 {
                (pair[0], pair[1])
            } else {
                (pair[1], pair[0])
            };
            if west.0 == east.0 {
                continue;
            }
            // Centre lines x = col + 0.5 with west.0 < x <= east.0.
            let first = (west.0 - 0.5).floor() as i32 + 1;
            let last = (east.0 - 0.5).floor() as i32;
            for col in first..=last {
                let x = f64::from(col) + 0.5;
                crossings.push((col, west.1 + (x - west.0) / (east.0 - west.0) * (east.1 - west.1)));
            }
        }
    }
    crossings.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for pair in crossings.chunks_exact(2) {
        runs.push((pair[0].0, pair[0].1.floor() as i32, pair[1].1.floor() as i32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Intersects, LineString, Point, Polygon, Rect};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_nearest_of_all_feature_cells(
            rows in 1usize..12, cols in 1usize..12, width in 1.0..40.0f64, height in 1.0..40.0f64,
            marks in prop::collection::vec((0usize..12, 0usize..12), 0..12), order in any::<bool>(),
        ) {
            let grid = Grid::new(0.0, 0.0, width, height, rows, cols).unwrap();
            let marks: Vec<_> = marks.into_iter().map(|(row, col)| (row % rows, col % cols)).collect();
            let cells = FeatureCells::from_cells(&grid, marks.iter().copied());
            let mut scan = cells.scan();
            let mut out = vec![0.0; cols];
            let rows: Vec<usize> = if order { (0..rows).collect() } else { (0..rows).rev().collect() };
            for row in rows {
                scan.row(row, &mut out);
                for (col, metres) in out.iter().enumerate() {
                    let brute = marks.iter()
                        .map(|mark| ((mark.0 as f64 - row as f64) * height).hypot((mark.1 as f64 - col as f64) * width))
                        .fold(f64::INFINITY, f64::min);
                    prop_assert!(*metres == brute || (metres - brute).abs() < 1e-9, "{metres} instead of {brute}");
                }
            }
        }

        #[test]
        fn touched_cells_are_those_a_feature_meets(
            points in prop::collection::vec((-20.0..80.0f64, -20.0..60.0f64), 2..6), area in any::<bool>(),
        ) {
            let grid = Grid::new(0.0, 40.0, 10.0, 8.0, 5, 6).unwrap();
            let line = LineString::from(points);
            let feature: Geometry<f64> = if area { Polygon::new(line, vec![]).into() } else { line.into() };
            // Rings may cross themselves: both sides count the inside by the non-zero rule.
            let metres = distance(&grid, "test", std::slice::from_ref(&feature)).unwrap();
            for row in 0..grid.rows() {
                for col in 0..grid.cols() {
                    let cell = Rect::new(grid.corner(row + 1, col), grid.corner(row, col + 1)).to_polygon();
                    let touched = match &feature {
                        Geometry::Polygon(polygon) => polygon.exterior().intersects(&cell)
                            || geo::Contains::contains(polygon, &Point(grid.centre(row, col))),
                        other => other.intersects(&cell),
                    };
                    prop_assert_eq!(metres.get(row, col) == 0.0, touched, "cell {}, {}", row, col);
                }
            }
        }
    }

    #[test]
    fn features_outside_the_grid_count_and_none_is_infinitely_far() {
        let grid = Grid::new(0.0, 10.0, 10.0, 10.0, 1, 1).unwrap();
        let town: Geometry<f64> = Point::new(-25.0, -35.0).into();
        assert_eq!(distance(&grid, "towns", &[town]).unwrap().get(0, 0), 50.0);
        assert_eq!(distance(&grid, "towns", &[]).unwrap().get(0, 0), f32::INFINITY);
    }

    #[test]
    fn a_layer_in_degrees_is_told_apart() {
        let grid = Grid::new(500_000.0, 3_600_000.0, 30.0, 30.0, 10, 10).unwrap();
        let town: Geometry<f64> = Point::new(108.5, 32.5).into();
        let error = distance(&grid, "towns", &[town]).unwrap_err();
        assert!(error.to_string().contains("reference system"), "{error}");
    }
}
