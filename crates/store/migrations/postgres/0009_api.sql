-- Requests with an idempotency key: what they asked, how far they came (0 begun, 1 carried out, 2 answered), and what
-- was answered. Rows are kept for a day and are no state of the register: the ledger does not know them.

CREATE TABLE keyed_request (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    claim TEXT COLLATE "C" NOT NULL,
    claimed_at BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    status BIGINT,
    headers TEXT COLLATE "C",
    body BYTEA
);
CREATE INDEX keyed_request_claimed_at ON keyed_request (claimed_at);
