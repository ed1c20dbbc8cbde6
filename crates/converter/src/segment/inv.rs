//! INV: reagents and other substances in a container (HL7 v2.5.1 §13.4.4), on the container of the specimen.

use fhir::Extension;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, parts_of};
use crate::context::Context;
use crate::mapping::{Map, to};

const INVENTORY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-inventory";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "INV",
    name: "Inventory Detail",
    fields: &[
        "Substance Identifier",
        "Substance Status",
        "Substance Type",
        "Inventory Container Identifier",
        "Container Carrier Identifier",
        "Position on Carrier",
        "Initial Quantity",
        "Current Quantity",
        "Available Quantity",
        "Consumption Quantity",
        "Quantity Units",
        "Expiration Date/Time",
        "First Used Date/Time",
        "On Board Stability Duration",
        "Test/Fluid Identifier(s)",
        "Manufacturer Lot Number",
        "Manufacturer Identifier",
        "Supplier Identifier",
        "On Board Stability Time",
        "Target Value",
        "Equipment State Indicator Type Code",
        "Equipment State Value",
    ],
    rows: &[
        to(1, "Specimen.container.extension(v2-inventory).extension(substance)"),
        to(2, "Specimen.container.extension(v2-inventory).extension(status)"),
        to(3, "Specimen.container.extension(v2-inventory).extension(type)"),
        to(4, "Specimen.container.extension(v2-inventory).extension(container)"),
        to(5, "Specimen.container.extension(v2-inventory).extension(carrier)"),
        to(6, "Specimen.container.extension(v2-inventory).extension(position)"),
        to(7, "Specimen.container.extension(v2-inventory).extension(initialQuantity)"),
        to(8, "Specimen.container.extension(v2-inventory).extension(currentQuantity)"),
        to(9, "Specimen.container.extension(v2-inventory).extension(availableQuantity)"),
        to(10, "Specimen.container.extension(v2-inventory).extension(consumedQuantity)"),
        to(11, "Specimen.container.extension(v2-inventory).extension(initialQuantity)"),
        to(12, "Specimen.container.extension(v2-inventory).extension(expires)"),
        to(13, "Specimen.container.extension(v2-inventory).extension(firstUsed)"),
        to(14, "Specimen.container.extension(v2-inventory).extension(stability)"),
        to(15, "Specimen.container.extension(v2-inventory).extension(test)"),
        to(16, "Specimen.container.extension(v2-inventory).extension(lotNumber)"),
        to(17, "Specimen.container.extension(v2-inventory).extension(manufacturer)"),
        to(18, "Specimen.container.extension(v2-inventory).extension(supplier)"),
        to(19, "Specimen.container.extension(v2-inventory).extension(stabilityTime)"),
        to(20, "Specimen.container.extension(v2-inventory).extension(targetValue)"),
        to(21, "Specimen.container.extension(v2-inventory).extension(equipmentState)"),
        to(22, "Specimen.container.extension(v2-inventory).extension(equipmentStateValue)"),
    ],
};

const DETAILS: &[Beside] = parts_of![
    1 "substance" Is::Concept,
    2 "status" Is::Concept,
    3 "type" Is::Concept,
    4 "container" Is::Concept,
    5 "carrier" Is::Concept,
    6 "position" Is::Concept,
    7 "initialQuantity" Is::Measure(11),
    8 "currentQuantity" Is::Measure(11),
    9 "availableQuantity" Is::Measure(11),
    10 "consumedQuantity" Is::Measure(11),
    12 "expires" Is::Time,
    13 "firstUsed" Is::Time,
    14 "stability" Is::Verbatim,
    15 "test" Is::Concept,
    16 "lotNumber" Is::Verbatim,
    17 "manufacturer" Is::Concept,
    18 "supplier" Is::Concept,
    19 "stabilityTime" Is::Quantity,
    20 "targetValue" Is::Quantity,
    21 "equipmentState" Is::Concept,
    22 "equipmentStateValue" Is::Verbatim,
];

pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, inv: Segment<'_, 'a>) -> Option<Extension<'a>> {
    beside::whole(cx, inv, INVENTORY, DETAILS)
}
