//! The plan stage: which settlements are built, how large, and who goes where.
//!
//! [`run`] makes a plan from the register, the latest land assessment and the funds; [`problem`] turns them into a
//! capacitated facility-location problem, [`outcome`] turns the optimiser's answer back into words and figures.
//! [`views`] is what the pages show.

mod outcome;
mod problem;
pub mod views;

use anju_model::access::Action;
use anju_model::land::{Candidate, LayerKind};
use anju_model::plan::{Assignment, Plan};
use anju_model::register::{Fund, Household, StockHousing};
use anju_store::Versioned;

use crate::{AppError, Caller, Progress, Workspace};

/// How to search.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the optimiser; the same seed gives the same plan.
    pub seed: u64,
    /// Stop once the proven gap is at most this share.
    pub gap: f64,
    /// Most rounds of the optimiser.
    pub rounds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            gap: 0.001,
            rounds: 250,
        }
    }
}

/// Makes a plan and records it as the county's newest one.
///
/// # Errors
/// When no land assessment or no household that wants to move exists, or when the limits cannot be met together: then
/// the message names those that clash.
pub async fn run(
    workspace: &Workspace,
    caller: &Caller,
    options: &Options,
    progress: &Progress,
) -> Result<Plan, AppError> {
    caller.require_in(Action::RunAnalysis, &workspace.county().code)?;
    progress.report("读取名册与备选址", "reading the register and the candidates", 0.0)?;
    let Some(assessment) = anju_store::land::latest_assessment(workspace.db()).await? else {
        return Err(AppError::invalid(
            "no_land",
            "",
            "尚无用地评价;请先运行 anju land",
            "there is no land assessment yet; run `anju land` first",
        ));
    };
    let candidates: Vec<Candidate> =
        anju_store::land::candidates(workspace.db(), assessment.value.id).await?;
    let households = anju_store::register::active_households(workspace.db()).await?;
    let households: Vec<Household> = households.into_iter().map(|household| household.value).collect();
    let stock: Vec<Versioned<StockHousing>> = anju_store::load_all(workspace.db()).await?;
    let stock: Vec<StockHousing> = stock.into_iter().map(|offer| offer.value).collect();
    let funds: Vec<Versioned<Fund>> = anju_store::load_all(workspace.db()).await?;
    let budget = funds.iter().map(|fund| fund.value.amount).sum();
    let facilities = crate::land::facilities(workspace).await?;
    let roads = crate::land::lines(workspace, LayerKind::Roads).await?;
    let areas = workspace.areas().await?;
    let input = problem::Input {
        households: &households,
        areas: areas.table(),
        candidates: &candidates,
        stock: &stock,
        facilities: &facilities,
        roads: &roads,
        budget,
        epsg: workspace.county().epsg,
    };

    let pack = workspace.pack().clone();
    let model = problem::build(&input, &pack)?;
    let (siting, wanted) = (model.siting.clone(), options.clone());
    let watched = progress.clone();
    // The optimiser is pure computation: it gets a thread of its own so that the server goes on answering.
    let solution = tokio::task::spawn_blocking(move || {
        let listener = watched.within("优化安置方案", "optimising", 0.1, 0.9);
        problem::solve(&siting, &wanted, &listener)
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))??;

    progress.report("写出方案", "recording the plan", 0.92)?;
    let (plan, assignments): (Plan, Vec<Assignment>) = outcome::record(
        workspace,
        &areas,
        &assessment.value,
        &input,
        &model,
        &solution,
        options.seed,
    )?;
    let mut transaction = workspace.begin(caller, "make_plan", None).await?;
    transaction.insert(std::slice::from_ref(&plan)).await?;
    transaction.insert(&assignments).await?;
    transaction.commit().await?;
    progress.report("完成", "done", 1.0)?;
    Ok(plan)
}
