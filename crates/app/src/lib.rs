//! Use cases of the relocation office, one module per stage.
//!
//! Everything a person can do goes through this crate: the command line and the HTTP server are thin and call
//! nothing else. A use case authorises its [`Caller`], checks its input and writes rows and ledger entries in **one**
//! transaction; what it may not do is print, parse arguments or speak HTTP.
//!
//! The clock and the source of randomness are given once, when a [`Workspace`] is opened; no use case reads them
//! elsewhere.

pub mod access;
mod error;
pub mod idempotency;
pub mod job;
pub mod land;
pub mod ledger;
pub mod lookback;
pub mod plan;
mod policy;
mod progress;
pub mod register;
pub mod start;
pub mod table;
pub mod workspace;

pub use access::Caller;
pub use error::{AppError, Problem, megabytes};
pub use progress::{Progress, Step};
pub use workspace::Workspace;
