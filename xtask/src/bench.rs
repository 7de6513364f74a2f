//! `cargo xtask bench`: the benchmarks, with the words they were given.

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::process;

/// Runs the benchmarks.
///
/// # Errors
/// When they fail.
pub(crate) fn run(checkout: &Checkout, words: &[String]) -> Result<(), Failure> {
    process::run(
        process::cargo(
            ["run", "--quiet", "--package", "anju-benches", "--"],
            checkout.root(),
        )
        .args(words),
    )
}
