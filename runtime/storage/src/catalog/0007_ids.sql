-- Whether rows were sealed since segments were looked through for their ids.
CREATE INDEX segments_by_generation ON segments (model, kind, generation);
