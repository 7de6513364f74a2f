//! Policy packs: every threshold, price, required facility, red flag and rule of acceptance as data with a source.
//!
//! A pack is a TOML text (see `policy/README.md`). A child pack names its parent and overrides single entries of it.
//! [`Pack::load`] reads a pack with its ancestors, checks it, compiles its clauses (Common Expression Language) and
//! runs the samples each clause carries, so that a pack which contradicts itself is refused before it decides anything.
//!
//! What is absent: no file access (the caller brings the texts) and no decision about a household; a clause says
//! "holds", "does not hold" or "cannot decide", and people decide.

mod clause;
mod entry;
mod pack;

pub use clause::{AcceptanceRule, Clause, Decision, Fact, Facts};
pub use entry::{Criterion, Facility, Figure, FigureValue, LayerRule, Situation, When};
pub use pack::{EMBEDDED, Pack, embedded, embedded_text};

/// Why a pack is refused, or a question to it cannot be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not the TOML of a pack.
    #[error("Policy pack {pack:?} cannot be read: {reason} Correct the text at that place.")]
    Syntax {
        /// The pack, or the name it was asked for by.
        pack: String,
        /// What the reader says, with line and column.
        reason: String,
    },
    /// No pack of this name is known.
    #[error("There is no policy pack {pack:?}. Known packs: {known}.")]
    UnknownPack {
        /// The name asked for.
        pack: String,
        /// What there is.
        known: String,
    },
    /// The parent is not to be had.
    #[error(
        "Policy pack {pack:?} builds on {parent:?}, which was not found. Put that pack beside it or correct `parent`."
    )]
    ParentMissing {
        /// The child.
        pack: String,
        /// The parent it names.
        parent: String,
    },
    /// A pack is its own ancestor.
    #[error("Policy pack {pack:?} is its own ancestor. Remove one `parent` of the circle.")]
    ParentCycle {
        /// A pack of the circle.
        pack: String,
    },
    /// Two entries of one pack have the same name.
    #[error(
        "Policy pack {pack:?} has two entries {id:?} under `{table}`. Keep one, or tell them apart by `when`."
    )]
    Duplicate {
        /// The pack.
        pack: String,
        /// The TOML table.
        table: &'static str,
        /// The name.
        id: String,
    },
    /// An entry has a value that cannot be meant.
    #[error("Policy pack {pack:?}, `{table}` {id:?}: {reason}")]
    Value {
        /// The pack.
        pack: String,
        /// The TOML table.
        table: &'static str,
        /// The entry.
        id: String,
        /// What is wrong and what is expected, as a sentence.
        reason: String,
    },
    /// A figure that the program needs is in neither the pack nor its ancestors.
    #[error("Policy pack {pack:?} has no figure {id:?} for this case. Add it to the pack or to its parent.")]
    MissingFigure {
        /// The pack.
        pack: String,
        /// The figure.
        id: String,
    },
    /// A figure has another kind of value than the program needs.
    #[error("Figure {id:?} of policy pack {pack:?} is {found}; {expected} is needed.")]
    WrongKind {
        /// The pack.
        pack: String,
        /// The figure.
        id: String,
        /// What it is.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A clause is not CEL, or uses a name that clauses do not have.
    #[error("Clause {clause:?} of policy pack {pack:?} cannot be compiled: {reason}")]
    ClauseSyntax {
        /// The pack.
        pack: String,
        /// The clause.
        clause: String,
        /// What the compiler says.
        reason: String,
    },
    /// A clause decides one of its own samples otherwise than the sample expects.
    #[error(
        "Clause {clause:?} of policy pack {pack:?} decides its sample {sample} as {found:?}, but the sample expects {expected:?}. Correct the clause or the sample."
    )]
    SampleFailed {
        /// The pack.
        pack: String,
        /// The clause.
        clause: String,
        /// Number of the sample, from 1.
        sample: usize,
        /// What the sample expects.
        expected: String,
        /// What the clause says.
        found: String,
    },
}
