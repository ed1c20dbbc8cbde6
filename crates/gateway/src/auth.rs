//! Who calls: the bearer token for machines, a session for people at the pages; the token of a client for the log.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use zorgsluis_domain::audit::{Deed, EntryBuilder, Object, ObjectRole};

use crate::Gateway;
use crate::clients::{Client, Right, TokenHash};
use crate::disclosure::Caller;
use crate::fhir::FhirError;
use crate::frame::template;
use crate::page;
use crate::refused::{self, Asked};

/// What a request brought to show who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Presented {
    Nothing,
    Wrong,
    /// The operator's token.
    Right,
    /// The token of a client.
    Client(Client),
    /// Whose token it is cannot be told at the moment.
    Unknown,
}

fn bearer(gateway: &Gateway, headers: &HeaderMap) -> Presented {
    let Some(value) = headers.get(AUTHORIZATION) else { return Presented::Nothing };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match token {
        Some(token) if gateway.0.settings.token.is(token) => Presented::Right,
        Some(token) => match gateway.0.parts.clients.find(&TokenHash::of(token)) {
            Ok(Some(client)) => Presented::Client(client),
            Ok(None) => Presented::Wrong,
            Err(error) => {
                tracing::error!(code = error.code(), cause = %error, "the clients cannot be read");
                Presented::Unknown
            }
        },
        None => Presented::Wrong,
    }
}

/// Lets in clients with this right; nobody else, not the operator either.
pub(crate) async fn require_right(
    State((gateway, right)): State<(Gateway, Right)>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut caller = caller(&request);
    let presented = bearer(&gateway, request.headers());
    if let Presented::Client(client) = &presented {
        caller.client = Some(client.clone());
    }
    match presented {
        Presented::Client(client) if client.right == right => {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        presented => refuse(&gateway, route(&request), &caller, presented).await,
    }
}

fn route(request: &Request) -> String {
    template(request.extensions().get::<MatchedPath>()).to_owned()
}

/// The answer to who may not come in, and the entry about it.
async fn refuse(gateway: &Gateway, route: String, caller: &Caller, presented: Presented) -> Response {
    deny(gateway, caller, &route, &presented).await;
    let (error, text) = match presented {
        Presented::Nothing | Presented::Wrong => {
            (FhirError::Unauthorized, "a valid bearer token is needed\n")
        }
        Presented::Right | Presented::Client(_) => {
            (FhirError::Forbidden, "these credentials do not give this right\n")
        }
        Presented::Unknown => {
            (FhirError::Credentials, "credentials cannot be checked now; try again later\n")
        }
    };
    let unauthorised = matches!(error, FhirError::Unauthorized);
    let mut response = if route.starts_with("/fhir") {
        error.into_response()
    } else {
        (error.status().0, text).into_response()
    };
    if unauthorised {
        let challenge = HeaderValue::from_static("Bearer realm=\"zorgsluis\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Lets in who brings the bearer token. The token is taken from the header only: a URL is kept in too many
/// places.
pub(crate) async fn require_token(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = caller(&request);
    match bearer(&gateway, request.headers()) {
        Presented::Right => {
            request.extensions_mut().insert(caller.clone());
            let asked = Asked::of(&request);
            let response = next.run(request).await;
            if let Some(reason) = asked.reason(&response) {
                refused::record(&gateway, &caller, asked, reason).await;
            }
            response
        }
        presented => {
            let mut caller = caller;
            if let Presented::Client(client) = &presented {
                caller.client = Some(client.clone());
            }
            refuse(&gateway, route(&request), &caller, presented).await
        }
    }
}

/// Lets in who has a session, or brings the bearer token; others are sent to the form. A form that is sent
/// needs a session.
pub(crate) async fn require_session(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut caller = caller(&request);
    let now = gateway.0.parts.clock.now();
    let session = gateway.0.sessions.find(request.headers(), now);
    let presented = bearer(&gateway, request.headers());
    if let Presented::Client(client) = &presented {
        caller.client = Some(client.clone());
    }
    let reads = request.method().is_safe();
    if session.is_some() || (presented == Presented::Right && reads) {
        if let Some(session) = session {
            request.extensions_mut().insert(session);
        }
        request.extensions_mut().insert(caller);
        return next.run(request).await;
    }
    if presented != Presented::Nothing || !reads {
        deny(&gateway, &caller, &route(&request), &presented).await;
    }
    if reads {
        Redirect::to(&page::login::login_for(request.uri().path())).into_response()
    } else {
        page::error(request.headers(), StatusCode::UNAUTHORIZED)
    }
}

/// Somebody tried to log in with a wrong token, of which nothing is kept.
pub(crate) async fn log_in_failed(gateway: &Gateway, caller: &Caller) {
    record_denial(gateway, Deed::logged_in().failed("wrong-token"), caller, "/login").await;
}

/// Writes the entry about a log-in or a log-out, before it has its effect: whether it stands in the log.
pub(crate) async fn record_session(gateway: &Gateway, deed: Deed, caller: &Caller) -> bool {
    let entry = gateway.entry(deed, caller);
    write(gateway, entry, "the entry about a session could not be written").await
}

async fn deny(gateway: &Gateway, caller: &Caller, route: &str, presented: &Presented) {
    let reason = match presented {
        Presented::Nothing => "no-token",
        Presented::Wrong => "wrong-token",
        Presented::Right | Presented::Client(_) => "no-right",
        Presented::Unknown => "credentials-unreadable",
    };
    record_denial(gateway, Deed::denied(reason), caller, route).await;
}

/// Writes the entry about a denial, if there were not too many of late. Nothing is disclosed either way, so that
/// trouble here changes nothing for the caller. It names the route and not the path: who is not let in must not be
/// able to write what they like, nor about which patient they like, into the log.
async fn record_denial(gateway: &Gateway, deed: Deed, caller: &Caller, route: &str) {
    let now = gateway.0.parts.clock.now();
    let Some(left_out) = gateway.0.denials.admit(now) else { return };
    let mut object = Object::new(ObjectRole::Resource, route);
    if left_out > 0 {
        object.description = Some(format!("{left_out} denials before this one are not listed one by one"));
    }
    let entry = gateway.entry(deed, caller).object(object);
    write(gateway, entry, "the entry about a denial could not be written").await;
}

async fn write(gateway: &Gateway, entry: EntryBuilder, trouble: &'static str) -> bool {
    let written = gateway.0.parts.audit.record(&[entry.build()]).await;
    if let Err(error) = &written {
        tracing::error!(code = error.code(), "{trouble}");
    }
    written.is_ok()
}

/// Writes the entry about denials that were left out, when there are any.
pub(crate) async fn tell_left_out(gateway: &Gateway) {
    let left_out = gateway.0.denials.take_left_out();
    if left_out == 0 {
        return;
    }
    let nobody = Caller { peer: None, traceparent: None, client: None };
    let mut object = Object::new(ObjectRole::Resource, "/");
    object.description = Some(format!("{left_out} denials are not listed one by one"));
    let entry = gateway.entry(Deed::denied("too-many-denials"), &nobody).object(object);
    write(gateway, entry, "the entry about denials could not be written").await;
}

pub(crate) fn caller(request: &Request) -> Caller {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let traceparent =
        request.headers().get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned);
    Caller { peer, traceparent, client: None }
}
