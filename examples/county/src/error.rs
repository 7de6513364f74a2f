//! What can go wrong while the county is made.

use std::path::Path;

use anju_exchange::ExchangeError;

/// Why the county could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExampleError {
    /// The directory holds files already.
    #[error("{0} is not empty; name a directory that does not exist yet")]
    DirectoryNotEmpty(String),
    /// The terrain has no room for what the county needs.
    #[error(
        "the terrain offers too few {what}: {found} of {wanted}; take a larger or gentler elevation model"
    )]
    TerrainUnsuitable {
        /// What was looked for.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        wanted: usize,
    },
    /// A file cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A workbook cannot be written.
    #[error("{path}: {reason}")]
    Workbook {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A layer or raster cannot be read or written.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

impl ExampleError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { path, source }
    }
}
