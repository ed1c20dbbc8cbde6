//! What can be said of a message before it is converted.

use hl7v2::Message;
use zorgsluis_domain::port::Keys;
use zorgsluis_domain::{MessageId, Purpose};

use crate::conversion::PatientIdentifier;
use crate::profile::SenderProfile;

/// The id of a message: sender (MSH-3, MSH-4), MSH-10 and content, under the key for messages. Without a
/// `message` (bytes that are no HL7 v2) the content alone. White space around it makes no other message.
pub fn message_id(keys: &dyn Keys, message: Option<&Message<'_>>, bytes: &[u8]) -> MessageId {
    let field = |nth| message.map_or(&[][..], |message| message.header().field(nth).raw());
    let parts = [field(3), field(4), field(10), bytes.trim_ascii()];
    MessageId::from_pseudonym(&keys.pseudonym(Purpose::Message, &parts))
}

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

/// Characters of MSH-10 at most (HL7 v2.5.1 §2.15.9.10).
const CONTROL_ID: usize = 20;

/// What journal and operator page show of MSH-9: message type and event, `ADT^A01`, when they have the shape
/// of the codes of HL7 tables 0076 and 0003 (three capitals; a capital and two digits). Otherwise nothing:
/// whatever else a sender puts there may be about a person.
///
/// ```
/// use zorgsluis_converter::process::shown_event;
///
/// assert_eq!(shown_event("ADT", "A01"), "ADT^A01");
/// assert_eq!(shown_event("JANSEN", "A01"), "");
/// ```
pub fn shown_event(kind: &str, trigger: &str) -> String {
    let is_kind = matches!(kind.as_bytes(), [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z']);
    let is_trigger = matches!(trigger.as_bytes(), [b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9']);
    if is_kind && is_trigger { format!("{kind}^{trigger}") } else { String::new() }
}

/// What journal and operator page show of MSH-10, so that an operator can speak with the sender about a
/// message: the whole of it, when it is at most 20 characters of `A-Z a-z 0-9 . _ -`, has a digit, and no run
/// of digits in it is a BSN or begins or ends with one (by the 11-test). Otherwise nothing.
///
/// A sender that makes its control ids of names with numbers, or of patient numbers of its own, is not
/// noticed.
///
/// ```
/// use zorgsluis_converter::process::shown_control_id;
///
/// assert_eq!(shown_control_id("ZIS-0001.7"), "ZIS-0001.7");
/// assert_eq!(shown_control_id("Jansen"), "");
/// assert_eq!(shown_control_id("P999911120"), "");
/// ```
pub fn shown_control_id(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 9);
    let fits =
        text.len() <= CONTROL_ID && text.chars().all(harmless) && text.contains(|c: char| c.is_ascii_digit());
    let names_somebody = runs.any(|run| {
        let ends = [run.get(..9), run.len().checked_sub(9).and_then(|start| run.get(start..))];
        ends.into_iter().flatten().any(fhir::nl::passes_eleven_test)
    });
    if fits && !names_somebody { text.to_owned() } else { String::new() }
}

pub(crate) fn event(message: &Message<'_>) -> String {
    let kind = message.header().field(9).first();
    shown_event(&kind.component(1).value().text(), &kind.component(2).value().text())
}

pub(crate) fn control_id(message: &Message<'_>) -> String {
    shown_control_id(&message.header().field(10).value().text())
}
