//! What surrounds every request: the Host check, the log line, the headers.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Gateway;

/// How long a form may take.
const FORM: Duration = Duration::from_secs(10);

/// A small form, within its limit and in time.
pub(crate) async fn read_form(body: Body, limit: usize) -> Option<Bytes> {
    tokio::time::timeout(FORM, to_bytes(body, limit)).await.ok()?.ok()
}

/// The route of a request as a template, never the path that was asked for: a path may hold anything.
pub(crate) fn template(matched: Option<&MatchedPath>) -> &str {
    matched.map_or("(none)", MatchedPath::as_str)
}

/// A method by a name from a fixed list.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Logs and counts: route template, method, status, duration. Neither path nor query nor body.
pub(crate) async fn observe(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let route = template(request.extensions().get::<MatchedPath>()).to_owned();
    let method = method_name(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    tracing::info!(method, route, status, micros = took.as_micros(), "request");
    gateway.0.metrics.count(&route, method, status, took);
    response
}

/// Refuses requests under another name than this machine's own. A page of a stranger whose name was made to
/// point here (DNS rebinding) says that stranger's name.
pub(crate) async fn guard_host(request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST).map(|value| value.to_str().unwrap_or_default());
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let own = [header, target].into_iter().flatten().all(is_own);
    if own && (header.is_some() || target.is_some()) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "this server does not go by that name\n").into_response()
    }
}

/// `localhost`, `127.0.0.1` or `[::1]`, with any port: a forwarded one may be another.
fn is_own(authority: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        authority.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && match authority.get(name.len()..) {
                Some("") => true,
                Some(rest) => rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
                None => false,
            }
    })
}

/// Nothing is loaded but our own style sheet and icon, nothing is kept, nobody may frame a page.
pub(crate) async fn add_headers(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                          base-uri 'none'; frame-ancestors 'none'";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for own in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]", "[::1]:80"] {
            assert!(is_own(own), "{own}");
        }
        for strange in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "localhost:",
            "127.0.0.2",
            "127.0.0.1:x",
            "user@localhost",
        ] {
            assert!(!is_own(strange), "{strange}");
        }
    }
}
