//! The separators that a message declares in MSH-1 and MSH-2.

/// The separators of one message (HL7 v2.5.1 §2.5.4).
///
/// A sender that uses no subcomponents or no escapes may leave those characters out of MSH-2: what is `None` is
/// not a separator in that message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delimiters {
    /// Between fields, usually `|` (MSH-1).
    pub field: u8,
    /// Between components, usually `^`.
    pub component: u8,
    /// Between repetitions, usually `~`.
    pub repetition: Option<u8>,
    /// Around escape sequences, usually `\`.
    pub escape: Option<u8>,
    /// Between subcomponents, usually `&`.
    pub subcomponent: Option<u8>,
    /// Behind a value that was cut short, usually `#` (from v2.7 on).
    pub truncation: Option<u8>,
}

impl Default for Delimiters {
    /// `|^~\&`, as HL7 recommends.
    fn default() -> Self {
        Self {
            field: b'|',
            component: b'^',
            repetition: Some(b'~'),
            escape: Some(b'\\'),
            subcomponent: Some(b'&'),
            truncation: None,
        }
    }
}

/// What was read from MSH-2 beyond the plain case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leniency {
    /// As HL7 has it.
    None,
    /// MSH-2 is empty: the usual characters are assumed.
    Assumed,
    /// `^~\\&`: the escape character is doubled, as programs write it that quoted a string once too often.
    DoubledEscape,
    /// More than five characters: the rest is left alone.
    Surplus,
}

impl Delimiters {
    /// Reads MSH-1 and MSH-2; `None` when they cannot be separators.
    pub(crate) fn read(field: u8, encoding: &[u8]) -> Option<(Self, Leniency)> {
        let mut leniency = Leniency::None;
        if !Self::may_separate(field) {
            return None;
        }
        let (component, repetition, escape, subcomponent, truncation) = match *encoding {
            [] => {
                leniency = Leniency::Assumed;
                (b'^', Some(b'~'), Some(b'\\'), Some(b'&'), None)
            }
            [c] => (c, None, None, None, None),
            [c, r] => (c, Some(r), None, None, None),
            [c, r, e] => (c, Some(r), Some(e), None, None),
            [c, r, e, again, s, ..] if again == e => {
                leniency = Leniency::DoubledEscape;
                (c, Some(r), Some(e), Some(s), encoding.get(5).copied())
            }
            [c, r, e, s] => (c, Some(r), Some(e), Some(s), None),
            [c, r, e, s, t] => (c, Some(r), Some(e), Some(s), Some(t)),
            [c, r, e, s, t, ..] => {
                leniency = Leniency::Surplus;
                (c, Some(r), Some(e), Some(s), Some(t))
            }
        };
        let read = Self { field, component, repetition, escape, subcomponent, truncation };
        let mut all = [None; 6];
        for (index, byte) in read.all().enumerate() {
            if !Self::may_separate(byte) || all.contains(&Some(byte)) {
                return None;
            }
            if let Some(slot) = all.get_mut(index) {
                *slot = Some(byte);
            }
        }
        Some((read, leniency))
    }

    /// Every separator that is in use, MSH-1 first.
    pub fn all(&self) -> impl Iterator<Item = u8> + use<> {
        [
            Some(self.field),
            Some(self.component),
            self.repetition,
            self.escape,
            self.subcomponent,
            self.truncation,
        ]
        .into_iter()
        .flatten()
    }

    /// MSH-2 as these separators are written: up to the first that is not in use.
    pub fn encoding_characters(&self) -> Vec<u8> {
        let mut characters = vec![self.component];
        let more = [self.repetition, self.escape, self.subcomponent, self.truncation];
        characters.extend(more.into_iter().map_while(|character| character));
        characters
    }

    /// Letters and digits make up values and escape codes, `"` the explicit null, the rest frames lines.
    pub(crate) fn may_separate(byte: u8) -> bool {
        byte.is_ascii()
            && !byte.is_ascii_alphanumeric()
            && !matches!(byte, 0 | b' ' | b'"' | b'\r' | b'\n' | 0x0B | 0x1C)
    }

    /// Whether the byte stands between parts of a field.
    pub(crate) fn splits_field(&self, byte: u8) -> bool {
        byte == self.component || Some(byte) == self.repetition || Some(byte) == self.subcomponent
    }
}
