//! How accepting a message can end.

use std::fmt;
use std::net::IpAddr;

use hl7v2::ack::{AckCode, Condition};
use zorgsluis_domain::{MessageId, Transport};

/// Where a message comes from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The way in.
    pub transport: Transport,
    /// The sender's network address, for the audit log.
    pub peer: Option<String>,
    /// The name of the system that the peer has proved to be, by its client certificate. It then is the sender
    /// in journal and audit log, before the profile, which follows from what the message says of itself. The
    /// name of a system, short and of few characters; whoever proved it sees to that.
    pub authenticated: Option<String>,
    /// W3C traceparent of the request. One that is not well-formed is left out.
    pub traceparent: Option<String>,
}

impl Source {
    /// A source without a proved name and without a trace.
    pub const fn new(transport: Transport, peer: Option<String>) -> Self {
        Self { transport, peer, authenticated: None, traceparent: None }
    }

    /// The network address, if it is one: no other text travels through the queue.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.peer.as_deref()?.parse::<IpAddr>().ok().map(|address| address.to_canonical())
    }

    /// Who sends, in journal and audit log: the proved name, else the profile.
    pub(crate) fn sender<'s>(&'s self, profile: &'s str) -> &'s str {
        self.authenticated.as_deref().unwrap_or(profile)
    }
}

/// One HL7 acknowledgement to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// MSA-1.
    pub code: AckCode,
    /// The message, without MLLP framing.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Acknowledgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledgement").field("code", &self.code).field("bytes", &self.bytes.len()).finish()
    }
}

/// What became of a message, in order of gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Durable, and in the queue.
    Accepted,
    /// It was durable and queued already; nothing was done a second time.
    Duplicate,
    /// It can never be accepted as it stands; it was not stored.
    Refused,
    /// The queue is as full as it may be. Nothing was stored; the sender may try again.
    Busy,
    /// A store, the queue or the audit log could not be reached. The sender may try again: whatever was
    /// done is recognised then.
    Unavailable,
}

impl Verdict {
    /// All verdicts, in order of gravity.
    pub const ALL: [Self; 5] =
        [Self::Accepted, Self::Duplicate, Self::Refused, Self::Busy, Self::Unavailable];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status that says the same: 202, 400, 429, 503.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Accepted | Self::Duplicate => 202,
            Self::Refused => 400,
            Self::Busy => 429,
            Self::Unavailable => 503,
        }
    }

    /// Whether the message is durable and acknowledged as such.
    pub const fn is_positive(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }
}

/// Why a message was not accepted. Holds no value of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Kebab-case reason, for example `missing-header`.
    pub code: &'static str,
    /// The place in the message, when it can be named.
    pub at: Option<hl7v2::Place>,
    /// What is wrong, in words.
    pub text: String,
    /// HL7 table 0357 (message error condition codes), for ERR-3.
    pub condition: Condition,
}

/// How accepting one message ended.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What became of it.
    pub verdict: Verdict,
    /// What to answer, in order: none when the sender asked for none, two when enhanced mode asks for an
    /// accept and an application acknowledgement. Over MLLP each is a frame of its own.
    pub acknowledgements: Vec<Acknowledgement>,
    /// The id of the message; `None` when it was refused.
    pub message: Option<MessageId>,
    /// Why it was not accepted.
    pub refusal: Option<Refusal>,
}

impl Accepted {
    /// MSA-1 of the first acknowledgement, empty when none is sent.
    pub fn code(&self) -> &'static str {
        self.acknowledgements.first().map_or("", |acknowledgement| acknowledgement.code.as_str())
    }

    /// All acknowledgements, one behind the other: the body of an HTTP answer.
    pub fn ack(&self) -> Vec<u8> {
        self.acknowledgements
            .iter()
            .flat_map(|acknowledgement| acknowledgement.bytes.iter().copied())
            .collect()
    }

    /// Whether it had come before.
    pub fn duplicate(&self) -> bool {
        self.verdict == Verdict::Duplicate
    }

    /// The HTTP status that says the same.
    pub const fn http_status(&self) -> u16 {
        self.verdict.http_status()
    }
}
