//! The command line of this program.

use crate::error::Failure;

/// What `cargo xtask help` prints.
pub(crate) const HELP: &str = "\
cargo demo [--seed N] [--port P] [--no-serve] [--keep]
    Build everything, make the example county, run import, look-back, land and plan, print what was found,
    and serve the web app on this machine.
      --seed N     the same seed gives the same county and the same plan (default 1)
      --port P     first port to try (default 8080)
      --no-serve   stop after the summary
      --keep       serve the workspace of the last run as it is
cargo check-all
    Every check: format, lints, tidy rules, spelling, dependencies, tests on both databases, web app, browser,
    documents. Installs what is missing and says so.
cargo xtask tidy
    The tidy rules alone.
cargo xtask documents
    The check of the documents alone.
cargo xtask openapi
    Make the description of the API (docs/openapi.json) and the web app's types from it again.
cargo xtask bench [ARGUMENTS]
    The benchmarks; arguments go to them.
cargo xtask screenshots
    Make the pictures of the documents again.";

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    /// `cargo demo`.
    Demo(DemoOptions),
    /// `cargo check-all`.
    CheckAll,
    /// `cargo xtask tidy`.
    Tidy,
    /// `cargo xtask documents`.
    Documents,
    /// `cargo xtask openapi`.
    OpenApi,
    /// `cargo xtask bench`, with the words for the benchmarks.
    Bench(Vec<String>),
    /// `cargo xtask screenshots`.
    Screenshots,
    /// `cargo xtask help`.
    Help,
}

/// Options of `cargo demo`.
#[derive(Debug, PartialEq)]
pub(crate) struct DemoOptions {
    /// Seed of the example county and of the plan.
    pub(crate) seed: u64,
    /// First port to try.
    pub(crate) port: u16,
    /// Whether to serve the web app at the end.
    pub(crate) serve: bool,
    /// Whether to serve the workspace of the last run instead of making a new one.
    pub(crate) keep: bool,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            port: 8080,
            serve: true,
            keep: false,
        }
    }
}

/// Understands the words after `cargo xtask`.
///
/// # Errors
/// [`Failure::Usage`] for a word that is not understood.
pub(crate) fn parse(words: &[String]) -> Result<Command, Failure> {
    let Some((command, rest)) = words.split_first() else {
        return Ok(Command::Help);
    };
    let parsed = match command.as_str() {
        "demo" => return parse_demo(rest).map(Command::Demo),
        "bench" => return Ok(Command::Bench(rest.to_vec())),
        "check-all" => Command::CheckAll,
        "tidy" => Command::Tidy,
        "documents" => Command::Documents,
        "openapi" => Command::OpenApi,
        "screenshots" => Command::Screenshots,
        "help" | "--help" | "-h" => Command::Help,
        other => return Err(Failure::Usage(format!("there is no command {other}\n{HELP}"))),
    };
    match rest.first() {
        None => Ok(parsed),
        Some(word) => Err(Failure::Usage(format!(
            "{command} takes no arguments, but {word} was given"
        ))),
    }
}

fn parse_demo(words: &[String]) -> Result<DemoOptions, Failure> {
    let mut options = DemoOptions::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seed" => options.seed = number(word, words.next())?,
            "--port" => options.port = number(word, words.next())?,
            "--no-serve" => options.serve = false,
            "--keep" => options.keep = true,
            other => {
                return Err(Failure::Usage(format!(
                    "cargo demo does not know {other}\n{HELP}"
                )));
            }
        }
    }
    if options.keep && !options.serve {
        return Err(Failure::Usage(
            "--keep only serves, so it cannot be given with --no-serve".into(),
        ));
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(option: &str, value: Option<&String>) -> Result<T, Failure> {
    let Some(value) = value else {
        return Err(Failure::Usage(format!("{option} needs a number")));
    };
    value
        .parse()
        .map_err(|_| Failure::Usage(format!("{option} needs a whole number in range, not {value}")))
}

#[cfg(test)]
mod tests {
    use super::{Command, DemoOptions, parse};
    use crate::error::Failure;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn demo_options_are_read_in_any_order() {
        let options = DemoOptions {
            seed: 7,
            port: 9000,
            serve: false,
            keep: false,
        };
        assert_eq!(
            parse(&words("demo --port 9000 --no-serve --seed 7")).unwrap(),
            Command::Demo(options)
        );
        assert_eq!(
            parse(&words("demo")).unwrap(),
            Command::Demo(DemoOptions::default())
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "demo --seed",
            "demo --port 70000",
            "demo --prot 1",
            "demo --keep --no-serve",
            "check-all now",
            "x",
        ] {
            assert!(matches!(parse(&words(line)), Err(Failure::Usage(_))), "{line}");
        }
    }

    #[test]
    fn arguments_of_the_benchmarks_go_through() {
        assert_eq!(
            parse(&words("bench siting --small")).unwrap(),
            Command::Bench(words("siting --small"))
        );
    }
}
