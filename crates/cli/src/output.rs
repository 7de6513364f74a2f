//! What the program prints: a table of figures for people, one JSON object for programs, progress on standard error.

use std::io::{IsTerminal, Write};

use anju_app::{AppError, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// What standard output is called in errors.
const STANDARD_OUTPUT: &str = "standard output";

/// Exit code of a program whose reader wants no more: that of one ended by the signal SIGPIPE.
pub(crate) const CLOSED_PIPE: u8 = 128 + 13;

/// Writes a text on standard output.
///
/// # Errors
/// When it cannot be written, e.g. on a full disk, or nobody reads it any more ([`is_closed_pipe`]).
pub(crate) fn print(text: &str) -> Result<(), AppError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| AppError::Io {
            path: STANDARD_OUTPUT.into(),
            source,
        })
}

/// Whether the reader of standard output closed it, as `head` does when it has seen enough: no failure of the program.
pub(crate) fn is_closed_pipe(error: &AppError) -> bool {
    matches!(error, AppError::Io { path, source }
        if path == STANDARD_OUTPUT && source.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Where and how results are printed.
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) chinese: bool,
}

impl Output {
    /// The wording in the chosen language.
    pub(crate) fn say<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        if self.chinese { zh } else { en }
    }

    /// Prints the result: `value` as JSON, or the lines of label and figure.
    pub(crate) fn result(&self, value: &impl Serialize, lines: &[(&str, String)]) -> Result<(), AppError> {
        if self.json {
            let text =
                serde_json::to_string_pretty(value).map_err(|error| AppError::Aborted(error.to_string()))?;
            return print(&format!("{text}\n"));
        }
        let width = lines
            .iter()
            .map(|(label, _)| display_width(label))
            .max()
            .unwrap_or(0);
        let lines: Vec<String> = lines
            .iter()
            .map(|(label, figure)| format!("{label}{}  {figure}\n", " ".repeat(width - display_width(label))))
            .collect();
        print(&lines.concat())
    }

    /// Prints an error on standard error, as JSON too when asked for.
    pub(crate) fn error(&self, error: &AppError) {
        let message = if self.chinese {
            error.zh()
        } else {
            error.to_string()
        };
        if self.json {
            let told = serde_json::json!({ "error": { "zh": error.zh(), "en": error.to_string() } });
            // The exit code and standard error tell the same.
            if print(&format!("{told}\n")).is_err() {
                tracing::debug!("nobody reads the error on standard output");
            }
        }
        eprintln!("anju: {message}");
    }

    /// A progress handle that draws a bar when standard error is a terminal and no JSON is wanted.
    pub(crate) fn progress(&self) -> (Progress, ProgressBar) {
        let visible = std::io::stderr().is_terminal() && !self.json;
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(1000), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:32.green} {percent:>3} % {elapsed:>4} {msg}") {
            bar.set_style(style);
        }
        let chinese = self.chinese;
        let drawn = bar.clone();
        let progress = Progress::with_listener(move |step| {
            drawn.set_position((step.done * 1000.0) as u64);
            drawn.set_message(if chinese {
                step.text.zh.clone()
            } else {
                step.text.en.clone()
            });
        });
        let stop = progress.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.cancel();
            }
        });
        (progress, bar)
    }
}

/// Columns a text takes in a terminal: two for each wide character.
fn display_width(text: &str) -> usize {
    text.chars()
        .map(|c| {
            if ('\u{1100}'..='\u{ffdc}').contains(&c) {
                2
            } else {
                1
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::display_width;

    #[test]
    fn chinese_characters_take_two_columns() {
        assert_eq!(display_width("户数 ab"), 7);
    }
}
