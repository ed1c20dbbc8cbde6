//! The framework of a conversion: what every segment and datatype converter is given.
//!
//! # How a message becomes a Bundle
//!
//! [`crate::convert`] parses the bytes, picks the sender's profile and makes a [`Context`]. A module of
//! `message/` walks the segments and calls `segment/*.rs`, which build resources out of `datatype/*.rs`
//! and hand them to [`Context::put`]. At the end the context becomes a [`crate::Conversion`].
//!
//! # The ledger: nothing is lost silently
//!
//! Every populated leaf of the message must end as *mapped*, *ignored by a named decision* or
//! *unmapped*. A leaf is known by its [`offset`](Value::offset); the [`Ledger`](crate::ledger::Ledger)
//! is one bit a byte. The rules for converters:
//!
//! - **Text that goes to the output** is taken with [`Context::write`], which marks the leaf and gives
//!   the decoded, trimmed text; `None` when there is nothing to write. Call it only when its result is
//!   really written.
//! - **Looking at a value** in a condition or for an id is `value.text()`: it marks nothing.
//! - **A code that is translated exactly** is marked with [`Context::mark`]; one translated with loss is
//!   written beside the translation ([`Context::code`] and `datatype/cwe.rs` do it).
//! - **What is left out on purpose** is a row `left` of the segment's [`Map`](crate::mapping::Map) (the usual
//!   case) or said on the spot with [`Context::ignore`].
//! - **A date that is none** keeps its text in an extension ([`Context::date_time`] and its siblings).
//!
//! # Empty, null, present
//!
//! In HL7 v2 an empty field means *unchanged* and `""` means *delete*. [`Context::given`] asks all
//! three at once: it is true when the field has a value, and notes a deletion of the FHIR element when
//! it is null.
//!
//! ```ignore
//! if cx.given(pid.field(7), id, "birthDate") {
//!     (patient.birth_date, patient.birth_date_ext) = cx.date(pid.field(7).value(), Some(BIRTH_TIME));
//! }
//! ```
//!
//! # Entries
//!
//! [`Context::put`] adds a resource under its id; [`Context::entry`] finds one that this message put
//! already, so that the same organisation named twice is one entry. [`Context::registers`] says whether
//! the message is the source of patient data ([`Authority::Registration`]) or only mentions a patient.

mod bound;
mod code;
pub(crate) mod extension;
mod listed;
mod time;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use fhir::{BundleEntry, Element, Extension, Reference, Resource};
use hl7v2::{Field, Message, Place, Segment, Value};
use jiff::Timestamp;
use uuid::Uuid;

use crate::conversion::{
    Authority, Deletion, EntryNote, KnownThrough, Merge, Move, PatientIdentity, Presumed, Unlink, VisitEvent,
    Warning,
};
use crate::identity::{IdentityKey, Ids, Rule};
use crate::ledger::Ledger;
use crate::profile::SenderProfile;
use crate::segment::obx::Positions;

pub(crate) use bound::{REFERENCE, add_new, add_new_by};
pub(crate) use listed::Listings;

/// The address of an extension of our own, by its name: what a field says for which FHIR has no element.
macro_rules! own {
    ($name:literal) => {
        concat!("https://zorgsluis.github.io/fhir/StructureDefinition/v2-", $name)
    };
}
pub(crate) use own;

