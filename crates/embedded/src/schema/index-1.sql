CREATE TABLE shard (
  shard         INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  through       INTEGER NOT NULL DEFAULT 0,   -- entries below this are recorded
  last_bundle   INTEGER
);

CREATE TABLE entry (
  shard         INTEGER NOT NULL,
  id            BLOB NOT NULL,
  idx           INTEGER NOT NULL,
  bundle        INTEGER NOT NULL,
  PRIMARY KEY (shard, id)
) WITHOUT ROWID;
CREATE INDEX entry_idx ON entry (shard, idx, bundle);

CREATE TABLE entry_key (
  shard         INTEGER NOT NULL,
  key           TEXT NOT NULL,                -- a pseudonym
  at            INTEGER NOT NULL,
  idx           INTEGER NOT NULL,
  bundle        INTEGER NOT NULL,
  PRIMARY KEY (shard, key, at, idx)
) WITHOUT ROWID;
CREATE INDEX entry_key_idx ON entry_key (shard, idx, bundle);
