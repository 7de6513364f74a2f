//! The nearest feature of a layer and the exact distance to it, from a point or from land. Straight lines in the plane; it
//! knows neither roads nor terrain.

use geo::{
    BoundingRect, Coord, CoordsIter, Distance, Euclidean, Geometry, Intersects, Line, LinesIter,
    MultiPolygon, Point, Rect,
};
use rstar::primitives::{GeomWithData, Line as Segment};
use rstar::{AABB, PointDistance, RTree};

use crate::geometry::{Part, grow, parts};
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

    /// The feature nearest to any part of a piece of land; `None` if there are no features or no land. Of features equally
    /// near, the first.
    pub fn to_land(&self, land: &MultiPolygon<f64>) -> Option<Nearest> {
        let extent = land.bounding_rect()?;
        let mut best = self.closest_segment(land.coords_iter().next()?)?;
        let consider = |best: &mut Nearest, feature: usize, metres: f64| {
            if (metres, feature) < (best.metres, best.feature) {
                *best = Nearest { feature, metres };
            }
        };
        for polygon in land {
            // Either the land begins inside a feature's polygon or its edge tells.
            if let Some(&at) = polygon.exterior().0.first()
                && let Some(&feature) = self.polygons.containing(at).first()
            {
                consider(&mut best, feature, 0.0);
            }
        }
        let reach = grow(&extent, best.metres);
        let reach = AABB::from_corners([reach.min().x, reach.min().y], [reach.max().x, reach.max().y]);
        let near = self
            .segments
            .locate_in_envelope_intersecting(&reach)
            .map(|segment| {
                let (from, to) = (segment.geom().from, segment.geom().to);
                let line = Line::new((from[0], from[1]), (to[0], to[1]));
                (least_distance(&line, &extent), segment.data as usize, line)
            });
        // Nearest extents first, so that most segments need no measuring.
        let mut near: Vec<(f64, usize, Line<f64>)> = near.collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (least, feature, line) in near {
            if (least, feature) >= (best.metres, best.feature) {
                if least > best.metres {
                    break;
                }
                continue;
            }
            let inside = least == 0.0 && land.intersects(&Point(line.start));
            let metres = if inside {
                0.0
            } else {
                land.lines_iter()
                    .map(|edge| Euclidean.distance(&edge, &line))
                    .fold(f64::INFINITY, f64::min)
            };
            consider(&mut best, feature, metres);
        }
        Some(best)
    }

    fn closest_segment(&self, at: Coord<f64>) -> Option<Nearest> {
        let segment = self.segments.nearest_neighbor(&[at.x, at.y])?;
        Some(Nearest {
            feature: segment.data as usize,
            metres: segment_to_point(segment, at),
        })
    }
}

/// A lower bound of the distance from a segment to anything within an extent.
fn least_distance(line: &Line<f64>, extent: &Rect<f64>) -> f64 {
    let apart = |a: f64, b: f64, low: f64, high: f64| (a.min(b) - high).max(low - a.max(b)).max(0.0);
    let x = apart(line.start.x, line.end.x, extent.min().x, extent.max().x);
    let y = apart(line.start.y, line.end.y, extent.min().y, extent.max().y);
    // Rounding must not lift the bound above the distance itself.
    x.hypot(y) * (1.0 - 1e-12)
}

fn segment_to_point(segment: &GeomWithData<Segment<[f64; 2]>, u32>, at: Coord<f64>) -> f64 {
    segment.distance_2(&[at.x, at.y]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, Polygon};
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
