//! SAC: the container of a specimen (HL7 v2.5.1 §13.4.3), on the specimen that is in it.

use fhir::{CodeableConcept, Extension, ExtensionValue, Specimen, SpecimenContainer, system};
use hl7v2::Segment;

use super::beside::{self, Beside, Is, parts_of};
use super::{inv, spm};
use crate::context::{Context, add_new};
use crate::datatype::{cq, cwe, hd};
use crate::mapping::{Map, to};
use crate::message::group::Container;
use crate::table;

/// What FHIR has no element for.
const CONTAINER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-specimen-container";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "SAC",
    name: "Specimen Container Detail",
    fields: &[
        "External Accession Identifier",
        "Accession Identifier",
        "Container Identifier",
        "Primary (Parent) Container Identifier",
        "Equipment Container Identifier",
        "Specimen Source",
        "Registration Date/Time",
        "Container Status",
        "Carrier Type",
        "Carrier Identifier",
        "Position in Carrier",
        "Tray Type - SAC",
        "Tray Identifier",
        "Position in Tray",
        "Location",
        "Container Height",
        "Container Diameter",
        "Barrier Delta",
        "Bottom Delta",
        "Container Height/Diameter/Delta Units",
        "Container Volume",
        "Available Specimen Volume",
        "Initial Specimen Volume",
        "Volume Units",
        "Separator Type",
        "Cap Type",
        "Additive",
        "Specimen Component",
        "Dilution Factor",
        "Treatment",
        "Temperature",
        "Hemolysis Index",
        "Hemolysis Index Units",
        "Lipemia Index",
        "Lipemia Index Units",
        "Icterus Index",
        "Icterus Index Units",
        "Fibrin Index",
        "Fibrin Index Units",
        "System Induced Contaminants",
        "Drug Interference",
        "Artificial Blood",
        "Special Handling Code",
        "Other Environmental Factors",
        "Container Length",
        "Container Width",
        "Container Form",
        "Container Material",
        "Container Common Name",
    ],
    rows: &[
        to(1, "Specimen.identifier"),
        to(2, "Specimen.accessionIdentifier"),
        to(3, "Specimen.container.identifier"),
        to(4, "Specimen.container.extension(v2-specimen-container).extension(parent)"),
        to(5, "Specimen.container.identifier"),
        to(6, "Specimen.type"),
        to(7, "Specimen.container.extension(v2-specimen-container).extension(registered)"),
        to(8, "Specimen.container.extension(v2-specimen-container).extension(status)"),
        to(9, "Specimen.container.extension(v2-specimen-container).extension(carrierType)"),
        to(10, "Specimen.container.extension(v2-specimen-container).extension(carrier)"),
        to(11, "Specimen.container.extension(v2-specimen-container).extension(positionInCarrier)"),
        to(12, "Specimen.container.extension(v2-specimen-container).extension(trayType)"),
        to(13, "Specimen.container.extension(v2-specimen-container).extension(tray)"),
        to(14, "Specimen.container.extension(v2-specimen-container).extension(positionInTray)"),
        to(15, "Specimen.container.extension(v2-specimen-container).extension(location)"),
        to(16, "Specimen.container.extension(v2-specimen-container).extension(height)"),
        to(17, "Specimen.container.extension(v2-specimen-container).extension(diameter)"),
        to(18, "Specimen.container.extension(v2-specimen-container).extension(barrierDelta)"),
        to(19, "Specimen.container.extension(v2-specimen-container).extension(bottomDelta)"),
        to(20, "Specimen.container.extension(v2-specimen-container).extension(height)"),
        to(21, "Specimen.container.capacity"),
        to(22, "Specimen.container.specimenQuantity"),
        to(23, "Specimen.container.extension(v2-specimen-container).extension(initialVolume)"),
        to(24, "Specimen.container.extension(v2-specimen-container).extension(initialVolume)"),
        to(25, "Specimen.container.extension(v2-specimen-container).extension(separator)"),
        to(26, "Specimen.container.extension(v2-specimen-container).extension(cap)"),
        to(27, "Specimen.container.additiveCodeableConcept"),
        to(28, "Specimen.container.extension(v2-specimen-container).extension(component)"),
        to(29, "Specimen.container.extension(v2-specimen-container).extension(dilution)"),
        to(30, "Specimen.container.extension(v2-specimen-container).extension(treatment)"),
        to(31, "Specimen.container.extension(v2-specimen-container).extension(temperature)"),
        to(32, "Specimen.container.extension(v2-specimen-container).extension(hemolysisIndex)"),
        to(33, "Specimen.container.extension(v2-specimen-container).extension(hemolysisIndex)"),
        to(34, "Specimen.container.extension(v2-specimen-container).extension(lipemiaIndex)"),
        to(35, "Specimen.container.extension(v2-specimen-container).extension(lipemiaIndex)"),
        to(36, "Specimen.container.extension(v2-specimen-container).extension(icterusIndex)"),
        to(37, "Specimen.container.extension(v2-specimen-container).extension(icterusIndex)"),
        to(38, "Specimen.container.extension(v2-specimen-container).extension(fibrinIndex)"),
        to(39, "Specimen.container.extension(v2-specimen-container).extension(fibrinIndex)"),
        to(40, "Specimen.container.extension(v2-specimen-container).extension(contaminant)"),
        to(41, "Specimen.container.extension(v2-specimen-container).extension(drugInterference)"),
        to(42, "Specimen.container.extension(v2-specimen-container).extension(artificialBlood)"),
        to(43, "Specimen.extension(specimen-specialHandling)"),
        to(44, "Specimen.container.extension(v2-specimen-container).extension(environment)"),
        to(45, "Specimen.container.extension(v2-specimen-container).extension(length)"),
        to(46, "Specimen.container.extension(v2-specimen-container).extension(width)"),
        to(47, "Specimen.container.extension(v2-specimen-container).extension(form)"),
        to(48, "Specimen.container.extension(v2-specimen-container).extension(material)"),
        to(49, "Specimen.container.extension(v2-specimen-container).extension(commonName)"),
    ],
};

