-- Requests with an idempotency key: what they asked, how far they came (0 begun, 1 carried out, 2 answered), and what
-- was answered. Rows are kept for a day and are no state of the register: the ledger does not know them.

CREATE TABLE keyed_request (
    id TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    claim TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    body BLOB
) STRICT;
CREATE INDEX keyed_request_claimed_at ON keyed_request (claimed_at);
