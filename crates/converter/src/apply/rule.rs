//! Which part of a resource is one register: the table.
//!
//! A register is the smallest thing that a message asserts or deletes as a whole. By default it is a
//! top-level element (`name`, `birthDate`, with its `_birthDate`). [`RULES`] holds every exception.
//! `docs/decisions/apply.md` shows the same table; a test compares the two.

use serde_json::{Map, Value};
use uuid::Uuid;

/// How an element is divided into registers.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// These elements are one register, which has the name of the entry in the table.
    Together(&'static [&'static str]),
    /// Each child is a register of its own: `period.start`.
    Parts,
    /// A list; its members with one key are one register: `participant:ATND`.
    Keyed(Key),
}

/// What a member of a list is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// `system` and `value`; of the BSN, of which a person has one, only the system.
    Identifier,
    /// `url`.
    Url,
    /// Where it is used: `work` (PID-14) or `home` (PID-13, which holds the mobile numbers too).
    Place,
    /// The first code of `type`.
    Type,
    /// The first code of `type`, of which PV1 lists all; of a role that ROL or PRT gives to one after the other, also
    /// who has it.
    Part,
    /// The reference in `other`; a link that says no more than *see also* apart from one that replaces.
    Other,
    /// The reference in `location`.
    Location,
    /// The reference in `member`, and the first role: one person may have two parts.
    Member,
    /// Whom or what `actor` refers to, or, where it names none, the first code of `type`; all patients are one.
    Actor,
    /// The first code of the concept, else its text.
    Concept,
}

/// Resource type (`*` is any), element, rule.
pub(crate) const RULES: &[(&str, &str, Rule)] = &[
    ("*", "identifier", Rule::Keyed(Key::Identifier)),
    ("*", "extension", Rule::Keyed(Key::Url)),
    ("Patient", "telecom", Rule::Keyed(Key::Place)),
    ("Patient", "link", Rule::Keyed(Key::Other)),
    ("Patient", "deceased", Rule::Together(&["deceasedBoolean", "deceasedDateTime"])),
    ("Patient", "multipleBirth", Rule::Together(&["multipleBirthBoolean", "multipleBirthInteger"])),
    ("RelatedPerson", "telecom", Rule::Keyed(Key::Place)),
    ("Encounter", "period", Rule::Parts),
    ("Encounter", "hospitalization", Rule::Parts),
    ("Encounter", "participant", Rule::Keyed(Key::Part)),
    ("Encounter", "location", Rule::Keyed(Key::Location)),
    ("CareTeam", "participant", Rule::Keyed(Key::Member)),
    ("Appointment", "status", Rule::Together(&["status", "cancelationReason"])),
    ("Appointment", "time", Rule::Together(&["start", "end"])),
    ("Appointment", "participant", Rule::Keyed(Key::Actor)),
    ("Appointment", "serviceType", Rule::Keyed(Key::Concept)),
    ("Slot", "time", Rule::Together(&["start", "end"])),
    ("DocumentReference", "context", Rule::Parts),
    ("Coverage", "period", Rule::Parts),
    ("Account", "servicePeriod", Rule::Parts),
    ("ChargeItem", "occurrence", Rule::Together(&["occurrenceDateTime", "occurrencePeriod"])),
    ("Procedure", "performed", Rule::Together(&["performedDateTime", "performedPeriod"])),
    ("CarePlan", "period", Rule::Parts),
    ("Coverage", "class", Rule::Keyed(Key::Type)),
    (
        "Condition",
        "onset",
        Rule::Together(&["onsetDateTime", "onsetString", "onsetAge", "onsetPeriod", "onsetRange"]),
    ),
    (
        "Condition",
        "abatement",
        Rule::Together(&[
            "abatementDateTime",
            "abatementString",
            "abatementAge",
            "abatementPeriod",
            "abatementRange",
        ]),
    ),
    (
        "AllergyIntolerance",
        "onset",
        Rule::Together(&["onsetDateTime", "onsetString", "onsetAge", "onsetPeriod", "onsetRange"]),
    ),
    (
        "ServiceRequest",
        "occurrence",
        Rule::Together(&["occurrenceDateTime", "occurrencePeriod", "occurrenceTiming"]),
    ),
    ("ServiceRequest", "asNeeded", Rule::Together(&["asNeededBoolean", "asNeededCodeableConcept"])),
    ("MedicationRequest", "status", Rule::Together(&["status", "statusReason"])),
    ("MedicationDispense", "status", Rule::Together(&["status", "statusReasonCodeableConcept"])),
    ("MedicationAdministration", "status", Rule::Together(&["status", "statusReason"])),
    ("MedicationAdministration", "effective", Rule::Together(&["effectiveDateTime", "effectivePeriod"])),
    ("Immunization", "status", Rule::Together(&["status", "statusReason"])),
    ("Immunization", "occurrence", Rule::Together(&["occurrenceDateTime", "occurrenceString"])),
];

