//! What a mail says, in Dutch or English: as text and as HTML from one content.

mod compose;
mod words;

use std::fmt;

use askama::Template;

use crate::NotifierError;

pub(crate) use compose::{full, link};
pub(crate) use words::{Words, event_name};

/// The content of a mail. May be PHI.
pub struct Letter {
    /// BCP 47, the provider's.
    pub language: &'static str,
    /// From whom, of what event.
    pub title: String,
    /// For whom, and what happened in a sentence.
    pub opening: Vec<String>,
    /// What it tells.
    pub sections: Vec<Section>,
    /// Where the content can be read, in a mail without it.
    pub(crate) link: Option<String>,
    /// How the mail was made; the notice.
    pub(crate) closing: Vec<String>,
}

impl fmt::Debug for Letter {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("sections", &self.sections.len()).finish_non_exhaustive()
    }
}

/// Lines under a heading.
pub struct Section {
    /// The heading.
    pub heading: &'static str,
    /// The lines.
    pub lines: Vec<Line>,
}

impl fmt::Debug for Section {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section").field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}

/// A line, with a remark behind it.
pub struct Line {
    /// What it says.
    pub text: String,
    /// How it must be taken: read by software, not final.
    pub mark: Option<&'static str>,
}

impl fmt::Debug for Line {
    /// Nothing of what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("mark", &self.mark).finish_non_exhaustive()
    }
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
