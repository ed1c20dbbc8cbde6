//! [`Submitter`]: brings the checkpoints of a log before one witness.

use std::sync::Arc;
use std::time::Duration;

use tlog::{ConsistencyFile, KeyChain, Log, LogError, Note, NoteSignature, SignedCheckpoint, VerifyingKey};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::{RemoteWitness, Submitted};

/// How long a witness may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an answer is read: some signature lines.
const MAX_ANSWER: u64 = 64 << 10;

/// Submits the checkpoints of a log to one witness.
pub struct Submitter {
    log: Log,
    keys: Vec<VerifyingKey>,
    witness: RemoteWitness,
    agent: ureq::Agent,
    /// The size that the witness cosigned last, as far as known.
    known: Option<u64>,
    /// The checkpoint that it cosigned last, of this process.
    done: Option<String>,
    /// What was wrong the last time, so that it is told once.
    trouble: Option<String>,
}

impl std::fmt::Debug for Submitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submitter")
            .field("log", &self.log)
            .field("witness", &self.witness)
            .finish_non_exhaustive()
    }
}

/// Why nothing was cosigned.
enum Trouble {
    /// It may be well later.
    Away(String),
    /// The witness knows another history, or no key of the log.
    Refused(String),
}

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        Self::Away(error.to_string())
    }
}

/// What a witness answers.
enum Told {
    Lines(Vec<NoteSignature>),
    OtherSize(u64),
    UnknownKey,
}

impl Submitter {
    /// For a log whose checkpoints verify by `keys`, or by those that took over from them.
    #[must_use]
    pub fn new(log: Log, keys: Vec<VerifyingKey>, witness: RemoteWitness) -> Self {
        let agent = agent(witness.url.starts_with("https:"));
        Self { log, keys, witness, agent, known: None, done: None, trouble: None }
    }

    /// Submits the checkpoint that stands, if it was not yet, and keeps the cosignature with the log. Trouble is
    /// told once, in the log lines. It may be dropped half way.
    pub async fn submit(&mut self) -> Submitted {
        let name = self.witness.key.name().to_owned();
        match self.attempt().await {
            Ok(()) => {
                if self.trouble.take().is_some() {
                    tracing::warn!(witness = name, "the witness cosigns again");
                }
                Submitted::Cosigned
            }
            Err(trouble) => {
                let (text, refused) = match trouble {
                    Trouble::Away(text) => (text, false),
                    Trouble::Refused(text) => (text, true),
                };
                if self.trouble.as_ref() != Some(&text) {
                    if refused {
                        tracing::error!(witness = name, reason = text, "the witness refuses the log");
                    } else {
                        tracing::warn!(witness = name, reason = text, "the witness does not cosign now");
                    }
                    self.trouble = Some(text);
                }
                if refused { Submitted::Refused } else { Submitted::Away }
            }
        }
    }

    async fn attempt(&mut self) -> Result<(), Trouble> {
        let Some(signed) = self.log.checkpoint(&self.keys).await? else { return Ok(()) };
        if self.done.as_deref() == Some(signed.note().text()) {
            return Ok(());
        }
        let chain = self.log.key_chain(&self.keys).await?;
        if self.bring(&signed, &chain).await? {
            return Ok(());
        }
        // The witness may not have seen how the present key took over.
        let seen = match self.known {
            Some(known) => known,
            None => self.kept(&chain).await?,
        };
        for handover in chain.handovers() {
            if handover.size() >= seen {
                self.bring(handover.signed(), &chain).await?;
            }
        }
        if self.bring(&signed, &chain).await? {
            return Ok(());
        }
        Err(Trouble::Refused(String::from("it knows no key that signed the checkpoint (403)")))
    }

    /// Brings one checkpoint. `false`: the witness does not know its key.
    async fn bring(&mut self, signed: &SignedCheckpoint, chain: &KeyChain) -> Result<bool, Trouble> {
        let new = signed.checkpoint().size;
        let mut old = match self.known {
            Some(known) => known,
            None => self.kept(chain).await?,
        };
        for _ in 0..2 {
            let path = if old <= new { self.log.consistency(old, new).await? } else { Vec::new() };
            let submission = ConsistencyFile { old_size: old, path, checkpoint: signed.to_text() };
            match self.post(submission).await? {
                Told::UnknownKey => return Ok(false),
                Told::Lines(lines) => {
                    self.keep(signed, lines).await?;
                    return Ok(true);
                }
                Told::OtherSize(size) if size > new => {
                    let text =
                        format!("it has seen {size} entries, the log has {new}: the log was taken back");
                    return Err(Trouble::Refused(text));
                }
                Told::OtherSize(size) if size == old => {
                    let text =
                        format!("it has seen another tree of {size} entries: the log has two histories");
                    return Err(Trouble::Refused(text));
                }
                Told::OtherSize(size) => (old, self.known) = (size, Some(size)),
            }
        }
        Err(Trouble::Away(String::from("the size that it has seen keeps changing")))
    }

    /// The size that the witness cosigned last, as it is kept with the log.
    async fn kept(&self, chain: &KeyChain) -> Result<u64, Trouble> {
        let witnessed = self.log.witnessed(chain.keys()).await?;
        let own = witnessed.iter().find(|one| one.id == self.witness.key.id());
        Ok(own.map_or(0, |one| one.signed.checkpoint().size))
    }

    /// Keeps the cosignature, once it is checked.
    async fn keep(&mut self, signed: &SignedCheckpoint, lines: Vec<NoteSignature>) -> Result<(), Trouble> {
        let key = &self.witness.key;
        let own = lines.into_iter().find(|line| line.name == key.name() && line.id == key.id());
        let own =
            own.ok_or_else(|| Trouble::Away(String::from("its answer holds no cosignature of its key")))?;
        let mut note: Note = signed.note().clone();
        note.add(own.clone());
        if !matches!(key.cosignature(&note), Ok(Some(_))) {
            return Err(Trouble::Away(String::from("its cosignature is wrong")));
        }
        self.log.keep_witnessed(signed, own).await?;
        self.known = Some(signed.checkpoint().size);
        self.done = Some(signed.note().text().to_owned());
        Ok(())
    }

    async fn post(&self, submission: ConsistencyFile) -> Result<Told, Trouble> {
        let (agent, url) = (self.agent.clone(), format!("{}/add-checkpoint", self.witness.url));
        let asked = tokio::task::spawn_blocking(move || {
            let mut response = agent.post(&url).send(submission.to_text())?;
            let text = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string()?;
            Ok::<_, ureq::Error>((response.status().as_u16(), text))
        });
        let away = |error: &dyn std::fmt::Display| Trouble::Away(error.to_string());
        let (status, text) = asked.await.map_err(|error| away(&error))?.map_err(|error| away(&error))?;
        match status {
            200 => Ok(Told::Lines(text.lines().filter_map(NoteSignature::parse).collect())),
            403 => Ok(Told::UnknownKey),
            404 => Err(Trouble::Refused(String::from(
                "it does not follow this log (404): tell it, by `zorgsluis witness add-log` with the log's key",
            ))),
            409 => match text.trim_end().parse() {
                Ok(size) => Ok(Told::OtherSize(size)),
                Err(_) => Err(Trouble::Away(String::from("it answers 409 without a size"))),
            },
            422 => Err(Trouble::Refused(String::from(
                "the log does not continue what it has seen (422): the log has two histories",
            ))),
            other => Err(Trouble::Away(format!("it answers {other}"))),
        }
    }
}

fn agent(tls: bool) -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
    if !tls {
        return config.build().into();
    }
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    config.tls_config(tls).build().into()
}
