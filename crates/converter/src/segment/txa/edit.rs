//! TXA-8: who edited a document, when and why. Each edit is a Provenance of its own.

use fhir::{CodeableConcept, Coding, DocumentReference, Provenance, Reference, system};
use hl7v2::Segment;

use crate::context::{Context, trim};
use crate::conversion::{Authority, EntryNote};
use crate::identity::rule;
use crate::segment::evn::agent;

const DATA_OPERATION: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";

/// Puts a Provenance for each edit of the document; the reason of the change (TXA-21) stands there, or, where
/// no edit is named, with the message.
pub(crate) fn edits<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    txa: Segment<'m, 'a>,
    document: &DocumentReference<'a>,
) {
    let Some(id) = document.id else { return };
    let reason = cx.write(txa.field(21).value()).map(CodeableConcept::text);
    let edits: Vec<_> = txa.field(8).repetitions().filter(|edit| edit.value().is_present()).collect();
    if edits.is_empty() {
        cx.provenance.reason.extend(reason);
        return;
    }
    for edit in edits {
        let time = trim(edit.value().text());
        let key = id.hyphenated().to_string();
        let provenance_id = cx.id(&rule::PROVENANCE_OF_EDIT, &[&[&key], &[&time]], edit.place());
        let (recorded, recorded_ext) = cx.instant(edit.value());
        if cx.has(provenance_id) {
            continue;
        }
        let update = Coding::new(DATA_OPERATION, "UPDATE").with_display("revise");
        let mut provenance = Provenance {
            id: Some(provenance_id),
            target: vec![Reference::to(id)],
            recorded,
            recorded_ext,
            reason: reason.clone().into_iter().collect(),
            activity: Some(CodeableConcept::of(update)),
            ..Provenance::default()
        };
        provenance.agent.extend(document.author.iter().cloned().map(|who| agent("author", who)));
        if provenance.agent.is_empty() {
            let unknown = fhir::Extension::code(system::DATA_ABSENT_REASON, "unknown");
            let who = Reference { extension: vec![unknown], ..Reference::default() };
            provenance.agent.push(agent("author", who));
        }
        let note = EntryNote { authority: Authority::Registration, asserted: None };
        cx.put_as(provenance_id, provenance, note);
    }
}
