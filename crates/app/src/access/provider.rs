//! Signing in through a provider of OpenID Connect: authorization code flow with PKCE, state and nonce.
//!
//! Nothing is kept here between the two halves of a sign-in: what the second half needs goes with the browser, sealed
//! with a key that this process made. Visitors who begin and never end therefore cost nothing.
//!
//! Who comes from the provider is let in by an identity that was bound to an account. Where the settings say so, the
//! first sign-in binds it by a claim that names the account, or makes an account by a table of roles. Neither ever gives
//! anybody an administrator's account.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anju_model::access::{Department, ProviderIdentity, ProviderRefusal, Role, SecondFactor, User};
use anju_model::area::AreaCode;
use anju_store::Versioned;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthorizationCode, ClaimsVerificationError, Client,
    ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdTokenFields, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, SubjectIdentifier, TokenResponse, UserInfoClaims, reqwest,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::password::{Guard, hash_password};
use super::{Caller, SignedIn, second_factor, users};
use crate::{AppError, Problem, Workspace};

/// Where the provider sends the browser back to, below the public address.
pub const CALLBACK: &str = "/api/v1/session/provider/callback";

/// Time between leaving for the provider and coming back, and between coming back and the code of the second step.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Time that what the provider says of itself is believed, so that visitors cannot make us ask it again and again.
const KNOWN_FOR: SignedDuration = SignedDuration::from_mins(1);

/// Time for one request to the provider.
const REQUEST: std::time::Duration = std::time::Duration::from_secs(10);

/// The table `oidc` of `anju.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The provider's issuer address, exactly as its tokens name it.
    pub issuer: String,
    /// Under which id the provider knows this program.
    pub client_id: String,
    /// File with the client's secret, relative to the workspace; the environment may give it instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// What the button on the sign-in page says.
    #[serde(default = "default_name")]
    pub name: String,
    /// Scopes asked for beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The claim that names the account of whoever is not bound yet, e.g. `preferred_username`. Only for a provider
    /// that lets nobody choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_claim: Option<String>,
    /// Values of `acr` that say the provider asked for a second step; `mfa` in `amr` says so too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second_step_acr: Vec<String>,
    /// Who gets a new account. Without it nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning: Option<Provisioning>,
}

/// Who gets a new account at the first sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    /// The claim that is looked at: a text or a list of texts.
    pub claim: String,
    /// The first row whose value the claim has decides.
    pub roles: Vec<RoleRow>,
}

/// What a value of the claim gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRow {
    /// The value.
    pub value: String,
    /// The role.
    pub role: Role,
    /// The area.
    pub area: AreaCode,
    /// The department, of a department user.
    #[serde(default)]
    pub department: Option<Department>,
}

fn default_name() -> String {
    "统一身份认证".into()
}

fn default_scopes() -> Vec<String> {
    vec!["profile".into()]
}

impl Settings {
    /// Checks what can be checked without the provider. `place` is the configuration file.
    pub(crate) fn check(&self, place: &Path, county: &AreaCode) -> Result<(), AppError> {
        let wrong = |zh: String, en: String| {
            Err(AppError::Invalid(Problem::new(
                "oidc_settings",
                place.display().to_string(),
                zh,
                en,
            )))
        };
        let safe = self.issuer.starts_with("https://") || is_loopback(&self.issuer);
        if !safe || IssuerUrl::new(self.issuer.clone()).is_err() {
            return wrong(
                format!("[oidc] issuer 须为 https:// 地址,现为 {}", self.issuer),
                format!("[oidc] issuer must be an https:// address, it is {}", self.issuer),
            );
        }
        for row in self
            .provisioning
            .iter()
            .flat_map(|provisioning| &provisioning.roles)
        {
            let here = county.contains(&row.area) || row.area.contains(county);
            if matches!(row.role, Role::Administrator | Role::Public)
                || !row.role.fits(row.area.level())
                || users::check_department(row.role, row.department).is_err()
                || !here
            {
                return wrong(
                    format!(
                        "[oidc.provisioning] 不能自动开设角色为{}、地区为 {} 的账号",
                        row.role.zh(),
                        row.area
                    ),
                    format!(
                        "[oidc.provisioning] no account with the role {} and the area {} can be made by itself",
                        row.role.en(),
                        row.area
                    ),
                );
            }
        }
        Ok(())
    }
}

