//! MFI and MFE: which master file, and what happens to a record of it (HL7 v2.5.1 §8.5.1, §8.5.2).

use fhir::{Extension, ExtensionValue};
use hl7v2::Segment;

use super::beside::{self, Beside, Is, beside};
use super::stf::Record;
use crate::context::{Context, add_new};
use crate::datatype::{cwe, xcn};
use crate::mapping::{Map, left, to};
use crate::segment::evn::agent;

const MASTER_FILE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-master-file";

/// The file, on the message's Provenance.
pub(crate) fn file<'m, 'a>(cx: &mut Context<'m, 'a>, mfi: Segment<'m, 'a>) {
    let mut provenance = std::mem::take(&mut cx.provenance);
    if let Some(file) = cwe::concept(cx, mfi.field(1).first(), "MFI-1", None) {
        let file = Extension::new(MASTER_FILE, ExtensionValue::CodeableConcept(Box::new(file)));
        add_new(&mut provenance.extension, [file]);
    }
    (provenance.recorded, provenance.recorded_ext) = cx.instant(mfi.field(4).value());
    cx.provenance = provenance;
}

/// What becomes of the record; and who entered it.
pub(crate) fn record<'m, 'a>(cx: &mut Context<'m, 'a>, mfe: Segment<'m, 'a>) -> Record {
    let who = xcn::professional(cx, mfe.field(7).first()).map(xcn::Professional::reference);
    add_new(&mut cx.provenance.agent, who.map(|who| agent("enterer", who)));
    let code = mfe.field(1).value();
    match code.text().trim().to_ascii_uppercase().as_str() {
        "MDL" | "MDC" => {
            cx.mark(code);
            Record::Inactive
        }
        "MAD" | "MUP" | "MAC" | "" => {
            cx.mark(code);
            Record::Active
        }
        _ => {
            cx.warn(code.place(), "unknown-code");
            Record::Active
        }
    }
}

/// When it holds from, and when it was entered: beside the practitioner.
pub(crate) fn moments<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mfe: Segment<'m, 'a>,
    owner: uuid::Uuid,
) -> Vec<Extension<'a>> {
    beside::extensions(cx, mfe, BESIDE, owner)
}

/// What becomes of the fields of MFI.
pub(crate) const MFI: Map = Map {
    segment: "MFI",
    name: "Master File Identification",
    fields: &[
        "Master File Identifier",
        "Master File Application Identifier",
        "File Level Event Code",
        "Entered Date Time",
        "Effective Date Time",
        "Response Level Code",
    ],
    rows: &[
        to(1, "Provenance.extension(v2-master-file)"),
        left(2, "the application whose file it is: MSH-3 says who sends it"),
        left(3, "whether records or the whole file are sent: each record is taken for itself"),
        to(4, "Provenance.recorded"),
        left(5, "each record says since when it holds (MFE-3)"),
        left(6, "what the sender wants to be answered"),
    ],
};

/// What becomes of the fields of MFE.
pub(crate) const MAP: Map = Map {
    segment: "MFE",
    name: "Master File Entry",
    fields: &[
        "Record Level Event Code",
        "Mfn Control ID",
        "Effective Date Time",
        "Primary Key Value",
        "Primary Key Value Type",
        "Entered Date Time",
        "Entered By",
    ],
    rows: &[
        to(1, "Practitioner.active"),
        left(2, "a number for the answer to the message"),
        to(3, "Practitioner.extension(v2-mfe-effective-date-time)"),
        left(4, "the key of the record: STF-1 repeats it"),
        left(5, "the datatype of the key"),
        to(6, "Practitioner.extension(v2-mfe-entered-date-time)"),
        to(7, "Provenance.agent"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    3 "mfe-effective-date-time" Is::Time,
    6 "mfe-entered-date-time" Is::Time,
];
