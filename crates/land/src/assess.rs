//! The land assessment of an area in one call: slope, exclusion, distance, suitability, regions, candidate sites.
//!
//! Cells are worked in bands of rows on all cores; a row needs only its neighbours' elevations and prepared features, and
//! sums are taken in the order of the rows, so that every band height and every number of threads gives the same
//! result to the last bit. Beside the rasters asked for, memory follows features and runs of suitable cells.
//! It reads no files, and inputs must be in one metric coordinate reference system.

use std::ops::ControlFlow;

use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;

use crate::buffer::dissolve;
use crate::candidates::{AttractionDistance, Candidate, CandidateRules, ScorePart, distances, pieces, shape};
use crate::coverage::Coverage;
use crate::distance::{DistanceScan, FeatureCells};
use crate::geometry::{Part, check_coordinates, check_ids, check_not_negative, parts};
use crate::nearest::NearestFeatures;
use crate::regions::{Region, Run, runs_of_row};
use crate::slope::slope_row;
use crate::suitability::{Criteria, Factor};
use crate::{Grid, LandError, Raster};

/// Exclusion layers that one assessment can tell apart.
pub const MOST_EXCLUSION_LAYERS: usize = 29;

const NO_ELEVATION: u32 = 1;
const OUTSIDE_BOUNDARY: u32 = 2;
const TOO_STEEP: u32 = 4;
const FIRST_LAYER: u32 = 8;

/// A smaller share of a cell is not a touch: buffers and unions round coordinates by fractions of a millimetre, and land that
/// ends on a cell's edge must not take the neighbour.
const TOUCH: f64 = 1e-4;

/// Rows worked at a time by one thread. The result does not depend on it.
const BAND_ROWS: usize = 32;

/// Land where nothing may stand.
#[derive(Debug, Clone)]
pub struct ExclusionLayer<'a> {
    /// Identifier, unique among the exclusions.
    pub id: String,
    /// Polygons, and points and lines with a set-back.
    pub features: &'a [Geometry<f64>],
    /// Set-back around every feature, in metres; above 0 where there are points or lines.
    pub buffer_m: f64,
    /// A cell is excluded when more than this share of it is covered, 0 up to but not 1; 0 excludes every cell that is touched.
    /// A ten-thousandth of a cell is always allowed, for coordinates are rounded.
    pub allowed_share: f64,
}

/// Features to be near to: towns, parks, central villages, roads, rivers.
#[derive(Debug, Clone)]
pub struct AttractionLayer<'a> {
    /// Identifier, unique among the attractions; criteria name it.
    pub id: String,
    /// Points, lines or polygons, inside or around the grid.
    pub features: &'a [Geometry<f64>],
}

/// All that an assessment reads.
#[derive(Debug, Clone)]
pub struct LandInput<'a> {
    /// Elevation in metres; NaN where it is missing. Its grid is the grid of all results.
    pub dem: &'a Raster<f32>,
    /// The area assessed, such as the county; cells not wholly inside are left out. Without it, the whole grid.
    pub boundary: Option<&'a MultiPolygon<f64>>,
    /// Layers that exclude land, at most [`MOST_EXCLUSION_LAYERS`].
    pub exclusions: Vec<ExclusionLayer<'a>>,
    /// Layers that criteria refer to and candidates are measured to.
    pub attractions: Vec<AttractionLayer<'a>>,
    /// Slope limit and criteria.
    pub criteria: Criteria,
    /// What makes a candidate.
    pub candidate_rules: CandidateRules,
}

/// Why a cell is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// The elevation model has no value.
    NoElevation,
    /// The cell is not wholly inside the boundary.
    OutsideBoundary,
    /// Steeper than the limit.
    Slope,
    /// The exclusion layer of this index.
    Layer(usize),
}

/// The reasons for which a cell is excluded, as a set of bits; empty where building is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ExclusionMask(u32);

impl ExclusionMask {
    /// Whether nothing excludes the cell.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the cell is excluded for a reason.
    pub fn has(self, reason: Exclusion) -> bool {
        self.0 & bit(reason) != 0
    }

