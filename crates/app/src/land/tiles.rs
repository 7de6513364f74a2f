//! Map tiles in the Web Mercator scheme: rasters as PNG, features as Mapbox Vector Tiles.
//!
//! Layers are projected once and kept in memory; a tile then costs a search by bounding box, clipping to the tile and
//! encoding. Pixels are looked up through a grid of exactly projected points, 16 pixels apart, with bilinear
//! interpolation between them: at the zooms in use the error is far below a pixel.

use std::collections::HashMap;
use std::f64::consts::PI;
use std::sync::{Arc, Mutex};

use anju_exchange::crs::Transformer;
use anju_exchange::vector::PropertyValue;
use anju_model::area::AreaCode;
use anju_model::land::LayerKind;
use anju_model::register::Position;
use geo::{BoundingRect, Coord, Geometry, LineString, MapCoords, Polygon, Rect, Simplify};
use mvt::{GeomEncoder, GeomType, Tile};

use super::RasterU8;
use crate::{AppError, Workspace};

/// Deepest zoom that is drawn; maps stretch these tiles beyond it.
pub const MAXIMUM_ZOOM: u8 = 16;
/// Pixels of a raster tile's side.
const TILE_PIXELS: usize = 256;
/// Distance of exactly projected points, pixels.
const CONTROL_PIXELS: usize = 16;
/// Units of a vector tile's side.
const EXTENT: f64 = 4096.0;
/// Clip margin around a vector tile, in its units, so that outlines do not show at its edges.
const MARGIN: f64 = 128.0;

/// The address of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileAddress {
    /// Zoom, 0 to [`MAXIMUM_ZOOM`].
    pub z: u8,
    /// Column, from the west.
    pub x: u32,
    /// Row, from the north.
    pub y: u32,
}

impl TileAddress {
    /// Checks that the tile exists.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, AppError> {
        if z <= MAXIMUM_ZOOM && x < 1 << z && y < 1 << z {
            Ok(Self { z, x, y })
        } else {
            Err(AppError::NotFound {
                kind: "tile",
                id: format!("{z}/{x}/{y}"),
            })
        }
    }

    /// South-west and north-east corner of what the tile shows, its margin included.
    pub(crate) fn window(self) -> [Position; 2] {
        let (left, top, side) = self.square();
        let margin = side * MARGIN / EXTENT;
        let corner = |x: f64, y: f64| {
            let (longitude, latitude) = to_degrees(x, y);
            Position { longitude, latitude }
        };
        [
            corner(left - margin, top + side + margin),
            corner(left + side + margin, top - margin),
        ]
    }

    /// The tile's square in mercator units (0 to 1, from the north-west corner of the world).
    fn square(self) -> (f64, f64, f64) {
        let side = 1.0 / f64::from(1u32 << self.z);
        (f64::from(self.x) * side, f64::from(self.y) * side, side)
    }
}

/// Which raster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RasterTile {
    /// Shaded relief in grey.
    Hillshade,
    /// Suitability from red-brown (poor) to green (good); excluded land is a translucent grey.
    Suitability,
}

/// Named values of a feature.
type Properties = Vec<(String, PropertyValue)>;

/// Features of one layer in mercator units.
pub(crate) struct MercatorLayer {
    features: Vec<(Rect<f64>, Geometry<f64>, Properties)>,
}

/// Rasters and layers that tiles were drawn from lately, by content.
#[derive(Default)]
pub struct TileCache {
    rasters: Mutex<HashMap<String, Arc<RasterU8>>>,
    layers: Mutex<HashMap<String, Arc<MercatorLayer>>>,
    /// Households by the area they were asked for, with the size of the ledger they were read at.
    households: Mutex<HashMap<AreaCode, (u64, Arc<MercatorLayer>)>>,
}

impl TileCache {
    /// The households of an area, when nothing was written since they were read.
    pub(crate) fn households(&self, area: &AreaCode, ledger_size: u64) -> Option<Arc<MercatorLayer>> {
        let households = self.households.lock().ok()?;
        let (read_at, layer) = households.get(area)?;
        (*read_at == ledger_size).then(|| layer.clone())
    }

