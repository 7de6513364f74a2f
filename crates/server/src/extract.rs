//! What a request brings: body, query and path, each refused with problem details that name the place and the reason.
//!
//! Handlers take these and never axum's own, whose refusals are plain text.

use anju_app::AppError;
use anju_model::area::AreaCode;
use axum::Extension;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::HttpError;

/// The most bytes of the bodies that a route takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(usize);

/// A layer that has a route take bodies of at most so many bytes.
pub(crate) fn body_limit(bytes: usize) -> (DefaultBodyLimit, Extension<BodyLimit>) {
    (DefaultBodyLimit::max(bytes), Extension(BodyLimit(bytes)))
}

/// What the request's route takes, once it is clear that the length it announces is no more.
fn announced_within_limit(request: &Request, refuse: fn(usize) -> HttpError) -> Result<usize, HttpError> {
    let limit = request
        .extensions()
        .get::<BodyLimit>()
        .map_or(crate::BODY_LIMIT_BYTES, |limit| limit.0);
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    match announced {
        Some(announced) if announced > limit as u64 => Err(refuse(limit)),
        _ => Ok(limit),
    }
}

/// A body in JSON, in and out.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let limit = announced_within_limit(&request, HttpError::too_large)?;
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(refused)) => Err(malformed(
                StatusCode::UNPROCESSABLE_ENTITY,
                "body_invalid",
                &refused.body_text(),
            )),
            Err(JsonRejection::JsonSyntaxError(refused)) => Err(malformed(
                StatusCode::BAD_REQUEST,
                "body_malformed",
                &refused.body_text(),
            )),
            Err(JsonRejection::BytesRejection(refused)) => {
                Err(unread(&refused, || HttpError::too_large(limit)))
            }
            Err(_) => Err(HttpError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "body_not_json",
                "请求内容须为 JSON,并以 Content-Type: application/json 标明",
                "the body is JSON and says so: Content-Type: application/json",
            )
            .at("Content-Type")),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A body of bytes: a file.
pub(crate) struct Bytes(pub axum::body::Bytes);

impl PartialSchema for Bytes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .content_media_type("application/octet-stream")
            .into()
    }
}

impl ToSchema for Bytes {}

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let limit = announced_within_limit(&request, file_too_large)?;
        axum::body::Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|refused| unread(&refused, || file_too_large(limit)))
    }
}

/// The parameters after the question mark.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|refused: QueryRejection| {
                malformed(StatusCode::BAD_REQUEST, "query_invalid", &refused.body_text())
            })
    }
}

/// The parameters within the path.
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|refused: PathRejection| {
                malformed(StatusCode::BAD_REQUEST, "path_invalid", &refused.body_text())
            })
    }
}

/// The area that figures are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AreaQuery {
    /// Only this area; without it the caller's own.
    pub area: Option<AreaCode>,
}

/// The version of what is to be changed that the caller has seen: the entity tag of its last answer, or the bare version.
#[derive(Debug, Clone, Copy, utoipa::IntoParams)]
#[into_params(names("If-Match"), parameter_in = Header)]
pub(crate) struct IfMatch(
    /// The version seen, as the answer's `ETag` or as `"VERSION"`.
    #[param(value_type = String, pattern = r#"^(W/)?"[0-9]+(-[0-9a-f]+)?"$"#, example = "\"3\"")]
    pub i64,
);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(HttpError::new(
                StatusCode::PRECONDITION_REQUIRED,
                "version_missing",
                "请求须带 If-Match:您所看到的版本(上次应答的 ETag)",
                "the request needs If-Match: the version seen, which is the ETag of the last answer",
            )
            .at("If-Match"));
        };
        value
            .to_str()
            .ok()
            .and_then(version_of_tag)
            .map(Self)
            .ok_or_else(|| {
                HttpError::new(
                    StatusCode::BAD_REQUEST,
                    "version_malformed",
                    format!("If-Match 须为一个 ETag 或带引号的版本号,如 \"3\";收到 {value:?}"),
                    format!("If-Match is one entity tag or a version in quotes, as \"3\"; it was {value:?}"),
                )
                .at("If-Match")
            })
    }
}

/// The version in an entity tag: `"7-1f3a"`, `W/"7-1f3a"` or `"7"`.
fn version_of_tag(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let inner = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = inner
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(inner);
    let version = inner.split_once('-').map_or(inner, |(version, _)| version);
    version.parse().ok().filter(|version| *version >= 0)
}

