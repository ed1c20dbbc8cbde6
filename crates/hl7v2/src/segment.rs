//! One segment of a message.

use crate::message::SegmentIndex;
use crate::{Field, Message, Place};
use core::fmt;

/// One segment: a name and its fields.
#[derive(Clone, Copy)]
pub struct Segment<'m, 'a> {
    message: &'m Message<'a>,
    index: usize,
    entry: SegmentIndex,
    /// How many fields are in the index, counted from `entry.first_number`.
    indexed: usize,
}

impl<'m, 'a> Segment<'m, 'a> {
    pub(crate) fn new(message: &'m Message<'a>, index: usize) -> Self {
        let Some(&entry) = message.segments.get(index) else {
            return Self::absent(message, Place::of_segment(*b"???", 0));
        };
        let behind = message.segments.get(index.saturating_add(1)).map(|next| next.first_field as usize);
        let behind = behind.unwrap_or(message.fields.len());
        Self { message, index, entry, indexed: behind.saturating_sub(entry.first_field as usize) }
    }

    /// A segment that is not there: all its fields are empty.
    pub(crate) fn absent(message: &'m Message<'a>, place: Place) -> Self {
        let end = u32::try_from(message.bytes.len()).unwrap_or(u32::MAX);
        let entry = SegmentIndex {
            name: place.segment,
            nth: place.nth,
            start: end,
            end,
            first_field: 0,
            first_number: 1,
        };
        Self { message, index: message.segments.len(), entry, indexed: 0 }
    }

    /// The name, for example `PID`.
    pub fn id(&self) -> &'a str {
        let start = self.entry.start as usize;
        let end = start.saturating_add(3);
        self.message.text.and_then(|text| text.get(start..end)).unwrap_or_else(|| {
            let name = self.message.bytes.get(start..end).unwrap_or_default();
            core::str::from_utf8(name).unwrap_or_default()
        })
    }

    /// Which segment of that name, from 1.
    pub fn nth(&self) -> u16 {
        self.entry.nth
    }

    /// Which segment of the message, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The place of the segment.
    pub fn place(&self) -> Place {
        Place::of_segment(self.entry.name, self.entry.nth)
    }

    /// The bytes of the segment without its line end.
    pub fn raw(&self) -> &'a [u8] {
        self.message.bytes.get(self.entry.start as usize..self.entry.end as usize).unwrap_or_default()
    }

    /// Field `n`, from 1. In MSH, field 1 is the separator and field 2 the encoding characters. An absent field
    /// is an empty one.
    pub fn field(&self, n: usize) -> Field<'m, 'a> {
        let (start, end) = self.range(n).unwrap_or((self.entry.end, self.entry.end));
        let verbatim = n <= 2 && &self.entry.name == b"MSH";
        Field::new(self.message, start, end, self.place().with_field(n), verbatim)
    }

    /// The fields from 1 on.
    pub fn fields(self) -> impl Iterator<Item = Field<'m, 'a>> {
        (1..=self.field_count()).map(move |n| self.field(n))
    }

    /// The number of the last field that the bytes have (populated or not).
    pub fn field_count(&self) -> usize {
        match self.indexed {
            0 => 0,
            indexed => indexed.saturating_add(usize::from(self.entry.first_number)).saturating_sub(1),
        }
    }

    fn range(&self, n: usize) -> Option<(u32, u32)> {
        let Some(nth) = n.checked_sub(usize::from(self.entry.first_number)) else {
            // MSH-1, the separator; there is no field 0.
            let start = self.entry.start.saturating_add(3);
            return (n == 1 && self.indexed > 0).then(|| (start, start.saturating_add(1)));
        };
        if nth >= self.indexed {
            return None;
        }
        let at = (self.entry.first_field as usize).saturating_add(nth);
        let start = *self.message.fields.get(at)?;
        let end = if nth.saturating_add(1) == self.indexed {
            self.entry.end
        } else {
            self.message.fields.get(at.saturating_add(1))?.saturating_sub(1)
        };
        Some((start, end))
    }
}

impl fmt::Debug for Segment<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({}, {} fields)", self.place(), self.field_count())
    }
}
