//! PDA: death and autopsy (HL7 v2.5.1 §3.4.13). No official map: FHIR has an element for the time of death alone
//! (PID-29), so the rest is an extension of the Patient.

use hl7v2::Segment;

use super::more::{self, Form, More, more};
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

const EXTENSIONS: &[More] = &[
    more!("PDA", 1, "v2-death-cause", Form::Concept(None)),
    more!("PDA", 2, "v2-death-location", Form::Location),
    more!("PDA", 3, "v2-death-certified", Form::YesNo),
    more!("PDA", 4, "v2-death-certificate-signed", Form::DateTime),
    more!("PDA", 5, "v2-death-certified-by", Form::Professional),
    more!("PDA", 6, "v2-autopsy", Form::YesNo),
    more!("PDA", 7, "v2-autopsy-period", Form::Period),
    more!("PDA", 8, "v2-autopsy-performed-by", Form::Professional),
    more!("PDA", 9, "v2-coroner", Form::YesNo),
];

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pda: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
) {
    let id = patient.id;
    more::extensions(cx, pda, id, EXTENSIONS, &mut patient.resource.extension);
}
