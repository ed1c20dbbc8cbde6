//! A message's way, as the demo shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use zorgsluis_domain::notice::{NoticeOutcome, NoticeStep, NotifiedEvent, Protection};
use zorgsluis_domain::{Effect, Stage, StepEffect, Way};

use crate::terminal::{Style, count, short};

/// What is shown of one message: several lines, without PHI but for what `after` adds to a stage.
pub(crate) fn render(way: &Way, style: Style, mut after: impl FnMut(&Stage) -> String) -> String {
    let mut out = String::new();
    for step in &way.steps {
        match &step.stage {
            Stage::Received { sender, event, bytes, .. } => {
                let event = if event.is_empty() { "no event" } else { event };
                line(&mut out, style, "received", &format!("{event} from {sender}, {bytes} bytes, sealed"));
            }
            Stage::Duplicate => {
                line(
                    &mut out,
                    style,
                    "again",
                    "the same message came before: acknowledged, nothing done twice",
                );
            }
            Stage::Converted { mapped, ignored, unmapped, warnings } => {
                converted(&mut out, style, *mapped, *ignored, unmapped, warnings);
            }
            Stage::Applied { effects } => applied(&mut out, style, effects),
            Stage::Enriched { engine, version, notes, entities, effects } => {
                enriched(&mut out, style, &format!("{engine} {version}"), *notes, entities);
                out.push_str(&after(&step.stage));
                applied(&mut out, style, effects);
            }
            Stage::Notified { event, notices } => {
                notified(&mut out, style, *event, notices);
                out.push_str(&after(&step.stage));
            }
            Stage::Audited { entries } => {
                line(&mut out, style, "audit", &count(entries.len(), "entry", "entries"));
            }
            Stage::Parked { code, at } => {
                let place = at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
                let text = format!("{code}{place}: kept with the dead letters");
                line(&mut out, style, "parked", &style.attention(text));
            }
            Stage::Replayed => line(&mut out, style, "replayed", "back into the queue"),
            Stage::Queued | Stage::Acknowledged { .. } => {}
        }
    }
    out
}

fn line(out: &mut String, style: Style, label: &str, text: &str) {
    let _ = writeln!(out, "  {} {text}", style.dim(format!("{label:<9}")));
}

fn converted(
    out: &mut String,
    style: Style,
    mapped: u32,
    ignored: u32,
    unmapped: &[String],
    warnings: &[String],
) {
    let not_understood = if unmapped.is_empty() {
        String::from("nothing left over")
    } else {
        style.attention(format!("not understood: {}", some(unmapped, 4)))
    };
    line(out, style, "fields", &format!("{mapped} mapped, {ignored} ignored by decision, {not_understood}"));
    if !warnings.is_empty() {
        line(out, style, "warnings", &style.attention(some(warnings, 4)));
    }
}

/// The first `limit` of a list, and how many more there are.
fn some(list: &[String], limit: usize) -> String {
    let mut text = list.iter().take(limit).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(more) = list.len().checked_sub(limit).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    text
}

/// What became of a resource, in a word. `confirmed`: what it says stood already, and stands now as of
/// this message too, so that an older one cannot change it.
fn label_of(effect: &StepEffect) -> &'static str {
    match (effect.effect, effect.why.as_deref()) {
        (Effect::Created, _) => "created",
        (Effect::Changed, Some("confirmed")) => "confirmed",
        (Effect::Changed, _) => "changed",
        (Effect::Unchanged, _) => "left",
    }
}

fn enriched(out: &mut String, style: Style, engine: &str, notes: u32, entities: &BTreeMap<String, u32>) {
    let found = entities
        .iter()
        .map(|(category, number)| format!("{number} {}", category.to_lowercase().replace('_', " ")))
        .collect::<Vec<_>>()
        .join(", ");
    let found = if found.is_empty() { String::from("nothing found") } else { found };
    let notes = count(usize::try_from(notes).unwrap_or(usize::MAX), "note", "notes");
    line(out, style, "read", &format!("{notes}: {found} {}", style.dim(format!("({engine})"))));
}

fn notified(out: &mut String, style: Style, event: NotifiedEvent, notices: &[NoticeStep]) {
    for step in notices {
        let what = match (step.outcome, step.protection) {
            (NoticeOutcome::Sent, Some(Protection::Smime)) => style.good("sent, signed and encrypted"),
            (NoticeOutcome::Sent, _) => style.good("sent without PHI"),
            (NoticeOutcome::SentBefore, _) => String::from("sent before, not again"),
            (NoticeOutcome::Withheld, _) if step.why.as_deref() == Some("no-recipient") => {
                line(out, style, "notice", &format!("{}: {} names nobody", event.name(), step.at));
                continue;
            }
            (NoticeOutcome::Withheld, _) => style.attention("withheld"),
            (NoticeOutcome::Refused, _) => style.bad("refused"),
            (NoticeOutcome::Unknown, _) => style.bad("perhaps sent: an operator decides"),
        };
        let why = step.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        line(out, style, "notice", &format!("{} to {}: {what}{why}", event.name(), step.at));
    }
}

fn applied(out: &mut String, style: Style, effects: &[StepEffect]) {
    for label in ["created", "changed", "confirmed", "left"] {
        // Resources of one type and with one reason stand together: Observation ×12.
        let mut groups: Vec<(&str, Option<&str>, Vec<&str>)> = Vec::new();
        for entry in effects.iter().filter(|entry| label_of(entry) == label) {
            let (kind, id) = entry.resource.split_once('/').unwrap_or((&entry.resource, ""));
            let why = entry.why.as_deref().filter(|why| *why != label);
            match groups.iter_mut().find(|(k, w, _)| *k == kind && *w == why) {
                Some((_, _, ids)) => ids.push(id),
                None => groups.push((kind, why, vec![id])),
            }
        }
        if groups.is_empty() {
            continue;
        }
        let text = groups
            .iter()
            .map(|(kind, why, ids)| {
                let name = match ids.as_slice() {
                    [id] => format!("{kind} {}", style.dim(short(id))),
                    _ => format!("{kind} ×{}", ids.len()),
                };
                match why {
                    Some(why) => format!("{name} ({why})"),
                    None => name,
                }
            })
            .collect::<Vec<_>>()
            .join(", ");
        line(out, style, label, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zorgsluis_domain::{MessageId, WayStep};

    #[test]
    fn resources_of_one_kind_and_reason_stand_together() {
        let effect = |resource: &str, effect, why: Option<&str>| StepEffect {
            resource: resource.into(),
            effect,
            why: why.map(String::from),
        };
        let way = Way {
            message: MessageId(uuid::Uuid::nil()),
            steps: vec![WayStep {
                at: jiff::Timestamp::UNIX_EPOCH,
                stage: Stage::Applied {
                    effects: vec![
                        effect("Observation/a", Effect::Created, None),
                        effect("Observation/b", Effect::Created, None),
                        effect("Patient/0123456789", Effect::Unchanged, Some("older-than-stored")),
                    ],
                },
            }],
        };
        assert_eq!(
            render(&way, Style::plain(), |_| String::new()),
            "  created   Observation ×2\n  left      Patient 01234567 (older-than-stored)\n"
        );
    }
}
