//! The register stage: files in, the list, the household page.

pub mod import;
pub mod profile;
pub mod unmask;
pub mod views;