/// Whether an address without TLS stays on this machine.
fn is_loopback(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Every claim that has no place of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type ProviderClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The provider as this process speaks with it.
pub struct Provider {
    settings: Settings,
    secret: Option<ClientSecret>,
    http: reqwest::Client,
    redirect: RedirectUrl,
    home: PostLogoutRedirectUrl,
    seal_key: [u8; 32],
    known: Mutex<Option<(Timestamp, Arc<ProviderMetadataWithLogout>)>>,
}

/// What the sign-in page shows of the provider.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProviderView {
    /// What the button says.
    pub name: String,
}

/// A sign-in that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// What the browser must bring back, beside what the provider gives it.
    pub attempt: String,
}

/// What the provider gave the browser.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Answer {
    /// The code, when all went well.
    pub code: Option<String>,
    /// What the question held.
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why not.
    pub error: Option<String>,
}

/// How a sign-in goes on after the provider's answer.
#[derive(Debug, Clone)]
pub enum Ended {
    /// Signed in.
    SignedIn(SignedIn),
    /// The account has a second step and the provider asked for none: this is brought to [`second_step`] with the code.
    SecondStep(String),
}

/// An identity as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IdentityView {
    /// The provider's issuer address.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
}

/// What travels with the browser to the provider and back.
#[derive(Serialize, Deserialize)]
struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    began: Timestamp,
}

/// What travels with the browser while it asks for the code of the second step.
#[derive(Serialize, Deserialize)]
struct Halfway {
    user: Uuid,
    subject: String,
    began: Timestamp,
}

/// Whom the provider vouches for.
struct Vouched {
    subject: String,
    claims: Map<String, Value>,
    second_step: bool,
}

/// The account that an identity opens, and what is written beside the session.
enum Account {
    Bound(Versioned<User>),
    /// By name, to be bound now.
    Named(Versioned<User>),
    /// To be made now.
    New(User),
}

impl Account {
    fn user(&self) -> &User {
        match self {
            Self::Bound(user) | Self::Named(user) => &user.value,
            Self::New(user) => user,
        }
    }
}

impl Provider {
    /// The provider of the workspace's settings, `None` when there are none. `public_address` is scheme and host that
    /// browsers ask for; `secret` is the client's secret when the environment gives it.
    ///
    /// # Errors
    /// When the file with the secret cannot be read or the public address is none.
    pub fn open(
        workspace: &Workspace,
        public_address: &str,
        secret: Option<String>,
    ) -> Result<Option<Self>, AppError> {
        let Some(settings) = workspace.oidc().cloned() else {
            return Ok(None);
        };
        let secret = match (secret, &settings.client_secret_file) {
            (Some(secret), _) => Some(secret),
            (None, Some(file)) => {
                let path = workspace.root().join(file);
                Some(std::fs::read_to_string(&path).map_err(AppError::io(&path))?)
            }
            // A public client, which PKCE alone protects.
            (None, None) => None,
        };
        let aborted = |error: &dyn std::fmt::Display| AppError::Aborted(error.to_string());
        let address = public_address.trim_end_matches('/');
        Ok(Some(Self {
            secret: secret.map(|secret| ClientSecret::new(secret.trim().to_owned())),
            http: reqwest::Client::builder()
                // Following redirects would let the provider send us anywhere in the office's network.
                .redirect(reqwest::redirect::Policy::none())
                .timeout(REQUEST)
                .build()
                .map_err(|error| aborted(&error))?,
            redirect: RedirectUrl::new(format!("{address}{CALLBACK}")).map_err(|error| aborted(&error))?,
            home: PostLogoutRedirectUrl::new(format!("{address}/")).map_err(|error| aborted(&error))?,
            seal_key: workspace.random_bytes(),
            known: Mutex::new(None),
            settings,
        }))
    }

    /// What the sign-in page shows.
    pub fn view(&self) -> ProviderView {
        ProviderView {
            name: self.settings.name.clone(),
        }
    }

