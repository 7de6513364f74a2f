//! Conditional requests (RFC 9110, section 13): a change names the version it was made for.

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::HttpError;

/// The version that the caller saw, from `If-Match: "7"`.
///
/// # Errors
/// 428 without the header, or when it names no version.
pub(crate) fn seen_version(headers: &HeaderMap) -> Result<i64, HttpError> {
    headers
        .get(header::IF_MATCH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim_matches('"').parse().ok())
        .ok_or_else(|| {
            HttpError::new(
                StatusCode::PRECONDITION_REQUIRED,
                "version_missing",
                "请求须带 If-Match 版本号",
                "the request needs the version seen, as If-Match",
            )
        })
}
