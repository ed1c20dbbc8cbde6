//! Medication: OMP^O09, RDE^O11 and O25, RDS^O13, RGV^O15, RAS^O17 (HL7 v2.5.1 §4.13), and the vaccinations of
//! VXU^V04 (§4.17). There are official maps for VXU and RXO only; the rest is designed from FHIR.
//!
//! - RXO, RXE and RXG become MedicationRequests of different intent ([`request`]).
//! - RXD becomes a MedicationDispense, RXA a MedicationAdministration, in VXU an Immunization.
//! - What is prescribed, dispensed or given is a Medication of its own ([`product`]), with its components.
//!
//! What the message only repeats (the RXO of an RDE; RXO and RXE of what is dispensed or given) fills what is
//! empty, and says nothing of how far the prescription is. An order that names a medicine is converted so in
//! every other message, too (ORM^O01 with RXO).

mod administration;
mod dispense;
mod dosage;
mod group;
mod ordered;
mod product;
mod request;
mod supply;
mod vaccination;

use std::collections::HashMap;

use fhir::{
    Address, Annotation, CodeableConcept, Extension, ExtensionValue, Identifier, Reference, Resource,
};
use hl7v2::{Field, Place, Segment, Value};
use uuid::Uuid;

use super::adt::{self, Adt};
use super::oru::patients;
use super::{Says, group as order_group, mdm, order};
use crate::context::{Context, add_new};
use crate::conversion::{Authority, Refusal};
use crate::datatype::pl;
use crate::document::{self, Belongs};
use crate::identity::rule;
use crate::mapping::{Event as EventRow, official, own};
use crate::null;
use crate::segment::obx::{Frame, Positions};
use crate::segment::{ctd, cti, nte, prt, rxe, rxg, rxo, settle, spm, tq2, txa};
use group::{Group, Part};
use ordered::Ordered;
use request::Made;

pub(crate) use dosage::Dose;
pub(crate) use product::{Product, amount};
pub(crate) use request::Layout;

/// An extension of FHIR's own, for what has no element to tell what goes with it.
const SUPPORTING: &str = "http://hl7.org/fhir/StructureDefinition/workflow-supportingInfo";

/// OMP.
pub(crate) const OMP: &[EventRow] =
    &[own("O09", "medication order", "MedicationRequest (original-order) and Medication")];
/// RDE.
pub(crate) const RDE: &[EventRow] = &[
    own("O01", "encoded medication order, before v2.4", "the same as O11"),
    own(
        "O11",
        "encoded medication order",
        "MedicationRequest (filler-order, on what was ordered) and Medication",
    ),
    own(
        "O25",
        "refill authorization request",
        "MedicationRequest (filler-order, on what was ordered) and Medication",
    ),
];
/// RDS.
pub(crate) const RDS: &[EventRow] = &[
    own("O01", "dispense, before v2.4", "the same as O13"),
    own("O13", "dispense", "MedicationDispense and Medication; the prescription as the pharmacy repeats it"),
];
/// RGV.
pub(crate) const RGV: &[EventRow] = &[
    own("O01", "give, before v2.4", "the same as O15"),
    own("O15", "give", "MedicationRequest (instance-order) for each dose, and Medication"),
];
/// RAS.
pub(crate) const RAS: &[EventRow] = &[
    own("O01", "administration, before v2.4", "the same as O17"),
    own("O17", "administration", "MedicationAdministration and Medication"),
];
/// VXU.
pub(crate) const VXU: &[EventRow] =
    &[official("V04", "vaccination record update", "Immunization, and the Observations about it")];

/// Converts a message about medicines. Its PID only mentions the patient.
pub(crate) fn convert(cx: &mut Context<'_, '_>, _: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Mention;
    for group in patients(cx, "medicines are for a patient, and there is no PID")? {
        adt::patient_group(cx, Adt::MENTION, Says::Orders, &group)?;
    }
    Ok(())
}

/// Whose medicines they are, and what the message used already.
struct Whose {
    patient: Uuid,
    encounter: Option<Uuid>,
    positions: Positions,
}

impl Whose {
    /// The id, or for a further thing of the same key one with its number.
    fn free(&self, cx: &mut Context<'_, '_>, id: Uuid, at: Place) -> Uuid {
        let position = self.positions.next(id);
        if position == 1 && !cx.has(id) {
            return id;
        }
        let key = id.hyphenated().to_string();
        cx.id(&rule::MEDICATION_BY_POSITION, &[&[&key], &[&position.to_string()]], at)
    }

