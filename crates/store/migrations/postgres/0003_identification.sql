-- The procedure of identification: cases, notices, objections.

CREATE TABLE identification_case (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    township TEXT COLLATE "C",
    step TEXT COLLATE "C" NOT NULL,
    ended BOOLEAN NOT NULL,
    suspended BOOLEAN NOT NULL,
    notice_id TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX identification_case_household_id ON identification_case (household_id);
CREATE INDEX identification_case_area_step ON identification_case (area, step);
CREATE INDEX identification_case_step ON identification_case (step);

CREATE TABLE publicity_notice (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    posted_on TEXT COLLATE "C" NOT NULL,
    open_until TEXT COLLATE "C" NOT NULL,
    closed BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX publicity_notice_area ON publicity_notice (area);

CREATE TABLE objection (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    notice_id TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    objection_state TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX objection_notice_id ON objection (notice_id);
CREATE INDEX objection_area ON objection (area);
