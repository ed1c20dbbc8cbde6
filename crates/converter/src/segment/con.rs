//! CON: what a patient agreed to, or did not (HL7 v2.5.1 §9.9.1), as a Consent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{
    Attachment, CodeableConcept, Consent, ConsentProvision, Extension, ExtensionValue, Reference,
    RelatedPerson, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new, extension, own};
use crate::conversion::{Authority, EntryNote};
use crate::datatype::{cwe, hd, xpn};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table::Target;

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "CON",
    name: "Consent Segment",
    fields: &[
        "Set ID - CON",
        "Consent Type",
        "Consent Form ID and Version",
        "Consent Form Number",
        "Consent Text",
        "Subject-specific Consent Text",
        "Consent Background Information",
        "Subject-specific Consent Background Text",
        "Consenter-imposed limitations",
        "Consent Mode",
        "Consent Status",
        "Consent Discussion Date/Time",
        "Consent Decision Date/Time",
        "Consent Effective Date/Time",
        "Consent End Date/Time",
        "Subject Competence Indicator",
        "Translator Assistance Indicator",
        "Language Translated To",
        "Informational Material Supplied Indicator",
        "Consent Bypass Reason",
        "Consent Disclosure Level",
        "Consent Non-disclosure Reason",
        "Non-subject Consenter Reason",
        "Consenter ID",
        "Relationship to Subject",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Consent.category"),
        to(2, "Consent.scope"),
        to(3, "Consent.policyRule"),
        to(4, "Consent.identifier"),
        to(5, "Consent.sourceAttachment"),
        to(6, "Consent.extension(v2-consent-text-of-subject)"),
        to(7, "Consent.extension(v2-consent-background)"),
        to(8, "Consent.extension(v2-consent-background-of-subject)"),
        to(9, "Consent.extension(v2-consent-limitations)"),
        to(10, "Consent.extension(v2-consent-mode)"),
        to(11, "Consent.status"),
        to(12, "Consent.extension(v2-consent-discussed)"),
        to(13, "Consent.dateTime"),
        to(14, "Consent.provision.period"),
        to(15, "Consent.provision.period"),
        to(16, "Consent.extension(v2-consent-subject-competent)"),
        to(17, "Consent.extension(v2-consent-translator)"),
        to(18, "Consent.extension(v2-consent-language)"),
        to(19, "Consent.extension(v2-consent-material-supplied)"),
        to(20, "Consent.extension(v2-consent-bypass-reason)"),
        to(21, "Consent.extension(v2-consent-disclosure-level)"),
        to(22, "Consent.extension(v2-consent-non-disclosure-reason)"),
        to(23, "Consent.extension(v2-consent-non-subject-reason)"),
        to(24, "Consent.performer"),
        to(24, "RelatedPerson.name"),
        to(25, "RelatedPerson.relationship"),
    ],
};

const BESIDE: &[Beside] = beside![
    6 "consent-text-of-subject" Is::Text,
    7 "consent-background" Is::Text,
    8 "consent-background-of-subject" Is::Text,
    9 "consent-limitations" Is::Text,
    10 "consent-mode" Is::Concept,
    12 "consent-discussed" Is::Time,
    16 "consent-subject-competent" Is::Flag,
    17 "consent-translator" Is::Flag,
    18 "consent-language" Is::Concept,
    19 "consent-material-supplied" Is::Flag,
    20 "consent-bypass-reason" Is::Concept,
    21 "consent-disclosure-level" Is::Concept,
    22 "consent-non-disclosure-reason" Is::Concept,
    23 "consent-non-subject-reason" Is::Concept,
];

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";

