//! Identification: opening cases, taking their steps one by one or by the thousand, notices and objections.
//!
//! A batch is one transaction. Each of its cases is taken or refused on its own, with the reason; what is refused
//! changes nothing and does not hold up the others.

pub mod views;

use std::collections::{HashMap, HashSet};

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Text;
use anju_model::identification::{
    Application, ApplicationForm, Calendar, IdentificationCase, IdentificationError, Level, Objection,
    ObjectionState, Procedure, PublicityNotice, Say, Step, Vote, last_day,
};
use anju_model::policy::Pack;
use anju_model::register::{Category, Household};
use anju_store::identification::{CaseFilter, CaseSummary};
use anju_store::{Paging, Versioned};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AppError, Caller, Problem, Workspace};

/// Most cases named one by one in a batch; a batch by filter has no limit.
const NAMED_LIMIT: usize = 5000;
/// Longest remark, reason, objection or answer, characters.
const TEXT_LIMIT: usize = 2000;

/// The action that a step of a level needs.
pub(crate) fn action_of(level: Level) -> Action {
    match level {
        Level::Village => Action::ReviewInVillage,
        Level::Township => Action::CheckInTownship,
        Level::County => Action::DecideInCounty,
    }
}

/// Which cases are to be opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// These households; without them all of the area and category that have no case.
    #[serde(default)]
    pub households: Option<Vec<Uuid>>,
    /// In this area; the caller's own without it.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// Of this category.
    #[serde(default)]
    pub category: Option<Category>,
    /// How they applied.
    pub form: ApplicationForm,
    /// When.
    pub date: Date,
    /// Who witnessed oral applications.
    #[serde(default)]
    pub witness: Option<String>,
}

/// A case as the caller saw it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseVersion {
    /// UUIDv7.
    pub id: Uuid,
    /// The version seen.
    pub version: i64,
}

/// What is to be done with cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// On to the next step.
    Pass,
    /// Back to the step before.
    Return,
    /// Refused for good.
    Refuse,
    /// Withdrawn by the household.
    Withdraw,
}

/// A step taken with one case or with many.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// These cases; without them all that wait for `step` in `area`.
    #[serde(default)]
    pub cases: Option<Vec<CaseVersion>>,
    /// In this area; the caller's own without it.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// The step that is taken. A case that waits for another one is refused.
    pub step: Step,
    /// What is done.
    pub what: What,
    /// Remark; a reason is needed for everything but passing.
    #[serde(default)]
    pub remark: Option<String>,
    /// The vote, for steps that are taken by one.
    #[serde(default)]
    pub vote: Option<Vote>,
}

/// What came of a batch.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BatchOutcome {
    /// Cases that were taken.
    pub done: usize,
    /// Cases that were not, each with the reason.
    pub refused: Vec<RefusedCase>,
}

/// A case of a batch that was not taken.
#[derive(Debug, Clone, Serialize)]
pub struct RefusedCase {
    /// The case, or the household when no case could be opened.
    pub id: Uuid,
    /// Stable code.
    pub code: &'static str,
    /// Why, and what to do.
    pub detail: Text,
}

impl RefusedCase {
    fn new(id: Uuid, problem: Problem) -> Self {
        Self {
            id,
            code: problem.code,
            detail: problem.detail,
        }
    }
}

/// A notice to be posted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// The village, or the county.
    pub area: AreaCode,
    /// Where it hangs.
    pub place: String,
    /// Whom to tell of an objection.
    pub contact: String,
    /// First day; today without it.
    #[serde(default)]
    pub from: Option<Date>,
    /// These cases; without them all of the area that wait for publicity at its level.
    #[serde(default)]
    pub cases: Option<Vec<CaseVersion>>,
}

/// An objection as received.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objecting {
    /// The case objected to.
    pub case: Uuid,
    /// Who objects; nobody for an anonymous objection.
    #[serde(default)]
    pub from: Option<String>,
    /// What is objected.
    pub content: String,
}

