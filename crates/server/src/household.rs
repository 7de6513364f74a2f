//! Households by hand: recording, correcting, split, merger, move, cancelling, income, consent, documents.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::household::change::{self, Grounds, Merger, Move, Pair, Split};
use anju_app::register::household::consent::{
    self, ConsentOnRecord, NewConsent, NewWithdrawal, VillageConsent,
};
use anju_app::register::household::document::{self, DocumentView, File, NewDocument};
use anju_app::register::household::edit::{self, Correction, NewHousehold};
use anju_app::register::household::income::{self, IncomeView, NewIncome};
use anju_app::register::unmask::Need;
use anju_app::register::views::HouseholdDetail;
use anju_app::table::TableFormat;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{AreaQuery, IfMatch, Json, Path, Query};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(record))
        .routes(routes!(correct))
        .routes(routes!(split))
        .routes(routes!(merge))
        .routes(routes!(move_to))
        .routes(routes!(cancel))
        .routes(routes!(reinstate))
        .routes(routes!(incomes))
        .routes(routes!(record_income))
        .routes(routes!(consents, record_consent))
        .routes(routes!(withdraw))
        .routes(
            // The use case counts the bytes itself, piece by piece.
            routes!(documents, add_document).layer(DefaultBodyLimit::disable()),
        )
        .routes(routes!(remove_document))
        .routes(routes!(file, personal_file))
        .routes(routes!(by_village))
        .routes(routes!(by_village_csv))
}

/// Records a household by hand.
#[utoipa::path(
    post,
    path = "/register/households",
    operation_id = "recordHousehold",
    tag = "register",
    responses((status = CREATED, description = "Records a household by hand.", body = HouseholdDetail))
)]
async fn record(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewHousehold>,
) -> Result<(StatusCode, Json<HouseholdDetail>), HttpError> {
    Ok((
        StatusCode::CREATED,
        Json(edit::record(&workspace, &caller, new).await?),
    ))
}

/// Corrects what is recorded of a household and its members.
#[utoipa::path(
    patch,
    path = "/register/households/{id}",
    operation_id = "correctHousehold",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Corrects what is recorded of a household and its members.", body = HouseholdDetail))
)]
async fn correct(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(correction): Json<Correction>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(
        edit::correct(&workspace, &caller, id, version, correction).await?,
    ))
}

/// Splits members off into a household of their own.
#[utoipa::path(
    post,
    path = "/register/households/{id}/split",
    operation_id = "splitHousehold",
    tag = "register",
    params(IfMatch),
    responses((status = CREATED, description = "Splits members off into a household of their own.", body = Pair))
)]
async fn split(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(wanted): Json<Split>,
) -> Result<(StatusCode, Json<Pair>), HttpError> {
    let pair = change::split(&workspace, &caller, id, version, wanted).await?;
    Ok((StatusCode::CREATED, Json(pair)))
}

/// Merges a household into another.
#[utoipa::path(
    post,
    path = "/register/households/{id}/merger",
    operation_id = "mergeHousehold",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Merges a household into another.", body = Pair))
)]
async fn merge(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(wanted): Json<Merger>,
) -> Result<Json<Pair>, HttpError> {
    Ok(Json(
        change::merge(&workspace, &caller, id, version, wanted).await?,
    ))
}

/// Moves a household to another group or village.
#[utoipa::path(
    post,
    path = "/register/households/{id}/move",
    operation_id = "moveHousehold",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Moves a household to another group or village.", body = HouseholdDetail))
)]
async fn move_to(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(wanted): Json<Move>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(
        change::move_to(&workspace, &caller, id, version, wanted).await?,
    ))
}

/// Takes a household off the register; its history stays.
#[utoipa::path(
    post,
    path = "/register/households/{id}/cancelling",
    operation_id = "cancelHousehold",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Takes a household off the register; its history stays.", body = HouseholdDetail))
)]
async fn cancel(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(grounds): Json<Grounds>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(
        change::cancel(&workspace, &caller, id, version, grounds).await?,
    ))
}

