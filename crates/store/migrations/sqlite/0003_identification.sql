-- The procedure of identification: cases, notices, objections.

CREATE TABLE identification_case (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    household_id TEXT NOT NULL,
    township TEXT,
    step TEXT NOT NULL,
    ended INTEGER NOT NULL,
    suspended INTEGER NOT NULL,
    notice_id TEXT,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX identification_case_household_id ON identification_case (household_id);
CREATE INDEX identification_case_area_step ON identification_case (area, step);
CREATE INDEX identification_case_step ON identification_case (step);

CREATE TABLE publicity_notice (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    level TEXT NOT NULL,
    posted_on TEXT NOT NULL,
    open_until TEXT NOT NULL,
    closed INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX publicity_notice_area ON publicity_notice (area);

CREATE TABLE objection (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    objection_state TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX objection_notice_id ON objection (notice_id);
CREATE INDEX objection_area ON objection (area);
