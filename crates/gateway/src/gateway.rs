//! What the gateway stands on, and its routes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use zorgsluis_audit_writer::AuditLog;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::{AuditSink, DeadLetters, FhirStore, Journal, Keys, PatientIndex, Queue};
use zorgsluis_ingest::Ingest;
use zorgsluis_registers::Registers;

use crate::clients::{Clients, Right};
use crate::denial::Denials;
use crate::fhir::ResourceType;
use crate::metrics::Metrics;
use crate::secret::{LinkKey, random};
use crate::session::Sessions;
use crate::{AccessToken, GatewayError, Letters, LogState};
use crate::{asset, auth, fhir, frame, health, hl7, import, metrics, page, replay};

/// Bodies of `POST /hl7` that are read at a time. Each may take 4 MiB.
const BODIES: usize = 32;
/// Bodies of `POST /fhir/AuditEvent` and of Bundles of events that are read at a time: apart, so that a slow submitter
/// of events keeps no message waiting.
const EVENT_BODIES: usize = 8;

/// The ports and use cases that the gateway works over.
#[derive(Clone)]
pub struct Parts {
    /// Accepts messages and replays dead letters.
    pub ingest: Arc<Ingest>,
    /// The FHIR store.
    pub store: Arc<dyn FhirStore>,
    /// The same store, looked into without anything being shown.
    pub standing: Arc<dyn FhirStore>,
    /// The ways of the messages.
    pub journal: Arc<dyn Journal>,
    /// What was set aside.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The queues by name, in the order in which a message passes them, for their depth; `notices` also takes what
    /// is sent again.
    pub queues: Vec<(&'static str, Arc<dyn Queue>)>,
    /// Providers, patients, opt-outs and notices.
    pub registers: Registers,
    /// What notices say.
    pub letters: Arc<dyn Letters>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// The state of that log.
    pub log: Arc<dyn LogState>,
    /// The log itself, for who may read it.
    pub audit_log: AuditLog,
    /// Which patient an identifier belongs to.
    pub patients: Arc<dyn PatientIndex>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// Systems and people with credentials of their own.
    pub clients: Arc<dyn Clients>,
    /// Metrics of other parts of the process, in the same text format.
    pub further_metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// What can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The token that opens the doors.
    pub token: AccessToken,
    /// AuditEnterpriseSiteID: the organisation that audit entries name.
    pub organisation: String,
    /// The resource types that are served, with their search parameters: what the store can do.
    pub resource_types: Vec<ResourceType>,
}

/// The gateway: a router over the ports. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) settings: Settings,
    pub(crate) links: LinkKey,
    pub(crate) sessions: Sessions,
    pub(crate) denials: Denials,
    pub(crate) metrics: Metrics,
    pub(crate) bodies: Semaphore,
    pub(crate) event_bodies: Semaphore,
    pub(crate) imports: Semaphore,
    /// Makes the ids of this process' audit entries its own.
    instance: String,
    serial: AtomicU64,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Gateway {
    /// A gateway over these parts. Draws the keys of this run.
    pub fn new(parts: Parts, mut settings: Settings) -> Result<Self, GatewayError> {
        settings.resource_types.sort_by_key(|resource_type| resource_type.name);
        let instance = random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(Arc::new(Inner {
            parts,
            settings,
            links: LinkKey::generate()?,
            sessions: Sessions::default(),
            denials: Denials::default(),
            metrics: Metrics::default(),
            bodies: Semaphore::new(BODIES),
            event_bodies: Semaphore::new(EVENT_BODIES),
            imports: Semaphore::new(1),
            instance,
            serial: AtomicU64::new(0),
        })))
    }

    /// All routes.
    pub fn router(&self) -> Router {
        let token = || from_fn_with_state(self.clone(), auth::require_token);
        let right = |right| from_fn_with_state((self.clone(), right), auth::require_right);
        let session = from_fn_with_state(self.clone(), auth::require_session);
        let pages = Router::new()
            .route("/", get(page::messages::list))
            .route("/messages/{id}", get(page::messages::one))
            .route("/dead-letters", get(page::dead_letters::list))
            .route("/dead-letters/replay", post(page::dead_letters::replay_all))
            .route("/dead-letters/{id}/replay", post(page::dead_letters::replay_one))
            .route("/notices", get(page::notices::list))
            .route("/notices/{id}", get(page::notice::one).post(page::notice::decide))
            .route("/providers", get(page::providers::list).post(page::providers::search))
            .route("/providers/{id}", get(page::providers::one).post(page::providers::change))
            .route("/patients", get(page::patients::form).post(page::patients::look_up))
            .route("/patients/{id}", get(page::patients::one))
            .route("/patients/{id}/opt-out", post(page::patients::opt_out))
            .route("/patients/{id}/release", post(page::patients::release))
            .route("/patients/{id}/log", get(page::patient_log::form).post(page::patient_log::show))
            .route("/log", get(page::log::show))
            .route("/logout", post(page::login::logout))
            .route_layer(session);
        let machines = Router::new()
            .route("/hl7", post(hl7::accept))
            .route("/replay", post(replay::replay))
            .route("/registers/providers", post(import::providers))
            .route("/registers/patients", post(import::patients))
            .route("/metrics", get(metrics::show))
            .route_layer(token());
        let open = Router::new()
            .route("/fhir/metadata", get(fhir::capability::show))
            .route("/login", get(page::login::form).post(page::login::login))
            .route("/health", get(health::show))
            .route("/assets/zorgsluis.css", get(asset::stylesheet))
            .route("/assets/print.css", get(asset::print_stylesheet))
            .route("/assets/icon.svg", get(asset::icon));
        let fhir = fhir::routes()
            .layer(token())
            .merge(fhir::audit_event::intake().route_layer(right(Right::SubmitEvents)))
            .merge(fhir::audit_event::reading().route_layer(right(Right::ReadLog)))
            .method_not_allowed_fallback(fhir::wrong_method);
        Router::new()
            .merge(pages)
            .merge(machines)
            .merge(open)
            .nest("/fhir", fhir)
            .merge(fhir::audit_event::intake_at_slash().route_layer(right(Right::SubmitEvents)))
            .fallback(page::not_found)
            .method_not_allowed_fallback(page::wrong_method)
            .layer(from_fn(frame::guard_host))
            .layer(from_fn_with_state(self.clone(), frame::observe))
            .layer(from_fn(frame::add_headers))
            .with_state(self.clone())
    }

    /// A name that no other audit entry has.
    pub(crate) fn entry_name(&self) -> String {
        format!("gateway {} {}", self.0.instance, self.0.serial.fetch_add(1, Ordering::Relaxed))
    }
}
