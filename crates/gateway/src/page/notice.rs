//! `/notices/{id}`: one notice with its letter, and the operator's decision on it. The one page that shows what
//! stands in a patient's record; who reads it stands in the log before anything is shown.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use zorgsluis_domain::audit::Deed;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState};
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{PortError, QueueReference};
use zorgsluis_registers::{By, Decision, RegisterError};

use super::Page;
use super::form::Form;
use super::notices::{Line, line};
use super::time::Moment;
use super::words::RegisterWords;
use crate::disclosure::{Caller, Disclosed, Disclosure};
use crate::{Content, Gateway, Letter};

/// The queue of the notifier, among [`crate::Parts::queues`].
const QUEUE: &str = "notices";
/// The reason of a notice on which an operator decided.
const OPERATOR: &str = "operator";
/// No letter can be composed (any more).
const UNREADABLE: &str = "letter-unreadable";

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    page: &'a Page,
    nav: &'static str,
    line: Line,
    /// Name of the state, for the way back to the list.
    state: &'static str,
    reserved: Moment,
    receipt: Option<String>,
    /// What can be done about a notice that waits for no decision here.
    hint: Option<&'static str>,
    letter: Option<&'a Letter>,
    /// Why there is no letter.
    withheld: &'static str,
}

pub(crate) async fn one(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
) -> Response {
    let Ok(id) = id.parse::<NoticeId>() else { return page.not_found() };
    let registers = &gateway.0.parts.registers;
    let notice = match registers.notices().get(id).await {
        Ok(Some(notice)) => notice,
        Ok(None) => return page.not_found(),
        Err(error) => return page.unavailable(&error),
    };
    let name = match registers.providers().get(notice.provider).await {
        Ok(stored) => stored.map(|stored| stored.provider.name),
        Err(error) => return page.unavailable(&error),
    };
    let content = match gateway.0.parts.letters.letter(id).await {
        Ok(content) => Some(content),
        Err(error) if error.is_transient() => return page.unavailable(&error),
        Err(error) => {
            tracing::warn!(notice = %id, code = error.code(), "the letter of a notice cannot be composed");
            None
        }
    };
    if let Err(error) = gateway.disclose(&caller, disclosure(id, content.as_ref())).await {
        tracing::error!(%error, "the entry about the reading of a notice could not be written");
        let words = page.words();
        let (title, text) = (words.error_unavailable, words.registers.letter_not_logged);
        return page.fail(StatusCode::SERVICE_UNAVAILABLE, title, text);
    }
    // What could not be brought in line when the decision was taken, is now.
    if notice.why.as_deref() == Some(OPERATOR) {
        gateway.follow(id).await;
    }
    let words = page.words().registers;
    let (letter, why) = match &content {
        Some(Content::Letter(read)) => (Some(read.letter.expose_phi()), ""),
        Some(Content::Withheld { why, .. }) => (None, *why),
        None => (None, UNREADABLE),
    };
    let (state, reserved, receipt) =
        (notice.state.name(), Moment::new(notice.reserved), notice.receipt.clone());
    let line = line(notice.clone(), name, gateway.0.parts.clock.now(), words);
    let template = NoticePage {
        page: &page,
        nav: "notices",
        hint: hint(&notice, line.open, words),
        line,
        state,
        reserved,
        receipt,
        letter,
        withheld: withheld(why, words),
    };
    page.show(StatusCode::OK, &template)
}

/// What the log says of the letter that is about to be shown, or of why none is.
fn disclosure(id: NoticeId, content: Option<&Content>) -> Disclosure<'static> {
    let (patient, read, failed) = match content {
        Some(Content::Letter(read)) => (Some(read.patient), read.read.as_slice(), None),
        Some(Content::Withheld { patient, why }) => (Some(*patient), [].as_slice(), Some(*why)),
        None => (None, [].as_slice(), Some(UNREADABLE)),
    };
    let patients: Vec<String> = patient.iter().map(|patient| format!("Patient/{patient}")).collect();
    let notice = (ResourceKey::new("Communication", id.to_string()), None);
    let read = read.iter().map(|(key, version)| (key.clone(), Some(*version)));
    Disclosure {
        deed: match failed {
            None => Deed::read(),
            Some(reason) => Deed::read().failed(reason),
        },
        resource_type: "Communication",
        named: Vec::new(),
        // All of it is told of this patient, a ward and a physician too.
        resources: std::iter::once(notice)
            .chain(read)
            .map(|(key, version)| Disclosed { key, version, reading: None, patients: patients.clone() })
            .collect(),
    }
}