    /// All reasons, layers by index last.
    pub fn reasons(self) -> impl Iterator<Item = Exclusion> {
        let fixed = [
            Exclusion::NoElevation,
            Exclusion::OutsideBoundary,
            Exclusion::Slope,
        ];
        fixed
            .into_iter()
            .chain((0..MOST_EXCLUSION_LAYERS).map(Exclusion::Layer))
            .filter(move |reason| self.has(*reason))
    }

    /// The bits: 1 no elevation, 2 outside the boundary, 4 slope, 8 the first layer and so on upwards.
    pub fn bits(self) -> u32 {
        self.0
    }
}

fn bit(reason: Exclusion) -> u32 {
    match reason {
        Exclusion::NoElevation => NO_ELEVATION,
        Exclusion::OutsideBoundary => OUTSIDE_BOUNDARY,
        Exclusion::Slope => TOO_STEEP,
        Exclusion::Layer(layer) if layer < MOST_EXCLUSION_LAYERS => FIRST_LAYER << layer,
        Exclusion::Layer(_) => 0,
    }
}

/// How much of the assessed area one reason excludes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExcludedShare {
    /// The reason.
    pub reason: Exclusion,
    /// Cells it excludes.
    pub cells: u64,
    /// Cells that nothing else excludes.
    pub sole_cells: u64,
    /// `cells` as a share of the assessed area, 0 to 1; 0 if that is empty.
    pub share: f64,
}

/// An exclusion layer's features as they lay on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerReach {
    /// Features within the buffer of the grid.
    pub used: usize,
    /// Features too far from the grid to matter. All of them far away mostly means a wrong reference system.
    pub away: usize,
}

/// All that an assessment finds.
#[derive(Debug, Clone, PartialEq)]
pub struct LandResult {
    /// The grid of the rasters.
    pub grid: Grid,
    /// Slope in percent; NaN where the elevation is missing.
    pub slope: Raster<f32>,
    /// Why cells are excluded.
    pub excluded: Raster<ExclusionMask>,
    /// Suitability from 0 to 1; NaN where excluded.
    pub suitability: Raster<f32>,
    /// Candidate sites, best first; equal scores by their first cell from the north-west.
    pub candidates: Vec<Candidate>,
    /// Cells inside the boundary.
    pub assessed_cells: u64,
    /// Cells inside the boundary that anything excludes, as a share of all inside, 0 to 1; 0 if there are none.
    pub excluded_share: f64,
    /// The same by reason: no elevation, slope, then the layers in their order. Reasons overlap, so these sum to more.
    pub excluded_by: Vec<ExcludedShare>,
    /// For each exclusion layer, how many of its features mattered.
    pub layer_reach: Vec<LayerReach>,
}

/// Assesses the land.
///
/// `progress` is called on the calling thread with the share done, 0 to 1 and never falling; it stops the work by returning
/// [`ControlFlow::Break`]. Runs on rayon's current thread pool.
///
/// # Errors
/// [`LandError::Cancelled`] when stopped; otherwise the first input found wrong, before any work.
///
/// ```
/// use std::ops::ControlFlow;
/// use anju_land::*;
/// use geo::{Geometry, Point, Rect};
///
/// // A valley floor of 4 km x 2 km at 20 m, steep on its northern side.
/// let grid = Grid::new(0.0, 2000.0, 20.0, 20.0, 100, 200)?;
/// let elevation = (0..100).flat_map(|row| (0..200).map(move |_| if row < 40 { 400.0 - 9.0 * row as f32 } else { 40.0 }));
/// let dem = Raster::new(grid, elevation.collect())?;
/// let flood_zone: Vec<Geometry<f64>> = vec![Rect::new((0.0, 0.0), (4000.0, 300.0)).into()];
/// let towns: Vec<Geometry<f64>> = vec![Point::new(1000.0, 700.0).into()];
///
/// let result = assess(
///     &LandInput {
///         dem: &dem,
///         boundary: None,
///         exclusions: vec![ExclusionLayer { id: "flood".into(), features: &flood_zone, buffer_m: 50.0, allowed_share: 0.0 }],
///         attractions: vec![AttractionLayer { id: "towns".into(), features: &towns }],
///         criteria: Criteria {
///             max_slope: SlopePercent(25.0),
///             criteria: vec![
///                 Criterion {
///                     id: "slope".into(),
///                     factor: Factor::SlopePercent,
///                     weight: 0.4,
///                     membership: Membership::new(vec![(5.0, 1.0), (25.0, 0.0)])?,
///                 },
///                 Criterion {
///                     id: "near a town".into(),
///                     factor: Factor::Distance(vec!["towns".into()]),
///                     weight: 0.6,
///                     membership: Membership::new(vec![(0.0, 1.0), (3000.0, 0.0)])?,
///                 },
///             ],
///         },
///         candidate_rules: CandidateRules {
///             min_score: 0.5,
///             min_area_m2: 20_000.0,
///             max_area_m2: 500_000.0,
///             connectivity: Connectivity::Eight,
///             smoothing_m2: 200.0,
///             limit: Some(20),
///         },
///     },
///     &|_| ControlFlow::Continue(()),
/// )?;
/// assert!(result.excluded.get(10, 10).has(Exclusion::Slope));
/// assert!(result.excluded.get(99, 0).has(Exclusion::Layer(0)));
/// assert!(result.candidates.len() > 2);
/// assert!(result.candidates[0].score >= result.candidates[1].score);
/// # Ok::<(), LandError>(())
/// ```
pub fn assess(input: &LandInput, progress: &dyn Fn(f32) -> ControlFlow<()>) -> Result<LandResult, LandError> {
    assess_in_bands(input, BAND_ROWS, progress)
}

