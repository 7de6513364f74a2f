//! Features made into land: polygons grown and points and lines thickened by a distance in metres, with all overlaps
//! dissolved.
//!
//! Built on the `geo` crate's buffer and union. Round corners are drawn as chords of 0.05 radian, so the buffer falls
//! short of the true distance by at most 0.04 % of it (2 cm in 50 m), never beyond it; coordinates are rounded to about
//! one thousand-millionth of the extent of a group of overlapping features (0.1 mm in 100 km). A polygon that crosses itself counts by the
//! non-zero rule, so that both halves of a figure of eight are land.

use geo::algorithm::bool_ops::{BooleanOps, FillRule, unary_union};
use geo::algorithm::buffer::{Buffer, BufferStyle, LineCap, LineJoin};
use geo::orient::{Direction, Orient};
use geo::{Area, BoundingRect, Geometry, MultiPolygon, Point, Polygon, Rect};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::LandError;
use crate::geometry::{Part, check_coordinates, check_not_negative, grow, meets, parts};

const CHORD: f64 = 0.05;

/// The land within `metres` of the features, without overlaps: the polygons themselves and everything nearer than that
/// to a point, line or polygon. With a distance of 0, points and lines cover nothing.
///
/// # Errors
/// [`LandError::Parameter`] for a negative or non-finite distance, [`LandError::NotFinite`] for a coordinate.
///
/// ```
/// use geo::{Area, Geometry, line_string};
/// let road: Geometry<f64> = line_string![(x: 0.0, y: 0.0), (x: 1000.0, y: 0.0)].into();
/// let land = anju_land::buffer::buffered(&[road], 20.0)?;
/// let exact = 1000.0 * 40.0 + std::f64::consts::PI * 20.0 * 20.0;
/// assert!((land.unsigned_area() - exact).abs() < 0.001 * exact);
/// # Ok::<(), anju_land::LandError>(())
/// ```
pub fn buffered(features: &[Geometry<f64>], metres: f64) -> Result<MultiPolygon<f64>, LandError> {
    check_not_negative("The distance", "the buffer", metres)?;
    check_coordinates(&|| "the buffered features".to_owned(), features, None)?;
    Ok(dissolve(features, metres, None).0)
}

/// The buffered land of features that come within the buffer of an extent, and how many did not. Coordinates must have
/// been checked.
pub(crate) fn dissolve(
    features: &[Geometry<f64>],
    metres: f64,
    extent: Option<&Rect<f64>>,
) -> (MultiPolygon<f64>, usize) {
    let reach = extent.map(|extent| grow(extent, metres));
    let near: Vec<&Geometry<f64>> = features
        .iter()
        .filter(|feature| reach.as_ref().is_none_or(|reach| meets(feature, reach)))
        .collect();
    let away = features.len() - near.len();
    let land: Vec<MultiPolygon<f64>> = near.par_iter().map(|feature| land_of(feature, metres)).collect();
    (MultiPolygon(union_by_groups(land)), away)
}

/// The union of pieces of land, taken group by group of those whose extents meet: land apart needs no union, groups can be
/// worked at the same time, and a small group rounds its coordinates less than the whole layer would.
fn union_by_groups(land: Vec<MultiPolygon<f64>>) -> Vec<Polygon<f64>> {
    let extents: Vec<Option<Rect<f64>>> = land.iter().map(BoundingRect::bounding_rect).collect();
    let boxes = extents.iter().enumerate().filter_map(|(at, extent)| {
        let extent = (*extent)?;
        let corners =
            Rectangle::from_corners([extent.min().x, extent.min().y], [extent.max().x, extent.max().y]);
        Some(GeomWithData::new(corners, at as u32))
    });
    let tree = RTree::bulk_load(boxes.collect());
    let mut group_of = vec![usize::MAX; land.len()];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for first in 0..land.len() {
        if extents[first].is_none() || group_of[first] != usize::MAX {
            continue;
        }
        let group = groups.len();
        group_of[first] = group;
        let (mut members, mut open) = (vec![first], vec![first]);
        while let Some(extent) = open.pop().and_then(|at| extents[at]) {
            let corners =
                AABB::from_corners([extent.min().x, extent.min().y], [extent.max().x, extent.max().y]);
            for other in tree.locate_in_envelope_intersecting(&corners) {
                let other = other.data as usize;
                if group_of[other] == usize::MAX {
                    group_of[other] = group;
                    members.push(other);
                    open.push(other);
                }
            }
        }
        members.sort_unstable();
        groups.push(members);
    }
    let of_groups: Vec<MultiPolygon<f64>> = groups
        .par_iter()
        .map(|members| match members[..] {
            [only] => land[only].clone(),
            // The union takes its direction from the first ring: all run alike here.
            _ => unary_union(members.iter().map(|&at| &land[at])).orient(Direction::Default),
        })
        .collect();
    of_groups.into_iter().flatten().collect()
}

