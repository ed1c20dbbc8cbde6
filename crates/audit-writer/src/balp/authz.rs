//! A decision by the patient's consent: BALP AuthZconsent.

use serde_json::{Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Action, Object, ObjectRole, User};

use super::agent::{network, observer, of_user, party};
use super::entity::{RESOURCE_TYPE, patient};
use super::{DCM, coding};

const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ROLE_CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
const SECURITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";

/// Whether a denial has all that the pattern demands: it was decided by consents and nothing else is named, and
/// patient, person, their organisation and the client's address are known.
pub(super) fn fits(entry: &AuditEntry) -> bool {
    entry.event.action == Action::Execute
        && entry.patient.is_some()
        && !entry.objects.is_empty()
        && entry.objects.iter().all(is_consent)
        && matches!(entry.users.as_slice(), [user] if user.requestor
            && user.organisation.is_some() && user.network.is_some())
}

fn is_consent(object: &Object) -> bool {
    object.role == ObjectRole::Resource && object.id.starts_with("Consent/")
}

/// The client application, the person, their organisation, and who decided.
pub(super) fn agents(entry: &AuditEntry) -> Vec<Value> {
    let Some(user) = entry.users.first() else { return Vec::new() };
    let kind = |system, code, display| json!({ "coding": [coding(system, code, display)] });
    let application = &entry.application;
    let client = json!({
        "type": kind(DCM, "110150", "Application"),
        "who": { "identifier": { "value": application.name } },
        "requestor": false,
        "network": user.network.as_ref().map(network),
    });
    // The slice `user` has no `altId`: that number stands with the others.
    let mut person = of_user(
        &User { alternate_id: None, ..user.clone() },
        Some(coding(PARTICIPATION, "IRCP", "information recipient")),
    );
    person.remove("network");
    let organisation = json!({
        "type": kind(ROLE_CLASS, "PROV", "healthcare provider"),
        "who": user.organisation.as_deref().map(party),
        "requestor": false,
    });
    let authorizer = json!({
        "type": kind(SECURITY_ROLE, "authserver", "authorization server"),
        "who": observer(entry),
        "requestor": false,
    });
    vec![client, Value::Object(person), organisation, authorizer]
}

/// The patient and the consents: the slices are closed.
pub(super) fn entities(entry: &AuditEntry) -> Vec<Value> {
    let consents = entry.objects.iter().map(|object| {
        json!({
            "what": { "reference": object.id },
            "type": coding(RESOURCE_TYPE, "Consent", "Consent"),
        })
    });
    patient(entry).into_iter().chain(consents).collect()
}
