//! MDM: documents (HL7 v2.5.1 chapter 9).
//!
//! A document is known by its unique number (TXA-12), in whichever of these messages it comes: T01 announces
//! it and T02 brings it, in any order; T03 to T11 change what stands. So a message says what it says and leaves
//! the rest as it is: a change of status keeps the content. What was observed beside the document (OBX that
//! are no text) are Observations, and the order that it answers (ORC, OBR, TXA-14, TXA-15) is a ServiceRequest.

use fhir::{Reference, Resource};
use hl7v2::{Place, Segment};
use uuid::Uuid;

use super::adt::{self, Adt};
use super::group::Noted;
use super::{Says, mentioned};
use crate::context::{Context, add_new};
use crate::conversion::{Authority, EntryNote, Refusal};
use crate::convert::refuse;
use crate::mapping::{Event as EventRow, official, own};
use crate::null;
use crate::segment::obx::content;
use crate::segment::{con, prt, txa};

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    own("T01", "original document", "DocumentReference, without its content"),
    official("T02", "original document and content", "DocumentReference"),
    own("T03", "document status change", "the status of the DocumentReference; its content stays"),
    own("T04", "document status change and content", "the status and content of the DocumentReference"),
    own("T05", "document addendum", "a DocumentReference that appends another"),
    own("T06", "document addendum and content", "a DocumentReference that appends another"),
    own("T07", "document edit", "the DocumentReference is edited, with a Provenance of the edit"),
    own("T08", "document edit and content", "the DocumentReference has other content"),
    own("T09", "document replacement", "a DocumentReference that replaces another, which is superseded"),
    own("T10", "document replacement and content", "the same with content"),
    own("T11", "document cancel", "the DocumentReference is entered in error"),
];

/// What happened to the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is new, further or otherwise far: T01 to T08.
    Told,
    /// T09, T10.
    Replaced,
    /// T11.
    Cancelled,
}

/// A document and what belongs to it.
#[derive(Default)]
pub(crate) struct Told<'m, 'a> {
    pub(crate) txa: Option<Segment<'m, 'a>>,
    pub(crate) notes: Vec<Segment<'m, 'a>>,
    pub(crate) content: Vec<Noted<'m, 'a>>,
    pub(crate) participants: Vec<Segment<'m, 'a>>,
}

/// Converts a document message. Its PID only mentions the patient.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Mention;
    let change = match event.trigger.as_str() {
        "T09" | "T10" => Change::Replaced,
        "T11" => Change::Cancelled,
        _ => Change::Told,
    };
    let message = cx.message;
    if message.segment("TXA").is_none() {
        let text = "a document message is about a document, and there is no TXA";
        return Err(refuse("no-document", Place::of_segment(*b"TXA", 1), text));
    }
    let mut groups = super::oru::patients(cx, "a document is about a patient, and there is no PID")?;
    // What stands before the first patient is about him all the same.
    let before = message.segments().take_while(|segment| segment.id() != "PID");
    let before = before.filter(|segment| !matches!(segment.id(), "MSH" | "SFT" | "UAC" | "EVN"));
    if let Some(first) = groups.first_mut() {
        first.extend(before);
    }
    for group in groups {
        patient(cx, change, &group)?;
    }
    Ok(())
}

