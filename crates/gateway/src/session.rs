//! Sessions of people at the operator pages: a random id in a cookie, known here until it expires.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use jiff::Timestamp;

use crate::GatewayError;
use crate::secret::{random_text, same};

/// The cookie's name. It cannot be `__Host-…`, nor `Secure`: the gateway speaks plain HTTP on loopback.
const COOKIE_NAME: &str = "zorgsluis_session";

/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(8 * 60 * 60);

/// Sessions at a time; the oldest gives way.
const SESSIONS: usize = 64;

/// A session that was shown to be valid.
#[derive(Clone)]
pub(crate) struct Session {
    id: String,
    /// What a form of this session must bring back.
    pub(crate) form_token: String,
    expires: Timestamp,
}

#[derive(Default)]
pub(crate) struct Sessions(Mutex<Vec<Session>>);

impl Sessions {
    /// A new session, as the value of a `Set-Cookie`.
    pub(crate) fn start(&self, now: Timestamp) -> Result<String, GatewayError> {
        let session = Session {
            id: random_text()?,
            form_token: random_text()?,
            expires: now.checked_add(LASTS).unwrap_or(now),
        };
        let cookie = format!(
            "{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}",
            session.id,
            LASTS.as_secs()
        );
        if let Ok(mut sessions) = self.0.lock() {
            sessions.retain(|session| session.expires > now);
            if sessions.len() >= SESSIONS {
                sessions.remove(0);
            }
            sessions.push(session);
        }
        Ok(cookie)
    }

    /// The session that a request belongs to.
    pub(crate) fn find(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let presented = cookie(headers, COOKIE_NAME)?;
        let sessions = self.0.lock().ok()?;
        sessions.iter().find(|session| session.expires > now && same(&session.id, presented)).cloned()
    }

    /// Ends a session. The answer is the `Set-Cookie` that takes the cookie away.
    pub(crate) fn end(&self, session: &Session) -> String {
        if let Ok(mut sessions) = self.0.lock() {
            sessions.retain(|known| known.id != session.id);
        }
        format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }
}

/// The value of a cookie of the request.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Whether a form brought its session's token. Without a session no form does.
pub(crate) fn same_form_token(known: Option<&str>, brought: Option<&str>) -> bool {
    matches!((known, brought), (Some(known), Some(brought)) if same(known, brought))
}
