//! Land: the assessment, its candidates, a look at any spot, and map tiles.

use std::sync::Arc;

use anju_app::Workspace;
pub(crate) use anju_app::land::tiles::TileCache;
use anju_app::land::tiles::{self, RasterTile, TileAddress};
use anju_app::land::views::{self, CandidateQuery, CandidateView, LandPage, SpotView};
use anju_model::land::LayerKind;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, Query};
use crate::geo_json::{CandidateFeature, FeatureCollection, geo_json};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(candidates))
        .routes(routes!(candidates_geojson))
        .routes(routes!(candidate))
        .routes(routes!(spot))
        .routes(routes!(hillshade))
        .routes(routes!(suitability))
        .routes(routes!(layer))
        .routes(routes!(households))
}

/// The newest assessment with its layers; null before the first.
#[utoipa::path(
    get,
    path = "/land",
    operation_id = "readLand",
    tag = "land",
    responses((status = OK, description = "The newest assessment with its layers; null before the first.", body = Option<LandPage>))
)]
async fn page(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<LandPage>>, HttpError> {
    Ok(Json(views::page(&workspace, &caller).await?))
}

/// Candidate sites of the newest assessment, the best first.
#[utoipa::path(
    get,
    path = "/land/candidates",
    operation_id = "listCandidates",
    tag = "land",
    params(CandidateQuery),
    responses((status = OK, description = "Candidate sites of the newest assessment, the best first.", body = Vec<CandidateView>))
)]
async fn candidates(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<CandidateQuery>,
) -> Result<Json<Vec<CandidateView>>, HttpError> {
    Ok(Json(views::candidates(&workspace, &caller, &query).await?))
}

/// The candidates as GeoJSON.
#[utoipa::path(
    get,
    path = "/land/candidates.geojson",
    operation_id = "readCandidateShapes",
    tag = "land",
    responses((status = OK, description = "GeoJSON (RFC 7946).", content_type = "application/geo+json", body = FeatureCollection<CandidateFeature>))
)]
async fn candidates_geojson(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Response, HttpError> {
    let collection = views::candidates_geojson(&workspace, &caller).await?;
    Ok(geo_json(&collection))
}

/// One candidate site.
#[utoipa::path(
    get,
    path = "/land/candidates/{id}",
    operation_id = "readCandidate",
    tag = "land",
    responses((status = OK, description = "One candidate site.", body = CandidateView))
)]
async fn candidate(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<CandidateView>, HttpError> {
    Ok(Json(views::candidate(&workspace, &caller, id).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Spot {
    /// Degrees.
    #[param(minimum = -180, maximum = 180)]
    longitude: f64,
    /// Degrees.
    #[param(minimum = -90, maximum = 90)]
    latitude: f64,
}

/// What the layers say of one spot.
#[utoipa::path(
    get,
    path = "/land/at",
    operation_id = "readSpot",
    tag = "land",
    params(Spot),
    responses((status = OK, description = "What the layers say of one spot.", body = SpotView))
)]
async fn spot(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(spot): Query<Spot>,
) -> Result<Json<SpotView>, HttpError> {
    Ok(Json(
        views::spot(&workspace, &caller, spot.longitude, spot.latitude).await?,
    ))
}

/// The address of a tile.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct Tile {
    /// Zoom.
    #[param(minimum = 0, maximum = 22)]
    z: u8,
    /// Column.
    x: u32,
    /// Row with the ending of the format, `.png` or `.mvt`.
    #[param(pattern = r"^[0-9]+\.(png|mvt)$")]
    y: String,
}

/// The address of a tile of one layer.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct LayerTile {
    /// Kind of the layer.
    #[param(value_type = LayerKind)]
    kind: String,
    /// Zoom.
    #[param(minimum = 0, maximum = 22)]
    z: u8,
    /// Column.
    x: u32,
    /// Row with the ending `.mvt`.
    #[param(pattern = r"^[0-9]+\.mvt$")]
    y: String,
}