/// The decision on an objection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answering {
    /// Whether it holds.
    pub upheld: bool,
    /// The answer given.
    pub answer: String,
}

impl From<IdentificationError> for AppError {
    fn from(error: IdentificationError) -> Self {
        AppError::Invalid(problem(&error))
    }
}

fn problem(error: &IdentificationError) -> Problem {
    let text = error.text();
    Problem::new(error.code(), "", text.zh, text.en)
}

/// The office's own day: China has one time zone, UTC+8.
pub(super) fn today(workspace: &Workspace) -> Date {
    TimeZone::fixed(jiff::tz::offset(8))
        .to_datetime(workspace.now())
        .date()
}

/// The procedure of the pack.
fn procedure(pack: &Pack) -> Result<Procedure, AppError> {
    let word = pack.word("identification.procedure")?;
    Procedure::from_code(word).ok_or_else(|| {
        AppError::invalid(
            "pack_value",
            "identification.procedure",
            format!("政策包中没有名为 {word} 的认定程序"),
            format!("there is no procedure {word}, which the policy pack names"),
        )
    })
}

/// Last day of a notice of a level, by the days and the calendar of the pack.
fn notice_end(pack: &Pack, level: Level, from: Date) -> Result<Date, AppError> {
    let days = pack.count(match level {
        Level::County => "publicity.county_days",
        Level::Village | Level::Township => "publicity.village_days",
    })?;
    let word = pack.word("publicity.calendar")?;
    let calendar = Calendar::from_code(word).ok_or_else(|| {
        AppError::invalid(
            "pack_value",
            "publicity.calendar",
            format!("政策包的日历 {word} 无效"),
            format!("the policy pack names no calendar by {word}"),
        )
    })?;
    let holidays = match calendar {
        Calendar::CalendarDays => Vec::new(),
        Calendar::WorkingDays => pack
            .numbers("publicity.holidays")?
            .iter()
            .map(|&number| holiday(number))
            .collect::<Result<_, _>>()?,
    };
    Ok(last_day(from, days, calendar, &holidays))
}

/// A day written as 20261001.
fn holiday(number: f64) -> Result<Date, AppError> {
    let digits = number as i64;
    let parts = (
        i16::try_from(digits / 10_000),
        i8::try_from(digits / 100 % 100),
        i8::try_from(digits % 100),
    );
    let day = match parts {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).ok(),
        _ => None,
    };
    day.ok_or_else(|| {
        AppError::invalid(
            "pack_value",
            "publicity.holidays",
            format!("政策包的节假日 {number} 不是日期,应写成 20261001"),
            format!("the policy pack's holiday {number} is no day; write 20261001"),
        )
    })
}

/// A text that must be there, trimmed.
fn needed(text: &str, place: &str) -> Result<String, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::invalid(
            "text_missing",
            place,
            "该项必填",
            "this must be filled in",
        ));
    }
    limited(text, place)?;
    Ok(text.to_owned())
}

fn limited(text: &str, place: &str) -> Result<(), AppError> {
    if text.chars().count() > TEXT_LIMIT {
        return Err(AppError::invalid(
            "text_too_long",
            place,
            format!("不能超过 {TEXT_LIMIT} 个字"),
            format!("at most {TEXT_LIMIT} characters"),
        ));
    }
    Ok(())
}

fn check_named(count: usize) -> Result<(), AppError> {
    if count > NAMED_LIMIT {
        return Err(AppError::invalid(
            "batch_too_large",
            "cases",
            format!("逐件指定时一次最多 {NAMED_LIMIT} 件;请按地区和环节整批办理"),
            format!("at most {NAMED_LIMIT} cases by name; take them by area and step instead"),
        ));
    }
    Ok(())
}

