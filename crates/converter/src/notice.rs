//! Who is to be told of a message: what the sender's profile says, and whom the message names.
//!
//! A notice is asked for when something happened that the profile names (`[sender.notify]`): an admission
//! (A01), a transfer (A02), a discharge (A03), a registration (A04, A28), or a result (R01) of which at
//! least one report is final or corrected. Nobody is told that something was cancelled or corrected in the
//! administration (A08, A11, A12, A13), nor of a preliminary result.

use std::collections::{HashMap, HashSet};
use std::fmt;

use fhir::Resource;
use hl7v2::{Field, Place, Repetition, Segment};
use uuid::Uuid;
use zorgsluis_domain::notice::{BusinessIdentifier, NamedRecipient, NotifiedEvent};

use crate::context::{Context, Reported, trim};
use crate::datatype::hd::{self, Assigner};
use crate::message::Event;
use crate::profile::Recipient;
use crate::segment::participation::ends;

/// Whom one message can name at most: far more than a care team has. There is a warning `too-many-recipients` at
/// the first of the others, who stands in the notice as its last, so that the notifier sees that there were more
/// and refuses them; the rest are left out.
const RECIPIENTS: usize = 50;

/// Reports of one orderer in a notice at most: a letter shows fewer, and says that there are more.
const REPORTS: usize = 500;

/// What a message asks to be told, and to whom. Holds PHI: `Debug` prints the shape only.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub event: NotifiedEvent,
    /// Whom it happened to, by the id that the message alone gives ([`crate::PatientIdentity::id`]).
    pub patient: Uuid,
    /// The visit.
    pub encounter: Option<Uuid>,
    /// When it happened, a FHIR dateTime.
    pub occurred: Option<String>,
    /// The reports of a result that are final or corrected: `DiagnosticReport/<id>`.
    pub about: Vec<String>,
    /// Whom the message names, in the order of the profile. Each stands once. Beyond 50 the first alone stands
    /// here; he and the others are not told.
    pub recipients: Vec<NamedRecipient>,
    /// The fields that the profile names (`PD1-4`) and that hold nobody.
    pub empty: Vec<String>,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("event", &self.event)
            .field("about", &self.about.len())
            .field("recipients", &self.recipients.len())
            .field("empty", &self.empty)
            .finish_non_exhaustive()
    }
}

/// The notice that the message asks for. Looks at the message and marks nothing.
pub(crate) fn of(cx: &mut Context<'_, '_>, event: &Event) -> Option<Notice> {
    let happened = match (event.kind.as_str(), event.trigger.as_str()) {
        ("ADT", "A01") => NotifiedEvent::Admission,
        ("ADT", "A02") => NotifiedEvent::Transfer,
        ("ADT", "A03") => NotifiedEvent::Discharge,
        ("ADT", "A04" | "A28") => NotifiedEvent::Registration,
        ("ORU", "R01") => NotifiedEvent::Result,
        _ => return None,
    };
    let fields = cx.profile.notify(happened);
    if fields.is_empty() {
        return None;
    }
    let about = reports(cx);
    if happened == NotifiedEvent::Result && about.is_empty() {
        return None;
    }
    let patient = match cx.patients.as_slice() {
        [patient] => patient.id,
        [] => return None,
        [..] => {
            // Whom the message names is told of one patient, and nobody can tell of which.
            cx.warn(cx.message.header().place(), "notice-of-several-patients");
            return None;
        }
    };
    let mut notice = Notice {
        event: happened,
        patient,
        encounter: cx.entries.iter().find_map(|entry| match &entry.resource {
            Resource::Encounter(encounter) => encounter.id,
            _ => None,
        }),
        occurred: occurred(cx, happened),
        about: if happened == NotifiedEvent::Result { about } else { Vec::new() },
        recipients: Vec::new(),
        empty: Vec::new(),
    };
    let settled: Option<HashSet<&str>> =
        (happened == NotifiedEvent::Result).then(|| notice.about.iter().map(String::as_str).collect());
    let named =
        fields.iter().map(|field| (*field, recipients(cx, *field, settled.as_ref()))).collect::<Vec<_>>();
    drop(settled);
    let mut known: HashMap<_, usize> = HashMap::new();
    let mut left_out = None;
    for (field, named) in named {
        if named.is_empty() {
            notice.empty.push(String::from(field.name()));
        }
        for (at, one) in named {
            let who = (one.identifiers.clone(), one.address.clone());
            if let Some(before) = known.get(&who).and_then(|nth| notice.recipients.get_mut(*nth)) {
                // Whoever is told of everything on another ground is told of everything.
                if before.about.is_empty() || one.about.is_empty() {
                    before.about.clear();
                } else if before.about.last() != one.about.last() {
                    before.about.extend(one.about);
                }
                continue;
            }
            if left_out.is_some() {
                continue;
            }
            if notice.recipients.len() == RECIPIENTS {
                left_out = Some(at);
            }
            known.insert(who, notice.recipients.len());
            notice.recipients.push(one);
        }
    }
    if let Some(at) = left_out {
        cx.warn(at, "too-many-recipients");
    }
    Some(notice)
}

