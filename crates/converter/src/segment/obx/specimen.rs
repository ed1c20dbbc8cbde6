//! The specimen of an OBX (OBX-33).

use fhir::{CodeableConcept, Extension, ExtensionValue, Observation, Reference};
use hl7v2::Segment;
use uuid::Uuid;

use super::Frame;
use crate::context::{Context, trim};
use crate::segment::spm;

/// A number of a specimen (OBX-33) that is not in the message.
const SPECIMEN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-specimen-number";

/// The specimens that OBX-33 names and that are not in the message: the first as the specimen, unless
/// another is known, the others beside it.
pub(super) fn named_specimens<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    observation: &mut Observation<'a>,
) {
    for named in obx.field(33).repetitions() {
        for n in [2, 1] {
            if cx.ledger.is_marked(named.component(n).value().offset()) {
                continue;
            }
            let Some(mut number) = spm::ei(cx, named.component(n)) else { continue };
            let kind = if n == 1 { "PLAC" } else { "FILL" };
            number.r#type = Some(Box::new(CodeableConcept::code(fhir::system::V2_IDENTIFIER_TYPE, kind)));
            if observation.specimen.is_none() {
                let specimen = Reference::by_identifier(number);
                observation.specimen = Some(Reference { r#type: Some("Specimen"), ..specimen });
            } else {
                let number = ExtensionValue::Identifier(Box::new(number));
                observation.extension.push(Extension::new(SPECIMEN, number));
            }
        }
    }
}

/// The specimen that OBX-33 names, else the one that it stands behind, else the only one of the order.
pub(super) fn specimen<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    frame: &Frame<'_, 'a>,
    behind: Option<Uuid>,
) -> Option<Uuid> {
    let named = obx.field(33).first();
    for n in [2, 1] {
        let number = named.component(n).value();
        let text = trim(number.text());
        if let Some(id) = frame.specimens.by_number.get(&text).filter(|_| !text.is_empty()) {
            // The number stands in the specimen that is referred to, and so does the other.
            for other in [1, 2].into_iter().flat_map(|n| named.component(n).subcomponents()) {
                let known = frame.specimens.by_number.contains_key(&trim(other.text()));
                if other.offset() == number.offset() || known {
                    cx.mark(other);
                } else {
                    cx.ignore(other, "who gave the number of a specimen stands in the specimen");
                }
            }
            return Some(*id);
        }
    }
    match (frame.of_specimen.or(behind), frame.specimens.ids.as_slice()) {
        (Some(behind), _) => Some(behind),
        // Another number than those of the order is of another specimen.
        (None, [only]) if !named.is_present() => Some(*only),
        _ => None,
    }
}
