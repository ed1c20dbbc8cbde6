//! `/providers`: the provider directory, and `/providers/{id}`: one of them, with a form to change it.

use std::collections::BTreeSet;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::notice::{BusinessIdentifier, NotifiedEvent};
use zorgsluis_domain::port::{AddressFault, AddressFaultReason, PageRequest, Provider, StoredProvider};
use zorgsluis_domain::text::Language;
use zorgsluis_registers::{Certificate, CertificateFault, RegisterError};

use super::events::event_name;
use super::form::Form;
use super::time::Moment;
use super::words::RegisterWords;
use super::{Page, next_query};
use crate::Gateway;
use crate::disclosure::Caller;

/// Providers on a page.
const PER_PAGE: usize = 50;
/// Providers that a search shows at most.
const FOUND: usize = 100;
/// Pages of the register that a search reads at most, of so many providers.
const SEARCHED: (usize, usize) = (400, 500);

/// A provider in a list.
struct Line {
    id: Uuid,
    name: String,
    organisation: Option<String>,
    numbers: Vec<String>,
    address: Option<String>,
    /// Why no mail goes to it.
    fault: Option<&'static str>,
    certificate: Option<CertificateState>,
    active: bool,
}

/// Whether a certificate can be used, with the class of its badge.
struct CertificateState {
    label: &'static str,
    class: &'static str,
}

impl CertificateState {
    /// What the notifier will find when it wants to encrypt for it.
    fn of(der: &[u8], address: Option<&str>, now: Timestamp, words: &RegisterWords) -> Self {
        let checked = Certificate::read(der).and_then(|certificate| {
            certificate.is_valid(now)?;
            address.map_or(Ok(()), |address| certificate.is_of(address))
        });
        let label = match checked {
            Ok(()) => return Self { label: words.certificate_good, class: "done" },
            Err(CertificateFault::Expired) => words.certificate_expired,
            Err(CertificateFault::NotYetValid) => words.certificate_early,
            Err(CertificateFault::OtherAddress) => words.certificate_other,
            Err(_) => words.certificate_unusable,
        };
        Self { label, class: "parked" }
    }
}

/// The short name of an identifier's system, before its value.
fn number(identifier: &BusinessIdentifier) -> String {
    let system = identifier.system.as_str();
    let short =
        [("agb-z", "AGB"), ("uzi-nr-pers", "UZI"), ("uzi-nr-sys", "UZI"), ("ura", "URA"), ("big", "BIG")]
            .into_iter()
            .find(|(tail, _)| system.strip_prefix("http://fhir.nl/fhir/NamingSystem/") == Some(tail))
            .map_or(system, |(_, short)| short);
    format!("{short} {}", identifier.value)
}

impl Line {
    fn of(stored: StoredProvider, now: Timestamp, words: &RegisterWords) -> Self {
        let provider = stored.provider;
        Self {
            fault: provider.undeliverable().map(|fault| fault_label(fault, words)),
            id: provider.id,
            name: provider.name,
            organisation: provider.organisation,
            numbers: provider.identifiers.iter().map(number).collect(),
            certificate: provider
                .certificate
                .map(|der| CertificateState::of(&der, provider.address.as_deref(), now, words)),
            address: provider.address,
            active: provider.active,
        }
    }
}

#[derive(Template)]
#[template(path = "providers.html")]
struct ProvidersPage<'a> {
    page: &'a Page,
    nav: &'static str,
    lines: Vec<Line>,
    /// The query of the next page.
    next: Option<String>,
    first: bool,
    /// Whether this is the answer to a search.
    searched: bool,
}

pub(crate) async fn list(State(gateway): State<Gateway>, page: Page) -> Response {
    let after = page.parameter("after").map(str::to_owned);
    let first = after.is_none();
    let found =
        match gateway.0.parts.registers.providers().list(&PageRequest { after, limit: PER_PAGE }).await {
            Ok(found) => found,
            Err(error) if error.is_transient() => return page.unavailable(&error),
            Err(_) => return page.not_found(),
        };
    let next = found.next.as_deref().map(next_query);
    show_list(&gateway, &page, found.items, next, first, false)
}

