//! What FHIR R4 (4.0.1) demands of the resource types that we write: elements that must be there, and codes of
//! required value sets.

/// What one type demands.
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Elements that must be there. `event[x]` stands for every element that begins with `event`.
    pub(super) required: &'static [&'static str],
    /// Elements that hold one of a fixed set of codes.
    pub(super) codes: &'static [(&'static str, &'static [&'static str])],
}

const fn rule(
    name: &'static str,
    required: &'static [&'static str],
    codes: &'static [(&'static str, &'static [&'static str])],
) -> Rule {
    Rule { name, required, codes }
}

const GENDER: (&str, &[&str]) = ("gender", &["male", "female", "other", "unknown"]);

/// Intents of requests.
const INTENT: &[&str] = &[
    "unknown",
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
];

const OBSERVATION: &[&str] = &[
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
];

const REPORT: &[&str] = &[
    "registered",
    "partial",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "appended",
    "cancelled",
    "entered-in-error",
    "unknown",
];

const ENCOUNTER: &[&str] = &[
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
];

const REQUEST: &[&str] =
    &["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"];

const STATEMENT: &[&str] =
    &["active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken"];

const ADMINISTRATION: &[&str] =
    &["in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown"];

const DISPENSE: &[&str] = &[
    "preparation",
    "in-progress",
    "cancelled",
    "on-hold",
    "completed",
    "entered-in-error",
    "stopped",
    "declined",
    "unknown",
];

const PRESCRIPTION: &[&str] =
    &["active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"];

const EVENT: &[&str] = &[
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
];

const CHARGE: &[&str] =
    &["planned", "billable", "not-billable", "aborted", "billed", "entered-in-error", "unknown"];

const GOAL: &[&str] = &[
    "proposed",
    "planned",
    "accepted",
    "active",
    "on-hold",
    "completed",
    "cancelled",
    "entered-in-error",
    "rejected",
];

const APPOINTMENT: &[&str] = &[
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
];

const SLOT: &[&str] = &["busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"];

const TASK: &[&str] = &[
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
];

const CRITICALITY: (&str, &[&str]) = ("criticality", &["low", "high", "unable-to-assess"]);

