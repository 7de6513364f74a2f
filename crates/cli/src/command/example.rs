//! `anju example …`.

use std::path::PathBuf;
use std::process::ExitCode;

use anju_app::AppError;

use crate::Context;

/// The example county: fictional people on real terrain, with the faults of real files.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Write a complete fictional county into a directory.
    Make {
        /// The directory, which must not exist yet or be empty.
        directory: PathBuf,
        /// The same seed gives the same bytes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Other terrain: a GeoTIFF of elevations in metres.
        #[arg(long)]
        dem: Option<PathBuf>,
    },
}

pub(crate) fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let Arguments::Make { directory, seed, dem } = arguments;
    let (progress, bar) = context.output.progress();
    let options = anju_example::Options {
        seed,
        dem,
        ..Default::default()
    };
    let outcome = anju_example::make(&directory, &options, &|text, done| {
        // The maker cannot be cancelled; a report that fails would only stop the bar.
        drop(progress.report(text, text, done));
    });
    bar.finish_and_clear();
    let summary = outcome.map_err(|error| {
        AppError::invalid(
            "example",
            directory.display().to_string(),
            error.to_string(),
            error.to_string(),
        )
    })?;
    let output = &context.output;
    output.result(
        &summary,
        &[
            (output.say("目录", "directory"), directory.display().to_string()),
            (output.say("乡镇", "townships"), summary.townships.to_string()),
            (output.say("村", "villages"), summary.villages.to_string()),
            (output.say("户", "households"), summary.households.to_string()),
            (output.say("人", "persons"), summary.persons.to_string()),
        ],
    )?;
    Ok(ExitCode::SUCCESS)
}
