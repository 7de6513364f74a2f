//! The look-back stage: checks over the whole register, and the decisions on what they find.
//!
//! A run replaces the open items by what it finds now and leaves every decided item as it was decided, so that
//! nothing a field worker has written is lost.

mod rules;
pub mod views;

use std::collections::{BTreeMap, HashMap};

use anju_model::access::Action;
use anju_model::code_list::Text;
use anju_model::lookback::{ExtractRecord, ItemState, LookbackItem, Severity, ThreatenedHousehold};
use anju_model::register::Household;
use anju_store::Versioned;
use anju_verify::{FoundItem, Input};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AppError, Caller, Progress, Workspace};

/// What a run found.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Households checked.
    pub households: usize,
    /// Persons checked.
    pub persons: usize,
    /// Department records compared.
    pub extract_records: usize,
    /// Items on the worklist now, decided ones included.
    pub items: usize,
    /// Persons that seem to be listed twice.
    pub duplicates: usize,
    /// Red flags of the policy pack.
    pub red_flags: usize,
    /// Households that seem to be missing from the register.
    pub omissions: usize,
    /// Items by rule.
    pub by_rule: Vec<RuleCount>,
}

/// Items of one rule.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RuleCount {
    /// Rule id.
    pub rule: String,
    /// Name of the rule.
    pub name: Text,
    /// Items found.
    pub items: usize,
}

/// What a person decided on an item.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[schema(as = LookbackDecision)]
pub struct Decision {
    /// Confirmed, dismissed, or open again.
    pub state: ItemState,
    /// Why; needed for every decision.
    pub reason: Option<String>,
}

/// Longest reason, in characters.
const REASON_LIMIT: usize = 500;

/// Checks the register and renews the worklist.
///
/// # Errors
/// When the register is empty, or the run is cancelled.
pub async fn run(workspace: &Workspace, caller: &Caller, progress: &Progress) -> Result<Outcome, AppError> {
    caller.require_in(Action::RunAnalysis, &workspace.county().code)?;
    progress.report("读取名册和部门数据", "reading the register and the extracts", 0.0)?;
    let households: Vec<Household> = anju_store::register::active_households(workspace.db())
        .await?
        .into_iter()
        .map(|household| household.value)
        .collect();
    if households.is_empty() {
        return Err(AppError::invalid(
            "register_empty",
            "",
            "名册为空;请先导入搬迁户名册",
            "the register is empty; import the household lists first",
        ));
    }
    let extracts = values::<ExtractRecord>(workspace).await?;
    let threatened = values::<ThreatenedHousehold>(workspace).await?;
    progress.report(
        "住房与隐患点、洪涝区的空间关系",
        "homes against hazard and flood layers",
        0.1,
    )?;
    let hazards = crate::land::exposure::exposures(workspace, &households).await?;

    let pack = workspace.pack().clone();
    let watched = progress.clone();
    // Ages are reckoned on the office's own day: China has one time zone, UTC+8.
    let as_of = workspace.today();
    // Pure computation on all cores: on a thread of its own, so that the server goes on answering.
    let (households, extract_records, outcome) = tokio::task::spawn_blocking(move || {
        let input = Input {
            households: &households,
            extracts: &extracts,
            threatened: &threatened,
            hazards: &hazards,
            as_of,
        };
        let listener = watched.within("逐项核查与比对", "checking and matching", 0.15, 0.8);
        let outcome = anju_verify::look_back(&input, &pack, &listener)?;
        Ok::<_, AppError>((households, extracts.len(), outcome))
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))??;

    progress.report("更新核实清单", "renewing the worklist", 0.85)?;
    let before: Vec<Versioned<LookbackItem>> = anju_store::load_all(workspace.db()).await?;
    let renewal = renew(workspace, before, outcome.items);
    let counts = count(&renewal.kept, &renewal.new);
    let mut transaction = workspace.begin(caller, "look_back", None).await?;
    transaction.retire(&renewal.gone).await?;
    transaction.update(&renewal.changed).await?;
    transaction.insert(&renewal.new).await?;
    transaction.commit().await?;
    progress.report("完成", "done", 1.0)?;

    let of = |prefix: &str| {
        counts
            .iter()
            .filter(|(rule, _)| rule.starts_with(prefix))
            .map(|(_, items)| items)
            .sum::<usize>()
    };
    Ok(Outcome {
        persons: households.iter().map(|household| household.members.len()).sum(),
        households: households.len(),
        extract_records,
        items: counts.values().sum(),
        duplicates: of("identity.duplicate_person"),
        red_flags: of("red_flag."),
        omissions: of("omission."),
        by_rule: counts
            .into_iter()
            .map(|(rule, items)| RuleCount {
                name: rules::name(&rule, workspace.pack()),
                rule,
                items,
            })
            .collect(),
    })
}

