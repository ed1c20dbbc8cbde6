//! Who took part, and who reports.

use serde_json::{Map, Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{AccessMethod, EventKind, NetworkAccessPoint, User};

use super::kind::Kind;
use super::{ACT_REASON, DCM, coding, own};

const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
const UZI: &str = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers";
const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";

/// The client: the user at the other end of the line. What comes out of a queue is written by this system on
/// behalf of the sender: the client is the system then, where the entry names it.
fn client(entry: &AuditEntry) -> Option<&User> {
    let system = entry.users.iter().find(|user| from_queue(entry) && !user.requestor);
    let by_network = || entry.users.iter().find(|user| user.network.is_some());
    system.or_else(by_network).or(entry.users.first())
}

/// A write or reading of the system's own, because of what it took from a queue.
const fn from_queue(entry: &AuditEntry) -> bool {
    let own_act = !matches!(entry.event.kind, EventKind::Import | EventKind::Disclosure);
    matches!(entry.access_method, AccessMethod::Queue) && own_act
}

/// The client's address: its own, or the machine itself when nothing came over a network.
fn client_network(entry: &AuditEntry) -> Option<Value> {
    match client(entry).and_then(|user| user.network.as_ref()) {
        Some(known) => Some(network(known)),
        None => (from_queue(entry) || on_this_machine(entry)).then(|| machine(&entry.source.source_id)),
    }
}

/// A person or a process on the machine that holds the data. A disclosure goes elsewhere.
const fn on_this_machine(entry: &AuditEntry) -> bool {
    matches!(entry.access_method, AccessMethod::CommandLine | AccessMethod::Internal | AccessMethod::Database)
        && !matches!(entry.event.kind, EventKind::Disclosure)
}

/// The patterns demand the network of client and server.
pub(super) fn both_on_a_network(entry: &AuditEntry) -> bool {
    client_network(entry).is_some()
}

/// The slice `user` of the REST patterns: none or one.
pub(super) fn at_most_one_further_user(entry: &AuditEntry) -> bool {
    further(entry).filter(|user| user.requestor).count() <= 1
}

/// The users beside the client.
fn further(entry: &AuditEntry) -> impl Iterator<Item = &User> {
    let client = client(entry);
    entry.users.iter().filter(move |user| !client.is_some_and(|client| std::ptr::eq(*user, client)))
}

fn machine(name: &str) -> Value {
    json!({ "address": name, "type": "1" })
}

pub(super) fn network(point: &NetworkAccessPoint) -> Value {
    match point {
        NetworkAccessPoint::Machine(name) => machine(name),
        NetworkAccessPoint::Ip(address) => json!({ "address": address, "type": "2" }),
        NetworkAccessPoint::Uri(uri) => json!({ "address": uri, "type": "5" }),
    }
}

/// All agents: client, server, further users, and the person acted for.
pub(super) fn agents(entry: &AuditEntry, entry_kind: Kind) -> Vec<Value> {
    let source_role = coding(DCM, "110153", "Source Role ID");
    let destination_role = coding(DCM, "110152", "Destination Role ID");
    let (client_type, server_type) = match entry_kind {
        Kind::Delete => (coding(DCM, "110150", "Application"), coding(PARTICIPANT, "custodian", "Custodian")),
        kind if kind.gives() => (destination_role, source_role),
        _ => (source_role, destination_role),
    };
    let client = client(entry);
    let mut agents = Vec::new();
    if let Some(user) = client {
        let mut agent = of_user(user, Some(client_type));
        if let Some(network) = client_network(entry) {
            agent.insert("network".into(), network);
        }
        agents.push(Value::Object(agent));
    }
    agents.push(json!({
        "type": { "coding": [server_type] },
        "who": observer(entry),
        "requestor": false,
        "network": machine(&entry.source.source_id),
    }));
    for user in further(entry) {
        let kind = if entry_kind.gives() || entry_kind == Kind::Search {
            coding(PARTICIPATION, "IRCP", "information recipient")
        } else {
            coding(PARTICIPATION, "AUT", "author (originator)")
        };
        // A person is not a network device (BALP, slice `user`).
        // Only who asked is one in the patterns' sense; others took part without a type.
        // Who brought a disclosure about is no recipient of it: that is the client.
        let typed = user.requestor && entry_kind != Kind::Disclosure;
        agents.push(Value::Object(of_user(user, typed.then_some(kind))));
    }
    if let Some(responsible) = &entry.responsible {
        let mut agent = Map::new();
        let kind = coding(PARTICIPATION, "RESP", "responsible party");
        agent.insert("type".into(), json!({ "coding": [kind] }));
        if let Some(role) = &responsible.role {
            agent.insert("role".into(), json!([concept(role)]));
        }
        agent.insert("who".into(), json!({ "identifier": { "value": responsible.id } }));
        agent.insert("requestor".into(), json!(false));
        agents.push(Value::Object(agent));
    }
    agents
}

pub(super) fn of_user(user: &User, kind: Option<Value>) -> Map<String, Value> {
    let mut agent = Map::new();
    let who = match (&user.uzi, &user.agb) {
        (Some(uzi), _) => json!({ "system": UZI, "value": uzi }),
        (None, Some(agb)) => json!({ "system": AGB, "value": agb }),
        (None, None) => json!({ "value": user.id }),
    };
    // The numbers that do not stand in `who`.
    let mut further = Vec::new();
    if user.uzi.is_some() || user.agb.is_some() {
        further.push(json!({ "value": user.id }));
    }
    if let (Some(_), Some(agb)) = (&user.uzi, &user.agb) {
        further.push(json!({ "system": AGB, "value": agb }));
    }
    let url = own("audit-agent-identifier");
    let mut extensions: Vec<Value> =
        further.into_iter().map(|id| json!({ "url": url, "valueIdentifier": id })).collect();
    if let Some(organisation) = &user.organisation {
        let url = own("audit-agent-organisation");
        extensions.push(json!({ "url": url, "valueReference": party(organisation) }));
    }
    if let Some(department) = &user.department {
        extensions.push(json!({ "url": own("audit-agent-department"), "valueString": department }));
    }
    if !extensions.is_empty() {
        agent.insert("extension".into(), Value::Array(extensions));
    }
    if let Some(kind) = kind {
        agent.insert("type".into(), json!({ "coding": [kind] }));
    }
    if !user.roles.is_empty() {
        agent.insert("role".into(), user.roles.iter().map(|role| concept(role)).collect());
    }
    agent.insert("who".into(), json!({ "identifier": who }));
    if let Some(id) = &user.alternate_id {
        agent.insert("altId".into(), json!(id));
    }
    if let Some(name) = &user.name {
        agent.insert("name".into(), json!(name));
    }
    agent.insert("requestor".into(), json!(user.requestor));
    if let Some(purpose) = user.purpose {
        let purpose = json!({ "coding": [{ "system": ACT_REASON, "code": purpose }] });
        agent.insert("purposeOfUse".into(), json!([purpose]));
    }
    agent
}

/// An organisation: `system|code`, or its name.
pub(super) fn party(organisation: &str) -> Value {
    match organisation.split_once('|') {
        Some((system, value)) if !system.is_empty() && !value.is_empty() => {
            json!({ "type": "Organization", "identifier": { "system": system, "value": value } })
        }
        _ => json!({ "type": "Organization", "display": organisation }),
    }
}

/// `system|code` as a CodeableConcept; a role without a system as text.
fn concept(role: &str) -> Value {
    match role.split_once('|') {
        Some((system, code)) if !system.is_empty() && !code.is_empty() => {
            json!({ "coding": [{ "system": system, "code": code }] })
        }
        _ => json!({ "text": role }),
    }
}

/// The part of the system that reports: server and source are one (BALP `val-audit-source`).
pub(super) fn observer(entry: &AuditEntry) -> Value {
    json!({ "identifier": { "value": entry.source.source_id } })
}

/// Who reports.
pub(super) fn source(entry: &AuditEntry) -> Value {
    let kind = json!({ "system": SOURCE_TYPE, "code": entry.source.source_type.to_string() });
    json!({ "site": entry.source.enterprise_site_id, "observer": observer(entry), "type": [kind] })
}
