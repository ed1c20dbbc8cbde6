//! SPM, and the specimen that OBR names where there is no SPM (HL7 v2.5.1 §7.4.3, §7.4.1.15).

use std::borrow::Cow;

use fhir::{
    Annotation, CodeableConcept, Identifier, Reference, Resource, Specimen, SpecimenCollection,
    SpecimenContainer,
};
use hl7v2::{Component, Segment};
use uuid::Uuid;

use super::nte;
use crate::context::{Context, add_new, trim};
use crate::datatype::hd::Hd;
use crate::datatype::{cq, cwe, cx as identifier, xcn};
use crate::identity::rule;
use crate::table;

/// A specimen that was put, and the numbers by which others name it.
pub(crate) type Known<'a> = (Uuid, Vec<Cow<'a, str>>);

/// An EI inside a component: number and authority are subcomponents.
fn ei<'a>(cx: &mut Context<'_, 'a>, from: Component<'_, 'a>) -> Option<Identifier<'a>> {
    let value = cx.write(from.subcomponent(1))?;
    let (system, name) = authority(from).write(cx);
    let assigner = name.map(|name| Box::new(Reference::display(name)));
    Some(Identifier { system, value: Some(value), assigner, ..Identifier::default() })
}

fn authority<'m, 'a>(from: Component<'m, 'a>) -> Hd<'m, 'a> {
    Hd {
        namespace: from.subcomponent(2),
        universal_id: from.subcomponent(3),
        universal_type: from.subcomponent(4),
    }
}

/// The specimen of an SPM.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    spm: Segment<'m, 'a>,
    notes: &[Segment<'m, 'a>],
    patient: Uuid,
    report: Option<Uuid>,
) -> Option<Known<'a>> {
    let numbers = spm.field(2).first();
    // The filler's number (SPM-2.2) is what the laboratory knows it by.
    let named = [2, 1].map(|n| numbers.component(n)).into_iter().find(|c| c.subcomponent(1).is_present());
    let known_by = |n: usize| trim(numbers.component(n).subcomponent(1).text());
    let known_by: Vec<Cow<'a, str>> = [2, 1].map(known_by).into_iter().filter(|n| !n.is_empty()).collect();
    let mut specimen = Specimen { subject: Some(Reference::to(patient)), ..Specimen::default() };
    for (n, kind) in [(1, "PLAC"), (2, "FILL")] {
        if let Some(mut number) = ei(cx, numbers.component(n)) {
            number.r#type = Some(Box::new(CodeableConcept::code(fhir::system::V2_IDENTIFIER_TYPE, kind)));
            add_new(&mut specimen.identifier, [number]);
        }
    }
    specimen.r#type = cwe::concept(cx, spm.field(4).first(), "SPM-4", Some(table::specimen_type));
    for parent in spm.field(3).repetitions() {
        for n in [1, 2] {
            let parent = ei(cx, parent.component(n)).map(Reference::by_identifier);
            specimen.parent.extend(parent.map(|one| Reference { r#type: Some("Specimen"), ..one }));
        }
    }
    collection(cx, spm, &mut specimen);
    state(cx, spm, &mut specimen);
    specimen.accession_identifier = identifier::identifier(cx, spm.field(30).first(), Some("ACSN"));
    for other in spm.field(31).repetitions() {
        specimen.identifier.extend(identifier::identifier(cx, other, None));
    }
    specimen.identifier.extend(crate::datatype::hd::ei(cx, spm.field(32).first()));
    for description in spm.field(14).repetitions() {
        let text = nte::line(cx, description.value()).filter(|text| !text.is_empty());
        specimen.note.extend(text.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    }
    let said = nte::notes(cx, notes);
    specimen.note.extend(said.iter().map(nte::Note::annotation));
    let time = trim(spm.field(17).first().component(1).value().text());
    let id = identify(cx, named, &specimen, &time, patient, report, spm.place());
    Some((put(cx, id, specimen, &time, report, spm.place()), known_by))
}

fn identify<'a>(
    cx: &mut Context<'_, 'a>,
    named: Option<Component<'_, 'a>>,
    specimen: &Specimen<'a>,
    time: &str,
    patient: Uuid,
    report: Option<Uuid>,
    at: hl7v2::Place,
) -> Uuid {
    let Some(named) = named else { return of_report(cx, specimen, time, report.unwrap_or(patient), at) };
    let authority = authority(named).key(cx);
    let number = trim(named.subcomponent(1).text());
    cx.id(&rule::SPECIMEN, &[&[&patient.hyphenated().to_string()], &[&authority, &number]], at)
}

fn of_report(
    cx: &mut Context<'_, '_>,
    specimen: &Specimen<'_>,
    time: &str,
    report: Uuid,
    at: hl7v2::Place,
) -> Uuid {
    let kind = specimen.r#type.as_ref();
    let coding = kind.and_then(|kind| kind.coding.first()).and_then(|coding| coding.code.as_deref());
    let kind = coding.or_else(|| kind.and_then(|kind| kind.text.as_deref())).unwrap_or_default();
    cx.id(&rule::SPECIMEN_OF_REPORT, &[&[&report.hyphenated().to_string()], &[kind], &[time]], at)
}

/// Puts a specimen. The same one for several orders stands once; another one under the same number
/// (some senders number all of them alike) is known by its report instead.
fn put<'a>(
    cx: &mut Context<'_, 'a>,
    id: Uuid,
    mut specimen: Specimen<'a>,
    time: &str,
    report: Option<Uuid>,
    at: hl7v2::Place,
) -> Uuid {
    specimen.id = Some(id);
    match cx.entry(id) {
        None => {}
        Some(Resource::Specimen(known)) if **known == specimen => return id,
        Some(_) => {
            cx.warn(at, "specimen-number-twice");
            let number = id.hyphenated().to_string();
            let id = of_report(cx, &specimen, &format!("{time}/{number}"), report.unwrap_or(id), at);
            specimen.id = Some(id);
            if cx.has(id) {
                // Twice the same number, kind and time in one order, with different content: nobody can
                // tell them apart, so the first stands, and the second is not lost: it is a note on it.
                if let Some(Resource::Specimen(known)) = cx.entry(id) {
                    merge(known, specimen);
                }
                return id;
            }
            cx.put(id, specimen);
            return id;
        }
    }
    cx.put(id, specimen);
    id
}

fn merge<'a>(known: &mut Specimen<'a>, other: Specimen<'a>) {
    add_new(&mut known.identifier, other.identifier);
    add_new(&mut known.condition, other.condition);
    add_new(&mut known.note, other.note);
    add_new(&mut known.container, other.container);
    if known.received_time.is_none() {
        known.received_time = other.received_time;
    }
    if known.collection.is_none() {
        known.collection = other.collection;
    }
}