/// One patient, the orders, and the documents.
fn patient<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    change: Change,
    group: &[Segment<'m, 'a>],
) -> Result<(), Refusal> {
    let (mut rest, documents) = sort(group);
    // What was observed is no content of the document.
    let mut observed = Vec::new();
    let documents: Vec<Told<'m, 'a>> = documents
        .into_iter()
        .map(|mut told| {
            let (content, other) = told.content.into_iter().partition(|one| content::is_content(one.segment));
            told.content = content;
            observed.extend::<Vec<Noted<'m, 'a>>>(other);
            told
        })
        .collect();
    let orders = rest.iter().position(|segment| matches!(segment.id(), "ORC" | "OBR")).unwrap_or(rest.len());
    let of_visit = observed.iter().flat_map(|one| std::iter::once(one.segment).chain(one.notes.clone()));
    rest.splice(orders..orders, of_visit);
    let before = cx.entries.len();
    adt::patient_group(cx, Adt::MENTION, Says::Documents, &rest)?;
    let Some(patient) = cx.patients.last().map(|patient| patient.id) else { return Ok(()) };
    let made = |kind: &str| -> Vec<Uuid> {
        let new = cx.entries.iter().skip(before).filter(|entry| entry.resource.kind() == kind);
        new.map(|entry| entry.full_url.0).collect()
    };
    let encounter = made("Encounter").first().copied();
    let mut about: Vec<Uuid> = [made("ServiceRequest"), made("Observation")].concat();
    for con in group.iter().filter(|segment| segment.id() == "CON") {
        add_new(&mut about, con::convert(cx, *con, patient));
    }
    for told in documents {
        document(cx, change, &told, txa::Of { patient, encounter }, &about);
    }
    Ok(())
}

/// Sorts out what belongs to a document: TXA, the OBX, and the NTE behind either of them.
fn sort<'m, 'a>(group: &[Segment<'m, 'a>]) -> (Vec<Segment<'m, 'a>>, Vec<Told<'m, 'a>>) {
    let mut rest = Vec::new();
    let mut documents = vec![Told::default()];
    let mut in_document = false;
    for &segment in group {
        let Some(last) = documents.last_mut() else { break };
        match segment.id() {
            "TXA" if last.txa.is_some() => {
                documents.push(Told { txa: Some(segment), ..Told::default() });
                in_document = true;
            }
            "TXA" => {
                last.txa = Some(segment);
                in_document = true;
            }
            "OBX" => {
                last.content.push(Noted { segment, notes: Vec::new() });
                in_document = true;
            }
            "PRT" if in_document => last.participants.push(segment),
            "NTE" if in_document => match last.content.last_mut() {
                Some(part) => part.notes.push(segment),
                None => last.notes.push(segment),
            },
            _ => {
                rest.push(segment);
                in_document = false;
            }
        }
    }
    documents.retain(|told| told.txa.is_some());
    (rest, documents)
}

/// A document that a message of another kind tells of: an order or result with a TXA (HL7 v2.8 lets OUL and ORU have
/// them), or whatever else a sender puts one behind.
pub(super) fn beside<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    told: &Told<'m, 'a>,
    of: txa::Of,
    about: Option<Uuid>,
) {
    document(cx, Change::Told, told, of, about.as_slice());
}

fn document<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    change: Change,
    told: &Told<'m, 'a>,
    of: txa::Of,
    about: &[Uuid],
) {
    let Some(txa) = told.txa else { return };
    let mut document = txa::convert(cx, txa, change, of);
    let Some(id) = document.id else { return };
    if cx.has(id) {
        // Twice the same number: the first stands.
        cx.warn(txa.place(), "document-twice");
        for field in txa.fields() {
            cx.unmark(field);
        }
        return;
    }
    content::convert(cx, &told.content, &told.notes, &mut document);
    let has_content = !document.content.is_empty();
    if !has_content {
        txa::no_content(cx, &mut document);
    }
    txa::presentation(cx, txa, has_content, &mut document);
    let mut related: Vec<Reference<'a>> = about.iter().copied().map(Reference::to).collect();
    let (placers, fillers) = (txa.field(14), txa.field(15));
    let count = placers.repetition_count().max(fillers.repetition_count());
    let (mut placers, mut fillers) = (placers.repetitions(), fillers.repetitions());
    for _ in 0..count {
        let request = mentioned::request(cx, placers.next(), fillers.next(), Some(of.patient));
        add_new(&mut related, request.map(Reference::to));
    }
    if !related.is_empty() {
        document.context.get_or_insert_default().related = related;
    }
    txa::edits(cx, txa, &document);
    cx.put_as(id, document, EntryNote { authority: Authority::Registration, asserted: None });
    null::obey(cx, txa, &[("DocumentReference", id)]);
    for participant in &told.participants {
        prt::convert(cx, *participant, of.patient, Some(id));
    }
    debug_assert!(matches!(cx.entry(id), Some(Resource::DocumentReference(_))));
}
