//! Households by hand: recording one, correcting it, what happens to it as a whole, its consents and its documents.
//!
//! Whoever edits has seen a version; the second of two is told. Key facts of a household on a frozen roster change by an
//! amendment and in no other way.

pub mod change;
pub mod consent;
pub mod document;
pub mod edit;
pub mod income;

use anju_model::access::Action;
use anju_model::amendment::Evidence;
use anju_model::area::AreaCode;
use anju_model::register::change::ChangeError;
use anju_model::register::check::FieldProblem;
use anju_model::register::{Household, check};
use anju_store::Versioned;
use anju_store::attachment::Attachment;
use jiff::civil::Date;
use uuid::Uuid;

use super::roster::key_fact_refusal;
use crate::workspace::Transaction;
use crate::{AppError, Caller, Problem, Workspace};

/// Most characters of a reason.
pub const REASON_LIMIT: usize = 500;

impl From<ChangeError> for AppError {
    fn from(error: ChangeError) -> Self {
        Self::invalid(error.code(), "", error.zh(), error.to_string())
    }
}

/// A household that the caller may do something with.
pub(crate) async fn find(
    workspace: &Workspace,
    caller: &Caller,
    action: Action,
    id: Uuid,
) -> Result<Versioned<Household>, AppError> {
    caller.require(action)?;
    let stored: Option<Versioned<Household>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    // Outside the caller's area is like nowhere.
    stored
        .filter(|stored| caller.area().contains(&stored.value.facts.area))
        .ok_or_else(|| AppError::NotFound {
            kind: "household",
            id: id.to_string(),
        })
}

/// The same, to be changed by somebody who saw it at a version.
async fn find_at(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
) -> Result<Versioned<Household>, AppError> {
    let stored = find(workspace, caller, Action::EditRegister, id).await?;
    if stored.version == version {
        Ok(stored)
    } else {
        Err(AppError::VersionConflict {
            kind: "household".into(),
            id: id.to_string(),
            expected: version,
            found: stored.version,
        })
    }
}

/// Refuses a change of key facts of a household on a roster in force. Asked within the transaction, before anything is
/// written: from then on nobody freezes a roster.
async fn refuse_frozen(workspace: &Workspace, before: &Household, after: &Household) -> Result<(), AppError> {
    let Some(roster) = anju_store::roster::frozen_roster_of(workspace.db(), before.id).await? else {
        return Ok(());
    };
    let ended = before.is_active() != after.is_active();
    match key_fact_refusal(&roster.value, before, after) {
        Some((fields, reason, remedy)) => Err(AppError::Fields(
            fields
                .into_iter()
                .map(|field| Problem {
                    code: "key_fact_frozen",
                    place: field.code().to_owned(),
                    detail: anju_model::code_list::Text::new(
                        format!("{};{}", reason.zh, remedy.zh),
                        format!("{}; {}", reason.en, remedy.en),
                    ),
                })
                .collect(),
        )),
        None if ended => Err(AppError::invalid(
            "household_on_roster",
            "status",
            format!(
                "该户在已核定的名册上({}),不能直接注销、恢复或合并;请在该户页面提出变更",
                roster.value.title
            ),
            format!(
                "the household is on a frozen roster ({}); it cannot be cancelled, reinstated or merged, ask for an amendment on its page",
                roster.value.title
            ),
        )),
        None => Ok(()),
    }
}

/// Refuses to split, merge, move or cancel a household whose identification is under way.
async fn refuse_in_procedure(workspace: &Workspace, household: &Household) -> Result<(), AppError> {
    let cases = anju_store::identification::cases_of(workspace.db(), household.id).await?;
    match cases.iter().any(|case| !case.value.has_ended()) {
        false => Ok(()),
        true => Err(AppError::invalid(
            "household_in_procedure",
            "",
            format!(
                "{} 户的认定正在办理,请先办结或撤回认定",
                household.facts.register_number
            ),
            format!(
                "the identification of household {} is under way; finish it or withdraw it first",
                household.facts.register_number
            ),
        )),
    }
}

/// Why something is done, as it is written into the ledger.
fn reason(text: &str) -> Result<String, AppError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_LIMIT {
        return Err(AppError::Fields(vec![Problem::new(
            "reason",
            "reason",
            format!("请写明原因,不超过 {REASON_LIMIT} 个字"),
            format!("give a reason of at most {REASON_LIMIT} characters"),
        )]));
    }
    Ok(text.to_owned())
}

/// The stored paper with a hash.
async fn evidence(workspace: &Workspace, hash: Option<&str>) -> Result<Option<Evidence>, AppError> {
    let Some(hash) = hash.map(str::trim).filter(|hash| !hash.is_empty()) else {
        return Ok(None);
    };
    let stored: Option<Versioned<Attachment>> = anju_store::load(workspace.db(), hash).await?;
    match stored {
        Some(stored) => Ok(Some(Evidence {
            hash: stored.value.hash,
            name: stored.value.name,
        })),
        None => Err(AppError::Fields(vec![Problem::new(
            "evidence",
            "evidence",
            "没有找到所附凭证,请重新上传",
            "the paper is not stored; upload it again",
        )])),
    }
}

