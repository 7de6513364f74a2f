//! Layers of the workspace: found by kind, their features and cells kept as attachments in the county's metric CRS
//! (GeoJSON with the `crs` member of 2008, which QGIS reads; GeoTIFF).

use std::path::PathBuf;

use anju_exchange::crs::Crs;
use anju_exchange::raster::{GeoTiff, RasterData, read_geotiff, write_geotiff};
use anju_exchange::vector::{Feature, PropertyValue, VectorLayer};
use anju_land::{Grid, Raster};
use anju_model::land::{Layer, LayerKind};
use anju_store::attachment::Attachment;
use geojson::{FeatureCollection, GeoJson, JsonObject, JsonValue};

use crate::{AppError, Workspace};

/// The newest layer of a kind.
pub(crate) async fn layer(workspace: &Workspace, kind: LayerKind) -> Result<Option<Layer>, AppError> {
    let newest = anju_store::land::layers_of_kind(workspace.db(), kind)
        .await?
        .into_iter()
        .next();
    Ok(newest.map(|layer| layer.value))
}

/// The features of a vector layer, in the county's metric CRS.
pub(crate) fn read_vector(workspace: &Workspace, layer: &Layer) -> Result<VectorLayer, AppError> {
    let damaged = |detail: String| AppError::Aborted(format!("layer {}: {detail}", layer.source));
    let bytes = workspace.attachments().read(&layer.content)?;
    let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
    let collection: FeatureCollection = text
        .parse::<GeoJson>()
        .and_then(TryInto::try_into)
        .map_err(|error| damaged(error.to_string()))?;
    let features = collection
        .features
        .into_iter()
        .filter_map(|feature| Some((feature.geometry?, feature.properties.unwrap_or_default())))
        .map(|(geometry, properties)| {
            let geometry: geo::Geometry<f64> = geometry
                .try_into()
                .map_err(|error: geojson::Error| damaged(error.to_string()))?;
            let properties = properties
                .into_iter()
                .map(|(name, value)| (name, property(value)))
                .collect();
            Ok(Feature { geometry, properties })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(VectorLayer {
        name: layer.source.clone(),
        crs: Crs::from_epsg(workspace.county().epsg)?,
        features,
    })
}

fn property(value: JsonValue) -> PropertyValue {
    match value {
        JsonValue::String(text) => PropertyValue::Text(text),
        JsonValue::Number(number) => match number.as_i64() {
            Some(integer) => PropertyValue::Integer(integer),
            None => number.as_f64().map_or(PropertyValue::Null, PropertyValue::Real),
        },
        _ => PropertyValue::Null,
    }
}

/// The features of a vector layer as stored bytes; coordinates in millimetres, which no map of a county exceeds.
pub(crate) fn encode_vector(vector: &VectorLayer) -> Vec<u8> {
    use geo::MapCoords;
    let features = vector.features.iter().map(|feature| {
        let rounded = feature.geometry.map_coords(|place| geo::Coord {
            x: millimetres(place.x),
            y: millimetres(place.y),
        });
        let properties: JsonObject = feature
            .properties
            .iter()
            .map(|(name, value)| (name.clone(), json(value)))
            .collect();
        geojson::Feature {
            geometry: Some(geojson::Geometry::from(&rounded)),
            properties: Some(properties),
            ..geojson::Feature::default()
        }
    });
    let name = format!("urn:ogc:def:crs:EPSG::{}", vector.crs.epsg());
    let crs = serde_json::json!({ "type": "name", "properties": { "name": name } });
    let collection = FeatureCollection {
        features: features.collect(),
        foreign_members: Some(JsonObject::from_iter([("crs".to_owned(), crs)])),
        ..FeatureCollection::default()
    };
    GeoJson::from(collection).to_string().into_bytes()
}

fn millimetres(metres: f64) -> f64 {
    (metres * 1000.0).round() / 1000.0
}

fn json(value: &PropertyValue) -> JsonValue {
    match value {
        PropertyValue::Null => JsonValue::Null,
        PropertyValue::Text(text) => JsonValue::from(text.as_str()),
        PropertyValue::Integer(number) => JsonValue::from(*number),
        PropertyValue::Real(number) => JsonValue::from(*number),
    }
}

/// The elevation model, NaN where it has no value.
pub(crate) fn read_dem(workspace: &Workspace, layer: &Layer) -> Result<Raster<f32>, AppError> {
    read_numbers(workspace, &layer.content)
}

/// A stored raster of numbers, NaN where it has no value.
pub(crate) fn read_numbers(workspace: &Workspace, content: &str) -> Result<Raster<f32>, AppError> {
    let file = read(workspace, content)?;
    Ok(Raster::new(grid(&file)?, file.to_f32())?)
}

/// A raster of bytes for display.
pub(crate) struct RasterU8(Raster<u8>);

impl RasterU8 {
    /// The value at a position in metres; `None` outside.
    pub(crate) fn at(&self, easting: f64, northing: f64) -> Option<u8> {
        let (row, column) = self.0.grid().cell_at(geo::Coord {
            x: easting,
            y: northing,
        })?;
        Some(self.0.get(row, column))
    }
}

/// A stored raster of bytes.
pub(crate) fn read_raster(workspace: &Workspace, content: &str) -> Result<RasterU8, AppError> {
    let file = read(workspace, content)?;
    let grid = grid(&file)?;
    match file.data {
        RasterData::U8(cells) => Ok(RasterU8(Raster::new(grid, cells)?)),
        RasterData::I16(_) | RasterData::F32(_) => Err(AppError::Aborted(format!(
            "attachment {content} is not a raster of bytes"
        ))),
    }
}

fn read(workspace: &Workspace, content: &str) -> Result<GeoTiff, AppError> {
    Ok(read_geotiff(&workspace.attachments().path(content)?, None)?)
}

fn grid(file: &GeoTiff) -> Result<Grid, AppError> {
    Ok(Grid::new(
        file.west,
        file.north,
        file.cell_width,
        file.cell_height,
        file.rows,
        file.cols,
    )?)
}

/// Stores a raster in the county's metric CRS.
pub(crate) fn store_raster(
    workspace: &Workspace,
    name: &str,
    grid: &Grid,
    data: RasterData,
) -> Result<Attachment, AppError> {
    let no_data = matches!(data, RasterData::F32(_)).then_some(f64::from(NO_DATA));
    let data = match data {
        RasterData::F32(cells) => RasterData::F32(
            cells
                .into_iter()
                .map(|cell| if cell.is_nan() { NO_DATA } else { cell })
                .collect(),
        ),
        other => other,
    };
    store_geotiff(
        workspace,
        name,
        &GeoTiff {
            rows: grid.rows(),
            cols: grid.cols(),
            west: grid.west(),
            north: grid.north(),
            cell_width: grid.cell_width(),
            cell_height: grid.cell_height(),
            crs: Crs::from_epsg(workspace.county().epsg)?,
            no_data,
            data,
        },
    )
}

/// The no-data value of stored rasters of numbers.
const NO_DATA: f32 = -9999.0;

/// Stores a raster as it is.
pub(crate) fn store_geotiff(
    workspace: &Workspace,
    name: &str,
    raster: &GeoTiff,
) -> Result<Attachment, AppError> {
    let path: PathBuf = workspace.root().join(format!(".{}.tif", workspace.new_id()));
    let bytes = write_geotiff(&path, raster)
        .map_err(AppError::from)
        .and_then(|()| std::fs::read(&path).map_err(AppError::io(&path)));
    // The file only carried the bytes over; that it cannot be removed harms nothing.
    drop(std::fs::remove_file(&path));
    workspace.store_file("image/tiff", name, &bytes?)
}