/// What a conversion works with and builds up.
pub(crate) struct Context<'m, 'a> {
    /// The message.
    pub(crate) message: &'m Message<'a>,
    /// What is known about its sender.
    pub(crate) profile: &'a SenderProfile,
    /// The sender's application and facility (MSH-3.1, MSH-4.1), trimmed.
    pub(crate) sender: (Cow<'a, str>, Cow<'a, str>),
    /// Whether the message is the source of patient data or only mentions a patient.
    pub(crate) registers: Authority,
    /// What the event says of the account, where it is about one (BAR, DFT).
    pub(crate) accounting: Option<crate::message::billing::Accounting>,
    /// When what the message asserts was so: for entries put without an order of their own.
    pub(crate) asserted: Option<Timestamp>,
    pub(crate) entries: Vec<BundleEntry<'a>>,
    pub(crate) notes: Vec<EntryNote>,
    pub(crate) deletions: Vec<Deletion>,
    pub(crate) gone: Vec<(Uuid, String)>,
    pub(crate) presumed: Vec<Presumed>,
    pub(crate) listings: Listings,
    /// The events of visits.
    pub(crate) visit_events: Vec<VisitEvent>,
    pub(crate) known_through: Vec<KnownThrough>,
    pub(crate) merges: Vec<Merge>,
    pub(crate) moves: Vec<Move>,
    pub(crate) unlinks: Vec<Unlink>,
    pub(crate) patients: Vec<PatientIdentity>,
    /// The reports, and the segments that say who ordered them.
    pub(crate) reported: Vec<Reported<'m, 'a>>,
    /// What is known so far of where the content comes from; put with the MessageHeader at the end.
    pub(crate) provenance: fhir::Provenance<'a>,
    pub(crate) ledger: Ledger,
    /// How often each natural key came.
    pub(crate) positions: Positions,
    pub(crate) warnings: Vec<Warning>,
    /// Where a code stands that no code system is known of: see [`crate::LocalCode`].
    pub(crate) local_codes: Vec<Place>,
    /// Where among the entries the insurances stand.
    coverages: Vec<usize>,
    copied: usize,
    /// Where a message would need more copies than [`Context::may_copy`] allows.
    pub(crate) too_many_copies: Option<Place>,
    ids: Ids<'a>,
    digest: OnceCell<[u8; 32]>,
    by_id: HashMap<Uuid, usize>,
}

/// A report of the message, and what says who ordered it.
#[derive(Clone, Copy)]
pub(crate) struct Reported<'m, 'a> {
    pub(crate) id: Uuid,
    pub(crate) orc: Option<Segment<'m, 'a>>,
    pub(crate) obr: Segment<'m, 'a>,
}

/// A value that is text, or an extension that keeps what could not be one.
pub(crate) type OrOriginal<'a, T> = (Option<T>, Option<Element<'a>>);

impl<'m, 'a> Context<'m, 'a> {
    pub(crate) fn new(message: &'m Message<'a>, profile: &'a SenderProfile, key: &'a IdentityKey) -> Self {
        let header = message.header();
        let trimmed = |n: usize| trim(header.field(n).value().text());
        Self {
            message,
            profile,
            sender: (trimmed(3), trimmed(4)),
            registers: Authority::Registration,
            accounting: None,
            asserted: None,
            entries: Vec::with_capacity(24),
            notes: Vec::with_capacity(24),
            deletions: Vec::new(),
            gone: Vec::new(),
            presumed: Vec::new(),
            listings: Listings::default(),
            visit_events: Vec::new(),
            known_through: Vec::new(),
            merges: Vec::new(),
            moves: Vec::new(),
            unlinks: Vec::new(),
            patients: Vec::new(),
            reported: Vec::new(),
            provenance: fhir::Provenance::default(),
            positions: Positions::default(),
            ledger: Ledger::new(message.bytes().len()),
            warnings: warnings_of(message),
            local_codes: Vec::new(),
            coverages: Vec::new(),
            copied: 0,
            too_many_copies: None,
            ids: Ids::new(key),
            digest: OnceCell::new(),
            by_id: HashMap::with_capacity(24),
        }
    }

    // ---- identity

    /// The id by a rule; a rule of last resort warns at the place.
    pub(crate) fn id(&mut self, rule: &Rule, parts: &[&[&str]], at: Place) -> Uuid {
        if !rule.warning.is_empty() {
            self.warn(at, rule.warning);
        }
        self.ids.id(rule, parts)
    }

