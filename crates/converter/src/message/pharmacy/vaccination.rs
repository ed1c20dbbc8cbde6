//! RXA of VXU: a vaccination (HL7 v2.5.1 §4.17.1, and the official maps of RXA, RXR and ORC).
//!
//! What OBX says about a vaccination stands as an Observation that is part of it. Where FHIR has an element for
//! it as well (eligibility, funding, what was handed out to read, reactions, which dose of a series), it stands
//! there, too, by its LOINC code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fhir::{
    Annotation, CodeableConcept, Element, Extension, ExtensionValue, Immunization, ImmunizationEducation,
    ImmunizationOccurrence, ImmunizationPerformer, ImmunizationProtocol, ImmunizationReaction, Observation,
    ObservationValue, Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::administration::{PLACE, note, places, status};
use super::dosage::{DEVICE, SITE_MODIFIER};
use super::group::Part;
use super::ordered::{EVENT_TIME, Ordered};
use super::product::quantity_of;
use super::{Whose, function};
use crate::context::{Context, add_new, trim};
use crate::datatype::{cwe, tq, xcn};
use crate::identity::rule;
use crate::segment::beside::extensions;
use crate::segment::obx::{producer, value};
use crate::segment::{rxa, rxr, tq1};
use crate::table;

/// RXA-4, where it is not RXA-3.
const END: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administration-end";
/// RXA-9, where it says that the vaccination was told by who gave it.
const SOURCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-information-source";
/// A further reason why it was not given.
const REFUSAL: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-refusal-reason";
/// A further lot, date of expiry or manufacturer.
const LOT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-lot-number";
const EXPIRY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-expiration-date";
const MAKER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-manufacturer";
const ROUTE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-route";

/// Puts a vaccination.
pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    whose: &Whose,
    alone: bool,
) -> Uuid {
    let Some(rxa) = part.segment else { return whose.patient };
    let id = identify(cx, rxa, ordered, whose, alone);
    let field = |n: usize| rxa.field(n);
    let mut given = Immunization {
        id: Some(id),
        meta: ordered.meta(),
        identifier: ordered.identifiers.clone(),
        patient: Some(Reference::to(whose.patient)),
        encounter: whose.encounter.map(Reference::to),
        ..Immunization::default()
    };
    (given.status, given.status_ext) = status(cx, rxa, id, table::immunization_status);
    given.vaccine_code = cwe::concept(cx, field(5).first(), "RXA-5", None);
    if given.vaccine_code.is_none() {
        given.vaccine_code = Some(value::unknown_concept());
        cx.presume(id, "vaccineCode");
    }
    occurrence(cx, rxa, id, &mut given);
    recorded(cx, rxa, ordered, &mut given);
    dose(cx, rxa, id, &mut given);
    source(cx, rxa, &mut given);
    for repetition in field(10).repetitions() {
        let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
        let function = Some(function("AP", "Administering Provider"));
        given.performer.extend(who.map(|who| ImmunizationPerformer { function, actor: Some(who) }));
    }
    if let Some(who) = ordered.requester.clone() {
        let function = Some(function("OP", "Ordering Provider"));
        given.performer.push(ImmunizationPerformer { function, actor: Some(who) });
    }
    let mut at = places(cx, rxa).into_iter().map(Reference::to);
    given.location = at.next();
    given.extension.extend(at.map(|at| Extension::new(PLACE, ExtensionValue::Reference(Box::new(at)))));
    batch(cx, rxa, id, &mut given);
    refusal(cx, rxa, id, &mut given);
    if cx.given(field(19), id, "reasonCode") {
        for repetition in field(19).repetitions() {
            given.reason_code.extend(cwe::concept(cx, repetition, "RXA-19", None));
        }
    }
    routes(cx, part, id, &mut given);
    for timing in &part.timing {
        add_new(&mut given.extension, tq1::read(cx, *timing).into_extension());
    }
    for repetition in ordered.orc.iter().flat_map(|orc| orc.field(7).repetitions()) {
        let schedule = tq::read(cx, repetition, "ORC-7").and_then(tq::Schedule::into_extension);
        add_new(&mut given.extension, schedule);
    }
    given.extension.extend(extensions(cx, rxa, rxa::BESIDE, id));
    given.extension.extend(extensions(cx, rxa, rxa::OF_VACCINATION, id));
    for &(number, unit, url) in rxa::AMOUNTS {
        let name = format!("RXA-{unit}");
        let quantity = quantity_of(cx, field(number).value(), Some(field(unit)), &name);
        let quantity = quantity.map(|one| Extension::new(url, ExtensionValue::Quantity(Box::new(one))));
        given.extension.extend(quantity);
    }
    // Of ORC: the time stands in `recorded`, or beside it.
    given.extension.extend(ordered.extensions(cx, id, false, true));
    given.extension.extend(ordered.parent_and_reason());
    cx.put(id, given);
    id
}