/// Opens cases: each household that applied, or was found, enters the procedure of the policy pack.
///
/// # Errors
/// When the caller may not, an oral application has no witness, or the database fails. Households that cannot be
/// opened are in the outcome.
pub async fn open(
    workspace: &Workspace,
    caller: &Caller,
    opening: Opening,
) -> Result<BatchOutcome, AppError> {
    let action = action_of(Level::Village);
    let area = caller.narrow(action, opening.area.as_ref())?;
    let witness = opening
        .witness
        .map(|witness| witness.trim().to_owned())
        .filter(|witness| !witness.is_empty());
    if opening.form == ApplicationForm::Oral && witness.is_none() {
        return Err(AppError::invalid(
            "witness_missing",
            "witness",
            "口头申请须有见证人",
            "an oral application needs a witness",
        ));
    }
    let application = Application {
        form: opening.form,
        date: opening.date,
        witness,
    };
    let procedure = procedure(workspace.pack())?;
    let free = anju_store::identification::without_case(workspace.db(), &area, opening.category).await?;
    let mut outcome = BatchOutcome::default();
    let wanted = match opening.households {
        None => free,
        Some(named) => {
            check_named(named.len())?;
            let free: HashSet<Uuid> = free.into_iter().collect();
            let (wanted, refused): (Vec<Uuid>, Vec<Uuid>) =
                named.into_iter().partition(|id| free.contains(id));
            outcome.refused.extend(refused.into_iter().map(|id| {
                let problem = Problem::new(
                    "no_case_to_open",
                    "",
                    "该户不在所选范围,或已有未办结或已公告的认定",
                    "the household is not in the area and category chosen, or is in the procedure or announced already",
                );
                RefusedCase::new(id, problem)
            }));
            wanted
        }
    };
    let ids: Vec<String> = wanted.iter().map(Uuid::to_string).collect();
    let households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    let cases: Vec<IdentificationCase> = households
        .into_iter()
        .filter(|household| household.value.is_active())
        .map(|household| IdentificationCase {
            id: workspace.new_id(),
            household: household.value.id,
            area: household.value.facts.area,
            procedure,
            application: application.clone(),
            step: procedure.steps()[0],
            notice: None,
            open_objections: 0,
            taken: Vec::new(),
        })
        .collect();
    outcome.done = cases.len();
    if !cases.is_empty() {
        let mut transaction = workspace.begin(caller, "open_cases", None).await?;
        transaction.insert(&cases).await?;
        transaction.commit().await?;
    }
    Ok(outcome)
}

/// Cases of a batch, with the refusals of those that cannot be found or were changed meanwhile.
async fn chosen(
    workspace: &Workspace,
    area: AreaCode,
    named: Option<Vec<CaseVersion>>,
    step: Step,
    outcome: &mut BatchOutcome,
) -> Result<Vec<CaseSummary>, AppError> {
    let filter = CaseFilter {
        step: named.is_none().then_some(step),
        ended: Some(false),
        ..CaseFilter::within(area)
    };
    let Some(named) = named else {
        let page = anju_store::identification::cases(workspace.db(), &filter, &Paging::default()).await?;
        return Ok(page.items);
    };
    check_named(named.len())?;
    let page = anju_store::identification::cases(workspace.db(), &filter, &Paging::default()).await?;
    let mut found: HashMap<Uuid, CaseSummary> = page
        .items
        .into_iter()
        .map(|summary| (summary.case.value.id, summary))
        .collect();
    let mut chosen = Vec::with_capacity(named.len());
    for CaseVersion { id, version } in named {
        let problem = match found.remove(&id) {
            None => Problem::new(
                "no_case",
                "",
                "没有这一件,或已办结",
                "there is no such case, or it has ended",
            ),
            Some(summary) if summary.case.version != version => Problem::new(
                "version_conflict",
                "",
                "他人已办理过本件;请刷新后再办",
                "somebody else has taken this case meanwhile; look at it again",
            ),
            Some(summary) if summary.case.value.step != step => Problem::new(
                "other_step",
                "",
                format!("本件当前环节为{}", summary.case.value.step.zh()),
                format!("this case waits for {}", summary.case.value.step.en()),
            ),
            Some(summary) => {
                chosen.push(summary);
                continue;
            }
        };
        outcome.refused.push(RefusedCase::new(id, problem));
    }
    Ok(chosen)
}

