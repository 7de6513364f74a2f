//! The ledger's page, entries, proofs and erasures; verification is a job.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::ledger::erasure::{self, ErasureOrder, ErasureQuery, ErasureStep, ErasureTaken, ErasureView};
use anju_app::ledger::explorer::EntryDetail;
use anju_app::ledger::keeping::{Keeper, KeepingView};
use anju_app::ledger::{
    self, CheckpointQuery, CheckpointView, ConsistencyView, EntryQuery, EntryView, Inclusion, LedgerPage,
};
use anju_app::register::views::Page;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{IfMatch, Json, Path, Query};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(entries))
        .routes(routes!(entry))
        .routes(routes!(proof))
        .routes(routes!(ask_erasure))
        .routes(routes!(erasures))
        .routes(routes!(one_erasure))
        .routes(routes!(erasure_step))
        .routes(routes!(consistency))
        .routes(routes!(checkpoint))
        .routes(routes!(checkpoints))
        .routes(routes!(keeping))
}

/// Size, newest checkpoint and newest entries.
#[utoipa::path(
    get,
    path = "/ledger",
    operation_id = "readLedger",
    tag = "ledger",
    responses((status = OK, description = "Size, newest checkpoint and newest entries.", body = LedgerPage))
)]
async fn page(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<LedgerPage>, HttpError> {
    Ok(Json(ledger::page(&workspace, &caller).await?))
}

/// Entries, the newest first.
#[utoipa::path(
    get,
    path = "/ledger/entries",
    operation_id = "listLedgerEntries",
    tag = "ledger",
    params(EntryQuery),
    responses((status = OK, description = "Entries, the newest first.", body = Vec<EntryView>))
)]
async fn entries(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<EntryQuery>,
) -> Result<Json<Vec<EntryView>>, HttpError> {
    Ok(Json(ledger::entries(&workspace, &caller, &query).await?))
}

/// One entry with what it changed, masked.
#[utoipa::path(
    get,
    path = "/ledger/entries/{index}",
    operation_id = "readLedgerEntry",
    tag = "ledger",
    responses((status = OK, description = "The entry.", body = EntryDetail))
)]
async fn entry(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(index): Path<u64>,
) -> Result<Json<EntryDetail>, HttpError> {
    Ok(Json(ledger::explorer::entry(&workspace, &caller, index).await?))
}

/// Signed checkpoints, the newest first.
#[utoipa::path(
    get,
    path = "/ledger/checkpoints",
    operation_id = "listCheckpoints",
    tag = "ledger",
    params(CheckpointQuery),
    responses((status = OK, description = "The checkpoints.", body = Vec<CheckpointView>))
)]
async fn checkpoints(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<CheckpointQuery>,
) -> Result<Json<Vec<CheckpointView>>, HttpError> {
    Ok(Json(ledger::checkpoints(&workspace, &caller, &query).await?))
}

