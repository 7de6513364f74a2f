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
use anju_app::register::views::{HouseholdDetail, TableFormat};
use anju_model::area::AreaCode;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/households", post(record))
        .route("/register/households/{id}", patch(correct))
        .route("/register/households/{id}/split", post(split))
        .route("/register/households/{id}/merger", post(merge))
        .route("/register/households/{id}/move", post(move_to))
        .route("/register/households/{id}/cancelling", post(cancel))
        .route("/register/households/{id}/reinstating", post(reinstate))
        .route("/register/households/{id}/income", get(incomes))
        .route("/register/households/{id}/income/{year}", put(record_income))
        .route(
            "/register/households/{id}/consents",
            get(consents).post(record_consent),
        )
        .route("/register/households/{id}/consents/withdrawal", post(withdraw))
        .route(
            "/register/households/{id}/documents",
            // The use case counts the bytes itself, piece by piece.
            get(documents)
                .post(add_document)
                .layer(DefaultBodyLimit::disable()),
        )
        .route(
            "/register/households/{id}/documents/{document}/removal",
            post(remove_document),
        )
        .route(
            "/register/households/{id}/documents/{document}/file",
            get(file).post(personal_file),
        )
        .route("/register/consents", get(by_village))
        .route("/register/consents.csv", get(by_village_csv))
}

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

async fn correct(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(correction): Json<Correction>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        edit::correct(&workspace, &caller, id, version, correction).await?,
    ))
}

async fn split(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(wanted): Json<Split>,
) -> Result<(StatusCode, Json<Pair>), HttpError> {
    let version = seen_version(&headers)?;
    let pair = change::split(&workspace, &caller, id, version, wanted).await?;
    Ok((StatusCode::CREATED, Json(pair)))
}

async fn merge(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(wanted): Json<Merger>,
) -> Result<Json<Pair>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        change::merge(&workspace, &caller, id, version, wanted).await?,
    ))
}

async fn move_to(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(wanted): Json<Move>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        change::move_to(&workspace, &caller, id, version, wanted).await?,
    ))
}

async fn cancel(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(grounds): Json<Grounds>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        change::cancel(&workspace, &caller, id, version, grounds).await?,
    ))
}

async fn reinstate(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(grounds): Json<Grounds>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        change::reinstate(&workspace, &caller, id, version, grounds).await?,
    ))
}

async fn incomes(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<IncomeView>>, HttpError> {
    Ok(Json(income::list(&workspace, &caller, id).await?))
}

async fn record_income(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, year)): Path<(Uuid, i16)>,
    headers: HeaderMap,
    Json(new): Json<NewIncome>,
) -> Result<Json<Option<IncomeView>>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        income::record(&workspace, &caller, id, year, version, new).await?,
    ))
}

async fn consents(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<ConsentOnRecord>>, HttpError> {
    Ok(Json(consent::list(&workspace, &caller, id).await?))
}

async fn record_consent(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(new): Json<NewConsent>,
) -> Result<(StatusCode, Json<HouseholdDetail>), HttpError> {
    let version = seen_version(&headers)?;
    let household = consent::record(&workspace, &caller, id, version, new).await?;
    Ok((StatusCode::CREATED, Json(household)))
}

async fn withdraw(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(new): Json<NewWithdrawal>,
) -> Result<Json<HouseholdDetail>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        consent::withdraw(&workspace, &caller, id, version, new).await?,
    ))
}

async fn documents(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<DocumentView>>, HttpError> {
    Ok(Json(document::list(&workspace, &caller, id).await?))
}

async fn add_document(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(new): Query<NewDocument>,
    headers: HeaderMap,
    mut body: Body,
) -> Result<(StatusCode, Json<DocumentView>), HttpError> {
    let size = headers
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

async fn remove_document(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, document)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Json(why): Json<Reason>,
) -> Result<Json<DocumentView>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        document::remove(&workspace, &caller, id, document, version, &why.reason).await?,
    ))
}

async fn file(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, document)): Path<(Uuid, Uuid)>,
) -> Result<Response, HttpError> {
    Ok(download(
        document::file(&workspace, &caller, id, document, None).await?,
    ))
}

async fn personal_file(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, document)): Path<(Uuid, Uuid)>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    area: Option<AreaCode>,
}

async fn by_village(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(within): Query<Within>,
) -> Result<Json<Vec<VillageConsent>>, HttpError> {
    Ok(Json(
        consent::by_village(&workspace, &caller, within.area.as_ref()).await?,
    ))
}

async fn by_village_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(within): Query<Within>,
) -> Result<Response, HttpError> {
    let file = consent::by_village_csv(&workspace, &caller, within.area.as_ref()).await?;
    Ok(crate::register::attachment(
        "consents.csv",
        TableFormat::Csv,
        file,
    ))
}
