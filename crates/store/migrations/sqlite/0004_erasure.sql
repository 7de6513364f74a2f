-- Payloads of the log that were erased on legal order, one row for each.
CREATE TABLE erasure (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    entry INTEGER NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
