//! Amendments: the inbox, asking, deciding, and the evidence.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::amendment::{self, AmendmentQuery, AmendmentView, Decision, Request, SeenAmendment};
use anju_app::register::identification::BatchOutcome;
use anju_app::register::views::Page;
use anju_model::amendment::Evidence;
use anju_model::register::document::SIZE_LIMIT;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/amendments", get(list).post(ask))
        .route("/register/amendments/decisions", post(decide_each))
        .route("/register/amendments/{id}/decision", post(decide))
        .route("/register/amendments/{id}/evidence", get(evidence))
        .route(
            "/register/evidence",
            // One byte more, so that the use case says what is too large.
            post(store_evidence).layer(DefaultBodyLimit::max(SIZE_LIMIT as usize + 1)),
        )
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AmendmentQuery>,
) -> Result<Json<Page<AmendmentView>>, HttpError> {
    Ok(Json(amendment::list(&workspace, &caller, &query).await?))
}

async fn ask(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<AmendmentView>), HttpError> {
    let asked = amendment::ask(&workspace, &caller, request).await?;
    Ok((StatusCode::CREATED, Json(asked)))
}

#[derive(Deserialize)]
struct Decided {
    decision: Decision,
    remark: Option<String>,
}

async fn decide(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(decided): Json<Decided>,
) -> Result<Json<AmendmentView>, HttpError> {
    let version = seen_version(&headers)?;
    let Decided { decision, remark } = decided;
    Ok(Json(
        amendment::decide(&workspace, &caller, id, version, decision, remark).await?,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecidedEach {
    amendments: Vec<SeenAmendment>,
    decision: Decision,
    remark: Option<String>,
}

async fn decide_each(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(decided): Json<DecidedEach>,
) -> Result<Json<BatchOutcome>, HttpError> {
    let DecidedEach {
        amendments,
        decision,
        remark,
    } = decided;
    Ok(Json(
        amendment::decide_each(&workspace, &caller, &amendments, decision, remark.as_deref()).await?,
    ))
}

#[derive(Deserialize)]
struct FileName {
    name: String,
}

async fn store_evidence(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(file): Query<FileName>,
    body: Bytes,
) -> Result<(StatusCode, Json<Evidence>), HttpError> {
    let stored = amendment::store_evidence(&workspace, &caller, &file.name, &body).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

async fn evidence(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let (name, bytes) = amendment::evidence(&workspace, &caller, id).await?;
    Ok(download(&name, bytes))
}

/// A file of any kind, to be saved under its name.
pub(crate) fn download(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(name)),
    ];
    (headers, bytes).into_response()
}

/// The header by which a browser saves an answer as a file. After RFC 8187 the name may hold any character; all bytes but
/// letters and digits are escaped.
pub(crate) fn disposition(name: &str) -> String {
    let name: String = name
        .bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() || byte == b'.' {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect();
    format!("attachment; filename*=UTF-8''{name}")
}