/// The reports that somebody may act on: final, or corrected.
fn reports(cx: &Context<'_, '_>) -> Vec<String> {
    let told = cx.entries.iter().filter_map(|entry| match &entry.resource {
        Resource::DiagnosticReport(report)
            if matches!(report.status, Some("final" | "corrected" | "amended" | "appended")) =>
        {
            report.id
        }
        _ => None,
    });
    told.map(|id| format!("DiagnosticReport/{id}")).collect()
}

/// When it happened: what PV1 or OBR says of it, else EVN-6, EVN-2, MSH-7.
fn occurred(cx: &Context<'_, '_>, event: NotifiedEvent) -> Option<String> {
    let own: &[(&str, usize)] = match event {
        NotifiedEvent::Admission | NotifiedEvent::Registration => &[("PV1", 44)],
        NotifiedEvent::Discharge => &[("PV1", 45)],
        NotifiedEvent::Transfer => &[],
        NotifiedEvent::Result => &[("OBR", 22), ("OBR", 7)],
    };
    let general = [("EVN", 6), ("EVN", 2), ("MSH", 7)];
    own.iter().chain(&general).find_map(|(segment, field)| {
        let value = cx.message.segment(segment)?.field(*field).value();
        if !value.is_present() {
            return None;
        }
        let time = cx.moment(value).ok()?;
        Some(time.date_time(&cx.profile.time_zone))
    })
}

/// Whom the message names in a field, wherever that is, each with the place.
fn recipients(
    cx: &Context<'_, '_>,
    field: Recipient,
    settled: Option<&HashSet<&str>>,
) -> Vec<(Place, NamedRecipient)> {
    let first = |segment: &'static str, n: usize| people(cx, cx.message.segment(segment).map(|s| s.field(n)));
    match field {
        Recipient::PrimaryCare => first("PD1", 4),
        Recipient::Attending => first("PV1", 7),
        Recipient::Referring => first("PV1", 8),
        Recipient::Consulting => first("PV1", 9),
        Recipient::Admitting => first("PV1", 17),
        Recipient::Role => {
            // Who no longer plays the role is not told.
            let plays = |rol: &Segment<'_, '_>| !ends(*rol, 2);
            let roles = cx.message.segments_named("ROL").filter(plays);
            roles.flat_map(|rol| people(cx, Some(rol.field(4)))).collect()
        }
        Recipient::Ordering => orderers(cx, settled),
    }
}