fn file_too_large(limit: usize) -> HttpError {
    AppError::FileTooLarge { limit: limit as u64 }.into()
}

fn unread(refused: &BytesRejection, too_large: impl FnOnce() -> HttpError) -> HttpError {
    if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        HttpError::new(
            StatusCode::BAD_REQUEST,
            "body_unread",
            "请求内容未能完整接收,请重试",
            "the body did not arrive whole; try again",
        )
    }
}

/// What serde says, split into place and reason.
fn malformed(status: StatusCode, code: &'static str, text: &str) -> HttpError {
    // axum prefixes its own sentence, which says nothing that the code does not.
    let reason = ["Failed to ", "Invalid URL: ", "Cannot parse "]
        .iter()
        .find(|prefix| text.starts_with(*prefix))
        .and_then(|_| text.split_once(": "))
        .map_or(text, |(_, reason)| reason);
    let (place, reason) = match reason.split_once(": ") {
        Some((place, reason)) if is_place(place) => (place, reason),
        _ => (named_field(reason).unwrap_or_default(), reason),
    };
    let zh = match place {
        "" => reason_zh(reason),
        place => format!("{place}:{}", reason_zh(reason)),
    };
    let en = match place {
        "" => reason.to_owned(),
        place => format!("{place}: {reason}"),
    };
    HttpError::new(status, code, zh, en).at(place)
}

/// A path as serde writes it: `items[0].version`.
fn is_place(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.[]-".contains(&byte))
}

/// The field that ``missing field `x` `` and its like name.
fn named_field(reason: &str) -> Option<&str> {
    let at_root = ["missing field `", "unknown field `", "duplicate field `"];
    let rest = at_root.iter().find_map(|start| reason.strip_prefix(start))?;
    rest.split('`').next()
}

/// serde's reasons in Chinese; the values and expectations stay as they are.
fn reason_zh(reason: &str) -> String {
    let reasons = [
        ("missing field", "缺少字段"),
        ("unknown field", "没有此字段"),
        ("duplicate field", "字段重复"),
        ("unknown variant", "没有此取值"),
        ("invalid type:", "类型不符:"),
        ("invalid value:", "取值不符:"),
        ("invalid length", "长度不符:"),
        ("invalid digit found in string", "须为整数"),
        ("EOF while parsing", "内容不完整:"),
        ("trailing characters", "末尾有多余内容"),
    ];
    for (en, zh) in reasons {
        if let Some(rest) = reason.strip_prefix(en) {
            let rest = rest
                .replace(", expected one of ", ",可用:")
                .replace(", expected ", ",应为 ")
                .replace(" at line ", ",第 ")
                .replace(" column ", " 行,第 ");
            return format!("{zh}{rest}");
        }
    }
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_carries_the_version() {
        assert_eq!(version_of_tag("\"7-1f3a\""), Some(7));
        assert_eq!(version_of_tag("W/\"7-1f3a\""), Some(7));
        assert_eq!(version_of_tag("\"7\""), Some(7));
        assert_eq!(version_of_tag("7"), Some(7));
        for wrong in ["*", "\"\"", "\"-7\"", "\"7\", \"8\"", "\"x\""] {
            assert_eq!(version_of_tag(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_reason_names_its_place() {
        let told = |text: &str| {
            let error = malformed(StatusCode::BAD_REQUEST, "body_invalid", text);
            (error.place().to_owned(), error.texts().0.to_owned())
        };
        assert_eq!(
            told(
                "Failed to deserialize the JSON body into the target type: items[1].state: unknown variant `x`, \
                 expected one of `open`, `confirmed` at line 1 column 20"
            ),
            (
                "items[1].state".into(),
                "items[1].state:没有此取值 `x`,可用:`open`, `confirmed`,第 1 行,第 20".into()
            )
        );
        let (place, zh) = told(
            "Failed to deserialize the JSON body into the target type: missing field `reason` at line 1 column 2",
        );
        assert_eq!(
            (place.as_str(), zh.starts_with("reason:缺少字段")),
            ("reason", true)
        );
        assert_eq!(
            told("Failed to deserialize query string: limit: invalid digit found in string").0,
            "limit"
        );
    }
}
