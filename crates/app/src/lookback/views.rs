//! What the look-back's pages show.

use std::collections::{BTreeMap, HashMap};

use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::code_list::Text;
use anju_model::identity::masked_name;
use anju_model::lookback::{ItemState, LookbackItem, Severity};
use anju_model::register::Household;
use anju_store::lookback::{ItemFilter, ItemSort};
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::register::views::{Page, sort_key};
use crate::table::{TableFormat, write_texts};
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// Most rows of an export.
const EXPORT_LIMIT: u32 = 200_000;

/// Which items to show, and in which order.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// Rule id.
    pub rule: Option<String>,
    /// Severity.
    pub severity: Option<Severity>,
    /// What was decided.
    pub state: Option<ItemState>,
    /// Only this area.
    pub area: Option<AreaCode>,
    /// A household: name, register number or ID number.
    pub search: Option<String>,
    /// `severity`, `rule`, `area`, `probability`; `-` before it for descending.
    pub sort: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// A household named in an item.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HouseholdName {
    /// UUIDv7.
    pub id: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Masked.
    pub head_name: String,
}

/// An item as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ItemView {
    /// UUIDv7.
    pub id: Uuid,
    /// Version, to be sent back with a decision.
    pub version: i64,
    /// Rule id.
    pub rule: String,
    /// Name of the rule.
    pub rule_name: Text,
    /// What it asks for.
    pub severity: Severity,
    /// Where.
    pub area: AreaCode,
    /// Township, village and group.
    pub area_name: String,
    /// The household.
    pub household: Option<HouseholdName>,
    /// The other household of a pair.
    pub other_household: Option<HouseholdName>,
    /// The values that led to it.
    pub values: BTreeMap<String, String>,
    /// What was found.
    pub explanation: Text,
    /// What to do.
    pub action: Text,
    /// Probability that it is right.
    pub probability: f64,
    /// What was decided.
    pub state: ItemState,
    /// Why.
    pub decision_reason: Option<String>,
    /// By whom.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// Figures of the worklist.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LookbackFigures {
    /// By rule, the gravest first.
    pub by_rule: Vec<RuleFigures>,
    /// By township.
    pub by_township: Vec<TownshipFigures>,
}

/// Items of one rule.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RuleFigures {
    /// Rule id.
    pub rule: String,
    /// Name.
    pub name: Text,
    /// Severity.
    pub severity: Severity,
    /// Not decided.
    pub open: u64,
    /// Found to be right.
    pub confirmed: u64,
    /// Found to be wrong.
    pub dismissed: u64,
}

/// Items of one township.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TownshipLookbackFigures)]
pub struct TownshipFigures {
    /// Code.
    pub code: AreaCode,
    /// Name.
    pub name: String,
    /// Not decided.
    pub open: u64,
    /// All.
    pub total: u64,
}

/// One page of the worklist.
///
/// # Errors
/// When the caller may not see findings, or not those of that area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &ItemQuery,
) -> Result<Page<ItemView>, AppError> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    rows(
        workspace,
        caller,
        query,
        None,
        Paging {
            after: query.after.clone(),
            limit,
        },
    )
    .await
}

