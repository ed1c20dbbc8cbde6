//! The events of a REST API with Lambda proxy integration.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Asked, Sender};

/// One request: what we read of it. (`aws_lambda_events` leaves the client certificate out.)
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestRequest {
    path: String,
    http_method: String,
    /// As the client wrote their names.
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    request_context: Context,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Written by API Gateway, never by the caller.
#[derive(Deserialize)]
struct Context {
    /// `null`, as nobody, where a caller of the function says so.
    #[serde(default)]
    identity: Option<Identity>,
    #[serde(default)]
    authorizer: Option<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    source_ip: Option<String>,
    /// Who signed the request, where the route has IAM.
    #[serde(default)]
    user_arn: Option<String>,
    /// The unique id of the same.
    #[serde(default)]
    user: Option<String>,
    /// Where the domain has mutual TLS.
    #[serde(default)]
    client_cert: Option<ClientCertificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientCertificate {
    #[serde(default)]
    client_cert_pem: Option<String>,
}

impl std::fmt::Debug for RestRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RestRequest")
            .field("bytes", &self.body.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

impl RestRequest {
    pub(super) fn into_asked(self, trace: Option<&str>) -> Asked {
        let headers = self.headers.unwrap_or_default();
        let header = |wanted: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
        };
        Asked {
            sender: self.request_context.sender(),
            content_type: header("content-type"),
            traceparent: header("traceparent").or_else(|| trace.map(str::to_owned)),
            path: self.path,
            method: self.http_method,
            peer: self.request_context.identity.and_then(|identity| identity.source_ip),
            body: self.body.unwrap_or_default(),
            base64: self.is_base64_encoded.unwrap_or_default(),
        }
    }
}

impl Context {
    fn sender(&self) -> Option<Sender> {
        if let Some(Identity { user_arn, user, client_cert, .. }) = &self.identity {
            if user_arn.is_some() {
                return Sender::caller(user_arn.as_deref(), user.as_deref());
            }
            if let Some(certificate) = client_cert {
                return certificate.client_cert_pem.as_deref().and_then(Sender::certified);
            }
        }
        let authorizer = self.authorizer.as_ref().filter(|fields| !fields.is_empty())?;
        Some(Sender::authorized(authorizer.get("sender").and_then(Value::as_str)))
    }
}
