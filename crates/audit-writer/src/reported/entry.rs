//! The event as an entry of the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use tlog::sha256;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, DataCategory, Deed, Event, EventKind, Incomplete, LegalBasis,
    NetworkAccessPoint, Object, ObjectRole, Outcome, PurposeOfUse, Reported, Responsible, Source, User,
};
use zorgsluis_domain::{AuditEntry, EntryId};

use super::rules::{OBJECT_ROLE, identity, is_patient};
use super::structure::target;
use super::{CheckedEvent, Issue, is_code, items, text};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ROLE_CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
const UZI: [&str; 2] = ["http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "urn:oid:2.16.528.1.1007.3.1"];
const AGB: [&str; 2] = ["http://fhir.nl/fhir/NamingSystem/agb-z", "urn:oid:2.16.840.1.113883.2.4.6.1"];

/// Who submits an event, as we know them.
#[derive(Debug, Clone, Copy)]
pub struct Submitter<'a> {
    /// The name that their credentials stand for.
    pub name: &'a str,
    /// AuditEnterpriseSiteID: the organisation whose log this is.
    pub organisation: &'a str,
}

impl CheckedEvent {
    /// The id of its entry: the same whenever this submitter sends this event, and another one for another submitter.
    /// White space and the order of names make no difference; everything else does.
    #[must_use]
    pub fn entry_id(&self, submitter: &Submitter<'_>) -> EntryId {
        let mut text = String::new();
        canonical(&Value::Object(self.event.clone()), &mut text);
        let content = sha256(text.as_bytes());
        // The name's length keeps apart where it ends and the content begins.
        EntryId::derived(
            self.recorded,
            &format!("reported {} {} {content}", submitter.name.len(), submitter.name),
        )
    }

    /// The entry. `patient` is the patient as they are known here (`Patient/<id>`); `received` is when the event came.
    ///
    /// # Errors
    /// What an entry of that kind must have and the event does not say.
    pub fn into_entry(
        self,
        submitter: &Submitter<'_>,
        patient: Option<String>,
        received: Timestamp,
    ) -> Result<AuditEntry, Issue> {
        let id = self.entry_id(submitter);
        let event = Value::Object(self.event);
        let source = Source {
            enterprise_site_id: submitter.organisation.to_owned(),
            source_id: submitter.name.to_owned(),
            source_type: 4,
        };
        let name = observer(&event).unwrap_or(submitter.name).to_owned();
        let application = Application { name, version: String::from("-") };
        let received = Timestamp::from_microsecond(received.as_microsecond()).unwrap_or(received);
        let reported =
            Reported { submitter: submitter.name.to_owned(), received, original: event.to_string() };
        let (mut users, responsible) = people(&event);
        let first = if users.is_empty() { User::system(submitter.name, false) } else { users.remove(0) };
        let mut entry = AuditEntry::of(Deed::reported(happened(&event), reported))
            .at(id, self.recorded)
            .by(first)
            .through(AccessMethod::OtherSystem, application)
            .reported_by(source)
            .patient_if_any(patient)
            .responsible(responsible)
            .legal_basis(legal_basis(&event));
        for user in users {
            entry = entry.user(user);
        }
        for entity in items(&event, "entity").iter().filter(|entity| !is_patient(entity)) {
            entry = entry.object(object(entity));
            let kind =
                text(entity, "/what/reference").and_then(target).or_else(|| text(entity, "/what/type"));
            if let Some(kind) = kind {
                entry = entry.category(DataCategory::of_resource(kind));
            }
        }
        entry.build_checked().map_err(incomplete)
    }
}

/// What an entry lacks, and where the event would say it.
fn incomplete(lack: Incomplete) -> Issue {
    let expression = match lack {
        Incomplete::NoUser | Incomplete::NoRecipient => "AuditEvent.agent",
        Incomplete::NoSource => "AuditEvent.source",
        Incomplete::NoReason => "AuditEvent.outcomeDesc",
        Incomplete::NoObject | Incomplete::NoPatient => "AuditEvent.entity",
        Incomplete::NoEmergency => "AuditEvent.purposeOfEvent",
        Incomplete::Id => "AuditEvent",
    };
    let text = format!("NEN 7513, an event of this kind: {lack}");
    Issue { code: "required", expression: expression.to_owned(), text }
}

fn legal_basis(event: &Value) -> LegalBasis {
    let policies = items(event, "agent").iter().flat_map(|agent| items(agent, "policy"));
    let checks = policies.filter_map(Value::as_str).map(str::to_owned).collect();
    LegalBasis { checks, emergency: is_emergency(event), ..LegalBasis::default() }
}

/// Compact JSON with the names of each object in order: one text for one content.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut names: Vec<_> = object.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in names {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn observer(event: &Value) -> Option<&str> {
    [
        "/source/observer/identifier/value",
        "/source/observer/reference",
        "/source/observer/display",
        "/source/site",
    ]
    .iter()
    .find_map(|pointer| text(event, pointer))
}