/// Takes a cancelled household back on the register.
#[utoipa::path(
    post,
    path = "/register/households/{id}/reinstating",
    operation_id = "reinstateHousehold",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Takes a cancelled household back on the register.", body = HouseholdDetail))
)]
async fn reinstate(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(grounds): Json<Grounds>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(
        change::reinstate(&workspace, &caller, id, version, grounds).await?,
    ))
}

/// Income of a household by year.
#[utoipa::path(
    get,
    path = "/register/households/{id}/income",
    operation_id = "listIncome",
    tag = "register",
    responses((status = OK, description = "Income of a household by year.", body = Vec<IncomeView>))
)]
async fn incomes(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<IncomeView>>, HttpError> {
    Ok(Json(income::list(&workspace, &caller, id).await?))
}

/// Records the income of a year; with the version 0 where there is none yet.
#[utoipa::path(
    put,
    path = "/register/households/{id}/income/{year}",
    operation_id = "recordIncome",
    tag = "register",
    params(IncomeAddress, IfMatch),
    responses((status = OK, description = "Records the income of a year; with the version 0 where there is none yet.", body = Option<IncomeView>))
)]
async fn record_income(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(IncomeAddress { id, year }): Path<IncomeAddress>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewIncome>,
) -> Result<Json<Option<IncomeView>>, HttpError> {
    Ok(Json(
        income::record(&workspace, &caller, id, year, version, new).await?,
    ))
}

/// The consents of a household, the newest first.
#[utoipa::path(
    get,
    path = "/register/households/{id}/consents",
    operation_id = "listHouseholdConsents",
    tag = "register",
    responses((status = OK, description = "The consents of a household, the newest first.", body = Vec<ConsentOnRecord>))
)]
async fn consents(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<ConsentOnRecord>>, HttpError> {
    Ok(Json(consent::list(&workspace, &caller, id).await?))
}

/// Records a signed choice of a household.
#[utoipa::path(
    post,
    path = "/register/households/{id}/consents",
    operation_id = "recordConsent",
    tag = "register",
    params(IfMatch),
    responses((status = CREATED, description = "Records a signed choice of a household.", body = HouseholdDetail))
)]
async fn record_consent(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewConsent>,
) -> Result<(StatusCode, Json<HouseholdDetail>), HttpError> {
    let household = consent::record(&workspace, &caller, id, version, new).await?;
    Ok((StatusCode::CREATED, Json(household)))
}

/// Records that a household withdrew its choice.
#[utoipa::path(
    post,
    path = "/register/households/{id}/consents/withdrawal",
    operation_id = "withdrawConsent",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Records that a household withdrew its choice.", body = HouseholdDetail))
)]
async fn withdraw(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewWithdrawal>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    Ok(Json(
        consent::withdraw(&workspace, &caller, id, version, new).await?,
    ))
}

/// Documents and photos of a household.
#[utoipa::path(
    get,
    path = "/register/households/{id}/documents",
    operation_id = "listHouseholdDocuments",
    tag = "register",
    responses((status = OK, description = "Documents and photos of a household.", body = Vec<DocumentView>))
)]
async fn documents(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<DocumentView>>, HttpError> {
    Ok(Json(document::list(&workspace, &caller, id).await?))
}

/// Adds a document or photo, sent as it is.
#[utoipa::path(
    post,
    path = "/register/households/{id}/documents",
    operation_id = "addHouseholdDocument",
    tag = "register",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(NewDocument),
    responses((status = CREATED, description = "Adds a document or photo, sent as it is.", body = DocumentView))
)]
async fn add_document(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(new): Query<NewDocument>,
    request: HeaderMap,
    mut body: Body,
) -> Result<(StatusCode, Json<DocumentView>), HttpError> {
    let size = request
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let mut adding = document::add(&workspace, &caller, id, new, size).await?;
    while let Some(piece) = next(&mut body).await {
        let piece = piece.map_err(|_| {
            HttpError::new(
                StatusCode::BAD_REQUEST,
                "upload_broken",
                "上传中断,未保存;请重新上传",
                "the upload broke off and nothing was kept; send the file again",
            )
        })?;
        adding.write(&piece)?;
    }
    Ok((StatusCode::CREATED, Json(adding.finish().await?)))
}

