//! Which language a person reads.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use super::words::{DUTCH, ENGLISH, Words};
use crate::session::cookie;

/// The cookie that remembers the choice.
pub(super) const COOKIE: &str = "zorgsluis_lang";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Dutch,
    English,
}

impl Language {
    /// BCP 47.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
        }
    }

    /// The same language of what the log answers.
    pub(super) const fn of_answers(self) -> zorgsluis_audit_answers::Language {
        match self {
            Self::Dutch => zorgsluis_audit_answers::Language::Dutch,
            Self::English => zorgsluis_audit_answers::Language::English,
        }
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::Dutch => &DUTCH,
            Self::English => &ENGLISH,
        }
    }

    fn of_code(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        [Self::Dutch, Self::English]
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// `?lang=`, else the cookie, else Accept-Language, else Dutch.
    pub(super) fn choose(query: Option<&str>, headers: &HeaderMap) -> Self {
        query
            .and_then(Self::of_code)
            .or_else(|| cookie(headers, COOKIE).and_then(Self::of_code))
            .or_else(|| accepted(headers))
            .unwrap_or(Self::Dutch)
    }
}

/// The best of ours that the browser accepts (RFC 9110 §12.5.4).
fn accepted(headers: &HeaderMap) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    let values = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let (code, parameters) = range.split_once(';').unwrap_or((range, ""));
        let quality = match parameters.trim().strip_prefix("q=") {
            Some(quality) => quality.trim().parse().unwrap_or(0.0),
            None => 1.0,
        };
        if let Some(language) = Language::of_code(code.trim())
            && quality > 0.0
            && best.is_none_or(|(most, _)| quality > most)
        {
            best = Some((quality, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_wish_is_followed_and_dutch_is_the_rest() {
        for (header, expected) in [
            ("en-GB,en;q=0.9,nl;q=0.8", Language::English),
            ("nl-NL,nl;q=0.9,en;q=0.8", Language::Dutch),
            ("de, en;q=0.5, nl;q=0.7", Language::Dutch),
            ("de", Language::Dutch),
            ("en;q=0", Language::Dutch),
            ("", Language::Dutch),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(Language::choose(None, &headers), expected, "{header}");
        }
        assert_eq!(Language::choose(Some("en"), &HeaderMap::new()), Language::English);
        assert_eq!(Language::choose(Some("xx"), &HeaderMap::new()), Language::Dutch);
    }
}
