//! What the program prints: a table of figures for people, one JSON object for programs, progress on standard error.

use std::io::IsTerminal;

use anju_app::{AppError, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

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
            println!("{text}");
            return Ok(());
        }
        let width = lines
            .iter()
            .map(|(label, _)| display_width(label))
            .max()
            .unwrap_or(0);
        for (label, figure) in lines {
            println!("{label}{}  {figure}", " ".repeat(width - display_width(label)));
        }
        Ok(())
    }

    /// Prints an error on standard error, as JSON too when asked for.
    pub(crate) fn error(&self, error: &AppError) {
        let message = if self.chinese {
            error.zh()
        } else {
            error.to_string()
        };
        if self.json {
            println!(
                "{}",
                serde_json::json!({ "error": { "zh": error.zh(), "en": error.to_string() } })
            );
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
