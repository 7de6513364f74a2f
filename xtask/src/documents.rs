//! The documents told against the program: every command and option they show exists, the references leave out no
//! command, option or column of an import file, every link leads somewhere.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::checkout::{self, Checkout};
use crate::error::Failure;
use crate::{arguments, pipeline, process};

/// The documents that list every command and option.
const REFERENCES: [&str; 2] = ["docs/zh/reference.md", "docs/en/reference.md"];

/// The columns of import files, as the program knows them.
const COLUMNS: &str = "crates/exchange/src/columns.toml";

/// The program's help texts, by command (`""` for the program itself, `ledger verify` for a command in a command).
type Help = BTreeMap<String, String>;

/// A command or an option shown in a document.
#[derive(Debug, PartialEq)]
struct Shown {
    /// Line in the document, from 1.
    line: usize,
    /// Program and arguments, or the option alone.
    words: Vec<String>,
}

/// Checks every command and option shown in the documents against the program's own help.
///
/// # Errors
/// [`Failure::Findings`] with what does not exist, and with what the references leave out.
pub(crate) fn check(checkout: &Checkout) -> Result<(), Failure> {
    let anju = pipeline::build_program(checkout)?;
    let help = read_help(&anju, checkout)?;
    let columns = checkout.root().join(COLUMNS);
    let columns = std::fs::read_to_string(&columns).map_err(Failure::file(&columns))?;
    let mut findings = Vec::new();
    let mut count = 0;
    for path in documents(checkout)? {
        let text = std::fs::read_to_string(&path).map_err(Failure::file(&path))?;
        let name = path.strip_prefix(checkout.root()).unwrap_or(&path).to_owned();
        for shown in commands(&text) {
            count += 1;
            if let Err(reason) = verdict(&shown.words, &help) {
                findings.push(format!(
                    "{}:{}: `{}`: {reason}",
                    name.display(),
                    shown.line,
                    shown.words.join(" ")
                ));
            }
        }
        if REFERENCES.iter().any(|reference| Path::new(reference) == name) {
            let missing = left_out(&text, &help).chain(columns_left_out(&text, &columns));
            findings.extend(missing.map(|missing| format!("{}: {missing} is left out", name.display())));
        }
    }
    if findings.is_empty() {
        println!("documents: {count} commands and options, all exist");
        Ok(())
    } else {
        Err(Failure::Findings(findings))
    }
}

/// The help texts of the program and of every command in it.
fn read_help(anju: &Path, checkout: &Checkout) -> Result<Help, Failure> {
    let mut help = Help::new();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        let mut command = process::command(anju, path.split_whitespace(), checkout.root());
        let text = process::output(command.arg("--help"))?;
        open.extend(subcommands(&text).map(|name| format!("{path} {name}").trim().to_owned()));
        help.insert(path, text);
    }
    Ok(help)
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

/// The commands `anju …`, `cargo demo`, `cargo check-all` and `cargo xtask …` in code blocks and in running text, and the
/// options named alone.
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

/// The text as a command or an option, if it is one of ours. A comment after ` #` is left out.
fn shown(line: usize, text: &str) -> Option<Shown> {
    let text = text.split(" #").next().unwrap_or(text);
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let ours = match (words.first()?.as_str(), words.get(1).map(String::as_str)) {
        ("anju", Some(_)) | ("cargo", Some("demo" | "check-all" | "xtask")) => true,
        (first, _) => first.starts_with("--") && first.len() > 2,
    };
    ours.then_some(Shown { line, words })
}

/// Whether the program knows the command with its options, or the option.
fn verdict(words: &[String], help: &Help) -> Result<(), String> {
    if words[0] == "cargo" {
        let from = if words[1] == "xtask" { 2 } else { 1 };
        return arguments::parse(&words[from..])
            .map(drop)
            .map_err(|failure| failure.to_string());
    }
    if words[0].starts_with("--") {
        let texts = help.values().map(String::as_str).chain([arguments::HELP]);
        return known_option(&words[0], texts);
    }
    let text = |path: &str| help.get(path).map_or("", String::as_str);
    let mut path = String::new();
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        if word.starts_with('-') {
            // The only options that come before the subcommand are those of every command; all but one take a value.
            if path.is_empty() && word != "--json" && !word.contains('=') {
                rest.next();
            }
        } else if subcommands(text(&path)).any(|name| name == word) {
            path = format!("{path} {word}").trim().to_owned();
        } else if path.is_empty() {
            return Err(format!("there is no command {word}"));
        } else if subcommands(text(&path)).next().is_some() && word.bytes().all(|c| c.is_ascii_lowercase()) {
            return Err(format!("{path} has no command {word}"));
        }
    }
    words
        .iter()
        .filter(|word| word.starts_with("--"))
        .try_for_each(|option| known_option(option, [text(&path)]))
}

fn known_option<'a>(option: &str, texts: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let name = option.split('=').next().unwrap_or(option);
    if texts.into_iter().any(|text| names(text, name)) {
        Ok(())
    } else {
        Err(format!("there is no option {name}"))
    }
}