/// An ORC that has neither RXA nor OBR behind it. In a vaccination record ORC is the number of what its RXA tells,
/// and RXA is required (HL7 v2.5.1 §4.17.1; CDC implementation guide 2.5.1, release 1.5, VXU: what was refused or not
/// given is an RXA too, with RXA-20 or the vaccine 998). Nothing was ordered: it says nothing of any vaccine, and no
/// request is made of it. What else stands behind it is said of the patient.
pub(super) fn without_rxa<'m, 'a>(cx: &mut Context<'m, 'a>, rest: &mut Vec<Segment<'m, 'a>>) {
    // Whether an OBR stands behind each, before the next ORC.
    let mut services = Vec::with_capacity(rest.len());
    let mut service = false;
    for segment in rest.iter().rev() {
        services.push(service);
        service = match segment.id() {
            "OBR" => true,
            "ORC" => false,
            _ => service,
        };
    }
    rest.retain(|segment| {
        let kept = services.pop() == Some(true) || segment.id() != "ORC";
        if !kept {
            cx.warn(segment.place(), "vaccination-without-rxa");
            for field in segment.fields() {
                cx.ignore_field(
                    field,
                    "an ORC without RXA names no vaccine: nothing was given, refused or ordered",
                );
            }
        }
        kept
    });
}

/// By the filler's number; without one by vaccine and time. `9999` is what registries in the United States send
/// where there is none.
fn identify<'a>(
    cx: &mut Context<'_, 'a>,
    rxa: Segment<'_, 'a>,
    ordered: &Ordered<'_, 'a>,
    whose: &Whose,
    alone: bool,
) -> Uuid {
    let patient = whose.patient.hyphenated().to_string();
    let number = ordered.numbers.filler.as_ref().filter(|(_, number)| alone && number != "9999");
    let id = match number {
        Some((authority, number)) => cx.id(&rule::IMMUNIZATION, &[&[authority, number]], rxa.place()),
        None => {
            let (system, code) = cwe::key(cx, rxa.field(5).first()).unwrap_or_default();
            let time = trim(rxa.field(3).value().text());
            let day = time.get(..8).unwrap_or(&time).to_owned();
            let digest = if day.is_empty() { cx.digest() } else { String::new() };
            let parts: &[&[&str]] = &[&[&patient], &[&system, &code], &[&day, &digest]];
            cx.id(&rule::IMMUNIZATION_BY_VACCINE, parts, rxa.place())
        }
    };
    whose.free(cx, id, rxa.place())
}

fn occurrence<'a>(cx: &mut Context<'_, 'a>, rxa: Segment<'_, 'a>, id: Uuid, given: &mut Immunization<'a>) {
    let (start, end) = (rxa.field(3).value(), rxa.field(4).value());
    let (time, original) = cx.date_time(start);
    given.occurrence =
        time.map(ImmunizationOccurrence::DateTime).or(original.map(ImmunizationOccurrence::DateTimeExt));
    if given.occurrence.is_none() {
        let why = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        given.occurrence = Some(ImmunizationOccurrence::DateTimeExt(Element::of(why)));
        cx.presume(id, "occurrence");
    }
    if cx.timestamp(start).is_some() && cx.timestamp(start) == cx.timestamp(end) {
        cx.mark(end);
        return;
    }
    let (time, original) = cx.date_time(end);
    given.extension.extend(time.map(|time| Extension::new(END, ExtensionValue::DateTime(time))));
    given.extension.extend(original.into_iter().flat_map(|one| one.extension));
}

/// When it was recorded: RXA-22, else ORC-9.
fn recorded<'a>(
    cx: &mut Context<'_, 'a>,
    rxa: Segment<'_, 'a>,
    ordered: &Ordered<'_, 'a>,
    given: &mut Immunization<'a>,
) {
    let entered = rxa.field(22).value();
    let event = ordered.orc.map(|orc| orc.field(9).value()).filter(hl7v2::Value::is_present);
    (given.recorded, given.recorded_ext) = cx.date_time(entered);
    let Some(event) = event else { return };
    if given.recorded.is_none() && given.recorded_ext.is_none() {
        (given.recorded, given.recorded_ext) = cx.date_time(event);
    } else if cx.timestamp(event).is_some() && cx.timestamp(event) == cx.timestamp(entered) {
        cx.mark(event);
    } else {
        let (time, original) = cx.date_time(event);
        given.extension.extend(time.map(|time| Extension::new(EVENT_TIME, ExtensionValue::DateTime(time))));
        given.extension.extend(original.into_iter().flat_map(|one| one.extension));
    }
}

