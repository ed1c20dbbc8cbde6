//! PDA: death and autopsy (HL7 v2.5.1 §3.4.13). No official map: FHIR has an element for the time of death alone
//! (PID-29), so the rest is an extension of the Patient.

use hl7v2::Segment;

use super::beside::{self, Beside, Is, beside};
use super::pid::PatientDraft;
use crate::context::Context;
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PDA",
    name: "Patient Death and Autopsy",
    fields: &[
        "Death Cause Code",
        "Death Location",
        "Death Certified Indicator",
        "Death Certificate Signed Date/Time",
        "Death Certified By",
        "Autopsy Indicator",
        "Autopsy Start and End Date/Time",
        "Autopsy Performed By",
        "Coroner Indicator",
    ],
    rows: &[
        to(1, "Patient.extension(v2-death-cause)"),
        to(2, "Patient.extension(v2-death-location)"),
        to(3, "Patient.extension(v2-death-certified)"),
        to(4, "Patient.extension(v2-death-certificate-signed)"),
        to(5, "Patient.extension(v2-death-certified-by)"),
        to(6, "Patient.extension(v2-autopsy)"),
        to(7, "Patient.extension(v2-autopsy-period)"),
        to(8, "Patient.extension(v2-autopsy-performed-by)"),
        to(9, "Patient.extension(v2-coroner)"),
    ],
};

const EXTENSIONS: &[Beside] = beside![
    1 "death-cause" Is::Concept,
    2 "death-location" Is::Place,
    3 "death-certified" Is::Flag,
    4 "death-certificate-signed" Is::Time,
    5 "death-certified-by" Is::Person,
    6 "autopsy" Is::Flag,
    7 "autopsy-period" Is::Span,
    8 "autopsy-performed-by" Is::Person,
    9 "coroner" Is::Flag,
];

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pda: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
) {
    let id = patient.id;
    patient.resource.extension.extend(beside::extensions(cx, pda, EXTENSIONS, id));
}
