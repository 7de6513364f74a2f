//! Errors at the HTTP edge: problem details (RFC 9457) with a stable code that the web app translates.

use anju_app::{AppError, Problem};
use anju_model::access::ProviderRefusal;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The body of an error answer.
#[derive(Debug, Serialize)]
pub struct ProblemDetails {
    /// Always `about:blank`: the code below says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable code.
    code: &'static str,
    /// What is wrong and what to do, in Chinese.
    detail: String,
    /// The same in English.
    detail_en: String,
    /// Each field that is wrong, with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

/// An error answer.
pub(crate) struct HttpError {
    status: StatusCode,
    code: &'static str,
    zh: String,
    en: String,
    problems: Vec<Problem>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u64>,
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
            zh: zh.into(),
            en: en.into(),
            problems: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "请先登录",
            "sign in first",
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::new(crate::NOT_FOUND, "not_found", "没有找到", "there is nothing here")
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let body = ProblemDetails {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.zh,
            detail_en: self.en,
            problems: self.problems,
        };
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            Json(body).into_response().into_body(),
        )
            .into_response();
        if let Some(seconds) = self.retry_after {
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
            AppError::Fields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            AppError::Invalid(problem) => (status_of(problem.code), problem.code),
            AppError::LedgerInvalid(_) => (StatusCode::CONFLICT, "ledger_invalid"),
            AppError::Cancelled => (StatusCode::CONFLICT, "cancelled"),
            other => {
                // The cause may name files or statements: it goes to the log, not to the browser.
                tracing::error!(error = %other, "a request failed");
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "服务器内部错误,详情见服务日志",
                    "the server failed; its log says why",
                );
            }
        };
        let mut problem = Self::new(status, code, error.zh(), error.to_string());
        match error {
            AppError::LockedOut { seconds } => problem.retry_after = Some(seconds),
            AppError::Fields(problems) => problem.problems = problems,
            _ => {}
        }
        problem
    }
}

/// The status of a request that cannot be carried out as it stands.
fn status_of(code: &str) -> StatusCode {
    match code {
        "area_stale" | "job_running" | "entry_is_current" | "nothing_to_erase" => StatusCode::CONFLICT,
        "consistency_range" => StatusCode::BAD_REQUEST,
        "file_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
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
