//! The events about who is who, for people.

use crate::mapping::{Event as EventRow, official, own};

/// The events about persons that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    own(
        "A18",
        "merge patient information",
        "the Patient of MRG is replaced by the one of PID, and its Account",
    ),
    own("A24", "link patients", "both Patients have a link to each other: see also"),
    official("A28", "add person", "Patient, in use"),
    own("A29", "delete person", "the Patient is no longer in use; nothing is erased, and A28 takes it back"),
    own("A30", "merge person", "the Patient of MRG is replaced by the one of PID"),
    official("A31", "update person", "Patient"),
    own("A34", "merge patients, by number only", "the Patient of MRG is replaced by the one of PID"),
    own("A35", "merge accounts", "the Account of MRG-3 is replaced by the one of PID-18"),
    own("A36", "merge patients and accounts", "Patient and Account of MRG are replaced by those of PID"),
    own("A37", "unlink patients", "the link between both Patients is taken away"),
    own("A39", "merge persons", "the Patient of MRG is replaced by the one of PID"),
    own("A40", "merge patients", "the Patient of MRG is replaced by the one of PID"),
    own("A41", "merge accounts", "the Account of MRG-3 is replaced by the one of PID-18"),
    own("A42", "merge visits", "the Encounter of MRG-5 is replaced by the one of PV1-19"),
    own(
        "A43",
        "move a patient number",
        "all told under a number goes to the Patient of the other numbers of PID",
    ),
    own(
        "A44",
        "move an account",
        "Account, its Encounters and all that hangs on them have the Patient of PID",
    ),
    own("A45", "move a visit", "the Encounter and all that hangs on it have the Patient of PID"),
    own(
        "A46",
        "change a patient number",
        "the Patient of PID takes the place of the one of MRG: it is the same",
    ),
    own(
        "A47",
        "change patient numbers",
        "the Patient of PID takes the place of the one of MRG: it is the same",
    ),
    own("A49", "change an account number", "the Account of PID-18 takes the place of the one of MRG-3"),
    own("A50", "change a visit number", "the Encounter of PV1-19 takes the place of the one of MRG-5"),
    own("A51", "change an alternate visit number", "the old number of the Encounter stands as an old one"),
    own("A60", "update allergies", "AllergyIntolerance, Patient and Encounter"),
    own("A61", "change of consulting doctor", "the Encounter has the consulting doctors of PV1-9"),
    own("A62", "cancel change of consulting doctor", "the Encounter has the consulting doctors of PV1-9"),
];
