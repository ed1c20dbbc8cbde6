//! `/` and `/messages/{id}`: messages and their way.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use zorgsluis_domain::notice::{NoticeOutcome, NoticeStep};
use zorgsluis_domain::port::{DeadLetter, PageRequest};
use zorgsluis_domain::{Effect, MessageId, Stage, StepEffect, Transport, Way};

use super::events::{category, event_name, protection_name};
use super::language::Language;
use super::time::Moment;
use super::words::{RegisterWords, Words};
use super::{Page, events, next_query};
use crate::Gateway;

/// Messages on a page.
const PER_PAGE: usize = 25;

/// What became of a message, by its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Received,
    Waiting,
    Converted,
    Done,
    Parked,
}

impl Progress {
    /// The converter may have been faster with its book-keeping than ingest: steps count by their time.
    fn of(way: &Way) -> Self {
        let mut steps: Vec<_> = way.steps.iter().collect();
        steps.sort_by_key(|step| step.at);
        steps.iter().fold(Self::Received, |state, step| match &step.stage {
            Stage::Queued if state == Self::Received => Self::Waiting,
            Stage::Replayed => Self::Waiting,
            Stage::Converted { .. } if state != Self::Done => Self::Converted,
            Stage::Applied { .. } => Self::Done,
            Stage::Parked { .. } => Self::Parked,
            _ => state,
        })
    }

    const fn label(self, words: &Words) -> &'static str {
        match self {
            Self::Received => words.state_received,
            Self::Waiting => words.state_waiting,
            Self::Converted => words.state_converted,
            Self::Done => words.state_done,
            Self::Parked => words.state_parked,
        }
    }

    /// The class of its badge.
    const fn class(self) -> &'static str {
        match self {
            Self::Received | Self::Waiting | Self::Converted => "waiting",
            Self::Done => "done",
            Self::Parked => "parked",
        }
    }
}

/// A message in a list, or at the head of its page.
struct Line {
    id: MessageId,
    time: Option<Moment>,
    sender: Option<String>,
    event: Option<String>,
    event_name: Option<&'static str>,
    control_id: Option<String>,
    via: Option<&'static str>,
    bytes: Option<u64>,
    state: &'static str,
    class: &'static str,
    /// Fields not understood, and warnings.
    attention: usize,
}

impl Line {
    fn of(way: &Way, language: Language) -> Self {
        let words = language.words();
        let state = Progress::of(way);
        let mut line = Self {
            id: way.message,
            time: way.steps.iter().map(|step| step.at).min().map(Moment::new),
            sender: None,
            event: None,
            event_name: None,
            control_id: None,
            via: None,
            bytes: None,
            state: state.label(words),
            class: state.class(),
            attention: 0,
        };
        for step in &way.steps {
            match &step.stage {
                Stage::Received { transport, sender, event, control_id, bytes, peer: _ } => {
                    line.sender = Some(sender.clone());
                    line.event_name = events::name(language, event);
                    line.event = Some(event.clone()).filter(|text| !text.is_empty());
                    line.control_id = Some(control_id.clone()).filter(|text| !text.is_empty());
                    line.via = Some(via(*transport));
                    line.bytes = Some(*bytes);
                }
                Stage::Converted { unmapped, warnings, .. } => {
                    line.attention = unmapped.len() + warnings.len();
                }
                _ => {}
            }
        }
        line
    }
}

const fn via(transport: Transport) -> &'static str {
    match transport {
        Transport::Mllp => "MLLP",
        Transport::Http => "HTTP",
        Transport::Queue => "SQS",
    }
}

/// A message that was refused.
struct RefusedLine {
    time: Moment,
    sender: String,
    via: &'static str,
    code: &'static str,
    place: Option<String>,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct Messages<'a> {
    page: &'a Page,
    nav: &'static str,
    lines: Vec<Line>,
    refused: Vec<RefusedLine>,
    /// The query of the next page.
    older: Option<String>,
    first: bool,
}

