//! Users, for the administrator.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::{self, NewUser, UserView};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new().route("/users", get(list).post(create))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<UserView>>, HttpError> {
    Ok(Json(access::users(&workspace, &caller).await?))
}

async fn create(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<UserView>), HttpError> {
    Ok((
        StatusCode::CREATED,
        Json(access::create_user(&workspace, &caller, new).await?),
    ))
}
