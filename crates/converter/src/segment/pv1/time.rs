//! How far a visit is, and since when.

use fhir::{EncounterClassHistory, EncounterStatusHistory, Period};
use hl7v2::{Segment, Value};

use super::EncounterDraft;
use crate::context::Context;
use crate::conversion::VisitEvent;
use crate::message::adt::visit::Status;
use crate::table;

/// When what the event tells began, and when what was before it ended: where the message says so.
pub(super) struct Times {
    pub(super) begun: Option<String>,
    pub(super) ended: Option<String>,
}

impl Times {
    /// The part of it that is known of a place: since when, until when. An end before the start is no end
    /// (FHIR per-1); it stands in the period of the visit, as text.
    pub(super) fn period<'a>(&self, start: bool, end: bool) -> Option<Period<'a>> {
        let start = self.begun.as_ref().filter(|_| start);
        let end = self.ended.as_ref().filter(|_| end);
        let end = end.filter(|end| start.is_none_or(|start| !crate::time::is_before(end, start)));
        let text = |time: Option<&String>| time.map(|time| time.clone().into());
        let period = Period { start: text(start), end: text(end), ..Period::default() };
        (period != Period::default()).then_some(period)
    }
}

/// Period and status of the visit, and what `apply` must know of the event.
pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
) -> Times {
    let (id, effect) = (draft.id, draft.effect);
    let mut period = Period::default();
    if cx.given(pv1.field(44), id, "period.start") {
        (period.start, period.start_ext) = cx.date_time(pv1.field(44).value());
    }
    if effect.undoes("A03") {
        cx.deletions.push(crate::Deletion { entry: id, path: "period.end" });
        cx.ignore_field(pv1.field(45), "the discharge that this event takes back");
    } else if cx.given(pv1.field(45), id, "period.end") {
        (period.end, period.end_ext) = cx.date_time(pv1.field(45).value());
    }
    cx.forward(&mut period, pv1.field(44).value(), pv1.field(45).value());
    let ended = period.end.is_some() || period.end_ext.is_some();
    status(cx, pv1, draft, ended);
    // When the event happened (EVN-6) is another moment than when it was recorded (EVN-2).
    let happened = cx.message.segment("EVN").and_then(|evn| moment(cx, evn.field(6).value()));
    let (admitted, discharged) = (moment(cx, pv1.field(44).value()), moment(cx, pv1.field(45).value()));
    let at = match effect.trigger {
        "A01" | "A04" | "A11" => admitted.or(happened),
        "A03" | "A13" => discharged.clone().or(happened),
        _ => happened,
    };
    let finished = draft.resource.status == Some("finished");
    let times = Times {
        begun: at.clone(),
        ended: if finished && effect.trigger != "A03" { discharged.clone() } else { at.clone() },
    };
    history(cx, draft, at.as_ref());
    if effect.registers() {
        cx.visit_events.push(VisitEvent { entry: id, event: effect.trigger, at });
    }
    if finished && effect.trigger != "A03" {
        cx.visit_events.push(VisitEvent { entry: id, event: "A03", at: discharged });
    }
    if period != Period::default() {
        draft.resource.period = Some(period);
    }
    times
}

fn status<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
    ended: bool,
) {
    let class = pv1.field(2).value().text();
    let of_class = table::encounter_status_of_class(&class).map_or("in-progress", |target| target.code);
    draft.resource.status = Some(match draft.effect.status {
        Status::Is(status) if !(ended && status == "in-progress") => status,
        _ if ended => "finished",
        Status::Is(status) => status,
        Status::OfClass => of_class,
        Status::GoingOn if of_class == "planned" => of_class,
        Status::GoingOn => "in-progress",
        Status::Unsaid => {
            cx.presume(draft.id, "status");
            of_class
        }
        Status::Before => {
            cx.presume(draft.id, "status");
            "unknown"
        }
    });
}

/// A change of status or class that has no time elsewhere in the Encounter.
fn history<'a>(cx: &mut Context<'_, 'a>, draft: &mut EncounterDraft<'a>, at: Option<&String>) {
    let Some(at) = at else { return };
    let since = || Some(Period { start: Some(at.clone().into()), ..Period::default() });
    let presumed = |path: &str| cx.presumed.iter().any(|one| one.entry == draft.id && one.path == path);
    match draft.effect.trigger {
        "A21" | "A22" => draft
            .resource
            .status_history
            .push(EncounterStatusHistory { status: draft.resource.status, period: since() }),
        "A06" | "A07" if !presumed("class") => draft
            .resource
            .class_history
            .push(EncounterClassHistory { class: draft.resource.class.clone(), period: since() }),
        _ => {}
    }
}

/// A point in time that is looked at: the field is written elsewhere.
fn moment<'a>(cx: &Context<'_, 'a>, value: Value<'_, 'a>) -> Option<String> {
    let time = cx.moment(value).ok()?;
    Some(time.date_time(&cx.profile.time_zone))
}
