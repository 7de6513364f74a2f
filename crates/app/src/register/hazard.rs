//! Hazard points: the list, a point with its threatened households, registering, and closing by two people.
//!
//! Must-move is what the assessment says of the place; willing is what the household signed. Both are shown, side by side
//! and never as one.

use std::collections::{HashMap, HashSet};

use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::hazard::{
    Closing, HazardError, HazardFacts, HazardKind, HazardPoint, HazardRisk, HazardState, RelocationExtent,
    SafeHousehold, SafetyReason,
};
use anju_model::identity::{IdNumber, masked_name};
use anju_model::lookback::ThreatenedHousehold;
use anju_model::register::{Category, ConsentChoice, FileKind, Household, Urgency};
use anju_store::category::{HazardFilter, HazardSort};
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::views::{Page, sort_key};
use crate::table::{TableFormat, write_texts};
use crate::{AppError, Caller, Workspace};

/// Most rows of an export.
const EXPORT_LIMIT: u32 = 100_000;

impl From<HazardError> for AppError {
    fn from(error: HazardError) -> Self {
        let text = error.text();
        Self::invalid(error.code(), error.place(), text.zh, text.en)
    }
}

/// Which hazard points to show, and in which order.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HazardQuery {
    /// Part of code or name.
    pub search: Option<String>,
    /// Only this area.
    pub area: Option<AreaCode>,
    /// Only this kind.
    pub kind: Option<HazardKind>,
    /// Only this risk.
    pub risk: Option<HazardRisk>,
    /// Only this state.
    pub state: Option<HazardState>,
    /// Only this extent.
    pub extent: Option<RelocationExtent>,
    /// Only those whose closing was asked for, or was not.
    pub closing_asked: Option<bool>,
    /// `code`, `risk`, `area`, `threatened`; `-` before it for descending.
    pub sort: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// A hazard point in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HazardSummary {
    /// UUIDv7.
    pub id: Uuid,
    /// Version of the record.
    pub version: i64,
    /// What is registered.
    #[serde(flatten)]
    pub facts: HazardFacts,
    /// Township and village.
    pub area_name: String,
    /// Households on its list.
    pub listed: u64,
    /// Households that are not safe: of the list, and those of the department's figure that the list does not have.
    pub not_safe: u64,
    /// That closing was asked for.
    pub closing: Option<Closing>,
}

/// A hazard point with its households.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HazardDetail {
    /// As in the list.
    #[serde(flatten)]
    pub summary: HazardSummary,
    /// The households on its list.
    pub threatened: Vec<ThreatenedView>,
    /// Whether the list is not shown to the caller, who is of another department; figures then count nothing of it.
    pub list_hidden: bool,
    /// Households of the register that name the point and are not on its list.
    pub unlisted: Vec<RegisteredView>,
    /// Figures over both lists.
    pub figures: HazardFigures,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

/// What is known of the households of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct HazardFigures {
    /// On the list and on the register.
    pub registered: u64,
    /// On the list and not on the register.
    pub not_registered: u64,
    /// Must move, by the list.
    pub must_move: u64,
    /// Chose to move, of those on the register.
    pub willing: u64,
    /// Moved away.
    pub moved: u64,
    /// Safe because their range was treated.
    pub treated: u64,
    /// Not safe.
    pub not_safe: u64,
}

/// A household on a point's list. Masked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ThreatenedView {
    /// UUIDv7 of the line of the list.
    pub id: Uuid,
    /// Masked.
    pub head_name: String,
    /// Masked.
    pub head_id_number: Option<String>,
    /// Township and village.
    pub area_name: String,
    /// Persons.
    pub persons: u32,
    /// Must-move, by the assessment: a fact about the place.
    pub must_move: bool,
    /// The household of the register, found by the ID number of the head, or by name in the same village.
    pub household: Option<RegisteredView>,
    /// That it is safe.
    pub safe: Option<SafeView>,
}

