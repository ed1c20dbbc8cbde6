//! What a conversion gives: the Bundle, and beside it what `apply` and the operator need to know.

use std::borrow::Cow;
use std::fmt;

use fhir::Bundle;
use hl7v2::{Message, Place};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;
use zorgsluis_domain::Phi;

use crate::LocalCode;
use crate::ledger::Ledger;
use crate::notice::Notice;

/// A message, converted.
pub struct Conversion<'a> {
    /// What the message asserts: a transaction of `PUT Type/id`, each `fullUrl` and each reference
    /// `urn:uuid:<id>`.
    pub bundle: Bundle<'a>,
    /// One note for each entry of the Bundle, in the same order.
    pub notes: Vec<EntryNote>,
    /// The elements that the sender deletes with `""`.
    pub deletions: Vec<Deletion>,
    /// Members of lists that are taken away: the entry, and the path with the member's key
    /// (`serviceType:CONS`).
    pub(crate) gone: Vec<(Uuid, String)>,
    /// The elements that are there only because FHIR demands them: what stands in the store wins.
    pub presumed: Vec<Presumed>,
    /// The sets that the message lists in full.
    pub snapshots: Vec<Snapshot>,
    /// What the events say of how visits went on: of them `apply` makes how far a visit is and where.
    pub visit_events: Vec<VisitEvent>,
    /// Visits and accounts that have no number of their own.
    pub known_through: Vec<KnownThrough>,
    /// Patients, visits and accounts that turned out to be one, or that have another number.
    pub merges: Vec<Merge>,
    /// Visits and accounts that belong to another patient.
    pub moves: Vec<Move>,
    /// Patients between whom there is no link any more.
    pub unlinks: Vec<Unlink>,
    /// The patients that the message names, the surviving one first in a merge.
    pub patients: Vec<PatientIdentity>,
    /// Where the message stands among others about the same things.
    pub order: Order,
    /// Message type and event as the sender wrote them: `ADT^A01`.
    pub event: String,
    /// Message control id (MSH-10).
    pub control_id: String,
    /// Who sent it.
    pub sender: Sender,
    /// The name of the sender profile that was used.
    pub profile: &'a str,
    /// Who is to be told of it, if the sender's profile tells anybody of this event.
    pub notice: Option<Notice>,
    /// Whether ids were made with the published demonstration key.
    pub demonstration_key: bool,
    /// What was odd.
    pub warnings: Vec<Warning>,
    pub(crate) local_codes: Vec<Place>,
    pub(crate) ledger: Ledger,
    pub(crate) message: Message<'a>,
}

impl Conversion<'_> {
    /// The Bundle as JSON.
    pub fn bundle_json(&self) -> Vec<u8> {
        self.bundle.to_json()
    }

    /// The codes of the message that no code system is known of, nor a meaning: what `zorgsluis codes` lists
    /// so that a profile can map them. In the order of their places.
    pub fn local_codes(&self) -> Vec<LocalCode> {
        let mut places = self.local_codes.clone();
        places.sort_unstable();
        places.dedup();
        LocalCode::read_all(&self.message, &places)
    }

    /// The line of this message in the conversion report. `source` names the file or the queue,
    /// `index` counts the messages in it from 0.
    pub fn report(&self, source: &str, index: usize) -> ReportLine {
        let account = self.ledger.account(&self.message);
        ReportLine {
            source: source.to_owned(),
            index,
            control_id: Some(self.control_id.clone()),
            event: Some(self.event.clone()),
            refused: None,
            mapped: account.mapped,
            ignored: account.ignored.into_iter().map(|(at, why)| Ignored { at: At(at), why }).collect(),
            unmapped: account.unmapped.into_iter().map(|at| Unmapped { at: At(at) }).collect(),
            warnings: self.warnings.clone(),
        }
    }
}

impl fmt::Debug for Conversion<'_> {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversion")
            .field("event", &self.event)
            .field("entries", &self.bundle.entry.len())
            .field("deletions", &self.deletions)
            .field("snapshots", &self.snapshots.len())
            .field("merges", &self.merges.len())
            .field("moves", &self.moves.len())
            .field("unlinks", &self.unlinks.len())
            .field("notice", &self.notice)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// Whether a message is the source of what it says about something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// It registers: the newest such message decides.
    Registration,
    /// It only names something that another message registers: it fills what is empty.
    Mention,
}

/// What `apply` must know of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryNote {
    /// Whether the message registers this or only mentions it.
    pub authority: Authority,
    /// When this entry's content was so, where that is not the time of the message ([`Order::at`]).
    pub asserted: Option<Timestamp>,
}

/// An element that the sender deletes: the field was `""`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// The entry's id (its `fullUrl` is `urn:uuid:<id>`). It may name a resource that the Bundle does
    /// not hold.
    pub entry: Uuid,
    /// The FHIR element, without the type: `telecom`, `period.end`.
    pub path: &'static str,
}

/// An element that is filled only because FHIR demands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presumed {
    /// The entry's id.
    pub entry: Uuid,
    /// The FHIR element, without the type: `status`.
    pub path: &'static str,
}

