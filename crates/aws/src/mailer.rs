//! Mail through Amazon SES (API v2), as it was written: SES is given the raw mail.
//!
//! SES has no token by which a second request could be known for the first, so no request is ever repeated here:
//! the client of this adapter retries nothing. What became of a mail of which nobody can tell is told by the
//! events that SES publishes; they carry the notice's id as the tag `notice` and settle the register of notices
//! (`zorgsluis_notifier::events`).

use async_trait::async_trait;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::RetryConfig;
use hyper_util::client::legacy;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{NoticeId, OutgoingMail};
use zorgsluis_domain::port::{MailError, MailTrace, Mailer};

use crate::Clients;
use crate::failure::failed;

const SEND: &str = "mailer.send";
/// The tag that holds the notice's id. Events of SES carry it back.
pub const NOTICE_TAG: &str = "notice";

/// Answers that concern every mail: an operator mends the account, or SES its load. No mail was taken.
const LATER: [&str; 11] = [
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "LimitExceededException",
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "ConfigurationSetDoesNotExist",
    "NotFoundException",
    "AccessDenied",
    "AccessDeniedException",
];
/// Answers about the caller's credentials; from before a mail is looked at.
const CREDENTIALS: [&str; 6] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "RequestExpired",
];

/// Hands mails to SES.
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: aws_sdk_sesv2::Client,
    from: String,
    configuration_set: String,
}

impl SesMailer {
    /// Mails come from the address `from`, whose domain SES has verified, and go by a configuration set: it
    /// demands TLS and publishes the events.
    #[must_use]
    pub fn new(clients: &Clients, from: impl Into<String>, configuration_set: impl Into<String>) -> Self {
        let once = clients.ses.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            client: aws_sdk_sesv2::Client::from_conf(once),
            from: from.into(),
            configuration_set: configuration_set.into(),
        }
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError> {
        let unbuilt = |_| MailError::Refused(String::from("ses-not-sendable"));
        let tag =
            MessageTag::builder().name(NOTICE_TAG).value(mail.notice.to_string()).build().map_err(unbuilt)?;
        let raw = RawMessage::builder()
            .data(Blob::new(mail.message.expose_phi().as_slice()))
            .build()
            .map_err(unbuilt)?;
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(EmailContent::builder().raw(raw).build())
            .configuration_set_name(&self.configuration_set)
            .email_tags(tag)
            .send()
            .await;
        match sent {
            // Without an id it was taken all the same; its events carry the tag.
            Ok(answer) => answer.message_id.ok_or(MailError::Unknown),
            Err(error) => Err(said(error)),
        }
    }

    /// SES cannot be asked. What its events told stands in the register before anybody asks here.
    async fn trace(&self, _notice: NoticeId) -> Result<MailTrace, PortError> {
        Ok(MailTrace::Unknown)
    }
}

/// What a failed request says of the mail.
fn said(error: SdkError<SendEmailError, HttpResponse>) -> MailError {
    match &error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or_default();
            let status = context.raw().status().as_u16();
            if LATER.contains(&code) || CREDENTIALS.contains(&code) || status == 429 {
                return MailError::NotSent(later(error));
            }
            match status {
                // Refused as it stands: content, address, size.
                400..500 => MailError::Refused(refusal(code)),
                // The service may have failed behind the point where it took the mail.
                _ => MailError::Unknown,
            }
        }
        // Nothing was made that could be sent: the SDK's model refuses a value.
        SdkError::ConstructionFailure(_) => MailError::Refused(String::from("ses-not-sendable")),
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| never_left(error)) =>
        {
            MailError::NotSent(later(error))
        }
        // Time-outs, broken connections, answers that cannot be read.
        _ => MailError::Unknown,
    }
}

/// Trouble that may pass, also where the SDK's code says that this request never will: the mail is good.
fn later(error: SdkError<SendEmailError, HttpResponse>) -> PortError {
    match failed(SEND, error) {
        PortError::Unavailable { retry_after, cause, .. } => {
            PortError::Unavailable { operation: SEND, retry_after, cause }
        }
        other => PortError::unavailable(SEND, other),
    }
}

/// Whether the request certainly did not leave: no connection came about, or there were no credentials to sign
/// it with.
fn never_left(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
            || error.downcast_ref::<CredentialsError>().is_some()
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// `MessageRejected` → `ses-message-rejected`.
fn refusal(code: &str) -> String {
    let mut name = String::from("ses");
    for c in code.trim_end_matches("Exception").chars().filter(char::is_ascii_alphanumeric).take(60) {
        if c.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    if name.len() == 3 { String::from("ses-refused") } else { name }
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn a_refusal_is_named_after_the_code_of_the_service() {
        assert_eq!(refusal("MessageRejected"), "ses-message-rejected");
        assert_eq!(refusal("BadRequestException"), "ses-bad-request");
        assert_eq!(refusal(""), "ses-refused");
    }
}
