//! The nearest feature of a layer and the exact distance to it, from a point or from land. Straight lines in the plane; it
//! knows neither roads nor terrain.

use geo::{
    Coord, CoordsIter, Distance, Euclidean, Geometry, Intersects, Line, LinesIter, MultiPolygon, Point,
};
use rstar::primitives::{GeomWithData, Line as Segment};
use rstar::{AABB, PointDistance, RTree};

use crate::geometry::{Part, parts};
use crate::{LandError, PolygonIndex};

/// A feature and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Index of the feature in its layer.
    pub feature: usize,
    /// Distance in metres; 0 inside a polygon or on a line.
    pub metres: f64,
}

/// The features of one layer, ready to be asked which is nearest.
#[derive(Debug)]
pub struct NearestFeatures {
    segments: RTree<GeomWithData<Segment<[f64; 2]>, u32>>,
    polygons: PolygonIndex,
}

impl NearestFeatures {
    /// Indexes points, lines and polygons.
    ///
    /// # Errors
    /// [`LandError::NotFinite`] for a coordinate; `place` says of which layer.
    pub fn new(place: &str, features: &[Geometry<f64>]) -> Result<NearestFeatures, LandError> {
        let polygons = PolygonIndex::new(place, features)?;
        let mut segments = Vec::new();
        for (feature, geometry) in features.iter().enumerate() {
            let mut add = |a: Coord<f64>, b: Coord<f64>| {
                segments.push(GeomWithData::new(
                    Segment::new([a.x, a.y], [b.x, b.y]),
                    feature as u32,
                ));
            };
            parts(geometry, &mut |part| match part {
                Part::Point(at) => add(at, at),
                Part::Line(line) if line.0.len() == 1 => add(line.0[0], line.0[0]),
                Part::Line(line) => line.lines().for_each(|line| add(line.start, line.end)),
                Part::Polygon(polygon) => polygon.lines_iter().for_each(|line| add(line.start, line.end)),
            });
        }
        Ok(NearestFeatures {
            segments: RTree::bulk_load(segments),
            polygons,
        })
    }

    /// The feature nearest to a point; `None` if there are no features.
    pub fn to_point(&self, at: Coord<f64>) -> Option<Nearest> {
        if let Some(&feature) = self.polygons.containing(at).first() {
            return Some(Nearest { feature, metres: 0.0 });
        }
        self.closest_segment(at)
    }

    /// The features within a distance of a point, nearest first, equal distances by index.
    pub fn within(&self, at: Coord<f64>, metres: f64) -> Vec<Nearest> {
        let mut metres_of = std::collections::BTreeMap::new();
        for feature in self.polygons.containing(at) {
            metres_of.insert(feature, 0.0);
        }
        for segment in self
            .segments
            .locate_within_distance([at.x, at.y], metres * metres)
        {
            let away = segment_to_point(segment, at);
            let least = metres_of.entry(segment.data as usize).or_insert(away);
            *least = away.min(*least);
        }
        let mut found: Vec<Nearest> = metres_of
            .into_iter()
            .map(|(feature, metres)| Nearest { feature, metres })
            .collect();
        found.sort_by(|a, b| a.metres.total_cmp(&b.metres).then(a.feature.cmp(&b.feature)));
        found
    }

