//! Requests and answers in both protocols.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::refused;
use crate::gate::Failure;

const CBOR: &str = "application/cbor";
const JSON: &str = "application/x-amz-json-1.1";

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>
    Cbor,
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>
    Json,
}

impl Protocol {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let is = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
        if is("smithy-protocol", "rpc-v2-cbor") && is("content-type", CBOR) {
            Some(Self::Cbor)
        } else if is("content-type", JSON) {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// The text of a request.
    pub(super) fn text(self, body: &[u8]) -> Result<String, Failure> {
        let invalid = || refused("InvalidRequestException", "The request has no text.");
        match self {
            Self::Cbor => {
                let request: Cbor = ciborium::from_reader(body).map_err(|_| invalid())?;
                let fields = request.into_map().map_err(|_| invalid())?;
                let text = fields.into_iter().find(|(name, _)| name.as_text() == Some("Text"));
                text.and_then(|(_, text)| text.into_text().ok()).ok_or_else(invalid)
            }
            Self::Json => {
                let body = std::str::from_utf8(body)
                    .map_err(|_| refused("InvalidEncodingException", "The text is no UTF-8."))?;
                let request: Value = serde_json::from_str(body).map_err(|_| invalid())?;
                request.get("Text").and_then(Value::as_str).map(str::to_owned).ok_or_else(invalid)
            }
        }
    }

    pub(super) fn answer(self, answer: &Value) -> Response {
        match self {
            Self::Cbor => {
                let mut body = Vec::new();
                // A Vec takes everything.
                let _ = ciborium::into_writer(&cbor(answer), &mut body);
                let headers = [(header::CONTENT_TYPE.as_str(), CBOR), ("smithy-protocol", "rpc-v2-cbor")];
                (headers, body).into_response()
            }
            Self::Json => ([(header::CONTENT_TYPE, JSON)], answer.to_string()).into_response(),
        }
    }

    pub(super) fn error(self, failure: &Failure) -> Response {
        let name = match self {
            Self::Cbor => format!("com.amazonaws.comprehendmedical#{}", failure.code),
            Self::Json => failure.code.to_owned(),
        };
        let mut response = self.answer(&json!({ "__type": name, "Message": failure.message }));
        *response.status_mut() = failure.status;
        if let Some(seconds) = failure.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Numbers with a fraction are `Float` in the model of the service: 32 bits.
fn cbor(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            #[expect(clippy::cast_possible_truncation, reason = "that is what a Float is")]
            None => Cbor::Float(f64::from(number.as_f64().unwrap_or_default() as f32)),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(cbor).collect()),
        Value::Object(fields) => {
            Cbor::Map(fields.iter().map(|(name, value)| (Cbor::Text(name.clone()), cbor(value))).collect())
        }
    }
}