/// Records a person's decision on an item that was seen at `version`.
///
/// # Errors
/// Without a reason, for an item outside the caller's area, or when somebody else was quicker.
pub async fn decide(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    decision: Decision,
) -> Result<views::ItemView, AppError> {
    let missing = || AppError::NotFound {
        kind: "item",
        id: id.to_string(),
    };
    let item: Option<Versioned<LookbackItem>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let mut item = item.ok_or_else(missing)?;
    caller.require_in(Action::DecideLookback, &item.value.area)?;
    let reason = decision
        .reason
        .map(|reason| reason.trim().to_owned())
        .filter(|reason| !reason.is_empty());
    match &reason {
        None => {
            return Err(AppError::invalid(
                "reason_missing",
                "reason",
                "请填写理由",
                "give a reason",
            ));
        }
        Some(reason) if reason.chars().count() > REASON_LIMIT => {
            return Err(AppError::invalid(
                "reason_too_long",
                "reason",
                format!("理由不能超过 {REASON_LIMIT} 个字"),
                format!("a reason has at most {REASON_LIMIT} characters"),
            ));
        }
        Some(_) => {}
    }
    item.version = version;
    item.value.state = decision.state;
    item.value.decision_reason.clone_from(&reason);
    item.value.decided_by = Some(caller.name().to_owned());
    item.value.decided_at = Some(workspace.now());
    let mut transaction = workspace.begin(caller, "decide_item", reason).await?;
    transaction.update(std::slice::from_ref(&item)).await?;
    transaction.commit().await?;
    views::item(workspace, caller, id).await
}

/// The worklist after a run, against the one before.
struct Renewal {
    /// Items that stay as they are.
    kept: Vec<LookbackItem>,
    /// Open items whose content changed.
    changed: Vec<Versioned<LookbackItem>>,
    /// Open items that no longer hold.
    gone: Vec<Versioned<LookbackItem>>,
    /// Items found for the first time.
    new: Vec<LookbackItem>,
}

/// What makes two items the same finding.
type Identity = (String, Option<Uuid>, Option<Uuid>, Option<Uuid>, Vec<Uuid>);

fn renew(workspace: &Workspace, before: Vec<Versioned<LookbackItem>>, found: Vec<FoundItem>) -> Renewal {
    let mut known: HashMap<Identity, Versioned<LookbackItem>> = before
        .into_iter()
        .map(|item| (identity(&item.value), item))
        .collect();
    let mut renewal = Renewal {
        kept: Vec::new(),
        changed: Vec::new(),
        gone: Vec::new(),
        new: Vec::new(),
    };
    for found in found {
        let fresh = LookbackItem {
            id: workspace.new_id(),
            rule: found.rule,
            severity: found.severity,
            area: found.area,
            household: found.household,
            person: found.person,
            other_household: found.other_household,
            other_person: found.other_person,
            evidence: found.evidence,
            values: found.values,
            explanation: found.explanation,
            action: found.action,
            probability: found.probability,
            state: ItemState::Open,
            decision_reason: None,
            decided_by: None,
            decided_at: None,
        };
        match known.remove(&identity(&fresh)) {
            None => renewal.new.push(fresh),
            Some(item) if item.value.state != ItemState::Open => renewal.kept.push(item.value),
            Some(mut item) => {
                let same = LookbackItem {
                    id: item.value.id,
                    ..fresh
                };
                if same != item.value {
                    item.value = same;
                    renewal.kept.push(item.value.clone());
                    renewal.changed.push(item);
                } else {
                    renewal.kept.push(item.value);
                }
            }
        }
    }
    for item in known.into_values() {
        if item.value.state == ItemState::Open {
            renewal.gone.push(item);
        } else {
            renewal.kept.push(item.value);
        }
    }
    // A hash map has no order; the ledger's order should not depend on chance.
    renewal.gone.sort_by_key(|item| item.value.id);
    renewal
}

fn identity(item: &LookbackItem) -> Identity {
    (
        item.rule.clone(),
        item.household,
        item.person,
        item.other_person,
        item.evidence.clone(),
    )
}

fn count(kept: &[LookbackItem], new: &[LookbackItem]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for item in kept.iter().chain(new) {
        *counts.entry(item.rule.clone()).or_default() += 1;
    }
    counts
}

async fn values<S: anju_store::Subject>(workspace: &Workspace) -> Result<Vec<S>, AppError> {
    let stored: Vec<Versioned<S>> = anju_store::load_all(workspace.db()).await?;
    Ok(stored.into_iter().map(|subject| subject.value).collect())
}

/// Name of a rule, of the program's own or of the pack in force.
pub(crate) fn rule_name(workspace: &Workspace, rule: &str) -> anju_model::code_list::Text {
    rules::name(rule, workspace.pack())
}

/// The grave ones first.
pub(crate) fn severity_rank(severity: Severity) -> u8 {
    match severity {
        Severity::Block => 0,
        Severity::Clear => 1,
        Severity::Omission => 2,
        Severity::Examine => 3,
        Severity::Ask => 4,
    }
}
