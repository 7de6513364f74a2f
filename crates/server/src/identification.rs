//! Identification: the desk, cases and their steps, notices, announcements and objections.

use std::sync::Arc;

use anju_app::job::{JobRunner, JobView};
use anju_app::register::identification::notice::{
    Extending, PHOTO_LIMIT, Photo, PhotoDay, Posting, TakingDown, add_photo, close, extend, photo,
    post as post_notice, take_down,
};
use anju_app::register::identification::views::{
    self, CaseQuery, CaseView, Desk, NoticeQuery, NoticeView, ObjectionQuery, ObjectionView,
};
use anju_app::register::identification::{
    Answering, BatchOutcome, Objecting, Opening, Taking, TakingBack, answer, object, open, take, take_back,
};
use anju_app::register::views::Page;
use anju_app::table::TableFormat;
use anju_app::{Progress, Workspace};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{AreaQuery, Bytes, IfMatch, Json, Path, Query, body_limit};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(desk))
        .routes(routes!(list, open_cases))
        .routes(routes!(take_step))
        .routes(routes!(take_large_step))
        .routes(routes!(take_step_back))
        .routes(routes!(notices, new_notice))
        .routes(routes!(notice))
        .routes(routes!(notice_workbook))
        .routes(routes!(close_notice))
        .routes(routes!(extend_notice))
        .routes(routes!(take_down_notice))
        .routes(routes!(new_photo).layer(body_limit(PHOTO_LIMIT)))
        .routes(routes!(show_photo))
        .routes(routes!(new_objection))
        .routes(routes!(objections))
        .routes(routes!(objection))
        .routes(routes!(decide_objection))
}

/// How many cases wait at which step, and where a notice is due.
#[utoipa::path(
    get,
    path = "/register/identification",
    operation_id = "readIdentificationDesk",
    tag = "register",
    params(AreaQuery),
    responses((status = OK, description = "How many cases wait at which step, and where a notice is due.", body = Desk))
)]
async fn desk(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<Desk>, HttpError> {
    Ok(Json(views::desk(&workspace, &caller, query.area.as_ref()).await?))
}

/// Cases of identification.
#[utoipa::path(
    get,
    path = "/register/identification/cases",
    operation_id = "listIdentificationCases",
    tag = "register",
    params(CaseQuery),
    responses((status = OK, description = "Cases of identification.", body = Page<CaseView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<CaseQuery>,
) -> Result<Json<Page<CaseView>>, HttpError> {
    Ok(Json(views::list(&workspace, &caller, &query).await?))
}

/// Opens cases for the applications of an area or of named households.
#[utoipa::path(
    post,
    path = "/register/identification/cases",
    operation_id = "openIdentificationCases",
    tag = "register",
    responses((status = OK, description = "Opens cases for the applications of an area or of named households.", body = BatchOutcome))
)]
async fn open_cases(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(opening): Json<Opening>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(open(&workspace, &caller, opening).await?))
}

/// Takes one step for many cases; each case is answered by itself.
#[utoipa::path(
    post,
    path = "/register/identification/steps",
    operation_id = "takeIdentificationStep",
    tag = "register",
    responses((status = OK, description = "Takes one step for many cases; each case is answered by itself.", body = BatchOutcome))
)]
async fn take_step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(taking): Json<Taking>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(
        take(&workspace, &caller, taking, &Progress::default()).await?,
    ))
}

/// Takes one step for many cases as a job.
#[utoipa::path(
    post,
    path = "/register/identification/batches",
    operation_id = "startIdentificationBatch",
    tag = "register",
    responses((status = ACCEPTED, description = "Takes one step for many cases as a job.", body = JobView))
)]
async fn take_large_step(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Json(taking): Json<Taking>,
) -> Result<(StatusCode, Json<JobView>), HttpError> {
    Ok((
        StatusCode::ACCEPTED,
        Json(jobs.submit_steps(&caller, taking).await?),
    ))
}

/// Takes the last step of cases back, where it was a mistake.
#[utoipa::path(
    post,
    path = "/register/identification/corrections",
    operation_id = "takeIdentificationStepBack",
    tag = "register",
    responses((status = OK, description = "Takes the last step of cases back, where it was a mistake.", body = BatchOutcome))
)]
async fn take_step_back(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(taking_back): Json<TakingBack>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(take_back(&workspace, &caller, taking_back).await?))
}

/// Publicity notices and announcements, the newest first.
#[utoipa::path(
    get,
    path = "/register/identification/notices",
    operation_id = "listPublicityNotices",
    tag = "register",
    params(NoticeQuery),
    responses((status = OK, description = "Publicity notices and announcements, the newest first.", body = Page<NoticeView>))
)]
async fn notices(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<Page<NoticeView>>, HttpError> {
    Ok(Json(views::notices(&workspace, &caller, &query).await?))
}

/// Posts a notice of the cases that wait for one.
#[utoipa::path(
    post,
    path = "/register/identification/notices",
    operation_id = "postPublicityNotice",
    tag = "register",
    responses((status = CREATED, description = "Posts a notice of the cases that wait for one.", body = NoticeView))
)]
async fn new_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(posting): Json<Posting>,
) -> Result<(StatusCode, Json<NoticeView>), HttpError> {
    let notice = post_notice(&workspace, &caller, posting).await?;
    Ok((StatusCode::CREATED, Json(notice)))
}