const DETAILS: &[Beside] = parts_of![
    4 "parent" Is::Entity,
    7 "registered" Is::Time,
    8 "status" Is::Concept,
    9 "carrierType" Is::Concept,
    10 "carrier" Is::Entity,
    11 "positionInCarrier" Is::Verbatim,
    12 "trayType" Is::Concept,
    13 "tray" Is::Entity,
    14 "positionInTray" Is::Verbatim,
    15 "location" Is::Concept,
    16 "height" Is::Measure(20),
    17 "diameter" Is::Measure(20),
    18 "barrierDelta" Is::Measure(20),
    19 "bottomDelta" Is::Measure(20),
    23 "initialVolume" Is::Measure(24),
    25 "separator" Is::Concept,
    26 "cap" Is::Concept,
    28 "component" Is::Concept,
    29 "dilution" Is::Verbatim,
    30 "treatment" Is::Concept,
    31 "temperature" Is::Verbatim,
    32 "hemolysisIndex" Is::Measure(33),
    34 "lipemiaIndex" Is::Measure(35),
    36 "icterusIndex" Is::Measure(37),
    38 "fibrinIndex" Is::Measure(39),
    40 "contaminant" Is::Concept,
    41 "drugInterference" Is::Concept,
    42 "artificialBlood" Is::Concept,
    44 "environment" Is::Concept,
    45 "length" Is::Quantity,
    46 "width" Is::Quantity,
    47 "form" Is::Concept,
    48 "material" Is::Concept,
    49 "commonName" Is::Concept,
];

/// Puts the container of a SAC, and the substances of its INV, into the specimen.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    from: &Container<'m, 'a>,
    specimen: &mut Specimen<'a>,
) {
    let sac = from.sac;
    let mut container = SpecimenContainer::default();
    for n in [3, 5] {
        let number = hd::ei(cx, sac.field(n).first());
        add_new(&mut container.identifier, number);
    }
    accession(cx, sac, specimen);
    spm::of_source(cx, sac.field(6).first(), "SAC-6", specimen);
    container.capacity = cq::measure(cx, sac.field(21).value(), sac.field(24), "SAC-24");
    container.specimen_quantity = cq::measure(cx, sac.field(22).value(), sac.field(24), "SAC-24");
    for repetition in sac.field(27).repetitions() {
        let additive = cwe::concept(cx, repetition, "SAC-27", Some(table::specimen_additive));
        spm::add_additive(&mut container, additive);
    }
    let handling = beside::parts(cx, sac, &[Beside { field: 43, path: spm::HANDLING, is: Is::Concept }]);
    add_new(&mut specimen.extension, handling);
    let details = beside::parts(cx, sac, DETAILS);
    if !details.is_empty() {
        container.extension.push(Extension::new(CONTAINER, ExtensionValue::Parts(details)));
    }
    for segment in &from.inventory {
        container.extension.extend(inv::convert(cx, *segment));
    }
    if container != SpecimenContainer::default() {
        add_new(&mut specimen.container, [container]);
    }
}

/// SAC-1 is the number of the laboratory that sent the specimen on, SAC-2 the one of who has it.
fn accession<'a>(cx: &mut Context<'_, 'a>, sac: Segment<'_, 'a>, specimen: &mut Specimen<'a>) {
    for n in [2, 1] {
        let Some(mut number) = hd::ei(cx, sac.field(n).first()) else { continue };
        let same = |known: &fhir::Identifier<'a>| {
            (&known.system, &known.value, &known.assigner)
                == (&number.system, &number.value, &number.assigner)
        };
        if specimen.accession_identifier.as_ref().is_some_and(same) {
            continue;
        }
        if n == 2 && specimen.accession_identifier.is_none() {
            number.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "ACSN")));
            specimen.accession_identifier = Some(number);
            continue;
        }
        if specimen.identifier.iter().any(same) {
            continue;
        }
        number.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "ACSN")));
        specimen.identifier.push(number);
    }
}
