//! Identification: opening cases, taking their steps one by one or by the thousand, taking a mistaken step back,
//! notices, announcements and objections.
//!
//! A batch is one transaction. Each of its cases is taken or refused on its own, with the reason; what is refused
//! changes nothing and does not hold up the others. A batch that is cancelled has taken nothing.

pub(super) mod clock;
pub mod notice;
pub mod views;

use std::collections::{HashMap, HashSet};

use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::code_list::Text;
use anju_model::identification::{
    Application, ApplicationForm, IdentificationCase, IdentificationError, Level, Objection, ObjectionState,
    Procedure, PublicityNotice, Say, Step, StepOutcome, Vote,
};
use anju_model::policy::Pack;
use anju_model::register::{Category, Household};
use anju_store::identification::{CaseFilter, CaseSummary};
use anju_store::{Paging, Versioned};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::notice::load_notice;
use super::areas;
use crate::{AppError, Caller, Problem, Progress, Workspace};

/// Most cases named one by one in a batch; a batch by filter has no limit.
const NAMED_LIMIT: usize = 5000;
/// Cases written between two reports of progress.
const CHUNK: usize = 500;
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
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CasesOpening)]
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
    /// Number of the application form, the record of the visit or the alert.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A case as the caller saw it.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseVersion {
    /// UUIDv7.
    pub id: Uuid,
    /// The version seen.
    pub version: i64,
}

/// What is to be done with cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StepDecision)]
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
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StepTaking)]
pub struct Taking {
    /// These cases; without them all that wait for `step` in `area`.
    #[serde(default)]
    pub cases: Option<Vec<CaseVersion>>,
    /// In this area; the caller's own without it.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// Without named cases: only of this category.
    #[serde(default)]
    pub category: Option<Category>,
    /// Without named cases: only households found by this search.
    #[serde(default)]
    pub search: Option<String>,
    /// Without named cases: only those that are over the time of the policy pack.
    #[serde(default)]
    pub late: bool,
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

/// Cases whose last step was a mistake.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StepTakingBack)]
pub struct TakingBack {
    /// These cases.
    pub cases: Vec<CaseVersion>,
    /// The step that was taken by mistake: passed, returned, refused or withdrawn.
    pub step: Step,
    /// Why it was a mistake.
    pub reason: String,
}

/// What came of a batch.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct BatchOutcome {
    /// Cases that were taken.
    pub done: usize,
    /// Cases that were not, each with the reason.
    pub refused: Vec<RefusedCase>,
}

/// A case of a batch that was not taken.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
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

