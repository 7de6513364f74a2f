//! Who is calling, signing in and out, and users.

use anju_model::access::{Action, Role, Session, User};
use anju_model::area::AreaCode;
use anju_store::Versioned;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash, phc::Salt};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{AppError, Workspace};

/// Smallest length of a password.
pub const PASSWORD_MINIMUM: usize = 10;

/// A session ends by itself after this time.
const SESSION_HOURS: i64 = 12;

/// Who calls a use case. Made only by signing in, or by the program itself for the operator of the command line.
#[derive(Debug, Clone)]
pub struct Caller {
    name: String,
    role: Role,
    area: AreaCode,
}

impl Caller {
    /// The person at the machine's own command line, who has the files anyway.
    pub fn operator(name: &str, county: &AreaCode) -> Self {
        Self {
            name: format!("cli:{name}"),
            role: Role::Administrator,
            area: county.clone(),
        }
    }

    fn from_user(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            role: user.role,
            area: user.area.clone(),
        }
    }

    /// The name written into the ledger.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The area whose subjects the caller sees.
    pub fn area(&self) -> &AreaCode {
        &self.area
    }

    /// Checks that the role allows `action`.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub fn require(&self, action: Action) -> Result<(), AppError> {
        if self.role.may(action) {
            Ok(())
        } else {
            Err(AppError::Forbidden {
                caller: self.name.clone(),
                action,
            })
        }
    }

    /// Checks that the role allows `action` on something in `area`.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub fn require_in(&self, action: Action, area: &AreaCode) -> Result<(), AppError> {
        self.require(action)?;
        if self.area.contains(area) {
            Ok(())
        } else {
            Err(AppError::Forbidden {
                caller: self.name.clone(),
                action,
            })
        }
    }

    /// The narrower of the caller's own area and the one asked for.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the two do not overlap.
    pub fn narrow(&self, action: Action, asked: Option<&AreaCode>) -> Result<AreaCode, AppError> {
        self.require(action)?;
        match asked {
            None => Ok(self.area.clone()),
            Some(area) if self.area.contains(area) => Ok(area.clone()),
            Some(area) if area.contains(&self.area) => Ok(self.area.clone()),
            Some(_) => Err(AppError::Forbidden {
                caller: self.name.clone(),
                action,
            }),
        }
    }
}

/// A user as shown: without the password.
#[derive(Debug, Clone, Serialize)]
pub struct UserView {
    /// UUIDv7.
    pub id: Uuid,
    /// Sign-in name.
    pub name: String,
    /// Name shown to others.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Area.
    pub area: AreaCode,
    /// Name of the area.
    pub area_name: String,
    /// Whether the password must be changed first.
    pub must_change_password: bool,
    /// What the role allows, so that a page shows only what can be done.
    pub may: Vec<Action>,
}

/// A sign-in: the token goes to the browser and nowhere else.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// 256 random bits in hex.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Who it is.
    pub user: UserView,
}

/// A user to be made.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct NewUser {
    /// Sign-in name: 2 to 40 letters, digits, `.`, `_` or `-`.
    pub name: String,
    /// Name shown to others.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Area.
    pub area: AreaCode,
    /// First password, which must be changed at the first sign-in.
    pub password: String,
}

/// Signs in.
///
/// # Errors
/// [`AppError::WrongPassword`] when the name is unknown or the password wrong; the two are not told apart.
pub async fn sign_in(workspace: &Workspace, name: &str, password: &str) -> Result<SignedIn, AppError> {
    let found = anju_store::access::user_by_name(workspace.db(), name).await?;
    let hash = found.as_ref().map(|user| user.value.password_hash.clone());
    let candidate = password.to_owned();
    // Argon2 takes tens of milliseconds on purpose; an unknown name costs the same as a wrong password.
    let fits = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => password_fits(&hash, &candidate),
        None => hash_password(&candidate, &[0; 16]).map(|_| false),
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))??;
    let Some(user) = found.filter(|_| fits) else {
        return Err(AppError::WrongPassword);
    };
    let caller = Caller::from_user(&user.value);
    let token = workspace.random_hex::<32>();
    let now = workspace.now();
    let session = Session {
        id: workspace.new_id(),
        user: user.value.id,
        token_hash: token_hash(&token),
        created_at: now,
        expires_at: now + SignedDuration::from_hours(SESSION_HOURS),
        ended_at: None,
    };
    let expires_at = session.expires_at;
    let mut transaction = workspace.begin(&caller, "sign_in", None).await?;
    transaction.insert(&[session]).await?;
    transaction.commit().await?;
    let user = view(workspace, user.value).await?;
    Ok(SignedIn {
        token,
        expires_at,
        user,
    })
}

/// The caller behind a token, with the user shown, or `None` when the session is unknown or over.
///
/// # Errors
/// When the database fails.
pub async fn caller_by_token(
    workspace: &Workspace,
    token: &str,
) -> Result<Option<(Caller, UserView)>, AppError> {
    let Some(session) = anju_store::access::session_by_token_hash(workspace.db(), &token_hash(token)).await?
    else {
        return Ok(None);
    };
    if session.value.ended_at.is_some() || session.value.expires_at <= workspace.now() {
        return Ok(None);
    }
    let user: Option<Versioned<User>> =
        anju_store::load(workspace.db(), &session.value.user.to_string()).await?;
    match user {
        Some(user) => Ok(Some((
            Caller::from_user(&user.value),
            view(workspace, user.value).await?,
        ))),
        None => Ok(None),
    }
}

