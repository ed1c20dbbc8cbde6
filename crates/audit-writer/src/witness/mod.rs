//! The log brings its checkpoints before witnesses (C2SP tlog-witness), and keeps what they cosigned.
//!
//! It goes on beside the log and holds up nothing: a witness that is down is asked again later, and meanwhile the log
//! has checkpoints that this witness has not cosigned.

mod submit;

use std::time::Duration;

use futures_util::future::join_all;
use tlog::WitnessKey;
use tokio::sync::Mutex;

pub use submit::Submitter;

use crate::AuditLog;

/// A witness as the log knows it.
#[derive(Debug, Clone)]
pub struct RemoteWitness {
    url: String,
    key: WitnessKey,
}

/// What came of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// The checkpoint that stands is cosigned.
    Cosigned,
    /// The witness gave no answer, or a useless one: perhaps it does later.
    Away,
    /// The witness knows another history, or no key of the log: somebody has to look.
    Refused,
}

impl RemoteWitness {
    /// The witness at this URL, which cosigns with this key (C2SP vkey).
    ///
    /// # Errors
    ///
    /// In words what is wrong with which of both.
    pub fn new(url: &str, key: &str) -> Result<Self, String> {
        let key = WitnessKey::parse(key).map_err(|error| format!("the key of the witness: {error}"))?;
        let plain = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        if plain.is_none_or(str::is_empty) || url.contains(char::is_whitespace) {
            return Err(format!("{url}: not a URL of http or https"));
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), key })
    }

    /// A list as it stands in the environment: `URL KEY`, separated by commas.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| match pair.split_once(' ') {
                Some((url, key)) => Self::new(url, key.trim()),
                None => Err(String::from("a witness is a URL, a space and a key")),
            })
            .collect()
    }
}

/// All witnesses of a log, asked together.
#[derive(Debug, Default)]
pub struct Witnesses(Vec<Mutex<Submitter>>);

/// What came of asking all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// How many cosigned the checkpoint that stands.
    pub cosigned: u64,
    /// How many did not: those that refused, too.
    pub missed: u64,
    /// How many refused.
    pub refused: u64,
}

impl Witnesses {
    /// The witnesses of this log.
    #[must_use]
    pub fn new(log: &AuditLog, witnesses: Vec<RemoteWitness>) -> Self {
        let submitter = |witness| Submitter::new(log.tlog().clone(), log.verifying_keys().to_vec(), witness);
        Self(witnesses.into_iter().map(|witness| Mutex::new(submitter(witness))).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Submits the checkpoint that stands to all of them at once, and waits no longer than `patience`.
    pub async fn submit(&self, patience: Duration) -> Asked {
        let asked = self
            .0
            .iter()
            .map(|submitter| tokio::time::timeout(patience, async { submitter.lock().await.submit().await }));
        let mut sum = Asked::default();
        for answer in join_all(asked).await {
            match answer {
                Ok(Submitted::Cosigned) => sum.cosigned += 1,
                Ok(Submitted::Refused) => {
                    sum.missed += 1;
                    sum.refused += 1;
                }
                Ok(Submitted::Away) | Err(_) => sum.missed += 1,
            }
        }
        sum
    }
}
