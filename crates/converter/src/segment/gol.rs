//! GOL: a goal (HL7 v2.5.1 §12.4.1). There is no official map: designed from FHIR.

use fhir::{Annotation, CodeableConcept, Extension, Goal, GoalTarget, Reference, Resource, system};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::prb::{Action, key};
use super::{not_kept, report_conflicts, settle, settle_or_text};
use crate::context::{Context, add_new};
use crate::datatype::{self, cwe, hd};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table;

/// The hour, where FHIR has the day only.
const MOMENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-moment";

/// The Goal of a GOL: its id. `problem` is what it is about.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    gol: Segment<'m, 'a>,
    patient: Uuid,
    problem: Option<Uuid>,
    deletes: bool,
) -> Option<Uuid> {
    let Some([authority, number]) = key(cx, gol.field(4), gol.field(3)) else {
        cx.warn(gol.field(3).place(), "no-goal");
        return None;
    };
    let patient_key = patient.hyphenated().to_string();
    let id = cx.id(&rule::GOAL, &[&[&patient_key], &[&authority, &number]], gol.field(4).place());
    let mut goal = Goal { id: Some(id), ..Goal::default() };
    goal.subject = Some(Reference::to(patient));
    goal.addresses.extend(problem.map(Reference::to));
    goal.identifier.extend(hd::ei(cx, gol.field(4).first()));
    goal.description = cwe::concept(cx, gol.field(3).first(), "GOL-3", None);
    if goal.description.is_none() {
        // FHIR demands it.
        let absent = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        goal.description = Some(CodeableConcept { extension: vec![absent], ..CodeableConcept::default() });
        cx.presume(id, "description");
    }
    goal.priority = cx.write(gol.field(6).value()).map(CodeableConcept::text);
    goal.category.extend(cwe::concept(cx, gol.field(9).first(), "GOL-9", None));
    goal.achievement_status = cwe::concept(cx, gol.field(16).first(), "GOL-16", None);
    (goal.start_date, goal.start_date_ext) = cx.date(gol.field(7).value(), Some(MOMENT));
    (goal.status_date, goal.status_date_ext) = cx.date(gol.field(19).value(), Some(MOMENT));
    let (due_date, due_date_ext) = cx.date(gol.field(8).value(), Some(MOMENT));
    if due_date.is_some() || due_date_ext.is_some() {
        goal.target.push(GoalTarget { due_date, due_date_ext });
    }
    for repetition in gol.field(17).repetitions() {
        let text = cx.write(repetition.component(1).value());
        goal.note.extend(text.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    }
    (goal.lifecycle_status, goal.lifecycle_status_ext) =
        cx.code(gol.field(18).value(), table::goal_life_cycle);
    for component in gol.field(18).first().components().skip(1) {
        for value in component.subcomponents() {
            cx.ignore(value, "the text of a code that is kept");
        }
    }
    let action = Action::of(cx, gol, deletes);
    if action == Action::Deleted {
        goal.lifecycle_status = Some("entered-in-error");
    } else if goal.lifecycle_status.is_none() {
        goal.lifecycle_status = Some("active");
        if action == Action::Named {
            cx.presume(id, "lifecycleStatus");
        }
    }
    goal.extension.extend(beside::extensions(cx, gol, BESIDE, id));
    datatype::beyond(cx, gol, [17, 19], &mut goal.extension);
    let before = cx.registers;
    if action == Action::Named {
        cx.registers = crate::conversion::Authority::Mention;
    }
    match cx.entry(id) {
        None => cx.put(id, goal),
        Some(Resource::Goal(known)) => {
            add_new(&mut known.addresses, goal.addresses);
            add_new(&mut known.note, goal.note);
            add_new(&mut known.identifier, goal.identifier);
            add_new(&mut known.category, goal.category);
            add_new(&mut known.target, goal.target);
            add_new(&mut known.extension, goal.extension);
            let started = (goal.start_date, goal.start_date_ext);
            let status = (goal.lifecycle_status, goal.lifecycle_status_ext);
            let dated = (goal.status_date, goal.status_date_ext);
            let lost = not_kept([
                (settle(&mut known.description, goal.description), &[3]),
                (settle(&mut known.priority, goal.priority), &[6]),
                (settle_or_text((&mut known.start_date, &mut known.start_date_ext), started), &[7]),
                (settle(&mut known.achievement_status, goal.achievement_status), &[16]),
                (
                    settle_or_text((&mut known.lifecycle_status, &mut known.lifecycle_status_ext), status),
                    &[18],
                ),
                (settle_or_text((&mut known.status_date, &mut known.status_date_ext), dated), &[19]),
            ]);
            report_conflicts(cx, gol, &lost);
        }
        Some(_) => {}
    }
    cx.registers = before;
    Some(id)
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "GOL",
    name: "Goal Detail",
    fields: &[
        "Action Code",
        "Action Date Time",
        "Goal ID",
        "Goal Instance ID",
        "Episode of Care ID",
        "Goal List Priority",
        "Goal Established Date Time",
        "Expected Goal Achieve Date Time",
        "Goal Classification",
        "Goal Management Discipline",
        "Current Goal Review Status",
        "Current Goal Review Date Time",
        "Next Goal Review Date Time",
        "Previous Goal Review Date Time",
        "Goal Review Interval",
        "Goal Evaluation",
        "Goal Evaluation Comment",
        "Goal Life Cycle Status",
        "Goal Life Cycle Status Date Time",
        "Goal Target Type",
        "Goal Target Name",
        "Mood Code",
    ],
    rows: &[
        to(1, "Goal.lifecycleStatus"),
        left(1, "what is added, changed, linked or unlinked is in the message as it now is"),
        to(2, "Goal.extension(v2-gol-action-date-time)"),
        to(3, "Goal.description"),
        to(4, "Goal.identifier"),
        to(5, "Goal.extension(v2-gol-episode-of-care-id)"),
        to(6, "Goal.priority"),
        to(7, "Goal.startDate"),
        to(8, "Goal.target"),
        to(9, "Goal.category"),
        to(10, "Goal.extension(v2-gol-goal-management-discipline)"),
        to(11, "Goal.extension(v2-gol-current-goal-review-status)"),
        to(12, "Goal.extension(v2-gol-current-goal-review-date-time)"),
        to(13, "Goal.extension(v2-gol-next-goal-review-date-time)"),
        to(14, "Goal.extension(v2-gol-previous-goal-review-date-time)"),
        to(15, "Goal.extension(v2-gol-goal-review-interval)"),
        to(16, "Goal.achievementStatus"),
        to(17, "Goal.note"),
        to(18, "Goal.lifecycleStatus"),
        to(19, "Goal.statusDate"),
        to(20, "Goal.extension(v2-gol-goal-target-type)"),
        to(21, "Goal.extension(v2-gol-goal-target-name)"),
        to(22, "Goal.extension(v2-gol-mood-code)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    2 "gol-action-date-time" Is::Time,
    5 "gol-episode-of-care-id" Is::Entity,
    10 "gol-goal-management-discipline" Is::Concept,
    11 "gol-current-goal-review-status" Is::Concept,
    12 "gol-current-goal-review-date-time" Is::Time,
    13 "gol-next-goal-review-date-time" Is::Time,
    14 "gol-previous-goal-review-date-time" Is::Time,
    15 "gol-goal-review-interval" Is::Text,
    20 "gol-goal-target-type" Is::Concept,
    21 "gol-goal-target-name" Is::Name,
    22 "gol-mood-code" Is::Concept,
];
