//! The whole assessment from outside: the same result for every band height and number of threads, under translation and
//! under the order of features; agreement with the parts computed one by one; cancellation; refusal of wrong inputs.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that unwraps fails the test"
)]

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use anju_land::assess::assess_in_bands;
use anju_land::buffer::buffered;
use anju_land::coverage::coverage;
use anju_land::distance::distance;
use anju_land::*;
use geo::{
    Area, BooleanOps, Coord, Distance, Euclidean, Geometry, Intersects, LineString, MapCoords, MultiPolygon,
    Point, Polygon, Rect, Validation,
};
use proptest::prelude::*;

/// An owned county from which inputs are borrowed.
#[derive(Debug, Clone)]
struct County {
    dem: Raster<f32>,
    boundary: Option<MultiPolygon<f64>>,
    hazards: Vec<Geometry<f64>>,
    roads: Vec<Geometry<f64>>,
    towns: Vec<Geometry<f64>>,
    rules: CandidateRules,
}

fn criterion(id: &str, factor: Factor, weight: f64, points: Vec<(f64, f64)>) -> Criterion {
    Criterion {
        id: id.to_owned(),
        factor,
        weight,
        membership: Membership::new(points).unwrap(),
    }
}

impl County {
    fn input(&self) -> LandInput<'_> {
        let layer = |id: &str| Factor::Distance(vec![id.to_owned()]);
        LandInput {
            dem: &self.dem,
            boundary: self.boundary.as_ref(),
            exclusions: vec![
                ExclusionLayer {
                    id: "hazards".into(),
                    features: &self.hazards,
                    buffer_m: 0.0,
                    allowed_share: 0.0,
                },
                ExclusionLayer {
                    id: "set-back".into(),
                    features: &self.roads,
                    buffer_m: 12.0,
                    allowed_share: 0.25,
                },
            ],
            attractions: vec![
                AttractionLayer {
                    id: "towns".into(),
                    features: &self.towns,
                },
                AttractionLayer {
                    id: "roads".into(),
                    features: &self.roads,
                },
            ],
            criteria: Criteria {
                max_slope: SlopePercent(40.0),
                criteria: vec![
                    criterion("slope", Factor::SlopePercent, 0.5, vec![(5.0, 1.0), (50.0, 0.0)]),
                    criterion("towns", layer("towns"), 0.25, vec![(0.0, 1.0), (800.0, 0.0)]),
                    criterion("roads", layer("roads"), 0.25, vec![(0.0, 1.0), (400.0, 0.2)]),
                ],
            },
            candidate_rules: self.rules.clone(),
        }
    }

    /// The same county moved.
    fn moved(&self, by: Coord<f64>) -> County {
        let grid = self.dem.grid();
        let moved = Grid::new(
            grid.west() + by.x,
            grid.north() + by.y,
            grid.cell_width(),
            grid.cell_height(),
            grid.rows(),
            grid.cols(),
        );
        let shift =
            |features: &[Geometry<f64>]| features.iter().map(|one| one.map_coords(|at| at + by)).collect();
        County {
            dem: Raster::new(moved.unwrap(), self.dem.cells().to_vec()).unwrap(),
            boundary: self
                .boundary
                .as_ref()
                .map(|boundary| boundary.map_coords(|at| at + by)),
            hazards: shift(&self.hazards),
            roads: shift(&self.roads),
            towns: shift(&self.towns),
            rules: self.rules.clone(),
        }
    }
}

const WIDTH: f64 = 16.0;
const HEIGHT: f64 = 24.0;

