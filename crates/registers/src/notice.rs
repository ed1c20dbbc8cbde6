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

/// A reservation younger than this is being sent.
const BEING_SENT: SignedDuration = SignedDuration::from_mins(15);

impl Decision {
    /// Whether a notice waits for a decision: it is unknown, or was reserved a quarter of an hour ago and
    /// not confirmed.
    #[must_use]
    pub fn is_possible(notice: &Notice, now: Timestamp) -> bool {
        match notice.state {
            NoticeState::Unknown => true,
            NoticeState::Reserved => now.duration_since(notice.changed) >= BEING_SENT,
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
