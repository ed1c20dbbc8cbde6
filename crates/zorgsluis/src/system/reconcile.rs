//! The comparison of the data plane with the log.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use zorgsluis_audit_writer::{Content, Line, LogReader};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_embedded::reconcile::{Area, Found, LoggedLine, Ratio, Tally};

use super::log_state::LogKeeper;
use super::rest;
use crate::failure::Failure;

/// How much older than what it speaks of an entry may be: a message waits in a queue, or as a dead letter, and the
/// entry of its first delivery counts for the later ones.
const BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Lines that are taken at a time.
const LINES: usize = 5_000;

/// Compares what the data plane did from `from` to before `to` with the log, and tells what is found. That the log is
/// read is an entry.
pub(crate) async fn reconcile(
    directory: &DataDirectory,
    reader: &LogReader,
    (from, to): (Timestamp, Timestamp),
    mut progress: impl FnMut(u64),
    tell: impl FnMut(Found) + Send + 'static,
) -> Result<Tally, Failure> {
    // The data plane first: what stands there by now has its entry by the time that the log is read.
    let reconciliation = directory.reconciliation(from, to).await.map_err(Failure::wrong)?;
    let since = (from > Timestamp::UNIX_EPOCH).then(|| from.saturating_sub(BEFORE).unwrap_or(Timestamp::MIN));
    let damaged = |error| Failure::wrong(format!("{error}; see `zorgsluis audit verify`"));
    let mut walk = reader.walk(since).await.map_err(damaged)?;
    let mut waiting: Vec<LoggedLine> = Vec::new();
    // Logs that continue each other are numbered through.
    let (mut shard, mut offset, mut next) = (None, 0, 0);
    while let Some(lines) = walk.next().await.map_err(damaged)? {
        for line in lines {
            if shard.as_ref() != Some(&line.log) {
                (shard, offset) = (Some(Arc::clone(&line.log)), next);
            }
            next = offset + line.index + 1;
            waiting.push(logged(line, offset));
        }
        if waiting.len() >= LINES {
            progress(waiting.last().map_or(0, |line| line.index));
            reconciliation.log(std::mem::take(&mut waiting)).await.map_err(Failure::wrong)?;
        }
    }
    reconciliation.log(waiting).await.map_err(Failure::wrong)?;
    reconciliation.compare(tell).await.map_err(Failure::wrong)
}

/// How much further back than to the last time it looks each time: what was under way then is seen now.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Compares every now and then what was done lately; the operator reads of differences, and asks for them.
pub(super) async fn daily(
    directory: DataDirectory,
    reader: LogReader,
    keeper: Arc<LogKeeper>,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) {
    while rest(every, &mut stop).await {
        let back = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX).saturating_add(AGAIN);
        let from = directory.clock().now().saturating_sub(back).unwrap_or(Timestamp::UNIX_EPOCH);
        let tell = |found: Found| {
            if found.difference {
                tracing::error!(area = found.area.name(), kind = found.kind, "stores and log differ");
            }
        };
        match reconcile(&directory, &reader, (from, Timestamp::MAX), |_| {}, tell).await {
            Ok(tally) => keeper.reconciled(&tally),
            Err(failure) => tracing::error!(?failure, "stores and log could not be compared"),
        }
    }
}

fn logged(line: Line, offset: u64) -> LoggedLine {
    let entry = match line.content {
        Content::Entry(entry) => Some(entry),
        Content::Erased => None,
    };
    LoggedLine { index: offset + line.index, id: line.id, entry }
}

/// `1,234 of 1,234: 100 %`. What is not all is never told as 100.
pub(crate) fn ratio(ratio: Ratio) -> String {
    format!("{} of {}: {}", number(ratio.have), number(ratio.of), percent(ratio))
}

/// A share in percent, rounded down to hundredths.
pub(crate) fn percent(Ratio { of, have }: Ratio) -> String {
    if have == of {
        return String::from("100 %");
    }
    let hundredths = u128::from(have).saturating_mul(10_000) / u128::from(of.max(1));
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// `1,234`.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The ratios, one a line.
pub(crate) fn ratios(tally: &Tally, areas: &[Area], indent: &str) -> String {
    let mut text = String::new();
    for (area, one) in Area::COUNTED.iter().zip(tally.ratios).filter(|(area, _)| areas.contains(area)) {
        let _ = writeln!(text, "{indent}{:<10} {}", area.name(), ratio(one));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_all_is_never_told_as_all() {
        assert_eq!(ratio(Ratio { of: 1_234_567, have: 1_234_567 }), "1,234,567 of 1,234,567: 100 %");
        assert_eq!(ratio(Ratio { of: 1_000_000, have: 999_999 }), "999,999 of 1,000,000: 99.99 %");
        assert_eq!(ratio(Ratio { of: 3, have: 0 }), "0 of 3: 0.00 %");
        assert_eq!(ratio(Ratio::default()), "0 of 0: 100 %");
    }
}
