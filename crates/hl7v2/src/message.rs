//! The index over a message's bytes, and the way in.

use crate::{Charset, Delimiters, ParseError, ParseOptions, Place, Segment, Value, Warning};
use core::fmt;

/// A parsed message: an index over borrowed bytes.
///
/// Parsing notes where segments and fields begin; repetitions, components and subcomponents are split when they
/// are asked for, escapes and character sets decoded when [`Value::text`] is called. `Debug` prints the shape.
pub struct Message<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) delimiters: Delimiters,
    pub(crate) charset: Charset,
    /// The bytes as text, where their character set reads them as they are: then a value's text is a piece of it.
    pub(crate) text: Option<&'a str>,
    pub(crate) segments: Vec<SegmentIndex>,
    /// Where each field begins, of all segments in order.
    pub(crate) fields: Vec<u32>,
    pub(crate) warnings: Vec<Warning>,
    /// Whether a control character or a hexadecimal escape stands anywhere: nearly never.
    pub(crate) may_hold_controls: bool,
}

/// Where one segment stands.
#[derive(Clone, Copy)]
pub(crate) struct SegmentIndex {
    pub(crate) name: [u8; 3],
    pub(crate) nth: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The first of its fields in [`Message::fields`]; they end where the next segment's begin.
    pub(crate) first_field: u32,
    /// The number of that field: 2 in MSH, else 1.
    pub(crate) first_number: u16,
}

impl<'a> Message<'a> {
    /// Parses one message with the default [`Limits`](crate::Limits).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &ParseOptions::default())
    }

    /// Parses one message.
    pub fn parse_with(bytes: &'a [u8], options: &ParseOptions) -> Result<Self, ParseError> {
        crate::index::parse(bytes, options)
    }

    /// The bytes that were parsed, all of them.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The separators of the message.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// The values in which control characters stand.
    pub fn values_with_control_characters(&self) -> impl Iterator<Item = Value<'_, 'a>> {
        let leaves = self.may_hold_controls.then(|| self.leaves());
        leaves.into_iter().flatten().filter(Value::has_control_characters)
    }

    /// The character set that values are read in.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// The segments in message order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_, 'a>> {
        (0..self.segments.len()).map(move |index| Segment::new(self, index))
    }

    /// The first segment of that name.
    pub fn segment(&self, id: &str) -> Option<Segment<'_, 'a>> {
        self.segments_named(id).next()
    }

    /// The segments of that name, in message order.
    pub fn segments_named<'m>(&'m self, id: &str) -> impl Iterator<Item = Segment<'m, 'a>> + use<'m, 'a> {
        // A name of another length is no segment's.
        let name: [u8; 3] = id.as_bytes().try_into().unwrap_or_default();
        self.segments
            .iter()
            .enumerate()
            .filter(move |(_, segment)| segment.name == name)
            .map(move |(index, _)| Segment::new(self, index))
    }

    /// MSH.
    pub fn header(&self) -> Segment<'_, 'a> {
        Segment::new(self, 0)
    }

    /// What is odd about the message: a code and a place each, no values.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Every populated leaf in message order: the deepest level that the bytes have, explicit nulls included, the
    /// separators in MSH-1 and MSH-2 left out.
    pub fn leaves(&self) -> impl Iterator<Item = Value<'_, 'a>> {
        self.segments()
            .flat_map(|segment| segment.fields())
            .filter(|field| !field.is_verbatim())
            .flat_map(|field| field.repetitions())
            .flat_map(|repetition| repetition.components())
            .flat_map(|component| component.subcomponents())
            .filter(|value| !value.raw().is_empty())
    }

    /// The value at a place; a level that the place leaves out means the first. Empty when there is none.
    pub fn value_at(&self, place: Place) -> Value<'_, 'a> {
        let or_first = |n: u16| usize::from(n.max(1));
        let segment = self
            .segments
            .iter()
            .position(|segment| segment.name == place.segment && segment.nth == place.nth)
            .map_or_else(|| Segment::absent(self, place), |index| Segment::new(self, index));
        segment
            .field(usize::from(place.field))
            .rep(or_first(place.repetition))
            .component(or_first(place.component))
            .subcomponent(or_first(place.subcomponent))
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("bytes", &self.bytes.len())
            .field("segments", &self.segments.len())
            .field("fields", &self.fields.len())
            .field("warnings", &self.warnings.len())
            .finish()
    }
}