    fn belongs(&self, about: Uuid) -> Belongs {
        Belongs { patient: self.patient, encounter: self.encounter, about: Some(about) }
    }
}

/// Where a message without order segments would have them.
fn place(cx: &Context<'_, '_>) -> Place {
    cx.message.header().place()
}

/// Converts the medication orders among a patient's segments, and gives back all other segments.
pub(crate) fn orders<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segments: &[Segment<'m, 'a>],
    patient: Uuid,
    encounter: Option<Uuid>,
) -> Vec<Segment<'m, 'a>> {
    let kind = cx.message.header().field(9).first().component(1).value().text();
    let kind = kind.trim().to_ascii_uppercase();
    let all = matches!(kind.as_str(), "OMP" | "RDE" | "RDS" | "RGV" | "RAS");
    let (mut rest, groups) = group::split(segments, all);
    if kind == "VXU" {
        vaccination::without_rxa(cx, &mut rest);
    }
    if groups.is_empty() {
        return rest;
    }
    let whose = Whose { patient, encounter, positions: cx.positions.clone() };
    let before = cx.registers;
    let ordered: Vec<Ordered<'m, 'a>> =
        groups.iter().map(|group| Ordered::read(cx, group.orc, patient)).collect();
    let mut numbers: HashMap<_, u32> = HashMap::new();
    for one in &ordered {
        *numbers.entry((one.number(), one.numbers.filler.clone())).or_default() += 1;
    }
    let mut series = Series::default();
    for (group, ordered) in groups.iter().zip(&ordered) {
        let alone = numbers.get(&(ordered.number(), ordered.numbers.filler.clone())) == Some(&1);
        one(cx, group, ordered, &whose, &kind, alone, &mut series);
    }
    cx.registers = before;
    rest
}

/// What went before in the message.
#[derive(Default)]
struct Series {
    /// The prescription that the next ones replace (ORC-1 = RP, then RO).
    replaced: Option<Uuid>,
}

/// One order, and all that its group says of it.
fn one<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    whose: &Whose,
    kind: &str,
    alone: bool,
    series: &mut Series,
) {
    let vaccination = kind == "VXU";
    let done = group.parts.iter().any(|part| matches!(part.kind(), "RXD" | "RXG" | "RXA"));
    let (mut prescription, mut any) = (None, false);
    let has_request = group.part("RXO").is_some() || group.part("RXE").is_some();
    for part in &group.parts {
        cx.registers = Authority::Registration;
        let made = match part.kind() {
            "RXA" if vaccination => Some(vaccination::convert(cx, part, ordered, whose, alone)),
            "RXA" => Some(administration::convert(cx, part, ordered, whose, prescription, !has_request)),
            "RXD" => Some(dispense::convert(cx, part, ordered, whose, prescription, !has_request)),
            named => {
                let layout = match named {
                    "RXO" => &rxo::LAYOUT,
                    "RXE" => &rxe::LAYOUT,
                    "RXG" => &rxg::LAYOUT,
                    // An ORC alone is about the kind of order that its message tells of.
                    _ if kind == "RDE" => &rxe::LAYOUT,
                    _ if kind == "OMP" || kind == "ORM" => &rxo::LAYOUT,
                    _ => continue,
                };
                let authority = match (named, kind) {
                    ("RXG", _) | (_, "OMP" | "ORM") => Authority::Registration,
                    ("RXO", "RDE") => Authority::Mention,
                    (_, "RDE") => Authority::Registration,
                    _ if done => Authority::Mention,
                    _ => Authority::Registration,
                };
                let replaces = series.replaced.filter(|_| ordered.control == "RO");
                let id = request::identify(cx, part, ordered, whose, layout, alone);
                let keeps_order = named != "RXG" && (named == "RXE" || group.part("RXE").is_none())
                    || named == "RXG" && !has_request;
                let made = Made { id, layout, based_on: prescription, replaces, keeps_order };
                let id = request::convert(cx, part, ordered, whose, made, authority);
                if named != "RXG" {
                    prescription = Some(id);
                }
                Some(id)
            }
        };
        if let Some(id) = made {
            any = true;
            about(cx, part, ordered, whose, id);
        }
    }
    if !any && let Some(orc) = group.orc {
        // An order of which nothing is said that this message could be about: what was read of it is written nowhere.
        cx.warn(orc.place(), "order-without-medicine");
        orc.fields().for_each(|field| cx.unmark(field));
    }
    if matches!(&*ordered.control, "RP" | "RQ" | "RU") {
        series.replaced = prescription;
    }
}

