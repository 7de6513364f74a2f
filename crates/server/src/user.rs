//! Users, for the administrator.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::NewUser;
use anju_app::access::users::{self, Account, NewPlace, TemporaryPassword};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/users/{id}", patch(move_to))
        .route("/users/{id}/unlock", post(unlock))
        .route("/users/{id}/disable", post(disable))
        .route("/users/{id}/enable", post(enable))
        .route("/users/{id}/password", post(reset_password))
        .route("/users/{id}/second-factor", delete(remove_second_factor))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<Account>>, HttpError> {
    Ok(Json(users::list(&workspace, &caller).await?))
}

async fn create(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<Account>), HttpError> {
    Ok((
        StatusCode::CREATED,
        Json(users::create(&workspace, &caller, new).await?),
    ))
}

async fn move_to(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(place): Json<NewPlace>,
) -> Result<Json<Account>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        users::move_to(&workspace, &caller, id, version, place).await?,
    ))
}

async fn unlock(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::unlock(&workspace, &caller, id).await?))
}

async fn disable(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::set_disabled(&workspace, &caller, id, true).await?))
}

async fn enable(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::set_disabled(&workspace, &caller, id, false).await?))
}

async fn reset_password(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<TemporaryPassword>, HttpError> {
    Ok(Json(users::reset_password(&workspace, &caller, id).await?))
}

async fn remove_second_factor(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::remove_second_factor(&workspace, &caller, id).await?))
}