/// 999 says that the amount is not known (CDC implementation guide 2.5.1, RXA-6): no dose is that.
fn dose<'a>(cx: &mut Context<'_, 'a>, rxa: Segment<'_, 'a>, id: Uuid, given: &mut Immunization<'a>) {
    let amount = rxa.field(6).value();
    let unknown = matches!(&*trim(amount.text()), "999" | "999.0");
    if unknown {
        cx.ignore(amount, "999 says that the amount is not known");
    } else if !cx.given(rxa.field(6), id, "doseQuantity") && !rxa.field(7).is_present() {
        return;
    }
    let number = if unknown { rxa.field(usize::MAX).value() } else { amount };
    given.dose_quantity = quantity_of(cx, number, Some(rxa.field(7)), "RXA-7");
}

/// RXA-9: who told of it (NIP001), and notes.
fn source<'a>(cx: &mut Context<'_, 'a>, rxa: Segment<'_, 'a>, given: &mut Immunization<'a>) {
    for repetition in rxa.field(9).repetitions() {
        let part = |n: usize| trim(repetition.component(n).value().text());
        let code = part(1);
        let informs = part(3).eq_ignore_ascii_case("NIP001")
            || part(3).is_empty() && code.len() == 2 && code.starts_with('0');
        if !informs || given.primary_source.is_some() {
            note(cx, repetition, &mut given.note);
            continue;
        }
        let said = cwe::concept(cx, repetition, "RXA-9", None);
        // 00 is a new record: whoever gave the vaccine tells of it.
        given.primary_source = Some(code == "00");
        if code == "00" {
            given.extension.extend(said.map(|said| Extension::concept(SOURCE, said)));
        } else {
            given.report_origin = said;
        }
    }
}

fn batch<'a>(cx: &mut Context<'_, 'a>, rxa: Segment<'_, 'a>, id: Uuid, given: &mut Immunization<'a>) {
    if cx.given(rxa.field(15), id, "lotNumber") {
        for (nth, lot) in rxa.field(15).repetitions().enumerate() {
            let lot = cx.write(lot.value());
            if nth == 0 {
                given.lot_number = lot;
            } else {
                given.extension.extend(lot.map(|lot| Extension::string(LOT, lot)));
            }
        }
    }
    if cx.given(rxa.field(16), id, "expirationDate") {
        for (nth, date) in rxa.field(16).repetitions().enumerate() {
            let (date, original) = cx.date(date.value(), Some(EXPIRY));
            if nth == 0 {
                (given.expiration_date, given.expiration_date_ext) = (date, original);
            } else {
                given.extension.extend(date.map(|date| Extension::new(EXPIRY, ExtensionValue::Date(date))));
                given.extension.extend(original.into_iter().flat_map(|one| one.extension));
            }
        }
    }
    if cx.given(rxa.field(17), id, "manufacturer") {
        for maker in rxa.field(17).repetitions() {
            let Some(maker) = producer(cx, maker).map(Reference::to) else { continue };
            if given.manufacturer.is_none() {
                given.manufacturer = Some(maker);
            } else {
                given.extension.push(Extension::new(MAKER, ExtensionValue::Reference(Box::new(maker))));
            }
        }
    }
}

fn refusal<'a>(cx: &mut Context<'_, 'a>, rxa: Segment<'_, 'a>, id: Uuid, given: &mut Immunization<'a>) {
    if !cx.given(rxa.field(18), id, "statusReason") {
        return;
    }
    for repetition in rxa.field(18).repetitions() {
        let Some(reason) = cwe::concept(cx, repetition, "RXA-18", None) else { continue };
        if given.status_reason.is_none() {
            given.status_reason = Some(reason);
        } else {
            given.extension.push(Extension::concept(REFUSAL, reason));
        }
    }
}

fn routes<'m, 'a>(cx: &mut Context<'m, 'a>, part: &Part<'m, 'a>, id: Uuid, given: &mut Immunization<'a>) {
    for (nth, route) in part.routes.iter().enumerate() {
        if nth > 0 {
            let parts = rxr::read(cx, *route).into_parts();
            if !parts.is_empty() {
                given.extension.push(Extension::new(ROUTE, ExtensionValue::Parts(parts)));
            }
            continue;
        }
        for (n, path) in [(1, "route"), (2, "site")] {
            cx.given(route.field(n), id, path);
        }
        let told = rxr::read(cx, *route);
        (given.route, given.site) = (told.route, told.site);
        let further = [
            (told.device, DEVICE),
            (told.method, rxr::METHOD),
            (told.instruction, rxr::INSTRUCTION),
            (told.modifier, SITE_MODIFIER),
        ];
        for (concept, url) in further {
            given.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
        }
    }
}