/// [`assess`] with the rows of a band, from 1, given. Results are the same; only the time may differ.
///
/// # Errors
/// Those of [`assess`].
pub fn assess_in_bands(
    input: &LandInput,
    band_rows: usize,
    progress: &dyn Fn(f32) -> ControlFlow<()>,
) -> Result<LandResult, LandError> {
    let band_rows = band_rows.max(1);
    check(input)?;
    let report = |share: f64| match progress(share as f32) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(LandError::Cancelled),
    };
    report(0.0)?;
    let prepared = Prepared::new(input)?;
    report(0.1)?;

    let grid = *input.dem.grid();
    let mut slope = vec![f32::NAN; grid.cells()];
    let mut excluded = vec![ExclusionMask::default(); grid.cells()];
    let mut suitability = vec![f32::NAN; grid.cells()];
    let counts = prepared.fill(band_rows, &mut slope, &mut excluded, &mut suitability, &|done| {
        report(0.1 + 0.5 * done)
    })?;
    let slope = Raster::new(grid, slope)?;
    let excluded = Raster::new(grid, excluded)?;
    let suitability = Raster::new(grid, suitability)?;

    let runs = suitable_runs(&suitability, input.candidate_rules.min_score);
    report(0.65)?;
    let pieces = pieces(&runs, &grid, &input.candidate_rules);
    report(0.7)?;
    let statistics = prepared.statistics(band_rows, &pieces, &slope);
    report(0.8)?;
    let candidates = candidates(input, &pieces, &statistics, &|done| report(0.8 + 0.2 * done))?;
    report(1.0)?;

    let share = |cells: u64| {
        if counts.assessed == 0 {
            0.0
        } else {
            cells as f64 / counts.assessed as f64
        }
    };
    let reasons = [Exclusion::NoElevation, Exclusion::Slope]
        .into_iter()
        .chain((0..input.exclusions.len()).map(Exclusion::Layer));
    let excluded_by = reasons
        .map(|reason| {
            let at = bit(reason).trailing_zeros() as usize;
            ExcludedShare {
                reason,
                cells: counts.any[at],
                sole_cells: counts.sole[at],
                share: share(counts.any[at]),
            }
        })
        .collect();
    Ok(LandResult {
        grid,
        slope,
        excluded,
        suitability,
        candidates,
        assessed_cells: counts.assessed,
        excluded_share: share(counts.excluded),
        excluded_by,
        layer_reach: prepared.reach,
    })
}

