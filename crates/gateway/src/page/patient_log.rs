//! `/patients/{id}/log`: who did what with one patient's data, for the privacy officer. Asking is a form that is
//! sent: looking at the page alone reads nothing. Nobody is named here; with names, `zorgsluis audit history`.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use uuid::Uuid;
use zorgsluis_audit_answers::{
    AnswerError, Asked, InWords, Language as AnswerLanguage, Shown, Subject, collect, print_page,
};
use zorgsluis_audit_writer::{AuditError, Form as LeavesAs, Question};

use super::Page;
use super::form::Form;
use crate::Gateway;
use crate::disclosure::Caller;
use crate::fhir::audit_event::read::reader;

/// Lines on a page.
const LINES: usize = 50;

/// What was filled in, to be shown again.
#[derive(Default)]
struct Filled {
    from: String,
    to: String,
    newest_first: bool,
}

/// What was found.
struct Found {
    rows: Vec<Shown>,
    totals: Option<InWords>,
    next: Option<String>,
    later: bool,
}

#[derive(Template)]
#[template(path = "patient_log.html")]
struct PatientLogPage<'a> {
    page: &'a Page,
    nav: &'static str,
    patient: Uuid,
    filled: Filled,
    wrong_day: bool,
    found: Option<Found>,
    a: AnswerLanguage,
}

impl<'a> PatientLogPage<'a> {
    fn new(page: &'a Page, patient: Uuid, filled: Filled, found: Option<Found>) -> Self {
        let a = page.language.of_answers();
        Self { page, nav: "patients", patient, filled, wrong_day: false, found, a }
    }
}

/// The form, before anything is asked.
pub(crate) async fn form(page: Page, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<Uuid>() else { return page.not_found() };
    let filled = Filled { newest_first: true, ..Filled::default() };
    page.show(StatusCode::OK, &PatientLogPage::new(&page, id, filled, None))
}

/// The answer; or the same made to be printed.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
    form: Form,
) -> Response {
    let Ok(id) = id.parse::<Uuid>() else { return page.not_found() };
    let filled = Filled {
        from: form.text("from").to_owned(),
        to: form.text("to").to_owned(),
        newest_first: form.is_set("newest_first"),
    };
    let day = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<Date>().map(Some) };
    let (Ok(from), Ok(to)) = (day(&filled.from), day(&filled.to)) else {
        return wrong_day(&page, id, filled);
    };
    let patients = match numbers(&gateway, id).await {
        Ok(patients) => patients,
        Err(error) => return page.unavailable(&error),
    };
    let asked = Asked {
        subject: Subject::Patient(patients),
        organisation: gateway.0.settings.organisation.clone(),
        from,
        to,
        newest_first: filled.newest_first,
        with_names: false,
        language: page.language.of_answers(),
        made: gateway.0.parts.clock.now(),
    };
    let Some(period) = asked.period() else { return wrong_day(&page, id, filled) };
    let printed = form.is_set("print");
    let after = Some(form.text("after")).filter(|after| !after.is_empty() && !printed);
    let question = Question {
        terms: asked.subject.terms(),
        from: period.0,
        to: period.1,
        newest_first: asked.newest_first,
        after: after.map(str::to_owned),
        form: if printed { LeavesAs::Printed } else { LeavesAs::Shown },
        note: None,
    };
    let mut reading = match reader(&gateway, &caller).ask(&question).await {
        Ok(reading) => reading,
        Err(error) => return failed(&page, error),
    };
    if printed {
        return match print_page(&mut reading, &asked, "/assets/print.css").await {
            Ok(html) => Html(html).into_response(),
            Err(AnswerError::Log(error)) => failed(&page, error),
            Err(AnswerError::Output(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
    }
    match collect(&mut reading, &asked, LINES, after.is_none()).await {
        Ok(answer) => {
            let found = Found {
                rows: answer.rows.iter().map(|row| Shown::of(row, asked.language)).collect(),
                totals: answer.totals.as_ref().map(|totals| InWords::of(totals, asked.language)),
                next: answer.next,
                later: after.is_some(),
            };
            page.show(StatusCode::OK, &PatientLogPage::new(&page, id, filled, Some(found)))
        }
        Err(AnswerError::Log(error)) => failed(&page, error),
        Err(AnswerError::Output(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// All numbers of the person, the present one first: one person's history is that of all of them, also of those that
/// were destroyed with a dossier.
async fn numbers(gateway: &Gateway, id: Uuid) -> Result<Vec<String>, zorgsluis_domain::PortError> {
    let parts = &gateway.0.parts;
    let numbers = parts.patients.in_log(id).await?;
    parts.audit_log.with_lines(&numbers).await.map_err(|error| error.into_port("log.answer"))
}

fn wrong_day(page: &Page, id: Uuid, filled: Filled) -> Response {
    let template = PatientLogPage { wrong_day: true, ..PatientLogPage::new(page, id, filled, None) };
    page.show(StatusCode::UNPROCESSABLE_ENTITY, &template)
}

fn failed(page: &Page, error: AuditError) -> Response {
    match error {
        AuditError::Cursor => page.not_found(),
        error => page.unavailable(&error.into_port("log.answer")),
    }
}
