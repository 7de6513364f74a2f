//! What the pages of identification show: the desk, notices, objections, and the steps of one household.

use std::collections::HashMap;

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Language;
use anju_model::identification::{
    Application, Extension, IdentificationCase, Level, NoticeKind, NoticePhoto, Objection, ObjectionState,
    PublicityNotice, Removal, Step, TakenStep,
};
use anju_model::identity::masked_name;
use anju_model::register::{Category, Household, Pathway};
use anju_store::identification::{CaseFilter, CaseSummary, NoticeFilter};
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::notice::readable_notice;
use super::{action_of, clock, may_answer, may_take_back};
use crate::register::views::Page;
use crate::table::{TableFormat, write_texts};
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// Which cases to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// Only in this area.
    pub area: Option<AreaCode>,
    /// What they wait for.
    pub step: Option<Step>,
    /// Whether they are suspended by an objection.
    pub suspended: Option<bool>,
    /// Whether they stand on a notice.
    pub on_notice: Option<bool>,
    /// Whether they have ended.
    pub ended: Option<bool>,
    /// Only those that are over the time of the policy pack.
    pub late: bool,
    /// Category of the household.
    pub category: Option<Category>,
    /// Name, register number, ID number or phone tail.
    pub search: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// A case as lists show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CaseView {
    /// UUIDv7.
    pub id: Uuid,
    /// Version, to be sent back with a step.
    pub version: i64,
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Name of the head, masked.
    pub head_name: String,
    /// Villagers' group or village.
    pub area: AreaCode,
    /// Township, village and group.
    pub area_name: String,
    /// Persons.
    pub persons: u32,
    /// Category.
    pub category: Category,
    /// What it waits for.
    pub step: Step,
    /// The notice on which it stands.
    pub notice: Option<Uuid>,
    /// Objections not decided.
    pub open_objections: u32,
    /// Look-back items that hold up the cross-match.
    pub blocking_items: u32,
    /// What set it going.
    pub application: Application,
    /// What was done.
    pub taken: Vec<TakenStep>,
    /// The day since which it waits.
    pub waiting_since: Date,
    /// Days since then.
    pub days: i32,
    /// The day by which the step should be taken, by the policy pack; none while it stands on a notice.
    pub due: Option<Date>,
    /// Whether that day has passed.
    pub late: bool,
    /// The step that the caller may take back, if its taking was a mistake.
    pub may_take_back: Option<Step>,
}

/// The desk: how much waits for whom.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IdentificationDesk)]
pub struct Desk {
    /// Households without a case.
    pub without_case: u64,
    /// Cases by step, in the order of the procedure; ended ones at the end.
    pub steps: Vec<StepCount>,
    /// Where households are ready for a notice or an announcement.
    pub ready: Vec<Ready>,
    /// Notices that have not been closed.
    pub notices: u64,
    /// Of these, those that have run.
    pub notices_run: u64,
    /// Objections that are not decided.
    pub objections: u64,
}

/// Households of an area that are ready for a notice or an announcement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IdentificationReady)]
pub struct Ready {
    /// The step that the notice is for.
    pub step: Step,
    /// The village, township or county that posts it.
    pub area: AreaCode,
    /// Its name, with its township.
    pub area_name: String,
    /// Households.
    pub households: u64,
    /// Whether the caller may post it.
    pub mine: bool,
}

/// How many cases wait for a step.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IdentificationStepCount)]
pub struct StepCount {
    /// The step.
    pub step: Step,
    /// Who takes it; absent for the ends.
    pub level: Option<Level>,
    /// Cases.
    pub cases: u64,
    /// Suspended by an objection.
    pub suspended: u64,
    /// Over the time of the policy pack.
    pub late: u64,
    /// Days that the policy pack gives.
    pub days: Option<u32>,
    /// Whether the caller may take it.
    pub mine: bool,
}

