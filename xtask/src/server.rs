//! The program as a browser sees it: a server on a fresh workspace, and the browser tests that drive it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::{install, pipeline, process, web};

/// A running server; it ends with the value.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Starts a server on a free port and waits until it says where it listens.
    fn start(anju: &Path, workspace: &Path, checkout: &Checkout) -> Result<Self, Failure> {
        let mut command = process::command(anju, ["--workspace"], checkout.root());
        command
            .arg(workspace)
            .args(["--json", "serve", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|source| Failure::Start {
            program: anju.display().to_string(),
            source,
        })?;
        let mut first = String::new();
        if let Some(pipe) = process.stdout.take() {
            BufReader::new(pipe)
                .read_line(&mut first)
                .map_err(|error| Failure::Output {
                    line: process::line(&command),
                    reason: error.to_string(),
                })?;
        }
        // From here on the process ends with the value, whatever happens.
        let mut server = Self {
            process,
            url: String::new(),
        };
        let answer: Option<Value> = serde_json::from_str(&first).ok();
        match answer.as_ref().and_then(|answer| answer["url"].as_str()) {
            Some(url) => url.clone_into(&mut server.url),
            None => {
                let reason = format!("its first line names no url: {first}");
                return Err(Failure::Output {
                    line: process::line(&command),
                    reason,
                });
            }
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}

/// Whether a line is the closing line of the browser tests: `12 passed, 0 failed`.
fn is_closing_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_count = |word: &str| word.parse::<u32>().is_ok();
    matches!(words[..], [passed, "passed,", failed, "failed"] if is_count(passed) && is_count(failed))
}

/// Runs the browser tests on a fresh workspace each: the main way through the pages, and one household's way through the
/// procedure. With `pictures` the first writes the documents' pictures there. Their closing lines go into `closing`.
///
/// # Errors
/// When the workspace cannot be made or a test fails.
pub(crate) fn browser_tests(
    checkout: &Checkout,
    pictures: Option<&Path>,
    closing: &mut Vec<String>,
) -> Result<(), Failure> {
    let anju = pipeline::build_program(checkout)?;
    let folder = tempfile::tempdir().map_err(Failure::file(&std::env::temp_dir()))?;
    let workspace = folder.path().join("workspace");
    let stages = pipeline::run(
        &anju,
        checkout,
        &folder.path().join("county"),
        &workspace,
        1,
        &|name| {
            println!("anju {name}");
        },
    )?;
    let (name, password) = pipeline::sign_in(&stages).ok_or_else(|| Failure::Output {
        line: "anju init".into(),
        reason: "it names no administrator".into(),
    })?;
    let untouched = folder.path().join("procedure");
    copy_folder(&workspace, &untouched)?;
    let server = Server::start(&anju, &workspace, checkout)?;
    let mut tests = process::command("node", ["e2e/main.mjs"], &checkout.web());
    tests
        .env("ANJU_URL", &server.url)
        .env("ANJU_USER", name)
        .env("ANJU_PASSWORD", &password);
    if let Some(pictures) = pictures {
        std::fs::create_dir_all(pictures).map_err(Failure::file(pictures))?;
        tests.env("SCREENSHOT_DIR", pictures);
    }
    process::run_keeping(&mut tests, is_closing_line, closing)?;
    drop(server);
    // The procedure takes weeks: this test starts the program itself, each time with its clock moved on.
    let mut procedure = process::command("node", ["e2e/procedure.mjs"], &checkout.web());
    procedure
        .env("ANJU_PROGRAM", &anju)
        .env("ANJU_WORKSPACE", &untouched)
        .env("ANJU_PASSWORD", &password);
    process::run_keeping(&mut procedure, is_closing_line, closing)
}

/// Copies a folder with all that is in it.
fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir(to).map_err(Failure::file(to))?;
    for entry in std::fs::read_dir(from).map_err(Failure::file(from))? {
        let entry = entry.map_err(Failure::file(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).map_err(Failure::file(&source))?;
        }
    }
    Ok(())
}

/// `cargo xtask screenshots`: makes the pictures of the documents again.
///
/// # Errors
/// When something is missing or fails.
pub(crate) fn screenshots(checkout: &Checkout) -> Result<(), Failure> {
    install::node(checkout)?;
    install::packages(checkout)?;
    web::build_if_stale(checkout)?;
    browser_tests(checkout, Some(&checkout.images()), &mut Vec::new())
}

#[cfg(test)]
mod tests {
    use super::{copy_folder, is_closing_line};

    #[test]
    fn a_folder_is_copied_with_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("below")).unwrap();
        std::fs::write(from.join("below").join("file"), "text").unwrap();
        copy_folder(&from, &to).unwrap();
        assert_eq!(
            std::fs::read_to_string(to.join("below").join("file")).unwrap(),
            "text"
        );
        assert!(
            copy_folder(&from, &to).is_err(),
            "the copy is a folder of its own"
        );
    }

    #[test]
    fn the_closing_line_of_the_browser_tests_is_known() {
        assert!(is_closing_line("12 passed, 0 failed"));
        assert!(!is_closing_line("passed: the map shows 12 candidates"));
    }
}
