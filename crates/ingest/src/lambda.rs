//! `POST /hl7` behind an API Gateway HTTP API (payload format 2.0).
//!
//! Who sends is what API Gateway has verified and says in `requestContext`, which no caller can write into: the
//! identity of IAM that signed the request, else the client certificate of a domain with mutual TLS, else the
//! `sender` that an authorizer function of the operator answers. Headers name nobody.

use aws_lambda_events::apigw::{
    ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext, ApiGatewayV2httpResponse,
};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{HttpAnswer, MAX_BODY, REFUSAL_HEADER};
use crate::peer_name::{caller_name, fit};
use crate::{Ingest, Source, peer_name};
use zorgsluis_domain::Transport;

/// Answers one request.
///
/// 401 when nobody vouches for it: the API has an authorizer on the route, or mutual TLS on its domain, and a
/// request that comes around both is not taken. Bodies may come as base64, as API Gateway sends any media type that it does not know as text.
///
/// `trace` is the traceparent of the call, for a request that brings none.
pub async fn handle(
    ingest: &Ingest,
    request: ApiGatewayV2httpRequest,
    trace: Option<&str>,
) -> ApiGatewayV2httpResponse {
    respond(answer(ingest, request, trace).await)
}

async fn answer(ingest: &Ingest, request: ApiGatewayV2httpRequest, trace: Option<&str>) -> HttpAnswer {
    let context = &request.request_context;
    if request.raw_path.as_deref().is_none_or(|path| !path.ends_with("/hl7")) {
        return HttpAnswer::plain(404, "there is nothing here");
    }
    if context.http.method.as_str() != "POST" {
        return HttpAnswer::plain(405, "only POST");
    }
    let Some(sender) = sender(context) else { return HttpAnswer::unauthorized() };
    let body = request.body.unwrap_or_default();
    let body = if request.is_base64_encoded {
        // Four characters for three bytes: what is too long is not decoded first.
        if body.len() / 4 > MAX_BODY.div_ceil(3) {
            return HttpAnswer::too_large();
        }
        match STANDARD.decode(body.as_bytes()) {
            Ok(bytes) => bytes,
            Err(_) => return HttpAnswer::plain(400, "the body is not valid base64"),
        }
    } else {
        body.into_bytes()
    };
    let text = |name: HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
    let source = Source {
        authenticated: sender.name,
        traceparent: text(HeaderName::from_static("traceparent")).or(trace).map(str::to_owned),
        ..Source::new(Transport::Http, context.http.source_ip.clone())
    };
    ingest.post(text(header::CONTENT_TYPE), &body, &source).await
}

/// A sender that was let in.
struct Sender {
    /// Its name; not every authorizer gives one.
    name: Option<String>,
}

/// Who API Gateway says it is; `None` when nobody vouches for the request.
fn sender(context: &ApiGatewayV2httpRequestContext) -> Option<Sender> {
    let authorizer = context.authorizer.as_ref();
    if let Some(iam) = authorizer.and_then(|authorizer| authorizer.iam.as_ref()) {
        let text = |value: &Option<String>| value.as_deref().unwrap_or_default().to_owned();
        return caller_name(&text(&iam.user_arn), &text(&iam.user_id))
            .map(|name| Sender { name: Some(name) });
    }
    let certificate = context.authentication.as_ref().and_then(|authentication| {
        let pem = authentication.client_cert.as_ref()?.client_cert_pem.as_deref()?;
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
        Some(peer_name(&pem.contents))
    });
    if certificate.is_some() {
        return Some(Sender { name: certificate });
    }
    let authorizer = authorizer?;
    let named = authorizer.fields.get("sender").and_then(|sender| sender.as_str());
    let spoke = authorizer.jwt.is_some() || !authorizer.fields.is_empty();
    spoke.then(|| Sender { name: named.filter(|name| fit(name)).map(str::to_owned) })
}

fn respond(answer: HttpAnswer) -> ApiGatewayV2httpResponse {
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
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(answer.status);
    response.headers = headers;
    response.body = Some(body);
    response.is_base64_encoded = base64;
    response
}
