//! Amendments: the inbox, asking, deciding, and the evidence.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::amendment::{self, AmendmentQuery, AmendmentView, Decision, Request};
use anju_app::register::views::Page;
use anju_model::amendment::Evidence;
use anju_model::register::document::SIZE_LIMIT;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Bytes, IfMatch, Json, Path, Query, body_limit};
use crate::many::{Many, ManyDone};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show))
        .routes(routes!(decide))
        .routes(routes!(decide_many))
        .routes(routes!(evidence))
        .routes(routes!(store_evidence).layer(body_limit(SIZE_LIMIT as usize)))
}

/// The inbox of amendments, the newest first.
#[utoipa::path(
    get,
    path = "/register/amendments",
    operation_id = "listAmendments",
    tag = "register",
    params(AmendmentQuery),
    responses((status = OK, description = "The inbox of amendments, the newest first.", body = Page<AmendmentView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AmendmentQuery>,
) -> Result<Json<Page<AmendmentView>>, HttpError> {
    Ok(Json(amendment::list(&workspace, &caller, &query).await?))
}

/// Asks for an amendment of key facts of a household on a frozen roster.
#[utoipa::path(
    post,
    path = "/register/amendments",
    operation_id = "askAmendment",
    tag = "register",
    responses((status = CREATED, description = "Asks for an amendment of key facts of a household on a frozen roster.", body = AmendmentView))
)]
async fn ask(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<AmendmentView>), HttpError> {
    let asked = amendment::ask(&workspace, &caller, request).await?;
    Ok((StatusCode::CREATED, Json(asked)))
}

/// A decision on an amendment.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AmendmentDecided)]
struct Decided {
    decision: Decision,
    /// What is said to it; a refusal says why.
    remark: Option<String>,
}

/// One amendment.
#[utoipa::path(
    get,
    path = "/register/amendments/{id}",
    operation_id = "readAmendment",
    tag = "register",
    responses((status = OK, description = "The amendment.", body = AmendmentView))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<AmendmentView>, HttpError> {
    Ok(Json(amendment::show(&workspace, &caller, id).await?))
}

/// Approves or refuses an amendment, as township or county.
#[utoipa::path(
    post,
    path = "/register/amendments/{id}/decision",
    operation_id = "decideAmendment",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Approves or refuses an amendment, as township or county.", body = AmendmentView))
)]
async fn decide(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(decided): Json<Decided>,
) -> Result<Json<AmendmentView>, HttpError> {
    let Decided { decision, remark } = decided;
    Ok(Json(
        amendment::decide(&workspace, &caller, id, version, decision, remark).await?,
    ))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FileName {
    /// Name of the file.
    name: String,
}

/// Stores a paper that proves an amendment, up to 16 MB, and answers its hash.
#[utoipa::path(
    post,
    path = "/register/evidence",
    operation_id = "storeEvidence",
    tag = "register",
    params(FileName),
    responses((status = CREATED, description = "Stores a paper that proves an amendment, up to 16 MB, and answers its hash.", body = Evidence))
)]
async fn store_evidence(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(file): Query<FileName>,
    Bytes(body): Bytes,
) -> Result<(StatusCode, Json<Evidence>), HttpError> {
    let stored = amendment::store_evidence(&workspace, &caller, &file.name, &body).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

/// One of several decisions on amendments.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AmendmentDecidedOfMany)]
struct DecidedOfMany {
    /// The amendment.
    id: Uuid,
    /// The version seen.
    version: i64,
    decision: Decision,
    /// What is said to it; a refusal says why.
    remark: Option<String>,
}

/// Approves or refuses many amendments; each is decided and answered by itself.
#[utoipa::path(
    post,
    path = "/register/amendments/decisions",
    operation_id = "decideAmendments",
    tag = "register",
    responses((status = MULTI_STATUS, description = "What became of each.", body = ManyDone))
)]
async fn decide_many(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(many): Json<Many<DecidedOfMany>>,
) -> Result<(StatusCode, Json<ManyDone>), HttpError> {
    let mut done = ManyDone::default();
    for item in many.items()? {
        let decided = amendment::decide(
            &workspace,
            &caller,
            item.id,
            item.version,
            item.decision,
            item.remark,
        )
        .await;
        done.add(decided.map(|amendment| (amendment.id, amendment.version)));
    }
    Ok(done.answer())
}

/// The paper that proves an amendment, as it was stored.
#[utoipa::path(
    get,
    path = "/register/amendments/{id}/evidence",
    operation_id = "readAmendmentEvidence",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>))
)]
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
