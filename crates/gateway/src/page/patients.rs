//! `/patients`: which patient a number belongs to, and whether the patient wants providers to be told.
//! Numbers come by POST only, and none is shown.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::IndexChange;
use zorgsluis_registers::{Card, RegisterError};

use super::Page;
use super::form::Form;
use super::time::Moment;
use super::words::RegisterWords;
use crate::Gateway;
use crate::disclosure::Caller;

/// Events of a history that are shown.
const EVENTS: usize = 200;

/// Something that happened to the patient.
struct Event {
    at: Moment,
    what: &'static str,
    /// Another patient.
    other: Option<Uuid>,
    /// The patient to whom it happened, where it is one that was merged.
    of: Option<Uuid>,
}

/// A wish that was written down.
struct Wish {
    at: Moment,
    by: String,
    opted_out: bool,
}

struct Shown {
    patient: Uuid,
    /// The number that was looked up, as the index has it, and whose it is there.
    looked_up: Option<(Pseudonym, Uuid)>,
    systems: Vec<String>,
    merged: Vec<Uuid>,
    opted_out: bool,
    wishes: Vec<Wish>,
    events: Vec<Event>,
}

impl Shown {
    fn of(card: Card, words: &RegisterWords) -> Self {
        let patient = card.patient;
        let event = |(of, event): (Uuid, zorgsluis_domain::port::IndexEvent)| {
            let (what, other) = match event.change {
                IndexChange::Claimed(_) => (words.index_claimed, None),
                IndexChange::Released(_) => (words.index_released, None),
                IndexChange::Merged(other) => (words.index_merged, Some(other)),
                IndexChange::MergedInto(other) => (words.index_merged_into, Some(other)),
            };
            Event { at: Moment::new(event.at), what, other, of: Some(of).filter(|of| *of != patient) }
        };
        Self {
            patient,
            looked_up: card.looked_up,
            systems: card.systems.into_iter().collect(),
            merged: card.merged,
            opted_out: card.opted_out,
            wishes: card
                .wishes
                .into_iter()
                .map(|wish| Wish { at: Moment::new(wish.at), by: wish.by, opted_out: wish.opted_out })
                .collect(),
            events: card.history.into_iter().take(EVENTS).map(event).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "patients.html")]
struct PatientsPage<'a> {
    page: &'a Page,
    nav: &'static str,
    /// Whether a number was looked up that nobody has.
    unknown: bool,
    released: bool,
}

#[derive(Template)]
#[template(path = "patient.html")]
struct PatientPage<'a> {
    page: &'a Page,
    nav: &'static str,
    card: Shown,
    saved: bool,
    /// Why something was not done.
    problem: Option<&'static str>,
}

pub(crate) async fn form(page: Page) -> Response {
    let released = page.parameter("released").is_some();
    page.show(StatusCode::OK, &PatientsPage { page: &page, nav: "patients", unknown: false, released })
}

pub(crate) async fn look_up(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    page: Page,
    form: Form,
) -> Response {
    let identifier =
        BusinessIdentifier { system: form.text("system").to_owned(), value: form.text("value").to_owned() };
    match gateway.0.parts.registers.look_up(&identifier, &caller.by()).await {
        Ok(Some(card)) => {
            let card = Shown::of(card, page.words().registers);
            let template = PatientPage { page: &page, nav: "patients", card, saved: false, problem: None };
            page.show(StatusCode::OK, &template)
        }
        Ok(None) => {
            let template = PatientsPage { page: &page, nav: "patients", unknown: true, released: false };
            page.show(StatusCode::NOT_FOUND, &template)
        }
        Err(error) => page.register_failed(&error),
    }
}

pub(crate) async fn one(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
) -> Response {
    let Ok(id) = id.parse::<Uuid>() else { return page.not_found() };
    show(&gateway, &caller, &page, id, None).await
}

async fn show(
    gateway: &Gateway,
    caller: &Caller,
    page: &Page,
    id: Uuid,
    problem: Option<&'static str>,
) -> Response {
    match gateway.0.parts.registers.card(id, &caller.by()).await {
        Ok(Some(card)) => {
            let card = Shown::of(card, page.words().registers);
            let saved = problem.is_none() && page.parameter("saved").is_some();
            let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            page.show(status, &PatientPage { page, nav: "patients", card, saved, problem })
        }
        Ok(None) => page.not_found(),
        Err(error) => page.register_failed(&error),
    }
}

pub(crate) async fn opt_out(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
    form: Form,
) -> Response {
    let Ok(id) = id.parse::<Uuid>() else { return page.not_found() };
    let opted_out = match form.text("wish") {
        "out" => true,
        "in" => false,
        _ => return page.not_found(),
    };
    match gateway.0.parts.registers.set_opt_out(id, opted_out, &caller.by()).await {
        Ok(()) => Redirect::to(&format!("/patients/{id}?saved=1")).into_response(),
        Err(error) => page.register_failed(&error),
    }
}

pub(crate) async fn release(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
    form: Form,
) -> Response {
    let (Ok(id), Some(identifier)) = (id.parse::<Uuid>(), Pseudonym::from_hex(form.text("identifier")))
    else {
        return page.not_found();
    };
    match gateway.0.parts.registers.release(&identifier, id, form.text("reason"), &caller.by()).await {
        Ok(true) => Redirect::to("/patients?released=1").into_response(),
        Ok(false) => page.not_found(),
        Err(RegisterError::Refused { code, .. }) => show(&gateway, &caller, &page, id, Some(code)).await,
        Err(error) => page.register_failed(&error),
    }
}
