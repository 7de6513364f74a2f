//! Users, their sessions, second steps and identities at a provider, wrong passwords, and who saw unmasked data.

use anju_model::access::{Department, ProviderIdentity, SecondFactor, Session, SignInGuard, Unmasking, User};
use anju_model::area::AreaCode;

use crate::read::{VERSIONED, versioned};
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for User {
    const KIND: &'static str = "user_account";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.as_str().into()),
            ("role", self.role.code().into()),
            ("department", self.department.map(Department::code).into()),
        ]
    }
}

impl Subject for Session {
    const KIND: &'static str = "session";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("user_id", self.user.into()),
            ("token_hash", self.token_hash.as_str().into()),
            ("expires_at", self.expires_at.into()),
            ("ended_at", self.ended_at.into()),
        ]
    }
}

impl Subject for SignInGuard {
    const KIND: &'static str = "sign_in_guard";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![("locked_until", self.locked_until.into())]
    }
}

impl Subject for SecondFactor {
    const KIND: &'static str = "second_factor";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("user_id", self.user.into()),
            ("confirmed", self.confirmed.into()),
        ]
    }
}

impl Subject for ProviderIdentity {
    const KIND: &'static str = "provider_identity";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("user_id", self.user.into()),
            ("issuer", self.issuer.as_str().into()),
            ("subject", self.subject.as_str().into()),
        ]
    }
}

impl Subject for Unmasking {
    const KIND: &'static str = "unmasking";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("household_id", self.household.into()),
            ("purpose", self.purpose.code().into()),
        ]
    }
}

/// The user who signs in with this name.
///
/// # Errors
/// When the database fails.
pub async fn user_by_name(db: &Db, name: &str) -> Result<Option<Versioned<User>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM user_account WHERE name = $1");
    db.first(&sql, &[name.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// The session of a token, by the token's hash, whether it still holds or not.
///
/// # Errors
/// When the database fails.
pub async fn session_by_token_hash(
    db: &Db,
    token_hash: &str,
) -> Result<Option<Versioned<Session>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM session WHERE token_hash = $1");
    db.first(&sql, &[token_hash.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// The sessions of a user that were not ended by signing out.
///
/// # Errors
/// When the database fails.
pub async fn open_sessions(db: &Db, user: uuid::Uuid) -> Result<Vec<Versioned<Session>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM session WHERE user_id = $1 AND ended_at IS NULL ORDER BY id");
    db.all(&sql, &[user.into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}

/// The second step of a user, confirmed or not.
///
/// # Errors
/// When the database fails.
pub async fn second_factor_of(
    db: &Db,
    user: uuid::Uuid,
) -> Result<Option<Versioned<SecondFactor>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM second_factor WHERE user_id = $1");
    db.first(&sql, &[user.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// The identity that a provider names by issuer and subject, when it is bound to a user.
///
/// # Errors
/// When the database fails.
pub async fn identity_at_provider(
    db: &Db,
    issuer: &str,
    subject: &str,
) -> Result<Option<Versioned<ProviderIdentity>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM provider_identity WHERE issuer = $1 AND subject = $2");
    db.first(&sql, &[issuer.into(), subject.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}

/// The identities that are bound to a user, one for each provider.
///
/// # Errors
/// When the database fails.
pub async fn identities_of(
    db: &Db,
    user: uuid::Uuid,
) -> Result<Vec<Versioned<ProviderIdentity>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM provider_identity WHERE user_id = $1 ORDER BY issuer");
    db.all(&sql, &[user.into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}
