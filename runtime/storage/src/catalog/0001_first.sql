-- Times are microseconds since 1970-01-01 UTC; ids and digests are raw bytes.

CREATE TABLE models (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL UNIQUE,
    description    TEXT,
    tags           TEXT    NOT NULL,
    lineage        TEXT,
    retention_days INTEGER,
    created        INTEGER NOT NULL
) STRICT;

CREATE TABLE columns (
    model    INTEGER NOT NULL REFERENCES models (id),
    position INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    PRIMARY KEY (model, position),
    UNIQUE (model, name)
) STRICT, WITHOUT ROWID;

-- The append log: acknowledged rows that are in no segment yet. The body comes
-- last, so that reading the other columns never touches its pages.
CREATE TABLE log (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    model    INTEGER NOT NULL REFERENCES models (id),
    kind     INTEGER NOT NULL,
    rows     INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    received INTEGER NOT NULL,
    min_time INTEGER,
    max_time INTEGER,
    min_id   BLOB    NOT NULL,
    max_id   BLOB    NOT NULL,
    checksum INTEGER NOT NULL,
    body     BLOB    NOT NULL
) STRICT;
CREATE INDEX log_by_model ON log (model, kind, seq, rows, bytes, received, min_time, max_time);

-- Sealed rows: one Parquet file each. The log rows first_seq to last_seq of
-- this model and kind went into it (and into its siblings of the same range).
CREATE TABLE segments (
    id        BLOB    PRIMARY KEY,
    model     INTEGER NOT NULL REFERENCES models (id),
    kind      INTEGER NOT NULL,
    rows      INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    min_time  INTEGER,
    max_time  INTEGER,
    min_id    BLOB    NOT NULL,
    max_id    BLOB    NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    digest    BLOB    NOT NULL,
    created   INTEGER NOT NULL
) STRICT;
CREATE INDEX segments_by_model ON segments (model, kind, max_time, min_time);

CREATE TABLE retries (
    model       INTEGER NOT NULL REFERENCES models (id),
    kind        INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    answer      TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    PRIMARY KEY (model, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX retries_by_age ON retries (created);

CREATE TABLE datasets (
    model   INTEGER NOT NULL REFERENCES models (id),
    name    TEXT    NOT NULL,
    file    BLOB    NOT NULL,
    rows    INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    columns TEXT    NOT NULL,
    digest  BLOB    NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (model, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE plugins (
    digest      BLOB    PRIMARY KEY,
    name        TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    description TEXT    NOT NULL,
    size_bytes  INTEGER NOT NULL,
    installed   INTEGER NOT NULL,
    retired     INTEGER,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE evaluations (
    id       BLOB    PRIMARY KEY,
    model    INTEGER NOT NULL REFERENCES models (id),
    plugin   TEXT    NOT NULL,
    status   TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    finished INTEGER,
    request  TEXT    NOT NULL,
    result   TEXT    NOT NULL
) STRICT;
CREATE INDEX evaluations_by_age ON evaluations (created, id);
CREATE INDEX evaluations_by_model ON evaluations (model, created, id);

CREATE TABLE aggregates (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    model      INTEGER NOT NULL REFERENCES models (id),
    start      INTEGER NOT NULL,
    "end"      INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    value      REAL,
    slice      TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    evaluation BLOB    REFERENCES evaluations (id),
    labels     TEXT    NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX aggregates_by_start ON aggregates (model, start, id);
CREATE INDEX aggregates_by_evaluation ON aggregates (evaluation);