    /// Keeps the households of an area.
    pub(crate) fn keep_households(&self, area: AreaCode, ledger_size: u64, layer: Arc<MercatorLayer>) {
        if let Ok(mut households) = self.households.lock() {
            if households.len() >= 64 {
                households.clear();
            }
            households.insert(area, (ledger_size, layer));
        }
    }
}

/// A raster tile as PNG, or `None` when there is no land assessment yet.
///
/// # Errors
/// When the database or an attachment cannot be read.
pub async fn raster_tile(
    workspace: &Workspace,
    cache: &TileCache,
    kind: RasterTile,
    address: TileAddress,
) -> Result<Option<Vec<u8>>, AppError> {
    let Some(assessment) = anju_store::land::latest_assessment(workspace.db()).await? else {
        return Ok(None);
    };
    let content = match kind {
        RasterTile::Hillshade => &assessment.value.hillshade,
        RasterTile::Suitability => &assessment.value.suitability,
    };
    let cached = cache
        .rasters
        .lock()
        .ok()
        .and_then(|rasters| rasters.get(content).cloned());
    let raster = match cached {
        Some(raster) => raster,
        None => {
            let raster = Arc::new(super::read_raster(workspace, content)?);
            if let Ok(mut rasters) = cache.rasters.lock() {
                if rasters.len() >= 8 {
                    rasters.clear();
                }
                rasters.insert(content.clone(), raster.clone());
            }
            raster
        }
    };
    let to_metric = super::from_degrees(workspace)?;
    draw_raster(&raster, kind, &to_metric, address).map(Some)
}

fn draw_raster(
    raster: &RasterU8,
    kind: RasterTile,
    to_metric: &Transformer,
    address: TileAddress,
) -> Result<Vec<u8>, AppError> {
    let (left, top, side) = address.square();
    let steps = TILE_PIXELS / CONTROL_PIXELS;
    let mut control = vec![(0.0, 0.0); (steps + 1) * (steps + 1)];
    for (index, point) in control.iter_mut().enumerate() {
        let x = left + side * (index % (steps + 1)) as f64 / steps as f64;
        let y = top + side * (index / (steps + 1)) as f64 / steps as f64;
        let (longitude, latitude) = to_degrees(x, y);
        // Far outside the projection's zone there is nothing of the county to show.
        *point = to_metric
            .point(longitude, latitude)
            .unwrap_or((f64::NAN, f64::NAN));
    }
    let mut pixels = vec![0u8; TILE_PIXELS * TILE_PIXELS * 4];
    for row in 0..TILE_PIXELS {
        let (control_row, v) = split(row);
        for column in 0..TILE_PIXELS {
            let (control_column, u) = split(column);
            let at = |r: usize, c: usize| control[(control_row + r) * (steps + 1) + control_column + c];
            let mix = |f: fn((f64, f64)) -> f64| {
                (f(at(0, 0)) * (1.0 - u) + f(at(0, 1)) * u) * (1.0 - v)
                    + (f(at(1, 0)) * (1.0 - u) + f(at(1, 1)) * u) * v
            };
            if let Some(value) = raster.at(mix(|p| p.0), mix(|p| p.1)) {
                let pixel = (row * TILE_PIXELS + column) * 4;
                pixels[pixel..pixel + 4].copy_from_slice(&colour(kind, value));
            }
        }
    }
    encode_png(&pixels)
}

/// The control cell of a pixel's centre and its place inside the cell.
fn split(pixel: usize) -> (usize, f64) {
    (
        pixel / CONTROL_PIXELS,
        ((pixel % CONTROL_PIXELS) as f64 + 0.5) / CONTROL_PIXELS as f64,
    )
}

/// Red, green, blue and opacity of a raster's value.
fn colour(kind: RasterTile, value: u8) -> [u8; 4] {
    match kind {
        RasterTile::Hillshade => [value, value, value, 255],
        RasterTile::Suitability if value == 0 => [90, 90, 96, 110],
        RasterTile::Suitability => {
            const LOW: [f64; 3] = [196.0, 122.0, 62.0];
            const MIDDLE: [f64; 3] = [240.0, 220.0, 130.0];
            const HIGH: [f64; 3] = [26.0, 130.0, 84.0];
            let t = f64::from(value) / 255.0;
            let (from, to, u) = if t < 0.5 {
                (LOW, MIDDLE, t * 2.0)
            } else {
                (MIDDLE, HIGH, t * 2.0 - 1.0)
            };
            let channel = |i: usize| (from[i] + (to[i] - from[i]) * u).round() as u8;
            [channel(0), channel(1), channel(2), 190]
        }
    }
}

