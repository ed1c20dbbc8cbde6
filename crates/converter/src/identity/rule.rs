//! The table of natural keys. `docs/identity.md` shows the same; a test compares them.

use super::natural_key::Part::{Clear, Pseudonym};
use super::natural_key::Rule;

/// A patient, by the identifier that the sender's profile names; without one the first kind that is
/// there: PI, MR, PT, another that is neither visit nor account number nor BSN, and only then the BSN.
/// A BSN that fails the 11-test is nobody's, and never the key.
pub const PATIENT: Rule = Rule::sound("Patient", &[Pseudonym("authority, identifier")]);
/// A patient without identifier in PID-3, by PID-2, PID-4 or PID-18.
pub const PATIENT_BY_OTHER_NUMBER: Rule = Rule::last_resort(
    "Patient/other-number",
    &[Clear("sender"), Pseudonym("PID-2, PID-4 or PID-18")],
    "patient-by-other-number",
);
/// A patient without any number.
pub const PATIENT_BY_NAME: Rule = Rule::last_resort(
    "Patient/name",
    &[Clear("sender"), Pseudonym("family name, given name, birth date")],
    "patient-by-name",
);
/// A patient of whom nothing is known: another one in each message.
pub const PATIENT_OF_MESSAGE: Rule = Rule::last_resort(
    "Patient/message",
    &[Clear("sender"), Pseudonym("the whole message")],
    "patient-unknown",
);
/// A visit.
pub const ENCOUNTER: Rule = Rule::sound("Encounter", &[Pseudonym("authority, visit number")]);
/// A visit without visit number, by the account number (PID-18).
pub const ENCOUNTER_BY_ACCOUNT: Rule =
    Rule::last_resort("Encounter/account", &[Clear("account")], "visit-by-account-number");
/// A visit by another number of it (PV1-50).
pub const ENCOUNTER_BY_ALTERNATE: Rule = Rule::last_resort(
    "Encounter/alternate",
    &[Pseudonym("authority, alternate visit number")],
    "visit-by-alternate-number",
);
/// A visit by the number of its pre-admission (PV1-5).
pub const ENCOUNTER_BY_PREADMISSION: Rule = Rule::last_resort(
    "Encounter/pre-admission",
    &[Pseudonym("authority, pre-admission number")],
    "visit-by-preadmission-number",
);
/// A visit without any number, in a message that registers visits.
pub const ENCOUNTER_BY_ADMISSION: Rule = Rule::last_resort(
    "Encounter/admission",
    &[Clear("patient"), Pseudonym("time of admission or else of the event")],
    "visit-by-admission-time",
);
/// A professional, by AGB, UZI, BIG or another number.
pub const PRACTITIONER: Rule = Rule::sound("Practitioner", &[Clear("authority, identifier")]);
/// A professional without number.
pub const PRACTITIONER_BY_NAME: Rule =
    Rule::sound("Practitioner/name", &[Clear("sender"), Pseudonym("family name, given names")]);
/// What a professional does for an organisation.
pub const PRACTITIONER_ROLE: Rule =
    Rule::sound("PractitionerRole", &[Clear("practitioner"), Clear("organization, if any")]);
/// An organisation, by AGB, URA, UZOVI or another number.
pub const ORGANIZATION: Rule = Rule::sound("Organization", &[Clear("authority, identifier")]);
/// An organisation without number.
pub const ORGANIZATION_BY_NAME: Rule = Rule::sound("Organization/name", &[Clear("sender"), Clear("name")]);
/// A ward, room or bed: the path from the facility down to it.
pub const LOCATION: Rule =
    Rule::sound("Location", &[Clear("sender"), Clear("facility, building, floor, point of care, room, bed")]);
