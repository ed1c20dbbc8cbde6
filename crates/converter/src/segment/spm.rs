//! SPM: specimens (HL7 v2.5.1 §7.4.3), with their containers ([`super::sac`]). [`order`] is what OBR says of them.

pub(crate) mod order;

use std::borrow::Cow;

use fhir::{
    Annotation, CodeableConcept, Extension, ExtensionValue, Identifier, Reference, Resource, Specimen,
    SpecimenCollection, SpecimenContainer,
};
use hl7v2::{Component, Repetition, Segment};
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::obx::value;
use super::{nte, prt, sac};
use crate::context::{Context, add_new, original_text, trim};
use crate::datatype::hd::{self, Hd};
use crate::datatype::{cq, cwe, cx as identifier};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::message::group::Collected;
use crate::null;
use crate::table;

/// An extension of FHIR's own.
pub(super) const HANDLING: &str = "http://hl7.org/fhir/StructureDefinition/specimen-specialHandling";

macro_rules! ours {
    ($name:literal) => {
        concat!("https://zorgsluis.github.io/fhir/StructureDefinition/", $name)
    };
}

/// On a container: the additives behind the first.
const ADDITIVE: &str = ours!("v2-further-additive");

/// What FHIR has no element for.
const DETAILS: &[Beside] = beside![
    5 "specimen-type-modifier" Is::Concept,
    9 "source-site-modifier" Is::Concept,
    10 "collection-site" Is::Concept,
    13 "grouped-specimen-count" Is::Verbatim,
    15 HANDLING Is::Concept,
    16 "specimen-risk" Is::Concept,
    19 "specimen-expires" Is::Time,
    22 "specimen-quality" Is::Concept,
    23 "specimen-appropriateness" Is::Concept,
    26 "number-of-containers" Is::Verbatim,
    29 "specimen-child-role" Is::Concept,
    33 "culture-start" Is::Time,
    34 "culture-final" Is::Time,
];

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "SPM",
    name: "Specimen",
    fields: &[
        "Set ID - SPM",
        "Specimen Identifier",
        "Specimen Parent IDs",
        "Specimen Type",
        "Specimen Type Modifier",
        "Specimen Additives",
        "Specimen Collection Method",
        "Specimen Source Site",
        "Specimen Source Site Modifier",
        "Specimen Collection Site",
        "Specimen Role",
        "Specimen Collection Amount",
        "Grouped Specimen Count",
        "Specimen Description",
        "Specimen Handling Code",
        "Specimen Risk Code",
        "Specimen Collection Date/Time",
        "Specimen Received Date/Time",
        "Specimen Expiration Date/Time",
        "Specimen Availability",
        "Specimen Reject Reason",
        "Specimen Quality",
        "Specimen Appropriateness",
        "Specimen Condition",
        "Specimen Current Quantity",
        "Number of Specimen Containers",
        "Container Type",
        "Container Condition",
        "Specimen Child Role",
        "Accession ID",
        "Other Specimen ID",
        "Shipment ID",
        "Culture Start Date/Time",
        "Culture Final Date/Time",
        "Action Code",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Specimen.identifier"),
        to(3, "Specimen.parent"),
        to(4, "Specimen.type"),
        to(5, "Specimen.extension(v2-specimen-type-modifier)"),
        to(6, "Specimen.container.additiveCodeableConcept"),
        to(7, "Specimen.collection.method"),
        to(8, "Specimen.collection.bodySite"),
        to(9, "Specimen.extension(v2-source-site-modifier)"),
        to(10, "Specimen.extension(v2-collection-site)"),
        to(11, "Specimen.extension(v2-specimen-role)"),
        to(12, "Specimen.collection.quantity"),
        to(13, "Specimen.extension(v2-grouped-specimen-count)"),
        to(14, "Specimen.note"),
        to(15, "Specimen.extension(specimen-specialHandling)"),
        to(16, "Specimen.extension(v2-specimen-risk)"),
        to(17, "Specimen.collection.collectedDateTime"),
        to(17, "Specimen.collection.collectedPeriod"),
        to(18, "Specimen.receivedTime"),
        to(19, "Specimen.extension(v2-specimen-expires)"),
        to(20, "Specimen.status"),
        to(21, "Specimen.condition"),
        to(22, "Specimen.extension(v2-specimen-quality)"),
        to(23, "Specimen.extension(v2-specimen-appropriateness)"),
        to(24, "Specimen.condition"),
        to(25, "Specimen.container.specimenQuantity"),
        to(26, "Specimen.extension(v2-number-of-containers)"),
        to(27, "Specimen.container.type"),
        to(28, "Specimen.container.extension(v2-container-condition)"),
        to(29, "Specimen.extension(v2-specimen-child-role)"),
        to(30, "Specimen.accessionIdentifier"),
        to(31, "Specimen.identifier"),
        to(32, "Specimen.identifier"),
        to(33, "Specimen.extension(v2-culture-start)"),
        to(34, "Specimen.extension(v2-culture-final)"),
        left(35, "what is to be done with the segment does not outlive the message"),
    ],
};

