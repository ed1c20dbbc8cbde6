//! TCD: how an analyser is to measure, or measured (HL7 v2.5.1 §13.4.10), on the observation or the order that it
//! follows. FHIR has no elements for it.

use fhir::Extension;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, parts_of};
use crate::context::Context;
use crate::mapping::{Map, to};

const TEST: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-test-code-detail";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "TCD",
    name: "Test Code Detail",
    fields: &[
        "Universal Service Identifier",
        "Auto-Dilution Factor",
        "Rerun Dilution Factor",
        "Pre-Dilution Factor",
        "Endogenous Content of Pre-Dilution Diluent",
        "Automatic Repeat Allowed",
        "Reflex Allowed",
        "Analyte Repeat Status",
        "Specimen Consumption Quantity",
        "Pool Size",
        "Auto-Dilution Type",
    ],
    rows: &[
        to(1, "Observation.extension(v2-test-code-detail).extension(test)"),
        to(2, "Observation.extension(v2-test-code-detail).extension(autoDilution)"),
        to(3, "Observation.extension(v2-test-code-detail).extension(rerunDilution)"),
        to(4, "Observation.extension(v2-test-code-detail).extension(preDilution)"),
        to(5, "Observation.extension(v2-test-code-detail).extension(endogenousContent)"),
        to(6, "Observation.extension(v2-test-code-detail).extension(repeatAllowed)"),
        to(7, "Observation.extension(v2-test-code-detail).extension(reflexAllowed)"),
        to(8, "Observation.extension(v2-test-code-detail).extension(repeatStatus)"),
        to(9, "Observation.extension(v2-test-code-detail).extension(consumption)"),
        to(10, "Observation.extension(v2-test-code-detail).extension(poolSize)"),
        to(11, "Observation.extension(v2-test-code-detail).extension(dilutionType)"),
    ],
};

const DETAILS: &[Beside] = parts_of![
    1 "test" Is::Concept,
    2 "autoDilution" Is::Verbatim,
    3 "rerunDilution" Is::Verbatim,
    4 "preDilution" Is::Verbatim,
    5 "endogenousContent" Is::Verbatim,
    6 "repeatAllowed" Is::Flag,
    7 "reflexAllowed" Is::Flag,
    8 "repeatStatus" Is::Concept,
    9 "consumption" Is::Quantity,
    10 "poolSize" Is::Verbatim,
    11 "dilutionType" Is::Concept,
];

pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, tcd: Segment<'_, 'a>) -> Option<Extension<'a>> {
    beside::whole(cx, tcd, TEST, DETAILS)
}
