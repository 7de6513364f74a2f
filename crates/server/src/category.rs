//! Categories: the evidence of a household, and whether the pack's rules accept it.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::acceptance::{self, AcceptanceQuery, AcceptanceRow};
use anju_app::register::evidence::{self, EvidenceView, NewEvidence, Withdrawal};
use anju_app::register::views::{Page, TableFormat};
use anju_model::category::AcceptanceVerdict;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/acceptance", get(list))
        .route("/register/acceptance.xlsx", get(export_xlsx))
        .route("/register/acceptance.csv", get(export_csv))
        .route("/register/households/{id}/acceptance", get(verdict))
        .route(
            "/register/households/{id}/evidence",
            get(evidence_of).post(record),
        )
        .route("/register/households/{id}/evidence/{record}", put(correct))
        .route(
            "/register/households/{id}/evidence/{record}/withdrawal",
            post(withdraw),
        )
        .route("/register/households/{id}/evidence/{record}/file", get(file))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AcceptanceQuery>,
) -> Result<Json<Page<AcceptanceRow>>, HttpError> {
    Ok(Json(acceptance::list(&workspace, &caller, &query).await?))
}

async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AcceptanceQuery>,
) -> Result<Response, HttpError> {
    let file = acceptance::export(&workspace, &caller, &query, TableFormat::Xlsx).await?;
    Ok(attachment("acceptance.xlsx", TableFormat::Xlsx, file))
}

async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AcceptanceQuery>,
) -> Result<Response, HttpError> {
    let file = acceptance::export(&workspace, &caller, &query, TableFormat::Csv).await?;
    Ok(attachment("acceptance.csv", TableFormat::Csv, file))
}

async fn verdict(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<AcceptanceVerdict>, HttpError> {
    Ok(Json(acceptance::verdict(&workspace, &caller, id).await?))
}

async fn evidence_of(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<EvidenceView>>, HttpError> {
    Ok(Json(evidence::list(&workspace, &caller, id).await?))
}

async fn record(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(new): Json<NewEvidence>,
) -> Result<(StatusCode, Json<Vec<EvidenceView>>), HttpError> {
    let recorded = evidence::record(&workspace, &caller, id, new).await?;
    Ok((StatusCode::CREATED, Json(recorded)))
}

async fn correct(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(place): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Json(new): Json<NewEvidence>,
) -> Result<Json<Vec<EvidenceView>>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        evidence::correct(&workspace, &caller, place, version, new).await?,
    ))
}

async fn withdraw(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(place): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Json(withdrawal): Json<Withdrawal>,
) -> Result<Json<Vec<EvidenceView>>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        evidence::withdraw(&workspace, &caller, place, version, withdrawal).await?,
    ))
}

async fn file(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, record)): Path<(Uuid, Uuid)>,
) -> Result<Response, HttpError> {
    let (name, bytes) = evidence::file(&workspace, &caller, id, record).await?;
    Ok(crate::amendment::download(&name, bytes))
}
