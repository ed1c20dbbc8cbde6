//! The rules of IHE Basic Audit Log Patterns 1.1, written from its specification and not from our code.
//!
//! Each rule is cited by the file of IHE/ITI.BasicAudit (`input/fsh/`, version 1.1.3 and 1.1.4, FHIR R4) that it
//! stands in; `PatientX` inherits the rules of `X`.

use serde_json::Value;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const EVENT: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const REST: &str = "http://hl7.org/fhir/restful-interaction";
const ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const PART: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const LIFE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";

/// What a rule demands.
pub(crate) enum Rule {
    /// The code at a path (a coding or a code) is this one.
    Is(&'static str, &'static str, &'static str),
    /// At least so many at a path.
    Min(&'static str, usize),
    /// Nothing at a path.
    None(&'static str),
    /// True at a path, or false.
    Flag(&'static str, bool),
    /// The code at a path is one of these.
    OneOf(&'static str, &'static str, &'static [&'static str]),
    /// Items of a list whose type (or which themselves) hold this code: how many, and the rules of each.
    Slice(Slice),
    /// Items of a list all belong to one of these slices (closed slicing).
    Closed(&'static str, &'static [(&'static str, &'static str)]),
    /// `val-audit-source`: the `who` of the agent of this type is the source's observer.
    AuditSource(&'static str, &'static str),
    /// A reference to a Patient.
    Patient(&'static str),
}

pub(crate) struct Slice {
    list: &'static str,
    system: &'static str,
    codes: &'static [&'static str],
    min: usize,
    max: usize,
    rules: &'static [(&'static str, Rule)],
}

type Rules = &'static [(&'static str, Rule)];

const fn one(list: &'static str, system: &'static str, codes: &'static [&'static str], rules: Rules) -> Rule {
    Rule::Slice(Slice { list, system, codes, min: 1, max: 1, rules })
}

const fn at_most_one(
    list: &'static str,
    system: &'static str,
    codes: &'static [&'static str],
    rules: Rules,
) -> Rule {
    Rule::Slice(Slice { list, system, codes, min: 0, max: 1, rules })
}

const CONNECTED: Rules = &[
    ("who 1..1", Rule::Min("who", 1)),
    ("network 1..1", Rule::Min("network", 1)),
    ("media 0..0", Rule::None("media")),
];
const USER: Rules = &[
    ("who 1..1", Rule::Min("who", 1)),
    ("requestor = true", Rule::Flag("requestor", true)),
    ("media 0..0", Rule::None("media")),
    ("network 0..0, users are not network devices", Rule::None("network")),
];
const DATA: Rules = &[
    ("role from RestObjectRoles (required)", Rule::OneOf("role", ROLE, &["4", "3", "20"])),
    ("what 1..1", Rule::Min("what", 1)),
];
const QUERY: Rules = &[
    ("role = object-role#24", Rule::Is("role", ROLE, "24")),
    ("what 0..0", Rule::None("what")),
    ("lifecycle 0..0", Rule::None("lifecycle")),
    ("query 1..1", Rule::Min("query", 1)),
    ("detail 0..0", Rule::None("detail")),
];
const PATIENT: Rules = &[
    ("role = object-role#1", Rule::Is("role", ROLE, "1")),
    ("what only Reference(Patient) 1..1", Rule::Patient("what")),
];

