//! Signing in through a provider of OpenID Connect: out to it, back from it, and the code of the second step.
//!
//! Leaving and coming back are navigations of the browser, so both answer with a redirect: what went wrong is told to the
//! sign-in page by the code in its address, which the page words.

use std::sync::Arc;

use anju_app::access::UserView;
use anju_app::access::provider::{self, Answer, Ended, IdentityView, PATIENCE, Provider, ProviderView};
use anju_app::{AppError, Workspace};
use anju_model::access::ProviderRefusal;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Server;
use crate::caller::{AnySession, Cookie, Passing};
use crate::extract::{Json, Query};
use crate::problem::HttpError;
use crate::session::{device, session_cookie};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(start))
        .routes(routes!(callback))
        .routes(routes!(second_step))
        .routes(routes!(identity))
}

type Configured = State<Option<Arc<Provider>>>;

/// The provider of single sign-on; null where there is none.
#[utoipa::path(
    get,
    path = "/session/provider",
    operation_id = "readProvider",
    tag = "access",
    security(()),
    responses((status = OK, description = "The provider.", body = Option<ProviderView>))
)]
async fn show(State(provider): Configured) -> Json<Option<ProviderView>> {
    Json(provider.map(|provider| provider.view()))
}
/// Sends the browser to the provider.
#[utoipa::path(
    get,
    path = "/session/provider/start",
    operation_id = "startProviderSignIn",
    tag = "access",
    security(()),
    responses((status = SEE_OTHER, description = "To the provider, or back to the sign-in page with a code of what went wrong."))
)]
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
/// Where the provider sends the browser back to.
#[utoipa::path(
    get,
    path = "/session/provider/callback",
    operation_id = "finishProviderSignIn",
    tag = "access",
    security(()),
    params(Answer),
    responses((status = SEE_OTHER, description = "To the web app, signed in, or to the sign-in page with a code."))
)]
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

/// A code of the second step.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderSecondStep)]
struct Code {
    code: String,
}
/// The code of the second step, after the provider vouched for the user; the answer sets the session's cookie.
#[utoipa::path(
    post,
    path = "/session/provider/second-step",
    operation_id = "confirmProviderSignIn",
    tag = "access",
    security(()),
    responses((status = OK, description = "Who is signed in.", body = UserView))
)]
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
/// The own identity at the provider; null when none is bound.
#[utoipa::path(
    get,
    path = "/session/identity",
    operation_id = "readOwnIdentity",
    tag = "access",
    responses((status = OK, description = "The identity.", body = Option<IdentityView>))
)]
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
