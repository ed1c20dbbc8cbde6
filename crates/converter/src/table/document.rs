//! Tables of TXA and of confidentiality.

use super::{Row, Table};

const COMPOSITION_STATUS: &str = "http://hl7.org/fhir/composition-status";
const DOCUMENT_STATUS: &str = "http://hl7.org/fhir/document-reference-status";
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const V2_CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v2-0177";

/// HL7 table 0271 (TXA-17) → `DocumentReference.docStatus`.
pub(super) static COMPLETION: Table = Table::mapped(&[
    Row::near("AU", COMPOSITION_STATUS, "final", "Final"),
    Row::near("DI", COMPOSITION_STATUS, "preliminary", "Preliminary"),
    Row::near("DO", COMPOSITION_STATUS, "preliminary", "Preliminary"),
    Row::near("IN", COMPOSITION_STATUS, "preliminary", "Preliminary"),
    Row::near("IP", COMPOSITION_STATUS, "preliminary", "Preliminary"),
    Row::near("LA", COMPOSITION_STATUS, "final", "Final"),
    Row::near("PA", COMPOSITION_STATUS, "preliminary", "Preliminary"),
]);

/// HL7 table 0273 (TXA-19) → `DocumentReference.status`. What is not available for patient care stands
/// all the same: only who may see it changes.
pub(super) static AVAILABILITY: Table = Table::mapped(&[
    Row::exact("AV", DOCUMENT_STATUS, "current", "Current"),
    Row::near("CA", DOCUMENT_STATUS, "entered-in-error", "Entered in Error"),
    Row::exact("OB", DOCUMENT_STATUS, "superseded", "Superseded"),
    Row::near("UN", DOCUMENT_STATUS, "current", "Current"),
]);

/// HL7 table 0272 (TXA-18) → v3-Confidentiality, for `securityLabel`.
pub(super) static DOCUMENT_CONFIDENTIALITY: Table = Table::mapped(&[
    Row::exact("R", CONFIDENTIALITY, "R", "restricted"),
    Row::near("U", CONFIDENTIALITY, "N", "normal"),
    Row::exact("V", CONFIDENTIALITY, "V", "very restricted"),
]);

/// HL7 table 0177 (ORC-28, OM1-30, ARV-4) → a security label.
pub(super) static CONFIDENTIALITY_OF: Table = Table::same(
    V2_CONFIDENTIALITY,
    &[
        Row::near("AID", ACT_CODE, "HIV", "HIV/AIDS information sensitivity"),
        Row::exact("EMP", ACT_CODE, "EMP", "employee information sensitivity"),
        Row::near("ETH", ACT_CODE, "ETHUD", "alcohol use disorder information sensitivity"),
        Row::exact("HIV", ACT_CODE, "HIV", "HIV/AIDS information sensitivity"),
        Row::exact("PSY", ACT_CODE, "PSY", "psychiatry disorder information sensitivity"),
        Row::exact("R", CONFIDENTIALITY, "R", "restricted"),
        Row::near("U", CONFIDENTIALITY, "N", "normal"),
        Row::same("UWM", "Unwed mother"),
        Row::exact("V", CONFIDENTIALITY, "V", "very restricted"),
        Row::same("VIP", "Very important person or celebrity"),
    ],
);
