//! Validation rules, cross-matching and record linkage.
