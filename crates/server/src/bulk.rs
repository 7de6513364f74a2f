//! Bulk changes: sheets out, sheets in, batches and their steps; and the views that people save of a list.

use std::collections::BTreeSet;
use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::bulk::{
    self, BulkQuery, BulkRowView, BulkStep, BulkView, ColumnView, OneValue, Part, Reading, RowQuery,
    SHEET_BYTES, SheetFormat, SheetRequest,
};
use anju_app::register::saved_view::{self, NewView, ViewView};
use anju_app::register::unmask::Need;
use anju_app::register::views::{Page, Rows, TableFormat};
use anju_model::access::Purpose;
use anju_model::bulk::RefusedRow;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::Server;
use crate::caller::{SignedIn, seen_version};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> Router<Server> {
    Router::new()
        .route("/register/change-sheet-columns", get(columns))
        .route("/register/change-sheets", post(change_sheet))
        .route(
            "/register/bulk-changes",
            // One byte more, so that the use case says what is too large.
            get(list).post(read).layer(DefaultBodyLimit::max(SHEET_BYTES + 1)),
        )
        .route("/register/bulk-edits", post(edit))
        .route("/register/bulk-changes/{id}", get(show))
        .route("/register/bulk-changes/{id}/rows", get(rows))
        .route("/register/bulk-changes/{id}/refused", get(refused))
        .route("/register/bulk-changes/{id}/changes.xlsx", get(export_xlsx))
        .route("/register/bulk-changes/{id}/changes.csv", get(export_csv))
        .route("/register/bulk-changes/{id}/steps", post(step))
        .route("/register/bulk-changes/{id}/undo", post(undo))
        .route("/views", get(views).post(save_view))
        .route("/views/{id}", delete(delete_view))
}

async fn columns(SignedIn(caller): SignedIn) -> Result<Json<Vec<ColumnView>>, HttpError> {
    Ok(Json(bulk::columns(&caller)?))
}

async fn change_sheet(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(request): Json<SheetRequest>,
) -> Result<Response, HttpError> {
    let file = bulk::change_sheet(&workspace, &caller, &request).await?;
    let name = match (request.format, request.part) {
        (SheetFormat::Xlsx, _) => "change-sheet.xlsx",
        (SheetFormat::Csv, Part::Households) => "change-sheet-households.csv",
        (SheetFormat::Csv, Part::Members) => "change-sheet-members.csv",
    };
    Ok(attachment(name, request.format.into(), file))
}

async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<BulkQuery>,
) -> Result<Json<Page<BulkView>>, HttpError> {
    Ok(Json(bulk::list(&workspace, &caller, &query).await?))
}

/// How the file in the body is to be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upload {
    /// Name of the file.
    name: String,
    /// Columns whose emptied cells are changes, with commas between.
    #[serde(default)]
    clear: String,
    /// What personal data is changed for.
    purpose: Option<Purpose>,
    /// The purpose in words.
    note: Option<String>,
}

async fn read(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(upload): Query<Upload>,
    body: Bytes,
) -> Result<(StatusCode, Json<BulkView>), HttpError> {
    let clear: BTreeSet<String> = upload
        .clear
        .split(',')
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .map(str::to_owned)
        .collect();
    let note = upload.note;
    let reading = Reading {
        clear,
        need: upload.purpose.map(|purpose| Need { purpose, note }),
    };
    let batch = bulk::read(&workspace, &caller, &upload.name, body.to_vec(), &reading).await?;
    Ok((StatusCode::CREATED, Json(batch)))
}

async fn edit(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(wanted): Json<OneValue>,
) -> Result<(StatusCode, Json<BulkView>), HttpError> {
    let batch = bulk::edit(&workspace, &caller, &wanted).await?;
    Ok((StatusCode::CREATED, Json(batch)))
}

async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<BulkView>, HttpError> {
    Ok(Json(bulk::show(&workspace, &caller, id).await?))
}

async fn rows(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<RowQuery>,
) -> Result<Json<Rows<BulkRowView>>, HttpError> {
    Ok(Json(bulk::changed_rows(&workspace, &caller, id, &query).await?))
}

async fn refused(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<RowQuery>,
) -> Result<Json<Rows<RefusedRow>>, HttpError> {
    Ok(Json(bulk::refused_rows(&workspace, &caller, id, &query).await?))
}

async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = bulk::export(&workspace, &caller, id, TableFormat::Xlsx).await?;
    Ok(attachment("bulk-change.xlsx", TableFormat::Xlsx, file))
}

async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = bulk::export(&workspace, &caller, id, TableFormat::Csv).await?;
    Ok(attachment("bulk-change.csv", TableFormat::Csv, file))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    step: BulkStep,
    /// Reason of asking, remark of a decision.
    remark: Option<String>,
}

async fn step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(taken): Json<Taken>,
) -> Result<Json<BulkView>, HttpError> {
    let version = seen_version(&headers)?;
    Ok(Json(
        bulk::step(
            &workspace,
            &caller,
            id,
            version,
            taken.step,
            taken.remark.as_deref(),
        )
        .await?,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undoing {
    /// What personal data is changed back for, where the batch holds any.
    need: Option<Need>,
}

async fn undo(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(undoing): Json<Undoing>,
) -> Result<(StatusCode, Json<BulkView>), HttpError> {
    let batch = bulk::undo(&workspace, &caller, id, undoing.need.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(batch)))
}

#[derive(Deserialize)]
struct OfPage {
    page: String,
}

async fn views(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(of): Query<OfPage>,
) -> Result<Json<Vec<ViewView>>, HttpError> {
    Ok(Json(saved_view::list(&workspace, &caller, &of.page).await?))
}

async fn save_view(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewView>,
) -> Result<(StatusCode, Json<ViewView>), HttpError> {
    let saved = saved_view::save(&workspace, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(saved)))
}

async fn delete_view(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    saved_view::delete(&workspace, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
