//! From what stands in the store to what a mail says.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use zorgsluis_domain::notice::{NoticeId, NoticeOrder, NotifiedEvent};
use zorgsluis_domain::port::Provider;
use zorgsluis_domain::text::Language;

use super::words::{event_name, event_sentence, flag, month, sex};
use super::{Letter, Line, Section, Words};
use crate::Settings;
use crate::dossier::{Certainty, Dossier, List, Observed, Report, Statement};

/// The whole letter: PHI, for a mail that is encrypted.
pub(crate) fn full(
    settings: &Settings,
    provider: &Provider,
    notice: NoticeId,
    order: &NoticeOrder,
    dossier: &Dossier,
) -> Letter {
    let language = provider.language;
    let words = Words::of(language);
    let zone = &settings.time_zone;
    let mut sections = vec![
        Section { heading: words.patient, lines: patient(dossier, words, language) },
        Section { heading: words.visit, lines: event(order, dossier, words, language, zone) },
    ];
    for report in &dossier.reports.items {
        sections.push(Section { heading: words.results, lines: results(report, words, language, zone) });
    }
    if dossier.reports.more {
        sections.push(Section { heading: words.results, lines: vec![words.more.to_owned().into()] });
    }
    sections.push(Section { heading: words.conditions, lines: statements(&dossier.conditions, words) });
    sections.push(Section { heading: words.medicines, lines: statements(&dossier.medicines, words) });
    // Whatever a sender wrote: a line of the letter is one line.
    for line in sections.iter_mut().flat_map(|section| &mut section.lines) {
        line.text = folded(&line.text, "\n    ");
    }
    Letter {
        language: language.code(),
        title: title(settings, words, event_name(order.event, language)),
        opening: vec![
            folded(&recipient(provider, words), " "),
            event_sentence(order.event, language).to_owned(),
        ],
        sections,
        link: None,
        closing: vec![words.automatic.to_owned(), format!("{}: {notice}", words.reference)],
    }
}

/// A letter without PHI: that there is something to read, and where.
pub(crate) fn link(settings: &Settings, language: Language, notice: NoticeId) -> Letter {
    let words = Words::of(language);
    Letter {
        language: language.code(),
        title: format!("{} {}", words.message_from, settings.name),
        opening: vec![words.without_phi.to_owned(), words.read_it_here.to_owned()],
        sections: Vec::new(),
        link: Some(format!("{}/notices/{notice}", settings.base_url)),
        closing: vec![words.get_a_certificate.to_owned(), format!("{}: {notice}", words.reference)],
    }
}

fn title(settings: &Settings, words: &Words, event: &str) -> String {
    format!("{} {}: {event}", words.message_from, settings.name)
}

/// Whom the letter is meant for, inside what is signed: it cannot be passed off as written to another.
fn recipient(provider: &Provider, words: &Words) -> String {
    let organisation = provider.organisation.as_deref().filter(|name| *name != provider.name);
    match organisation {
        Some(organisation) => format!("{}: {}, {organisation}", words.for_, provider.name),
        None => format!("{}: {}", words.for_, provider.name),
    }
}

fn labelled(label: &str, value: &str) -> Line {
    format!("{label}: {}", one_line(value)).into()
}

/// A value on one line.
fn one_line(value: &str) -> String {
    folded(value, " ")
}

/// A text without control characters, its lines joined by `between`; what turns the direction of writing is
/// left out, for it can make a text read otherwise than it stands.
fn folded(text: &str, between: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let turns =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.split(breaks)
        .map(|line| {
            let line = line.chars().filter(|c| !turns(*c));
            line.map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
        })
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(between)
}

fn patient(dossier: &Dossier, words: &Words, language: Language) -> Vec<Line> {
    let born = dossier.birth_date.as_deref().map(|date| shown(date, language, &TimeZone::UTC));
    let sex = dossier.sex.as_deref().and_then(|code| sex(code, language));
    let mut lines = vec![
        labelled(words.name, dossier.name.as_deref().unwrap_or(words.unknown)),
        labelled(words.birth_date, born.as_deref().unwrap_or(words.unknown)),
        labelled(words.sex, sex.unwrap_or(words.unknown)),
    ];
    lines.extend(dossier.numbers.iter().map(|number| labelled(words.number, number)));
    lines
}

