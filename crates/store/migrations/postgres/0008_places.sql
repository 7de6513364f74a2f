-- Areas over time: first and last day of a code.

ALTER TABLE area ADD COLUMN valid_from TEXT COLLATE "C";
ALTER TABLE area ADD COLUMN valid_to TEXT COLLATE "C";

-- Hazard points, the department's approved lists, and evidence recorded for a household's category.

CREATE TABLE hazard_point (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    scale TEXT COLLATE "C",
    risk TEXT COLLATE "C",
    risk_rank BIGINT NOT NULL,
    hazard_state TEXT COLLATE "C" NOT NULL,
    extent TEXT COLLATE "C",
    threatened BIGINT NOT NULL,
    closing_asked BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX hazard_point_code ON hazard_point (code);
CREATE INDEX hazard_point_area ON hazard_point (area);

CREATE TABLE department_listing (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    row_number BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    id_number TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX department_listing_id_number ON department_listing (id_number);

CREATE TABLE category_evidence (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX category_evidence_household_id ON category_evidence (household_id);
CREATE INDEX category_evidence_area ON category_evidence (area);

-- A point's page lists the households that name it.
CREATE INDEX household_hazard_point ON household (hazard_point);
