//! Tables of PV1, DG1 and AL1: patient class, admission type, diagnosis type, allergies.

use super::{Row, Table};

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const ACT_PRIORITY: &str = "http://terminology.hl7.org/CodeSystem/v3-ActPriority";
const V2_PATIENT_CLASS: &str = "http://terminology.hl7.org/CodeSystem/v2-0004";
const ENCOUNTER_STATUS: &str = "http://hl7.org/fhir/encounter-status";
const DIAGNOSIS_ROLE: &str = "http://terminology.hl7.org/CodeSystem/diagnosis-role";
const V2_DIAGNOSIS_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0052";
const ALLERGY_TYPE: &str = "http://hl7.org/fhir/allergy-intolerance-type";
const ALLERGY_CATEGORY: &str = "http://hl7.org/fhir/allergy-intolerance-category";
const CRITICALITY: &str = "http://hl7.org/fhir/allergy-intolerance-criticality";
const SEVERITY: &str = "http://hl7.org/fhir/reaction-event-severity";

/// HL7 table 0004 → `Encounter.class`. D (day treatment) is how Dutch systems extend the table.
pub(super) static PATIENT_CLASS: Table = Table::mapped(&[
    Row::exact("B", V2_PATIENT_CLASS, "B", "Obstetrics"),
    Row::exact("C", V2_PATIENT_CLASS, "C", "Commercial Account"),
    Row::near("D", ACT_CODE, "SS", "short stay"),
    Row::exact("E", ACT_CODE, "EMER", "emergency"),
    Row::exact("I", ACT_CODE, "IMP", "inpatient encounter"),
    Row::exact("N", V2_PATIENT_CLASS, "N", "Not Applicable"),
    Row::exact("O", ACT_CODE, "AMB", "ambulatory"),
    Row::exact("P", ACT_CODE, "PRENC", "pre-admission"),
    Row::exact("R", V2_PATIENT_CLASS, "R", "Recurring patient"),
    Row::exact("U", V2_PATIENT_CLASS, "U", "Unknown"),
]);

