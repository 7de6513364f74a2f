//! House rules that no other tool checks: who may depend on whom, module documents, stray marks, migrations for both
//! databases, links between documents.
//!
//! Each rule is a function from text to findings, so that it is tested on small texts; [`run`] applies all to the checkout.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::checkout::{self, Checkout};
use crate::error::Failure;
use crate::{documents, process};

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 6] = [
    ".git",
    "target",
    "node_modules",
    "dist",
    "demo-county",
    "demo-workspace",
];

/// Which crates of the workspace each crate may depend on. Dependencies point down only; a crate that is not listed
/// may depend on any.
const MAY_DEPEND: [(&str, &[&str]); 12] = [
    ("anju-model", &[]),
    ("anju-ledger", &[]),
    ("anju-land", &[]),
    ("anju-siting", &[]),
    ("anju-verify", &["anju-model"]),
    ("anju-exchange", &["anju-model"]),
    ("anju-documents", &["anju-model"]),
    ("anju-example", &["anju-model", "anju-exchange"]),
    ("anju-store", &["anju-model", "anju-ledger"]),
    (
        "anju-app",
        &[
            "anju-model",
            "anju-ledger",
            "anju-store",
            "anju-verify",
            "anju-land",
            "anju-siting",
            "anju-exchange",
            "anju-documents",
        ],
    ),
    ("anju-server", &["anju-app", "anju-model"]),
    (
        "anju-cli",
        &["anju-app", "anju-server", "anju-model", "anju-example"],
    ),
];

/// Libraries that only some crates may name, and why.
const RESERVED: [(&str, &[&str], &str); 2] = [
    (
        "sqlx",
        &["anju-store", "anju-exchange"],
        "SQL lives in the store; exchange reads and writes GeoPackage files",
    ),
    ("axum", &["anju-server"], "only the server speaks HTTP"),
];

/// Crates that compute and do nothing else, and what they must therefore not name.
const NUMERIC: [&str; 2] = ["anju-land", "anju-siting"];
const NOT_NUMERIC: [&str; 5] = ["tokio", "sqlx", "serde", "serde_json", "axum"];

/// Marks that must not be left in sources, with the endings of the files they are looked for in. Written in two
/// parts, so that this file does not hold them.
const MARKS: [(&str, &[&str]); 9] = [
    (
        concat!("TO", "DO"),
        &["rs", "ts", "tsx", "mjs", "sql", "toml", "css"],
    ),
    (
        concat!("FIX", "ME"),
        &["rs", "ts", "tsx", "mjs", "sql", "toml", "css"],
    ),
    (concat!("to", "do!("), &["rs"]),
    (concat!("un", "implemented!("), &["rs"]),
    (concat!("db", "g!("), &["rs"]),
    (concat!("#[", "ignore"), &["rs"]),
    (concat!(".on", "ly("), &["ts", "tsx", "mjs"]),
    (concat!(".sk", "ip("), &["ts", "tsx", "mjs"]),
    (concat!("debug", "ger;"), &["ts", "tsx", "mjs"]),
];

/// Applies every rule to the checkout.
///
/// # Errors
/// [`Failure::Findings`] with every breach, or when the checkout cannot be read.
pub(crate) fn run(checkout: &Checkout) -> Result<(), Failure> {
    let mut metadata = process::cargo(
        ["metadata", "--no-deps", "--format-version", "1"],
        checkout.root(),
    );
    let text = process::output(&mut metadata)?;
    let value: Value = serde_json::from_str(&text).map_err(|error| Failure::Output {
        line: process::line(&metadata),
        reason: error.to_string(),
    })?;
    let mut findings = dependency_findings(&value);
    let mut files = 0;
    for path in checkout::files_below(checkout.root(), &FOREIGN)? {
        let shown = path.strip_prefix(checkout.root()).unwrap_or(&path).to_owned();
        let Some(ending) = shown.extension().and_then(|ending| ending.to_str()) else {
            continue;
        };
        if !["rs", "ts", "tsx", "mjs", "sql", "toml", "css", "md"].contains(&ending) {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).map_err(Failure::file(&path))?;
        findings.extend(mark_findings(&shown, ending, &text));
        if ending == "rs" {
            findings.extend(module_document_findings(&shown, &text));
        }
        if ending == "md" {
            findings.extend(documents::link_findings(checkout, &shown, &text));
        }
    }
    let migrations = checkout.root().join("crates").join("store").join("migrations");
    findings.extend(migration_findings(
        &names(&migrations.join("sqlite"))?,
        &names(&migrations.join("postgres"))?,
    ));
    if findings.is_empty() {
        println!("tidy: {files} files, no findings");
        Ok(())
    } else {
        Err(Failure::Findings(findings))
    }
}

