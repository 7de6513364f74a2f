//! What the pages of identification show: the desk, notices, objections, and the steps of one household.

use std::collections::HashMap;

use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::identification::{
    IdentificationCase, Level, Objection, ObjectionState, PublicityNotice, Step, TakenStep,
};
use anju_model::identity::masked_name;
use anju_model::register::{Category, Household, Pathway};
use anju_store::identification::{CaseFilter, CaseSummary};
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{load_notice, today};
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
    /// What was done.
    pub taken: Vec<TakenStep>,
}

/// The desk: how much waits for whom.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IdentificationDesk)]
pub struct Desk {
    /// Households without a case.
    pub without_case: usize,
    /// Cases by step, in the order of the procedure; ended ones at the end.
    pub steps: Vec<StepCount>,
    /// Notices that have not been closed.
    pub notices: u64,
    /// Objections that are not decided.
    pub objections: u64,
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
    /// Whether the caller may take it.
    pub mine: bool,
}

/// A notice as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoticeView {
    /// UUIDv7.
    pub id: Uuid,
    /// Version.
    pub version: i64,
    /// The village or the county.
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
    /// Who posted it.
    pub posted_by: String,
    /// When its last case went on.
    pub closed_at: Option<Timestamp>,
    /// The households on it, as the notice shows them.
    pub lines: Vec<NoticeLine>,
}

/// A household on a notice: what must be shown, and nothing else.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoticeLine {
    /// The case.
    pub case: Uuid,
    /// Name of the head.
    pub head_name: String,
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
}

fn view(summary: CaseSummary, areas: &AreaNames) -> CaseView {
    let Versioned {
        value: case, version, ..
    } = summary.case;
    CaseView {
        id: case.id,
        version,
        household: case.household,
        register_number: summary.register_number,
        head_name: masked_name(&summary.head_name),
        area_name: areas.path(&case.area),
        area: case.area,
        persons: summary.persons,
        category: summary.category,
        step: case.step,
        notice: case.notice,
        open_objections: case.open_objections,
        blocking_items: summary.blocking_items,
        taken: case.taken,
    }
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
    let area = caller.narrow(Action::ReadRegister, query.area.as_ref())?;
    let filter = CaseFilter {
        step: query.step,
        suspended: query.suspended,
        on_notice: query.on_notice,
        ended: query.ended,
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
        items: page.items.into_iter().map(|case| view(case, &areas)).collect(),
        next: page.next,
        total: page.total,
    })
}

/// The desk of an area.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn desk(workspace: &Workspace, caller: &Caller, area: Option<&AreaCode>) -> Result<Desk, AppError> {
    let area = caller.narrow(Action::ReadRegister, area)?;
    let db = workspace.db();
    let counted: HashMap<Step, (u64, u64)> = anju_store::identification::count_by_step(db, &area)
        .await?
        .into_iter()
        .map(|(step, cases, suspended)| (step, (cases, suspended)))
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
            StepCount {
                step,
                level: step.level(),
                cases,
                suspended,
                mine: step
                    .level()
                    .is_some_and(|level| caller.require(super::action_of(level)).is_ok()),
            }
        })
        .collect();
    let one = Paging {
        after: None,
        limit: 1,
    };
    let notices = anju_store::identification::notices(db, &area, None, Some(false), &one).await?;
    let objections =
        anju_store::identification::objections(db, &area, Some(ObjectionState::Open), None, &one).await?;
    Ok(Desk {
        without_case: anju_store::identification::without_case(db, &area, None)
            .await?
            .len(),
        steps,
        notices: notices.total,
        objections: objections.total,
    })
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

/// One page of notices without their lines, the newest first.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn notices(
    workspace: &Workspace,
    caller: &Caller,
    query: &NoticeQuery,
) -> Result<Page<NoticeView>, AppError> {
    let area = caller.narrow(Action::ReadRegister, query.area.as_ref())?;
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::identification::notices(workspace.db(), &area, query.level, query.closed, &paging)
        .await?;
    let areas = workspace.areas().await?;
    let today = today(workspace);
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|notice| notice_view(notice, &areas, today, Vec::new()))
            .collect(),
        next: page.next,
        total: page.total,
    })
}

