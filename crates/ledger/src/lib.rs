//! The Merkle log: canonical entries, signed checkpoints, proofs.
//!
//! An [`Entry`] says who changed which subject, when and why, and commits to the subject's whole new state by a salted
//! hash, so that the state can be erased later and every proof still holds. The entries are the leaves of a tree after
//! RFC 6962; its root is signed as a C2SP checkpoint, which standard tools read.
//!
//! What is absent: no database, no clock, no randomness. Keys, salts and hashes are handed in.

mod canonical;
mod checkpoint;
mod entry;
mod tree;

pub use canonical::canonical_json;
pub use checkpoint::{Checkpoint, SigningKey, VerifyingKey};
pub use entry::{Entry, EntryFields, SALT_BYTES, commitment};
pub use tree::{
    ConsistencyProof, Frontier, HashAt, InclusionProof, check_consistency, check_inclusion,
    consistency_indexes, frontier_indexes, inclusion_indexes, leaf_hash, leaf_of, prove_consistency,
    prove_inclusion, stored_hash_count,
};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// What can be wrong with an entry, a key, a checkpoint or a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A value that has no canonical JSON: not a number, an integer beyond 2^53, or a map with keys that are not texts.
    #[error("the value has no canonical JSON: {0}")]
    NotCanonical(String),
    /// A signing or verifying key that cannot be read.
    #[error("the key is not an Ed25519 key in the text form of signed notes: {0}")]
    Key(String),
    /// A checkpoint that is malformed or not signed by the key.
    #[error("the checkpoint is not valid: {0}")]
    Checkpoint(String),
    /// A signed text that is malformed or not signed by the key.
    #[error("the signed note is not valid: {0}")]
    Note(String),
    /// Hashes that do not fit together.
    #[error("the proof is not valid: {0}")]
    Proof(String),
}
