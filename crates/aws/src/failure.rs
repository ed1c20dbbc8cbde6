//! What the errors of the SDK mean for a port.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use zorgsluis_domain::PortError;

/// Codes by which services say that the same request may succeed later; all 5xx and 429 do too.
const TRANSIENT: &[&str] = &[
    "ThrottlingException",
    "ThrottledException",
    "Throttling",
    "TooManyRequestsException",
    "RequestThrottled",
    "RequestThrottledException",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
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
    // The request came slowly or in part: S3 answers 400.
    "RequestTimeout",
    "RequestTimeoutException",
    "IncompleteBody",
];

/// Codes of what an operator mends, or of a clock or credentials that are off for a while: the request itself is
/// good. To the queue's patience with it, never to the dead letters.
const HINDERED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidToken",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
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

/// As [`failed`], of a service of which it is known which codes are a fault of the request: all else that it refuses
/// may pass, or an operator mends it. A message that is good is not parked for a code that was not thought of.
pub(crate) fn failed_unless<E>(
    operation: &'static str,
    error: SdkError<E, HttpResponse>,
    faults: &[&str],
) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let incomplete = matches!(error, SdkError::ConstructionFailure(_));
    match failed(operation, error) {
        PortError::Refused { reason, .. } if !incomplete && !faults.contains(&reason.as_str()) => {
            PortError::unavailable(operation, reason)
        }
        other => other,
    }
}

/// Whether a call failed with this code of the service.
pub(crate) fn has_code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, code: &str) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some(code)
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn answered(code: &str, status: u16) -> SdkError<ErrorMetadata, HttpResponse> {
        let status = StatusCode::try_from(status).unwrap();
        let raw = HttpResponse::new(status, SdkBody::empty());
        SdkError::service_error(ErrorMetadata::builder().code(code).build(), raw)
    }

    fn goes_back(error: &PortError) -> bool {
        matches!(error, PortError::Unavailable { .. })
    }

    #[test]
    fn a_good_request_with_a_bad_signature_or_cut_off_on_its_way_goes_back() {
        for (code, status) in [
            ("InvalidSignatureException", 400),
            ("RequestExpired", 400),
            ("IncompleteSignatureException", 400),
            ("MissingAuthenticationTokenException", 400),
            ("RequestTimeout", 400),
            ("RequestTimeTooSkewed", 403),
            ("IncompleteBody", 400),
            ("SignatureDoesNotMatch", 403),
            ("AccessDeniedException", 400),
            ("ThrottlingException", 400),
            ("NeverHeardOf", 503),
            ("NeverHeardOf", 429),
        ] {
            assert!(goes_back(&failed("test", answered(code, status))), "{code}");
            assert!(goes_back(&failed_unless("test", answered(code, status), &[])), "{code}");
        }
    }

    #[test]
    fn what_is_the_requests_own_fault_is_refused_with_the_word_of_the_service() {
        for code in ["ValidationException", "InvalidArgument", "NeverHeardOf"] {
            let PortError::Refused { reason, .. } = failed("test", answered(code, 400)) else {
                panic!("{code}")
            };
            assert_eq!(reason, code);
        }
        let incomplete = || SdkError::<ErrorMetadata, HttpResponse>::construction_failure("no key");
        assert!(!goes_back(&failed("test", incomplete())));
        assert!(!goes_back(&failed_unless("test", incomplete(), &[])));
    }

    #[test]
    fn where_the_faults_are_known_no_other_code_is_one() {
        let faults = ["ValidationException"];
        assert!(!goes_back(&failed_unless("test", answered("ValidationException", 400), &faults)));
        for code in ["NeverHeardOf", "SerializationException", "ValidationError"] {
            assert!(goes_back(&failed_unless("test", answered(code, 400), &faults)), "{code}");
        }
    }
}