/// Table 0498, as the official concept map gives it; it has nothing for B. A consent that was bypassed is none:
/// nobody was asked, and CON-20 says why.
fn status(code: &str) -> Option<Target> {
    let (code, exact) = match code.trim().to_ascii_uppercase().as_str() {
        "A" => ("active", true),
        "L" => ("active", false),
        "P" => ("proposed", true),
        "R" => ("rejected", true),
        "X" => ("inactive", true),
        "B" => ("inactive", false),
        _ => return None,
    };
    Some(Target { system: "http://hl7.org/fhir/consent-state-codes", code, display: None, exact })
}

/// Puts what a CON says. `None` where it says nothing of what was asked.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, con: Segment<'m, 'a>, patient: Uuid) -> Option<Uuid> {
    let id = identify(cx, con, patient)?;
    if cx.has(id) {
        // Twice the same consent: the first stands.
        cx.warn(con.place(), "conflicting-repetition");
        return Some(id);
    }
    let mut consent = Consent { id: Some(id), ..Consent::default() };
    consent.patient = Some(Reference::to(patient));
    consent.identifier.extend(hd::ei(cx, con.field(4).first()));
    let told = con.field(11).first();
    (consent.status, consent.status_ext) = cx.code(told.value(), status);
    if told.components().skip(1).any(|component| component.value().is_present()) {
        // Text and table of the code are kept with it.
        let whole = cwe::concept(cx, told, "CON-11", None);
        let whole = whole.map(|whole| Extension::concept(extension::ORIGINAL_CODE, whole));
        consent.status_ext = whole.map(fhir::Element::of);
    }
    if consent.status.is_none() {
        // FHIR demands one; that someone agreed is not to be presumed.
        consent.status = Some("proposed");
        cx.presume(id, "status");
    }
    consent.scope = Some(scope(con));
    let kind = cwe::concept(cx, con.field(2).first(), "CON-2", None);
    consent.category.push(kind.unwrap_or_else(unknown));
    // The form is the policy to which somebody agreed; FHIR demands one (ppc-1).
    let form = cx.write(con.field(3).value()).map(CodeableConcept::text);
    consent.policy_rule = Some(form.unwrap_or_else(unknown));
    source(cx, con, &mut consent);
    (consent.date_time, consent.date_time_ext) = cx.date_time(con.field(13).value());
    let period = cx.period(con.field(14).value(), con.field(15).value());
    consent.provision =
        period.map(|period| ConsentProvision { period: Some(period), ..ConsentProvision::default() });
    consent.extension.extend(beside::extensions(cx, con, BESIDE, id));
    performers(cx, con, patient, &mut consent);
    cx.put_as(id, consent, EntryNote { authority: Authority::Registration, asserted: None });
    Some(id)
}

/// By the number of the form, else by what was decided when.
fn identify<'m, 'a>(cx: &mut Context<'m, 'a>, con: Segment<'m, 'a>, patient: Uuid) -> Option<Uuid> {
    let text = |field: usize| crate::context::trim(con.field(field).value().text());
    let patient = patient.hyphenated().to_string();
    if let Some((authority, number)) = hd::ei_key(cx, con.field(4).first()) {
        return Some(cx.id(&rule::CONSENT, &[&[&patient], &[&authority, &number]], con.place()));
    }
    let (system, code) = cwe::key(cx, con.field(2).first()).unwrap_or_default();
    let [form, decided, discussed] = [3, 13, 12].map(text);
    if code.is_empty() && form.is_empty() {
        return None;
    }
    let when = if decided.is_empty() { discussed } else { decided };
    Some(cx.id(&rule::CONSENT, &[&[&patient], &[&system, &code, &form, &when]], con.place()))
}

