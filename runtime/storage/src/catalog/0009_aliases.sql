-- Every move of every alias of a plugin; the last one says where it is. Without a digest it was removed.
CREATE TABLE alias_moves (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin TEXT    NOT NULL,
    alias  TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    digest BLOB    REFERENCES plugins (digest),
    moved  INTEGER NOT NULL
) STRICT;
CREATE INDEX alias_moves_by_alias ON alias_moves (plugin, alias, seq);

-- Who vouches for a plugin: signatures over its digest, one for each key.
CREATE TABLE plugin_signatures (
    digest    BLOB    NOT NULL REFERENCES plugins (digest),
    key       BLOB    NOT NULL,
    signature BLOB    NOT NULL,
    added     INTEGER NOT NULL,
    PRIMARY KEY (digest, key)
) STRICT, WITHOUT ROWID;
