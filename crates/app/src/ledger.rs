//! The ledger's own use cases: proof, rebuilding, and what its pages show.
//!
//! [`explorer`] shows one entry with what it changed, [`keeping`] keeps checkpoints elsewhere on a schedule, [`erasure`]
//! erases contents on legal order.

pub mod erasure;
pub mod explorer;
pub mod keeping;

use std::path::Path;

use anju_ledger::{Entry, Hash, VerifyingKey, leaf_hash};
use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_store::attachment::hex;
use anju_store::{Difference, EntryFilter, StoreError, VerificationReport};

pub use anju_store::{EntryView, Head};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{AppError, Caller, Progress, Workspace};

/// What the ledger page shows at the top.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LedgerPage {
    /// Number of entries.
    pub entries: u64,
    /// The newest signed checkpoint.
    pub checkpoint: Option<CheckpointView>,
    /// The newest entries, newest first.
    pub recent: Vec<EntryView>,
    /// Kinds of subject, to filter by.
    pub kinds: Vec<&'static str>,
}

/// A signed checkpoint (C2SP signed note).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CheckpointView {
    /// Number of entries it covers.
    pub size: u64,
    /// Merkle root, in hex.
    pub root: String,
    /// Number of entries that the checkpoint before it covers, 0 for the first.
    pub previous: u64,
    /// The key's name.
    pub key_name: String,
    /// The public key, in the text form of signed notes.
    pub verifying_key: String,
    /// The whole note, to be kept elsewhere.
    pub note: String,
}

/// An entry as it is in the log, for the API's description.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the entry of the crate that knows no API")]
struct LogEntry {
    /// Who.
    actor: String,
    /// Area of the subject.
    area: Option<String>,
    /// When, in microseconds since 1970-01-01 UTC.
    at: i64,
    /// The command.
    command: String,
    /// SHA-256 of salt and state, in hex.
    commitment: String,
    /// Position in the log, from 0.
    index: u64,
    /// Kind of subject.
    kind: String,
    /// Why.
    reason: Option<String>,
    /// Id of the subject.
    subject: String,
    /// Version of the subject that the entry made.
    version: i64,
}

/// The proof that an entry is in the log: all that somebody needs who has nothing but the public key.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Inclusion {
    /// The entry. Its state is not part of it, only a commitment to the state.
    #[schema(value_type = LogEntry)]
    pub entry: Entry,
    /// The leaf: the entry as canonical JSON, whose bytes are hashed.
    pub leaf: String,
    /// SHA-256 of the byte 0 and the leaf, in hex.
    pub leaf_hash: String,
    /// The hashes of RFC 6962, from the leaf's neighbour upwards, in hex.
    pub proof: Vec<String>,
    /// The newest signed checkpoint, whose root the proof leads to.
    pub checkpoint: CheckpointView,
}

/// The proof that the log at one size begins with the log at a smaller size.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ConsistencyView {
    /// The smaller size.
    pub from: Head,
    /// The larger size, or the same.
    pub to: Head,
    /// The hashes of RFC 6962, in hex.
    pub proof: Vec<String>,
    /// The public key, in the text form of signed notes.
    pub verifying_key: String,
}

/// What verification found, with a checkpoint kept elsewhere or without.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Verification {
    /// What was found in the database. What does not fit the kept checkpoint is among its problems.
    #[serde(flatten)]
    pub report: VerificationReport,
    /// The kept checkpoint, when it is one of this log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kept: Option<KeptView>,
}

/// A checkpoint that was kept elsewhere.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeptView {
    /// Number of entries it covers.
    pub size: u64,
    /// Merkle root it was signed for, in hex.
    pub root: String,
    /// The proof that the log of today begins with the log of then.
    pub consistency: ConsistencyView,
}

/// A checkpoint written into a file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Kept {
    /// The checkpoint.
    #[serde(flatten)]
    pub checkpoint: CheckpointView,
    /// The file.
    pub file: String,
    /// Size of the checkpoint that the file held before, which the log was proved to extend.
    pub replaced: Option<u64>,
}

