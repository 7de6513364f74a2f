-- Wrong passwords by name, second steps at sign-in, and who saw unmasked personal data.

CREATE TABLE sign_in_guard (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    locked_until INTEGER,
    state TEXT NOT NULL
) STRICT;

CREATE TABLE second_factor (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    user_id TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX second_factor_user_id ON second_factor (user_id);

CREATE TABLE unmasking (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    household_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX unmasking_household_id ON unmasking (household_id);
