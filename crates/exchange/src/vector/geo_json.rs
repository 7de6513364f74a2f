//! GeoJSON: RFC 7946 on writing; on reading also the older `crs` member, which many exports still carry.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anju_model::code_list::Text;
use geo::{Geometry, MultiLineString, MultiPoint, MultiPolygon, Point};
use geojson::{GeoJson, GeometryValue, Position};
use serde_json::Value;

use super::parts::{self, Reason};
use super::{Feature, FeatureProblem, PropertyValue, VectorFile, VectorLayer, VectorOptions, stem};
use crate::crs::{Crs, Transformer};
use crate::error::{ExchangeError, Fault};

/// Reads a FeatureCollection, a Feature or a bare geometry.
pub(super) fn read(path: &Path, options: &VectorOptions) -> Result<VectorFile, ExchangeError> {
    let bytes = fs::read(path).map_err(|error| ExchangeError::io(path, ("读取", "read"), &error))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Err(ExchangeError::Empty(Fault::new(
            path,
            ("文件为 0 字节", "the file has 0 bytes"),
            (
                "重新复制或导出完整的文件",
                "copy or export the complete file again",
            ),
        )));
    }
    let parsed: Value = serde_json::from_slice(bytes)
        .map_err(|error| ExchangeError::damaged(path, "GeoJSON", &error.to_string()))?;
    let named = parsed.get("crs").cloned();
    let document = serde_json::from_value::<GeoJson>(parsed)
        .map_err(|error| ExchangeError::damaged(path, "GeoJSON", &error.to_string()))?;
    let crs = match (options.crs, named) {
        (Some(crs), _) => crs,
        (None, Some(member)) if !member.is_null() => {
            legacy_crs(&member).map_err(|error| error.in_file(path))?
        }
        (None, _) => Crs::WGS84,
    };
    let features = match document {
        GeoJson::FeatureCollection(collection) => collection.features,
        GeoJson::Feature(feature) => vec![feature],
        GeoJson::Geometry(geometry) => vec![geojson::Feature {
            geometry: Some(geometry),
            ..Default::default()
        }],
    };
    if features.is_empty() {
        return Err(ExchangeError::Empty(Fault::new(
            path,
            ("图层没有要素", "the layer has no features"),
            (
                "检查导出时的筛选条件",
                "check the filter that was set when it was exported",
            ),
        )));
    }
    let mut layer = VectorLayer {
        name: stem(path),
        crs,
        features: Vec::with_capacity(features.len()),
    };
    let mut problems = Vec::new();
    for (index, feature) in features.into_iter().enumerate() {
        let shape = feature
            .geometry
            .map_or_else(|| Err(parts::empty()), |shape| geometry(shape.value));
        match shape {
            Ok(geometry) => layer.features.push(Feature {
                geometry,
                properties: properties(feature.properties),
            }),
            Err(reason) => {
                problems.push(FeatureProblem {
                    layer: layer.name.clone(),
                    feature: index as u64 + 1,
                    reason,
                });
            }
        }
    }
    Ok(VectorFile {
        layers: vec![layer],
        problems,
    })
}

fn legacy_crs(member: &Value) -> Result<Crs, ExchangeError> {
    let name = member
        .pointer("/properties/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if name.contains("CRS84") {
        return Ok(Crs::WGS84);
    }
    Crs::parse(name.rsplit(':').next().unwrap_or_default()).map_err(|_| {
        ExchangeError::Crs(Fault::new(
            Path::new(""),
            (
                &format!("crs 成员“{name}”不是支持的坐标系"),
                &format!("the crs member {name:?} is not a supported coordinate reference system"),
            ),
            (
                "导出为 EPSG:4326 或 EPSG:4490 的 GeoJSON，或用 --crs 指定",
                "export the GeoJSON in EPSG:4326 or EPSG:4490, or give the system with --crs",
            ),
        ))
    })
}

fn properties(object: Option<geojson::JsonObject>) -> BTreeMap<String, PropertyValue> {
    let value = |value: Value| match value {
        Value::Null => PropertyValue::Null,
        Value::Bool(flag) => PropertyValue::Integer(i64::from(flag)),
        Value::String(text) => PropertyValue::Text(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => PropertyValue::Integer(whole),
            (None, Some(real)) if real.is_finite() => PropertyValue::Real(real),
            _ => PropertyValue::Text(number.to_string()),
        },
        nested => PropertyValue::Text(nested.to_string()),
    };
    object
        .into_iter()
        .flatten()
        .map(|(name, member)| (name, value(member)))
        .collect()
}

