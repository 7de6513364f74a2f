//! The web app: its packages and its build, each made again only when stale.

use std::path::Path;
use std::time::SystemTime;

use crate::checkout::{self, Checkout};
use crate::error::Failure;
use crate::process;

/// Folders of the web app that are not sources.
const NOT_SOURCES: [&str; 4] = ["node_modules", "dist", "e2e", "coverage"];

/// Installs the packages when the lock file is newer than what is installed, and builds when a source is newer than
/// the build.
///
/// # Errors
/// When npm fails.
pub(crate) fn build_if_stale(checkout: &Checkout) -> Result<(), Failure> {
    install_if_stale(checkout)?;
    let web = checkout.web();
    if is_newer(
        newest_source(&web)?,
        modified(&web.join("dist").join("index.html")),
    ) {
        println!("building the web app (npm run build)");
        script(checkout, "build")?;
    }
    Ok(())
}

/// Installs the web app's packages unless they are those of the lock file.
///
/// # Errors
/// When npm fails.
pub(crate) fn install_if_stale(checkout: &Checkout) -> Result<(), Failure> {
    let web = checkout.web();
    let installed = web.join("node_modules").join(".package-lock.json");
    if is_newer(modified(&web.join("package-lock.json")), modified(&installed)) {
        println!("installing the web app's packages into web/node_modules (npm ci)");
        process::run(&mut process::command(
            "npm",
            ["ci", "--no-audit", "--no-fund"],
            &web,
        ))?;
    }
    Ok(())
}

/// Runs a script of `web/package.json`.
///
/// # Errors
/// When it fails.
pub(crate) fn script(checkout: &Checkout, name: &str) -> Result<(), Failure> {
    process::run(&mut process::command(
        "npm",
        ["run", "--silent", name],
        &checkout.web(),
    ))
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn newest_source(web: &Path) -> Result<Option<SystemTime>, Failure> {
    let sources = checkout::files_below(web, &NOT_SOURCES)?;
    Ok(sources.iter().filter_map(|file| modified(file)).max())
}

/// Whether what is made must be made again: it is absent, or a source is newer.
fn is_newer(source: Option<SystemTime>, made: Option<SystemTime>) -> bool {
    match (source, made) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(source), Some(made)) => source > made,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{is_newer, newest_source};

    #[test]
    fn what_is_absent_or_older_is_made_again() {
        let (early, late) = (
            SystemTime::UNIX_EPOCH,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1),
        );
        assert!(is_newer(Some(early), None));
        assert!(is_newer(Some(late), Some(early)));
        assert!(!is_newer(Some(early), Some(late)));
        assert!(!is_newer(Some(early), Some(early)));
    }

    #[test]
    fn builds_and_packages_are_no_sources() {
        let web = tempfile::tempdir().unwrap();
        for folder in ["dist", "node_modules/x"] {
            std::fs::create_dir_all(web.path().join(folder)).unwrap();
            std::fs::write(web.path().join(folder).join("made.js"), "").unwrap();
        }
        assert_eq!(newest_source(web.path()).unwrap(), None);
        std::fs::write(web.path().join("index.html"), "").unwrap();
        assert!(newest_source(web.path()).unwrap().is_some());
    }
}