fn check(input: &LandInput) -> Result<(), LandError> {
    if input.exclusions.len() > MOST_EXCLUSION_LAYERS {
        return Err(LandError::TooManyLayers {
            count: input.exclusions.len(),
            most: MOST_EXCLUSION_LAYERS,
        });
    }
    check_ids(
        "exclusions",
        input.exclusions.iter().map(|layer| layer.id.as_str()),
    )?;
    check_ids(
        "attractions",
        input.attractions.iter().map(|layer| layer.id.as_str()),
    )?;
    input
        .criteria
        .check(input.attractions.iter().map(|layer| layer.id.as_str()))?;
    input.candidate_rules.check()?;
    if let Some(boundary) = input.boundary {
        check_coordinates(&|| "the boundary".to_owned(), &[boundary.clone().into()], None)?;
    }
    let around = input.dem.grid().bounds();
    for layer in &input.attractions {
        let place = || format!("the attraction layer \"{}\"", layer.id);
        check_coordinates(&place, layer.features, Some(&around))?;
    }
    for layer in &input.exclusions {
        let place = format!("the exclusion layer \"{}\"", layer.id);
        check_not_negative("The buffer", &place, layer.buffer_m)?;
        if !(0.0..1.0).contains(&layer.allowed_share) {
            return Err(LandError::Parameter {
                what: "The allowed share",
                place,
                value: layer.allowed_share,
                expected: "at least 0 and below 1",
            });
        }
        check_coordinates(&|| place.clone(), layer.features, None)?;
        if layer.buffer_m == 0.0 {
            for (feature, geometry) in layer.features.iter().enumerate() {
                let mut covers_nothing = false;
                parts(geometry, &mut |part| {
                    covers_nothing |= !matches!(part, Part::Polygon(_))
                });
                if covers_nothing {
                    return Err(LandError::BufferNeeded { place, feature });
                }
            }
        }
    }
    Ok(())
}

/// Everything the rows need, made once.
struct Prepared<'a> {
    input: &'a LandInput<'a>,
    boundary: Option<Coverage>,
    exclusions: Vec<Coverage>,
    reach: Vec<LayerReach>,
    /// The cells of each attraction layer that a criterion measures.
    attractions: Vec<FeatureCells>,
    /// For each criterion of distance, the indices of its layers in `attractions`.
    measured: Vec<Vec<usize>>,
}

/// Counts over the cells inside the boundary, by bit of the mask.
#[derive(Clone, Default)]
struct Counts {
    assessed: u64,
    excluded: u64,
    any: [u64; 32],
    sole: [u64; 32],
}

impl Counts {
    fn add(&mut self, mask: u32) {
        if mask & OUTSIDE_BOUNDARY != 0 {
            return;
        }
        self.assessed += 1;
        if mask == 0 {
            return;
        }
        self.excluded += 1;
        if mask.is_power_of_two() {
            self.sole[mask.trailing_zeros() as usize] += 1;
        }
        let mut rest = mask;
        while rest != 0 {
            self.any[rest.trailing_zeros() as usize] += 1;
            rest &= rest - 1;
        }
    }

    fn merge(mut self, other: &Counts) -> Counts {
        self.assessed += other.assessed;
        self.excluded += other.excluded;
        for at in 0..32 {
            self.any[at] += other.any[at];
            self.sole[at] += other.sole[at];
        }
        self
    }
}

/// What a thread needs to work rows.
struct RowWork<'a> {
    scans: Vec<DistanceScan<'a>>,
    distances: Vec<Vec<f64>>,
    shares: Vec<f64>,
}

/// Sums over the cells of one piece.
#[derive(Clone)]
struct Statistics {
    memberships: Vec<f64>,
    slope: f64,
    max_slope: f64,
    elevation: f64,
    min_elevation: f64,
    max_elevation: f64,
}

