-- Bulk changes as batches that a second person approves, and lists that somebody saved to see them again.

CREATE TABLE bulk_change (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    bulk_state TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    undoes TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX bulk_change_area ON bulk_change (area);
CREATE INDEX bulk_change_undoes ON bulk_change (undoes);

CREATE TABLE saved_view (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    page TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX saved_view_owner_page_name ON saved_view (owner, page, name);
