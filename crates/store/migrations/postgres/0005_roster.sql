-- Approved rosters, the households on them, and amendments of their key facts.

CREATE TABLE roster (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    roster_state TEXT COLLATE "C" NOT NULL,
    drafted_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX roster_category_area_number ON roster (category, area, number);

CREATE TABLE roster_part (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    roster_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX roster_part_roster_id_number ON roster_part (roster_id, number);

CREATE TABLE roster_household (
    roster_id TEXT COLLATE "C" NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C" NOT NULL REFERENCES roster_part (id) ON DELETE CASCADE,
    PRIMARY KEY (household_id, roster_id)
);
CREATE INDEX roster_household_part_id ON roster_household (part_id);
CREATE INDEX roster_household_roster_id ON roster_household (roster_id);

CREATE TABLE amendment (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    roster_id TEXT COLLATE "C" NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    amendment_state TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX amendment_household_id ON amendment (household_id);
CREATE INDEX amendment_area ON amendment (area);
