//! The HTTP API under `/api/v1` and the web app.
//!
//! Handlers are thin: they read the request, call one use case of `anju_app` and answer JSON or problem details
//! (RFC 9457). Each module holds the routes of one stage. What is absent: business rules, SQL, file formats.

mod amendment;
mod area;
mod assets;
mod bulk;
mod caller;
mod category;
mod code_lists;
mod conventions;
mod department_data;
mod description;
mod document;
mod extract;
mod geo_json;
mod hazard;
mod household;
mod idempotency;
mod identification;
mod job;
mod land;
mod ledger;
mod lookback;
mod many;
mod plan;
mod problem;
mod provider;
mod register;
mod roster;
mod session;
mod start;
mod user;

use std::sync::Arc;
use std::time::Duration;

use anju_app::Workspace;
use anju_app::access::provider::Provider;
use anju_app::job::JobRunner;
use anju_app::ledger::keeping::{Keeper, KeepingSettings};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use utoipa_axum::router::OpenApiRouter;

pub use problem::ProblemDetails;

/// Largest request body: requests are small commands; files come in by the command line.
const BODY_LIMIT_BYTES: usize = 1 << 20;

/// What every handler can reach.
#[derive(Clone, FromRef)]
struct Server {
    workspace: Arc<Workspace>,
    jobs: JobRunner,
    tiles: Arc<land::TileCache>,
    reach: caller::Reach,
    provider: Option<Arc<Provider>>,
    keeper: Option<Arc<Keeper>>,
}

/// How the service is reached, and what it does beside answering.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// Scheme and host that browsers ask for. With `https://` the session's cookie is kept to TLS and to this host.
    pub public_address: Option<String>,
    /// The secret that this program has with the provider of single sign-on, when the environment gives it.
    pub client_secret: Option<String>,
    /// Where checkpoints are kept and how often, in the place of what `anju.toml` says.
    pub keeping: Option<KeepingSettings>,
}

/// The whole service: API and web app, on this machine alone.
///
/// # Errors
/// When the database fails.
pub async fn router(workspace: Arc<Workspace>) -> Result<Router, anju_app::AppError> {
    router_for(workspace, Serving::default()).await
}

/// The whole service.
///
/// # Errors
/// When the database fails, or the settings of single sign-on or of keeping checkpoints are of no use.
pub async fn router_for(workspace: Arc<Workspace>, serving: Serving) -> Result<Router, anju_app::AppError> {
    let public_address = serving.public_address.as_deref();
    let provider = match public_address {
        Some(address) => Provider::open(&workspace, address, serving.client_secret)?,
        None => None,
    };
    let keeper = serving
        .keeping
        .as_ref()
        .or(workspace.keeping())
        .map(|settings| Arc::new(Keeper::new(&workspace, settings)));
    if let Some(keeper) = keeper.clone() {
        tokio::spawn(keeper.run(workspace.clone()));
    }
    let server = Server {
        reach: caller::Reach {
            https: public_address.is_some_and(|address| address.starts_with("https://")),
        },
        provider: provider.map(Arc::new),
        keeper,
        jobs: JobRunner::start(workspace.clone()).await?,
        tiles: Arc::default(),
        workspace,
    };
    let (described, document) = described();
    let operations = Arc::new(conventions::Operations::of(&document));
    let keys = idempotency::Keys {
        operations: operations.clone(),
        server: server.clone(),
    };
    let inner = described.with_state(server);
    let layer = conventions::Conventions {
        operations,
        inner: inner.clone(),
    };
    let api = inner
        .route_layer(from_fn_with_state(layer, conventions::apply))
        .route_layer(from_fn_with_state(keys, idempotency::apply))
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::unknown_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(header("cache-control", "no-store"));
    Ok(Router::new()
        .nest(description::BASE, api)
        .fallback(assets::serve)
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(header("x-frame-options", "DENY"))
        .layer(header("content-security-policy", CONTENT_SECURITY_POLICY))
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http()))
}

/// All routes with their description, which they serve themselves.
fn described() -> (Router<Server>, serde_json::Value) {
    let routes = OpenApiRouter::new()
        .merge(code_lists::routes())
        .merge(session::routes())
        .merge(provider::routes())
        .merge(start::routes())
        .merge(register::routes())
        .merge(household::routes())
        .merge(area::routes())
        .merge(hazard::routes())
        .merge(category::routes())
        .merge(identification::routes())
        .merge(document::routes())
        .merge(roster::routes())
        .merge(amendment::routes())
        .merge(bulk::routes())
        .merge(department_data::routes())
        .merge(lookback::routes())
        .merge(land::routes())
        .merge(plan::routes())
        .merge(job::routes())
        .merge(ledger::routes())
        .merge(user::routes())
        .merge(description::routes());
    let document = description::of(&routes);
    (routes.split_for_parts().0, document)
}

/// The description of the API in OpenAPI 3.1, as it is committed in `docs/openapi.json` and served.
pub fn description() -> String {
    description::text(&described().1)
}

/// Nothing is fetched from or sent to anywhere else. Map workers are blobs of our own code; Ant Design writes its
/// styles into the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Sets a header unless the handler has set its own.
fn header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// Serves until `stop` resolves. Open requests get [`GRACE`] to finish; whoever never sends the rest of one does not hold
/// the program up.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        // Nobody listens when serving ended by itself.
        drop(stopping);
    });
    let late = async {
        drop(stopped.await);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        () = late => Ok(()),
    }
}

/// How long open requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long a browser may keep a fingerprinted file.
const ASSET_AGE: Duration = Duration::from_secs(365 * 24 * 3600);

/// The answer for a path that names nothing.
const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;

#[cfg(test)]
mod tests {
    use axum::Router;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_request_that_is_never_finished_does_not_hold_the_server_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(super::serve(listener, Router::new(), async {
            drop(stopped.await);
        }));
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            .await
            .unwrap();
        // The answer shows that the connection is taken; the next request stops half-way.
        let mut answer = [0; 12];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 404");
        client.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        stop.send(()).unwrap();
        serving.await.unwrap().unwrap();
    }
}
