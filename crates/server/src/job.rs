//! Jobs: start, watch, cancel.

use anju_app::job::{JobRunner, JobView};
use anju_model::job::JobKind;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Json, Path};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, submit))
        .routes(routes!(show, cancel))
}

/// A job to be started.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJob {
    kind: JobKind,
}

/// The latest 100 jobs, the newest first.
#[utoipa::path(
    get,
    path = "/jobs",
    operation_id = "listJobs",
    tag = "jobs",
    responses((status = OK, description = "The latest 100 jobs, the newest first.", body = Vec<JobView>))
)]
async fn list(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<JobView>>, HttpError> {
    Ok(Json(jobs.list(&caller).await?))
}

/// Starts a job; one runs at a time.
#[utoipa::path(
    post,
    path = "/jobs",
    operation_id = "startJob",
    tag = "jobs",
    responses((status = ACCEPTED, description = "Starts a job; one runs at a time.", body = JobView))
)]
async fn submit(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewJob>,
) -> Result<(StatusCode, Json<JobView>), HttpError> {
    Ok((StatusCode::ACCEPTED, Json(jobs.submit(&caller, new.kind).await?)))
}

/// One job, with its progress while it runs.
#[utoipa::path(
    get,
    path = "/jobs/{id}",
    operation_id = "readJob",
    tag = "jobs",
    responses((status = OK, description = "One job, with its progress while it runs.", body = JobView))
)]
async fn show(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<JobView>, HttpError> {
    Ok(Json(jobs.get(&caller, id).await?))
}

/// Asks a running job to stop; one that is over stays as it is.
#[utoipa::path(
    delete,
    path = "/jobs/{id}",
    operation_id = "cancelJob",
    tag = "jobs",
    responses((status = ACCEPTED, description = "Asks a running job to stop; one that is over stays as it is.", body = JobView))
)]
async fn cancel(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<JobView>), HttpError> {
    Ok((StatusCode::ACCEPTED, Json(jobs.cancel(&caller, id).await?)))
}
