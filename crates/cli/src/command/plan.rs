//! `anju plan`.

use std::process::ExitCode;

use anju_app::AppError;

use crate::Context;

/// Decide which settlements to build, how large, and which households go where.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Seed of the optimiser; the same seed gives the same plan.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop once the proven gap is at most this many percent.
    #[arg(long, default_value_t = 0.1)]
    gap: f64,
    /// Most rounds of the optimiser; more rounds, smaller gap.
    #[arg(long, default_value_t = 250)]
    rounds: u32,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let (progress, bar) = context.output.progress();
    let options = anju_app::plan::Options {
        seed: arguments.seed,
        gap: arguments.gap / 100.0,
        rounds: arguments.rounds,
    };
    let outcome = anju_app::plan::run(&workspace, &crate::operator(&workspace), &options, &progress).await;
    bar.finish_and_clear();
    let outcome = outcome?;
    let output = &context.output;
    let totals = &outcome.totals;
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    let yuan = |amount: anju_model::money::Fen| {
        format!(
            "{:.1} {}",
            amount.yuan() / 1e4,
            output.say("万元", "x 10,000 yuan")
        )
    };
    output.result(
        &outcome,
        &[
            (
                output.say("应安置户", "households to move"),
                totals.households_to_move.to_string(),
            ),
            (
                output.say("已落实户", "households placed"),
                totals.households_placed.to_string(),
            ),
            (
                output.say("其他安置方式户", "households on another pathway"),
                totals.households_other_pathway.to_string(),
            ),
            (
                output.say("未落实户", "households unplaced"),
                totals.households_unplaced.to_string(),
            ),
            (
                output.say("启用安置点", "sites opened"),
                totals.sites_opened.to_string(),
            ),
            (
                output.say("集中安置率", "concentration rate"),
                percent(totals.concentration_rate),
            ),
            (
                output.say("本乡镇安置率", "placed in own township"),
                percent(totals.own_township_rate),
            ),
            (
                output.say("平均距离", "mean distance"),
                format!("{:.1} km", totals.mean_distance_m / 1000.0),
            ),
            (output.say("所需资金", "cost"), yuan(totals.cost)),
            (output.say("可用资金", "budget"), yuan(totals.budget)),
            (
                output.say("与下界的差距", "gap to the proven bound"),
                percent(totals.gap),
            ),
        ],
    )?;
    Ok(ExitCode::SUCCESS)
}