pub(crate) async fn list(State(gateway): State<Gateway>, page: Page) -> Response {
    let after = page.parameter("after").map(str::to_owned);
    let first = after.is_none();
    let request = PageRequest { after, limit: PER_PAGE };
    let found = match gateway.0.parts.journal.latest(&request).await {
        Ok(found) => found,
        Err(error) if error.is_transient() => return page.unavailable(&error),
        // A mark that is not the journal's.
        Err(_) => return page.not_found(),
    };
    let refused = if first { gateway.0.parts.ingest.recent_refusals() } else { Vec::new() };
    let template = Messages {
        page: &page,
        nav: "messages",
        lines: found.items.iter().map(|way| Line::of(way, page.language)).collect(),
        refused: refused
            .into_iter()
            .map(|refused| RefusedLine {
                time: Moment::new(refused.at),
                sender: refused.sender,
                via: via(refused.transport),
                code: refused.code,
                place: refused.place,
            })
            .collect(),
        older: found.next.as_deref().map(next_query),
        first,
    };
    page.show(StatusCode::OK, &template)
}

/// A step of a way, as the page tells it.
struct Step<'w> {
    time: Moment,
    title: &'static str,
    /// The class of its mark.
    class: &'static str,
    text: Option<String>,
    counts: Vec<(&'w str, u64)>,
    /// Places of what was not understood.
    unmapped: &'w [String],
    /// Place and code.
    warnings: Vec<(&'w str, &'w str)>,
    effects: Option<Vec<EffectLine<'w>>>,
    entries: Vec<String>,
    /// Who was told, or not.
    notices: Option<Vec<NoticeLine<'w>>>,
    /// Code and place of a dead letter.
    parked: Option<(&'w str, Option<&'w str>)>,
}

/// One whom the message names as one to be told.
struct NoticeLine<'w> {
    at: &'w str,
    provider: Option<uuid::Uuid>,
    outcome: &'static str,
    class: &'static str,
    protection: Option<&'static str>,
    why: Option<&'w str>,
}

impl<'w> NoticeLine<'w> {
    fn of(step: &'w NoticeStep, words: &RegisterWords) -> Self {
        let (outcome, class) = match step.outcome {
            NoticeOutcome::Sent => (words.outcome_sent, "created"),
            NoticeOutcome::SentBefore => (words.outcome_sent_before, "unchanged"),
            NoticeOutcome::Withheld => (words.outcome_withheld, "unchanged"),
            NoticeOutcome::Refused => (words.outcome_refused, "wrong"),
            NoticeOutcome::Unknown => (words.outcome_unknown, "wrong"),
        };
        Self {
            at: &step.at,
            provider: step.provider,
            outcome,
            class,
            protection: step.protection.map(|protection| protection_name(protection, words)),
            why: step.why.as_deref(),
        }
    }
}

struct EffectLine<'w> {
    resource: &'w str,
    effect: &'static str,
    class: &'static str,
    why: Option<&'w str>,
}

impl<'w> EffectLine<'w> {
    fn of(effect: &'w StepEffect, words: &Words) -> Self {
        let (label, class) = match effect.effect {
            Effect::Created => (words.effect_created, "created"),
            Effect::Changed => (words.effect_changed, "changed"),
            Effect::Unchanged => (words.effect_unchanged, "unchanged"),
        };
        Self { resource: &effect.resource, effect: label, class, why: effect.why.as_deref() }
    }
}