/// What the REST patterns have in common.
const COMMON: Rules = &[
    ("type = audit-event-type#rest", Rule::Is("type", EVENT, "rest")),
    ("subtype 1..", Rule::Min("subtype", 1)),
    ("recorded 1..1", Rule::Min("recorded", 1)),
    ("outcome = 0, failures are recorded differently", Rule::Is("outcome", "", "0")),
    ("agent 2..", Rule::Min("agent", 2)),
    ("entity 1..", Rule::Min("entity", 1)),
];
const CLIENT_SENDS: Rules = &[
    ("agent[client] = DCM#110153 1..1", one("agent", DCM, &["110153"], CONNECTED)),
    ("agent[server] = DCM#110152 1..1", one("agent", DCM, &["110152"], CONNECTED)),
];
const AUTHOR: Rules = &[
    ("agent[user] from DataSources 0..1", at_most_one("agent", PART, &["AUT", "INF", "CST"], USER)),
    ("entity[data] 1..1", one("entity", ENTITY, &["2"], DATA)),
];
const CREATE: Rules = &[
    ("subtype[anyCreate] = restful-interaction#create 1..1", one("subtype", REST, &["create"], &[])),
    ("action = C", Rule::Is("action", "", "C")),
];
const UPDATE: Rules = &[
    ("subtype[anyUpdate] = restful-interaction#update 0..1", at_most_one("subtype", REST, &["update"], &[])),
    ("action = U", Rule::Is("action", "", "U")),
];
const READ: Rules = &[
    ("subtype[anyRead] = restful-interaction#read 0..1", at_most_one("subtype", REST, &["read"], &[])),
    ("action = R", Rule::Is("action", "", "R")),
    ("agent[client] = DCM#110152 1..1", one("agent", DCM, &["110152"], CONNECTED)),
    ("agent[server] = DCM#110153 1..1", one("agent", DCM, &["110153"], CONNECTED)),
    ("agent[user] = IRCP 0..1", at_most_one("agent", PART, &["IRCP"], USER)),
    ("entity[data] 1..1", one("entity", ENTITY, &["2"], DATA)),
];
const DELETE: Rules = &[
    ("subtype[anyDelete] = restful-interaction#delete 1..1", one("subtype", REST, &["delete"], &[])),
    ("action = D", Rule::Is("action", "", "D")),
    ("agent[client] = DCM#110150 1..1", one("agent", DCM, &["110150"], CONNECTED)),
    (
        "agent[server] = provenance-participant-type#custodian 1..1",
        one(
            "agent",
            "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
            &["custodian"],
            CONNECTED,
        ),
    ),
];
const SEARCH: Rules = &[
    (
        "subtype[anySearch] = restful-interaction#search 0..1",
        at_most_one("subtype", REST, &["search", "search-type", "search-system"], &[]),
    ),
    ("action = E", Rule::Is("action", "", "E")),
    ("agent[user] = IRCP 0..1", at_most_one("agent", PART, &["IRCP"], USER)),
    ("entity[query] 1..1", one("entity", ENTITY, &["2"], QUERY)),
];
const OF_PATIENT: Rules = &[
    ("entity 2..", Rule::Min("entity", 2)),
    ("entity[patient] = audit-entity-type#1 1..1", one("entity", ENTITY, &["1"], PATIENT)),
];
const DISCLOSURE: Rules = &[
    ("modifierExtension 0..0", Rule::None("modifierExtension")),
    ("subtype[disclosure] = iso-21089-lifecycle#disclose 1..1", one("subtype", LIFE, &["disclose"], &[])),
    ("recorded 1..1", Rule::Min("recorded", 1)),
    ("outcome 1..1", Rule::Min("outcome", 1)),
    ("agent 2..*", Rule::Min("agent", 2)),
    ("agent[source] = DCM#110153 1..1", one("agent", DCM, &["110153"], DISCLOSER)),
    ("agent[recipient] = DCM#110152 1..1", one("agent", DCM, &["110152"], DISCLOSER)),
];
const DISCLOSER: Rules = &[("who 1..1", Rule::Min("who", 1)), ("network 1..1", Rule::Min("network", 1))];
const BY_RECIPIENT: Rules = &[
    ("type = DCM#110107", Rule::Is("type", DCM, "110107")),
    ("action = C", Rule::Is("action", "", "C")),
    ("agent[recipient] obeys val-audit-source", Rule::AuditSource(DCM, "110152")),
];
const BY_SOURCE: Rules = &[
    ("type = DCM#110106", Rule::Is("type", DCM, "110106")),
    ("action = R", Rule::Is("action", "", "R")),
    ("agent[source] obeys val-audit-source", Rule::AuditSource(DCM, "110153")),
];
const SECURITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";
const AUTHZ: Rules = &[
    ("modifierExtension 0..0", Rule::None("modifierExtension")),
    ("type = DCM#110113", Rule::Is("type", DCM, "110113")),
    ("subtype 1..", Rule::Min("subtype", 1)),
    (
        "subtype from AuthZsubTypeVS",
        one(
            "subtype",
            "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType",
            &["AuthZ-Consent", "AuthZ-Role"],
            &[],
        ),
    ),
    ("action = E", Rule::Is("action", "", "E")),
    ("outcome 1..1", Rule::Min("outcome", 1)),
    (
        "agent[client] = DCM#110150 1..1",
        one(
            "agent",
            DCM,
            &["110150"],
            &[
                ("who 1..1", Rule::Min("who", 1)),
                ("network 1..1", Rule::Min("network", 1)),
                ("role 0..0", Rule::None("role")),
                ("altId 0..0", Rule::None("altId")),
                ("name 0..0", Rule::None("name")),
                ("purposeOfUse 0..0", Rule::None("purposeOfUse")),
            ],
        ),
    ),
    (
        "agent[user] = IRCP 1..1",
        one(
            "agent",
            PART,
            &["IRCP"],
            &[
                ("who 1..1", Rule::Min("who", 1)),
                ("requestor = true", Rule::Flag("requestor", true)),
                ("altId 0..0", Rule::None("altId")),
                ("network 0..0", Rule::None("network")),
            ],
        ),
    ),
    (
        "agent[userorg] = v3-RoleClass#PROV 1..1",
        one("agent", "http://terminology.hl7.org/CodeSystem/v3-RoleClass", &["PROV"], NAMED_ONLY),
    ),
    ("agent[authorizer] = authserver 1..1", one("agent", SECURITY_ROLE, &["authserver"], NAMED_ONLY)),
    ("agent[authorizer] obeys val-audit-source", Rule::AuditSource(SECURITY_ROLE, "authserver")),
    ("entity 2..*", Rule::Min("entity", 2)),
    ("entity[patient] 1..1", one("entity", ENTITY, &["1"], PATIENT)),
    (
        "entity[consent] = resource-types#Consent 1..*",
        Rule::Slice(Slice {
            list: "entity",
            system: "http://hl7.org/fhir/resource-types",
            codes: &["Consent"],
            min: 1,
            max: usize::MAX,
            rules: &[("what 1..1", Rule::Min("what", 1))],
        }),
    ),
    (
        "entity slicing is closed",
        Rule::Closed("entity", &[(ENTITY, "1"), ("http://hl7.org/fhir/resource-types", "Consent")]),
    ),
];
const NAMED_ONLY: Rules = &[
    ("who 1..1", Rule::Min("who", 1)),
    ("requestor = false", Rule::Flag("requestor", false)),
    ("role 0..0", Rule::None("role")),
    ("altId 0..0", Rule::None("altId")),
    ("name 0..0", Rule::None("name")),
    ("network 0..0", Rule::None("network")),
];