fn withheld(why: &str, words: &RegisterWords) -> &'static str {
    match why {
        "dropped" => words.withheld_dropped,
        "patient-opted-out" => words.withheld_patient,
        "provider-inactive" => words.withheld_inactive,
        "provider-opted-out" => words.withheld_provider,
        _ => words.withheld_unreadable,
    }
}

const fn hint(notice: &Notice, open: bool, words: &RegisterWords) -> Option<&'static str> {
    match notice.state {
        _ if open => None,
        NoticeState::Refused => Some(words.refused_hint),
        NoticeState::Reserved | NoticeState::Unknown => Some(words.reserved_hint),
        NoticeState::Sent | NoticeState::Dropped => None,
    }
}

pub(crate) async fn decide(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
    form: Form,
) -> Response {
    let Ok(id) = id.parse::<NoticeId>() else { return page.not_found() };
    let registers = &gateway.0.parts.registers;
    let by = caller.by();
    let settled = match form.text("decision") {
        "was-sent" => registers.decide(id, Decision::WasSent, &by).await,
        "drop" => registers.decide(id, Decision::Drop, &by).await,
        "send-again" if !form.is_set("twice") => {
            let words = page.words().registers;
            return page.fail(StatusCode::UNPROCESSABLE_ENTITY, words.problem, words.twice_needed);
        }
        "send-again" => gateway.send_again(id, &by).await,
        _ => return page.not_found(),
    };
    let settled = match settled {
        Ok(settled) => settled,
        Err(error) => return page.register_failed(&error),
    };
    if settled {
        gateway.follow(id).await;
    }
    let back = NoticeState::from_name(form.text("state")).map_or("all", NoticeState::name);
    Redirect::to(&format!("/notices?state={back}&settled={}", u8::from(settled))).into_response()
}

impl Gateway {
    /// Brings the Communication of a notice in line with the register. The decision stands whatever comes of it:
    /// opening the notice tries it again, as does every later delivery of the message.
    async fn follow(&self, id: NoticeId) {
        if let Err(error) = self.0.parts.letters.follow(id).await {
            tracing::warn!(notice = %id, code = error.code(), "the Communication of a notice could not follow it");
        }
    }

    async fn send_again(&self, id: NoticeId, by: &By) -> Result<bool, RegisterError> {
        const OPERATION: &str = "notices.send-again";
        let parts = &self.0.parts;
        let Some((_, queue)) = parts.queues.iter().find(|(name, _)| *name == QUEUE) else {
            return Err(PortError::unavailable(OPERATION, "there is no queue of notices").into());
        };
        let Some(notice) = parts.registers.notices().get(id).await? else {
            return Err(RegisterError::NotFound("notice"));
        };
        let letter = parts.dead_letters.get(notice.message).await?;
        let way = parts.journal.get(notice.message).await?;
        let received = way.and_then(|way| way.steps.first().map(|step| step.at));
        // Here the group is no more than a queue's need for one. What a notice says is read when it is sent, a
        // second delivery of its message finds the ticket taken, and notices of other messages have lines of their
        // own: nothing hangs on their order. A message that is set aside keeps its group, so that a replay holds
        // the patient's order.
        let (group, received) = letter.map_or_else(
            || (format!("message-{}", notice.message), received.unwrap_or(notice.reserved)),
            |letter| (letter.group, letter.received),
        );
        let reference = QueueReference {
            notify: true,
            traceparent: by.traceparent.clone(),
            ..QueueReference::new(notice.message, received)
        };
        parts.registers.send_again(id, &**queue, &reference, &group, by).await
    }
}
