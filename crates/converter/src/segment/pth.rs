//! PTH: a clinical pathway (HL7 v2.5.1 §12.4.3). There is no official map: designed from FHIR.

use fhir::{CarePlan, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::prb::{Action, key};
use super::{not_kept, report_conflicts, settle_or_text};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, hd};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table;

/// The CarePlan of a PTH: its id. `problem` and `goal` are what it is about.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pth: Segment<'m, 'a>,
    patient: Uuid,
    visit: Option<Uuid>,
    (problem, goal): (Option<Uuid>, Option<Uuid>),
) -> Option<Uuid> {
    let Some([authority, number]) = key(cx, pth.field(3), pth.field(2)) else {
        cx.warn(pth.field(2).place(), "no-pathway");
        return None;
    };
    let patient_key = patient.hyphenated().to_string();
    let id = cx.id(&rule::CARE_PLAN, &[&[&patient_key], &[&authority, &number]], pth.field(3).place());
    let mut plan = CarePlan { id: Some(id), intent: Some("plan"), ..CarePlan::default() };
    plan.subject = Some(Reference::to(patient));
    plan.encounter = visit.map(Reference::to);
    plan.addresses.extend(problem.map(Reference::to));
    plan.goal.extend(goal.map(Reference::to));
    plan.identifier.extend(hd::ei(cx, pth.field(3).first()));
    if let Some(pathway) = cwe::concept(cx, pth.field(2).first(), "PTH-2", None) {
        let display = pathway.coding.first().and_then(|coding| coding.display.clone());
        plan.title = pathway.text.clone().or(display);
        plan.category.push(pathway);
    }
    (plan.created, plan.created_ext) = cx.date_time(pth.field(4).value());
    (plan.status, plan.status_ext) = cx.code(pth.field(5).value(), table::pathway_life_cycle);
    for component in pth.field(5).first().components().skip(1) {
        for value in component.subcomponents() {
            cx.ignore(value, "the text of a code that is kept");
        }
    }
    let action = Action::of(cx, pth, false);
    if action == Action::Deleted {
        plan.status = Some("entered-in-error");
    } else if plan.status.is_none() {
        plan.status = Some("active");
        if action == Action::Named {
            cx.presume(id, "status");
        }
    }
    plan.extension.extend(beside::extensions(cx, pth, BESIDE, id));
    match cx.entry(id) {
        None => cx.put(id, plan),
        Some(Resource::CarePlan(known)) => {
            add_new(&mut known.addresses, plan.addresses);
            add_new(&mut known.goal, plan.goal);
            add_new(&mut known.identifier, plan.identifier);
            add_new(&mut known.category, plan.category);
            add_new(&mut known.extension, plan.extension);
            known.title = known.title.take().or(plan.title);
            let (created, status) = ((plan.created, plan.created_ext), (plan.status, plan.status_ext));
            let lost = not_kept([
                (settle_or_text((&mut known.created, &mut known.created_ext), created), &[4]),
                (settle_or_text((&mut known.status, &mut known.status_ext), status), &[5]),
            ]);
            report_conflicts(cx, pth, &lost);
        }
        Some(_) => {}
    }
    Some(id)
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PTH",
    name: "Pathway",
    fields: &[
        "Action Code",
        "Pathway ID",
        "Pathway Instance ID",
        "Pathway Established Date Time",
        "Pathway Life Cycle Status",
        "Change Pathway Life Cycle Status Date Time",
        "Mood Code",
    ],
    rows: &[
        to(1, "CarePlan.status"),
        left(1, "what is added, changed, linked or unlinked is in the message as it now is"),
        to(2, "CarePlan.category"),
        to(2, "CarePlan.title"),
        to(3, "CarePlan.identifier"),
        to(4, "CarePlan.created"),
        to(5, "CarePlan.status"),
        to(6, "CarePlan.extension(v2-pth-change-pathway-life-cycle-status-date-time)"),
        to(7, "CarePlan.extension(v2-pth-mood-code)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    6 "pth-change-pathway-life-cycle-status-date-time" Is::Time,
    7 "pth-mood-code" Is::Concept,
];
