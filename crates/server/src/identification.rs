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
use anju_app::register::views::{Page, TableFormat};
use anju_app::{Progress, Workspace};
use anju_model::area::AreaCode;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/identification", get(desk))
        .route("/register/identification/cases", get(list).post(open_cases))
        .route("/register/identification/steps", post(take_step))
        .route("/register/identification/batches", post(take_large_step))
        .route("/register/identification/corrections", post(take_step_back))
        .route("/register/identification/notices", get(notices).post(new_notice))
        .route("/register/identification/notices/{id}", get(notice))
        .route(
            "/register/identification/notices/{id}/list.xlsx",
            get(notice_workbook),
        )
        .route(
            "/register/identification/notices/{id}/closing",
            post(close_notice),
        )
        .route(
            "/register/identification/notices/{id}/extension",
            post(extend_notice),
        )
        .route(
            "/register/identification/notices/{id}/removal",
            post(take_down_notice),
        )
        .route(
            "/register/identification/notices/{id}/photos",
            // A little more than a photo may have, so that a large one is refused in words.
            post(new_photo).layer(DefaultBodyLimit::max(PHOTO_LIMIT + (1 << 20))),
        )
        .route(
            "/register/identification/notices/{id}/photos/{hash}",
            get(show_photo),
        )
        .route(
            "/register/identification/notices/{id}/objections",
            post(new_objection),
        )
        .route("/register/identification/objections", get(objections))
        .route(
            "/register/identification/objections/{id}/decision",
            post(decide_objection),
        )
}

#[derive(Deserialize)]
struct AreaQuery {
    area: Option<AreaCode>,
}

async fn desk(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<Desk>, HttpError> {
    Ok(Json(views::desk(&workspace, &caller, query.area.as_ref()).await?))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<CaseQuery>,
) -> Result<Json<Page<CaseView>>, HttpError> {
    Ok(Json(views::list(&workspace, &caller, &query).await?))
}

async fn open_cases(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(opening): Json<Opening>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(open(&workspace, &caller, opening).await?))
}

async fn take_step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(taking): Json<Taking>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(
        take(&workspace, &caller, taking, &Progress::default()).await?,
    ))
}

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

async fn take_step_back(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(taking_back): Json<TakingBack>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(take_back(&workspace, &caller, taking_back).await?))
}

async fn notices(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<Page<NoticeView>>, HttpError> {
    Ok(Json(views::notices(&workspace, &caller, &query).await?))
}

async fn new_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(posting): Json<Posting>,
) -> Result<(StatusCode, Json<NoticeView>), HttpError> {
    let notice = post_notice(&workspace, &caller, posting).await?;
    Ok((StatusCode::CREATED, Json(notice)))
}

async fn notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<NoticeView>, HttpError> {
    Ok(Json(views::notice(&workspace, &caller, id).await?))
}

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

async fn close_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<BatchOutcome>, HttpError> {
    Ok(Json(close(&workspace, &caller, id).await?))
}

async fn extend_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(extending): Json<Extending>,
) -> Result<Json<NoticeView>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(extend(&workspace, &caller, id, version, extending).await?))
}

async fn take_down_notice(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(taking_down): Json<TakingDown>,
) -> Result<Json<NoticeView>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        take_down(&workspace, &caller, id, version, taking_down).await?,
    ))
}

async fn new_photo(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(day): Query<PhotoDay>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<NoticeView>), HttpError> {
    let media_type = headers
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

async fn show_photo(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path((id, hash)): Path<(Uuid, String)>,
) -> Result<Response, HttpError> {
    let (attachment, bytes) = photo(&workspace, &caller, id, &hash).await?;
    Ok(([(header::CONTENT_TYPE, attachment.media_type)], bytes).into_response())
}

async fn new_objection(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(objecting): Json<Objecting>,
) -> Result<(StatusCode, Json<ObjectionView>), HttpError> {
    let objection = object(&workspace, &caller, id, objecting).await?;
    Ok((StatusCode::CREATED, Json(objection)))
}

async fn objections(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ObjectionQuery>,
) -> Result<Json<Page<ObjectionView>>, HttpError> {
    Ok(Json(views::objections(&workspace, &caller, &query).await?))
}

async fn decide_objection(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(answering): Json<Answering>,
) -> Result<Json<ObjectionView>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(answer(&workspace, &caller, id, version, answering).await?))
}
