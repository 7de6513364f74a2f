//! Tests of the store through its public face, each on SQLite and on a real PostgreSQL.

mod fixtures;
mod lists;
mod rebuild;
mod schema;
mod tampering;
mod transactions;
