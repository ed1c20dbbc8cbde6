//! `/notices`: what providers were told, and what an operator must decide on.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;
use zorgsluis_domain::MessageId;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState};
use zorgsluis_domain::port::PageRequest;
use zorgsluis_registers::Decision;

use super::events::{event_name, protection_name};
use super::time::Moment;
use super::words::RegisterWords;
use super::{Page, next_query};
use crate::Gateway;

/// Notices on a page.
const PER_PAGE: usize = 50;

const STATES: [NoticeState; 5] = [
    NoticeState::Unknown,
    NoticeState::Reserved,
    NoticeState::Refused,
    NoticeState::Sent,
    NoticeState::Dropped,
];

const fn label(state: NoticeState, words: &RegisterWords) -> &'static str {
    match state {
        NoticeState::Reserved => words.state_reserved,
        NoticeState::Sent => words.state_sent,
        NoticeState::Refused => words.state_refused,
        NoticeState::Unknown => words.state_unknown,
        NoticeState::Dropped => words.state_dropped,
    }
}

/// The class of its badge.
const fn class(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Sent => "done",
        NoticeState::Reserved | NoticeState::Dropped => "waiting",
        NoticeState::Refused | NoticeState::Unknown => "parked",
    }
}

/// A notice, as pages tell it.
pub(super) struct Line {
    pub(super) id: NoticeId,
    pub(super) message: MessageId,
    pub(super) provider: Uuid,
    /// The provider's name, when it stands in the directory.
    pub(super) name: Option<String>,
    pub(super) event: &'static str,
    pub(super) protection: &'static str,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) changed: Moment,
    pub(super) why: Option<String>,
    /// Whether the operator can decide.
    pub(super) open: bool,
}

/// A choice of what is listed.
struct Choice {
    name: &'static str,
    label: &'static str,
    current: bool,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage<'a> {
    page: &'a Page,
    nav: &'static str,
    choices: Vec<Choice>,
    state: &'static str,
    lines: Vec<Line>,
    older: Option<String>,
    first: bool,
    /// Whether a decision was written down just now, or was not.
    settled: Option<bool>,
}

pub(crate) async fn list(State(gateway): State<Gateway>, page: Page) -> Response {
    let words = page.words().registers;
    let state = page.parameter("state").map_or(Some(NoticeState::Unknown), NoticeState::from_name);
    let after = page.parameter("after").map(str::to_owned);
    let first = after.is_none();
    let registers = &gateway.0.parts.registers;
    let found = match registers.notices().list(state, &PageRequest { after, limit: PER_PAGE }).await {
        Ok(found) => found,
        Err(error) if error.is_transient() => return page.unavailable(&error),
        Err(_) => return page.not_found(),
    };
    let now = gateway.0.parts.clock.now();
    let mut lines = Vec::with_capacity(found.items.len());
    for notice in found.items {
        let name = match registers.providers().get(notice.provider).await {
            Ok(stored) => stored.map(|stored| stored.provider.name),
            Err(error) => return page.unavailable(&error),
        };
        lines.push(line(notice, name, now, words));
    }
    let mut choices: Vec<Choice> = STATES
        .into_iter()
        .map(|one| Choice { name: one.name(), label: label(one, words), current: state == Some(one) })
        .collect();
    choices.push(Choice { name: "all", label: words.state_all, current: state.is_none() });
    let template = NoticesPage {
        page: &page,
        nav: "notices",
        choices,
        state: state.map_or("all", NoticeState::name),
        lines,
        older: found.next.as_deref().map(next_query),
        first,
        settled: page.number("settled").map(|settled| settled == 1),
    };
    page.show(StatusCode::OK, &template)
}

pub(super) fn line(
    notice: Notice,
    name: Option<String>,
    now: jiff::Timestamp,
    words: &RegisterWords,
) -> Line {
    Line {
        open: Decision::is_possible(&notice, now),
        id: notice.id,
        message: notice.message,
        provider: notice.provider,
        name,
        event: event_name(notice.event, words),
        protection: protection_name(notice.protection, words),
        state: label(notice.state, words),
        class: class(notice.state),
        changed: Moment::new(notice.changed),
        why: notice.why,
    }
}
