//! A workspace: one directory with the configuration, the signing key, the attachments and (on one machine) the
//! database file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anju_ledger::{SigningKey, VerifyingKey};
use anju_model::access::Role;
use anju_model::area::{Area, AreaCode, AreaLevel, Areas};
use anju_model::erasure::Erasure;
use anju_model::policy::Pack;
use anju_model::register::{County, Household};
use anju_store::attachment::Attachment;
use anju_store::{Attachments, Context, Db, Subject, Tx, Versioned};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{Caller, NewUser, new_user, provider};
use crate::ledger::keeping::KeepingSettings;
use crate::{AppError, Problem, policy};

const CONFIG_FILE: &str = "anju.toml";
const KEY_FILE: &str = "ledger.key";
const PUBLIC_KEY_FILE: &str = "ledger.pub";
const DATABASE_FILE: &str = "anju.db";
const ATTACHMENTS_FOLDER: &str = "attachments";

/// The configuration file `anju.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// `sqlite:NAME` (a file in the workspace) or `postgres://…`.
    database: String,
    /// Six digits.
    county: AreaCode,
    /// Sign-in through a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oidc: Option<provider::Settings>,
    /// Keeping checkpoints elsewhere while serving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checkpoints: Option<KeepingSettings>,
}

/// Fills a buffer with random bytes.
pub type FillRandom = Box<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clock and the source of randomness, handed in by the program.
pub struct Environment {
    /// The present time.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Fills a buffer with random bytes fit for keys.
    pub fill_random: FillRandom,
}

impl Environment {
    /// The system's clock and random source.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the program meets the system's clock"
    )]
    pub fn system() -> Self {
        Self {
            clock: Box::new(Timestamp::now),
            fill_random: Box::new(|buffer| {
                // Without randomness neither keys nor salts are safe: nothing can go on.
                getrandom::fill(buffer)
                    .unwrap_or_else(|error| panic!("the system gives no random bytes: {error}"));
            }),
        }
    }
}

/// An open workspace.
pub struct Workspace {
    root: PathBuf,
    db: Db,
    attachments: Attachments,
    key: SigningKey,
    county: County,
    pack: Arc<Pack>,
    oidc: Option<provider::Settings>,
    checkpoints: Option<KeepingSettings>,
    environment: Environment,
    last_instant: Mutex<Timestamp>,
}

/// What `init` is told.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    /// Six digits.
    pub county_code: AreaCode,
    /// Name of the county.
    pub county_name: String,
    /// EPSG code of the metric CRS to work in.
    pub epsg: u16,
    /// Policy pack: the name of one that ships with the program, or the path of a `.toml` file.
    pub pack: String,
    /// `postgres://…`, or `None` for a SQLite file in the workspace.
    pub database: Option<String>,
    /// Sign-in name of the first administrator.
    pub administrator: String,
}

/// What `init` made.
#[derive(Debug, Clone, Serialize)]
pub struct Initialised {
    /// The directory.
    pub workspace: String,
    /// Sign-in name of the first administrator.
    pub administrator: String,
    /// The first password, shown once; it must be changed at the first sign-in.
    pub password: String,
    /// Key with which anyone can verify the ledger's checkpoints.
    pub verifying_key: String,
}

