//! The documents told against the program: every command they show exists with its options, every link leads somewhere.

use std::path::{Component, Path, PathBuf};

use crate::checkout::{self, Checkout};
use crate::error::Failure;
use crate::{arguments, pipeline, process};

/// A command shown in a document.
#[derive(Debug, PartialEq)]
struct Shown {
    /// Line in the document, from 1.
    line: usize,
    /// Program and arguments.
    words: Vec<String>,
}

/// Checks every command shown in the documents against the program's own help.
///
/// # Errors
/// [`Failure::Findings`] with every command or option that does not exist.
pub(crate) fn check_commands(checkout: &Checkout) -> Result<(), Failure> {
    let anju = pipeline::build_program(checkout)?;
    let help = |path: &[&str]| {
        let mut command = process::command(&anju, path, checkout.root());
        command.arg("--help").stderr(std::process::Stdio::null());
        process::output(&mut command)
    };
    let mut findings = Vec::new();
    let mut count = 0;
    for path in documents(checkout)? {
        let text = std::fs::read_to_string(&path).map_err(Failure::file(&path))?;
        for shown in commands(&text) {
            count += 1;
            if let Err(reason) = check(&shown.words, &help) {
                let name = path.strip_prefix(checkout.root()).unwrap_or(&path).display();
                findings.push(format!(
                    "{name}:{}: `{}`: {reason}",
                    shown.line,
                    shown.words.join(" ")
                ));
            }
        }
    }
    if findings.is_empty() {
        println!("documents: {count} commands, all exist");
        Ok(())
    } else {
        Err(Failure::Findings(findings))
    }
}

fn documents(checkout: &Checkout) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        found.push(checkout.root().join(name));
    }
    found.extend(checkout::files_below(&checkout.root().join("docs"), &[])?);
    found.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    Ok(found)
}

/// The commands `anju …`, `cargo demo`, `cargo check-all` and `cargo xtask …` in code blocks and in running text.
fn commands(markdown: &str) -> Vec<Shown> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut joined = String::new();
    for (index, line) in markdown.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
            continue;
        }
        if !inside {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter_map(|span| shown(index + 1, span)));
            continue;
        }
        joined.push_str(line.trim());
        if let Some(begun) = joined.strip_suffix('\\') {
            joined = begun.to_owned();
            continue;
        }
        found.extend(shown(index + 1, joined.trim_start_matches("$ ")));
        joined.clear();
    }
    found
}

/// The text as a command, if it is one of ours. A comment after ` #` is left out.
fn shown(line: usize, text: &str) -> Option<Shown> {
    let text = text.split(" #").next().unwrap_or(text);
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let second = words.get(1)?.as_str();
    let ours = match words[0].as_str() {
        "anju" => true,
        "cargo" => ["demo", "check-all", "xtask"].contains(&second),
        _ => false,
    };
    ours.then_some(Shown { line, words })
}

/// Whether the program knows the command and its options; `help` is its help text for a path of subcommands.
fn check(words: &[String], help: &dyn Fn(&[&str]) -> Result<String, Failure>) -> Result<(), String> {
    if words[0] == "cargo" {
        let from = if words[1] == "xtask" { 2 } else { 1 };
        return arguments::parse(&words[from..])
            .map(drop)
            .map_err(|failure| failure.to_string());
    }
    let mut path: Vec<&str> = Vec::new();
    let mut text = help(&path).map_err(|failure| failure.to_string())?;
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        if word.starts_with('-') {
            // The only options that come before the subcommand are those of every command; all but one take a value.
            if path.is_empty() && word != "--json" && !word.contains('=') {
                rest.next();
            }
        } else if subcommands(&text).any(|name| name == word) {
            path.push(word);
            text = help(&path).map_err(|failure| failure.to_string())?;
        } else if path.is_empty() {
            return Err(format!("there is no command {word}"));
        } else if subcommands(&text).next().is_some()
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        {
            return Err(format!("`{}` has no command {word}", path.join(" ")));
        }
    }
    let options = words.iter().filter(|word| word.starts_with("--"));
    for option in options.map(|word| word.split('=').next().unwrap_or(word)) {
        if !names_option(&text, option) {
            return Err(format!("there is no option {option}"));
        }
    }
    Ok(())
}

