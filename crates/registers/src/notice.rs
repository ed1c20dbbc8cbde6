//! What an operator decides on a notice of which nobody can tell whether it was sent.

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::QueueReference;
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState};
use zorgsluis_domain::port::Queue;
use zorgsluis_notifier::{NOT_SENT, SEND_AGAIN};
use zorgsluis_worker::send_on;

use crate::registers::Act;
use crate::{By, RegisterError, Registers};

/// An operator's decision on a notice that is unknown, or reserved and not (yet) sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It was sent: the mail system or the recipient says so.
    WasSent,
    /// It is not sent any more.
    Drop,
}

/// A notice that the notifier has in hand is not decided on before this time.
const IN_HAND: SignedDuration = SignedDuration::from_mins(15);
/// The notifier's reason for a notice in state unknown of which a later attempt is being made.
const SENDING_AGAIN: &str = "sending-again";

impl Decision {
    /// Whether a notice waits for a decision: it is unknown, or was reserved and not confirmed. One that
    /// may be on its way this moment waits for a quarter of an hour; one that certainly was not sent (a mailbox
    /// over quota, tried again and again) does not.
    #[must_use]
    pub fn is_possible(notice: &Notice, now: Timestamp) -> bool {
        let in_hand = now.duration_since(notice.changed) < IN_HAND;
        match notice.state {
            NoticeState::Unknown => !in_hand || notice.why.as_deref() != Some(SENDING_AGAIN),
            // What certainly was not sent is in nobody's hand, however often it is tried: whoever tries again
            // takes it out of this state first.
            NoticeState::Reserved => !in_hand || notice.why.as_deref() == Some(NOT_SENT),
            NoticeState::Sent | NoticeState::Refused | NoticeState::Dropped => false,
        }
    }
}

impl Registers {
    /// Writes a decision down. False when the notice is not (any more) one that waits for it.
    pub async fn decide(&self, id: NoticeId, decision: Decision, by: &By) -> Result<bool, RegisterError> {
        let (to, what) = match decision {
            Decision::WasSent => (NoticeState::Sent, "notice-was-sent"),
            Decision::Drop => (NoticeState::Dropped, "notice-dropped"),
        };
        let Some((notice, now)) = self.waiting(id, what, by).await? else { return Ok(false) };
        Ok(self.ports.notices.settle(id, &[notice.state], to, now, None, Some("operator")).await?)
    }

    /// Has a notice sent again that waits for a decision: it may arrive twice, which the operator knows. False
    /// when it is not (any more) one that waits.
    ///
    /// The notice is reserved once more, and `reference`, which names its message, goes into the queue of
    /// `notices` under `group`. When that fails, the notice stands as before. A crash in between leaves it
    /// reserved; it waits for a decision again after a quarter of an hour.
    pub async fn send_again(
        &self,
        id: NoticeId,
        notices: &dyn Queue,
        reference: &QueueReference,
        group: &str,
        by: &By,
    ) -> Result<bool, RegisterError> {
        let Some((notice, now)) = self.waiting(id, "notice-send-again", by).await? else { return Ok(false) };
        let register = &self.ports.notices;
        // Before it is queued: a delivery that found it as it was would take it for settled.
        if !register.settle(id, &[notice.state], NoticeState::Reserved, now, None, Some(SEND_AGAIN)).await? {
            return Ok(false);
        }
        let deduplication = format!("send-again-{id}-{}", now.as_nanosecond());
        if let Err(error) = send_on(notices, reference, group, deduplication).await {
            // Should it be in the queue after all and have been taken up, then it is not reserved any more.
            let (from, why) = ([NoticeState::Reserved], notice.why.as_deref());
            register.settle(id, &from, notice.state, now, None, why).await?;
            return Err(error.into());
        }
        Ok(true)
    }

    /// A notice that waits for a decision, once the entry about the decision is durable; and the time of it.
    async fn waiting(
        &self,
        id: NoticeId,
        what: &str,
        by: &By,
    ) -> Result<Option<(Notice, Timestamp)>, RegisterError> {
        let Some(notice) = self.ports.notices.get(id).await? else {
            return Err(RegisterError::NotFound("notice"));
        };
        let now = self.now();
        if !Decision::is_possible(&notice, now) {
            return Ok(None);
        }
        let objects = vec![(format!("Notice/{id}"), None), (notice.message.to_string(), None)];
        let act = Act { objects, ..Act::new(Action::Update, what) };
        self.record(&[self.entry(now, by, act)]).await?;
        Ok(Some((notice, now)))
    }
}
