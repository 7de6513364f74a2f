-- Two people for an erasure: it is asked for, and carried out by another person. Those of before were carried out at once.
ALTER TABLE erasure ADD COLUMN erasure_state TEXT NOT NULL DEFAULT 'carried_out';
ALTER TABLE erasure ADD COLUMN asked_by TEXT;
ALTER TABLE erasure ADD COLUMN asked_at INTEGER;

-- A department user is of a department; its data are listed by file.
ALTER TABLE user_account ADD COLUMN department TEXT;
CREATE INDEX extract_record_kind_file ON extract_record (kind, file);