fn collection<'a>(cx: &mut Context<'_, 'a>, spm: Segment<'_, 'a>, specimen: &mut Specimen<'a>) {
    let mut collection = SpecimenCollection {
        method: cwe::concept(cx, spm.field(7).first(), "SPM-7", Some(table::collection_method)),
        body_site: cwe::concept(cx, spm.field(8).first(), "SPM-8", None),
        quantity: cq::quantity(cx, spm.field(12).first()),
        ..SpecimenCollection::default()
    };
    let taken = spm.field(17).first();
    let (start, end) = (taken.component(1).value(), taken.component(2).value());
    if spm.field(11).value().text().trim().eq_ignore_ascii_case("P") {
        cx.ignore(spm.field(11).value(), "a specimen is a patient's unless it says otherwise");
    }
    cx.ignore_field(spm.field(26), "how many containers it filled is the laboratory's logistics");
    if end.is_present() {
        collection.collected_period = cx.period(start, end);
    } else {
        (collection.collected_date_time, collection.collected_date_time_ext) = cx.date_time(start);
    }
    specimen.collection = (collection != SpecimenCollection::default()).then_some(collection);
    (specimen.received_time, specimen.received_time_ext) = cx.date_time(spm.field(18).value());
}

fn state<'a>(cx: &mut Context<'_, 'a>, spm: Segment<'_, 'a>, specimen: &mut Specimen<'a>) {
    specimen.status =
        cx.yes_no(spm.field(20).value()).map(|yes| if yes { "available" } else { "unavailable" });
    for reason in spm.field(21).repetitions() {
        let reason = cwe::concept(cx, reason, "SPM-21", Some(table::specimen_reject_reason));
        specimen.condition.extend(reason);
    }
    for condition in spm.field(24).repetitions() {
        let condition = cwe::concept(cx, condition, "SPM-24", Some(table::specimen_condition));
        specimen.condition.extend(condition);
    }
    let container = SpecimenContainer {
        r#type: cwe::concept(cx, spm.field(27).first(), "SPM-27", None),
        additive: cwe::concept(cx, spm.field(6).first(), "SPM-6", Some(table::specimen_additive)),
        ..SpecimenContainer::default()
    };
    if container != SpecimenContainer::default() {
        specimen.container.push(container);
    }
}

