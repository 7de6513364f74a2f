//! Departments' data: what was imported of them, and handing a file in.

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::register::extract::{self, ExtractFiles, ExtractQuery, ExtractView};
use anju_app::register::import::ListSource;
use anju_app::register::import::department::{self, EXTRACT_BYTES, ImportedExtract};
use anju_app::register::views::Page;
use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::Server;
use crate::caller::SignedIn;
use crate::extract::{Bytes, Json, Query, body_limit};
use crate::problem::HttpError;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(files, import).layer(body_limit(EXTRACT_BYTES)))
        .routes(routes!(records))
}

/// The files of departments' data that the caller may see: a department user those of the own department.
#[utoipa::path(
    get,
    path = "/register/department-data",
    operation_id = "listDepartmentFiles",
    tag = "register",
    responses((status = OK, description = "Kinds and files, the newest first.", body = ExtractFiles))
)]
async fn files(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<ExtractFiles>, HttpError> {
    Ok(Json(extract::files(&workspace, &caller).await?))
}

/// Records of one kind of departments' data, masked, by file and row.
#[utoipa::path(
    get,
    path = "/register/department-data/records",
    operation_id = "listDepartmentRecords",
    tag = "register",
    params(ExtractQuery),
    responses((status = OK, description = "The records.", body = Page<ExtractView>))
)]
async fn records(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<ExtractQuery>,
) -> Result<Json<Page<ExtractView>>, HttpError> {
    Ok(Json(extract::list(&workspace, &caller, &query).await?))
}

/// The file in the body.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Upload {
    /// Name of the file, with its extension.
    name: String,
    /// Number of the document that approved the list, where the rows of a poverty list do not say it.
    document: Option<String>,
    /// The office that issued it.
    office: Option<String>,
}

/// Imports a file of departments' data: all rows that can be used, or nothing when the file cannot.
#[utoipa::path(
    post,
    path = "/register/department-data",
    operation_id = "importDepartmentFile",
    tag = "register",
    params(Upload),
    responses((status = OK, description = "What came of the file, sheet by sheet.", body = Vec<ImportedExtract>))
)]
async fn import(
    State(workspace): State<Arc<Workspace>>,
    SignedIn(caller): SignedIn,
    Query(upload): Query<Upload>,
    Bytes(body): Bytes,
) -> Result<Json<Vec<ImportedExtract>>, HttpError> {
    let source = ListSource {
        document: upload.document,
        office: upload.office,
    };
    Ok(Json(
        department::import(&workspace, &caller, &upload.name, body.to_vec(), source).await?,
    ))
}
