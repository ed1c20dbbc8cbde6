//! What AIS, AIG, AIL and AIP have in common (HL7 v2.5.1 §10.6.4): a resource that an appointment needs, when,
//! and whether it is there. Each is a participant.

use fhir::{AppointmentParticipant, CodeableConcept, Element, Extension, ExtensionValue, Period, Reference};
use hl7v2::{Repetition, Segment};

use super::nte;
use super::sch::time::{Moment, length};
use crate::context::{Context, OrOriginal, extension};
use crate::datatype::cwe;
use crate::table;

/// AIG-5, AIL-5, AIP-5 and RGS-3.
const GROUP: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-resource-group";
/// AIS-9, AIG-13, AIL-11, AIP-11 (HL7 table 0279).
const SUBSTITUTION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-allow-substitution";
/// A start that is told from the appointment's own and cannot be computed.
const OFFSET: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-start-offset";
/// A duration without a start, or in a unit that we do not know.
const DURATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-resource-duration";
/// A comment on a resource (NTE behind it).
pub(crate) const NOTE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-note";

/// In which fields a segment says what all of them say.
pub(crate) struct Layout {
    /// Resource type; with its name for the profile's code maps.
    pub(crate) kind: Option<(usize, &'static str)>,
    /// Resource group.
    pub(crate) group: Option<(usize, &'static str)>,
    /// Start, offset and its unit, duration and its unit, in five fields from this one.
    pub(crate) start: usize,
    /// Allow substitution.
    pub(crate) substitution: (usize, &'static str),
    /// Filler status.
    pub(crate) status: (usize, &'static str),
}

/// What holds for all resources of the message.
pub(crate) struct Booked<'r, 'm, 'a> {
    /// When the appointment begins: offsets count from there.
    pub(crate) start: &'r Moment<'a>,
    /// What a resource does of which nothing is said.
    pub(crate) status: &'static str,
    /// The group that the resource stands in.
    pub(crate) rgs: Option<Segment<'m, 'a>>,
}

/// What is done with a resource (HL7 table 0206).
pub(crate) fn action<'m, 'a>(segment: Segment<'m, 'a>, rgs: Option<Segment<'m, 'a>>) -> String {
    let of = |segment: Segment<'m, 'a>| segment.field(2).value().text().trim().to_ascii_uppercase();
    let own = of(segment);
    if own.is_empty() { rgs.map(of).unwrap_or_default() } else { own }
}

/// The participant of a resource, without whom it is; and when it begins and ends.
pub(crate) fn participant<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    notes: &[Segment<'m, 'a>],
    layout: &Layout,
    booked: &Booked<'_, 'm, 'a>,
) -> (AppointmentParticipant<'a>, Moment<'a>, Moment<'a>) {
    let mut participant = AppointmentParticipant::default();
    if let Some((field, name)) = layout.kind {
        participant.r#type.extend(cwe::concept(cx, segment.field(field).first(), name, None));
    }
    let group = layout.group.map(|(field, name)| (segment.field(field), name));
    let of_rgs = booked.rgs.map(|rgs| (rgs.field(3), "RGS-3"));
    for (field, name) in group.into_iter().chain(of_rgs) {
        let group = cwe::concept(cx, field.first(), name, None);
        participant.extension.extend(group.map(|group| Extension::concept(GROUP, group)));
    }
    let (field, name) = layout.substitution;
    let substitution = cwe::concept(cx, segment.field(field).first(), name, None);
    participant.extension.extend(substitution.map(|code| Extension::concept(SUBSTITUTION, code)));
    status(cx, segment, layout, booked, &mut participant);
    let (start, end) = times(cx, segment, layout.start, booked.start, &mut participant);
    for note in nte::notes(cx, notes) {
        let note = ExtensionValue::Annotation(Box::new(note.annotation()));
        participant.extension.push(Extension::new(NOTE, note));
    }
    (participant, start, end)
}

/// The filler's word, else what the action code says; FHIR demands it.
fn status<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    layout: &Layout,
    booked: &Booked<'_, 'm, 'a>,
    participant: &mut AppointmentParticipant<'a>,
) {
    let (field, name) = layout.status;
    (participant.status, participant.status_ext) =
        coded(cx, segment.field(field).first(), name, table::participant_status);
    let taken_away = action(segment, booked.rgs) == "D";
    for code in [Some(segment), booked.rgs].into_iter().flatten().map(|segment| segment.field(2).value()) {
        if taken_away && code.text().trim().eq_ignore_ascii_case("D") {
            cx.mark(code);
        } else {
            cx.ignore(code, "what is added or changed is there, and what is taken away its own segment says");
        }
    }
    if taken_away {
        participant.status = Some("declined");
    }
    participant.status.get_or_insert(booked.status);
}

/// The participants of a resource that may name several (field 3): one for each, and one where only its kind is
/// told.
pub(crate) fn participants<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    notes: &[Segment<'m, 'a>],
    layout: &Layout,
    booked: &Booked<'_, 'm, 'a>,
    who: impl Fn(&mut Context<'m, 'a>, Repetition<'m, 'a>) -> Option<Reference<'a>>,
) -> (Vec<AppointmentParticipant<'a>>, Moment<'a>, Moment<'a>) {
    let (one, start, end) = participant(cx, segment, notes, layout, booked);
    let mut all = Vec::new();
    let of_notes: usize = notes.iter().map(|note| note.raw().len()).sum();
    let bytes = (segment.raw().len() + of_notes).saturating_sub(segment.field(3).raw().len());
    let more = segment.field(3).repetition_count().saturating_sub(1);
    if !cx.may_copy(bytes, more, segment.place()) {
        return (vec![one], start, end);
    }
    for repetition in segment.field(3).repetitions() {
        let actor = who(cx, repetition);
        all.extend(actor.map(|actor| AppointmentParticipant { actor: Some(actor), ..one.clone() }));
    }
    if all.is_empty() {
        all.push(one);
    }
    (all, start, end)
}