/// Takes a step with one case or many.
///
/// # Errors
/// When the caller may not take the step in the area, or the database fails. Cases that cannot be taken are in the
/// outcome.
pub async fn take(workspace: &Workspace, caller: &Caller, taking: Taking) -> Result<BatchOutcome, AppError> {
    let Some(level) = taking.step.level() else {
        return Err(IdentificationError::Ended { step: taking.step }.into());
    };
    let area = caller.narrow(action_of(level), taking.area.as_ref())?;
    if let Some(remark) = &taking.remark {
        limited(remark, "remark")?;
    }
    let quorum = workspace.pack().number("identification.quorum")?;
    let say = Say {
        by: caller.name().to_owned(),
        at: workspace.now(),
        remark: taking.remark.clone().filter(|remark| !remark.trim().is_empty()),
    };
    let mut outcome = BatchOutcome::default();
    let mut changed = Vec::new();
    for mut summary in chosen(workspace, area, taking.cases, taking.step, &mut outcome).await? {
        let case = &mut summary.case.value;
        let done = match taking.what {
            What::Pass if taking.step == Step::CrossMatch && summary.blocking_items > 0 => Err(Problem::new(
                "open_findings",
                "",
                format!("回头看有 {} 项须先更正或清除", summary.blocking_items),
                format!(
                    "{} look-back item(s) must be corrected or cleared first",
                    summary.blocking_items
                ),
            )),
            What::Pass => case
                .pass(say.clone(), taking.vote, quorum)
                .map_err(|error| problem(&error)),
            What::Return => case.give_back(say.clone()).map_err(|error| problem(&error)),
            What::Refuse => case.refuse(say.clone()).map_err(|error| problem(&error)),
            What::Withdraw => case.withdraw(say.clone()).map_err(|error| problem(&error)),
        };
        match done {
            Ok(()) => changed.push(summary.case),
            Err(problem) => outcome
                .refused
                .push(RefusedCase::new(summary.case.value.id, problem)),
        }
    }
    write(workspace, caller, "take_step", say.remark, &changed, &mut outcome).await?;
    Ok(outcome)
}

async fn write(
    workspace: &Workspace,
    caller: &Caller,
    command: &'static str,
    reason: Option<String>,
    changed: &[Versioned<IdentificationCase>],
    outcome: &mut BatchOutcome,
) -> Result<(), AppError> {
    outcome.done = changed.len();
    if changed.is_empty() {
        return Ok(());
    }
    let mut transaction = workspace.begin(caller, command, reason).await?;
    transaction.update(changed).await?;
    transaction.commit().await
}