    /// What the provider says of itself, with its keys.
    async fn metadata(&self, workspace: &Workspace) -> Result<Arc<ProviderMetadataWithLogout>, AppError> {
        let now = workspace.now();
        let mut known = self.known.lock().await;
        if let Some((asked, metadata)) = known.as_ref()
            && now.duration_since(*asked) < KNOWN_FOR
        {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone())
            .map_err(|error| AppError::Aborted(error.to_string()))?;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &self.http)
            .await
            .map_err(|error| refuse(ProviderRefusal::Unreachable, &error))?;
        let metadata = Arc::new(metadata);
        *known = Some((now, metadata.clone()));
        Ok(metadata)
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> ProviderClient {
        ProviderClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            self.secret.clone(),
        )
        .set_redirect_uri(self.redirect.clone())
    }

    /// A value that only this process can have written, for `purpose` only.
    fn seal<T: Serialize>(&self, purpose: &str, value: &T) -> Result<String, AppError> {
        let body = serde_json::to_vec(value).map_err(|error| AppError::Aborted(error.to_string()))?;
        let body = anju_store::attachment::hex(&body);
        let mark = self.mark(purpose, &body)?.finalize().into_bytes();
        Ok(format!("{body}.{}", anju_store::attachment::hex(&mark)))
    }

    fn unseal<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Option<T> {
        let (body, mark) = sealed.split_once('.')?;
        self.mark(purpose, body)
            .ok()?
            .verify_slice(&second_factor::bytes(mark)?)
            .ok()?;
        serde_json::from_slice(&second_factor::bytes(body)?).ok()
    }

    fn mark(&self, purpose: &str, body: &str) -> Result<Hmac<Sha256>, AppError> {
        let mut mark = Hmac::<Sha256>::new_from_slice(&self.seal_key)
            .map_err(|error| AppError::Aborted(error.to_string()))?;
        mark.update(purpose.as_bytes());
        mark.update(&[0]);
        mark.update(body.as_bytes());
        Ok(mark)
    }
}

const ATTEMPT: &str = "attempt";
const HALFWAY: &str = "halfway";

/// Begins a sign-in: asks nothing of the visitor, keeps nothing.
///
/// # Errors
/// [`AppError::Provider`] when the provider cannot be reached.
pub async fn begin(workspace: &Workspace, provider: &Provider) -> Result<Begun, AppError> {
    let metadata = provider.metadata(workspace).await?;
    let client = provider.client(&metadata);
    let attempt = Attempt {
        state: workspace.random_hex::<32>(),
        nonce: workspace.random_hex::<32>(),
        verifier: workspace.random_hex::<32>(),
        began: workspace.now(),
    };
    let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
    let scopes = provider.settings.scopes.iter().cloned().map(Scope::new);
    let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
    let (address, _, _) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        )
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(scopes)
        .url();
    Ok(Begun {
        address: address.into(),
        attempt: provider.seal(ATTEMPT, &attempt)?,
    })
}

/// Ends what [`begin`] began. `attempt` is what the browser brought back, `device` what it says it is.
///
/// # Errors
/// [`AppError::Provider`], which says why.
pub async fn finish(
    workspace: &Workspace,
    provider: &Provider,
    attempt: Option<&str>,
    answer: Answer,
    device: &str,
) -> Result<Ended, AppError> {
    let attempt: Attempt = attempt
        .and_then(|sealed| provider.unseal(ATTEMPT, sealed))
        .ok_or(AppError::Provider(ProviderRefusal::NotBegun))?;
    in_time(workspace, attempt.began)?;
    if answer.state.as_deref() != Some(attempt.state.as_str()) {
        return Err(AppError::Provider(ProviderRefusal::WrongState));
    }
    // Another provider's answer, brought here by somebody between the two (RFC 9207).
    if answer
        .iss
        .as_ref()
        .is_some_and(|issuer| *issuer != provider.settings.issuer)
    {
        return Err(AppError::Provider(ProviderRefusal::WrongState));
    }
    let Some(code) = answer.code else {
        return Err(refuse(
            ProviderRefusal::Declined,
            &answer.error.unwrap_or_default(),
        ));
    };
    let vouched = vouch(workspace, provider, attempt, code).await?;
    let account = account_of(workspace, provider, &vouched).await?;
    let user = account.user();
    if user.disabled {
        return Err(AppError::Provider(ProviderRefusal::AccountClosed));
    }
    if !vouched.second_step && second_factor::confirmed(workspace, user.id).await?.is_some() {
        let halfway = Halfway {
            user: user.id,
            subject: vouched.subject,
            began: workspace.now(),
        };
        return Ok(Ended::SecondStep(provider.seal(HALFWAY, &halfway)?));
    }
    enter(workspace, provider, account, vouched.subject, None, device)
        .await
        .map(Ended::SignedIn)
}

