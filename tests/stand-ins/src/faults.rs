//! Trouble on demand: `POST /_stand-in/faults` with
//! `{"next": 2, "answer": 429, "retry-after": 1, "on": "POST /_search"}`.
//!
//! `answer` is a status, or
//!
//! * `"hang"`: nothing is done and nothing answered;
//! * `"cut"`: nothing is done and the connection is closed;
//! * `"drop"`: it is done, and the connection is closed before the answer: the answer is lost.
//!
//! `next` counts the requests that meet it; with `on`, only those of this method whose path ends so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

/// What is answered instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// This status, and nothing is done.
    Status(u16),
    /// No answer in a way of its own.
    Silence(Silence),
}

/// Ways not to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// Nothing is done, nothing answered.
    Hang,
    /// Nothing is done, the connection is closed.
    Cut,
    /// It is done, the connection is closed.
    Drop,
}

/// Trouble for the next requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fault {
    /// How many.
    pub next: u32,
    /// What they meet.
    pub answer: Answer,
    /// Seconds, for the header `Retry-After`.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// Method and end of the path, `POST /_search`; all requests without.
    #[serde(default)]
    pub on: Option<String>,
}

impl Fault {
    /// The next `next` requests meet `answer`.
    #[must_use]
    pub const fn new(next: u32, answer: Answer) -> Self {
        Self { next, answer, retry_after: None, on: None }
    }

    /// Only these requests: method and end of the path.
    #[must_use]
    pub fn on(mut self, on: &str) -> Self {
        self.on = Some(on.to_owned());
        self
    }

    fn is_for(&self, method: &str, path: &str) -> bool {
        self.on.as_deref().is_none_or(|on| {
            on.split_once(' ').is_some_and(|(wanted, end)| wanted == method && path.ends_with(end))
        })
    }
}

/// The faults that wait for requests. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// Sets one more.
    pub fn set(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    /// Takes all back.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What this request meets.
    #[must_use]
    pub fn take(&self, method: &str, path: &str) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.retain(|fault| fault.next > 0);
        let fault = faults.iter_mut().find(|fault| fault.is_for(method, path))?;
        fault.next -= 1;
        Some(fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_takes_the_fault_that_is_for_it() {
        let faults = Faults::default();
        let set = |json: &str| faults.set(serde_json::from_str(json).unwrap());
        set(r#"{"next":1,"answer":"drop","on":"POST /r4/"}"#);
        set(r#"{"next":2,"answer":429,"retry-after":3}"#);
        let fault = |method: &str, path: &str| faults.take(method, path).map(|fault| fault.answer);
        assert_eq!(fault("GET", "/r4/Patient/1"), Some(Answer::Status(429)));
        assert_eq!(fault("POST", "/r4/"), Some(Answer::Silence(Silence::Drop)));
        assert_eq!(fault("POST", "/r4/"), Some(Answer::Status(429)));
        assert_eq!(fault("POST", "/r4/"), None);
    }
}
