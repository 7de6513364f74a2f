-- Since when a case waits, by the calendar of China; what a posted list is, and its number.

ALTER TABLE identification_case ADD COLUMN waiting_since TEXT NOT NULL DEFAULT '';
UPDATE identification_case SET waiting_since = COALESCE(
    date(json_extract(state, '$.taken[#-1].at'), '+8 hours'), json_extract(state, '$.application.date'));

ALTER TABLE publicity_notice ADD COLUMN kind TEXT NOT NULL DEFAULT 'publicity';
ALTER TABLE publicity_notice ADD COLUMN number_year INTEGER;
ALTER TABLE publicity_notice ADD COLUMN number_serial INTEGER;
CREATE UNIQUE INDEX publicity_notice_number ON publicity_notice (area, kind, number_year, number_serial);
