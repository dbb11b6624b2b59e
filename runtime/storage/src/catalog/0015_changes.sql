-- When what rows say changed last, by their time in stretches: of each the last place in the order of arrival of what came
-- for its rows or took some away. `column` is a delayed metric that came; empty when rows themselves came or went. Only of
-- models that are watched.
CREATE TABLE changes (
    model    INTEGER NOT NULL REFERENCES models (id),
    "column" TEXT    NOT NULL,
    start    INTEGER NOT NULL,
    "end"    INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    PRIMARY KEY (model, "column", start, "end")
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_place ON changes (model, place);

-- How far in the order of arrival the rows of a result were read, and what else tells whether it still holds; of earlier
-- results nobody knows.
ALTER TABLE results ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN basis TEXT NOT NULL DEFAULT '';
CREATE INDEX results_by_place ON results (model, place) WHERE superseded IS NULL;
