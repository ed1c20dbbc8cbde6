CREATE TABLE data_key (
  id            BLOB PRIMARY KEY,             -- random UUID
  owner         BLOB NOT NULL,                -- pseudonym
  class         TEXT NOT NULL,
  wrapped       BLOB NOT NULL,                -- nonce, ciphertext, tag
  made          INTEGER NOT NULL,
  UNIQUE (owner, class, made, id)
) WITHOUT ROWID;

-- What was destroyed, to be destroyed again after a backup was put back.
CREATE TABLE tombstone (
  id            BLOB PRIMARY KEY,
  owner         BLOB NOT NULL,
  class         TEXT NOT NULL,
  destroyed     INTEGER NOT NULL
) WITHOUT ROWID;

-- Counts destructions, so that every process notices that its cache holds keys no more.
CREATE TABLE generation (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL);
INSERT INTO generation VALUES (1, 0);
