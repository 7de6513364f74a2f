//! Land: the assessment, its candidates, a look at any spot, and map tiles.

use std::sync::Arc;

use anju_app::Workspace;
pub(crate) use anju_app::land::tiles::TileCache;
use anju_app::land::tiles::{self, RasterTile, TileAddress};
use anju_app::land::views::{self, CandidateQuery, CandidateView, LandPage, SpotView};
use anju_model::land::LayerKind;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/land", get(page))
        .route("/land/candidates", get(candidates))
        .route("/land/candidates.geojson", get(candidates_geojson))
        .route("/land/candidates/{id}", get(candidate))
        .route("/land/at", get(spot))
        .route("/tiles/hillshade/{z}/{x}/{y}", get(hillshade))
        .route("/tiles/suitability/{z}/{x}/{y}", get(suitability))
        .route("/tiles/layer/{kind}/{z}/{x}/{y}", get(layer))
        .route("/tiles/households/{z}/{x}/{y}", get(households))
}

async fn page(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<LandPage>>, HttpError> {
    Ok(Json(views::page(&workspace, &caller).await?))
}

async fn candidates(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<CandidateQuery>,
) -> Result<Json<Vec<CandidateView>>, HttpError> {
    Ok(Json(views::candidates(&workspace, &caller, &query).await?))
}

async fn candidates_geojson(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Response, HttpError> {
    let collection = views::candidates_geojson(&workspace, &caller).await?;
    Ok(geojson(&collection))
}

async fn candidate(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<CandidateView>, HttpError> {
    Ok(Json(views::candidate(&workspace, &caller, id).await?))
}

#[derive(Deserialize)]
struct Spot {
    longitude: f64,
    latitude: f64,
}

async fn spot(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(spot): Query<Spot>,
) -> Result<Json<SpotView>, HttpError> {
    Ok(Json(
        views::spot(&workspace, &caller, spot.longitude, spot.latitude).await?,
    ))
}

async fn hillshade(
    server: State<Server>,
    caller: SignedIn,
    path: Path<(u8, u32, String)>,
) -> Result<Response, HttpError> {
    raster(server, caller, path, RasterTile::Hillshade).await
}

async fn suitability(
    server: State<Server>,
    caller: SignedIn,
    path: Path<(u8, u32, String)>,
) -> Result<Response, HttpError> {
    raster(server, caller, path, RasterTile::Suitability).await
}

async fn raster(
    State(server): State<Server>,
    _: SignedIn,
    Path((z, x, y)): Path<(u8, u32, String)>,
    kind: RasterTile,
) -> Result<Response, HttpError> {
    let address = address(z, x, &y, ".png")?;
    match tiles::raster_tile(&server.workspace, &server.tiles, kind, address).await? {
        Some(image) => Ok(tile("image/png", image)),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

async fn layer(
    State(server): State<Server>,
    _: SignedIn,
    Path((kind, z, x, y)): Path<(String, u8, u32, String)>,
) -> Result<Response, HttpError> {
    let kind = LayerKind::from_code(&kind).ok_or_else(HttpError::not_found)?;
    let address = address(z, x, &y, ".mvt")?;
    Ok(tile(
        VECTOR_TILE,
        tiles::layer_tile(&server.workspace, &server.tiles, kind, address).await?,
    ))
}

async fn households(
    State(server): State<Server>,
    SignedIn(caller): SignedIn,
    Path((z, x, y)): Path<(u8, u32, String)>,
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

/// GeoJSON (RFC 7946).
pub(crate) fn geojson(collection: &serde_json::Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/geo+json")],
        collection.to_string(),
    )
        .into_response()
}
