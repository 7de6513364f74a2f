//! Which polygons contain a point: an R-tree over the polygons' extents, then an exact test on the edges at the point's
//! height. Points on a boundary are contained; an exterior that crosses itself counts by the non-zero rule. It holds no
//! attributes: answers are indices of the features given.

use geo::kernels::{Kernel, RobustKernel};
use geo::{BoundingRect, Coord, Geometry, LineString, Orientation, Polygon};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::LandError;
use crate::geometry::{Part, check_coordinates, parts};

/// An index over the polygons among some features.
#[derive(Debug)]
pub struct PolygonIndex {
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    polygons: Vec<IndexedPolygon>,
}

/// A polygon's edges by height, so that a point meets few of them.
#[derive(Debug)]
struct IndexedPolygon {
    feature: usize,
    south: f64,
    bands_per_metre: f64,
    starts: Vec<u32>,
    edges: Vec<PolygonEdge>,
}

#[derive(Debug, Clone, Copy)]
struct PolygonEdge {
    from: Coord<f64>,
    to: Coord<f64>,
    of_hole: bool,
}

impl PolygonIndex {
    /// Indexes every polygon of the features; points and lines contain nothing.
    ///
    /// # Errors
    /// [`LandError::NotFinite`] for a coordinate; `place` says of which layer.
    ///
    /// ```
    /// use anju_land::PolygonIndex;
    /// use geo::{Coord, Geometry, Rect};
    /// let zones: Vec<Geometry<f64>> = vec![
    ///     Rect::new((0.0, 0.0), (10.0, 10.0)).into(),
    ///     Rect::new((5.0, 0.0), (20.0, 10.0)).into(),
    /// ];
    /// let index = PolygonIndex::new("the hazard zones", &zones)?;
    /// assert_eq!(index.containing(Coord { x: 7.0, y: 5.0 }), [0, 1]);
    /// assert_eq!(index.containing(Coord { x: 10.0, y: 5.0 }), [0, 1]); // on the boundary of the first
    /// # Ok::<(), anju_land::LandError>(())
    /// ```
    pub fn new(place: &str, features: &[Geometry<f64>]) -> Result<PolygonIndex, LandError> {
        check_coordinates(&|| place.to_owned(), features, None)?;
        let mut polygons = Vec::new();
        let mut boxes = Vec::new();
        for (feature, geometry) in features.iter().enumerate() {
            parts(geometry, &mut |part| {
                if let Part::Polygon(polygon) = part
                    && let Some(extent) = polygon.bounding_rect()
                {
                    let corners = Rectangle::from_corners(
                        [extent.min().x, extent.min().y],
                        [extent.max().x, extent.max().y],
                    );
                    boxes.push(GeomWithData::new(corners, polygons.len() as u32));
                    polygons.push(IndexedPolygon::new(
                        feature,
                        polygon,
                        extent.min().y,
                        extent.height(),
                    ));
                }
            });
        }
        Ok(PolygonIndex {
            tree: RTree::bulk_load(boxes),
            polygons,
        })
    }

    /// The features that contain a point or have it on their boundary, in rising order.
    pub fn containing(&self, at: Coord<f64>) -> Vec<usize> {
        let mut found: Vec<usize> = self
            .tree
            .locate_in_envelope_intersecting(&AABB::from_point([at.x, at.y]))
            .map(|entry| &self.polygons[entry.data as usize])
            .filter(|polygon| polygon.contains(at))
            .map(|polygon| polygon.feature)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// [`PolygonIndex::containing`] for many points, on all cores, in the order of the points.
    pub fn containing_each(&self, points: &[Coord<f64>]) -> Vec<Vec<usize>> {
        points.par_iter().map(|at| self.containing(*at)).collect()
    }
}

impl IndexedPolygon {
    fn new(feature: usize, polygon: &Polygon<f64>, south: f64, height: f64) -> IndexedPolygon {
        let rings = || std::iter::once(polygon.exterior()).chain(polygon.interiors());
        let count: usize = rings().map(|ring| ring.0.len()).sum();
        let bands = (count / 4).clamp(1, 4096);
        let bands_per_metre = if height > 0.0 { bands as f64 / height } else { 0.0 };
        let band = |y: f64| (((y - south) * bands_per_metre) as usize).min(bands - 1);
        let mut starts = vec![0u32; bands + 1];
        let edges_of = |ring: &LineString<f64>, of_hole: bool| {
            let edge = |pair: &[Coord<f64>]| PolygonEdge {
                from: pair[0],
                to: pair[1],
                of_hole,
            };
            ring.0.windows(2).map(edge).collect::<Vec<_>>()
        };
        let mut all = edges_of(polygon.exterior(), false);
        polygon
            .interiors()
            .iter()
            .for_each(|hole| all.extend(edges_of(hole, true)));
        let span = |edge: &PolygonEdge| {
            let (one, other) = (band(edge.from.y), band(edge.to.y));
            one.min(other)..=one.max(other)
        };
        for edge in &all {
            span(edge).for_each(|band| starts[band + 1] += 1);
        }
        (0..bands).for_each(|band| starts[band + 1] += starts[band]);
        let mut by_band: Vec<(usize, usize)> = all
            .iter()
            .enumerate()
            .flat_map(|(at, edge)| span(edge).map(move |band| (band, at)))
            .collect();
        by_band.sort_unstable();
        let edges = by_band.into_iter().map(|(_, at)| all[at]).collect();
        IndexedPolygon {
            feature,
            south,
            bands_per_metre,
            starts,
            edges,
        }
    }

