//! The register stage: files in, the list, the household page, rosters and amendments.

pub mod amendment;
pub mod import;
pub mod profile;
pub mod roster;
pub mod views;