/// Posts a notice for a village or the county.
///
/// # Errors
/// When the area is neither, no case waits for publicity there, or the caller may not.
pub async fn post(
    workspace: &Workspace,
    caller: &Caller,
    posting: Posting,
) -> Result<views::NoticeView, AppError> {
    let (level, step) = match posting.area.level() {
        AreaLevel::Village => (Level::Village, Step::VillagePublicity),
        AreaLevel::County => (Level::County, Step::CountyPublicity),
        _ => {
            return Err(AppError::invalid(
                "notice_area",
                "area",
                "公示张贴于村或县",
                "a notice is posted in a village or for the county",
            ));
        }
    };
    caller.require_in(action_of(level), &posting.area)?;
    let from = posting.from.unwrap_or_else(|| today(workspace));
    let mut notice = PublicityNotice {
        id: workspace.new_id(),
        area: posting.area.clone(),
        level,
        place: needed(&posting.place, "place")?,
        contact: needed(&posting.contact, "contact")?,
        from,
        until: notice_end(workspace.pack(), level, from)?,
        cases: Vec::new(),
        posted_by: caller.name().to_owned(),
        closed_at: None,
    };
    let mut outcome = BatchOutcome::default();
    let waiting = chosen(workspace, posting.area, posting.cases, step, &mut outcome).await?;
    let mut changed = Vec::new();
    for mut summary in waiting {
        match summary.case.value.post(&notice, caller.name()) {
            Ok(()) => changed.push(summary.case),
            Err(error) => outcome
                .refused
                .push(RefusedCase::new(summary.case.value.id, problem(&error))),
        }
    }
    if changed.is_empty() {
        let first = outcome.refused.first().map(|refused| refused.detail.clone());
        let why =
            first.unwrap_or_else(|| Text::new("没有待公示的户", "no household waits for publicity here"));
        return Err(AppError::invalid("nothing_to_post", "cases", why.zh, why.en));
    }
    notice.cases = changed.iter().map(|case| case.value.id).collect();
    let mut transaction = workspace.begin(caller, "post_notice", None).await?;
    transaction.insert(std::slice::from_ref(&notice)).await?;
    transaction.update(&changed).await?;
    transaction.commit().await?;
    views::notice(workspace, caller, notice.id).await
}

