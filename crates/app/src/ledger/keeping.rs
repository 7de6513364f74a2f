//! Keeping checkpoints elsewhere on a schedule, while the program serves.
//!
//! A database that was set back together with its checkpoints fits together; only a checkpoint that lies elsewhere shows
//! it. The folder should therefore be one that the database's administrator cannot write: another machine's, or one that
//! a superior office fetches. Every round first proves that the ledger extends the newest checkpoint in the folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anju_model::access::Action;
use anju_model::code_list::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{checkpoint, prove_kept, write_whole};
use crate::{AppError, Caller, Workspace};

/// The table `checkpoints` of `anju.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepingSettings {
    /// The folder, relative to the workspace where it is not absolute.
    pub folder: PathBuf,
    /// Minutes from one round to the next, 1 to 10080 (a week).
    #[serde(default = "hourly")]
    pub minutes: u32,
}

fn hourly() -> u32 {
    60
}

impl KeepingSettings {
    /// Checks the figures. `place` is the configuration file or the option.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a time that is none.
    pub fn check(&self, place: &Path) -> Result<(), AppError> {
        if (1..=7 * 24 * 60).contains(&self.minutes) {
            return Ok(());
        }
        Err(AppError::invalid(
            "checkpoint_interval",
            place.display().to_string(),
            "检查点的间隔须为 1 至 10080 分钟",
            "the time between checkpoints is 1 to 10080 minutes",
        ))
    }
}

/// Keeps checkpoints in a folder.
pub struct Keeper {
    folder: PathBuf,
    minutes: u32,
    last: Mutex<Option<Round>>,
}

/// What the last round did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = KeepingRound)]
pub struct Round {
    /// When.
    pub at: Timestamp,
    /// Number of entries that the newest kept checkpoint covers, when the round went well.
    pub size: Option<u64>,
    /// What went wrong.
    pub problem: Option<Text>,
}

/// The schedule as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeepingView {
    /// The folder.
    pub folder: String,
    /// Minutes from one round to the next.
    pub minutes: u32,
    /// The last round.
    pub last: Option<Round>,
}

impl Keeper {
    /// A keeper by these settings.
    pub fn new(workspace: &Workspace, settings: &KeepingSettings) -> Self {
        Self {
            folder: workspace.root().join(&settings.folder),
            minutes: settings.minutes,
            last: Mutex::new(None),
        }
    }

    /// What is shown of the schedule.
    ///
    /// # Errors
    /// When the caller may not read the ledger.
    pub fn view(&self, caller: &Caller) -> Result<KeepingView, AppError> {
        caller.require(Action::ReadLedger)?;
        Ok(KeepingView {
            folder: self.folder.display().to_string(),
            minutes: self.minutes,
            last: self.last.lock().ok().and_then(|last| last.clone()),
        })
    }

    /// One round: proves that the ledger extends the newest checkpoint in the folder and adds the newest of today.
    ///
    /// # Errors
    /// [`AppError::LedgerInvalid`] when the ledger does not extend it; then nothing is written.
    pub async fn round(&self, workspace: &Workspace) -> Result<u64, AppError> {
        let outcome = self.keep(workspace).await;
        let round = Round {
            at: workspace.now(),
            size: outcome.as_ref().ok().copied(),
            problem: outcome
                .as_ref()
                .err()
                .map(|error| Text::new(error.zh(), error.to_string())),
        };
        if let Ok(mut last) = self.last.lock() {
            *last = Some(round);
        }
        outcome
    }

    async fn keep(&self, workspace: &Workspace) -> Result<u64, AppError> {
        let keeper = Caller::operator("keep-checkpoints", &workspace.county().code);
        std::fs::create_dir_all(&self.folder).map_err(AppError::io(&self.folder))?;
        let newest = checkpoint(workspace, &keeper).await?;
        if let Some((_, file)) = newest_in(&self.folder, &newest.key_name)? {
            let held = std::fs::read_to_string(&file).map_err(AppError::io(&file))?;
            // A note of another key is no less a reason to stop than one that does not fit: either may be forged.
            let kept = prove_kept(workspace, &workspace.verifying_key(), &held)
                .await
                .map_err(|error| AppError::LedgerInvalid(format!("{}: {error}", file.display())))?;
            if kept.size == newest.size {
                return Ok(kept.size);
            }
        }
        let file = self
            .folder
            .join(format!("{}-{}.note", newest.key_name, newest.size));
        write_whole(&file, &newest.note)?;
        Ok(newest.size)
    }

    /// Rounds for ever, the first at once.
    pub async fn run(self: Arc<Self>, workspace: Arc<Workspace>) {
        let pause = Duration::from_secs(u64::from(self.minutes) * 60);
        loop {
            match self.round(&workspace).await {
                Ok(size) => {
                    tracing::info!(size, folder = %self.folder.display(), "the newest checkpoint is kept")
                }
                Err(error) => {
                    tracing::error!(%error, folder = %self.folder.display(), "no checkpoint could be kept");
                }
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// The checkpoint file of the greatest size in a folder, by its name.
fn newest_in(folder: &Path, key_name: &str) -> Result<Option<(u64, PathBuf)>, AppError> {
    let mut newest: Option<(u64, PathBuf)> = None;
    for entry in std::fs::read_dir(folder).map_err(AppError::io(folder))? {
        let path = entry.map_err(AppError::io(folder))?.path();
        let size = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| {
                name.strip_prefix(key_name)?
                    .strip_prefix('-')?
                    .strip_suffix(".note")
            })
            .and_then(|size| size.parse().ok());
        if let Some(size) = size
            && newest.as_ref().is_none_or(|(largest, _)| size > *largest)
        {
            newest = Some((size, path));
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_file_is_that_of_the_largest_log_of_this_key() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "anju-1-9.note",
            "anju-1-10.note",
            "anju-2-11.note",
            "anju-1-x.note",
            "anju-1-12.note.new",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let (size, path) = newest_in(folder.path(), "anju-1").unwrap().unwrap();
        assert_eq!(
            (size, path.file_name().unwrap().to_str().unwrap()),
            (10, "anju-1-10.note")
        );
        assert_eq!(newest_in(folder.path(), "anju-3").unwrap(), None);
    }
}
