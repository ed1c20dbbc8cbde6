//! `convert`: one message to one Bundle.

use fhir::{Bundle, Identifier};
use hl7v2::{Message, ParseError, ParseOptions, Place};

use crate::context::{Context, trim};
use crate::conversion::{Conversion, Merge, Order, Refusal, Sender};
use crate::datatype::xon;
use crate::identity::IdentityKey;
use crate::message::{self, Event};
use crate::nl_core;
use crate::notice;
use crate::profile::Profiles;
use crate::segment::{evn, msh, z};

/// What a conversion needs beside the message.
#[derive(Debug, Clone)]
pub struct ConvertOptions {
    /// The profiles of the senders.
    pub profiles: Profiles,
    /// The key under which patient identifiers become pseudonyms.
    pub key: IdentityKey,
}

impl ConvertOptions {
    /// No sender known, and the published demonstration key.
    pub fn demonstration() -> Self {
        Self { profiles: Profiles::builtin(), key: IdentityKey::demonstration() }
    }
}

/// Says in FHIR what one message asserts.
///
/// # Errors
/// A [`Refusal`] when the bytes are no HL7 v2 message, the event is not supported, or the message lacks
/// what its event is about.
pub fn convert<'a>(bytes: &'a [u8], options: &'a ConvertOptions) -> Result<Conversion<'a>, Refusal> {
    let mut message = Message::parse(bytes).map_err(|error| damaged(&error))?;
    let profile = options.profiles.for_message(&message);
    if profile.character_set.is_some() {
        let in_charset = ParseOptions { charset: profile.character_set, ..ParseOptions::default() };
        message = Message::parse_with(bytes, &in_charset).map_err(|error| damaged(&error))?;
    }
    let control_id = trim(message.header().field(10).value().text()).into_owned();
    let event = Event::of(&message);
    let mut cx = Context::new(&message, profile, &options.key);
    let converted = message::convert(&mut cx, &event).and_then(|()| not_too_many_copies(&cx));
    converted.map_err(|refusal| Refusal {
        control_id: Some(control_id.clone()),
        event: Some(event.name.clone()),
        ..refusal
    })?;
    // Most kinds of message have no place for it in HL7, and it says there what it says elsewhere.
    message.segment("EVN").into_iter().for_each(|evn| evn::convert(&mut cx, evn));
    z::convert(&mut cx);
    let notice = notice::of(&mut cx, &event);
    let parts = finish(cx, &event);
    Ok(Conversion {
        bundle: parts.bundle,
        notes: parts.notes,
        deletions: parts.deletions,
        gone: parts.gone,
        presumed: parts.presumed,
        snapshots: parts.snapshots,
        visit_events: parts.visit_events,
        known_through: parts.known_through,
        merges: parts.merges,
        moves: parts.moves,
        unlinks: parts.unlinks,
        patients: parts.patients,
        order: parts.order,
        event: event.name,
        control_id,
        sender: parts.sender,
        profile: &profile.name,
        notice,
        demonstration_key: options.key.is_demonstration(),
        warnings: parts.warnings,
        local_codes: parts.local_codes,
        ledger: parts.ledger,
        message,
    })
}

fn not_too_many_copies(cx: &Context<'_, '_>) -> Result<(), Refusal> {
    let text = "the message says so much of so many things at once that it cannot be written";
    cx.too_many_copies.map_or(Ok(()), |at| Err(refuse("too-many-copies", at, text)))
}

/// What is left of a context when the message is let go.
struct Parts<'a> {
    bundle: Bundle<'a>,
    notes: Vec<crate::EntryNote>,
    deletions: Vec<crate::Deletion>,
    gone: Vec<(uuid::Uuid, String)>,
    presumed: Vec<crate::Presumed>,
    snapshots: Vec<crate::Snapshot>,
    visit_events: Vec<crate::VisitEvent>,
    known_through: Vec<crate::KnownThrough>,
    merges: Vec<Merge>,
    moves: Vec<crate::Move>,
    unlinks: Vec<crate::Unlink>,
    patients: Vec<crate::PatientIdentity>,
    order: Order,
    sender: Sender,
    warnings: Vec<crate::Warning>,
    local_codes: Vec<hl7v2::Place>,
    ledger: crate::ledger::Ledger,
}

fn finish<'a>(mut cx: Context<'_, 'a>, event: &Event) -> Parts<'a> {
    let header = cx.message.header();
    let digest = cx.digest_bytes();
    msh::convert(&mut cx, event, &digest);
    xon::settle(&mut cx);
    nl_core::claim(&mut cx);
    let mut bundle = Bundle::transaction(std::mem::take(&mut cx.entries));
    (bundle.timestamp, bundle.timestamp_ext) = cx.instant(header.field(7).value());
    bundle.identifier = cx
        .write(header.field(10).value())
        .map(|value| Identifier { value: Some(value), ..Identifier::default() });
    let recorded = cx.message.segment("EVN").and_then(|evn| cx.timestamp(evn.field(2).value()));
    let (first, _) = digest.split_at(8);
    let order = Order {
        at: recorded.or_else(|| cx.timestamp(header.field(7).value())),
        sequence: header.field(13).value().text().trim().parse().ok(),
        tie: first.iter().fold(0, |tie, byte| (tie << 8) | u64::from(*byte)),
    };
    let (application, facility) = cx.sender;
    Parts {
        bundle,
        notes: cx.notes,
        deletions: cx.deletions,
        gone: cx.gone,
        presumed: cx.presumed,
        snapshots: cx.listings.into_snapshots(),
        visit_events: cx.visit_events,
        known_through: cx.known_through,
        merges: cx.merges,
        moves: cx.moves,
        unlinks: cx.unlinks,
        patients: cx.patients,
        order,
        sender: Sender { application: application.into_owned(), facility: facility.into_owned() },
        warnings: cx.warnings,
        local_codes: cx.local_codes,
        ledger: cx.ledger,
    }
}

fn damaged(error: &ParseError) -> Refusal {
    let at = match (error.place(), error.offset()) {
        (Some(place), _) => place.to_string(),
        (None, Some(offset)) => format!("byte {offset}"),
        (None, None) => String::from("byte 0"),
    };
    Refusal { code: error.code(), at, text: error.to_string(), control_id: None, event: None }
}

/// A refusal at a place.
pub(crate) fn refuse(code: &'static str, at: Place, text: &str) -> Refusal {
    Refusal { code, at: at.to_string(), text: text.to_owned(), control_id: None, event: None }
}
