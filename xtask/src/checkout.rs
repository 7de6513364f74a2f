//! Where things are: the checkout and the folders outside it that are kept between runs.

use std::path::{Path, PathBuf};

use crate::error::Failure;

/// The checkout this program was built from.
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that holds this program's source: the one that cargo runs it from, since several checkouts may
    /// share one folder of compiled programs.
    pub(crate) fn of_this_program() -> Self {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let manifest = manifest.as_path();
        Self {
            root: manifest.parent().unwrap_or(manifest).to_owned(),
        }
    }

    /// A checkout elsewhere.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Its top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the web app.
    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// The example county that `cargo demo` makes.
    pub(crate) fn demo_county(&self) -> PathBuf {
        self.root.join("demo-county")
    }

    /// The workspace that `cargo demo` makes.
    pub(crate) fn demo_workspace(&self) -> PathBuf {
        self.root.join("demo-workspace")
    }

    /// Where the pictures of the documents are.
    pub(crate) fn images(&self) -> PathBuf {
        self.root.join("docs").join("images")
    }
}

/// Folder of the tools that `cargo check-all` installs for itself, outside every checkout so that it installs them once.
pub(crate) fn tools() -> Result<PathBuf, Failure> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    match cache {
        Some(cache) => Ok(cache.join("anju-tools")),
        None => Err(Failure::Missing(
            "neither XDG_CACHE_HOME nor HOME is set: set one, so that tools can be kept there".into(),
        )),
    }
}

/// Every file below `folder`, by path; folders named in `skip` are left out.
pub(crate) fn files_below(folder: &Path, skip: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).map_err(Failure::file(&next))? {
            let entry = entry.map_err(Failure::file(&next))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(Failure::file(&path))?;
            if kind.is_dir() {
                if !skip.iter().any(|name| entry.file_name() == *name) {
                    open.push(path);
                }
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