/// Closes a notice that has run: its cases go on, but for those with an open objection, which stay on it.
///
/// # Errors
/// When it still runs, or the caller may not.
pub async fn close(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<BatchOutcome, AppError> {
    let mut notice = load_notice(workspace, id).await?;
    caller.require_in(action_of(notice.value.level), &notice.value.area)?;
    let today = today(workspace);
    if today <= notice.value.until {
        return Err(IdentificationError::NoticeRuns {
            until: notice.value.until,
        }
        .into());
    }
    let say = Say {
        by: caller.name().to_owned(),
        at: workspace.now(),
        remark: None,
    };
    let ids: Vec<String> = notice.value.cases.iter().map(Uuid::to_string).collect();
    let cases: Vec<Versioned<IdentificationCase>> = anju_store::load_many(workspace.db(), &ids).await?;
    let mut outcome = BatchOutcome::default();
    let mut changed = Vec::new();
    // A case that was returned, refused or withdrawn meanwhile is on the notice no more.
    for mut case in cases.into_iter().filter(|case| case.value.notice == Some(id)) {
        match case.value.close_publicity(&notice.value, today, say.clone()) {
            Ok(()) => changed.push(case),
            Err(error) => outcome
                .refused
                .push(RefusedCase::new(case.value.id, problem(&error))),
        }
    }
    outcome.done = changed.len();
    let ends = outcome.refused.is_empty() && notice.value.closed_at.is_none();
    if changed.is_empty() && !ends {
        return Ok(outcome);
    }
    let mut transaction = workspace.begin(caller, "close_notice", None).await?;
    transaction.update(&changed).await?;
    if ends {
        notice.value.closed_at = Some(say.at);
        transaction.update(std::slice::from_ref(&notice)).await?;
    }
    transaction.commit().await?;
    Ok(outcome)
}

async fn load_notice(workspace: &Workspace, id: Uuid) -> Result<Versioned<PublicityNotice>, AppError> {
    let notice: Option<Versioned<PublicityNotice>> =
        anju_store::load(workspace.db(), &id.to_string()).await?;
    notice.ok_or_else(|| AppError::NotFound {
        kind: "notice",
        id: id.to_string(),
    })
}

/// Takes down an objection to a household on a notice. The case is suspended until it is decided.
///
/// # Errors
/// When the notice has run out, the case is not on it, or the caller may not.
pub async fn object(
    workspace: &Workspace,
    caller: &Caller,
    notice: Uuid,
    objecting: Objecting,
) -> Result<views::ObjectionView, AppError> {
    let notice = load_notice(workspace, notice).await?.value;
    caller
        .require_in(Action::ReviewInVillage, &notice.area)
        .or_else(|_| {
            // The county takes objections to its own notices.
            caller.require_in(action_of(notice.level), &notice.area)
        })?;
    let case: Option<Versioned<IdentificationCase>> =
        anju_store::load(workspace.db(), &objecting.case.to_string()).await?;
    let Some(mut case) = case.filter(|case| case.value.notice == Some(notice.id)) else {
        return Err(AppError::invalid(
            "not_on_notice",
            "case",
            "该户不在此公示上",
            "this household is not on the notice",
        ));
    };
    if today(workspace) > notice.until {
        return Err(AppError::invalid(
            "notice_over",
            "",
            format!("公示已于 {} 期满", notice.until),
            format!("objections were taken until {}", notice.until),
        ));
    }
    let objection = Objection {
        id: workspace.new_id(),
        notice: notice.id,
        case: case.value.id,
        area: case.value.area.clone(),
        from: objecting
            .from
            .map(|from| from.trim().to_owned())
            .filter(|from| !from.is_empty()),
        content: needed(&objecting.content, "content")?,
        received_by: caller.name().to_owned(),
        received_at: workspace.now(),
        state: ObjectionState::Open,
        answer: None,
        decided_by: None,
        decided_at: None,
    };
    case.value.open_objections += 1;
    let mut transaction = workspace.begin(caller, "take_objection", None).await?;
    transaction.insert(std::slice::from_ref(&objection)).await?;
    transaction.update(&[case]).await?;
    transaction.commit().await?;
    views::objection(workspace, caller, objection.id).await
}

/// Decides an objection that was seen at `version`: by the township for a village's notice, by the county for its own,
/// and never by the person who took it down. Upheld, the case goes back to the village's meeting.
///
/// # Errors
/// When it is decided already, the answer is missing, or the caller may not.
pub async fn answer(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    answering: Answering,
) -> Result<views::ObjectionView, AppError> {
    let missing = || AppError::NotFound {
        kind: "objection",
        id: id.to_string(),
    };
    let objection: Option<Versioned<Objection>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let mut objection = objection.ok_or_else(missing)?;
    let notice = load_notice(workspace, objection.value.notice).await?.value;
    let action = match notice.level {
        Level::Village | Level::Township => Action::CheckInTownship,
        Level::County => Action::DecideInCounty,
    };
    caller.require_in(action, &objection.value.area)?;
    if objection.value.state != ObjectionState::Open {
        return Err(IdentificationError::NoObjection.into());
    }
    if objection.value.received_by == caller.name() {
        return Err(AppError::invalid(
            "same_person",
            "",
            "受理人不能处理同一异议,须由他人处理",
            "whoever took the objection down may not decide it",
        ));
    }
    let answer = needed(&answering.answer, "answer")?;
    let case: Option<Versioned<IdentificationCase>> =
        anju_store::load(workspace.db(), &objection.value.case.to_string()).await?;
    let mut case = case.ok_or_else(missing)?;
    let say = Say {
        by: caller.name().to_owned(),
        at: workspace.now(),
        remark: Some(answer.clone()),
    };
    case.value.decide_objection(answering.upheld, say)?;
    objection.version = version;
    objection.value.state = if answering.upheld {
        ObjectionState::Upheld
    } else {
        ObjectionState::Dismissed
    };
    objection.value.answer = Some(answer.clone());
    objection.value.decided_by = Some(caller.name().to_owned());
    objection.value.decided_at = Some(workspace.now());
    let mut transaction = workspace.begin(caller, "decide_objection", Some(answer)).await?;
    transaction.update(std::slice::from_ref(&objection)).await?;
    transaction.update(&[case]).await?;
    transaction.commit().await?;
    views::objection(workspace, caller, id).await
}
