//! Terms, value types, entities and policy packs of planned relocation.
//!
//! The crate is the vocabulary of the product: every other crate speaks in these types. Modules are named by
//! stage ([`register`] with [`category`], [`hazard`], [`roster`], [`amendment`] and [`bulk`], [`lookback`], [`land`], [`plan`]) beside the value types all stages share ([`area`] with [`area_change`],
//! [`identity`], [`money`]) and the [`policy`] packs that hold every threshold.
//!
//! What is absent: no input or output, no clock, no randomness, no SQL, no HTTP.

pub mod access;
pub mod amendment;
pub mod area;
pub mod area_change;
pub mod bulk;
pub mod category;
pub mod code_list;
pub mod erasure;
pub mod hazard;
pub mod identification;
pub mod identity;
pub mod job;
pub mod land;
pub mod lookback;
pub mod money;
pub mod plan;
pub mod policy;
pub mod register;
pub mod roster;
