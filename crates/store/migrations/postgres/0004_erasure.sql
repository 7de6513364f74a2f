-- Payloads of the log that were erased on legal order, one row for each.
CREATE TABLE erasure (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
