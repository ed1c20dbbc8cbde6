//! What single events and Bundles have in common: reading the body, making entries, telling of refusals.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use jiff::Timestamp;
use zorgsluis_audit_writer::reported::{self, Issue, Submitter};
use zorgsluis_domain::audit::{AccessMethod, Application, DataCategory, Deed, Object, ObjectRole, Source};
use zorgsluis_domain::{AuditEntry, EntryId};

use super::super::FhirError;
use super::patient::resolve;
use crate::Gateway;
use crate::clients::Client;
use crate::disclosure::Caller;

/// Bytes of a body at most.
pub(super) const MAX_BODY: usize = 4 << 20;
/// How long a body may take.
const BODY: Duration = Duration::from_secs(30);
/// Places that the entry about a refusal names at most.
const NAMED_PLACES: usize = 10;

/// A request that submits events.
pub(super) struct Submission<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) client: &'a Client,
    pub(super) caller: &'a Caller,
    pub(super) received: Timestamp,
}

/// What became of an event: an entry to be recorded, or what is wrong with it.
pub(super) type Judged = Result<AuditEntry, Vec<Issue>>;

impl<'a> Submission<'a> {
    pub(super) fn new(gateway: &'a Gateway, client: &'a Client, caller: &'a Caller) -> Self {
        Self { gateway, client, caller, received: gateway.0.parts.clock.now() }
    }

    fn submitter(&self) -> Submitter<'_> {
        Submitter { name: &self.client.name, organisation: &self.gateway.0.settings.organisation }
    }

    /// Checks an event and makes its entry. Nothing is recorded yet.
    pub(super) async fn judge(&self, json: &str) -> Result<Judged, FhirError> {
        let event = match reported::check(json, self.received) {
            Ok(event) => event,
            Err(issues) => return Ok(Err(issues)),
        };
        let patient = match event.patient() {
            None => None,
            Some(named) => match resolve(self.gateway, self.client, named).await? {
                Ok(patient) => Some(patient),
                Err(issue) => return Ok(Err(vec![issue])),
            },
        };
        Ok(event.into_entry(&self.submitter(), patient, self.received).map_err(|issue| vec![issue]))
    }

    /// Which of these entries stand in the log already.
    pub(super) async fn known(&self, entries: &[EntryId]) -> Result<Vec<bool>, FhirError> {
        self.gateway.0.parts.audit_log.holds(entries).await.map_err(FhirError::from)
    }

    /// Puts entries into the log: all are durable when this returns `Ok`.
    pub(super) async fn record(&self, entries: &[AuditEntry]) -> Result<(), FhirError> {
        self.gateway.0.parts.audit.record(entries).await.map_err(FhirError::NotTaken)
    }

    /// Writes the entry about what was refused: reasons and places, no values. When it cannot be written, the answer is
    /// that the log is away, so that the submitter comes again.
    pub(super) async fn tell_refused(
        &self,
        refused: usize,
        of: usize,
        issues: &[Issue],
    ) -> Result<(), FhirError> {
        let now = self.received;
        let reason = issues.first().map_or("invalid", |issue| issue.code);
        let mut places: Vec<String> = issues
            .iter()
            .take(NAMED_PLACES)
            .map(|issue| format!("{} {}", issue.code, issue.expression))
            .collect();
        if issues.len() > NAMED_PLACES {
            places.push(format!("and {} more", issues.len() - NAMED_PLACES));
        }
        let what = format!("{refused} of {of} events refused: {}", places.join("; "));
        let id = EntryId::derived(now, &self.gateway.entry_name());
        let source = Source {
            enterprise_site_id: self.gateway.0.settings.organisation.clone(),
            source_id: "gateway".to_owned(),
            source_type: 4,
        };
        let object =
            Object { description: Some(what), ..Object::new(ObjectRole::Log, "AuditEvent".to_owned()) };
        let entry = AuditEntry::of(Deed::refused(format!("audit-event-{reason}")))
            .at(id, now)
            .by(self.caller.user())
            .through(AccessMethod::Http, Application::zorgsluis())
            .reported_by(source)
            .object(object)
            .category(DataCategory::Log)
            .traceparent(self.caller.traceparent())
            .build();
        self.record(&[entry]).await
    }
}

/// Reads a body of FHIR JSON.
pub(super) async fn read_body(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    too_large: &'static str,
) -> Result<String, FhirError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !["application/fhir+json", "application/json"].iter().any(|known| essence.eq_ignore_ascii_case(known))
    {
        return Err(FhirError::NotJson);
    }
    if headers.contains_key(HeaderName::from_static("if-none-exist")) {
        return Err(FhirError::Invalid(
            "a conditional create is not supported: an event that comes twice is kept once in any case",
        ));
    }
    let Ok(_permit) = gateway.0.event_bodies.try_acquire() else { return Err(FhirError::Busy) };
    match tokio::time::timeout(BODY, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => {
            String::from_utf8(bytes.into()).map_err(|_| FhirError::Invalid("the body is not UTF-8"))
        }
        Ok(Err(error)) if crate::hl7::is_limit(&error) => Err(FhirError::BodyTooLarge(too_large)),
        Ok(Err(_)) | Err(_) => Err(FhirError::BodyBroke),
    }
}

/// Where an event is found.
pub(super) fn location(base: &str, id: EntryId) -> String {
    format!("{base}/AuditEvent/{id}")
}