/// How checkpoints are kept elsewhere; null where they are not kept on a schedule.
#[utoipa::path(
    get,
    path = "/ledger/keeping",
    operation_id = "readKeeping",
    tag = "ledger",
    responses((status = OK, description = "Folder, interval and last round.", body = Option<KeepingView>))
)]
async fn keeping(
    State(keeper): State<Option<Arc<Keeper>>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<KeepingView>>, HttpError> {
    Ok(Json(match keeper {
        Some(keeper) => Some(keeper.view(&caller)?),
        None => None,
    }))
}

/// The proof that an entry is in the log.
#[utoipa::path(
    get,
    path = "/ledger/entries/{index}/proof",
    operation_id = "proveLedgerEntry",
    tag = "ledger",
    responses((status = OK, description = "The proof that an entry is in the log.", body = Inclusion))
)]
async fn proof(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(index): Path<u64>,
) -> Result<Json<Inclusion>, HttpError> {
    Ok(Json(ledger::inclusion(&workspace, &caller, index).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Sizes {
    /// The smaller number of entries.
    from: u64,
    /// The larger number of entries; without it the present one.
    to: Option<u64>,
}

/// The proof that the log only grew between two sizes.
#[utoipa::path(
    get,
    path = "/ledger/consistency",
    operation_id = "proveConsistency",
    tag = "ledger",
    params(Sizes),
    responses((status = OK, description = "The proof that the log only grew between two sizes.", body = ConsistencyView))
)]
async fn consistency(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(sizes): Query<Sizes>,
) -> Result<Json<ConsistencyView>, HttpError> {
    Ok(Json(
        ledger::consistency(&workspace, &caller, sizes.from, sizes.to).await?,
    ))
}

/// The newest signed checkpoint, as JSON or as the signed note itself.
#[utoipa::path(
    get,
    path = "/ledger/checkpoint",
    operation_id = "readCheckpoint",
    tag = "ledger",
    responses((status = OK, description = "The newest signed checkpoint, as JSON or as the signed note itself.", content(
        (CheckpointView = "application/json"),
        (String = "text/plain"),
    )))
)]
async fn checkpoint(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let checkpoint = ledger::checkpoint(&workspace, &caller).await?;
    let plain = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .find_map(|range| match range.split(';').next().map(str::trim) {
            Some("text/plain") => Some(true),
            Some("application/json") => Some(false),
            _ => None,
        });
    let varies = [(header::VARY, "accept")];
    Ok(match plain {
        Some(true) => (
            varies,
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            checkpoint.note,
        )
            .into_response(),
        _ => (varies, Json(checkpoint)).into_response(),
    })
}

/// Asks for the erasure of an entry's payload on legal order, which another person carries out.
#[utoipa::path(
    post,
    path = "/ledger/entries/{index}/erasure",
    operation_id = "askErasure",
    tag = "ledger",
    responses((status = CREATED, description = "The erasure as asked for.", body = ErasureView))
)]
async fn ask_erasure(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(index): Path<u64>,
    Json(order): Json<ErasureOrder>,
) -> Result<(StatusCode, Json<ErasureView>), HttpError> {
    Ok((
        StatusCode::CREATED,
        Json(erasure::ask(&workspace, &caller, index, &order).await?),
    ))
}

/// Erasures, the latest entry first.
#[utoipa::path(
    get,
    path = "/ledger/erasures",
    operation_id = "listErasures",
    tag = "ledger",
    params(ErasureQuery),
    responses((status = OK, description = "Erasures, the latest entry first.", body = Page<ErasureView>))
)]
async fn erasures(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ErasureQuery>,
) -> Result<Json<Page<ErasureView>>, HttpError> {
    Ok(Json(erasure::list(&workspace, &caller, &query).await?))
}

/// The erasure of an entry: who asked for it, by which order, and how it ended.
#[utoipa::path(
    get,
    path = "/ledger/erasures/{index}",
    operation_id = "readErasure",
    tag = "ledger",
    responses((status = OK, description = "The erasure.", body = ErasureView))
)]
async fn one_erasure(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(index): Path<u64>,
) -> Result<Json<ErasureView>, HttpError> {
    Ok(Json(erasure::show(&workspace, &caller, index).await?))
}

/// A step of an erasure.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ErasureStepTaken)]
struct Taken {
    /// Which.
    step: ErasureStep,
    /// What is said to it; a refusal always says why.
    remark: Option<String>,
}

/// Carries an erasure out, refuses or withdraws it. What is carried out leaves every proof standing and cannot be undone.
#[utoipa::path(
    post,
    path = "/ledger/erasures/{index}/steps",
    operation_id = "takeErasureStep",
    tag = "ledger",
    params(IfMatch),
    responses((status = OK, description = "The erasure after the step.", body = ErasureTaken))
)]
async fn erasure_step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(index): Path<u64>,
    IfMatch(version): IfMatch,
    Json(taken): Json<Taken>,
) -> Result<Json<ErasureTaken>, HttpError> {
    let remark = taken.remark.as_deref();
    Ok(Json(
        erasure::step(&workspace, &caller, index, version, taken.step, remark).await?,
    ))
}
