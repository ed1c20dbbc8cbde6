//! An answer as a page made to be printed: A4, one file, no script, for everybody (WCAG 2.2 AA).

use std::io::{self, Write};

use askama::Template;

use crate::answer::{AnswerError, Extent, Teller, tell};
use crate::row::Row;
use crate::shown::{InWords, Shown, moment};
use crate::totals::{Day, Totals};
use crate::{Asked, Language};
use zorgsluis_audit_writer::Reading;

/// The style sheet of such a page, for a server that may not put it inside.
pub const STYLE_SHEET: &str = include_str!("../templates/print.css");

/// Where the style sheet of a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// In the page.
    Inline,
    /// At this address.
    Link(&'static str),
}

pub(crate) struct Html<W> {
    out: W,
    style: Style,
    some: bool,
}

impl<W: Write> Html<W> {
    pub(crate) const fn new(out: W, style: Style) -> Self {
        Self { out, style, some: false }
    }

    fn render(&mut self, template: &impl Template) -> io::Result<()> {
        Template::write_into(template, &mut self.out)
    }
}

#[derive(Template)]
#[template(path = "head.html")]
struct Head<'a> {
    w: Language,
    asked: &'a Asked,
    title: &'static str,
    style: Option<&'static str>,
    link: Option<&'static str>,
    made: String,
}

#[derive(Template)]
#[template(path = "row.html")]
struct Line<'a> {
    w: Language,
    asked: &'a Asked,
    row: Shown,
}

#[derive(Template)]
#[template(path = "foot.html")]
struct Foot<'a> {
    w: Language,
    columns: usize,
    empty: bool,
    next: Option<&'a str>,
    totals: Option<InWords>,
    busiest: &'a [Day],
}

fn columns(asked: &Asked) -> usize {
    6 + usize::from(asked.with_names) + usize::from(!asked.subject.is_patient())
}

impl<W: Write + Send> Teller for Html<W> {
    fn begin(&mut self, asked: &Asked) -> io::Result<()> {
        let (style, link) = match self.style {
            Style::Inline => (Some(STYLE_SHEET), None),
            Style::Link(link) => (None, Some(link)),
        };
        let (w, title) = (asked.language, asked.subject.title(asked.language));
        self.render(&Head { w, asked, title, style, link, made: moment(asked.made) })
    }

    fn row(&mut self, asked: &Asked, row: &Row) -> io::Result<()> {
        self.some = true;
        self.render(&Line { w: asked.language, asked, row: Shown::of(row, asked.language) })
    }

    fn end(&mut self, asked: &Asked, totals: Option<&Totals>, next: Option<&str>) -> io::Result<()> {
        let w = asked.language;
        let counted = totals.filter(|totals| totals.entries > 0);
        let busiest = counted.map(Totals::busiest).filter(|_| !asked.subject.is_patient());
        let foot = Foot {
            w,
            columns: columns(asked),
            empty: !self.some,
            next,
            totals: counted.map(|totals| InWords::of(totals, w)),
            busiest: busiest.unwrap_or_default(),
        };
        self.render(&foot)?;
        writeln!(self.out)?;
        self.out.flush()
    }
}

/// The page with all lines and totals, its style sheet at `link`: for a server whose pages hold no styles.
pub async fn print_page(
    reading: &mut Reading,
    asked: &Asked,
    link: &'static str,
) -> Result<Vec<u8>, AnswerError> {
    let mut page = Vec::new();
    let extent = Extent { page: None, totals: true };
    tell(reading, asked, extent, &mut Html::new(&mut page, Style::Link(link))).await?;
    Ok(page)
}
