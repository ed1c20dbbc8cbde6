//! The official concept maps, one by one: the table of ours that does it, or the reason why none does.
//!
//! `docs/terminology.md` shows the list; `tests/terminology.py` holds it against the official files.

use serde::Serialize;

/// What becomes of one official concept map.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ConceptMap {
    /// Its name: `AdministrationMethod`.
    pub name: &'static str,
    /// The HL7 table that it maps: `0165`.
    pub table: &'static str,
    /// What does it here.
    pub by: By,
    /// The codes that ours maps otherwise, or not at all, and why.
    pub differs: &'static [(&'static str, &'static str)],
}

/// What does the work of an official concept map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "what")]
pub enum By {
    /// A table: the name of its function in [`crate::table`].
    Table(&'static str),
    /// The code of the converter: how.
    Code(&'static str),
    /// Nothing: why.
    Nothing(&'static str),
}

const fn table(name: &'static str, table: &'static str, ours: &'static str) -> ConceptMap {
    ConceptMap { name, table, by: By::Table(ours), differs: &[] }
}

const fn code(name: &'static str, table: &'static str, how: &'static str) -> ConceptMap {
    ConceptMap { name, table, by: By::Code(how), differs: &[] }
}

const fn nothing(name: &'static str, table: &'static str, why: &'static str) -> ConceptMap {
    ConceptMap { name, table, by: By::Nothing(why), differs: &[] }
}

impl ConceptMap {
    const fn but(self, differs: &'static [(&'static str, &'static str)]) -> Self {
        Self { differs, ..self }
    }
}

const NO_SOURCE: &str = "the map names no HL7 codes: the table is the sender's own, so the code is kept as sent and a profile's `codes` maps it";
const UNITS: &str = "a unit: units are read as UCUM where that is certain (docs/units.md), and kept as sent";
const LANGUAGE: &str =
    "the map names no HL7 codes: ISO 639 and BCP 47 are recognised by the name of the code system";

/// All of them, by name.
pub static MAPS: &[ConceptMap] = &[
    table("AdditivePreservative", "0371", "specimen_additive"),
    table("AddressType[Type]", "0190", "address_type"),
    table("AddressType[Use]", "0190", "address_use"),
    table("AdministrationMethod", "0165", "administration_method"),
    table("AdministrativeSex", "0001", "administrative_sex"),
    table("AdmissionLevelOfCareCode", "0432", "admission_level"),
    table("AdmissionType", "0007", "admission_type"),
    table("AllergenType[AllergyIntoleranceCategory]", "0127", "allergy_category"),
    table("AllergenType[AllergyIntoleranceOriginalCategory]", "0127", "allergen_type"),
    table("AllergySeverity[AllergyIntolerance.criticality-original]", "0128", "allergy_severity"),
    table("AllergySeverity[AllergyIntolerance.criticality]", "0128", "allergy_criticality"),
    table("AllergySeverity[AllergyIntolerance.reaction.severity]", "0128", "allergy_reaction_severity"),
    table("AllergyType", "0127", "allergy_type"),
    table("AllowSubstitution", "0161", "substitution"),
    table("AmbulatoryStatus", "0009", "ambulatory_status"),
    table("AppointmentReasonCodes", "0276", "appointment_reason"),
    table("AppointmentTypeCodes", "0277", "appointment_type"),
    table("BedStatus", "0116", "bed_status"),
    table("BodyParts", "0550", "body_part"),
    table("BodySite", "0163", "body_site"),
    table("CommentType", "0364", "comment_type"),
    table("CompletionStatus", "0322", "immunization_status"),
    nothing("ConfidentialityClassification", "0952", NO_SOURCE),
    table("ConfidentialityCode", "0177", "confidentiality").but(&[("U", "usual control is the normal level of v3-Confidentiality, which access decisions read"), ("PSY", "v3-Confidentiality has withdrawn it: v3-ActCode names the sensitivity"), ("AID", "v3-Confidentiality has withdrawn HIV: v3-ActCode names the sensitivity"), ("HIV", "v3-Confidentiality has withdrawn HIV: v3-ActCode names the sensitivity")]),
    table("ContactRole", "0131", "contact_role"),
    nothing("ContainerType", "9999", NO_SOURCE),
    table("CountryCode", "0399", "country"),
    table("DegreeLicenseCertificate", "0360", "degree"),
    table("DiagnosisType", "0052", "diagnosis_type"),
    table("DiagnosticServiceSectionID", "0074", "service_section"),
    nothing("DietType", "0114", NO_SOURCE),
    table("DischargeDisposition", "0112", "discharge_disposition"),
    nothing("DischargedToLocation", "0113", NO_SOURCE),
    table("DocumentConfidentialityStatus", "0272", "document_confidentiality").but(&[("V", "v3-Confidentiality has the same word, and FHIR wants it in securityLabel"), ("R", "v3-Confidentiality has the same word, and FHIR wants it in securityLabel"), ("U", "usual control is the normal level of v3-Confidentiality")]),
    table("EncounterPriority", "0217", "visit_priority"),
    table("EventReason", "0062", "event_reason"),
    table("EventRelatedPeriod", "0528", "timing_event"),
    code(
        "EventType",
        "0003",
        "the event of MSH-9.2 is MessageHeader.eventCoding as it stands, with the system v2-0003",
    ),
    code(
        "Event[EncounterStatus]",
        "0003",
        "each event's rule in message/adt: what it says of the visit, with PV1-44 and PV1-45",
    ),
    table("ExtendedPriorityCodes", "0485", "order_priority"),
    table("FillerStatusCodes[Appointment]", "0278", "appointment_status"),
    nothing("FinancialClass", "0064", NO_SOURCE),
    table("HospitalService", "0069", "hospital_service"),
    table("IdentifierType", "0203", "identifier_type").but(&[("NNxxx", "a pattern: NN and a country is kept as the sender wrote it (datatype/cx.rs)")]),
    table("InterpretationCodes", "0078", "interpretation").but(&[("MS", "withdrawn from v3-ObservationInterpretation: kept as the code of v2-0078"), ("VS", "withdrawn from v3-ObservationInterpretation: kept as the code of v2-0078")]),
    table("LivingWillCode", "0315", "living_will"),
    table("MaritalStatus", "0002", "marital_status").but(&[("C", "nl-core's value set has no common law spouse: T (domestic partner), with the sender's code beside it")]),
    nothing(
        "MessageStructure",
        "0354",
        "the map gives no FHIR codes: the structure (MSH-9.3) follows from type and event",
    ),
    table("ModeOfArrivalCode", "0430", "arrival_mode"),
    table("NameAssemblyOrder", "0444", "name_assembly"),
    table("NameType", "0200", "name_use"),
    table("NatureOfAbnormalTesting", "0080", "abnormality_nature"),
    table("ObservationResultStatusCodesInterpretation", "0085", "observation_status"),
    nothing("OperatorID", "0188", NO_SOURCE),
    table("OrderControlCode[ServiceRequest.status]", "0119", "order_control").but(&[("CA", "an order that is to be cancelled is no longer in force, whether or not the filler has answered"), ("HD", "an order that is to be held is on hold, whether or not the filler has answered")]),
    table("OrderStatus", "0038", "order_status"),
    table("OrderType", "0482", "order_type"),
    table("OrganizationalNameType", "0204", "organization_name_type"),
    nothing(
        "ParticipantOrganizationUnitType",
        "0406",
        "the map gives no FHIR codes: a code is kept as one of v2-0406",
    ),
    table("Participation", "0912", "participation"),
    table("PatientClass[EncounterClass]", "0004", "patient_class"),
    table("PatientClass[EncounterStatus]", "0004", "encounter_status_of_class"),
    nothing("PlanId", "0072", NO_SOURCE),
    table("PractitionerIDNumberType", "0338", "practitioner_number").but(&[("L&I", "the code of the table itself, of which LI is the later spelling"), ("TAX", "the code of the table itself, as its neighbours are")]),
    table("PreferredMethodOfContact", "0185", "contact_preference"),
    nothing("PrimaryLanguage", "0296", LANGUAGE),
    nothing("PrincipalLanguageOfMessage", "0296", LANGUAGE),
    table("ProcessingID", "0103", "processing"),
    table("ProcessingMode", "0207", "processing_mode"),
    table("ProviderRole", "0443", "provider_role"),
    table("PublicityCode", "0215", "publicity"),
    table("ReadmissionIndicator", "0092", "readmission"),
    table("Relationship", "0063", "relationship").but(&[("GRD", "v3-RoleCode has the guardian, which nl-core binds")]),
    table("Religion", "0006", "religion"),
    table("RepeatPattern", "0335", "repeat_pattern").but(&[("Q<integer>S", "a pattern or a part of one, not a code: read as such where a timing is built"), ("Q<integer>M", "a pattern or a part of one, not a code: read as such where a timing is built"), ("Q<integer>H", "a pattern or a part of one, not a code: read as such where a timing is built"), ("Q<integer>D", "a pattern or a part of one, not a code: read as such where a timing is built"), ("Q<integer>W", "a pattern or a part of one, not a code: read as such where a timing is built"), ("Q<integer>L", "a pattern or a part of one, not a code: read as such where a timing is built"), ("Q<integer>J<day#>", "a pattern or a part of one, not a code: read as such where a timing is built"), ("xID", "a pattern or a part of one, not a code: read as such where a timing is built"), ("\"U <spec>\"", "a pattern or a part of one, not a code: read as such where a timing is built"), ("PRNxxx", "a pattern or a part of one, not a code: read as such where a timing is built"), ("\"Meal Related Timings\"", "a pattern or a part of one, not a code: read as such where a timing is built"), ("A", "a pattern or a part of one, not a code: read as such where a timing is built"), ("P", "a pattern or a part of one, not a code: read as such where a timing is built"), ("I", "a pattern or a part of one, not a code: read as such where a timing is built"), ("M", "a pattern or a part of one, not a code: read as such where a timing is built"), ("D", "a pattern or a part of one, not a code: read as such where a timing is built"), ("V", "a pattern or a part of one, not a code: read as such where a timing is built")]),
    nothing("RequestedDispenseUnits", "9999", UNITS),
    nothing("RequestedDosageForm", "9999", NO_SOURCE),
    nothing("RequestedDrugStrengthVolumeUnits", "9999", UNITS),
    nothing("RequestedGiveStrengthUnits", "9999", UNITS),
    nothing("RequestedGiveUnits", "9999", UNITS),
    table("ResultStatus[Non-Queries]", "0123", "report_status"),
    table("RouteOfAdministration", "0162", "route"),
    nothing("RoutingInstruction", "9999", NO_SOURCE),
    nothing("SecurityLabelHandlingInstructions", "9999", NO_SOURCE),
    code(
        "SegmentActionCode",
        "0206",
        "each segment's rule: D takes out what A and U put in; a Bundle's entries are all PUT, so that a replay has one effect",
    ),
    table("SpecimenCollectionMethod", "0488", "collection_method").but(&[("BIO", "the table names the method of collection, SNOMED CT here only the action"), ("SCRAPS", "the table names the method of collection, SNOMED CT here only the action")]),
    table("SpecimenCondition", "0493", "specimen_condition"),
    table("SpecimenRejectReason", "0490", "specimen_reject_reason"),
    nothing("SpecimenSourceSite", "9999", NO_SOURCE),
    nothing("SpecimenSourceTypeModifier", "9999", NO_SOURCE),
    table("SpecimenType", "0487", "specimen_type"),
    table("TelecommunicationEquipmentType", "0202", "telecom_system").but(&[("CP", "a mobile is a telephone (system) and mobile (use): both are written"), ("SAT", "a satellite telephone is a telephone")]),
    table("TelecommunicationUseCode", "0201", "telecom_use"),
    nothing("TestServiceDefaultDurationUnits", "9999", UNITS),
    code(
        "UniversalIDType",
        "0301",
        "decides what identifier system an authority gets (profile/authority.rs): urn:oid, urn:uuid or the URI itself",
    ),
    nothing("VIPIndicator", "0099", NO_SOURCE),
    table("VisitUserCode", "0130", "visit_user"),
    code("YesNoIndicator", "0136", "a FHIR boolean (context/code.rs)"),
    table("YesNoIndicator[AvailabilityStatus]", "0136", "specimen_status"),
];