fn land_of(feature: &Geometry<f64>, metres: f64) -> MultiPolygon<f64> {
    let style = || {
        BufferStyle::new(metres)
            .line_join(LineJoin::Round(CHORD))
            .line_cap(LineCap::Round(CHORD))
    };
    let mut land: Vec<Polygon<f64>> = Vec::new();
    parts(feature, &mut |part| match part {
        Part::Polygon(polygon) => {
            let polygon = normal(polygon);
            land.extend(if metres > 0.0 {
                polygon.buffer_with_style(style())
            } else {
                polygon
            });
        }
        Part::Line(line) if metres > 0.0 => land.extend(line.buffer_with_style(style())),
        Part::Point(point) if metres > 0.0 => land.extend(Point(point).buffer_with_style(style())),
        Part::Line(_) | Part::Point(_) => {}
    });
    land.retain(|polygon| polygon.unsigned_area() > 0.0);
    let land = MultiPolygon(land).orient(Direction::Default);
    // The parts of one feature may overlap, above all with their buffers.
    if land.0.len() > 1 {
        unary_union([&land]).orient(Direction::Default)
    } else {
        land
    }
}

/// A polygon without self-crossings that covers the same land by the non-zero rule.
pub(crate) fn normal(polygon: &Polygon<f64>) -> MultiPolygon<f64> {
    polygon
        .orient(Direction::Default)
        .union_with_fill_rule(&MultiPolygon::<f64>::new(Vec::new()), FillRule::NonZero)
        .orient(Direction::Default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Distance, Euclidean, Intersects, LineString, polygon};
    use proptest::prelude::*;

    #[test]
    fn overlapping_polygons_count_once_whatever_their_direction() {
        let one = polygon![(x: 0.0, y: 0.0), (x: 0.0, y: 10.0), (x: 10.0, y: 10.0), (x: 10.0, y: 0.0)];
        let other = polygon![(x: 5.0, y: 0.0), (x: 15.0, y: 0.0), (x: 15.0, y: 10.0), (x: 5.0, y: 10.0)];
        let land = buffered(&[one.into(), other.into()], 0.0).unwrap();
        assert!((land.unsigned_area() - 150.0).abs() < 1e-6);
    }

    #[test]
    fn parts_of_one_feature_and_chains_of_features_are_dissolved() {
        let square = |x: f64| Rect::new((x, 0.0), (x + 10.0, 10.0)).to_polygon();
        let two = MultiPolygon(vec![square(0.0), square(5.0)]);
        assert!((buffered(&[two.into()], 0.0).unwrap().unsigned_area() - 150.0).abs() < 1e-6);
        let chain: Vec<Geometry<f64>> = [0.0, 100.0, 16.0, 8.0].map(|x| square(x).into()).to_vec();
        let land = buffered(&chain, 0.0).unwrap();
        assert_eq!(land.0.len(), 2);
        assert!((land.unsigned_area() - 360.0).abs() < 1e-6);
    }

    #[test]
    fn both_halves_of_a_figure_of_eight_are_land() {
        let eight = polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 10.0), (x: 10.0, y: 0.0), (x: 0.0, y: 10.0)];
        let land = buffered(&[eight.into()], 0.0).unwrap();
        assert!((land.unsigned_area() - 50.0).abs() < 1e-6);
    }

    #[test]
    fn negative_and_missing_numbers_are_refused() {
        assert!(matches!(buffered(&[], -1.0), Err(LandError::Parameter { .. })));
        let point: Geometry<f64> = Point::new(f64::NAN, 0.0).into();
        assert!(matches!(
            buffered(&[point], 1.0),
            Err(LandError::NotFinite { .. })
        ));
    }

    proptest! {
        #[test]
        fn the_buffer_is_the_set_of_points_nearer_than_the_distance(
            line in prop::collection::vec((-200.0..200.0f64, -200.0..200.0f64), 2..7),
            metres in 1.0..80.0f64,
            probes in prop::collection::vec((-300.0..300.0f64, -300.0..300.0f64), 60),
            closed in any::<bool>(),
        ) {
            let line = LineString::from(line);
            let feature: Geometry<f64> = if closed { Polygon::new(line.clone(), vec![]).into() } else { line.into() };
            let land = buffered(std::slice::from_ref(&feature), metres).unwrap();
            // Self-crossing rings are normalised by the non-zero rule; their distance is taken from that.
            let feature = if closed { buffered(&[feature], 0.0).unwrap().into() } else { feature };
            for (x, y) in probes {
                let probe = Point::new(x, y);
                let away = Euclidean.distance(&Geometry::from(probe), &feature);
                if away > metres + 1e-3 {
                    prop_assert!(!land.intersects(&probe), "{away} m away is inside a buffer of {metres} m");
                }
                if away < metres * 0.9995 - 1e-3 {
                    prop_assert!(land.intersects(&probe), "{away} m away is outside a buffer of {metres} m");
                }
            }
        }
    }
}
