-- Where the files beside the catalog are kept, and the key that marks that place
-- as this data directory's. Without a row they are in the data directory.
CREATE TABLE file_store (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    place TEXT    NOT NULL,
    owner BLOB    NOT NULL
) STRICT;
