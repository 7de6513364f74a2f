//! The ledger's page, entries, proofs and erasures; verification is a job.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::ledger::explorer::EntryDetail;
use anju_app::ledger::keeping::{Keeper, KeepingView};
use anju_app::ledger::{
    self, CheckpointQuery, CheckpointView, ConsistencyView, EntryQuery, EntryView, Erased, ErasureOrder,
    Inclusion, LedgerPage,
};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/ledger", get(page))
        .route("/ledger/entries", get(entries))
        .route("/ledger/entries/{index}", get(entry))
        .route("/ledger/entries/{index}/proof", get(proof))
        .route("/ledger/entries/{index}/erasure", post(erasure))
        .route("/ledger/consistency", get(consistency))
        .route("/ledger/checkpoint", get(checkpoint))
        .route("/ledger/checkpoints", get(checkpoints))
        .route("/ledger/keeping", get(keeping))
}

async fn page(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<LedgerPage>, HttpError> {
    Ok(Json(ledger::page(&workspace, &caller).await?))
}

async fn entries(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<EntryQuery>,
) -> Result<Json<Vec<EntryView>>, HttpError> {
    Ok(Json(ledger::entries(&workspace, &caller, &query).await?))
}

async fn entry(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    index: Result<Path<u64>, PathRejection>,
) -> Result<Json<EntryDetail>, HttpError> {
    let Path(index) = index.map_err(|_| no_index())?;
    Ok(Json(ledger::explorer::entry(&workspace, &caller, index).await?))
}

async fn checkpoints(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<CheckpointQuery>,
) -> Result<Json<Vec<CheckpointView>>, HttpError> {
    Ok(Json(ledger::checkpoints(&workspace, &caller, &query).await?))
}

/// Null where checkpoints are not kept on a schedule.
async fn keeping(
    State(keeper): State<Option<Arc<Keeper>>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<KeepingView>>, HttpError> {
    Ok(Json(match keeper {
        Some(keeper) => Some(keeper.view(&caller)?),
        None => None,
    }))
}

async fn proof(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    index: Result<Path<u64>, PathRejection>,
) -> Result<Json<Inclusion>, HttpError> {
    let Path(index) = index.map_err(|_| no_index())?;
    Ok(Json(ledger::inclusion(&workspace, &caller, index).await?))
}

fn no_index() -> HttpError {
    HttpError::new(
        StatusCode::BAD_REQUEST,
        "entry_index",
        "条目序号须为从 0 起的整数",
        "the index of an entry is a whole number from 0",
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
    from: u64,
    to: Option<u64>,
}

async fn consistency(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    sizes: Result<Query<Sizes>, QueryRejection>,
) -> Result<Json<ConsistencyView>, HttpError> {
    let Query(sizes) = sizes.map_err(|_| {
        HttpError::new(
            StatusCode::BAD_REQUEST,
            "consistency_range",
            "须以 from 和 to 给出两个条目数,均为整数;to 省略时取现有条目数",
            "two numbers of entries are needed, from and to, both whole; without to it is the present number",
        )
    })?;
    Ok(Json(
        ledger::consistency(&workspace, &caller, sizes.from, sizes.to).await?,
    ))
}

/// The signed note as it is for who asks for plain text, JSON for everybody else.
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

async fn erasure(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    index: Result<Path<u64>, PathRejection>,
    order: Result<Json<ErasureOrder>, JsonRejection>,
) -> Result<(StatusCode, Json<Erased>), HttpError> {
    let Path(index) = index.map_err(|_| no_index())?;
    let Json(order) = order.map_err(|_| {
        HttpError::new(
            StatusCode::BAD_REQUEST,
            "erasure_incomplete",
            "请求须为 JSON,写明 reason(理由)和 document(依据的文书)",
            "the request is JSON with reason and document",
        )
    })?;
    Ok((
        StatusCode::CREATED,
        Json(ledger::erase(&workspace, &caller, index, order).await?),
    ))
}
