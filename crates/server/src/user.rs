//! Users, for the administrator.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::NewUser;
use anju_app::access::sessions::SessionView;
use anju_app::access::users::{self, Account, NewIdentity, NewPlace, RoleRights, TemporaryPassword};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{IfMatch, Json, Path};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, move_to))
        .routes(routes!(unlock))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(reset_password))
        .routes(routes!(remove_second_factor))
        .routes(routes!(rights))
        .routes(routes!(bind_identity, unbind_identity))
        .routes(routes!(sessions, end_all_sessions))
        .routes(routes!(end_session))
}

/// All users.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "listUsers",
    tag = "access",
    responses((status = OK, description = "All users.", body = Vec<Account>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<Account>>, HttpError> {
    Ok(Json(users::list(&workspace, &caller).await?))
}

/// The table of roles: what each may do, and the levels of area that its users have.
#[utoipa::path(
    get,
    path = "/rights",
    operation_id = "readRights",
    tag = "access",
    responses((status = OK, description = "The table.", body = Vec<RoleRights>))
)]
async fn rights(_: SignedIn) -> Json<Vec<RoleRights>> {
    Json(users::rights())
}

/// Makes a user with a first password.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "createUser",
    tag = "access",
    responses((status = CREATED, description = "Makes a user with a first password.", body = Account))
)]
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

/// One user.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "readUser",
    tag = "access",
    responses((status = OK, description = "The user.", body = Account))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::show(&workspace, &caller, id).await?))
}

/// Gives a user another role or area.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    operation_id = "moveUser",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "Gives a user another role or area.", body = Account))
)]
async fn move_to(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(place): Json<NewPlace>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(
        users::move_to(&workspace, &caller, id, version, place).await?,
    ))
}

/// Forgets the wrong passwords of a user, who need not wait any longer.
#[utoipa::path(
    post,
    path = "/users/{id}/unlock",
    operation_id = "unlockUser",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "Forgets the wrong passwords of a user, who need not wait any longer.", body = Account))
)]
async fn unlock(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(users::unlock(&workspace, &caller, id, version).await?))
}

/// Closes an account; its sessions end at once.
#[utoipa::path(
    post,
    path = "/users/{id}/disable",
    operation_id = "disableUser",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "Closes an account; its sessions end at once.", body = Account))
)]
async fn disable(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(
        users::set_disabled(&workspace, &caller, id, version, true).await?,
    ))
}

/// Opens a closed account again.
#[utoipa::path(
    post,
    path = "/users/{id}/enable",
    operation_id = "enableUser",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "Opens a closed account again.", body = Account))
)]
async fn enable(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(
        users::set_disabled(&workspace, &caller, id, version, false).await?,
    ))
}

/// Gives a user a temporary password, shown once.
#[utoipa::path(
    post,
    path = "/users/{id}/password",
    operation_id = "resetPassword",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "Gives a user a temporary password, shown once.", body = TemporaryPassword))
)]
async fn reset_password(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<TemporaryPassword>, HttpError> {
    Ok(Json(
        users::reset_password(&workspace, &caller, id, version).await?,
    ))
}

/// Takes a user's second step away.
#[utoipa::path(
    delete,
    path = "/users/{id}/second-factor",
    operation_id = "removeSecondFactor",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "Takes a user's second step away.", body = Account))
)]
async fn remove_second_factor(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(
        users::remove_second_factor(&workspace, &caller, id, version).await?,
    ))
}

/// Binds an identity at the provider to a user, in the place of the one that was.
#[utoipa::path(
    put,
    path = "/users/{id}/identity",
    operation_id = "bindIdentity",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "The user.", body = Account))
)]
async fn bind_identity(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewIdentity>,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(
        users::bind_identity(&workspace, &caller, id, version, new).await?,
    ))
}

/// Takes a user's identity at the provider away; sessions that it opened end at once.
#[utoipa::path(
    delete,
    path = "/users/{id}/identity",
    operation_id = "unbindIdentity",
    tag = "access",
    params(IfMatch),
    responses((status = OK, description = "The user.", body = Account))
)]
async fn unbind_identity(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<Account>, HttpError> {
    Ok(Json(
        users::unbind_identity(&workspace, &caller, id, version).await?,
    ))
}

/// The sessions of a user that hold, the newest first.
#[utoipa::path(
    get,
    path = "/users/{id}/sessions",
    operation_id = "listUserSessions",
    tag = "access",
    responses((status = OK, description = "The sessions.", body = Vec<SessionView>))
)]
async fn sessions(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<SessionView>>, HttpError> {
    Ok(Json(users::sessions_of(&workspace, &caller, id).await?))
}

/// A session of a user.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct UserSession {
    /// The user.
    id: Uuid,
    /// The session.
    session: Uuid,
}

/// Ends one session of a user.
#[utoipa::path(
    delete,
    path = "/users/{id}/sessions/{session}",
    operation_id = "endUserSession",
    tag = "access",
    params(UserSession),
    responses((status = NO_CONTENT, description = "Done."))
)]
async fn end_session(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(UserSession { id, session }): Path<UserSession>,
) -> Result<StatusCode, HttpError> {
    users::end_sessions(&workspace, &caller, id, Some(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of a user.
#[utoipa::path(
    delete,
    path = "/users/{id}/sessions",
    operation_id = "endUserSessions",
    tag = "access",
    responses((status = NO_CONTENT, description = "Done."))
)]
async fn end_all_sessions(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    users::end_sessions(&workspace, &caller, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
