//! Terrain, exclusion, distance, suitability, candidate sites and plan conflicts for planned relocation.
//!
//! The crate computes; it does no input or output, knows no file formats, reprojects nothing and holds no policy. All
//! inputs are in one metric coordinate reference system, and every threshold comes from the caller.
//!
//! [`assess()`] takes an elevation model, exclusion and attraction layers, criteria and rules to slope, exclusion masks,
//! suitability and ranked candidate sites. [`PlanLayer`] says what another plan means for a site. The parts can be
//! used alone: [`slope`], [`hillshade()`], [`mod@coverage`], [`mod@buffer`], [`mod@distance`], [`regions`], [`mod@outline`],
//! [`nearest`], [`polygon_index`], [`mod@zonal`].
//!
//! Results do not depend on the number of threads or on how rows are grouped.
//!
//! ```
//! use anju_land::{Grid, Raster, SlopeDegrees, SlopePercent, slope::slope_percent};
//!
//! // A plane that rises 1 m in 10 m to the east.
//! let grid = Grid::new(500_000.0, 3_600_000.0, 30.0, 30.0, 4, 5)?;
//! let dem = Raster::new(grid, (0..20).map(|cell| (cell % 5) as f32 * 3.0).collect())?;
//! let slope = slope_percent(&dem);
//! assert!((slope.get(0, 0) - 10.0).abs() < 1e-4);
//! assert!((SlopeDegrees::from(SlopePercent(10.0)).0 - 5.71).abs() < 0.01);
//! # Ok::<(), anju_land::LandError>(())
//! ```

pub mod assess;
pub mod buffer;
pub mod candidates;
pub mod coverage;
pub mod distance;
mod error;
mod geometry;
pub mod grid;
pub mod hillshade;
pub mod nearest;
pub mod outline;
pub mod polygon_index;
pub mod regions;
pub mod slope;
pub mod suitability;
pub mod verdict;
pub mod zonal;

pub use assess::{
    AttractionLayer, ExcludedShare, Exclusion, ExclusionLayer, ExclusionMask, LandInput, LandResult,
    LayerReach, MOST_EXCLUSION_LAYERS, assess,
};
pub use candidates::{AttractionDistance, Candidate, CandidateRules, ScorePart};
pub use error::LandError;
pub use grid::{Grid, Raster};
pub use hillshade::{Sun, hillshade};
pub use nearest::{Nearest, NearestFeatures};
pub use polygon_index::PolygonIndex;
pub use regions::Connectivity;
pub use slope::{SlopeDegrees, SlopePercent};
pub use suitability::{Criteria, Criterion, Factor, Membership};
pub use verdict::{Basis, FeatureOverlap, LayerVerdict, PlanLayer, Verdict, strictest, verdicts};
pub use zonal::{Zonal, zonal};
