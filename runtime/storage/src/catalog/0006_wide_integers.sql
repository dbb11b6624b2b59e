-- Columns of integers that a float would round never become columns of floats.

ALTER TABLE columns ADD COLUMN wide INTEGER NOT NULL DEFAULT 0;
