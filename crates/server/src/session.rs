//! Signing in and out.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::access::{self, UserView};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::Server;
use crate::caller::{AnySession, COOKIE};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/session", get(show).post(sign_in).delete(sign_out))
        .route("/session/password", post(change_password))
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

async fn sign_in(
    State(workspace): State<Arc<Workspace>>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, HttpError> {
    let signed_in = access::sign_in(&workspace, &credentials.name, &credentials.password).await?;
    let seconds = (signed_in.expires_at.as_second() - workspace.now().as_second()).max(0);
    let cookie = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}",
        signed_in.token
    );
    Ok(([(header::SET_COOKIE, cookie)], Json(signed_in.user)).into_response())
}

async fn show(session: AnySession) -> Json<UserView> {
    Json(session.user)
}

async fn sign_out(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
) -> Result<Response, HttpError> {
    access::sign_out(&workspace, &session.caller, &session.token).await?;
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

#[derive(Deserialize)]
struct NewPassword {
    current: String,
    new: String,
}

async fn change_password(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
    Json(password): Json<NewPassword>,
) -> Result<StatusCode, HttpError> {
    access::change_password(&workspace, &session.caller, &password.current, &password.new).await?;
    Ok(StatusCode::NO_CONTENT)
}
