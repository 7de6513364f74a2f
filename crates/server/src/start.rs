//! The start page: what waits for the caller.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::start::StartPage;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::Json;
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The start page: the state of each stage and what waits for the caller.
#[utoipa::path(
    get,
    path = "/start",
    operation_id = "readStart",
    tag = "start",
    responses((status = OK, description = "The start page: the state of each stage and what waits for the caller.", body = StartPage))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<StartPage>, HttpError> {
    Ok(Json(anju_app::start::page(&workspace, &caller).await?))
}