    /// A pseudonym of the whole message. Made once.
    pub(crate) fn digest_bytes(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| self.ids.key().pseudonym_of_bytes(self.message.bytes()))
    }

    /// The same as text.
    pub(crate) fn digest(&self) -> String {
        Self::hex(&self.digest_bytes())
    }

    /// Bytes as lower-case hexadecimal digits.
    pub(crate) fn hex(bytes: &[u8; 32]) -> String {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// Who stands behind names and numbers without an authority of their own: the sending facility,
    /// or the application when no facility is named. Part of natural keys.
    pub(crate) fn sender_key(&self) -> &str {
        if self.sender.1.is_empty() { &self.sender.0 } else { &self.sender.1 }
    }

    // ---- ledger

    /// The text of a leaf for the output: decoded, trimmed, marked as mapped. `None`, and nothing
    /// marked, when it is empty, null or blank.
    #[inline]
    pub(crate) fn write(&mut self, value: Value<'_, 'a>) -> Option<Cow<'a, str>> {
        // Asked of every component that a datatype may have, and most are absent: that is told where it is asked.
        if value.is_empty() { None } else { self.write_some(value) }
    }

    fn write_some(&mut self, value: Value<'_, 'a>) -> Option<Cow<'a, str>> {
        if value.is_null() {
            return None;
        }
        let text = trim(value.text());
        if text.is_empty() {
            self.ignore(value, "a value of blanks only says nothing");
            return None;
        }
        self.mark(value);
        Some(text)
    }

    /// The same for a FHIR `code`: no runs of white space inside.
    pub(crate) fn write_code(&mut self, value: Value<'_, 'a>) -> Option<Cow<'a, str>> {
        let text = self.write(value)?;
        // Nearly no code has a blank or a letter beyond ASCII in it.
        let odd = text.bytes().any(|b| b <= b' ' || !b.is_ascii())
            && (text.bytes().any(|b| b < b' ') || text.contains("  ") || text.contains('\u{a0}'));
        Some(if odd { Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ")) } else { text })
    }

    /// The leaf's content stands in the output.
    pub(crate) fn mark(&mut self, value: Value<'_, 'a>) {
        if !value.is_empty() {
            self.ledger.mark(value.offset());
        }
    }

    /// Whether the leaf's content stands in the output.
    pub(crate) fn is_marked(&self, value: Value<'_, 'a>) -> bool {
        self.ledger.is_marked(value.offset())
    }

    /// Whether the leaf stands in the output or is left out on purpose.
    pub(crate) fn is_accounted(&self, value: Value<'_, 'a>) -> bool {
        self.is_marked(value) || self.ledger.is_ignored(value.offset())
    }

    /// The leaf is left out on purpose.
    pub(crate) fn ignore(&mut self, value: Value<'_, 'a>, why: &'static str) {
        if !value.is_empty() {
            self.ledger.ignore(value.offset(), Cow::Borrowed(why));
        }
    }

    /// All leaves of a field are left out on purpose.
    pub(crate) fn ignore_field(&mut self, field: Field<'_, 'a>, why: &'static str) {
        for repetition in field.repetitions() {
            for component in repetition.components() {
                for value in component.subcomponents() {
                    self.ignore(value, why);
                }
            }
        }
    }

    /// What was marked in these bytes did not make it to the output after all.
    pub(crate) fn unmark(&mut self, field: Field<'_, 'a>) {
        for repetition in field.repetitions() {
            for component in repetition.components() {
                for value in component.subcomponents() {
                    self.ledger.unmark(value.offset());
                }
            }
        }
    }

    /// The same for one leaf.
    pub(crate) fn unmark_value(&mut self, value: Value<'_, 'a>) {
        self.ledger.unmark(value.offset());
    }

    /// Something odd: a place and a code, no values.
    pub(crate) fn warn(&mut self, at: Place, code: &'static str) {
        self.warnings.push(Warning { at, code });
    }

    /// A code that operators may want to map.
    pub(crate) fn local_code(&mut self, at: Place) {
        self.local_codes.push(Place {
            repetition: at.repetition.max(1),
            component: 0,
            subcomponent: 0,
            ..at
        });
    }

    /// The code that was last listed is known after all.
    pub(crate) fn is_known(&mut self, at: Place) {
        self.local_codes
            .pop_if(|last| (last.segment, last.nth, last.field) == (at.segment, at.nth, at.field));
    }

    // ---- empty, null, present

    /// Whether the field has a value. A null is noted as a deletion of `path` in the entry `id`.
    pub(crate) fn given(&mut self, field: Field<'_, 'a>, id: Uuid, path: &'static str) -> bool {
        if field.is_empty() {
            return false;
        }
        if field.is_null() {
            self.delete(field, id, path);
            return false;
        }
        true
    }

    /// Notes that the sender deletes an element.
    pub(crate) fn delete(&mut self, field: Field<'_, 'a>, id: Uuid, path: &'static str) {
        self.mark(field.value());
        self.deletions.push(Deletion { entry: id, path });
    }

    /// Notes that an element was filled because FHIR demands it, not because the message says it.
    pub(crate) fn presume(&mut self, id: Uuid, path: &'static str) {
        self.presumed.push(Presumed { entry: id, path });
    }

    // ---- entries

    /// Adds a resource to the Bundle. The id must be new in this message; see [`Context::entry`].
    pub(crate) fn put(&mut self, id: Uuid, resource: impl Into<Resource<'a>>) {
        let note = EntryNote { authority: self.registers, asserted: self.asserted };
        self.put_as(id, resource, note);
    }

    /// Adds a resource that has an authority or an order of its own.
    pub(crate) fn put_as(&mut self, id: Uuid, resource: impl Into<Resource<'a>>, note: EntryNote) {
        debug_assert!(!self.by_id.contains_key(&id), "an id stands once in a transaction");
        let at = self.entries.len();
        self.by_id.insert(id, at);
        let resource = resource.into();
        if matches!(resource, Resource::Coverage(_)) {
            self.coverages.push(at);
        }
        self.entries.push(BundleEntry::put(resource, id));
        self.notes.push(note);
    }

    /// The resource that this message put under the id, if it did.
    pub(crate) fn entry(&mut self, id: Uuid) -> Option<&mut Resource<'a>> {
        let at = *self.by_id.get(&id)?;
        self.entries.get_mut(at).map(|entry| &mut entry.resource)
    }

    /// The insurances of a patient that this message put, in its order, with their ids.
    pub(crate) fn coverages(&self, patient: Uuid) -> impl Iterator<Item = (Uuid, &fhir::Coverage<'a>)> {
        let beneficiary = Some(Reference::to(patient));
        let entries = self.coverages.iter().filter_map(|at| self.entries.get(*at));
        entries.filter_map(move |entry| match &entry.resource {
            Resource::Coverage(coverage) if coverage.beneficiary == beneficiary => {
                Some((entry.full_url.0, &**coverage))
            }
            _ => None,
        })
    }

    /// Whether this message put a resource under the id.
    pub(crate) fn has(&self, id: Uuid) -> bool {
        self.by_id.contains_key(&id)
    }
}

/// What is odd in the message before anything is made of it.
fn warnings_of(message: &Message<'_>) -> Vec<Warning> {
    let odd = message.warnings().iter().map(|warning| Warning { at: warning.place, code: warning.code() });
    let controls = message.values_with_control_characters();
    odd.chain(controls.map(|value| Warning { at: value.place(), code: "control-character" })).collect()
}

/// An element that keeps the text that stood where something else was expected.
pub(crate) fn original_text<'a>(text: impl Into<Cow<'a, str>>) -> Element<'a> {
    Element::of(Extension::string(extension::ORIGINAL_TEXT, text))
}

/// Trims white space at both ends without copying what is borrowed.
pub(crate) fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    // Nearly all values begin and end with a printable ASCII character: nothing to do.
    let printable = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if printable(text.as_bytes().first()) && printable(text.as_bytes().last()) {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => {
            let trimmed = text.trim();
            if trimmed.len() == text.len() { Cow::Owned(text) } else { Cow::Owned(trimmed.to_owned()) }
        }
    }
}
