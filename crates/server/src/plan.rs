//! The plan: totals and sites, who goes where, flows for the map, figures for the charts.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::plan::views::{self, AssignmentQuery, AssignmentView, PlanFigures, PlanView};
use anju_app::register::views::Page;
use anju_app::table::TableFormat;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Json, Query};
use crate::geo_json::{FeatureCollection, FlowFeature, geo_json};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(assignments))
        .routes(routes!(export))
        .routes(routes!(flows))
        .routes(routes!(figures))
}

/// The newest plan; null before the first.
#[utoipa::path(
    get,
    path = "/plan",
    operation_id = "readPlan",
    tag = "plan",
    responses((status = OK, description = "The newest plan; null before the first.", body = Option<PlanView>))
)]
async fn page(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<PlanView>>, HttpError> {
    Ok(Json(views::page(&workspace, &caller).await?))
}

/// Who goes where.
#[utoipa::path(
    get,
    path = "/plan/assignments",
    operation_id = "listAssignments",
    tag = "plan",
    params(AssignmentQuery),
    responses((status = OK, description = "Who goes where.", body = Page<AssignmentView>))
)]
async fn assignments(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<AssignmentQuery>,
) -> Result<Json<Page<AssignmentView>>, HttpError> {
    Ok(Json(views::assignments(&workspace, &caller, &query).await?))
}

/// Who goes where, as a workbook.
#[utoipa::path(
    get,
    path = "/plan/assignments.xlsx",
    operation_id = "exportAssignments",
    tag = "plan",
    params(AssignmentQuery),
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>))
)]
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

/// Lines from villages to sites as GeoJSON.
#[utoipa::path(
    get,
    path = "/plan/flows.geojson",
    operation_id = "readFlows",
    tag = "plan",
    responses((status = OK, description = "GeoJSON (RFC 7946).", content_type = "application/geo+json", body = FeatureCollection<FlowFeature>))
)]
async fn flows(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Response, HttpError> {
    Ok(geo_json(&views::flows(&workspace, &caller).await?))
}

/// Figures of the newest plan; null before the first.
#[utoipa::path(
    get,
    path = "/plan/figures",
    operation_id = "readPlanFigures",
    tag = "plan",
    responses((status = OK, description = "Figures of the newest plan; null before the first.", body = Option<PlanFigures>))
)]
async fn figures(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Option<PlanFigures>>, HttpError> {
    Ok(Json(views::figures(&workspace, &caller).await?))
}
