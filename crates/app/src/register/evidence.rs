//! Evidence for a household's category: recorded, corrected and withdrawn, with what the department's lists say of it.

use anju_model::access::Action;
use anju_model::amendment::Evidence;
use anju_model::category::{CategoryEvidence, EvidenceKind, EvidenceRecord};
use anju_model::register::{FileKind, Household};
use anju_store::Versioned;
use anju_store::attachment::Attachment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::acceptance::Grounds;
use crate::{AppError, Caller, Workspace};

/// A piece of evidence as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EvidenceView {
    /// UUIDv7; that of the list's line for an entry on a department's list.
    pub id: Uuid,
    /// Version of the record, to be sent back with a change.
    pub version: i64,
    /// Whether it can be changed by hand: an entry on a department's list comes from the imported list alone.
    pub editable: bool,
    /// What was recorded.
    pub evidence: CategoryEvidence,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Timestamp,
}

/// Evidence to be recorded: its file was stored before.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvidence {
    /// What it is.
    pub evidence: CategoryEvidence,
}

/// Why evidence is withdrawn.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EvidenceWithdrawal)]
pub struct Withdrawal {
    /// Why.
    pub reason: String,
}

async fn household(
    workspace: &Workspace,
    caller: &Caller,
    action: Action,
    id: Uuid,
) -> Result<Household, AppError> {
    let missing = || AppError::NotFound {
        kind: "household",
        id: id.to_string(),
    };
    let own = caller.narrow(Action::ReadRegister, None)?;
    let stored: Option<Versioned<Household>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let household = stored.ok_or_else(missing)?.value;
    // Whoever may not see it does not learn that it is there.
    if !own.contains(&household.facts.area) {
        return Err(missing());
    }
    caller.require_in(action, &household.facts.area)?;
    Ok(household)
}

