//! Who may hand a mail over, and what is known of one that somebody may have handed over.
//!
//! A ticket is given once: the first is the reservation, each later one is the move from
//! [`NoticeState::Reserved`] (or [`NoticeState::Refused`], after a replay) to [`NoticeState::Unknown`] with the
//! reason `sending-again`. A crash with a ticket in hand leaves a state from which nothing is sent before the
//! mailer was asked what it knows.

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState};
use zorgsluis_domain::port::MailTrace;
use zorgsluis_domain::{PortError, Stage};

use super::Telling;
use crate::events::{BOUNCED, COMPLAINED, NOT_RENDERED, PERHAPS_BOUNCED, REJECTED};

/// The reason of a notice that is reserved and certainly was not handed over: whoever takes its message up
/// next sends it.
pub const NOT_SENT: &str = "not-sent";
/// The reason of a notice that an operator wants to be sent, who knows that it may arrive twice: whoever takes
/// its message up next sends it. Unlike [`NOT_SENT`] it is told in the log as a disclosure of its own.
pub const SEND_AGAIN: &str = "send-again";
/// A later attempt has the ticket.
pub(crate) const SENDING_AGAIN: &str = "sending-again";
/// A process ended between reservation and confirmation, and the mailer cannot tell.
const NOT_CONFIRMED: &str = "not-confirmed";
/// The mailer could not tell when it was handed the mail.
const MAILER_CANNOT_TELL: &str = "mailer-cannot-tell";
/// The mailer was asked after a crash, and has it; when it was handed over is not known.
const FOUND: &str = "found-by-mailer";

/// How often a notice is looked at again after its state was moved on.
pub(super) const ROUNDS: usize = 4;

/// What is to be done about a notice.
pub(super) enum Next {
    /// Send, with the ticket that is taken from this line; none: by reserving.
    Send(Option<Notice>),
    /// Nothing: it stands so.
    Settled(Notice),
    /// It was moved on: look again.
    Again,
}

/// Whether a notice is reserved, and whoever takes its message up may send it at once.
pub(crate) fn is_to_be_sent(line: &Notice) -> bool {
    line.state == NoticeState::Reserved && matches!(line.why.as_deref(), Some(NOT_SENT | SEND_AGAIN))
}

impl Telling<'_> {
    pub(super) async fn next(&self, notice: NoticeId) -> Result<Next, PortError> {
        let Some(line) = self.ports.notices.get(notice).await? else { return Ok(Next::Send(None)) };
        let open = match (line.state, line.why.as_deref()) {
            (NoticeState::Sent | NoticeState::Dropped, _) => return Ok(Next::Settled(line)),
            (NoticeState::Refused, _) if !self.replayed_since(line.changed) => {
                return Ok(Next::Settled(line));
            }
            (NoticeState::Refused, _) => return Ok(Next::Send(Some(line))),
            (NoticeState::Reserved, _) if is_to_be_sent(&line) => return Ok(Next::Send(Some(line))),
            (NoticeState::Reserved, _) | (NoticeState::Unknown, Some(SENDING_AGAIN)) => true,
            (NoticeState::Unknown, _) => false,
        };
        let trace = self.ports.mailer.trace(notice).await?;
        let from = [line.state];
        let moved = |to, receipt, why| self.settle(notice, &from, to, receipt, why);
        match trace {
            MailTrace::Sent(receipt) => {
                moved(NoticeState::Sent, Some(receipt), Some(FOUND)).await?;
            }
            _ if !open => return Ok(Next::Settled(line)),
            _ => {
                self.in_hand(&line)?;
                match (trace, line.state) {
                    (MailTrace::Absent, NoticeState::Reserved) => return Ok(Next::Send(Some(line))),
                    (MailTrace::Absent, _) => moved(NoticeState::Reserved, None, Some(NOT_SENT)).await?,
                    _ => moved(NoticeState::Unknown, None, Some(NOT_CONFIRMED)).await?,
                };
            }
        }
        Ok(Next::Again)
    }

    fn replayed_since(&self, at: Timestamp) -> bool {
        let steps = self.way.map(|way| way.steps.as_slice()).unwrap_or_default();
        steps.iter().any(|step| matches!(step.stage, Stage::Replayed) && step.at > at)
    }

    /// Another delivery may be at it: later.
    fn in_hand(&self, line: &Notice) -> Result<(), PortError> {
        let patience = SignedDuration::try_from(self.settings.in_hand).unwrap_or(SignedDuration::MAX);
        let left = patience - self.ports.clock.now().duration_since(line.changed);
        if !left.is_positive() {
            return Ok(());
        }
        Err(PortError::Unavailable {
            operation: "notifier.in-hand",
            retry_after: left.try_into().ok(),
            cause: None,
        })
    }

    pub(super) async fn settle(
        &self,
        notice: NoticeId,
        from: &[NoticeState],
        to: NoticeState,
        receipt: Option<String>,
        why: Option<&str>,
    ) -> Result<bool, PortError> {
        let now = self.ports.clock.now();
        self.ports.notices.settle(notice, from, to, now, receipt.as_deref(), why).await
    }

    /// Writes down that a mail is out, whatever others made of the silence meanwhile. What the mail system has told
    /// of this very mail before that stands: a mail may come back sooner than its sending is confirmed.
    pub(super) async fn confirm(&self, notice: NoticeId, receipt: &str) -> Result<(), PortError> {
        let sent = async |from| {
            self.settle(notice, &[from], NoticeState::Sent, Some(receipt.to_owned()), None).await
        };
        if sent(NoticeState::Reserved).await? {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            let Some(line) = self.ports.notices.get(notice).await? else { break };
            if line.state == NoticeState::Sent || is_told_of(&line, receipt) || sent(line.state).await? {
                return Ok(());
            }
        }
        Err(PortError::Conflict { operation: "notifier.confirm" })
    }

    /// Writes down that the mailer cannot tell whether the mail is out, unless something is known meanwhile.
    pub(super) async fn leave_open(&self, notice: NoticeId) -> Result<(), PortError> {
        let (unknown, why) = (NoticeState::Unknown, Some(MAILER_CANNOT_TELL));
        if self.settle(notice, &[NoticeState::Reserved], unknown, None, why).await? {
            return Ok(());
        }
        let line = self.ports.notices.get(notice).await?;
        if line.is_some_and(|line| line.state == unknown && line.why.as_deref() == Some(SENDING_AGAIN)) {
            self.settle(notice, &[unknown], unknown, None, why).await?;
        }
        Ok(())
    }

    /// Takes back what was begun and certainly did not go.
    pub(super) async fn call_back(&self, notice: NoticeId, why: &str) -> Result<(), PortError> {
        for _ in 0..ROUNDS {
            match self.next(notice).await? {
                Next::Again => {}
                Next::Send(None) | Next::Settled(_) => return Ok(()),
                Next::Send(Some(line)) => {
                    self.settle(notice, &[line.state], NoticeState::Dropped, None, Some(why)).await?;
                }
            }
        }
        Err(PortError::Conflict { operation: "notifier.call-back" })
    }
}

/// Whether it is the mail system's word about this mail that a notice stands by.
fn is_told_of(line: &Notice, receipt: &str) -> bool {
    line.receipt.as_deref() == Some(receipt)
        && matches!(
            line.why.as_deref(),
            Some(BOUNCED | PERHAPS_BOUNCED | COMPLAINED | REJECTED | NOT_RENDERED)
        )
}
