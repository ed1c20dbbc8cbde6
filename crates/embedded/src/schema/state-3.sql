-- What happened in the patient index, in order. What an earlier version of the program did has no lines.
CREATE TABLE patient_event (
  n             INTEGER PRIMARY KEY AUTOINCREMENT,
  patient       BLOB NOT NULL,
  at            INTEGER NOT NULL,
  change        TEXT NOT NULL,                -- claimed, released, merged, merged-into
  what          BLOB NOT NULL                 -- a pseudonym, or another patient
);
CREATE INDEX patient_event_patient ON patient_event (patient, n);

-- Patients who want nobody to be told. The newest line of a patient stands.
CREATE TABLE opt_out (
  n             INTEGER PRIMARY KEY AUTOINCREMENT,
  patient       BLOB NOT NULL,
  opted_out     INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  by            TEXT NOT NULL
);
CREATE INDEX opt_out_patient ON opt_out (patient, n);

-- Providers: personal data, no PHI. What is searched, of the newest version.
CREATE TABLE provider (
  id            BLOB PRIMARY KEY,
  version       INTEGER NOT NULL,
  active        INTEGER NOT NULL,
  name          TEXT NOT NULL,                -- folded
  address       TEXT                          -- in lower case
) WITHOUT ROWID;
CREATE INDEX provider_name ON provider (name, id);
CREATE INDEX provider_address ON provider (address) WHERE address IS NOT NULL;

CREATE TABLE provider_identifier (
  system        TEXT NOT NULL,
  value         TEXT NOT NULL,
  provider      BLOB NOT NULL,
  PRIMARY KEY (system, value, provider)
) WITHOUT ROWID;
CREATE INDEX provider_identifier_provider ON provider_identifier (provider);

CREATE TABLE provider_version (
  rowid         INTEGER PRIMARY KEY,
  provider      BLOB NOT NULL,
  version       INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  by            TEXT NOT NULL,
  json          TEXT NOT NULL,                -- all but the certificate
  certificate   BLOB,                         -- DER
  UNIQUE (provider, version)
);

-- One line for each message and provider.
CREATE TABLE notice (
  id            BLOB PRIMARY KEY,
  message       BLOB NOT NULL,
  provider      BLOB NOT NULL,
  event         TEXT NOT NULL,
  protection    TEXT NOT NULL,
  state         TEXT NOT NULL,
  reserved      INTEGER NOT NULL,
  changed       INTEGER NOT NULL,
  receipt       TEXT,
  why           TEXT
) WITHOUT ROWID;
CREATE INDEX notice_changed ON notice (changed, id);
CREATE INDEX notice_state ON notice (state, changed, id);