fn encode_png(pixels: &[u8]) -> Result<Vec<u8>, AppError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, TILE_PIXELS as u32, TILE_PIXELS as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let failed = |error: png::EncodingError| AppError::Aborted(error.to_string());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

/// A vector tile of one imported layer.
///
/// # Errors
/// [`AppError::NotFound`] when no such layer was imported.
pub async fn layer_tile(
    workspace: &Workspace,
    cache: &TileCache,
    kind: LayerKind,
    address: TileAddress,
) -> Result<Vec<u8>, AppError> {
    let Some(layer) = super::layer(workspace, kind).await? else {
        return Ok(Vec::new());
    };
    let key = layer.content.clone();
    let cached = cache
        .layers
        .lock()
        .ok()
        .and_then(|layers| layers.get(&key).cloned());
    let prepared = match cached {
        Some(prepared) => prepared,
        None => {
            let data = super::read_vector(workspace, &layer)?;
            let transformer = super::to_degrees(workspace)?;
            let features = data
                .features
                .into_iter()
                .map(|feature| (feature.geometry, feature.properties.into_iter().collect()))
                .collect();
            let prepared = Arc::new(prepare(features, &transformer));
            if let Ok(mut layers) = cache.layers.lock() {
                if layers.len() >= 64 {
                    layers.clear();
                }
                layers.insert(key, prepared.clone());
            }
            prepared
        }
    };
    encode(kind.code(), &prepared, address)
}

/// A point to be drawn with its properties.
pub(crate) struct TilePoint {
    pub longitude: f64,
    pub latitude: f64,
    pub properties: Vec<(String, PropertyValue)>,
}

/// Points, ready to be drawn.
pub(crate) fn point_layer(points: Vec<TilePoint>) -> MercatorLayer {
    let features = points
        .into_iter()
        .map(|point| {
            let (x, y) = to_mercator(point.longitude, point.latitude);
            let place = Coord { x, y };
            (
                Rect::new(place, place),
                Geometry::Point(place.into()),
                point.properties,
            )
        })
        .collect();
    MercatorLayer { features }
}

fn prepare(features: Vec<(Geometry<f64>, Properties)>, to_degrees: &Transformer) -> MercatorLayer {
    let features = features
        .into_iter()
        .filter_map(|(geometry, properties)| {
            let geometry = geometry.map_coords(|place| match to_degrees.point(place.x, place.y) {
                Ok((longitude, latitude)) => {
                    let (x, y) = to_mercator(longitude, latitude);
                    Coord { x, y }
                }
                Err(_) => Coord {
                    x: f64::NAN,
                    y: f64::NAN,
                },
            });
            let bounds = geometry.bounding_rect()?;
            bounds
                .min()
                .x
                .is_finite()
                .then_some((bounds, geometry, properties))
        })
        .collect();
    MercatorLayer { features }
}

