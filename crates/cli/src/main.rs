//! The command line program `anju`: one file per command, each thin around one use case.
//!
//! Exit codes: 0 done, 1 failed, 2 bad input or usage (nothing was written).

mod command;
mod output;

use std::path::PathBuf;
use std::process::ExitCode;

use anju_app::workspace::Environment;
use anju_app::{AppError, Caller, Workspace};
use clap::{Parser, Subcommand, ValueEnum};

/// Imports and verification allocate and free small values on several threads; the system's allocator takes a fifth of
/// their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Anju (安居): from a county's household register to its settled communities.
#[derive(Parser)]
#[command(name = "anju", version, about, propagate_version = true)]
struct Arguments {
    /// Directory of the workspace.
    #[arg(long, short, global = true, default_value = ".", env = "ANJU_WORKSPACE")]
    workspace: PathBuf,
    /// Database instead of the configured one: `sqlite:FILE` or `postgres://USER@HOST/NAME`.
    #[arg(long, global = true, env = "ANJU_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Print the result as one JSON object.
    #[arg(long, global = true)]
    json: bool,
    /// Language of messages.
    #[arg(long, global = true, value_enum, env = "ANJU_LANGUAGE", default_value = "zh")]
    language: LanguageArgument,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LanguageArgument {
    /// 简体中文.
    Zh,
    /// English.
    En,
}

#[derive(Subcommand)]
enum Command {
    Init(command::init::Arguments),
    Import(command::import::Arguments),
    Lookback(command::lookback::Arguments),
    Land(command::land::Arguments),
    Plan(command::plan::Arguments),
    Serve(command::serve::Arguments),
    #[command(subcommand)]
    Register(command::register::Arguments),
    #[command(subcommand)]
    Roster(command::roster::Arguments),
    #[command(subcommand)]
    Amendment(command::amendment::Arguments),
    #[command(subcommand)]
    Document(command::document::Arguments),
    #[command(subcommand)]
    Ledger(command::ledger::Arguments),
    #[command(subcommand)]
    Profile(command::profile::Arguments),
    #[command(subcommand)]
    Example(command::example::Arguments),
}

/// What every command is given besides its own arguments.
pub(crate) struct Context {
    workspace: PathBuf,
    database: Option<String>,
    pub(crate) output: output::Output,
}

impl Context {
    async fn open(&self) -> Result<Workspace, AppError> {
        Workspace::open(&self.workspace, self.database.as_deref(), Environment::system()).await
    }
}

/// The person at this machine.
fn operator(workspace: &Workspace) -> Caller {
    let name = std::env::var("USER")
        .or_else(|_| std::env::var("USERNAME"))
        .unwrap_or_else(|_| "operator".into());
    Caller::operator(&name, &workspace.county().code)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("ANJU_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,tower_http=warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let output = output::Output {
        json: arguments.json,
        chinese: matches!(arguments.language, LanguageArgument::Zh),
    };
    let context = Context {
        workspace: arguments.workspace,
        database: arguments.database,
        output,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("anju: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Init(arguments) => command::init::run(&context, arguments).await,
            Command::Import(arguments) => command::import::run(&context, arguments).await,
            Command::Lookback(arguments) => command::lookback::run(&context, arguments).await,
            Command::Land(arguments) => command::land::run(&context, arguments).await,
            Command::Plan(arguments) => command::plan::run(&context, arguments).await,
            Command::Serve(arguments) => command::serve::run(&context, arguments).await,
            Command::Register(arguments) => command::register::run(&context, arguments).await,
            Command::Roster(arguments) => command::roster::run(&context, arguments).await,
            Command::Amendment(arguments) => command::amendment::run(&context, arguments).await,
            Command::Document(arguments) => command::document::run(&context, arguments).await,
            Command::Ledger(arguments) => command::ledger::run(&context, arguments).await,
            Command::Profile(arguments) => command::profile::run(&context, arguments).await,
            Command::Example(arguments) => command::example::run(&context, arguments),
        }
    });
    match outcome {
        Ok(code) => code,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::from(output::CLOSED_PIPE),
        Err(error) => {
            context.output.error(&error);
            if error.is_bad_input() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
