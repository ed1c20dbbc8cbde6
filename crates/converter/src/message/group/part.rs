//! The groups that segments are sorted into.

use std::rc::Rc;

use hl7v2::Segment;

use crate::message::mdm::Told;

/// A segment and the notes behind it.
pub(crate) struct Noted<'m, 'a> {
    pub(crate) segment: Segment<'m, 'a>,
    pub(crate) notes: Vec<Segment<'m, 'a>>,
}

/// An OBX, and what stands behind it.
pub(crate) struct Measured<'m, 'a> {
    pub(crate) segment: Segment<'m, 'a>,
    pub(crate) notes: Vec<Segment<'m, 'a>>,
    /// TCD: how it was measured.
    pub(crate) tests: Vec<Segment<'m, 'a>>,
    /// PRT: who had a part in it.
    pub(crate) parts: Vec<Segment<'m, 'a>>,
    /// The specimen behind which it stands, among those of its order.
    pub(crate) specimen: Option<usize>,
}

impl<'m, 'a> Measured<'m, 'a> {
    pub(crate) fn of(segment: Segment<'m, 'a>, notes: Vec<Segment<'m, 'a>>) -> Self {
        Self { segment, notes, tests: Vec::new(), parts: Vec::new(), specimen: None }
    }
}

/// A specimen: its SPM, and what stands behind it.
#[derive(Default)]
pub(crate) struct Collected<'m, 'a> {
    /// `None` where there is only a SAC.
    pub(crate) spm: Option<Segment<'m, 'a>>,
    pub(crate) notes: Vec<Segment<'m, 'a>>,
    pub(crate) containers: Vec<Container<'m, 'a>>,
    /// OBX about the specimen itself: where it comes before its orders.
    pub(crate) results: Vec<Measured<'m, 'a>>,
    pub(crate) parts: Vec<Segment<'m, 'a>>,
}

/// A SAC, and the INV behind it.
pub(crate) struct Container<'m, 'a> {
    pub(crate) sac: Segment<'m, 'a>,
    pub(crate) inventory: Vec<Segment<'m, 'a>>,
}

/// What belongs to one order; the first group of a message has neither ORC nor OBR.
#[derive(Default)]
pub(crate) struct Group<'m, 'a> {
    pub(crate) orc: Option<Segment<'m, 'a>>,
    pub(crate) obr: Option<Segment<'m, 'a>>,
    /// TQ1.
    pub(crate) timing: Vec<Segment<'m, 'a>>,
    /// TQ2: which orders come before or after it.
    pub(crate) sequence: Vec<Segment<'m, 'a>>,
    /// DG1: why it is ordered.
    pub(crate) reasons: Vec<Segment<'m, 'a>>,
    /// CTD: whom to ask.
    pub(crate) contacts: Vec<Segment<'m, 'a>>,
    /// CTI: the trial that it is part of.
    pub(crate) trials: Vec<Segment<'m, 'a>>,
    /// TCD behind OBR: how it is to be measured.
    pub(crate) tests: Vec<Segment<'m, 'a>>,
    /// ODS, ODT, RQD and RQ1: which food or goods are ordered.
    pub(crate) goods: Vec<Segment<'m, 'a>>,
    /// IPC: how images are to be made.
    pub(crate) imaging: Vec<Segment<'m, 'a>>,
    /// TXA: documents that are told of with it.
    pub(crate) documents: Vec<Told<'m, 'a>>,
    /// PRT behind ORC.
    pub(crate) order_parts: Vec<Segment<'m, 'a>>,
    /// PRT behind OBR.
    pub(crate) parts: Vec<Segment<'m, 'a>>,
    /// Notes on the order: behind ORC, or from who ordered.
    pub(crate) order_notes: Vec<Segment<'m, 'a>>,
    /// Notes behind OBR.
    pub(crate) notes: Vec<Segment<'m, 'a>>,
    pub(crate) results: Vec<Measured<'m, 'a>>,
    pub(crate) specimens: Vec<Collected<'m, 'a>>,
    /// How many of them were read before the order was begun.
    pub(crate) early: usize,
    /// Specimens that came before their orders, by their place in [`Sorted::specimens`].
    pub(crate) shared: Rc<Vec<usize>>,
    /// Earlier results that are sent along with the order: the segments of each patient.
    pub(crate) prior: Vec<Vec<Segment<'m, 'a>>>,
}

impl Group<'_, '_> {
    /// Whether what is in it belongs to no order.
    pub(crate) fn is_loose(&self) -> bool {
        self.orc.is_none() && self.obr.is_none()
    }

    /// Whether only ORC and OBR were read of it.
    pub(super) fn is_begun(&self) -> bool {
        self.results.is_empty() && self.specimens.len() == self.early && self.notes.is_empty()
    }
}