/// Ends a sign-in that waits for the code of the second step.
///
/// # Errors
/// [`AppError::Provider`], [`AppError::WrongCode`], or [`AppError::LockedOut`] after too many.
pub async fn second_step(
    workspace: &Workspace,
    provider: &Provider,
    halfway: Option<&str>,
    code: &str,
    device: &str,
) -> Result<SignedIn, AppError> {
    let halfway: Halfway = halfway
        .and_then(|sealed| provider.unseal(HALFWAY, sealed))
        .ok_or(AppError::Provider(ProviderRefusal::NotBegun))?;
    in_time(workspace, halfway.began)?;
    let user: Option<Versioned<User>> = anju_store::load(workspace.db(), &halfway.user.to_string()).await?;
    let Some(user) = user.filter(|user| !user.value.disabled) else {
        return Err(AppError::Provider(ProviderRefusal::AccountClosed));
    };
    for _ in 0..super::ROUNDS {
        let guard = Guard::of(workspace, &user.value.name).await?;
        guard.refuse_waiting(workspace)?;
        let ended = match second_factor::confirmed(workspace, user.value.id).await? {
            // Given up meanwhile, which is on the ledger: the provider's word is enough then as at any sign-in.
            None => go_on(workspace, provider, &user, &halfway, None, device).await,
            Some(factor) => match second_factor::accept(&factor.value, code, workspace.now()) {
                None => guard.fail(workspace, AppError::WrongCode).await,
                Some(value) => {
                    let used = (guard, Versioned { value, ..factor });
                    go_on(workspace, provider, &user, &halfway, Some(used), device).await
                }
            },
        };
        match ended {
            Err(error) if error.is_collision() => {}
            ended => return ended,
        }
    }
    Err(AppError::Aborted("too many attempts at once to sign in".into()))
}

async fn go_on(
    workspace: &Workspace,
    provider: &Provider,
    user: &Versioned<User>,
    halfway: &Halfway,
    used: Option<(Guard, Versioned<SecondFactor>)>,
    device: &str,
) -> Result<SignedIn, AppError> {
    let bound =
        anju_store::access::identity_at_provider(workspace.db(), &provider.settings.issuer, &halfway.subject)
            .await?;
    let account = match bound {
        Some(identity) if identity.value.user == user.value.id => Account::Bound(user.clone()),
        None if may_be_named(workspace, provider, &user.value).await? => Account::Named(user.clone()),
        _ => return Err(AppError::Provider(ProviderRefusal::UnknownIdentity)),
    };
    enter(
        workspace,
        provider,
        account,
        halfway.subject.clone(),
        used,
        device,
    )
    .await
}

/// Where the provider ends its own session, when it says so and the session that was ended here came from it.
///
/// # Errors
/// Never: a provider that cannot be reached has no such address.
pub async fn sign_out_address(
    workspace: &Workspace,
    provider: &Provider,
    issuer: Option<&str>,
) -> Option<String> {
    if issuer != Some(provider.settings.issuer.as_str()) {
        return None;
    }
    let metadata = provider.metadata(workspace).await.ok()?;
    let endpoint = metadata.additional_metadata().end_session_endpoint.clone()?;
    let request = LogoutRequest::from(endpoint)
        .set_client_id(ClientId::new(provider.settings.client_id.clone()))
        .set_post_logout_redirect_uri(provider.home.clone());
    Some(request.http_get_url().into())
}

/// The caller's own identity at the provider of the settings.
///
/// # Errors
/// When the database fails.
pub async fn own(workspace: &Workspace, caller: &Caller) -> Result<Option<IdentityView>, AppError> {
    let user = super::own_user(workspace, caller).await?;
    identity_view(workspace, user.value.id).await
}

