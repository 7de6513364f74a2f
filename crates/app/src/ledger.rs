//! The ledger's own use cases: proof, rebuilding, and what its pages show.

use anju_model::access::Action;
use anju_store::{EntryFilter, VerificationReport};

pub use anju_store::EntryView;

use serde::{Deserialize, Serialize};

use crate::{AppError, Caller, Progress, Workspace};

/// What the ledger page shows at the top.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerPage {
    /// Number of entries.
    pub entries: u64,
    /// The newest signed checkpoint.
    pub checkpoint: Option<CheckpointView>,
    /// The newest entries, newest first.
    pub recent: Vec<EntryView>,
}

/// A signed checkpoint (C2SP signed note).
#[derive(Debug, Clone, Serialize)]
pub struct CheckpointView {
    /// Number of entries it covers.
    pub size: u64,
    /// Merkle root, in hex.
    pub root: String,
    /// The key's name.
    pub key_name: String,
    /// The whole note, to be kept elsewhere.
    pub note: String,
}

/// Which entries to show.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EntryQuery {
    /// Only entries before this index.
    pub before: Option<u64>,
    /// Entries wanted, 1 to 500.
    pub limit: Option<u32>,
    /// Kind of subject.
    pub kind: Option<String>,
    /// Id of the subject.
    pub subject: Option<String>,
    /// Who.
    pub actor: Option<String>,
}

/// What rebuilding did.
#[derive(Debug, Clone, Serialize)]
pub struct Rebuilt {
    /// Subjects whose rows were made again.
    pub subjects: u64,
}

/// Proves the log, and that every row of every table equals its last entry.
///
/// # Errors
/// When the caller may not read the ledger, or the database fails. What does not fit is in the report.
pub async fn verify(
    workspace: &Workspace,
    caller: &Caller,
    progress: &Progress,
) -> Result<VerificationReport, AppError> {
    caller.require(Action::ReadLedger)?;
    progress.report("校验账本", "verifying the ledger", 0.0)?;
    let report = anju_store::verify(
        workspace.db(),
        &workspace.verifying_key(),
        workspace.attachments(),
        &progress.within("校验账本", "verifying the ledger", 0.0, 1.0),
    )
    .await?;
    progress.report("校验完毕", "verified", 1.0)?;
    Ok(report)
}

/// Makes the tables again from the log.
///
/// # Errors
/// When the log itself does not verify: then nothing is touched.
pub async fn rebuild(
    workspace: &Workspace,
    caller: &Caller,
    progress: &Progress,
) -> Result<Rebuilt, AppError> {
    caller.require(Action::ManageUsers)?;
    progress.report("由账本重建数据表", "making the tables again from the log", 0.0)?;
    let subjects = anju_store::rebuild(workspace.db(), &workspace.verifying_key()).await?;
    progress.report("重建完毕", "rebuilt", 1.0)?;
    Ok(Rebuilt { subjects })
}

/// The ledger page.
///
/// # Errors
/// When the caller may not read the ledger.
pub async fn page(workspace: &Workspace, caller: &Caller) -> Result<LedgerPage, AppError> {
    caller.require(Action::ReadLedger)?;
    let checkpoint = anju_store::latest_checkpoint(workspace.db())
        .await?
        .map(|checkpoint| CheckpointView {
            size: checkpoint.size,
            root: checkpoint.root,
            key_name: workspace.verifying_key().name().to_owned(),
            note: checkpoint.note,
        });
    Ok(LedgerPage {
        entries: anju_store::entry_count(workspace.db()).await?,
        checkpoint,
        recent: entries(
            workspace,
            caller,
            &EntryQuery {
                limit: Some(20),
                ..EntryQuery::default()
            },
        )
        .await?,
    })
}

/// Entries, newest first.
///
/// # Errors
/// When the caller may not read the ledger.
pub async fn entries(
    workspace: &Workspace,
    caller: &Caller,
    query: &EntryQuery,
) -> Result<Vec<EntryView>, AppError> {
    caller.require(Action::ReadLedger)?;
    let filter = EntryFilter {
        before: query.before,
        limit: query.limit.unwrap_or(50).clamp(1, 500),
        kind: query.kind.clone().filter(|kind| !kind.is_empty()),
        subject: query.subject.clone().filter(|subject| !subject.is_empty()),
        actor: query.actor.clone().filter(|actor| !actor.is_empty()),
        // Who answers for the whole county also sees what has no place: users, files, layers.
        area: (!caller.area().contains(&workspace.county().code)).then(|| caller.area().clone()),
    };
    Ok(anju_store::entries(workspace.db(), &filter).await?)
}