/// HL7 table 0004 → `Encounter.status` where the event itself says nothing of it.
pub(super) static ENCOUNTER_STATUS_OF_CLASS: Table = Table::mapped(&[
    Row::exact("B", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("C", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("D", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("E", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("I", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("N", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("O", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("P", ENCOUNTER_STATUS, "planned", "Planned"),
    Row::exact("R", ENCOUNTER_STATUS, "in-progress", "In Progress"),
    Row::exact("U", ENCOUNTER_STATUS, "unknown", "Unknown"),
]);

/// HL7 table 0007 → `Encounter.type`/`priority`, as its own code system.
pub(super) static ADMISSION_TYPE: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0007",
    &[
        Row::same("A", "Accident"),
        Row::same("C", "Elective"),
        Row::same("E", "Emergency"),
        Row::same("L", "Labor and Delivery"),
        Row::same("N", "Newborn (Birth in healthcare facility)"),
        Row::same("R", "Routine"),
        Row::same("U", "Urgent"),
    ],
);

/// HL7 table 0007 → `Encounter.priority`, only where v3-ActPriority has the meaning.
pub(super) static ADMISSION_PRIORITY: Table = Table::mapped(&[
    Row::exact("C", ACT_PRIORITY, "EL", "elective"),
    Row::exact("E", ACT_PRIORITY, "EM", "emergency"),
    Row::exact("R", ACT_PRIORITY, "R", "routine"),
    Row::exact("U", ACT_PRIORITY, "UR", "urgent"),
]);

/// HL7 table 0052 → `Encounter.diagnosis.use`.
pub(super) static DIAGNOSIS_TYPE: Table = Table::mapped(&[
    Row::exact("A", DIAGNOSIS_ROLE, "AD", "Admission diagnosis"),
    Row::near("D", DIAGNOSIS_ROLE, "DD", "Discharge diagnosis"),
    Row::exact("F", V2_DIAGNOSIS_TYPE, "F", "Final"),
    Row::exact("W", V2_DIAGNOSIS_TYPE, "W", "Working"),
]);

/// HL7 table 0127 → `AllergyIntolerance.type`.
pub(super) static ALLERGY_TYPE_OF: Table = Table::mapped(&[
    Row::exact("AA", ALLERGY_TYPE, "allergy", "Allergy"),
    Row::exact("DA", ALLERGY_TYPE, "allergy", "Allergy"),
    Row::exact("EA", ALLERGY_TYPE, "allergy", "Allergy"),
    Row::exact("FA", ALLERGY_TYPE, "allergy", "Allergy"),
    Row::exact("LA", ALLERGY_TYPE, "allergy", "Allergy"),
    Row::exact("MA", ALLERGY_TYPE, "allergy", "Allergy"),
    Row::exact("PA", ALLERGY_TYPE, "allergy", "Allergy"),
]);

/// HL7 table 0127 → `AllergyIntolerance.category`.
pub(super) static ALLERGY_CATEGORY_OF: Table = Table::mapped(&[
    Row::near("AA", ALLERGY_CATEGORY, "biologic", "Biologic"),
    Row::exact("DA", ALLERGY_CATEGORY, "medication", "Medication"),
    Row::exact("EA", ALLERGY_CATEGORY, "environment", "Environment"),
    Row::exact("FA", ALLERGY_CATEGORY, "food", "Food"),
    Row::near("LA", ALLERGY_CATEGORY, "environment", "Environment"),
    Row::near("PA", ALLERGY_CATEGORY, "environment", "Environment"),
]);

/// HL7 table 0127 as its own code system: the original of the two above.
pub(super) static ALLERGEN_TYPE: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0127",
    &[
        Row::same("AA", "Animal Allergy"),
        Row::same("DA", "Drug allergy"),
        Row::same("EA", "Environmental Allergy"),
        Row::same("FA", "Food allergy"),
        Row::same("LA", "Pollen Allergy"),
        Row::same("MA", "Miscellaneous allergy"),
        Row::same("MC", "Miscellaneous contraindication"),
        Row::same("PA", "Plant Allergy"),
    ],
);

/// HL7 table 0128 → `AllergyIntolerance.criticality`.
pub(super) static ALLERGY_CRITICALITY: Table = Table::mapped(&[
    Row::exact("MI", CRITICALITY, "low", "Low Risk"),
    Row::exact("SV", CRITICALITY, "high", "High Risk"),
    Row::near("U", CRITICALITY, "unable-to-assess", "Unable to Assess Risk"),
]);

/// HL7 table 0128 → `AllergyIntolerance.reaction.severity`.
pub(super) static REACTION_SEVERITY: Table = Table::mapped(&[
    Row::exact("MI", SEVERITY, "mild", "Mild"),
    Row::exact("MO", SEVERITY, "moderate", "Moderate"),
    Row::exact("SV", SEVERITY, "severe", "Severe"),
]);

/// HL7 table 0128 as its own code system.
pub(super) static ALLERGY_SEVERITY: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0128",
    &[
        Row::same("MI", "Mild"),
        Row::same("MO", "Moderate"),
        Row::same("SV", "Severe"),
        Row::same("U", "Unknown"),
    ],
);

const SERVICE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/service-type";
const ARRANGEMENTS: &str = "http://terminology.hl7.org/CodeSystem/encounter-special-arrangements";
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// HL7 table 0217 (PV2-25) → `Encounter.priority`.
pub(super) static VISIT_PRIORITY: Table = Table::mapped(&[
    Row::exact("1", ACT_PRIORITY, "EM", "emergency"),
    Row::exact("2", ACT_PRIORITY, "UR", "urgent"),
    Row::exact("3", ACT_PRIORITY, "EL", "elective"),
]);

/// HL7 table 0009 (PV1-15): what a patient needs or is able to.
pub(super) static AMBULATORY_STATUS: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0009",
    &[
        Row::same("A0", "No functional limitations"),
        Row::same("A1", "Ambulates with assistive device"),
        Row::near("A2", ARRANGEMENTS, "wheel", "Wheelchair"),
        Row::same("A3", "Comatose; non-responsive"),
        Row::same("A4", "Disoriented"),
        Row::same("A5", "Vision impaired"),
        Row::same("A6", "Hearing impaired"),
        Row::same("A7", "Speech impaired"),
        Row::same("A8", "Non-English speaking"),
        Row::same("A9", "Functional level unknown"),
        Row::same("B1", "Oxygen therapy"),
        Row::same("B2", "Special equipment (tubes, IVs, catheters)"),
        Row::same("B3", "Amputee"),
        Row::same("B4", "Mastectomy"),
        Row::same("B5", "Paraplegic"),
        Row::same("B6", "Pregnant"),
    ],
);

/// HL7 table 0069 (PV1-10) → `Encounter.serviceType`.
pub(super) static HOSPITAL_SERVICE: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0069",
    &[
        Row::same("CAR", "Cardiac Service"),
        Row::exact("MED", SERVICE_TYPE, "382", "Medical Services"),
        Row::same("PUL", "Pulmonary Service"),
        Row::same("SUR", "Surgical Service"),
        Row::exact("URO", SERVICE_TYPE, "222", "Urology"),
    ],
);

/// HL7 table 0062 (EVN-4) → `Provenance.reason`.
pub(super) static EVENT_REASON: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0062",
    &[
        Row::exact("01", ACT_REASON, "PATRQT", "patient requested"),
        Row::near("02", ACT_REASON, "TREAT", "treatment"),
        Row::near("03", ACT_REASON, "HOPERAT", "healthcare operations"),
        Row::same("O", "Other"),
        Row::same("U", "Unknown"),
    ],
);
