//! What can be said of a message before it is converted.

use hl7v2::Message;

use crate::conversion::PatientIdentifier;
use crate::profile::SenderProfile;

/// The identifier by which the sender knows the patient (PID-3), as the profile chooses it: the first of
/// [`crate::PatientIdentity::identifiers`]. `None` when PID-3 names nobody.
///
/// Queue groups and keys are made from it, by whoever accepts messages.
pub fn patient_of(message: &Message<'_>, profile: &SenderProfile) -> Option<PatientIdentifier> {
    let pid = message.segment("PID")?;
    let list = pid.field(3);
    let chosen = list.rep(profile.patient_identifier(list)?);
    let value = chosen.component(1).value().text().trim().to_owned();
    if value.is_empty() {
        return None;
    }
    let authority = chosen.component(4);
    let part = |nth| authority.subcomponent(nth).text();
    let (namespace, id, kind) = (part(1), part(2), part(3));
    if let Some(system) = profile.identifier_system(&namespace, &id, &kind) {
        return Some(PatientIdentifier { system: system.into_owned(), value });
    }
    let name = if namespace.trim().is_empty() { id.trim() } else { namespace.trim() };
    let system = if name.is_empty() {
        let header = message.header();
        let text = |nth| header.field(nth).value().text().trim().to_owned();
        let facility = Some(text(4)).filter(|facility| !facility.is_empty()).unwrap_or_else(|| text(3));
        format!("sender:{facility}")
    } else {
        format!("authority:{name}")
    };
    Some(PatientIdentifier { system, value })
}

/// `ADT^A01`; empty when MSH-9 holds anything but codes.
pub(crate) fn event(message: &Message<'_>) -> String {
    let kind = message.header().field(9).first();
    let code = |nth| {
        let text = kind.component(nth).value().text().into_owned();
        let is_code = (1..=8).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        is_code.then_some(text)
    };
    match (code(1), code(2)) {
        (Some(kind), Some(trigger)) => format!("{kind}^{trigger}"),
        (Some(kind), None) => kind,
        (None, _) => String::new(),
    }
}

/// MSH-10, as far as it is printable ASCII.
pub(crate) fn control_id(message: &Message<'_>) -> String {
    let text = message.header().field(10).value().text();
    text.chars().filter(char::is_ascii_graphic).take(50).collect()
}
