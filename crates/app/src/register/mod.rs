//! The register stage: files in, the list, the household page, the areas, hazard points,
//! categories with their evidence and rules, identification, rosters, amendments and bulk changes.

pub mod acceptance;
pub mod amendment;
pub mod areas;
pub mod bulk;
pub mod document;
pub mod evidence;
pub mod extract;
pub mod hazard;
pub mod household;
pub mod identification;
pub mod import;
pub mod profile;
pub mod roster;
pub mod saved_view;
pub mod unmask;
pub mod views;