/// Which entries to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// Only entries before this index.
    pub before: Option<u64>,
    /// Entries wanted, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
    /// Kind of subject.
    pub kind: Option<String>,
    /// Id of the subject.
    pub subject: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// By which command.
    pub command: Option<String>,
    /// Area of the subject.
    pub area: Option<AreaCode>,
    /// From this day on, by the calendar of China.
    pub since: Option<Date>,
    /// Until this day, itself included, by the calendar of China.
    pub until: Option<Date>,
}

/// Which checkpoints to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckpointQuery {
    /// Only checkpoints of fewer entries.
    pub before: Option<u64>,
    /// Checkpoints wanted, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
}

/// What rebuilding did.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
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

/// Proves what [`verify`] proves and that the log extends a checkpoint that was kept elsewhere, by the workspace's public
/// key or by one that was kept elsewhere too.
///
/// # Errors
/// As [`verify`], and [`AppError::Invalid`] when `key` is no public key. A note that this key did not sign is no error
/// but a problem of the report: either may be the forged one.
pub async fn verify_against(
    workspace: &Workspace,
    caller: &Caller,
    note: &str,
    key: Option<&str>,
    progress: &Progress,
) -> Result<Verification, AppError> {
    caller.require(Action::ReadLedger)?;
    let key = match key {
        None => workspace.verifying_key(),
        Some(text) => VerifyingKey::from_text(text.trim()).map_err(|error| {
            AppError::invalid(
                "verifying_key",
                "--key",
                format!("公钥无法读取:{error}"),
                format!("the public key cannot be read: {error}"),
            )
        })?,
    };
    progress.report("校验账本", "verifying the ledger", 0.0)?;
    let mut report = anju_store::verify(
        workspace.db(),
        &key,
        workspace.attachments(),
        &progress.within("校验账本", "verifying the ledger", 0.0, 1.0),
    )
    .await?;
    let kept = match prove_kept(workspace, &key, note).await {
        Ok(kept) => Some(kept),
        Err(error @ (AppError::LedgerInvalid(_) | AppError::Store(StoreError::Ledger(_)))) => {
            report.problem_count += 1;
            report.problems.push(Difference {
                table: "kept_checkpoint".into(),
                id: key.name().to_owned(),
                column: String::new(),
                detail: error.to_string(),
            });
            None
        }
        Err(other) => return Err(other),
    };
    progress.report("校验完毕", "verified", 1.0)?;
    Ok(Verification { report, kept })
}

/// Proves that the log extends a kept checkpoint.
async fn prove_kept(workspace: &Workspace, key: &VerifyingKey, note: &str) -> Result<KeptView, AppError> {
    anju_store::check_kept_checkpoint(workspace.db(), key, note).await?;
    let kept = key.verify(note).map_err(StoreError::from)?;
    let entries = anju_store::entry_count(workspace.db()).await?;
    Ok(KeptView {
        size: kept.size,
        root: hex(&kept.root),
        consistency: prove_between(workspace, key, kept.size, entries).await?,
    })
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
    let checkpoint = match anju_store::latest_checkpoint(workspace.db()).await? {
        Some(newest) => Some(checkpoint_view(workspace, newest.note)?),
        None => None,
    };
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
        kinds: anju_store::kinds(),
    })
}

/// Entries, newest first.
///
/// # Errors
/// When the caller may not read the ledger, or not that area.
pub async fn entries(
    workspace: &Workspace,
    caller: &Caller,
    query: &EntryQuery,
) -> Result<Vec<EntryView>, AppError> {
    let area = caller.narrow(Action::ReadLedger, query.area.as_ref())?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let filter = EntryFilter {
        before: query.before,
        limit: query.limit.unwrap_or(50).clamp(1, 500),
        kind: given(&query.kind),
        subject: given(&query.subject),
        actor: given(&query.actor),
        command: given(&query.command),
        since: query.since.map(start_of).transpose()?,
        until: query.until.map(day_after).transpose()?,
        // Who answers for the whole county also sees what has no place: users, files, layers.
        area: (!area.contains(&workspace.county().code)).then_some(area),
    };
    Ok(anju_store::entries(workspace.db(), &filter).await?)
}

fn start_of(day: Date) -> Result<Timestamp, AppError> {
    TimeZone::fixed(jiff::tz::offset(8))
        .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
        .map_err(|_| no_day())
}

fn day_after(day: Date) -> Result<Timestamp, AppError> {
    start_of(day.tomorrow().map_err(|_| no_day())?)
}

