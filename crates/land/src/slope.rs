//! Slope by Horn's method (B. K. P. Horn, "Hill shading and the reflectance map", 1981): the gradient of a weighted
//! 3 x 3 neighbourhood. It does not smooth the elevation model or fill its voids.
//!
//! Edges are computed: a neighbour that is missing is continued in a straight line from the two cells opposite, so that
//! a plane has its true slope up to the last row and beside voids. Away from voids and from the four corner cells this
//! is what `gdaldem slope -p -compute_edges` does; in the corner cells that program repeats a column instead.

use rayon::prelude::*;

use crate::{Grid, Raster};

/// A slope as rise over run times one hundred: 100 percent is 45 degrees. Building limits are given in percent.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct SlopePercent(pub f64);

/// A slope as an angle from the horizontal, 0 to 90 degrees. Steep-slope farmland is defined in degrees.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct SlopeDegrees(pub f64);

impl From<SlopePercent> for SlopeDegrees {
    fn from(slope: SlopePercent) -> SlopeDegrees {
        SlopeDegrees((slope.0 / 100.0).atan().to_degrees())
    }
}

impl From<SlopeDegrees> for SlopePercent {
    fn from(slope: SlopeDegrees) -> SlopePercent {
        SlopePercent(slope.0.to_radians().tan() * 100.0)
    }
}

/// Slope of each cell in percent; NaN where the elevation is missing.
pub fn slope_percent(dem: &Raster<f32>) -> Raster<f32> {
    let grid = *dem.grid();
    let mut cells = vec![f32::NAN; grid.cells()];
    cells
        .par_chunks_mut(grid.cols())
        .enumerate()
        .for_each(|(row, out)| slope_row(dem, row, out));
    Raster::new(grid, cells).expect("the slope has the shape of its elevation model")
}

/// Slope in percent of one row, into `out`.
pub(crate) fn slope_row(dem: &Raster<f32>, row: usize, out: &mut [f32]) {
    gradient_row(dem, row, |col, gradient| {
        out[col] = gradient.map_or(f32::NAN, |(dx, dy)| (dx.hypot(dy) * 100.0) as f32);
    });
}

/// Calls `each` with column and gradient (rise per metre to the east and to the north) of every cell of a row; the
/// gradient is `None` where the elevation is missing.
pub(crate) fn gradient_row(dem: &Raster<f32>, row: usize, mut each: impl FnMut(usize, Option<(f64, f64)>)) {
    let grid = dem.grid();
    let cols = grid.cols();
    let here = dem.row(row);
    let above = (row > 0).then(|| dem.row(row - 1));
    let below = (row + 1 < grid.rows()).then(|| dem.row(row + 1));
    for col in 0..cols {
        if here[col].is_nan() {
            each(col, None);
            continue;
        }
        if let (Some(above), Some(below)) = (above, below)
            && col > 0
            && col + 1 < cols
        {
            let window = [
                above[col - 1],
                above[col],
                above[col + 1],
                here[col - 1],
                here[col],
                here[col + 1],
                below[col - 1],
                below[col],
                below[col + 1],
            ]
            .map(f64::from);
            let gradient = horn(&window, grid);
            // One missing neighbour makes the sum NaN: then, and only then, the slow way.
            if !gradient.0.is_nan() && !gradient.1.is_nan() {
                each(col, Some(gradient));
                continue;
            }
        }
        let mut window = [f64::NAN; 9];
        for (line, source) in [above, Some(here), below].into_iter().enumerate() {
            let Some(source) = source else { continue };
            for side in 0..3 {
                if let Some(&value) = (col + side).checked_sub(1).and_then(|at| source.get(at)) {
                    window[line * 3 + side] = f64::from(value);
                }
            }
        }
        continue_outwards(&mut window);
        each(col, Some(horn(&window, grid)));
    }
}

/// Horn's gradient of a full window, numbered from the north-west in reading order.
fn horn(w: &[f64; 9], grid: &Grid) -> (f64, f64) {
    let east = (w[2] + 2.0 * w[5] + w[8]) - (w[0] + 2.0 * w[3] + w[6]);
    let north = (w[0] + 2.0 * w[1] + w[2]) - (w[6] + 2.0 * w[7] + w[8]);
    (
        east / (8.0 * grid.cell_width()),
        north / (8.0 * grid.cell_height()),
    )
}