impl<'a> Prepared<'a> {
    fn new(input: &'a LandInput<'a>) -> Result<Prepared<'a>, LandError> {
        let grid = input.dem.grid();
        let extent = grid.bounds();
        let lay = |features: &[Geometry<f64>], metres: f64| {
            let (land, away) = dissolve(features, metres, Some(&extent));
            (
                Coverage::new(grid, &land),
                LayerReach {
                    used: features.len() - away,
                    away,
                },
            )
        };
        let boundary = input
            .boundary
            .map(|boundary| lay(&[boundary.clone().into()], 0.0).0);
        let (exclusions, reach) = input
            .exclusions
            .par_iter()
            .map(|layer| lay(layer.features, layer.buffer_m))
            .unzip();
        let mut named: Vec<&str> = Vec::new();
        let mut place_of = |id: &'a str| {
            named.iter().position(|name| *name == id).unwrap_or_else(|| {
                named.push(id);
                named.len() - 1
            })
        };
        let measured = input
            .criteria
            .criteria
            .iter()
            .map(|criterion| match &criterion.factor {
                Factor::Distance(layers) => layers.iter().map(|id| place_of(id)).collect(),
                Factor::SlopePercent | Factor::Elevation => Vec::new(),
            })
            .collect();
        let attractions = named
            .par_iter()
            .filter_map(|id| input.attractions.iter().find(|layer| layer.id == *id))
            .map(|layer| {
                FeatureCells::new(
                    grid,
                    &format!("the attraction layer \"{}\"", layer.id),
                    layer.features,
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Prepared {
            input,
            boundary,
            exclusions,
            reach,
            attractions,
            measured,
        })
    }

    fn row_work(&self) -> RowWork<'_> {
        let cols = self.input.dem.grid().cols();
        RowWork {
            scans: self.attractions.iter().map(FeatureCells::scan).collect(),
            distances: vec![vec![0.0; cols]; self.attractions.len()],
            shares: vec![0.0; cols],
        }
    }

    /// Fills the three rasters, band by band, and counts what is excluded.
    fn fill(
        &self,
        band_rows: usize,
        slope: &mut [f32],
        excluded: &mut [ExclusionMask],
        suitability: &mut [f32],
        report: &dyn Fn(f64) -> Result<(), LandError>,
    ) -> Result<Counts, LandError> {
        let grid = self.input.dem.grid();
        let (rows, cols) = (grid.rows(), grid.cols());
        let bands = rows.div_ceil(band_rows);
        // A step is some bands at once; between steps the caller hears of the progress and may stop.
        let step_bands = (2 * rayon::current_num_threads()).max(bands / 50);
        let step = step_bands * band_rows * cols;
        let mut counts = Counts::default();
        let steps = slope
            .chunks_mut(step)
            .zip(excluded.chunks_mut(step))
            .zip(suitability.chunks_mut(step));
        for (index, ((slope, excluded), suitability)) in steps.enumerate() {
            let first = index * step_bands * band_rows;
            let band = band_rows * cols;
            let of_step: Vec<Counts> = slope
                .par_chunks_mut(band)
                .zip(excluded.par_chunks_mut(band))
                .zip(suitability.par_chunks_mut(band))
                .enumerate()
                .map(|(at, ((slope, excluded), suitability))| {
                    let mut work = self.row_work();
                    let mut counts = Counts::default();
                    let lines = slope
                        .chunks_mut(cols)
                        .zip(excluded.chunks_mut(cols))
                        .zip(suitability.chunks_mut(cols));
                    for (line, ((slope, excluded), suitability)) in lines.enumerate() {
                        let row = first + at * band_rows + line;
                        slope_row(self.input.dem, row, slope);
                        self.exclude_row(row, slope, &mut work, excluded);
                        excluded.iter().for_each(|mask| counts.add(mask.0));
                        self.score_row(row, slope, excluded, &mut work, suitability);
                    }
                    counts
                })
                .collect();
            counts = of_step.iter().fold(counts, Counts::merge);
            report((first + step_bands * band_rows).min(rows) as f64 / rows as f64)?;
        }
        Ok(counts)
    }

    fn exclude_row(&self, row: usize, slope: &[f32], work: &mut RowWork, out: &mut [ExclusionMask]) {
        for (mask, slope) in out.iter_mut().zip(slope) {
            mask.0 = if slope.is_nan() {
                NO_ELEVATION
            } else if f64::from(*slope) > self.input.criteria.max_slope.0 {
                TOO_STEEP
            } else {
                0
            };
        }
        if let Some(boundary) = &self.boundary {
            if boundary.row(row, &mut work.shares) {
                for (mask, share) in out.iter_mut().zip(&work.shares) {
                    mask.0 |= if *share < 1.0 - TOUCH { OUTSIDE_BOUNDARY } else { 0 };
                }
            } else {
                out.iter_mut().for_each(|mask| mask.0 |= OUTSIDE_BOUNDARY);
            }
        }
        for (index, (coverage, layer)) in self.exclusions.iter().zip(&self.input.exclusions).enumerate() {
            if coverage.row(row, &mut work.shares) {
                for (mask, share) in out.iter_mut().zip(&work.shares) {
                    mask.0 |= if *share > layer.allowed_share + TOUCH {
                        FIRST_LAYER << index
                    } else {
                        0
                    };
                }
            }
        }
    }

    fn score_row(
        &self,
        row: usize,
        slope: &[f32],
        excluded: &[ExclusionMask],
        work: &mut RowWork,
        out: &mut [f32],
    ) {
        if excluded.iter().all(|mask| !mask.is_empty()) {
            out.fill(f32::NAN);
            return;
        }
        self.measure_row(row, work);
        for (col, (cell, mask)) in out.iter_mut().zip(excluded).enumerate() {
            *cell = if mask.is_empty() {
                let weighted = |(at, criterion): (usize, &crate::Criterion)| {
                    criterion.weight * self.membership(at, row, col, slope[col], &work.distances)
                };
                self.input
                    .criteria
                    .criteria
                    .iter()
                    .enumerate()
                    .map(weighted)
                    .sum::<f64>() as f32
            } else {
                f32::NAN
            };
        }
    }

    /// Computes the distances of a row to each layer measured.
    fn measure_row(&self, row: usize, work: &mut RowWork) {
        for (scan, metres) in work.scans.iter_mut().zip(&mut work.distances) {
            scan.row(row, metres);
        }
    }

    fn membership(
        &self,
        criterion: usize,
        row: usize,
        col: usize,
        slope: f32,
        distances: &[Vec<f64>],
    ) -> f64 {
        let value = match self.input.criteria.criteria[criterion].factor {
            Factor::SlopePercent => f64::from(slope),
            Factor::Elevation => f64::from(self.input.dem.get(row, col)),
            Factor::Distance(_) => self.measured[criterion]
                .iter()
                .map(|&layer| distances[layer][col])
                .fold(f64::INFINITY, f64::min),
        };
        self.input.criteria.criteria[criterion].membership.of(value)
    }

    /// Sums over the cells of each piece: per run in parallel, runs added up in the order of rows and columns.
    fn statistics(&self, band_rows: usize, pieces: &[Region], slope: &Raster<f32>) -> Vec<Statistics> {
        let criteria = self.input.criteria.criteria.len();
        let empty = Statistics {
            memberships: vec![0.0; criteria],
            slope: 0.0,
            max_slope: f64::NEG_INFINITY,
            elevation: 0.0,
            min_elevation: f64::INFINITY,
            max_elevation: f64::NEG_INFINITY,
        };
        let mut runs: Vec<(Run, usize)> = pieces
            .iter()
            .enumerate()
            .flat_map(|(at, piece)| piece.runs.iter().map(move |run| (*run, at)))
            .collect();
        runs.sort_unstable();
        let bands: Vec<&[(Run, usize)]> = runs
            .chunk_by(|a, b| a.0.row as usize / band_rows == b.0.row as usize / band_rows)
            .collect();
        let of_runs: Vec<Vec<Statistics>> = bands
            .par_iter()
            .map(|band| {
                let mut work = self.row_work();
                let mut measured = None;
                let sums = band.iter().map(|(run, _)| {
                    let row = run.row as usize;
                    if measured != Some(row) {
                        self.measure_row(row, &mut work);
                        measured = Some(row);
                    }
                    let mut sums = empty.clone();
                    for col in run.start as usize..run.end as usize {
                        let slope = slope.get(row, col);
                        let elevation = f64::from(self.input.dem.get(row, col));
                        for (at, sum) in sums.memberships.iter_mut().enumerate() {
                            *sum += self.membership(at, row, col, slope, &work.distances);
                        }
                        sums.add(f64::from(slope), elevation);
                    }
                    sums
                });
                sums.collect()
            })
            .collect();
        let mut total = vec![empty; pieces.len()];
        for ((_, piece), sums) in runs.iter().zip(of_runs.iter().flatten()) {
            total[*piece].merge(sums);
        }
        total
    }
}

