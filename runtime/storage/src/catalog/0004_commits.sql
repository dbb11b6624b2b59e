-- How many transactions were committed; see mark.rs.
INSERT INTO counters (name, value) VALUES ('commits', 0);
