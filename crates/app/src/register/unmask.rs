//! Personal data as it is, for a stated purpose: who saw whose data and what for is on the ledger before it is shown.

use anju_model::access::{Action, Purpose, Unmasking};
use anju_model::area::AreaCode;
use serde::Deserialize;
use uuid::Uuid;

use super::views::{HouseholdDetail, Masking, detail};
use crate::{AppError, Caller, Workspace};

/// Most characters of a note.
const NOTE_LIMIT: usize = 200;

/// What the data is needed for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UnmaskingNeed)]
pub struct Need {
    /// The purpose.
    pub purpose: Purpose,
    /// In words, at most 200 characters; needed where the purpose is another one.
    #[serde(default)]
    pub note: Option<String>,
}

/// The household page with personal data as it is.
///
/// # Errors
/// A caller who may not; [`AppError::NotFound`] for a household that is unknown or outside the caller's area;
/// [`AppError::Invalid`] with code `note_missing` or `note_too_long`.
pub async fn unmask(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    need: Need,
) -> Result<HouseholdDetail, AppError> {
    note_purpose(workspace, caller, id, need, "unmask_household").await?;
    detail(workspace, caller, id, Masking::Whole).await
}

/// Writes into the ledger that the caller sees a household's personal data, and what for.
pub(crate) async fn note_purpose(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    need: Need,
    command: &'static str,
) -> Result<(), AppError> {
    let area = caller.narrow(Action::UnmaskData, None)?;
    let row = anju_store::register::household_summary(workspace.db(), &area, id)
        .await?
        .ok_or_else(|| AppError::NotFound {
            kind: "household",
            id: id.to_string(),
        })?;
    let stated = stated(need)?;
    let records = stated.records(workspace, caller, vec![(id, row.area)]);
    let mut transaction = workspace.begin(caller, command, Some(stated.reason)).await?;
    transaction.insert(&records).await?;
    transaction.commit().await
}

/// A purpose that is good enough to see personal data.
pub(crate) struct Stated {
    purpose: Purpose,
    note: Option<String>,
    /// In words, for the ledger.
    pub reason: String,
}

/// Checks what the data is needed for.
///
/// # Errors
/// [`AppError::Invalid`] with code `note_missing` or `note_too_long`.
pub(crate) fn stated(need: Need) -> Result<Stated, AppError> {
    let note = need
        .note
        .map(|note| note.trim().to_owned())
        .filter(|note| !note.is_empty());
    if note.is_none() && need.purpose == Purpose::Other {
        return Err(AppError::invalid(
            "note_missing",
            "note",
            "请说明用途",
            "say what the data is needed for",
        ));
    }
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > NOTE_LIMIT)
    {
        return Err(AppError::invalid(
            "note_too_long",
            "note",
            format!("说明不能超过 {NOTE_LIMIT} 个字"),
            format!("a note has at most {NOTE_LIMIT} characters"),
        ));
    }
    Ok(Stated {
        reason: match &note {
            None => need.purpose.zh().to_owned(),
            Some(note) => format!("{}:{note}", need.purpose.zh()),
        },
        purpose: need.purpose,
        note,
    })
}

impl Stated {
    /// What the ledger keeps of it: a record for each household that was seen.
    pub(crate) fn records(
        &self,
        workspace: &Workspace,
        caller: &Caller,
        seen: Vec<(Uuid, AreaCode)>,
    ) -> Vec<Unmasking> {
        let at = workspace.now();
        seen.into_iter()
            .map(|(household, area)| Unmasking {
                id: workspace.new_id(),
                household,
                area,
                by: caller.name().to_owned(),
                purpose: self.purpose,
                note: self.note.clone(),
                at,
            })
            .collect()
    }
}