fn happened(event: &Value) -> Event {
    let outcome = match text(event, "/outcome") {
        Some("0") => Outcome::Success,
        Some("4") => Outcome::MinorFailure,
        Some("8") => Outcome::SeriousFailure,
        _ => Outcome::MajorFailure,
    };
    let stated = match text(event, "/action") {
        Some("C") => Some(Action::Create),
        Some("R") => Some(Action::Read),
        Some("U") => Some(Action::Update),
        Some("D") => Some(Action::Delete),
        Some("E") => Some(Action::Execute),
        _ => None,
    };
    let kind = kind(event, stated);
    let action = stated.unwrap_or(match kind {
        EventKind::ResourceCreate | EventKind::Import => Action::Create,
        EventKind::ResourceRead | EventKind::ResourceHistory | EventKind::LogRead => Action::Read,
        EventKind::ResourceUpdate => Action::Update,
        EventKind::ResourceDelete => Action::Delete,
        _ => Action::Execute,
    });
    let stated = text(event, "/outcomeDesc").map(str::to_owned);
    let failed = outcome != Outcome::Success;
    Event {
        kind,
        action,
        outcome,
        // Both are demanded of such entries, and BALP has no element for the second.
        outcome_reason: stated.clone().or_else(|| failed.then(unstated)),
        reason: matches!(kind, EventKind::BreakGlass | EventKind::DirectAccess | EventKind::Erasure)
            .then(|| stated.or_else(|| purpose(event)).unwrap_or_else(unstated)),
        trigger: None,
    }
}

fn unstated() -> String {
    String::from("unstated")
}

/// Why, in words, as far as a purpose says so.
fn purpose(event: &Value) -> Option<String> {
    items(event, "purposeOfEvent").iter().find_map(|purpose| {
        let display = items(purpose, "coding").iter().find_map(|coding| text(coding, "/display"));
        text(purpose, "/text").or(display).map(str::to_owned)
    })
}

/// The kind, from the subtypes and, where these say nothing, the type: DICOM PS3.16 CID 400 and 401, RESTful
/// interactions, ISO 21089.
fn kind(event: &Value, action: Option<Action>) -> EventKind {
    let subtypes = items(event, "subtype");
    let has = |system: &str, code: &str| subtypes.iter().any(|subtype| is_code(Some(subtype), system, code));
    for (code, kind) in [
        ("create", EventKind::ResourceCreate),
        ("read", EventKind::ResourceRead),
        ("vread", EventKind::ResourceRead),
        ("update", EventKind::ResourceUpdate),
        ("patch", EventKind::ResourceUpdate),
        ("delete", EventKind::ResourceDelete),
        ("history", EventKind::ResourceHistory),
        ("history-instance", EventKind::ResourceHistory),
        ("history-type", EventKind::ResourceHistory),
        ("history-system", EventKind::ResourceHistory),
        ("search", EventKind::ResourceSearch),
        ("search-type", EventKind::ResourceSearch),
        ("search-system", EventKind::ResourceSearch),
    ] {
        let rest = text(event, "/type/code") == Some("rest");
        if rest && has(INTERACTION, code) {
            return kind;
        }
    }
    for (code, kind) in [
        ("110120", EventKind::ApplicationStart),
        ("110121", EventKind::ApplicationStop),
        ("110122", EventKind::LogIn),
        ("110123", EventKind::LogOut),
        ("110127", EventKind::BreakGlass),
        ("110132", EventKind::DirectAccess),
    ] {
        if has(DCM, code) {
            return kind;
        }
    }
    if has(LIFECYCLE, "merge") {
        return EventKind::PatientMerge;
    }
    if has(LIFECYCLE, "destroy") {
        return EventKind::Erasure;
    }
    let dicom = text(event, "/type/system") == Some(DCM);
    match text(event, "/type/code").filter(|_| dicom).unwrap_or_default() {
        "110101" => EventKind::LogRead,
        "110106" if has(LIFECYCLE, "disclose") => EventKind::Disclosure,
        "110106" => EventKind::Export,
        "110107" => EventKind::Import,
        "110112" => EventKind::ResourceSearch,
        "110105" => EventKind::ResourceDelete,
        "110113" if text(event, "/outcome") != Some("0") => EventKind::AccessDenied,
        // Instances, orders, patient records, procedures: by what was done.
        "110103" | "110109" | "110110" | "110111" => match action {
            Some(Action::Create) => EventKind::ResourceCreate,
            Some(Action::Read) => EventKind::ResourceRead,
            Some(Action::Update) => EventKind::ResourceUpdate,
            Some(Action::Delete) => EventKind::ResourceDelete,
            Some(Action::Execute) | None => EventKind::Other,
        },
        _ => EventKind::Other,
    }
}