async fn rows(
    workspace: &Workspace,
    caller: &Caller,
    query: &ItemQuery,
    household: Option<Uuid>,
    paging: Paging,
) -> Result<Page<ItemView>, AppError> {
    let area =
        crate::register::areas::narrow_to_one(workspace, caller, Action::ReadCasework, query.area.as_ref())
            .await?;
    let (sort, descending) = sort_key(query.sort.as_deref());
    let filter = ItemFilter {
        rule: query.rule.clone(),
        severity: query.severity,
        state: query.state,
        household,
        search: query.search.clone(),
        sort: match sort {
            "rule" => ItemSort::Rule,
            "area" => ItemSort::Area,
            "probability" => ItemSort::Probability,
            _ => ItemSort::Severity,
        },
        descending,
        ..ItemFilter::within(area)
    };
    let page = anju_store::lookback::items(workspace.db(), &filter, &paging).await?;
    Ok(Page {
        items: views(workspace, page.items).await?,
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// One item.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn item(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<ItemView, AppError> {
    let area = caller.narrow(Action::ReadCasework, None)?;
    let stored: Option<Versioned<LookbackItem>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let stored = stored.filter(|item| area.contains(&item.value.area));
    let mut views = views(workspace, stored.into_iter().collect()).await?;
    views.pop().ok_or_else(|| AppError::NotFound {
        kind: "item",
        id: id.to_string(),
    })
}

/// The items of one household; none for who may not see findings.
pub(crate) async fn of_household(
    workspace: &Workspace,
    caller: &Caller,
    household: Uuid,
) -> Result<Vec<ItemView>, AppError> {
    if caller.require(Action::ReadCasework).is_err() {
        return Ok(Vec::new());
    }
    Ok(rows(
        workspace,
        caller,
        &ItemQuery::default(),
        Some(household),
        Paging::default(),
    )
    .await?
    .items)
}

/// All matching items as a workbook for the field.
///
/// # Errors
/// As [`list`].
pub async fn export(workspace: &Workspace, caller: &Caller, query: &ItemQuery) -> Result<Vec<u8>, AppError> {
    let page = rows(
        workspace,
        caller,
        query,
        None,
        Paging {
            after: None,
            limit: EXPORT_LIMIT,
        },
    )
    .await?;
    let headers = [
        "等级",
        "规则",
        "住址",
        "户编号",
        "户主",
        "对应户编号",
        "情况说明",
        "核实要求",
        "可能性",
        "状态",
        "理由",
    ];
    let table = page.items.into_iter().map(|item| {
        let number = |household: &Option<HouseholdName>| {
            household
                .as_ref()
                .map(|household| household.register_number.clone())
                .unwrap_or_default()
        };
        vec![
            item.severity.zh().to_owned(),
            item.rule_name.zh,
            item.area_name,
            number(&item.household),
            item.household
                .as_ref()
                .map(|household| household.head_name.clone())
                .unwrap_or_default(),
            number(&item.other_household),
            item.explanation.zh,
            item.action.zh,
            format!("{:.3}", item.probability),
            item.state.zh().to_owned(),
            item.decision_reason.unwrap_or_default(),
        ]
    });
    write_texts("回头看核实清单", &headers, table, TableFormat::Xlsx)
}

/// Figures of the worklist within an area.
///
/// # Errors
/// When the caller may not see findings, or not those of that area.
pub async fn figures(
    workspace: &Workspace,
    caller: &Caller,
    area: Option<&AreaCode>,
) -> Result<LookbackFigures, AppError> {
    let area = crate::register::areas::narrow_to_one(workspace, caller, Action::ReadCasework, area).await?;
    let names = workspace.areas().await?;
    let mut rules = anju_store::lookback::count_by_rule(workspace.db(), &area).await?;
    rules.sort_by(|a, b| {
        (super::severity_rank(a.severity), &a.rule).cmp(&(super::severity_rank(b.severity), &b.rule))
    });
    let townships = anju_store::lookback::count_by_township(workspace.db(), &area).await?;
    Ok(LookbackFigures {
        by_rule: rules
            .into_iter()
            .map(|count| RuleFigures {
                name: super::rules::name(&count.rule, workspace.pack()),
                rule: count.rule,
                severity: count.severity,
                open: count.open,
                confirmed: count.confirmed,
                dismissed: count.dismissed,
            })
            .collect(),
        by_township: townships
            .into_iter()
            .map(|count| TownshipFigures {
                name: names.name(&count.township),
                code: count.township,
                open: count.open,
                total: count.total,
            })
            .collect(),
    })
}

async fn views(
    workspace: &Workspace,
    items: Vec<Versioned<LookbackItem>>,
) -> Result<Vec<ItemView>, AppError> {
    let mut ids: Vec<String> = items
        .iter()
        .flat_map(|item| item.value.household.into_iter().chain(item.value.other_household))
        .map(|id| id.to_string())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    let names: HashMap<Uuid, HouseholdName> = households
        .into_iter()
        .map(|household| {
            let household = household.value;
            let head = household.head().or(household.members.first());
            let name = HouseholdName {
                id: household.id,
                head_name: head.map(|head| masked_name(&head.facts.name)).unwrap_or_default(),
                register_number: household.facts.register_number.clone(),
            };
            (household.id, name)
        })
        .collect();
    let areas = workspace.areas().await?;
    Ok(items
        .into_iter()
        .map(|item| view(workspace, item, &areas, &names))
        .collect())
}

fn view(
    workspace: &Workspace,
    item: Versioned<LookbackItem>,
    areas: &AreaNames,
    names: &HashMap<Uuid, HouseholdName>,
) -> ItemView {
    let Versioned {
        value: item, version, ..
    } = item;
    let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
    ItemView {
        id: item.id,
        version,
        rule_name: super::rules::name(&item.rule, workspace.pack()),
        rule: item.rule,
        severity: item.severity,
        area_name: areas.path(&item.area),
        area: item.area,
        household: name(item.household),
        other_household: name(item.other_household),
        values: item.values,
        explanation: item.explanation,
        action: item.action,
        probability: item.probability,
        state: item.state,
        decision_reason: item.decision_reason,
        decided_by: item.decided_by,
        decided_at: item.decided_at,
    }
}
