//! [`Issue`]: why an event is refused, without a value of it.

/// Issues that are told of one event; more are not looked for.
pub(super) const MAX_ISSUES: usize = 20;

/// Why an event is refused. Code and text are ours; the expression is made of names of the standard and of numbers.
/// Nothing of what the event says stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// A code of the value set issue-type: `structure`, `required`, `value`, `code-invalid`, `not-supported`, …
    pub code: &'static str,
    /// Where, as FHIRPath: `AuditEvent.agent[0].network.type`.
    pub expression: String,
    /// What is wrong.
    pub text: String,
}

/// Collects issues, up to [`MAX_ISSUES`].
#[derive(Debug, Default)]
pub(super) struct Issues(Vec<Issue>);

impl Issues {
    pub(super) fn add(&mut self, code: &'static str, expression: impl Into<String>, text: impl Into<String>) {
        if self.0.len() < MAX_ISSUES {
            self.0.push(Issue { code, expression: expression.into(), text: text.into() });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_vec(self) -> Vec<Issue> {
        self.0
    }
}
