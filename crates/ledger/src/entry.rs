//! One entry of the log: what was done to which subject, by whom, when and why.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Hash, LedgerError};

/// Length of a salt in bytes. 128 random bits keep a payload of few possible values from being guessed.
pub const SALT_BYTES: usize = 16;

/// SHA-256 of the salt followed by the canonical payload.
///
/// Without the salt nobody can test whether a payload is the committed one, so that erasing salt and payload leaves
/// nothing behind but the proof that something stood there.
pub fn commitment(salt: &[u8], payload: &str) -> Hash {
    Sha256::new()
        .chain_update(salt)
        .chain_update(payload.as_bytes())
        .finalize()
        .into()
}

/// An entry of the log. The fields stand in the order of their names, which is the order of canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who did it.
    pub actor: String,
    /// The area of the subject, by code, when it has one.
    pub area: Option<String>,
    /// When, in microseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The command, e.g. `decide_lookback`.
    pub command: String,
    /// Commitment to the subject's state, in hex (see [`commitment`]).
    pub commitment: String,
    /// Position in the log, from 0.
    pub index: u64,
    /// Kind of subject, e.g. `household`.
    pub kind: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// Id of the subject.
    pub subject: String,
    /// Version of the subject, from 1, without gaps.
    pub version: i64,
}

/// The fields of an [`Entry`], borrowed from where they stand.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct EntryFields<'a> {
    /// See [`Entry::actor`].
    pub actor: &'a str,
    /// See [`Entry::area`].
    pub area: Option<&'a str>,
    /// See [`Entry::at`].
    pub at: i64,
    /// See [`Entry::command`].
    pub command: &'a str,
    /// See [`Entry::commitment`].
    pub commitment: &'a str,
    /// See [`Entry::index`].
    pub index: u64,
    /// See [`Entry::kind`].
    pub kind: &'a str,
    /// See [`Entry::reason`].
    pub reason: Option<&'a str>,
    /// See [`Entry::subject`].
    pub subject: &'a str,
    /// See [`Entry::version`].
    pub version: i64,
}

impl EntryFields<'_> {
    /// The leaf of the tree: the entry's canonical JSON.
    ///
    /// # Errors
    /// When a number is beyond 2^53.
    pub fn leaf(&self) -> Result<Vec<u8>, LedgerError> {
        let exact = |number: i64| number.unsigned_abs() <= 1 << 53;
        if !exact(self.at) || !exact(self.version) || self.index > 1 << 53 {
            return Err(LedgerError::NotCanonical(format!(
                "entry {} has a number beyond 2^53",
                self.index
            )));
        }
        // Sorted fields, integers and serde_json's escapes are canonical already; a test holds this to the general way.
        let mut leaf = Vec::with_capacity(384);
        serde_json::to_writer(&mut leaf, self)
            .map_err(|error| LedgerError::NotCanonical(error.to_string()))?;
        Ok(leaf)
    }
}

impl Entry {
    /// The leaf of the tree: the entry's canonical JSON.
    ///
    /// # Errors
    /// When a number is beyond 2^53.
    pub fn leaf(&self) -> Result<Vec<u8>, LedgerError> {
        let fields = EntryFields {
            actor: &self.actor,
            area: self.area.as_deref(),
            at: self.at,
            command: &self.command,
            commitment: &self.commitment,
            index: self.index,
            kind: &self.kind,
            reason: self.reason.as_deref(),
            subject: &self.subject,
            version: self.version,
        };
        fields.leaf()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::canonical_json;

    #[test]
    fn commitment_of_a_known_payload() {
        // printf 'saltpayload' | sha256sum
        let hex: String = commitment(b"salt", "payload")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "b25afe29043ff2d979035661619d2dbff5f9d22aee46755277d7731e44a0026b"
        );
    }

    proptest! {
        #[test]
        fn the_leaf_is_canonical(
            texts in proptest::collection::vec(".*", 6),
            at in -(1_i64 << 53)..(1 << 53),
            index in 0_u64..(1 << 53),
        ) {
            let entry = Entry {
                actor: texts[0].clone(), area: None, at, command: texts[1].clone(), commitment: texts[2].clone(), index,
                kind: texts[3].clone(), reason: Some(texts[4].clone()), subject: texts[5].clone(), version: 1,
            };
            prop_assert_eq!(String::from_utf8(entry.leaf().unwrap()).unwrap(), canonical_json(&entry).unwrap());
        }
    }
}
