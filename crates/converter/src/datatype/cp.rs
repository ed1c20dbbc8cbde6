//! CP and MO: a price, or an amount of money (HL7 v2.5.1 §2.A.10, §2.A.41).

use fhir::{CodeableConcept, Coding, Decimal, Extension, ExtensionValue, Money};
use hl7v2::{Repetition, Value};

use super::named;
use crate::context::{Context, extension};

/// The price type and the range of a composite price.
const PRICE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-price";

/// A decimal of the output; one that is none stays as a text beside it.
fn decimal<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    beside: &mut Vec<Extension<'a>>,
) -> Option<Decimal<'a>> {
    let text = cx.write(value)?;
    let number = Decimal::parse(text.clone());
    if number.is_none() {
        cx.warn(value.place(), "invalid-number");
        beside.push(Extension::string(extension::ORIGINAL_TEXT, text));
    }
    number
}

/// CP, or MO as a field: quantity and currency, of whatever form.
pub(crate) fn amount<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Money<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    let first = from.component(1);
    let mut money = Money::default();
    money.value = decimal(cx, first.value(), &mut money.extension);
    let inside = first.subcomponent(2);
    let rest = [(2, "type"), (3, "from"), (4, "to"), (5, "unit"), (6, "range-type")];
    let mut skip = 0;
    if inside.is_present() {
        currency(cx, inside, &mut money);
    } else if is_currency(&from.component(2).value().text()) {
        // An MO stands where a CP was expected.
        currency(cx, from.component(2).value(), &mut money);
        skip = 2;
    }
    let mut more = Vec::new();
    for (n, name) in rest {
        if n != skip {
            named(cx, from.component(n), name, &mut more);
        }
    }
    if !more.is_empty() {
        money.extension.push(Extension::new(PRICE, ExtensionValue::Parts(more)));
    }
    (money != Money::default()).then_some(money)
}

fn is_currency(text: &str) -> bool {
    let text = text.trim();
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// FHIR takes only ISO 4217; another name of a currency stays beside the amount.
fn currency<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>, money: &mut Money<'a>) {
    let Some(code) = cx.write_code(value) else { return };
    if is_currency(&code) {
        money.currency = Some(code);
    } else {
        cx.warn(value.place(), "unknown-code");
        let coding = Coding { code: Some(code), ..Coding::default() };
        money.currency_ext = Some(fhir::Element::of(Extension::concept(
            extension::ORIGINAL_CODE,
            CodeableConcept::of(coding),
        )));
    }
}
