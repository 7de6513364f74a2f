//! What must be on the machine: it is looked for, installed when this program may do so, and named otherwise.

use std::path::{Path, PathBuf};

use crate::checkout::{self, Checkout};
use crate::error::Failure;
use crate::process;

/// Oldest Node.js the web app is built with.
const NODE_MAJOR: u32 = 20;
/// The spelling checker, from PyPI, where it comes built.
const TYPOS: &str = "1.52.0";
/// The checker of dependencies, built from source once.
const CARGO_DENY: &str = "0.20.2";

/// Makes sure that Node.js and npm are there and new enough.
///
/// # Errors
/// When they are not; neither is installed, because which source they come from is the developer's choice.
pub(crate) fn node(checkout: &Checkout) -> Result<(), Failure> {
    let remedy = format!(
        "install Node.js {NODE_MAJOR} or newer with npm, from https://nodejs.org or your system's packages"
    );
    if process::find(&["node"], &[]).is_none() || process::find(&["npm"], &[]).is_none() {
        return Err(Failure::Missing(format!("Node.js or npm is missing: {remedy}")));
    }
    let version = process::output(&mut process::command("node", ["--version"], checkout.root()))?;
    match major(&version) {
        Some(found) if found >= NODE_MAJOR => Ok(()),
        _ => Err(Failure::Missing(format!(
            "Node.js {} is too old: {remedy}",
            version.trim()
        ))),
    }
}

/// The first number of a version such as `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// Debian packages that `cargo check-all` needs and this machine lacks.
fn missing_packages() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if process::find(&["initdb"], &postgres_folders()).is_none() {
        missing.push("postgresql");
    }
    if process::find(&["chromium", "chromium-browser", "google-chrome"], &[]).is_none() {
        missing.push("chromium");
    }
    if process::find(&["faketime"], &[]).is_none() {
        missing.push("faketime");
    }
    let fonts = [
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk",
    ];
    if !fonts.iter().any(|font| Path::new(font).exists()) {
        missing.push("fonts-noto-cjk");
    }
    if process::find(&["typos"], &[]).is_none() && !has_virtual_environments() {
        missing.push("python3-venv");
    }
    missing
}

fn has_virtual_environments() -> bool {
    process::succeeds(std::process::Command::new("python3").args(["-c", "import ensurepip, venv"]))
}

/// Where Debian keeps PostgreSQL's own programs, newest first.
pub(crate) fn postgres_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .filter_map(Result::ok)
                .map(|entry| entry.path().join("bin"))
                .collect()
        })
        .unwrap_or_default();
    folders.sort();
    folders.reverse();
    folders
}

/// Installs the missing Debian packages as root, or says which they are.
///
/// # Errors
/// When packages are missing and cannot be installed from here.
pub(crate) fn packages(checkout: &Checkout) -> Result<(), Failure> {
    let missing = missing_packages();
    if missing.is_empty() {
        println!("nothing to install: PostgreSQL, Chromium, faketime and Chinese fonts are there");
        return Ok(());
    }
    let install = format!(
        "apt-get install --yes --no-install-recommends {}",
        missing.join(" ")
    );
    if process::find(&["apt-get"], &[]).is_none() {
        return Err(Failure::Missing(format!(
            "these are missing: {}. Install them with your system's package manager; on Debian: {install}",
            missing.join(", ")
        )));
    }
    if !is_root(checkout)? {
        return Err(Failure::Missing(format!(
            "these are missing: {}. Run: sudo {install}",
            missing.join(", ")
        )));
    }
    println!("installing Debian packages: {}", missing.join(", "));
    let apt = |arguments: &[&str]| {
        let mut command = process::command("apt-get", arguments, checkout.root());
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(std::process::Stdio::null());
        process::run(&mut command)
    };
    apt(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "--yes", "--no-install-recommends"];
    arguments.extend(&missing);
    apt(&arguments)
}

fn is_root(checkout: &Checkout) -> Result<bool, Failure> {
    Ok(process::output(&mut process::command("id", ["-u"], checkout.root()))?.trim() == "0")
}

/// The spelling checker: the one on the machine, or one installed from PyPI into the tools folder.
///
/// # Errors
/// When it cannot be installed.
pub(crate) fn typos(checkout: &Checkout) -> Result<PathBuf, Failure> {
    if let Some(found) = process::find(&["typos"], &[]) {
        return Ok(found);
    }
    let folder = checkout::tools()?.join(format!("typos-{TYPOS}"));
    let program = folder.join("bin").join("typos");
    if !program.is_file() {
        println!(
            "installing the spelling checker typos {TYPOS} from PyPI into {}",
            folder.display()
        );
        std::fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
        process::run(process::command("python3", ["-m", "venv", "--clear"], checkout.root()).arg(&folder))?;
        let package = format!("typos=={TYPOS}");
        let pip = folder.join("bin").join("pip");
        process::run(&mut process::command(
            pip,
            ["install", "--quiet", "--disable-pip-version-check", &package],
            checkout.root(),
        ))?;
    }
    Ok(program)
}

/// The checker of dependencies: the one on the machine, or one built once into the tools folder.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn cargo_deny(checkout: &Checkout) -> Result<PathBuf, Failure> {
    if let Some(found) = process::find(&["cargo-deny"], &[]) {
        return Ok(found);
    }
    let folder = checkout::tools()?;
    let program = folder.join("bin").join("cargo-deny");
    let installed = program.is_file()
        && process::output(&mut process::command(&program, ["--version"], checkout.root()))?
            .contains(CARGO_DENY);
    if !installed {
        println!(
            "building cargo-deny {CARGO_DENY} into {} (once, some minutes)",
            folder.display()
        );
        // The debug build takes half the time and runs in three seconds.
        let words = [
            "install",
            "cargo-deny",
            "--quiet",
            "--locked",
            "--debug",
            "--no-default-features",
            "--force",
        ];
        process::run(
            process::cargo(words, checkout.root())
                .args(["--version", CARGO_DENY, "--root"])
                .arg(&folder)
                .env("CARGO_TARGET_DIR", folder.join("build")),
        )?;
        let build = folder.join("build");
        std::fs::remove_dir_all(&build).map_err(Failure::file(&build))?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