/// A notice as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoticeView {
    /// UUIDv7.
    pub id: Uuid,
    /// Version, to be sent back with a change.
    pub version: i64,
    /// Open to objection, or final.
    pub kind: NoticeKind,
    /// Its number, e.g. 青石村公示〔2026〕3号; absent for one of before they were numbered.
    pub number: Option<String>,
    /// The village, township or county.
    pub area: AreaCode,
    /// Its name.
    pub area_name: String,
    /// Village or county.
    pub level: Level,
    /// Where it hangs.
    pub place: String,
    /// Whom to tell of an objection.
    pub contact: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Whether it has run its days.
    pub has_run: bool,
    /// Days left until it has run, the last one included; 0 when it has.
    pub days_left: i32,
    /// Households on it.
    pub households: usize,
    /// Whether the caller may act for the level that posted it.
    pub mine: bool,
    /// Photos of it where it hangs.
    pub photos: Vec<NoticePhoto>,
    /// Days it was given anew.
    pub extensions: Vec<Extension>,
    /// How it was taken down before its time.
    pub removed: Option<Removal>,
    /// Who posted it.
    pub posted_by: String,
    /// When its last case went on.
    pub closed_at: Option<Timestamp>,
    /// The households on it, as the notice shows them.
    pub lines: Vec<NoticeLine>,
}

impl NoticeView {
    /// The households of the printed list. While the notice hangs, those that stand on it; once it has run or was taken
    /// down, all that it made public, though none of them waits on it any more.
    pub(crate) fn printed_lines(&self) -> impl Iterator<Item = &NoticeLine> {
        let hangs = self.closed_at.is_none() && !self.has_run;
        self.lines.iter().filter(move |line| line.stands || !hangs)
    }
}

/// A household on a notice: what must be shown, and nothing else.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoticeLine {
    /// The case.
    pub case: Uuid,
    /// Name of the head.
    pub head_name: String,
    /// Villagers' group or village.
    pub area: AreaCode,
    /// Township, village and group.
    pub area_name: String,
    /// Persons.
    pub persons: usize,
    /// Category.
    pub category: Category,
    /// Pathway chosen.
    pub pathway: Option<Pathway>,
    /// Whether it still stands on the notice.
    pub stands: bool,
    /// Objections not decided.
    pub open_objections: u32,
}

/// An objection as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ObjectionView {
    /// Version, to be sent back with the decision.
    pub version: i64,
    /// The objection.
    #[serde(flatten)]
    pub objection: Objection,
    /// Township, village and group of the household.
    pub area_name: String,
    /// Name of its head, masked.
    pub head_name: String,
    /// 户编号.
    pub register_number: String,
    /// Whether the caller may decide it.
    pub mine: bool,
}

fn view(
    workspace: &Workspace,
    caller: &Caller,
    summary: CaseSummary,
    areas: &AreaNames,
) -> Result<CaseView, AppError> {
    let Versioned {
        value: case, version, ..
    } = summary.case;
    let today = workspace.today();
    let waiting_since = case.waiting_since();
    let due = match case.notice {
        Some(_) => None,
        None => clock::due(workspace.pack(), case.step, waiting_since)?,
    };
    Ok(CaseView {
        id: case.id,
        version,
        household: case.household,
        register_number: summary.register_number,
        head_name: masked_name(&summary.head_name),
        area_name: areas.path(&case.area),
        persons: summary.persons,
        category: summary.category,
        step: case.step,
        notice: case.notice,
        open_objections: case.open_objections,
        blocking_items: summary.blocking_items,
        waiting_since,
        days: (today - waiting_since).get_days(),
        due,
        late: due.is_some_and(|due| today > due),
        may_take_back: may_take_back(caller, &case),
        area: case.area,
        application: case.application,
        taken: case.taken,
    })
}