/// Someone who stands in a relation to the patient.
pub const RELATED_PERSON: Rule = Rule::sound(
    "RelatedPerson",
    &[Clear("patient"), Clear("relationship"), Pseudonym("family name, given name, or organisation")],
);
/// Those who care for a patient.
pub const CARE_TEAM: Rule = Rule::sound("CareTeam", &[Clear("patient")]);
/// A device, by its number.
pub const DEVICE: Rule = Rule::sound("Device", &[Clear("authority, identifier")]);
/// A device without number.
pub const DEVICE_BY_UDI: Rule =
    Rule::sound("Device/udi", &[Clear("UDI, lot, serial number, donation number, type")]);
/// What a patient agreed to.
pub const CONSENT: Rule = Rule::sound("Consent", &[Clear("patient"), Pseudonym("number, or type and time")]);
/// An insurance.
pub const COVERAGE: Rule = Rule::sound(
    "Coverage",
    &[Clear("patient"), Clear("insurer"), Pseudonym("policy or insured's number, or plan")],
);
/// An allergy or intolerance.
pub const ALLERGY: Rule =
    Rule::sound("AllergyIntolerance", &[Clear("patient"), Clear("system and code, or text")]);
/// A diagnosis of a visit.
pub const CONDITION: Rule = Rule::sound(
    "Condition",
    &[Clear("patient"), Clear("encounter, if any"), Clear("system and code, or text")],
);
/// A result, by the order it belongs to.
pub const OBSERVATION: Rule = Rule::sound(
    "Observation",
    &[Pseudonym("authority, filler order number"), Clear("OBR-4"), Clear("OBX-3"), Clear("OBX-4")],
);
/// A result that stands outside an order (in an ADT message), or whose order has no number.
pub const OBSERVATION_OF_PATIENT: Rule = Rule::sound(
    "Observation/patient",
    &[
        Clear("patient"),
        Clear("encounter, if any"),
        Clear("OBX-3"),
        Clear("OBX-4"),
        Pseudonym("OBX-14, else OBR-7, else OBR-22, else the whole message"),
    ],
);
/// A result about a specimen as such, before its orders (OUL^R22).
pub const OBSERVATION_OF_SPECIMEN: Rule =
    Rule::sound("Observation/specimen", &[Clear("specimen"), Clear("OBX-3"), Clear("OBX-4")]);
/// A result that nothing but its position tells from another.
pub const OBSERVATION_BY_POSITION: Rule = Rule::last_resort(
    "Observation/position",
    &[Clear("the id of the report, visit or patient"), Clear("OBX-3"), Clear("OBX-4"), Clear("position")],
    "observation-by-position",
);
/// A report.
pub const REPORT: Rule =
    Rule::sound("DiagnosticReport", &[Pseudonym("authority, filler order number"), Clear("OBR-4")]);
/// A report without any order number.
pub const REPORT_BY_TIME: Rule = Rule::last_resort(
    "DiagnosticReport/time",
    &[Clear("patient"), Clear("OBR-4"), Pseudonym("OBR-7, else OBR-22, else the whole message")],
    "report-without-order-number",
);
/// A specimen.
pub const SPECIMEN: Rule =
    Rule::sound("Specimen", &[Clear("patient"), Pseudonym("authority, specimen number")]);
/// A specimen without number.
pub const SPECIMEN_OF_REPORT: Rule =
    Rule::sound("Specimen/report", &[Clear("report"), Clear("type"), Pseudonym("time of collection")]);
/// A document or note.
pub const DOCUMENT: Rule = Rule::sound(
    "DocumentReference",
    &[Clear("patient"), Pseudonym("authority, document number, or what it belongs to")],
);
/// A note in a registration message, by what its sender calls it, else by kind and time.
pub const NOTE: Rule = Rule::sound(
    "DocumentReference/note",
    &[Clear("patient"), Pseudonym("visit or patient, and OBX-21; without it OBX-3, OBX-4, OBX-14")],
);
/// A note in a registration message that nothing but its text tells from another.
pub const NOTE_BY_TEXT: Rule = Rule::sound(
    "DocumentReference/text",
    &[Clear("patient"), Pseudonym("visit or patient, OBX-3, OBX-4, the text")],
);
/// A document that a document message is about.
pub const DOCUMENT_BY_NUMBER: Rule =
    Rule::sound("DocumentReference/number", &[Pseudonym("authority, document number")]);
