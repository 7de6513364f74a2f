//! Candidate sites: suitable, connected land of at least a minimum area, cut to manageable pieces, as polygons with their
//! terrain, score and distances. It does not choose among them and does not read plan layers; see [`crate::verdict`].

use geo::{Area, Centroid, InteriorPoint, Intersects, MultiPolygon, Point};
use rayon::prelude::*;

use crate::geometry::check_not_negative;
use crate::nearest::{Nearest, NearestFeatures};
use crate::outline::outline;
use crate::regions::{Connectivity, Region, Run, regions, split};
use crate::{Grid, LandError};

/// What makes a piece of suitable land a candidate site.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateRules {
    /// Least suitability of a cell, 0 to 1.
    pub min_score: f64,
    /// Least area of a candidate, in square metres.
    pub min_area_m2: f64,
    /// Larger regions are cut into pieces of at most this area, in square metres; at least twice the minimum.
    pub max_area_m2: f64,
    /// Which cells are connected.
    pub connectivity: Connectivity,
    /// Largest triangle cut off an outline to smooth it, in square metres; 0 keeps the cells' edges. Where smoothing would
    /// take a candidate below the minimum area, its outline is left as it is.
    pub smoothing_m2: f64,
    /// Keep only so many, the best by score.
    pub limit: Option<usize>,
}

impl CandidateRules {
    pub(crate) fn check(&self) -> Result<(), LandError> {
        let place = "the candidate rules";
        if !(0.0..=1.0).contains(&self.min_score) {
            let expected = "from 0 to 1";
            return Err(LandError::Parameter {
                what: "The least score",
                place: place.to_owned(),
                value: self.min_score,
                expected,
            });
        }
        check_not_negative("The least area", place, self.min_area_m2)?;
        check_not_negative("The smoothing", place, self.smoothing_m2)?;
        if self.max_area_m2.is_nan() || self.max_area_m2 <= 0.0 || self.max_area_m2 < 2.0 * self.min_area_m2 {
            return Err(LandError::Parameter {
                what: "The largest area",
                place: place.to_owned(),
                value: self.max_area_m2,
                expected: "above 0 and at least twice the least area",
            });
        }
        Ok(())
    }
}

/// One criterion's share in a candidate's score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScorePart {
    /// Identifier of the criterion.
    pub criterion: String,
    /// Mean membership over the candidate's cells, 0 to 1.
    pub membership: f64,
    /// The criterion's weight.
    pub weight: f64,
}

impl ScorePart {
    /// What the criterion adds to the score: weight times membership.
    pub fn contribution(&self) -> f64 {
        self.weight * self.membership
    }
}

/// Distance from a candidate to the nearest feature of an attraction layer.
#[derive(Debug, Clone, PartialEq)]
pub struct AttractionDistance {
    /// Identifier of the layer.
    pub attraction: String,
    /// The nearest feature and its exact straight distance from the candidate's edge; `None` if the layer is empty.
    pub nearest: Option<Nearest>,
}

/// A piece of land that could become a settlement site.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its outline; several polygons only where cells are connected by corners.
    pub geometry: MultiPolygon<f64>,
    /// A point on the candidate: its centroid where that lies inside.
    pub point: Point<f64>,
    /// Area of the outline, in square metres.
    pub area_m2: f64,
    /// Number of cells it was made from.
    pub cells: usize,
    /// Mean slope of its cells, in percent.
    pub mean_slope_percent: f64,
    /// Greatest slope of its cells, in percent.
    pub max_slope_percent: f64,
    /// Mean elevation of its cells, in metres.
    pub mean_elevation_m: f64,
    /// Lowest elevation of its cells, in metres.
    pub min_elevation_m: f64,
    /// Highest elevation of its cells, in metres.
    pub max_elevation_m: f64,
    /// Mean suitability of its cells, 0 to 1: the sum of the parts' contributions.
    pub score: f64,
    /// What each criterion gave, in the order of the criteria.
    pub parts: Vec<ScorePart>,
    /// Distances to the attraction layers, in their order.
    pub distances: Vec<AttractionDistance>,
}

/// The pieces that may become candidates: large enough, cut to size, ordered by their first cell.
pub(crate) fn pieces(runs: &[Run], grid: &Grid, rules: &CandidateRules) -> Vec<Region> {
    // A hair's breadth for rounding, so that a region of just the minimum stays.
    let large_enough = |region: &Region| region.area(grid) >= rules.min_area_m2 * (1.0 - 1e-9);
    let most = ((rules.max_area_m2 * (1.0 + 1e-9) / grid.cell_area()) as usize).max(1);
    let mut found: Vec<Region> = regions(runs, rules.connectivity)
        .into_par_iter()
        .filter(large_enough)
        .flat_map_iter(|region| split(region, most, grid, rules.connectivity))
        .filter(large_enough)
        .collect();
    found.sort_by_key(|piece| piece.runs[0]);
    found
}

/// The outline of a piece and a point on it.
pub(crate) fn shape(
    piece: &Region,
    grid: &Grid,
    rules: &CandidateRules,
) -> (MultiPolygon<f64>, Point<f64>, f64) {
    let mut geometry = outline(piece, grid, rules.smoothing_m2);
    if geometry.unsigned_area() < rules.min_area_m2 {
        geometry = outline(piece, grid, 0.0);
    }
    let first = || Point(grid.centre(piece.runs[0].row as usize, piece.runs[0].start as usize));
    let point = geometry
        .centroid()
        .filter(|centroid| geometry.intersects(centroid))
        .or_else(|| geometry.interior_point())
        .unwrap_or_else(first);
    let area = geometry.unsigned_area();
    (geometry, point, area)
}

/// Distances from an outline to each attraction layer.
pub(crate) fn distances(
    geometry: &MultiPolygon<f64>,
    layers: &[(String, NearestFeatures)],
) -> Vec<AttractionDistance> {
    layers
        .iter()
        .map(|(id, nearest)| AttractionDistance {
            attraction: id.clone(),
            nearest: nearest.to_land(geometry),
        })
        .collect()
}