fn county() -> impl Strategy<Value = County> {
    let rough = (3usize..30, 3usize..30).prop_flat_map(|(rows, cols)| {
        (
            Just(rows),
            Just(cols),
            prop::collection::vec(prop_oneof![9 => 0.0..9.0f32, 1 => Just(f32::NAN)], rows * cols),
        )
    });
    // Coordinates on a lattice of quarters, so that moving the county by whole metres is exact.
    let at = || {
        (-400i32..2400, -2800i32..400).prop_map(|(x, y)| Coord {
            x: f64::from(x) / 4.0,
            y: f64::from(y) / 4.0,
        })
    };
    let hazard = (at(), 1i32..600, 1i32..600).prop_map(|(low, width, height)| {
        let high = Coord {
            x: low.x + f64::from(width) / 4.0,
            y: low.y + f64::from(height) / 4.0,
        };
        Geometry::from(Rect::new(low, high).to_polygon())
    });
    let road = prop::collection::vec(at(), 2..5).prop_map(|line| Geometry::from(LineString(line)));
    let town = at().prop_map(|at| Geometry::from(Point(at)));
    let rules = (
        0.2..0.8f64,
        0.0..6000.0f64,
        1.0..9.0f64,
        any::<bool>(),
        0.0..600.0f64,
    );
    let bounded = any::<bool>();
    (
        rough,
        prop::collection::vec(hazard, 0..4),
        prop::collection::vec(road, 0..3),
        prop::collection::vec(town, 0..3),
        rules,
        bounded,
    )
        .prop_map(|((rows, cols, cells), hazards, roads, towns, rules, bounded)| {
            let grid = Grid::new(0.0, 0.0, WIDTH, HEIGHT, rows, cols).unwrap();
            let (min_score, min_area_m2, times, eight, smoothing_m2) = rules;
            let ring = |east: f64, south: f64| {
                Polygon::new(
                    LineString::from(vec![(0.0, 0.0), (0.0, south), (east, south), (east, -20.0)]),
                    vec![],
                )
            };
            County {
                dem: Raster::new(grid, cells).unwrap(),
                boundary: bounded.then(|| MultiPolygon(vec![ring(cols as f64 * 13.0, rows as f64 * -21.0)])),
                hazards,
                roads,
                towns,
                rules: CandidateRules {
                    min_score,
                    min_area_m2,
                    max_area_m2: (2.0 * min_area_m2).max(384.0) * times,
                    connectivity: if eight {
                        Connectivity::Eight
                    } else {
                        Connectivity::Four
                    },
                    smoothing_m2,
                    limit: None,
                },
            }
        })
}

