//! Tables that FHIR takes over as they are: a code of theirs is a code of `v2-nnnn`.

use super::Codes;

/// HL7 table 0432 (PV2-40).
pub(super) static ADMISSION_LEVEL: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0432", &["AC", "CH", "CO", "CR", "IM", "MO"]);

/// HL7 table 0277 (SCH-8).
pub(super) static APPOINTMENT_TYPE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0277", &["Complete", "Normal", "Tentative"]);

/// HL7 table 0430 (PV2-38).
pub(super) static ARRIVAL_MODE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0430", &["A", "C", "F", "H", "O", "P", "U"]);

/// HL7 table 0116 (PL.5 and PV1-40).
pub(super) static BED_STATUS: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0116", &["C", "H", "I", "K", "O", "U"]);

/// HL7 table 0163 (RXR-2).
pub(super) static BODY_SITE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0163",
    &[
        "BE", "BN", "BU", "CT", "LA", "LAC", "LACF", "LD", "LE", "LEJ", "LF", "LG", "LH", "LIJ", "LLAQ",
        "LLFA", "LMFA", "LN", "LPC", "LSC", "LT", "LUA", "LUAQ", "LUFA", "LVG", "LVL", "NB", "OD", "OS",
        "OU", "PA", "PERIN", "RA", "RAC", "RACF", "RD", "RE", "REJ", "RF", "RG", "RH", "RIJ", "RLAQ", "RLFA",
        "RMFA", "RN", "RPC", "RSC", "RT", "RUA", "RUAQ", "RUFA", "RVG", "RVL",
    ],
);

/// HL7 table 0185 (PRD-6 and CTD-6).
pub(super) static CONTACT_PREFERENCE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0185", &["B", "C", "E", "F", "H", "O"]);

/// HL7 table 0360 (XPN.6 and XCN.7).
pub(super) static DEGREE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0360",
    &[
        "AA", "AAS", "ABA", "AE", "AS", "BA", "BBA", "BE", "BFA", "BN", "BS", "BSL", "BSN", "BT", "CANP",
        "CER", "CMA", "CNM", "CNP", "CNS", "CPNP", "CRN", "CTR", "DBA", "DED", "DIP", "DO", "EMT", "EMTP",
        "FPNP", "HS", "JD", "MA", "MBA", "MCE", "MD", "MDA", "MDI", "ME", "MED", "MEE", "MFA", "MME", "MS",
        "MSL", "MSN", "MT", "MTH", "NG", "NP", "PA", "PharmD", "PHD", "PHE", "PHS", "PN", "RMA", "RN", "RPH",
        "SEC", "TS",
    ],
);

/// HL7 table 0315 (PD1-7 and PV2-27).
pub(super) static LIVING_WILL: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0315", &["F", "I", "N", "U", "Y"]);

/// HL7 table 0204 (XON.2).
pub(super) static ORGANIZATION_NAME_TYPE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0204", &["A", "D", "L", "SL"]);

/// HL7 table 0215 (PD1-11).
pub(super) static PUBLICITY: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0215", &["F", "N", "O", "U"]);

/// HL7 table 0092 (PV1-13).
pub(super) static READMISSION: Codes = Codes("http://terminology.hl7.org/CodeSystem/v2-0092", &["R"]);

/// HL7 table 0130 (PV2-22).
pub(super) static VISIT_USER: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0130", &["HO", "MO", "PH", "TE"]);

/// HL7 table 0161 (RXO-9 and RXE-9).
pub(super) static SUBSTITUTION: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0161", &["G", "N", "T"]);

/// HL7 table 0023 (PV1-14).
pub(super) static ADMIT_SOURCE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0023", &["1", "2", "3", "4", "5", "6", "7", "8", "9"]);

/// HL7 table 0112 (PV1-36).
pub(super) static DISCHARGE_DISPOSITION: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0112",
    &[
        "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17",
        "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34",
        "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
    ],
);

/// HL7 table 0164 (RXR-3).
pub(super) static ADMINISTRATION_DEVICE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0164",
    &["AP", "BT", "HL", "IPPB", "IVP", "IVS", "MI", "NEB", "PCA"],
);

/// HL7 table 0270 (TXA-2).
pub(super) static DOCUMENT_TYPE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0270",
    &["AR", "CD", "CN", "DI", "DS", "ED", "HP", "OP", "PC", "PH", "PN", "PR", "SP", "TS"],
);

/// HL7 table 0275 (TXA-20).
pub(super) static DOCUMENT_STORAGE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0275", &["AA", "AC", "AR", "PU"]);

