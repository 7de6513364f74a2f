//! `cargo xtask openapi`: the description of the API and the web app's types, made again from the handlers.

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::{process, web};

/// The server's own test compares the committed description with the handlers; told so, it writes it instead.
const WRITE: &str = "ANJU_WRITE_OPENAPI";

/// Writes `docs/openapi.json` and `web/src/api/schema.d.ts`.
///
/// # Errors
/// When the server does not compile, or npm fails.
pub(crate) fn run(checkout: &Checkout) -> Result<(), Failure> {
    let words = [
        "test",
        "--quiet",
        // With the whole workspace, whose features the other checks build with: nothing is compiled a second time.
        "--workspace",
        "--test",
        "api",
        "the_committed_description_is_that_of_the_handlers",
    ];
    let mut test = process::cargo(words, checkout.root());
    process::run(test.env(WRITE, "1"))?;
    web::install_if_stale(checkout)?;
    web::script(checkout, "api")
}
