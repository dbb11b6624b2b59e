-- For how many days roll-ups are kept; `retention_days` is about rows.
ALTER TABLE models ADD COLUMN summary_days INTEGER;
-- Rows with earlier times are no longer to be seen; a whole hour.
ALTER TABLE models ADD COLUMN horizon INTEGER;
-- When it was deleted: its name is none any more, and what it had is being erased.
ALTER TABLE models ADD COLUMN deleted INTEGER;
-- Goes into the hashes of its forgotten ids.
ALTER TABLE models ADD COLUMN salt BLOB;

-- Rows before `rolled` went into roll-ups; the file still has `rolled_rows` of them.
ALTER TABLE segments ADD COLUMN rolled INTEGER;
ALTER TABLE segments ADD COLUMN rolled_rows INTEGER NOT NULL DEFAULT 0;

-- What is computed of a model, one way each: plugin, parameters, inputs, condition, slices.
CREATE TABLE definitions (
    model      INTEGER NOT NULL REFERENCES models (id),
    key        BLOB    NOT NULL,
    definition TEXT    NOT NULL,
    used       INTEGER NOT NULL,
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;

-- Files of kept states, listed like segments. `grain` is 0 for hours, 1 for days, 2 for months.
CREATE TABLE rollups (
    id      BLOB    PRIMARY KEY,
    model   INTEGER NOT NULL REFERENCES models (id),
    grain   INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    "end"   INTEGER NOT NULL,
    states  INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    digest  BLOB    NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX rollups_by_model ON rollups (model, start);

-- The stretches of time whose rows are all in the kept states of a definition.
CREATE TABLE covered (
    model      INTEGER NOT NULL REFERENCES models (id),
    definition BLOB    NOT NULL,
    start      INTEGER NOT NULL,
    "end"      INTEGER NOT NULL,
    PRIMARY KEY (model, definition, start)
) STRICT, WITHOUT ROWID;

-- What is to be erased, and what was. A prediction's id is kept only until it is;
-- `model` refers to no row, because this outlives the model.
CREATE TABLE deletions (
    id         BLOB    PRIMARY KEY,
    model      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    prediction BLOB,
    stage      INTEGER NOT NULL,
    rows       INTEGER NOT NULL,
    kept       INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    finished   INTEGER
) STRICT;
CREATE INDEX deletions_by_model ON deletions (model, stage);

-- Salted hashes of deleted ids, whose late rows are dropped.
CREATE TABLE forgotten (
    model INTEGER NOT NULL REFERENCES models (id),
    hash  BLOB    NOT NULL,
    PRIMARY KEY (model, hash)
) STRICT, WITHOUT ROWID;

-- Always empty, but for the moment in which free pages are overwritten.
CREATE TABLE blank (zeros BLOB NOT NULL) STRICT;