/// Which notices to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    /// Only in this area.
    pub area: Option<AreaCode>,
    /// Village or county.
    pub level: Option<Level>,
    /// Whether they are closed.
    pub closed: Option<bool>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

fn notice_view(
    notice: Versioned<PublicityNotice>,
    areas: &AreaNames,
    today: Date,
    lines: Vec<NoticeLine>,
) -> NoticeView {
    let Versioned {
        value: notice,
        version,
        ..
    } = notice;
    NoticeView {
        id: notice.id,
        version,
        area_name: areas.name(&notice.area),
        area: notice.area,
        level: notice.level,
        place: notice.place,
        contact: notice.contact,
        from: notice.from,
        until: notice.until,
        has_run: today > notice.until,
        posted_by: notice.posted_by,
        closed_at: notice.closed_at,
        lines,
    }
}

/// One notice with the households on it. A notice shows the head's name in full, group, size, category and pathway, as
/// the procedure asks, and never an ID number, phone, bank account or health.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn notice(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<NoticeView, AppError> {
    let notice = load_notice(workspace, id).await?;
    caller.require_in(Action::ReadRegister, &notice.value.area)?;
    let ids: Vec<String> = notice.value.cases.iter().map(Uuid::to_string).collect();
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
    let areas = workspace.areas().await?;
    let mut lines: Vec<(AreaCode, NoticeLine)> = cases
        .iter()
        .filter_map(|case| {
            let household = households.get(&case.value.household)?;
            let head = household.head().or(household.members.first());
            let line = NoticeLine {
                case: case.value.id,
                head_name: head.map(|head| head.facts.name.clone()).unwrap_or_default(),
                area_name: areas.path(&case.value.area),
                persons: household.members.len(),
                category: household.facts.category,
                pathway: household.consent.as_ref().and_then(|consent| consent.pathway),
                stands: case.value.notice == Some(id),
                open_objections: case.value.open_objections,
            };
            Some((case.value.area.clone(), line))
        })
        .collect();
    lines.sort_by(|(a, left), (b, right)| (a, &left.head_name).cmp(&(b, &right.head_name)));
    let lines = lines.into_iter().map(|(_, line)| line).collect();
    Ok(notice_view(notice, &areas, today(workspace), lines))
}

/// A notice as a workbook to be posted.
///
/// # Errors
/// As [`notice`].
pub async fn notice_workbook(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<u8>, AppError> {
    let notice = notice(workspace, caller, id).await?;
    let title = format!(
        "{}搬迁户认定公示({}至{},异议请告知:{})",
        notice.area_name, notice.from, notice.until, notice.contact
    );
    let headers = ["序号", "户主", "住址", "人口", "搬迁类型", "安置方式"];
    let rows = notice
        .lines
        .into_iter()
        .filter(|line| line.stands)
        .enumerate()
        .map(|(index, line)| {
            vec![
                (index + 1).to_string(),
                line.head_name,
                line.area_name,
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
    let area = caller.narrow(Action::ReadRegister, query.area.as_ref())?;
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page =
        anju_store::identification::objections(workspace.db(), &area, query.state, query.notice, &paging)
            .await?;
    Ok(Page {
        items: objection_views(workspace, page.items).await?,
        next: page.next,
        total: page.total,
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
    let mut views = objection_views(workspace, stored.into_iter().collect()).await?;
    views.pop().ok_or_else(|| AppError::NotFound {
        kind: "objection",
        id: id.to_string(),
    })
}

async fn objection_views(
    workspace: &Workspace,
    objections: Vec<Versioned<Objection>>,
) -> Result<Vec<ObjectionView>, AppError> {
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
    let of_case: HashMap<Uuid, &Household> = cases
        .iter()
        .filter_map(|case| Some((case.value.id, households.get(&case.value.household)?)))
        .collect();
    let areas = workspace.areas().await?;
    Ok(objections
        .into_iter()
        .map(|objection| {
            let household = of_case.get(&objection.value.case);
            let head = household.and_then(|household| household.head().or(household.members.first()));
            ObjectionView {
                version: objection.version,
                area_name: areas.path(&objection.value.area),
                head_name: head.map(|head| masked_name(&head.facts.name)).unwrap_or_default(),
                register_number: household
                    .map(|household| household.facts.register_number.clone())
                    .unwrap_or_default(),
                objection: objection.value,
            }
        })
        .collect())
}
