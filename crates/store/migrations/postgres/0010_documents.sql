-- Since when a case waits, by the calendar of China; what a posted list is, and its number.

ALTER TABLE identification_case ADD COLUMN waiting_since TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE identification_case SET waiting_since = COALESCE(
    to_char((state::json -> 'taken' -> -1 ->> 'at')::timestamptz AT TIME ZONE 'UTC' + interval '8 hours', 'YYYY-MM-DD'),
    state::json -> 'application' ->> 'date');

ALTER TABLE publicity_notice ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'publicity';
ALTER TABLE publicity_notice ADD COLUMN number_year BIGINT;
ALTER TABLE publicity_notice ADD COLUMN number_serial BIGINT;
CREATE UNIQUE INDEX publicity_notice_number ON publicity_notice (area, kind, number_year, number_serial);
