-- Approved rosters, the households on them, and amendments of their key facts.

CREATE TABLE roster (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    category TEXT NOT NULL,
    number INTEGER NOT NULL,
    roster_state TEXT NOT NULL,
    drafted_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX roster_category_area_number ON roster (category, area, number);

CREATE TABLE roster_part (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    roster_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX roster_part_roster_id_number ON roster_part (roster_id, number);

CREATE TABLE roster_household (
    roster_id TEXT NOT NULL,
    household_id TEXT NOT NULL,
    part_id TEXT NOT NULL REFERENCES roster_part (id) ON DELETE CASCADE,
    PRIMARY KEY (household_id, roster_id)
) STRICT;
CREATE INDEX roster_household_part_id ON roster_household (part_id);
CREATE INDEX roster_household_roster_id ON roster_household (roster_id);

CREATE TABLE amendment (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    roster_id TEXT NOT NULL,
    household_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    amendment_state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX amendment_household_id ON amendment (household_id);
CREATE INDEX amendment_area ON amendment (area);
