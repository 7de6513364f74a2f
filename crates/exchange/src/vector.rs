//! Vector layers in and out: Shapefile, GeoJSON and GeoPackage, chosen by the ending of the file's name.
//!
//! All writers give the same bytes for the same input. Heights and measures are dropped: the program works in the
//! plane. Geometries are checked for what no later step can use (coordinates that are not numbers, no coordinates, rings
//! that do not close), not for self-intersection. Nothing is reprojected on reading.

mod dbf;
mod geo_json;
mod geopackage;
mod parts;
mod shapefile;
mod wkb;

use std::collections::BTreeMap;
use std::path::Path;

use anju_model::code_list::Text;
use geo::Geometry;

use crate::crs::Crs;
use crate::error::{ExchangeError, Fault};

pub use geo_json::{geojson_text, write_geojson};
pub use geopackage::write_geopackage;
pub use shapefile::{DbfEncoding, write_shapefile};

/// Features of one kind with the system of their coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorLayer {
    /// Name of the layer: the table in a GeoPackage, else the file's name without its ending.
    pub name: String,
    /// The coordinate reference system of all geometries; x is east or longitude, y is north or latitude.
    pub crs: Crs,
    /// The features in the order of the file.
    pub features: Vec<Feature>,
}

/// A geometry with its attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// In the layer's coordinates.
    pub geometry: Geometry<f64>,
    /// Attributes by name.
    pub properties: BTreeMap<String, PropertyValue>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertyValue {
    /// No value.
    Null,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number, finite.
    Real(f64),
}

impl PropertyValue {
    /// The value as text: numbers in their shortest form, `None` for no value.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
        }
    }

    /// The value as a number, also when it was written as text.
    pub fn to_number(&self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
        }
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for PropertyValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for PropertyValue {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

/// How a file is read.
#[derive(Debug, Clone, Default)]
pub struct VectorOptions {
    /// The coordinate reference system, against what the file says.
    pub crs: Option<Crs>,
    /// Only the layer with this name (GeoPackage).
    pub layer: Option<String>,
}

/// A feature that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureProblem {
    /// Name of the layer.
    pub layer: String,
    /// Number of the feature in the file, counted from 1.
    pub feature: u64,
    /// What is wrong with it.
    pub reason: Text,
}

/// The layers of a file with the features that had to be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorFile {
    /// The layers with their usable features.
    pub layers: Vec<VectorLayer>,
    /// The unusable features.
    pub problems: Vec<FeatureProblem>,
}

/// Reads all layers of a `.shp`, `.geojson`, `.json` or `.gpkg` file; one unusable feature refuses the file.
///
/// # Errors
/// Any [`ExchangeError`] of the format; [`ExchangeError::Geometry`] names the unusable features by number.
pub fn read_vector(path: &Path, options: &VectorOptions) -> Result<Vec<VectorLayer>, ExchangeError> {
    let VectorFile { layers, problems } = read_vector_with_problems(path, options)?;
    let Some(first) = problems.first() else {
        return Ok(layers);
    };
    let numbers: Vec<String> = problems
        .iter()
        .take(10)
        .map(|problem| problem.feature.to_string())
        .collect();
    let more = if problems.len() > numbers.len() { "…" } else { "" };
    Err(ExchangeError::Geometry(
        Fault::new(
            path,
            (
                &format!(
                    "{} 个要素的图形不可用；第 {} 个：{}",
                    problems.len(),
                    first.feature,
                    first.reason.zh
                ),
                &format!(
                    "the geometry of {} feature(s) cannot be used; number {}: {}",
                    problems.len(),
                    first.feature,
                    first.reason.en
                ),
            ),
            (
                "在地理信息软件中修复或删除这些要素后重新导出",
                "repair or delete these features in a GIS and export the layer again",
            ),
        )
        .at(
            format!("图层“{}”，要素 {}{more}", first.layer, numbers.join("、")),
            format!("layer {:?}, feature {}{more}", first.layer, numbers.join(", ")),
        ),
    ))
}

/// Reads all layers of a file, leaving out the features that cannot be used and naming each.
///
/// # Errors
/// Any [`ExchangeError`] of the format but [`ExchangeError::Geometry`].
pub fn read_vector_with_problems(path: &Path, options: &VectorOptions) -> Result<VectorFile, ExchangeError> {
    match ending(path).as_str() {
        "shp" => shapefile::read(path, options),
        "geojson" | "json" => geo_json::read(path, options),
        "gpkg" => geopackage::read(path, options),
        other => Err(ExchangeError::Format(Fault::new(
            path,
            (
                &format!("不读取以“.{other}”结尾的图层文件"),
                &format!("layers in files ending in \".{other}\" are not read"),
            ),
            (
                "导出为 .shp、.gpkg 或 .geojson；Shapefile 请选择其中的 .shp 文件",
                "export it as .shp, .gpkg or .geojson; of a shapefile choose the .shp file",
            ),
        ))),
    }
}

/// The ending of a file's name in lower case, without the dot.
pub(crate) fn ending(path: &Path) -> String {
    path.extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// The file's name without folder and ending.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The file of the same name with another ending, in the case the disk has.
pub(crate) fn beside(path: &Path, ending: &str) -> Option<std::path::PathBuf> {
    [ending.to_owned(), ending.to_uppercase()]
        .into_iter()
        .map(|ending| path.with_extension(ending))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