/// A household of the register, for the page of a hazard point. Masked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ThreatenedRegisteredView)]
pub struct RegisteredView {
    /// UUIDv7.
    pub id: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Masked.
    pub head_name: String,
    /// Township, village and group.
    pub area_name: String,
    /// Category.
    pub category: Category,
    /// Must-move, as the register has it: a fact about the place.
    pub must_move: bool,
    /// What it signed: a wish.
    pub choice: Option<ConsentChoice>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// Whether it names this point.
    pub names_point: bool,
}

/// How a household became safe.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SafeView {
    /// How.
    pub reason: SafetyReason,
    /// Since when.
    pub date: Date,
    /// What shows it.
    pub evidence: String,
    /// Who recorded it.
    pub recorded_by: String,
}

/// What is recorded of a household that is safe.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeRecord {
    /// How it became safe; none when it is not after all.
    pub reason: Option<SafetyReason>,
    /// Since when; today without it.
    #[serde(default)]
    pub date: Option<Date>,
    /// What shows it, or why it is not safe after all.
    pub evidence: String,
}

/// A step of the closing.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = HazardClosingStep)]
pub enum ClosingStep {
    /// Asks that the point be closed.
    Ask {
        /// Number of the document.
        document: String,
    },
    /// Closes it, by another person.
    Approve {
        /// Remark.
        #[serde(default)]
        remark: Option<String>,
    },
    /// Sends the request back, with the reason.
    Return {
        /// Why.
        remark: String,
    },
    /// Opens a closed point again, with the reason.
    Reopen {
        /// Why.
        remark: String,
    },
}

/// One page of hazard points.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &HazardQuery,
) -> Result<Page<HazardSummary>, AppError> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    rows(workspace, caller, query, limit).await
}

async fn rows(
    workspace: &Workspace,
    caller: &Caller,
    query: &HazardQuery,
    limit: u32,
) -> Result<Page<HazardSummary>, AppError> {
    let area =
        super::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref()).await?;
    let (sort, descending) = sort_key(query.sort.as_deref());
    let filter = HazardFilter {
        search: query.search.clone(),
        kind: query.kind,
        risk: query.risk,
        state: query.state,
        extent: query.extent,
        closing_asked: query.closing_asked,
        sort: match sort {
            "risk" => HazardSort::Risk,
            "area" => HazardSort::Area,
            "threatened" => HazardSort::Threatened,
            _ => HazardSort::Code,
        },
        descending,
        ..HazardFilter::within(area)
    };
    let paging = Paging {
        after: query.after.clone(),
        limit,
    };
    let page = anju_store::category::hazard_points(workspace.db(), &filter, &paging).await?;
    let codes: Vec<String> = page
        .items
        .iter()
        .map(|point| point.value.facts.code.clone())
        .collect();
    let mut listed: HashMap<String, Vec<ThreatenedHousehold>> = HashMap::new();
    let wanted = match caller.is_shown(FileKind::ThreatenedHouseholds) {
        true => codes.as_slice(),
        false => &[],
    };
    for household in anju_store::category::threatened_of(workspace.db(), wanted).await? {
        listed
            .entry(household.hazard_point.clone())
            .or_default()
            .push(household);
    }
    let areas = workspace.areas().await?;
    let none = Vec::new();
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|point| {
                let listed = listed.get(&point.value.facts.code).unwrap_or(&none);
                summary(&areas, &point, listed)
            })
            .collect(),
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

fn summary(
    areas: &crate::workspace::AreaNames,
    point: &Versioned<HazardPoint>,
    listed: &[ThreatenedHousehold],
) -> HazardSummary {
    HazardSummary {
        id: point.value.id,
        version: point.version,
        area_name: areas.path(&point.value.facts.area),
        listed: listed.len() as u64,
        not_safe: point.value.not_safe(listed),
        closing: point.value.closing.clone(),
        facts: point.value.facts.clone(),
    }
}

