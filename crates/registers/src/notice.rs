//! What an operator decides on a notice of which nobody can tell whether it was sent.

use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::{NoticeId, NoticeState};

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

impl Registers {
    /// Writes a decision down. False when the notice is not (any more) one that waits for it.
    pub async fn decide(&self, id: NoticeId, decision: Decision, by: &By) -> Result<bool, RegisterError> {
        const OPEN: [NoticeState; 2] = [NoticeState::Reserved, NoticeState::Unknown];
        let Some(notice) = self.ports.notices.get(id).await? else {
            return Err(RegisterError::NotFound("notice"));
        };
        if !OPEN.contains(&notice.state) {
            return Ok(false);
        }
        let (to, what) = match decision {
            Decision::WasSent => (NoticeState::Sent, "notice-was-sent"),
            Decision::Drop => (NoticeState::Dropped, "notice-dropped"),
        };
        let now = self.now();
        let objects = vec![(format!("Notice/{id}"), None), (notice.message.to_string(), None)];
        let act = Act { objects, ..Act::new(Action::Update, what) };
        self.record(&[self.entry(now, by, act)]).await?;
        Ok(self.ports.notices.settle(id, &OPEN, to, now, None, Some("operator")).await?)
    }
}
