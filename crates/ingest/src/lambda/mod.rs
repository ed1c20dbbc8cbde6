//! `POST /hl7` behind Amazon API Gateway: a REST API ([`handle_rest`]; the infrastructure makes one, for only that
//! kind stands behind a firewall), or an HTTP API with payload format 2.0 ([`handle`]).
//!
//! Who sends is what API Gateway has verified and says in `requestContext`, which no caller can write into: the
//! identity of IAM that signed the request, else the client certificate of a domain with mutual TLS, else the
//! `sender` that an authorizer function of the operator answers. Headers name nobody.

mod rest;

use aws_lambda_events::apigw::{
    ApiGatewayProxyResponse, ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext,
    ApiGatewayV2httpResponse,
};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zorgsluis_domain::Transport;

pub use rest::RestRequest;

use crate::http::{HttpAnswer, MAX_BODY, REFUSAL_HEADER};
use crate::peer_name::{caller_name, fit};
use crate::{Ingest, Source, peer_name};

/// Answers one request of an HTTP API.
///
/// 401 when nobody vouches for it: the API has an authorizer on the route, or mutual TLS on its domain, and a
/// request that comes around both is not taken. Bodies may come as base64, as API Gateway sends any media type
/// that it does not know as text. `trace` is the traceparent of the call, for a request that brings none.
pub async fn handle(
    ingest: &Ingest,
    request: ApiGatewayV2httpRequest,
    trace: Option<&str>,
) -> ApiGatewayV2httpResponse {
    let text = |name| request.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = Asked {
        path: request.raw_path.unwrap_or_default(),
        method: request.request_context.http.method.to_string(),
        sender: sender(&request.request_context),
        content_type: text("content-type"),
        traceparent: text("traceparent").or_else(|| trace.map(str::to_owned)),
        peer: request.request_context.http.source_ip,
        body: request.body.unwrap_or_default(),
        base64: request.is_base64_encoded,
    };
    let (status, headers, body, base64) = respond(answer(ingest, asked).await);
    let mut response = ApiGatewayV2httpResponse::default();
    (response.status_code, response.headers, response.body, response.is_base64_encoded) =
        (status, headers, Some(body), base64);
    response
}

/// Answers one request of a REST API, as [`handle`] does.
pub async fn handle_rest(
    ingest: &Ingest,
    request: RestRequest,
    trace: Option<&str>,
) -> ApiGatewayProxyResponse {
    let (status, headers, body, base64) = respond(answer(ingest, request.into_asked(trace)).await);
    let mut response = ApiGatewayProxyResponse::default();
    (response.status_code, response.headers, response.body, response.is_base64_encoded) =
        (status, headers, Some(body), base64);
    response
}

/// A request, whichever kind of API it came through.
struct Asked {
    path: String,
    method: String,
    sender: Option<Sender>,
    content_type: Option<String>,
    traceparent: Option<String>,
    peer: Option<String>,
    body: String,
    base64: bool,
}

async fn answer(ingest: &Ingest, asked: Asked) -> HttpAnswer {
    if !asked.path.ends_with("/hl7") {
        return HttpAnswer::plain(404, "there is nothing here");
    }
    if asked.method != "POST" {
        return HttpAnswer::plain(405, "only POST");
    }
    let Some(sender) = asked.sender else {
        return HttpAnswer::plain(401, "the API has not verified who sends this");
    };
    let body = if asked.base64 {
        // Four characters for three bytes: what is too long is not decoded first.
        if asked.body.len() / 4 > MAX_BODY.div_ceil(3) {
            return HttpAnswer::too_large();
        }
        match STANDARD.decode(asked.body.as_bytes()) {
            Ok(bytes) => bytes,
            Err(_) => return HttpAnswer::plain(400, "the body is not valid base64"),
        }
    } else {
        asked.body.into_bytes()
    };
    let source = Source {
        authenticated: sender.name,
        traceparent: asked.traceparent,
        ..Source::new(Transport::Http, asked.peer)
    };
    ingest.post(asked.content_type.as_deref(), &body, &source).await
}

/// A sender that was let in.
struct Sender {
    /// Its name; not every authorizer gives one.
    name: Option<String>,
}

impl Sender {
    /// An identity of IAM, by its ARN and unique id.
    fn caller(arn: Option<&str>, unique: Option<&str>) -> Option<Self> {
        let name = caller_name(arn.unwrap_or_default(), unique.unwrap_or_default())?;
        Some(Self { name: Some(name) })
    }

    /// Who has the key of a client certificate (PEM).
    fn certified(pem: &str) -> Option<Self> {
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
        Some(Self { name: Some(peer_name(&pem.contents)) })
    }

    /// Whom an authorizer let in; it may name the sender.
    fn authorized(named: Option<&str>) -> Self {
        Self { name: named.filter(|name| fit(name)).map(str::to_owned) }
    }
}

/// Who API Gateway says it is; `None` when nobody vouches for the request.
fn sender(context: &ApiGatewayV2httpRequestContext) -> Option<Sender> {
    let authorizer = context.authorizer.as_ref();
    if let Some(iam) = authorizer.and_then(|authorizer| authorizer.iam.as_ref()) {
        return Sender::caller(iam.user_arn.as_deref(), iam.user_id.as_deref());
    }
    let certificate = context.authentication.as_ref().and_then(|proved| proved.client_cert.as_ref());
    if let Some(pem) = certificate.and_then(|certificate| certificate.client_cert_pem.as_deref()) {
        return Sender::certified(pem);
    }
    let authorizer = authorizer?;
    let spoke = authorizer.jwt.is_some() || !authorizer.fields.is_empty();
    spoke.then(|| Sender::authorized(authorizer.fields.get("sender").and_then(|sender| sender.as_str())))
}

/// Status, headers, body, and whether that goes as base64.
fn respond(answer: HttpAnswer) -> (i64, HeaderMap, Body, bool) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(value) = answer.refusal.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(HeaderName::from_static(REFUSAL_HEADER), value);
    }
    // Acknowledgements are in the sender's character set, which need not be UTF-8.
    let (body, base64) = match String::from_utf8(answer.body) {
        Ok(text) => (Body::Text(text), false),
        Err(error) => (Body::Binary(error.into_bytes()), true),
    };
    (i64::from(answer.status), headers, body, base64)
}