impl Workspace {
    /// Makes a workspace in `root` with its first administrator.
    ///
    /// # Errors
    /// When the directory already holds a workspace, the pack or the CRS is unknown, or the database refuses.
    pub async fn init(
        root: &Path,
        new: NewWorkspace,
        environment: Environment,
    ) -> Result<Initialised, AppError> {
        if root.join(CONFIG_FILE).exists() {
            return Err(AppError::invalid(
                "workspace_exists",
                root.display().to_string(),
                "该目录已是一个工作区;请另选目录",
                "this directory is a workspace already; choose another one",
            ));
        }
        if new.county_code.level() != AreaLevel::County {
            return Err(AppError::invalid(
                "county_code",
                "--county-code",
                "县级区划代码须为 6 位数字",
                "a county code has 6 digits",
            ));
        }
        let chosen = policy::choose(&new.pack)?;
        if anju_exchange::crs::Crs::from_epsg(new.epsg)?.is_geographic() {
            return Err(AppError::invalid(
                "epsg",
                "--epsg",
                format!(
                    "EPSG:{} 不是以米为单位的投影坐标系;请使用 3 度带高斯-克吕格(如 EPSG:4545)",
                    new.epsg
                ),
                format!(
                    "EPSG:{} is not a projected CRS in metres; use a 3-degree Gauss-Kruger zone such as EPSG:4545",
                    new.epsg
                ),
            ));
        }
        std::fs::create_dir_all(root).map_err(AppError::io(root))?;
        let config = Config {
            database: new.database.unwrap_or_else(|| format!("sqlite:{DATABASE_FILE}")),
            county: new.county_code.clone(),
            oidc: None,
            checkpoints: None,
        };
        let db = Db::open(&database_url(root, &config)).await?;
        db.migrate().await?;
        let taken: Vec<Versioned<County>> = anju_store::load_all(&db).await?;
        if !taken.is_empty() {
            return Err(AppError::invalid(
                "database_taken",
                "--database",
                "该数据库已被另一个工作区使用",
                "this database already holds a workspace",
            ));
        }
        let mut seed = [0; 32];
        (environment.fill_random)(&mut seed);
        let key = SigningKey::from_seed(&format!("anju-{}", new.county_code), seed);
        write_secret(&root.join(KEY_FILE), &key.to_text())?;
        let public = root.join(PUBLIC_KEY_FILE);
        std::fs::write(&public, format!("{}\n", key.verifying_key())).map_err(AppError::io(&public))?;
        let attachments = Attachments::open(&root.join(ATTACHMENTS_FOLDER))?;
        let verifying_key = key.verifying_key().to_string();
        let county = County {
            code: new.county_code.clone(),
            name: new.county_name.clone(),
            epsg: new.epsg,
            pack: chosen.pack.id.clone(),
        };
        chosen.keep(root)?;
        let workspace = Self {
            root: root.to_owned(),
            db,
            attachments,
            key,
            county: county.clone(),
            pack: Arc::new(chosen.pack),
            oidc: None,
            checkpoints: None,
            last_instant: Mutex::new((environment.clock)()),
            environment,
        };
        let password = workspace.random_password();
        let administrator = new_user(
            &workspace,
            NewUser {
                name: new.administrator.clone(),
                display_name: "系统管理员".into(),
                role: Role::Administrator,
                area: new.county_code.clone(),
                department: None,
                password: password.clone(),
            },
        )?;
        let operator = Caller::operator("init", &new.county_code);
        let mut transaction = workspace.begin(&operator, "init", None).await?;
        transaction.insert(std::slice::from_ref(&county)).await?;
        transaction
            .insert(&[Area::new(new.county_code, new.county_name)])
            .await?;
        transaction.insert(&[administrator]).await?;
        transaction.commit().await?;
        // Last, so that a directory without it is no workspace and init can be tried again.
        let path = root.join(CONFIG_FILE);
        let text = toml::to_string(&config).map_err(|error| AppError::Aborted(error.to_string()))?;
        std::fs::write(&path, text).map_err(AppError::io(&path))?;
        Ok(Initialised {
            workspace: root.display().to_string(),
            administrator: new.administrator,
            password,
            verifying_key,
        })
    }

