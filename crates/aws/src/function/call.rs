//! One call of a function.

use std::fmt;

use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic};
use zorgsluis_domain::PortError;

use super::{Metrics, traceparent};
use crate::SettingsError;

/// One call: until when, and what is known of it.
#[derive(Debug)]
pub struct Call {
    /// When the function is stopped.
    pub deadline: Timestamp,
    /// W3C traceparent of the call, from the header of X-Ray.
    pub traceparent: Option<String>,
    /// What is counted; written at the end of the call.
    pub metrics: Metrics,
}

impl Call {
    pub(super) fn new(context: &Context, organisation: &str) -> Self {
        let deadline = i64::try_from(context.deadline).ok();
        Self {
            // A deadline that cannot be one is over: nothing is begun.
            deadline: deadline
                .and_then(|millis| Timestamp::from_millisecond(millis).ok())
                .unwrap_or(Timestamp::MIN),
            traceparent: context.xray_trace_id.as_deref().and_then(traceparent),
            metrics: Metrics::new(organisation),
        }
    }
}

/// Why an event was not handled. Its words hold no value: they become log lines and the function's answer.
pub struct Failed(String);

impl Failed {
    /// For a reason that holds no value of a message, a key or a setting.
    pub fn because(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<PortError> for Failed {
    fn from(error: PortError) -> Self {
        Self::because(error)
    }
}

impl From<SettingsError> for Failed {
    fn from(error: SettingsError) -> Self {
        Self::because(error)
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        Self { error_type: String::from("Failed"), error_message: failed.0 }
    }
}