/// A day on which something happened: not after today.
fn past_day(workspace: &Workspace, date: Date, field: &str) -> Result<Date, AppError> {
    if date <= workspace.today() {
        return Ok(date);
    }
    Err(AppError::Fields(vec![Problem::new(
        "date_in_future",
        field,
        format!("日期 {date} 晚于今天"),
        format!("the day {date} is after today"),
    )]))
}

/// An area that households can be in: a village or villagers' group that is known, in the caller's own area.
async fn refuse_unknown_area(
    workspace: &Workspace,
    caller: &Caller,
    area: &AreaCode,
) -> Result<(), AppError> {
    use anju_model::area::AreaLevel;
    let problem =
        |code, zh: String, en: String| Err(AppError::Fields(vec![Problem::new(code, "area", zh, en)]));
    if !caller.area().contains(area) {
        return problem(
            "area_outside",
            format!("区划 {area} 不在您的管辖范围({})内", caller.area()),
            format!("{area} is outside your own area ({})", caller.area()),
        );
    }
    let areas = workspace.areas().await?;
    let village = area.at_level(AreaLevel::Village);
    match village.is_some_and(|village| areas.all().any(|known| known.code == village)) {
        true => Ok(()),
        false => problem(
            "unknown_area",
            format!("区划 {area} 不是本县的村或村民小组"),
            format!("{area} is no village or villagers' group of this county"),
        ),
    }
}

/// Problems of a household that one before did not have, or whose field was touched. What a person did not touch and
/// was wrong already is the look-back's, not a reason to refuse the rest.
fn introduced(
    before: Option<&Household>,
    after: &Household,
    touched: &[String],
    today: Date,
) -> Vec<Problem> {
    let known: Vec<(&'static str, String)> = before
        .map(|before| {
            check::problems(before, today)
                .into_iter()
                .map(|problem| (problem.code, by_person(before, &problem)))
                .collect()
        })
        .unwrap_or_default();
    check::problems(after, today)
        .into_iter()
        .map(|problem| (by_person(after, &problem), problem))
        .filter(|(field, problem)| touched.contains(field) || !known.contains(&(problem.code, field.clone())))
        .map(|(field, problem)| Problem {
            code: problem.code,
            place: field,
            detail: problem.detail,
        })
        .collect()
}

/// The field of a problem with the member's id in place of its number.
fn by_person(household: &Household, problem: &FieldProblem) -> String {
    let member = problem.field.strip_prefix("members.").and_then(|rest| {
        let (place, field) = rest.split_once('.')?;
        let place: usize = place.parse().ok()?;
        let member = household.members.get(place.checked_sub(1)?)?;
        Some(format!("members.{}.{field}", member.id))
    });
    member.unwrap_or_else(|| problem.field.clone())
}

fn refuse(problems: Vec<Problem>) -> Result<(), AppError> {
    match problems.is_empty() {
        true => Ok(()),
        false => Err(AppError::Fields(problems)),
    }
}

/// What needs the rest of the register: a number that is taken, a helper who is listed.
async fn refuse_against_register(workspace: &Workspace, household: &Household) -> Result<(), AppError> {
    let facts = &household.facts;
    let mut problems = Vec::new();
    let taken = anju_store::register::household_by_number(workspace.db(), &facts.register_number).await?;
    if taken.is_some_and(|taken| taken.value.id != household.id) {
        problems.push(Problem::new(
            "register_number_taken",
            "register_number",
            format!("户编号 {} 已被另一户使用", facts.register_number),
            format!(
                "the register number {} is another household's",
                facts.register_number
            ),
        ));
    }
    if let Some(number) = facts.helper.as_ref().and_then(|helper| helper.id_number.as_ref()) {
        let same = |other: &anju_model::identity::IdNumber| {
            other == number || (other.to_18().is_some() && other.to_18() == number.to_18())
        };
        let own = household
            .members
            .iter()
            .any(|member| member.facts.id_number.as_ref().is_some_and(same));
        if own || anju_store::register::is_listed(workspace.db(), number).await? {
            problems.push(Problem::new(
                "helper_listed",
                "helper.id_number",
                "帮扶责任人本人在名册上,请另行指定",
                "the helper is on the register; name somebody else",
            ));
        }
    }
    refuse(problems)
}

/// Writes households that were read at a version, in one transaction.
async fn update(
    mut transaction: Transaction<'_>,
    households: &[Versioned<Household>],
) -> Result<(), AppError> {
    transaction.update(households).await?;
    transaction.commit().await
}
