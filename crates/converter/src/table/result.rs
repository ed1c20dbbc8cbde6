//! Tables of OBR, OBX, ORC and NTE: status, interpretation, service section, comment type.

use super::{Row, Table, Target};

const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
const OBSERVATION_STATUS: &str = "http://hl7.org/fhir/observation-status";
const REPORT_STATUS: &str = "http://hl7.org/fhir/diagnostic-report-status";

/// HL7 table 0078 → v3-ObservationInterpretation, without what that code system has withdrawn.
pub(super) static INTERPRETATION_OF: Table = Table::mapped(&[
    Row::exact("<", INTERPRETATION, "<", "Off scale low"),
    Row::exact(">", INTERPRETATION, ">", "Off scale high"),
    Row::exact("A", INTERPRETATION, "A", "Abnormal"),
    Row::exact("AA", INTERPRETATION, "AA", "Critical abnormal"),
    Row::exact("B", INTERPRETATION, "B", "Better"),
    Row::exact("CAR", INTERPRETATION, "CAR", "Carrier"),
    Row::exact("D", INTERPRETATION, "D", "Significant change down"),
    Row::exact("DET", INTERPRETATION, "DET", "Detected"),
    Row::exact("E", INTERPRETATION, "E", "Equivocal"),
    Row::exact("EX", INTERPRETATION, "EX", "outside threshold"),
    Row::exact("EXP", INTERPRETATION, "EXP", "Expected"),
    Row::exact("H", INTERPRETATION, "H", "High"),
    Row::exact("HH", INTERPRETATION, "HH", "Critical high"),
    Row::exact("HU", INTERPRETATION, "HU", "Significantly high"),
    Row::exact("HX", INTERPRETATION, "HX", "above high threshold"),
    Row::exact("I", INTERPRETATION, "I", "Intermediate"),
    Row::exact("IE", INTERPRETATION, "IE", "Insufficient evidence"),
    Row::exact("IND", INTERPRETATION, "IND", "Indeterminate"),
    Row::exact("L", INTERPRETATION, "L", "Low"),
    Row::exact("LL", INTERPRETATION, "LL", "Critical low"),
    Row::exact("LU", INTERPRETATION, "LU", "Significantly low"),
    Row::exact("LX", INTERPRETATION, "LX", "below low threshold"),
    Row::exact("N", INTERPRETATION, "N", "Normal"),
    Row::exact("NCL", INTERPRETATION, "NCL", "No CLSI defined breakpoint"),
    Row::exact("ND", INTERPRETATION, "ND", "Not detected"),
    Row::exact("NEG", INTERPRETATION, "NEG", "Negative"),
    Row::exact("NR", INTERPRETATION, "NR", "Non-reactive"),
    Row::exact("NS", INTERPRETATION, "NS", "Non-susceptible"),
    Row::exact("POS", INTERPRETATION, "POS", "Positive"),
    Row::exact("R", INTERPRETATION, "R", "Resistant"),
    Row::exact("RR", INTERPRETATION, "RR", "Reactive"),
    Row::exact("S", INTERPRETATION, "S", "Susceptible"),
    Row::exact("SDD", INTERPRETATION, "SDD", "Susceptible-dose dependent"),
    Row::exact("SYN-R", INTERPRETATION, "SYN-R", "Synergy - resistant"),
    Row::exact("SYN-S", INTERPRETATION, "SYN-S", "Synergy - susceptible"),
    Row::exact("U", INTERPRETATION, "U", "Significant change up"),
    Row::exact("UNE", INTERPRETATION, "UNE", "Unexpected"),
    Row::exact("W", INTERPRETATION, "W", "Worse"),
    Row::exact("WR", INTERPRETATION, "WR", "Weakly reactive"),
]);

