use zorgsluis_domain::PortError;

/// Why a sweep or a replay could not be carried through. What was done until then stays done: both can be
/// started again.
///
/// Accepting a message never fails with an error: it ends in an acknowledgement, see
/// [`Accepted`](crate::Accepted).
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The queue, the journal or a store could not be reached.
    #[error("a store cannot be reached")]
    Store(#[source] PortError),
    /// The audit entry about a replay could not be written, so that nothing was replayed.
    #[error("the audit entry could not be written; nothing was done")]
    Audit(#[source] PortError),
}
