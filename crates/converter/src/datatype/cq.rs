//! CQ: a number and its unit (HL7 v2.5.1 §2.A.16).

use fhir::{Extension, Quantity};
use hl7v2::{Component, Field, Repetition, Value};

use crate::context::{Context, extension, trim};
use crate::segment::obx::quantity::{Unit, number, quantity as measured, simple_unit};

/// A simple quantity: FHIR takes no comparator in it. What is no number stays in the report.
pub(crate) fn quantity<'a>(cx: &mut Context<'_, 'a>, cq: Repetition<'_, 'a>) -> Option<Quantity<'a>> {
    of(cx, cq.component(1).value(), |cx, quantity| {
        let unit = cq.component(2);
        simple_unit(cx, unit, quantity);
        // A system of units other than UCUM.
        let system = unit.subcomponent(3);
        if !cx.ledger.is_marked(system.offset()) {
            let name = cx.write(system);
            quantity.extension.extend(name.map(|name| Extension::string(extension::CODE_SYSTEM_NAME, name)));
        }
    })
}

/// The same where FHIR takes any unit: one that is coded in another system than UCUM keeps its code.
pub(crate) fn in_any_unit<'a>(cx: &mut Context<'_, 'a>, cq: Repetition<'_, 'a>) -> Option<Quantity<'a>> {
    let [code, name, system] = [1, 2, 3].map(|n| cq.component(2).subcomponent(n));
    let Some(known) = cx.profile.coding_system(&system.text()).filter(|_| code.is_present()) else {
        return quantity(cx, cq);
    };
    if known == fhir::system::UCUM || crate::unit::ucum(&code.text()).is_some() {
        return quantity(cx, cq);
    }
    of(cx, cq.component(1).value(), |cx, quantity| {
        cx.mark(system);
        quantity.system = Some(known);
        quantity.code = cx.write_code(code);
        quantity.unit = cx.write(name).or_else(|| quantity.code.clone());
    })
}

/// A number whose unit is a coded value of its own (SAC-21 and SAC-24).
pub(crate) fn measure<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    unit: Field<'_, 'a>,
    name: &str,
) -> Option<Quantity<'a>> {
    let unit = if value.is_present() { Unit::read_at(cx, unit, name) } else { None };
    of(cx, value, |_, known| {
        if let Some(number) = known.value.take() {
            *known = measured(number, None, unit.as_ref());
        } else if let Some(unit) = unit {
            known.extension.push(unit.into_extension());
        }
    })
}

/// A CQ inside a component (TQ.1): its parts are subcomponents, and the unit is one text.
pub(crate) fn of_component<'a>(cx: &mut Context<'_, 'a>, cq: Component<'_, 'a>) -> Option<Quantity<'a>> {
    of(cx, cq.subcomponent(1), |cx, quantity| quantity.unit = cx.write(cq.subcomponent(2)))
}

/// What stands there, as a quantity; what is no number as text in an extension of it.
fn of<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    unit: impl FnOnce(&mut Context<'_, 'a>, &mut Quantity<'a>),
) -> Option<Quantity<'a>> {
    let mut quantity = Quantity::default();
    match number(&trim(value.text())) {
        Ok(read) if read.comparator.is_none() => {
            cx.mark(value);
            quantity.value = Some(read.value);
        }
        read => {
            if value.is_present() {
                cx.warn(value.place(), read.err().unwrap_or("comparator-in-number"));
            }
            // A unit may stand alone.
            let said = cx.write(value);
            quantity.extension.extend(said.map(|said| Extension::string(extension::ORIGINAL_TEXT, said)));
        }
    }
    unit(cx, &mut quantity);
    (quantity != Quantity::default()).then_some(quantity)
}