/// HL7 table 0085 → `Observation.status`. N says that the question was not asked: there is no result.
pub(super) static OBSERVATION_STATUS_OF: Table = Table::mapped(&[
    Row::exact("A", OBSERVATION_STATUS, "amended", "Amended"),
    Row::near("B", OBSERVATION_STATUS, "amended", "Amended"),
    Row::exact("C", OBSERVATION_STATUS, "corrected", "Corrected"),
    Row::near("D", OBSERVATION_STATUS, "entered-in-error", "Entered in Error"),
    Row::exact("F", OBSERVATION_STATUS, "final", "Final"),
    Row::near("I", OBSERVATION_STATUS, "registered", "Registered"),
    Row::near("N", OBSERVATION_STATUS, "cancelled", "Cancelled"),
    Row::near("O", OBSERVATION_STATUS, "registered", "Registered"),
    Row::exact("P", OBSERVATION_STATUS, "preliminary", "Preliminary"),
    Row::near("R", OBSERVATION_STATUS, "preliminary", "Preliminary"),
    Row::near("S", OBSERVATION_STATUS, "preliminary", "Preliminary"),
    Row::near("U", OBSERVATION_STATUS, "final", "Final"),
    Row::near("V", OBSERVATION_STATUS, "final", "Final"),
    Row::near("W", OBSERVATION_STATUS, "entered-in-error", "Entered in Error"),
    Row::exact("X", OBSERVATION_STATUS, "cancelled", "Cancelled"),
]);

/// HL7 table 0123 → `DiagnosticReport.status`.
pub(super) static REPORT_STATUS_OF: Table = Table::mapped(&[
    Row::near("A", REPORT_STATUS, "partial", "Partial"),
    Row::exact("C", REPORT_STATUS, "corrected", "Corrected"),
    Row::exact("F", REPORT_STATUS, "final", "Final"),
    Row::near("I", REPORT_STATUS, "registered", "Registered"),
    Row::near("M", REPORT_STATUS, "preliminary", "Preliminary"),
    Row::near("N", REPORT_STATUS, "registered", "Registered"),
    Row::exact("O", REPORT_STATUS, "registered", "Registered"),
    Row::exact("P", REPORT_STATUS, "preliminary", "Preliminary"),
    Row::near("R", REPORT_STATUS, "partial", "Partial"),
    Row::near("S", REPORT_STATUS, "registered", "Registered"),
    Row::exact("X", REPORT_STATUS, "cancelled", "Cancelled"),
    Row::near("Y", REPORT_STATUS, "unknown", "Unknown"),
    Row::near("Z", REPORT_STATUS, "unknown", "Unknown"),
]);

/// HL7 table 0074 → `DiagnosticReport.category`.
pub(super) static SERVICE_SECTION: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0074",
    &[
        Row::same("AU", "Audiology"),
        Row::same("BG", "Blood Gases"),
        Row::same("BLB", "Blood Bank"),
        Row::same("CG", "Cytogenetics"),
        Row::same("CH", "Chemistry"),
        Row::same("CP", "Cytopathology"),
        Row::same("CT", "CAT Scan"),
        Row::same("CTH", "Cardiac Catheterization"),
        Row::same("CUS", "Cardiac Ultrasound"),
        Row::same("EC", "Electrocardiac (e.g., EKG, EEC, Holter)"),
        Row::same("EN", "Electroneuro (EEG, EMG,EP,PSG)"),
        Row::same("GE", "Genetics"),
        Row::same("HM", "Hematology"),
        Row::same("ICU", "Bedside ICU Monitoring"),
        Row::same("IMG", "Diagnostic Imaging"),
        Row::same("IMM", "Immunology"),
        Row::same("LAB", "Laboratory"),
        Row::same("MB", "Microbiology"),
        Row::same("MCB", "Mycobacteriology"),
        Row::same("MYC", "Mycology"),
        Row::same("NMR", "Nuclear Magnetic Resonance"),
        Row::same("NMS", "Nuclear Medicine Scan"),
        Row::same("NRS", "Nursing Service Measures"),
        Row::same("OSL", "Outside Lab"),
        Row::same("OT", "Occupational Therapy"),
        Row::same("OTH", "Other"),
        Row::same("OUS", "OB Ultrasound"),
        Row::same("PAR", "Parasitology"),
        Row::same("PAT", "Pathology (gross & histopath, not surgical)"),
        Row::same("PF", "Pulmonary Function"),
        Row::same("PHR", "Pharmacy"),
        Row::same("PHY", "Physician (Hx. Dx, admission note, etc.)"),
        Row::same("PT", "Physical Therapy"),
        Row::same("RAD", "Radiology"),
        Row::same("RC", "Respiratory Care (therapy)"),
        Row::same("RT", "Radiation Therapy"),
        Row::same("RUS", "Radiology Ultrasound"),
        Row::same("RX", "Radiograph"),
        Row::same("SP", "Surgical Pathology"),
        Row::same("SR", "Serology"),
        Row::same("TX", "Toxicology"),
        Row::same("URN", "Urinalysis"),
        Row::same("VR", "Virology"),
        Row::same("VUS", "Vascular Ultrasound"),
        Row::same("XRC", "Cineradiograph"),
    ],
);

