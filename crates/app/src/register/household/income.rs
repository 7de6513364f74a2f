//! The income of a household, recorded and corrected year by year.

use anju_model::access::Action;
use anju_model::money::Fen;
use anju_model::register::{IncomeKind, IncomeLine, IncomeYear};
use anju_model::roster::is_line;
use anju_store::Versioned;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{find, reason, refuse};
use crate::{AppError, Caller, Problem, Workspace};

/// Most lines of a year.
const LINE_COUNT: usize = 100;

/// Largest amount of a line that is believed: 100 million yuan.
const AMOUNT_LIMIT: Fen = Fen::from_yuan(100_000_000);

/// A year's income as it is to be recorded.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncome {
    /// The lines, all of them.
    pub lines: Vec<IncomeLine>,
    /// Why it is recorded or changed.
    pub reason: String,
}

/// A year's income as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IncomeView {
    /// The year.
    pub year: i16,
    /// Its version, to be sent back with a change.
    pub version: i64,
    /// The lines.
    pub lines: Vec<IncomeLine>,
    /// What came in by kind, before cost.
    pub by_kind: Vec<KindSum>,
    /// Cost of production.
    pub cost: Fen,
    /// What came in without its cost.
    pub net: Fen,
    /// Net income for each of the members that the household has now; none without members.
    pub net_per_person: Option<Fen>,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

/// The income of one kind.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IncomeKindSum)]
pub struct KindSum {
    /// The kind.
    pub kind: IncomeKind,
    /// Its sum.
    pub amount: Fen,
}

fn view(stored: Versioned<IncomeYear>, persons: usize) -> IncomeView {
    let year = stored.value;
    IncomeView {
        year: year.year,
        version: stored.version,
        by_kind: IncomeKind::ALL
            .iter()
            .map(|&kind| KindSum {
                kind,
                amount: year.of(kind),
            })
            .collect(),
        cost: year.lines.iter().fold(Fen(0), |sum, line| sum + line.cost),
        net: year.net(),
        net_per_person: year.net_per_person(persons),
        lines: year.lines,
        changed_at: stored.changed_at,
        changed_by: stored.changed_by,
    }
}

/// The income of a household, the newest year first.
///
/// # Errors
/// [`AppError::NotFound`] for a household that is unknown or outside the caller's area.
pub async fn list(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<IncomeView>, AppError> {
    let household = find(workspace, caller, Action::ReadRegister, id).await?;
    let persons = household.value.members.len();
    let years = anju_store::household_file::income_of(workspace.db(), id).await?;
    Ok(years.into_iter().map(|year| view(year, persons)).collect())
}

/// The income of one year.
///
/// # Errors
/// [`AppError::NotFound`] for a household that is unknown or outside the caller's area, or a year without income.
pub async fn show(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    year: i16,
) -> Result<IncomeView, AppError> {
    let years = list(workspace, caller, id).await?;
    years
        .into_iter()
        .find(|one| one.year == year)
        .ok_or_else(|| missing(year))
}

fn missing(year: i16) -> AppError {
    AppError::NotFound {
        kind: "income_year",
        id: year.to_string(),
    }
}

/// Records the income of a year that was seen at a version: 0 for a year of which nothing was recorded. No lines take
/// the year away.
///
/// # Errors
/// [`AppError::Fields`] with every line that is wrong; somebody else was quicker; a caller who may not.
pub async fn record(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    year: i16,
    version: i64,
    new: NewIncome,
) -> Result<Option<IncomeView>, AppError> {
    let household = find(workspace, caller, Action::EditRegister, id).await?;
    if !household.value.is_active() {
        return Err(anju_model::register::change::ChangeError::NotActive(
            household.value.facts.register_number,
        )
        .into());
    }
    let why = reason(&new.reason)?;
    refuse(problems(workspace, year, &new.lines))?;
    let stored = anju_store::household_file::income_of(workspace.db(), id)
        .await?
        .into_iter()
        .find(|stored| stored.value.year == year);
    let found = stored.as_ref().map_or(0, |stored| stored.version);
    if found != version {
        return Err(AppError::VersionConflict {
            kind: "income_year".into(),
            id: year.to_string(),
            expected: version,
            found,
        });
    }
    let mut transaction = workspace.begin(caller, "record_income", Some(why)).await?;
    match stored {
        Some(mut stored) if !new.lines.is_empty() => {
            if stored.value.lines == new.lines {
                return Err(AppError::invalid(
                    "nothing_changed",
                    "lines",
                    "没有任何改动",
                    "nothing is different from what is recorded",
                ));
            }
            stored.value.lines = new.lines;
            stored.value.area = household.value.facts.area;
            transaction.update(&[stored]).await?;
        }
        Some(stored) => transaction.retire(&[stored]).await?,
        None if new.lines.is_empty() => return Err(missing(year)),
        None => {
            let income = IncomeYear {
                id: workspace.new_id(),
                household: id,
                area: household.value.facts.area,
                year,
                lines: new.lines,
            };
            transaction.insert(&[income]).await?;
        }
    }
    transaction.commit().await?;
    let years = list(workspace, caller, id).await?;
    Ok(years.into_iter().find(|one| one.year == year))
}

fn problems(workspace: &Workspace, year: i16, lines: &[IncomeLine]) -> Vec<Problem> {
    let mut found = Vec::new();
    let this_year = workspace.today().year();
    if !(1990..=this_year).contains(&year) {
        found.push(Problem::new(
            "income_year",
            "year",
            format!("年度须在 1990 至 {this_year} 之间"),
            format!("the year lies between 1990 and {this_year}"),
        ));
    }
    if lines.len() > LINE_COUNT {
        found.push(Problem::new(
            "too_many_lines",
            "lines",
            format!("一年最多 {LINE_COUNT} 行"),
            format!("a year has at most {LINE_COUNT} lines"),
        ));
    }
    for (place, line) in (1..).zip(lines) {
        let mut wrong = |field: &str, code, zh: &str, en: &str| {
            found.push(Problem::new(code, format!("lines.{place}.{field}"), zh, en));
        };
        for (field, amount) in [("amount", line.amount), ("cost", line.cost)] {
            if amount < Fen(0) || amount > AMOUNT_LIMIT {
                wrong(
                    field,
                    "income_amount",
                    "金额须在 0 至 1 亿元之间",
                    "an amount lies between 0 and 100 million yuan",
                );
            }
        }
        for (field, text) in [("source", &line.source), ("evidence", &line.evidence)] {
            if text.as_ref().is_some_and(|text| !is_line(text)) {
                wrong(
                    field,
                    "text",
                    "须为一行不超过 200 字的文字",
                    "it is one line of at most 200 characters",
                );
            }
        }
        if line.from.zip(line.to).is_some_and(|(from, to)| from > to) {
            wrong(
                "to",
                "income_window",
                "截止日期早于起始日期",
                "the last day is before the first",
            );
        }
    }
    found
}
