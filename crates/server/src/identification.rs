//! Identification: the desk, cases and their steps, notices and objections.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::identification::views::{
    self, CaseQuery, CaseView, Desk, NoticeQuery, NoticeView, ObjectionQuery, ObjectionView,
};
use anju_app::register::identification::{
    Answering, BatchOutcome, Objecting, Opening, Posting, Taking, answer, close, object, open,
    post as post_notice, take,
};
use anju_app::register::views::{Page, TableFormat};
use anju_model::area::AreaCode;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
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
    Ok(Json(take(&workspace, &caller, taking).await?))
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
