-- Areas over time: first and last day of a code.

ALTER TABLE area ADD COLUMN valid_from TEXT;
ALTER TABLE area ADD COLUMN valid_to TEXT;

-- Hazard points, the department's approved lists, and evidence recorded for a household's category.

CREATE TABLE hazard_point (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT,
    kind TEXT NOT NULL,
    scale TEXT,
    risk TEXT,
    risk_rank INTEGER NOT NULL,
    hazard_state TEXT NOT NULL,
    extent TEXT,
    threatened INTEGER NOT NULL,
    closing_asked INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX hazard_point_code ON hazard_point (code);
CREATE INDEX hazard_point_area ON hazard_point (area);

CREATE TABLE department_listing (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    file TEXT NOT NULL,
    row_number INTEGER NOT NULL,
    document TEXT NOT NULL,
    name TEXT NOT NULL,
    id_number TEXT,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX department_listing_id_number ON department_listing (id_number);

CREATE TABLE category_evidence (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    household_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX category_evidence_household_id ON category_evidence (household_id);
CREATE INDEX category_evidence_area ON category_evidence (area);

-- A point's page lists the households that name it.
CREATE INDEX household_hazard_point ON household (hazard_point);
