//! What the clock calls for: a checkpoint, and once a day a copy of it that is kept.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tlog::Day;
use uuid::Uuid;

use super::Handler;
use crate::AuditError;

/// How the log stands after a checkpoint was due.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Entries that no checkpoint covers; `None` when that could not be told.
    pub unsealed: Option<u64>,
    /// How old the oldest of them is, in whole seconds; 0 when there is none. The time is that of its id
    /// (a UUID of version 7), which is the time that the entry states.
    pub age: Option<u64>,
    /// Whether this call made the copy of the day.
    pub kept: bool,
    /// What went wrong. The numbers are those that hold all the same.
    pub trouble: Option<AuditError>,
}

impl Handler {
    /// Signs a checkpoint when something is uncovered, and keeps a copy of it once a day (UTC).
    pub async fn checkpoint(&self) -> Standing {
        let now = self.clock.now();
        let kept = match self.writer.checkpoint().await {
            Ok(_) => self.writer.keep_checkpoint(day(now)).await,
            Err(error) => Err(error),
        };
        let uncovered = self.uncovered(now).await;
        let (unsealed, age) = match &uncovered {
            Ok((unsealed, age)) => (Some(*unsealed), Some(*age)),
            Err(_) => (None, None),
        };
        let made = *kept.as_ref().unwrap_or(&false);
        Standing { unsealed, age, kept: made, trouble: kept.err().or(uncovered.err()) }
    }

    /// Entries that no checkpoint covers, and the age of the oldest.
    async fn uncovered(&self, now: Timestamp) -> Result<(u64, u64), AuditError> {
        let log = self.writer.log();
        let status = log.status().await?;
        let covered = status.covered.unwrap_or_default();
        let unsealed = status.entries.saturating_sub(covered);
        if unsealed == 0 {
            return Ok((0, 0));
        }
        let bundle = log.tlog().bundle(covered).await?.unwrap_or_default();
        let recorded = bundle.first().and_then(|entry| time_of(Uuid::from_bytes(entry.leaf.id().0)));
        let age = recorded.map_or(0, |recorded| now.duration_since(recorded).as_secs());
        Ok((unsealed, u64::try_from(age).unwrap_or_default()))
    }
}

fn time_of(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
}

/// The day of a time, UTC.
fn day(time: Timestamp) -> Option<Day> {
    let date = time.to_zoned(TimeZone::UTC).date();
    let part = |part: i8| u8::try_from(part).ok();
    Day::new(u16::try_from(date.year()).ok()?, part(date.month())?, part(date.day())?)
}
