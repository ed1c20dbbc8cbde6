//! Further visits of a patient in one message: each PV1 behind the first begins one (BAR^P01 lists the visits of an
//! account), and what stands behind it is of that visit.

use std::collections::HashMap;

use fhir::Reference;
use hl7v2::Segment;
use uuid::Uuid;

use super::{Adt, OfVisit};
use crate::context::{Context, add_new};
use crate::message::Says;
use crate::segment::pid::PatientDraft;
use crate::segment::pv1::{self, EncounterDraft};

/// The segments of a group by visit: all up to the second PV1, and from each further one on. A PV1 behind an order
/// is of the earlier results that are sent along with it, which [`crate::message::orm`] reads.
pub(super) fn by_visit<'s, 'm, 'a>(group: &'s [Segment<'m, 'a>], says: Says) -> Vec<&'s [Segment<'m, 'a>]> {
    let (mut in_visit, mut in_order) = (false, false);
    let mut starts = vec![0];
    for (at, segment) in group.iter().enumerate() {
        match segment.id() {
            "PV1" if in_visit && !(in_order && says == Says::Orders) => starts.push(at),
            "PV1" => in_visit = true,
            "ORC" | "OBR" => in_order = true,
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([group.len()]);
    starts.iter().zip(ends).map(|(start, end)| group.get(*start..end).unwrap_or_default()).collect()
}

/// Which visit is being told of.
#[derive(Default, Clone, Copy)]
enum Current {
    /// The first.
    #[default]
    First,
    /// One of the further ones.
    Further(usize),
    /// None that could be told from others.
    None,
}

/// The visits behind the first.
#[derive(Default)]
pub(super) struct Further<'s, 'm, 'a> {
    pub(super) visits: Vec<EncounterDraft<'a>>,
    /// Where each of them stands in `visits`.
    places: HashMap<Uuid, usize>,
    /// The segments of each.
    pub(super) parts: Vec<OfVisit<'s, 'm, 'a>>,
    current: Current,
}

impl<'s, 'm, 'a> Further<'s, 'm, 'a> {
    /// Begins with the next PV1.
    pub(super) fn begin(
        &mut self,
        cx: &mut Context<'m, 'a>,
        part: &'s [Segment<'m, 'a>],
        patient: &PatientDraft<'a>,
        first: Option<&EncounterDraft<'a>>,
    ) {
        let Some(pv1) = part.first() else { return };
        let is_first = |id: Uuid| first.is_some_and(|first| first.id == id);
        let known = |id: Uuid| is_first(id) || self.places.contains_key(&id);
        self.current = match pv1::further(cx, *pv1, patient.id, Adt::MENTION.visit, known) {
            pv1::Further::Another(visit) => {
                self.places.insert(visit.id, self.visits.len());
                self.visits.push(*visit);
                Current::Further(self.visits.len() - 1)
            }
            pv1::Further::Known(id) => match self.places.get(&id) {
                Some(&at) => Current::Further(at),
                None if is_first(id) => Current::First,
                None => Current::None,
            },
            pv1::Further::Unknown => Current::None,
        };
        let visit = self.current(first);
        self.parts.push((part, visit));
    }

    /// The visit that is being told of.
    pub(super) fn visit<'v>(
        &'v mut self,
        first: Option<&'v mut EncounterDraft<'a>>,
    ) -> Option<&'v mut EncounterDraft<'a>> {
        match self.current {
            Current::First => first,
            Current::Further(at) => self.visits.get_mut(at),
            Current::None => None,
        }
    }

    /// Its id.
    pub(super) fn current(&self, first: Option<&EncounterDraft<'a>>) -> Option<Uuid> {
        match self.current {
            Current::First => first,
            Current::Further(at) => self.visits.get(at),
            Current::None => None,
        }
        .map(|visit| visit.id)
    }

    /// All are of the account that the message tells of.
    pub(super) fn of_account(&mut self, account: Option<Uuid>) {
        for visit in &mut self.visits {
            add_new(&mut visit.resource.account, account.map(Reference::to));
        }
    }
}