/// The specimen that OBR names itself: OBR-9, 10, 14 and 15. `None` when they are empty.
pub(crate) fn of_obr<'a>(
    cx: &mut Context<'_, 'a>,
    obr: Segment<'_, 'a>,
    patient: Uuid,
    report: Uuid,
) -> Option<Uuid> {
    let source = obr.field(15).first();
    let mut specimen = Specimen { subject: Some(Reference::to(patient)), ..Specimen::default() };
    let mut collection = SpecimenCollection::default();
    fill_from_obr(cx, obr, &mut specimen, &mut collection);
    specimen.r#type =
        cwe::concept_of_component(cx, source.component(1), "OBR-15", Some(table::specimen_source));
    collection.body_site = cwe::concept_of_component(cx, source.component(4), "OBR-15", None);
    collection.method =
        cwe::concept_of_component(cx, source.component(6), "OBR-15", Some(table::collection_method));
    if let Some(additive) =
        cwe::concept_of_component(cx, source.component(2), "OBR-15", Some(table::specimen_additive))
    {
        specimen.container.push(SpecimenContainer { additive: Some(additive), ..Default::default() });
    }
    if let Some(text) = cx.write(source.component(3).value()) {
        specimen.note.push(Annotation { text: Some(text), ..Annotation::default() });
    }
    if collection != SpecimenCollection::default() {
        specimen.collection = Some(collection);
    }
    let bare = Specimen { subject: specimen.subject.clone(), ..Specimen::default() };
    if specimen == bare {
        return None;
    }
    let time = trim(obr.field(7).value().text());
    let id = of_report(cx, &specimen, &time, report, obr.place());
    Some(put(cx, id, specimen, &time, Some(report), obr.place()))
}

/// OBR-9, 10 and 14 on the only specimen of an order, where SPM left them open.
pub(crate) fn complete_from_obr<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>, id: Uuid) {
    let mut specimen = Specimen::default();
    let mut collection = SpecimenCollection::default();
    fill_from_obr(cx, obr, &mut specimen, &mut collection);
    let Some(Resource::Specimen(known)) = cx.entry(id) else { return };
    let mut refused = Vec::new();
    let into = known.collection.get_or_insert_default();
    if let Some(quantity) = collection.quantity {
        match &into.quantity {
            None => into.quantity = Some(quantity),
            Some(same) if *same == quantity => {}
            Some(_) => refused.push(9),
        }
    }
    if let Some(collector) = collection.collector {
        match &into.collector {
            None => into.collector = Some(collector),
            Some(same) if *same == collector => {}
            Some(_) => refused.push(10),
        }
    }
    if *into == SpecimenCollection::default() {
        known.collection = None;
    }
    if specimen.received_time.is_some() || specimen.received_time_ext.is_some() {
        if known.received_time.is_none() && known.received_time_ext.is_none() {
            known.received_time = specimen.received_time;
            known.received_time_ext = specimen.received_time_ext;
        } else if known.received_time != specimen.received_time {
            refused.push(14);
        }
    }
    for n in refused {
        cx.unmark(obr.field(n));
    }
}

fn fill_from_obr<'a>(
    cx: &mut Context<'_, 'a>,
    obr: Segment<'_, 'a>,
    specimen: &mut Specimen<'a>,
    collection: &mut SpecimenCollection<'a>,
) {
    collection.quantity = cq::quantity(cx, obr.field(9).first());
    collection.collector = xcn::professional(cx, obr.field(10).first()).map(xcn::Professional::reference);
    (specimen.received_time, specimen.received_time_ext) = cx.date_time(obr.field(14).value());
}