    /// Opens the workspace in `root`; `database` overrides the configured one.
    ///
    /// # Errors
    /// When there is none, its files cannot be read, or the database refuses.
    pub async fn open(
        root: &Path,
        database: Option<&str>,
        environment: Environment,
    ) -> Result<Self, AppError> {
        let path = root.join(CONFIG_FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                AppError::Files(vec![Problem::new(
                    "no_workspace",
                    root.display().to_string(),
                    "这里没有工作区;先运行 anju init",
                    "there is no workspace here; run `anju init` first",
                )])
            } else {
                AppError::Io {
                    path: path.display().to_string(),
                    source: error,
                }
            }
        })?;
        let mut config: Config = toml::from_str(&text).map_err(|error| {
            AppError::invalid(
                "config",
                path.display().to_string(),
                format!("配置文件有误:{error}"),
                format!("the configuration is malformed: {error}"),
            )
        })?;
        if let Some(database) = database {
            config.database = database.to_owned();
        }
        if let Some(settings) = &config.oidc {
            settings.check(&path, &config.county)?;
        }
        if let Some(settings) = &config.checkpoints {
            settings.check(&path)?;
        }
        let db = Db::open(&database_url(root, &config)).await?;
        db.migrate().await?;
        let key_path = root.join(KEY_FILE);
        let key_text = std::fs::read_to_string(&key_path).map_err(AppError::io(&key_path))?;
        let key = SigningKey::from_text(key_text.trim()).map_err(|error| {
            AppError::invalid(
                "ledger_key",
                key_path.display().to_string(),
                format!("签名密钥无法读取:{error}"),
                format!("the signing key cannot be read: {error}"),
            )
        })?;
        let counties: Vec<Versioned<County>> = anju_store::load_all(&db).await?;
        let Some(county) = counties
            .into_iter()
            .map(|county| county.value)
            .find(|c| c.code == config.county)
        else {
            return Err(AppError::invalid(
                "database_empty",
                config.database,
                "数据库中没有本工作区的数据",
                "the database does not hold this workspace",
            ));
        };
        let pack = policy::in_force(root, &county.pack)?;
        Ok(Self {
            root: root.to_owned(),
            db,
            attachments: Attachments::open(&root.join(ATTACHMENTS_FOLDER))?,
            key,
            county,
            pack: Arc::new(pack),
            oidc: config.oidc,
            checkpoints: config.checkpoints,
            last_instant: Mutex::new((environment.clock)()),
            environment,
        })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The county.
    pub fn county(&self) -> &County {
        &self.county
    }

    /// The settings of sign-in through a provider.
    pub(crate) fn oidc(&self) -> Option<&provider::Settings> {
        self.oidc.as_ref()
    }

    /// The settings of keeping checkpoints elsewhere.
    pub fn keeping(&self) -> Option<&KeepingSettings> {
        self.checkpoints.as_ref()
    }

    /// The policy pack in force.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// Pack and version, as written into decisions.
    pub fn pack_reference(&self) -> String {
        self.pack.label()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Stores a file by its content; it is recorded by [`Transaction::insert_attachments`].
    pub(crate) fn store_file(
        &self,
        media_type: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<Attachment, AppError> {
        Ok(Attachment {
            hash: self.attachments.put(bytes)?,
            media_type: media_type.to_owned(),
            name: name.to_owned(),
            size: bytes.len() as u64,
        })
    }

    pub(crate) fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Signs a text with the ledger's key, as a signed note.
    pub(crate) fn sign_text(&self, text: &str) -> Result<String, AppError> {
        self.key
            .sign_text(text)
            .map_err(|error| AppError::Aborted(error.to_string()))
    }

    /// The present time, never earlier than the time before.
    pub fn now(&self) -> Timestamp {
        let now = (self.environment.clock)();
        match self.last_instant.lock() {
            Ok(mut last) => {
                *last = now.max(*last);
                *last
            }
            Err(_) => now,
        }
    }

    /// The present day by the calendar of China, UTC+8.
    pub(crate) fn today(&self) -> Date {
        day_of(self.now())
    }

    /// A new UUIDv7.
    pub fn new_id(&self) -> Uuid {
        let milliseconds = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let mut random = [0; 10];
        (self.environment.fill_random)(&mut random);
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }

    pub(crate) fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.environment.fill_random)(&mut bytes);
        bytes
    }

    pub(crate) fn random_hex<const N: usize>(&self) -> String {
        anju_store::attachment::hex(&self.random_bytes::<N>())
    }

    /// A password that can be read aloud: three groups of four unambiguous letters and digits, 60 bits.
    pub(crate) fn random_password(&self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789u";
        let bytes: [u8; 12] = self.random_bytes();
        let letters: Vec<char> = bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
            .collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }

    /// All areas with their names.
    pub(crate) async fn areas(&self) -> Result<AreaNames, AppError> {
        Ok(AreaNames::load(anju_store::load_all(&self.db).await?))
    }

    /// These areas and those around them, with their names.
    pub(crate) async fn area_names(
        &self,
        codes: impl Iterator<Item = &AreaCode>,
    ) -> Result<AreaNames, AppError> {
        let mut wanted = BTreeSet::new();
        for code in codes {
            let mut next = Some(code.clone());
            while let Some(code) = next.take_if(|code| wanted.insert(code.to_string())) {
                next = code.parent();
            }
        }
        let wanted: Vec<String> = wanted.into_iter().collect();
        Ok(AreaNames::load(anju_store::load_many(&self.db, &wanted).await?))
    }

    /// Begins the one transaction of a command.
    pub(crate) async fn begin(
        &self,
        caller: &Caller,
        command: &'static str,
        reason: Option<String>,
    ) -> Result<Transaction<'_>, AppError> {
        let context = Context {
            actor: caller.name().to_owned(),
            command: command.to_owned(),
            reason,
            at: self.now(),
            salt_seed: self.random_bytes(),
        };
        let mut tx = self.db.begin(context).await?;
        if let Some((id, claim)) = caller.keyed() {
            tx.carry_out(id, claim).await?;
        }
        Ok(Transaction {
            tx,
            db: &self.db,
            key: &self.key,
        })
    }
}

