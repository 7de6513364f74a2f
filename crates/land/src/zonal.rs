//! Zonal statistics: the values of a raster on a piece of land, each cell weighted by the exact share that is covered. It
//! interpolates nothing.

use geo::{BoundingRect, MultiPolygon};

use crate::buffer::dissolve;
use crate::coverage::Coverage;
use crate::geometry::check_coordinates;
use crate::{LandError, Raster};

/// The values of a raster on a piece of land.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zonal {
    /// Mean, weighted by covered area.
    pub mean: f64,
    /// Least value of a cell touched.
    pub min: f64,
    /// Greatest value of a cell touched.
    pub max: f64,
    /// Covered area with a value, in square metres.
    pub area_m2: f64,
    /// Share of the land that lies outside the raster or on cells without a value, 0 to 1.
    pub missing_share: f64,
}

/// Statistics of a raster on land; `None` when no value lies on it.
///
/// # Errors
/// [`LandError::NotFinite`] for a coordinate.
///
/// ```
/// use anju_land::{Grid, Raster, zonal};
/// use geo::{MultiPolygon, Rect};
/// let slope = Raster::new(Grid::new(0.0, 10.0, 10.0, 10.0, 1, 2)?, vec![4.0, 10.0])?;
/// let site = MultiPolygon(vec![Rect::new((5.0, 0.0), (20.0, 10.0)).to_polygon()]);
/// let on_site = zonal(&slope, &site)?.ok_or("the site is not on the raster")?;
/// assert_eq!(on_site.mean, 8.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn zonal(raster: &Raster<f32>, land: &MultiPolygon<f64>) -> Result<Option<Zonal>, LandError> {
    use geo::Area;
    let features = [land.clone().into()];
    check_coordinates(&|| "the site".to_owned(), &features, None)?;
    let (land, _) = dissolve(&features, 0.0, None);
    let grid = raster.grid();
    let Some(extent) = land.bounding_rect() else {
        return Ok(None);
    };
    let rows = |y: f64| ((grid.north() - y) / grid.cell_height()).clamp(0.0, grid.rows() as f64);
    let (first, end) = (
        rows(extent.max().y).floor() as usize,
        rows(extent.min().y).ceil() as usize,
    );
    let prepared = Coverage::new(grid, &land);
    let mut shares = vec![0.0; grid.cols()];
    let (mut weight, mut sum, mut min, mut max) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for row in first..end {
        if !prepared.row(row, &mut shares) {
            continue;
        }
        for (share, value) in shares.iter().zip(raster.row(row)) {
            if *share > 0.0 && !value.is_nan() {
                let value = f64::from(*value);
                weight += share;
                sum += share * value;
                min = min.min(value);
                max = max.max(value);
            }
        }
    }
    let area_m2 = weight * grid.cell_area();
    let missing_share = (1.0 - area_m2 / land.unsigned_area()).clamp(0.0, 1.0);
    Ok((weight > 0.0).then(|| Zonal {
        mean: sum / weight,
        min,
        max,
        area_m2,
        missing_share,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;
    use geo::Rect;

    #[test]
    fn voids_and_land_outside_are_missing() {
        let grid = Grid::new(0.0, 20.0, 10.0, 10.0, 2, 2).unwrap();
        let raster = Raster::new(grid, vec![1.0, f32::NAN, 3.0, 5.0]).unwrap();
        let site = MultiPolygon(vec![Rect::new((0.0, 0.0), (40.0, 20.0)).to_polygon()]);
        let found = zonal(&raster, &site).unwrap().unwrap();
        assert_eq!(
            (found.mean, found.min, found.max, found.area_m2),
            (3.0, 1.0, 5.0, 300.0)
        );
        assert!((found.missing_share - 0.625).abs() < 1e-9);
        let away = MultiPolygon(vec![Rect::new((100.0, 100.0), (140.0, 120.0)).to_polygon()]);
        assert_eq!(zonal(&raster, &away).unwrap(), None);
    }
}
