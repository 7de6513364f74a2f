-- Two people for an erasure: it is asked for, and carried out by another person. Those of before were carried out at once.
ALTER TABLE erasure ADD COLUMN erasure_state TEXT COLLATE "C" NOT NULL DEFAULT 'carried_out';
ALTER TABLE erasure ADD COLUMN asked_by TEXT COLLATE "C";
ALTER TABLE erasure ADD COLUMN asked_at BIGINT;

-- A department user is of a department; its data are listed by file.
ALTER TABLE user_account ADD COLUMN department TEXT COLLATE "C";
CREATE INDEX extract_record_kind_file ON extract_record (kind, file);
