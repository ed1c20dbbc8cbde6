//! Where a value stands in a message.

use core::fmt;
use core::str::FromStr;

/// A place in a message: `SEG[nth]-field[repetition].component[.subcomponent]`, all counted from 1.
///
/// A level that is not given is 0, so a `Place` can name a segment, a field, a repetition, a component or a
/// subcomponent. It holds no value and may be logged.
///
/// ```
/// use hl7v2::Place;
/// let place: Place = "PID[1]-3[2].9".parse()?;
/// assert_eq!((place.field, place.repetition, place.component), (3, 2, 9));
/// assert_eq!(place.to_string(), "PID[1]-3[2].9");
/// # Ok::<(), hl7v2::PlaceError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The segment's name, for example `PID`.
    pub segment: [u8; 3],
    /// Which segment of that name, from 1.
    pub nth: u16,
    /// The field, from 1; 0 means the whole segment.
    pub field: u16,
    /// The repetition of the field, from 1; 0 means the whole field.
    pub repetition: u16,
    /// The component, from 1; 0 means the whole repetition.
    pub component: u16,
    /// The subcomponent, from 1; 0 means the whole component, or that the component has no subcomponents.
    pub subcomponent: u16,
}

impl Place {
    /// The place of a whole segment.
    pub const fn of_segment(segment: [u8; 3], nth: u16) -> Self {
        Self { segment, nth, field: 0, repetition: 0, component: 0, subcomponent: 0 }
    }

    /// The place of a whole field.
    pub const fn of_field(segment: [u8; 3], nth: u16, field: u16) -> Self {
        Self { field, ..Self::of_segment(segment, nth) }
    }

    /// The segment's name as text.
    pub fn segment_name(&self) -> &str {
        core::str::from_utf8(&self.segment).unwrap_or("???")
    }

    #[inline]
    pub(crate) fn with_field(self, field: usize) -> Self {
        Self { field: clamp(field), ..self }
    }
    #[inline]
    pub(crate) fn with_repetition(self, repetition: usize) -> Self {
        Self { repetition: clamp(repetition), ..self }
    }
    #[inline]
    pub(crate) fn with_component(self, component: usize) -> Self {
        Self { component: clamp(component), ..self }
    }
    #[inline]
    pub(crate) fn with_subcomponent(self, subcomponent: usize) -> Self {
        Self { subcomponent: clamp(subcomponent), ..self }
    }
}

/// Counts stay below `u16::MAX` by the parser's limits; a larger one can only be asked for.
fn clamp(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.segment_name(), self.nth)?;
        if self.field > 0 {
            write!(f, "-{}", self.field)?;
        }
        if self.repetition > 0 {
            write!(f, "[{}]", self.repetition)?;
        }
        if self.component > 0 {
            write!(f, ".{}", self.component)?;
        }
        if self.subcomponent > 0 {
            write!(f, ".{}", self.subcomponent)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place: expected SEG[nth]-field[repetition].component.subcomponent")]
pub struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let number = |digits: &str| match digits.parse::<u16>() {
            Ok(n) if n > 0 && !digits.starts_with('+') => Ok(n),
            _ => Err(PlaceError),
        };
        let (name, rest) = text.split_once('[').ok_or(PlaceError)?;
        let segment: [u8; 3] = name.as_bytes().try_into().map_err(|_| PlaceError)?;
        if !is_segment_name(segment) {
            return Err(PlaceError);
        }
        let (nth, rest) = rest.split_once(']').ok_or(PlaceError)?;
        let mut place = Self::of_segment(segment, number(nth)?);
        if rest.is_empty() {
            return Ok(place);
        }
        let rest = rest.strip_prefix('-').ok_or(PlaceError)?;
        let Some((field, rest)) = rest.split_once('[') else {
            place.field = number(rest)?;
            return Ok(place);
        };
        place.field = number(field)?;
        let (repetition, rest) = rest.split_once(']').ok_or(PlaceError)?;
        place.repetition = number(repetition)?;
        if rest.is_empty() {
            return Ok(place);
        }
        let rest = rest.strip_prefix('.').ok_or(PlaceError)?;
        match rest.split_once('.') {
            None => place.component = number(rest)?,
            Some((component, subcomponent)) => {
                place.component = number(component)?;
                place.subcomponent = number(subcomponent)?;
            }
        }
        Ok(place)
    }
}

/// HL7 v2.5.1 §2.5.2: three characters; names begin with a letter, `Z` names are local.
pub(crate) fn is_segment_name(name: [u8; 3]) -> bool {
    let [first, second, third] = name;
    let follows = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    first.is_ascii_uppercase() && follows(second) && follows(third)
}