/// The next piece of a body.
async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame.map(|frame| frame.into_data()) {
            Ok(Ok(piece)) => return Some(Ok(piece)),
            // Trailers hold no data.
            Ok(Err(_)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

/// Why a document is taken away.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentRemovalReason)]
struct Reason {
    /// Why.
    reason: String,
}

/// A document of a household.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct DocumentAddress {
    /// The household.
    id: Uuid,
    /// The document.
    document: Uuid,
}

/// A year's income of a household.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct IncomeAddress {
    /// The household.
    id: Uuid,
    /// The year.
    year: i16,
}

/// Takes a document away.
#[utoipa::path(
    post,
    path = "/register/households/{id}/documents/{document}/removal",
    operation_id = "removeHouseholdDocument",
    tag = "register",
    params(DocumentAddress, IfMatch),
    responses((status = OK, description = "Takes a document away.", body = DocumentView))
)]
async fn remove_document(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(DocumentAddress { id, document }): Path<DocumentAddress>,
    IfMatch(version): IfMatch,
    Json(why): Json<Reason>,
) -> Result<Json<DocumentView>, HttpError> {
    Ok(Json(
        document::remove(&workspace, &caller, id, document, version, &why.reason).await?,
    ))
}

/// The file of a document that holds no personal data.
#[utoipa::path(
    get,
    path = "/register/households/{id}/documents/{document}/file",
    operation_id = "readHouseholdDocument",
    tag = "register",
    params(DocumentAddress),
    responses((status = OK, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>))
)]
async fn file(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(DocumentAddress { id, document }): Path<DocumentAddress>,
) -> Result<Response, HttpError> {
    Ok(download(
        document::file(&workspace, &caller, id, document, None).await?,
    ))
}

/// The file of a document with personal data, for a stated purpose, which goes on the ledger.
#[utoipa::path(
    post,
    path = "/register/households/{id}/documents/{document}/file",
    operation_id = "readPersonalDocument",
    tag = "register",
    params(DocumentAddress),
    responses((status = OK, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>))
)]
async fn personal_file(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(DocumentAddress { id, document }): Path<DocumentAddress>,
    Json(need): Json<Need>,
) -> Result<Response, HttpError> {
    Ok(download(
        document::file(&workspace, &caller, id, document, Some(need)).await?,
    ))
}

/// A file to be saved under its own name. Its type was found in its bytes; `nosniff` on every answer keeps a browser from
/// guessing another.
fn download(file: File) -> Response {
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (
            header::CONTENT_DISPOSITION,
            crate::amendment::disposition(&file.name),
        ),
    ];
    (headers, file.bytes).into_response()
}

/// Choices by village.
#[utoipa::path(
    get,
    path = "/register/consents",
    operation_id = "listConsentsByVillage",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "Choices by village.", body = Vec<VillageConsent>))
)]
async fn by_village(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(within): Query<AreaQuery>,
) -> Result<Json<Vec<VillageConsent>>, HttpError> {
    Ok(Json(
        consent::by_village(&workspace, &caller, within.area.as_ref()).await?,
    ))
}

/// Choices by village as CSV with byte-order mark.
#[utoipa::path(
    get,
    path = "/register/consents.csv",
    operation_id = "exportConsentsByVillage",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn by_village_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(within): Query<AreaQuery>,
) -> Result<Response, HttpError> {
    let file = consent::by_village_csv(&workspace, &caller, within.area.as_ref()).await?;
    Ok(crate::register::attachment(
        "consents.csv",
        TableFormat::Csv,
        file,
    ))
}