/// What kind of thing it is about, by table 0496 (terminology.hl7.org v2-0496, 2.1.0). Release and restriction of
/// information is privacy; a trial is research; procedures, tests and drugs are treatment. Of a transfer, a
/// photograph, a gift of organs or what a body is released for the table does not say it.
fn scope<'a>(con: Segment<'_, 'a>) -> CodeableConcept<'a> {
    let code = con.field(2).value().text();
    let code = code.trim();
    let digits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u16> = digits.then(|| code.parse().ok()).flatten();
    let scope = match number {
        Some(1 | 3 | 41 | 57 | 102 | 103 | 110 | 111) => "patient-privacy",
        Some(99 | 109 | 133 | 134) => "research",
        Some(8 | 11 | 19 | 51 | 79 | 91..=93 | 97 | 98 | 100 | 101 | 106 | 107 | 112 | 122..=128) => {
            return unknown();
        }
        Some(2..=135) => "treatment",
        _ => return unknown(),
    };
    CodeableConcept::code(SCOPE, scope)
}

fn unknown<'a>() -> CodeableConcept<'a> {
    let extension = vec![Extension::code(system::DATA_ABSENT_REASON, "unknown")];
    CodeableConcept { extension, ..CodeableConcept::default() }
}

/// CON-5: the text to which somebody agreed.
fn source<'m, 'a>(cx: &mut Context<'m, 'a>, con: Segment<'m, 'a>, consent: &mut Consent<'a>) {
    let lines: Vec<_> =
        con.field(5).repetitions().filter_map(|one| super::obx::value::whole(cx, one)).collect();
    if !lines.is_empty() {
        consent.source_attachment = Some(Attachment {
            content_type: Some("text/plain".into()),
            data: Some(STANDARD.encode(lines.join("\n")).into()),
            ..Attachment::default()
        });
    }
}

/// CON-24 and CON-25 (table 0548): the patient, somebody of theirs, or, as 6 and 7, who treats them.
fn performers<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    con: Segment<'m, 'a>,
    patient: Uuid,
    consent: &mut Consent<'a>,
) {
    let relation = con.field(25).first();
    let code = relation.value().text();
    let code = code.trim();
    let own_decision = matches!(code.to_ascii_uppercase().as_str(), "1" | "SEL");
    let of_family = !own_decision && !matches!(code, "6" | "7");
    let consenters: Vec<_> = con.field(24).repetitions().filter(|one| one.is_present()).collect();
    if own_decision {
        consent.performer.push(Reference::to(patient));
    }
    if consenters.is_empty() || !of_family {
        // With whom no resource is made keeps relation and name beside.
        let mut parts = Vec::new();
        for consenter in consenters {
            let Some(name) = xpn::name(cx, consenter, &xpn::XPN, None) else { continue };
            if !own_decision {
                consent.performer.extend(name.text.clone().or(name.family.clone()).map(Reference::display));
            }
            parts.push(Extension::new("name", ExtensionValue::HumanName(Box::new(name))));
        }
        let relation = cwe::concept(cx, relation, "CON-25", None);
        parts.extend(relation.map(|relation| Extension::concept("relationship", relation)));
        if !parts.is_empty() {
            consent.extension.push(Extension::new(own!("consenter"), ExtensionValue::Parts(parts)));
        }
        return;
    }
    let (system, code) = cwe::key(cx, relation).unwrap_or_default();
    let relationship = cwe::concept(cx, relation, "CON-25", None);
    for consenter in consenters {
        let Some((family, given)) = xpn::key(consenter, &xpn::XPN) else { continue };
        let key = patient.hyphenated().to_string();
        let parts: &[&[&str]] = &[&[&key], &[&system, &code], &[&family, &given]];
        let id = cx.id(&rule::RELATED_PERSON, parts, consenter.place());
        let name = xpn::name(cx, consenter, &xpn::XPN, Some("official"));
        if let Some(Resource::RelatedPerson(known)) = cx.entry(id) {
            add_new(&mut known.name, name);
        } else {
            let person = RelatedPerson {
                id: Some(id),
                active: Some(true),
                patient: Some(Reference::to(patient)),
                relationship: relationship.clone().into_iter().collect(),
                name: name.into_iter().collect(),
                ..RelatedPerson::default()
            };
            cx.put(id, person);
        }
        add_new(&mut consent.performer, [Reference::to(id)]);
    }
}