impl Statistics {
    fn add(&mut self, slope: f64, elevation: f64) {
        self.slope += slope;
        self.max_slope = self.max_slope.max(slope);
        self.elevation += elevation;
        self.min_elevation = self.min_elevation.min(elevation);
        self.max_elevation = self.max_elevation.max(elevation);
    }

    fn merge(&mut self, other: &Statistics) {
        self.memberships
            .iter_mut()
            .zip(&other.memberships)
            .for_each(|(sum, more)| *sum += more);
        self.slope += other.slope;
        self.max_slope = self.max_slope.max(other.max_slope);
        self.elevation += other.elevation;
        self.min_elevation = self.min_elevation.min(other.min_elevation);
        self.max_elevation = self.max_elevation.max(other.max_elevation);
    }
}

/// Runs of cells with at least the score; excluded cells are NaN and never pass.
fn suitable_runs(suitability: &Raster<f32>, min_score: f64) -> Vec<Run> {
    // Scores are kept in single precision: a limit between two of them must not lose those that equal it.
    let least = min_score as f32;
    let cols = suitability.grid().cols();
    let of_rows: Vec<Vec<Run>> = suitability
        .cells()
        .par_chunks(cols)
        .enumerate()
        .map(|(row, cells)| {
            let mut runs = Vec::new();
            runs_of_row(row, cells, |score| *score >= least, &mut runs);
            runs
        })
        .collect();
    of_rows.concat()
}

