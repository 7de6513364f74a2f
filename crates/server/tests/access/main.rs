//! Who may do what, and who is who, through the real router on both databases.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

mod areas;
mod departments;
mod erasure;
mod grounds;
mod household;
mod keeping;
mod lockout;
mod office;
mod provider;
mod roles;
mod second_factor;
mod sessions;
mod start;
mod traps;
mod unmasking;
mod use_cases;
