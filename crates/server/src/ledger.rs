//! The ledger's page and entries; verification is a job.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::ledger::{self, EntryQuery, EntryView, LedgerPage};
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/ledger", get(page))
        .route("/ledger/entries", get(entries))
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
