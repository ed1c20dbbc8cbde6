//! The tables by what they are for: one function each, named after what is looked up.

use super::{
    Target, care, document, identifier, order, person, place, result, role, same, schedule, specimen, visit,
};

/// A table, as `docs/terminology.md` shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The name of its function.
    pub name: &'static str,
    /// Where its codes stand, and what they become.
    pub what: &'static str,
    /// The codes, in order, with what they become.
    pub codes: Vec<(&'static str, Target)>,
}

macro_rules! lookups {
    ($($(#[doc = $doc:literal])* $name:ident => $table:expr;)*) => {
        $($(#[doc = $doc])* #[must_use] pub fn $name(code: &str) -> Option<Target> { $table.get(code) })*

        /// All tables, in the order of their names.
        #[must_use]
        pub fn all() -> Vec<Listed> {
            let mut all = vec![$(Listed {
                name: stringify!($name),
                what: concat!($($doc),*).trim_ascii(),
                codes: $table.sources().into_iter().filter_map(|code| Some((code, $name(code)?))).collect(),
            }),*];
            all.sort_unstable_by_key(|listed| listed.name);
            all
        }
    };
}

lookups! {
    /// PID-8, table 0001 → `Patient.gender`.
    administrative_sex => person::SEX;
    /// PID-8, table 0001 → the code in nl-core's `ext-CodeSpecification` on `Patient.gender`.
    gender_code => person::GENDER_CODE;
    /// PID-16, table 0002 → `Patient.maritalStatus`.
    marital_status => person::MARITAL_STATUS;
    /// NK1-3, table 0063 → `RelatedPerson.relationship`.
    relationship => person::RELATIONSHIP;
    /// NK1-7, table 0131 → `RelatedPerson.relationship`.
    contact_role => person::CONTACT_ROLE;
    /// XAD.7, table 0190 → `Address.use`.
    address_use => person::ADDRESS_USE_OF;
    /// XAD.7, table 0190 → `Address.type`.
    address_type => person::ADDRESS_TYPE_OF;
    /// XPN.7, table 0200 → `HumanName.use`.
    name_use => person::NAME_USE_OF;
    /// XTN.2, table 0201 → `ContactPoint.use`.
    telecom_use => person::TELECOM_USE_OF;
    /// XTN.3, table 0202 → `ContactPoint.system`. CP (cellular) also means `use = mobile`.
    telecom_system => person::TELECOM_SYSTEM_OF;
    /// PV1-2, table 0004 → `Encounter.class`.
    patient_class => visit::PATIENT_CLASS;
    /// PV1-2, table 0004 → `Encounter.status`, where the event itself says nothing of it.
    encounter_status_of_class => visit::ENCOUNTER_STATUS_OF_CLASS;
    /// PV1-4, table 0007, as its own code system → `Encounter.type`.
    admission_type => visit::ADMISSION_TYPE;
    /// PV1-4, table 0007 → `Encounter.priority`, where v3-ActPriority has the meaning.
    admission_priority => visit::ADMISSION_PRIORITY;
    /// DG1-6, table 0052 → `Encounter.diagnosis.use`.
    diagnosis_type => visit::DIAGNOSIS_TYPE;
    /// AL1-2, table 0127 → `AllergyIntolerance.type`.
    allergy_type => visit::ALLERGY_TYPE_OF;
    /// AL1-2, table 0127 → `AllergyIntolerance.category`.
    allergy_category => visit::ALLERGY_CATEGORY_OF;
    /// AL1-2, table 0127, as its own code system: the original beside type and category.
    allergen_type => visit::ALLERGEN_TYPE;
    /// AL1-4, table 0128 → `AllergyIntolerance.criticality`.
    allergy_criticality => visit::ALLERGY_CRITICALITY;
    /// AL1-4, table 0128 → `AllergyIntolerance.reaction.severity`.
    allergy_reaction_severity => visit::REACTION_SEVERITY;
    /// AL1-4, table 0128, as its own code system: the original beside the two above.
    allergy_severity => visit::ALLERGY_SEVERITY;
    /// OBX-8, table 0078 → `Observation.interpretation`.
    interpretation => result::INTERPRETATION_OF;
    /// OBX-11, table 0085 → `Observation.status`.
    observation_status => result::OBSERVATION_STATUS_OF;
    /// OBR-25, table 0123 → `DiagnosticReport.status`.
    report_status => result::REPORT_STATUS_OF;
    /// OBR-24, table 0074 → `DiagnosticReport.category`.
    service_section => result::SERVICE_SECTION;
    /// ORC-5, table 0038 → `ServiceRequest.status`.
    order_status => result::ORDER_STATUS;
    /// OBR-5 and TQ1-9, table 0485 → `ServiceRequest.priority`.
    order_priority => result::ORDER_PRIORITY;
    /// NTE-4, table 0364, as its own code system.
    comment_type => result::COMMENT_TYPE;
    /// OBX-10, table 0080, as its own code system.
    abnormality_nature => result::ABNORMALITY_NATURE;
    /// SPM-4, table 0487, as its own code system → `Specimen.type`.
    specimen_type => specimen::TYPE;
    /// OBR-15, table 0070, as its own code system → `Specimen.type`.
    specimen_source => specimen::SOURCE;
    /// SPM-7, table 0488, as its own code system → `Specimen.collection.method`.
    collection_method => specimen::COLLECTION_METHOD;
    /// SPM-6, table 0371, as its own code system → `Specimen.container.additive[x]`.
    specimen_additive => specimen::ADDITIVE;
    /// SPM-24, table 0493, as its own code system → `Specimen.condition`.
    specimen_condition => specimen::CONDITION;
    /// SPM-21, table 0490, as its own code system.
    specimen_reject_reason => specimen::REJECT_REASON;
    /// CX.5 and XCN.13, table 0203 → `Identifier.type`.
    identifier_type => identifier::IDENTIFIER_TYPE;
    // ---- persons
    /// PID-17, table 0006 → the extension patient-religion.
    religion => super::religion::RELIGION_OF;
    /// IN1-17, table 0063 → `Coverage.relationship`: who the insured is to the subscriber.
    subscriber_relationship => role::SUBSCRIBER_RELATIONSHIP;
    /// ROL-3, table 0443 → the part in a visit or plan.
    provider_role => role::PROVIDER_ROLE;
    /// PRT-4, table 0912 → the same, for participation of any kind.
    participation => role::PARTICIPATION_OF;
    /// PD1-2, table 0220, as its own code system.
    living_arrangement => same::LIVING_ARRANGEMENT;
    /// PD1-1, table 0223, as its own code system.
    living_dependency => same::LIVING_DEPENDENCY;
    /// PD1-5, table 0231, as its own code system.
    student => same::STUDENT;
    /// PD1-7, table 0315, as its own code system.
    living_will => same::LIVING_WILL;
    /// PD1-8, table 0316, as its own code system.
    organ_donor => same::ORGAN_DONOR;
    /// PD1-11, table 0215, as its own code system.
    publicity => same::PUBLICITY;
    /// PID-32, table 0445, as its own code system.
    identity_reliability => same::IDENTITY_RELIABILITY;
    /// XPN.6 and XCN.7, table 0360, as its own code system.
    degree => same::DEGREE;
    /// CTD-6 and PRD-6, table 0185, as its own code system.
    contact_preference => same::CONTACT_PREFERENCE;
    /// XON.2, table 0204, as its own code system.
    organization_name_type => same::ORGANIZATION_NAME_TYPE;
    /// XAD.6, table 0399 → ISO 3166, three letters.
    country => place::COUNTRY;
    // ---- visits
    /// EVN-4, table 0062 → `Provenance.reason`.
    event_reason => visit::EVENT_REASON;
    /// PV1-10, table 0069 → `Encounter.serviceType`.
    hospital_service => visit::HOSPITAL_SERVICE;
    /// PV1-13, table 0092 → `Encounter.hospitalization.reAdmission`.
    readmission => same::READMISSION;
    /// PV1-14, table 0023, as its own code system.
    admit_source => same::ADMIT_SOURCE;
    /// PV1-15, table 0009 → `Encounter.hospitalization.specialArrangement`.
    ambulatory_status => visit::AMBULATORY_STATUS;
    /// PV2-18, table 0214, as its own code system.
    special_program => same::SPECIAL_PROGRAM;
    /// PV1-36, table 0112, as its own code system.
    discharge_disposition => same::DISCHARGE_DISPOSITION;
    /// PL.5 and PV1-40, table 0116 → `Location.operationalStatus`.
    bed_status => same::BED_STATUS;
    /// PL.6, table 0305, as its own code system.
    location_type => same::LOCATION_TYPE;
    /// PV2-22, table 0130, as its own code system.
    visit_user => same::VISIT_USER;
    /// PV2-25, table 0217 → `Encounter.priority`.
    visit_priority => visit::VISIT_PRIORITY;
    /// PV2-38, table 0430, as its own code system.
    arrival_mode => same::ARRIVAL_MODE;
    /// PV2-40, table 0432, as its own code system.
    admission_level => same::ADMISSION_LEVEL;
    /// PV2-35, table 0434, as its own code system.
    patient_condition => same::PATIENT_CONDITION;
    // ---- appointments
    /// SCH-25, table 0278 → `Appointment.status`.
    appointment_status => schedule::APPOINTMENT_STATUS;
    /// MSH-9.2 of a SIU, table 0003 → `Appointment.status`, where SCH-25 says nothing.
    appointment_status_of_event => schedule::APPOINTMENT_STATUS_OF_EVENT;
    /// AIS-10, AIG-14, AIL-12 and AIP-12, table 0278 → `Appointment.participant.status`.
    participant_status => schedule::PARTICIPANT_STATUS;
    /// SCH-6 and SCH-7, table 0276 → `Appointment.reasonCode`.
    appointment_reason => schedule::APPOINTMENT_REASON;
    /// SCH-8, table 0277, as its own code system.
    appointment_type => same::APPOINTMENT_TYPE;
    // ---- documents
    /// TXA-2, table 0270, as its own code system.
    document_type => same::DOCUMENT_TYPE;
    /// TXA-17, table 0271 → `DocumentReference.docStatus`.
    document_completion => document::COMPLETION;
    /// TXA-18, table 0272 → `DocumentReference.securityLabel`.
    document_confidentiality => document::DOCUMENT_CONFIDENTIALITY;
    /// TXA-19, table 0273 → `DocumentReference.status`.
    document_availability => document::AVAILABILITY;
    /// TXA-20, table 0275, as its own code system.
    document_storage => same::DOCUMENT_STORAGE;
    /// ORC-28 and ARV-4, table 0177 → a security label.
    confidentiality => document::CONFIDENTIALITY_OF;
    // ---- orders and medication
    /// ORC-1, table 0119 → request-status, where the code stands alone.
    order_control => order::CONTROL;
    /// ORC-29, table 0482 → `ServiceRequest.locationCode`.
    order_type => order::ORDER_TYPE;
    /// ORC-1, table 0119 → `MedicationRequest.status`.
    medication_control => order::MEDICATION_CONTROL;
    /// ORC-5, table 0038 → `MedicationRequest.status`.
    medication_order_status => order::MEDICATION_ORDER_STATUS;
    /// ORC-5, table 0038 → `MedicationDispense.status`.
    dispense_status => order::DISPENSE_STATUS;
    /// RXA-20, table 0322 → `MedicationAdministration.status`.
    administration_status => order::ADMINISTRATION_STATUS;
    /// RXA-20, table 0322 → `Immunization.status`.
    immunization_status => order::IMMUNIZATION_STATUS;
    /// RXO-9 and RXE-9, table 0161, as its own code system.
    substitution => same::SUBSTITUTION;
    /// RXR-1, table 0162 → the route.
    route => order::ROUTE;
    /// RXR-2, table 0163, as its own code system.
    body_site => same::BODY_SITE;
    /// RXR-3, table 0164, as its own code system.
    administration_device => same::ADMINISTRATION_DEVICE;
    /// RXR-4, table 0165 → the method.
    administration_method => order::ADMINISTRATION_METHOD;
    /// TQ1-3, table 0335 → `Timing.code`: the abbreviations; `Q6H` and its like are patterns.
    repeat_pattern => order::REPEAT_PATTERN;
    /// RPT.8, table 0528 → `Timing.repeat.when`.
    timing_event => order::TIMING_EVENT_OF;
    /// Segment action code, table 0206, as its own code system.
    segment_action => order::ACTION;
    // ---- specimens
    /// SPM-8, table 0550, as its own code system → `Specimen.collection.bodySite`.
    body_part => place::BODY_PART;
    /// SPM-11, table 0369, as its own code system.
    specimen_role => same::SPECIMEN_ROLE;
    /// SPM-15, table 0376, as its own code system → `Specimen.container` and handling.
    specimen_handling => same::HANDLING;
    /// SPM-16, table 0489, as its own code system.
    specimen_risk => same::RISK;
    /// SAC-8, table 0370, as its own code system.
    container_status => same::CONTAINER_STATUS;
    // ---- referrals, procedures, accounts
    /// RF1-1, table 0283, as its own code system.
    referral_status => same::REFERRAL_STATUS;
    /// RF1-2, table 0280, as its own code system.
    referral_priority => same::REFERRAL_PRIORITY;
    /// RF1-3, table 0281, as its own code system.
    referral_type => same::REFERRAL_TYPE;
    /// RF1-4, table 0282, as its own code system.
    referral_disposition => same::REFERRAL_DISPOSITION;
    /// RF1-10, table 0336, as its own code system.
    referral_reason => same::REFERRAL_REASON;
    /// PRD-1, table 0286, as its own code system.
    referral_provider_role => same::PROVIDER_ROLE_OF_REFERRAL;
    /// PR1-6, table 0230, as its own code system.
    procedure_type => same::PROCEDURE_TYPE;
    /// PR1-14, table 0418, as its own code system.
    procedure_priority => same::PROCEDURE_PRIORITY;
    /// FT1-6, table 0017, as its own code system.
    transaction_type => same::TRANSACTION_TYPE;
    /// IN1-22, table 0173, as its own code system.
    coordination_of_benefits => same::COORDINATION_OF_BENEFITS;
    /// SPM-20, table 0136 → `Specimen.status`.
    specimen_status => specimen::STATUS;
    /// XPN.11, table 0444 → the extension humanname-assembly-order, as its own code system.
    name_assembly => same::NAME_ASSEMBLY;
    /// XCN.13 in versions before 2.3, table 0338 → `Identifier.type`.
    practitioner_number => identifier::PRACTITIONER_NUMBER;
    /// RF1-1, table 0283 → `ServiceRequest.status`.
    referral_state => care::REFERRAL_STATUS;
    /// RF1-1, table 0283 → `Task.status`.
    referral_task => care::REFERRAL_TASK;
    /// RF1-2, table 0280 → `ServiceRequest.priority`.
    referral_urgency => care::REFERRAL_PRIORITY;
    /// FT1-6, table 0017 → `ChargeItem.status`.
    transaction_state => care::TRANSACTION_STATUS;
    /// PRB-14 → `Condition.clinicalStatus`.
    problem_status => care::PROBLEM_STATUS;
    /// PRB-13 and PRB-19 → `Condition.verificationStatus`.
    problem_confirmation => care::PROBLEM_CONFIRMATION;
    /// GOL-18 → `Goal.lifecycleStatus`.
    goal_life_cycle => care::GOAL_LIFE_CYCLE;
    /// PTH-5 → `CarePlan.status`.
    pathway_life_cycle => care::PATHWAY_LIFE_CYCLE;
    // ---- messages
    /// MSH-11.1, table 0103, as its own code system.
    processing => same::PROCESSING;
    /// MSH-11.2, table 0207, as its own code system.
    processing_mode => same::PROCESSING_MODE;
}