/// A specimen that was put, and the numbers by which others name it.
pub(crate) type Known<'a> = (Uuid, Vec<Cow<'a, str>>);

/// An EI inside a component: number and authority are subcomponents.
pub(super) fn ei<'a>(cx: &mut Context<'_, 'a>, from: Component<'_, 'a>) -> Option<Identifier<'a>> {
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

/// The specimen of an SPM and of the SAC behind it, or of a SAC alone.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    from: &Collected<'m, 'a>,
    patient: Uuid,
    report: Option<Uuid>,
) -> Option<Known<'a>> {
    let first = from.spm.or(from.containers.first().map(|container| container.sac))?;
    let mut specimen = Specimen { subject: Some(Reference::to(patient)), ..Specimen::default() };
    let mut key = None;
    let mut known_by = Vec::new();
    let mut time = Cow::Borrowed("");
    if let Some(spm) = from.spm {
        let numbers = spm.field(2).first();
        // The filler's number (SPM-2.2) is what the laboratory knows it by.
        for n in [2, 1] {
            let number = trim(numbers.component(n).subcomponent(1).text());
            if !number.is_empty() {
                key = key.or_else(|| Some((authority(numbers.component(n)).key(cx), number.clone())));
                known_by.push(number);
            }
        }
        time = trim(spm.field(17).first().component(1).value().text());
        of_spm(cx, spm, &mut specimen);
    }
    for container in &from.containers {
        for n in [2, 3] {
            let Some((authority, number)) = hd::ei_key(cx, container.sac.field(n).first()) else { continue };
            if from.spm.is_none() {
                key = key.or_else(|| Some((authority, number.clone())));
            }
            known_by.push(number);
        }
        sac::convert(cx, container, &mut specimen);
    }
    let said = nte::notes(cx, &from.notes);
    specimen.note.extend(said.iter().map(nte::Note::annotation));
    let id = match key {
        Some((authority, number)) => {
            let patient = patient.hyphenated().to_string();
            cx.id(&rule::SPECIMEN, &[&[&patient], &[&authority, &number]], first.place())
        }
        None => of_report(cx, &specimen, &time, report.unwrap_or(patient), first.place()),
    };
    let id = put(cx, id, specimen, &time, report, first.place());
    for segment in from.spm.into_iter().chain(from.containers.iter().map(|container| container.sac)) {
        null::obey(cx, segment, &[("Specimen", id)]);
    }
    for prt in &from.parts {
        prt::convert(cx, *prt, patient, Some(id));
    }
    Some((id, known_by))
}

