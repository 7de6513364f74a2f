//! Users, for the administrator.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::NewUser;
use anju_app::access::users::{self, Account, NewPlace, TemporaryPassword};
use axum::extract::State;
use axum::http::StatusCode;
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