/// Types whose content is asserted as a whole: a result or a document is not put together from pieces of
/// several messages. Second: the list whose references are united all the same.
pub(crate) const WHOLE: &[(&str, Option<&str>)] = &[
    ("Observation", Some("hasMember")),
    ("DiagnosticReport", Some("result")),
    ("DocumentReference", None),
    ("MessageHeader", None),
    ("Provenance", None),
];

/// Kinds of which a message may list all there are, the element that says whether one still counts, and
/// what it says then.
pub(crate) const LISTED: &[(&str, &str)] = &[
    ("AllergyIntolerance", "clinicalStatus"),
    ("Condition", "clinicalStatus"),
    ("Coverage", "status"),
    ("RelatedPerson", "active"),
];

pub(crate) fn is_whole(resource_type: &str) -> bool {
    WHOLE.iter().any(|(whole, _)| *whole == resource_type)
}

/// Whether this resource is asserted as a whole. A document with a number of its own (TXA-12) is not: its
/// messages change it piece by piece, and a change of status leaves the content.
pub(crate) fn is_told_as_a_whole(resource_type: &str, content: &Map<String, Value>) -> bool {
    is_whole(resource_type) && !content.contains_key("masterIdentifier")
}

/// Types that are the source of nothing in a message: the message only names them, whatever its kind.
pub(crate) fn is_always_mentioned(resource_type: &str) -> bool {
    matches!(resource_type, "Practitioner" | "PractitionerRole" | "Organization" | "Location" | "Device")
}

/// Elements of which everybody who says something is a source: how far an order is, its filler knows as well
/// as its placer.
pub(crate) fn is_told_by_all(resource_type: &str, path: &str) -> bool {
    matches!(
        (resource_type, path),
        ("ServiceRequest" | "Task" | "MedicationRequest", "status") | ("Task", "businessStatus")
    )
}

/// What a member that is no longer listed says in the element of [`LISTED`].
pub(crate) fn unlisted(resource_type: &str) -> Option<(&'static str, Value)> {
    let (kind, element) = LISTED.iter().find(|(kind, _)| *kind == resource_type)?;
    let value = match *kind {
        "Coverage" => Value::from("cancelled"),
        "RelatedPerson" => Value::from(false),
        "Condition" => inactive("http://terminology.hl7.org/CodeSystem/condition-clinical"),
        _ => inactive("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"),
    };
    Some((element, value))
}

fn inactive(system: &str) -> Value {
    serde_json::json!({ "coding": [{ "system": system, "code": "inactive", "display": "Inactive" }] })
}

/// The rule of an element of the table, and the name of its register.
pub(crate) fn rule(resource_type: &str, element: &str) -> Option<(&'static str, Rule)> {
    RULES
        .iter()
        .filter(|(kind, _, _)| *kind == "*" || *kind == resource_type)
        .find(|(_, name, rule)| match rule {
            Rule::Together(elements) => *name == element || elements.contains(&element),
            Rule::Parts | Rule::Keyed(_) => *name == element,
        })
        .map(|(_, name, rule)| (*name, *rule))
}

