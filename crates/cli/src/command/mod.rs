//! The commands, one file each: arguments (their doc comments are the help) and one function.

pub(crate) mod amendment;
pub(crate) mod document;
pub(crate) mod example;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod land;
pub(crate) mod ledger;
pub(crate) mod lookback;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod roster;
pub(crate) mod serve;