/// The same without a number.
pub const DOCUMENT_BY_CIRCUMSTANCES: Rule = Rule::last_resort(
    "DocumentReference/circumstances",
    &[
        Clear("patient"),
        Pseudonym(
            "TXA-2, TXA-4, TXA-6, TXA-14, TXA-15, TXA-16, and where they say nothing the whole message",
        ),
    ],
    "document-without-number",
);
/// An order.
pub const SERVICE_REQUEST: Rule =
    Rule::sound("ServiceRequest", &[Pseudonym("authority, placer or filler order number")]);
/// An order without any number.
pub const SERVICE_REQUEST_BY_TIME: Rule = Rule::last_resort(
    "ServiceRequest/time",
    &[
        Clear("patient"),
        Clear("OBR-4"),
        Pseudonym("ORC-4, else ORC-9, else OBR-6, else OBR-7, else the whole message"),
    ],
    "order-without-number",
);
/// A medicine, of its prescription, dispense or administration.
pub const MEDICATION: Rule = Rule::sound("Medication", &[Clear("prescription, dispense or administration")]);
/// A prescription.
pub const MEDICATION_REQUEST: Rule =
    Rule::sound("MedicationRequest", &[Pseudonym("authority, placer or filler order number")]);
/// What a pharmacy made of a prescription (RXE).
pub const MEDICATION_ENCODED: Rule =
    Rule::sound("MedicationRequest/encoded", &[Pseudonym("authority, placer or filler order number")]);
/// A prescription of several that have one number in a message.
pub const MEDICATION_REQUEST_BY_CODE: Rule = Rule::last_resort(
    "MedicationRequest/code",
    &[Pseudonym("authority, placer or filler order number"), Clear("intent"), Clear("RXO-1, RXE-2")],
    "several-prescriptions-of-one-number",
);
/// The instruction to give one dose (RXG).
pub const MEDICATION_DOSE: Rule = Rule::sound(
    "MedicationRequest/dose",
    &[Pseudonym("authority, placer or filler order number"), Clear("RXG-1"), Pseudonym("TQ1-7, else RXG-3")],
);
/// A prescription without number.
pub const MEDICATION_REQUEST_BY_TIME: Rule = Rule::last_resort(
    "MedicationRequest/time",
    &[
        Clear("patient"),
        Clear("intent"),
        Clear("RXO-1, RXE-2 or RXG-4"),
        Pseudonym("ORC-9, else the whole message; RXG-1 and its time"),
    ],
    "order-without-number",
);
/// A dispense.
pub const MEDICATION_DISPENSE: Rule = Rule::sound(
    "MedicationDispense",
    &[
        Clear("patient"),
        Pseudonym("authority, filler or placer order number, if any"),
        Clear("RXD-1"),
        Clear("RXD-2"),
        Pseudonym("RXD-3; without it and a number the whole message"),
    ],
);
/// An administration.
pub const MEDICATION_ADMINISTRATION: Rule = Rule::sound(
    "MedicationAdministration",
    &[
        Clear("patient"),
        Pseudonym("authority, filler or placer order number, if any"),
        Clear("RXA-1, RXA-2"),
        Clear("RXA-5"),
        Pseudonym("RXA-3; without it and a number the whole message"),
    ],
);
/// A vaccination.
pub const IMMUNIZATION: Rule = Rule::sound("Immunization", &[Pseudonym("authority, filler order number")]);
/// A vaccination without a number of its own.
pub const IMMUNIZATION_BY_VACCINE: Rule = Rule::sound(
    "Immunization/vaccine",
    &[Clear("patient"), Clear("RXA-5"), Pseudonym("day of RXA-3, else the whole message")],
);
/// A further prescription, dispense, administration or vaccination of the same key in a message.
pub const MEDICATION_BY_POSITION: Rule = Rule::last_resort(
    "Medication/position",
    &[Clear("the id that the key gives"), Clear("position")],
    "medication-by-position",
);
/// What is asked of whoever fills an order: one for each request.
pub const TASK: Rule = Rule::sound("Task", &[Clear("request")]);
/// An appointment.
pub const APPOINTMENT: Rule =
    Rule::sound("Appointment", &[Pseudonym("authority, filler or placer appointment number, occurrence")]);
