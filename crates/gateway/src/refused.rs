//! Requests of somebody who was let in that were refused before anything was looked up: each is an entry too.

use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::response::Response;
use zorgsluis_domain::audit::{Deed, Object, ObjectRole};
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_ingest::http::REFUSAL_HEADER;

use crate::Gateway;
use crate::disclosure::Caller;
use crate::fhir;
use crate::frame::template;

/// What was asked for, as far as an entry names it.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Method and route.
    route: String,
    /// The resource of the FHIR facade, `Type/id`.
    resource: Option<ResourceKey>,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let route = template(request.extensions().get::<MatchedPath>());
        // Below /fhir the path begins behind it.
        let path = request.uri().path().trim_start_matches("/fhir").trim_start_matches('/');
        let mut parts = path.split('/');
        let resource = match (route.starts_with("/fhir/{type}/{id}"), parts.next(), parts.next()) {
            (true, Some(kind), Some(id)) if fhir::is_id(id) => Some(ResourceKey::new(kind, id)),
            _ => None,
        };
        Self { route: format!("{} {route}", request.method()), resource }
    }

    /// What writes its own entry is left to it: what is not there (404, 410), what was not let in (401), a
    /// message that ingest refused. And what is no request for data: a wrong path or method, too many at a time.
    pub(crate) fn reason(&self, response: &Response) -> Option<&'static str> {
        if response.headers().contains_key(REFUSAL_HEADER) {
            return None;
        }
        match response.status() {
            StatusCode::BAD_REQUEST => Some("invalid-request"),
            StatusCode::FORBIDDEN => Some("forbidden"),
            StatusCode::NOT_ACCEPTABLE => Some("not-acceptable"),
            StatusCode::REQUEST_TIMEOUT => Some("body-too-late"),
            StatusCode::PAYLOAD_TOO_LARGE => Some("too-large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Some("media-type"),
            StatusCode::UNPROCESSABLE_ENTITY => Some("unprocessable"),
            _ => None,
        }
    }
}

/// Writes the entry about a refused request. Nothing is disclosed, so that trouble here changes nothing for the
/// caller.
pub(crate) async fn record(gateway: &Gateway, caller: &Caller, asked: Asked, reason: &'static str) {
    let served = &gateway.0.settings.resource_types;
    let resource = asked.resource.filter(|key| served.iter().any(|known| known.name == key.resource_type));
    let patient = resource.as_ref().filter(|key| key.resource_type == "Patient");
    let entry = gateway
        .entry(Deed::refused(reason), caller)
        .patient_if_any(patient.map(ToString::to_string))
        .object(Object::new(ObjectRole::Resource, asked.route))
        .resources(resource.map(|key| (key.to_string(), None)))
        .build();
    if let Err(error) = gateway.0.parts.audit.record(&[entry]).await {
        tracing::error!(code = error.code(), "the entry about a refused request could not be written");
    }
}