fn geometry(value: GeometryValue) -> Result<Geometry<f64>, Reason> {
    let coord = |position: &Position| match position.as_slice() {
        [x, y, ..] => parts::coord(*x, *y),
        _ => Err(Text::new(
            "坐标少于两个数",
            "a position has fewer than two numbers",
        )),
    };
    let coords = |positions: &[Position]| positions.iter().map(coord).collect::<Result<Vec<_>, Reason>>();
    let polygon = |rings: &[Vec<Position>]| {
        let rings: Result<Vec<_>, Reason> = rings.iter().map(|ring| parts::ring(coords(ring)?)).collect();
        parts::polygon(rings?)
    };
    let filled = |count: usize| if count == 0 { Err(parts::empty()) } else { Ok(()) };
    match value {
        GeometryValue::Point { coordinates } if coordinates.as_slice().is_empty() => Err(parts::empty()),
        GeometryValue::Point { coordinates } => Ok(Geometry::Point(Point(coord(&coordinates)?))),
        GeometryValue::MultiPoint { coordinates } => {
            filled(coordinates.len())?;
            Ok(Geometry::MultiPoint(MultiPoint::from_iter(coords(&coordinates)?)))
        }
        GeometryValue::LineString { coordinates } => {
            Ok(Geometry::LineString(parts::line(coords(&coordinates)?)?))
        }
        GeometryValue::MultiLineString { coordinates } => {
            filled(coordinates.len())?;
            let lines: Result<Vec<_>, Reason> = coordinates
                .iter()
                .map(|line| parts::line(coords(line)?))
                .collect();
            Ok(Geometry::MultiLineString(MultiLineString::new(lines?)))
        }
        GeometryValue::Polygon { coordinates } => Ok(Geometry::Polygon(polygon(&coordinates)?)),
        GeometryValue::MultiPolygon { coordinates } => {
            filled(coordinates.len())?;
            let polygons: Result<Vec<_>, Reason> = coordinates.iter().map(|rings| polygon(rings)).collect();
            Ok(Geometry::MultiPolygon(MultiPolygon::new(polygons?)))
        }
        GeometryValue::GeometryCollection { geometries } => {
            filled(geometries.len())?;
            let parts: Result<Vec<_>, Reason> =
                geometries.into_iter().map(|part| geometry(part.value)).collect();
            Ok(Geometry::GeometryCollection(geo::GeometryCollection::new_from(
                parts?,
            )))
        }
    }
}

/// The layer as GeoJSON text in EPSG:4326, outer rings anticlockwise as RFC 7946 asks.
///
/// # Errors
/// [`ExchangeError::Crs`] when a coordinate has no image in degrees.
pub fn geojson_text(layer: &VectorLayer) -> Result<String, ExchangeError> {
    use geo::orient::{Direction, Orient};
    let transformer = Transformer::new(layer.crs, Crs::WGS84)?;
    let mut features = Vec::with_capacity(layer.features.len());
    for feature in &layer.features {
        let geometry = match transformer.geometry(&feature.geometry)? {
            Geometry::Polygon(polygon) => Geometry::Polygon(polygon.orient(Direction::Default)),
            Geometry::MultiPolygon(polygons) => Geometry::MultiPolygon(polygons.orient(Direction::Default)),
            other => other,
        };
        let properties: serde_json::Map<String, Value> = feature
            .properties
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    PropertyValue::Null => Value::Null,
                    PropertyValue::Text(text) => Value::from(text.as_str()),
                    PropertyValue::Integer(number) => Value::from(*number),
                    PropertyValue::Real(number) => Value::from(*number),
                };
                (name.clone(), value)
            })
            .collect();
        features.push(geojson::Feature {
            geometry: Some(geojson::Geometry::new(GeometryValue::from(&geometry))),
            properties: Some(properties),
            ..Default::default()
        });
    }
    Ok(GeoJson::from(geojson::FeatureCollection {
        bbox: None,
        features,
        foreign_members: None,
    })
    .to_string())
}

/// Writes the layer as a GeoJSON file in EPSG:4326.
///
/// # Errors
/// [`ExchangeError::Crs`] when a coordinate has no image in degrees; [`ExchangeError::Io`].
pub fn write_geojson(path: &Path, layer: &VectorLayer) -> Result<(), ExchangeError> {
    let text = geojson_text(layer).map_err(|error| error.in_file(path))?;
    fs::write(path, text).map_err(|error| ExchangeError::io(path, ("写入", "write"), &error))
}
