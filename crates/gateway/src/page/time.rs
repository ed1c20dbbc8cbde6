//! Times as people at a Dutch hospital read them.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment: `2026-11-02 09:30:12` in Europe/Amsterdam, and in UTC for the attribute `datetime`.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) machine: String,
    local: String,
}

impl Moment {
    pub(super) fn new(at: Timestamp) -> Self {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
        Self {
            machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            local: at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.local)
    }
}