/// Commands and options of the program that a reference does not name.
fn left_out(reference: &str, help: &Help) -> impl Iterator<Item = String> {
    let commands = help
        .keys()
        .filter(|path| !path.is_empty())
        .map(|path| format!("anju {path}"));
    let options = help.values().flat_map(|text| options(text)).map(str::to_owned);
    let mut missing: Vec<String> = commands
        .filter(|command| !reference.contains(command.as_str()))
        .chain(options.filter(|option| !names(reference, option)))
        .collect();
    missing.sort();
    missing.dedup();
    missing.into_iter()
}

/// Kinds of tables and their columns that a reference does not name. A kind is a line `[register]`, a column a line
/// `sex = { ... }` of the program's own list; the reference has them in backticks, the columns in the row of their kind.
fn columns_left_out(reference: &str, columns: &str) -> impl Iterator<Item = String> {
    let mut row = None;
    let mut missing = Vec::new();
    for line in columns.lines() {
        if let Some(kind) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            row = reference
                .lines()
                .find(|line| line.starts_with(&format!("| `{kind}`")));
            if row.is_none() {
                missing.push(format!("the table {kind}"));
            }
        } else if let (Some(row), Some((column, _))) = (row, line.split_once(" = {"))
            && !row.contains(&format!("`{column}`"))
        {
            missing.push(format!("the column {column}"));
        }
    }
    missing.into_iter()
}

/// The subcommands a help text lists.
fn subcommands(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .skip_while(|line| line.trim() != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
}

/// The options a help text lists, except those every program has.
fn options(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .filter_map(|line| {
            line.split(|c: char| c.is_whitespace() || c == ',')
                .find(|word| word.starts_with("--"))
        })
        .filter(|option| !["--help", "--version"].contains(option))
}

/// Whether the text has the option as a whole word.
fn names(text: &str, option: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
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

    use super::{Help, columns_left_out, commands, left_out, link_findings, options, verdict};
    use crate::checkout::Checkout;

    fn help() -> Help {
        let global = "      --json\n  -w, --workspace <DIR>\n  -h, --help\n";
        let text = |head: &str| format!("{head}\n\nOptions:\n{global}");
        Help::from([
            (
                String::new(),
                text(
                    "Anju\n\nUsage: anju <COMMAND>\n\nCommands:\n  import    Import\n  ledger    Prove\n            it all\n  help      Print this",
                ),
            ),
            (
                "import".into(),
                format!("{}      --errors <DIR>  Folder\n", text("Import")),
            ),
            ("ledger".into(), text("Prove\n\nCommands:\n  verify    Check")),
            ("ledger verify".into(), text("Check")),
        ])
    }

    fn judged(line: &str) -> Result<(), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        verdict(&words, &help())
    }

    #[test]
    fn commands_and_options_are_found_in_blocks_and_in_running_text() {
        let text = "Run `anju ledger verify`, not `rm`; `--json` helps.\n\n```sh\n$ anju import a.xlsx \\\n    --errors e   # good rows stay\nls\n```\n`cargo demo` and `cargo build`\n";
        let found = commands(text);
        let lines: Vec<(usize, String)> = found
            .iter()
            .map(|shown| (shown.line, shown.words.join(" ")))
            .collect();
        assert_eq!(
            lines,
            [
                (1, "anju ledger verify".to_owned()),
                (1, "--json".to_owned()),
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
            "--errors DIR",
            "--no-serve",
            "cargo demo --seed 3",
            "cargo xtask bench siting",
        ] {
            assert_eq!(judged(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_does_not_exist_is_found() {
        for line in [
            "anju imports a",
            "anju import a --error e",
            "anju ledger check",
            "anju ledger verify --errors e",
            "--fast",
            "cargo demo --fast",
        ] {
            assert!(judged(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_reference_names_every_command_and_option() {
        let complete =
            "anju import, anju ledger, anju ledger verify; `--json`, `--workspace`, `--errors DIR`";
        assert_eq!(left_out(complete, &help()).count(), 0);
        let missing: Vec<String> =
            left_out("anju import, anju ledger; `--json`, `--workspaces`", &help()).collect();
        assert_eq!(missing, ["--errors", "--workspace", "anju ledger verify"]);
        assert_eq!(
            options("  -w, --workspace <DIR>\n      --json\n  text --x\n").collect::<Vec<_>>(),
            ["--workspace", "--json"]
        );
    }

    #[test]
    fn a_reference_names_every_column() {
        let columns = "# Columns\n[areas]\ncode = { zh = \"代码\" }\nname = { zh = \"名称\" }\n\n[funds]\nyear = { zh = \"年度\" }\n";
        assert_eq!(
            columns_left_out("| `areas` | `code`, `name` |\n| `funds` | `year` |", columns).count(),
            0
        );
        let missing: Vec<String> = columns_left_out("| `areas` | `code` |\n`name`", columns).collect();
        assert_eq!(missing, ["the column name", "the table funds"]);
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