/// The hazard points as a file.
///
/// # Errors
/// As [`list`].
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    query: &HazardQuery,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let headers = [
        "隐患点编号",
        "隐患点名称",
        "村",
        "灾害类型",
        "规模等级",
        "风险等级",
        "状态",
        "搬迁范围",
        "威胁户数",
        "威胁人数",
        "清单户数",
        "未脱险户数",
        "评估报告号",
    ];
    let page = rows(workspace, caller, query, EXPORT_LIMIT).await?;
    let table = page.items.into_iter().map(|point| {
        let facts = point.facts;
        let count = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
        vec![
            facts.code,
            facts.name.unwrap_or_default(),
            point.area_name,
            facts.kind.zh().to_owned(),
            facts.scale.map_or("", |scale| scale.zh()).to_owned(),
            facts.risk.map_or("", |risk| risk.zh()).to_owned(),
            facts.state.zh().to_owned(),
            facts.extent.map_or("", |extent| extent.zh()).to_owned(),
            count(facts.threatened_households),
            count(facts.threatened_persons),
            point.listed.to_string(),
            point.not_safe.to_string(),
            facts
                .assessment
                .map(|assessment| assessment.number)
                .unwrap_or_default(),
        ]
    });
    write_texts("隐患点", &headers, table, format)
}

async fn load(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Versioned<HazardPoint>, AppError> {
    let own = caller.narrow(Action::ReadRegister, None)?;
    let stored: Option<Versioned<HazardPoint>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    stored
        .filter(|point| own.contains(&point.value.facts.area))
        .ok_or_else(|| AppError::NotFound {
            kind: "hazard_point",
            id: id.to_string(),
        })
}

async fn listed(workspace: &Workspace, point: &HazardPoint) -> Result<Vec<ThreatenedHousehold>, AppError> {
    let codes = [point.facts.code.clone()];
    Ok(anju_store::category::threatened_of(workspace.db(), &codes).await?)
}

/// A hazard point with its households.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn show(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<HazardDetail, AppError> {
    let point = load(workspace, caller, id).await?;
    let db = workspace.db();
    // Another department's list is nothing for the user of a department.
    let list_hidden = !caller.is_shown(FileKind::ThreatenedHouseholds);
    let listed = match list_hidden {
        true => Vec::new(),
        false => listed(workspace, &point.value).await?,
    };
    let own = caller.area();
    let code = point.value.facts.code.clone();
    let numbers: Vec<String> = listed.iter().filter_map(number).collect();
    let mut by_number: HashMap<String, Uuid> = HashMap::new();
    for (number, household) in anju_store::category::households_by_numbers(db, own, &numbers).await? {
        by_number.entry(number).or_insert(household);
    }
    let naming = anju_store::category::households_of_point(db, own, &code).await?;
    let ids: HashSet<Uuid> = naming.iter().chain(by_number.values()).copied().collect();
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let households: Vec<Versioned<Household>> = anju_store::load_many(db, &ids).await?;
    let households: HashMap<Uuid, Household> = households
        .into_iter()
        .map(|household| (household.value.id, household.value))
        .collect();
    let areas = workspace.areas().await?;
    let registered = |household: &Household| RegisteredView {
        id: household.id,
        register_number: household.facts.register_number.clone(),
        head_name: head_name(household).map(masked_name).unwrap_or_default(),
        area_name: areas.path(&household.facts.area),
        category: household.facts.category,
        must_move: household.facts.must_move,
        choice: household.consent.as_ref().map(|consent| consent.choice),
        urgency: household.facts.urgency,
        names_point: household.facts.hazard_point.as_deref() == Some(&code),
    };
    let mut found: HashSet<Uuid> = HashSet::new();
    let mut figures = HazardFigures {
        not_safe: point.value.not_safe(&listed),
        ..HazardFigures::default()
    };
    let mut threatened = Vec::with_capacity(listed.len());
    for line in &listed {
        // Without a number, the one household that names the point and has a head of that name in that village.
        let by_name = || {
            let mut fitting = naming.iter().filter(|id| {
                households.get(*id).is_some_and(|household| {
                    head_name(household) == Some(line.head_name.as_str())
                        && line.area.contains(&household.facts.area)
                })
            });
            fitting.next().filter(|_| fitting.next().is_none()).copied()
        };
        let id = number(line)
            .and_then(|number| by_number.get(&number).copied())
            .or_else(by_name);
        let household = id.and_then(|id| households.get(&id));
        found.extend(household.map(|household| household.id));
        let safe = point.value.safe_record(line);
        figures.must_move += u64::from(line.must_move);
        match household {
            Some(household) => {
                figures.registered += 1;
                let moves = household.consent.as_ref().map(|consent| consent.choice);
                figures.willing += u64::from(moves == Some(ConsentChoice::Move));
            }
            None => figures.not_registered += 1,
        }
        match safe.map(|safe| safe.reason) {
            Some(SafetyReason::Moved) => figures.moved += 1,
            Some(SafetyReason::Treated) => figures.treated += 1,
            None => {}
        }
        threatened.push(ThreatenedView {
            id: line.id,
            head_name: masked_name(&line.head_name),
            head_id_number: line.head_id_number.as_ref().map(IdNumber::masked),
            area_name: areas.path(&line.area),
            persons: line.persons,
            must_move: line.must_move,
            household: household.map(registered),
            safe: safe.map(|safe| SafeView {
                reason: safe.reason,
                date: safe.date,
                evidence: safe.evidence.clone(),
                recorded_by: safe.recorded_by.clone(),
            }),
        });
    }
    let unlisted = naming
        .iter()
        .filter(|id| !found.contains(*id))
        .filter_map(|id| households.get(id))
        .map(registered)
        .collect();
    Ok(HazardDetail {
        summary: summary(&areas, &point, &listed),
        threatened,
        list_hidden,
        unlisted,
        figures,
        changed_at: point.changed_at,
        changed_by: point.changed_by,
    })
}

