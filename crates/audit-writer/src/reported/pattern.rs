//! The patterns of IHE Basic Audit Log Patterns 1.1 (`input/fsh/*.fsh` of IHE/ITI.BasicAudit): what an event keeps to
//! that names one of them in `meta.profile`.

use serde_json::Value;

use super::issue::Issues;
use super::structure::target;

/// The canonical base of the patterns.
const BASE: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const REST: (&str, &str) = ("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest");
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

type Code = (&'static str, &'static str);

const SOURCE: &[Code] = &[(DCM, "110153")];
const DESTINATION: &[Code] = &[(DCM, "110152")];
const APPLICATION: &[Code] = &[(DCM, "110150")];
const CUSTODIAN: &[Code] =
    &[("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian")];
const RECIPIENT: &[Code] = &[(PARTICIPATION, "IRCP")];
const AUTHORS: &[Code] = &[(PARTICIPATION, "AUT"), (PARTICIPATION, "INF"), (PARTICIPATION, "CST")];
const AUTHORISER: &[Code] =
    &[("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver")];
const PROVIDER: &[Code] = &[("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV")];
const PERSON: &[Code] = &[(ENTITY, "1")];
const OBJECT: &[Code] = &[(ENTITY, "2")];
const CONSENT: &[Code] = &[("http://hl7.org/fhir/resource-types", "Consent")];
const DISCLOSE: &[Code] = &[("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose")];
const DATA_ROLES: &[Code] = &[(ROLE, "4"), (ROLE, "3"), (ROLE, "20")];

/// Agents, or entities, of one type.
#[derive(Clone, Copy)]
struct Slice {
    name: &'static str,
    /// By which `type` they are known.
    types: &'static [Code],
    /// The `role` that an entity then has.
    roles: &'static [Code],
    least: usize,
    most: usize,
    required: &'static [&'static str],
    forbidden: &'static [&'static str],
    requestor: Option<bool>,
    /// val-audit-source: `who` is the source's observer.
    observer: bool,
}

const fn slice(name: &'static str, types: &'static [Code], least: usize, most: usize) -> Slice {
    let (roles, required, forbidden): (&[Code], &[&str], &[&str]) = (&[], &[], &[]);
    Slice { name, types, roles, least, most, required, forbidden, requestor: None, observer: false }
}

/// An end of the line: known, and on a network.
const fn end(name: &'static str, types: &'static [Code]) -> Slice {
    Slice { required: &["who", "network"], forbidden: &["media"], ..slice(name, types, 1, 1) }
}

/// An end of the line of which nothing else is said.
const fn bare_end(name: &'static str, types: &'static [Code]) -> Slice {
    let forbidden = &["role", "altId", "name", "location", "policy", "media", "purposeOfUse"];
    Slice { required: &["who", "network"], forbidden, ..slice(name, types, 1, 1) }
}

/// The person: no network device.
const fn user(types: &'static [Code]) -> Slice {
    let forbidden = &["media", "network"];
    Slice { required: &["who"], forbidden, requestor: Some(true), ..slice("user", types, 0, 1) }
}

/// The person, as the patterns about deletion and authorisation have it.
const fn plain_user(least: usize, types: &'static [Code]) -> Slice {
    let forbidden = &["altId", "location", "media", "network"];
    Slice { forbidden, least, ..user(types) }
}

const DATA: Slice = Slice { roles: DATA_ROLES, required: &["what"], ..slice("data", OBJECT, 1, 1) };
const PLAIN_DATA: Slice = Slice { forbidden: &["lifecycle", "name", "query", "detail"], ..DATA };
const QUERY: Slice = Slice {
    roles: &[(ROLE, "24")],
    required: &["query"],
    forbidden: &["what", "lifecycle", "detail"],
    ..slice("query", OBJECT, 1, 1)
};
const PATIENT: Slice = Slice { roles: &[(ROLE, "1")], required: &["what"], ..slice("patient", PERSON, 1, 1) };
const PLAIN_PATIENT: Slice =
    Slice { forbidden: &["lifecycle", "securityLabel", "name", "query", "detail"], ..PATIENT };

/// A pattern.
struct Pattern {
    name: &'static str,
    kind: Code,
    /// One of these subtypes; any, when none is named.
    subtypes: &'static [Code],
    action: &'static str,
    /// Whether it is of what succeeded.
    success: bool,
    agents: &'static [Slice],
    /// At least so many.
    entities_least: usize,
    entities: &'static [Slice],
}

const fn rest(
    name: &'static str,
    subtypes: &'static [Code],
    action: &'static str,
    agents: &'static [Slice],
    entities: &'static [Slice],
) -> Pattern {
    Pattern {
        name,
        kind: REST,
        subtypes,
        action,
        success: true,
        agents,
        entities_least: entities.len(),
        entities,
    }
}

