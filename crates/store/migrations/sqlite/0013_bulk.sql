-- Bulk changes as batches that a second person approves, and lists that somebody saved to see them again.

CREATE TABLE bulk_change (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    bulk_state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    undoes TEXT,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX bulk_change_area ON bulk_change (area);
CREATE INDEX bulk_change_undoes ON bulk_change (undoes);

CREATE TABLE saved_view (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    owner TEXT NOT NULL,
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX saved_view_owner_page_name ON saved_view (owner, page, name);
