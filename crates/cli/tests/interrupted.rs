//! An import that is killed in its middle leaves nothing behind, and the next one works. On both databases.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anju_store::testing::TestDatabase;
use anju_store::{Value, database_test};

const HOUSEHOLDS: usize = 4_000;

struct Office {
    folder: tempfile::TempDir,
    /// Address of the database when it is not the workspace's own file.
    postgres: Option<String>,
}

impl Office {
    fn new(test: &TestDatabase) -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
            postgres: test.address.starts_with("postgres").then(|| test.address.clone()),
        };
        office.done(&["init", "--county-code", "619021", "--county-name", "安澜县"]);
        office
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_anju"));
        command
            .current_dir(self.folder.path())
            .args(["--workspace", "office", "--json"])
            .args(self.postgres.iter().flat_map(|address| ["--database", address]))
            .args(arguments);
        command
    }

    fn done(&self, arguments: &[&str]) -> serde_json::Value {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        assert!(
            status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&stderr)
        );
        serde_json::from_slice(&stdout).unwrap()
    }

    /// Number of ledger entries, after proving that every row equals its last entry.
    fn entries(&self) -> u64 {
        self.done(&["ledger", "verify"])["entries"].as_u64().unwrap()
    }

    /// Starts an import and waits until it holds the writer's place, when its first rows are on their way.
    async fn begin_import(&self, test: &TestDatabase) -> Child {
        let mut child = self
            .command(&["import", "files"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        loop {
            let writes = match &self.postgres {
                Some(_) => {
                    let held = "SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                                WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()";
                    test.db.inspect(held).await.unwrap()[0][0].1 != Value::Int(0)
                }
                None => holds_the_write_lock(child.id()),
            };
            if writes {
                return child;
            }
            assert!(
                child.try_wait().unwrap().is_none(),
                "the import ended before it wrote"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Whether a process holds the lock of SQLite's one writer: byte 120 of the shared index of the log, as Linux lists it.
fn holds_the_write_lock(process: u32) -> bool {
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks
        .lines()
        .any(|line| line.contains(&format!(" WRITE {process} ")) && line.ends_with(" 120 120"))
}

/// A register whose households all are new.
fn write_files(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    std::fs::write(
        folder.join("行政区划.csv"),
        "区划代码,名称\n619021101,清溪镇\n619021101201,青石村\n",
    )
    .unwrap();
    let mut rows = "户编号,乡镇,村,组,姓名,证件号码,与户主关系,搬迁类型,是否应搬\n".to_owned();
    for number in 0..HOUSEHOLDS {
        let group = number % 9 + 1;
        rows.push_str(&format!(
            "QX-{number:05},清溪镇,青石村,{group}组,张三丰,,户主,避灾搬迁,是\n,,,,李四,,配偶,,\n"
        ));
    }
    std::fs::write(folder.join("搬迁户名册.csv"), rows).unwrap();
}

database_test!(
    async fn nothing_is_left_of_an_import_that_was_killed(test) {
        let office = Office::new(test);
        write_files(&office.folder.path().join("files"));
        let before = office.entries();
        let mut killed = 0;
        // At its first rows, and after ever more of them.
        for wait in [0, 20, 80, 200] {
            let mut import = office.begin_import(test).await;
            tokio::time::sleep(Duration::from_millis(wait)).await;
            // On Unix this is SIGKILL: the program cannot tidy up.
            import.kill().unwrap();
            if import.wait().unwrap().success() {
                // It was quicker than the wait: all of it is there.
                break;
            }
            killed += 1;
            assert_eq!(office.entries(), before);
        }
        assert!(killed > 0, "no import was killed in its middle");
        let report = office.done(&["import", "files"]);
        let added = report["households_added"].as_u64().unwrap();
        assert!(added == HOUSEHOLDS as u64 || (killed < 4 && added == 0), "{report}");
        // The files' entries, the areas' and one for each household.
        assert_eq!(office.entries(), before + HOUSEHOLDS as u64 + 2 + 2);
        let again = office.done(&["import", "files"]);
        assert_eq!((again["households_added"].as_u64(), again["households_changed"].as_u64()), (Some(0), Some(0)));
        assert_eq!(office.entries(), before + HOUSEHOLDS as u64 + 2 + 2);
    }
);