/// What the observations about a vaccination say that it has elements for.
pub(super) fn told<'a>(cx: &mut Context<'_, 'a>, id: Uuid, observations: &[Uuid]) {
    let mut sheets: BTreeMap<String, ImmunizationEducation<'a>> = BTreeMap::new();
    let mut protocol = ImmunizationProtocol::default();
    let mut found = Immunization::default();
    for &observation in observations {
        let Some(Resource::Observation(one)) = cx.entry(observation) else { continue };
        let Some(code) = loinc(one) else { continue };
        let sheet = || sub_id(one);
        match code {
            "64994-7" => found.program_eligibility.extend(concept(one)),
            "30963-3" => found.funding_source = found.funding_source.take().or_else(|| concept(one)),
            "30956-7" | "69764-9" => {
                let text = text(one);
                if let Some(text) = text {
                    sheets.entry(sheet()).or_default().document_type.get_or_insert(text);
                }
            }
            "29768-9" => sheets.entry(sheet()).or_default().publication_date = moment(one),
            "29769-7" => sheets.entry(sheet()).or_default().presentation_date = moment(one),
            "31044-1" => {
                let date = match &one.effective {
                    Some(fhir::Effective::DateTime(date)) => Some(date.clone()),
                    _ => None,
                };
                found.reaction.push(ImmunizationReaction { date, detail: Some(Reference::to(observation)) });
            }
            "48767-8" => {
                let said = text(one);
                found.note.extend(said.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
            }
            "30973-2" => (protocol.dose_number, protocol.dose_number_text) = dose_number(one),
            "59782-3" => (protocol.series_doses, protocol.series_doses_text) = dose_number(one),
            "59779-9" => protocol.series = text(one),
            _ => {}
        }
    }
    // A sheet needs a name, and a series the number of the dose (imm-1, protocolApplied.doseNumber).
    found.education.extend(sheets.into_values().filter(|sheet| sheet.document_type.is_some()));
    let numbered = protocol.dose_number.is_some() || protocol.dose_number_text.is_some();
    if let Some(Resource::Immunization(given)) = cx.entry(id) {
        add_new(&mut given.program_eligibility, found.program_eligibility);
        given.funding_source = given.funding_source.take().or(found.funding_source);
        add_new(&mut given.education, found.education);
        add_new(&mut given.reaction, found.reaction);
        add_new(&mut given.note, found.note);
        given.protocol_applied.extend(numbered.then_some(protocol));
    }
}

/// The LOINC code of an observation, among those that are known here.
fn loinc(observation: &Observation<'_>) -> Option<&'static str> {
    const KNOWN: [&str; 11] = [
        "29768-9", "29769-7", "30956-7", "30963-3", "30973-2", "31044-1", "48767-8", "59779-9", "59782-3",
        "64994-7", "69764-9",
    ];
    let codings = observation.code.iter().flat_map(|code| &code.coding);
    let mut codes = codings.filter(|coding| coding.system.as_deref() == Some(system::LOINC));
    codes.find_map(|coding| {
        let code = coding.code.as_deref()?;
        KNOWN.into_iter().find(|known| *known == code)
    })
}

/// OBX-4, which says which sheet a date is about.
fn sub_id(observation: &Observation<'_>) -> String {
    let sub_id = observation.extension.iter().find(|one| one.url.ends_with("v2-observation-sub-id"));
    match sub_id.map(|one| &one.value) {
        Some(ExtensionValue::String(text)) => text.clone().into_owned(),
        _ => String::new(),
    }
}

fn concept<'a>(observation: &Observation<'a>) -> Option<CodeableConcept<'a>> {
    match observation.value.as_ref()? {
        ObservationValue::CodeableConcept(concept) => Some(concept.clone()),
        ObservationValue::String(text) => Some(CodeableConcept::text(text.clone())),
        _ => None,
    }
}

fn text<'a>(observation: &Observation<'a>) -> Option<Cow<'a, str>> {
    match observation.value.as_ref()? {
        ObservationValue::String(text) => Some(text.clone()),
        ObservationValue::CodeableConcept(concept) => {
            let coding = concept.coding.first();
            let display = coding.and_then(|coding| coding.display.clone().or_else(|| coding.code.clone()));
            concept.text.clone().or(display)
        }
        _ => None,
    }
}

fn moment<'a>(observation: &Observation<'a>) -> Option<Cow<'a, str>> {
    match observation.value.as_ref()? {
        ObservationValue::DateTime(time) => Some(time.clone()),
        _ => None,
    }
}

fn dose_number<'a>(observation: &Observation<'a>) -> (Option<u32>, Option<Cow<'a, str>>) {
    if let Some(ObservationValue::Quantity(quantity)) = &observation.value {
        let number = quantity.value.as_ref();
        let whole = number.and_then(|number| number.as_str().parse().ok()).filter(|number| *number > 0);
        let other = number.filter(|_| whole.is_none()).map(|number| number.as_str().to_owned().into());
        return (whole, other);
    }
    (None, text(observation))
}
