//! `/login` and `/logout`.

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::Page;
use crate::Gateway;
use crate::auth::{caller, deny_login};
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
}

pub(crate) async fn form(page: Page) -> Response {
    page.show(StatusCode::OK, &Login { page: &page, nav: "", wrong: false })
}

pub(crate) async fn login(State(gateway): State<Gateway>, request: Request<Body>) -> Response {
    let caller = caller(&request);
    let (mut head, body) = request.into_parts();
    let Ok(page) = Page::from_request_parts(&mut head, &()).await;
    let form = read_form(body, FORM).await.unwrap_or_default();
    let token = form_urlencoded::parse(&form).find(|(name, _)| name == "token");
    let right = token.is_some_and(|(_, token)| gateway.0.settings.token.is(token.trim()));
    if !right {
        deny_login(&gateway, &caller).await;
        return page.show(StatusCode::FORBIDDEN, &Login { page: &page, nav: "", wrong: true });
    }
    match gateway.0.sessions.start(gateway.0.parts.clock.now()) {
        Ok(cookie) => with_cookie(Redirect::to("/"), &cookie),
        Err(error) => {
            tracing::error!(%error, "no session could be started");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) async fn logout(
    State(gateway): State<Gateway>,
    session: Option<Extension<Session>>,
    page: Page,
    form: axum::body::Bytes,
) -> Response {
    if let Some(answer) = page.refuse_form(&form) {
        return answer;
    }
    match session {
        Some(Extension(session)) => with_cookie(Redirect::to("/login"), &gateway.0.sessions.end(&session)),
        None => Redirect::to("/login").into_response(),
    }
}

fn with_cookie(redirect: Redirect, cookie: &str) -> Response {
    let mut response = redirect.into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
