//! CTI: the trial of which an order or result is part (HL7 v2.5.1 §7.7.5).

use fhir::{Extension, ExtensionValue, Reference};
use hl7v2::Segment;

use super::beside::{self, Beside, Is};
use crate::context::Context;
use crate::datatype::hd;
use crate::mapping::{Map, left, to};

/// An extension of FHIR's own.
const STUDY: &str = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy";
const PHASE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-study-phase";
const TIME_POINT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-study-time-point";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "CTI",
    name: "Clinical Trial Identification",
    fields: &["Sponsor Study ID", "Study Phase Identifier", "Study Scheduled Time Point", "Action Code"],
    rows: &[
        to(1, "DiagnosticReport.extension(workflow-researchStudy)"),
        to(2, "DiagnosticReport.extension(workflow-researchStudy).valueReference.extension(v2-study-phase)"),
        to(
            3,
            "DiagnosticReport.extension(workflow-researchStudy).valueReference.extension(v2-study-time-point)",
        ),
        left(4, "what is to be done with the segment does not outlive the message"),
    ],
};

pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, cti: Segment<'_, 'a>) -> Option<Extension<'a>> {
    let mut study = match hd::ei(cx, cti.field(1).first()) {
        Some(number) => Reference::by_identifier(number),
        None => Reference::display("?"),
    };
    study.r#type = Some("ResearchStudy");
    study.extension = beside::parts(
        cx,
        cti,
        &[
            Beside { field: 2, path: PHASE, is: Is::Concept },
            Beside { field: 3, path: TIME_POINT, is: Is::Concept },
        ],
    );
    crate::null::nothing_to_delete(cx, cti);
    let says = study.identifier.is_some() || !study.extension.is_empty();
    says.then(|| Extension::new(STUDY, ExtensionValue::Reference(Box::new(study))))
}