/// The part of a layer that a tile shows.
pub(crate) fn encode(name: &str, layer: &MercatorLayer, address: TileAddress) -> Result<Vec<u8>, AppError> {
    let failed = |error: mvt::Error| AppError::Aborted(error.to_string());
    let (left, top, side) = address.square();
    let scale = EXTENT / side;
    let window = Rect::new(
        Coord {
            x: -MARGIN,
            y: -MARGIN,
        },
        Coord {
            x: EXTENT + MARGIN,
            y: EXTENT + MARGIN,
        },
    );
    let mut tile = Tile::new(EXTENT as u32);
    let mut encoded = tile.create_layer(name);
    for (bounds, geometry, properties) in &layer.features {
        let outside = bounds.max().x < left - side * 0.05
            || bounds.min().x > left + side * 1.05
            || bounds.max().y < top - side * 0.05
            || bounds.min().y > top + side * 1.05;
        if outside {
            continue;
        }
        let local = geometry.map_coords(|place| Coord {
            x: (place.x - left) * scale,
            y: (place.y - top) * scale,
        });
        let Some((kind, parts)) = clip(&local, &window) else {
            continue;
        };
        let mut encoder = GeomEncoder::new(kind);
        for part in &parts {
            for place in part {
                encoder = encoder.point(place.x.round(), place.y.round()).map_err(failed)?;
            }
            encoder.complete_geom().map_err(failed)?;
        }
        let data = encoder.encode().map_err(failed)?;
        let mut feature = encoded.into_feature(data);
        for (key, value) in properties {
            match value {
                PropertyValue::Null => {}
                PropertyValue::Text(text) => feature.add_tag_string(key, text),
                PropertyValue::Integer(number) => feature.add_tag_sint(key, *number),
                PropertyValue::Real(number) => feature.add_tag_double(key, *number),
            }
        }
        encoded = feature.into_layer();
    }
    tile.add_layer(encoded).map_err(failed)?;
    tile.to_bytes().map_err(failed)
}

/// What of a geometry lies in the window, as parts of one geometry type; lines and outlines are simplified to half a
/// unit, rings keep the winding that vector tiles ask for (outer clockwise on the screen).
fn clip(geometry: &Geometry<f64>, window: &Rect<f64>) -> Option<(GeomType, Vec<Vec<Coord<f64>>>)> {
    let (kind, parts): (GeomType, Vec<Vec<Coord<f64>>>) = match geometry {
        Geometry::Point(point) => (GeomType::Point, vec![vec![point.0]]),
        Geometry::MultiPoint(points) => (
            GeomType::Point,
            vec![points.iter().map(|point| point.0).collect()],
        ),
        Geometry::LineString(line) => (GeomType::Linestring, clip_line(line, window)),
        Geometry::MultiLineString(lines) => (
            GeomType::Linestring,
            lines.iter().flat_map(|line| clip_line(line, window)).collect(),
        ),
        Geometry::Polygon(polygon) => (GeomType::Polygon, clip_polygon(polygon, window)),
        Geometry::MultiPolygon(polygons) => (
            GeomType::Polygon,
            polygons
                .iter()
                .flat_map(|polygon| clip_polygon(polygon, window))
                .collect(),
        ),
        _ => return None,
    };
    (!parts.is_empty()).then_some((kind, parts))
}

fn clip_line(line: &LineString<f64>, window: &Rect<f64>) -> Vec<Vec<Coord<f64>>> {
    let line = line.simplify(0.5);
    let mut parts: Vec<Vec<Coord<f64>>> = Vec::new();
    for segment in line.lines() {
        let Some((start, end)) = clip_segment(segment.start, segment.end, window) else {
            continue;
        };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&start) => part.push(end),
            _ => parts.push(vec![start, end]),
        }
    }
    parts
}

/// Liang and Barsky (1984).
fn clip_segment(a: Coord<f64>, b: Coord<f64>, window: &Rect<f64>) -> Option<(Coord<f64>, Coord<f64>)> {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (slope, room) in [
        (-dx, a.x - window.min().x),
        (dx, window.max().x - a.x),
        (-dy, a.y - window.min().y),
        (dy, window.max().y - a.y),
    ] {
        if slope == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if slope < 0.0 {
            enter = enter.max(room / slope);
        } else {
            leave = leave.min(room / slope);
        }
    }
    let at = |t: f64| Coord {
        x: a.x + dx * t,
        y: a.y + dy * t,
    };
    (enter <= leave).then(|| {
        (
            if enter > 0.0 { at(enter) } else { a },
            if leave < 1.0 { at(leave) } else { b },
        )
    })
}

fn clip_polygon(polygon: &Polygon<f64>, window: &Rect<f64>) -> Vec<Vec<Coord<f64>>> {
    let polygon = polygon.simplify(0.5);
    let mut rings = Vec::new();
    for (index, ring) in std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .enumerate()
    {
        let mut clipped = clip_ring(ring, window);
        if clipped.len() < 3 {
            if index == 0 {
                return Vec::new();
            }
            continue;
        }
        // On the screen y grows downwards, so a positive shoelace sum is clockwise.
        let clockwise = signed_area(&clipped) > 0.0;
        if clockwise != (index == 0) {
            clipped.reverse();
        }
        rings.push(clipped);
    }
    rings
}

