//! The Merkle log: canonical entries, signed checkpoints, proofs.
