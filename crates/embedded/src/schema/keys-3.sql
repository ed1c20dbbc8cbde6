-- Destroying data of a patient, from the moment it was decided. Holds pseudonyms only.
CREATE TABLE erasure (
  id            BLOB PRIMARY KEY,
  at            INTEGER NOT NULL,             -- microseconds since 1970
  class         TEXT NOT NULL,
  tombstone     TEXT NOT NULL,                -- JSON, one line
  stage         INTEGER NOT NULL DEFAULT 0    -- 1: keys are destroyed; 2: nothing is left to do
) WITHOUT ROWID;

-- What was declared to forbid it.
CREATE TABLE hold (
  id            BLOB PRIMARY KEY,
  patient       BLOB NOT NULL,
  hold          TEXT NOT NULL                 -- JSON, without PHI
) WITHOUT ROWID;
CREATE INDEX hold_patient ON hold (patient);
