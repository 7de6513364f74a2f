//! Errors at the HTTP edge: problem details (RFC 9457) with a stable code that the web app translates.

use anju_app::{AppError, Problem, megabytes};
use anju_model::access::ProviderRefusal;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// The body of an error answer (RFC 9457).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemDetails {
    /// Always `about:blank`: the code below says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Stable code.
    code: &'static str,
    /// What is wrong and what to do, in Chinese.
    detail: String,
    /// The same in English.
    detail_en: String,
    /// Where: a field of the body, a parameter, a header. Absent when there is no one place.
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    /// With status 413: the most bytes that are taken here.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    /// With status 412: the version that the subject has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<i64>,
    /// With status 412: the subject as it is now, as its own address answers it; absent when the caller may not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<serde_json::Value>,
    /// Each field that is wrong, with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

/// An error answer. Boxed texts keep it small: every handler's result holds one.
#[derive(Debug)]
pub(crate) struct HttpError {
    status: StatusCode,
    code: &'static str,
    zh: Box<str>,
    en: Box<str>,
    place: Box<str>,
    current_version: Option<i64>,
    /// Most bytes; 32 bits, as the seconds below, because every handler's result holds an error.
    limit: Option<u32>,
    problems: Box<[Problem]>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u32>,
}

impl HttpError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            zh: zh.into().into(),
            en: en.into().into(),
            place: Box::default(),
            current_version: None,
            limit: None,
            problems: Box::default(),
            retry_after: None,
        }
    }

    /// The same error at a place.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into().into();
        self
    }

    /// The code.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Chinese and English.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> (&str, &str) {
        (&self.zh, &self.en)
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "请先登录",
            "sign in first",
        )
    }

    /// A body of more than `limit` bytes that is no file.
    pub(crate) fn too_large(limit: usize) -> Self {
        let most = megabytes(limit as u64);
        let mut error = Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("请求内容不能超过 {most};请分批提交"),
            format!("the body has at most {most}; send it in parts"),
        );
        error.limit = Some(limit.try_into().unwrap_or(u32::MAX));
        error
    }

    /// The server cannot carry on; the log says why.
    pub(crate) fn failed() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "服务器内部错误,详情见服务日志",
            "the server failed; its log says why",
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::new(crate::NOT_FOUND, "not_found", "没有找到", "there is nothing here")
    }
}

impl From<HttpError> for ProblemDetails {
    fn from(error: HttpError) -> Self {
        Self {
            kind: "about:blank",
            title: error.status.canonical_reason().unwrap_or("error"),
            status: error.status.as_u16(),
            code: error.code,
            detail: error.zh.into(),
            detail_en: error.en.into(),
            place: error.place.into(),
            limit: error.limit.map(u64::from),
            current_version: error.current_version,
            current: None,
            problems: error.problems.into(),
        }
    }
}

impl ProblemDetails {
    /// The same with the subject as it is now.
    pub(crate) fn with_current(mut self, current: serde_json::Value) -> Self {
        self.current = Some(current);
        self
    }
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (
            status,
            [(header::CONTENT_TYPE, PROBLEM_JSON)],
            Json(&self).into_response().into_body(),
        )
            .into_response();
        // For the layer that adds the present state to a conflict.
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after;
        let mut response = ProblemDetails::from(self).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<AppError> for HttpError {
    fn from(error: AppError) -> Self {
        let (status, code) = match &error {
            AppError::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            AppError::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong_password"),
            AppError::LockedOut { .. } => (StatusCode::TOO_MANY_REQUESTS, "locked_out"),
            AppError::SecondStep => (StatusCode::UNAUTHORIZED, "second_step"),
            AppError::WrongCode => (StatusCode::UNAUTHORIZED, "wrong_code"),
            AppError::Provider(refusal) => (status_of_refusal(*refusal), refusal.code()),
            AppError::WeakPassword { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "weak_password"),
            AppError::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
            AppError::VersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, "version_conflict"),
            AppError::Files(_) => (StatusCode::UNPROCESSABLE_ENTITY, "files_unusable"),
            AppError::FileTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"),
            AppError::Fields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            AppError::Invalid(problem) => (status_of(problem.code), problem.code),
            AppError::LedgerInvalid(_) => (StatusCode::CONFLICT, "ledger_invalid"),
            AppError::Cancelled => (StatusCode::CONFLICT, "cancelled"),
            other => {
                // The cause may name files or statements: it goes to the log, not to the browser.
                tracing::error!(error = %other, "a request failed");
                return Self::failed();
            }
        };
        let mut problem = Self::new(status, code, error.zh(), error.to_string());
        match error {
            AppError::LockedOut { seconds } => {
                problem.retry_after = Some(seconds.try_into().unwrap_or(u32::MAX))
            }
            AppError::VersionConflict { found, .. } => problem.current_version = Some(found),
            AppError::FileTooLarge { limit } => problem.limit = Some(limit.try_into().unwrap_or(u32::MAX)),
            AppError::Invalid(invalid) => {
                if invalid.code == "idempotency_key_under_way" {
                    problem.retry_after = Some(1);
                }
                problem.place = invalid.place.into();
            }
            AppError::Fields(problems) | AppError::Files(problems) => problem.problems = problems.into(),
            _ => {}
        }
        problem
    }
}

/// The status of a request that cannot be carried out as it stands.
fn status_of(code: &str) -> StatusCode {
    match code {
        "area_stale"
        | "job_running"
        | "entry_is_current"
        | "erasure_state"
        | "file_of_others"
        | "nothing_to_erase"
        | "idempotency_key_under_way"
        | "idempotency_answer_unknown" => StatusCode::CONFLICT,
        "consistency_range" | "cursor" | "idempotency_key" => StatusCode::BAD_REQUEST,
        "other_data" => StatusCode::FORBIDDEN,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_of_refusal(refusal: ProviderRefusal) -> StatusCode {
    match refusal {
        ProviderRefusal::NotConfigured => StatusCode::NOT_FOUND,
        ProviderRefusal::Unreachable => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNAUTHORIZED,
    }
}

/// The answer for an API path that does not exist.
pub(crate) async fn unknown_path() -> HttpError {
    HttpError::not_found()
}

/// The answer for a path that exists, asked in a way that it does not.
pub(crate) async fn unknown_method() -> HttpError {
    HttpError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "此地址不支持该请求方法,可用方法见 Allow",
        "this address does not take that method; Allow names those it takes",
    )
}
