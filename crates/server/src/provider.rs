//! Signing in through a provider of OpenID Connect: out to it, back from it, and the code of the second step.
//!
//! Leaving and coming back are navigations of the browser, so both answer with a redirect: what went wrong is told to the
//! sign-in page by the code in its address, which the page words.

use std::sync::Arc;

use anju_app::access::UserView;
use anju_app::access::provider::{self, Answer, Ended, IdentityView, PATIENCE, Provider, ProviderView};
use anju_app::{AppError, Workspace};
use anju_model::access::ProviderRefusal;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::Server;
use crate::caller::{AnySession, Cookie, Passing};
use crate::problem::HttpError;
use crate::session::{device, session_cookie};

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/session/provider", get(show))
        .route("/session/provider/start", get(start))
        .route("/session/provider/callback", get(callback))
        .route("/session/provider/second-step", post(second_step))
        .route("/session/identity", get(identity))
}

type Configured = State<Option<Arc<Provider>>>;

/// Public: null where there is no provider.
async fn show(State(provider): Configured) -> Json<Option<ProviderView>> {
    Json(provider.map(|provider| provider.view()))
}

async fn start(
    State(workspace): State<Arc<Workspace>>,
    State(provider): Configured,
    cookie: Cookie,
) -> Response {
    let Some(provider) = provider else {
        return to_page(ProviderRefusal::NotConfigured.code(), []);
    };
    match provider::begin(&workspace, &provider).await {
        Ok(begun) => redirect(
            &begun.address,
            [cookie.set_passing(Passing::Attempt, &begun.attempt, PATIENCE.as_secs())],
        ),
        Err(error) => to_page(code_of(error), []),
    }
}

async fn callback(
    State(workspace): State<Arc<Workspace>>,
    State(provider): Configured,
    cookie: Cookie,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    let Some(provider) = provider else {
        return to_page(ProviderRefusal::NotConfigured.code(), []);
    };
    let attempt = cookie.passing(Passing::Attempt, &headers);
    let ended = provider::finish(&workspace, &provider, attempt, answer, &device(&headers)).await;
    // An attempt is for once, however it ended.
    let over = cookie.set_passing(Passing::Attempt, "", 0);
    match ended {
        Ok(Ended::SignedIn(signed_in)) => {
            redirect("/", [over, session_cookie(&workspace, &cookie, &signed_in)])
        }
        Ok(Ended::SecondStep(halfway)) => {
            let halfway = cookie.set_passing(Passing::Halfway, &halfway, PATIENCE.as_secs());
            to_page("second_step", [over, halfway])
        }
        Err(error) => to_page(code_of(error), [over]),
    }
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn second_step(
    State(workspace): State<Arc<Workspace>>,
    State(provider): Configured,
    cookie: Cookie,
    headers: HeaderMap,
    Json(typed): Json<Code>,
) -> Result<Response, HttpError> {
    let Some(provider) = provider else {
        return Err(AppError::Provider(ProviderRefusal::NotConfigured).into());
    };
    let halfway = cookie.passing(Passing::Halfway, &headers);
    let signed_in =
        provider::second_step(&workspace, &provider, halfway, &typed.code, &device(&headers)).await?;
    let cookies = [
        (header::SET_COOKIE, cookie.set_passing(Passing::Halfway, "", 0)),
        (
            header::SET_COOKIE,
            session_cookie(&workspace, &cookie, &signed_in),
        ),
    ];
    Ok((AppendHeaders(cookies), Json::<UserView>(signed_in.user)).into_response())
}

async fn identity(
    State(workspace): State<Arc<Workspace>>,
    session: AnySession,
) -> Result<Json<Option<IdentityView>>, HttpError> {
    Ok(Json(provider::own(&workspace, &session.caller).await?))
}

/// Back to the sign-in page, with a code that it words.
fn to_page<const N: usize>(code: &str, cookies: [String; N]) -> Response {
    redirect(&format!("/?sign_in={code}"), cookies)
}

fn redirect<const N: usize>(address: &str, cookies: [String; N]) -> Response {
    let cookies = cookies.map(|cookie| (header::SET_COOKIE, cookie));
    let place = [(header::LOCATION, address.to_owned())];
    (StatusCode::SEE_OTHER, place, AppendHeaders(cookies)).into_response()
}

/// The code of a refusal; what is no refusal goes to the log as everywhere.
fn code_of(error: AppError) -> &'static str {
    HttpError::from(error).code()
}
