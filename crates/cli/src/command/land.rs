//! `anju land`.

use std::process::ExitCode;

use anju_app::AppError;

use crate::Context;

/// Assess the county's land: slope, exclusions, distances, suitability, candidate sites with a verdict per layer.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(context: &Context, _: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let (progress, bar) = context.output.progress();
    let outcome = anju_app::land::run(&workspace, &crate::operator(&workspace), &progress).await;
    bar.finish_and_clear();
    let outcome = outcome?;
    let output = &context.output;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let mut lines = vec![
        (
            output.say("评价面积", "assessed land"),
            format!("{:.1} km²", outcome.area_m2 / 1e6),
        ),
        (
            output.say("不可选址占比", "excluded"),
            percent(outcome.excluded_share),
        ),
        (
            output.say("备选址", "candidate sites"),
            outcome.candidates.to_string(),
        ),
        (
            output.say("备选址容量(户)", "their capacity (households)"),
            outcome.capacity_households.to_string(),
        ),
    ];
    for constraint in &outcome.excluded {
        lines.push((
            if output.chinese {
                &constraint.name.zh
            } else {
                &constraint.name.en
            },
            percent(constraint.share),
        ));
    }
    output.result(&outcome, &lines)?;
    Ok(ExitCode::SUCCESS)
}