/// A required code from a coded value; whatever says more than the code stands beside it.
pub(crate) fn coded<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    field: &str,
    table: cwe::Table,
) -> OrOriginal<'a, &'static str> {
    let code = from.component(1).value();
    if from.components().skip(1).all(|component| component.value().is_empty()) {
        return cx.code(code, table);
    }
    let target = table(&code.text());
    if code.is_present() && target.is_none() {
        cx.warn(code.place(), "unknown-code");
    }
    let concept = cwe::concept(cx, from, field, None);
    (target.map(|target| target.code), concept.map(beside))
}

/// What was sent, beside the code that it was translated to.
pub(crate) fn beside(concept: CodeableConcept<'_>) -> Element<'_> {
    Element::of(Extension::concept(extension::ORIGINAL_CODE, concept))
}

/// Start, or start of the appointment and offset; end by duration.
fn times<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    first: usize,
    appointment: &Moment<'a>,
    participant: &mut AppointmentParticipant<'a>,
) -> (Moment<'a>, Moment<'a>) {
    let mut start = Moment::date_time(cx, segment.field(first).value());
    let offset = length(cx, segment.field(first + 1).value(), segment.field(first + 2));
    if let Some(offset) = offset {
        let computed = offset.exactly.filter(|_| !start.is_told());
        match computed.and_then(|exactly| appointment.plus(cx, exactly)) {
            Some(at) => start = at,
            None => {
                let offset = ExtensionValue::Duration(Box::new(offset.quantity));
                participant.extension.push(Extension::new(OFFSET, offset));
            }
        }
    }
    let mut end = Moment::default();
    if let Some(duration) = length(cx, segment.field(first + 3).value(), segment.field(first + 4)) {
        match duration
            .exactly
            .filter(|exactly| exactly.is_positive())
            .and_then(|exactly| start.plus(cx, exactly))
        {
            Some(at) => end = at,
            None => {
                let duration = ExtensionValue::Duration(Box::new(duration.quantity));
                participant.extension.push(Extension::new(DURATION, duration));
            }
        }
    }
    let period = Period {
        start: start.text.clone(),
        start_ext: start.beside.clone(),
        end: end.text.clone(),
        ..Period::default()
    };
    participant.period = (period != Period::default()).then_some(period);
    (start, end)
}

/// Whom or what a participant is.
pub(crate) fn device<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    kind: &'static str,
) -> Option<Reference<'a>> {
    let concept = cwe::concept(cx, from, "AIG-3", None)?;
    let mut codings = concept.coding.into_iter();
    let first = codings.next();
    let mut reference = Reference { r#type: Some(kind), ..Reference::default() };
    if let Some(coding) = first {
        reference.display = coding.display;
        if let Some(code) = coding.code {
            let identifier = fhir::Identifier {
                system: coding.system,
                value: Some(code),
                extension: coding.extension,
                ..fhir::Identifier::default()
            };
            reference.identifier = Some(Box::new(identifier));
        }
        if let Some(version) = coding.version {
            reference.extension.push(Extension::string(VERSION, version));
        }
    }
    reference.extension.extend(concept.extension);
    if reference.display.is_none() {
        reference.display = concept.text;
    } else if let Some(text) = concept.text {
        reference.extension.push(Extension::concept(extension::ORIGINAL_CODE, CodeableConcept::text(text)));
    }
    let rest: Vec<_> = codings.collect();
    if !rest.is_empty() {
        let more = CodeableConcept { coding: rest, ..CodeableConcept::default() };
        reference.extension.push(Extension::concept(extension::ORIGINAL_CODE, more));
    }
    Some(reference)
}

/// CWE.7 of what is known by a code.
const VERSION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-code-system-version";
