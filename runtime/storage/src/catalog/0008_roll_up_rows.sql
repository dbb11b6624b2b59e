-- How many bytes the rows behind a file of kept states took up; unknown for files of earlier releases.
ALTER TABLE rollups ADD COLUMN rows_bytes INTEGER;
