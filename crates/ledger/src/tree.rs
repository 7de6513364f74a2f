//! The Merkle tree over the log (RFC 6962), by the stored-hash layout of Go's transparency log: every complete subtree's
//! hash has one place in one append-only sequence.

use tlog_tiles::{Error as TlogError, HashReader};

use crate::{Hash, LedgerError};

/// A stored hash with its place in the sequence.
pub type HashAt = (u64, Hash);

/// The hashes from a leaf's neighbour up to the root, which prove that the leaf is in the tree.
pub type InclusionProof = Vec<Hash>;

/// The hashes of subtrees, in the order of RFC 6962, which prove that a tree begins with all leaves of a smaller one.
pub type ConsistencyProof = Vec<Hash>;

/// The hash of a leaf, which differs from that of a subtree by its first byte.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    tlog_tiles::record_hash(leaf).0
}

/// Number of stored hashes of a log with `size` entries.
pub fn stored_hash_count(size: u64) -> u64 {
    tlog_tiles::stored_hash_count(size)
}

/// The entry whose own hash is stored at a place, unless the place holds the hash of a subtree.
pub fn leaf_of(place: u64) -> Option<u64> {
    match tlog_tiles::split_stored_hash_index(place) {
        (0, index) => Some(index),
        _ => None,
    }
}

/// The places of the stored hashes that a [`Frontier`] of `size` entries is made from, at most 64.
pub fn frontier_indexes(size: u64) -> Vec<u64> {
    tlog_tiles::sub_tree_index(0, size, Vec::new())
}

/// The right edge of a tree: the roots of its complete subtrees, which is all that appending and the root need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<HashAt>,
}

impl Frontier {
    /// The edge of an empty log.
    pub fn empty() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// The edge of a log of `size` entries, from the hashes at [`frontier_indexes`], in that order.
    ///
    /// # Errors
    /// When there is not one hash for each place.
    pub fn new(size: u64, hashes: &[Hash]) -> Result<Self, LedgerError> {
        let indexes = frontier_indexes(size);
        if indexes.len() != hashes.len() {
            return Err(LedgerError::Proof(format!(
                "a log of {size} entries needs {} stored hashes, there are {}",
                indexes.len(),
                hashes.len()
            )));
        }
        Ok(Self {
            size,
            peaks: indexes.into_iter().zip(hashes.iter().copied()).collect(),
        })
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and returns the hashes to store for it: its own and one for each subtree it completes.
    ///
    /// # Errors
    /// When the frontier lacks a hash, which one made by this module never does.
    pub fn append(&mut self, leaf: &[u8]) -> Result<Vec<HashAt>, LedgerError> {
        self.append_hash(leaf_hash(leaf))
    }

    /// Appends a leaf of which the hash ([`leaf_hash`]) is at hand, as [`Frontier::append`] does.
    ///
    /// # Errors
    /// As [`Frontier::append`].
    pub fn append_hash(&mut self, leaf: Hash) -> Result<Vec<HashAt>, LedgerError> {
        let hashes = tlog_tiles::stored_hashes_for_record_hash(
            self.size,
            tlog_tiles::Hash(leaf),
            &Places(&self.peaks),
        )
        .map_err(proof_error)?;
        let first = tlog_tiles::stored_hash_index(0, self.size);
        let added: Vec<HashAt> = (first..).zip(hashes.iter().map(|hash| hash.0)).collect();
        // Each level above the leaf swallowed the peak to its left; the highest new hash is the new peak.
        self.peaks.truncate(self.peaks.len() + 1 - added.len());
        self.peaks.extend(added.last().copied());
        self.size += 1;
        Ok(added)
    }

    /// The root of the tree.
    ///
    /// # Errors
    /// When the frontier lacks a hash, which one made by this module never does.
    pub fn root(&self) -> Result<Hash, LedgerError> {
        if self.size == 0 {
            return Ok(tlog_tiles::EMPTY_HASH.0);
        }
        tlog_tiles::tree_hash(self.size, &Places(&self.peaks))
            .map(|hash| hash.0)
            .map_err(proof_error)
    }
}

/// The places of the stored hashes from which [`prove_inclusion`] makes its proof.
///
/// # Errors
/// When the log of `size` entries has no entry `index`.
pub fn inclusion_indexes(size: u64, index: u64) -> Result<Vec<u64>, LedgerError> {
    let asked = Asked(std::cell::RefCell::new(Vec::new()));
    tlog_tiles::prove_record(size, index, &asked).map_err(proof_error)?;
    Ok(asked.0.into_inner())
}

/// Proves that entry `index` is in the log of `size` entries, from the hashes at [`inclusion_indexes`].
///
/// # Errors
/// When there is no such entry or a hash is missing.
pub fn prove_inclusion(size: u64, index: u64, hashes: &[HashAt]) -> Result<InclusionProof, LedgerError> {
    let proof = tlog_tiles::prove_record(size, index, &Places(hashes)).map_err(proof_error)?;
    Ok(proof.into_iter().map(|hash| hash.0).collect())
}

/// Checks that `leaf` is entry `index` of the log of `size` entries with this root.
///
/// # Errors
/// When it is not, or the proof is for something else.
pub fn check_inclusion(
    proof: &[Hash],
    size: u64,
    root: &Hash,
    index: u64,
    leaf: &[u8],
) -> Result<(), LedgerError> {
    let proof = proof.iter().copied().map(tlog_tiles::Hash).collect();
    let leaf = tlog_tiles::record_hash(leaf);
    tlog_tiles::check_record(&proof, size, tlog_tiles::Hash(*root), index, leaf).map_err(proof_error)
}

/// The places of the stored hashes from which [`prove_consistency`] makes its proof.
///
/// # Errors
/// Unless 1 ≤ `from` ≤ `to`.
pub fn consistency_indexes(from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
    let asked = Asked(std::cell::RefCell::new(Vec::new()));
    tlog_tiles::prove_tree(to, from, &asked).map_err(proof_error)?;
    Ok(asked.0.into_inner())
}

/// Proves that the log of `to` entries begins with the `from` entries it once had, from the hashes at
/// [`consistency_indexes`].
///
/// # Errors
/// Unless 1 ≤ `from` ≤ `to`, and when a hash is missing.
pub fn prove_consistency(from: u64, to: u64, hashes: &[HashAt]) -> Result<ConsistencyProof, LedgerError> {
    let proof = tlog_tiles::prove_tree(to, from, &Places(hashes)).map_err(proof_error)?;
    Ok(proof.into_iter().map(|hash| hash.0).collect())
}

/// Checks that the log with `to` entries and root `new` begins with the `from` entries of root `old`.
///
/// # Errors
/// When it does not, or the proof is for something else.
pub fn check_consistency(
    proof: &[Hash],
    from: u64,
    old: &Hash,
    to: u64,
    new: &Hash,
) -> Result<(), LedgerError> {
    let proof = proof.iter().copied().map(tlog_tiles::Hash).collect();
    tlog_tiles::check_tree(&proof, to, tlog_tiles::Hash(*new), from, tlog_tiles::Hash(*old))
        .map_err(proof_error)
}

fn proof_error(error: TlogError) -> LedgerError {
    LedgerError::Proof(error.to_string())
}

/// Reads from a short list of hashes.
struct Places<'a>(&'a [HashAt]);

