//! How a medicine is to be given: dose, rate, route, site, timing and words (FHIR Dosage).

use fhir::{
    CodeableConcept, Dosage, DoseAndRate, Extension, ExtensionValue, Quantity, Range, Timing, system,
};
use hl7v2::{Field, Segment};

use super::group::Part;
use super::product::{amount, at, ratio};
use crate::context::{Context, OrOriginal, add_new, own};
use crate::datatype::tq::{self, Schedule};
use crate::datatype::{cq, cwe};
use crate::segment::{rxr, tq1};

/// The time within which the dose is given: `H2` (RXO-17, RXE-22, RXG-14).
const PER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-give-per";
/// RXR-3.
pub(super) const DEVICE: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administration-device";
/// RXR-6.
pub(super) const SITE_MODIFIER: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administration-site-modifier";
/// A limit that `maxDosePerPeriod` has no room for, or that names no period.
const LIMIT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-cumulative-dosage-limit";
/// Under which condition (TQ1-10) stands in the instruction; its place among other orders (TQ.10) here.
const DOSE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/dose-rate-type";

/// Where in its segment a dose is described. 0 is nowhere.
#[derive(Clone, Copy, Default)]
pub(crate) struct Dose {
    pub(crate) low: usize,
    pub(crate) high: usize,
    pub(crate) units: usize,
    pub(crate) per: usize,
    pub(crate) rate: usize,
    pub(crate) rate_units: usize,
    pub(crate) daily: usize,
    /// What is told to whoever gives or takes it.
    pub(crate) instructions: &'static [usize],
    /// `ordered` or `calculated`.
    pub(crate) kind: &'static str,
}

/// The dosages of a part, and how urgent it is. The first holds what the segment says and the first timing and
/// route; every further timing or route is a dosage of its own.
pub(super) fn dosages<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    orc: Option<Segment<'m, 'a>>,
    own: Option<Field<'m, 'a>>,
    layout: Dose,
) -> (Vec<Dosage<'a>>, OrOriginal<'a, &'static str>) {
    let mut schedules: Vec<Schedule<'a>> = Vec::new();
    for timing in &part.timing {
        schedules.push(tq1::read(cx, *timing));
    }
    // TQ1 replaced the quantity/timing fields: what they repeat stands once.
    for (field, name) in [(own, "TQ"), (orc.map(|orc| orc.field(7)), "ORC-7")] {
        let Some(field) = field else { continue };
        for (nth, repetition) in field.repetitions().enumerate() {
            let Some(told) = tq::read(cx, repetition, name) else { continue };
            let rest = match schedules.get_mut(nth) {
                Some(known) => known.absorb(told),
                None => told,
            };
            add_new(&mut schedules, (rest != Schedule::default()).then_some(rest));
        }
    }
    let mut priority = (None, None);
    let mut all = Vec::new();
    let first = part.segment.map(|segment| own_words(cx, segment, layout)).unwrap_or_default();
    let mut schedules = schedules.into_iter();
    let mut main = first;
    if let Some(mut schedule) = schedules.next() {
        priority = std::mem::take(&mut schedule.priority);
        timed(&mut main, schedule);
    }
    let mut routes = part.routes.iter();
    if let Some(route) = routes.next() {
        routed(cx, *route, &mut main);
    }
    limits(cx, &part.limits, &mut main);
    if main != Dosage::default() {
        all.push(main);
    }
    for mut schedule in schedules {
        further_priority(&mut priority, std::mem::take(&mut schedule.priority));
        let mut dosage = Dosage::default();
        timed(&mut dosage, schedule);
        all.push(dosage);
    }
    for route in routes {
        let mut dosage = Dosage::default();
        routed(cx, *route, &mut dosage);
        all.push(dosage);
    }
    if all.len() > 1 {
        for (dosage, number) in all.iter_mut().zip(1..) {
            dosage.sequence = Some(number);
        }
    }
    (all, priority)
}

