-- Areas over time: first and last day of a code.

ALTER TABLE area ADD COLUMN valid_from TEXT;
ALTER TABLE area ADD COLUMN valid_to TEXT;
