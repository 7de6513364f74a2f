//! The look-back worklist.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::lookback::views::{self, ItemQuery, ItemView, LookbackFigures};
use anju_app::lookback::{Decision, decide};
use anju_app::register::views::{Page, TableFormat};
use anju_model::area::AreaCode;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::{HttpError, version_seen};

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/lookback/items", get(list))
        .route("/lookback/items.xlsx", get(export))
        .route("/lookback/items/{id}/decision", post(decision))
        .route("/lookback/figures", get(figures))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ItemQuery>,
) -> Result<Json<Page<ItemView>>, HttpError> {
    Ok(Json(views::list(&workspace, &caller, &query).await?))
}

async fn export(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ItemQuery>,
) -> Result<Response, HttpError> {
    let file = views::export(&workspace, &caller, &query).await?;
    Ok(crate::register::attachment(
        "lookback-items.xlsx",
        TableFormat::Xlsx,
        file,
    ))
}

async fn decision(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(decision): Json<Decision>,
) -> Result<Json<ItemView>, HttpError> {
    let version = version_seen(&headers)?;
    let item = decide(&workspace, &caller, id, version, decision).await?;
    Ok(Json(item))
}

#[derive(Deserialize)]
struct AreaQuery {
    area: Option<AreaCode>,
}

async fn figures(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<LookbackFigures>, HttpError> {
    Ok(Json(
        views::figures(&workspace, &caller, query.area.as_ref()).await?,
    ))
}