/// Who ordered what is settled, each with what he ordered: another's result is none of his business. The name
/// stands in ORC-12, else in OBR-16 of the same order. A further OBR that names nobody answers the order of the
/// one before where it repeats its number (OBR-2). `settled` is none where it is not results that are told.
fn orderers(cx: &Context<'_, '_>, settled: Option<&HashSet<&str>>) -> Vec<(Place, NamedRecipient)> {
    let mut found: Vec<(Place, NamedRecipient)> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    // The number of the order before, and who ordered it.
    let mut before: (Option<(String, String)>, Vec<usize>) = (None, Vec::new());
    for &Reported { id, orc, obr } in &cx.reported {
        let number = |segment: Segment<'_, '_>| {
            let (authority, number) = hd::ei_key(cx, segment.field(2).first())?;
            Some((authority.into_owned(), number.into_owned()))
        };
        let order = number(obr).or_else(|| orc.and_then(number));
        let mut by = people(cx, orc.map(|orc| orc.field(12)));
        if by.is_empty() {
            by = people(cx, Some(obr.field(16)));
        }
        let is_further = orc.is_none() && by.is_empty() && order.is_some() && order == before.0;
        if !is_further {
            let mut ordered_by = Vec::new();
            for (at, one) in by.into_iter().take(RECIPIENTS + 1) {
                let who = (one.identifiers.clone(), one.address.clone());
                let nth = *known.entry(who).or_insert_with(|| {
                    found.push((at, one));
                    found.len() - 1
                });
                ordered_by.push(nth);
            }
            before = (order, ordered_by);
        }
        let Some(settled) = settled else { continue };
        let report = format!("DiagnosticReport/{id}");
        if !settled.contains(report.as_str()) {
            continue;
        }
        for nth in &before.1 {
            if let Some((_, one)) = found.get_mut(*nth)
                && one.about.len() < REPORTS
                && one.about.last() != Some(&report)
            {
                one.about.push(report.clone());
            }
        }
    }
    // Who ordered only what is not settled is not told.
    found.retain(|(_, one)| settled.is_none() || !one.about.is_empty());
    found
}

fn people(cx: &Context<'_, '_>, field: Option<Field<'_, '_>>) -> Vec<(Place, NamedRecipient)> {
    field.into_iter().flat_map(Field::repetitions).filter_map(|xcn| person(cx, xcn)).collect()
}

/// Somebody whom an XCN names: by number, or by an e-mail address ([`addresses`]). A name alone
/// selects nobody, and is somebody all the same: the notifier refuses it rather than telling nobody.
fn person(cx: &Context<'_, '_>, xcn: Repetition<'_, '_>) -> Option<(Place, NamedRecipient)> {
    if xcn.is_empty() || xcn.is_null() {
        return None;
    }
    let number = trim(xcn.component(1).value().text());
    let mut identifiers = Vec::new();
    if !number.is_empty() && !number.contains('@') {
        let system = Assigner::of(xcn.component(9), xcn.component(13).value()).key(cx);
        identifiers.push(BusinessIdentifier { system: system.into_owned(), value: number.into_owned() });
    }
    let address = addresses(xcn);
    let named = [2, 3].iter().any(|n| xcn.component(*n).value().is_present());
    if identifiers.is_empty() && address.is_none() && !named {
        return None;
    }
    let at = xcn.place();
    Some((at, NamedRecipient { at: at.to_string(), identifiers, address, about: Vec::new() }))
}

/// The e-mail address that an XCN names: whatever has an `@` in it, wherever it stands, also between brackets or
/// in a sentence. Several different ones are joined, so that they equal no address of the directory: nobody can
/// tell which of them is meant.
fn addresses(xcn: Repetition<'_, '_>) -> Option<String> {
    let mut seen = HashSet::new();
    let mut all: Vec<String> = Vec::new();
    for leaf in xcn.components().flat_map(|component| component.subcomponents()) {
        let text = leaf.text();
        let tokens = text.split(|c: char| c.is_whitespace() || "<>()[],;\"".contains(c));
        for token in tokens.filter(|token| token.contains('@')) {
            let address = match token.get(..7) {
                Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => token.get(7..).unwrap_or_default(),
                _ => token,
            };
            if seen.insert(address.to_lowercase()) {
                all.push(address.to_owned());
            }
        }
    }
    (!all.is_empty()).then(|| all.join(" "))
}