/// Sutherland and Hodgman (1974); the ring comes back open.
fn clip_ring(ring: &LineString<f64>, window: &Rect<f64>) -> Vec<Coord<f64>> {
    let mut places: Vec<Coord<f64>> = ring.0.clone();
    if places.len() > 1 && places.first() == places.last() {
        places.pop();
    }
    type Edge = (fn(Coord<f64>) -> f64, f64, f64);
    let edges: [Edge; 4] = [
        (|p| p.x, window.min().x, 1.0),
        (|p| p.x, window.max().x, -1.0),
        (|p| p.y, window.min().y, 1.0),
        (|p| p.y, window.max().y, -1.0),
    ];
    for (axis, limit, sign) in edges {
        let inside = |p: Coord<f64>| (axis(p) - limit) * sign >= 0.0;
        let mut kept = Vec::with_capacity(places.len() + 4);
        for (index, &current) in places.iter().enumerate() {
            let previous = places[(index + places.len() - 1) % places.len()];
            if inside(current) != inside(previous) {
                let t = (limit - axis(previous)) / (axis(current) - axis(previous));
                kept.push(Coord {
                    x: previous.x + (current.x - previous.x) * t,
                    y: previous.y + (current.y - previous.y) * t,
                });
            }
            if inside(current) {
                kept.push(current);
            }
        }
        places = kept;
        if places.is_empty() {
            break;
        }
    }
    places
}

fn signed_area(ring: &[Coord<f64>]) -> f64 {
    (0..ring.len())
        .map(|index| {
            let (a, b) = (ring[index], ring[(index + 1) % ring.len()]);
            a.x * b.y - b.x * a.y
        })
        .sum::<f64>()
        / 2.0
}

/// Degrees to mercator units.
fn to_mercator(longitude: f64, latitude: f64) -> (f64, f64) {
    let sine = latitude.to_radians().sin();
    (
        longitude / 360.0 + 0.5,
        0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * PI),
    )
}

/// Mercator units to degrees.
fn to_degrees(x: f64, y: f64) -> (f64, f64) {
    (
        (x - 0.5) * 360.0,
        (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Rect<f64> {
        Rect::new(Coord { x: 0.0, y: 0.0 }, Coord { x: 10.0, y: 10.0 })
    }

    #[test]
    fn mercator_and_back() {
        let (x, y) = to_mercator(108.25, 32.5);
        let (longitude, latitude) = to_degrees(x, y);
        assert!((longitude - 108.25).abs() < 1e-9 && (latitude - 32.5).abs() < 1e-9);
    }

    #[test]
    fn a_polygon_over_the_edge_is_cut_at_it() {
        let square = Polygon::new(
            LineString::from(vec![(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)]),
            vec![],
        );
        let rings = clip_polygon(&square, &window());
        assert_eq!(rings.len(), 1);
        assert!((signed_area(&rings[0]) - 25.0).abs() < 1e-9);
    }

    #[test]
    fn a_polygon_around_the_window_fills_it() {
        let square = Polygon::new(
            LineString::from(vec![(-5.0, -5.0), (-5.0, 25.0), (25.0, 25.0), (25.0, -5.0)]),
            vec![],
        );
        assert!((signed_area(&clip_polygon(&square, &window())[0]) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_line_that_leaves_and_returns_becomes_two_parts() {
        let line = LineString::from(vec![(1.0, 5.0), (15.0, 5.0), (15.0, 7.0), (1.0, 7.0)]);
        assert_eq!(clip_line(&line, &window()).len(), 2);
    }

    #[test]
    fn tiles_that_do_not_exist_are_refused() {
        assert!(TileAddress::new(3, 8, 0).is_err());
        assert!(TileAddress::new(17, 0, 0).is_err());
        assert!(TileAddress::new(3, 7, 7).is_ok());
    }
}
