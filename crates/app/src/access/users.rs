//! What the administrator does with users. Every change is on the ledger.

use anju_model::access::{
    Action, Department, PERMISSIONS, ProviderIdentity, ProviderRefusal, Role, SignInGuard, User,
};
use anju_model::area::{AreaCode, AreaLevel};
use anju_store::Versioned;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::password::{Guard, check_password, guard_id, hash_password};
use super::provider::{self, IdentityView};
use super::sessions::SessionView;
use super::{Caller, NewUser, UserView, new_user, second_factor, sessions, view_among};
use crate::workspace::{AreaNames, SeenAt};
use crate::{AppError, Workspace};

/// A user as the administrator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Account {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// Version of the record, for a change of role or area.
    pub version: i64,
    /// Whether the account is closed.
    pub disabled: bool,
    /// Until when it waits after wrong passwords.
    pub locked_until: Option<Timestamp>,
    /// Whether it signs in with a second step.
    pub second_factor: bool,
    /// The identity at the provider that is bound to it.
    pub identity: Option<IdentityView>,
    /// Sessions that hold.
    pub sessions: usize,
}

/// A password set by the administrator.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TemporaryPassword {
    /// Shown once; it must be changed at the next sign-in.
    pub password: String,
    /// The user.
    pub account: Account,
}

/// A change of a user's place, and of the name shown where one is given.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUserPlace)]
pub struct NewPlace {
    /// Role.
    pub role: Role,
    /// Area.
    pub area: AreaCode,
    /// Department: needed for a department user, and nobody else has one.
    #[serde(default)]
    pub department: Option<Department>,
    /// Name shown to others, 1 to 40 characters.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// An identity to be bound.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentity {
    /// Who it is at the provider: the claim `sub`, 1 to 255 characters.
    pub subject: String,
}

/// What a role may do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RoleRights {
    /// The role.
    pub role: Role,
    /// Levels of area that its users have.
    pub levels: &'static [AreaLevel],
    /// What it may do in the user's area.
    pub actions: &'static [Action],
}

/// The table of roles and rights. It says nothing of anybody: whoever has signed in may read it.
pub fn rights() -> Vec<RoleRights> {
    PERMISSIONS
        .iter()
        .map(|row| RoleRights {
            role: row.role,
            levels: row.levels,
            actions: row.actions,
        })
        .collect()
}

/// All users.
///
/// # Errors
/// When the caller may not manage users, or the database fails.
pub async fn list(workspace: &Workspace, caller: &Caller) -> Result<Vec<Account>, AppError> {
    caller.require(Action::ManageUsers)?;
    let users: Vec<Versioned<User>> = anju_store::load_all(workspace.db()).await?;
    let areas = workspace.areas().await?;
    let mut accounts = Vec::with_capacity(users.len());
    for user in users {
        accounts.push(describe_among(workspace, &areas, user).await?);
    }
    Ok(accounts)
}

