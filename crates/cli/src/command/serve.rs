//! `anju serve`.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anju_app::AppError;

use crate::Context;

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
}

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
    let router = anju_server::router_at(workspace, arguments.public_address.as_deref()).await?;
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
    if context.output.json {
        println!("{}", serde_json::json!({ "url": format!("http://{address}") }));
    } else {
        println!(
            "{} http://{address}",
            context.output.say("安居已启动:", "Anju is serving at")
        );
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
