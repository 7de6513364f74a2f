-- Lists and searches of the register that read no more than they show, also of a million households.

-- What a search field finds a household by: names from their first, second and third character, the initials of their
-- readings, and register number and phone from their end.
ALTER TABLE household DROP COLUMN search;
ALTER TABLE household ADD COLUMN facet TEXT NOT NULL DEFAULT '';
ALTER TABLE household ADD COLUMN register_number_reversed TEXT NOT NULL DEFAULT '';
ALTER TABLE household ADD COLUMN phone_reversed TEXT;
ALTER TABLE person ADD COLUMN register_number TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN area TEXT;
ALTER TABLE person ADD COLUMN given_search TEXT;
ALTER TABLE person ADD COLUMN end_search TEXT;
ALTER TABLE person ADD COLUMN initials TEXT;

DROP INDEX household_area;
DROP INDEX household_township;
CREATE INDEX household_area ON household (area, register_number);
CREATE INDEX household_head_name ON household (head_name, register_number);
CREATE INDEX household_persons ON household (persons, register_number);
CREATE INDEX household_township ON household (township, register_number);
CREATE INDEX household_township_head_name ON household (township, head_name, register_number);
CREATE INDEX household_township_persons ON household (township, persons, register_number);
CREATE INDEX household_facet ON household (facet, area, register_number);
CREATE INDEX household_position ON household (longitude, latitude);
CREATE INDEX household_register_number_area ON household (register_number, area, status);
CREATE INDEX household_register_number_reversed ON household (register_number_reversed);
CREATE INDEX household_phone_reversed ON household (phone_reversed);
CREATE INDEX person_name_search ON person (name_search, register_number, area);
CREATE INDEX person_given_search ON person (given_search, register_number, area);
CREATE INDEX person_end_search ON person (end_search, register_number, area);
CREATE INDEX person_initials ON person (initials, register_number, area);
CREATE INDEX lookback_item_item_state ON lookback_item (item_state, household_id);

-- Households and persons of each county, township and village by what lists filter by most.
CREATE TABLE household_tally (
    area TEXT NOT NULL,
    facet TEXT NOT NULL,
    households INTEGER NOT NULL,
    persons INTEGER NOT NULL,
    PRIMARY KEY (area, facet)
) STRICT;
