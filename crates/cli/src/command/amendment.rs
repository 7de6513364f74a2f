//! `anju amendment …`.

use std::process::ExitCode;

use anju_app::AppError;
use anju_app::register::amendment::{self, AmendmentQuery};
use anju_model::amendment::AmendmentState;

use crate::Context;

/// Amendments of households on frozen rosters; they are asked for and decided in the web app, by different people.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// List the newest amendments.
    List {
        /// Only this state: `asked`, `township_approved`, `applied` or `refused`.
        #[arg(long, value_parser = parse_state)]
        state: Option<AmendmentState>,
    },
}

fn parse_state(text: &str) -> Result<AmendmentState, String> {
    AmendmentState::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = AmendmentState::ALL.iter().map(|state| state.code()).collect();
        format!("one of {}", codes.join(", "))
    })
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let Arguments::List { state } = arguments;
    let query = AmendmentQuery {
        state,
        limit: Some(200),
        ..AmendmentQuery::default()
    };
    let page = amendment::list(&workspace, &crate::operator(&workspace), &query).await?;
    let output = &context.output;
    let lines: Vec<(&str, String)> = page
        .items
        .iter()
        .map(|found| {
            let fields: Vec<&str> = found
                .changes
                .iter()
                .map(|change| output.say(change.field.zh(), change.field.en()))
                .collect();
            let by = found.steps.last().map_or("", |step| &step.by);
            let state = output.say(found.state.zh(), found.state.en());
            (
                found.register_number.as_str(),
                format!("{} · {state} · {by} · {}", fields.join(", "), found.reason),
            )
        })
        .collect();
    output.result(&page, &lines)?;
    Ok(ExitCode::SUCCESS)
}
