//! Categories: the evidence of a household, and whether the pack's rules accept it.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::acceptance::{self, AcceptanceQuery, AcceptanceRow};
use anju_app::register::evidence::{self, EvidenceView, NewEvidence, Withdrawal};
use anju_app::register::views::Page;
use anju_app::table::TableFormat;
use anju_model::category::AcceptanceVerdict;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
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
        .routes(routes!(list))
        .routes(routes!(export_xlsx))
        .routes(routes!(export_csv))
        .routes(routes!(verdict))
        .routes(routes!(evidence_of, record))
        .routes(routes!(correct))
        .routes(routes!(withdraw))
        .routes(routes!(file))
}

/// Whether the pack's rules accept households into their categories.
#[utoipa::path(
    get,
    path = "/register/acceptance",
    operation_id = "listAcceptance",
    tag = "register",
    params(AcceptanceQuery),
    responses((status = OK, description = "Whether the pack's rules accept households into their categories.", body = Page<AcceptanceRow>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AcceptanceQuery>,
) -> Result<Json<Page<AcceptanceRow>>, HttpError> {
    Ok(Json(acceptance::list(&workspace, &caller, &query).await?))
}

/// The list as a workbook.
#[utoipa::path(
    get,
    path = "/register/acceptance.xlsx",
    operation_id = "exportAcceptanceWorkbook",
    tag = "register",
    params(AcceptanceQuery),
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AcceptanceQuery>,
) -> Result<Response, HttpError> {
    let file = acceptance::export(&workspace, &caller, &query, TableFormat::Xlsx).await?;
    Ok(attachment("acceptance.xlsx", TableFormat::Xlsx, file))
}

/// The list as CSV with byte-order mark.
#[utoipa::path(
    get,
    path = "/register/acceptance.csv",
    operation_id = "exportAcceptanceCsv",
    tag = "register",
    params(AcceptanceQuery),
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AcceptanceQuery>,
) -> Result<Response, HttpError> {
    let file = acceptance::export(&workspace, &caller, &query, TableFormat::Csv).await?;
    Ok(attachment("acceptance.csv", TableFormat::Csv, file))
}

/// What the pack's rules say of one household.
#[utoipa::path(
    get,
    path = "/register/households/{id}/acceptance",
    operation_id = "readAcceptance",
    tag = "register",
    responses((status = OK, description = "What the pack's rules say of one household.", body = AcceptanceVerdict))
)]
async fn verdict(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<AcceptanceVerdict>, HttpError> {
    Ok(Json(acceptance::verdict(&workspace, &caller, id).await?))
}

/// The evidence of a household's category.
#[utoipa::path(
    get,
    path = "/register/households/{id}/evidence",
    operation_id = "listCategoryEvidence",
    tag = "register",
    responses((status = OK, description = "The evidence of a household's category.", body = Vec<EvidenceView>))
)]
async fn evidence_of(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<EvidenceView>>, HttpError> {
    Ok(Json(evidence::list(&workspace, &caller, id).await?))
}

/// Records a piece of evidence.
#[utoipa::path(
    post,
    path = "/register/households/{id}/evidence",
    operation_id = "recordCategoryEvidence",
    tag = "register",
    responses((status = CREATED, description = "Records a piece of evidence.", body = Vec<EvidenceView>))
)]
async fn record(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(new): Json<NewEvidence>,
) -> Result<(StatusCode, Json<Vec<EvidenceView>>), HttpError> {
    let recorded = evidence::record(&workspace, &caller, id, new).await?;
    Ok((StatusCode::CREATED, Json(recorded)))
}

/// A piece of evidence of a household.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct EvidenceAddress {
    /// The household.
    id: Uuid,
    /// The evidence.
    record: Uuid,
}

/// Corrects a piece of evidence.
#[utoipa::path(
    put,
    path = "/register/households/{id}/evidence/{record}",
    operation_id = "correctCategoryEvidence",
    tag = "register",
    params(EvidenceAddress, IfMatch),
    responses((status = OK, description = "Corrects a piece of evidence.", body = Vec<EvidenceView>))
)]
async fn correct(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(place): Path<EvidenceAddress>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewEvidence>,
) -> Result<Json<Vec<EvidenceView>>, HttpError> {
    Ok(Json(
        evidence::correct(&workspace, &caller, (place.id, place.record), version, new).await?,
    ))
}

/// Withdraws a piece of evidence.
#[utoipa::path(
    post,
    path = "/register/households/{id}/evidence/{record}/withdrawal",
    operation_id = "withdrawCategoryEvidence",
    tag = "register",
    params(EvidenceAddress, IfMatch),
    responses((status = OK, description = "Withdraws a piece of evidence.", body = Vec<EvidenceView>))
)]
async fn withdraw(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(place): Path<EvidenceAddress>,
    IfMatch(version): IfMatch,
    Json(withdrawal): Json<Withdrawal>,
) -> Result<Json<Vec<EvidenceView>>, HttpError> {
    Ok(Json(
        evidence::withdraw(&workspace, &caller, (place.id, place.record), version, withdrawal).await?,
    ))
}

/// The paper of a piece of evidence.
#[utoipa::path(
    get,
    path = "/register/households/{id}/evidence/{record}/file",
    operation_id = "readCategoryEvidenceFile",
    tag = "register",
    params(EvidenceAddress),
    responses((status = OK, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>))
)]
async fn file(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(EvidenceAddress { id, record }): Path<EvidenceAddress>,
) -> Result<Response, HttpError> {
    let (name, bytes) = evidence::file(&workspace, &caller, id, record).await?;
    Ok(crate::amendment::download(&name, bytes))
}