/// Fills missing neighbours (NaN) of a window whose centre is known: along a straight line where two known cells allow
/// it, first the four sides, then the corners; level with the nearest known cell otherwise.
fn continue_outwards(w: &mut [f64; 9]) {
    let known = w.map(|value| !value.is_nan());
    for (side, opposite) in [(1, 7), (3, 5), (5, 3), (7, 1)] {
        if !known[side] {
            w[side] = if known[opposite] {
                2.0 * w[4] - w[opposite]
            } else {
                w[4]
            };
        }
    }
    // A corner is continued along its column, then along its row, from cells that were really there; then across
    // the parallelogram of its two sides, which is right for a plane.
    for (corner, column, row) in [
        (0, (3, 6), (1, 2)),
        (2, (5, 8), (1, 0)),
        (6, (3, 0), (7, 8)),
        (8, (5, 2), (7, 6)),
    ] {
        if known[corner] {
            continue;
        }
        w[corner] = if known[column.0] && known[column.1] {
            2.0 * w[column.0] - w[column.1]
        } else if known[row.0] && known[row.1] {
            2.0 * w[row.0] - w[row.1]
        } else {
            w[column.0] + w[row.0] - w[4]
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plane(rows: usize, cols: usize, east: f64, north: f64) -> Raster<f32> {
        let grid = Grid::new(1000.0, 2000.0, 30.0, 20.0, rows, cols).unwrap();
        let cells = (0..rows)
            .flat_map(|row| (0..cols).map(move |col| (row, col)))
            .map(|(row, col)| {
                let at = grid.centre(row, col);
                ((at.x - 1000.0) * east + (at.y - 2000.0) * north) as f32
            })
            .collect();
        Raster::new(grid, cells).unwrap()
    }

    #[test]
    fn percent_and_degrees_convert() {
        assert!((SlopeDegrees::from(SlopePercent(100.0)).0 - 45.0).abs() < 1e-12);
        assert!((SlopeDegrees::from(SlopePercent(25.0)).0 - 14.036).abs() < 1e-3);
        assert!((SlopePercent::from(SlopeDegrees(25.0)).0 - 46.631).abs() < 1e-3);
    }

    #[test]
    fn a_single_cell_is_level() {
        assert_eq!(slope_percent(&plane(1, 1, 0.5, 0.5)).cells(), [0.0]);
    }

    #[test]
    fn known_value_of_a_bump() {
        let grid = Grid::new(0.0, 30.0, 10.0, 10.0, 3, 3).unwrap();
        let dem = Raster::new(grid, vec![0.0, 0.0, 4.0, 0.0, 0.0, 4.0, 0.0, 0.0, 4.0]).unwrap();
        // Horn in the centre: 4 * 4 / (8 * 10) = 0.2.
        assert!((slope_percent(&dem).get(1, 1) - 20.0).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn a_plane_has_its_slope_everywhere(rows in 2usize..7, cols in 2usize..7, east in -1.0..1.0f64, north in -1.0..1.0f64, void in 0usize..49) {
            let mut dem = plane(rows, cols, east, north);
            let void = void % (rows * cols);
            let mut cells = dem.clone().into_cells();
            cells[void] = f32::NAN;
            let expected = east.hypot(north) * 100.0;
            for (at, slope) in slope_percent(&dem).cells().iter().enumerate() {
                prop_assert!((f64::from(*slope) - expected).abs() < 1e-3, "cell {at}: {slope} instead of {expected}");
            }
            if rows > 3 && cols > 3 {
                dem = Raster::new(*dem.grid(), cells).unwrap();
                for (at, slope) in slope_percent(&dem).cells().iter().enumerate() {
                    if at == void {
                        prop_assert!(slope.is_nan());
                    } else {
                        // Beside both an edge and a void the gradient across may be unknown and taken as level.
                        prop_assert!(f64::from(*slope) < expected * 1.5 + 1e-3, "cell {at}");
                    }
                }
            }
        }
    }
}
