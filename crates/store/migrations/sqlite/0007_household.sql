-- Whether a household is still on the register, its income by year, its consents one after another, and its documents.

ALTER TABLE household ADD COLUMN status TEXT NOT NULL DEFAULT 'active';

CREATE TABLE income_year (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    household_id TEXT NOT NULL,
    year INTEGER NOT NULL,
    net INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX income_year_household_id_year ON income_year (household_id, year);

CREATE TABLE consent (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    household_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    signed_on TEXT NOT NULL,
    withdrawn INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX consent_household_id ON consent (household_id);

CREATE TABLE household_document (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    household_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    removed INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX household_document_household_id ON household_document (household_id);
CREATE INDEX household_document_hash ON household_document (hash);
