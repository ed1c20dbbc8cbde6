//! `/dead-letters`: messages that cannot be processed as they stand, and the way back.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use zorgsluis_domain::MessageId;
use zorgsluis_domain::audit::AccessMethod;
use zorgsluis_domain::port::{DeadLetter, PageRequest};
use zorgsluis_ingest::{IngestError, Replay, Requester};

use super::time::Moment;
use super::{Page, next_query};
use crate::Gateway;
use crate::disclosure::Caller;

/// Dead letters on a page.
const PER_PAGE: usize = 25;

struct Line {
    id: MessageId,
    received: Moment,
    parked: Moment,
    code: String,
    at: Option<String>,
    text: String,
    attempts: u32,
}

impl Line {
    fn of(letter: DeadLetter) -> Self {
        Self {
            id: letter.message,
            received: Moment::new(letter.received),
            parked: Moment::new(letter.parked),
            code: letter.code,
            at: letter.at,
            text: letter.text,
            attempts: letter.attempts,
        }
    }
}

#[derive(Template)]
#[template(path = "dead_letters.html")]
struct DeadLettersPage<'a> {
    page: &'a Page,
    nav: &'static str,
    lines: Vec<Line>,
    older: Option<String>,
    first: bool,
    replayed: Option<u64>,
    failed: Option<u64>,
}

pub(crate) async fn list(State(gateway): State<Gateway>, page: Page) -> Response {
    let after = page.parameter("after").map(str::to_owned);
    let first = after.is_none();
    let found = match gateway.0.parts.dead_letters.list(&PageRequest { after, limit: PER_PAGE }).await {
        Ok(found) => found,
        Err(error) if error.is_transient() => return page.unavailable(&error),
        Err(_) => return page.not_found(),
    };
    let template = DeadLettersPage {
        page: &page,
        nav: "dead-letters",
        lines: found.items.into_iter().map(Line::of).collect(),
        older: found.next.as_deref().map(next_query),
        first,
        replayed: page.number("replayed"),
        failed: page.number("failed").filter(|failed| *failed > 0),
    };
    page.show(StatusCode::OK, &template)
}

pub(crate) async fn replay_all(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    page: Page,
    form: Bytes,
) -> Response {
    replay(&gateway, &caller, &page, &form, Replay::All).await
}

pub(crate) async fn replay_one(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    page: Page,
    form: Bytes,
) -> Response {
    let Ok(id) = id.parse::<MessageId>() else { return page.not_found() };
    replay(&gateway, &caller, &page, &form, Replay::Messages(&[id])).await
}

async fn replay(gateway: &Gateway, caller: &Caller, page: &Page, form: &[u8], what: Replay<'_>) -> Response {
    if let Some(answer) = page.refuse_form(form) {
        return answer;
    }
    let by = Requester { user: caller.user(), access: AccessMethod::Http };
    match gateway.0.parts.ingest.replay(what, &by).await {
        Ok(done) => {
            let (queued, failed) = (done.queued.len(), done.failed.len());
            Redirect::to(&format!("/dead-letters?replayed={queued}&failed={failed}")).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "dead letters could not be replayed");
            let words = page.words();
            let text = match error {
                IngestError::Audit(_) => words.error_unavailable_audit,
                IngestError::Store(_) => words.error_unavailable_text,
            };
            page.fail(StatusCode::SERVICE_UNAVAILABLE, words.error_unavailable, text)
        }
    }
}
