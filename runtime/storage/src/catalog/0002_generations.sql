-- Generations tell which delayed metrics are in which segments of predictions
-- already: a listing transaction draws one from the counter for the rows that
-- are new in segments; files made of others take the largest of theirs. The
-- values of delayed metrics are in every segment of predictions whose
-- generation is at most `applied`.

CREATE TABLE counters (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('generation', 1);

ALTER TABLE segments ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE segments ADD COLUMN applied INTEGER NOT NULL DEFAULT 0;

-- When the first and the last of the delayed rows arrived.
ALTER TABLE segments ADD COLUMN first_received INTEGER;
ALTER TABLE segments ADD COLUMN last_received INTEGER;
UPDATE segments SET first_received = created, last_received = created WHERE kind = 1;

-- Of predictions: how many have labels, and how late they came, day by day.
ALTER TABLE segments ADD COLUMN labels BLOB;

-- How many ids got delayed metrics but no prediction, until these expired.
ALTER TABLE models ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
