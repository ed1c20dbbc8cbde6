-- Beside an identifier: whose keys protect what comes under it, and under whom lines of the log stand that another
-- system reported before anybody here knew the patient. Pseudonyms; none in what an earlier version wrote, until
-- the directory is opened to serve.
ALTER TABLE patient_identifier ADD COLUMN owner BLOB;
ALTER TABLE patient_identifier ADD COLUMN stand_in BLOB;
CREATE INDEX patient_identifier_patient ON patient_identifier (patient);
CREATE INDEX patient_identifier_owner ON patient_identifier (owner);
-- Who ever had a number: to know whether it was one person's only.
CREATE INDEX patient_event_what ON patient_event (what) WHERE change = 'claimed';

-- What leads to a person's lines of the log once the dossier is destroyed. It goes with the last of them.
CREATE TABLE erased_identifier (
  pseudonym     BLOB NOT NULL,
  patient       BLOB NOT NULL,
  stand_in      BLOB,
  PRIMARY KEY (pseudonym, patient)
) WITHOUT ROWID;
CREATE INDEX erased_identifier_patient ON erased_identifier (patient);

-- Set once identifiers of an earlier version have been completed.
CREATE TABLE identifiers_completed (one INTEGER PRIMARY KEY CHECK (one = 1));
