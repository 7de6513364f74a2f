-- State tables. Each subject has one row in the table named like its kind: the common columns, the columns lists are
-- filtered and sorted by, and its whole state as canonical JSON, byte for byte the payload of its last ledger entry.

-- The county and its administrative areas.

CREATE TABLE county (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    epsg BIGINT NOT NULL,
    pack TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

CREATE TABLE area (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL
);

-- The register. A household's members are its own rows in person.

CREATE TABLE household (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    register_number TEXT COLLATE "C" NOT NULL,
    township TEXT COLLATE "C",
    village TEXT COLLATE "C",
    category TEXT COLLATE "C" NOT NULL,
    choice TEXT COLLATE "C",
    pathway TEXT COLLATE "C",
    must_move BOOLEAN NOT NULL,
    urgency TEXT COLLATE "C",
    hazard_point TEXT COLLATE "C",
    head_name TEXT COLLATE "C" NOT NULL,
    head_id_number TEXT COLLATE "C",
    persons BIGINT NOT NULL,
    phone TEXT COLLATE "C",
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    search TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX household_register_number ON household (register_number);
CREATE INDEX household_area ON household (area);
CREATE INDEX household_township ON household (township);

CREATE TABLE person (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL REFERENCES household (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_search TEXT COLLATE "C" NOT NULL,
    id_number TEXT COLLATE "C",
    birth_date TEXT COLLATE "C",
    sex TEXT COLLATE "C" NOT NULL,
    relation TEXT COLLATE "C" NOT NULL
);
CREATE INDEX person_household_id ON person (household_id);
CREATE INDEX person_id_number ON person (id_number);

-- Where the data came from.

CREATE TABLE imported_file (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    imported_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

CREATE TABLE import_profile (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX import_profile_kind_name ON import_profile (kind, name);

CREATE TABLE attachment (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

-- What departments know, and what the look-back found.

CREATE TABLE extract_record (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    row_number BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    id_number TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX extract_record_id_number ON extract_record (id_number);
CREATE INDEX extract_record_kind ON extract_record (kind);

CREATE TABLE threatened_household (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    row_number BIGINT NOT NULL,
    hazard_point TEXT COLLATE "C" NOT NULL,
    head_name TEXT COLLATE "C" NOT NULL,
    head_id_number TEXT COLLATE "C",
    persons BIGINT NOT NULL,
    must_move BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX threatened_household_area ON threatened_household (area);
CREATE INDEX threatened_household_hazard_point ON threatened_household (hazard_point);

CREATE TABLE lookback_item (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    severity TEXT COLLATE "C" NOT NULL,
    severity_rank BIGINT NOT NULL,
    item_state TEXT COLLATE "C" NOT NULL,
    township TEXT COLLATE "C",
    household_id TEXT COLLATE "C",
    person_id TEXT COLLATE "C",
    other_household_id TEXT COLLATE "C",
    other_person_id TEXT COLLATE "C",
    probability DOUBLE PRECISION NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX lookback_item_household_id ON lookback_item (household_id);
CREATE INDEX lookback_item_area ON lookback_item (area);
CREATE INDEX lookback_item_rule_severity ON lookback_item (rule, severity);

-- Land.

CREATE TABLE layer (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    content TEXT COLLATE "C" NOT NULL,
    imported_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX layer_kind ON layer (kind);

CREATE TABLE land_assessment (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    pack TEXT COLLATE "C" NOT NULL,
    epsg BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

CREATE TABLE candidate (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    assessment_id TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    capacity_households BIGINT NOT NULL,
    area_m2 DOUBLE PRECISION NOT NULL,
    slope_percent DOUBLE PRECISION NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX candidate_assessment_id_code ON candidate (assessment_id, code);

-- Plan.

CREATE TABLE stock_housing (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    dwellings BIGINT NOT NULL,
    price BIGINT NOT NULL,
    longitude DOUBLE PRECISION NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX stock_housing_area ON stock_housing (area);

CREATE TABLE fund (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    year BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

CREATE TABLE plan (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    pack TEXT COLLATE "C" NOT NULL,
    assessment_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

CREATE TABLE plan_assignment (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    plan_id TEXT COLLATE "C" NOT NULL,
    township TEXT COLLATE "C",
    destination TEXT COLLATE "C" NOT NULL,
    site_id TEXT COLLATE "C",
    pathway TEXT COLLATE "C",
    households BIGINT NOT NULL,
    persons BIGINT NOT NULL,
    distance_m DOUBLE PRECISION NOT NULL,
    cost BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX plan_assignment_plan_id_site_id ON plan_assignment (plan_id, site_id);
CREATE INDEX plan_assignment_plan_id_area ON plan_assignment (plan_id, area);

CREATE TABLE plan_household (
    plan_id TEXT COLLATE "C" NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    assignment_id TEXT COLLATE "C" NOT NULL REFERENCES plan_assignment (id) ON DELETE CASCADE,
    PRIMARY KEY (household_id, plan_id)
);
CREATE INDEX plan_household_assignment_id ON plan_household (assignment_id);

-- Users, sessions, jobs.

CREATE TABLE user_account (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX user_account_name ON user_account (name);

CREATE TABLE session (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX session_token_hash ON session (token_hash);
CREATE INDEX session_user_id ON session (user_id);

CREATE TABLE job (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    job_state TEXT COLLATE "C" NOT NULL,
    requested_by TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    state TEXT COLLATE "C" NOT NULL
);
