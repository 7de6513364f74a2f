//! Walking through features of any kind: checks of their coordinates, and their parts as polygons, lines and points.

use geo::{BoundingRect, Coord, CoordsIter, Geometry, LineString, Polygon, Rect, coord};

use crate::LandError;

/// Features farther from the grid than this cannot belong to the same county or reference system.
pub(crate) const MOST_METRES_AWAY: f64 = 2_000_000.0;

/// A feature taken apart.
pub(crate) enum Part<'a> {
    Point(Coord<f64>),
    Line(&'a LineString<f64>),
    Polygon(&'a Polygon<f64>),
}

/// Calls `each` with every simple part of a feature.
pub(crate) fn parts(feature: &Geometry<f64>, each: &mut impl FnMut(Part<'_>)) {
    match feature {
        Geometry::Point(point) => each(Part::Point(point.0)),
        Geometry::MultiPoint(points) => points.iter().for_each(|point| each(Part::Point(point.0))),
        Geometry::Line(line) => each(Part::Line(&LineString::from(*line))),
        Geometry::LineString(line) => each(Part::Line(line)),
        Geometry::MultiLineString(lines) => lines.iter().for_each(|line| each(Part::Line(line))),
        Geometry::Polygon(polygon) => each(Part::Polygon(polygon)),
        Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| each(Part::Polygon(polygon))),
        Geometry::Rect(rect) => each(Part::Polygon(&rect.to_polygon())),
        Geometry::Triangle(triangle) => each(Part::Polygon(&triangle.to_polygon())),
        Geometry::GeometryCollection(collection) => collection.iter().for_each(|inner| parts(inner, each)),
    }
}

/// Refuses coordinates that are not finite or, where an extent is given, absurdly far from it.
pub(crate) fn check_coordinates(
    place: &dyn Fn() -> String,
    features: &[Geometry<f64>],
    around: Option<&Rect<f64>>,
) -> Result<(), LandError> {
    for (feature, geometry) in features.iter().enumerate() {
        for at in geometry.coords_iter() {
            if !at.x.is_finite() || !at.y.is_finite() {
                return Err(LandError::NotFinite {
                    place: place(),
                    feature,
                });
            }
            if let Some(around) = around
                && (at.x < around.min().x - MOST_METRES_AWAY
                    || at.x > around.max().x + MOST_METRES_AWAY
                    || at.y < around.min().y - MOST_METRES_AWAY
                    || at.y > around.max().y + MOST_METRES_AWAY)
            {
                let most_km = MOST_METRES_AWAY / 1000.0;
                return Err(LandError::FarFromGrid {
                    place: place(),
                    feature,
                    x: at.x,
                    y: at.y,
                    most_km,
                });
            }
        }
    }
    Ok(())
}

/// Refuses a negative or non-finite distance or area.
pub(crate) fn check_not_negative(what: &'static str, place: &str, value: f64) -> Result<(), LandError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(LandError::Parameter {
        what,
        place: place.to_owned(),
        value,
        expected: "a finite number of at least 0",
    })
}

/// Refuses an identifier given twice.
pub(crate) fn check_ids<'a>(kind: &'static str, ids: impl Iterator<Item = &'a str>) -> Result<(), LandError> {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(LandError::DuplicateId {
                kind,
                id: id.to_owned(),
            });
        }
    }
    Ok(())
}

/// An extent grown by a distance on all sides.
pub(crate) fn grow(rect: &Rect<f64>, by: f64) -> Rect<f64> {
    Rect::new(
        coord! { x: rect.min().x - by, y: rect.min().y - by },
        coord! { x: rect.max().x + by, y: rect.max().y + by },
    )
}

/// Whether a feature's extent meets another; a feature without coordinates meets none.
pub(crate) fn meets(feature: &Geometry<f64>, extent: &Rect<f64>) -> bool {
    feature.bounding_rect().is_some_and(|own| {
        own.min().x <= extent.max().x
            && own.max().x >= extent.min().x
            && own.min().y <= extent.max().y
            && own.max().y >= extent.min().y
    })
}
