//! One storage for two databases: SQL, migrations and the tables of the ledger.
//!
//! State lives twice: as rows, which lists are made from, and as payloads of ledger entries, which prove the rows.
//! [`Tx`] writes both or neither. A [`Subject`] is anything with a state of its own; its kind is also the name of its
//! table. [`load`] and [`load_all`] read whole subjects, the modules named by stage hold the queries behind lists, and
//! [`verify`] proves that log and rows agree.
//!
//! The same SQL runs on SQLite and PostgreSQL. What is absent: no rules of the domain, no authorisation beyond the area
//! that every list query is given, no clock and no randomness: time and seed come with the [`Context`].

pub mod access;
pub mod amendment;
mod area;
pub mod attachment;
pub mod bulk;
pub mod category;
mod database;
pub mod erasure;
mod error;
pub mod exchange;
pub mod household_file;
pub mod identification;
pub mod job;
pub mod keyed_request;
pub mod land;
mod ledger;
mod list;
pub mod lookback;
mod migration;
pub mod plan;
mod read;
mod rebuild;
pub mod register;
pub mod roster;
mod search;
mod subject;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod value;
mod verify;
pub mod work_list;

pub use attachment::Attachments;
pub use database::{Answer, Db};
pub use error::StoreError;
pub use ledger::{
    CheckpointRecord, Consistency, EntryFilter, EntryProof, EntryView, Head, Revision, check_kept_checkpoint,
    checkpoints, entries, entry_count, history, latest_checkpoint, load_as_of, prove_consistency,
    prove_entry,
};
pub use list::{Page, Paging};
pub use read::{Versioned, load, load_all, load_many, load_within};
pub use rebuild::rebuild;
pub use subject::{Child, Row, Subject, kinds};
pub use transaction::{Context, Tx};
pub use value::Value;
pub use verify::{Difference, VerificationReport, verify};
