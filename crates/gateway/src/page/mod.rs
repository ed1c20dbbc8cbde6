//! The operator pages: messages and their way, dead letters, notices, the registers, the state of the log.
//! Server-rendered, without JavaScript, in Dutch and English, for WCAG 2.2 AA. They hold no PHI but for
//! `/patients`, which tells of one patient (no number, no medical data), and `/notices/{id}`, which shows one
//! letter, and `/patients/{id}/log`, which tells who did what with one patient's data. They write their audit entry
//! first.

pub(crate) mod dead_letters;
mod events;
mod form;
mod language;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod messages;
pub(crate) mod notice;
pub(crate) mod notices;
pub(crate) mod patient_log;
pub(crate) mod patients;
pub(crate) mod providers;
mod time;
mod words;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use zorgsluis_domain::PortError;
use zorgsluis_registers::RegisterError;

use crate::session::{Session, same_form_token};
use language::Language;
use words::Words;

/// What every page needs.
#[derive(Clone)]
pub(crate) struct Page {
    language: Language,
    /// The session's form token; `None` when nobody is signed in.
    form_token: Option<String>,
    /// This page in the other language.
    other: String,
    /// Whether the language was chosen by `?lang=`, to be remembered.
    chosen: bool,
    /// The parameters.
    query: Vec<(String, String)>,
}

impl Page {
    fn of(uri: &Uri, headers: &HeaderMap, session: Option<&Session>) -> Self {
        let query: Vec<(String, String)> =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let asked = query.iter().find(|(name, _)| name == "lang").map(|(_, value)| value.as_str());
        let language = Language::choose(asked, headers);
        let other = if language == Language::Dutch { Language::English } else { Language::Dutch };
        Self {
            language,
            form_token: session.map(|session| session.form_token.clone()),
            // The path alone: nothing of a query comes back on a page.
            other: format!("{}?lang={}", uri.path(), other.code()),
            chosen: asked.is_some(),
            query,
        }
    }

    fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// The language of the page, for the attribute `lang`.
    fn lang(&self) -> &'static str {
        self.language.code()
    }

    fn other_lang(&self) -> &'static str {
        if self.language == Language::Dutch { "en" } else { "nl" }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number of the query: nothing else of it is ever shown.
    fn number(&self, name: &str) -> Option<u64> {
        self.parameter(name)?.parse().ok()
    }

    /// Renders a page and, when it was chosen, remembers the language.
    fn show(&self, status: StatusCode, template: &impl Template) -> Response {
        let Ok(html) = template.render() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = (status, Html(html)).into_response();
        if self.chosen {
            let cookie = format!(
                "{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000",
                language::COOKIE,
                self.lang()
            );
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.uri, &parts.headers, parts.extensions.get::<Session>()))
    }
}

/// A page about something that went wrong.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: &'a Page,
    nav: &'static str,
    title: &'static str,
    text: &'static str,
}

impl Page {
    fn fail(&self, status: StatusCode, title: &'static str, text: &'static str) -> Response {
        // Nor does the path that was asked for in vain.
        let other = format!("/?lang={}", self.other_lang());
        let page = Self { other, ..self.clone() };
        page.show(status, &ErrorPage { page: &page, nav: "", title, text })
    }

    fn not_found(&self) -> Response {
        let words = self.words();
        self.fail(StatusCode::NOT_FOUND, words.error_not_found, words.error_not_found_text)
    }

    fn unavailable(&self, error: &PortError) -> Response {
        tracing::error!(code = error.code(), cause = %error, "a page cannot be shown");
        let words = self.words();
        self.fail(StatusCode::SERVICE_UNAVAILABLE, words.error_unavailable, words.error_unavailable_text)
    }

    /// The log cannot be written, so that nothing is shown.
    fn unlogged(&self) -> Response {
        let words = self.words();
        self.fail(StatusCode::SERVICE_UNAVAILABLE, words.error_unavailable, words.error_unavailable_audit)
    }

    fn register_failed(&self, error: &RegisterError) -> Response {
        let words = self.words();
        let text = match error {
            RegisterError::NotFound(_) => return self.not_found(),
            RegisterError::Audit(_) => words.error_unavailable_audit,
            _ => words.error_unavailable_text,
        };
        tracing::error!(%error, "a register cannot be read or changed");
        self.fail(StatusCode::SERVICE_UNAVAILABLE, words.error_unavailable, text)
    }

    /// The answer to a form that does not bring the session's token.
    fn refuse_form(&self, form: &[u8]) -> Option<Response> {
        let token = form_urlencoded::parse(form).find(|(name, _)| name == "form_token");
        if same_form_token(self.form_token.as_deref(), token.as_ref().map(|(_, value)| value.as_ref())) {
            return None;
        }
        let words = self.words();
        Some(self.fail(StatusCode::FORBIDDEN, words.error_form, words.error_form_text))
    }
}

/// The query that gives the page behind this mark.
fn next_query(after: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("after", after).finish()
}

/// Any other path.
pub(crate) async fn not_found(page: Page) -> Response {
    page.not_found()
}

/// A page's path with another method.
pub(crate) async fn wrong_method(page: Page) -> Response {
    let words = page.words();
    page.fail(StatusCode::METHOD_NOT_ALLOWED, words.error_method, words.error_method_text)
}

/// 401 for a form without a session.
pub(crate) fn error(headers: &HeaderMap, status: StatusCode) -> Response {
    let page = Page::of(&Uri::from_static("/"), headers, None);
    let words = page.words();
    page.fail(status, words.error_unauthorized, words.error_unauthorized_text)
}