fn of_spm<'a>(cx: &mut Context<'_, 'a>, spm: Segment<'_, 'a>, specimen: &mut Specimen<'a>) {
    for (n, kind) in [(1, "PLAC"), (2, "FILL")] {
        for numbers in spm.field(2).repetitions() {
            let Some(mut number) = ei(cx, numbers.component(n)) else { continue };
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
    collection(cx, spm, specimen);
    state(cx, spm, specimen);
    for number in spm.field(30).repetitions() {
        let number = identifier::identifier(cx, number, Some("ACSN"));
        if specimen.accession_identifier.is_none() {
            specimen.accession_identifier = number;
        } else {
            add_new(&mut specimen.identifier, number);
        }
    }
    for other in spm.field(31).repetitions() {
        add_new(&mut specimen.identifier, identifier::identifier(cx, other, None));
    }
    if let Some(mut shipment) = hd::ei(cx, spm.field(32).first()) {
        // Table 0203 has SHIP for it, as a code of later versions.
        shipment.r#type = Some(Box::new(CodeableConcept::code(fhir::system::V2_IDENTIFIER_TYPE, "SHIP")));
        add_new(&mut specimen.identifier, [shipment]);
    }
    for description in spm.field(14).repetitions() {
        let text = value::whole(cx, description);
        specimen.note.extend(text.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    }
    for role in spm.field(11).repetitions() {
        if role.component(1).value().text().trim().eq_ignore_ascii_case("P") && role.component_count() == 1 {
            cx.ignore(role.value(), "a specimen is a patient's unless it says otherwise");
            continue;
        }
        let role = cwe::concept(cx, role, "SPM-11", None);
        specimen.extension.extend(role.map(|role| Extension::concept(ours!("v2-specimen-role"), role)));
    }
    let details = beside::parts(cx, spm, DETAILS);
    specimen.extension.extend(details);
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
        Some(Resource::Specimen(known)) if agrees(known, &specimen) => {
            merge(known, specimen);
            return id;
        }
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

/// Whether two descriptions may be of one specimen: what both say is the same.
fn agrees(known: &Specimen<'_>, other: &Specimen<'_>) -> bool {
    fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let (one, two) = (known.collection.as_ref(), other.collection.as_ref());
    same(known.r#type.as_ref(), other.r#type.as_ref())
        && same(known.status.as_ref(), other.status.as_ref())
        && same(known.received_time.as_ref(), other.received_time.as_ref())
        && same(
            one.and_then(|c| c.collected_date_time.as_ref()),
            two.and_then(|c| c.collected_date_time.as_ref()),
        )
        && same(one.and_then(|c| c.body_site.as_ref()), two.and_then(|c| c.body_site.as_ref()))
        && same(one.and_then(|c| c.method.as_ref()), two.and_then(|c| c.method.as_ref()))
        && same(one.and_then(|c| c.quantity.as_ref()), two.and_then(|c| c.quantity.as_ref()))
        && same(one.and_then(|c| c.collected_period.as_ref()), two.and_then(|c| c.collected_period.as_ref()))
        && same(known.accession_identifier.as_ref(), other.accession_identifier.as_ref())
}

/// Adds what another description of the specimen says.
fn merge<'a>(known: &mut Specimen<'a>, other: Specimen<'a>) {
    fn open<T>(known: &mut Option<T>, told: Option<T>) {
        if known.is_none() {
            *known = told;
        }
    }
    add_new(&mut known.identifier, other.identifier);
    add_new(&mut known.parent, other.parent);
    add_new(&mut known.condition, other.condition);
    add_new(&mut known.note, other.note);
    add_new(&mut known.container, other.container);
    add_new(&mut known.extension, other.extension);
    open(&mut known.r#type, other.r#type);
    open(&mut known.status, other.status);
    open(&mut known.accession_identifier, other.accession_identifier);
    open(&mut known.received_time, other.received_time);
    open(&mut known.received_time_ext, other.received_time_ext);
    match (&mut known.collection, other.collection) {
        (Some(known), Some(told)) => {
            open(&mut known.collector, told.collector);
            open(&mut known.collected_date_time, told.collected_date_time);
            open(&mut known.collected_period, told.collected_period);
            open(&mut known.quantity, told.quantity);
            open(&mut known.method, told.method);
            open(&mut known.body_site, told.body_site);
        }
        (known, told) => open(known, told),
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
    if specimen.status.is_none() {
        specimen.status_ext = cx.write(spm.field(20).value()).map(original_text);
    }
    for reason in spm.field(21).repetitions() {
        let reason = cwe::concept(cx, reason, "SPM-21", Some(table::specimen_reject_reason));
        specimen.condition.extend(reason);
    }
    for condition in spm.field(24).repetitions() {
        let condition = cwe::concept(cx, condition, "SPM-24", Some(table::specimen_condition));
        specimen.condition.extend(condition);
    }
    let mut container = SpecimenContainer {
        r#type: cwe::concept(cx, spm.field(27).first(), "SPM-27", None),
        specimen_quantity: cq::quantity(cx, spm.field(25).first()),
        ..SpecimenContainer::default()
    };
    for repetition in spm.field(6).repetitions() {
        let additive = cwe::concept(cx, repetition, "SPM-6", Some(table::specimen_additive));
        add_additive(&mut container, additive);
    }
    let condition = ours!("v2-container-condition");
    container.extension.extend(beside::parts(
        cx,
        spm,
        &[Beside { field: 28, path: condition, is: Is::Concept }],
    ));
    if container != SpecimenContainer::default() {
        specimen.container.push(container);
    }
}

/// A container has one additive: those behind it stand beside it.
pub(super) fn add_additive<'a>(container: &mut SpecimenContainer<'a>, additive: Option<CodeableConcept<'a>>) {
    if container.additive.is_none() {
        container.additive = additive;
    } else {
        add_new(&mut container.extension, additive.map(|more| Extension::concept(ADDITIVE, more)));
    }
}

/// SPS: what a specimen is, from where and how it was taken, before SPM (HL7 v2.5.1 §2.A.75), for what the
/// specimen leaves open. Components that it had no room for stand beside it.
pub(super) fn of_source<'a>(
    cx: &mut Context<'_, 'a>,
    source: Repetition<'_, 'a>,
    field: &str,
    specimen: &mut Specimen<'a>,
) {
    if source.is_empty() || source.is_null() {
        return;
    }
    let mut collection = specimen.collection.take().unwrap_or_default();
    let kind = cwe::concept_of_component(cx, source.component(1), field, Some(table::specimen_source));
    let site = cwe::concept_of_component(cx, source.component(4), field, None);
    let method = cwe::concept_of_component(cx, source.component(6), field, Some(table::collection_method));
    for (name, known, told) in [
        ("type", &mut specimen.r#type, kind),
        ("bodySite", &mut collection.body_site, site),
        ("method", &mut collection.method, method),
    ] {
        let told = told.filter(|told| known.as_ref() != Some(told));
        if known.is_none() {
            *known = told;
        } else {
            let beside = told.map(|told| {
                let parts = vec![Extension::concept(name, told)];
                Extension::new(ours!("v2-specimen-source"), ExtensionValue::Parts(parts))
            });
            add_new(&mut specimen.extension, beside);
        }
    }
    if let Some(additive) =
        cwe::concept_of_component(cx, source.component(2), field, Some(table::specimen_additive))
    {
        let known = specimen.container.iter().any(|one| one.additive.as_ref() == Some(&additive));
        if !known {
            let container = SpecimenContainer { additive: Some(additive), ..SpecimenContainer::default() };
            specimen.container.push(container);
        }
    }
    let text = cx.write(source.component(3).value());
    specimen.note.extend(text.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    for (n, url) in [(5, ours!("v2-source-site-modifier")), (7, ours!("v2-specimen-role"))] {
        let more = cwe::concept_of_component(cx, source.component(n), field, None);
        add_new(&mut specimen.extension, more.map(|more| Extension::concept(url, more)));
    }
    specimen.collection = (collection != SpecimenCollection::default()).then_some(collection);
}
