//! Rosters and the register as it stood.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::roster::{
    self, Approval, AsOfQuery, ComparisonView, DifferenceQuery, EntryView, NewDraft, PastHousehold,
    RosterQuery, RosterView, SignedRoster,
};
use anju_app::register::views::{Page, Rows};
use anju_app::table::TableFormat;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
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
        .routes(routes!(list, draft))
        .routes(routes!(show))
        .routes(routes!(compare))
        .routes(routes!(differing))
        .routes(routes!(export_comparison_xlsx))
        .routes(routes!(export_comparison_csv))
        .routes(routes!(freeze))
        .routes(routes!(export_xlsx))
        .routes(routes!(export_csv))
        .routes(routes!(export_signed))
        .routes(routes!(as_of))
}

/// Rosters, the newest first.
#[utoipa::path(
    get,
    path = "/register/rosters",
    operation_id = "listRosters",
    tag = "register",
    params(RosterQuery),
    responses((status = OK, description = "Rosters, the newest first.", body = Page<RosterView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<RosterQuery>,
) -> Result<Json<Page<RosterView>>, HttpError> {
    Ok(Json(roster::list(&workspace, &caller, &query).await?))
}

/// Drafts a roster from the households that filters choose.
#[utoipa::path(
    post,
    path = "/register/rosters",
    operation_id = "draftRoster",
    tag = "register",
    responses((status = CREATED, description = "Drafts a roster from the households that filters choose.", body = RosterView))
)]
async fn draft(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewDraft>,
) -> Result<(StatusCode, Json<RosterView>), HttpError> {
    let drafted = roster::draft(&workspace, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(drafted)))
}

/// One roster.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}",
    operation_id = "readRoster",
    tag = "register",
    responses((status = OK, description = "One roster.", body = RosterView))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<RosterView>, HttpError> {
    Ok(Json(roster::show(&workspace, &caller, id).await?))
}

/// What a roster adds, removes and changes against the one before.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/comparison",
    operation_id = "compareRoster",
    tag = "register",
    responses((status = OK, description = "What a roster adds, removes and changes against the one before.", body = ComparisonView))
)]
async fn compare(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ComparisonView>, HttpError> {
    Ok(Json(roster::compare(&workspace, &caller, id, None).await?))
}

/// The households in which a roster differs from the version before, in one way.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/comparison/households",
    operation_id = "listRosterDifferences",
    tag = "register",
    params(DifferenceQuery),
    responses((status = OK, description = "The households in which a roster differs from the version before, in one way.", body = Rows<EntryView>))
)]
async fn differing(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<DifferenceQuery>,
) -> Result<Json<Rows<EntryView>>, HttpError> {
    Ok(Json(roster::differing(&workspace, &caller, id, &query).await?))
}

/// All differences with the version before as a workbook, masked.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/comparison.xlsx",
    operation_id = "exportRosterComparisonXlsx",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String))
)]
async fn export_comparison_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export_comparison(&workspace, &caller, id, TableFormat::Xlsx).await?;
    Ok(attachment("roster-comparison.xlsx", TableFormat::Xlsx, file))
}

/// All differences with the version before as CSV, masked.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/comparison.csv",
    operation_id = "exportRosterComparisonCsv",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_comparison_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export_comparison(&workspace, &caller, id, TableFormat::Csv).await?;
    Ok(attachment("roster-comparison.csv", TableFormat::Csv, file))
}

/// Freezes a draft with approver and document.
#[utoipa::path(
    post,
    path = "/register/rosters/{id}/freezing",
    operation_id = "freezeRoster",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Freezes a draft with approver and document.", body = RosterView))
)]
async fn freeze(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(approval): Json<Approval>,
) -> Result<Json<RosterView>, HttpError> {
    Ok(Json(
        roster::freeze(&workspace, &caller, id, version, approval).await?,
    ))
}

/// A roster as a workbook, masked.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/roster.xlsx",
    operation_id = "exportRosterWorkbook",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export(&workspace, &caller, id, TableFormat::Xlsx).await?;
    Ok(attachment("roster.xlsx", TableFormat::Xlsx, file))
}

/// A roster as CSV, masked.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/roster.csv",
    operation_id = "exportRosterCsv",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = roster::export(&workspace, &caller, id, TableFormat::Csv).await?;
    Ok(attachment("roster.csv", TableFormat::Csv, file))
}

/// A frozen roster, signed with the ledger's key.
#[utoipa::path(
    get,
    path = "/register/rosters/{id}/roster.json",
    operation_id = "exportSignedRoster",
    tag = "register",
    responses((status = OK, description = "A frozen roster, signed with the ledger's key.", body = SignedRoster))
)]
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

/// The register as it stood at an instant.
#[utoipa::path(
    get,
    path = "/register/as-of",
    operation_id = "listHouseholdsAsOf",
    tag = "register",
    params(AsOfQuery),
    responses((status = OK, description = "The register as it stood at an instant.", body = Page<PastHousehold>))
)]
async fn as_of(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AsOfQuery>,
) -> Result<Json<Page<PastHousehold>>, HttpError> {
    Ok(Json(roster::as_of(&workspace, &caller, &query).await?))
}
