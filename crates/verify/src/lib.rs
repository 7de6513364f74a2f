//! Validation rules, cross-matching and record linkage: the look-back (回头看) over a county's register.
//!
//! [`look_back`] compares the register with itself, with the departments' extracts and with the lists of threatened
//! households, and returns what has to be checked in the field. Its parts can be read in the order of the work:
//! [`normalise`], [`blocking`], [`comparison`], [`weights`], [`linkage`], [`cluster`]; then [`rules`],
//! [`cross_match`] and [`hazard`]; [`explain`] holds the wording.
//!
//! What is absent: no storage, no clock, no threads of its own beyond rayon's, and no verdict: an item is a question.

pub mod blocking;
pub mod cluster;
pub mod comparison;
pub mod cross_match;
pub mod explain;
pub mod hazard;
pub mod linkage;
mod look_back;
pub mod normalise;
pub mod register;
pub mod rules;
pub mod weights;

pub use explain::FoundItem;
pub use hazard::HazardExposure;
pub use look_back::{Figures, Input, Outcome, VerifyError, look_back};
