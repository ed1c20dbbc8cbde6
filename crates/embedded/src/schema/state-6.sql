-- Who stood in the log for a person before anybody here knew them stays with the first who had the number, also when
-- it was moved to somebody else: the lines from before are about the first.
CREATE TABLE released_stand_in (
  pseudonym     BLOB PRIMARY KEY,
  patient       BLOB NOT NULL,
  stand_in      BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX released_stand_in_patient ON released_stand_in (patient);

-- An earlier version let it follow the number.
INSERT OR IGNORE INTO released_stand_in (pseudonym, patient, stand_in)
  SELECT i.pseudonym, e.patient, i.stand_in
  FROM patient_identifier i JOIN patient_event e ON e.what = i.pseudonym AND e.change = 'claimed'
  WHERE i.stand_in IS NOT NULL AND e.patient <> i.patient
    AND e.n = (SELECT min(n) FROM patient_event WHERE what = i.pseudonym AND change = 'claimed');
UPDATE patient_identifier SET stand_in = NULL
  WHERE pseudonym IN (SELECT pseudonym FROM released_stand_in)
    OR EXISTS (SELECT 1 FROM erased_identifier e
               WHERE e.pseudonym = patient_identifier.pseudonym AND e.patient <> patient_identifier.patient
                 AND e.stand_in IS NOT NULL);