fn go_on(_: f32) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A result as bits, so that equal means equal to the last one, NaN included.
fn bits(result: &LandResult) -> (Vec<u32>, Vec<u32>, Vec<u32>, String) {
    let of = |raster: &Raster<f32>| raster.cells().iter().map(|value| value.to_bits()).collect();
    let masks = result.excluded.cells().iter().map(|mask| mask.bits()).collect();
    // The debug form of a double is its shortest exact form.
    let rest = format!(
        "{:?} {:?} {:?}",
        result.candidates, result.excluded_by, result.layer_reach
    );
    (of(&result.slope), of(&result.suitability), masks, rest)
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn band_height_and_threads_change_nothing(county in county(), band_rows in 1usize..40, threads in 1usize..5) {
        let one = with_threads(1, || assess_in_bands(&county.input(), 7, &go_on)).unwrap();
        let other = with_threads(threads, || assess_in_bands(&county.input(), band_rows, &go_on)).unwrap();
        prop_assert_eq!(bits(&one), bits(&other));
    }

    #[test]
    fn moving_everything_moves_the_result(county in county(), x in -4096i32..4096, y in -4096i32..4096) {
        let by = Coord { x: f64::from(x), y: f64::from(y) };
        let here = assess(&county.input(), &go_on).unwrap();
        let there = assess(&county.moved(by).input(), &go_on).unwrap();
        let (slope, suitability, masks, _) = bits(&here);
        let (moved_slope, moved_suitability, moved_masks, _) = bits(&there);
        prop_assert_eq!(slope, moved_slope);
        prop_assert_eq!(suitability, moved_suitability);
        prop_assert_eq!(masks, moved_masks);
        prop_assert_eq!(here.candidates.len(), there.candidates.len());
        for (candidate, moved) in here.candidates.iter().zip(&there.candidates) {
            prop_assert_eq!(candidate.geometry.map_coords(|at| at + by), moved.geometry.clone());
        }
    }

    #[test]
    fn the_order_of_features_changes_nothing_in_the_rasters(county in county()) {
        let here = assess(&county.input(), &go_on).unwrap();
        let mut turned = county.clone();
        turned.hazards.reverse();
        turned.roads.reverse();
        turned.towns.reverse();
        let there = assess(&turned.input(), &go_on).unwrap();
        prop_assert_eq!(bits(&here).1, bits(&there).1);
        prop_assert_eq!(bits(&here).2, bits(&there).2);
    }

    #[test]
    fn the_whole_agrees_with_its_parts(county in county()) {
        let input = county.input();
        let result = assess(&input, &go_on).unwrap();
        let grid = *county.dem.grid();
        let hazards = buffered(&county.hazards, 0.0).unwrap();
        let set_back = buffered(&county.roads, 12.0).unwrap();
        let (hazard_share, road_share) = (coverage(&grid, &hazards), coverage(&grid, &set_back));
        let inside = county.boundary.as_ref().map(|land| coverage(&grid, land));
        let to_town = distance(&grid, "towns", &county.towns).unwrap();
        let to_road = distance(&grid, "roads", &county.roads).unwrap();
        let (mut assessed, mut excluded, mut by_slope) = (0, 0, 0);
        for row in 0..grid.rows() {
            for col in 0..grid.cols() {
                let mask = result.excluded.get(row, col);
                let slope = result.slope.get(row, col);
                prop_assert_eq!(mask.has(Exclusion::NoElevation), county.dem.get(row, col).is_nan());
                prop_assert_eq!(mask.has(Exclusion::Slope), slope > 40.0);
                // Shares within rounding of a limit may fall on either side.
                let clear = |share: f32, limit: f32| (share - limit).abs() > 2e-4;
                let hazard = hazard_share.get(row, col);
                if clear(hazard, 1e-4) {
                    prop_assert_eq!(mask.has(Exclusion::Layer(0)), hazard > 1e-4, "hazard {}", hazard);
                }
                let road = road_share.get(row, col);
                if clear(road, 0.25) {
                    prop_assert_eq!(mask.has(Exclusion::Layer(1)), road > 0.25, "road {}", road);
                }
                let within = inside.as_ref().map_or(1.0, |inside| inside.get(row, col));
                if clear(within, 1.0 - 1e-4) {
                    prop_assert_eq!(mask.has(Exclusion::OutsideBoundary), within < 0.9999, "inside {}", within);
                }
                let score = result.suitability.get(row, col);
                prop_assert_eq!(score.is_nan(), !mask.is_empty(), "excluded stays excluded");
                if mask.is_empty() {
                    let expected: f64 = input.criteria.criteria.iter().zip([slope, to_town.get(row, col), to_road.get(row, col)])
                        .map(|(criterion, value)| criterion.weight * criterion.membership.of(f64::from(value)))
                        .sum();
                    prop_assert!((f64::from(score) - expected).abs() < 1e-5, "{score} instead of {expected}");
                }
                if !mask.has(Exclusion::OutsideBoundary) {
                    assessed += 1;
                    excluded += u64::from(!mask.is_empty());
                    by_slope += u64::from(mask.has(Exclusion::Slope));
                }
            }
        }
        prop_assert_eq!(result.assessed_cells, assessed);
        prop_assert_eq!((result.excluded_share * assessed as f64).round() as u64, excluded);
        prop_assert_eq!(result.excluded_by[1].reason, Exclusion::Slope);
        prop_assert_eq!(result.excluded_by[1].cells, by_slope);
    }

    #[test]
    fn candidates_are_what_they_say(county in county()) {
        let input = county.input();
        let rules = &input.candidate_rules;
        let result = assess(&input, &go_on).unwrap();
        let grid = *county.dem.grid();
        let hazards = buffered(&county.hazards, 0.0).unwrap();
        for (at, candidate) in result.candidates.iter().enumerate() {
            let land = &candidate.geometry;
            prop_assert!(land.is_valid(), "{:?}", land.check_validation());
            prop_assert!((candidate.area_m2 - land.unsigned_area()).abs() < 1e-6);
            prop_assert!(candidate.area_m2 >= rules.min_area_m2 * 0.999_999);
            prop_assert!(candidate.area_m2 <= rules.max_area_m2 * 1.000_001);
            prop_assert!(candidate.area_m2 <= candidate.cells as f64 * grid.cell_area() + 1e-6);
            prop_assert!(land.intersects(&candidate.point));
            prop_assert!(land.intersection(&hazards).unsigned_area() < 0.1 * candidate.cells as f64, "on a hazard");
            prop_assert!(candidate.score >= rules.min_score - 1e-6);
            prop_assert!(candidate.max_slope_percent <= 40.0);
            let sum: f64 = candidate.parts.iter().map(ScorePart::contribution).sum();
            prop_assert!((sum - candidate.score).abs() < 1e-9);
            if let Some(after) = result.candidates.get(at + 1) {
                prop_assert!(candidate.score >= after.score);
            }
            for other in &result.candidates[at + 1..] {
                prop_assert!(land.intersection(&other.geometry).unsigned_area() < 1e-3, "two candidates overlap");
            }
            for (found, layer) in candidate.distances.iter().zip([&county.towns, &county.roads]) {
                let from = Geometry::from(land.clone());
                let brute = layer.iter().map(|feature| Euclidean.distance(&from, feature)).min_by(f64::total_cmp);
                match (found.nearest, brute) {
                    (Some(found), Some(brute)) => prop_assert!((found.metres - brute).abs() < 1e-6, "{} instead of {brute}", found.metres),
                    (found, brute) => prop_assert!(found.is_none() && brute.is_none()),
                }
            }
        }
        if rules.smoothing_m2 < 0.5 * grid.cell_area() {
            // Nothing can be cut off: outline and cells have one area, and the raster gives the same means.
            for candidate in &result.candidates {
                prop_assert!((candidate.area_m2 - candidate.cells as f64 * grid.cell_area()).abs() < 1e-6);
                let slope = zonal(&result.slope, &candidate.geometry).unwrap().unwrap();
                prop_assert!((slope.mean - candidate.mean_slope_percent).abs() < 0.05, "{slope:?}");
                let score = zonal(&result.suitability, &candidate.geometry).unwrap().unwrap();
                prop_assert!((score.mean - candidate.score).abs() < 1e-3, "{score:?}");
            }
        }
    }
}

