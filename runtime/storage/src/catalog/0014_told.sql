-- Which alerts a delivery tells of: one notice may tell of several, and who is told of one is told in order.
CREATE TABLE told (
    delivery BLOB NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    alert    BLOB NOT NULL,
    PRIMARY KEY (delivery, alert)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_alert ON told (alert, delivery);
INSERT OR IGNORE INTO told SELECT id, alert FROM deliveries WHERE alert IS NOT NULL;
INSERT OR IGNORE INTO told
    SELECT d.id, unhex(a.value ->> '$.id', '-') FROM deliveries d,
        json_each(CASE WHEN json_valid(d.notice) THEN d.notice ELSE '{}' END, '$.alerts') a
    WHERE unhex(a.value ->> '$.id', '-') IS NOT NULL;

DROP INDEX deliveries_in_order;
CREATE INDEX deliveries_by_channel ON deliveries (channel, lease) WHERE status = 'pending';