fn show_list(
    gateway: &Gateway,
    page: &Page,
    found: Vec<StoredProvider>,
    next: Option<String>,
    first: bool,
    searched: bool,
) -> Response {
    let (now, words) = (gateway.0.parts.clock.now(), page.words().registers);
    let lines = found.into_iter().map(|stored| Line::of(stored, now, words)).collect();
    page.show(StatusCode::OK, &ProvidersPage { page, nav: "providers", lines, next, first, searched })
}

/// Searches by name or number. By POST: a name stands in no URL.
pub(crate) async fn search(State(gateway): State<Gateway>, page: Page, form: Form) -> Response {
    let wanted = form.text("wanted").to_lowercase();
    if wanted.is_empty() {
        return Redirect::to("/providers").into_response();
    }
    let (pages, per_page) = SEARCHED;
    let mut found = Vec::new();
    let mut request = PageRequest::first(per_page);
    for _ in 0..pages {
        let part = match gateway.0.parts.registers.providers().list(&request).await {
            Ok(part) => part,
            Err(error) => return page.unavailable(&error),
        };
        found.extend(part.items.into_iter().filter(|stored| matches(&stored.provider, &wanted)));
        match part.next {
            Some(next) if found.len() < FOUND => request.after = Some(next),
            _ => break,
        }
    }
    found.truncate(FOUND);
    show_list(&gateway, &page, found, None, true, true)
}

fn matches(provider: &Provider, wanted: &str) -> bool {
    let organisation = provider.organisation.as_deref().unwrap_or_default();
    provider.identifiers.iter().any(|identifier| identifier.value.eq_ignore_ascii_case(wanted))
        || provider.name.to_lowercase().contains(wanted)
        || organisation.to_lowercase().contains(wanted)
}

/// A certificate, as the page tells it.
struct CertificateFacts {
    certificate: Certificate,
    state: CertificateState,
    from: Moment,
    until: Moment,
}

/// A version in the history.
struct Version {
    version: u64,
    at: Moment,
    by: String,
    /// What is other than in the version before.
    changes: Vec<&'static str>,
}

/// An event, and whether the provider wants no notice of it.
struct Wish {
    name: &'static str,
    label: &'static str,
    opted_out: bool,
}

#[derive(Template)]
#[template(path = "provider.html")]
struct ProviderPage<'a> {
    page: &'a Page,
    nav: &'static str,
    provider: &'a Provider,
    version: u64,
    numbers: Vec<String>,
    certificate: Option<CertificateFacts>,
    wishes: Vec<Wish>,
    history: Vec<Version>,
    saved: bool,
    /// Why no mail goes to the address, and since when.
    fault: Option<(&'static str, Moment)>,
    /// Why it was not saved.
    problem: Option<String>,
    /// The address that was typed and not saved.
    typed: Option<String>,
}

pub(crate) async fn one(State(gateway): State<Gateway>, Path(id): Path<String>, page: Page) -> Response {
    let Ok(id) = id.parse::<Uuid>() else { return page.not_found() };
    show_one(&gateway, &page, id, None).await
}

/// What was typed and refused.
struct Problem {
    status: StatusCode,
    text: String,
    address: Option<String>,
}

async fn show_one(gateway: &Gateway, page: &Page, id: Uuid, problem: Option<Problem>) -> Response {
    let words = page.words().registers;
    let history = match gateway.0.parts.registers.providers().history(id).await {
        Ok(history) => history,
        Err(error) => return page.unavailable(&error),
    };
    let Some(stored) = history.first() else { return page.not_found() };
    let now = gateway.0.parts.clock.now();
    let provider = &stored.provider;
    let certificate = provider.certificate.as_deref().and_then(|der| {
        let certificate = Certificate::read(der).ok()?;
        Some(CertificateFacts {
            state: CertificateState::of(der, provider.address.as_deref(), now, words),
            from: Moment::new(certificate.not_before),
            until: Moment::new(certificate.not_after),
            certificate,
        })
    });
    let (status, text, typed) = match problem {
        Some(problem) => (problem.status, Some(problem.text), problem.address),
        None => (StatusCode::OK, None, None),
    };
    let template = ProviderPage {
        page,
        nav: "providers",
        provider,
        version: stored.version,
        numbers: provider.identifiers.iter().map(number).collect(),
        certificate,
        wishes: NotifiedEvent::ALL
            .into_iter()
            .map(|event| Wish {
                name: event.name(),
                label: event_name(event, words),
                opted_out: provider.opted_out.contains(&event),
            })
            .collect(),
        history: history
            .iter()
            .enumerate()
            .map(|(nth, stored)| Version {
                version: stored.version,
                at: Moment::new(stored.changed),
                by: stored.changed_by.clone(),
                changes: changes(
                    &stored.provider,
                    history.get(nth + 1).map(|before| &before.provider),
                    words,
                ),
            })
            .collect(),
        fault: provider.undeliverable().map(|fault| (fault_label(fault, words), Moment::new(fault.since))),
        saved: page.parameter("saved").is_some(),
        problem: text,
        typed,
    };
    page.show(status, &template)
}

