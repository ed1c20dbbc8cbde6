//! Codes that FHIR demands; see [`super`].

use fhir::{CodeableConcept, Coding, Element, Extension};
use hl7v2::Value;

use super::{Context, OrOriginal, extension};
use crate::table::Target;

impl<'a> Context<'_, 'a> {
    /// A required FHIR code from an HL7 table. Exact: only the code. With loss: the original stands in
    /// an extension beside it. Unknown: only the extension, and a warning.
    pub(crate) fn code(
        &mut self,
        value: Value<'_, 'a>,
        table: fn(&str) -> Option<Target>,
    ) -> OrOriginal<'a, &'static str> {
        if !value.is_present() {
            return (None, None);
        }
        let mut target = table(&value.text());
        if target.is_none() {
            // A local code may be mapped to one of the HL7 table by the sender's profile.
            let mapped = self.profile.translate_at(value.place(), &value.text());
            let mapped =
                mapped.filter(|mapped| mapped.is_of_hl7_table()).and_then(|mapped| table(&mapped.code));
            target = mapped.map(|target| Target { exact: false, ..target });
        }
        if let Some(target) = target
            && target.exact
        {
            self.mark(value);
            return (Some(target.code), None);
        }
        let Some(original) = self.write_code(value) else { return (None, None) };
        if target.is_none() {
            self.warn(value.place(), "unknown-code");
            self.local_code(value.place());
        }
        let coding = Coding { code: Some(original), ..Coding::default() };
        let concept = CodeableConcept::of(coding);
        let beside = Element::of(Extension::concept(extension::ORIGINAL_CODE, concept));
        (target.map(|target| target.code), Some(beside))
    }

    /// The code of the field's HL7 table to which the sender's profile maps a local code.
    pub(crate) fn hl7_code(&self, value: Value<'_, 'a>) -> Option<&'a str> {
        let mapped = self.profile.translate_at(value.place(), &value.text())?;
        mapped.is_of_hl7_table().then_some(mapped.code.as_str())
    }

    /// `Y` and `N`. Anything else stays unmapped and warns.
    pub(crate) fn yes_no(&mut self, value: Value<'_, 'a>) -> Option<bool> {
        if !value.is_present() {
            return None;
        }
        let answer = match value.text().trim() {
            "Y" | "y" | "J" | "j" => true,
            "N" | "n" => false,
            _ => {
                self.warn(value.place(), "unknown-code");
                return None;
            }
        };
        self.mark(value);
        Some(answer)
    }
}