/// Candidates from pieces and their sums: ranked and limited first, then drawn and measured.
fn candidates(
    input: &LandInput,
    pieces: &[Region],
    statistics: &[Statistics],
    report: &dyn Fn(f64) -> Result<(), LandError>,
) -> Result<Vec<Candidate>, LandError> {
    let criteria = &input.criteria.criteria;
    let score_of = |at: usize| -> f64 {
        let cells = pieces[at].cells() as f64;
        criteria
            .iter()
            .zip(&statistics[at].memberships)
            .map(|(criterion, sum)| criterion.weight * (sum / cells))
            .sum()
    };
    let mut ranked: Vec<(usize, f64)> = (0..pieces.len()).map(|at| (at, score_of(at))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(input.candidate_rules.limit.unwrap_or(usize::MAX));

    let layers = input
        .attractions
        .par_iter()
        .map(|layer| {
            let place = format!("the attraction layer \"{}\"", layer.id);
            Ok((layer.id.clone(), NearestFeatures::new(&place, layer.features)?))
        })
        .collect::<Result<Vec<_>, LandError>>()?;
    let grid = input.dem.grid();
    let draw = |&(at, score): &(usize, f64)| {
        let (piece, sums) = (&pieces[at], &statistics[at]);
        let cells = piece.cells();
        let mean = |sum: f64| sum / cells as f64;
        let (geometry, point, area_m2) = shape(piece, grid, &input.candidate_rules);
        let distances: Vec<AttractionDistance> = distances(&geometry, &layers);
        let parts = criteria
            .iter()
            .zip(&sums.memberships)
            .map(|(criterion, sum)| ScorePart {
                criterion: criterion.id.clone(),
                membership: mean(*sum),
                weight: criterion.weight,
            });
        Candidate {
            geometry,
            point,
            area_m2,
            cells,
            mean_slope_percent: mean(sums.slope),
            max_slope_percent: sums.max_slope,
            mean_elevation_m: mean(sums.elevation),
            min_elevation_m: sums.min_elevation,
            max_elevation_m: sums.max_elevation,
            score,
            parts: parts.collect(),
            distances,
        }
    };
    let mut found = Vec::with_capacity(ranked.len());
    let step = (8 * rayon::current_num_threads()).max(ranked.len() / 20);
    for some in ranked.chunks(step) {
        found.par_extend(some.par_iter().map(draw));
        report(found.len() as f64 / ranked.len() as f64)?;
    }
    Ok(found)
}
