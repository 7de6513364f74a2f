-- Wrong passwords by name, second steps at sign-in, and who saw unmasked personal data.

CREATE TABLE sign_in_guard (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    locked_until BIGINT,
    state TEXT COLLATE "C" NOT NULL
);

CREATE TABLE second_factor (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    confirmed BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX second_factor_user_id ON second_factor (user_id);

CREATE TABLE unmasking (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX unmasking_household_id ON unmasking (household_id);