/// The subcommands a help text lists.
fn subcommands(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .skip_while(|line| line.trim() != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
}

fn names_option(help: &str, option: &str) -> bool {
    help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .any(|word| word == option)
}

/// Links of a document that lead nowhere in the checkout.
pub(crate) fn link_findings(checkout: &Checkout, document: &Path, text: &str) -> Vec<String> {
    let folder = document.parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for target in line
            .split("](")
            .skip(1)
            .filter_map(|after| after.split(')').next())
        {
            let file = target.split('#').next().unwrap_or(target);
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            if !checkout.root().join(plain(&folder.join(file))).exists() {
                findings.push(format!(
                    "{}:{}: the link {target} leads nowhere",
                    document.display(),
                    index + 1
                ));
            }
        }
    }
    findings
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check, commands, link_findings};
    use crate::checkout::Checkout;
    use crate::error::Failure;

    const TOP: &str = "Anju\n\nUsage: anju <COMMAND>\n\nCommands:\n  import    Import files\n  ledger    Prove\n            it all\n\nOptions:\n      --json\n  -w, --workspace <DIR>\n";
    const IMPORT: &str =
        "Import files\n\nOptions:\n      --errors <DIR>  Folder\n      --json\n  -w, --workspace <DIR>\n";
    const LEDGER: &str = "Prove\n\nCommands:\n  verify    Check\n\nOptions:\n      --json\n";

    fn help(path: &[&str]) -> Result<String, Failure> {
        Ok(match path {
            [] => TOP,
            ["import"] => IMPORT,
            ["ledger"] => LEDGER,
            _ => "Check\n\nOptions:\n      --json\n",
        }
        .to_owned())
    }

    fn verdict(line: &str) -> Result<(), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        check(&words, &help)
    }

    #[test]
    fn commands_are_found_in_blocks_and_in_running_text() {
        let text = "Run `anju ledger verify`, not `rm`.\n\n```sh\n$ anju import a.xlsx \\\n    --errors e   # good rows stay\nls\n```\n`cargo demo` and `cargo build`\n";
        let found = commands(text);
        let lines: Vec<(usize, String)> = found
            .iter()
            .map(|shown| (shown.line, shown.words.join(" ")))
            .collect();
        assert_eq!(
            lines,
            [
                (1, "anju ledger verify".to_owned()),
                (5, "anju import a.xlsx --errors e".to_owned()),
                (8, "cargo demo".to_owned()),
            ]
        );
    }

    #[test]
    fn what_exists_passes() {
        for line in [
            "anju import a.xlsx --errors e",
            "anju --workspace w --json import a",
            "anju ledger verify --json",
            "anju ledger …",
            "cargo demo --seed 3",
            "cargo xtask bench siting",
        ] {
            assert_eq!(verdict(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_does_not_exist_is_found() {
        for line in [
            "anju imports a",
            "anju import a --error e",
            "anju ledger check",
            "anju ledger verify --fast",
            "cargo demo --fast",
        ] {
            assert!(verdict(line).is_err(), "{line}");
        }
    }

    #[test]
    fn links_lead_somewhere() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("docs/zh")).unwrap();
        std::fs::write(root.path().join("README.md"), "").unwrap();
        let text = "[a](../../README.md) [b](https://example.org/x) [c](#here)\n[d](missing.md#part)\n";
        let findings = link_findings(&Checkout::at(root.path()), Path::new("docs/zh/guide.md"), text);
        assert_eq!(
            findings,
            ["docs/zh/guide.md:2: the link missing.md#part leads nowhere"]
        );
    }
}
