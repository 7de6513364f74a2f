//! Erasing contents on legal order: somebody asks with the order, another person carries it out or refuses.

use anju_model::access::Action;
use anju_model::erasure::{Erasure, ErasureError, ErasureState};
use anju_store::erasure::ErasureFilter;
use anju_store::{EntryFilter, Paging, Subject, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::register::views::Page;
use crate::workspace::SeenAt;
use crate::{AppError, Caller, Workspace};

impl From<ErasureError> for AppError {
    fn from(error: ErasureError) -> Self {
        Self::invalid(error.code(), "erasure", error.zh(), error.to_string())
    }
}

/// What is said when an erasure is asked for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureOrder {
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The legal order, e.g. its number, 1 to 500 characters.
    pub document: String,
}

/// A step of an erasure that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStep {
    /// Carry it out. Nothing brings the content back.
    CarryOut,
    /// Refuse it, with a reason.
    Refuse,
    /// Take it back.
    Withdraw,
}

/// An erasure as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ErasureView {
    /// All of it.
    #[serde(flatten)]
    pub erasure: Erasure,
    /// Stored version, to be sent back with a step.
    pub version: i64,
    /// Kind of the entry's subject.
    pub kind: Option<String>,
    /// Position of the entry that records the last step.
    pub recorded_in: Option<u64>,
    /// The steps that the caller may take now.
    pub steps: Vec<ErasureStep>,
}

/// The answer to a step.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ErasureTaken {
    /// The erasure after it.
    #[serde(flatten)]
    pub erasure: ErasureView,
    /// Whether the database files were written anew without what was erased; none when nothing was. When not, the
    /// content is out of reach of every query, but its bytes may still be in freed space; the program's log says why.
    pub compacted: Option<bool>,
}

/// Which erasures to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct ErasureQuery {
    /// Only this state.
    pub state: Option<ErasureState>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Asks for the erasure of one entry's state and salt, which another person carries out. States of the same subject in
/// other entries are other entries' business.
///
/// # Errors
/// When the caller may not; [`AppError::NotFound`] when there is no such entry; [`AppError::Invalid`]:
/// `entry_is_current` when it holds the present state of its subject, `nothing_to_erase` when it holds none,
/// `erasure_incomplete` when reason or document is missing or too long, `erasure_state` when somebody asked already.
pub async fn ask(
    workspace: &Workspace,
    caller: &Caller,
    index: u64,
    order: &ErasureOrder,
) -> Result<ErasureView, AppError> {
    caller.require(Action::AskErasure)?;
    if index > i64::MAX as u64 {
        return Err(AppError::NotFound {
            kind: "ledger_entry",
            id: index.to_string(),
        });
    }
    let asked = |area| {
        Erasure::ask(
            index,
            area,
            caller.name(),
            workspace.now(),
            &order.reason,
            &order.document,
        )
    };
    let reason = asked(None)?.reason;
    let before: Option<Versioned<Erasure>> = anju_store::load(workspace.db(), &index.to_string()).await?;
    let mut transaction = workspace.begin(caller, "ask_erasure", Some(reason)).await?;
    let area = transaction.erasable(index).await?;
    let asked = asked(area)?;
    match before {
        None => transaction.insert(&[asked]).await?,
        Some(before) if before.value.state == ErasureState::Asked => {
            return Err(ErasureError::State(before.value.state).into());
        }
        Some(mut before) => {
            before.value = asked;
            transaction.update(&[before]).await?;
        }
    }
    transaction.commit().await?;
    show(workspace, caller, index).await
}