/// What is told about a prescription, dispense, administration or vaccination: notes, observations, reasons.
fn about<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    whose: &Whose,
    id: Uuid,
) {
    cx.registers = Authority::Registration;
    deleted(cx, part, id);
    let notes = nte::notes(cx, &part.notes);
    if let Some(first) = part.notes.first() {
        document::put_notes(cx, &notes, whose.belongs(id), "order", first.place());
    }
    let annotations: Vec<Annotation<'a>> = notes.iter().map(nte::Note::annotation).collect();
    let mut stand_in = order_group::Group { orc: ordered.orc, ..order_group::Group::default() };
    stand_in.reasons.clone_from(&part.reasons);
    let reasons = order::reasons(cx, &stand_in, whose.patient, None);
    stand_in.results = part
        .observations
        .iter()
        .map(|one| order_group::Measured::of(one.segment, one.notes.clone()))
        .collect();
    let positions = &whose.positions;
    let frame = Frame {
        about: Some(id),
        time: id.hyphenated().to_string().into(),
        status: Some("final"),
        ..Frame::of(whose.patient, whose.encounter, positions)
    };
    let observed = order::observations(cx, &stand_in, &frame);
    let mut told: Vec<Uuid> = observed.known.iter().map(|known| known.id).collect();
    let is_request = matches!(cx.entry(id), Some(Resource::MedicationRequest(_)));
    if !is_request {
        for observation in &told {
            if let Some(Resource::Observation(observation)) = cx.entry(*observation) {
                add_new(&mut observation.part_of, [Reference::to(id)]);
            }
        }
        if matches!(cx.entry(id), Some(Resource::Immunization(_))) {
            vaccination::told(cx, id, &told);
        }
    }
    for &(nth, participant) in &part.participants {
        // Each OBX is an observation of its own, unless some of them are lines of one text.
        let each = told.len() == part.observations.len();
        let observation = nth.filter(|_| each).and_then(|nth| told.get(nth).copied());
        prt::convert(cx, participant, whose.patient, observation.or(Some(id)));
    }
    told.extend(observed.texts.iter().map(|(id, _)| *id));
    for document in &part.documents {
        let of = txa::Of { patient: whose.patient, encounter: whose.encounter };
        mdm::beside(cx, document, of, Some(id));
    }
    let specimens: Vec<Reference<'a>> = part
        .specimens
        .iter()
        .filter_map(|specimen| spm::convert(cx, specimen, whose.patient, Some(id)))
        .map(|(specimen, _)| Reference::to(specimen))
        .collect();
    let mut beside: Vec<Extension<'a>> = Vec::new();
    beside.extend(part.sequence.iter().filter_map(|one| tq2::convert(cx, *one)));
    beside.extend(part.contacts.iter().filter_map(|one| ctd::convert(cx, *one)));
    beside.extend(part.trials.iter().filter_map(|one| cti::convert(cx, *one)));
    let reasons = reasons.into_iter().map(Reference::to);
    match cx.entry(id) {
        Some(Resource::MedicationRequest(request)) => {
            add_new(&mut request.note, annotations);
            add_new(&mut request.extension, beside);
            add_new(&mut request.reason_reference, reasons);
            add_new(
                &mut request.supporting_information,
                told.into_iter().map(Reference::to).chain(specimens),
            );
        }
        Some(Resource::MedicationDispense(dispense)) => {
            add_new(&mut dispense.note, annotations);
            add_new(&mut dispense.extension, beside);
            add_new(&mut dispense.supporting_information, reasons);
            add_new(&mut dispense.supporting_information, specimens);
        }
        Some(Resource::MedicationAdministration(given)) => {
            add_new(&mut given.note, annotations);
            add_new(&mut given.extension, beside);
            add_new(&mut given.reason_reference, reasons);
            add_new(&mut given.supporting_information, specimens);
        }
        Some(Resource::Immunization(given)) => {
            add_new(&mut given.note, annotations);
            add_new(&mut given.extension, beside);
            add_new(&mut given.reason_reference, reasons);
            let specimens = specimens.into_iter().map(|one| ExtensionValue::Reference(Box::new(one)));
            add_new(&mut given.extension, specimens.map(|one| Extension::new(SUPPORTING, one)));
        }
        _ => {}
    }
}

