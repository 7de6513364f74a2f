//! Who is calling, signing in and out, and users.
//!
//! [`password`] guards every use of a password, [`second_factor`] the second step at sign-in, [`provider`] signs in through
//! a provider of OpenID Connect, [`sessions`] are a user's signed-in browsers, [`users`] what the administrator does.

pub mod password;
pub mod provider;
pub mod second_factor;
pub mod sessions;
pub mod users;

use anju_model::access::{Action, DEPARTMENT_DATA, Department, Role, SecondFactor, Session, User};
use anju_model::area::AreaCode;
use anju_model::register::FileKind;
use anju_store::Versioned;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use password::{Guard, hash_password};

use crate::workspace::AreaNames;
use crate::{AppError, Workspace};

/// Times that a sign-in is decided again because others wrote for the same name meanwhile.
const ROUNDS: usize = 16;

/// Characters of a browser's own description that are kept.
const DEVICE_LENGTH: usize = 120;

/// A session ends by itself after this time.
const SESSION_HOURS: i64 = 12;

/// Who calls a use case. Made only by signing in, or by the program itself for the operator of the command line.
#[derive(Debug, Clone)]
pub struct Caller {
    name: String,
    role: Role,
    area: AreaCode,
    department: Option<Department>,
    /// The request under an idempotency key that this call carries out: its id and claim.
    keyed: Option<(String, String)>,
}

impl Caller {
    /// The person at the machine's own command line, who has the files anyway.
    pub fn operator(name: &str, county: &AreaCode) -> Self {
        Self {
            name: format!("cli:{name}"),
            role: Role::Administrator,
            area: county.clone(),
            department: None,
            keyed: None,
        }
    }

    /// Somebody who has not signed in yet. No user's name has a colon.
    fn visitor(county: &AreaCode) -> Self {
        Self {
            name: "public:web".into(),
            role: Role::Public,
            area: county.clone(),
            department: None,
            keyed: None,
        }
    }

    fn from_user(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            role: user.role,
            area: user.area.clone(),
            department: user.department,
            keyed: None,
        }
    }

    /// The same caller, carrying out a claimed request.
    pub(crate) fn under_key(&self, id: &str, claim: &str) -> Self {
        Self {
            keyed: Some((id.to_owned(), claim.to_owned())),
            ..self.clone()
        }
    }

    /// The same caller for work that outlives the request.
    pub(crate) fn beyond_request(&self) -> Self {
        Self {
            keyed: None,
            ..self.clone()
        }
    }

    /// The claimed request that is carried out: its id and claim.
    pub(crate) fn keyed(&self) -> Option<&(String, String)> {
        self.keyed.as_ref()
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

    /// The kinds of departments' data on which the caller may do `action`: those of the user's own department, for the
    /// office all of them. They are of the whole county, whose code is given.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], also for a department user of whom nobody has said the department.
    pub fn department_data(
        &self,
        action: Action,
        county: &AreaCode,
    ) -> Result<&'static [FileKind], AppError> {
        self.require_in(action, county)?;
        match (self.role, self.department) {
            (Role::DepartmentUser, Some(department)) => Ok(department.data()),
            (Role::DepartmentUser, None) => Err(AppError::Forbidden {
                caller: self.name.clone(),
                action,
            }),
            _ => Ok(DEPARTMENT_DATA),
        }
    }

    /// Whether pages of the register show the caller what departments' data of this kind say: a department user is shown
    /// those of the own department alone.
    pub fn is_shown(&self, kind: FileKind) -> bool {
        self.role != Role::DepartmentUser
            || self
                .department
                .is_some_and(|department| department.data().contains(&kind))
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
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
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
    /// Department of a department user.
    pub department: Option<Department>,
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
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
pub struct NewUser {
    /// Sign-in name: 2 to 40 letters, digits, `.`, `_` or `-`.
    pub name: String,
    /// Name shown to others.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Area.
    pub area: AreaCode,
    /// Department: needed for a department user, and nobody else has one.
    #[serde(default)]
    pub department: Option<Department>,
    /// First password, which must be changed at the first sign-in.
    pub password: String,
}

/// What a person types at sign-in, and from where.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Sign-in name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Code of the second step: six digits, or a recovery code.
    pub code: Option<String>,
    /// What the browser says it is.
    pub device: String,
}

/// Signs in.
///
/// A name that nobody has is treated like any other, wrong passwords counted and all, so that nobody learns which names
/// exist.
///
/// # Errors
/// [`AppError::WrongPassword`] when the name is unknown, the account closed or the password wrong, which are not told
/// apart; [`AppError::SecondStep`] when a code is needed too, [`AppError::WrongCode`]; [`AppError::LockedOut`] after too
/// many of either.
pub async fn sign_in(workspace: &Workspace, credentials: &Credentials) -> Result<SignedIn, AppError> {
    // A name that waits costs nothing to refuse.
    Guard::of(workspace, &credentials.name)
        .await?
        .refuse_waiting(workspace)?;
    let found = anju_store::access::user_by_name(workspace.db(), &credentials.name).await?;
    let hash = found.as_ref().map(|user| user.value.password_hash.clone());
    let fits = password::fits(hash, &credentials.password).await?;
    let user = found.filter(|user| fits && !user.value.disabled);
    // Several attempts for one name may run at once. Each reads how the others ended before it writes how it ended
    // itself, or writes nothing and reads again: so that of many parallel guesses no more are answered than of guesses
    // one after another.
    for _ in 0..ROUNDS {
        let guard = Guard::of(workspace, &credentials.name).await?;
        guard.refuse_waiting(workspace)?;
        let ended = match &user {
            None => guard.fail(workspace, AppError::WrongPassword).await,
            Some(user) => open_session(workspace, guard, user, credentials).await,
        };
        match ended {
            Err(error) if error.is_collision() => {}
            ended => return ended,
        }
    }
    Err(AppError::Aborted("too many attempts at once to sign in".into()))
}