    /// Counts the windings of the exterior and the crossings of holes east of the point, with an exact orientation test.
    fn contains(&self, at: Coord<f64>) -> bool {
        let bands = self.starts.len() - 1;
        let band = (((at.y - self.south) * self.bands_per_metre) as usize).min(bands - 1);
        let (mut windings, mut in_hole) = (0, false);
        for edge in &self.edges[self.starts[band] as usize..self.starts[band + 1] as usize] {
            let upwards = edge.from.y <= edge.to.y;
            let (low, high) = if upwards {
                (edge.from, edge.to)
            } else {
                (edge.to, edge.from)
            };
            if at.y < low.y || at.y > high.y || at.x > low.x.max(high.x) {
                continue;
            }
            if low.y == high.y {
                if at.x >= low.x.min(high.x) {
                    return true;
                }
                continue;
            }
            match RobustKernel::orient2d(low, high, at) {
                Orientation::Collinear => return true,
                // The point is west of the edge. The upper end does not count, so that a corner counts once.
                Orientation::CounterClockwise if at.y < high.y => {
                    if edge.of_hole {
                        in_hole = !in_hole;
                    } else {
                        windings += if upwards { 1 } else { -1 };
                    }
                }
                Orientation::CounterClockwise | Orientation::Clockwise => {}
            }
        }
        windings != 0 && !in_hole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Intersects, Point};
    use proptest::prelude::*;

    /// Rings around a centre on a lattice, so that points hit corners and edges; rounding may make some touch themselves.
    fn star() -> impl Strategy<Value = Polygon<f64>> {
        ((-50i32..50, -50i32..50), prop::collection::vec(5i32..40, 3..40)).prop_map(|(centre, radii)| {
            let corners = radii.iter().enumerate().map(|(at, radius)| {
                let angle = std::f64::consts::TAU * at as f64 / radii.len() as f64;
                Coord {
                    x: (f64::from(centre.0) + f64::from(*radius) * angle.cos()).round(),
                    y: (f64::from(centre.1) + f64::from(*radius) * angle.sin()).round(),
                }
            });
            Polygon::new(LineString(corners.collect()), vec![])
        })
    }

    proptest! {
        #[test]
        fn finds_the_polygons_a_point_meets(
            stars in prop::collection::vec(star(), 0..6),
            points in prop::collection::vec((-100i32..100, -100i32..100), 50),
        ) {
            let features: Vec<Geometry<f64>> = stars.iter().cloned().map(Geometry::from).collect();
            let index = PolygonIndex::new("test", &features).unwrap();
            let points: Vec<_> = points.into_iter().map(|(x, y)| Coord { x: f64::from(x), y: f64::from(y) }).collect();
            for (point, found) in points.iter().zip(index.containing_each(&points)) {
                let brute: Vec<usize> = (0..stars.len()).filter(|&at| stars[at].intersects(&Point(*point))).collect();
                prop_assert_eq!(found, brute);
            }
        }
    }

    #[test]
    fn a_hole_is_outside_and_its_rim_is_not() {
        let ring = |low: f64, high: f64| {
            geo::Rect::new((low, low), (high, high))
                .to_polygon()
                .exterior()
                .clone()
        };
        let polygon: Geometry<f64> = Polygon::new(ring(0.0, 10.0), vec![ring(4.0, 6.0)]).into();
        let index = PolygonIndex::new("test", &[polygon]).unwrap();
        assert!(index.containing(Coord { x: 5.0, y: 5.0 }).is_empty());
        assert_eq!(index.containing(Coord { x: 4.0, y: 5.0 }), [0]);
        assert_eq!(index.containing(Coord { x: 10.0, y: 10.0 }), [0]);
    }
}
