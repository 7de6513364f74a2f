//! `cargo xtask bench`: builds the program and runs the benchmarks on it, with the words they were given.

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::{install, pipeline, process, web};

/// Runs the benchmarks.
///
/// # Errors
/// When the program does not compile or a benchmark fails.
pub(crate) fn run(checkout: &Checkout, words: &[String]) -> Result<(), Failure> {
    // The program embeds the fonts of printed documents, which come with the web app's packages.
    install::node(checkout)?;
    web::install_if_stale(checkout)?;
    pipeline::build_program(checkout)?;
    process::run(
        process::cargo(
            ["run", "--quiet", "--package", "anju-benches", "--"],
            checkout.root(),
        )
        .args(words),
    )
}
