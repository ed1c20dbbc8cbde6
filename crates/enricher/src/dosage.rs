//! How a note says that a medicine is taken.

use serde_json::{Map, Value, json};
use zorgsluis_domain::text::{Attribute, AttributeType};

use crate::finding::Characters;

/// One way of taking a medicine, as one mention of it says. Holds PHI: no `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Dosage {
    /// The words, in the order of the note.
    text: String,
    dose: Option<String>,
    frequency: Option<String>,
    route: Option<String>,
    duration: Option<String>,
}

/// Reads the attributes of one mention; `None` when they say nothing of how it is taken.
pub(crate) fn of(attributes: &[Attribute], said: &Characters<'_>) -> Option<Dosage> {
    let mut attributes: Vec<_> = attributes.iter().collect();
    attributes.sort_by_key(|one| (one.begin_offset, one.end_offset));
    let mut dosage = Dosage::default();
    let mut words: Vec<&str> = Vec::new();
    for attribute in attributes {
        let Some(text) = said.between(attribute.begin_offset, attribute.end_offset) else { continue };
        let text = text.trim();
        let part = match attribute.r#type {
            AttributeType::Dosage => &mut dosage.dose,
            AttributeType::Frequency => &mut dosage.frequency,
            AttributeType::RouteOrMode => &mut dosage.route,
            AttributeType::Duration => &mut dosage.duration,
            AttributeType::Form | AttributeType::Rate | AttributeType::Strength => {
                words.push(text);
                continue;
            }
            AttributeType::Other => continue,
        };
        part.get_or_insert_with(|| text.to_owned());
        words.push(text);
    }
    dosage.text = words.join(" ");
    (!dosage.text.is_empty()).then_some(dosage)
}

impl Dosage {
    /// FHIR's Dosage: the words as they stand, and what of them can be told apart without guessing. A
    /// strength stays in the words: it says how strong a tablet is, not how many are taken.
    pub(crate) fn to_json(&self) -> Value {
        let mut dosage = Map::new();
        dosage.insert(String::from("text"), json!(self.text));
        let mut timing = Map::new();
        if let Some((value, unit, code)) = self.duration.as_deref().and_then(duration) {
            let bounds = json!({ "value": value, "unit": unit, "system": fhir::system::UCUM, "code": code });
            timing.insert(String::from("repeat"), json!({ "boundsDuration": bounds }));
        }
        if let Some(frequency) = &self.frequency {
            timing.insert(String::from("code"), json!({ "text": frequency }));
        }
        if !timing.is_empty() {
            dosage.insert(String::from("timing"), Value::Object(timing));
        }
        if let Some(route) = &self.route {
            dosage.insert(String::from("route"), json!({ "text": route }));
        }
        if let Some(quantity) = self.dose.as_deref().and_then(quantity) {
            dosage.insert(String::from("doseAndRate"), json!([{ "doseQuantity": quantity }]));
        }
        Value::Object(dosage)
    }
}

/// `500 mg`, `2 tabletten`, `0,5 ml`: a number and its unit.
fn quantity(text: &str) -> Option<Value> {
    let (value, unit) = number_and_unit(text)?;
    let code = match unit.to_lowercase().as_str() {
        "mg" | "milligram" => Some("mg"),
        "g" | "gr" | "gram" => Some("g"),
        "mcg" | "µg" | "μg" | "ug" | "microgram" => Some("ug"),
        "ml" | "milliliter" => Some("mL"),
        "mmol" => Some("mmol"),
        _ => None,
    };
    Some(match code {
        Some(code) => json!({ "value": value, "unit": unit, "system": fhir::system::UCUM, "code": code }),
        None => json!({ "value": value, "unit": unit }),
    })
}

/// `7 dagen`, `for 2 weeks`: number, unit, and the unit's code in UCUM.
fn duration(text: &str) -> Option<(Value, &str, &'static str)> {
    let text = text
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .trim_end_matches(|c: char| !c.is_alphanumeric());
    let (value, unit) = number_and_unit(text)?;
    let code = match unit.to_lowercase().as_str() {
        "u" | "uur" | "uren" | "h" | "hour" | "hours" => "h",
        "d" | "dag" | "dagen" | "dgn" | "day" | "days" => "d",
        "wk" | "week" | "weken" | "weeks" => "wk",
        "mnd" | "maand" | "maanden" | "month" | "months" => "mo",
        "jaar" | "jaren" | "year" | "years" => "a",
        _ => return None,
    };
    Some((value, unit, code))
}

/// A plain decimal number and one word behind it. Ranges (`1-2`), fractions and words are no number.
fn number_and_unit(text: &str) -> Option<(Value, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
    let (digits, unit) = (text.get(..end)?, text.get(end..)?.trim());
    let digits = digits.replace(',', ".");
    let plain = !digits.starts_with(['0', '.']) || digits.starts_with("0.") || digits == "0";
    let one_point = digits.matches('.').count() <= 1 && !digits.ends_with('.');
    // A point before three digits may stand for thousands: what is not sure stays in the words.
    let thousands = digits.split_once('.').is_some_and(|(_, behind)| behind.len() >= 3);
    let one_word = !unit.is_empty() && unit.chars().all(char::is_alphabetic);
    if digits.is_empty() || digits.len() > 12 || !plain || !one_point || thousands || !one_word {
        return None;
    }
    Some((serde_json::from_str(&digits).ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_only_where_they_are_sure() {
        for (text, expected) in [
            ("500 mg", Some(r#"{"value":500,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}"#)),
            (
                "0,50 ML",
                Some(r#"{"value":0.50,"unit":"ML","system":"http://unitsofmeasure.org","code":"mL"}"#),
            ),
            ("2 tabletten", Some(r#"{"value":2,"unit":"tabletten"}"#)),
            ("1-2 tabletten", None),
            ("1.000 IE", None),
            ("1/2 tablet", None),
            ("twee tabletten", None),
            ("01 tablet", None),
            ("5", None),
            ("5 mg/ml", None),
            ("", None),
        ] {
            assert_eq!(quantity(text).map(|value| value.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit_of_time() {
        let read = |text| duration(text).map(|(value, unit, code)| format!("{value} {unit} {code}"));
        assert_eq!(read("gedurende 7 dagen").as_deref(), Some("7 dagen d"));
        assert_eq!(read("2 weeks").as_deref(), Some("2 weeks wk"));
        assert_eq!(read("7 tabletten"), None);
        assert_eq!(read("tot controle"), None);
    }
}