/// HL7 table 0364: what a note is.
pub(super) static COMMENT_TYPE: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0364",
    &[
        Row::same("1R", "Primary Reason"),
        Row::same("2R", "Secondary Reason"),
        Row::same("AI", "Ancillary Instructions"),
        Row::same("DR", "Duplicate/Interaction Reason"),
        Row::same("GI", "General Instructions"),
        Row::same("GR", "General Reason"),
        Row::same("PI", "Patient Instructions"),
        Row::same("RE", "Remark"),
    ],
);

/// HL7 table 0080: the population on which abnormality rests.
pub(super) static ABNORMALITY_NATURE: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0080",
    &[
        Row::same("A", "An age-based population"),
        Row::same("B", "Breed"),
        Row::same("N", "None - generic normal range"),
        Row::same("R", "A race-based population"),
        Row::same("S", "A sex-based population"),
        Row::same("SP", "Species"),
        Row::same("ST", "Strain"),
    ],
);

const REQUEST_STATUS: &str = "http://hl7.org/fhir/request-status";
const REQUEST_PRIORITY: &str = "http://hl7.org/fhir/request-priority";

/// HL7 table 0038 → `ServiceRequest.status`.
pub(super) static ORDER_STATUS: Table = Table::mapped(&[
    Row::near("A", REQUEST_STATUS, "active", "Active"),
    Row::exact("CA", REQUEST_STATUS, "revoked", "Revoked"),
    Row::exact("CM", REQUEST_STATUS, "completed", "Completed"),
    Row::near("DC", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("ER", REQUEST_STATUS, "entered-in-error", "Entered in Error"),
    Row::exact("HD", REQUEST_STATUS, "on-hold", "On Hold"),
    Row::exact("IP", REQUEST_STATUS, "active", "Active"),
    Row::near("RP", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("SC", REQUEST_STATUS, "active", "Active"),
]);

/// HL7 tables 0485 and 0027 → `ServiceRequest.priority`, with `TM30` (within thirty minutes) and its like.
pub(super) static ORDER_PRIORITY: Priorities = Priorities(Table::mapped(&[
    Row::exact("A", REQUEST_PRIORITY, "asap", "ASAP"),
    Row::near("C", REQUEST_PRIORITY, "urgent", "Urgent"),
    Row::near("P", REQUEST_PRIORITY, "routine", "Routine"),
    Row::near("PRN", REQUEST_PRIORITY, "routine", "Routine"),
    Row::exact("R", REQUEST_PRIORITY, "routine", "Routine"),
    Row::exact("S", REQUEST_PRIORITY, "stat", "STAT"),
    Row::near("T", REQUEST_PRIORITY, "urgent", "Urgent"),
]));

/// A table with a pattern: `T`, a unit of time and how many of them.
pub(super) struct Priorities(Table);

impl Priorities {
    pub(super) fn get(&self, code: &str) -> Option<Target> {
        self.0.get(code).or_else(|| if is_timed(code) { self.0.get("T") } else { None })
    }

    pub(super) fn sources(&self) -> Vec<&'static str> {
        self.0.sources()
    }
}

fn is_timed(code: &str) -> bool {
    let mut letters = code.trim().bytes();
    matches!(letters.next(), Some(b'T' | b't'))
        && letters.next().is_some_and(|unit| b"SMHDWL".contains(&unit.to_ascii_uppercase()))
        && letters.len() > 0
        && letters.all(|digit| digit.is_ascii_digit())
}
