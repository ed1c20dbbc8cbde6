//! Requests with a Bundle, so many a second.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// A token bucket that holds what one second may spend.
pub(super) struct Pace {
    interval: Duration,
    /// When the bucket is full again, if nothing more is taken from it.
    full: Mutex<Instant>,
}

impl Pace {
    /// `rate` a second, at least one.
    pub(super) fn new(rate: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(rate.max(1)).unwrap_or(Duration::from_secs(1));
        Self { interval, full: Mutex::new(Instant::now()) }
    }

    /// Returns when it is one's turn; at once, with the time to wait, when that comes after `deadline`.
    pub(super) async fn turn(&self, deadline: Instant) -> Result<(), Duration> {
        let mut full = self.full.lock().await;
        let now = Instant::now();
        let filled = full.max(now) + self.interval;
        let wait = filled.saturating_duration_since(now).saturating_sub(Duration::from_secs(1));
        if now + wait > deadline {
            return Err(wait);
        }
        *full = filled;
        drop(full);
        if !wait.is_zero() {
            sleep_until(now + wait).await;
        }
        Ok(())
    }

    /// Nobody's turn comes before this time has passed.
    pub(super) async fn hold(&self, time: Duration) {
        let mut full = self.full.lock().await;
        *full = full.max(Instant::now() + time + Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn time_of(pace: &Pace, turns: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..turns {
            pace.turn(start + Duration::from_secs(60)).await.unwrap();
        }
        start.elapsed()
    }

    #[tokio::test]
    async fn a_second_may_be_spent_at_once_and_then_it_is_so_many_a_second() {
        let pace = Pace::new(20);
        assert!(time_of(&pace, 20).await < Duration::from_secs(1));
        let time = time_of(&pace, 10).await;
        assert!(time >= Duration::from_millis(400), "{time:?}");
    }

    #[tokio::test]
    async fn a_wait_that_was_asked_for_holds_everybody_up() {
        let pace = Pace::new(20);
        pace.hold(Duration::from_millis(300)).await;
        assert!(time_of(&pace, 1).await >= Duration::from_millis(300));
    }

    #[tokio::test]
    async fn who_cannot_wait_so_long_is_told_at_once() {
        let pace = Pace::new(20);
        pace.hold(Duration::from_secs(30)).await;
        let start = Instant::now();
        let wait = pace.turn(start + Duration::from_secs(25)).await.unwrap_err();
        assert!(wait >= Duration::from_secs(29) && start.elapsed() < Duration::from_secs(5));
    }
}
