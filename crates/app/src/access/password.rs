//! Passwords: hashed with argon2id, and guarded against guessing.

use anju_model::access::{LOCKOUT, SignInGuard};
use anju_store::Versioned;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash, phc::Salt};
use sha2::{Digest, Sha256};

use super::{Caller, own_user, sessions};
use crate::workspace::Transaction;
use crate::{AppError, Workspace};

/// Smallest length of a password.
pub const PASSWORD_MINIMUM: usize = 10;

/// What is known of the wrong passwords for one name, as it was read.
pub(crate) struct Guard {
    value: SignInGuard,
    /// As stored; absent before the first wrong password.
    stored: Option<Versioned<SignInGuard>>,
}

impl Guard {
    /// The guard of a name, whether anybody has it or not.
    pub async fn of(workspace: &Workspace, name: &str) -> Result<Self, AppError> {
        let id = guard_id(name);
        let stored: Option<Versioned<SignInGuard>> = anju_store::load(workspace.db(), &id).await?;
        Ok(Self {
            value: stored
                .as_ref()
                .map_or_else(|| SignInGuard::new(id), |stored| stored.value.clone()),
            stored,
        })
    }

    /// # Errors
    /// [`AppError::LockedOut`] while the name waits.
    pub fn refuse_waiting(&self, workspace: &Workspace) -> Result<(), AppError> {
        let now = workspace.now();
        match self.value.waits_until(now) {
            None => Ok(()),
            Some(until) => Err(AppError::LockedOut {
                seconds: until.duration_since(now).as_secs().unsigned_abs().max(1),
            }),
        }
    }

    /// Records a wrong password and answers `error`, or that the name waits from now on.
    pub async fn fail<T>(mut self, workspace: &Workspace, error: AppError) -> Result<T, AppError> {
        self.value.fail(workspace.now(), LOCKOUT);
        let visitor = Caller::visitor(&workspace.county().code);
        let mut transaction = workspace.begin(&visitor, "sign_in_failed", None).await?;
        match self.stored.take() {
            None => transaction.insert(std::slice::from_ref(&self.value)).await?,
            Some(stored) => {
                let value = self.value.clone();
                transaction.update(&[Versioned { value, ..stored }]).await?;
            }
        }
        transaction.commit().await?;
        self.refuse_waiting(workspace)?;
        Err(error)
    }

    /// Forgets what was counted. Where nothing was, nothing is written.
    pub async fn clear(self, transaction: &mut Transaction<'_>) -> Result<(), AppError> {
        match self.stored {
            Some(mut stored) if !stored.value.is_clear() => {
                stored.value.clear();
                transaction.update(&[stored]).await
            }
            _ => Ok(()),
        }
    }
}

/// The id under which wrong passwords of a name are counted.
pub(crate) fn guard_id(name: &str) -> String {
    anju_store::attachment::hex(&Sha256::digest(name.as_bytes()))
}

/// Checks the caller's own password once more, before something that a browser left open must not do.
///
/// # Errors
/// [`AppError::WrongPassword`], or [`AppError::LockedOut`] after too many.
pub(crate) async fn confirm(
    workspace: &Workspace,
    caller: &Caller,
    password: &str,
) -> Result<Versioned<anju_model::access::User>, AppError> {
    let user = own_user(workspace, caller).await?;
    Guard::of(workspace, caller.name())
        .await?
        .refuse_waiting(workspace)?;
    if fits(Some(user.value.password_hash.clone()), password).await? {
        return Ok(user);
    }
    for _ in 0..super::ROUNDS {
        let guard = Guard::of(workspace, caller.name()).await?;
        guard.refuse_waiting(workspace)?;
        match guard.fail(workspace, AppError::WrongPassword).await {
            Err(error) if error.is_collision() => {}
            ended => return ended,
        }
    }
    Err(AppError::Aborted(
        "too many attempts at once to give a password".into(),
    ))
}

/// Changes the caller's own password and ends the caller's other sessions: somebody else may have begun them with the old
/// one. `token` is that of the session that asks, which goes on.
///
/// # Errors
/// [`AppError::WrongPassword`] when the present one is wrong, [`AppError::WeakPassword`] for a short new one.
pub async fn change(
    workspace: &Workspace,
    caller: &Caller,
    token: &str,
    current: &str,
    new: &str,
) -> Result<(), AppError> {
    check_password(new)?;
    let mut user = confirm(workspace, caller, current).await?;
    user.value.password_hash = hash_password(new, &workspace.random_bytes())?;
    user.value.must_change_password = false;
    let id = user.value.id;
    let mut transaction = workspace.begin(caller, "change_password", None).await?;
    transaction.update(&[user]).await?;
    sessions::write_others_ended(workspace, &mut transaction, id, token).await?;
    transaction.commit().await
}

/// Whether the password fits the hash. Argon2 takes tens of milliseconds on purpose; without a hash it takes the same
/// time and the answer is no.
pub(crate) async fn fits(hash: Option<String>, password: &str) -> Result<bool, AppError> {
    let candidate = password.to_owned();
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => password_fits(&hash, &candidate),
        None => hash_password(&candidate, &[0; 16]).map(|_| false),
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))?
}

pub(crate) fn check_password(password: &str) -> Result<(), AppError> {
    if password.chars().count() < PASSWORD_MINIMUM {
        return Err(AppError::WeakPassword {
            minimum: PASSWORD_MINIMUM,
        });
    }
    Ok(())
}

pub(crate) fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String, AppError> {
    let salt = Salt::new(salt).map_err(|error| AppError::Aborted(error.to_string()))?;
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| AppError::Aborted(error.to_string()))
}

fn password_fits(hash: &str, password: &str) -> Result<bool, AppError> {
    let hash = PasswordHash::new(hash).map_err(|error| AppError::Aborted(error.to_string()))?;
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok())
}
