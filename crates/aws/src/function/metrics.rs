//! What is counted, in the embedded metric format: one JSON line a call, from which CloudWatch makes metrics.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use zorgsluis_domain::Clock as _;

use crate::{Program, SystemClock, logs};

/// Where they stand in CloudWatch.
const NAMESPACE: &str = "Zorgsluis";

/// A metric. The dimensions of each are `Organisation` and `Function`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Messages made durable.
    Accepted,
    /// Messages that can never be accepted.
    Refused,
    /// Messages worked on to their end.
    Processed,
    /// Messages set aside with the dead letters.
    Parked,
    /// Messages that went back to the queue.
    Retried,
    /// Fields that no conversion understood.
    Unmapped,
    /// Entries of the log that no checkpoint covers.
    Unsealed,
    /// For how many seconds the log has held an entry that no checkpoint covers, counted from when its bundle was
    /// written (not from when the entry's event happened); 0 when every one is covered.
    CheckpointAge,
    /// Witnesses that have not cosigned the checkpoint that stands.
    WitnessMissed,
    /// Those of them that refused: they know another history, or no key of the log.
    WitnessRefused,
    /// Accesses by emergency procedure.
    EmergencyAccess,
    /// Accesses denied.
    Denied,
    /// Log-ins that failed.
    FailedLogins,
    /// Mails that came back.
    MailBounced,
    /// Mails of which the receiver complained.
    MailComplained,
}

impl Metric {
    /// Its name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Refused => "Refused",
            Self::Processed => "Processed",
            Self::Parked => "Parked",
            Self::Retried => "Retried",
            Self::Unmapped => "Unmapped",
            Self::Unsealed => "Unsealed",
            Self::CheckpointAge => "CheckpointAge",
            Self::WitnessMissed => "WitnessMissed",
            Self::WitnessRefused => "WitnessRefused",
            Self::EmergencyAccess => "EmergencyAccess",
            Self::Denied => "Denied",
            Self::FailedLogins => "FailedLogins",
            Self::MailBounced => "MailBounced",
            Self::MailComplained => "MailComplained",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::CheckpointAge => "Seconds",
            _ => "Count",
        }
    }
}

/// What one call counted.
#[derive(Debug, Default)]
pub struct Metrics {
    organisation: String,
    counted: Mutex<BTreeMap<Metric, u64>>,
}

impl Metrics {
    /// Nothing, as yet.
    #[must_use]
    pub fn new(organisation: &str) -> Self {
        Self { organisation: organisation.to_owned(), counted: Mutex::default() }
    }

    /// Counts. Zero is a value too: it keeps an alarm on the metric from lacking data.
    pub fn add(&self, metric: Metric, count: u64) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = counted.entry(metric).or_default();
        *sum = sum.saturating_add(count);
    }

    /// The line for CloudWatch; `None` when nothing was counted.
    #[must_use]
    pub fn line(&self, program: Program, millis: i64) -> Option<Value> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.is_empty() {
            return None;
        }
        let definitions: Vec<Value> =
            counted.keys().map(|metric| json!({ "Name": metric.name(), "Unit": metric.unit() })).collect();
        let mut line = json!({
            "_aws": {
                "Timestamp": millis,
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Organisation", "Function"]],
                    "Metrics": definitions,
                }],
            },
            "Organisation": self.organisation,
            "Function": program.name(),
        });
        if let Some(line) = line.as_object_mut() {
            line.extend(counted.iter().map(|(metric, count)| (metric.name().to_owned(), (*count).into())));
        }
        Some(line)
    }

    /// Writes the line.
    pub fn emit(&self, program: Program) {
        if let Some(line) = self.line(program, SystemClock.now().as_millisecond()) {
            logs::write(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_it_holds() {
        let metrics = Metrics::new("linde");
        assert_eq!(metrics.line(Program::Converter, 1), None);
        metrics.add(Metric::Processed, 2);
        metrics.add(Metric::Processed, 1);
        metrics.add(Metric::CheckpointAge, 0);
        assert_eq!(
            metrics.line(Program::Converter, 1_793_700_000_000).unwrap(),
            json!({
                "_aws": {
                    "Timestamp": 1_793_700_000_000_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Zorgsluis",
                        "Dimensions": [["Organisation", "Function"]],
                        "Metrics": [
                            { "Name": "Processed", "Unit": "Count" },
                            { "Name": "CheckpointAge", "Unit": "Seconds" },
                        ],
                    }],
                },
                "Organisation": "linde",
                "Function": "converter",
                "Processed": 3,
                "CheckpointAge": 0,
            })
        );
    }
}
