//! `cargo check-all`: every check, one after the other, up to the first that fails.

use std::path::PathBuf;
use std::time::Duration;

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::{documents, install, process, server, tidy, web};

/// A step: its name and what it does. Closing lines of the runners go into the list, for the end.
type Step = (
    &'static str,
    fn(&Checkout, &mut Vec<String>) -> Result<(), Failure>,
);

/// Quick steps first, so that a slip is known early; the web app before the tests, which look at its build.
const STEPS: [Step; 13] = [
    ("prerequisites", |checkout, _| {
        install::node(checkout)?;
        install::packages(checkout)
    }),
    ("format", |checkout, _| {
        process::run(&mut process::cargo(["fmt", "--all", "--check"], checkout.root()))
    }),
    ("tidy rules", |checkout, _| tidy::run(checkout)),
    ("spelling", |checkout, _| {
        let typos = install::typos(checkout)?;
        process::run(&mut process::command(
            typos,
            ["--format", "brief"],
            checkout.root(),
        ))
    }),
    ("dependencies", dependencies),
    ("web packages", |checkout, _| web::install_if_stale(checkout)),
    ("web types and lints", |checkout, _| {
        web::script(checkout, "check")
    }),
    ("web tests", |checkout, closing| {
        let mut tests = process::command("npm", ["run", "--silent", "test"], &checkout.web());
        process::run_keeping(tests.env("NO_COLOR", "1"), is_closing_line, closing)
    }),
    ("web build", |checkout, _| web::build_if_stale(checkout)),
    ("lints", |checkout, _| {
        let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        process::run(&mut process::cargo(words, checkout.root()))
    }),
    ("tests", tests),
    ("browser tests", |checkout, closing| {
        server::browser_tests(checkout, None, closing)
    }),
    ("documents", |checkout, _| documents::check(checkout)),
];

/// Runs every step.
///
/// # Errors
/// When a step fails; the steps after it are not run.
pub(crate) fn run(checkout: &Checkout) -> Result<(), Failure> {
    let start = process::now();
    let mut closing = Vec::new();
    let mut done: Vec<(&str, Duration)> = Vec::new();
    let mut outcome = Ok(());
    for (name, step) in STEPS {
        println!("\n==> {name}");
        let begun = process::now();
        let result = step(checkout, &mut closing);
        println!(
            "<== {name}: {} in {}",
            if result.is_ok() { "passed" } else { "FAILED" },
            seconds(begun.elapsed())
        );
        done.push((name, begun.elapsed()));
        if result.is_err() {
            outcome = result;
            break;
        }
    }
    println!("\n{}", report(&done, &closing, outcome.is_ok(), start.elapsed()));
    outcome
}

/// The last lines of a run: durations, the runners' own closing lines, the verdict.
fn report(done: &[(&str, Duration)], closing: &[String], passed: bool, elapsed: Duration) -> String {
    let mut lines: Vec<String> = done
        .iter()
        .map(|(name, elapsed)| format!("{name:<22}{:>9}", seconds(*elapsed)))
        .collect();
    lines.extend(closing.iter().cloned());
    lines.push(match done.last() {
        Some((name, _)) if !passed => {
            format!(
                "check-all: FAILED in step {name} after {}, {} steps not run",
                seconds(elapsed),
                STEPS.len() - done.len()
            )
        }
        _ => format!(
            "check-all: all {} steps passed in {}",
            done.len(),
            seconds(elapsed)
        ),
    });
    lines.join("\n")
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

/// Whether a line is the closing line of nextest, of cargo's own test runner (with tests in it) or of vitest.
fn is_closing_line(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("test result: ok. 0 passed") {
        return false;
    }
    line.starts_with("Summary [")
        || line.starts_with("test result:")
        || line.starts_with("Test Files ")
        || line.starts_with("Tests ")
}

fn dependencies(checkout: &Checkout, closing: &mut Vec<String>) -> Result<(), Failure> {
    let deny = install::cargo_deny(checkout)?;
    let check = |what: &[&str]| {
        let mut command = process::command(
            &deny,
            ["--log-level", "error", "check", "--hide-inclusion-graph"],
            checkout.root(),
        );
        command.args(what);
        command
    };
    process::run(&mut check(&["bans", "licenses", "sources"]))?;
    // The list of advisories is a Git repository elsewhere; a machine without a way to it says so and goes on.
    if process::succeeds(&mut process::command(&deny, ["fetch", "db"], checkout.root())) {
        process::run(&mut check(&["advisories"]))
    } else {
        let line =
            "advisories: not checked, https://github.com/RustSec/advisory-db cannot be reached from here";
        println!("{line}");
        closing.push(line.into());
        Ok(())
    }
}

fn tests(checkout: &Checkout, closing: &mut Vec<String>) -> Result<(), Failure> {
    // PostgreSQL's own programs are not on the path on Debian; the tests of the store start a server with them.
    let folders: Vec<PathBuf> = install::postgres_folders();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::env::split_paths(&path).chain(folders))
        .map_err(|error| Failure::Missing(format!("PATH cannot be extended: {error}")))?;
    let mut run = |words: &[&str]| {
        let mut command = process::cargo(words, checkout.root());
        process::run_keeping(command.env("PATH", &path), is_closing_line, closing)
    };
    if process::find(&["cargo-nextest"], &[]).is_some() {
        run(&["nextest", "run", "--workspace"])?;
        run(&["test", "--workspace", "--doc", "--quiet"])
    } else {
        run(&["test", "--workspace"])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{is_closing_line, report};

    #[test]
    fn the_report_ends_with_the_verdict() {
        let done = [
            ("format", Duration::from_millis(1500)),
            ("lints", Duration::from_secs(60)),
        ];
        let closing = ["Summary [ 1.0s] 3 tests run: 2 passed, 1 failed".to_owned()];
        let failed = report(&done, &closing, false, Duration::from_secs(62));
        assert!(
            failed.ends_with("check-all: FAILED in step lints after 62.0 s, 11 steps not run"),
            "{failed}"
        );
        assert!(failed.contains("3 tests run"));
        let passed = report(&done, &closing, true, Duration::from_secs(62));
        assert!(
            passed.ends_with("check-all: all 2 steps passed in 62.0 s"),
            "{passed}"
        );
    }

    #[test]
    fn closing_lines_of_the_runners_are_known() {
        for line in [
            "     Summary [   0.012s] 3 tests run: 3 passed, 0 skipped",
            "test result: ok. 4 passed; 0 failed",
            " Test Files  3 passed (3)",
            "      Tests  12 passed (12)",
        ] {
            assert!(is_closing_line(line), "{line}");
        }
        assert!(!is_closing_line(
            "        PASS [   0.003s] anju-model area::tests::parses"
        ));
    }
}