fn event(
    order: &NoticeOrder,
    dossier: &Dossier,
    words: &Words,
    language: Language,
    zone: &TimeZone,
) -> Vec<Line> {
    let mut lines = vec![labelled(words.event, event_name(order.event, language))];
    let visit = &dossier.visit;
    let mut add = |label, value: Option<&String>| {
        if let Some(value) = value {
            lines.push(labelled(label, value));
        }
    };
    let time = |time: &Option<String>| time.as_deref().map(|time| shown(time, language, zone));
    add(words.when, time(&order.occurred).as_ref());
    add(words.ward, visit.ward.as_ref());
    add(words.attending, visit.attending.as_ref());
    if order.event != NotifiedEvent::Result {
        add(words.start, time(&visit.start).as_ref());
        add(words.end, time(&visit.end).as_ref());
    }
    lines
}

fn statements(list: &List<Statement>, words: &'static Words) -> Vec<Line> {
    let mut lines: Vec<Line> = list
        .items
        .iter()
        .map(|said| Line {
            text: one_line(&said.text),
            mark: match said.certainty {
                Certainty::Stated => None,
                Certainty::Supposed => Some(words.supposed),
                Certainty::ReadBySoftware => Some(words.by_software),
            },
        })
        .collect();
    if lines.is_empty() {
        lines.push(words.none_known.to_owned().into());
    }
    if list.more {
        lines.push(words.more.to_owned().into());
    }
    lines
}

fn results(report: &Report, words: &'static Words, language: Language, zone: &TimeZone) -> Vec<Line> {
    let at = report.at.as_deref().map(|at| shown(at, language, zone));
    let heading = [Some(report.name.clone()), at].into_iter().flatten().filter(|part| !part.is_empty());
    let heading = one_line(&heading.collect::<Vec<_>>().join(", "));
    let mut lines = vec![Line { text: heading, mark: standing(&report.status, words) }];
    lines.extend(report.observations.items.iter().map(|found| observed(found, words, language)));
    if let Some(conclusion) = &report.conclusion {
        // Its lines are kept, indented under their label.
        lines.push(format!("{}: {conclusion}", words.conclusion).into());
    }
    if report.observations.more {
        lines.push(words.more.to_owned().into());
    }
    lines
}

fn observed(found: &Observed, words: &'static Words, language: Language) -> Line {
    let mut text = one_line(&found.name);
    if let Some(value) = &found.value {
        // A text's lines are kept, indented under its name.
        text = format!("{text}: {value}");
    }
    if let Some(range) = &found.range {
        text = format!("{text} [{}: {}]", words.range, one_line(range));
    }
    let flags: Vec<String> = found.flags.iter().filter_map(|code| flag(code, language)).collect();
    if !flags.is_empty() {
        text = format!("{text} — {}: {}", words.abnormal, flags.join(", "));
    }
    Line { text, mark: standing(&found.status, words) }
}

/// What is worth saying of the status of a report or result.
fn standing(status: &str, words: &'static Words) -> Option<&'static str> {
    match status {
        "registered" | "partial" | "preliminary" => Some(words.not_final),
        "corrected" | "amended" | "appended" => Some(words.corrected),
        "cancelled" | "entered-in-error" => Some(words.cancelled),
        _ => None,
    }
}

/// A FHIR date or dateTime in words, at the precision that it has; what cannot be read as it stands.
fn shown(text: &str, language: Language, zone: &TimeZone) -> String {
    let day = |date: Date| format!("{} {} {}", date.day(), month(date.month(), language), date.year());
    let moment = |at: DateTime| format!("{}, {:02}:{:02}", day(at.date()), at.hour(), at.minute());
    if let Ok(at) = text.parse::<Timestamp>() {
        return moment(at.to_zoned(zone.clone()).datetime());
    }
    match text.len() {
        10 => text.parse::<Date>().map_or_else(|_| text.to_owned(), day),
        7 => format!("{text}-01").parse::<Date>().map_or_else(
            |_| text.to_owned(),
            |date| format!("{} {}", month(date.month(), language), date.year()),
        ),
        _ => text.to_owned(),
    }
}