/// A request has one priority: what further schedules say otherwise stands beside it.
fn further_priority<'a>(known: &mut OrOriginal<'a, &'static str>, told: OrOriginal<'a, &'static str>) {
    if *known == (None, None) || *known == told {
        *known = told;
        return;
    }
    let told = (told.0.filter(|code| known.0 != Some(code)), told.1);
    let mut more = priority_beside(FURTHER_PRIORITY, told).peekable();
    if more.peek().is_some() {
        add_new(&mut known.1.get_or_insert_default().extension, more);
    }
}

/// A priority where there is no element for it.
pub(super) fn priority_beside<'a>(
    url: &'static str,
    (code, beside): OrOriginal<'a, &'static str>,
) -> impl Iterator<Item = Extension<'a>> {
    let code = code.map(|code| Extension::code(url, code));
    code.into_iter().chain(beside.into_iter().flat_map(|element| element.extension))
}

/// The priority of a further schedule (TQ1-9, TQ-6).
const FURTHER_PRIORITY: &str = own!("further-priority");

/// What the segment itself says.
fn own_words<'a>(cx: &mut Context<'_, 'a>, segment: Segment<'_, 'a>, layout: Dose) -> Dosage<'a> {
    let mut dosage = Dosage::default();
    let mut dose = DoseAndRate::default();
    let said = |n: usize| n > 0 && segment.field(n).is_present();
    let high = if said(layout.high) { field_amount(cx, segment, layout.high, layout.units) } else { None };
    let low = if high.is_none() || said(layout.low) {
        field_amount(cx, segment, layout.low, layout.units)
    } else {
        None
    };
    match (low.is_some(), high.is_some()) {
        (true, true) => dose.dose_range = Some(Range { low, high }),
        (false, true) => dose.dose_range = Some(Range { low: None, high }),
        // A minimum without a maximum is the amount (HL7 v2.5.1 §4.14.4.3).
        _ => dose.dose_quantity = low,
    }
    dose.rate_quantity = field_amount(cx, segment, layout.rate, layout.rate_units);
    if layout.per > 0 {
        let per = cx.write(segment.field(layout.per).value());
        if dose.rate_quantity.is_none()
            && let Some(within) = per.as_deref().and_then(within)
            && let Some(amount) = dose.dose_quantity.clone().filter(|amount| amount.value.is_some())
        {
            dose.rate_ratio = Some(ratio(Some(amount), Some(within)));
        }
        dose.extension.extend(per.map(|per| Extension::string(PER, per)));
    }
    if dose != DoseAndRate::default() {
        let display = if layout.kind == "ordered" { "Ordered" } else { "Calculated" };
        let coding = fhir::Coding::new(DOSE_TYPE, layout.kind).with_display(display);
        dose.r#type = Some(CodeableConcept::of(coding));
        dosage.dose_and_rate.push(dose);
    }
    if layout.daily > 0
        && let Some(daily) = cq::quantity(cx, segment.field(layout.daily).first())
    {
        let day = Quantity {
            value: Some(1.into()),
            system: Some(system::UCUM.into()),
            code: Some("d".into()),
            ..Quantity::default()
        };
        dosage.max_dose_per_period = Some(ratio(Some(daily), Some(day)));
    }
    for &field in layout.instructions {
        for repetition in segment.field(field).repetitions() {
            let Some(said) = cwe::concept(cx, repetition, &at(segment, field), None) else { continue };
            instruct(&mut dosage, said);
        }
    }
    dosage
}

