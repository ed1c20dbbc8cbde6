//! Who plays which part: ROL, PRT, CTD and PRD; insured persons.

use super::{Row, Table};

const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const PRACTITIONER_ROLE: &str = "http://terminology.hl7.org/CodeSystem/practitioner-role";
const V2_PROVIDER_ROLE: &str = "http://terminology.hl7.org/CodeSystem/v2-0443";
const V2_PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v2-0912";
const SNOMED: &str = "http://snomed.info/sct";
const SUBSCRIBER: &str = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";

/// HL7 table 0443 (ROL-3) → the part in a visit or a plan: v3-ParticipationType where it has the meaning.
pub(super) static PROVIDER_ROLE: Table = Table::same(
    V2_PROVIDER_ROLE,
    &[
        Row::exact("AD", PARTICIPATION, "ADM", "admitter"),
        Row::same("AI", "Assistant/Alternate Interpreter"),
        Row::near("AP", PARTICIPATION, "PPRF", "primary performer"),
        Row::exact("AT", PARTICIPATION, "ATND", "attender"),
        Row::same("CLP", "Collecting Provider"),
        Row::exact("CP", PARTICIPATION, "CON", "consultant"),
        Row::near("DP", PARTICIPATION, "DIST", "distributor"),
        Row::exact("EP", PARTICIPATION, "ENT", "data entry person"),
        Row::same("FHCP", "Family Health Care Professional"),
        Row::same("IP", "Initiating Provider (as in action by)"),
        Row::same("MDIR", "Medical Director"),
        Row::near("OP", PARTICIPATION, "AUT", "author (originator)"),
        Row::same("PH", "Pharmacist (not sure how to dissect Pharmacist/Treatment Supplier's Verifier ID)"),
        Row::near("PI", SNOMED, "40570005", "Interpreter"),
        Row::exact("PP", SNOMED, "446050000", "Primary care provider"),
        Row::near("RO", PARTICIPATION, "RESP", "responsible party"),
        Row::exact("RP", PARTICIPATION, "REF", "referrer"),
        Row::near("RT", PARTICIPATION, "REFT", "Referred to"),
        Row::same("TN", "Technician"),
        Row::exact("TR", PARTICIPATION, "TRANS", "Transcriber"),
        Row::exact("VP", PARTICIPATION, "VRF", "verifier"),
        Row::same("VPS", "Verifying Pharmaceutical Supplier"),
        Row::same("VTS", "Verifying Treatment Supplier"),
    ],
);

/// HL7 table 0912 (PRT-4) → the same, for participation of any kind.
pub(super) static PARTICIPATION_OF: Table = Table::same(
    V2_PARTICIPATION,
    &[
        Row::same("AAP", "Alert Acknowledging Provider"),
        Row::same("AC", "Administration Cosigner"),
        Row::exact("AD", PARTICIPATION, "ADM", "admitter"),
        Row::same("AI", "Assistant/Alternate Interpreter"),
        Row::near("AP", PARTICIPATION, "PPRF", "primary performer"),
        Row::same("ARI", "Assistant Result Interpreter"),
        Row::exact("AT", PARTICIPATION, "ATND", "attender"),
        Row::exact("AUT", PARTICIPATION, "AUT", "author (originator)"),
        Row::exact("CP", PARTICIPATION, "CON", "consultant"),
        Row::near("DP", PARTICIPATION, "DIST", "distributor"),
        Row::exact("EP", PARTICIPATION, "ENT", "data entry person"),
        Row::near("EQUIP", PARTICIPATION, "DEV", "device"),
        Row::same("FHCP", "Family Health Care Professional"),
        Row::same("MDIR", "Medical Director"),
        Row::near("OP", PARTICIPATION, "AUT", "author (originator)"),
        Row::same("OS", "Outside Site(s) Where Observation May Be Performed"),
        Row::same("PB", "Packed by"),
        Row::exact("PH", PRACTITIONER_ROLE, "pharmacist", "Pharmacist"),
        Row::same("PI", "Primary Interpreter"),
        Row::near("PO", PARTICIPATION, "PRF", "performer"),
        Row::same("POMD", "Performing Organization Medical Director"),
        Row::exact("PP", SNOMED, "446050000", "Primary care provider"),
        Row::same("PRI", "Principal Result Interpreter"),
        Row::exact("RCT", PARTICIPATION, "IRCP", "information recipient"),
        Row::near("RO", PARTICIPATION, "RESP", "responsible party"),
        Row::exact("RP", PARTICIPATION, "REF", "referrer"),
        Row::near("RT", PARTICIPATION, "REFT", "Referred to"),
        Row::same("SB", "Send by"),
        Row::same("SC", "Specimen Collector"),
        Row::same("TN", "Technician"),
        Row::exact("TR", PARTICIPATION, "TRANS", "Transcriber"),
        Row::exact("VP", PARTICIPATION, "VRF", "verifier"),
        Row::same("VPS", "Verifying Pharmaceutical Supplier"),
        Row::same("VTS", "Verifying Treatment Supplier"),
        Row::same("WAY", "Waypoint"),
        Row::same("WAYR", "Waypoint Recipient"),
    ],
);

/// HL7 table 0063 (IN1-17, IN2-72) → `Coverage.relationship`: who the insured is to the subscriber.
pub(super) static SUBSCRIBER_RELATIONSHIP: Table = Table::mapped(&[
    Row::near("ASC", SUBSCRIBER, "other", "Other"),
    Row::near("BRO", SUBSCRIBER, "other", "Other"),
    Row::near("CGV", SUBSCRIBER, "other", "Other"),
    Row::exact("CHD", SUBSCRIBER, "child", "Child"),
    Row::near("DEP", SUBSCRIBER, "other", "Other"),
    Row::exact("DOM", SUBSCRIBER, "common", "Common Law Spouse"),
    Row::near("EMC", SUBSCRIBER, "other", "Other"),
    Row::near("EME", SUBSCRIBER, "other", "Other"),
    Row::near("EMR", SUBSCRIBER, "other", "Other"),
    Row::near("EXF", SUBSCRIBER, "other", "Other"),
    Row::near("FCH", SUBSCRIBER, "child", "Child"),
    Row::near("FND", SUBSCRIBER, "other", "Other"),
    Row::near("FTH", SUBSCRIBER, "parent", "Parent"),
    Row::near("GCH", SUBSCRIBER, "other", "Other"),
    Row::near("GRD", SUBSCRIBER, "other", "Other"),
    Row::near("GRP", SUBSCRIBER, "other", "Other"),
    Row::near("MTH", SUBSCRIBER, "parent", "Parent"),
    Row::near("NCH", SUBSCRIBER, "child", "Child"),
    Row::near("OAD", SUBSCRIBER, "other", "Other"),
    Row::exact("OTH", SUBSCRIBER, "other", "Other"),
    Row::exact("PAR", SUBSCRIBER, "parent", "Parent"),
    Row::near("SCH", SUBSCRIBER, "child", "Child"),
    Row::exact("SEL", SUBSCRIBER, "self", "Self"),
    Row::near("SIB", SUBSCRIBER, "other", "Other"),
    Row::near("SIS", SUBSCRIBER, "other", "Other"),
    Row::exact("SPO", SUBSCRIBER, "spouse", "Spouse"),
    Row::near("WRD", SUBSCRIBER, "other", "Other"),
]);