const GET: &[Slice] = &[end("client", DESTINATION), end("server", SOURCE), user(RECIPIENT)];
const PUT: &[Slice] = &[end("client", SOURCE), end("server", DESTINATION), user(AUTHORS)];
const ASK: &[Slice] = &[end("client", SOURCE), end("server", DESTINATION), user(RECIPIENT)];
const TAKE: &[Slice] =
    &[bare_end("client", APPLICATION), bare_end("server", CUSTODIAN), plain_user(0, AUTHORS)];
const CREATE: &[Code] = &[(INTERACTION, "create")];
const UPDATE: &[Code] = &[(INTERACTION, "update"), (INTERACTION, "patch")];
const DELETE: &[Code] = &[(INTERACTION, "delete")];
const SEARCH: &[Code] =
    &[(INTERACTION, "search"), (INTERACTION, "search-type"), (INTERACTION, "search-system")];
const READ: &[Code] = &[(INTERACTION, "read"), (INTERACTION, "vread")];

static PATTERNS: [Pattern; 13] = [
    rest("Create", CREATE, "C", PUT, &[DATA]),
    rest("PatientCreate", CREATE, "C", PUT, &[DATA, PATIENT]),
    rest("Read", READ, "R", GET, &[DATA]),
    rest("PatientRead", READ, "R", GET, &[DATA, PATIENT]),
    rest("Update", UPDATE, "U", PUT, &[DATA]),
    rest("PatientUpdate", UPDATE, "U", PUT, &[DATA, PATIENT]),
    rest("Delete", DELETE, "D", TAKE, &[PLAIN_DATA]),
    rest("PatientDelete", DELETE, "D", TAKE, &[PLAIN_DATA, PLAIN_PATIENT]),
    rest("Query", SEARCH, "E", ASK, &[QUERY]),
    rest("PatientQuery", SEARCH, "E", ASK, &[QUERY, PATIENT]),
    Pattern {
        name: "PrivacyDisclosure.Source",
        kind: (DCM, "110106"),
        subtypes: DISCLOSE,
        action: "R",
        success: false,
        agents: &[
            Slice { observer: true, forbidden: &[], ..end("source", SOURCE) },
            Slice { forbidden: &[], ..end("recipient", DESTINATION) },
        ],
        entities_least: 2,
        entities: &[PATIENT],
    },
    Pattern {
        name: "PrivacyDisclosure.Recipient",
        kind: (DCM, "110107"),
        subtypes: DISCLOSE,
        action: "C",
        success: false,
        agents: &[
            Slice { forbidden: &[], ..end("source", SOURCE) },
            Slice { observer: true, forbidden: &[], ..end("recipient", DESTINATION) },
        ],
        entities_least: 2,
        entities: &[PATIENT],
    },
    Pattern {
        name: "AuthZconsent",
        kind: (DCM, "110113"),
        // Its own code system has moved between versions: any subtype counts.
        subtypes: &[],
        action: "E",
        success: false,
        agents: &[
            Slice {
                forbidden: &["role", "altId", "name", "location", "media", "purposeOfUse"],
                ..end("client", APPLICATION)
            },
            plain_user(1, RECIPIENT),
            Slice {
                required: &["who"],
                requestor: Some(false),
                forbidden: &["role", "altId", "name", "location", "policy", "media", "network"],
                ..slice("userorg", PROVIDER, 1, 1)
            },
            Slice {
                required: &["who"],
                requestor: Some(false),
                observer: true,
                forbidden: &[
                    "role",
                    "altId",
                    "name",
                    "location",
                    "policy",
                    "media",
                    "network",
                    "purposeOfUse",
                ],
                ..slice("authorizer", AUTHORISER, 1, 1)
            },
        ],
        entities_least: 2,
        entities: &[PATIENT, Slice { required: &["what"], ..slice("consent", CONSENT, 1, usize::MAX) }],
    },
];

/// Looks at the patterns that an event names. Profiles of others are not known here, and are not looked at.
pub(super) fn check(event: &Value, issues: &mut Issues) {
    let named = event.pointer("/meta/profile").and_then(Value::as_array);
    for (index, profile) in named.into_iter().flatten().enumerate() {
        let Some(profile) = profile.as_str() else { continue };
        let canonical = profile.split_once('|').map_or(profile, |(canonical, _)| canonical);
        let Some(name) = canonical.strip_prefix(BASE) else { continue };
        match PATTERNS.iter().find(|pattern| pattern.name == name) {
            Some(pattern) => pattern.check(event, issues),
            // PrivacyDisclosure and the token profiles of the same guide, or a name that is none: not looked at.
            None if is_token_profile(name) => {}
            None => issues.add(
                "value",
                format!("AuditEvent.meta.profile[{index}]"),
                "BALP 1.1 has no pattern of this name",
            ),
        }
    }
}

