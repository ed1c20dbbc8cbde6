//! Calls whose refusal is never a message's fault.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use zorgsluis_domain::PortError;

use crate::failure::failed;

/// What a failed call means whose request is known to be good: as [`failed`], and what the service refuses (a
/// queue, bucket or key that is not there, or is switched off) an operator mends. No message is parked for it.
pub(crate) fn hindered<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match failed(operation, error) {
        PortError::Refused { reason, .. } => PortError::unavailable(operation, reason),
        other => other,
    }
}
