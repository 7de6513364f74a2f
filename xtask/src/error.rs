//! What can go wrong here.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a command ended without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is not understood.
    Usage(String),
    /// A program could not be started.
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A program ended without success.
    Program {
        /// Program and arguments.
        line: String,
        /// How it ended.
        status: String,
    },
    /// A file or folder could not be read, written or removed.
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A program printed something else than expected.
    Output {
        /// Program and arguments.
        line: String,
        /// What was expected and what came.
        reason: String,
    },
    /// Something is missing that this program may not install.
    Missing(String),
    /// A check found something.
    Findings(Vec<String>),
}

impl Failure {
    /// A failure at a path, for `map_err`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Missing(text) => formatter.write_str(text),
            Self::Start { program, source } => write!(formatter, "{program} could not be started: {source}"),
            Self::Program { line, status } => write!(formatter, "`{line}` ended with {status}"),
            Self::File { path, source } => write!(formatter, "{}: {source}", path.display()),
            Self::Output { line, reason } => write!(formatter, "`{line}` answered unexpectedly: {reason}"),
            Self::Findings(findings) => formatter.write_str(&findings.join("\n")),
        }
    }
}
