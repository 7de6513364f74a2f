-- The log. Rows are only ever added; erasing a payload empties salt and payload of its entry and nothing else.
CREATE TABLE ledger_entry (
    idx BIGINT PRIMARY KEY NOT NULL,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    command TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    salt BYTEA,
    payload TEXT COLLATE "C",
    commitment BYTEA NOT NULL
);
CREATE UNIQUE INDEX ledger_entry_subject ON ledger_entry (subject_kind, subject_id, version);

CREATE TABLE ledger_hash (
    idx BIGINT PRIMARY KEY NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE ledger_checkpoint (
    size BIGINT PRIMARY KEY NOT NULL,
    root BYTEA NOT NULL,
    note TEXT COLLATE "C" NOT NULL
);
