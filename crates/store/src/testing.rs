//! Databases for tests: a SQLite file and a real PostgreSQL, one fresh database for each test.
//!
//! One PostgreSQL server is started for each test process, in a temporary folder and on a Unix socket, and ends with the
//! process. `ANJU_TEST_POSTGRES` names a server to use instead, by the address of a database on it whose user may create
//! databases. Nothing is skipped: without a server the test fails and says what is missing.
//!
//! [`database_test!`](crate::database_test) turns one test into one for each engine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::OnceCell;

use crate::{Attachments, Db};

/// Runs the body once on SQLite and once on PostgreSQL.
///
/// `database_test!(async fn name(test: &TestDatabase) { … });`
#[macro_export]
macro_rules! database_test {
    ($(#[$meta:meta])* async fn $name:ident($test:ident) $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "what the body uses is the test's own business")]
            use super::*;

            async fn run($test: &$crate::testing::TestDatabase) $body

            #[tokio::test]
            async fn sqlite() {
                run(&$crate::testing::TestDatabase::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                run(&$crate::testing::TestDatabase::postgres().await).await;
            }
        }
    };
}

/// A migrated database with an empty folder of attachments.
pub struct TestDatabase {
    /// The database.
    pub db: Db,
    /// Its address, for opening it once more.
    pub address: String,
    /// The attachments.
    pub attachments: Attachments,
    folder: tempfile::TempDir,
}

impl TestDatabase {
    /// A SQLite file.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn sqlite() -> Pin<Box<dyn Future<Output = Self> + Send>> {
        Box::pin(Self::open_sqlite())
    }

    async fn open_sqlite() -> Self {
        let folder = folder();
        let address = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::open(address, folder).await
    }

    /// A database on the process's PostgreSQL server, cloned from a migrated one.
    ///
    /// # Panics
    /// When there is no server and none can be started.
    pub fn postgres() -> Pin<Box<dyn Future<Output = Self> + Send>> {
        Box::pin(Self::open_postgres())
    }

    async fn open_postgres() -> Self {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        let server = SERVER.get_or_init(Server::start).await;
        let address = server.create_database().await;
        Self::open(address, folder()).await
    }

    async fn open(address: String, folder: tempfile::TempDir) -> Self {
        let db = Db::open(&address).await.unwrap_or_else(|error| panic!("{error}"));
        db.migrate().await.unwrap_or_else(|error| panic!("{error}"));
        let attachments =
            Attachments::open(&folder.path().join("attachments")).unwrap_or_else(|error| panic!("{error}"));
        Self {
            db,
            address,
            attachments,
            folder,
        }
    }

    /// A folder that goes with the database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"))
}

/// A PostgreSQL server and the migrated database that others are cloned from.
struct Server {
    /// Address of a database, with `{}` in the place of its name.
    address: String,
    template: String,
    next: AtomicU64,
    /// Ends the server when this process closes its standard input, however it ends.
    _keeper: Option<Child>,
}

impl Server {
    async fn start() -> Self {
        let (address, keeper) = match std::env::var("ANJU_TEST_POSTGRES") {
            Ok(given) => (with_database(&given, "{}"), None),
            Err(_) => {
                let (address, keeper) = start_cluster();
                (address, Some(keeper))
            }
        };
        let template = format!("anju_test_{}", std::process::id());
        let server = Self {
            address,
            template,
            next: AtomicU64::new(0),
            _keeper: keeper,
        };
        server
            .administer(&format!(
                "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0",
                server.template
            ))
            .await;
        let db = Db::open(&server.database(&server.template))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        db.migrate().await.unwrap_or_else(|error| panic!("{error}"));
        // A database in use cannot be cloned.
        db.close().await;
        server
    }

    fn database(&self, name: &str) -> String {
        self.address.replace("{}", name)
    }

    async fn create_database(&self) -> String {
        let name = format!("{}_{}", self.template, self.next.fetch_add(1, Ordering::Relaxed));
        self.administer(&format!("CREATE DATABASE {name} TEMPLATE {}", self.template))
            .await;
        self.database(&name)
    }

    async fn administer(&self, sql: &str) {
        let db = Db::open(&self.database("postgres"))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        db.administer(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        db.close().await;
    }
}

/// The address with another database's name in it.
fn with_database(address: &str, name: &str) -> String {
    let (base, options) = match address.split_once('?') {
        Some((base, options)) => (base, format!("?{options}")),
        None => (address, String::new()),
    };
    let server = base.rfind('/').map_or(base, |place| &base[..place]);
    format!("{server}/{name}{options}")
}

/// Starts a cluster that listens on a Unix socket only. It runs as the user `postgres` when this process is root, which
/// PostgreSQL refuses to run as.
fn start_cluster() -> (String, Child) {
    let folder = folder().keep();
    let data = folder.join("data");
    let root = is_root();
    let programs = programs();
    let run = |program: &str, arguments: &[&str]| {
        let path = programs.join(program);
        let mut command = if root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&path);
            command
        } else {
            Command::new(&path)
        };
        let output = command
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", path.display()));
        assert!(
            output.status.success(),
            "{program} failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    };
    if root {
        let status = Command::new("chown").arg("postgres").arg(&folder).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "the user postgres is needed to run PostgreSQL as"
        );
    }
    let data_text = data.display().to_string();
    run(
        "initdb",
        &[
            "-D",
            &data_text,
            "-U",
            "anju",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ],
    );
    let settings = format!(
        "listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = off\nfull_page_writes = off\nmax_connections = 300\n",
        folder.display()
    );
    std::fs::OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .and_then(|mut file| file.write_all(settings.as_bytes()))
        .unwrap_or_else(|error| panic!("postgresql.conf: {error}"));
    let log = folder.join("log").display().to_string();
    run("pg_ctl", &["-D", &data_text, "-l", &log, "-w", "-s", "start"]);
    let stop = format!(
        "cat >/dev/null; {}{} -D {data_text} -m immediate -s stop; rm -rf {}",
        if root { "runuser -u postgres -- " } else { "" },
        programs.join("pg_ctl").display(),
        folder.display()
    );
    let keeper = Command::new("sh")
        .args(["-c", &stop])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("sh cannot be run: {error}"));
    let socket = folder.display().to_string().replace('/', "%2F");
    (format!("postgres://anju@{socket}/{{}}"), keeper)
}

/// Whether this process runs as root, by the owner of its own entry in the process table.
fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
    }
    #[cfg(not(unix))]
    {
        false
    }
}

/// The folder with PostgreSQL's programs: the newest of Debian's, or the one on the path.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
        .unwrap_or_else(|| {
            panic!("PostgreSQL is not installed: install it (Debian: apt-get install postgresql) or set ANJU_TEST_POSTGRES")
        })
}