fn no_day() -> AppError {
    AppError::invalid("day", "since, until", "日期超出范围", "the day is out of range")
}

/// Signed checkpoints, newest first: those of fewer entries than `before`.
///
/// # Errors
/// When the caller may not read the ledger, and [`AppError::LedgerInvalid`] when a stored one is not signed by the
/// workspace's key.
pub async fn checkpoints(
    workspace: &Workspace,
    caller: &Caller,
    query: &CheckpointQuery,
) -> Result<Vec<CheckpointView>, AppError> {
    caller.require(Action::ReadLedger)?;
    let limit = query.limit.unwrap_or(50).clamp(1, 500);
    anju_store::checkpoints(workspace.db(), query.before, limit)
        .await?
        .into_iter()
        .map(|stored| checkpoint_view(workspace, stored.note))
        .collect()
}

/// The newest signed checkpoint.
///
/// # Errors
/// When the caller may not read the ledger, [`AppError::NotFound`] when there is none, and [`AppError::LedgerInvalid`]
/// when the stored one is not signed by the workspace's key.
pub async fn checkpoint(workspace: &Workspace, caller: &Caller) -> Result<CheckpointView, AppError> {
    caller.require(Action::ReadLedger)?;
    match anju_store::latest_checkpoint(workspace.db()).await? {
        Some(newest) => checkpoint_view(workspace, newest.note),
        None => Err(AppError::NotFound {
            kind: "ledger_checkpoint",
            id: String::new(),
        }),
    }
}

fn checkpoint_view(workspace: &Workspace, note: String) -> Result<CheckpointView, AppError> {
    let key = workspace.verifying_key();
    // The figures come from what was signed, not from the columns beside it.
    let signed = key
        .verify(&note)
        .map_err(|error| AppError::LedgerInvalid(error.to_string()))?;
    Ok(CheckpointView {
        size: signed.size,
        root: hex(&signed.root),
        previous: signed.previous,
        key_name: key.name().to_owned(),
        verifying_key: key.to_string(),
        note,
    })
}

/// Writes the newest checkpoint into a file, to be taken elsewhere. A file that holds an earlier checkpoint is replaced
/// only when the log is proved to extend it.
///
/// # Errors
/// [`AppError::LedgerInvalid`] when the log does not extend the one in the file, [`AppError::Invalid`] when the file
/// holds something else; it stays as it was then.
pub async fn keep_checkpoint(workspace: &Workspace, caller: &Caller, file: &Path) -> Result<Kept, AppError> {
    let checkpoint = checkpoint(workspace, caller).await?;
    let replaced = match std::fs::read_to_string(file) {
        Ok(held) => match prove_kept(workspace, &workspace.verifying_key(), &held).await {
            Ok(kept) => Some(kept.size),
            Err(AppError::Store(StoreError::Ledger(error))) => {
                return Err(AppError::invalid(
                    "kept_checkpoint",
                    file.display().to_string(),
                    format!("{} 不是本账本的检查点,未改动:{error}", file.display()),
                    format!(
                        "{} holds no checkpoint of this ledger and was left as it is: {error}",
                        file.display()
                    ),
                ));
            }
            Err(other) => return Err(other),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(AppError::io(file)(error)),
    };
    write_whole(file, &checkpoint.note)?;
    Ok(Kept {
        checkpoint,
        file: file.display().to_string(),
        replaced,
    })
}

/// Writes a file beside its place and renames it, so that an interruption leaves the old one whole.
fn write_whole(file: &Path, text: &str) -> Result<(), AppError> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    std::fs::write(beside, text).map_err(AppError::io(beside))?;
    std::fs::rename(beside, file).map_err(AppError::io(file))
}