/// One page of cases.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &CaseQuery,
) -> Result<Page<CaseView>, AppError> {
    let area =
        crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref())
            .await?;
    let filter = CaseFilter {
        step: query.step,
        suspended: query.suspended,
        on_notice: query.on_notice,
        ended: query.ended,
        waiting_before: query
            .late
            .then(|| clock::limits(workspace.pack(), workspace.today()))
            .transpose()?,
        category: query.category,
        search: query.search.clone(),
        ..CaseFilter::within(area)
    };
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::identification::cases(workspace.db(), &filter, &paging).await?;
    let areas = workspace.areas().await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|case| view(workspace, caller, case, &areas))
            .collect::<Result<_, _>>()?,
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// The desk of an area.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn desk(workspace: &Workspace, caller: &Caller, area: Option<&AreaCode>) -> Result<Desk, AppError> {
    let area = crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, area).await?;
    let db = workspace.db();
    let counted: HashMap<Step, (u64, u64)> = anju_store::identification::count_by_step(db, &area)
        .await?
        .into_iter()
        .map(|(step, cases, suspended)| (step, (cases, suspended)))
        .collect();
    let limits = clock::limits(workspace.pack(), workspace.today())?;
    let late: HashMap<Step, u64> = anju_store::identification::count_late(db, &area, &limits)
        .await?
        .into_iter()
        .collect();
    let steps = super::procedure(workspace.pack())?.steps();
    let ends = [Step::Announced, Step::Refused, Step::Withdrawn];
    // A case of an earlier pack may wait for a step that the present procedure does not have.
    let others = Step::ALL
        .iter()
        .filter(|step| !steps.contains(step) && !ends.contains(step) && counted.contains_key(step));
    let steps = steps
        .iter()
        .chain(others)
        .chain(&ends)
        .map(|&step| {
            let (cases, suspended) = counted.get(&step).copied().unwrap_or_default();
            Ok(StepCount {
                step,
                level: step.level(),
                cases,
                suspended,
                late: late.get(&step).copied().unwrap_or(0),
                days: clock::days(workspace.pack(), step)?,
                mine: step
                    .level()
                    .is_some_and(|level| caller.require(action_of(level)).is_ok()),
            })
        })
        .collect::<Result<_, AppError>>()?;
    let one = Paging {
        after: None,
        limit: 1,
    };
    let open = NoticeFilter {
        closed: Some(false),
        ..NoticeFilter::within(area.clone())
    };
    let run = NoticeFilter {
        until_before: Some(workspace.today()),
        ..open.clone()
    };
    let notices = anju_store::identification::notices(db, &open, &one).await?;
    let notices_run = anju_store::identification::notices(db, &run, &one).await?;
    let objections =
        anju_store::identification::objections(db, &area, Some(ObjectionState::Open), None, &one).await?;
    Ok(Desk {
        without_case: anju_store::identification::count_without_case(db, &area).await?,
        steps,
        ready: ready(workspace, caller, &area).await?,
        notices: notices.total,
        notices_run: notices_run.total,
        objections: objections.total,
    })
}

/// Where households are ready for a notice or an announcement.
async fn ready(workspace: &Workspace, caller: &Caller, area: &AreaCode) -> Result<Vec<Ready>, AppError> {
    let areas = workspace.areas().await?;
    let mut ready = Vec::new();
    for (step, level, of) in [
        (Step::VillagePublicity, Level::Village, AreaLevel::Village),
        (Step::TownshipPublicity, Level::Township, AreaLevel::Township),
        (Step::CountyPublicity, Level::County, AreaLevel::County),
        (Step::Announcement, Level::County, AreaLevel::County),
    ] {
        let counted = anju_store::identification::ready_for_notice(workspace.db(), area, step, of).await?;
        ready.extend(counted.into_iter().map(|(area, households)| Ready {
            step,
            area_name: match of {
                AreaLevel::County => areas.name(&area),
                _ => areas.path(&area),
            },
            households,
            mine: caller.require_in(action_of(level), &area).is_ok(),
            area,
        }));
    }
    Ok(ready)
}

/// The cases of one household, the newest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of_household(
    workspace: &Workspace,
    household: Uuid,
) -> Result<Vec<IdentificationCase>, AppError> {
    let cases = anju_store::identification::cases_of(workspace.db(), household).await?;
    Ok(cases.into_iter().map(|case| case.value).collect())
}