/// A tile of the hillshade; 204 outside of the county.
#[utoipa::path(
    get,
    path = "/tiles/hillshade/{z}/{x}/{y}",
    operation_id = "readHillshadeTile",
    tag = "land",
    params(Tile),
    responses((status = OK, description = "The tile.", content_type = "image/png", body = Vec<u8>),
        (status = NO_CONTENT, description = "There is nothing on this tile.")
    )
)]
async fn hillshade(server: State<Server>, caller: SignedIn, path: Path<Tile>) -> Result<Response, HttpError> {
    raster(server, caller, path, RasterTile::Hillshade).await
}

/// A tile of the suitability; 204 outside of the county.
#[utoipa::path(
    get,
    path = "/tiles/suitability/{z}/{x}/{y}",
    operation_id = "readSuitabilityTile",
    tag = "land",
    params(Tile),
    responses((status = OK, description = "The tile.", content_type = "image/png", body = Vec<u8>),
        (status = NO_CONTENT, description = "There is nothing on this tile.")
    )
)]
async fn suitability(
    server: State<Server>,
    caller: SignedIn,
    path: Path<Tile>,
) -> Result<Response, HttpError> {
    raster(server, caller, path, RasterTile::Suitability).await
}

async fn raster(
    State(server): State<Server>,
    _: SignedIn,
    Path(Tile { z, x, y }): Path<Tile>,
    kind: RasterTile,
) -> Result<Response, HttpError> {
    let address = address(z, x, &y, ".png")?;
    match tiles::raster_tile(&server.workspace, &server.tiles, kind, address).await? {
        Some(image) => Ok(tile("image/png", image)),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// A vector tile of one layer.
#[utoipa::path(
    get,
    path = "/tiles/layer/{kind}/{z}/{x}/{y}",
    operation_id = "readLayerTile",
    tag = "land",
    params(LayerTile),
    responses((status = OK, description = "The tile.", content_type = "application/vnd.mapbox-vector-tile", body = Vec<u8>))
)]
async fn layer(
    State(server): State<Server>,
    _: SignedIn,
    Path(LayerTile { kind, z, x, y }): Path<LayerTile>,
) -> Result<Response, HttpError> {
    let kind = LayerKind::from_code(&kind).ok_or_else(HttpError::not_found)?;
    let address = address(z, x, &y, ".mvt")?;
    Ok(tile(
        VECTOR_TILE,
        tiles::layer_tile(&server.workspace, &server.tiles, kind, address).await?,
    ))
}

/// A vector tile of the households in the caller's area.
#[utoipa::path(
    get,
    path = "/tiles/households/{z}/{x}/{y}",
    operation_id = "readHouseholdTile",
    tag = "land",
    params(Tile),
    responses((status = OK, description = "The tile.", content_type = "application/vnd.mapbox-vector-tile", body = Vec<u8>))
)]
async fn households(
    State(server): State<Server>,
    SignedIn(caller): SignedIn,
    Path(Tile { z, x, y }): Path<Tile>,
) -> Result<Response, HttpError> {
    let address = address(z, x, &y, ".mvt")?;
    Ok(tile(
        VECTOR_TILE,
        views::households_tile(&server.workspace, &caller, &server.tiles, address).await?,
    ))
}

const VECTOR_TILE: &str = "application/vnd.mapbox-vector-tile";

fn address(z: u8, x: u32, y: &str, suffix: &str) -> Result<TileAddress, HttpError> {
    let y = y
        .strip_suffix(suffix)
        .and_then(|y| y.parse().ok())
        .ok_or_else(HttpError::not_found)?;
    Ok(TileAddress::new(z, x, y)?)
}

/// Tiles may be kept by this browser for a short while: a new import or assessment shows within a minute.
fn tile(kind: &'static str, bytes: Vec<u8>) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "private, max-age=60"),
        ],
        Body::from(bytes),
    )
        .into_response()
}
