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
pub(crate) mod register;
pub(crate) mod roster;
pub(crate) mod serve;

/// Reads the code of a code list, for arguments.
pub(crate) fn parse_code<T>(text: &str, from_code: fn(&str) -> Option<T>) -> Result<T, String> {
    from_code(text).ok_or_else(|| format!("{text:?} is not a code of this list; the reference names them"))
}
