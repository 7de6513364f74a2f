//! The caller of a request: whoever takes [`SignedIn`] has authenticated; there is no other way to get one.

use std::sync::Arc;

use anju_app::access::UserView;
use anju_app::{Caller, Workspace};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use crate::idempotency::UnderKey;
use crate::problem::HttpError;

/// Name of the cookie where requests may come without TLS.
const COOKIE: &str = "anju_session";

/// Its name under TLS: by the prefix a browser takes it from this very host only and sends it over TLS only.
const HOST_COOKIE: &str = "__Host-anju_session";

/// Cookies of a sign-in through a provider, while it lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Passing {
    /// From leaving for the provider to coming back.
    Attempt,
    /// From coming back to the code of the second step.
    Halfway,
}

impl Passing {
    fn under(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Attempt, false) => "anju_attempt",
            (Self::Attempt, true) => "__Host-anju_attempt",
            (Self::Halfway, false) => "anju_halfway",
            (Self::Halfway, true) => "__Host-anju_halfway",
        }
    }
}

/// How browsers reach the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// Whether the public address is one of TLS.
    pub https: bool,
}

/// Whether the cookie of this request travels over TLS: by the public address, or as the proxy in front says. Who
/// forges that header gets the stricter cookie.
pub(crate) struct Cookie {
    secure: bool,
}

impl Cookie {
    fn of(reach: Reach, headers: &HeaderMap) -> Self {
        let forwarded = headers
            .get("x-forwarded-proto")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(',').next())
            .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
        Self {
            secure: reach.https || forwarded,
        }
    }

    fn name(&self) -> &'static str {
        if self.secure { HOST_COOKIE } else { COOKIE }
    }

    /// The header that sets a cookie for the way to the provider and back. It must come along when the provider sends
    /// the browser back, which a strict one would not. An empty value takes it away.
    pub fn set_passing(&self, name: Passing, value: &str, seconds: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
            name.under(self.secure)
        )
    }

    /// The value of such a cookie.
    pub fn passing<'a>(&self, name: Passing, headers: &'a HeaderMap) -> Option<&'a str> {
        values(headers, name.under(self.secure)).find(|value| !value.is_empty())
    }

    /// The header that sets the cookie, for so many seconds; an empty token takes it away.
    pub fn set(&self, token: &str, seconds: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!(
            "{}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}",
            self.name()
        )
    }
}

impl<S> FromRequestParts<S> for Cookie
where
    Reach: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(Reach::from_ref(state), &parts.headers))
    }
}

/// A request with a valid session whose first password has been changed.
pub(crate) struct SignedIn(pub Caller);

/// A request with a valid session, whatever the state of its password.
pub(crate) struct AnySession {
    pub caller: Caller,
    pub user: UserView,
    pub token: String,
}

impl<S> FromRequestParts<S> for AnySession
where
    Arc<Workspace>: FromRef<S>,
    Reach: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        refuse_foreign_origin(parts)?;
        let cookie = Cookie::of(Reach::from_ref(state), &parts.headers);
        let token = token(&parts.headers, cookie.name()).ok_or_else(HttpError::not_signed_in)?;
        let workspace = Arc::<Workspace>::from_ref(state);
        let (caller, user) = anju_app::access::caller_by_token(&workspace, &token)
            .await?
            .ok_or_else(HttpError::not_signed_in)?;
        let caller = match parts.extensions.get::<UnderKey>() {
            Some(UnderKey(caller)) => caller.clone(),
            None => caller,
        };
        Ok(Self { caller, user, token })
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    Arc<Workspace>: FromRef<S>,
    Reach: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let session = AnySession::from_request_parts(parts, state).await?;
        if session.user.must_change_password {
            return Err(HttpError::new(
                axum::http::StatusCode::FORBIDDEN,
                "password_change_needed",
                "请先修改初始密码",
                "change the first password before anything else",
            ));
        }
        Ok(Self(session.caller))
    }
}

fn token(headers: &HeaderMap, cookie: &str) -> Option<String> {
    values(headers, cookie)
        .find(|value| value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(str::to_owned)
}

/// The values of all cookies of a name.
fn values<'a>(headers: &'a HeaderMap, cookie: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(move |pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == cookie).then_some(value)
        })
}

/// A change asked for by a page of another origin is refused; the cookie is `SameSite=Strict`, this is the second lock.
fn refuse_foreign_origin(parts: &Parts) -> Result<(), HttpError> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    match parts
        .headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok())
    {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(HttpError::new(
            axum::http::StatusCode::FORBIDDEN,
            "foreign_origin",
            "请求来自其他网站,已拒绝",
            "the request comes from another site",
        )),
    }
}
