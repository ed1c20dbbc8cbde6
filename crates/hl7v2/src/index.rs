//! One pass over the bytes: where segments and fields begin.

use crate::charset;
use crate::delimiters::Leniency;
use crate::message::{Message, SegmentIndex};
use crate::place::is_segment_name;
use crate::{Charset, Delimiters, Limits, ParseError, ParseOptions, Place, Warning, WarningKind};
use std::collections::BTreeMap;

const MSH: [u8; 3] = *b"MSH";
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Repetitions, components and subcomponents are counted in `u16`; one less than the most keeps "clamped" apart.
const MOST_PARTS: usize = u16::MAX as usize - 1;

/// What may stand before MSH: blank lines, white space, a start byte of MLLP.
fn is_leading_junk(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0)
}

/// What may stand behind the last segment: line ends, the end bytes of MLLP, Ctrl-Z.
fn is_trailing_junk(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C | 0x1A | 0)
}

/// The bytes without what may stand before MSH, and how many were left out.
pub(crate) fn skip_leading(bytes: &[u8]) -> usize {
    let mut at = 0_usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let junk = rest.iter().take_while(|&&byte| is_leading_junk(byte)).count();
        let bom = if rest.get(junk..).is_some_and(|rest| rest.starts_with(BOM)) { BOM.len() } else { 0 };
        if junk == 0 && bom == 0 {
            return at;
        }
        at = at.saturating_add(junk).saturating_add(bom);
    }
}

pub(crate) fn parse<'a>(bytes: &'a [u8], options: &ParseOptions) -> Result<Message<'a>, ParseError> {
    let limits = options.limits;
    let byte_limit = limits.bytes.min(u32::MAX as usize);
    if bytes.len() > byte_limit {
        return Err(ParseError::TooLarge { bytes: bytes.len(), limit: byte_limit });
    }
    if charset::utf16(bytes).is_some() {
        return Err(ParseError::Utf16);
    }
    let start = skip_leading(bytes);
    let trailing = bytes.iter().rev().take_while(|&&byte| is_trailing_junk(byte)).count();
    let end = bytes.len().saturating_sub(trailing);
    if start >= end {
        return Err(ParseError::Empty);
    }

    let mut warnings = Vec::new();
    let delimiters = read_delimiters(bytes, start, end, &mut warnings)?;
    let mut indexer = Indexer {
        bytes,
        end,
        delimiters,
        limits,
        segments: Vec::with_capacity(24),
        fields: Vec::with_capacity((bytes.len() / 4).min(512)),
        names: NameCounts::default(),
        warnings,
    };
    indexer.run(start)?;
    indexer.check_parts()?;
    let Indexer { segments, fields, warnings, .. } = indexer;
    let may_hold_controls = may_hold_controls(bytes, delimiters.escape);
    let charset = Charset::ASCII;
    let mut message =
        Message { bytes, delimiters, charset, text: None, segments, fields, warnings, may_hold_controls };
    let (chosen, odd) = match options.charset {
        Some(charset) => (charset, None),
        None => {
            let declared = message.header().field(18);
            charset::choose(bytes, declared.repetitions().map(|repetition| repetition.raw()))
        }
    };
    message.charset = chosen;
    message.text = chosen.as_it_is(bytes);
    if let Some(kind) = odd {
        message.warnings.push(Warning { kind, place: Place::of_field(MSH, 1, 18) });
    }
    Ok(message)
}

