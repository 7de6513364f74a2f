//! The look-back worklist.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::lookback::views::{self, ItemQuery, ItemView, LookbackFigures};
use anju_app::lookback::{Decision, decide};
use anju_app::register::views::Page;
use anju_app::table::TableFormat;
use anju_model::lookback::ItemState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{AreaQuery, IfMatch, Json, Path, Query};
use crate::many::{Many, ManyDone};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
        .routes(routes!(decide_many))
        .routes(routes!(show))
        .routes(routes!(decision))
        .routes(routes!(figures))
}

/// The worklist of look-back items.
#[utoipa::path(
    get,
    path = "/lookback/items",
    operation_id = "listLookbackItems",
    tag = "lookback",
    params(ItemQuery),
    responses((status = OK, description = "The worklist of look-back items.", body = Page<ItemView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ItemQuery>,
) -> Result<Json<Page<ItemView>>, HttpError> {
    Ok(Json(views::list(&workspace, &caller, &query).await?))
}

/// The worklist as a workbook.
#[utoipa::path(
    get,
    path = "/lookback/items.xlsx",
    operation_id = "exportLookbackItems",
    tag = "lookback",
    params(ItemQuery),
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
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

/// One item.
#[utoipa::path(
    get,
    path = "/lookback/items/{id}",
    operation_id = "readLookbackItem",
    tag = "lookback",
    responses((status = OK, description = "The item.", body = ItemView))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ItemView>, HttpError> {
    Ok(Json(views::item(&workspace, &caller, id).await?))
}

/// One of several decisions on items.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemDecided {
    /// The item.
    id: Uuid,
    /// The version seen.
    version: i64,
    /// What it is found to be.
    state: ItemState,
    /// Why.
    reason: Option<String>,
}

/// Decides on many items; each is decided and answered by itself.
#[utoipa::path(
    post,
    path = "/lookback/items/decisions",
    operation_id = "decideLookbackItems",
    tag = "lookback",
    responses((status = MULTI_STATUS, description = "What became of each.", body = ManyDone))
)]
async fn decide_many(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(many): Json<Many<ItemDecided>>,
) -> Result<(StatusCode, Json<ManyDone>), HttpError> {
    let mut done = ManyDone::default();
    for item in many.items()? {
        let decision = Decision {
            state: item.state,
            reason: item.reason,
        };
        let decided = decide(&workspace, &caller, item.id, item.version, decision).await;
        done.add(decided.map(|item| (item.id, item.version)));
    }
    Ok(done.answer())
}

/// Confirms or dismisses an item, or opens it again.
#[utoipa::path(
    post,
    path = "/lookback/items/{id}/decision",
    operation_id = "decideLookbackItem",
    tag = "lookback",
    params(IfMatch),
    responses((status = OK, description = "Confirms or dismisses an item, or opens it again.", body = ItemView))
)]
async fn decision(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(decision): Json<Decision>,
) -> Result<Json<ItemView>, HttpError> {
    let item = decide(&workspace, &caller, id, version, decision).await?;
    Ok(Json(item))
}

/// Items by rule and by township.
#[utoipa::path(
    get,
    path = "/lookback/figures",
    operation_id = "readLookbackFigures",
    tag = "lookback",
    params(AreaQuery),
    responses((status = OK, description = "Items by rule and by township.", body = LookbackFigures))
)]
async fn figures(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<LookbackFigures>, HttpError> {
    Ok(Json(
        views::figures(&workspace, &caller, query.area.as_ref()).await?,
    ))
}