/// By name.
pub(super) const RULES: &[Rule] = &[
    rule(
        "Account",
        &["status"],
        &[("status", &["active", "inactive", "entered-in-error", "on-hold", "unknown"])],
    ),
    rule("AllergyIntolerance", &["patient"], &[("type", &["allergy", "intolerance"]), CRITICALITY]),
    rule("CarePlan", &["status", "intent", "subject"], &[("status", REQUEST), ("intent", INTENT)]),
    rule(
        "CareTeam",
        &[],
        &[("status", &["proposed", "active", "suspended", "inactive", "entered-in-error"])],
    ),
    rule("ChargeItem", &["status", "code", "subject"], &[("status", CHARGE)]),
    rule("Appointment", &["status", "participant"], &[("status", APPOINTMENT)]),
    rule("Communication", &["status"], &[("status", EVENT)]),
    rule("Condition", &["subject"], &[]),
    rule(
        "Consent",
        &["status", "scope", "category"],
        &[("status", &["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"])],
    ),
    rule(
        "Coverage",
        &["status", "beneficiary", "payor"],
        &[("status", &["active", "cancelled", "draft", "entered-in-error"])],
    ),
    rule("Device", &[], &[("status", &["active", "inactive", "entered-in-error", "unknown"])]),
    rule("DiagnosticReport", &["status", "code"], &[("status", REPORT)]),
    rule(
        "DocumentReference",
        &["status", "content"],
        &[
            ("status", &["current", "superseded", "entered-in-error"]),
            ("docStatus", &["preliminary", "final", "amended", "entered-in-error"]),
        ],
    ),
    rule("Encounter", &["status", "class"], &[("status", ENCOUNTER)]),
    rule("Goal", &["lifecycleStatus", "description", "subject"], &[("lifecycleStatus", GOAL)]),
    rule("Group", &["type", "actual"], &[]),
    rule(
        "Immunization",
        &["status", "vaccineCode", "patient", "occurrence[x]"],
        &[("status", &["completed", "entered-in-error", "not-done"])],
    ),
    rule("Location", &[], &[("status", &["active", "suspended", "inactive"])]),
    rule("Medication", &[], &[("status", &["active", "inactive", "entered-in-error"])]),
    rule(
        "MedicationAdministration",
        &["status", "medication[x]", "subject", "effective[x]"],
        &[("status", ADMINISTRATION)],
    ),
    rule("MedicationDispense", &["status", "medication[x]"], &[("status", DISPENSE)]),
    rule(
        "MedicationRequest",
        &["status", "intent", "medication[x]", "subject"],
        &[("status", PRESCRIPTION), ("intent", INTENT)],
    ),
    rule("MedicationStatement", &["status", "medication[x]", "subject"], &[("status", STATEMENT)]),
    rule("MessageHeader", &["event[x]", "source"], &[]),
    rule("Observation", &["status", "code"], &[("status", OBSERVATION)]),
    rule("Organization", &[], &[]),
    rule("Patient", &[], &[GENDER]),
    rule("Practitioner", &[], &[GENDER]),
    rule("PractitionerRole", &[], &[]),
    rule("Procedure", &["status", "subject"], &[("status", EVENT)]),
    rule("Provenance", &["target", "recorded", "agent"], &[]),
    rule("RelatedPerson", &["patient"], &[GENDER]),
    rule("Schedule", &["actor"], &[]),
    rule("ServiceRequest", &["status", "intent", "subject"], &[("status", REQUEST), ("intent", INTENT)]),
    rule("Slot", &["schedule", "status", "start", "end"], &[("status", SLOT)]),
    rule("Specimen", &[], &[("status", &["available", "unavailable", "unsatisfactory", "entered-in-error"])]),
    rule("Task", &["status", "intent"], &[("status", TASK), ("intent", INTENT)]),
];

/// What kind of value an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Code,
    Date,
    DateTime,
    Instant,
    Number,
    Text,
}

/// Of elements whose name says it wherever they stand in the types above.
pub(super) fn kind(resource_type: &str, name: &str) -> Option<Kind> {
    Some(match name {
        "active"
        | "actual"
        | "deceasedBoolean"
        | "multipleBirthBoolean"
        | "valueBoolean"
        | "preferred"
        | "inactive"
        | "userSelected" => Kind::Boolean,
        "birthDate" | "valueDate" => Kind::Date,
        // An instant in a DocumentReference only (and in `meta`).
        "date" if resource_type == "DocumentReference" => Kind::Instant,
        "date" | "start" | "end" | "deceasedDateTime" | "effectiveDateTime" | "occurrenceDateTime"
        | "occurredDateTime" | "onsetDateTime" | "abatementDateTime" | "recordedDate" | "lastOccurrence"
        | "authoredOn" | "dateAsserted" | "collectedDateTime" | "receivedTime" | "sent" | "received"
        | "valueDateTime" | "lastModified" | "creation" => Kind::DateTime,
        "recorded" if resource_type == "Immunization" => Kind::DateTime,
        "issued" | "recorded" | "lastUpdated" | "effectiveInstant" | "valueInstant" => Kind::Instant,
        "multipleBirthInteger" | "valueInteger" | "valueDecimal" | "rank" | "size" => Kind::Number,
        "status" | "intent" | "gender" | "docStatus" | "use" | "language" | "contentType" | "criticality"
        | "comparator" | "valueCode" | "mode" => Kind::Code,
        "family" | "display" | "unit" | "system" | "version" | "reference" | "versionId" | "url" | "line"
        | "given" | "prefix" | "suffix" | "city" | "postalCode" | "country" | "valueString" | "valueUri"
        | "profile" | "title" | "data" | "comment" | "patientInstruction" | "conclusion" => Kind::Text,
        _ => return None,
    })
}
