//! The web app's files, built by Vite and carried inside the program (read from disk in a development build).

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::problem::HttpError;

#[derive(RustEmbed)]
#[folder = "../../web/dist/"]
struct WebApp;

/// Answers a file of the web app; a path without one is a view of the app, which `index.html` opens.
pub(crate) async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if !matches!(method, Method::GET | Method::HEAD) || path.starts_with("api/") {
        return HttpError::not_found().into_response();
    }
    let fingerprinted = path.starts_with("assets/");
    let name = match WebApp::get(path) {
        Some(_) => path,
        None if fingerprinted => return HttpError::not_found().into_response(),
        None => "index.html",
    };
    let Some(file) = WebApp::get(name) else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "网页尚未构建:请运行 cargo demo,或在 web 目录运行 npm ci && npm run build\n\
             The web app is not built: run `cargo demo`, or `npm ci && npm run build` in web/.\n",
        )
            .into_response();
    };
    let cache = if fingerprinted {
        format!("public, max-age={}, immutable", crate::ASSET_AGE.as_secs())
    } else {
        "no-cache".to_owned()
    };
    let kind = file.metadata.mimetype().to_owned();
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)],
        file.data.into_owned(),
    )
        .into_response()
}
