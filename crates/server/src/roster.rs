//! Rosters and the register as it stood.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::roster::{
    self, Approval, AsOfQuery, ComparisonView, DifferenceQuery, EntryView, NewDraft, PastHousehold,
    RosterQuery, RosterView,
};
use anju_app::register::views::{Page, Rows, TableFormat};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/rosters", get(list).post(draft))
        .route("/register/rosters/{id}", get(show))
        .route("/register/rosters/{id}/comparison", get(compare))
        .route("/register/rosters/{id}/comparison/households", get(differing))
        .route(
            "/register/rosters/{id}/comparison.xlsx",
            get(export_comparison_xlsx),
        )
        .route(
            "/register/rosters/{id}/comparison.csv",
            get(export_comparison_csv),
        )
        .route("/register/rosters/{id}/freezing", post(freeze))
        .route("/register/rosters/{id}/roster.xlsx", get(export_xlsx))
        .route("/register/rosters/{id}/roster.csv", get(export_csv))
        .route("/register/rosters/{id}/roster.json", get(export_signed))
        .route("/register/as-of", get(as_of))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<RosterQuery>,
) -> Result<Json<Page<RosterView>>, HttpError> {
    Ok(Json(roster::list(&workspace, &caller, &query).await?))
}

async fn draft(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewDraft>,
) -> Result<(StatusCode, Json<RosterView>), HttpError> {
    let drafted = roster::draft(&workspace, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(drafted)))
}

async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<RosterView>, HttpError> {
    Ok(Json(roster::show(&workspace, &caller, id).await?))
}

async fn compare(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ComparisonView>, HttpError> {
    Ok(Json(roster::compare(&workspace, &caller, id, None).await?))
}

async fn differing(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<DifferenceQuery>,
) -> Result<Json<Rows<EntryView>>, HttpError> {
    Ok(Json(roster::differing(&workspace, &caller, id, &query).await?))
}

async fn export_comparison_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export_comparison(&workspace, &caller, id, TableFormat::Xlsx).await?;
    Ok(attachment("roster-comparison.xlsx", TableFormat::Xlsx, file))
}

async fn export_comparison_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export_comparison(&workspace, &caller, id, TableFormat::Csv).await?;
    Ok(attachment("roster-comparison.csv", TableFormat::Csv, file))
}

async fn freeze(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(approval): Json<Approval>,
) -> Result<Json<RosterView>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        roster::freeze(&workspace, &caller, id, version, approval).await?,
    ))
}

async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export(&workspace, &caller, id, TableFormat::Xlsx).await?;
    Ok(attachment("roster.xlsx", TableFormat::Xlsx, file))
}

async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export(&workspace, &caller, id, TableFormat::Csv).await?;
    Ok(attachment("roster.csv", TableFormat::Csv, file))
}

async fn export_signed(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export_signed(&workspace, &caller, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"roster.json\"",
        ),
    ];
    Ok((headers, file).into_response())
}

async fn as_of(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AsOfQuery>,
) -> Result<Json<Page<PastHousehold>>, HttpError> {
    Ok(Json(roster::as_of(&workspace, &caller, &query).await?))
}
