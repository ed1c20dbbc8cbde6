//! Addresses of international code systems, naming systems and extensions.

/// HL7 v3 ActCode: Encounter classes.
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// HL7 v3 ParticipationType: what someone does in a visit.
pub const PARTICIPATION_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// HL7 v3 RoleCode: relations between persons.
pub const ROLE_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
/// HL7 v3 MaritalStatus.
pub const MARITAL_STATUS: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
/// HL7 v3 AdministrativeGender.
pub const ADMINISTRATIVE_GENDER: &str = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender";
/// HL7 v3 AddressUse.
pub const ADDRESS_USE: &str = "http://terminology.hl7.org/CodeSystem/v3-AddressUse";
/// HL7 v3 NullFlavor.
pub const NULL_FLAVOR: &str = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";
/// HL7 v3 Confidentiality.
pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// HL7 v3 DataOperation: what was done with a record.
pub const DATA_OPERATION: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";
/// HL7 v2 table 0003: events.
pub const V2_EVENT: &str = "http://terminology.hl7.org/CodeSystem/v2-0003";
/// HL7 v2 table 0103: processing ids.
pub const V2_PROCESSING_ID: &str = "http://terminology.hl7.org/CodeSystem/v2-0103";
/// HL7 v2 table 0207: processing modes.
pub const V2_PROCESSING_MODE: &str = "http://terminology.hl7.org/CodeSystem/v2-0207";
/// HL7 v2 table 0203: kinds of identifier.
pub const V2_IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
/// HL7 v2 table 0119: order control codes.
pub const V2_ORDER_CONTROL: &str = "http://terminology.hl7.org/CodeSystem/v2-0119";
/// FHIR task-code: what a Task asks for.
pub const TASK_CODE: &str = "http://hl7.org/fhir/CodeSystem/task-code";
/// FHIR location-physical-type.
pub const PHYSICAL_TYPE: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";
/// FHIR allergyintolerance-clinical.
pub const ALLERGY_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
/// FHIR allergyintolerance-verification.
pub const ALLERGY_VERIFICATION: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
/// FHIR condition-clinical.
pub const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
/// FHIR condition-ver-status.
pub const CONDITION_VER_STATUS: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
/// FHIR condition-category.
pub const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
/// FHIR provenance-participant-type.
pub const PROVENANCE_PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
/// FHIR coverage-class.
pub const COVERAGE_CLASS: &str = "http://terminology.hl7.org/CodeSystem/coverage-class";
/// LOINC.
pub const LOINC: &str = "http://loinc.org";
/// SNOMED CT.
pub const SNOMED: &str = "http://snomed.info/sct";
/// UCUM: units of measure.
pub const UCUM: &str = "http://unitsofmeasure.org";
/// ISO 3166: countries.
pub const COUNTRY: &str = "urn:iso:std:iso:3166";
/// BCP 47: languages.
pub const LANGUAGE: &str = "urn:ietf:bcp:47";

/// Why a required element has no value.
pub const DATA_ABSENT_REASON: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
/// The hour of birth.
pub const BIRTH_TIME: &str = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";