/// What the mail system told of an address.
const fn fault_label(fault: &AddressFault, words: &RegisterWords) -> &'static str {
    match fault.why {
        AddressFaultReason::Bounced => words.address_bounced,
        AddressFaultReason::Complained => words.address_complained,
    }
}

/// What is other than in the version before, by the names of the page.
fn changes(now: &Provider, before: Option<&Provider>, words: &RegisterWords) -> Vec<&'static str> {
    let Some(before) = before else { return Vec::new() };
    [
        (now.name != before.name, words.name),
        (now.organisation != before.organisation, words.organisation),
        (now.identifiers != before.identifiers, words.identifiers),
        (now.address != before.address, words.address),
        (now.undeliverable() != before.undeliverable(), words.address_state),
        (now.language != before.language, words.mail_language),
        (now.certificate != before.certificate, words.certificate),
        (now.opted_out != before.opted_out, words.opted_out),
        (now.active != before.active, words.active),
    ]
    .into_iter()
    .filter_map(|(other, name)| other.then_some(name))
    .collect()
}

pub(crate) async fn change(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
    form: Form,
) -> Response {
    let Ok(id) = id.parse::<Uuid>() else { return page.not_found() };
    let stands = match gateway.0.parts.registers.providers().get(id).await {
        Ok(Some(stands)) => stands,
        Ok(None) => return page.not_found(),
        Err(error) => return page.unavailable(&error),
    };
    let address = form.text("address");
    let problem = |status, text: String| Problem { status, text, address: Some(address.to_owned()) };
    let pem = form.text("certificate");
    let certificate = if form.is_set("certificate_remove") {
        None
    } else if pem.is_empty() {
        stands.provider.certificate.clone()
    } else {
        match Certificate::read(pem.as_bytes()) {
            Ok(certificate) => Some(certificate.der),
            Err(fault) => {
                let problem = problem(StatusCode::UNPROCESSABLE_ENTITY, fault.code().to_owned());
                return show_one(&gateway, &page, id, Some(problem)).await;
            }
        }
    };
    let mut wanted = Provider {
        address: Some(address.to_owned()).filter(|address| !address.is_empty()),
        language: Language::from_code(form.text("language")).unwrap_or(stands.provider.language),
        certificate,
        opted_out: form.all("opted_out").filter_map(NotifiedEvent::from_name).collect::<BTreeSet<_>>(),
        active: form.is_set("active"),
        ..stands.provider
    };
    // What was told of an address counts until somebody says otherwise, or there is another.
    if form.is_set("address_works") || wanted.undeliverable().is_none() {
        wanted.address_fault = None;
    }
    let version = form.text("version").parse().unwrap_or(0);
    match gateway.0.parts.registers.change_provider(&wanted, version, &caller.by()).await {
        Ok(_) => Redirect::to(&format!("/providers/{id}?saved=1")).into_response(),
        Err(RegisterError::Conflict) => {
            let text = page.words().registers.conflict.to_owned();
            show_one(&gateway, &page, id, Some(problem(StatusCode::CONFLICT, text))).await
        }
        Err(RegisterError::Refused { code, .. }) => {
            let problem = problem(StatusCode::UNPROCESSABLE_ENTITY, code.to_owned());
            show_one(&gateway, &page, id, Some(problem)).await
        }
        Err(error) => page.register_failed(&error),
    }
}
