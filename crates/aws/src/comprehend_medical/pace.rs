//! Not more requests a second than the quota allows.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// A token bucket: as many requests as a second allows may go at once, then one after another. Each instance of a
/// function has its own; several together may still be throttled, which is waited out.
pub(super) struct Pace {
    each: Duration,
    burst: Duration,
    /// When the bucket is full again.
    full: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) const fn new(per_second: u32) -> Self {
        let each = Duration::from_nanos(1_000_000_000 / per_second as u64);
        Self { each, burst: Duration::from_secs(1), full: Mutex::const_new(None) }
    }

    /// Returns when a request may go.
    pub(super) async fn wait(&self) {
        let goes = {
            let mut full = self.full.lock().await;
            let now = Instant::now();
            let next = full.map_or(now, |full| full.max(now)) + self.each;
            *full = Some(next);
            next.checked_sub(self.burst).unwrap_or(now)
        };
        sleep_until(goes).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Pace};

    // Real time: a paused clock needs a feature of tokio with which all of AWS would be compiled a second time.
    #[tokio::test]
    async fn a_second_takes_as_many_as_it_may_and_the_next_wait() {
        let pace = Pace::new(20);
        let start = Instant::now();
        for _ in 0..20 {
            pace.wait().await;
        }
        let burst = start.elapsed();
        for _ in 0..5 {
            pace.wait().await;
        }
        let waited = start.elapsed();
        assert!(waited.as_millis() >= 250, "{waited:?}");
        assert!(waited > burst);
    }
}
