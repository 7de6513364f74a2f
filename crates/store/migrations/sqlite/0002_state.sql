-- State tables. Each subject has one row in the table named like its kind: the common columns, the columns lists are
-- filtered and sorted by, and its whole state as canonical JSON, byte for byte the payload of its last ledger entry.

-- The county and its administrative areas.

CREATE TABLE county (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    name TEXT NOT NULL,
    epsg INTEGER NOT NULL,
    pack TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;

CREATE TABLE area (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    parent TEXT,
    state TEXT NOT NULL
) STRICT;

-- The register. A household's members are its own rows in person.

CREATE TABLE household (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    register_number TEXT NOT NULL,
    township TEXT,
    village TEXT,
    category TEXT NOT NULL,
    choice TEXT,
    pathway TEXT,
    must_move INTEGER NOT NULL,
    urgency TEXT,
    hazard_point TEXT,
    head_name TEXT NOT NULL,
    head_id_number TEXT,
    persons INTEGER NOT NULL,
    phone TEXT,
    longitude REAL,
    latitude REAL,
    search TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX household_register_number ON household (register_number);
CREATE INDEX household_area ON household (area);
CREATE INDEX household_township ON household (township);

CREATE TABLE person (
    id TEXT PRIMARY KEY NOT NULL,
    household_id TEXT NOT NULL REFERENCES household (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_search TEXT NOT NULL,
    id_number TEXT,
    birth_date TEXT,
    sex TEXT NOT NULL,
    relation TEXT NOT NULL
) STRICT;
CREATE INDEX person_household_id ON person (household_id);
CREATE INDEX person_id_number ON person (id_number);

-- Where the data came from.

CREATE TABLE imported_file (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

CREATE TABLE import_profile (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX import_profile_kind_name ON import_profile (kind, name);

CREATE TABLE attachment (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    media_type TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

-- What departments know, and what the look-back found.

CREATE TABLE extract_record (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    file TEXT NOT NULL,
    row_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    id_number TEXT,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX extract_record_id_number ON extract_record (id_number);
CREATE INDEX extract_record_kind ON extract_record (kind);

CREATE TABLE threatened_household (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    file TEXT NOT NULL,
    row_number INTEGER NOT NULL,
    hazard_point TEXT NOT NULL,
    head_name TEXT NOT NULL,
    head_id_number TEXT,
    persons INTEGER NOT NULL,
    must_move INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX threatened_household_area ON threatened_household (area);
CREATE INDEX threatened_household_hazard_point ON threatened_household (hazard_point);

CREATE TABLE lookback_item (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    severity_rank INTEGER NOT NULL,
    item_state TEXT NOT NULL,
    township TEXT,
    household_id TEXT,
    person_id TEXT,
    other_household_id TEXT,
    other_person_id TEXT,
    probability REAL NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX lookback_item_household_id ON lookback_item (household_id);
CREATE INDEX lookback_item_area ON lookback_item (area);
CREATE INDEX lookback_item_rule_severity ON lookback_item (rule, severity);

-- Land.

CREATE TABLE layer (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    content TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX layer_kind ON layer (kind);

CREATE TABLE land_assessment (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    pack TEXT NOT NULL,
    epsg INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

CREATE TABLE candidate (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    assessment_id TEXT NOT NULL,
    code TEXT NOT NULL,
    score REAL NOT NULL,
    capacity_households INTEGER NOT NULL,
    area_m2 REAL NOT NULL,
    slope_percent REAL NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX candidate_assessment_id_code ON candidate (assessment_id, code);

-- Plan.

CREATE TABLE stock_housing (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    name TEXT NOT NULL,
    dwellings INTEGER NOT NULL,
    price INTEGER NOT NULL,
    longitude REAL NOT NULL,
    latitude REAL NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX stock_housing_area ON stock_housing (area);

CREATE TABLE fund (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    year INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

CREATE TABLE plan (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    pack TEXT NOT NULL,
    assessment_id TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;

CREATE TABLE plan_assignment (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    township TEXT,
    destination TEXT NOT NULL,
    site_id TEXT,
    pathway TEXT,
    households INTEGER NOT NULL,
    persons INTEGER NOT NULL,
    distance_m REAL NOT NULL,
    cost INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX plan_assignment_plan_id_site_id ON plan_assignment (plan_id, site_id);
CREATE INDEX plan_assignment_plan_id_area ON plan_assignment (plan_id, area);

CREATE TABLE plan_household (
    plan_id TEXT NOT NULL,
    household_id TEXT NOT NULL,
    assignment_id TEXT NOT NULL REFERENCES plan_assignment (id) ON DELETE CASCADE,
    PRIMARY KEY (household_id, plan_id)
) STRICT;
CREATE INDEX plan_household_assignment_id ON plan_household (assignment_id);

-- Users, sessions, jobs.

CREATE TABLE user_account (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_account_name ON user_account (name);

CREATE TABLE session (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    user_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX session_token_hash ON session (token_hash);
CREATE INDEX session_user_id ON session (user_id);

CREATE TABLE job (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    kind TEXT NOT NULL,
    job_state TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    state TEXT NOT NULL
) STRICT;
