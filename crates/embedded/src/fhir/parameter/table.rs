//! The search parameters by resource type.

use super::{SearchKind, SearchParameter};

pub(super) const fn token(name: &'static str, paths: &'static [&'static str]) -> SearchParameter {
    SearchParameter { name, kind: SearchKind::Token, paths, target: "" }
}

const fn string(name: &'static str, paths: &'static [&'static str]) -> SearchParameter {
    SearchParameter { name, kind: SearchKind::String, paths, target: "" }
}

pub(super) const fn date(name: &'static str, paths: &'static [&'static str]) -> SearchParameter {
    SearchParameter { name, kind: SearchKind::Date, paths, target: "" }
}

const fn reference(name: &'static str, paths: &'static [&'static str]) -> SearchParameter {
    SearchParameter { name, kind: SearchKind::Reference, paths, target: "" }
}

const fn only(name: &'static str, paths: &'static [&'static str], target: &'static str) -> SearchParameter {
    SearchParameter { name, kind: SearchKind::Reference, paths, target }
}

const IDENTIFIER: SearchParameter = token("identifier", &["identifier"]);
const STATUS: SearchParameter = token("status", &["status"]);
const ACTIVE: SearchParameter = token("active", &["active"]);
const CODE: SearchParameter = token("code", &["code"]);
const CATEGORY: SearchParameter = token("category", &["category"]);
const TYPE: SearchParameter = token("type", &["type"]);
const GENDER: SearchParameter = token("gender", &["gender"]);
const NAME: SearchParameter = string("name", &["name"]);
const SUBJECT: SearchParameter = reference("subject", &["subject"]);
const PATIENT_SUBJECT: SearchParameter = only("patient", &["subject"], "Patient");
const PATIENT: SearchParameter = only("patient", &["patient"], "Patient");
const ENCOUNTER: SearchParameter = only("encounter", &["encounter"], "Encounter");
const BASED_ON: SearchParameter = reference("based-on", &["basedOn"]);
const PERFORMER: SearchParameter = reference("performer", &["performer"]);
const MEDICATION: SearchParameter = only("medication", &["medicationReference"], "Medication");
const SPECIMEN: SearchParameter = only("specimen", &["specimen"], "Specimen");
const EFFECTIVE: SearchParameter =
    date("date", &["effectiveDateTime", "effectiveInstant", "effectivePeriod"]);

/// By resource type, in alphabetical order. Names, kinds and elements follow the search parameters of
/// FHIR R4 (4.0.1).
pub(super) const TABLE: &[(&str, &[SearchParameter])] = &[
    (
        "Account",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            NAME,
            reference("owner", &["owner"]),
            date("period", &["servicePeriod"]),
            STATUS,
            TYPE,
        ],
    ),
    (
        "AllergyIntolerance",
        &[
            IDENTIFIER,
            PATIENT,
            token("clinical-status", &["clinicalStatus"]),
            token("verification-status", &["verificationStatus"]),
            token("code", &["code", "reaction.substance"]),
            CATEGORY,
            TYPE,
            token("criticality", &["criticality"]),
            date("date", &["recordedDate"]),
            reference("recorder", &["recorder"]),
            reference("asserter", &["asserter"]),
        ],
    ),
    (
        "Appointment",
        &[
            IDENTIFIER,
            only("patient", &["participant.actor"], "Patient"),
            only("practitioner", &["participant.actor"], "Practitioner"),
            only("location", &["participant.actor"], "Location"),
            reference("actor", &["participant.actor"]),
            token("part-status", &["participant.status"]),
            STATUS,
            token("service-type", &["serviceType"]),
            token("appointment-type", &["appointmentType"]),
            token("reason-code", &["reasonCode"]),
            reference("reason-reference", &["reasonReference"]),
            BASED_ON,
            reference("slot", &["slot"]),
            reference("supporting-info", &["supportingInformation"]),
            date("date", &["start"]),
        ],
    ),
    (
        "CarePlan",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            token("intent", &["intent"]),
            CATEGORY,
            date("date", &["period"]),
            reference("goal", &["goal"]),
            reference("condition", &["addresses"]),
            reference("care-team", &["careTeam"]),
        ],
    ),
    (
        "CareTeam",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CATEGORY,
            reference("participant", &["participant.member"]),
        ],
    ),
    (
        "ChargeItem",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            CODE,
            reference("account", &["account"]),
            reference("context", &["context"]),
            date("occurrence", &["occurrenceDateTime", "occurrencePeriod"]),
            date("entered-date", &["enteredDate"]),
            reference("enterer", &["enterer"]),
            reference("performer-actor", &["performer.actor"]),
            reference("performing-organization", &["performingOrganization"]),
            reference("requesting-organization", &["requestingOrganization"]),
            reference("service", &["service"]),
        ],
    ),
    (
        "Communication",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CATEGORY,
            token("medium", &["medium"]),
            date("sent", &["sent"]),
            reference("recipient", &["recipient"]),
            reference("sender", &["sender"]),
        ],
    ),
    (
        "Condition",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            token("clinical-status", &["clinicalStatus"]),
            token("verification-status", &["verificationStatus"]),
            CODE,
            CATEGORY,
            token("severity", &["severity"]),
            date("onset-date", &["onsetDateTime", "onsetPeriod"]),
            date("recorded-date", &["recordedDate"]),
            reference("asserter", &["asserter"]),
        ],
    ),
    (
        "Consent",
        &[
            IDENTIFIER,
            PATIENT,
            STATUS,
            token("scope", &["scope"]),
            CATEGORY,
            date("date", &["dateTime"]),
            reference("consentor", &["performer"]),
            reference("organization", &["organization"]),
        ],
    ),
    (
        "Coverage",
        &[
            IDENTIFIER,
            only("patient", &["beneficiary"], "Patient"),
            reference("beneficiary", &["beneficiary"]),
            reference("subscriber", &["subscriber"]),
            reference("policy-holder", &["policyHolder"]),
            reference("payor", &["payor"]),
            TYPE,
            STATUS,
        ],
    ),
    (
        "Device",
        &[
            IDENTIFIER,
            TYPE,
            STATUS,
            string("device-name", &["deviceName.name"]),
            string("manufacturer", &["manufacturer"]),
            PATIENT,
            only("location", &["location"], "Location"),
            only("organization", &["owner"], "Organization"),
        ],
    ),
    (
        "DiagnosticReport",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CODE,
            CATEGORY,
            EFFECTIVE,
            date("issued", &["issued"]),
            BASED_ON,
            reference("result", &["result"]),
            SPECIMEN,
            PERFORMER,
            reference("results-interpreter", &["resultsInterpreter"]),
            token("conclusion", &["conclusionCode"]),
        ],
    ),
    (
        "DocumentReference",
        &[
            token("identifier", &["masterIdentifier", "identifier"]),
            PATIENT_SUBJECT,
            SUBJECT,
            only("encounter", &["context.encounter"], "Encounter"),
            STATUS,
            TYPE,
            CATEGORY,
            date("date", &["date"]),
            date("period", &["context.period"]),
            reference("author", &["author"]),
            reference("authenticator", &["authenticator"]),
            reference("custodian", &["custodian"]),
            reference("related", &["context.related"]),
            reference("relatesto", &["relatesTo.target"]),
        ],
    ),
    (
        "Encounter",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            STATUS,
            token("class", &["class"]),
            TYPE,
            only("account", &["account"], "Account"),
            date("date", &["period"]),
            only("location", &["location.location"], "Location"),
            reference("participant", &["participant.individual"]),
            only("practitioner", &["participant.individual"], "Practitioner"),
            only("service-provider", &["serviceProvider"], "Organization"),
            only("part-of", &["partOf"], "Encounter"),
            reference("diagnosis", &["diagnosis.condition"]),
            BASED_ON,
        ],
    ),
    (
        "Goal",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            CATEGORY,
            token("lifecycle-status", &["lifecycleStatus"]),
            token("achievement-status", &["achievementStatus"]),
            date("start-date", &["startDate"]),
            date("target-date", &["target.dueDate"]),
        ],
    ),
    (
        "Immunization",
        &[
            IDENTIFIER,
            PATIENT,
            STATUS,
            token("status-reason", &["statusReason"]),
            token("vaccine-code", &["vaccineCode"]),
            date("date", &["occurrenceDateTime"]),
            token("lot-number", &["lotNumber"]),
            only("location", &["location"], "Location"),
            only("manufacturer", &["manufacturer"], "Organization"),
            reference("performer", &["performer.actor"]),
            only("reaction", &["reaction.detail"], "Observation"),
            token("reason-code", &["reasonCode"]),
            reference("reason-reference", &["reasonReference"]),
            token("target-disease", &["protocolApplied.targetDisease"]),
        ],
    ),
    (
        "Location",
        &[
            IDENTIFIER,
            string("name", &["name", "alias"]),
            STATUS,
            TYPE,
            only("partof", &["partOf"], "Location"),
            only("organization", &["managingOrganization"], "Organization"),
        ],
    ),
    (
        "Medication",
        &[
            IDENTIFIER,
            CODE,
            token("form", &["form"]),
            token("ingredient-code", &["ingredient.itemCodeableConcept"]),
            token("lot-number", &["batch.lotNumber"]),
            date("expiration-date", &["batch.expirationDate"]),
            only("manufacturer", &["manufacturer"], "Organization"),
        ],
    ),
    (
        "MedicationAdministration",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            reference("context", &["context"]),
            STATUS,
            date("effective-time", &["effectiveDateTime", "effectivePeriod"]),
            MEDICATION,
            only("request", &["request"], "MedicationRequest"),
            reference("performer", &["performer.actor"]),
            token("reason-given", &["reasonCode"]),
            token("reason-not-given", &["statusReason"]),
        ],
    ),
    (
        "MedicationDispense",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            reference("context", &["context"]),
            STATUS,
            TYPE,
            date("whenhandedover", &["whenHandedOver"]),
            MEDICATION,
            only("prescription", &["authorizingPrescription"], "MedicationRequest"),
            reference("performer", &["performer.actor"]),
            only("destination", &["destination"], "Location"),
        ],
    ),
    (
        "MedicationRequest",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            token("intent", &["intent"]),
            token("priority", &["priority"]),
            CATEGORY,
            date("authoredon", &["authoredOn"]),
            MEDICATION,
            reference("requester", &["requester"]),
            reference("intended-dispenser", &["dispenseRequest.performer"]),
        ],
    ),
    (
        "MedicationStatement",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            reference("context", &["context"]),
            STATUS,
            token("code", &["medicationCodeableConcept"]),
            CATEGORY,
            date("effective", &["effectiveDateTime", "effectivePeriod"]),
            reference("source", &["informationSource"]),
        ],
    ),
    (
        "MessageHeader",
        &[
            token("event", &["eventCoding"]),
            reference("focus", &["focus"]),
            reference("author", &["author"]),
            reference("sender", &["sender"]),
            reference("responsible", &["responsible"]),
        ],
    ),
    (
        "Observation",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CODE,
            CATEGORY,
            EFFECTIVE,
            token("value-concept", &["valueCodeableConcept"]),
            BASED_ON,
            PERFORMER,
            SPECIMEN,
            reference("device", &["device"]),
            reference("has-member", &["hasMember"]),
            reference("derived-from", &["derivedFrom"]),
            reference("part-of", &["partOf"]),
        ],
    ),
    ("Organization", &[IDENTIFIER, NAME, TYPE, ACTIVE, only("partof", &["partOf"], "Organization")]),
    (
        "Patient",
        &[
            IDENTIFIER,
            NAME,
            string("family", &["name.family"]),
            string("given", &["name.given"]),
            date("birthdate", &["birthDate"]),
            GENDER,
            ACTIVE,
            string("address-city", &["address.city"]),
            string("address-postalcode", &["address.postalCode"]),
            reference("general-practitioner", &["generalPractitioner"]),
            only("organization", &["managingOrganization"], "Organization"),
            reference("link", &["link.other"]),
        ],
    ),
    (
        "Practitioner",
        &[
            IDENTIFIER,
            NAME,
            string("family", &["name.family"]),
            string("given", &["name.given"]),
            GENDER,
            ACTIVE,
        ],
    ),
    (
        "PractitionerRole",
        &[
            IDENTIFIER,
            only("practitioner", &["practitioner"], "Practitioner"),
            only("organization", &["organization"], "Organization"),
            only("location", &["location"], "Location"),
            token("role", &["code"]),
            token("specialty", &["specialty"]),
            ACTIVE,
        ],
    ),
    (
        "Procedure",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CODE,
            CATEGORY,
            date("date", &["performedDateTime", "performedPeriod"]),
            BASED_ON,
            reference("part-of", &["partOf"]),
            reference("performer", &["performer.actor"]),
            reference("location", &["location"]),
            token("reason-code", &["reasonCode"]),
        ],
    ),
    (
        "Provenance",
        &[
            reference("target", &["target"]),
            only("patient", &["target"], "Patient"),
            date("recorded", &["recorded"]),
            date("when", &["occurredDateTime"]),
            reference("agent", &["agent.who"]),
            reference("entity", &["entity.what"]),
        ],
    ),
    (
        "RelatedPerson",
        &[
            IDENTIFIER,
            PATIENT,
            NAME,
            date("birthdate", &["birthDate"]),
            GENDER,
            ACTIVE,
            token("relationship", &["relationship"]),
        ],
    ),
    ("Schedule", &[IDENTIFIER, reference("actor", &["actor"]), token("service-type", &["serviceType"])]),
    (
        "ServiceRequest",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            token("intent", &["intent"]),
            CODE,
            CATEGORY,
            date("authored", &["authoredOn"]),
            reference("requester", &["requester"]),
            PERFORMER,
            BASED_ON,
            SPECIMEN,
            token("requisition", &["requisition"]),
        ],
    ),
    (
        "Slot",
        &[
            IDENTIFIER,
            only("schedule", &["schedule"], "Schedule"),
            STATUS,
            token("service-type", &["serviceType"]),
            token("appointment-type", &["appointmentType"]),
            date("start", &["start"]),
        ],
    ),
    (
        "Specimen",
        &[
            IDENTIFIER,
            PATIENT_SUBJECT,
            SUBJECT,
            STATUS,
            TYPE,
            token("accession", &["accessionIdentifier"]),
            date("collected", &["collection.collectedDateTime", "collection.collectedPeriod"]),
            reference("collector", &["collection.collector"]),
            token("bodysite", &["collection.bodySite"]),
            only("parent", &["parent"], "Specimen"),
        ],
    ),
    (
        "Task",
        &[
            IDENTIFIER,
            only("patient", &["for"], "Patient"),
            reference("subject", &["for"]),
            ENCOUNTER,
            STATUS,
            token("intent", &["intent"]),
            CODE,
            date("authored-on", &["authoredOn"]),
            reference("focus", &["focus"]),
            reference("requester", &["requester"]),
            reference("owner", &["owner"]),
            BASED_ON,
            token("group-identifier", &["groupIdentifier"]),
        ],
    ),
];