/// An appointment without number: another one in each message.
pub const APPOINTMENT_OF_MESSAGE: Rule =
    Rule::last_resort("Appointment/message", &[Pseudonym("the whole message")], "appointment-without-number");
/// Whose time slots are of.
pub const SCHEDULE: Rule = Rule::sound("Schedule", &[Clear("sender"), Clear("person, place or device")]);
/// A stretch of time that is blocked or free.
pub const SLOT: Rule = Rule::sound("Slot", &[Clear("appointment"), Clear("schedule")]);
/// What a message was about.
pub const MESSAGE_HEADER: Rule = Rule::sound("MessageHeader", &[Pseudonym("the whole message")]);
/// Where the content of a message's resources comes from.
pub const PROVENANCE: Rule = Rule::sound("Provenance", &[Pseudonym("the whole message")]);

/// The person who took out an insurance (IN1-16), where it is not the patient.
pub const INSURED: Rule = Rule::sound(
    "RelatedPerson/insured",
    &[Clear("patient"), Pseudonym("family name, given name; without them the insured's number")],
);
/// Who pays what the insurances do not (GT1).
pub const GUARANTOR: Rule = Rule::sound(
    "RelatedPerson/guarantor",
    &[Clear("patient"), Pseudonym("family name, given name; without them the guarantor's number")],
);
/// An account.
pub const ACCOUNT: Rule = Rule::sound("Account", &[Pseudonym("authority, account number")]);
/// The account of a visit that has no account number.
pub const ACCOUNT_OF_VISIT: Rule = Rule::sound("Account/visit", &[Clear("encounter")]);
/// The account of a patient, where neither an account nor a visit has a number.
pub const ACCOUNT_OF_PATIENT: Rule =
    Rule::last_resort("Account/patient", &[Clear("patient")], "account-without-number");
/// A charge.
pub const CHARGE: Rule =
    Rule::sound("ChargeItem", &[Clear("patient"), Pseudonym("authority, transaction number (FT1-2)")]);
/// A charge without number.
pub const CHARGE_BY_CONTENT: Rule = Rule::last_resort(
    "ChargeItem/content",
    &[Clear("patient"), Clear("FT1-6"), Clear("FT1-7"), Pseudonym("account, visit, FT1-4, FT1-10, FT1-11")],
    "charge-without-number",
);
/// A procedure.
pub const PROCEDURE: Rule = Rule::sound("Procedure", &[Pseudonym("authority, PR1-19")]);
/// A procedure without number.
pub const PROCEDURE_BY_CODE: Rule = Rule::sound(
    "Procedure/code",
    &[Clear("patient"), Clear("encounter, if any"), Clear("system and code, or text"), Pseudonym("PR1-5")],
);
/// The care team around an insurance's certification (IN3).
pub const CARE_TEAM_OF_COVERAGE: Rule = Rule::sound("CareTeam/coverage", &[Clear("coverage")]);
/// A problem of the problem list.
pub const PROBLEM: Rule =
    Rule::sound("Condition/problem", &[Clear("patient"), Pseudonym("authority, PRB-4; without it PRB-3")]);
/// A goal.
pub const GOAL: Rule =
    Rule::sound("Goal", &[Clear("patient"), Pseudonym("authority, GOL-4; without it GOL-3")]);