/// What was read, only if it is what the caller has seen.
pub(crate) trait SeenAt: Sized {
    /// The same, when it has this version.
    ///
    /// # Errors
    /// [`AppError::VersionConflict`] when it was changed since.
    fn at(self, version: i64) -> Result<Self, AppError>;
}

impl<S: Subject> SeenAt for Versioned<S> {
    fn at(self, version: i64) -> Result<Self, AppError> {
        if self.version == version {
            return Ok(self);
        }
        Err(AppError::VersionConflict {
            kind: S::KIND.to_owned(),
            id: self.value.id(),
            expected: version,
            found: self.version,
        })
    }
}

/// The areas by code, as pages name them.
pub(crate) struct AreaNames(Areas);

impl AreaNames {
    fn load(areas: Vec<Versioned<Area>>) -> Self {
        Self(areas.into_iter().map(|area| area.value).collect())
    }

    /// The names of a table.
    pub fn of(table: Areas) -> Self {
        Self(table)
    }

    /// The areas in force, in the order of their codes.
    pub fn all(&self) -> impl Iterator<Item = &Area> {
        self.0.in_force()
    }

    /// The whole table, with the areas no longer in force.
    pub fn table(&self) -> &Areas {
        &self.0
    }

    /// The area's own name; a group without one is named by its number, an unknown area by its code. One no longer in
    /// force has the name it had last.
    pub fn name(&self, code: &AreaCode) -> String {
        self.named(code, |area| &area.name)
    }

    fn named(&self, code: &AreaCode, name: impl Fn(&Area) -> &str) -> String {
        match (self.0.get(code), code.level()) {
            (Some(area), _) => name(area).to_owned(),
            (None, AreaLevel::Group) => {
                format!("{}组", code.as_str()[12..].trim_start_matches('0'))
            }
            (None, _) => code.to_string(),
        }
    }

    /// The names from the township down, e.g. 清溪镇 青石村 3组.
    pub fn path(&self, code: &AreaCode) -> String {
        self.path_named(code, |area| &area.name)
    }

    /// The names from the township down as they were on a day.
    pub fn path_on(&self, code: &AreaCode, day: Date) -> String {
        self.path_named(code, |area| area.name_on(day))
    }