fn number(line: &ThreatenedHousehold) -> Option<String> {
    let number = line.head_id_number.as_ref()?.to_18()?;
    Some(number.to_string())
}

fn head_name(household: &Household) -> Option<&str> {
    let head = household.head().or(household.members.first())?;
    Some(&head.facts.name)
}

/// Registers a hazard point.
///
/// # Errors
/// When the caller may not, the code is taken, or the facts do not do.
pub async fn register(
    workspace: &Workspace,
    caller: &Caller,
    facts: HazardFacts,
) -> Result<HazardDetail, AppError> {
    caller.require_in(Action::RecordGrounds, &facts.area)?;
    let facts = facts.checked()?;
    if facts.state == HazardState::Closed {
        return Err(HazardError::ClosesByStep.into());
    }
    let mut transaction = workspace.begin(caller, "register_hazard_point", None).await?;
    refuse_taken(workspace, &facts.code, None).await?;
    let point = HazardPoint {
        id: workspace.new_id(),
        facts,
        safe: Vec::new(),
        closing: None,
    };
    transaction.insert(std::slice::from_ref(&point)).await?;
    transaction.commit().await?;
    show(workspace, caller, point.id).await
}

async fn refuse_taken(workspace: &Workspace, code: &str, own: Option<Uuid>) -> Result<(), AppError> {
    let taken = anju_store::category::hazard_point_by_code(workspace.db(), code).await?;
    if taken.is_some_and(|point| Some(point.value.id) != own) {
        return Err(AppError::invalid(
            "hazard_taken",
            "code",
            format!("隐患点编号 {code} 已登记"),
            format!("the hazard point {code} is registered already"),
        ));
    }
    Ok(())
}

/// The point that is to be changed, seen at `version`.
async fn seen(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    action: Action,
) -> Result<Versioned<HazardPoint>, AppError> {
    let point = load(workspace, caller, id).await?;
    caller.require_in(action, &point.value.facts.area)?;
    if point.version != version {
        return Err(AppError::VersionConflict {
            kind: "hazard_point".into(),
            id: id.to_string(),
            expected: version,
            found: point.version,
        });
    }
    Ok(point)
}

/// Other facts of a point that was seen at `version`.
///
/// # Errors
/// When the caller may not, it was changed meanwhile, the code is taken, or the point is closed.
pub async fn edit(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    facts: HazardFacts,
) -> Result<HazardDetail, AppError> {
    let mut point = seen(workspace, caller, id, version, Action::RecordGrounds).await?;
    // A point is not moved into an area where the caller could not have registered it.
    caller.require_in(Action::RecordGrounds, &facts.area)?;
    point.value.edit(facts)?;
    let mut transaction = workspace.begin(caller, "edit_hazard_point", None).await?;
    refuse_taken(workspace, &point.value.facts.code, Some(id)).await?;
    transaction.update(std::slice::from_ref(&point)).await?;
    transaction.commit().await?;
    show(workspace, caller, id).await
}

