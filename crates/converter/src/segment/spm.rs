//! SPM: specimens (HL7 v2.5.1 §7.4.3), with their containers ([`super::sac`]). [`order`] is what OBR says of them.

mod map;
pub(crate) mod order;
mod same;
mod source;

use std::borrow::Cow;

use fhir::{
    Annotation, CodeableConcept, Extension, Identifier, Reference, Specimen, SpecimenCollection,
    SpecimenContainer,
};
use hl7v2::{Component, Segment};
use uuid::Uuid;

pub(crate) use map::MAP;
use same::put;
pub(crate) use source::of_source;

use super::beside::{self, Beside, Is, beside};
use super::obx::value;
use super::{nte, prt, sac};
use crate::context::{Context, add_new, original_text, own, trim};
use crate::datatype::hd::{self, Hd};
use crate::datatype::{cq, cwe, cx as identifier};
use crate::identity::rule;
use crate::message::group::Collected;
use crate::null;
use crate::table;

/// An extension of FHIR's own.
pub(super) const HANDLING: &str = "http://hl7.org/fhir/StructureDefinition/specimen-specialHandling";

/// On a container: the additives behind the first.
const ADDITIVE: &str = own!("further-additive");

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
        specimen.extension.extend(role.map(|role| Extension::concept(own!("specimen-role"), role)));
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
    let condition = own!("container-condition");
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