/// Whether a control character stands in the bytes, or an escape that may be one (`\X..\`).
fn may_hold_controls(bytes: &[u8], escape: Option<u8>) -> bool {
    // Each byte by itself: the compiler makes it a few instructions for many bytes at once.
    let controls = |chunk: &[u8]| {
        chunk.iter().fold(false, |some, &byte| some | (byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')))
    };
    if bytes.chunks(4096).any(controls) {
        return true;
    }
    let Some(escape) = escape else { return false };
    memchr::memchr_iter(escape, bytes).any(|at| matches!(bytes.get(at + 1), Some(b'X' | b'x')))
}

fn read_delimiters(
    bytes: &[u8],
    start: usize,
    end: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Delimiters, ParseError> {
    let offset = offset(start);
    let header = bytes.get(start..end).unwrap_or_default();
    match header {
        [b'F' | b'B', b'H', b'S', separator, ..] if !separator.is_ascii_alphanumeric() => {
            return Err(ParseError::BatchEnvelope { offset });
        }
        [b'M', b'S', b'H', ..] => {}
        _ => return Err(ParseError::MissingHeader { offset }),
    }
    let (Some(&field), Some(rest)) = (header.get(3), header.get(4..)) else {
        return Err(ParseError::MissingHeader { offset });
    };
    let length =
        rest.iter().position(|&byte| byte == field || matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    let encoding = rest.get(..length).unwrap_or_default();
    let place = |field| Place::of_field(MSH, 1, field);
    if !Delimiters::may_separate(field) {
        return Err(ParseError::InvalidDelimiters { place: place(1), offset: offset.saturating_add(3) });
    }
    let Some((delimiters, leniency)) = Delimiters::read(field, encoding) else {
        return Err(ParseError::InvalidDelimiters { place: place(2), offset: offset.saturating_add(4) });
    };
    let kind = match leniency {
        Leniency::None => None,
        Leniency::Assumed => Some(WarningKind::DelimitersAssumed),
        Leniency::DoubledEscape => Some(WarningKind::DelimitersDoubled),
        Leniency::Surplus => Some(WarningKind::DelimitersSurplus),
    };
    warnings.extend(kind.map(|kind| Warning { kind, place: place(2) }));
    Ok(delimiters)
}

/// Offsets fit: the byte limit is at most `u32::MAX`.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Indexer<'a> {
    bytes: &'a [u8],
    end: usize,
    delimiters: Delimiters,
    limits: Limits,
    segments: Vec<SegmentIndex>,
    fields: Vec<u32>,
    names: NameCounts,
    warnings: Vec<Warning>,
}

impl Indexer<'_> {
    fn run(&mut self, start: usize) -> Result<(), ParseError> {
        let body = self.bytes.get(..self.end).unwrap_or_default();
        let mut line_start = start;
        let mut line = 0_u32;
        // How segments end, told by the first: where that is CR alone, a lone LF may be part of a value.
        let mut cr_alone = None;
        let mut behind_lf = false;
        while line_start < self.end {
            let rest = body.get(line_start..).unwrap_or_default();
            let length = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            let content = rest.get(..length).unwrap_or_default();
            if !content.iter().all(|&byte| matches!(byte, b' ' | b'\t' | 0)) {
                line = line.saturating_add(1);
                let line_end = line_start.saturating_add(length);
                if self.begins_segment(content) {
                    self.segment(line_start, line_end)?;
                } else if behind_lf && cr_alone == Some(true) && self.has_open_value() {
                    self.continue_last(line_start, line_end)?;
                } else {
                    return Err(ParseError::InvalidSegmentName { line, offset: offset(line_start) });
                }
            }
            let terminator = rest.get(length..).unwrap_or_default();
            if cr_alone.is_none() {
                cr_alone = Some(matches!(terminator, [b'\r', next, ..] if *next != b'\n'));
            }
            behind_lf = matches!(terminator, [b'\n', ..]);
            line_start = line_start.saturating_add(length).saturating_add(match terminator {
                [b'\r', b'\n', ..] => 2,
                _ => 1,
            });
        }
        Ok(())
    }

    fn begins_segment(&self, line: &[u8]) -> bool {
        match *line {
            [a, b, c] => is_segment_name([a, b, c]),
            [a, b, c, separator, ..] => separator == self.delimiters.field && is_segment_name([a, b, c]),
            _ => false,
        }
    }

    fn segment(&mut self, start: usize, end: usize) -> Result<(), ParseError> {
        let limit = self.limits.segments.min(usize::from(u16::MAX));
        if self.segments.len() >= limit {
            return Err(ParseError::TooManySegments { limit, offset: offset(start) });
        }
        let Some(&[a, b, c]) = self.bytes.get(start..).and_then(|rest| rest.first_chunk::<3>()) else {
            return Ok(());
        };
        let name = [a, b, c];
        if matches!(&name, b"FHS" | b"BHS" | b"BTS" | b"FTS") {
            return Err(ParseError::BatchEnvelope { offset: offset(start) });
        }
        let nth = self.names.count(name);
        if name == MSH && nth > 1 {
            return Err(ParseError::SecondHeader {
                place: Place::of_segment(MSH, nth),
                offset: offset(start),
            });
        }
        let first_field = offset(self.fields.len());
        self.segments.push(SegmentIndex {
            name,
            nth,
            start: offset(start),
            end: offset(end),
            first_field,
            // MSH-1 is the separator itself: the first byte run behind it is MSH-2.
            first_number: if name == MSH { 2 } else { 1 },
        });
        // Behind the name and the separator; a bare name has no fields.
        if end > start.saturating_add(3) {
            self.fields.push(offset(start.saturating_add(4)));
            self.fields_from(start.saturating_add(4), end)?;
        }
        Ok(())
    }

    /// Whether the last segment has a field that could go on.
    fn has_open_value(&self) -> bool {
        self.segments.last().is_some_and(|last| (last.first_field as usize) < self.fields.len())
    }

    /// A line feed inside a value: what follows belongs to the segment before.
    fn continue_last(&mut self, start: usize, end: usize) -> Result<(), ParseError> {
        let Some(last) = self.segments.last_mut() else { return Ok(()) };
        last.end = offset(end);
        let at_start = Place::of_segment(last.name, last.nth);
        self.fields_from(start, end)?;
        if !self.warnings.iter().any(|warning| warning.kind == WarningKind::LineFeedInField) {
            self.warnings.push(Warning { kind: WarningKind::LineFeedInField, place: at_start });
        }
        Ok(())
    }

    /// Notes the fields that begin between two offsets, and checks the one that ends at each.
    fn fields_from(&mut self, start: usize, end: usize) -> Result<(), ParseError> {
        let content = self.bytes.get(start..end).unwrap_or_default();
        self.fields.extend(
            memchr::memchr_iter(self.delimiters.field, content)
                .map(|at| offset(start.saturating_add(at).saturating_add(1))),
        );
        let Some(last) = self.segments.last() else { return Ok(()) };
        let place = Place::of_segment(last.name, last.nth);
        let first = last.first_field as usize;
        let limit = self.limits.fields.min(MOST_PARTS);
        let count = self.fields.len().saturating_sub(first);
        if count > limit {
            return Err(ParseError::TooManyFields { limit, place });
        }
        Ok(())
    }

    /// Refuses fields with more parts than a [`Place`] can count. Only a segment of more bytes than that can.
    fn check_parts(&self) -> Result<(), ParseError> {
        for (index, segment) in self.segments.iter().enumerate() {
            if segment.end.saturating_sub(segment.start) as usize <= MOST_PARTS {
                continue;
            }
            let next = self.segments.get(index.saturating_add(1));
            let behind = next.map_or(self.fields.len(), |next| next.first_field as usize);
            let fields = self.fields.get(segment.first_field as usize..behind).unwrap_or_default();
            for (index, &from) in fields.iter().enumerate() {
                let to = fields.get(index.saturating_add(1));
                let to = to.map_or(segment.end, |next| next.saturating_sub(1));
                let raw = self.bytes.get(from as usize..to as usize).unwrap_or_default();
                let parts = raw.iter().filter(|&&byte| self.delimiters.splits_field(byte)).count();
                if parts >= MOST_PARTS {
                    let number = index.saturating_add(usize::from(segment.first_number));
                    let place = Place::of_segment(segment.name, segment.nth).with_field(number);
                    return Err(ParseError::TooManyParts { limit: MOST_PARTS, place });
                }
            }
        }
        Ok(())
    }
}

/// How often each segment name has come. Real messages have a dozen names: those are looked through in a row; a
/// message made to hurt has thousands: those are kept in a tree.
#[derive(Default)]
struct NameCounts {
    few: [([u8; 3], u16); 16],
    used: usize,
    many: BTreeMap<[u8; 3], u16>,
}

impl NameCounts {
    fn count(&mut self, name: [u8; 3]) -> u16 {
        let known = self.few.iter_mut().take(self.used).find(|(known, _)| *known == name);
        if let Some((_, count)) = known {
            *count = count.saturating_add(1);
            return *count;
        }
        if let Some(free) = self.few.get_mut(self.used) {
            *free = (name, 1);
            self.used = self.used.saturating_add(1);
            return 1;
        }
        let count = self.many.entry(name).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }
}