/// HL7 table 0220 (PD1-2).
pub(super) static LIVING_ARRANGEMENT: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0220", &["A", "F", "I", "R", "S", "U"]);

/// HL7 table 0223 (PD1-1).
pub(super) static LIVING_DEPENDENCY: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0223", &["C", "CB", "D", "M", "S", "U", "WU"]);

/// HL7 table 0231 (PD1-5).
pub(super) static STUDENT: Codes = Codes("http://terminology.hl7.org/CodeSystem/v2-0231", &["F", "N", "P"]);

/// HL7 table 0316 (PD1-8).
pub(super) static ORGAN_DONOR: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0316", &["F", "I", "N", "P", "R", "U", "Y"]);

/// HL7 table 0445 (PID-32).
pub(super) static IDENTITY_RELIABILITY: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0445", &["AL", "UA", "UD", "US"]);

/// HL7 table 0305 (PL.6).
pub(super) static LOCATION_TYPE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0305", &["C", "D", "H", "N", "O", "P", "S"]);

/// HL7 table 0434 (PV2-40).
pub(super) static PATIENT_CONDITION: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0434", &["A", "C", "O", "P", "S", "U"]);

/// HL7 table 0214 (PV1-18).
pub(super) static SPECIAL_PROGRAM: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0214", &["CH", "ES", "FP", "O", "U"]);

/// HL7 table 0017 (FT1-6).
pub(super) static TRANSACTION_TYPE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0017", &["AJ", "CD", "CG", "CO", "PY"]);

/// HL7 table 0230 (PR1-6).
pub(super) static PROCEDURE_TYPE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0230", &["A", "D", "I", "P"]);

/// HL7 table 0418 (PR1-14).
pub(super) static PROCEDURE_PRIORITY: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0418", &["0", "1", "2"]);

/// HL7 table 0173 (IN1-22).
pub(super) static COORDINATION_OF_BENEFITS: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0173", &["CO", "IN"]);

/// HL7 table 0283 (RF1-1).
pub(super) static REFERRAL_STATUS: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0283", &["A", "E", "P", "R"]);

/// HL7 table 0280 (RF1-2).
pub(super) static REFERRAL_PRIORITY: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0280", &["A", "R", "S"]);

/// HL7 table 0281 (RF1-3).
pub(super) static REFERRAL_TYPE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0281", &["HOM", "LAB", "MED", "PSY", "RAD", "SKN"]);

/// HL7 table 0282 (RF1-4).
pub(super) static REFERRAL_DISPOSITION: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0282", &["AM", "DS", "RP", "SO", "WR"]);

/// HL7 table 0336 (RF1-10).
pub(super) static REFERRAL_REASON: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0336", &["O", "P", "S", "W"]);

/// HL7 table 0286 (PRD-1).
pub(super) static PROVIDER_ROLE_OF_REFERRAL: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0286", &["CP", "PP", "RP", "RT"]);

/// HL7 table 0369 (SPM-11).
pub(super) static SPECIMEN_ROLE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0369",
    &["B", "C", "E", "F", "G", "L", "O", "P", "Q", "R", "V"],
);

/// HL7 table 0370 (SAC-8).
pub(super) static CONTAINER_STATUS: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0370", &["I", "L", "M", "O", "P", "R", "S", "U", "X"]);

/// HL7 table 0376 (SPM-15).
pub(super) static HANDLING: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0376",
    &[
        "AMB", "C37", "CAMB", "CATM", "CFRZ", "CREF", "DFRZ", "DRY", "FRZ", "MTLF", "NTR", "PRTL", "PSA",
        "PSO", "REF", "UFRZ", "UPR",
    ],
);

/// HL7 table 0489 (SPM-16).
pub(super) static RISK: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0489",
    &["AGG", "BHZ", "BIO", "COR", "ESC", "EXP", "IFL", "INF", "INJ", "POI", "RAD"],
);

/// HL7 table 0103 (MSH-11.1), v2.8's `N` among them.
pub(super) static PROCESSING: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0103", &["D", "N", "P", "T", "V"]);
/// HL7 table 0207 (MSH-11.2).
pub(super) static PROCESSING_MODE: Codes =
    Codes("http://terminology.hl7.org/CodeSystem/v2-0207", &["A", "I", "R", "T"]);
/// HL7 table 0444 (XPN.11).
pub(super) static NAME_ASSEMBLY: Codes = Codes("http://terminology.hl7.org/CodeSystem/v2-0444", &["F", "G"]);