/// `""` in the segments of a part, wherever in it or its medicine the field is written.
fn deleted<'m, 'a>(cx: &mut Context<'m, 'a>, part: &Part<'m, 'a>, id: Uuid) {
    let Some(kind) = cx.entry(id).map(|resource| resource.kind()) else { return };
    let Some(first) = part.segment else { return };
    let medicine = cx.id(&rule::MEDICATION, &[&[&id.hyphenated().to_string()]], first.place());
    let all = [&part.timing, &part.routes, &part.components, &part.infusions, &part.limits, &part.notes];
    let segments = std::iter::once(first).chain(all.into_iter().flatten().copied());
    null::obey_all(cx, segments, &[(kind, id), ("Medication", medicine)]);
}

/// A medicine that FHIR demands and of which nothing is said.
fn unknown<'a>(cx: &mut Context<'_, 'a>, owner: Uuid) -> Reference<'a> {
    cx.presume(owner, "medicationReference");
    let why = Extension::code(fhir::system::DATA_ABSENT_REASON, "unknown");
    Reference { extension: vec![why], ..Reference::default() }
}

/// The number on a prescription (RXE-15, RXD-7).
fn prescription_number<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<Identifier<'a>> {
    let value = cx.write(value)?;
    let kind = CodeableConcept::text("Prescription Number");
    Some(Identifier { value: Some(value), r#type: Some(Box::new(kind)), ..Identifier::default() })
}

/// LA1, LA2 and PL: a place, in LA2 with its address, as an extension.
fn delivered_to<'a>(
    cx: &mut Context<'_, 'a>,
    field: Field<'_, 'a>,
    url: &'static str,
) -> Option<Extension<'a>> {
    let location = location(cx, field)?;
    Some(Extension::new(url, ExtensionValue::Reference(Box::new(Reference::to(location)))))
}

/// The place of an LA1 or LA2: as PL, with an address behind it (HL7 v2.5.1 §2.A.35).
fn location<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>) -> Option<Uuid> {
    let repetition = field.first();
    let place = pl::location(cx, repetition)?;
    let part = |n: usize| repetition.component(n);
    let mut address = Address::default();
    // LA1 has the address in subcomponents of its ninth component, LA2 in components of its own.
    let leaves: Vec<Value<'_, 'a>> = if part(9).subcomponent_count() > 1 {
        (2..=8).map(|n| part(9).subcomponent(n)).collect()
    } else {
        (10..=16).map(|n| part(n).value()).collect()
    };
    for (nth, leaf) in leaves.iter().enumerate() {
        if nth == 5 {
            cx.ignore(*leaf, "the kind of an address to which something is delivered is that");
            continue;
        }
        let text = cx.write(*leaf);
        match nth {
            0 => address.line.extend(text),
            1 => address.city = text,
            2 => address.state = text,
            3 => address.postal_code = text,
            4 => address.country = text,
            _ => address.district = text,
        }
    }
    if address != Address::default()
        && let Some(Resource::Location(known)) = cx.entry(place.location)
        && !settle(&mut known.address, Some(address))
    {
        // FHIR has one address of a place.
        cx.warn(part(9).value().place(), "conflicting-repetition");
        leaves.iter().enumerate().filter(|(nth, _)| *nth != 5).for_each(|(_, leaf)| cx.unmark_value(*leaf));
    }
    Some(place.location)
}

/// Performers: those who did it, and those who ordered it (HL7 table 0443).
fn performer<'a>(
    code: &'static str,
    display: &'static str,
    who: Reference<'a>,
) -> fhir::MedicationPerformer<'a> {
    fhir::MedicationPerformer { function: Some(function(code, display)), actor: Some(who) }
}

fn function<'a>(code: &'static str, display: &'static str) -> CodeableConcept<'a> {
    let coding = fhir::Coding::new("http://terminology.hl7.org/CodeSystem/v2-0443", code);
    CodeableConcept::of(coding.with_display(display))
}
