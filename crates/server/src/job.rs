//! Jobs: start, watch, cancel.

use anju_app::job::{JobRunner, JobView};
use anju_model::job::JobKind;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::problem::HttpError;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/jobs", get(list).post(submit))
        .route("/jobs/{id}", get(show).delete(cancel))
}

#[derive(Deserialize)]
struct NewJob {
    kind: JobKind,
}

async fn list(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<JobView>>, HttpError> {
    Ok(Json(jobs.list(&caller).await?))
}

async fn submit(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewJob>,
) -> Result<(StatusCode, Json<JobView>), HttpError> {
    Ok((StatusCode::ACCEPTED, Json(jobs.submit(&caller, new.kind).await?)))
}

async fn show(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<JobView>, HttpError> {
    Ok(Json(jobs.get(&caller, id).await?))
}

async fn cancel(
    State(jobs): State<JobRunner>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<JobView>), HttpError> {
    Ok((StatusCode::ACCEPTED, Json(jobs.cancel(&caller, id).await?)))
}