/// Ends the session of a token; an unknown token is no error.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(workspace: &Workspace, caller: &Caller, token: &str) -> Result<(), AppError> {
    let Some(mut session) =
        anju_store::access::session_by_token_hash(workspace.db(), &token_hash(token)).await?
    else {
        return Ok(());
    };
    session.value.ended_at = Some(workspace.now());
    let mut transaction = workspace.begin(caller, "sign_out", None).await?;
    transaction.update(&[session]).await?;
    transaction.commit().await
}

/// Changes the caller's own password.
///
/// # Errors
/// [`AppError::WrongPassword`] when the present one is wrong, [`AppError::WeakPassword`] for a short new one.
pub async fn change_password(
    workspace: &Workspace,
    caller: &Caller,
    current: &str,
    new: &str,
) -> Result<(), AppError> {
    check_password(new)?;
    let Some(mut user) = anju_store::access::user_by_name(workspace.db(), caller.name()).await? else {
        return Err(AppError::NotFound {
            kind: "user",
            id: caller.name().to_owned(),
        });
    };
    if !password_fits(&user.value.password_hash, current)? {
        return Err(AppError::WrongPassword);
    }
    user.value.password_hash = hash_password(new, &workspace.random_bytes())?;
    user.value.must_change_password = false;
    let mut transaction = workspace.begin(caller, "change_password", None).await?;
    transaction.update(&[user]).await?;
    transaction.commit().await
}

/// All users.
///
/// # Errors
/// When the caller may not manage users, or the database fails.
pub async fn users(workspace: &Workspace, caller: &Caller) -> Result<Vec<UserView>, AppError> {
    caller.require(Action::ManageUsers)?;
    let users: Vec<Versioned<User>> = anju_store::load_all(workspace.db()).await?;
    let mut views = Vec::with_capacity(users.len());
    for user in users {
        views.push(view(workspace, user.value).await?);
    }
    Ok(views)
}

/// Makes a user.
///
/// # Errors
/// A name that is taken or malformed, an area that is elsewhere or does not suit the role, a weak password, or a caller
/// who may not.
pub async fn create_user(workspace: &Workspace, caller: &Caller, new: NewUser) -> Result<UserView, AppError> {
    caller.require(Action::ManageUsers)?;
    check_place(workspace, caller, new.role, &new.area)?;
    check_password(&new.password)?;
    let well_formed = (2..=40).contains(&new.name.len())
        && new
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if !well_formed {
        return Err(AppError::invalid(
            "user_name",
            "name",
            "登录名须为 2 至 40 个字母、数字或 . _ -",
            "a sign-in name has 2 to 40 letters, digits or . _ -",
        ));
    }
    if anju_store::access::user_by_name(workspace.db(), &new.name)
        .await?
        .is_some()
    {
        return Err(AppError::invalid(
            "user_exists",
            "name",
            "该登录名已存在",
            "this sign-in name is taken",
        ));
    }
    let user = new_user(workspace, new)?;
    let mut transaction = workspace.begin(caller, "create_user", None).await?;
    transaction.insert(std::slice::from_ref(&user)).await?;
    transaction.commit().await?;
    view(workspace, user).await
}

/// Checks that a user of `role` can have `area` in this workspace.
///
/// Areas above the county are those of superior offices: their users oversee this county, which the area must contain.
fn check_place(workspace: &Workspace, caller: &Caller, role: Role, area: &AreaCode) -> Result<(), AppError> {
    if !caller.area.contains(area) && !area.contains(&workspace.county().code) {
        return Err(AppError::Forbidden {
            caller: caller.name.clone(),
            action: Action::ManageUsers,
        });
    }
    if role.fits(area.level()) {
        return Ok(());
    }
    Err(AppError::invalid(
        "role_area",
        "area",
        format!("{}的地区级别与 {area} 不符", role.zh()),
        format!(
            "{area} is not an area of the level that a user with the role {} has",
            role.en()
        ),
    ))
}

pub(crate) fn new_user(workspace: &Workspace, new: NewUser) -> Result<User, AppError> {
    Ok(User {
        id: workspace.new_id(),
        password_hash: hash_password(&new.password, &workspace.random_bytes())?,
        name: new.name,
        display_name: new.display_name,
        role: new.role,
        area: new.area,
        must_change_password: true,
    })
}

async fn view(workspace: &Workspace, user: User) -> Result<UserView, AppError> {
    let areas = workspace.areas().await?;
    Ok(UserView {
        id: user.id,
        name: user.name,
        display_name: user.display_name,
        role: user.role,
        may: user.role.permissions().actions.to_vec(),
        area_name: areas.name(&user.area),
        area: user.area,
        must_change_password: user.must_change_password,
    })
}

fn check_password(password: &str) -> Result<(), AppError> {
    if password.chars().count() < PASSWORD_MINIMUM {
        return Err(AppError::WeakPassword {
            minimum: PASSWORD_MINIMUM,
        });
    }
    Ok(())
}

fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String, AppError> {
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

fn token_hash(token: &str) -> String {
    anju_store::attachment::hex(&Sha256::digest(token.as_bytes()))
}