pub(crate) async fn identity_view(
    workspace: &Workspace,
    user: Uuid,
) -> Result<Option<IdentityView>, AppError> {
    Ok(identity_of(workspace, user).await?.map(|identity| IdentityView {
        issuer: identity.value.issuer,
        subject: identity.value.subject,
    }))
}

/// The user's identity at the provider of the settings.
pub(crate) async fn identity_of(
    workspace: &Workspace,
    user: Uuid,
) -> Result<Option<Versioned<ProviderIdentity>>, AppError> {
    let Some(settings) = workspace.oidc() else {
        return Ok(None);
    };
    let identities = anju_store::access::identities_of(workspace.db(), user).await?;
    Ok(identities
        .into_iter()
        .find(|identity| identity.value.issuer == settings.issuer))
}

/// A refusal, whose cause goes to the log: it may say more than a visitor should learn.
fn refuse(refusal: ProviderRefusal, cause: &dyn std::fmt::Display) -> AppError {
    tracing::warn!(code = refusal.code(), %cause, "a sign-in through the provider was refused");
    AppError::Provider(refusal)
}

fn in_time(workspace: &Workspace, began: Timestamp) -> Result<(), AppError> {
    if workspace.now().duration_since(began) < PATIENCE {
        Ok(())
    } else {
        Err(AppError::Provider(ProviderRefusal::Expired))
    }
}

/// Exchanges the code and checks the token: signature, issuer, audience, time, nonce, and the access token's hash.
async fn vouch(
    workspace: &Workspace,
    provider: &Provider,
    attempt: Attempt,
    code: String,
) -> Result<Vouched, AppError> {
    let metadata = provider.metadata(workspace).await?;
    let client = provider.client(&metadata);
    let tokens = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|error| refuse(ProviderRefusal::Unreachable, &error))?
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier))
        .request_async(&provider.http)
        .await
        .map_err(|error| match &error {
            RequestTokenError::ServerResponse(_) => refuse(ProviderRefusal::WrongCode, &error),
            _ => refuse(ProviderRefusal::Unreachable, &error),
        })?;
    let wrong = |cause: &dyn std::fmt::Display| refuse(ProviderRefusal::WrongToken, cause);
    let token = tokens.id_token().ok_or_else(|| wrong(&"there is no ID token"))?;
    let seconds = u64::try_from(workspace.now().as_second()).unwrap_or_default();
    let verifier = client
        .id_token_verifier()
        .set_time_fn(move || (std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).into());
    let claims = token
        .claims(&verifier, &Nonce::new(attempt.nonce))
        .map_err(|error| match &error {
            ClaimsVerificationError::Expired(_) => refuse(ProviderRefusal::Expired, &error),
            ClaimsVerificationError::InvalidNonce(_) => refuse(ProviderRefusal::WrongNonce, &error),
            _ => wrong(&error),
        })?;
    if let Some(expected) = claims.access_token_hash() {
        let found = token
            .signing_alg()
            .and_then(|algorithm| {
                AccessTokenHash::from_token(tokens.access_token(), algorithm, token.signing_key(&verifier)?)
                    .map_err(|error| openidconnect::SignatureVerificationError::Other(error.to_string()))
            })
            .map_err(|error| wrong(&error))?;
        if found != *expected {
            return Err(wrong(&"the access token is of another sign-in"));
        }
    }
    let mut methods = claims.auth_method_refs().into_iter().flatten();
    let second_step = methods.any(|method| method.as_str() == "mfa")
        || claims.auth_context_ref().is_some_and(|acr| {
            provider
                .settings
                .second_step_acr
                .iter()
                .any(|known| known == acr.as_str())
        });
    let subject = claims.subject().clone();
    let mut all = object(claims);
    if wants_more(&provider.settings, &all) {
        all.extend(asked_for(provider, &client, tokens.access_token(), &subject).await?);
    }
    Ok(Vouched {
        subject: subject.to_string(),
        claims: all,
        second_step,
    })
}

/// Whether a claim that the settings name is not in the token: then the provider has it at its second address.
fn wants_more(settings: &Settings, claims: &Map<String, Value>) -> bool {
    let provisioning = settings.provisioning.as_ref();
    settings
        .name_claim
        .iter()
        .chain(provisioning.map(|provisioning| &provisioning.claim))
        .any(|wanted| !claims.contains_key(wanted))
}

