//! The ledger on the command line: proofs that somebody else's program accepts, checkpoints kept elsewhere, tampering,
//! and erasure on legal order. Each on both databases.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anju_store::testing::TestDatabase;
use anju_store::{Db, database_test};
use serde_json::{Value, json};

struct Office {
    folder: tempfile::TempDir,
    /// Address of the database when it is not the workspace's own file.
    postgres: Option<String>,
    /// Who sits at the machine.
    operator: RefCell<String>,
}

impl Office {
    fn new(test: &TestDatabase) -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
            postgres: test.address.starts_with("postgres").then(|| test.address.clone()),
            operator: RefCell::new("wang".into()),
        };
        office.done(&["init", "--county-code", "619021", "--county-name", "安澜县"]);
        office.grow("安置户");
        office
    }

    fn act_as(&self, name: &str) {
        name.clone_into(&mut self.operator.borrow_mut());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_anju"))
            .current_dir(self.folder.path())
            .env("USER", &*self.operator.borrow())
            .args(["--workspace", "office", "--json"])
            .args(self.postgres.iter().flat_map(|address| ["--database", address]))
            .args(arguments)
            .output()
            .unwrap()
    }

    fn done(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs what must fail with this exit code; returns what was printed.
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            said(&output)
        );
        said(&output)
    }

    /// Saves a column profile of one name, which supersedes the one before: one more entry, one more checkpoint.
    fn grow(&self, header: &str) {
        let profile = format!(
            "name = \"本县名册\"\nkind = \"register\"\n\n[columns]\n\"{header}\" = \"register_number\"\n"
        );
        std::fs::write(self.path("profile.toml"), profile).unwrap();
        self.done(&["profile", "save", "profile.toml"]);
    }

    fn write(&self, name: &str, content: &Value) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path
    }

    /// Whether the independent program accepts the files, and what it says.
    fn independently(&self, key: &Path, files: &[PathBuf]) -> (bool, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.py");
        let output = Command::new("python3")
            .arg(script)
            .arg(key)
            .args(files)
            .output()
            .expect("python3 is needed to check the proofs independently: install it (Debian: apt-get install python3)");
        (output.status.success(), said(&output))
    }

    fn key(&self) -> PathBuf {
        self.path("office/ledger.pub")
    }

    /// Serves until a checkpoint of `size` entries lies in the folder `kept`.
    fn serve_until_kept(&self, size: u64) -> PathBuf {
        let mut server = Command::new(env!("CARGO_BIN_EXE_anju"))
            .current_dir(self.folder.path())
            .args(["--workspace", "office", "--json"])
            .args(self.postgres.iter().flat_map(|address| ["--database", address]))
            .args([
                "serve",
                "--port",
                "0",
                "--keep-checkpoints",
                "kept",
                "--checkpoint-interval",
                "1",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.contains("http://127.0.0.1:"), "{line}");
        let file = self.path(&format!("kept/anju-619021-{size}.note"));
        // The first round begins with the service; whoever never ends it is ended by the runner's own limit.
        while !file.exists() && server.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        server.kill().unwrap();
        server.wait().unwrap();
        file
    }

    /// Changes the database as somebody at its console would.
    async fn tamper(&self, sql: &str) {
        let address = match &self.postgres {
            Some(address) => address.clone(),
            None => format!("sqlite://{}", self.path("office/anju.db").display()),
        };
        let db = Db::open(&address).await.unwrap();
        db.administer(sql).await.unwrap();
        db.close().await;
    }

    /// The tables and ids that verification names.
    fn problems(&self) -> Vec<(String, String)> {
        let output = self.run(&["ledger", "verify"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let problems = report["problems"].as_array().unwrap();
        problems
            .iter()
            .map(|problem| (text(&problem["table"]), text(&problem["id"])))
            .collect()
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The arguments that ask for the erasure of an entry on a legal order.
fn ask_erasure(index: &str) -> [&str; 8] {
    [
        "ledger",
        "erase",
        "ask",
        index,
        "--reason",
        "当事人依法申请",
        "--document",
        "安法执〔2026〕9号",
    ]
}

/// The text with its first hexadecimal digit changed.
fn bent(text: &Value) -> Value {
    let text = text.as_str().unwrap();
    let first = if text.starts_with('0') { "1" } else { "0" };
    json!(format!("{first}{}", &text[1..]))
}

database_test! {
    async fn another_program_accepts_every_proof_and_no_altered_one(test) {
        let office = Office::new(test);
        let mut sizes = vec![office.done(&["ledger", "checkpoint"])["size"].as_u64().unwrap()];
        for header in ["户编号", "搬迁户编号", "编号"] {
            office.grow(header);
            sizes.push(office.done(&["ledger", "checkpoint"])["size"].as_u64().unwrap());
        }
        let last = *sizes.last().unwrap();
        let mut files = vec![office.write("checkpoint.json", &office.done(&["ledger", "checkpoint"]))];
        for index in 0..last {
            files.push(office.write(&format!("entry{index}.json"), &office.done(&["ledger", "prove", &index.to_string()])));
        }
        for from in 1..=last {
            for to in [from, last] {
                let grown = office.done(&["ledger", "consistency", &from.to_string(), &to.to_string()]);
                assert_eq!(grown["from"]["note"].is_string(), sizes.contains(&from) || from == 3, "{grown}");
                files.push(office.write(&format!("from{from}to{to}.json"), &grown));
            }
        }
        let (accepted, words) = office.independently(&office.key(), &files);
        assert!(accepted, "{words}");
        assert_eq!(words.lines().count(), files.len());

        let proved = office.done(&["ledger", "prove", "1"]);
        let grown = office.done(&["ledger", "consistency", "3", &last.to_string()]);
        let mut altered = Vec::new();
        let mut alter = |source: &Value, pointer: &str, value: Value| {
            let mut other = source.clone();
            let place = other.pointer_mut(pointer).unwrap();
            assert_ne!(*place, value);
            *place = value;
            altered.push(office.write(&format!("altered{}.json", altered.len()), &other));
        };
        alter(&proved, "/entry/actor", json!("nobody"));
        alter(&proved, "/entry/index", json!(2));
        alter(&proved, "/leaf_hash", bent(&proved["leaf_hash"]));
        alter(&proved, "/proof/0", bent(&proved["proof"][0]));
        alter(&proved, "/checkpoint/root", bent(&proved["checkpoint"]["root"]));
        alter(&proved, "/checkpoint/size", json!(last + 1));
        let note = proved["checkpoint"]["note"].as_str().unwrap();
        alter(&proved, "/checkpoint/note", json!(note.replacen(&format!("\n{last}\n"), &format!("\n{}\n", last + 1), 1)));
        alter(&grown, "/proof/0", bent(&grown["proof"][0]));
        alter(&grown, "/from/size", json!(2));
        alter(&grown, "/to/root", bent(&grown["to"]["root"]));
        for file in &altered {
            let (accepted, words) = office.independently(&office.key(), std::slice::from_ref(file));
            assert!(!accepted && words.contains("NOT PROVED"), "{}: {words}", std::fs::read_to_string(file).unwrap());
        }

        let stranger = Office::new(&TestDatabase::sqlite().await);
        let (accepted, words) = office.independently(&stranger.key(), &files[..1]);
        assert!(!accepted && words.contains("another key"), "{words}");
    }
}

database_test! {
    async fn what_cannot_be_proved_is_refused(test) {
        let office = Office::new(test);
        let size = office.done(&["ledger", "checkpoint"])["size"].as_u64().unwrap();
        assert!(office.refused(&["ledger", "prove", &size.to_string()], 2).contains("ledger_entry"));
        for (from, to) in [(0, size), (2, 1), (1, size + 1)] {
            let words = office.refused(&["ledger", "consistency", &from.to_string(), &to.to_string()], 2);
            assert!(words.contains("from"), "{words}");
        }
    }
}

database_test! {
    async fn a_checkpoint_kept_elsewhere_finds_a_ledger_set_back_or_begun_anew(test) {
        let office = Office::new(test);
        let first = office.done(&["ledger", "checkpoint", "--keep", "kept.note"]);
        assert_eq!(first["replaced"], Value::Null);
        std::fs::copy(office.key(), office.path("kept.pub")).unwrap();
        office.grow("户编号");
        let kept = ["ledger", "verify", "--checkpoint", "kept.note", "--key", "kept.pub"];
        let verified = office.done(&kept);
        assert_eq!(verified["kept"]["size"], first["size"]);
        let consistency = office.write("consistency.json", &verified["kept"]["consistency"]);
        assert!(office.independently(&office.path("kept.pub"), &[consistency]).0);
        let second = office.done(&["ledger", "checkpoint", "--keep", "kept.note"]);
        assert_eq!(second["replaced"], first["size"]);

        // Another file is never written over.
        std::fs::write(office.path("diary"), "dear diary").unwrap();
        office.refused(&["ledger", "checkpoint", "--keep", "diary"], 2);
        assert_eq!(std::fs::read_to_string(office.path("diary")).unwrap(), "dear diary");

        // Cut back with its checkpoints and hashes, everything left in the database fits together.
        let size = second["size"].as_u64().unwrap();
        let cut = first["size"].as_u64().unwrap();
        office.tamper(&format!("DELETE FROM ledger_entry WHERE idx >= {cut}")).await;
        office.tamper(&format!("DELETE FROM ledger_checkpoint WHERE size > {cut}")).await;
        office.tamper(&format!("DELETE FROM ledger_hash WHERE idx >= {}", 2 * cut - u64::from(cut.count_ones()))).await;
        office.done(&["ledger", "rebuild"]);
        office.done(&["ledger", "verify"]);
        let words = office.refused(&kept, 1);
        assert!(words.contains("kept_checkpoint") && words.contains(&size.to_string()), "{words}");
        office.refused(&["ledger", "checkpoint", "--keep", "kept.note"], 1);
        let note = second["note"].as_str().unwrap();
        assert_eq!(std::fs::read_to_string(office.path("kept.note")).unwrap(), note);
    }
}

database_test! {
    async fn while_it_serves_checkpoints_are_kept_that_another_program_accepts(test) {
        let office = Office::new(test);
        let size = || office.done(&["ledger", "checkpoint"])["size"].as_u64().unwrap();
        let first = office.serve_until_kept(size());
        office.grow("户编号");
        let second = office.serve_until_kept(size());
        let all = [first, second];
        let (accepted, words) = office.independently(&office.key(), &all);
        assert!(accepted && words.lines().count() == 2, "{words}");
        for note in &all {
            office.done(&["ledger", "verify", "--checkpoint", note.to_str().unwrap()]);
        }
        // Two signed notes of one size with different roots are told, though each is signed.
        let stranger = Office::new(&TestDatabase::sqlite().await);
        std::fs::copy(office.path("office/ledger.key"), stranger.path("office/ledger.key")).unwrap();
        stranger.grow("户编号");
        let other = stranger.done(&["ledger", "checkpoint"]);
        assert_eq!(other["size"].as_u64(), Some(size()));
        let other = office.write("other.json", &other);
        assert!(office.independently(&office.key(), std::slice::from_ref(&other)).0);
        let (accepted, words) = office.independently(&office.key(), &[all[1].clone(), other]);
        assert!(!accepted && words.contains("another root"), "{words}");
    }
}

database_test! {
    async fn what_was_changed_behind_the_programs_back_is_named(test) {
        let office = Office::new(test);
        let named = |table: &str, id: &str| office.problems().contains(&(table.to_owned(), id.to_owned()));
        office.tamper("UPDATE county SET name = '别县'").await;
        assert!(named("county", "619021"));
        office.done(&["ledger", "rebuild"]);
        office.done(&["ledger", "verify"]);

        office.tamper("UPDATE ledger_entry SET actor = actor || 'x' WHERE idx = 1").await;
        assert!(named("ledger_entry", "1"));
        office.tamper("UPDATE ledger_entry SET actor = substr(actor, 1, length(actor) - 1) WHERE idx = 1").await;

        let swap = "UPDATE ledger_entry SET idx = -1 WHERE idx = 0; UPDATE ledger_entry SET idx = 0 WHERE idx = 1; \
                    UPDATE ledger_entry SET idx = 1 WHERE idx = -1";
        office.tamper(swap).await;
        assert!(named("ledger_entry", "0") && named("ledger_entry", "1"));
        office.tamper(swap).await;
        office.done(&["ledger", "verify"]);

        let swap = "UPDATE ledger_hash SET idx = -1 WHERE idx = 0; UPDATE ledger_hash SET idx = 0 WHERE idx = 1; \
                    UPDATE ledger_hash SET idx = 1 WHERE idx = -1";
        office.tamper(swap).await;
        assert!(named("ledger_hash", "0") && named("ledger_hash", "1"));
        let words = office.refused(&["ledger", "prove", "0"], 1);
        assert!(words.contains("ledger verify"), "{words}");
        office.tamper(swap).await;

        let note = "UPDATE ledger_checkpoint SET note = replace(note, 'previous 0', 'previous 1')";
        office.tamper(note).await;
        assert!(named("ledger_checkpoint", "3"));
        office.tamper("UPDATE ledger_checkpoint SET note = replace(note, 'previous 1', 'previous 0')").await;
        office.done(&["ledger", "verify"]);

        // Another key signs from now on: what was signed before is not by it.
        let stranger = Office::new(&TestDatabase::sqlite().await);
        std::fs::copy(stranger.path("office/ledger.key"), office.path("office/ledger.key")).unwrap();
        assert!(named("ledger_checkpoint", "3"));
    }
}

database_test! {
    async fn content_is_erased_on_legal_order_only_and_proofs_stay(test) {
        let office = Office::new(test);
        let first = office.done(&["ledger", "checkpoint"])["size"].as_u64().unwrap() - 1;
        let (entry, proof) = (first.to_string(), office.done(&["ledger", "prove", &first.to_string()]));
        let words = office.refused(&ask_erasure(&entry), 2);
        assert!(words.contains("现行") && words.contains("retire"), "{words}");
        office.grow("户编号");
        let said = office.refused(&["ledger", "erase", "ask", &entry, "--reason", " ", "--document", "9"], 2);
        assert!(said.contains("reason"), "{said}");
        office.refused(&["ledger", "erase", "carry-out", &entry], 2);

        let asked = office.done(&ask_erasure(&entry));
        assert_eq!((asked["state"].as_str(), asked["asked_by"].as_str()), (Some("asked"), Some("cli:wang")));
        let words = office.refused(&["ledger", "erase", "carry-out", &entry], 2);
        assert!(words.contains("somebody else must carry it out"), "{words}");
        office.act_as("zhao");
        let erased = office.done(&["ledger", "erase", "carry-out", &entry]);
        assert_eq!((erased["entry"].as_u64(), erased["compacted"].as_bool()), (Some(first), Some(true)));
        let listed = office.done(&["ledger", "erase", "list", "--state", "carried_out"]);
        assert_eq!((&listed["total"], &listed["items"][0]["decision"]["by"]), (&json!(1), &json!("cli:zhao")));
        let recorded = office.done(&["ledger", "prove", &erased["recorded_in"].to_string()]);
        assert_eq!(recorded["entry"]["reason"], "当事人依法申请");
        assert_eq!(recorded["entry"]["command"], "erase_content");
        assert_eq!(recorded["entry"]["subject"], entry);
        let after = office.done(&["ledger", "prove", &entry]);
        assert_eq!(after["leaf"], proof["leaf"]);
        let file = office.write("erased.json", &after);
        assert!(office.independently(&office.key(), &[file]).0);
        office.done(&["ledger", "verify"]);
        office.done(&["ledger", "rebuild"]);
        office.done(&["ledger", "verify"]);
        let words = office.refused(&ask_erasure(&entry), 2);
        assert!(words.contains("erased before"), "{words}");
        office.refused(&ask_erasure("1000000"), 2);

        office.tamper(&format!("UPDATE erasure SET document = 'x' WHERE id = '{entry}'")).await;
        assert!(office.problems().contains(&("erasure".to_owned(), entry)));
    }
}
