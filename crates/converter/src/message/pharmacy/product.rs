//! The medicine that a segment names: a Medication of its own for each prescription, dispense and
//! administration (nl-core, too, refers to the product and never puts its code into the order).

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Extension, ExtensionValue, Medication, MedicationBatch, MedicationIngredient, Quantity,
    Ratio, Reference, system,
};
use hl7v2::{Field, Segment, Value};
use uuid::Uuid;

use crate::context::{Context, extension, trim};
use crate::datatype::cwe;
use crate::identity::rule;
use crate::segment::obx::quantity::{self, Unit};
use crate::segment::obx::{producer, value};

/// Whether a component is an additive or the base (RXC-1, HL7 table 0166).
const COMPONENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-component-type";
/// How strong a component is by itself (RXC-5, 6, 8 and 9).
const STRENGTH: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-component-strength";
/// How much of a component is dispensed (RXC-10 and 11).
const DISPENSED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-component-dispense-amount";
/// A further batch of the same medicine.
const LOT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-lot-number";
const EXPIRY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-expiration-date";
const MANUFACTURER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-manufacturer";

/// Where in its segment a medicine is described. 0 is nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    pub(crate) code: usize,
    pub(crate) form: usize,
    /// Amount and unit.
    pub(crate) strength: [usize; 2],
    /// The volume that holds it: amount and unit.
    pub(crate) volume: [usize; 2],
    pub(crate) supplementary: usize,
    pub(crate) lot: usize,
    pub(crate) expiry: usize,
    pub(crate) manufacturer: usize,
}

/// Puts the medicine of a segment and its components. `None` when nothing is said of it.
pub(super) fn medication<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    components: &[Segment<'m, 'a>],
    layout: Product,
    owner: Uuid,
) -> Option<Reference<'a>> {
    let key = owner.hyphenated().to_string();
    let id = cx.id(&rule::MEDICATION, &[&[&key]], segment.place());
    let mut medication = Medication { id: Some(id), ..Medication::default() };
    if cx.given(segment.field(layout.code), id, "code") {
        medication.code =
            cwe::concept(cx, segment.field(layout.code).first(), &at(segment, layout.code), None);
    }
    if layout.supplementary > 0 {
        for repetition in segment.field(layout.supplementary).repetitions() {
            let name = at(segment, layout.supplementary);
            let Some(more) = cwe::concept(cx, repetition, &name, None) else { continue };
            cwe::merge(medication.code.get_or_insert_default(), more);
        }
    }
    if layout.form > 0 && cx.given(segment.field(layout.form), id, "form") {
        medication.form =
            cwe::concept(cx, segment.field(layout.form).first(), &at(segment, layout.form), None);
    }
    strength(cx, segment, layout, &mut medication);
    for component in components {
        medication.ingredient.extend(ingredient(cx, *component));
    }
    batch(cx, segment, layout, &mut medication);
    let said = Medication { id: Some(id), ..Medication::default() };
    if medication == said {
        return None;
    }
    let mut reference = Reference::to(id);
    reference.display = medication.code.as_ref().and_then(label);
    if !cx.has(id) {
        cx.put(id, medication);
    }
    Some(reference)
}

/// What people call it.
fn label<'a>(code: &CodeableConcept<'a>) -> Option<Cow<'a, str>> {
    code.text.clone().or_else(|| code.coding.iter().find_map(|coding| coding.display.clone()))
}

/// `RXO-1`: where a coded value stands, for the profile's code maps.
pub(super) fn at(segment: Segment<'_, '_>, field: usize) -> String {
    format!("{}-{field}", segment.id())
}

/// The strength of a medicine is that of its one ingredient, which is itself.
fn strength<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    layout: Product,
    medication: &mut Medication<'a>,
) {
    let [strength, volume] = [layout.strength, layout.volume]
        .map(|[number, unit]| if number == 0 { None } else { amount(cx, segment, number, unit) });
    if strength.is_none() && volume.is_none() {
        return;
    }
    let item = medication.code.clone().unwrap_or_else(value::unknown_concept);
    medication.ingredient.push(MedicationIngredient {
        item: Some(item),
        strength: Some(ratio(strength, volume)),
        ..MedicationIngredient::default()
    });
}

/// FHIR takes both or none (rat-1): what is not said of one side is one of whatever it is.
pub(super) fn ratio<'a>(numerator: Option<Quantity<'a>>, denominator: Option<Quantity<'a>>) -> Ratio<'a> {
    let one = || Quantity {
        value: Some(1.into()),
        system: Some(system::UCUM.into()),
        code: Some("1".into()),
        ..Quantity::default()
    };
    Ratio {
        numerator: Some(numerator.unwrap_or_else(one)),
        denominator: Some(denominator.unwrap_or_else(one)),
        ..Ratio::default()
    }
}