/// Level ground of 20 x 10 cells of 10 m, a town in the middle.
fn level() -> County {
    let grid = Grid::new(0.0, 100.0, 10.0, 10.0, 10, 20).unwrap();
    County {
        dem: Raster::new(grid, vec![500.0; 200]).unwrap(),
        boundary: None,
        hazards: vec![],
        roads: vec![],
        towns: vec![Point::new(100.0, 50.0).into()],
        rules: CandidateRules {
            min_score: 0.0,
            min_area_m2: 500.0,
            max_area_m2: f64::INFINITY,
            connectivity: Connectivity::Eight,
            smoothing_m2: 0.0,
            limit: None,
        },
    }
}

#[test]
fn level_ground_without_layers_is_one_candidate() {
    let county = level();
    let result = assess(&county.input(), &go_on).unwrap();
    assert_eq!(result.candidates.len(), 1);
    let only = &result.candidates[0];
    assert_eq!(
        (
            only.area_m2,
            only.cells,
            only.mean_slope_percent,
            only.mean_elevation_m
        ),
        (20_000.0, 200, 0.0, 500.0)
    );
    assert_eq!(only.point, Point::new(100.0, 50.0));
    assert_eq!(
        only.distances[0].nearest,
        Some(Nearest {
            feature: 0,
            metres: 0.0
        })
    );
    assert_eq!(only.distances[1].nearest, None);
    assert_eq!(result.excluded_share, 0.0);
}

#[test]
fn a_hazard_across_the_middle_parts_the_land_and_is_counted() {
    let mut county = level();
    // Columns 8 to 11 and, by an edge on their border, nothing beside them.
    county.hazards = vec![Rect::new((80.0, -10.0), (120.0, 110.0)).into()];
    let result = assess(&county.input(), &go_on).unwrap();
    assert_eq!(
        result
            .candidates
            .iter()
            .map(|candidate| candidate.area_m2)
            .collect::<Vec<_>>(),
        [8000.0, 8000.0]
    );
    let hazards = result.excluded_by[2];
    assert_eq!(
        (hazards.reason, hazards.cells, hazards.sole_cells, hazards.share),
        (Exclusion::Layer(0), 40, 40, 0.2)
    );
    assert_eq!(result.layer_reach[0], LayerReach { used: 1, away: 0 });
    let reasons: Vec<_> = result.excluded.get(0, 8).reasons().collect();
    assert_eq!(reasons, [Exclusion::Layer(0)]);
}

