//! TCD: how an analyser is to measure, or measured (HL7 v2.5.1 §13.4.10), on the observation or the order that it
//! follows. FHIR has no elements for it.

use fhir::Extension;
use hl7v2::Segment;

use super::detail::{self, Detail, Holds};
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

const DETAILS: &[Detail] = &[
    (1, "test", Holds::Concept),
    (2, "autoDilution", Holds::Text),
    (3, "rerunDilution", Holds::Text),
    (4, "preDilution", Holds::Text),
    (5, "endogenousContent", Holds::Text),
    (6, "repeatAllowed", Holds::Flag),
    (7, "reflexAllowed", Holds::Flag),
    (8, "repeatStatus", Holds::Concept),
    (9, "consumption", Holds::Quantity),
    (10, "poolSize", Holds::Text),
    (11, "dilutionType", Holds::Concept),
];

pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, tcd: Segment<'_, 'a>) -> Option<Extension<'a>> {
    detail::extension(cx, tcd, TEST, DETAILS)
}