/// Takes a step of an erasure seen at `version`: another person carries it out or refuses, who asked withdraws. When it
/// is carried out, state and salt of the entry go and every proof still holds.
///
/// # Errors
/// When the caller may not, or took the step before; [`AppError::NotFound`] when nobody asked;
/// [`AppError::VersionConflict`]; [`AppError::Invalid`] as for [`ask`], `same_person`, `erasure_not_yours`,
/// `erasure_state`, or `reason_missing` for a refusal without one.
pub async fn step(
    workspace: &Workspace,
    caller: &Caller,
    index: u64,
    version: i64,
    step: ErasureStep,
    remark: Option<&str>,
) -> Result<ErasureTaken, AppError> {
    caller.require(match step {
        ErasureStep::CarryOut | ErasureStep::Refuse => Action::EraseContent,
        ErasureStep::Withdraw => Action::AskErasure,
    })?;
    let mut stored = load(workspace, index).await?.at(version)?;
    let (by, now) = (caller.name(), workspace.now());
    let (command, next) = match step {
        ErasureStep::CarryOut => ("erase_content", stored.value.carry_out(by, now, remark)?),
        ErasureStep::Refuse => (
            "refuse_erasure",
            stored.value.refuse(by, now, remark.unwrap_or_default())?,
        ),
        ErasureStep::Withdraw => ("withdraw_erasure", stored.value.withdraw(by, now)?),
    };
    stored.value = next;
    // The entry says why by itself: by the order's reason, or by the words of who refused.
    let reason = match step {
        ErasureStep::Refuse => stored
            .value
            .decision
            .as_ref()
            .and_then(|decision| decision.remark.clone()),
        ErasureStep::CarryOut | ErasureStep::Withdraw => Some(stored.value.reason.clone()),
    };
    let mut transaction = workspace.begin(caller, command, reason).await?;
    let erased = match step {
        ErasureStep::CarryOut => Some(transaction.erase_entry(&stored).await?),
        ErasureStep::Refuse | ErasureStep::Withdraw => {
            transaction.update(&[stored]).await?;
            None
        }
    };
    transaction.commit().await?;
    let compacted = match erased {
        None => None,
        Some(kind) => Some(match workspace.db().compact(&kind).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the database could not be written anew after an erasure");
                false
            }
        }),
    };
    Ok(ErasureTaken {
        erasure: view(workspace, caller, load(workspace, index).await?).await?,
        compacted,
    })
}

/// The erasure of an entry.
///
/// # Errors
/// When the caller neither asks for erasures nor reads the ledger; [`AppError::NotFound`] when nobody asked for it.
pub async fn show(workspace: &Workspace, caller: &Caller, index: u64) -> Result<ErasureView, AppError> {
    seen_by(workspace, caller)?;
    view(workspace, caller, load(workspace, index).await?).await
}

/// A page of erasures, the latest entry first.
///
/// # Errors
/// As [`show`].
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &ErasureQuery,
) -> Result<Page<ErasureView>, AppError> {
    seen_by(workspace, caller)?;
    let filter = ErasureFilter {
        state: query.state,
        not_asked_by: None,
    };
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::erasure::erasures(workspace.db(), &filter, &paging).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for stored in page.items {
        items.push(view(workspace, caller, stored).await?);
    }
    Ok(Page {
        items,
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// How many erasures wait for the caller to carry them out, and since when the oldest does.
pub(crate) async fn waiting_for(
    workspace: &Workspace,
    caller: &Caller,
) -> Result<(u64, Option<Timestamp>), AppError> {
    if !caller.role().may(Action::EraseContent) {
        return Ok((0, None));
    }
    let filter = ErasureFilter {
        state: Some(ErasureState::Asked),
        not_asked_by: Some(caller.name().to_owned()),
    };
    let page = anju_store::erasure::erasures(workspace.db(), &filter, &Paging::default()).await?;
    let since = page.items.iter().filter_map(|stored| stored.value.asked_at).min();
    Ok((page.total, since))
}

/// Reasons and orders may name people: they are for who reads the ledger of the whole county.
fn seen_by(workspace: &Workspace, caller: &Caller) -> Result<(), AppError> {
    caller.require_in(Action::ReadLedger, &workspace.county().code)
}

async fn load(workspace: &Workspace, index: u64) -> Result<Versioned<Erasure>, AppError> {
    let id = index.to_string();
    anju_store::load(workspace.db(), &id)
        .await?
        .ok_or(AppError::NotFound {
            kind: Erasure::KIND,
            id,
        })
}

async fn view(
    workspace: &Workspace,
    caller: &Caller,
    stored: Versioned<Erasure>,
) -> Result<ErasureView, AppError> {
    let erasure = stored.value;
    let own = erasure.asked_by.as_deref() == Some(caller.name());
    let steps = match erasure.state {
        ErasureState::Asked if own && caller.role().may(Action::AskErasure) => vec![ErasureStep::Withdraw],
        ErasureState::Asked if !own && caller.role().may(Action::EraseContent) => {
            vec![ErasureStep::CarryOut, ErasureStep::Refuse]
        }
        _ => Vec::new(),
    };
    let wanted = EntryFilter {
        before: Some(erasure.entry + 1),
        limit: 1,
        ..EntryFilter::default()
    };
    let entry = anju_store::entries(workspace.db(), &wanted).await?;
    Ok(ErasureView {
        kind: entry.into_iter().next().map(|entry| entry.kind),
        recorded_in: super::explorer::erased_by(workspace, erasure.entry).await?,
        version: stored.version,
        steps,
        erasure,
    })
}