/// One page of notices without their lines, the newest first: those of the area, and those of the areas above that name
/// a household of it.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn notices(
    workspace: &Workspace,
    caller: &Caller,
    query: &NoticeQuery,
) -> Result<Page<NoticeView>, AppError> {
    let area =
        crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref())
            .await?;
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let filter = NoticeFilter {
        kind: query.kind,
        level: query.level,
        closed: query.closed,
        until_before: query.has_run.then(|| workspace.today()),
        of_areas_above: true,
        ..NoticeFilter::within(area)
    };
    let page = anju_store::identification::notices(workspace.db(), &filter, &paging).await?;
    let areas = workspace.areas().await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|notice| notice_view(workspace, caller, notice, &areas, Vec::new()))
            .collect(),
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// Which notices to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    /// Only in this area.
    pub area: Option<AreaCode>,
    /// Notices open to objection, or announcements.
    pub kind: Option<NoticeKind>,
    /// The level that posted them.
    pub level: Option<Level>,
    /// Whether they are closed.
    pub closed: Option<bool>,
    /// Only those that have run their days.
    pub has_run: bool,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// Number of a notice as it is printed, e.g. 青石村公示〔2026〕3号.
pub(crate) fn number_text(notice: &PublicityNotice, area_name: &str, language: Language) -> Option<String> {
    let number = notice.number?;
    Some(match language {
        Language::Chinese => format!(
            "{area_name}{}〔{}〕{}号",
            notice.kind.zh(),
            number.year,
            number.serial
        ),
        Language::English => format!(
            "{area_name}, {} no. {} of {}",
            notice.kind.en(),
            number.serial,
            number.year
        ),
    })
}

fn notice_view(
    workspace: &Workspace,
    caller: &Caller,
    notice: Versioned<PublicityNotice>,
    areas: &AreaNames,
    lines: Vec<NoticeLine>,
) -> NoticeView {
    let Versioned {
        value: notice,
        version,
        ..
    } = notice;
    let today = workspace.today();
    let area_name = areas.name(&notice.area);
    NoticeView {
        id: notice.id,
        version,
        kind: notice.kind,
        number: number_text(&notice, &area_name, Language::Chinese),
        mine: caller.require_in(action_of(notice.level), &notice.area).is_ok(),
        area_name,
        area: notice.area,
        level: notice.level,
        place: notice.place,
        contact: notice.contact,
        from: notice.from,
        until: notice.until,
        has_run: today > notice.until,
        days_left: ((notice.until - today).get_days() + 1).max(0),
        households: notice.cases.len(),
        photos: notice.photos,
        extensions: notice.extensions,
        removed: notice.removed,
        posted_by: notice.posted_by,
        closed_at: notice.closed_at,
        lines,
    }
}

/// One notice with the households on it; of a notice of an area above the caller's, with those of the caller's. A notice shows the head's name in full, group, size, category and pathway, as
/// the procedure asks, and never an ID number, phone, bank account or health.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn notice(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<NoticeView, AppError> {
    let (notice, cases) = readable_notice(workspace, caller, id).await?;
    let ids: Vec<String> = cases
        .iter()
        .map(|case| case.value.household.to_string())
        .collect();
    let households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    let households: HashMap<Uuid, Household> = households
        .into_iter()
        .map(|household| (household.value.id, household.value))
        .collect();
    let areas = workspace.areas().await?;
    let is_final = notice.value.kind == NoticeKind::Announcement;
    let mut lines: Vec<NoticeLine> = cases
        .iter()
        .filter_map(|case| {
            let household = households.get(&case.value.household)?;
            let head = household.head().or(household.members.first());
            Some(NoticeLine {
                case: case.value.id,
                head_name: head.map(|head| head.facts.name.clone()).unwrap_or_default(),
                area_name: areas.path(&case.value.area),
                area: case.value.area.clone(),
                persons: household.members.len(),
                category: household.facts.category,
                pathway: household.consent.as_ref().and_then(|consent| consent.pathway),
                stands: is_final || case.value.notice == Some(id),
                open_objections: case.value.open_objections,
            })
        })
        .collect();
    lines.sort_by(|a, b| (&a.area, &a.head_name, a.case).cmp(&(&b.area, &b.head_name, b.case)));
    Ok(notice_view(workspace, caller, notice, &areas, lines))
}

