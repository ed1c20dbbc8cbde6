//! Reading digits and writing them: the letter level of [`super::PointInTime`].

use super::{Precision, TimeError};

/// The part behind the day. `digits` is how many digits of the fraction were sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    pub(super) nanos: u32,
    pub(super) digits: u8,
}

pub(super) const MIDNIGHT: Clock = Clock { hour: 0, minute: 0, second: 0, nanos: 0, digits: 0 };

/// What is still to be read.
pub(super) struct Cursor<'t>(pub(super) &'t [u8]);

impl Cursor<'_> {
    pub(super) fn two_digits(&mut self) -> Option<u8> {
        match self.0 {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => {
                self.0 = rest;
                Some((a - b'0') * 10 + (b - b'0'))
            }
            _ => None,
        }
    }

    /// A whole ISO 8601 date, with or without a time, in the letters of HL7 v2.
    pub(super) fn iso_as_hl7(&self) -> Option<Vec<u8>> {
        let [_, _, _, _, b'-', m1, m2, b'-', d1, d2, rest @ ..] = self.0 else { return None };
        let mut plain = self.0.get(..4)?.to_vec();
        plain.extend([*m1, *m2, *d1, *d2]);
        match rest {
            [b'T' | b' ', time @ ..] if !time.is_empty() => plain.extend_from_slice(time),
            [] => {}
            _ => return None,
        }
        Some(plain)
    }

    fn skip(&mut self, byte: u8) -> bool {
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    pub(super) fn clock(&mut self) -> Result<Option<(Clock, Precision)>, TimeError> {
        let Some(hour) = self.two_digits() else { return Ok(None) };
        if hour > 24 {
            return Err(TimeError::HourOutOfRange);
        }
        let read = self.behind_hour(Clock { hour, ..MIDNIGHT })?;
        if hour == 24 && read.0 != (Clock { digits: read.0.digits, hour, ..MIDNIGHT }) {
            return Err(TimeError::HourOutOfRange);
        }
        Ok(Some(read))
    }

    fn behind_hour(&mut self, mut clock: Clock) -> Result<(Clock, Precision), TimeError> {
        self.skip(b':');
        let Some(minute) = self.two_digits() else { return Ok((clock, Precision::Hour)) };
        if minute > 59 {
            return Err(TimeError::MinuteOutOfRange);
        }
        clock.minute = minute;
        self.skip(b':');
        let Some(second) = self.two_digits() else { return Ok((clock, Precision::Minute)) };
        if second > 59 {
            return Err(TimeError::SecondOutOfRange);
        }
        clock.second = second;
        if !self.skip(b'.') {
            return Ok((clock, Precision::Second));
        }
        let mut unit = 100_000_000;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.0 {
            if clock.digits == 9 {
                return Err(TimeError::Malformed);
            }
            clock.nanos += u32::from(digit - b'0') * unit;
            clock.digits += 1;
            unit /= 10;
            self.0 = rest;
        }
        let precision = if clock.digits == 0 { Precision::Second } else { Precision::Fraction };
        Ok((clock, precision))
    }

    /// Minutes east of UTC.
    pub(super) fn offset(&mut self) -> Result<Option<i16>, TimeError> {
        let sign = match self.0 {
            [b'Z', rest @ ..] => {
                self.0 = rest;
                return Ok(Some(0));
            }
            [b'+', rest @ ..] => {
                self.0 = rest;
                1
            }
            [b'-', rest @ ..] => {
                self.0 = rest;
                -1
            }
            _ => return Ok(None),
        };
        let hours = self.two_digits().ok_or(TimeError::Malformed)?;
        self.skip(b':');
        let minutes = self.two_digits().unwrap_or(0);
        let total = i16::from(hours) * 60 + i16::from(minutes);
        if minutes > 59 || total > 14 * 60 {
            return Err(TimeError::OffsetOutOfRange);
        }
        Ok(Some(sign * total))
    }
}

pub(super) const fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn push_two(text: &mut String, n: u8) {
    text.push(char::from(b'0' + n / 10 % 10));
    text.push(char::from(b'0' + n % 10));
}

fn push_four(text: &mut String, n: i16) {
    let n = n.unsigned_abs();
    push_two(text, (n / 100 % 100) as u8);
    push_two(text, (n % 100) as u8);
}

pub(super) fn push_day(text: &mut String, year: i16, month: u8, day: u8) {
    push_four(text, year);
    text.push('-');
    push_two(text, month);
    text.push('-');
    push_two(text, day);
}

pub(super) fn push_clock(text: &mut String, clock: &Clock) {
    push_two(text, clock.hour);
    text.push(':');
    push_two(text, clock.minute);
    text.push(':');
    push_two(text, clock.second);
    if clock.digits > 0 {
        text.push('.');
        let mut unit = 100_000_000;
        for _ in 0..clock.digits {
            text.push(char::from(b'0' + (clock.nanos / unit % 10) as u8));
            unit /= 10;
        }
    }
}

pub(super) fn push_offset(text: &mut String, minutes: i16) {
    if minutes == 0 {
        // FHIR takes both spellings; +00:00 keeps the form of all others.
        text.push_str("+00:00");
        return;
    }
    text.push(if minutes < 0 { '-' } else { '+' });
    let minutes = minutes.unsigned_abs();
    push_two(text, (minutes / 60) as u8);
    text.push(':');
    push_two(text, (minutes % 60) as u8);
}
