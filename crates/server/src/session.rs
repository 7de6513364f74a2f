//! Signing in and out, one's own password, sessions and second step.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::provider::{self, Provider};
use anju_app::access::second_factor::{self, Enrolment, Status};
use anju_app::access::sessions::{self, SessionView};
use anju_app::access::{self, Credentials, UserView, password};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::{AnySession, Cookie, SignedIn};
use crate::extract::{Json, Path};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, show, sign_out))
        .routes(routes!(change_password))
        .routes(routes!(second_step, enrol))
        .routes(routes!(confirm))
        .routes(routes!(disable))
        .routes(routes!(list, end_others))
        .routes(routes!(end))
}

/// What a person types at sign-in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
struct SignIn {
    name: String,
    password: String,
    #[serde(default)]
    code: Option<String>,
}

/// Signs in; the answer sets the session's cookie.
#[utoipa::path(
    post,
    path = "/session",
    operation_id = "signIn",
    tag = "access",
    security(()),
    responses((status = OK, description = "Signs in; the answer sets the session's cookie.", body = UserView))
)]
async fn sign_in(
    State(workspace): State<Arc<Workspace>>,
    cookie: Cookie,
    headers: HeaderMap,
    Json(typed): Json<SignIn>,
) -> Result<Response, HttpError> {
    let credentials = Credentials {
        name: typed.name,
        password: typed.password,
        code: typed.code.filter(|code| !code.trim().is_empty()),
        device: device(&headers),
    };
    let signed_in = access::sign_in(&workspace, &credentials).await?;
    let cookie = session_cookie(&workspace, &cookie, &signed_in);
    Ok(([(header::SET_COOKIE, cookie)], Json(signed_in.user)).into_response())
}

/// What the browser says it is.
pub(crate) fn device(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// The header that gives the browser its session.
pub(crate) fn session_cookie(workspace: &Workspace, cookie: &Cookie, signed_in: &access::SignedIn) -> String {
    let seconds = (signed_in.expires_at.as_second() - workspace.now().as_second()).max(0);
    cookie.set(&signed_in.token, seconds)
}

/// Who is signed in, and what the role allows.
#[utoipa::path(
    get,
    path = "/session",
    operation_id = "readSession",
    tag = "access",
    responses((status = OK, description = "Who is signed in, and what the role allows.", body = UserView))
)]
async fn show(session: AnySession) -> Json<UserView> {
    Json(session.user)
}

/// Where to sign out of the provider too.
#[derive(Serialize, utoipa::ToSchema)]
struct SignedOut {
    /// Where the provider ends its own session.
    provider_address: String,
}

/// Signs out; where a provider vouched for the user, the answer says where to sign out of it.
#[utoipa::path(
    delete,
    path = "/session",
    operation_id = "signOut",
    tag = "access",
    responses(
        (status = OK, description = "Where to sign out of the provider.", body = SignedOut),
        (status = NO_CONTENT, description = "Nothing more to do.")
    )
)]
async fn sign_out(
    State(workspace): State<Arc<Workspace>>,
    State(provider): State<Option<Arc<Provider>>>,
    cookie: Cookie,
    session: AnySession,
) -> Result<Response, HttpError> {
    let issuer = access::sign_out(&workspace, &session.caller, &session.token).await?;
    let cleared = [(header::SET_COOKIE, cookie.set("", 0))];
    let address = match &provider {
        Some(provider) => provider::sign_out_address(&workspace, provider, issuer.as_deref()).await,
        None => None,
    };
    Ok(match address {
        Some(provider_address) => (cleared, Json(SignedOut { provider_address })).into_response(),
        None => (StatusCode::NO_CONTENT, cleared).into_response(),
    })
}

/// The own password, old and new.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword)]
struct NewPassword {
    current: String,
    new: String,
}

/// Changes the own password and ends the other sessions.
#[utoipa::path(
    post,
    path = "/session/password",
    operation_id = "changePassword",
    tag = "access",
    responses((status = NO_CONTENT, description = "Done."))
)]
async fn change_password(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
    Json(typed): Json<NewPassword>,
) -> Result<StatusCode, HttpError> {
    password::change(
        &workspace,
        &session.caller,
        &session.token,
        &typed.current,
        &typed.new,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The own sessions.
#[utoipa::path(
    get,
    path = "/sessions",
    operation_id = "listSessions",
    tag = "access",
    responses((status = OK, description = "The own sessions.", body = Vec<SessionView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
) -> Result<Json<Vec<SessionView>>, HttpError> {
    Ok(Json(
        sessions::own(&workspace, &session.caller, &session.token).await?,
    ))
}

/// Ends one of the own sessions.
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    operation_id = "endSession",
    tag = "access",
    responses((status = NO_CONTENT, description = "Done."))
)]
async fn end(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    sessions::end(&workspace, &session.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many sessions were ended.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = EndedSessions)]
struct Ended {
    ended: usize,
}

/// Ends all own sessions but this one.
#[utoipa::path(
    delete,
    path = "/sessions",
    operation_id = "endOtherSessions",
    tag = "access",
    responses((status = OK, description = "Ends all own sessions but this one.", body = Ended))
)]
async fn end_others(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
) -> Result<Json<Ended>, HttpError> {
    let ended = sessions::end_others(&workspace, &session.caller, &session.token).await?;
    Ok(Json(Ended { ended }))
}

/// The own password, asked again.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OwnPassword)]
struct Password {
    password: String,
}

/// A code of the second step.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondFactorCode)]
struct Code {
    code: String,
}

/// The codes that each replace the second step once.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RecoveryCodes)]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Whether the own account signs in with a second step.
#[utoipa::path(
    get,
    path = "/session/second-factor",
    operation_id = "readSecondFactor",
    tag = "access",
    responses((status = OK, description = "Whether the own account signs in with a second step.", body = Status))
)]
async fn second_step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Status>, HttpError> {
    Ok(Json(second_factor::status(&workspace, &caller).await?))
}

/// Makes a secret for the second step, shown once.
#[utoipa::path(
    post,
    path = "/session/second-factor",
    operation_id = "enrolSecondFactor",
    tag = "access",
    responses((status = OK, description = "Makes a secret for the second step, shown once.", body = Enrolment))
)]
async fn enrol(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(typed): Json<Password>,
) -> Result<Json<Enrolment>, HttpError> {
    Ok(Json(
        second_factor::enrol(&workspace, &caller, &typed.password).await?,
    ))
}

/// Turns the second step on with a first code; answers the recovery codes, shown once.
#[utoipa::path(
    post,
    path = "/session/second-factor/confirm",
    operation_id = "confirmSecondFactor",
    tag = "access",
    responses((status = OK, description = "Turns the second step on with a first code; answers the recovery codes, shown once.", body = RecoveryCodes))
)]
async fn confirm(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(typed): Json<Code>,
) -> Result<Json<RecoveryCodes>, HttpError> {
    let recovery_codes = second_factor::confirm(&workspace, &caller, &typed.code).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Turns the own second step off.
#[utoipa::path(
    post,
    path = "/session/second-factor/disable",
    operation_id = "disableSecondFactor",
    tag = "access",
    responses((status = NO_CONTENT, description = "Done."))
)]
async fn disable(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(typed): Json<Password>,
) -> Result<StatusCode, HttpError> {
    second_factor::disable(&workspace, &caller, &typed.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