#[test]
fn a_large_region_is_cut_into_pieces_and_the_limit_keeps_the_best() {
    let mut county = level();
    county.rules.max_area_m2 = 5000.0;
    let all = assess(&county.input(), &go_on).unwrap().candidates;
    assert_eq!(
        all.iter().map(|candidate| candidate.area_m2).sum::<f64>(),
        20_000.0
    );
    assert_eq!(all.len(), 4);
    county.rules.limit = Some(3);
    assert_eq!(assess(&county.input(), &go_on).unwrap().candidates, all[..3]);
}

#[test]
fn a_layer_wholly_elsewhere_shows_in_its_reach() {
    let mut county = level();
    county.hazards = vec![Rect::new((80_000.0, 0.0), (80_100.0, 100.0)).into()];
    let result = assess(&county.input(), &go_on).unwrap();
    assert_eq!(result.layer_reach[0], LayerReach { used: 0, away: 1 });
}

#[test]
fn progress_rises_to_one_and_every_call_can_stop() {
    let county = level();
    let seen = RefCell::new(Vec::new());
    assess(&county.input(), &|share| {
        seen.borrow_mut().push(share);
        ControlFlow::Continue(())
    })
    .unwrap();
    let seen = seen.into_inner();
    assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
    assert_eq!((seen.first(), seen.last()), (Some(&0.0), Some(&1.0)));
    for stop_at in 0..seen.len() {
        let calls = Cell::new(0);
        let stopped = assess(&county.input(), &|_| {
            calls.set(calls.get() + 1);
            if calls.get() > stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(stopped, Err(LandError::Cancelled), "at call {stop_at}");
        assert_eq!(calls.get(), stop_at + 1, "no call follows the one that stops");
    }
}

#[test]
fn wrong_inputs_are_refused_before_any_work() {
    let county = level();
    let refuse = |change: &dyn Fn(&mut LandInput)| {
        let mut input = county.input();
        change(&mut input);
        assess(&input, &go_on).unwrap_err()
    };
    assert!(matches!(
        refuse(&|input| input.exclusions[0].buffer_m = -1.0),
        LandError::Parameter { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.exclusions[0].allowed_share = 1.0),
        LandError::Parameter { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.exclusions[1].id = "hazards".into()),
        LandError::DuplicateId { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.attractions[1].id = "towns".into()),
        LandError::DuplicateId { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.attractions[0].id = "villages".into()),
        LandError::UnknownAttraction { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.criteria.max_slope = SlopePercent(f64::NAN)),
        LandError::Parameter { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.criteria.criteria.truncate(2)),
        LandError::Weights { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.candidate_rules.max_area_m2 = 600.0),
        LandError::Parameter { .. }
    ));
    assert!(matches!(
        refuse(&|input| input.candidate_rules.min_score = 2.0),
        LandError::Parameter { .. }
    ));
    let many = |input: &mut LandInput| {
        let layer = input.exclusions[0].clone();
        input.exclusions = (0..=MOST_EXCLUSION_LAYERS)
            .map(|at| ExclusionLayer {
                id: at.to_string(),
                ..layer.clone()
            })
            .collect();
    };
    assert!(matches!(
        refuse(&many),
        LandError::TooManyLayers { count: 30, most: 29 }
    ));

    let mut lines = level();
    lines.hazards = vec![LineString::from(vec![(0.0, 0.0), (9.0, 9.0)]).into()];
    let error = assess(&lines.input(), &go_on).unwrap_err();
    assert!(
        matches!(error, LandError::BufferNeeded { feature: 0, .. }),
        "{error}"
    );
    lines.hazards = vec![Rect::new((0.0, 0.0), (f64::INFINITY, 9.0)).into()];
    assert!(matches!(
        assess(&lines.input(), &go_on).unwrap_err(),
        LandError::NotFinite { .. }
    ));
    let mut degrees = level();
    degrees.dem = Raster::new(
        Grid::new(500_000.0, 3_600_000.0, 10.0, 10.0, 10, 20).unwrap(),
        vec![0.0; 200],
    )
    .unwrap();
    degrees.towns = vec![Point::new(108.5, 32.5).into()];
    assert!(matches!(
        assess(&degrees.input(), &go_on).unwrap_err(),
        LandError::FarFromGrid { .. }
    ));
}
