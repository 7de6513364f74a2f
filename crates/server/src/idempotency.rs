//! The layer that carries a request with an `Idempotency-Key` out once, and answers repetitions as it was answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use anju_app::idempotency::{self, Attempt, KeptAnswer, Keyed};
use anju_app::{Caller, Workspace};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Server;
use crate::caller::AnySession;
use crate::conventions::Operations;
use crate::problem::HttpError;

/// Largest body of a request with a key, and largest answer that is kept.
const BODY_BYTES: usize = 32 << 20;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer is an earlier one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Headers kept with an answer. Never a cookie.
const KEPT_HEADERS: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LOCATION,
];

/// What the layer needs.
#[derive(Clone)]
pub(crate) struct Keys {
    /// All operations.
    pub operations: Arc<Operations>,
    /// The service.
    pub server: Server,
}

/// The caller of a request that is carried out under a key.
#[derive(Clone)]
pub(crate) struct UnderKey(pub Caller);

/// The layer.
pub(crate) async fn apply(
    State(keys): State<Keys>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) = request.headers().get(KEY).cloned() else {
        return next.run(request).await;
    };
    let Some(keeps) = keys.operations.keeps_answer(request.method(), &path) else {
        return next.run(request).await;
    };
    // On a task of its own: a caller who hangs up does not stop what was begun.
    let work = tokio::spawn(async move { perform(&keys.server, &key, keeps, request, next).await });
    match work.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(refused)) => refused.into_response(),
        Err(_) => HttpError::failed().into_response(),
    }
}

async fn perform(
    server: &Server,
    key: &HeaderValue,
    keeps: bool,
    request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    let (mut parts, body) = request.into_parts();
    let session = AnySession::from_request_parts(&mut parts, server).await?;
    let body = to_bytes(body, BODY_BYTES)
        .await
        .map_err(|_| HttpError::too_large(BODY_BYTES))?;
    let address = parts.uri.to_string();
    let seen = parts
        .headers
        .get(header::IF_MATCH)
        .map_or(&b""[..], HeaderValue::as_bytes);
    let asked = [parts.method.as_str().as_bytes(), address.as_bytes(), seen, &body];
    let key = key.to_str().unwrap_or_default();
    let keyed = match idempotency::begin(&server.workspace, &session.caller, key, &asked).await? {
        Attempt::Repeat(answer) => return Ok(repeat(answer)),
        Attempt::Perform(keyed, caller) => {
            parts.extensions.insert(UnderKey(caller));
            keyed
        }
    };
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    settle(&server.workspace, &keyed, keeps, answer).await
}

/// Keeps what succeeded, and gives the key free again when nothing was carried out.
async fn settle(
    workspace: &Workspace,
    keyed: &Keyed,
    keeps: bool,
    answer: Response,
) -> Result<Response, HttpError> {
    if !answer.status().is_success() {
        keyed.refused(workspace).await?;
        return Ok(answer);
    }
    if !keeps || answer.headers().contains_key(header::SET_COOKIE) {
        keyed.answered(workspace, None).await?;
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, BODY_BYTES)
        .await
        .map_err(|_| HttpError::failed())?;
    let headers: BTreeMap<&str, &str> = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some((name.as_str(), parts.headers.get(name)?.to_str().ok()?)))
        .collect();
    let kept = KeptAnswer {
        status: parts.status.as_u16(),
        headers: serde_json::to_string(&headers).map_err(|_| HttpError::failed())?,
        body: body.to_vec(),
    };
    keyed.answered(workspace, Some(kept)).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn repeat(answer: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers: BTreeMap<String, String> = serde_json::from_str(&answer.headers).unwrap_or_default();
    for name in KEPT_HEADERS {
        if let Some(value) = headers
            .get(name.as_str())
            .and_then(|value| HeaderValue::from_str(value).ok())
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