/// A notice as a workbook to be posted.
///
/// # Errors
/// As [`notice`].
pub async fn notice_workbook(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<u8>, AppError> {
    let notice = notice(workspace, caller, id).await?;
    let title = match notice.kind {
        NoticeKind::Publicity => format!(
            "{}搬迁户认定公示({}至{},异议请告知:{})",
            notice.area_name, notice.from, notice.until, notice.contact
        ),
        NoticeKind::Announcement => format!("{}搬迁户认定公告({})", notice.area_name, notice.from),
    };
    let headers = ["序号", "户主", "住址", "人口", "搬迁类型", "安置方式"];
    let rows = notice.printed_lines().enumerate().map(|(index, line)| {
        vec![
            (index + 1).to_string(),
            line.head_name.clone(),
            line.area_name.clone(),
            line.persons.to_string(),
            line.category.zh().to_owned(),
            line.pathway.map_or("", |pathway| pathway.zh()).to_owned(),
        ]
    });
    write_texts(&title, &headers, rows, TableFormat::Xlsx)
}

/// Which objections to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ObjectionQuery {
    /// Only in this area.
    pub area: Option<AreaCode>,
    /// What became of them.
    pub state: Option<ObjectionState>,
    /// To households on this notice.
    pub notice: Option<Uuid>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// One page of objections, the oldest first.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn objections(
    workspace: &Workspace,
    caller: &Caller,
    query: &ObjectionQuery,
) -> Result<Page<ObjectionView>, AppError> {
    let area =
        crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref())
            .await?;
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page =
        anju_store::identification::objections(workspace.db(), &area, query.state, query.notice, &paging)
            .await?;
    Ok(Page {
        items: objection_views(workspace, caller, page.items).await?,
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// One objection.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn objection(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<ObjectionView, AppError> {
    let area = caller.narrow(Action::ReadRegister, None)?;
    let stored: Option<Versioned<Objection>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let stored = stored.filter(|objection| area.contains(&objection.value.area));
    let mut views = objection_views(workspace, caller, stored.into_iter().collect()).await?;
    views.pop().ok_or_else(|| AppError::NotFound {
        kind: "objection",
        id: id.to_string(),
    })
}

async fn objection_views(
    workspace: &Workspace,
    caller: &Caller,
    objections: Vec<Versioned<Objection>>,
) -> Result<Vec<ObjectionView>, AppError> {
    let ids: Vec<String> = objections
        .iter()
        .map(|objection| objection.value.notice.to_string())
        .collect();
    let notices: Vec<Versioned<PublicityNotice>> = anju_store::load_many(workspace.db(), &ids).await?;
    let notices: HashMap<Uuid, PublicityNotice> = notices
        .into_iter()
        .map(|notice| (notice.value.id, notice.value))
        .collect();
    let ids: Vec<String> = objections
        .iter()
        .map(|objection| objection.value.case.to_string())
        .collect();
    let cases: Vec<Versioned<IdentificationCase>> = anju_store::load_many(workspace.db(), &ids).await?;
    let ids: Vec<String> = cases
        .iter()
        .map(|case| case.value.household.to_string())
        .collect();
    let households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    let households: HashMap<Uuid, Household> = households
        .into_iter()
        .map(|household| (household.value.id, household.value))
        .collect();
    let cases: HashMap<Uuid, IdentificationCase> = cases
        .into_iter()
        .map(|case| (case.value.id, case.value))
        .collect();
    let areas = workspace.areas().await?;
    Ok(objections
        .into_iter()
        .map(|objection| {
            let case = cases.get(&objection.value.case);
            let household = case.and_then(|case| households.get(&case.household));
            let head = household.and_then(|household| household.head().or(household.members.first()));
            let mine = case
                .zip(notices.get(&objection.value.notice))
                .is_some_and(|(case, notice)| may_answer(caller, &objection.value, case, notice).is_ok());
            ObjectionView {
                version: objection.version,
                area_name: areas.path(&objection.value.area),
                head_name: head.map(|head| masked_name(&head.facts.name)).unwrap_or_default(),
                register_number: household
                    .map(|household| household.facts.register_number.clone())
                    .unwrap_or_default(),
                mine,
                objection: objection.value,
            }
        })
        .collect())
}