/// An objection as received.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ObjectionFiling)]
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
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ObjectionAnswer)]
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
    let area = areas::narrow_to_one(workspace, caller, action, opening.area.as_ref()).await?;
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
    let today = workspace.today();
    if opening.date > today {
        return Err(AppError::invalid(
            "date_ahead",
            "date",
            format!("申请日期 {} 晚于今天 {today}", opening.date),
            format!("the application of {} is later than today, {today}", opening.date),
        ));
    }
    let reference = opening
        .reference
        .map(|reference| reference.trim().to_owned())
        .filter(|reference| !reference.is_empty());
    for (text, place) in [(&witness, "witness"), (&reference, "reference")] {
        if let Some(text) = text {
            limited(text, place)?;
        }
    }
    let application = Application {
        form: opening.form,
        date: opening.date,
        witness,
        reference,
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

/// The cases of these that can be found in the area and are as they were seen; the others are refused.
async fn named(
    workspace: &Workspace,
    area: AreaCode,
    named: Vec<CaseVersion>,
    outcome: &mut BatchOutcome,
) -> Result<Vec<CaseSummary>, AppError> {
    check_named(named.len())?;
    let filter = CaseFilter {
        ids: Some(named.iter().map(|case| case.id).collect()),
        ..CaseFilter::within(area)
    };
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
                "没有这一件",
                "there is no such case in your area, or it is named twice",
            ),
            Some(summary) if summary.case.version != version => Problem::new(
                "version_conflict",
                "",
                "他人已办理过本件;请刷新后再办",
                "somebody else has taken this case meanwhile; look at it again",
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

/// The named cases that wait for a step, or all that the filter finds there.
async fn chosen(
    workspace: &Workspace,
    filter: CaseFilter,
    wanted: Option<Vec<CaseVersion>>,
    step: Step,
    outcome: &mut BatchOutcome,
) -> Result<Vec<CaseSummary>, AppError> {
    let Some(wanted) = wanted else {
        let filter = CaseFilter {
            step: Some(step),
            ..filter
        };
        let page = anju_store::identification::cases(workspace.db(), &filter, &Paging::default()).await?;
        return Ok(page.items);
    };
    let mut chosen = Vec::with_capacity(wanted.len());
    for summary in named(workspace, filter.area, wanted, outcome).await? {
        let waits_for = summary.case.value.step;
        if waits_for == step {
            chosen.push(summary);
        } else {
            let problem = Problem::new(
                "other_step",
                "",
                format!("本件当前环节为{}", waits_for.zh()),
                format!("this case waits for {}", waits_for.en()),
            );
            outcome
                .refused
                .push(RefusedCase::new(summary.case.value.id, problem));
        }
    }
    Ok(chosen)
}

/// The cases that a taking without named cases means.
fn selection(workspace: &Workspace, taking: &Taking, area: AreaCode) -> Result<CaseFilter, AppError> {
    let limits = || clock::limits(workspace.pack(), workspace.today());
    Ok(CaseFilter {
        category: taking.category,
        search: taking.search.clone(),
        waiting_before: taking.late.then(limits).transpose()?,
        ..CaseFilter::within(area)
    })
}

/// How many cases a taking means, before anything is done.
///
/// # Errors
/// When the caller may not take the step in the area, or the database fails.
pub async fn count(workspace: &Workspace, caller: &Caller, taking: &Taking) -> Result<u64, AppError> {
    let area = may_take(workspace, caller, taking).await?;
    if let Some(cases) = &taking.cases {
        return Ok(cases.len() as u64);
    }
    let filter = CaseFilter {
        step: Some(taking.step),
        ..selection(workspace, taking, area)?
    };
    let one = Paging {
        after: None,
        limit: 1,
    };
    Ok(anju_store::identification::cases(workspace.db(), &filter, &one)
        .await?
        .total)
}

/// The area in which the caller may take the step.
pub(crate) async fn may_take(
    workspace: &Workspace,
    caller: &Caller,
    taking: &Taking,
) -> Result<AreaCode, AppError> {
    let Some(level) = taking.step.level() else {
        return Err(IdentificationError::Ended { step: taking.step }.into());
    };
    areas::narrow_to_one(workspace, caller, action_of(level), taking.area.as_ref()).await
}

/// Takes a step with one case or many.
///
/// # Errors
/// When the caller may not take the step in the area, or the database fails. Cases that cannot be taken are in the
/// outcome.
pub async fn take(
    workspace: &Workspace,
    caller: &Caller,
    taking: Taking,
    progress: &Progress,
) -> Result<BatchOutcome, AppError> {
    let area = may_take(workspace, caller, &taking).await?;
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
    progress.report("读取认定件", "reading the cases", 0.0)?;
    let filter = selection(workspace, &taking, area)?;
    let cases = chosen(workspace, filter, taking.cases, taking.step, &mut outcome).await?;
    // The county decides on households that their category's rules accept.
    let lacking = if taking.what == What::Pass && taking.step == Step::CountyDecision {
        let ids: Vec<String> = cases
            .iter()
            .map(|summary| summary.case.value.household.to_string())
            .collect();
        let households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
        let households: Vec<Household> = households.into_iter().map(|household| household.value).collect();
        super::acceptance::not_accepted(workspace, &households).await?
    } else {
        HashMap::new()
    };
    for mut summary in cases {
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
            What::Pass if lacking.contains_key(&case.household) => {
                let lacks = &lacking[&case.household];
                Err(Problem::new(
                    "not_accepted",
                    "",
                    format!("不符合搬迁类型的准入条件:{}", lacks.zh),
                    format!("it does not meet the conditions of its category: {}", lacks.en),
                ))
            }
            What::Pass => case
                .pass(say.clone(), taking.vote.clone(), quorum)
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
    outcome.done = changed.len();
    write(workspace, caller, "take_step", say.remark, &changed, progress).await?;
    Ok(outcome)
}

async fn write(
    workspace: &Workspace,
    caller: &Caller,
    command: &'static str,
    reason: Option<String>,
    changed: &[Versioned<IdentificationCase>],
    progress: &Progress,
) -> Result<(), AppError> {
    if changed.is_empty() {
        return Ok(());
    }
    let mut transaction = workspace.begin(caller, command, reason).await?;
    for (number, chunk) in changed.chunks(CHUNK).enumerate() {
        let done = (number * CHUNK) as f32 / changed.len() as f32;
        progress.report("逐件办理", "taking the cases", 0.1 + 0.9 * done)?;
        transaction.update(chunk).await?;
    }
    transaction.commit().await
}

/// Takes back the last step of cases, where it was a mistake: by its own level, before the next level has acted.
///
/// # Errors
/// When the caller may not take the step, there is no reason, or the database fails. Cases whose step cannot be taken
/// back are in the outcome.
pub async fn take_back(
    workspace: &Workspace,
    caller: &Caller,
    taking_back: TakingBack,
) -> Result<BatchOutcome, AppError> {
    let step = taking_back.step;
    let Some(level) = step.level() else {
        return Err(IdentificationError::NothingTaken.into());
    };
    let area = caller.narrow(action_of(level), None)?;
    let say = Say {
        by: caller.name().to_owned(),
        at: workspace.now(),
        remark: Some(needed(&taking_back.reason, "reason")?),
    };
    let mut outcome = BatchOutcome::default();
    let mut changed = Vec::new();
    for mut summary in named(workspace, area, taking_back.cases, &mut outcome).await? {
        let case = &mut summary.case.value;
        let done = if case.has_ended() && has_other_case(workspace, case).await? {
            Err(Problem::new(
                "other_case",
                "",
                "该户已另行发起认定",
                "the household has entered the procedure again since",
            ))
        } else {
            case.take_back(step, say.clone()).map_err(|error| problem(&error))
        };
        match done {
            Ok(()) => changed.push(summary.case),
            Err(problem) => outcome
                .refused
                .push(RefusedCase::new(summary.case.value.id, problem)),
        }
    }
    outcome.done = changed.len();
    write(
        workspace,
        caller,
        "take_back_step",
        say.remark,
        &changed,
        &Progress::default(),
    )
    .await?;
    Ok(outcome)
}

/// Whether the household of a case has another one that goes on or is announced.
async fn has_other_case(workspace: &Workspace, case: &IdentificationCase) -> Result<bool, AppError> {
    let cases = anju_store::identification::cases_of(workspace.db(), case.household).await?;
    Ok(cases.iter().any(|other| {
        other.value.id != case.id && (!other.value.has_ended() || other.value.step == Step::Announced)
    }))
}

/// The step of a case that `caller` may take back, if any.
fn may_take_back(caller: &Caller, case: &IdentificationCase) -> Option<Step> {
    let standing = case.standing();
    let last = standing.last()?;
    let level = last.step.level()?;
    let untouched = case.notice.is_none() && case.open_objections == 0 && case.step != Step::Announced;
    (untouched
        && last.objection.is_none()
        && last.outcome != StepOutcome::TakenBack
        && caller.require_in(action_of(level), &case.area).is_ok())
    .then_some(last.step)
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
    if workspace.today() > notice.until {
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

/// Refuses an objection that is decided, and who may not decide it: the township decides those to a village's notice, the
/// county those to townships' and its own, and nobody who took it down, posted the notice or took the step before it.
fn may_answer(
    caller: &Caller,
    objection: &Objection,
    case: &IdentificationCase,
    notice: &PublicityNotice,
) -> Result<(), AppError> {
    let action = match notice.level {
        Level::Village => Action::CheckInTownship,
        Level::Township | Level::County => Action::DecideInCounty,
    };
    caller.require_in(action, &objection.area)?;
    if objection.state != ObjectionState::Open {
        return Err(IdentificationError::NoObjection.into());
    }
    if objection.received_by == caller.name() {
        return Err(AppError::invalid(
            "same_person",
            "",
            "受理人不能处理同一异议,须由他人处理",
            "whoever took the objection down may not decide it",
        ));
    }
    match case.part_in_notice(notice, caller.name()) {
        Some(step) => Err(IdentificationError::SamePerson {
            by: caller.name().to_owned(),
            step,
        }
        .into()),
        None => Ok(()),
    }
}

/// Decides an objection that was seen at `version`: by the township for a village's notice, by the county for those of
/// townships and its own, never by the person who took it down, posted the notice or took the step before it. Upheld, the
/// case goes back to that step.
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
    let case: Option<Versioned<IdentificationCase>> =
        anju_store::load(workspace.db(), &objection.value.case.to_string()).await?;
    let mut case = case.ok_or_else(missing)?;
    may_answer(caller, &objection.value, &case.value, &notice)?;
    let answer = needed(&answering.answer, "answer")?;
    let say = Say {
        by: caller.name().to_owned(),
        at: workspace.now(),
        remark: Some(answer.clone()),
    };
    case.value
        .decide_objection(objection.value.id, &notice, answering.upheld, say)?;
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
