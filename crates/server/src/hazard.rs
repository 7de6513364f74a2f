//! Hazard points: list, page, registering, threatened households made safe, closing.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::hazard::{self, ClosingStep, HazardDetail, HazardQuery, HazardSummary, SafeRecord};
use anju_app::register::views::{Change, Page};
use anju_app::table::TableFormat;
use anju_model::area::AreaCode;
use anju_model::hazard::{
    HazardFacts, HazardKind, HazardRisk, HazardScale, HazardState, PointAssessment, RelocationExtent,
};
use anju_model::register::Position;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{IfMatch, Json, Path, Query};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(export_xlsx))
        .routes(routes!(export_csv))
        .routes(routes!(show, edit))
        .routes(routes!(history))
        .routes(routes!(close))
        .routes(routes!(record_safe))
}

/// What a request says of a hazard point; what it leaves out is not recorded.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HazardPointGiven)]
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

/// Hazard points.
#[utoipa::path(
    get,
    path = "/register/hazard-points",
    operation_id = "listHazardPoints",
    tag = "register",
    params(HazardQuery),
    responses((status = OK, description = "Hazard points.", body = Page<HazardSummary>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HazardQuery>,
) -> Result<Json<Page<HazardSummary>>, HttpError> {
    Ok(Json(hazard::list(&workspace, &caller, &query).await?))
}

/// Hazard points as a workbook.
#[utoipa::path(
    get,
    path = "/register/hazard-points.xlsx",
    operation_id = "exportHazardPointsWorkbook",
    tag = "register",
    params(HazardQuery),
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HazardQuery>,
) -> Result<Response, HttpError> {
    let file = hazard::export(&workspace, &caller, &query, TableFormat::Xlsx).await?;
    Ok(attachment("hazard-points.xlsx", TableFormat::Xlsx, file))
}

/// Hazard points as CSV with byte-order mark.
#[utoipa::path(
    get,
    path = "/register/hazard-points.csv",
    operation_id = "exportHazardPointsCsv",
    tag = "register",
    params(HazardQuery),
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HazardQuery>,
) -> Result<Response, HttpError> {
    let file = hazard::export(&workspace, &caller, &query, TableFormat::Csv).await?;
    Ok(attachment("hazard-points.csv", TableFormat::Csv, file))
}

/// Registers a hazard point.
#[utoipa::path(
    post,
    path = "/register/hazard-points",
    operation_id = "registerHazardPoint",
    tag = "register",
    responses((status = CREATED, description = "Registers a hazard point.", body = HazardDetail))
)]
async fn register(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(given): Json<Given>,
) -> Result<(StatusCode, Json<HazardDetail>), HttpError> {
    let registered = hazard::register(&workspace, &caller, given.into()).await?;
    Ok((StatusCode::CREATED, Json(registered)))
}

/// One hazard point with its threatened households.
#[utoipa::path(
    get,
    path = "/register/hazard-points/{id}",
    operation_id = "readHazardPoint",
    tag = "register",
    responses((status = OK, description = "One hazard point with its threatened households.", body = HazardDetail))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<HazardDetail>, HttpError> {
    Ok(Json(hazard::show(&workspace, &caller, id).await?))
}

/// Changes what is recorded of a hazard point.
#[utoipa::path(
    put,
    path = "/register/hazard-points/{id}",
    operation_id = "editHazardPoint",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Changes what is recorded of a hazard point.", body = HazardDetail))
)]
async fn edit(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(given): Json<Given>,
) -> Result<Json<HazardDetail>, HttpError> {
    Ok(Json(
        hazard::edit(&workspace, &caller, id, version, given.into()).await?,
    ))
}

/// The changes of a hazard point, the newest first.
#[utoipa::path(
    get,
    path = "/register/hazard-points/{id}/history",
    operation_id = "readHazardPointHistory",
    tag = "register",
    responses((status = OK, description = "The changes of a hazard point, the newest first.", body = Vec<Change>))
)]
async fn history(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<Change>>, HttpError> {
    Ok(Json(hazard::history(&workspace, &caller, id).await?))
}

/// Closes a hazard point, or opens it again.
#[utoipa::path(
    post,
    path = "/register/hazard-points/{id}/closing",
    operation_id = "closeHazardPoint",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Closes a hazard point, or opens it again.", body = HazardDetail))
)]
async fn close(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(step): Json<ClosingStep>,
) -> Result<Json<HazardDetail>, HttpError> {
    Ok(Json(hazard::close(&workspace, &caller, id, version, step).await?))
}

/// A threatened household of a point.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ThreatenedAddress {
    /// The point.
    id: Uuid,
    /// The line of the household.
    line: Uuid,
}

/// Records that a threatened household is safe, or not any more.
#[utoipa::path(
    put,
    path = "/register/hazard-points/{id}/threatened/{line}",
    operation_id = "recordThreatenedSafe",
    tag = "register",
    params(ThreatenedAddress, IfMatch),
    responses((status = OK, description = "Records that a threatened household is safe, or not any more.", body = HazardDetail))
)]
async fn record_safe(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(ThreatenedAddress { id, line }): Path<ThreatenedAddress>,
    IfMatch(version): IfMatch,
    Json(record): Json<SafeRecord>,
) -> Result<Json<HazardDetail>, HttpError> {
    Ok(Json(
        hazard::record_safe(&workspace, &caller, id, version, line, record).await?,
    ))
}
