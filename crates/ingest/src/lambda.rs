//! `POST /hl7` behind an API Gateway HTTP API (payload format 2.0).

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{HttpAnswer, MAX_BODY, REFUSAL_HEADER};
use crate::{Ingest, Source};
use zorgsluis_domain::Transport;

/// Answers one request.
///
/// 401 when no authorizer spoke for it: the API has one on the route, and a request that comes around it is
/// not taken. Bodies may come as base64, as API Gateway sends any media type that it does not know as text.
pub async fn handle(ingest: &Ingest, request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
    respond(answer(ingest, request).await)
}

async fn answer(ingest: &Ingest, request: ApiGatewayV2httpRequest) -> HttpAnswer {
    let context = &request.request_context;
    if request.raw_path.as_deref().is_none_or(|path| !path.ends_with("/hl7")) {
        return HttpAnswer::plain(404, "there is nothing here");
    }
    if context.http.method.as_str() != "POST" {
        return HttpAnswer::plain(405, "only POST");
    }
    if context.authorizer.is_none() {
        return HttpAnswer::unauthorized();
    }
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
        traceparent: text(HeaderName::from_static("traceparent")).map(str::to_owned),
        ..Source::new(Transport::Http, context.http.source_ip.clone())
    };
    ingest.post(text(header::CONTENT_TYPE), &body, &source).await
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
