//! The start page: what waits for the caller.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::start::StartPage;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new().route("/start", get(show))
}

async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<StartPage>, HttpError> {
    Ok(Json(anju_app::start::page(&workspace, &caller).await?))
}
