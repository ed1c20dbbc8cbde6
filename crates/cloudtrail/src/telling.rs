//! Telling what is found, and the small words of the comparison.

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::reconciliation::{Area, Found, Ratio, Tally};

use crate::facts::Logged;

/// Takes what is found, and counts.
pub(crate) struct Telling<'t> {
    pub(crate) tell: &'t mut dyn FnMut(Found),
    pub(crate) tally: Tally,
}

impl Telling<'_> {
    /// Something that must stand in both.
    pub(crate) fn expect(&mut self, area: Area, matched: bool) {
        if let Some(ratio) = self.ratio(area) {
            ratio.of += 1;
            ratio.have += u64::from(matched);
        }
    }

    fn ratio(&mut self, area: Area) -> Option<&mut Ratio> {
        let at = Area::COUNTED.iter().position(|one| *one == area)?;
        self.tally.ratios.get_mut(at)
    }

    pub(crate) fn tell(&mut self, found: Found) {
        self.tally.differences += u64::from(found.difference);
        (self.tell)(found);
    }
}

pub(crate) fn found(area: Area, kind: &'static str, difference: bool, at: String, time: Timestamp) -> Found {
    Found { area, kind, difference, at, time: Some(time), message: None, entry: None }
}

/// Whether one of these was recorded between two moments.
pub(crate) fn any_within(logged: &[Logged], from: Timestamp, to: Timestamp) -> bool {
    logged.iter().any(|(at, _)| (from..=to).contains(at))
}

pub(crate) fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

pub(crate) fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// A name of a caller as it may be shown: somebody may call a role anything.
pub(crate) fn shown(name: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+=,@".contains(&byte);
    if name.len() <= 128 && name.bytes().all(plain) { name } else { "(a name that is not shown)" }
}
