//! Signing in and out, one's own password, sessions and second step.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::provider::{self, Provider};
use anju_app::access::second_factor::{self, Enrolment, Status};
use anju_app::access::sessions::{self, SessionView};
use anju_app::access::{self, Credentials, UserView, password};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Server;
use crate::caller::{AnySession, Cookie, SignedIn};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/session", get(show).post(sign_in).delete(sign_out))
        .route("/session/password", post(change_password))
        .route("/session/second-factor", get(second_step).post(enrol))
        .route("/session/second-factor/confirm", post(confirm))
        .route("/session/second-factor/disable", post(disable))
        .route("/sessions", get(list).delete(end_others))
        .route("/sessions/{id}", delete(end))
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
    password: String,
    #[serde(default)]
    code: Option<String>,
}

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

async fn show(session: AnySession) -> Json<UserView> {
    Json(session.user)
}

#[derive(Serialize)]
struct SignedOut {
    /// Where the provider ends its own session.
    provider_address: String,
}

/// Nothing more to do is 204; where a provider vouched for the user and says where to sign out of it, 200 with that.
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

#[derive(Deserialize)]
struct NewPassword {
    current: String,
    new: String,
}

async fn change_password(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
    Json(typed): Json<NewPassword>,
) -> Result<StatusCode, HttpError> {
    password::change(&workspace, &session.caller, &typed.current, &typed.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
) -> Result<Json<Vec<SessionView>>, HttpError> {
    Ok(Json(
        sessions::own(&workspace, &session.caller, &session.token).await?,
    ))
}

async fn end(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    sessions::end(&workspace, &session.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Ended {
    ended: usize,
}

async fn end_others(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
) -> Result<Json<Ended>, HttpError> {
    let ended = sessions::end_others(&workspace, &session.caller, &session.token).await?;
    Ok(Json(Ended { ended }))
}

#[derive(Deserialize)]
struct Password {
    password: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Serialize)]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

async fn second_step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Status>, HttpError> {
    Ok(Json(second_factor::status(&workspace, &caller).await?))
}

async fn enrol(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(typed): Json<Password>,
) -> Result<Json<Enrolment>, HttpError> {
    Ok(Json(
        second_factor::enrol(&workspace, &caller, &typed.password).await?,
    ))
}

async fn confirm(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(typed): Json<Code>,
) -> Result<Json<RecoveryCodes>, HttpError> {
    let recovery_codes = second_factor::confirm(&workspace, &caller, &typed.code).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

async fn disable(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(typed): Json<Password>,
) -> Result<StatusCode, HttpError> {
    second_factor::disable(&workspace, &caller, &typed.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
