//! The office's main way through the program, run from outside: example county, init, import, look-back, land, plan.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::process;

/// One command that was run.
pub(crate) struct Stage {
    /// The command, e.g. `import`.
    pub(crate) name: &'static str,
    /// What it printed.
    pub(crate) result: Value,
    /// From start to end.
    pub(crate) elapsed: Duration,
    /// Most memory it held at once, KiB.
    pub(crate) peak_kib: Option<u64>,
}

/// Builds the program and returns where it is.
///
/// # Errors
/// When it does not compile.
pub(crate) fn build_program(checkout: &Checkout) -> Result<PathBuf, Failure> {
    let mut build = process::cargo(
        [
            "build",
            "--package",
            "anju-cli",
            "--message-format",
            "json-render-diagnostics",
        ],
        checkout.root(),
    );
    let messages = process::output(&mut build)?;
    executable(&messages).ok_or_else(|| Failure::Output {
        line: process::line(&build),
        reason: "it names no executable anju".into(),
    })
}

/// The program among cargo's messages, one JSON object a line.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "anju")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// Makes the county in `county` and a workspace in `workspace`, and runs every stage. Neither folder may exist.
///
/// # Errors
/// When a command fails.
pub(crate) fn run(
    anju: &Path,
    checkout: &Checkout,
    county: &Path,
    workspace: &Path,
    seed: u64,
    told: &dyn Fn(&str),
) -> Result<Vec<Stage>, Failure> {
    let seed = seed.to_string();
    let (county, folder) = (county.to_string_lossy(), workspace.to_string_lossy());
    let errors = workspace.join("errors");
    let errors = errors.to_string_lossy();
    let stages: [(&'static str, Vec<&str>); 6] = [
        ("example make", vec!["example", "make", &county, "--seed", &seed]),
        (
            "init",
            vec![
                "init",
                "--county-code",
                "619021",
                "--county-name",
                "安澜县",
                "--epsg",
                "4545",
                "--pack",
                "cn-shaanxi",
            ],
        ),
        ("import", vec!["import", &county, "--errors", &errors]),
        ("lookback", vec!["lookback"]),
        ("land", vec!["land"]),
        ("plan", vec!["plan", "--seed", &seed]),
    ];
    let mut done = Vec::with_capacity(stages.len());
    for (name, words) in stages {
        told(name);
        let mut command = process::command(anju, ["--workspace", &folder, "--json"], checkout.root());
        command.args(words);
        let measured = process::measured(&mut command)?;
        let result = serde_json::from_str(&measured.stdout).map_err(|error| Failure::Output {
            line: process::line(&command),
            reason: error.to_string(),
        })?;
        done.push(Stage {
            name,
            result,
            elapsed: measured.elapsed,
            peak_kib: measured.peak_kib,
        });
    }
    Ok(done)
}

/// Sign-in name and first password, as `anju init` printed them.
pub(crate) fn sign_in(stages: &[Stage]) -> Option<(String, String)> {
    let made = &stages.iter().find(|stage| stage.name == "init")?.result;
    Some((
        made["administrator"].as_str()?.to_owned(),
        made["password"].as_str()?.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use serde_json::json;

    use super::{Stage, executable, sign_in};

    #[test]
    fn the_executable_is_found_among_the_messages_of_cargo() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"anju_app"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"anju"},"executable":"/somewhere/debug/anju"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/somewhere/debug/anju")));
        assert_eq!(executable("{}"), None);
    }

    #[test]
    fn the_first_sign_in_is_what_init_printed() {
        let stage = |name, result| Stage {
            name,
            result,
            elapsed: Duration::ZERO,
            peak_kib: None,
        };
        let stages = [
            stage("example make", json!({})),
            stage("init", json!({"administrator": "admin", "password": "p"})),
        ];
        assert_eq!(sign_in(&stages), Some(("admin".into(), "p".into())));
        assert_eq!(sign_in(&stages[..1]), None);
    }
}