/// Breaches of the rules on dependencies, from the answer of `cargo metadata --no-deps`.
fn dependency_findings(metadata: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let Some(name) = package["name"].as_str() else {
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let Some(on) = dependency["name"].as_str() else {
                continue;
            };
            // What a crate's tests use is its own affair, except for the reserved libraries.
            let shipped = dependency["kind"].is_null();
            let allowed = MAY_DEPEND
                .iter()
                .find(|(of, _)| *of == name)
                .map(|(_, allowed)| *allowed);
            if shipped && on.starts_with("anju-") && allowed.is_some_and(|allowed| !allowed.contains(&on)) {
                findings.push(format!(
                    "{name} depends on {on}: dependencies point down only (see ARCHITECTURE.md)"
                ));
            }
            for (library, holders, why) in RESERVED {
                if on == library && !holders.contains(&name) {
                    findings.push(format!("{name} depends on {on}: {why}"));
                }
            }
            if shipped && NUMERIC.contains(&name) && NOT_NUMERIC.contains(&on) {
                findings.push(format!("{name} depends on {on}: the numeric crates only compute"));
            }
        }
    }
    findings
}

/// A source file must begin with what it is for.
fn module_document_findings(path: &Path, text: &str) -> Option<String> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    (!first.starts_with("//!")).then(|| {
        format!(
            "{}:1: the file does not begin with a //! line that says what it is for",
            path.display()
        )
    })
}

/// Marks of unfinished work.
fn mark_findings(path: &Path, ending: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for (mark, endings) in MARKS {
            if endings.contains(&ending) && line.contains(mark) {
                findings.push(format!("{}:{}: {mark} must not stay", path.display(), number + 1));
            }
        }
    }
    findings
}

/// A migration of one database without its counterpart.
fn migration_findings(sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    let mut findings: Vec<String> = sqlite
        .symmetric_difference(postgres)
        .map(|name| {
            let lacking = if sqlite.contains(name) { "postgres" } else { "sqlite" };
            format!("crates/store/migrations/{lacking}/{name} is missing: every migration exists for both databases")
        })
        .collect();
    if sqlite.is_empty() && postgres.is_empty() {
        findings.push("crates/store/migrations holds no migrations".into());
    }
    findings
}

fn names(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let files = checkout::files_below(folder, &[])?;
    Ok(files
        .iter()
        .filter_map(|file| file.file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::{Value, json};

    use super::{dependency_findings, mark_findings, migration_findings, module_document_findings, run};
    use crate::checkout::Checkout;

    fn workspace_of(name: &str, dependency: &str, kind: &Value) -> Value {
        json!({"packages": [{"name": name, "dependencies": [{"name": dependency, "kind": kind}]}]})
    }

    #[test]
    fn dependencies_point_down_only() {
        let finds = |name, on, kind: Value| !dependency_findings(&workspace_of(name, on, &kind)).is_empty();
        assert!(finds("anju-model", "anju-store", Value::Null));
        assert!(finds("anju-server", "anju-store", Value::Null));
        assert!(finds("anju-land", "serde", Value::Null));
        assert!(finds("anju-app", "sqlx", Value::Null));
        assert!(finds("anju-cli", "axum", json!("dev")));
        assert!(!finds("anju-app", "anju-store", Value::Null));
        assert!(!finds("anju-app", "anju-example", json!("dev")));
        assert!(!finds("anju-exchange", "sqlx", Value::Null));
        assert!(!finds("anju-land", "geo", Value::Null));
    }

    #[test]
    fn a_module_says_what_it_is_for() {
        let path = Path::new("a.rs");
        assert_eq!(
            module_document_findings(path, "//! What it is for.\nfn f() {}\n"),
            None
        );
        assert!(module_document_findings(path, "use std::fmt;\n//! Too late.\n").is_some());
    }

    #[test]
    fn stray_marks_are_found_with_their_line() {
        let text = format!("fn f() {{\n    {}\n}}\n", concat!("to", "do!()"));
        let findings = mark_findings(Path::new("a.rs"), "rs", &text);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("a.rs:2:"), "{findings:?}");
        assert!(mark_findings(Path::new("a.rs"), "rs", "rows.iter().skip(1)").is_empty());
    }

    #[test]
    fn every_migration_has_its_counterpart() {
        let set = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert!(migration_findings(&set(&["0001_a.sql"]), &set(&["0001_a.sql"])).is_empty());
        let findings = migration_findings(&set(&["0001_a.sql", "0002_b.sql"]), &set(&["0001_a.sql"]));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("postgres/0002_b.sql"), "{findings:?}");
        assert!(!migration_findings(&set(&[]), &set(&[])).is_empty());
    }

    #[test]
    fn this_checkout_is_tidy() {
        if let Err(failure) = run(&Checkout::of_this_program()) {
            panic!("{failure}");
        }
    }
}
