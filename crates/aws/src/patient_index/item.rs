//! The items of the patient index.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::{IndexChange, IndexEvent};
use zorgsluis_domain::{PortError, Pseudonym};

use crate::table::{Item, Row, Write, item, number, text, time_key};

pub(super) const CLAIMED: &str = "claimed";
/// Before a stand-in.
pub(super) const STAND_IN: &str = "stand-in/";
/// Before a patient whose number an identifier was.
pub(super) const ERASED: &str = "erased/";
/// Before the partition of a patient who is erased.
pub(super) const ERASED_PATIENT: &str = "erased-patient/";
const RELEASED: &str = "released";
const MERGED: &str = "merged";
const MERGED_INTO: &str = "merged-into";

/// The key of the item that says whose an identifier is.
pub(super) fn holder_key(identifier: &Pseudonym) -> Item {
    item([("pk", text(identifier_partition(identifier))), ("sk", text("holder"))])
}

/// The partition of an identifier: by its pseudonym.
pub(super) fn identifier_partition(identifier: &Pseudonym) -> String {
    format!("identifier/{identifier}")
}

/// The partition of a patient.
pub(super) fn patient_partition(patient: Uuid) -> String {
    format!("patient/{patient}")
}

/// The key of a patient's head.
pub(super) fn head_key(patient: Uuid) -> Item {
    item([("pk", text(patient_partition(patient))), ("sk", text("head"))])
}

/// The item that says that `old` was merged into `new`, among those of `new`.
pub(super) fn merged_item(new: Uuid, old: Uuid) -> Item {
    item([
        ("pk", text(patient_partition(new))),
        ("sk", text(format!("merged/{old}"))),
        ("patient", text(old)),
    ])
}

/// The item that says who stood for a patient in the log before anybody here knew them, among those of `partition`.
pub(super) fn stand_in_item(partition: &str, stand_in: Uuid) -> Item {
    item([
        ("pk", text(partition)),
        ("sk", text(format!("{STAND_IN}{stand_in}"))),
        ("stand_in", text(stand_in)),
    ])
}

/// The key of the item that says that the stand-in of an identifier stays with who had it before.
pub(super) fn released_key(identifier: &Pseudonym) -> Item {
    item([("pk", text(identifier_partition(identifier))), ("sk", text("released"))])
}

/// Where it stands whose number an identifier was when their dossier was destroyed.
pub(super) fn erased_key(identifier: &Pseudonym, patient: Uuid) -> Item {
    item([("pk", text(identifier_partition(identifier))), ("sk", text(format!("{ERASED}{patient}")))])
}

/// The partition of a patient whose dossier is destroyed, and of whom lines of the log stand.
pub(super) fn erased_partition(patient: Uuid) -> String {
    format!("{ERASED_PATIENT}{patient}")
}

/// What the index knows of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    patient: Uuid,
    /// How many events there are; 0 where nothing stands.
    events: u64,
    /// Into whom the patient was merged.
    pub(super) replacement: Option<Uuid>,
}

impl Head {
    /// Of a patient of whom nothing stands.
    pub(super) const fn of_nobody(patient: Uuid) -> Self {
        Self { patient, events: 0, replacement: None }
    }

    pub(super) fn read(patient: Uuid, row: Row<'_>) -> Result<Self, PortError> {
        let replacement = row.has("replacement").then(|| row.uuid("replacement")).transpose()?;
        Ok(Self { patient, events: row.number("events")?, replacement })
    }

    /// The writes by which something happens to this patient, if nothing else did since the head was read.
    pub(super) fn happened(&self, at: Timestamp, change: &IndexChange) -> [Write; 2] {
        let next = self.events.saturating_add(1);
        let (name, what) = match change {
            IndexChange::Claimed(identifier) => (CLAIMED, identifier.to_string()),
            IndexChange::Released(identifier) => (RELEASED, identifier.to_string()),
            IndexChange::Merged(other) => (MERGED, other.to_string()),
            IndexChange::MergedInto(other) => (MERGED_INTO, other.to_string()),
        };
        let expression = match change {
            IndexChange::Merged(_) => "SET events = :next, patient = :patient, merged = :other",
            IndexChange::MergedInto(_) => "SET events = :next, patient = :patient, replacement = :other",
            IndexChange::Claimed(_) | IndexChange::Released(_) => "SET events = :next, patient = :patient",
        };
        let mut head = Write::update(head_key(self.patient), expression)
            .value(":next", number(next))
            .value(":patient", text(self.patient));
        if matches!(change, IndexChange::Merged(_) | IndexChange::MergedInto(_)) {
            head = head.value(":other", text(&what));
        }
        head = match self.events {
            0 => head.only_if("attribute_not_exists(pk)"),
            stood => head.only_if("events = :stood").value(":stood", number(stood)),
        };
        let event = item([
            ("pk", text(patient_partition(self.patient))),
            ("sk", text(format!("event/{next:020}"))),
            ("at", text(time_key(at))),
            ("change", text(name)),
            ("what", text(what)),
        ]);
        [head, Write::put(event)]
    }
}

/// Reads an event.
pub(super) fn event(row: Row<'_>) -> Result<IndexEvent, PortError> {
    let identifier = || Pseudonym::from_hex(row.text("what")?).ok_or_else(|| row.damaged("what"));
    let change = match row.text("change")? {
        CLAIMED => IndexChange::Claimed(identifier()?),
        RELEASED => IndexChange::Released(identifier()?),
        MERGED => IndexChange::Merged(row.uuid("what")?),
        MERGED_INTO => IndexChange::MergedInto(row.uuid("what")?),
        _ => return Err(row.damaged("change")),
    };
    Ok(IndexEvent { at: row.time("at")?, change })
}
