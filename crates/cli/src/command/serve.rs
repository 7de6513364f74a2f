//! `anju serve`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anju_app::AppError;
use anju_app::ledger::keeping::KeepingSettings;
use anju_server::Serving;

use crate::Context;
use crate::output::{is_closed_pipe, print};

/// Serve the web app and the API.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address to listen on; anything but loopback belongs behind a TLS proxy.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on; 0 picks a free one.
    #[arg(long, short, default_value_t = 8080)]
    port: u16,
    /// Address that browsers ask for when a TLS proxy stands in front, e.g. https://anju.example.org; the session's
    /// cookie is then sent over TLS only.
    #[arg(long, value_name = "URL", value_parser = public_address)]
    public_address: Option<String>,
    /// Keep signed checkpoints in this folder, which should lie on another machine; one that is there is proved to fit
    /// before the next is added.
    #[arg(long, value_name = "DIR")]
    keep_checkpoints: Option<PathBuf>,
    /// Minutes between kept checkpoints.
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 60,
        requires = "keep_checkpoints"
    )]
    checkpoint_interval: u32,
}

/// The environment variable with the secret that this program has with the provider of single sign-on.
const CLIENT_SECRET: &str = "ANJU_OIDC_CLIENT_SECRET";

/// Scheme and host, with nothing after them.
fn public_address(text: &str) -> Result<String, String> {
    let address = text.trim_end_matches('/');
    let host = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or_default();
    if host.is_empty()
        || host.contains(|letter: char| letter == '/' || letter == '@' || letter.is_whitespace())
    {
        return Err("须为 https://主机 的形式 / expected https://HOST".into());
    }
    Ok(address.to_owned())
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = Arc::new(context.open().await?);
    let keeping = match arguments.keep_checkpoints {
        Some(folder) => {
            let settings = KeepingSettings {
                // The workspace's own settings are relative to it; what is typed is relative to where it is typed.
                folder: std::path::absolute(&folder).map_err(AppError::io(&folder))?,
                minutes: arguments.checkpoint_interval,
            };
            settings.check(Path::new("--checkpoint-interval"))?;
            Some(settings)
        }
        None => None,
    };
    let address = SocketAddr::new(arguments.host, arguments.port);
    let bound = async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let (listener, address) = bound.await.map_err(|error: std::io::Error| {
        AppError::invalid(
            "listen",
            address.to_string(),
            format!("无法监听 {address}:{error};请用 --port 另选端口"),
            format!("cannot listen on {address}: {error}; choose another port with --port"),
        )
    })?;
    let serving = Serving {
        // Without a proxy browsers ask for where it listens.
        public_address: Some(
            arguments
                .public_address
                .unwrap_or_else(|| format!("http://{address}")),
        ),
        client_secret: std::env::var(CLIENT_SECRET)
            .ok()
            .filter(|secret| !secret.is_empty()),
        keeping,
    };
    let router = anju_server::router_for(workspace, serving).await?;
    let told = match context.output.json {
        true => format!("{}\n", serde_json::json!({ "url": format!("http://{address}") })),
        false => {
            let words = context.output.say("安居已启动:", "Anju is serving at");
            format!("{words} http://{address}\n")
        }
    };
    match print(&told) {
        // It serves whether or not somebody reads this.
        Err(error) if !is_closed_pipe(&error) => return Err(error),
        _ => {}
    }
    let stop = async {
        let interrupted = tokio::signal::ctrl_c();
        #[cfg(unix)]
        {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut terminated) => {
                    tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
                }
                Err(_) => drop(interrupted.await),
            }
        }
        #[cfg(not(unix))]
        drop(interrupted.await);
    };
    anju_server::serve(listener, router, stop)
        .await
        .map_err(|error| AppError::Aborted(format!("the server stopped: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
