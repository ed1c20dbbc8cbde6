//! Tables of orders and medication: control, status, route, site, method, timing.

use super::{Codes, Row, Table};

const REQUEST_STATUS: &str = "http://hl7.org/fhir/request-status";
const MEDICATION_REQUEST: &str = "http://hl7.org/fhir/CodeSystem/medicationrequest-status";
const MEDICATION_DISPENSE: &str = "http://terminology.hl7.org/CodeSystem/medicationdispense-status";
const MEDICATION_ADMINISTRATION: &str = "http://terminology.hl7.org/CodeSystem/medication-admin-status";
const EVENT_STATUS: &str = "http://hl7.org/fhir/event-status";
const V2_ROUTE: &str = "http://terminology.hl7.org/CodeSystem/v2-0162";
const V3_ROUTE: &str = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration";
const V2_METHOD: &str = "http://terminology.hl7.org/CodeSystem/v2-0165";
const SNOMED: &str = "http://snomed.info/sct";
const V3_ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const ABBREVIATION: &str = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation";
const V2_REPEAT: &str = "http://terminology.hl7.org/CodeSystem/v2-0335";
const TIMING_EVENT: &str = "http://terminology.hl7.org/CodeSystem/v3-TimingEvent";
const V2_TIMING: &str = "http://terminology.hl7.org/CodeSystem/v2-0528";

