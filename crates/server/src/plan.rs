//! The plan: totals and sites, who goes where, flows for the map, figures for the charts.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::plan::views::{self, AssignmentQuery, AssignmentView, PlanFigures, PlanView};
use anju_app::register::views::{Page, TableFormat};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/plan", get(page))
        .route("/plan/assignments", get(assignments))
        .route("/plan/assignments.xlsx", get(export))
        .route("/plan/flows.geojson", get(flows))
        .route("/plan/figures", get(figures))
}

async fn page(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<PlanView>>, HttpError> {
    Ok(Json(views::page(&workspace, &caller).await?))
}

async fn assignments(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AssignmentQuery>,
) -> Result<Json<Page<AssignmentView>>, HttpError> {
    Ok(Json(views::assignments(&workspace, &caller, &query).await?))
}

async fn export(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AssignmentQuery>,
) -> Result<Response, HttpError> {
    let file = views::export(&workspace, &caller, &query).await?;
    Ok(crate::register::attachment(
        "plan-assignments.xlsx",
        TableFormat::Xlsx,
        file,
    ))
}

async fn flows(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Response, HttpError> {
    Ok(crate::land::geojson(&views::flows(&workspace, &caller).await?))
}

async fn figures(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<PlanFigures>>, HttpError> {
    Ok(Json(views::figures(&workspace, &caller).await?))
}
