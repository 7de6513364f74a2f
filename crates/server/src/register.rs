//! The register: list, household page, history, figures, export of what is seen.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::unmask::{self, Need};
use anju_app::register::views::{
    self, Change, HouseholdDetail, HouseholdQuery, HouseholdSummary, Page, RegisterFigures,
};
use anju_app::table::TableFormat;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{AreaQuery, Json, Path, Query};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export_xlsx))
        .routes(routes!(export_csv))
        .routes(routes!(export_selected))
        .routes(routes!(show))
        .routes(routes!(unmask))
        .routes(routes!(history))
        .routes(routes!(figures))
}

/// Households, masked.
#[utoipa::path(
    get,
    path = "/register/households",
    operation_id = "listHouseholds",
    tag = "register",
    params(HouseholdQuery),
    responses((status = OK, description = "Households, masked.", body = Page<HouseholdSummary>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HouseholdQuery>,
) -> Result<Json<Page<HouseholdSummary>>, HttpError> {
    Ok(Json(views::list(&workspace, &caller, &query).await?))
}

/// All matching households as a workbook, masked.
#[utoipa::path(
    get,
    path = "/register/households.xlsx",
    operation_id = "exportHouseholdsWorkbook",
    tag = "register",
    params(HouseholdQuery),
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HouseholdQuery>,
) -> Result<Response, HttpError> {
    let file = views::export(&workspace, &caller, &query, None, TableFormat::Xlsx).await?;
    Ok(attachment("households.xlsx", TableFormat::Xlsx, file))
}

/// All matching households as CSV with byte-order mark, masked.
#[utoipa::path(
    get,
    path = "/register/households.csv",
    operation_id = "exportHouseholdsCsv",
    tag = "register",
    params(HouseholdQuery),
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HouseholdQuery>,
) -> Result<Response, HttpError> {
    let file = views::export(&workspace, &caller, &query, None, TableFormat::Csv).await?;
    Ok(attachment("households.csv", TableFormat::Csv, file))
}

/// Households that were picked one by one, which no address has room for.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PickedHouseholds)]
struct Picked {
    /// The households.
    households: Vec<Uuid>,
    /// Columns and order.
    #[serde(default)]
    query: HouseholdQuery,
}

/// Households that were picked one by one as a workbook, masked.
#[utoipa::path(
    post,
    path = "/register/household-exports",
    operation_id = "exportPickedHouseholds",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String))
)]
async fn export_selected(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(picked): Json<Picked>,
) -> Result<Response, HttpError> {
    let Picked { households, query } = picked;
    let file = views::export(&workspace, &caller, &query, Some(households), TableFormat::Xlsx).await?;
    Ok(attachment("households.xlsx", TableFormat::Xlsx, file))
}

/// One household, masked.
#[utoipa::path(
    get,
    path = "/register/households/{id}",
    operation_id = "readHousehold",
    tag = "register",
    responses((status = OK, description = "One household, masked.", body = HouseholdDetail))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(views::household(&workspace, &caller, id).await?))
}

/// One household as it is, for a stated purpose, which goes on the ledger.
#[utoipa::path(
    post,
    path = "/register/households/{id}/unmask",
    operation_id = "unmaskHousehold",
    tag = "register",
    responses((status = OK, description = "One household as it is, for a stated purpose, which goes on the ledger.", body = HouseholdDetail))
)]
async fn unmask(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(need): Json<Need>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(unmask::unmask(&workspace, &caller, id, need).await?))
}

/// The changes of a household, the newest first.
#[utoipa::path(
    get,
    path = "/register/households/{id}/history",
    operation_id = "readHouseholdHistory",
    tag = "register",
    responses((status = OK, description = "The changes of a household, the newest first.", body = Vec<Change>))
)]
async fn history(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<Change>>, HttpError> {
    Ok(Json(views::history(&workspace, &caller, id).await?))
}

/// Figures of the register within an area.
#[utoipa::path(
    get,
    path = "/register/figures",
    operation_id = "readRegisterFigures",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "Figures of the register within an area.", body = RegisterFigures))
)]
async fn figures(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<RegisterFigures>, HttpError> {
    Ok(Json(
        views::figures(&workspace, &caller, query.area.as_ref()).await?,
    ))
}

/// A file to be saved under `name`.
pub(crate) fn attachment(name: &str, format: TableFormat, bytes: Vec<u8>) -> Response {
    let kind = match format {
        TableFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        TableFormat::Csv => "text/csv; charset=utf-8",
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response()
}
