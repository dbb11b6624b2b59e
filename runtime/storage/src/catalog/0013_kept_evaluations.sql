-- The run of a monitor that made the evaluation: of these there are many, and they go after a while.
ALTER TABLE evaluations ADD COLUMN run BLOB;
UPDATE evaluations SET run = id WHERE id IN (SELECT id FROM runs UNION SELECT evaluation FROM results);
CREATE INDEX evaluations_of_runs ON evaluations (created, id) WHERE run IS NOT NULL;

-- Those that a stop of the server cuts off: few of many.
CREATE INDEX evaluations_under_way ON evaluations (status, created, id) WHERE status IN ('queued', 'running');
