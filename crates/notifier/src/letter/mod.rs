//! What a mail says, in Dutch or English: as text and as HTML from one content.

mod compose;
mod words;

use std::fmt;

use askama::Template;

use crate::NotifierError;

pub(crate) use compose::{full, link};
pub(crate) use words::{Words, event_name};

/// The content of a mail. May be PHI.
pub(crate) struct Letter {
    pub(crate) language: &'static str,
    pub(crate) title: String,
    pub(crate) opening: Vec<String>,
    pub(crate) sections: Vec<Section>,
    pub(crate) link: Option<String>,
    pub(crate) closing: Vec<String>,
}

impl fmt::Debug for Letter {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("sections", &self.sections.len()).finish_non_exhaustive()
    }
}

/// Lines under a heading.
pub(crate) struct Section {
    pub(crate) heading: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// A line, with a remark behind it.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) mark: Option<&'static str>,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, mark: None }
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'l> {
    letter: &'l Letter,
}

#[derive(Template)]
#[template(path = "letter.txt", escape = "none")]
struct Text<'l> {
    letter: &'l Letter,
}

impl Letter {
    pub(crate) fn html(&self) -> Result<String, NotifierError> {
        Html { letter: self }.render().map_err(NotifierError::Render)
    }

    pub(crate) fn text(&self) -> Result<String, NotifierError> {
        Text { letter: self }.render().map_err(NotifierError::Render)
    }
}