/// Each pattern: its name, the file that it stands in, its rules.
pub(crate) const PATTERNS: &[(&str, &str, &[Rules])] = &[
    ("Create", "PatientCreate.fsh", &[COMMON, CREATE, CLIENT_SENDS, AUTHOR]),
    ("PatientCreate", "PatientCreate.fsh", &[COMMON, CREATE, CLIENT_SENDS, AUTHOR, OF_PATIENT]),
    ("Update", "PatientUpdate.fsh", &[COMMON, UPDATE, CLIENT_SENDS, AUTHOR]),
    ("PatientUpdate", "PatientUpdate.fsh", &[COMMON, UPDATE, CLIENT_SENDS, AUTHOR, OF_PATIENT]),
    ("Read", "PatientRead.fsh", &[COMMON, READ]),
    ("PatientRead", "PatientRead.fsh", &[COMMON, READ, OF_PATIENT]),
    ("Delete", "PatientDelete.fsh", &[COMMON, DELETE, AUTHOR]),
    ("PatientDelete", "PatientDelete.fsh", &[COMMON, DELETE, AUTHOR, OF_PATIENT]),
    ("Query", "PatientQuery.fsh", &[COMMON, SEARCH, CLIENT_SENDS]),
    ("PatientQuery", "PatientQuery.fsh", &[COMMON, SEARCH, CLIENT_SENDS, OF_PATIENT]),
    ("PrivacyDisclosure.Recipient", "Disclose.fsh", &[DISCLOSURE, BY_RECIPIENT, OF_PATIENT]),
    ("PrivacyDisclosure.Source", "Disclose.fsh", &[DISCLOSURE, BY_SOURCE, OF_PATIENT]),
    ("AuthZconsent", "AuthZ.fsh", &[AUTHZ]),
];

