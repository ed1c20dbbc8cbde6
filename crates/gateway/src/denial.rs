//! Requests that were not authorised: each is an entry of the log, but not without bound.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Entries in one window at most.
const LOGGED: u32 = 30;
/// A window, in seconds.
pub(crate) const WINDOW_SECONDS: u32 = 60;
const WINDOW: SignedDuration = SignedDuration::from_secs(WINDOW_SECONDS as i64);

/// Bounds how many denials become entries: somebody without a token must not be able to fill the log. What
/// is left out is counted in the next entry, which comes within a minute, or when the server stops.
#[derive(Debug, Default)]
pub(crate) struct Denials(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    start: Option<Timestamp>,
    logged: u32,
    left_out: u64,
}

impl Denials {
    /// Whether this denial becomes an entry, and how many were left out before it.
    pub(crate) fn admit(&self, now: Timestamp) -> Option<u64> {
        let mut window = self.0.lock().ok()?;
        let over = window.start.is_none_or(|start| {
            let age = now.duration_since(start);
            age >= WINDOW || age.is_negative()
        });
        if over {
            window.start = Some(now);
            window.logged = 0;
        }
        if window.logged >= LOGGED {
            window.left_out = window.left_out.saturating_add(1);
            return None;
        }
        window.logged += 1;
        Some(std::mem::take(&mut window.left_out))
    }

    /// How many were left out and stand in no entry yet; from now on they count as told.
    pub(crate) fn take_left_out(&self) -> u64 {
        self.0.lock().map_or(0, |mut window| std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_bounded_and_counted() {
        let denials = Denials::default();
        let now = Timestamp::UNIX_EPOCH;
        let logged = (0..100).filter(|_| denials.admit(now).is_some()).count();
        assert_eq!(logged, 30);
        assert_eq!(denials.admit(now + WINDOW), Some(70));
        assert_eq!(denials.admit(now + WINDOW), Some(0));
        assert_eq!((0..40).filter(|_| denials.admit(now + WINDOW).is_some()).count(), 28);
        assert_eq!((denials.take_left_out(), denials.take_left_out()), (12, 0));
    }
}
