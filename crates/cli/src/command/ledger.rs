//! `anju ledger …`.

use std::process::ExitCode;

use anju_app::AppError;

use crate::Context;

/// Prove that nothing was changed behind the program's back, or make the tables again from the log.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Check every entry, hash and signature, and that every row of every table equals its last entry.
    Verify,
    /// Empty the tables and make them again from the log.
    Rebuild,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let caller = crate::operator(&workspace);
    let output = &context.output;
    let (progress, bar) = output.progress();
    match arguments {
        Arguments::Verify => {
            let report = anju_app::ledger::verify(&workspace, &caller, &progress).await;
            bar.finish_and_clear();
            let report = report?;
            let mut lines = vec![
                (output.say("账本条目", "entries"), report.entries.to_string()),
                (
                    output.say("核对的数据行", "rows compared"),
                    report.rows.to_string(),
                ),
                (
                    output.say("发现的问题", "problems"),
                    report.problems.len().to_string(),
                ),
            ];
            for problem in &report.problems {
                lines.push((output.say("问题", "problem"), problem.to_string()));
            }
            output.result(&report, &lines)?;
            Ok(if report.problems.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Arguments::Rebuild => {
            let outcome = anju_app::ledger::rebuild(&workspace, &caller, &progress).await;
            bar.finish_and_clear();
            let outcome = outcome?;
            output.result(
                &outcome,
                &[(
                    output.say("重建的对象", "subjects made again"),
                    outcome.subjects.to_string(),
                )],
            )?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
