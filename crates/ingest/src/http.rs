//! `POST /hl7`: what the gateway and the Lambda handler have in common.

use crate::{Accepted, Ingest, Source};

/// Bytes of a request body at most: 4 MiB, so that it fits into a synchronous Lambda request (6 MB, as
/// base64).
pub const MAX_BODY: usize = 4 << 20;

/// The media type of HL7 v2 messages, in requests and answers.
pub const MEDIA_TYPE: &str = "application/hl7-v2";

/// The header that names why a message was refused, and where: `invalid-segment-name`, or
/// `invalid-delimiters; at=MSH[1]-2`. It holds no value of the message.
pub const REFUSAL_HEADER: &str = "x-hl7-refusal";

/// Seconds after which a sender may try again, for `Retry-After`.
pub const RETRY_AFTER: u32 = 2;

/// An answer to `POST /hl7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// 202, 400, 413, 415, 429 or 503.
    pub status: u16,
    /// [`MEDIA_TYPE`] with acknowledgements, else `text/plain`.
    pub content_type: &'static str,
    /// The acknowledgements, one behind the other; or a line for a person.
    pub body: Vec<u8>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
    /// The value of [`REFUSAL_HEADER`].
    pub refusal: Option<String>,
}

impl HttpAnswer {
    /// An answer without an acknowledgement.
    pub fn plain(status: u16, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{text}\n").into_bytes(),
            retry_after: None,
            refusal: None,
        }
    }

    /// 413.
    pub fn too_large() -> Self {
        Self::plain(413, "the body is larger than 4 MiB")
    }

    /// The answer to one or more messages: the gravest verdict gives the status. A sender that repeats the
    /// whole is always right: what was accepted is recognised.
    fn to(all: &[Accepted]) -> Self {
        let gravest = all.iter().max_by_key(|accepted| accepted.verdict);
        let status = gravest.map_or(400, Accepted::http_status);
        let refusal = gravest.and_then(|accepted| accepted.refusal.as_ref()).map(|refusal| {
            refusal
                .at
                .map_or_else(|| refusal.code.to_owned(), |place| format!("{}; at={place}", refusal.code))
        });
        Self {
            status,
            content_type: MEDIA_TYPE,
            body: all.iter().flat_map(Accepted::ack).collect(),
            retry_after: matches!(status, 429 | 503).then_some(RETRY_AFTER),
            refusal,
        }
    }
}

impl Ingest {
    /// Accepts the body of a `POST /hl7` whose sender has shown who it is.
    pub async fn post(&self, content_type: Option<&str>, body: &[u8], source: &Source) -> HttpAnswer {
        if !content_type.is_some_and(is_hl7) {
            return HttpAnswer::plain(415, "the content type must be application/hl7-v2");
        }
        if body.len() > MAX_BODY {
            return HttpAnswer::too_large();
        }
        HttpAnswer::to(&self.accept_all(body, source).await)
    }
}

/// `application/hl7-v2`, also with parameters, and the registered variant for the ER7 encoding. The character
/// set of a message is what MSH-18 says, so that a parameter `charset` changes nothing.
fn is_hl7(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), MEDIA_TYPE | "application/hl7-v2+er7" | "x-application/hl7-v2+er7")
}
