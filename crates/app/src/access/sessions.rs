//! A user's sessions: where one is signed in, and ending that.

use anju_model::access::{Session, User};
use anju_store::Versioned;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{Caller, own_user, token_hash};
use crate::workspace::Transaction;
use crate::{AppError, Workspace};

/// A session as shown to its user.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// UUIDv7.
    pub id: Uuid,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The day it was last used, by the calendar of China.
    pub last_used: Option<Date>,
    /// What the browser says it is, at most 120 characters.
    pub device: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Whether a provider vouched for the user.
    pub through_provider: bool,
}

/// The caller's sessions that hold, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn own(workspace: &Workspace, caller: &Caller, token: &str) -> Result<Vec<SessionView>, AppError> {
    let user = own_user(workspace, caller).await?;
    of_user(workspace, user.value.id, &token_hash(token)).await
}

/// The sessions of a user that hold, the newest first; `current` is the hash of the token that asks.
pub(crate) async fn of_user(
    workspace: &Workspace,
    user: Uuid,
    current: &str,
) -> Result<Vec<SessionView>, AppError> {
    let sessions = holding(workspace, user).await?;
    Ok(sessions
        .into_iter()
        .rev()
        .map(|session| SessionView {
            current: session.value.token_hash == current,
            through_provider: session.value.provider.is_some(),
            id: session.value.id,
            created_at: session.value.created_at,
            expires_at: session.value.expires_at,
            last_used: session.value.last_used,
            device: session.value.device,
        })
        .collect())
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// [`AppError::NotFound`] for one that is not the caller's or is over.
pub async fn end(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<(), AppError> {
    let user = own_user(workspace, caller).await?;
    end_some(workspace, caller, user.value.id, Some(id))
        .await
        .map(|_| ())
}

/// Ends one session of a user, or all; says how many.
pub(crate) async fn end_some(
    workspace: &Workspace,
    caller: &Caller,
    user: Uuid,
    one: Option<Uuid>,
) -> Result<usize, AppError> {
    let mut sessions = holding(workspace, user).await?;
    if let Some(id) = one {
        sessions.retain(|session| session.value.id == id);
        if sessions.is_empty() {
            return Err(AppError::NotFound {
                kind: "session",
                id: id.to_string(),
            });
        }
    }
    end_these(workspace, caller, sessions).await
}

/// Ends all of the caller's sessions but the one that asks; says how many.
///
/// # Errors
/// When the database fails.
pub async fn end_others(workspace: &Workspace, caller: &Caller, token: &str) -> Result<usize, AppError> {
    let user = own_user(workspace, caller).await?;
    let current = token_hash(token);
    let mut sessions = holding(workspace, user.value.id).await?;
    sessions.retain(|session| session.value.token_hash != current);
    end_these(workspace, caller, sessions).await
}

/// Ends these sessions; where there are none, nothing is written.
async fn end_these(
    workspace: &Workspace,
    caller: &Caller,
    sessions: Vec<Versioned<Session>>,
) -> Result<usize, AppError> {
    let count = sessions.len();
    if count > 0 {
        let mut transaction = workspace.begin(caller, "end_session", None).await?;
        write_ended(workspace, &mut transaction, sessions).await?;
        transaction.commit().await?;
    }
    Ok(count)
}

/// Ends the sessions of a user that a provider vouched for, within a transaction that takes the identity away.
pub(crate) async fn end_of_provider(
    workspace: &Workspace,
    transaction: &mut Transaction<'_>,
    user: Uuid,
) -> Result<(), AppError> {
    let mut sessions = holding(workspace, user).await?;
    sessions.retain(|session| session.value.provider.is_some());
    write_ended(workspace, transaction, sessions).await
}

/// Ends all sessions of a user but the one with this token, within a transaction.
pub(crate) async fn write_others_ended(
    workspace: &Workspace,
    transaction: &mut Transaction<'_>,
    user: Uuid,
    token: &str,
) -> Result<(), AppError> {
    let current = token_hash(token);
    let mut sessions = holding(workspace, user).await?;
    sessions.retain(|session| session.value.token_hash != current);
    write_ended(workspace, transaction, sessions).await
}

/// Ends all sessions of a user within a transaction that takes something from the user.
pub(crate) async fn end_all(
    workspace: &Workspace,
    transaction: &mut Transaction<'_>,
    user: &User,
) -> Result<(), AppError> {
    let sessions = holding(workspace, user.id).await?;
    write_ended(workspace, transaction, sessions).await
}

/// Notes the day of use: once a day, so that the ledger is not full of it.
pub(crate) async fn note_use(
    workspace: &Workspace,
    caller: &Caller,
    mut session: Versioned<Session>,
) -> Result<(), AppError> {
    let today = Some(workspace.today());
    if session.value.last_used == today {
        return Ok(());
    }
    session.value.last_used = today;
    let mut transaction = workspace.begin(caller, "use_session", None).await?;
    match transaction.update(&[session]).await {
        // A page asks for several things at once: another request has noted it, or ended the session just now.
        Err(error) if error.is_collision() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => transaction.commit().await,
    }
}

/// Sessions that were neither ended nor are past their time, the oldest first.
async fn holding(workspace: &Workspace, user: Uuid) -> Result<Vec<Versioned<Session>>, AppError> {
    let now = workspace.now();
    let mut sessions = anju_store::access::open_sessions(workspace.db(), user).await?;
    sessions.retain(|session| session.value.expires_at > now);
    Ok(sessions)
}

async fn write_ended(
    workspace: &Workspace,
    transaction: &mut Transaction<'_>,
    mut sessions: Vec<Versioned<Session>>,
) -> Result<(), AppError> {
    for session in &mut sessions {
        session.value.ended_at = Some(workspace.now());
    }
    transaction.update(&sessions).await
}