    /// The feature nearest to any part of a piece of land; `None` if there are no features or no land.
    pub fn to_land(&self, land: &MultiPolygon<f64>) -> Option<Nearest> {
        let mut best: Option<Nearest> = None;
        let consider = |best: &mut Option<Nearest>, feature: usize, metres: f64| {
            if best.is_none_or(|best| (metres, feature) < (best.metres, best.feature)) {
                *best = Some(Nearest { feature, metres });
            }
        };
        // Land within a polygon, then features within the land, then edges against edges.
        for polygon in land {
            if let Some(&at) = polygon.exterior().0.first()
                && let Some(&feature) = self.polygons.containing(at).first()
            {
                consider(&mut best, feature, 0.0);
            }
            if let Some(extent) = geo::BoundingRect::bounding_rect(polygon) {
                let extent =
                    AABB::from_corners([extent.min().x, extent.min().y], [extent.max().x, extent.max().y]);
                for segment in self.segments.locate_in_envelope_intersecting(&extent) {
                    let from = segment.geom().from;
                    let closer =
                        best.is_none_or(|best| best.metres > 0.0 || (segment.data as usize) < best.feature);
                    if closer && polygon.intersects(&Point::new(from[0], from[1])) {
                        consider(&mut best, segment.data as usize, 0.0);
                    }
                }
            }
        }
        if best.is_some_and(|best| best.metres == 0.0) {
            return best;
        }
        for at in land.coords_iter() {
            if let Some(near) = self.closest_segment(at) {
                consider(&mut best, near.feature, near.metres);
            }
        }
        for edge in land.lines_iter() {
            let reach = best?.metres;
            let (low, high) = (
                [
                    edge.start.x.min(edge.end.x) - reach,
                    edge.start.y.min(edge.end.y) - reach,
                ],
                [
                    edge.start.x.max(edge.end.x) + reach,
                    edge.start.y.max(edge.end.y) + reach,
                ],
            );
            for segment in self
                .segments
                .locate_in_envelope_intersecting(&AABB::from_corners(low, high))
            {
                let (from, to) = (segment.geom().from, segment.geom().to);
                let other = Line::new((from[0], from[1]), (to[0], to[1]));
                consider(
                    &mut best,
                    segment.data as usize,
                    Euclidean.distance(&edge, &other),
                );
            }
        }
        best
    }

    fn closest_segment(&self, at: Coord<f64>) -> Option<Nearest> {
        let segment = self.segments.nearest_neighbor(&[at.x, at.y])?;
        Some(Nearest {
            feature: segment.data as usize,
            metres: segment_to_point(segment, at),
        })
    }
}

fn segment_to_point(segment: &GeomWithData<Segment<[f64; 2]>, u32>, at: Coord<f64>) -> f64 {
    segment.distance_2(&[at.x, at.y]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, Polygon, Rect};
    use proptest::prelude::*;

    fn feature() -> impl Strategy<Value = Geometry<f64>> {
        let xy = || (-100.0..100.0f64, -100.0..100.0f64);
        prop_oneof![
            xy().prop_map(|at| Point::from(at).into()),
            prop::collection::vec(xy(), 2..5).prop_map(|line| LineString::from(line).into()),
            (xy(), xy(), xy())
                .prop_map(|(a, b, c)| Polygon::new(LineString::from(vec![a, b, c]), vec![]).into()),
        ]
    }

    proptest! {
        #[test]
        fn equals_the_least_of_all_distances(
            features in prop::collection::vec(feature(), 0..8),
            (x, y) in (-150.0..150.0f64, -150.0..150.0f64),
            (width, height) in (1.0..60.0f64, 1.0..60.0f64),
        ) {
            let index = NearestFeatures::new("test", &features).unwrap();
            let point = Geometry::from(Point::new(x, y));
            let land = MultiPolygon(vec![Rect::new((x, y), (x + width, y + height)).to_polygon()]);
            let brute = |from: &Geometry<f64>| features.iter().map(|to| Euclidean.distance(from, to)).min_by(f64::total_cmp);
            let same = |found: Option<Nearest>, brute: Option<f64>| match (found, brute) {
                (Some(found), Some(brute)) => (found.metres - brute).abs() < 1e-9,
                (None, None) => true,
                _ => false,
            };
            let to_point = index.to_point(Coord { x, y });
            prop_assert!(same(to_point, brute(&point)), "{to_point:?}");
            let to_land = index.to_land(&land);
            prop_assert!(same(to_land, brute(&Geometry::from(land))), "{to_land:?}");
            let within = index.within(Coord { x, y }, 40.0);
            let count = features.iter().filter(|to| Euclidean.distance(&point, *to) <= 40.0).count();
            prop_assert_eq!(within.len(), count);
        }
    }
}
