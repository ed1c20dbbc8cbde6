//! `/login` and `/logout`.
//!
//! Who follows the link of a mail is led back to that notice (`/login?notice=<id>`) and nowhere else: no other
//! path is taken from a request. A mail read in a browser comes from another site, and the cookie of a session
//! stays behind then (SameSite=Strict): hence the link for those who have signed in already.

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use zorgsluis_domain::audit::Deed;
use zorgsluis_domain::notice::NoticeId;

use super::Page;
use super::form::Form;
use crate::Gateway;
use crate::auth::{caller, log_in_failed, record_session};
use crate::disclosure::Caller;
use crate::frame::read_form;
use crate::session::Session;

/// Bytes of the form at most.
const FORM: usize = 4 << 10;

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    page: &'a Page,
    nav: &'static str,
    wrong: bool,
    /// The notice that is looked for.
    notice: Option<NoticeId>,
}

/// The form, which leads to the notice that is named, also in the other language.
fn show(mut page: Page, status: StatusCode, notice: Option<&str>) -> Response {
    let notice = notice.and_then(|id| id.parse::<NoticeId>().ok());
    if let Some(notice) = notice {
        page.other = format!("/login?notice={notice}&lang={}", page.other_lang());
    }
    let wrong = status == StatusCode::FORBIDDEN;
    page.show(status, &Login { page: &page, nav: "", wrong, notice })
}

pub(crate) async fn form(page: Page) -> Response {
    let notice = page.parameter("notice").map(str::to_owned);
    show(page, StatusCode::OK, notice.as_deref())
}

pub(crate) async fn login(State(gateway): State<Gateway>, request: Request<Body>) -> Response {
    let caller = caller(&request);
    let (mut head, body) = request.into_parts();
    let Ok(page) = Page::from_request_parts(&mut head, &()).await;
    let form = read_form(body, FORM).await.unwrap_or_default();
    let form = Form::read(&form);
    let right = gateway.0.settings.token.is(form.text("token"));
    if !right {
        log_in_failed(&gateway, &caller).await;
        return show(page, StatusCode::FORBIDDEN, Some(form.text("notice")));
    }
    if !record_session(&gateway, Deed::logged_in(), &caller).await {
        return page.unlogged();
    }
    let to = form.text("notice").parse::<NoticeId>().map_or_else(|_| "/".into(), path);
    match gateway.0.sessions.start(gateway.0.parts.clock.now()) {
        Ok(cookie) => with_cookie(Redirect::to(&to), &cookie),
        Err(error) => {
            tracing::error!(%error, "no session could be started");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) async fn logout(
    State(gateway): State<Gateway>,
    session: Option<Extension<Session>>,
    Extension(caller): Extension<Caller>,
    page: Page,
    form: axum::body::Bytes,
) -> Response {
    if let Some(answer) = page.refuse_form(&form) {
        return answer;
    }
    match session {
        Some(Extension(session)) => {
            // Who leaves is let go also when the log cannot be written: nothing is disclosed.
            record_session(&gateway, Deed::logged_out(), &caller).await;
            with_cookie(Redirect::to("/login"), &gateway.0.sessions.end(&session))
        }
        None => Redirect::to("/login").into_response(),
    }
}

/// The page of a notice.
fn path(notice: NoticeId) -> String {
    format!("/notices/{notice}")
}

/// Where somebody signs in who asked for this path.
pub(crate) fn login_for(path: &str) -> String {
    let notice = path.strip_prefix("/notices/").and_then(|id| id.parse::<NoticeId>().ok());
    // A path may hold anything: what goes on is the id that was understood.
    notice.map_or_else(|| "/login".to_owned(), |notice| format!("/login?notice={notice}"))
}

fn with_cookie(redirect: Redirect, cookie: &str) -> Response {
    let mut response = redirect.into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
