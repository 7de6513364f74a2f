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
use anju_app::register::views::{Page, Rows};
use anju_app::table::TableFormat;
use anju_model::access::Purpose;
use anju_model::bulk::RefusedRow;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Bytes, IfMatch, Json, Path, Query, body_limit};
use crate::problem::HttpError;
use crate::register::attachment;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(columns))
        .routes(routes!(change_sheet))
        .routes(routes!(list, read).layer(body_limit(SHEET_BYTES)))
        .routes(routes!(edit))
        .routes(routes!(show))
        .routes(routes!(rows))
        .routes(routes!(refused))
        .routes(routes!(export_xlsx))
        .routes(routes!(export_csv))
        .routes(routes!(step))
        .routes(routes!(undo))
        .routes(routes!(views, save_view))
        .routes(routes!(delete_view))
}

/// The columns of change sheets, in their order.
#[utoipa::path(
    get,
    path = "/register/change-sheet-columns",
    operation_id = "listChangeSheetColumns",
    tag = "register",
    responses((status = OK, description = "The columns of change sheets, in their order.", body = Vec<ColumnView>))
)]
async fn columns(SignedIn(caller): SignedIn) -> Result<Json<Vec<ColumnView>>, HttpError> {
    Ok(Json(bulk::columns(&caller)?))
}

/// A sheet of households and members to be edited and handed back; with a purpose personal data is whole, which goes on the ledger.
#[utoipa::path(
    post,
    path = "/register/change-sheets",
    operation_id = "makeChangeSheet",
    tag = "register",
    responses((status = OK, description = "The file, in the format asked for.", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv"),
    )))
)]
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

/// Bulk changes, the newest first.
#[utoipa::path(
    get,
    path = "/register/bulk-changes",
    operation_id = "listBulkChanges",
    tag = "register",
    params(BulkQuery),
    responses((status = OK, description = "Bulk changes, the newest first.", body = Page<BulkView>))
)]
async fn list(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<BulkQuery>,
) -> Result<Json<Page<BulkView>>, HttpError> {
    Ok(Json(bulk::list(&workspace, &caller, &query).await?))
}

/// How the file in the body is to be read.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
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

/// Reads an edited sheet and keeps what it would change, as a batch to be asked for.
#[utoipa::path(
    post,
    path = "/register/bulk-changes",
    operation_id = "readChangeSheet",
    tag = "register",
    params(Upload),
    responses((status = CREATED, description = "Reads an edited sheet and keeps what it would change, as a batch to be asked for.", body = BulkView))
)]
async fn read(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(upload): Query<Upload>,
    Bytes(body): Bytes,
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

/// One value for a field of many households, as a batch to be asked for.
#[utoipa::path(
    post,
    path = "/register/bulk-edits",
    operation_id = "prepareBulkEdit",
    tag = "register",
    responses((status = CREATED, description = "One value for a field of many households, as a batch to be asked for.", body = BulkView))
)]
async fn edit(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(wanted): Json<OneValue>,
) -> Result<(StatusCode, Json<BulkView>), HttpError> {
    let batch = bulk::edit(&workspace, &caller, &wanted).await?;
    Ok((StatusCode::CREATED, Json(batch)))
}

/// A bulk change.
#[utoipa::path(
    get,
    path = "/register/bulk-changes/{id}",
    operation_id = "readBulkChange",
    tag = "register",
    responses((status = OK, description = "A bulk change.", body = BulkView))
)]
async fn show(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<BulkView>, HttpError> {
    Ok(Json(bulk::show(&workspace, &caller, id).await?))
}

/// What a bulk change changes, household by household.
#[utoipa::path(
    get,
    path = "/register/bulk-changes/{id}/rows",
    operation_id = "listBulkChangeRows",
    tag = "register",
    params(RowQuery),
    responses((status = OK, description = "What a bulk change changes, household by household.", body = Rows<BulkRowView>))
)]
async fn rows(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<RowQuery>,
) -> Result<Json<Rows<BulkRowView>>, HttpError> {
    Ok(Json(bulk::changed_rows(&workspace, &caller, id, &query).await?))
}