impl<'w> Step<'w> {
    fn of(at: jiff::Timestamp, stage: &'w Stage, words: &Words) -> Self {
        let mut step = Self {
            time: Moment::new(at),
            title: "",
            class: "plain",
            text: None,
            counts: Vec::new(),
            unmapped: &[],
            warnings: Vec::new(),
            effects: None,
            entries: Vec::new(),
            notices: None,
            parked: None,
        };
        match stage {
            Stage::Received { .. } => {
                step.title = words.stage_received;
                step.text = Some(words.stage_received_text.to_owned());
            }
            Stage::Queued => {
                step.title = words.stage_queued;
                step.text = Some(words.stage_queued_text.to_owned());
            }
            Stage::Acknowledged { code } => {
                step.title = words.stage_acknowledged;
                step.text = Some(format!("{} {code}", words.stage_acknowledged_text));
            }
            Stage::Duplicate => {
                step.title = words.stage_duplicate;
                step.text = Some(words.stage_duplicate_text.to_owned());
            }
            Stage::Converted { mapped, ignored, unmapped, warnings } => {
                step.title = words.stage_converted;
                step.counts = vec![
                    (words.fields_mapped, u64::from(*mapped)),
                    (words.fields_ignored, u64::from(*ignored)),
                    (words.fields_unmapped, u64::try_from(unmapped.len()).unwrap_or(u64::MAX)),
                ];
                step.unmapped = unmapped;
                step.warnings =
                    warnings.iter().map(|text| text.split_once(' ').unwrap_or(("", text))).collect();
            }
            Stage::Applied { effects } => {
                step.title = words.stage_applied;
                step.class = "done";
                step.effects = Some(effects.iter().map(|effect| EffectLine::of(effect, words)).collect());
            }
            Stage::Enriched { engine, version, notes, entities, effects } => {
                step.title = words.registers.stage_enriched;
                step.class = "done";
                step.text = Some(format!("{} {engine} {version}", words.registers.stage_enriched_text));
                step.counts.push((words.registers.notes, u64::from(*notes)));
                step.counts.extend(
                    entities.iter().map(|(name, count)| (category(name, words.registers), u64::from(*count))),
                );
                step.effects = (!effects.is_empty())
                    .then(|| effects.iter().map(|effect| EffectLine::of(effect, words)).collect());
            }
            Stage::Notified { event, notices } => {
                let words = words.registers;
                step.title = words.stage_notified;
                step.class = "done";
                step.text = Some(format!("{} {}", words.stage_notified_text, event_name(*event, words)));
                step.notices = Some(notices.iter().map(|notice| NoticeLine::of(notice, words)).collect());
            }
            Stage::Audited { entries } => {
                step.title = words.stage_audited;
                step.entries = entries.iter().map(ToString::to_string).collect();
            }
            Stage::Parked { code, at } => {
                step.title = words.stage_parked;
                step.class = "parked";
                step.text = Some(words.stage_parked_text.to_owned());
                step.parked = Some((code, at.as_deref()));
            }
            Stage::Replayed => {
                step.title = words.stage_replayed;
                step.text = Some(words.stage_replayed_text.to_owned());
            }
        }
        step
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    page: &'a Page,
    nav: &'static str,
    line: Line,
    steps: Vec<Step<'a>>,
    letter: Option<DeadLetter>,
}

pub(crate) async fn one(State(gateway): State<Gateway>, Path(id): Path<String>, page: Page) -> Response {
    let Ok(id) = id.parse::<MessageId>() else { return page.not_found() };
    let way = match gateway.0.parts.journal.get(id).await {
        Ok(Some(way)) => way,
        Ok(None) => return page.not_found(),
        Err(error) => return page.unavailable(&error),
    };
    let letter = match gateway.0.parts.dead_letters.get(id).await {
        Ok(letter) => letter,
        Err(error) => return page.unavailable(&error),
    };
    let words = page.words();
    let mut ordered: Vec<_> = way.steps.iter().collect();
    ordered.sort_by_key(|step| step.at);
    let template = Message {
        page: &page,
        nav: "messages",
        line: Line::of(&way, page.language),
        steps: ordered.iter().map(|step| Step::of(step.at, &step.stage, words)).collect(),
        letter,
    };
    page.show(StatusCode::OK, &template)
}