/// One notice with its lines.
#[utoipa::path(
    get,
    path = "/register/identification/notices/{id}",
    operation_id = "readPublicityNotice",
    tag = "register",
    responses((status = OK, description = "One notice with its lines.", body = NoticeView))
)]
async fn notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<NoticeView>, HttpError> {
    Ok(Json(views::notice(&workspace, &caller, id).await?))
}

/// The masked list of a notice as a workbook.
#[utoipa::path(
    get,
    path = "/register/identification/notices/{id}/list.xlsx",
    operation_id = "exportPublicityNotice",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
async fn notice_workbook(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = views::notice_workbook(&workspace, &caller, id).await?;
    Ok(crate::register::attachment(
        "notice.xlsx",
        TableFormat::Xlsx,
        file,
    ))
}

/// Closes a notice whose days have run; its cases without open objection go on.
#[utoipa::path(
    post,
    path = "/register/identification/notices/{id}/closing",
    operation_id = "closePublicityNotice",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Closes a notice whose days have run; its cases without open objection go on.", body = BatchOutcome))
)]
async fn close_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(close(&workspace, &caller, id, version).await?))
}

/// Gives a notice new days, because it was not posted in time.
#[utoipa::path(
    post,
    path = "/register/identification/notices/{id}/extension",
    operation_id = "extendPublicityNotice",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Gives a notice new days, because it was not posted in time.", body = NoticeView))
)]
async fn extend_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(extending): Json<Extending>,
) -> Result<Json<NoticeView>, HttpError> {
    Ok(Json(extend(&workspace, &caller, id, version, extending).await?))
}

/// Takes a notice down before its time; its cases wait for another.
#[utoipa::path(
    post,
    path = "/register/identification/notices/{id}/removal",
    operation_id = "takeDownPublicityNotice",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Takes a notice down before its time; its cases wait for another.", body = NoticeView))
)]
async fn take_down_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(taking_down): Json<TakingDown>,
) -> Result<Json<NoticeView>, HttpError> {
    Ok(Json(
        take_down(&workspace, &caller, id, version, taking_down).await?,
    ))
}

/// Adds a photo of a notice where it hangs: JPEG, PNG or WebP.
#[utoipa::path(
    post,
    path = "/register/identification/notices/{id}/photos",
    operation_id = "addNoticePhoto",
    tag = "register",
    params(PhotoDay),
    responses((status = CREATED, description = "Adds a photo of a notice where it hangs: JPEG, PNG or WebP.", body = NoticeView))
)]
async fn new_photo(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(day): Query<PhotoDay>,
    request: HeaderMap,
    Bytes(bytes): Bytes,
) -> Result<(StatusCode, Json<NoticeView>), HttpError> {
    let media_type = request
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let photo = Photo {
        day,
        media_type,
        bytes: bytes.into(),
    };
    let notice = add_photo(&workspace, &caller, id, photo).await?;
    Ok((StatusCode::CREATED, Json(notice)))
}

/// A photo of a notice.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct NoticePhotoAddress {
    /// The notice.
    id: Uuid,
    /// SHA-256 of the file, in hex.
    hash: String,
}

/// A photo of a notice.
#[utoipa::path(
    get,
    path = "/register/identification/notices/{id}/photos/{hash}",
    operation_id = "readNoticePhoto",
    tag = "register",
    params(NoticePhotoAddress),
    responses((status = OK, description = "The file.", content_type = "image/*", body = Vec<u8>))
)]
async fn show_photo(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(NoticePhotoAddress { id, hash }): Path<NoticePhotoAddress>,
) -> Result<Response, HttpError> {
    let (attachment, bytes) = photo(&workspace, &caller, id, &hash).await?;
    Ok(([(header::CONTENT_TYPE, attachment.media_type)], bytes).into_response())
}

/// Records an objection, which suspends its case.
#[utoipa::path(
    post,
    path = "/register/identification/notices/{id}/objections",
    operation_id = "fileObjection",
    tag = "register",
    responses((status = CREATED, description = "Records an objection, which suspends its case.", body = ObjectionView))
)]
async fn new_objection(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(objecting): Json<Objecting>,
) -> Result<(StatusCode, Json<ObjectionView>), HttpError> {
    let objection = object(&workspace, &caller, id, objecting).await?;
    Ok((StatusCode::CREATED, Json(objection)))
}

/// Objections, the newest first.
#[utoipa::path(
    get,
    path = "/register/identification/objections",
    operation_id = "listObjections",
    tag = "register",
    params(ObjectionQuery),
    responses((status = OK, description = "Objections, the newest first.", body = Page<ObjectionView>))
)]
async fn objections(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ObjectionQuery>,
) -> Result<Json<Page<ObjectionView>>, HttpError> {
    Ok(Json(views::objections(&workspace, &caller, &query).await?))
}

/// One objection.
#[utoipa::path(
    get,
    path = "/register/identification/objections/{id}",
    operation_id = "readObjection",
    tag = "register",
    responses((status = OK, description = "One objection.", body = ObjectionView))
)]
async fn objection(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ObjectionView>, HttpError> {
    Ok(Json(views::objection(&workspace, &caller, id).await?))
}

/// Upholds or dismisses an objection.
#[utoipa::path(
    post,
    path = "/register/identification/objections/{id}/decision",
    operation_id = "decideObjection",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Upholds or dismisses an objection.", body = ObjectionView))
)]
async fn decide_objection(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(answering): Json<Answering>,
) -> Result<Json<ObjectionView>, HttpError> {
    Ok(Json(answer(&workspace, &caller, id, version, answering).await?))
}
