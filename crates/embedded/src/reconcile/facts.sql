-- What the log says, and what the journal says was done: ids and times, no PHI.
CREATE TABLE entry (
  idx           INTEGER PRIMARY KEY,
  id            BLOB NOT NULL,
  recorded      INTEGER,                      -- NULL: it was erased
  kind          TEXT,
  success       INTEGER,
  patient       TEXT,
  message       BLOB,
  told_at       INTEGER NOT NULL,             -- when, by its id
  stage         TEXT                          -- the step of the journal that ends what it is about
);
CREATE TABLE announced (resource TEXT NOT NULL, version INTEGER NOT NULL, idx INTEGER NOT NULL);
CREATE TABLE named (reading INTEGER NOT NULL, resource TEXT NOT NULL, version INTEGER NOT NULL, idx INTEGER NOT NULL);
CREATE TABLE told (notice BLOB NOT NULL, idx INTEGER NOT NULL);
CREATE TABLE register_change (object TEXT NOT NULL, version INTEGER NOT NULL, idx INTEGER NOT NULL);
CREATE TABLE wish (patient TEXT NOT NULL, at INTEGER NOT NULL, idx INTEGER NOT NULL);
-- Patients whose data were destroyed, and until when.
CREATE TABLE erased (patient TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
-- What was destroyed: its tombstone, and the entry that must tell so.
CREATE TABLE tombstone (id BLOB PRIMARY KEY, at INTEGER NOT NULL, entry BLOB NOT NULL) WITHOUT ROWID;
-- From the journal.
CREATE TABLE done (message BLOB NOT NULL, resource TEXT NOT NULL, changed INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE audited (message BLOB NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL);
CREATE TABLE ended (message BLOB NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL);
-- Versions without an entry, found on the way: when they were written.
CREATE TABLE unannounced (at INTEGER NOT NULL);