/// RXC: what is in it (HL7 v2.5.1 §4.14.3).
fn ingredient<'a>(cx: &mut Context<'_, 'a>, rxc: Segment<'_, 'a>) -> Option<MedicationIngredient<'a>> {
    let mut ingredient = MedicationIngredient::default();
    let kind = rxc.field(1).value();
    ingredient.is_active = match trim(kind.text()).to_ascii_uppercase().as_str() {
        "A" => Some(true),
        "B" => Some(false),
        _ => None,
    };
    if let Some(code) = cx.write_code(kind) {
        let concept = CodeableConcept::code(crate::table::hl7_table_uri("0166"), code);
        ingredient.extension.push(Extension::concept(COMPONENT, concept));
    }
    ingredient.item = cwe::concept(cx, rxc.field(2).first(), "RXC-2", None);
    for repetition in rxc.field(7).repetitions() {
        let Some(more) = cwe::concept(cx, repetition, "RXC-7", None) else { continue };
        cwe::merge(ingredient.item.get_or_insert_default(), more);
    }
    let quantity = amount(cx, rxc, 3, 4);
    ingredient.strength = quantity.map(|quantity| ratio(Some(quantity), None));
    let [strength, volume] = [[5, 6], [8, 9]].map(|[number, unit]| amount(cx, rxc, number, unit));
    if strength.is_some() || volume.is_some() {
        let strength = ExtensionValue::Ratio(Box::new(ratio(strength, volume)));
        ingredient.extension.push(Extension::new(STRENGTH, strength));
    }
    let dispensed = amount(cx, rxc, 10, 11).map(|one| ExtensionValue::Quantity(Box::new(one)));
    ingredient.extension.extend(dispensed.map(|one| Extension::new(DISPENSED, one)));
    if ingredient == MedicationIngredient::default() {
        return None;
    }
    ingredient.item.get_or_insert_with(value::unknown_concept);
    Some(ingredient)
}

/// Lot number, date of expiry and manufacturer. Each may repeat; FHIR has one batch.
fn batch<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    layout: Product,
    medication: &mut Medication<'a>,
) {
    let mut batch = MedicationBatch::default();
    if layout.lot > 0 {
        for (nth, lot) in segment.field(layout.lot).repetitions().enumerate() {
            let lot = cx.write(lot.value());
            if nth == 0 {
                batch.lot_number = lot;
            } else {
                medication.extension.extend(lot.map(|lot| Extension::string(LOT, lot)));
            }
        }
        for (nth, date) in segment.field(layout.expiry).repetitions().enumerate() {
            let (date, original) = cx.date_time(date.value());
            if nth == 0 {
                (batch.expiration_date, batch.expiration_date_ext) = (date, original);
            } else {
                let date = date.map(|date| Extension::new(EXPIRY, ExtensionValue::DateTime(date)));
                medication.extension.extend(date);
                medication.extension.extend(original.into_iter().flat_map(|one| one.extension));
            }
        }
        for manufacturer in segment.field(layout.manufacturer).repetitions() {
            let Some(id) = producer(cx, manufacturer) else { continue };
            if medication.manufacturer.is_none() {
                medication.manufacturer = Some(Reference::to(id));
            } else {
                let other = ExtensionValue::Reference(Box::new(Reference::to(id)));
                medication.extension.push(Extension::new(MANUFACTURER, other));
            }
        }
    }
    medication.batch = (batch != MedicationBatch::default()).then_some(batch);
}

/// A number and its unit in two fields. What is no number stays as text beside the unit.
pub(crate) fn amount<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    number: usize,
    unit: usize,
) -> Option<Quantity<'a>> {
    let name = at(segment, unit);
    quantity_of(cx, segment.field(number).value(), (unit > 0).then(|| segment.field(unit)), &name)
}

/// The same of the two fields.
pub(super) fn quantity_of<'a>(
    cx: &mut Context<'_, 'a>,
    number: Value<'_, 'a>,
    unit: Option<Field<'_, 'a>>,
    name: &str,
) -> Option<Quantity<'a>> {
    let mut found = None;
    let mut kept = None;
    if number.is_present() {
        match quantity::number(&trim(number.text())) {
            Ok(read) if read.comparator.is_none() => {
                cx.mark(number);
                found = Some(read.value);
            }
            read => {
                cx.warn(number.place(), read.err().unwrap_or("comparator-in-number"));
                kept = cx.write(number).map(|text| Extension::string(extension::ORIGINAL_TEXT, text));
            }
        }
    }
    let unit = unit.and_then(|unit| Unit::read_at(cx, unit, name));
    if found.is_none() && kept.is_none() && unit.is_none() {
        return None;
    }
    let without = found.is_none();
    let mut whole = quantity::quantity(found.unwrap_or_else(|| 0.into()), None, unit.as_ref());
    if without {
        whole.value = None;
    }
    whole.extension.extend(kept);
    Some(whole)
}
