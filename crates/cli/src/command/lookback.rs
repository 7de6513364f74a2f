//! `anju lookback`.

use std::process::ExitCode;

use anju_app::AppError;

use crate::Context;

/// Check the whole register: identity, family, duplicates, cross-match with the departments' extracts, red flags.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(context: &Context, _: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let (progress, bar) = context.output.progress();
    let outcome = anju_app::lookback::run(&workspace, &crate::operator(&workspace), &progress).await;
    bar.finish_and_clear();
    let outcome = outcome?;
    let output = &context.output;
    let mut lines = vec![
        (
            output.say("核查户数", "households checked"),
            outcome.households.to_string(),
        ),
        (
            output.say("核查人数", "persons checked"),
            outcome.persons.to_string(),
        ),
        (
            output.say("比对的部门记录", "department records"),
            outcome.extract_records.to_string(),
        ),
        (
            output.say("疑似重复", "duplicates"),
            outcome.duplicates.to_string(),
        ),
        (output.say("红线情形", "red flags"), outcome.red_flags.to_string()),
        (
            output.say("疑似漏报", "suspected omissions"),
            outcome.omissions.to_string(),
        ),
        (
            output.say("核实事项合计", "items on the worklist"),
            outcome.items.to_string(),
        ),
    ];
    for rule in &outcome.by_rule {
        lines.push((
            if output.chinese {
                &rule.name.zh
            } else {
                &rule.name.en
            },
            rule.items.to_string(),
        ));
    }
    output.result(&outcome, &lines)?;
    Ok(ExitCode::SUCCESS)
}
