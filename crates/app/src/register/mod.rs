//! The register stage: files in, the list, the household page, identification.

pub mod identification;
pub mod import;
pub mod profile;
pub mod views;