/// The evidence of a household: what stands on the department's lists, then what was recorded.
///
/// # Errors
/// [`AppError::NotFound`] for a household that is unknown or outside the caller's area.
pub async fn list(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<EvidenceView>, AppError> {
    let household = household(workspace, caller, Action::ReadRegister, id).await?;
    let grounds = Grounds::of_household(workspace, &household).await?;
    let listing = grounds
        .listing(&household)
        .filter(|_| caller.is_shown(FileKind::PovertyRoster));
    let listed = listing.map(|listing| EvidenceView {
        id: listing.value.id,
        version: listing.version,
        editable: false,
        evidence: CategoryEvidence::DepartmentListEntry {
            document: listing.value.document.clone(),
            office: listing.value.office.clone(),
            entry: format!("{}:{}", listing.value.file, listing.value.row),
        },
        recorded_by: listing.changed_by.clone(),
        recorded_at: listing.changed_at,
    });
    let recorded = anju_store::category::evidence_of(workspace.db(), id).await?;
    Ok(listed
        .into_iter()
        .chain(recorded.into_iter().map(|record| EvidenceView {
            id: record.value.id,
            version: record.version,
            editable: true,
            evidence: record.value.evidence,
            recorded_by: record.value.recorded_by,
            recorded_at: record.value.recorded_at,
        }))
        .collect())
}

/// Checks evidence given by hand; its file is the one stored under the hash, by the name it was stored with.
async fn checked(
    workspace: &Workspace,
    mut evidence: CategoryEvidence,
) -> Result<CategoryEvidence, AppError> {
    if evidence.kind() == EvidenceKind::DepartmentListEntry {
        return Err(AppError::invalid(
            "evidence_from_list",
            "kind",
            "部门核定名单须导入,不能手工登记",
            "an entry on the department's list comes from the imported list, not from here",
        ));
    }
    evidence.check().map_err(|field| {
        AppError::invalid(
            "evidence_field",
            field,
            format!("{field} 须填写,一行,不超过 200 个字"),
            format!("{field} must be filled in, one line of at most 200 characters"),
        )
    })?;
    if let CategoryEvidence::HazardAssessment { date, .. } = &evidence
        && *date > workspace.today()
    {
        return Err(AppError::invalid(
            "evidence_date",
            "date",
            "评估日期不能晚于今天",
            "the date of an assessment cannot lie ahead",
        ));
    }
    if let Some(given) = evidence.attachment().cloned() {
        let stored: Option<Versioned<Attachment>> = anju_store::load(workspace.db(), &given.hash).await?;
        let stored = stored.ok_or_else(|| AppError::NotFound {
            kind: "attachment",
            id: given.hash.clone(),
        })?;
        let known = Evidence {
            hash: stored.value.hash,
            name: stored.value.name,
        };
        match &mut evidence {
            CategoryEvidence::DepartmentListEntry { .. } => {}
            CategoryEvidence::HazardAssessment { attachment, .. }
            | CategoryEvidence::ProtectedParcel { attachment, .. }
            | CategoryEvidence::Project { attachment, .. } => *attachment = Some(known),
        }
    }
    Ok(evidence)
}

/// Records evidence for a household.
///
/// # Errors
/// When the caller may not, a field is missing, or the file was not stored.
pub async fn record(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    new: NewEvidence,
) -> Result<Vec<EvidenceView>, AppError> {
    let household = household(workspace, caller, Action::RecordGrounds, id).await?;
    let record = EvidenceRecord {
        id: workspace.new_id(),
        household: id,
        area: household.facts.area,
        evidence: checked(workspace, new.evidence).await?,
        recorded_by: caller.name().to_owned(),
        recorded_at: workspace.now(),
    };
    let mut transaction = workspace.begin(caller, "record_evidence", None).await?;
    transaction.insert(&[record]).await?;
    transaction.commit().await?;
    list(workspace, caller, id).await
}

/// The record of a household's evidence that was seen at `version`.
async fn seen(
    workspace: &Workspace,
    household: Uuid,
    id: Uuid,
    version: i64,
) -> Result<Versioned<EvidenceRecord>, AppError> {
    let stored: Option<Versioned<EvidenceRecord>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let stored = stored
        .filter(|record| record.value.household == household)
        .ok_or_else(|| AppError::NotFound {
            kind: "evidence",
            id: id.to_string(),
        })?;
    if stored.version != version {
        return Err(AppError::VersionConflict {
            kind: "evidence".into(),
            id: id.to_string(),
            expected: version,
            found: stored.version,
        });
    }
    Ok(stored)
}

/// Corrects evidence that was seen at `version`.
///
/// # Errors
/// As [`record`], and when it was changed meanwhile.
pub async fn correct(
    workspace: &Workspace,
    caller: &Caller,
    (of, id): (Uuid, Uuid),
    version: i64,
    new: NewEvidence,
) -> Result<Vec<EvidenceView>, AppError> {
    household(workspace, caller, Action::RecordGrounds, of).await?;
    let mut record = seen(workspace, of, id, version).await?;
    record.value.evidence = checked(workspace, new.evidence).await?;
    let mut transaction = workspace.begin(caller, "correct_evidence", None).await?;
    transaction.update(&[record]).await?;
    transaction.commit().await?;
    list(workspace, caller, of).await
}

/// Withdraws evidence that was seen at `version`; the ledger keeps it.
///
/// # Errors
/// When the caller may not, no reason is given, or it was changed meanwhile.
pub async fn withdraw(
    workspace: &Workspace,
    caller: &Caller,
    (of, id): (Uuid, Uuid),
    version: i64,
    withdrawal: Withdrawal,
) -> Result<Vec<EvidenceView>, AppError> {
    household(workspace, caller, Action::RecordGrounds, of).await?;
    if !anju_model::roster::is_line(&withdrawal.reason) {
        return Err(AppError::invalid(
            "evidence_reason",
            "reason",
            "请填写撤回原因",
            "say why the evidence is withdrawn",
        ));
    }
    let record = seen(workspace, of, id, version).await?;
    let reason = Some(withdrawal.reason.trim().to_owned());
    let mut transaction = workspace.begin(caller, "withdraw_evidence", reason).await?;
    transaction.retire(&[record]).await?;
    transaction.commit().await?;
    list(workspace, caller, of).await
}

/// The file attached to evidence: name and bytes.
///
/// # Errors
/// [`AppError::NotFound`] for evidence that is unknown, has no file or lies outside the caller's area.
pub async fn file(
    workspace: &Workspace,
    caller: &Caller,
    of: Uuid,
    id: Uuid,
) -> Result<(String, Vec<u8>), AppError> {
    household(workspace, caller, Action::ReadRegister, of).await?;
    let stored = anju_store::category::evidence_of(workspace.db(), of).await?;
    let attachment = stored
        .into_iter()
        .find(|record| record.value.id == id)
        .and_then(|record| record.value.evidence.attachment().cloned())
        .ok_or_else(|| AppError::NotFound {
            kind: "evidence",
            id: id.to_string(),
        })?;
    let bytes = workspace.attachments().read(&attachment.hash)?;
    Ok((attachment.name, bytes))
}
