//! Which notices were sent: reserve, send, confirm.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Page, PageRequest};
use crate::PortError;
use crate::notice::{Notice, NoticeId, NoticeState};

/// The answer to a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// It was not there: the caller sends.
    New,
    /// It stands already, so.
    Standing(Notice),
}

/// The register of notices: one line for each message and provider. Nothing is sent without a
/// reservation that is durable.
#[async_trait]
pub trait NoticeRegister: Send + Sync {
    /// Writes the line unless one with this id stands. `notice.state` is [`NoticeState::Reserved`].
    async fn reserve(&self, notice: &Notice) -> Result<Reservation, PortError>;

    /// Moves a notice from one of the states `from` to another. False when it stands in none of them. The
    /// receipt stays unless another is given; the reason is replaced, also by none.
    async fn settle(
        &self,
        id: NoticeId,
        from: &[NoticeState],
        to: NoticeState,
        at: Timestamp,
        receipt: Option<&str>,
        why: Option<&str>,
    ) -> Result<bool, PortError>;

    /// One notice.
    async fn get(&self, id: NoticeId) -> Result<Option<Notice>, PortError>;

    /// Notices in one state, or all; changed last first.
    async fn list(&self, state: Option<NoticeState>, page: &PageRequest) -> Result<Page<Notice>, PortError>;
}
