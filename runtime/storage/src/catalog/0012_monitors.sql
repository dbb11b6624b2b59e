-- Monitors: what is watched, of a model or of all whose names fit a pattern. `removed` is when it was removed: its name
-- is none any more, and what it had is being swept away.
CREATE TABLE monitors (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    revision   INTEGER NOT NULL,
    model      TEXT    NOT NULL,
    is_pattern INTEGER NOT NULL,
    trigger    TEXT    NOT NULL,
    definition TEXT    NOT NULL,
    paused     INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    removed    INTEGER
) STRICT;
CREATE INDEX monitors_by_model ON monitors (model);
CREATE INDEX monitors_by_pattern ON monitors (id) WHERE is_pattern = 1;
CREATE INDEX monitors_by_trigger ON monitors (trigger) WHERE trigger <> 'time';
CREATE INDEX monitors_removed ON monitors (removed) WHERE removed IS NOT NULL;

-- How many rows ever came of each model; what is dropped later is not taken off.
CREATE TABLE received (
    model       INTEGER PRIMARY KEY REFERENCES models (id),
    predictions INTEGER NOT NULL,
    delayed     INTEGER NOT NULL
) STRICT;

-- Each monitor with each model that it watches, and how far the two have come: instants up to `scheduled_until` are runs
-- or were passed over, rows up to the `seen` ones too. `next_due` is when to look again; without it, at once.
CREATE TABLE watches (
    monitor          INTEGER NOT NULL REFERENCES monitors (id),
    model            INTEGER NOT NULL REFERENCES models (id),
    since            INTEGER NOT NULL,
    scheduled_until  INTEGER NOT NULL,
    next_due         INTEGER,
    seen_predictions INTEGER NOT NULL,
    seen_delayed     INTEGER NOT NULL,
    note             TEXT    NOT NULL,
    PRIMARY KEY (monitor, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX watches_by_due ON watches (next_due);
CREATE INDEX watches_by_model ON watches (model);

-- Runs; the key is that of the evaluation that a run makes. `batch` is the key of the backfill it is part of.
CREATE TABLE runs (
    id         BLOB    PRIMARY KEY,
    monitor    INTEGER NOT NULL REFERENCES monitors (id),
    model      INTEGER NOT NULL REFERENCES models (id),
    reason     TEXT    NOT NULL,
    due        INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    status     TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    batch      BLOB,
    detail     TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    started    INTEGER,
    finished   INTEGER,
    owner      BLOB,
    lease      INTEGER,
    UNIQUE (monitor, model, reason, due)
) STRICT;
CREATE INDEX runs_due ON runs (model, not_before, due) WHERE status = 'due';
CREATE INDEX runs_running ON runs (monitor, model, lease) WHERE status = 'running';
CREATE INDEX runs_by_pair ON runs (monitor, model, due, id);
CREATE INDEX runs_by_model ON runs (model, due, id);
CREATE INDEX runs_by_age ON runs (due, id);
CREATE INDEX runs_by_end ON runs (finished) WHERE finished IS NOT NULL;
CREATE INDEX runs_by_batch ON runs (batch) WHERE batch IS NOT NULL;

-- When each model last had its turn: a count of claims.
CREATE TABLE turns (
    model INTEGER PRIMARY KEY REFERENCES models (id),
    turn  INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_in_order ON turns (turn);

-- What was found, by window, slice and inputs; `superseded` is when a later version took its place.
CREATE TABLE results (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    monitor    INTEGER NOT NULL REFERENCES monitors (id),
    model      INTEGER NOT NULL REFERENCES models (id),
    start      INTEGER NOT NULL,
    "end"      INTEGER NOT NULL,
    slice      TEXT    NOT NULL,
    inputs     TEXT    NOT NULL,
    level      TEXT    NOT NULL,
    rows       INTEGER NOT NULL,
    detail     TEXT    NOT NULL,
    evaluation BLOB    NOT NULL,
    digest     TEXT    NOT NULL,
    checked    INTEGER NOT NULL,
    known      INTEGER NOT NULL,
    superseded INTEGER
) STRICT;
CREATE UNIQUE INDEX results_current ON results (monitor, model, "end", start, slice, inputs) WHERE superseded IS NULL;
CREATE INDEX results_by_window ON results (monitor, model, "end", start, id);
CREATE INDEX results_by_model ON results (model);

-- One alert at a time for each monitor, model, kind, slice and inputs. `look_at` is when to look at it without a run.
CREATE TABLE alerts (
    id       BLOB    PRIMARY KEY,
    monitor  INTEGER NOT NULL REFERENCES monitors (id),
    model    INTEGER NOT NULL REFERENCES models (id),
    kind     TEXT    NOT NULL,
    slice    TEXT    NOT NULL,
    inputs   TEXT    NOT NULL,
    status   TEXT    NOT NULL,
    level    TEXT    NOT NULL,
    opened   INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    resolved INTEGER,
    look_at  INTEGER,
    state    TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_unresolved ON alerts (monitor, model, kind, slice, inputs) WHERE status <> 'resolved';
CREATE INDEX alerts_by_age ON alerts (opened, id);
CREATE INDEX alerts_by_pair ON alerts (monitor, model, opened, id);
CREATE INDEX alerts_by_model ON alerts (model, opened, id);
CREATE INDEX alerts_to_look_at ON alerts (look_at) WHERE look_at IS NOT NULL;

CREATE TABLE alert_events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    alert  BLOB    NOT NULL REFERENCES alerts (id),
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    detail TEXT    NOT NULL
) STRICT;
CREATE INDEX alert_events_by_alert ON alert_events (alert, seq);

CREATE TABLE silences (
    id      BLOB    PRIMARY KEY,
    starts  INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    rule    TEXT    NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX silences_by_end ON silences (ends);

-- Where notices go; `config` has secrets.
CREATE TABLE channels (
    name    TEXT    PRIMARY KEY,
    config  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The outbox: what is to be told, and what was. The key is what receivers know a notice by.
CREATE TABLE deliveries (
    id           BLOB    PRIMARY KEY,
    channel      TEXT    NOT NULL,
    monitor      TEXT,
    model        INTEGER REFERENCES models (id),
    alert        BLOB,
    notice       TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    attempts     INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    settled      INTEGER,
    said         TEXT    NOT NULL,
    owner        BLOB,
    lease        INTEGER
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (next_attempt, id) WHERE status = 'pending';
CREATE INDEX deliveries_in_order ON deliveries (channel, alert, id) WHERE status = 'pending';
CREATE INDEX deliveries_by_age ON deliveries (created, id);
CREATE INDEX deliveries_by_end ON deliveries (settled) WHERE settled IS NOT NULL;
CREATE INDEX deliveries_by_model ON deliveries (model) WHERE model IS NOT NULL;
CREATE INDEX deliveries_by_alert ON deliveries (alert) WHERE alert IS NOT NULL;