/// One user.
///
/// # Errors
/// [`AppError::NotFound`], or a caller who may not manage users.
pub async fn show(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Account, AppError> {
    describe(workspace, managed(workspace, caller, id).await?).await
}

/// Makes a user.
///
/// # Errors
/// A name that is taken or malformed, an area that is elsewhere or does not suit the role, a weak password, or a caller
/// who may not.
pub async fn create(workspace: &Workspace, caller: &Caller, new: NewUser) -> Result<Account, AppError> {
    caller.require(Action::ManageUsers)?;
    check_place(workspace, caller, new.role, &new.area)?;
    check_department(new.role, new.department)?;
    check_password(&new.password)?;
    check_display_name(&new.display_name)?;
    if !is_sign_in_name(&new.name) {
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
    account(workspace, user.id).await
}

/// Whether a text can be a sign-in name. A colon is none of its letters: the ledger names the program's own doings by one.
pub(super) fn is_sign_in_name(text: &str) -> bool {
    (2..=40).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn check_display_name(name: &str) -> Result<(), AppError> {
    if (1..=40).contains(&name.trim().chars().count()) {
        return Ok(());
    }
    Err(AppError::invalid(
        "display_name",
        "display_name",
        "显示名须为 1 至 40 个字",
        "the name shown has 1 to 40 characters",
    ))
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

/// Checks that a department user is of a department and nobody else is.
pub(super) fn check_department(role: Role, department: Option<Department>) -> Result<(), AppError> {
    match (role == Role::DepartmentUser, department) {
        (true, Some(_)) | (false, None) => Ok(()),
        (true, None) => Err(AppError::invalid(
            "department_missing",
            "department",
            "部门用户须填写所属部门",
            "a department user needs a department",
        )),
        (false, Some(_)) => Err(AppError::invalid(
            "department_unexpected",
            "department",
            format!("{}没有所属部门", role.zh()),
            format!("a user with the role {} has no department", role.en()),
        )),
    }
}

/// Forgets the wrong passwords of a user, seen at `version`, who need not wait any longer.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::VersionConflict`], or a caller who may not.
pub async fn unlock(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
) -> Result<Account, AppError> {
    let user = managed(workspace, caller, id).await?.at(version)?;
    let guard = Guard::of(workspace, &user.value.name).await?;
    let mut transaction = workspace.begin(caller, "unlock_user", None).await?;
    guard.clear(&mut transaction).await?;
    transaction.commit().await?;
    describe(workspace, user).await
}

/// Closes an account, seen at `version`, whose sessions end at once, or opens it again.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::VersionConflict`], the caller's own account, or a caller who may not.
pub async fn set_disabled(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    disabled: bool,
) -> Result<Account, AppError> {
    let user = managed(workspace, caller, id).await?;
    refuse_own(caller, &user.value)?;
    let mut user = user.at(version)?;
    if user.value.disabled != disabled {
        user.value.disabled = disabled;
        let command = if disabled { "disable_user" } else { "enable_user" };
        let mut transaction = workspace.begin(caller, command, None).await?;
        transaction.update(std::slice::from_ref(&user)).await?;
        if disabled {
            sessions::end_all(workspace, &mut transaction, &user.value).await?;
        }
        transaction.commit().await?;
    }
    account(workspace, id).await
}

/// Gives a user, seen at `version`, a temporary password, ends the sessions and forgets wrong passwords.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::VersionConflict`], the caller's own account, or a caller who may not.
pub async fn reset_password(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
) -> Result<TemporaryPassword, AppError> {
    let user = managed(workspace, caller, id).await?;
    refuse_own(caller, &user.value)?;
    let mut user = user.at(version)?;
    let password = workspace.random_password();
    user.value.password_hash = hash_password(&password, &workspace.random_bytes())?;
    user.value.must_change_password = true;
    let guard = Guard::of(workspace, &user.value.name).await?;
    let mut transaction = workspace.begin(caller, "reset_password", None).await?;
    transaction.update(std::slice::from_ref(&user)).await?;
    sessions::end_all(workspace, &mut transaction, &user.value).await?;
    guard.clear(&mut transaction).await?;
    transaction.commit().await?;
    Ok(TemporaryPassword {
        password,
        account: account(workspace, id).await?,
    })
}

/// Gives a user, seen at `version`, another role or area. It holds from the user's next request on.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::VersionConflict`], an area that does not suit the role, the caller's own account,
/// or a caller who may not.
pub async fn move_to(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    place: NewPlace,
) -> Result<Account, AppError> {
    let user = managed(workspace, caller, id).await?;
    refuse_own(caller, &user.value)?;
    check_place(workspace, caller, place.role, &place.area)?;
    check_department(place.role, place.department)?;
    let mut user = user.at(version)?;
    user.value.role = place.role;
    user.value.area = place.area;
    user.value.department = place.department;
    if let Some(name) = place.display_name {
        check_display_name(&name)?;
        name.trim().clone_into(&mut user.value.display_name);
    }
    let mut transaction = workspace.begin(caller, "change_role", None).await?;
    transaction.update(std::slice::from_ref(&user)).await?;
    transaction.commit().await?;
    account(workspace, id).await
}

/// Takes the second step of a user, seen at `version`, away, for one who lost the device and the recovery codes.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::VersionConflict`], the caller's own account, or a caller who may not.
pub async fn remove_second_factor(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
) -> Result<Account, AppError> {
    let user = managed(workspace, caller, id).await?;
    refuse_own(caller, &user.value)?;
    let user = user.at(version)?;
    second_factor::erase(workspace, caller, &user.value).await?;
    describe(workspace, user).await
}

/// Binds an identity at the provider to a user, seen at `version`, in the place of the one that was.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Provider`] when sign-in through a provider is not set up; [`AppError::Invalid`]
/// (`identity`, `identity_taken`) when the subject is none or is bound to another user; or a caller who may not.
pub async fn bind_identity(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    new: NewIdentity,
) -> Result<Account, AppError> {
    let user = managed(workspace, caller, id).await?.at(version)?;
    let Some(settings) = workspace.oidc() else {
        return Err(AppError::Provider(ProviderRefusal::NotConfigured));
    };
    let subject = new.subject.trim();
    if !(1..=255).contains(&subject.len()) || subject.chars().any(char::is_control) {
        return Err(AppError::invalid(
            "identity",
            "subject",
            "身份标识(sub)须为 1 至 255 个字符",
            "the identity (sub) has 1 to 255 characters",
        ));
    }
    let held = anju_store::access::identity_at_provider(workspace.db(), &settings.issuer, subject).await?;
    if let Some(held) = held {
        if held.value.user == id {
            return describe(workspace, user).await;
        }
        return Err(AppError::invalid(
            "identity_taken",
            "subject",
            "该身份已绑定另一个账号;请先解除绑定",
            "the identity is bound to another account; unbind it there first",
        ));
    }
    let before = provider::identity_of(workspace, id).await?;
    let identity = ProviderIdentity {
        id: workspace.new_id(),
        user: id,
        issuer: settings.issuer.clone(),
        subject: subject.to_owned(),
    };
    let mut transaction = workspace.begin(caller, "bind_identity", None).await?;
    if before.is_some() {
        transaction.retire(before.as_slice()).await?;
        sessions::end_of_provider(workspace, &mut transaction, id).await?;
    }
    transaction.insert(&[identity]).await?;
    transaction.commit().await?;
    describe(workspace, user).await
}

/// Takes the identity at the provider of a user, seen at `version`, away; sessions that it opened end at once.
///
/// # Errors
/// [`AppError::NotFound`] when there is no user or nothing is bound, or a caller who may not.
pub async fn unbind_identity(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
) -> Result<Account, AppError> {
    let user = managed(workspace, caller, id).await?.at(version)?;
    let Some(identity) = provider::identity_of(workspace, id).await? else {
        return Err(AppError::NotFound {
            kind: "provider_identity",
            id: id.to_string(),
        });
    };
    let mut transaction = workspace.begin(caller, "unbind_identity", None).await?;
    transaction.retire(&[identity]).await?;
    sessions::end_of_provider(workspace, &mut transaction, id).await?;
    transaction.commit().await?;
    describe(workspace, user).await
}

/// The sessions of a user that hold, the newest first.
///
/// # Errors
/// [`AppError::NotFound`], or a caller who may not.
pub async fn sessions_of(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<Vec<SessionView>, AppError> {
    let user = managed(workspace, caller, id).await?;
    sessions::of_user(workspace, user.value.id, "").await
}

/// Ends one session of a user, or all of them; says how many.
///
/// # Errors
/// [`AppError::NotFound`] when there is no such user or session, or a caller who may not.
pub async fn end_sessions(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    session: Option<Uuid>,
) -> Result<usize, AppError> {
    let user = managed(workspace, caller, id).await?;
    sessions::end_some(workspace, caller, user.value.id, session).await
}

/// A user whom the caller manages.
async fn managed(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Versioned<User>, AppError> {
    caller.require(Action::ManageUsers)?;
    let user: Option<Versioned<User>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let user = user.ok_or_else(|| AppError::NotFound {
        kind: "user",
        id: id.to_string(),
    })?;
    check_place(workspace, caller, user.value.role, &user.value.area)?;
    Ok(user)
}

/// Nobody closes the own account or changes the own role: there is always an administrator left.
fn refuse_own(caller: &Caller, user: &User) -> Result<(), AppError> {
    if user.name != caller.name {
        return Ok(());
    }
    Err(AppError::invalid(
        "own_account",
        "id",
        "不能对自己的账号进行此操作,请由另一位管理员办理",
        "this cannot be done to the own account; ask another administrator",
    ))
}

async fn account(workspace: &Workspace, id: Uuid) -> Result<Account, AppError> {
    let user: Option<Versioned<User>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    match user {
        Some(user) => describe(workspace, user).await,
        None => Err(AppError::NotFound {
            kind: "user",
            id: id.to_string(),
        }),
    }
}

async fn describe(workspace: &Workspace, user: Versioned<User>) -> Result<Account, AppError> {
    describe_among(workspace, &workspace.areas().await?, user).await
}

async fn describe_among(
    workspace: &Workspace,
    areas: &AreaNames,
    user: Versioned<User>,
) -> Result<Account, AppError> {
    let guard: Option<Versioned<SignInGuard>> =
        anju_store::load(workspace.db(), &guard_id(&user.value.name)).await?;
    let second_factor = second_factor::confirmed(workspace, user.value.id)
        .await?
        .is_some();
    Ok(Account {
        version: user.version,
        disabled: user.value.disabled,
        locked_until: guard.and_then(|guard| guard.value.waits_until(workspace.now())),
        second_factor,
        identity: provider::identity_view(workspace, user.value.id).await?,
        sessions: sessions::of_user(workspace, user.value.id, "").await?.len(),
        user: view_among(areas, user.value),
    })
}
