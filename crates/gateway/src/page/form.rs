//! What a form brought.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};

use super::Page;

/// The fields of a form (`application/x-www-form-urlencoded`). A handler that takes one is not reached by a
/// form that does not bring the session's token.
pub(crate) struct Form(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(page) = Page::from_request_parts(&mut parts, state).await;
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(IntoResponse::into_response)?;
        match page.refuse_form(&body) {
            Some(answer) => Err(answer),
            None => Ok(Self::read(&body)),
        }
    }
}

impl Form {
    /// The fields of a form of somebody who is not signed in: there is no token to bring yet.
    pub(super) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field without the space around it; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// Whether a checkbox is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// All fields of a name.
    pub(super) fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        let of_name = self.0.iter().filter(move |(key, _)| key == name);
        of_name.map(|(_, value)| value.as_str())
    }
}
