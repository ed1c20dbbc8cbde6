//! What an operator decides on a notice of which nobody can tell whether it was sent.

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState};

use crate::registers::Act;
use crate::{By, RegisterError, Registers};

/// An operator's decision on a notice that is unknown, or reserved and never confirmed.
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
    /// may be on its way this moment waits for a quarter of an hour.
    #[must_use]
    pub fn is_possible(notice: &Notice, now: Timestamp) -> bool {
        let in_hand = now.duration_since(notice.changed) < IN_HAND;
        match notice.state {
            NoticeState::Unknown => !in_hand || notice.why.as_deref() != Some(SENDING_AGAIN),
            NoticeState::Reserved => !in_hand,
            NoticeState::Sent | NoticeState::Refused | NoticeState::Dropped => false,
        }
    }
}

impl Registers {
    /// Writes a decision down. False when the notice is not (any more) one that waits for it.
    pub async fn decide(&self, id: NoticeId, decision: Decision, by: &By) -> Result<bool, RegisterError> {
        let Some(notice) = self.ports.notices.get(id).await? else {
            return Err(RegisterError::NotFound("notice"));
        };
        let now = self.now();
        if !Decision::is_possible(&notice, now) {
            return Ok(false);
        }
        let (to, what) = match decision {
            Decision::WasSent => (NoticeState::Sent, "notice-was-sent"),
            Decision::Drop => (NoticeState::Dropped, "notice-dropped"),
        };
        let objects = vec![(format!("Notice/{id}"), None), (notice.message.to_string(), None)];
        let act = Act { objects, ..Act::new(Action::Update, what) };
        self.record(&[self.entry(now, by, act)]).await?;
        Ok(self.ports.notices.settle(id, &[notice.state], to, now, None, Some("operator")).await?)
    }
}
