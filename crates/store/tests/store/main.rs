//! Tests of the store through its public face, each on SQLite and on a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod bulk;
mod category;
mod erasure;
mod fixtures;
mod household_file;
mod keyed_requests;
mod lists;
mod rebuild;
mod roster;
mod schema;
mod search;
mod tampering;
mod transactions;
mod work_list;
