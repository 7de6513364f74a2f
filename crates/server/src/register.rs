//! The register: list, household page, history, figures, export of what is seen.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::unmask::{self, Need};
use anju_app::register::views::{
    self, Change, HouseholdDetail, HouseholdQuery, HouseholdSummary, Page, RegisterFigures, TableFormat,
};
use anju_model::area::AreaCode;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/households", get(list))
        .route("/register/households.xlsx", get(export_xlsx))
        .route("/register/households.csv", get(export_csv))
        .route("/register/household-exports", post(export_selected))
        .route("/register/households/{id}", get(show))
        .route("/register/households/{id}/history", get(history))
        .route("/register/households/{id}/unmask", post(unmask))
        .route("/register/figures", get(figures))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HouseholdQuery>,
) -> Result<Json<Page<HouseholdSummary>>, HttpError> {
    Ok(Json(views::list(&workspace, &caller, &query).await?))
}

async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HouseholdQuery>,
) -> Result<Response, HttpError> {
    let file = views::export(&workspace, &caller, &query, None, TableFormat::Xlsx).await?;
    Ok(attachment("households.xlsx", TableFormat::Xlsx, file))
}

async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<HouseholdQuery>,
) -> Result<Response, HttpError> {
    let file = views::export(&workspace, &caller, &query, None, TableFormat::Csv).await?;
    Ok(attachment("households.csv", TableFormat::Csv, file))
}

/// Households that were picked one by one, which no address has room for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Picked {
    households: Vec<Uuid>,
    /// Columns and order.
    #[serde(default)]
    query: HouseholdQuery,
}

async fn export_selected(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(picked): Json<Picked>,
) -> Result<Response, HttpError> {
    let Picked { households, query } = picked;
    let file = views::export(&workspace, &caller, &query, Some(households), TableFormat::Xlsx).await?;
    Ok(attachment("households.xlsx", TableFormat::Xlsx, file))
}

async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(views::household(&workspace, &caller, id).await?))
}

async fn unmask(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(need): Json<Need>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(unmask::unmask(&workspace, &caller, id, need).await?))
}

async fn history(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<Change>>, HttpError> {
    Ok(Json(views::history(&workspace, &caller, id).await?))
}

#[derive(Deserialize)]
struct AreaQuery {
    area: Option<AreaCode>,
}

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
