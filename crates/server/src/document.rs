//! Printed documents: the list of a notice, the household card.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::document::{Paper, card_pdf, notice_pdf, unmasked_card_pdf};
use anju_app::register::unmask::Need;
use anju_model::code_list::Language;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::{Reach, SignedIn};
use crate::extract::{Json, Path, Query};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(notice_list))
        .routes(routes!(card, unmasked_card))
}

/// How a notice is printed.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NoticePrint {
    /// `a4` or `a3`.
    #[serde(default = "a4")]
    #[param(value_type = Option<String>, pattern = "^(a3|a4)$")]
    paper: Paper,
    /// `zh` or `en`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(zh|en)$")]
    language: Language,
}

fn a4() -> Paper {
    Paper::A4
}

/// How a card is printed.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CardPrint {
    /// `zh` or `en`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(zh|en)$")]
    language: Language,
}

/// Scheme and host under which the browser asked, for the code on a card.
struct Address(Option<String>);

impl<S> FromRequestParts<S> for Address
where
    Reach: axum::extract::FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let reach = <Reach as axum::extract::FromRef<S>>::from_ref(state);
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let is_host = |host: &&str| {
            host.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
        };
        Ok(Self(host.filter(is_host).map(|host| {
            format!("{}://{host}", if reach.https { "https" } else { "http" })
        })))
    }
}

/// A PDF that the browser shows. It holds nothing that is run, so the policy of the pages, which would keep browsers from
/// opening their own viewer, does not apply to it.
fn pdf(name: &str, bytes: Vec<u8>) -> Response {
    (
        StatusCode::OK,
        [
            (header::CONTENT_TYPE, "application/pdf".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("inline; filename=\"{name}\""),
            ),
            (
                header::CONTENT_SECURITY_POLICY,
                "frame-ancestors 'none'".to_owned(),
            ),
        ],
        bytes,
    )
        .into_response()
}

/// The masked list of a notice as PDF.
#[utoipa::path(
    get,
    path = "/register/identification/notices/{id}/list.pdf",
    operation_id = "printPublicityNotice",
    tag = "register",
    params(NoticePrint),
    responses((status = OK, description = "The file.", content_type = "application/pdf", body = Vec<u8>))
)]
async fn notice_list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(print): Query<NoticePrint>,
) -> Result<Response, HttpError> {
    let file = notice_pdf(&workspace, &caller, id, print.paper, print.language).await?;
    Ok(pdf("notice.pdf", file))
}

/// The card of a household as PDF, masked.
#[utoipa::path(
    get,
    path = "/register/households/{id}/card.pdf",
    operation_id = "printHouseholdCard",
    tag = "register",
    params(CardPrint),
    responses((status = OK, description = "The file.", content_type = "application/pdf", body = Vec<u8>))
)]
async fn card(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Address(address): Address,
    Path(id): Path<Uuid>,
    Query(print): Query<CardPrint>,
) -> Result<Response, HttpError> {
    let file = card_pdf(&workspace, &caller, id, print.language, address.as_deref()).await?;
    Ok(pdf("household-card.pdf", file))
}

/// The card of a household as PDF with personal data as it is, for a stated purpose, which goes on the ledger.
#[utoipa::path(
    post,
    path = "/register/households/{id}/card.pdf",
    operation_id = "printUnmaskedHouseholdCard",
    tag = "register",
    params(CardPrint),
    responses((status = OK, description = "The file.", content_type = "application/pdf", body = Vec<u8>))
)]
async fn unmasked_card(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Address(address): Address,
    Path(id): Path<Uuid>,
    Query(print): Query<CardPrint>,
    Json(need): Json<Need>,
) -> Result<Response, HttpError> {
    let file = unmasked_card_pdf(&workspace, &caller, id, need, print.language, address.as_deref()).await?;
    Ok(pdf("household-card.pdf", file))
}