/// Which rules of a pattern an event breaks.
pub(crate) fn broken(name: &str, event: &Value) -> Vec<String> {
    let Some((_, file, groups)) = PATTERNS.iter().find(|(known, ..)| *known == name) else {
        return vec![format!("{name}: no such pattern")];
    };
    let mut found = Vec::new();
    for rules in *groups {
        check(rules, event, event, file, &mut found);
    }
    found
}

fn check(rules: Rules, node: &Value, event: &Value, cite: &str, found: &mut Vec<String>) {
    for (text, rule) in rules {
        let cite = format!("{cite}: {text}");
        if !holds(rule, node, event, &cite, found) {
            found.push(cite);
        }
    }
}

fn holds(rule: &Rule, node: &Value, event: &Value, cite: &str, found: &mut Vec<String>) -> bool {
    match rule {
        Rule::Is(path, "", code) => node[path] == **code,
        Rule::Is(path, system, code) => coded(&node[path], system, code),
        Rule::OneOf(path, system, codes) => codes.iter().any(|code| coded(&node[path], system, code)),
        Rule::Min(path, min) => match &node[path] {
            Value::Null => *min == 0,
            Value::Array(all) => all.len() >= *min,
            _ => *min <= 1,
        },
        Rule::None(path) => node.get(path).is_none(),
        Rule::Flag(path, wanted) => node[path] == *wanted,
        Rule::Patient(path) => {
            node[path]["reference"].as_str().is_some_and(|reference| reference.starts_with("Patient/"))
        }
        Rule::AuditSource(system, code) => {
            of(event, "agent", system, code).all(|agent| agent["who"] == event["source"]["observer"])
        }
        Rule::Closed(list, slices) => node[list].as_array().is_some_and(|all| {
            all.iter().all(|item| slices.iter().any(|(system, code)| coded(&item["type"], system, code)))
        }),
        Rule::Slice(slice) => {
            let items: Vec<&Value> =
                slice.codes.iter().flat_map(|code| of(node, slice.list, slice.system, code)).collect();
            for item in &items {
                check(slice.rules, item, event, cite, found);
            }
            (slice.min..=slice.max).contains(&items.len())
        }
    }
}

/// Items of a list whose type is coded so, or which are coded so themselves.
fn of<'v>(node: &'v Value, list: &str, system: &str, code: &str) -> impl Iterator<Item = &'v Value> {
    let items = node[list].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter(move |item| coded(item, system, code) || coded(&item["type"], system, code))
}

/// A Coding, or a CodeableConcept with it.
fn coded(value: &Value, system: &str, code: &str) -> bool {
    let is = |coding: &Value| coding["system"] == system && coding["code"] == code;
    is(value) || value["coding"].as_array().is_some_and(|all| all.iter().any(is))
}
