//! Users, for the administrator.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::NewUser;
use anju_app::access::sessions::SessionView;
use anju_app::access::users::{self, Account, NewIdentity, NewPlace, RoleRights, TemporaryPassword};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, patch, post, put};
use axum::{Json, Router};
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/rights", get(rights))
        .route("/users/{id}", patch(move_to))
        .route("/users/{id}/unlock", post(unlock))
        .route("/users/{id}/disable", post(disable))
        .route("/users/{id}/enable", post(enable))
        .route("/users/{id}/password", post(reset_password))
        .route("/users/{id}/second-factor", delete(remove_second_factor))
        .route("/users/{id}/identity", put(bind_identity).delete(unbind_identity))
        .route("/users/{id}/sessions", get(sessions).delete(end_all_sessions))
        .route("/users/{id}/sessions/{session}", delete(end_session))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<Account>>, HttpError> {
    Ok(Json(users::list(&workspace, &caller).await?))
}

async fn rights(_: SignedIn) -> Json<Vec<RoleRights>> {
    Json(users::rights())
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

async fn bind_identity(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(new): Json<NewIdentity>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::bind_identity(&workspace, &caller, id, new).await?))
}

async fn unbind_identity(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::unbind_identity(&workspace, &caller, id).await?))
}

async fn sessions(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<SessionView>>, HttpError> {
    Ok(Json(users::sessions_of(&workspace, &caller, id).await?))
}

async fn end_session(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, session)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, HttpError> {
    users::end_sessions(&workspace, &caller, id, Some(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_all_sessions(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    users::end_sessions(&workspace, &caller, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
