//! Hazard points: list, page, registering, threatened households made safe, closing.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::hazard::{self, ClosingStep, HazardDetail, HazardQuery, HazardSummary, SafeRecord};
use anju_app::register::views::{Change, Page, TableFormat};
use anju_model::area::AreaCode;
use anju_model::hazard::{
    HazardFacts, HazardKind, HazardRisk, HazardScale, HazardState, PointAssessment, RelocationExtent,
};
use anju_model::register::Position;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/hazard-points", get(list).post(register))
        .route("/register/hazard-points.xlsx", get(export_xlsx))
        .route("/register/hazard-points.csv", get(export_csv))
        .route("/register/hazard-points/{id}", get(show).put(edit))
        .route("/register/hazard-points/{id}/history", get(history))
        .route("/register/hazard-points/{id}/closing", post(close))
        .route("/register/hazard-points/{id}/threatened/{line}", put(record_safe))
}

/// What a request says of a hazard point; what it leaves out is not recorded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    code: String,
    #[serde(default)]
    name: Option<String>,
    area: AreaCode,
    kind: HazardKind,
    #[serde(default)]
    scale: Option<HazardScale>,
    #[serde(default)]
    risk: Option<HazardRisk>,
    state: HazardState,
    #[serde(default)]
    extent: Option<RelocationExtent>,
    #[serde(default)]
    threatened_households: Option<u32>,
    #[serde(default)]
    threatened_persons: Option<u32>,
    #[serde(default)]
    assessment: Option<PointAssessment>,
    #[serde(default)]
    position: Option<Position>,
    #[serde(default)]
    layer_feature: Option<String>,
}

impl From<Given> for HazardFacts {
    fn from(given: Given) -> Self {
        Self {
            code: given.code,
            name: given.name,
            area: given.area,
            kind: given.kind,
            scale: given.scale,
            risk: given.risk,
            state: given.state,
            extent: given.extent,
            threatened_households: given.threatened_households,
            threatened_persons: given.threatened_persons,
            assessment: given.assessment,
            position: given.position,
            layer_feature: given.layer_feature,
        }
    }
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HazardQuery>,
) -> Result<Json<Page<HazardSummary>>, HttpError> {
    Ok(Json(hazard::list(&workspace, &caller, &query).await?))
}

async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HazardQuery>,
) -> Result<Response, HttpError> {
    let file = hazard::export(&workspace, &caller, &query, TableFormat::Xlsx).await?;
    Ok(attachment("hazard-points.xlsx", TableFormat::Xlsx, file))
}

async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HazardQuery>,
) -> Result<Response, HttpError> {
    let file = hazard::export(&workspace, &caller, &query, TableFormat::Csv).await?;
    Ok(attachment("hazard-points.csv", TableFormat::Csv, file))
}

async fn register(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(given): Json<Given>,
) -> Result<(StatusCode, Json<HazardDetail>), HttpError> {
    let registered = hazard::register(&workspace, &caller, given.into()).await?;
    Ok((StatusCode::CREATED, Json(registered)))
}

async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<HazardDetail>, HttpError> {
    Ok(Json(hazard::show(&workspace, &caller, id).await?))
}

async fn edit(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(given): Json<Given>,
) -> Result<Json<HazardDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        hazard::edit(&workspace, &caller, id, version, given.into()).await?,
    ))
}

async fn history(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<Change>>, HttpError> {
    Ok(Json(hazard::history(&workspace, &caller, id).await?))
}

async fn close(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(step): Json<ClosingStep>,
) -> Result<Json<HazardDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(hazard::close(&workspace, &caller, id, version, step).await?))
}

async fn record_safe(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, line)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Json(record): Json<SafeRecord>,
) -> Result<Json<HazardDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        hazard::record_safe(&workspace, &caller, id, version, line, record).await?,
    ))
}
