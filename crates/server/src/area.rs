//! Areas: the table with its versions, adding, and changes with their preview.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::areas::{
    self, AreaDetail, AreaQuery, AreaView, ChangePreview, ChangeRequest, NewArea, PastPlace,
};
use anju_app::register::views::TableFormat;
use anju_model::area::AreaCode;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/areas", get(list).post(add))
        .route("/areas.xlsx", get(export_xlsx))
        .route("/areas.csv", get(export_csv))
        .route("/areas/changes", post(change))
        .route("/areas/changes/preview", post(preview))
        .route("/areas/{code}", get(show))
        .route("/register/households/{id}/places", get(places))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Json<Vec<AreaView>>, HttpError> {
    Ok(Json(areas::list(&workspace, &caller, &query).await?))
}

async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Response, HttpError> {
    let file = areas::export(&workspace, &caller, &query, TableFormat::Xlsx).await?;
    Ok(attachment("areas.xlsx", TableFormat::Xlsx, file))
}

async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AreaQuery>,
) -> Result<Response, HttpError> {
    let file = areas::export(&workspace, &caller, &query, TableFormat::Csv).await?;
    Ok(attachment("areas.csv", TableFormat::Csv, file))
}

async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(code): Path<AreaCode>,
) -> Result<Json<AreaDetail>, HttpError> {
    Ok(Json(areas::detail(&workspace, &caller, &code).await?))
}

async fn add(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewArea>,
) -> Result<(StatusCode, Json<AreaDetail>), HttpError> {
    let added = areas::add(&workspace, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn preview(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<ChangeRequest>,
) -> Result<Json<ChangePreview>, HttpError> {
    Ok(Json(areas::preview(&workspace, &caller, &request).await?))
}

async fn change(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<ChangeRequest>,
) -> Result<Json<ChangePreview>, HttpError> {
    Ok(Json(areas::change(&workspace, &caller, &request).await?))
}

async fn places(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<PastPlace>>, HttpError> {
    Ok(Json(areas::places_of_household(&workspace, &caller, id).await?))
}