/// The rows that are not part of a bulk change, and why.
#[utoipa::path(
    get,
    path = "/register/bulk-changes/{id}/refused",
    operation_id = "listBulkChangeRefusals",
    tag = "register",
    params(RowQuery),
    responses((status = OK, description = "The rows that are not part of a bulk change, and why.", body = Rows<RefusedRow>))
)]
async fn refused(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<RowQuery>,
) -> Result<Json<Rows<RefusedRow>>, HttpError> {
    Ok(Json(bulk::refused_rows(&workspace, &caller, id, &query).await?))
}

/// A bulk change as a workbook, with what was refused.
#[utoipa::path(
    get,
    path = "/register/bulk-changes/{id}/changes.xlsx",
    operation_id = "exportBulkChangeXlsx",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String))
)]
async fn export_xlsx(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = bulk::export(&workspace, &caller, id, TableFormat::Xlsx).await?;
    Ok(attachment("bulk-change.xlsx", TableFormat::Xlsx, file))
}

/// A bulk change as CSV.
#[utoipa::path(
    get,
    path = "/register/bulk-changes/{id}/changes.csv",
    operation_id = "exportBulkChangeCsv",
    tag = "register",
    responses((status = OK, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_csv(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, HttpError> {
    let file = bulk::export(&workspace, &caller, id, TableFormat::Csv).await?;
    Ok(attachment("bulk-change.csv", TableFormat::Csv, file))
}

/// A step of a bulk change.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkStepTaken)]
struct Taken {
    /// Which.
    step: BulkStep,
    /// Reason of asking, remark of a decision.
    remark: Option<String>,
}

/// Asks for a bulk change, approves, refuses or withdraws it; approving writes all of it or nothing.
#[utoipa::path(
    post,
    path = "/register/bulk-changes/{id}/steps",
    operation_id = "takeBulkStep",
    tag = "register",
    params(IfMatch),
    responses((status = OK, description = "Asks for a bulk change, approves, refuses or withdraws it; approving writes all of it or nothing.", body = BulkView))
)]
async fn step(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(taken): Json<Taken>,
) -> Result<Json<BulkView>, HttpError> {
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

/// What an undoing needs.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkUndoing)]
struct Undoing {
    /// What personal data is changed back for, where the batch holds any.
    need: Option<Need>,
}

/// Makes the batch that undoes an applied one, to be asked for.
#[utoipa::path(
    post,
    path = "/register/bulk-changes/{id}/undo",
    operation_id = "prepareBulkUndo",
    tag = "register",
    responses((status = CREATED, description = "Makes the batch that undoes an applied one, to be asked for.", body = BulkView))
)]
async fn undo(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    Json(undoing): Json<Undoing>,
) -> Result<(StatusCode, Json<BulkView>), HttpError> {
    let batch = bulk::undo(&workspace, &caller, id, undoing.need.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(batch)))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfPage {
    /// The page, e.g. `register`.
    page: String,
}

/// The views that the caller saved of a page, by name.
#[utoipa::path(
    get,
    path = "/views",
    operation_id = "listViews",
    tag = "register",
    params(OfPage),
    responses((status = OK, description = "The views that the caller saved of a page, by name.", body = Vec<ViewView>))
)]
async fn views(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(of): Query<OfPage>,
) -> Result<Json<Vec<ViewView>>, HttpError> {
    Ok(Json(saved_view::list(&workspace, &caller, &of.page).await?))
}

/// Saves a view; one of the same name is replaced.
#[utoipa::path(
    post,
    path = "/views",
    operation_id = "saveView",
    tag = "register",
    responses((status = CREATED, description = "Saves a view; one of the same name is replaced.", body = ViewView))
)]
async fn save_view(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewView>,
) -> Result<(StatusCode, Json<ViewView>), HttpError> {
    let saved = saved_view::save(&workspace, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(saved)))
}

/// Deletes a view of the caller's own.
#[utoipa::path(
    delete,
    path = "/views/{id}",
    operation_id = "deleteView",
    tag = "register",
    responses((status = NO_CONTENT, description = "Deletes a view of the caller's own."))
)]
async fn delete_view(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    saved_view::delete(&workspace, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