/// `H2`: so many seconds, minutes, hours, days or weeks in which the dose is given (HL7 v2.5.1 §4.14.1.17). A
/// unit without a number, or with none at all, is no rate.
fn within<'a>(per: &str) -> Option<Quantity<'a>> {
    let unit = match per.as_bytes().first()? {
        b'S' => "s",
        b'M' => "min",
        b'H' => "h",
        b'D' => "d",
        b'W' => "wk",
        _ => return None,
    };
    let number: u32 = per.get(1..)?.parse().ok().filter(|number| *number > 0)?;
    let plain = per.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    plain.then(|| Quantity {
        value: Some(number.into()),
        unit: Some(unit.into()),
        system: Some(system::UCUM.into()),
        code: Some(unit.into()),
        ..Quantity::default()
    })
}

/// Words are the text of the dosage; a code is an instruction.
fn instruct<'a>(dosage: &mut Dosage<'a>, said: CodeableConcept<'a>) {
    match said {
        CodeableConcept { coding, text: Some(text), extension, .. }
            if coding.is_empty() && extension.is_empty() =>
        {
            add_text(dosage, text);
        }
        coded => add_new(&mut dosage.additional_instruction, [coded]),
    }
}

pub(super) fn add_text<'a>(dosage: &mut Dosage<'a>, text: std::borrow::Cow<'a, str>) {
    dosage.text = Some(match dosage.text.take() {
        Some(known) if known == text => known,
        Some(known) => format!("{known}\n{text}").into(),
        None => text,
    });
}

fn field_amount<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    number: usize,
    unit: usize,
) -> Option<Quantity<'a>> {
    if number == 0 {
        return None;
    }
    amount(cx, segment, number, unit)
}

/// Puts a timing into a dosage.
fn timed<'a>(dosage: &mut Dosage<'a>, schedule: Schedule<'a>) {
    let Schedule { timing, quantity, as_needed, condition, text, sequence, .. } = schedule;
    dosage.timing = (timing != Timing::default()).then_some(timing);
    if let Some(quantity) = quantity {
        let same = dosage.dose_and_rate.iter().any(|one| one.dose_quantity.as_ref() == Some(&quantity));
        if !same {
            let dose_quantity = Some(quantity);
            dosage.dose_and_rate.push(DoseAndRate { dose_quantity, ..DoseAndRate::default() });
        }
    }
    dosage.as_needed_boolean = as_needed.then_some(true);
    dosage.additional_instruction.extend(condition.map(CodeableConcept::text));
    if let Some(text) = text {
        add_text(dosage, text);
    }
    dosage.extension.extend(sequence);
}

/// Puts a route into a dosage.
fn routed<'a>(cx: &mut Context<'_, 'a>, rxr: Segment<'_, 'a>, dosage: &mut Dosage<'a>) {
    let told = rxr::read(cx, rxr);
    dosage.route = told.route;
    dosage.site = told.site;
    dosage.method = told.method;
    dosage.additional_instruction.extend(told.instruction);
    dosage.extension.extend(told.device.map(|one| Extension::concept(DEVICE, one)));
    dosage.extension.extend(told.modifier.map(|one| Extension::concept(SITE_MODIFIER, one)));
}

/// CDO: how much at most, within which time (HL7 v2.8 §4A.4.9).
fn limits<'a>(cx: &mut Context<'_, 'a>, limits: &[Segment<'_, 'a>], dosage: &mut Dosage<'a>) {
    for cdo in limits {
        let most = cq::quantity(cx, cdo.field(3).first());
        let within = cq::quantity(cx, cdo.field(4).first());
        match (most, within) {
            (Some(most), Some(within)) if dosage.max_dose_per_period.is_none() => {
                dosage.max_dose_per_period = Some(ratio(Some(most), Some(within)));
            }
            (Some(most), Some(within)) => {
                let limit = ExtensionValue::Ratio(Box::new(ratio(Some(most), Some(within))));
                dosage.extension.push(Extension::new(LIMIT, limit));
            }
            (one, other) => {
                let said = one.or(other).map(|one| ExtensionValue::Quantity(Box::new(one)));
                dosage.extension.extend(said.map(|said| Extension::new(LIMIT, said)));
            }
        }
    }
}
