//! INV: reagents and other substances in a container (HL7 v2.5.1 §13.4.4), on the container of the specimen.

use fhir::Extension;
use hl7v2::Segment;

use super::detail::{self, Detail, Holds};
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

const DETAILS: &[Detail] = &[
    (1, "substance", Holds::Concept),
    (2, "status", Holds::Concept),
    (3, "type", Holds::Concept),
    (4, "container", Holds::Concept),
    (5, "carrier", Holds::Concept),
    (6, "position", Holds::Concept),
    (7, "initialQuantity", Holds::Measure(11)),
    (8, "currentQuantity", Holds::Measure(11)),
    (9, "availableQuantity", Holds::Measure(11)),
    (10, "consumedQuantity", Holds::Measure(11)),
    (12, "expires", Holds::Time),
    (13, "firstUsed", Holds::Time),
    (14, "stability", Holds::Text),
    (15, "test", Holds::Concept),
    (16, "lotNumber", Holds::Text),
    (17, "manufacturer", Holds::Concept),
    (18, "supplier", Holds::Concept),
    (19, "stabilityTime", Holds::Quantity),
    (20, "targetValue", Holds::Quantity),
    (21, "equipmentState", Holds::Concept),
    (22, "equipmentStateValue", Holds::Text),
];

pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, inv: Segment<'_, 'a>) -> Option<Extension<'a>> {
    detail::extension(cx, inv, INVENTORY, DETAILS)
}