/// A set that the message lists in full: what this sender listed before and lists no more is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The FHIR type: `AllergyIntolerance`, `Condition`, `Coverage`, `RelatedPerson`.
    pub kind: &'static str,
    /// Whose set it is.
    pub patient: Uuid,
    /// The visit that the set belongs to (diagnoses).
    pub encounter: Option<Uuid>,
    /// The ids that are in it; none when the sender deletes the set.
    pub ids: Vec<Uuid>,
}

/// An event of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitEvent {
    /// The id of the Encounter.
    pub entry: Uuid,
    /// The event: `A02`.
    pub event: &'static str,
    /// When it happened, as a FHIR `dateTime`, where the message says that; of a cancel, when what it takes back
    /// happened (HL7 v2.5.1 §3.4.1.6).
    pub at: Option<String>,
}

/// What has no number of its own and is known through another thing: when that is replaced, so is this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownThrough {
    /// The FHIR type: `Encounter`, known by its account; `Account`, known by its visit.
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
    /// The id of the other thing: of an Account, or of an Encounter.
    pub other: Uuid,
}

/// What is told of under two numbers, and is one from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The FHIR type: `Patient`, `Encounter`, `Account`.
    pub kind: &'static str,
    /// What stays.
    pub surviving: Uuid,
    /// What is replaced by it.
    pub obsolete: Vec<Uuid>,
    /// Whether it always was one thing and only its number changed (A47, A49, A50): what was said under
    /// the old number counts as if it had been said under the new one. In a merger it only fills.
    pub renamed: bool,
}

/// Something that was told of one patient and belongs to another (A44, A45).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The FHIR type: `Encounter`, `Account`.
    pub kind: &'static str,
    /// What is moved, with all that hangs on it.
    pub id: Uuid,
    /// The patient to whom it was given by mistake.
    pub from: Uuid,
    /// The patient whose it is.
    pub to: Uuid,
}

/// Two patients between whom there is no link any more (A37).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlink {
    /// Both of them.
    pub patients: [Uuid; 2],
}

/// An identifier as the patient index keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatientIdentifier {
    /// The identifier system; without one, `authority:<name>` or `sender:<facility>`.
    pub system: String,
    /// The identifier.
    pub value: String,
}

/// A patient that the message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientIdentity {
    /// The id that the natural key gives.
    pub id: Uuid,
    /// All that identifies this patient, the one behind the id first. Visit and account numbers are
    /// not among them.
    pub identifiers: Vec<Phi<PatientIdentifier>>,
}

/// Where a message stands among others. Greater is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// When what it asserts was recorded: EVN-2, else MSH-7.
    pub at: Option<Timestamp>,
    /// Sequence number (MSH-13), when the sender keeps one.
    pub sequence: Option<u64>,
    /// Decides between messages of the same moment, the same way everywhere: made from the content.
    pub tie: u64,
}

/// Who sent a message. Says nothing of a patient.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sender {
    /// MSH-3.1.
    pub application: String,
    /// MSH-4.1.
    pub facility: String,
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.application, self.facility)
    }
}

/// Why a message was not converted. Holds no value of the message: safe to log and to answer with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {text} ({code})")]
pub struct Refusal {
    /// A stable name in kebab-case: `unsupported-event`.
    pub code: &'static str,
    /// The place: `MSH[1]-9[1]`, or `byte 17` where the message has no places.
    pub at: String,
    /// The reason, for people.
    pub text: String,
    /// Message control id, when MSH could be read.
    pub control_id: Option<String>,
    /// Message type and event, when MSH could be read.
    pub event: Option<String>,
}

impl Refusal {
    /// The line of this message in the conversion report.
    pub fn report(&self, source: &str, index: usize) -> ReportLine {
        ReportLine {
            source: source.to_owned(),
            index,
            control_id: self.control_id.clone(),
            event: self.event.clone(),
            refused: Some(Refused { code: self.code, at: self.at.clone(), text: self.text.clone() }),
            mapped: 0,
            ignored: Vec::new(),
            unmapped: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Something odd in a message: a place and a code, no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Where.
    #[serde(serialize_with = "place")]
    pub at: Place,
    /// What, in kebab-case: `invalid-date`.
    pub code: &'static str,
}

/// One line of the conversion report (design, "The command line"). Holds no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportLine {
    /// Where the message came from.
    pub source: String,
    /// Which message of it, from 0.
    pub index: usize,
    /// MSH-10.
    pub control_id: Option<String>,
    /// `ADT^A01`.
    pub event: Option<String>,
    /// Why it was not converted.
    pub refused: Option<Refused>,
    /// How many leaves stand in the Bundle.
    pub mapped: usize,
    /// The leaves that are left out on purpose.
    pub ignored: Vec<Ignored>,
    /// The leaves that were not understood.
    pub unmapped: Vec<Unmapped>,
    /// What was odd.
    pub warnings: Vec<Warning>,
}

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// A stable name.
    pub code: &'static str,
    /// The place.
    pub at: String,
    /// The reason.
    pub text: String,
}

/// A leaf that is left out on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// The place.
    pub at: At,
    /// The decision.
    pub why: Cow<'static, str>,
}

/// A leaf that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmapped {
    /// The place.
    pub at: At,
}

/// A [`Place`], written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At(pub Place);

impl Serialize for At {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn place<S: serde::Serializer>(at: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
