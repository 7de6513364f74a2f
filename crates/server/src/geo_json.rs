//! GeoJSON (RFC 7946) as the description shows it, and the answer that carries it.

use anju_model::area::AreaCode;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;
use uuid::Uuid;

/// The media type.
pub(crate) const GEO_JSON: &str = "application/geo+json";

/// An answer of GeoJSON.
pub(crate) fn geo_json(collection: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, GEO_JSON)], collection.to_string()).into_response()
}

/// Features of one kind.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct FeatureCollection<F: ToSchema> {
    /// `FeatureCollection`.
    r#type: String,
    /// The features.
    features: Vec<F>,
}

/// A candidate site.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct CandidateFeature {
    /// `Feature`.
    r#type: String,
    geometry: PolygonGeometry,
    properties: CandidateProperties,
}

/// A polygon: its outline and its holes.
#[derive(ToSchema)]
#[schema(as = PolygonGeometry)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct PolygonGeometry {
    /// `Polygon`.
    r#type: String,
    /// Rings of longitude and latitude in degrees, the outline first.
    coordinates: Vec<Vec<[f64; 2]>>,
}

/// What a candidate's shape says.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct CandidateProperties {
    id: Uuid,
    /// Short name on the map.
    code: String,
    /// Suitability, 0 to 1.
    score: f64,
    /// Households that fit.
    capacity_households: u32,
    /// Square metres.
    area_m2: f64,
    /// Households that the newest plan settles there.
    planned_households: u32,
}

/// A line from a village to a site.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct FlowFeature {
    /// `Feature`.
    r#type: String,
    geometry: LineGeometry,
    properties: FlowProperties,
}

/// A line.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct LineGeometry {
    /// `LineString`.
    r#type: String,
    /// Longitude and latitude in degrees.
    coordinates: Vec<[f64; 2]>,
}

/// Who moves along a line.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a shape; the use case makes it")]
pub(crate) struct FlowProperties {
    village: AreaCode,
    village_name: String,
    site: Uuid,
    site_name: String,
    households: u32,
    persons: u32,
    /// Mean distance, metres.
    distance_m: f64,
}
