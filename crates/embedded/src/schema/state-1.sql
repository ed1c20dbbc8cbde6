-- Queues. A group is deliverable when none of its messages is in flight.
CREATE TABLE queue_message (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  queue         TEXT NOT NULL,
  grp           TEXT NOT NULL,
  id            TEXT NOT NULL,
  body          TEXT NOT NULL,
  sent          INTEGER NOT NULL,             -- microseconds since 1970, as all times here
  receive_count INTEGER NOT NULL DEFAULT 0,
  receipt       TEXT,                         -- of the last delivery
  visible_at    INTEGER NOT NULL DEFAULT 0    -- in flight until then
);
CREATE INDEX queue_message_group ON queue_message (queue, grp, seq);
CREATE UNIQUE INDEX queue_message_receipt ON queue_message (queue, receipt) WHERE receipt IS NOT NULL;
CREATE INDEX queue_message_in_flight ON queue_message (queue, grp, visible_at) WHERE receipt IS NOT NULL;

CREATE TABLE queue_group (
  queue         TEXT NOT NULL,
  grp           TEXT NOT NULL,
  first_seq     INTEGER NOT NULL,             -- the oldest message that waits or is in flight
  blocked_until INTEGER NOT NULL DEFAULT 0,   -- the latest visible_at of those in flight
  PRIMARY KEY (queue, grp)
) WITHOUT ROWID;
CREATE INDEX queue_group_order ON queue_group (queue, first_seq, blocked_until);
CREATE INDEX queue_group_blocked ON queue_group (queue, blocked_until);

CREATE TABLE queue_sent (
  queue         TEXT NOT NULL,
  deduplication TEXT NOT NULL,
  id            TEXT NOT NULL,
  at            INTEGER NOT NULL,
  PRIMARY KEY (queue, deduplication)
) WITHOUT ROWID;
CREATE INDEX queue_sent_at ON queue_sent (at);

-- Raw messages and documents about them: AES-256-GCM ciphertext.
CREATE TABLE payload (
  rowid         INTEGER PRIMARY KEY,
  message       BLOB NOT NULL UNIQUE,
  received      INTEGER NOT NULL,
  key           BLOB NOT NULL,
  ciphertext    BLOB NOT NULL
);
CREATE INDEX payload_received ON payload (received, message);

CREATE TABLE note (
  rowid         INTEGER PRIMARY KEY,
  message       BLOB NOT NULL,
  name          TEXT NOT NULL,
  key           BLOB NOT NULL,
  ciphertext    BLOB NOT NULL,
  UNIQUE (message, name)
);

CREATE TABLE dead_letter (
  message       BLOB PRIMARY KEY,
  received      INTEGER NOT NULL,
  letter        TEXT NOT NULL                 -- JSON, without PHI
) WITHOUT ROWID;
CREATE INDEX dead_letter_received ON dead_letter (received, message);

CREATE TABLE way (
  message       BLOB PRIMARY KEY,
  first_at      INTEGER NOT NULL,
  queued        INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX way_first ON way (first_at, message);

CREATE TABLE way_step (
  message       BLOB NOT NULL,
  at            INTEGER NOT NULL,
  n             INTEGER NOT NULL,             -- order among steps of one moment
  stage         TEXT NOT NULL,                -- JSON, without PHI
  PRIMARY KEY (message, at, n)
) WITHOUT ROWID;

-- Identifiers as pseudonyms.
CREATE TABLE patient_identifier (
  pseudonym     BLOB PRIMARY KEY,
  patient       BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE patient_merge (
  old           BLOB PRIMARY KEY,
  new           BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX patient_merge_new ON patient_merge (new);