impl Key {
    /// The key of a member, as it stands behind the colon of a register's path.
    pub(crate) fn of(self, member: &Value) -> String {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        match self {
            Self::Identifier => {
                let system = text(member.get("system"));
                match system.as_str() {
                    fhir::nl::BSN => String::from("bsn"),
                    _ => hashed(&[&system, &text(member.get("value"))]),
                }
            }
            Self::Url => token(&text(member.get("url"))),
            Self::Place => String::from(if member.get("use").and_then(Value::as_str) == Some("work") {
                "work"
            } else {
                "home"
            }),
            Self::Type => {
                let concept = member.get("type").map(|kind| kind.get(0).unwrap_or(kind));
                let coding =
                    concept.and_then(|concept| concept.get("coding")).and_then(|codings| codings.get(0));
                token(&text(coding.and_then(|coding| coding.get("code"))))
            }
            Self::Part => {
                let coding = member.pointer("/type/0/coding/0");
                let code = text(coding.and_then(|coding| coding.get("code")));
                let system = coding.and_then(|coding| coding.get("system")).and_then(Value::as_str);
                if system == Some(fhir::system::PARTICIPATION_TYPE) {
                    return token(&code);
                }
                let named = text(member.pointer("/type/0/text"));
                hashed(&[&code, &named, &text(member.pointer("/individual/reference"))])
            }
            Self::Other => {
                let other = text(member.pointer("/other/reference"));
                match member.get("type").and_then(Value::as_str) {
                    Some("seealso") => format!("seealso.{}", token(&other)),
                    _ => token(&other),
                }
            }
            Self::Location => token(&text(member.pointer("/location/reference"))),
            Self::Member => {
                let role = ["/role/0/coding/0/code", "/role/0/text"]
                    .iter()
                    .find_map(|pointer| member.pointer(pointer)?.as_str());
                hashed(&[&text(member.pointer("/member/reference")), role.unwrap_or_default()])
            }
            Self::Concept => {
                let codings = member.get("coding").and_then(Value::as_array).into_iter().flatten();
                let code = codings.filter_map(|coding| coding.get("code")?.as_str()).next();
                token(code.unwrap_or(&text(member.get("text"))))
            }
            Self::Actor => {
                let reference = text(member.pointer("/actor/reference"));
                let told =
                    ["/actor/identifier/value", "/actor/display", "/type/0/coding/0/code", "/type/0/text"];
                match reference.as_str() {
                    "" => hashed(
                        &told.map(|pointer| text(member.pointer(pointer))).each_ref().map(String::as_str),
                    ),
                    patient if patient.starts_with("Patient/") => String::from("patient"),
                    other => token(other),
                }
            }
        }
    }
}

/// Whether each part of this element is a register of its own.
pub(crate) fn in_parts(resource_type: &str, element: &str) -> bool {
    matches!(rule(resource_type, element), Some((_, Rule::Parts)))
}

/// The path of a register in the form in which it is kept: elements of a choice under the name of the
/// choice, long keys as a hash.
pub(crate) fn canonical(resource_type: &str, path: &str) -> String {
    if let Some((element, key)) = path.split_once(':') {
        return format!("{element}:{}", token(key));
    }
    match rule(resource_type, path.split('.').next().unwrap_or(path)) {
        Some((name, Rule::Together(_))) => name.to_owned(),
        _ => path.to_owned(),
    }
}

/// A short key as it is; another as a hash, so that paths stay short and without blanks.
fn token(key: &str) -> String {
    let plain = (1..=24).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if plain { key.to_owned() } else { hashed(&[key]) }
}

fn hashed(parts: &[&str]) -> String {
    let name = parts.iter().map(|part| format!("{}|{part}", part.len())).collect::<String>();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_shows_the_same_table() {
        let page = include_str!("../../../../docs/decisions/apply.md");
        let table =
            page.split("## What is one register").nth(1).unwrap().split("`meta.profile`").next().unwrap();
        let shown: Vec<String> = table
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.split('|').skip(1).take(2).map(str::trim).collect::<Vec<_>>().join(" "))
            .collect();
        let rules: Vec<String> =
            RULES.iter().map(|(kind, element, _)| format!("`{kind}` `{element}`")).collect();
        assert_eq!(shown, rules);
    }

    #[test]
    fn every_listed_kind_has_something_to_say_when_it_is_left_out() {
        for (kind, element) in LISTED {
            assert_eq!(unlisted(kind).unwrap().0, *element);
            assert!(!is_whole(kind));
        }
        assert!(unlisted("Patient").is_none());
    }

    #[test]
    fn paths_are_short_and_without_blanks() {
        let long = canonical("Patient", "extension:http://hl7.org/fhir/StructureDefinition/patient-religion");
        assert_eq!(long.len(), "extension:".len() + 16);
        assert_eq!(canonical("Patient", "deceasedDateTime"), "deceased");
        assert_eq!(canonical("Encounter", "period.end"), "period.end");
        assert_eq!(canonical("Encounter", "participant:ATND"), "participant:ATND");
    }
}
