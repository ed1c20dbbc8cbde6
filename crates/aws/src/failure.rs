//! What the errors of the SDK mean for a port.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use zorgsluis_domain::PortError;

/// Codes by which services say that the same request may succeed later; all 5xx and 429 do too.
const TRANSIENT: [&str; 15] = [
    "ThrottlingException",
    "ThrottledException",
    "Throttling",
    "TooManyRequestsException",
    "RequestThrottled",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
    "KMSInternalException",
    "DependencyTimeoutException",
];

/// Codes of what an operator mends: the request itself is good. To the queue's patience with it, never to the
/// dead letters.
const HINDERED: [&str; 9] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "KMSInvalidStateException",
    "DisabledException",
    "ResourceNotFoundException",
];

/// What a failed call means. The service's words stay in the cause.
pub(crate) fn failed<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let retry_after = error
        .raw_response()
        .and_then(|response| response.headers().get("retry-after"))
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    let code = error.code().map(str::to_owned);
    let refused = match (&error, code.as_deref()) {
        (SdkError::ServiceError(_), Some(code)) if TRANSIENT.contains(&code) || HINDERED.contains(&code) => {
            false
        }
        (SdkError::ServiceError(_), _) => {
            status.is_some_and(|status| (400..500).contains(&status) && status != 429)
        }
        (SdkError::ConstructionFailure(_), _) => true,
        _ => false,
    };
    if refused {
        // A code is a word of the service's model, never a value.
        let reason = code.unwrap_or_else(|| String::from("the service refused the request"));
        return PortError::Refused { operation, reason };
    }
    PortError::Unavailable { operation, retry_after, cause: Some(Box::new(error)) }
}

/// Whether a call failed with this code of the service.
pub(crate) fn has_code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, code: &str) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some(code)
}