impl HashReader for Places<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, TlogError> {
        indexes
            .iter()
            .map(|index| {
                self.0
                    .iter()
                    .find(|(place, _)| place == index)
                    .map(|(_, hash)| tlog_tiles::Hash(*hash))
            })
            .collect::<Option<_>>()
            .ok_or(TlogError::IndexesNotInTree)
    }
}

/// Notes which hashes are wanted. The proof made of its zeros is thrown away.
struct Asked(std::cell::RefCell<Vec<u64>>);

impl HashReader for Asked {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, TlogError> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![tlog_tiles::EMPTY_HASH; indexes.len()])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    use super::*;

    fn leaf(index: u64) -> Vec<u8> {
        format!("entry {index}").into_bytes()
    }

    fn log(size: u64) -> (Frontier, BTreeMap<u64, Hash>) {
        let mut frontier = Frontier::empty();
        let mut stored = BTreeMap::new();
        for index in 0..size {
            stored.extend(frontier.append(&leaf(index)).unwrap());
        }
        (frontier, stored)
    }

    fn hashes_at(stored: &BTreeMap<u64, Hash>, indexes: &[u64]) -> Vec<HashAt> {
        indexes.iter().map(|index| (*index, stored[index])).collect()
    }

    #[test]
    fn empty_root_is_the_hash_of_nothing() {
        use sha2::{Digest, Sha256};
        assert_eq!(
            Frontier::empty().root().unwrap(),
            <Hash>::from(Sha256::digest(b""))
        );
    }

    #[test]
    fn every_root_equals_a_second_implementation() {
        let mut frontier = Frontier::empty();
        let mut second = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for index in 0..300 {
            frontier.append(&leaf(index)).unwrap();
            second.push(leaf(index));
            let expected: Hash = (*second.root().as_bytes()).into();
            assert_eq!(frontier.root().unwrap(), expected, "size {}", index + 1);
        }
    }

    #[test]
    fn the_stored_hashes_fill_the_sequence() {
        for size in 0..70 {
            let (frontier, stored) = log(size);
            assert_eq!(stored.len() as u64, stored_hash_count(size));
            assert!(stored.keys().copied().eq(0..stored_hash_count(size)));
            assert!((0..stored_hash_count(size)).filter_map(leaf_of).eq(0..size));
            let again: Vec<Hash> = hashes_at(&stored, &frontier_indexes(size))
                .into_iter()
                .map(|(_, hash)| hash)
                .collect();
            assert_eq!(Frontier::new(size, &again).unwrap(), frontier);
        }
    }

    #[test]
    fn a_frontier_of_the_wrong_number_of_hashes_is_refused() {
        assert!(Frontier::new(3, &[[0; 32]]).is_err());
    }

    proptest! {
        #[test]
        fn inclusion_is_proved_and_nothing_else(size in 1_u64..200, index in 0_u64..200, flip in 0_usize..256) {
            let index = index % size;
            let (frontier, stored) = log(size);
            let root = frontier.root().unwrap();
            let hashes = hashes_at(&stored, &inclusion_indexes(size, index).unwrap());
            let mut proof = prove_inclusion(size, index, &hashes).unwrap();
            prop_assert!(check_inclusion(&proof, size, &root, index, &leaf(index)).is_ok());
            prop_assert!(check_inclusion(&proof, size, &root, index, b"another entry").is_err());
            prop_assert!(check_inclusion(&proof, size, &root, (index + 1) % size, &leaf(index)).is_err() || size == 1);
            if let Some(place) = proof.len().checked_sub(1) {
                proof[flip % (place + 1)][flip / 8] ^= 1 << (flip % 8);
                prop_assert!(check_inclusion(&proof, size, &root, index, &leaf(index)).is_err());
            }
        }

        #[test]
        fn one_changed_entry_changes_the_root(size in 1_u64..100, changed in 0_u64..100) {
            let changed = changed % size;
            let mut other = Frontier::empty();
            for index in 0..size {
                other.append(&if index == changed { b"changed".to_vec() } else { leaf(index) }).unwrap();
            }
            prop_assert_ne!(other.root().unwrap(), log(size).0.root().unwrap());
        }
    }

    #[test]
    fn every_proof_of_consistency_convinces_a_second_implementation() {
        use ct_merkle::{ConsistencyProof as SecondProof, RootHash};
        let (_, stored) = log(70);
        let root = |size| log(size).0.root().unwrap();
        for to in 1..=70_u64 {
            for from in 1..=to {
                let hashes = hashes_at(&stored, &consistency_indexes(from, to).unwrap());
                let proof = prove_consistency(from, to, &hashes).unwrap();
                check_consistency(&proof, from, &root(from), to, &root(to)).unwrap();
                let digests: Vec<_> = proof.iter().map(|hash| (*hash).into()).collect();
                let second = SecondProof::<sha2::Sha256>::from_digests(&digests);
                let old = RootHash::<sha2::Sha256>::new(root(from).into(), from);
                RootHash::<sha2::Sha256>::new(root(to).into(), to)
                    .verify_consistency(&old, &second)
                    .unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn consistency_is_proved_and_nothing_else(to in 2_u64..200, from in 1_u64..200, flip in 0_usize..2048) {
            let from = 1 + from % (to - 1);
            let (frontier, stored) = log(to);
            let (old, new) = (log(from).0.root().unwrap(), frontier.root().unwrap());
            let hashes = hashes_at(&stored, &consistency_indexes(from, to).unwrap());
            let mut proof = prove_consistency(from, to, &hashes).unwrap();
            prop_assert!(check_consistency(&proof, from, &old, to, &new).is_ok());
            prop_assert!(check_consistency(&proof, from, &new, to, &new).is_err());
            prop_assert!(check_consistency(&proof, from, &old, to, &old).is_err());
            let place = flip / 256 % proof.len();
            proof[place][flip / 8 % 32] ^= 1 << (flip % 8);
            prop_assert!(check_consistency(&proof, from, &old, to, &new).is_err());
        }
    }

    #[test]
    fn there_is_no_proof_between_sizes_that_are_none() {
        for (from, to) in [(0, 0), (0, 5), (6, 5)] {
            assert!(consistency_indexes(from, to).is_err(), "{from} {to}");
            assert!(check_consistency(&[], from, &[0; 32], to, &[0; 32]).is_err());
        }
        assert!(consistency_indexes(5, 5).unwrap().is_empty());
        assert!(prove_consistency(3, 5, &[]).is_err());
    }

    #[test]
    fn there_is_no_proof_for_an_entry_that_is_not_there() {
        assert!(inclusion_indexes(5, 5).is_err());
        assert!(prove_inclusion(5, 4, &[]).is_err());
    }
}