/// The proof that the newest checkpoint covers an entry. It is checked before it is handed out.
///
/// # Errors
/// When the caller may not read the ledger; [`AppError::NotFound`] when there is no such entry or its subject lies
/// outside the caller's area; [`AppError::LedgerInvalid`] when the stored hashes do not prove it.
pub async fn inclusion(workspace: &Workspace, caller: &Caller, index: u64) -> Result<Inclusion, AppError> {
    caller.require(Action::ReadLedger)?;
    let proved = prove_entry(workspace, index).await?;
    let Some((entry, note, proof)) =
        proved.filter(|(entry, ..)| may_see(workspace, caller, entry.area.as_deref()))
    else {
        return Err(AppError::NotFound {
            kind: "ledger_entry",
            id: index.to_string(),
        });
    };
    let checkpoint = checkpoint_view(workspace, note)?;
    let invalid = |error: anju_ledger::LedgerError| AppError::LedgerInvalid(error.to_string());
    let signed = workspace
        .verifying_key()
        .verify(&checkpoint.note)
        .map_err(invalid)?;
    let leaf = entry.leaf().map_err(invalid)?;
    anju_ledger::check_inclusion(&proof, signed.size, &signed.root, index, &leaf).map_err(invalid)?;
    Ok(Inclusion {
        leaf_hash: hex(&leaf_hash(&leaf)),
        leaf: String::from_utf8(leaf).map_err(|error| AppError::LedgerInvalid(error.to_string()))?,
        entry,
        proof: hexes(&proof),
        checkpoint,
    })
}

async fn prove_entry(
    workspace: &Workspace,
    index: u64,
) -> Result<Option<(Entry, String, Vec<Hash>)>, AppError> {
    match anju_store::prove_entry(workspace.db(), index).await {
        Ok(proved) => Ok(proved.map(|proved| (proved.entry, proved.checkpoint.note, proved.proof))),
        Err(StoreError::Ledger(error)) => Err(AppError::LedgerInvalid(error.to_string())),
        Err(other) => Err(other.into()),
    }
}

/// Whether the entry is one that [`entries`] shows to the caller.
fn may_see(workspace: &Workspace, caller: &Caller, area: Option<&str>) -> bool {
    caller.area().contains(&workspace.county().code)
        || area
            .and_then(|code| AreaCode::parse(code).ok())
            .is_some_and(|area| caller.area().contains(&area))
}

/// The proof that the log of `to` entries (all when not given) begins with the log of `from` entries.
///
/// # Errors
/// When the caller may not read the ledger; [`AppError::Invalid`] (`consistency_range`) unless
/// 1 ≤ `from` ≤ `to` ≤ number of entries; [`AppError::LedgerInvalid`] when the stored hashes do not prove it.
pub async fn consistency(
    workspace: &Workspace,
    caller: &Caller,
    from: u64,
    to: Option<u64>,
) -> Result<ConsistencyView, AppError> {
    caller.require(Action::ReadLedger)?;
    let to = match to {
        Some(to) => to,
        None => anju_store::entry_count(workspace.db()).await?,
    };
    prove_between(workspace, &workspace.verifying_key(), from, to).await
}

async fn prove_between(
    workspace: &Workspace,
    key: &VerifyingKey,
    from: u64,
    to: u64,
) -> Result<ConsistencyView, AppError> {
    let proved = match anju_store::prove_consistency(workspace.db(), from, to).await {
        Ok(Some(proved)) => proved,
        Ok(None) => {
            let entries = anju_store::entry_count(workspace.db()).await?;
            return Err(AppError::invalid(
                "consistency_range",
                format!("{from} {to}"),
                format!("须满足 1 ≤ from ≤ to ≤ {entries}(账本现有条目数),给出的是 {from} 和 {to}"),
                format!(
                    "1 ≤ from ≤ to ≤ {entries} (the number of entries) is needed, given were {from} and {to}"
                ),
            ));
        }
        Err(StoreError::Ledger(error)) => return Err(AppError::LedgerInvalid(error.to_string())),
        Err(other) => return Err(other.into()),
    };
    for head in [&proved.from, &proved.to] {
        let Some(note) = &head.note else { continue };
        let signed = key
            .verify(note)
            .map_err(|error| AppError::LedgerInvalid(error.to_string()))?;
        if (signed.size, hex(&signed.root)) != (head.size, head.root.clone()) {
            return Err(AppError::LedgerInvalid(format!(
                "at {} entries the root is {}, signed were {} entries with root {}",
                head.size,
                head.root,
                signed.size,
                hex(&signed.root)
            )));
        }
    }
    Ok(ConsistencyView {
        proof: hexes(&proved.proof),
        from: proved.from,
        to: proved.to,
        verifying_key: key.to_string(),
    })
}

fn hexes(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| hex(hash)).collect()
}