/// HL7 table 0119 → request-status, as a code by itself. What an order becomes is decided with the rest
/// of its ORC in `segment/orc/control.rs`; this is for segments that carry the code alone.
pub(super) static CONTROL: Table = Table::mapped(&[
    Row::near("AF", REQUEST_STATUS, "active", "Active"),
    Row::exact("CA", REQUEST_STATUS, "revoked", "Revoked"),
    Row::exact("CR", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("DC", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("DF", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("DR", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("FU", REQUEST_STATUS, "completed", "Completed"),
    Row::exact("HD", REQUEST_STATUS, "on-hold", "On Hold"),
    Row::exact("HR", REQUEST_STATUS, "on-hold", "On Hold"),
    Row::exact("NW", REQUEST_STATUS, "active", "Active"),
    Row::exact("OC", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("OD", REQUEST_STATUS, "revoked", "Revoked"),
    Row::exact("OH", REQUEST_STATUS, "on-hold", "On Hold"),
    Row::exact("OK", REQUEST_STATUS, "active", "Active"),
    Row::near("PR", REQUEST_STATUS, "active", "Active"),
    Row::near("PY", REQUEST_STATUS, "active", "Active"),
    Row::exact("RL", REQUEST_STATUS, "active", "Active"),
    Row::near("RO", REQUEST_STATUS, "active", "Active"),
    Row::near("RQ", REQUEST_STATUS, "active", "Active"),
]);

/// HL7 table 0119 → `MedicationRequest.status`. What is refused, asked or only numbered says nothing.
pub(super) static MEDICATION_CONTROL: Table = Table::mapped(&[
    Row::near("AF", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("CA", MEDICATION_REQUEST, "cancelled", "Cancelled"),
    Row::exact("CR", MEDICATION_REQUEST, "cancelled", "Cancelled"),
    Row::exact("DC", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::exact("DR", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::near("FU", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("HD", MEDICATION_REQUEST, "on-hold", "On Hold"),
    Row::exact("HR", MEDICATION_REQUEST, "on-hold", "On Hold"),
    Row::exact("NW", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("OC", MEDICATION_REQUEST, "cancelled", "Cancelled"),
    Row::exact("OD", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::exact("OE", MEDICATION_REQUEST, "active", "Active"),
    Row::near("OF", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("OH", MEDICATION_REQUEST, "on-hold", "On Hold"),
    Row::exact("OK", MEDICATION_REQUEST, "active", "Active"),
    Row::near("OP", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("OR", MEDICATION_REQUEST, "active", "Active"),
    Row::near("PY", MEDICATION_REQUEST, "active", "Active"),
    Row::near("RF", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("RL", MEDICATION_REQUEST, "active", "Active"),
    Row::near("RO", MEDICATION_REQUEST, "active", "Active"),
    Row::near("RP", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::near("RQ", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::near("RU", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::near("SN", MEDICATION_REQUEST, "active", "Active"),
    Row::near("UA", MEDICATION_REQUEST, "cancelled", "Cancelled"),
    Row::near("XO", MEDICATION_REQUEST, "active", "Active"),
    Row::near("XR", MEDICATION_REQUEST, "active", "Active"),
    Row::near("XX", MEDICATION_REQUEST, "active", "Active"),
]);

/// HL7 table 0038 → `MedicationRequest.status`.
pub(super) static MEDICATION_ORDER_STATUS: Table = Table::mapped(&[
    Row::near("A", MEDICATION_REQUEST, "active", "Active"),
    Row::exact("CA", MEDICATION_REQUEST, "cancelled", "Cancelled"),
    Row::exact("CM", MEDICATION_REQUEST, "completed", "Completed"),
    Row::exact("DC", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::near("ER", MEDICATION_REQUEST, "entered-in-error", "Entered in Error"),
    Row::exact("HD", MEDICATION_REQUEST, "on-hold", "On Hold"),
    Row::exact("IP", MEDICATION_REQUEST, "active", "Active"),
    Row::near("RP", MEDICATION_REQUEST, "stopped", "Stopped"),
    Row::near("SC", MEDICATION_REQUEST, "active", "Active"),
]);

/// HL7 table 0038 → `MedicationDispense.status`.
pub(super) static DISPENSE_STATUS: Table = Table::mapped(&[
    Row::near("A", MEDICATION_DISPENSE, "in-progress", "In Progress"),
    Row::exact("CA", MEDICATION_DISPENSE, "cancelled", "Cancelled"),
    Row::exact("CM", MEDICATION_DISPENSE, "completed", "Completed"),
    Row::exact("DC", MEDICATION_DISPENSE, "stopped", "Stopped"),
    Row::near("ER", MEDICATION_DISPENSE, "entered-in-error", "Entered in Error"),
    Row::exact("HD", MEDICATION_DISPENSE, "on-hold", "On Hold"),
    Row::exact("IP", MEDICATION_DISPENSE, "in-progress", "In Progress"),
    Row::near("RP", MEDICATION_DISPENSE, "stopped", "Stopped"),
    Row::near("SC", MEDICATION_DISPENSE, "preparation", "Preparation"),
]);

/// HL7 table 0322 → `MedicationAdministration.status`.
pub(super) static ADMINISTRATION_STATUS: Table = Table::mapped(&[
    Row::exact("CP", MEDICATION_ADMINISTRATION, "completed", "Completed"),
    Row::exact("NA", MEDICATION_ADMINISTRATION, "not-done", "Not Done"),
    Row::near("PA", MEDICATION_ADMINISTRATION, "stopped", "Stopped"),
    Row::near("RE", MEDICATION_ADMINISTRATION, "not-done", "Not Done"),
]);

/// HL7 table 0322 → `Immunization.status`, which has no word for a part of a dose.
pub(super) static IMMUNIZATION_STATUS: Table = Table::mapped(&[
    Row::exact("CP", EVENT_STATUS, "completed", "Completed"),
    Row::exact("NA", EVENT_STATUS, "not-done", "Not Done"),
    Row::near("PA", EVENT_STATUS, "completed", "Completed"),
    Row::near("RE", EVENT_STATUS, "not-done", "Not Done"),
]);

/// HL7 table 0162 → the route of a medicine: v3-RouteOfAdministration where it has the meaning, though it
/// says more (an injection), else the table itself.
pub(super) static ROUTE: Table = Table::same(
    V2_ROUTE,
    &[
        Row::same("AP", "Apply Externally"),
        Row::same("B", "Buccal"),
        Row::same("DT", "Dental"),
        Row::same("EP", "Epidural"),
        Row::same("ET", "Endotrachial Tube"),
        Row::same("GTT", "Gastrostomy Tube"),
        Row::same("GU", "GU Irrigant"),
        Row::same("IA", "Intra-arterial"),
        Row::same("IB", "Intrabursal"),
        Row::same("IC", "Intracardiac"),
        Row::same("ICV", "Intracervical (uterus)"),
        Row::near("ID", V3_ROUTE, "IDINJ", "Injection, intradermal"),
        Row::same("IH", "Inhalation"),
        Row::same("IHA", "Intrahepatic Artery"),
        Row::near("IM", V3_ROUTE, "IM", "Injection, intramuscular"),
        Row::same("IMR", "Immerse (Soak) Body Part"),
        Row::same("IN", "Intranasal"),
        Row::same("IO", "Intraocular"),
        Row::same("IP", "Intraperitoneal"),
        Row::same("IS", "Intrasynovial"),
        Row::same("IT", "Intrathecal"),
        Row::same("IU", "Intrauterine"),
        Row::near("IV", V3_ROUTE, "IVINJ", "Injection, intravenous"),
        Row::same("MM", "Mucous Membrane"),
        Row::same("MTH", "Mouth/Throat"),
        Row::same("NG", "Nasogastric"),
        Row::same("NP", "Nasal Prongs"),
        Row::same("NS", "Nasal"),
        Row::same("NT", "Nasotrachial Tube"),
        Row::same("OP", "Ophthalmic"),
        Row::same("OT", "Otic"),
        Row::same("OTH", "Other/Miscellaneous"),
        Row::same("PF", "Perfusion"),
        Row::exact("PO", V3_ROUTE, "PO", "Swallow, oral"),
        Row::same("PR", "Rectal"),
        Row::same("RM", "Rebreather Mask"),
        Row::near("SC", V3_ROUTE, "SQ", "Injection, subcutaneous"),
        Row::same("SD", "Soaked Dressing"),
        Row::same("SL", "Sublingual"),
        Row::exact("TD", V3_ROUTE, "TRNSDERM", "Transdermal"),
        Row::same("TL", "Translingual"),
        Row::same("TP", "Topical"),
        Row::same("TRA", "Tracheostomy"),
        Row::same("UR", "Urethral"),
        Row::same("VG", "Vaginal"),
        Row::same("VM", "Ventimask"),
        Row::same("WND", "Wound"),
    ],
);

/// HL7 table 0165 → the method of an administration: SNOMED CT where it has the word, else the table.
pub(super) static ADMINISTRATION_METHOD: Table = Table::same(
    V2_METHOD,
    &[
        Row::exact("CH", SNOMED, "419747000", "Chew"),
        Row::exact("DI", SNOMED, "421682005", "Dissolve"),
        Row::same("DU", "Dust"),
        Row::same("IF", "Infiltrate"),
        Row::same("IR", "Irrigate"),
        Row::exact("IS", SNOMED, "421257003", "Insert"),
        Row::same("IVP", "IV Push"),
        Row::same("IVPB", "IV Piggyback"),
        Row::same("NB", "Nebulized"),
        Row::same("PF", "Perfuse"),
        Row::same("PT", "Paint"),
        Row::exact("SH", SNOMED, "420606003", "Shampoo"),
        Row::same("SO", "Soak"),
        Row::exact("WA", SNOMED, "422152000", "Wash"),
        Row::same("WI", "Wipe"),
    ],
);

/// HL7 table 0482 (ORC-29) → `ServiceRequest.locationCode`.
pub(super) static ORDER_TYPE: Table = Table::mapped(&[
    Row::near("I", V3_ROLE, "HOSP", "Hospital"),
    Row::near("O", V3_ROLE, "OF", "Outpatient facility"),
]);

/// HL7 table 0335 → `Timing.code`: what is an abbreviation of its own. `Q6H` and its like are patterns.
pub(super) static REPEAT_PATTERN: Table = Table::same(
    V2_REPEAT,
    &[
        Row::exact("BID", ABBREVIATION, "BID", "BID"),
        Row::same("C", "service is provided continuously between start time and stop time"),
        Row::same("Once", "one time only."),
        Row::same("PRN", "given as needed"),
        Row::same("QAM", "in the morning at institution-specified time"),
        Row::same("QHS", "every day before the hour of sleep"),
        Row::exact("QID", ABBREVIATION, "QID", "QID"),
        Row::exact("QOD", ABBREVIATION, "QOD", "QOD"),
        Row::same("QPM", "in the evening at institution-specified time"),
        Row::same("QSHIFT", "during each of three eight-hour shifts at institution-specified times"),
        Row::exact("TID", ABBREVIATION, "TID", "TID"),
    ],
);

/// HL7 table 0528 (RPT.8) → `Timing.repeat.when`, where v3-TimingEvent has the meaning.
pub(super) static TIMING_EVENT_OF: Table = Table::same(
    V2_TIMING,
    &[
        Row::exact("AC", TIMING_EVENT, "AC", "AC"),
        Row::exact("ACD", TIMING_EVENT, "ACD", "ACD"),
        Row::exact("ACM", TIMING_EVENT, "ACM", "ACM"),
        Row::exact("ACV", TIMING_EVENT, "ACV", "ACV"),
        Row::exact("HS", TIMING_EVENT, "HS", "HS"),
        Row::same("IC", "between meals"),
        Row::same("ICD", "between lunch and dinner"),
        Row::same("ICM", "between breakfast and lunch"),
        Row::same("ICV", "between dinner and the hour of sleep"),
        Row::exact("PC", TIMING_EVENT, "PC", "PC"),
        Row::exact("PCD", TIMING_EVENT, "PCD", "PCD"),
        Row::exact("PCM", TIMING_EVENT, "PCM", "PCM"),
        Row::exact("PCV", TIMING_EVENT, "PCV", "PCV"),
    ],
);

/// HL7 table 0206 (segment action code): what is to be done with what a segment says.
pub(super) static ACTION: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0206", &["A", "D", "U", "X"]);