/// A clinical pathway.
pub const CARE_PLAN: Rule =
    Rule::sound("CarePlan", &[Clear("patient"), Pseudonym("authority, PTH-3; without it PTH-2")]);
/// A referral.
pub const REFERRAL: Rule =
    Rule::sound("ServiceRequest/referral", &[Pseudonym("authority, RF1-6; without it RF1-11")]);
/// A referral without number.
pub const REFERRAL_BY_TIME: Rule = Rule::last_resort(
    "ServiceRequest/referral-time",
    &[Clear("patient"), Clear("RF1-3"), Pseudonym("RF1-7, else RF1-9, else the whole message")],
    "referral-without-number",
);
/// An edit of a document.
pub const PROVENANCE_OF_EDIT: Rule =
    Rule::sound("Provenance/edit", &[Clear("document"), Pseudonym("time of the edit")]);
/// What a message says that went wrong with another.
pub const OPERATION_OUTCOME: Rule = Rule::sound("OperationOutcome", &[Pseudonym("the whole message")]);
/// Who last changed a patient's record at the sender (PID-33, PID-34).
pub const PROVENANCE_OF_PATIENT: Rule =
    Rule::sound("Provenance/patient", &[Clear("patient"), Pseudonym("the whole message")]);

/// All rules, in the order of `docs/identity.md`.
pub const RULES: &[Rule] = &[
    PATIENT,
    PATIENT_BY_OTHER_NUMBER,
    PATIENT_BY_NAME,
    PATIENT_OF_MESSAGE,
    ENCOUNTER,
    ENCOUNTER_BY_ACCOUNT,
    ENCOUNTER_BY_ALTERNATE,
    ENCOUNTER_BY_PREADMISSION,
    ENCOUNTER_BY_ADMISSION,
    PRACTITIONER,
    PRACTITIONER_BY_NAME,
    PRACTITIONER_ROLE,
    ORGANIZATION,
    ORGANIZATION_BY_NAME,
    LOCATION,
    RELATED_PERSON,
    CARE_TEAM,
    DEVICE,
    DEVICE_BY_UDI,
    CONSENT,
    INSURED,
    GUARANTOR,
    COVERAGE,
    ACCOUNT,
    ACCOUNT_OF_VISIT,
    ACCOUNT_OF_PATIENT,
    CHARGE,
    CHARGE_BY_CONTENT,
    ALLERGY,
    CONDITION,
    PROBLEM,
    PROCEDURE,
    PROCEDURE_BY_CODE,
    GOAL,
    CARE_PLAN,
    CARE_TEAM_OF_COVERAGE,
    OBSERVATION,
    OBSERVATION_OF_PATIENT,
    OBSERVATION_OF_SPECIMEN,
    OBSERVATION_BY_POSITION,
    REPORT,
    REPORT_BY_TIME,
    SPECIMEN,
    SPECIMEN_OF_REPORT,
    DOCUMENT,
    NOTE,
    NOTE_BY_TEXT,
    DOCUMENT_BY_NUMBER,
    DOCUMENT_BY_CIRCUMSTANCES,
    SERVICE_REQUEST,
    SERVICE_REQUEST_BY_TIME,
    REFERRAL,
    REFERRAL_BY_TIME,
    MEDICATION,
    MEDICATION_REQUEST,
    MEDICATION_ENCODED,
    MEDICATION_REQUEST_BY_CODE,
    MEDICATION_DOSE,
    MEDICATION_REQUEST_BY_TIME,
    MEDICATION_DISPENSE,
    MEDICATION_ADMINISTRATION,
    IMMUNIZATION,
    IMMUNIZATION_BY_VACCINE,
    MEDICATION_BY_POSITION,
    TASK,
    APPOINTMENT,
    APPOINTMENT_OF_MESSAGE,
    SCHEDULE,
    SLOT,
    MESSAGE_HEADER,
    PROVENANCE,
    OPERATION_OUTCOME,
    PROVENANCE_OF_EDIT,
    PROVENANCE_OF_PATIENT,
];