/// Profiles of the guide that say how a security token is told; not checked here.
fn is_token_profile(name: &str) -> bool {
    ["SAMLaccessTokenUse", "OAUTHaccessTokenUse", "IUAaccessToken", "SAMLaccessToken", "OAUTHaccessToken"]
        .iter()
        .any(|known| name.starts_with(known))
}

impl Pattern {
    fn check(&self, event: &Value, issues: &mut Issues) {
        let say = |what: &str| format!("BALP {}: {what}", self.name);
        if !is_coding(event.get("type"), &[self.kind]) {
            issues.add("value", "AuditEvent.type", say(&format!("must be {}", self.kind.1)));
        }
        let subtypes = items(event, "subtype");
        let fits = |subtype: &&Value| self.subtypes.is_empty() || is_coding(Some(*subtype), self.subtypes);
        if !subtypes.iter().any(|subtype| fits(&subtype)) {
            let codes: Vec<&str> = self.subtypes.iter().map(|(_, code)| *code).collect();
            issues.add(
                "required",
                "AuditEvent.subtype",
                say(&format!("must be there: {}", codes.join(", "))),
            );
        }
        if event.get("action").and_then(Value::as_str) != Some(self.action) {
            issues.add("value", "AuditEvent.action", say(&format!("must be {}", self.action)));
        }
        if self.success && event.get("outcome").and_then(Value::as_str) != Some("0") {
            issues.add("value", "AuditEvent.outcome", say("is of what succeeded: must be 0"));
        }
        self.slices(event, "agent", self.agents, 2, issues);
        self.slices(event, "entity", self.entities, self.entities_least, issues);
    }

    fn slices(&self, event: &Value, list: &str, slices: &[Slice], least: usize, issues: &mut Issues) {
        let all = items(event, list);
        if all.len() < least {
            issues.add(
                "required",
                format!("AuditEvent.{list}"),
                format!("BALP {}: at least {least}", self.name),
            );
        }
        for slice in slices {
            let found = all.iter().enumerate().filter(|(_, item)| is_type(item, slice.types));
            let mut count = 0;
            for (index, item) in found {
                count += 1;
                let at = format!("AuditEvent.{list}[{index}]");
                self.one(slice, item, event, &at, issues);
            }
            if count < slice.least || count > slice.most {
                let wanted = if slice.least == 0 { "at most one" } else { "one" };
                let codes: Vec<&str> = slice.types.iter().map(|(_, code)| *code).collect();
                issues.add(
                    "required",
                    format!("AuditEvent.{list}"),
                    format!("BALP {}: {wanted} {} (type {})", self.name, slice.name, codes.join(", ")),
                );
            }
        }
    }

    fn one(&self, slice: &Slice, item: &Value, event: &Value, at: &str, issues: &mut Issues) {
        let say = |what: &str| format!("BALP {}, {}: {what}", self.name, slice.name);
        for name in slice.required {
            if item.get(*name).is_none() {
                issues.add("required", format!("{at}.{name}"), say("is missing"));
            }
        }
        for name in slice.forbidden {
            if item.get(*name).is_some() {
                issues.add("value", format!("{at}.{name}"), say("must not be there"));
            }
        }
        if !slice.roles.is_empty() && !is_coding(item.get("role"), slice.roles) {
            let codes: Vec<&str> = slice.roles.iter().map(|(_, code)| *code).collect();
            issues.add("value", format!("{at}.role"), say(&format!("must be {}", codes.join(" or "))));
        }
        if let Some(requestor) = slice.requestor
            && item.get("requestor").and_then(Value::as_bool) != Some(requestor)
        {
            issues.add("value", format!("{at}.requestor"), say(&format!("must be {requestor}")));
        }
        if slice.observer && item.get("who") != event.pointer("/source/observer") {
            issues.add("invariant", format!("{at}.who"), say("val-audit-source: must be source.observer"));
        }
        let leads = item.pointer("/what/reference").and_then(Value::as_str).and_then(target);
        if slice.name == "patient" && leads.is_some_and(|kind| kind != "Patient") {
            issues.add("value", format!("{at}.what.reference"), say("must lead to a Patient"));
        }
    }
}

fn items<'e>(event: &'e Value, name: &str) -> &'e [Value] {
    event.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether its `type`, a Coding or a CodeableConcept, is one of these.
fn is_type(item: &Value, codes: &[Code]) -> bool {
    let kind = item.get("type");
    match kind.and_then(|kind| kind.get("coding")).and_then(Value::as_array) {
        Some(codings) => codings.iter().any(|coding| is_coding(Some(coding), codes)),
        None => is_coding(kind, codes),
    }
}

fn is_coding(coding: Option<&Value>, codes: &[Code]) -> bool {
    let text = |name| coding.and_then(|coding| coding.get(name)).and_then(Value::as_str).unwrap_or_default();
    codes.contains(&(text("system"), text("code")))
}