/// The claims of the provider's user-info address, which must be of the same subject.
async fn asked_for(
    provider: &Provider,
    client: &ProviderClient,
    token: &AccessToken,
    subject: &SubjectIdentifier,
) -> Result<Map<String, Value>, AppError> {
    let Ok(request) = client.user_info(token.clone(), Some(subject.clone())) else {
        // The provider has no such address.
        return Ok(Map::new());
    };
    let more: UserInfoClaims<OtherClaims, CoreGenderClaim> = request
        .request_async(&provider.http)
        .await
        .map_err(|error| refuse(ProviderRefusal::Unreachable, &error))?;
    Ok(object(&more))
}

fn object(claims: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => claims,
        _ => Map::new(),
    }
}

/// The account for whom the provider vouches.
async fn account_of(
    workspace: &Workspace,
    provider: &Provider,
    vouched: &Vouched,
) -> Result<Account, AppError> {
    let settings = &provider.settings;
    let unknown = || AppError::Provider(ProviderRefusal::UnknownIdentity);
    let bound =
        anju_store::access::identity_at_provider(workspace.db(), &settings.issuer, &vouched.subject).await?;
    if let Some(identity) = bound {
        let user: Option<Versioned<User>> =
            anju_store::load(workspace.db(), &identity.value.user.to_string()).await?;
        return user.map(Account::Bound).ok_or_else(unknown);
    }
    let named = settings
        .name_claim
        .as_deref()
        .and_then(|claim| verified(&vouched.claims, claim));
    if let Some(name) = named
        && let Some(user) = anju_store::access::user_by_name(workspace.db(), name).await?
    {
        return match may_be_named(workspace, provider, &user.value).await? {
            true => Ok(Account::Named(user)),
            false => Err(unknown()),
        };
    }
    let name = named.or_else(|| verified(&vouched.claims, "preferred_username"));
    match (role_of(settings, &vouched.claims), name) {
        (Some(row), Some(name))
            if users::is_sign_in_name(name)
                && anju_store::access::user_by_name(workspace.db(), name)
                    .await?
                    .is_none() =>
        {
            let display_name = vouched.claims.get("name").and_then(Value::as_str).unwrap_or(name);
            Ok(Account::New(User {
                id: workspace.new_id(),
                name: name.to_owned(),
                display_name: display_name.chars().take(40).collect(),
                role: row.role,
                area: row.area.clone(),
                department: row.department,
                // Nobody knows it: the account has no password until an administrator sets one.
                password_hash: hash_password(&workspace.random_hex::<32>(), &workspace.random_bytes())?,
                must_change_password: true,
                disabled: false,
            }))
        }
        _ => Err(unknown()),
    }
}

/// Whether an account may be bound by its name: never an administrator's, and none that is somebody else's there.
async fn may_be_named(workspace: &Workspace, provider: &Provider, user: &User) -> Result<bool, AppError> {
    Ok(provider.settings.name_claim.is_some()
        && user.role != Role::Administrator
        && identity_of(workspace, user.id).await?.is_none())
}

/// A claim that is a text. An e-mail address counts only when the provider has verified it.
fn verified<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a str> {
    if claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return None;
    }
    claims.get(claim)?.as_str()
}

/// The row of the table of roles for these claims.
fn role_of<'a>(settings: &'a Settings, claims: &Map<String, Value>) -> Option<&'a RoleRow> {
    let provisioning = settings.provisioning.as_ref()?;
    let found = claims.get(&provisioning.claim)?;
    let has = |value: &str| match found {
        Value::String(text) => text == value,
        Value::Array(list) => list.iter().any(|text| text == value),
        _ => false,
    };
    provisioning.roles.iter().find(|row| has(&row.value))
}

