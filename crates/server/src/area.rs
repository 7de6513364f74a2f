//! Areas: the table with its versions, adding, and changes with their preview.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::areas::{
    self, AreaDetail, AreaQuery, AreaView, ChangePreview, ChangeRequest, NewArea, PastPlace,
};
use anju_app::table::TableFormat;
use anju_model::area::AreaCode;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Json, Path, Query};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(export_xlsx))
        .routes(routes!(export_csv))
        .routes(routes!(change))
        .routes(routes!(preview))
        .routes(routes!(show))
        .routes(routes!(places))
}

/// Areas of the caller's area, with their households, as of a day.
#[utoipa::path(
    get,
    path = "/areas",
    operation_id = "listAreas",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "Areas of the caller's area, with their households, as of a day.", body = Vec<AreaView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<Vec<AreaView>>, HttpError> {
    Ok(Json(areas::list(&workspace, &caller, &query).await?))
}

/// The table of areas as a workbook.
#[utoipa::path(
    get,
    path = "/areas.xlsx",
    operation_id = "exportAreasWorkbook",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Response, HttpError> {
    let file = areas::export(&workspace, &caller, &query, TableFormat::Xlsx).await?;
    Ok(attachment("areas.xlsx", TableFormat::Xlsx, file))
}

/// The table of areas as CSV with byte-order mark.
#[utoipa::path(
    get,
    path = "/areas.csv",
    operation_id = "exportAreasCsv",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Response, HttpError> {
    let file = areas::export(&workspace, &caller, &query, TableFormat::Csv).await?;
    Ok(attachment("areas.csv", TableFormat::Csv, file))
}

/// One area with its names, what became of it and what it holds.
#[utoipa::path(
    get,
    path = "/areas/{code}",
    operation_id = "readArea",
    tag = "register",
    params(("code" = AreaCode, Path, description = "Code of the area.")),
    responses((status = OK, description = "One area with its names, what became of it and what it holds.", body = AreaDetail))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(code): Path<AreaCode>,
) -> Result<Json<AreaDetail>, HttpError> {
    Ok(Json(areas::detail(&workspace, &caller, &code).await?))
}

/// Adds an area that the table does not have.
#[utoipa::path(
    post,
    path = "/areas",
    operation_id = "addArea",
    tag = "register",
    responses((status = CREATED, description = "Adds an area that the table does not have.", body = AreaDetail))
)]
async fn add(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewArea>,
) -> Result<(StatusCode, Json<AreaDetail>), HttpError> {
    let added = areas::add(&workspace, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// What a change of areas would do; nothing is written.
#[utoipa::path(
    post,
    path = "/areas/changes/preview",
    operation_id = "previewAreaChange",
    tag = "register",
    responses((status = OK, description = "What a change of areas would do; nothing is written.", body = ChangePreview))
)]
async fn preview(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<ChangeRequest>,
) -> Result<Json<ChangePreview>, HttpError> {
    Ok(Json(areas::preview(&workspace, &caller, &request).await?))
}

/// Carries a change of areas out as it was previewed.
#[utoipa::path(
    post,
    path = "/areas/changes",
    operation_id = "changeAreas",
    tag = "register",
    responses((status = OK, description = "Carries a change of areas out as it was previewed.", body = ChangePreview))
)]
async fn change(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<ChangeRequest>,
) -> Result<Json<ChangePreview>, HttpError> {
    Ok(Json(areas::change(&workspace, &caller, &request).await?))
}

/// Where a household was by the codes and names of each time.
#[utoipa::path(
    get,
    path = "/register/households/{id}/places",
    operation_id = "listHouseholdPlaces",
    tag = "register",
    responses((status = OK, description = "Where a household was by the codes and names of each time.", body = Vec<PastPlace>))
)]
async fn places(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<PastPlace>>, HttpError> {
    Ok(Json(areas::places_of_household(&workspace, &caller, id).await?))
}