/// The users, and the person acted for. An organisation that takes part beside them is that of the users.
fn people(event: &Value) -> (Vec<User>, Option<Responsible>) {
    let agents = items(event, "agent");
    let is = |agent: &Value, system: &str, code: &str| {
        let codings = agent.pointer("/type/coding").and_then(Value::as_array);
        codings.into_iter().flatten().any(|coding| is_code(Some(coding), system, code))
    };
    let alone = agents.len() == 1;
    let organisation = |agent: &Value| !alone && is(agent, ROLE_CLASS, "PROV");
    let responsible = |agent: &Value| !alone && is(agent, PARTICIPATION, "RESP");
    let named = agents.iter().find(|agent| organisation(agent)).map(identifier);
    let mut users: Vec<User> =
        agents.iter().filter(|agent| !organisation(agent) && !responsible(agent)).map(user).collect();
    for user in users.iter_mut().filter(|user| user.requestor) {
        user.organisation.clone_from(&named);
    }
    let person = agents.iter().find(|agent| responsible(agent)).map(|agent| Responsible {
        id: identity(agent).unwrap_or_default().to_owned(),
        role: items(agent, "role").first().and_then(concept),
    });
    (users, person)
}

/// `system|value`, or whatever else names an agent.
fn identifier(agent: &Value) -> String {
    let value = identity(agent).unwrap_or_default();
    match text(agent, "/who/identifier/system").filter(|_| text(agent, "/who/identifier/value").is_some()) {
        Some(system) => format!("{system}|{value}"),
        None => value.to_owned(),
    }
}

fn user(agent: &Value) -> User {
    let id = identity(agent).unwrap_or_default();
    let system = text(agent, "/who/identifier/system").unwrap_or_default();
    let mut user = User::system(id, agent.get("requestor") == Some(&Value::Bool(true)));
    user.alternate_id = text(agent, "/altId").map(str::to_owned);
    user.name = text(agent, "/name").or_else(|| text(agent, "/who/display")).map(str::to_owned);
    user.roles = items(agent, "role").iter().filter_map(concept).collect();
    user.purpose = items(agent, "purposeOfUse").iter().flat_map(purposes).next();
    user.network = text(agent, "/network/address").map(|address| match text(agent, "/network/type") {
        Some("2") => NetworkAccessPoint::Ip(address.to_owned()),
        Some("5") => NetworkAccessPoint::Uri(address.to_owned()),
        _ => NetworkAccessPoint::Machine(address.to_owned()),
    });
    user.uzi = UZI.contains(&system).then(|| id.to_owned());
    user.agb = AGB.contains(&system).then(|| id.to_owned());
    user
}

/// The first coding as `system|code`; else the text.
fn concept(concept: &Value) -> Option<String> {
    let coding = items(concept, "coding").iter().find_map(|coding| {
        let code = text(coding, "/code")?;
        Some(text(coding, "/system").map_or_else(|| code.to_owned(), |system| format!("{system}|{code}")))
    });
    coding.or_else(|| text(concept, "/text").map(str::to_owned))
}

fn purposes(concept: &Value) -> impl Iterator<Item = PurposeOfUse> {
    items(concept, "coding")
        .iter()
        .filter(|coding| text(coding, "/system") == Some(ACT_REASON))
        .filter_map(|coding| serde_json::from_value(coding.get("code")?.clone()).ok())
}

/// Whether the emergency procedure was used.
fn is_emergency(event: &Value) -> bool {
    let of_agents = items(event, "agent").iter().flat_map(|agent| items(agent, "purposeOfUse"));
    let stated = items(event, "purposeOfEvent").iter().chain(of_agents).flat_map(purposes);
    let override_began = items(event, "subtype").iter().any(|subtype| is_code(Some(subtype), DCM, "110127"));
    override_began
        || stated
            .into_iter()
            .any(|purpose| matches!(purpose, PurposeOfUse::EmergencyTreatment | PurposeOfUse::BreakGlass))
}

fn object(entity: &Value) -> Object {
    let role = ["24", "20", "13"].into_iter().find(|code| is_code(entity.get("role"), OBJECT_ROLE, code));
    let role = match role {
        Some("24") => ObjectRole::Query,
        Some("20") => ObjectRole::Message,
        Some("13") => ObjectRole::Log,
        _ => ObjectRole::Resource,
    };
    let reference = text(entity, "/what/reference");
    let (id, version) = match reference.and_then(|text| text.split_once("/_history/")) {
        Some((resource, version)) => (Some(resource), version.parse().ok()),
        None => (reference, None),
    };
    let id = id
        .or_else(|| text(entity, "/what/identifier/value"))
        .or_else(|| text(entity, "/name"))
        .or_else(|| text(entity, "/what/display"))
        .unwrap_or("-");
    let mut object = Object { version, ..Object::new(role, id) };
    object.life_cycle = text(entity, "/lifecycle/code").map(str::to_owned);
    object.sensitivity = items(entity, "securityLabel").iter().find_map(|label| {
        let code = text(label, "/code")?;
        Some(text(label, "/system").map_or_else(|| code.to_owned(), |system| format!("{system}|{code}")))
    });
    object.description = text(entity, "/description").map(str::to_owned);
    object.query = text(entity, "/query").and_then(|query| {
        let packed: String = query.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        String::from_utf8(STANDARD.decode(packed).ok()?).ok()
    });
    object
}
