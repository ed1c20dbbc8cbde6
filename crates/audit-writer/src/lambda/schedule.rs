//! What the clock calls for: a checkpoint, and once a day a copy of it that is kept.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tlog::Day;

use super::{Handler, TO_ANSWER};
use crate::AuditError;

/// What must be left before the deadline to look how the log stands, and to answer.
const TO_LOOK: SignedDuration = SignedDuration::from_secs(5);

/// How the log stands after a checkpoint was due.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Entries that no checkpoint covers; `None` when that could not be told.
    pub unsealed: Option<u64>,
    /// For how long the first of them has stood in the log, in whole seconds, by the time at which its bundle
    /// was written; 0 when there is none. When it happened is another time: an entry that waited long in the
    /// queue is no fault of the checkpoints. `None` when it could not be told.
    pub age: Option<u64>,
    /// Whether this call made the copy of the day.
    pub kept: bool,
    /// What went wrong. The numbers are those that hold all the same.
    pub trouble: Option<AuditError>,
}

impl Handler {
    /// Signs checkpoints until nothing is uncovered, and keeps a copy of the last once a day (UTC). `deadline` is
    /// when the function is stopped: a backlog that takes longer is covered as far as it goes, which is no
    /// trouble; to have come nowhere is.
    pub async fn checkpoint(&self, deadline: Timestamp) -> Standing {
        let now = self.clock.now();
        let kept = self.cover(deadline, now).await;
        let uncovered = match self.in_time(deadline, TO_ANSWER, self.uncovered(now)).await {
            Ok(uncovered) => uncovered,
            Err(error) => (None, None, Some(error)),
        };
        let (unsealed, age, untold) = uncovered;
        let made = *kept.as_ref().unwrap_or(&false);
        Standing { unsealed, age, kept: made, trouble: kept.err().or(untold) }
    }

    /// Covers what is uncovered, as far as the time goes, and keeps the copy of the day.
    async fn cover(&self, deadline: Timestamp, now: Timestamp) -> Result<bool, AuditError> {
        let mut advanced = false;
        loop {
            match self.in_time(deadline, TO_LOOK, self.writer.advance_checkpoint()).await {
                Ok(true) => advanced = true,
                Ok(false) => break,
                Err(AuditError::TimeUp) if advanced => {
                    tracing::warn!(code = "out-of-time", "the log is not covered to its end yet");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        self.in_time(deadline, TO_ANSWER, self.writer.keep_checkpoint(day(now))).await
    }

    async fn in_time<T>(
        &self,
        deadline: Timestamp,
        reserve: SignedDuration,
        work: impl Future<Output = Result<T, AuditError>>,
    ) -> Result<T, AuditError> {
        let left = self.left(deadline, reserve).ok_or(AuditError::TimeUp)?;
        tokio::time::timeout(left, work).await.unwrap_or(Err(AuditError::TimeUp))
    }

    /// Entries that no checkpoint covers, for how long there have been any, and what went wrong.
    async fn uncovered(&self, now: Timestamp) -> Result<Uncovered, AuditError> {
        let log = self.writer.log();
        let status = log.status().await?;
        let covered = status.covered.unwrap_or_default();
        let unsealed = status.entries.saturating_sub(covered);
        if unsealed == 0 {
            return Ok((Some(0), Some(0), None));
        }
        // A checkpoint ends where a bundle ends, so that the first entry behind it begins one.
        let (written, trouble) = match log.tlog().written(covered).await {
            Ok(written) => (written, None),
            Err(error) => (None, Some(error.into())),
        };
        let age = written.and_then(|written| Timestamp::try_from(written).ok()).map(|written| {
            // The clock of the storage may be a little ahead.
            u64::try_from(now.duration_since(written).as_secs()).unwrap_or_default()
        });
        Ok((Some(unsealed), age, trouble))
    }
}

type Uncovered = (Option<u64>, Option<u64>, Option<AuditError>);

/// The day of a time, UTC.
fn day(time: Timestamp) -> Option<Day> {
    let date = time.to_zoned(TimeZone::UTC).date();
    let part = |part: i8| u8::try_from(part).ok();
    Day::new(u16::try_from(date.year()).ok()?, part(date.month())?, part(date.day())?)
}