/// Writes the session, and beside it the identity or the account where they are new.
async fn enter(
    workspace: &Workspace,
    provider: &Provider,
    account: Account,
    subject: String,
    used: Option<(Guard, Versioned<SecondFactor>)>,
    device: &str,
) -> Result<SignedIn, AppError> {
    let issuer = provider.settings.issuer.clone();
    let user = account.user();
    let (token, session) = super::new_session(workspace, user, device, Some(issuer.clone()));
    let identity = ProviderIdentity {
        id: workspace.new_id(),
        user: user.id,
        issuer,
        subject,
    };
    let caller = Caller::from_user(user);
    let command = match account {
        Account::Bound(_) => "sign_in",
        Account::Named(_) => "bind_identity",
        Account::New(_) => "provision_user",
    };
    let mut transaction = workspace.begin(&caller, command, None).await?;
    if let Account::New(user) = &account {
        transaction.insert(std::slice::from_ref(user)).await?;
    }
    if !matches!(account, Account::Bound(_)) {
        transaction.insert(&[identity]).await?;
    }
    let signed_in = super::signed_in(workspace, token, &session, user.clone()).await?;
    transaction.insert(&[session]).await?;
    if let Some((guard, factor)) = used {
        transaction.update(&[factor]).await?;
        guard.clear(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(signed_in)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(text: &str) -> Settings {
        toml::from_str(text).unwrap()
    }

    const LEAST: &str = "issuer = \"https://id.example.org\"\nclient_id = \"anju\"\n";

    fn check(settings: &Settings) -> Result<(), AppError> {
        settings.check(Path::new("anju.toml"), &AreaCode::parse("619021").unwrap())
    }

    #[test]
    fn a_provider_is_spoken_to_by_tls_or_on_this_machine() {
        for (issuer, good) in [
            ("https://id.example.org/realms/office", true),
            ("http://127.0.0.1:4000", true),
            ("http://localhost/op", true),
            ("http://id.example.org", false),
            ("http://127.0.0.1.example.org", false),
            ("http://localhost@example.org", false),
            ("id.example.org", false),
        ] {
            let settings = Settings {
                issuer: issuer.into(),
                ..settings(LEAST)
            };
            assert_eq!(check(&settings).is_ok(), good, "{issuer}");
        }
    }

    #[test]
    fn nobody_becomes_an_administrator_or_gets_an_area_elsewhere_by_itself() {
        let row = |role: &str, area: &str| {
            let text = format!(
                "{LEAST}[provisioning]\nclaim = \"groups\"\n[[provisioning.roles]]\nvalue = \"x\"\nrole = \"{role}\"\narea = \"{area}\"\n"
            );
            check(&settings(&text)).is_ok()
        };
        assert!(row("township_officer", "619021101"));
        assert!(row("province_officer", "61"));
        assert!(!row("administrator", "619021"));
        assert!(!row("public", "619021"));
        assert!(!row("township_officer", "619021"));
        assert!(!row("township_officer", "619022101"));
    }

    #[test]
    fn the_first_row_that_fits_gives_the_role() {
        let text = format!(
            "{LEAST}[provisioning]\nclaim = \"groups\"\n\
             [[provisioning.roles]]\nvalue = \"a\"\nrole = \"village_officer\"\narea = \"619021101201\"\n\
             [[provisioning.roles]]\nvalue = \"b\"\nrole = \"inspector\"\narea = \"619021\"\n"
        );
        let settings = settings(&text);
        let role = |claims: Value| role_of(&settings, claims.as_object().unwrap()).map(|row| row.role);
        assert_eq!(role(json!({"groups": ["b", "a"]})), Some(Role::VillageOfficer));
        assert_eq!(role(json!({"groups": "b"})), Some(Role::Inspector));
        assert_eq!(role(json!({"groups": ["ab"]})), None);
        assert_eq!(role(json!({"groups": 7})), None);
        assert_eq!(role(json!({})), None);
    }

    #[test]
    fn an_address_counts_only_when_the_provider_verified_it() {
        let claims = |verified: Value| json!({"email": "li@example.org", "email_verified": verified});
        let found = |claims: Value| verified(claims.as_object().unwrap(), "email").map(str::to_owned);
        assert_eq!(found(claims(json!(true))).as_deref(), Some("li@example.org"));
        assert_eq!(found(claims(json!(false))), None);
        assert_eq!(found(claims(json!("true"))), None);
        assert_eq!(found(json!({"email": "li@example.org"})), None);
    }

    #[test]
    fn the_secret_is_in_no_debug_text() {
        assert!(!format!("{:?}", ClientSecret::new("hush".into())).contains("hush"));
    }
}
