//! What can go wrong in the store.

use anju_ledger::LedgerError;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A subject was changed by somebody else since it was read.
    #[error("{kind} {id} is at version {found}, not {expected}: it was changed meanwhile; read it again")]
    Conflict {
        /// Kind of subject.
        kind: &'static str,
        /// Its id.
        id: String,
        /// The version it was read at.
        expected: i64,
        /// The version it has now.
        found: i64,
    },
    /// A subject that is to be changed is not there.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// Kind of subject.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A subject that is to be added exists, or shares a value that must be unique with another one.
    #[error("{kind}: another one has the same id, number or name ({detail})")]
    Duplicate {
        /// Kind of subject.
        kind: &'static str,
        /// What the database says.
        detail: String,
    },
    /// A subject whose stored state does not allow the change, such as a frozen roster.
    #[error("{kind} {id} may not be changed in this way: what is stored is final")]
    Final {
        /// Kind of subject.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A stored value that cannot be read as what it should be.
    #[error("{table} {id}: the stored {what} cannot be read: {detail}; run `anju ledger verify`")]
    Unreadable {
        /// The table.
        table: String,
        /// Id of the row.
        id: String,
        /// Which value.
        what: String,
        /// Why not.
        detail: String,
    },
    /// A value that cannot be stored.
    #[error("{kind} {id} cannot be stored: {detail}")]
    Unstorable {
        /// Kind of subject.
        kind: &'static str,
        /// Its id.
        id: String,
        /// Why not.
        detail: String,
    },
    /// An address that names no database.
    #[error("{0:?} is not a database address: expected sqlite://PATH or postgres://USER@HOST/DATABASE")]
    Address(String),
    /// The database was made by a newer version of the program.
    #[error(
        "the database has migration {found}, this program knows {known} migrations only; use the newer program"
    )]
    SchemaNewer {
        /// The migration that is not known.
        found: i64,
        /// Number of known migrations.
        known: usize,
    },
    /// A migration in the database is not the one of this program.
    #[error(
        "migration {version} in the database is not the one of this program; restore the table schema_migration"
    )]
    SchemaChanged {
        /// Its number.
        version: i64,
    },
    /// The log itself does not prove, so that nothing may be made from it.
    #[error("the log does not verify, nothing was changed: {0}; run `anju ledger verify`")]
    LogInvalid(String),
    /// An entry that holds the present state of its subject cannot be erased: the state would live on in the tables.
    #[error(
        "entry {index} holds the present state of {kind} {id}; change or retire it first, then erase the entry"
    )]
    EntryIsCurrent {
        /// Position of the entry.
        index: u64,
        /// Kind of its subject.
        kind: String,
        /// Id of its subject.
        id: String,
    },
    /// An entry that holds no state: it was erased before, or records that its subject was retired or erased.
    #[error("entry {index} holds nothing that could be erased")]
    NothingToErase {
        /// Position of the entry.
        index: u64,
    },
    /// A thread of the work ended before its time.
    #[error("the work was interrupted: {0}")]
    Interrupted(String),
    /// Work was cancelled by its caller.
    #[error("cancelled")]
    Cancelled,
    /// A cursor that did not come from a list of this sort.
    #[error("the cursor {0:?} does not belong to this list; start from its first page")]
    Cursor(String),
    /// The ledger's own error.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An attachment that cannot be read or written.
    #[error("attachment {path}: {source}")]
    Attachment {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A name that is not the hash of an attachment.
    #[error("{0:?} is not the SHA-256 of an attachment: expected 64 hexadecimal digits")]
    AttachmentName(String),
    /// A file grew larger than it may.
    #[error("a file has at most {} MB", limit >> 20)]
    AttachmentTooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// The bytes of an attachment are not those its name stands for.
    #[error("attachment {hash} is damaged: its bytes have the hash {found}; import the file again")]
    AttachmentDamaged {
        /// The hash it is stored under.
        hash: String,
        /// The hash its bytes have.
        found: String,
    },
    /// The database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}