    fn path_named(&self, code: &AreaCode, name: impl Fn(&Area) -> &str) -> String {
        [AreaLevel::Township, AreaLevel::Village, AreaLevel::Group]
            .into_iter()
            .filter_map(|level| code.at_level(level))
            .map(|area| self.named(&area, &name))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The one transaction of a command: rows and ledger entries, then a signed checkpoint.
pub(crate) struct Transaction<'a> {
    tx: Tx,
    db: &'a Db,
    key: &'a SigningKey,
}

impl Transaction<'_> {
    /// Makes ready for very many new subjects of a kind that has none yet.
    pub async fn expect_many<S: Subject>(&mut self) -> Result<(), AppError> {
        Ok(self.tx.expect_many::<S>().await?)
    }

    /// Adds subjects that did not exist.
    pub async fn insert<S: Subject>(&mut self, subjects: &[S]) -> Result<(), AppError> {
        Ok(self.tx.insert(subjects).await?)
    }

    /// Writes subjects that were read at a version, with their new values.
    pub async fn update<S: Subject>(&mut self, subjects: &[Versioned<S>]) -> Result<(), AppError> {
        Ok(self.tx.update(subjects).await?)
    }

    /// The households with these register numbers, those that exist, as this transaction has left them.
    pub async fn households(&mut self, numbers: &[String]) -> Result<Vec<Versioned<Household>>, AppError> {
        Ok(self.tx.households_by_number(numbers).await?)
    }

    /// Records stored files; one that is recorded already stays as it is.
    pub async fn insert_attachments(&mut self, attachments: &[Attachment]) -> Result<(), AppError> {
        let mut new: Vec<Attachment> = Vec::with_capacity(attachments.len());
        for attachment in attachments {
            let known = new.iter().any(|other| other.hash == attachment.hash)
                || anju_store::load::<Attachment>(self.db, &attachment.hash)
                    .await?
                    .is_some();
            if !known {
                new.push(attachment.clone());
            }
        }
        self.insert(&new).await
    }

    /// Takes subjects out of the tables; the ledger keeps them.
    pub async fn retire<S: Subject>(&mut self, subjects: &[Versioned<S>]) -> Result<(), AppError> {
        Ok(self.tx.retire(subjects).await?)
    }

    /// The area of the subject of an entry whose contents can be erased.
    pub async fn erasable(&mut self, index: u64) -> Result<Option<AreaCode>, AppError> {
        Ok(self.tx.erasable(index).await?.1)
    }

    /// Erases the payload of an entry whose erasure is carried out; returns the kind of its subject.
    pub async fn erase_entry(&mut self, carried_out: &Versioned<Erasure>) -> Result<String, AppError> {
        Ok(self.tx.erase_entry(carried_out).await?)
    }

    /// Erases a subject: its rows, and its contents in the ledger.
    pub async fn erase<S: Subject>(&mut self, subject: &S) -> Result<(), AppError> {
        Ok(self.tx.erase::<S>(&subject.id()).await?)
    }

    /// Signs a checkpoint and commits.
    pub async fn commit(self) -> Result<(), AppError> {
        Ok(self.tx.commit(self.key).await?)
    }
}

fn database_url(root: &Path, config: &Config) -> String {
    match config.database.strip_prefix("sqlite:") {
        Some(file) => format!("sqlite://{}", root.join(file.trim_start_matches("//")).display()),
        None => config.database.clone(),
    }
}

/// The day of an instant by the calendar of China, UTC+8.
pub(crate) fn day_of(instant: Timestamp) -> Date {
    TimeZone::fixed(jiff::tz::offset(8)).to_datetime(instant).date()
}

/// Writes a file that only its owner may read.
fn write_secret(path: &Path, text: &str) -> Result<(), AppError> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(AppError::io(path))?;
    writeln!(file, "{text}").map_err(AppError::io(path))
}
