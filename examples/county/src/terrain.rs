//! The terrain: a real elevation model brought to a square metric grid at the county's stated position.
//!
//! A model in degrees keeps its shape in metres at its own latitude and is moved to the position; a model in a projected
//! system keeps its shape, and its place too when it is in a Gauss-Kruger zone of CGCS2000 already.

use std::path::Path;

use anju_exchange::crs::Crs;
use anju_exchange::raster::{GeoTiff, read_geotiff};

use crate::error::ExampleError;
use crate::raster::Raster;

/// Centre of the county: easting and northing in EPSG:4545 (CGCS2000, 3-degree Gauss-Kruger, 108° E), about 32.7° N 107.7° E.
pub(crate) const CENTRE: (f64, f64) = (470_000.0, 3_620_000.0);
/// Cell size, m.
pub(crate) const CELL: f64 = 30.0;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;

/// The elevation model of the county.
pub(crate) struct Terrain {
    /// Metres above sea level; cells without data have the nearest value to the west.
    pub(crate) elevation: Raster<f32>,
    /// Where the model has data.
    pub(crate) known: Raster<bool>,
    /// The system its coordinates are in.
    pub(crate) crs: Crs,
}

/// Reads an elevation model and brings it to the county's grid.
pub(crate) fn read(path: &Path) -> Result<Terrain, ExampleError> {
    let source = read_geotiff(path, None)?;
    let middle = source.north - source.cell_height * source.rows as f64 / 2.0;
    let (scale_x, scale_y) = if source.crs.is_geographic() {
        (DEGREE_M * middle.to_radians().cos(), DEGREE_M)
    } else {
        (1.0, 1.0)
    };
    let (width_m, height_m) = (
        source.cell_width * scale_x * source.cols as f64,
        source.cell_height * scale_y * source.rows as f64,
    );
    let (width, height) = ((width_m / CELL) as usize, (height_m / CELL) as usize);
    let stays = source.crs.is_cgcs2000() && !source.crs.is_geographic();
    let crs = if stays { source.crs } else { Crs::from_epsg(4545)? };
    let (west, north) = if stays {
        (source.west, source.north)
    } else {
        (
            (CENTRE.0 - width_m / 2.0).round(),
            (CENTRE.1 + height_m / 2.0).round(),
        )
    };
    let mut elevation = Vec::with_capacity(width * height);
    let mut known = Vec::with_capacity(width * height);
    let mut last = 0.0;
    for row in 0..height {
        for column in 0..width {
            let x = (column as f64 + 0.5) * CELL / (source.cell_width * scale_x) - 0.5;
            let y = (row as f64 + 0.5) * CELL / (source.cell_height * scale_y) - 0.5;
            let value = bilinear(&source, x, y);
            known.push(value.is_some());
            // Elevations in whole centimetres: the same bytes on every machine.
            last = value.map_or(last, |value| ((value * 100.0).round() / 100.0) as f32);
            elevation.push(last);
        }
    }
    let elevation = Raster {
        width,
        height,
        cell: CELL,
        west,
        north,
        values: elevation,
    };
    let known = elevation.derive(|index| known[index]);
    Ok(Terrain {
        elevation,
        known,
        crs,
    })
}

fn bilinear(source: &GeoTiff, x: f64, y: f64) -> Option<f64> {
    let clamp = |value: f64, count: usize| value.clamp(0.0, count as f64 - 1.0);
    let (x, y) = (clamp(x, source.cols), clamp(y, source.rows));
    let (column, row) = (x.floor() as usize, y.floor() as usize);
    let (u, v) = (x - column as f64, y - row as f64);
    let at = |r: usize, c: usize| source.value(r.min(source.rows - 1), c.min(source.cols - 1));
    let upper = at(row, column)? * (1.0 - u) + at(row, column + 1)? * u;
    let lower = at(row + 1, column)? * (1.0 - u) + at(row + 1, column + 1)? * u;
    Some(upper * (1.0 - v) + lower * v)
}