/// Records that a household of the point's list is safe, or is not after all.
///
/// # Errors
/// When the caller may not, the list has no such line, or the point was changed meanwhile or is closed.
pub async fn record_safe(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    line: Uuid,
    record: SafeRecord,
) -> Result<HazardDetail, AppError> {
    let mut point = seen(workspace, caller, id, version, Action::RecordGrounds).await?;
    let listed = listed(workspace, &point.value).await?;
    let line = listed
        .iter()
        .find(|listed| listed.id == line)
        .ok_or(HazardError::NotListed)?;
    if !anju_model::roster::is_line(&record.evidence) {
        return Err(HazardError::Line { field: "evidence" }.into());
    }
    let evidence = record.evidence.trim().to_owned();
    let safe = record.reason.map(|reason| SafeHousehold {
        head_name: line.head_name.clone(),
        head_id_number: line.head_id_number.clone(),
        reason,
        date: record.date.unwrap_or_else(|| workspace.today()),
        evidence: evidence.clone(),
        recorded_by: caller.name().to_owned(),
    });
    if safe.as_ref().is_some_and(|safe| safe.date > workspace.today()) {
        return Err(AppError::invalid(
            "hazard_date",
            "date",
            "脱离危险的日期不能晚于今天",
            "the day since when it is safe cannot lie ahead",
        ));
    }
    point.value.record_safe(line, safe)?;
    let mut transaction = workspace
        .begin(caller, "record_safe_household", Some(evidence))
        .await?;
    transaction.update(std::slice::from_ref(&point)).await?;
    transaction.commit().await?;
    show(workspace, caller, id).await
}

/// Takes a step of the closing of a point that was seen at `version`.
///
/// # Errors
/// When the caller may not, a household is not safe, the checker asked, or the point was changed meanwhile.
pub async fn close(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    step: ClosingStep,
) -> Result<HazardDetail, AppError> {
    let action = match step {
        ClosingStep::Ask { .. } => Action::RecordGrounds,
        ClosingStep::Approve { .. } | ClosingStep::Return { .. } | ClosingStep::Reopen { .. } => {
            Action::DecideInCounty
        }
    };
    let mut point = seen(workspace, caller, id, version, action).await?;
    let listed = listed(workspace, &point.value).await?;
    let needed = |remark: String| {
        if anju_model::roster::is_line(&remark) {
            Ok(Some(remark.trim().to_owned()))
        } else {
            Err(AppError::from(HazardError::Line { field: "remark" }))
        }
    };
    let (command, reason) = match step {
        ClosingStep::Ask { document } => {
            let reason = document.trim().to_owned();
            let closing = Closing {
                asked_by: caller.name().to_owned(),
                asked_at: workspace.now(),
                document: reason.clone(),
            };
            point.value.ask_closing(closing, &listed)?;
            ("ask_hazard_closing", Some(reason))
        }
        ClosingStep::Approve { remark } => {
            point.value.check_closing(caller.name(), true, &listed)?;
            ("close_hazard_point", remark)
        }
        ClosingStep::Return { remark } => {
            let remark = needed(remark)?;
            point.value.check_closing(caller.name(), false, &listed)?;
            ("return_hazard_closing", remark)
        }
        ClosingStep::Reopen { remark } => {
            let remark = needed(remark)?;
            point.value.reopen()?;
            ("reopen_hazard_point", remark)
        }
    };
    let mut transaction = workspace.begin(caller, command, reason).await?;
    transaction.update(std::slice::from_ref(&point)).await?;
    transaction.commit().await?;
    show(workspace, caller, id).await
}

/// Changes of a point, newest first.
///
/// # Errors
/// As [`show`].
pub async fn history(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<Vec<super::views::Change>, AppError> {
    load(workspace, caller, id).await?;
    super::views::changes_of::<HazardPoint>(workspace, &id.to_string()).await
}
