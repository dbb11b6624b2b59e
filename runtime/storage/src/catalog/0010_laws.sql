-- What became of the laws that a plugin claims to keep, as JSON; null when nobody has looked.
ALTER TABLE plugins ADD COLUMN laws TEXT;
