-- The log. Rows are only ever added; erasing a payload empties salt and payload of its entry and nothing else.
CREATE TABLE ledger_entry (
    idx INTEGER PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    command TEXT NOT NULL,
    reason TEXT,
    salt BLOB,
    payload TEXT,
    commitment BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX ledger_entry_subject ON ledger_entry (subject_kind, subject_id, version);

CREATE TABLE ledger_hash (
    idx INTEGER PRIMARY KEY NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE ledger_checkpoint (
    size INTEGER PRIMARY KEY NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL
) STRICT;
