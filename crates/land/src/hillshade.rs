//! Hillshade for display: the light a surface reflects from one low sun. It is a picture, not a measure of sunshine:
//! it knows no cast shadows.

use rayon::prelude::*;

use crate::slope::gradient_row;
use crate::{LandError, Raster};

/// Where the light comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sun {
    /// Direction of the light in degrees clockwise from north. Maps use 315: a light from the lower right turns
    /// valleys into ridges for most readers.
    pub azimuth: f64,
    /// Height of the light above the horizon in degrees, 0 to 90.
    pub altitude: f64,
    /// Factor on elevations, above 0: 1 is true to scale, more stresses gentle relief.
    pub exaggeration: f64,
}

impl Default for Sun {
    fn default() -> Sun {
        Sun {
            azimuth: 315.0,
            altitude: 45.0,
            exaggeration: 1.0,
        }
    }
}

/// Brightness of each cell from 1 (dark) to 255 (light); 0 where the elevation is missing.
///
/// # Errors
/// [`LandError::Parameter`] for an azimuth that is not finite, an altitude outside 0 to 90 degrees or an exaggeration
/// that is not above 0.
pub fn hillshade(dem: &Raster<f32>, sun: Sun) -> Result<Raster<u8>, LandError> {
    let wrong = |what, value, expected| LandError::Parameter {
        what,
        place: "the hillshade".to_owned(),
        value,
        expected,
    };
    if !sun.azimuth.is_finite() {
        return Err(wrong("The azimuth", sun.azimuth, "a finite number of degrees"));
    }
    if !(0.0..=90.0).contains(&sun.altitude) {
        return Err(wrong("The altitude", sun.altitude, "from 0 to 90 degrees"));
    }
    if !sun.exaggeration.is_finite() || sun.exaggeration <= 0.0 {
        return Err(wrong(
            "The exaggeration",
            sun.exaggeration,
            "a finite number above 0",
        ));
    }
    let (azimuth, altitude) = (sun.azimuth.to_radians(), sun.altitude.to_radians());
    let light = (
        altitude.cos() * azimuth.sin(),
        altitude.cos() * azimuth.cos(),
        altitude.sin(),
    );
    let grid = *dem.grid();
    let mut cells = vec![0u8; grid.cells()];
    cells
        .par_chunks_mut(grid.cols())
        .enumerate()
        .for_each(|(row, out)| {
            gradient_row(dem, row, |col, gradient| {
                out[col] = gradient.map_or(0, |(east, north)| {
                    // The surface's normal is (-east, -north, 1); the light is the cosine between both.
                    let (east, north) = (east * sun.exaggeration, north * sun.exaggeration);
                    let cosine = (light.2 - east * light.0 - north * light.1)
                        / (1.0 + east * east + north * north).sqrt();
                    (1.0 + 254.0 * cosine.max(0.0)).round() as u8
                });
            });
        });
    Raster::new(grid, cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;

    fn ramp(rise_to_east: f32) -> Raster<f32> {
        let grid = Grid::new(0.0, 30.0, 10.0, 10.0, 3, 3).unwrap();
        Raster::new(grid, (0..9).map(|at| (at % 3) as f32 * rise_to_east).collect()).unwrap()
    }

    #[test]
    fn level_ground_reflects_the_sine_of_the_altitude() {
        let shade = hillshade(
            &ramp(0.0),
            Sun {
                altitude: 30.0,
                ..Sun::default()
            },
        )
        .unwrap();
        assert!(shade.cells().iter().all(|&value| value == 128));
    }

    #[test]
    fn a_slope_facing_the_light_is_lightest_and_its_back_is_dark() {
        let sun = Sun {
            azimuth: 270.0,
            altitude: 45.0,
            exaggeration: 1.0,
        };
        // Rising 45 degrees to the east, the surface faces west and the sun.
        assert!(
            hillshade(&ramp(10.0), sun)
                .unwrap()
                .cells()
                .iter()
                .all(|&value| value == 255)
        );
        assert!(
            hillshade(&ramp(-10.0), sun)
                .unwrap()
                .cells()
                .iter()
                .all(|&value| value == 1)
        );
    }

    #[test]
    fn voids_are_zero_and_a_sun_below_the_horizon_is_refused() {
        let grid = Grid::new(0.0, 30.0, 10.0, 10.0, 1, 2).unwrap();
        let dem = Raster::new(grid, vec![f32::NAN, 3.0]).unwrap();
        assert_eq!(hillshade(&dem, Sun::default()).unwrap().get(0, 0), 0);
        assert!(matches!(
            hillshade(
                &dem,
                Sun {
                    altitude: -1.0,
                    ..Sun::default()
                }
            ),
            Err(LandError::Parameter { .. })
        ));
    }
}