/// The end of a sign-in with the right password.
async fn open_session(
    workspace: &Workspace,
    guard: Guard,
    user: &Versioned<User>,
    credentials: &Credentials,
) -> Result<SignedIn, AppError> {
    let now = workspace.now();
    let used: Option<Versioned<SecondFactor>> =
        match second_factor::confirmed(workspace, user.value.id).await? {
            None => None,
            Some(factor) => {
                let Some(code) = &credentials.code else {
                    return Err(AppError::SecondStep);
                };
                match second_factor::accept(&factor.value, code, now) {
                    None => return guard.fail(workspace, AppError::WrongCode).await,
                    Some(value) => Some(Versioned { value, ..factor }),
                }
            }
        };
    let caller = Caller::from_user(&user.value);
    let (token, session) = new_session(workspace, &user.value, &credentials.device, None);
    let signed_in = signed_in(workspace, token, &session, user.value.clone()).await?;
    let mut transaction = workspace.begin(&caller, "sign_in", None).await?;
    transaction.insert(&[session]).await?;
    transaction.update(used.as_slice()).await?;
    guard.clear(&mut transaction).await?;
    transaction.commit().await?;
    Ok(signed_in)
}

/// A session to be written, and its token.
fn new_session(
    workspace: &Workspace,
    user: &User,
    described: &str,
    provider: Option<String>,
) -> (String, Session) {
    let now = workspace.now();
    let token = workspace.random_hex::<32>();
    let session = Session {
        id: workspace.new_id(),
        user: user.id,
        token_hash: token_hash(&token),
        created_at: now,
        expires_at: now + SignedDuration::from_hours(SESSION_HOURS),
        ended_at: None,
        last_used: Some(workspace.today()),
        device: device(described),
        provider,
    };
    (token, session)
}

async fn signed_in(
    workspace: &Workspace,
    token: String,
    session: &Session,
    user: User,
) -> Result<SignedIn, AppError> {
    Ok(SignedIn {
        token,
        expires_at: session.expires_at,
        user: in_session(view(workspace, user).await?, session),
    })
}

/// The user as seen in a session: who came through a provider need not change a password that was never typed.
fn in_session(mut user: UserView, session: &Session) -> UserView {
    user.must_change_password &= session.provider.is_none();
    user
}

/// A browser's description as it is kept: shortened, on one line.
fn device(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
    plain.trim().chars().take(DEVICE_LENGTH).collect()
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
    let Some(user) = user.filter(|user| !user.value.disabled) else {
        return Ok(None);
    };
    let caller = Caller::from_user(&user.value);
    let shown = in_session(view(workspace, user.value).await?, &session.value);
    sessions::note_use(workspace, &caller, session).await?;
    Ok(Some((caller, shown)))
}

/// Ends the session of a token and says which provider vouched for it; an unknown token is no error.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(
    workspace: &Workspace,
    caller: &Caller,
    token: &str,
) -> Result<Option<String>, AppError> {
    let Some(mut session) =
        anju_store::access::session_by_token_hash(workspace.db(), &token_hash(token)).await?
    else {
        return Ok(None);
    };
    session.value.ended_at = Some(workspace.now());
    let provider = session.value.provider.clone();
    let mut transaction = workspace.begin(caller, "sign_out", None).await?;
    transaction.update(&[session]).await?;
    transaction.commit().await?;
    Ok(provider)
}

pub(crate) fn new_user(workspace: &Workspace, new: NewUser) -> Result<User, AppError> {
    Ok(User {
        id: workspace.new_id(),
        password_hash: hash_password(&new.password, &workspace.random_bytes())?,
        name: new.name,
        display_name: new.display_name,
        role: new.role,
        area: new.area,
        department: new.department,
        must_change_password: true,
        disabled: false,
    })
}

async fn view(workspace: &Workspace, user: User) -> Result<UserView, AppError> {
    Ok(view_among(&workspace.areas().await?, user))
}

/// The user as shown, with the areas' names at hand.
fn view_among(areas: &AreaNames, user: User) -> UserView {
    UserView {
        id: user.id,
        name: user.name,
        display_name: user.display_name,
        role: user.role,
        may: user.role.permissions().actions.to_vec(),
        area_name: areas.name(&user.area),
        area: user.area,
        department: user.department,
        must_change_password: user.must_change_password,
    }
}

fn token_hash(token: &str) -> String {
    anju_store::attachment::hex(&Sha256::digest(token.as_bytes()))
}

/// The user that the caller is.
pub(crate) async fn own_user(workspace: &Workspace, caller: &Caller) -> Result<Versioned<User>, AppError> {
    anju_store::access::user_by_name(workspace.db(), caller.name())
        .await?
        .ok_or_else(|| AppError::NotFound {
            kind: "user",
            id: caller.name().to_owned(),
        })
}
