//! Who ordered, who read a result and who gets a copy, as v2.7 and later tell it: by PRT in place of OBR-16, 28, 32
//! and 33 and ORC-12 (HL7 v2.7 §7.4.1, table 0912). All that a PRT says stands where [`super::super::prt`] writes it;
//! here it also gets to the element that FHIR has for it, where it is looked for in messages of any version.

use fhir::{Extension, ExtensionValue, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::COPIES;
use crate::context::{Context, add_new};
use crate::datatype::{xcn, xon};
use crate::segment::participation::ends;

/// What a PRT stands for.
#[derive(Clone, Copy)]
enum For {
    /// OBR-16, ORC-12.
    Ordering,
    /// OBR-28.
    Copy,
    /// OBR-32, OBR-33.
    Interpreting,
}

/// Writes the participants of an order to its request and its report.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    [request, report]: [Option<Uuid>; 2],
) {
    if ends(prt, 2) {
        return;
    }
    let stands_for = match prt.field(4).value().text().trim().to_ascii_uppercase().as_str() {
        "OP" => For::Ordering,
        "RCT" => For::Copy,
        "PI" | "PRI" | "AI" | "ARI" => For::Interpreting,
        _ => return,
    };
    let organization = xon::organization(cx, prt.field(8).first());
    for repetition in prt.field(5).repetitions() {
        let who = xcn::professional_of(cx, repetition, organization).map(xcn::Professional::reference);
        let Some(who) = who else { continue };
        for id in [request, report].into_iter().flatten() {
            write(cx.entry(id), stands_for, &who);
        }
    }
}

fn write<'a>(entry: Option<&mut Resource<'a>>, stands_for: For, who: &Reference<'a>) {
    let copy = || Extension::new(COPIES, ExtensionValue::Reference(Box::new(who.clone())));
    match (entry, stands_for) {
        (Some(Resource::ServiceRequest(request)), For::Ordering) => {
            request.requester.get_or_insert_with(|| who.clone());
        }
        (Some(Resource::ServiceRequest(request)), For::Copy) => add_new(&mut request.extension, [copy()]),
        (Some(Resource::DiagnosticReport(report)), For::Copy) => add_new(&mut report.extension, [copy()]),
        (Some(Resource::DiagnosticReport(report)), For::Interpreting) => {
            add_new(&mut report.results_interpreter, [who.clone()]);
        }
        _ => {}
    }
}
