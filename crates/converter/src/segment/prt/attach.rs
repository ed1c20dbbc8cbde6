//! Where a participation is written: with the resource that it is about, else with the patient.

use fhir::{
    Extension, ExtensionValue, ImmunizationPerformer, MedicationPerformer, ProcedurePerformer, Reference,
    Resource,
};
use uuid::Uuid;

use super::{Part, reference};
use crate::context::{Context, add_new, extension};
use crate::segment::participation::Participation;

const PERFORMER_FUNCTION: &str = "http://hl7.org/fhir/StructureDefinition/event-performerFunction";
const EVENT_LOCATION: &str = "http://hl7.org/fhir/StructureDefinition/event-location";

/// The participants of a resource that are told without place and device (ROL).
pub(crate) fn participants<'a>(cx: &mut Context<'_, 'a>, id: Uuid, participation: Participation<'a>) {
    attach(cx, id, Part { participation, location: None, devices: Vec::new() });
}

/// Who did a procedure, and as what.
fn performers<'a>(cx: &mut Context<'_, 'a>, id: Uuid, participation: &mut Participation<'a>) {
    if !participation.fits(cx, participation.members.len()) {
        return;
    }
    let Some(Resource::Procedure(procedure)) = cx.entry(id) else { return };
    let mut roles = participation.role.iter().cloned();
    let function = roles.next();
    let mut beside = participation.extension.clone();
    beside.extend(roles.map(|role| Extension::concept(PERFORMER_FUNCTION, role)));
    let period = participation.period.clone();
    beside.extend(period.map(|period| {
        Extension::new(extension::PARTICIPATION_PERIOD, ExtensionValue::Period(Box::new(period)))
    }));
    for member in std::mem::take(&mut participation.members) {
        let actor = Some(Reference::to(member));
        let (function, extension) = (function.clone(), beside.clone());
        add_new(
            &mut procedure.performer,
            [ProcedurePerformer { extension, function, actor, on_behalf_of: None }],
        );
    }
}

/// Writes a participation with the resource of the Bundle that it is about.
pub(super) fn attach<'a>(cx: &mut Context<'_, 'a>, id: Uuid, mut part: Part<'a>) {
    if matches!(cx.entry(id), Some(Resource::Procedure(_))) && !part.participation.members.is_empty() {
        performers(cx, id, &mut part.participation);
        if part.location.is_none() && part.devices.is_empty() {
            return;
        }
    }
    let Part { mut participation, location, devices } = part;
    let is_event = matches!(
        cx.entry(id),
        Some(
            Resource::Observation(_)
                | Resource::DiagnosticReport(_)
                | Resource::Immunization(_)
                | Resource::MedicationAdministration(_)
        )
    );
    if !is_event {
        let (participation, beside) = Part { participation, location, devices }.split();
        let extension = {
            let mut all = participation;
            all.extension.extend(beside);
            all.whole()
        };
        if let Some(resource) = cx.entry(id) {
            add_new(resource.extension_mut(), extension);
        }
        return;
    }
    let mut devices = devices;
    let location = location.map(|id| reference(EVENT_LOCATION, id));
    if !participation.fits(cx, participation.members.len()) {
        return;
    }
    let members = std::mem::take(&mut participation.members);
    // Of these two the performer has an element for the first role.
    let has_function =
        matches!(cx.entry(id), Some(Resource::Immunization(_) | Resource::MedicationAdministration(_)));
    let mut performers = Vec::new();
    for member in members {
        let mut who = Reference::to(member);
        let function = participation.role.iter().skip(usize::from(has_function)).cloned();
        who.extension.extend(function.map(|role| Extension::concept(PERFORMER_FUNCTION, role)));
        who.extension.extend(participation.extension.iter().cloned());
        let period = participation.period.clone();
        who.extension.extend(period.map(|period| {
            Extension::new(extension::PARTICIPATION_PERIOD, ExtensionValue::Period(Box::new(period)))
        }));
        performers.push(who);
    }
    let said = !performers.is_empty();
    match cx.entry(id) {
        Some(Resource::Observation(observation)) => {
            add_new(&mut observation.performer, performers);
            add_new(&mut observation.extension, location);
            if observation.device.is_none() && !devices.is_empty() {
                observation.device = Some(Reference::to(devices.remove(0)));
            }
        }
        Some(Resource::DiagnosticReport(report)) => {
            add_new(&mut report.performer, performers);
            add_new(&mut report.extension, location);
        }
        Some(Resource::Immunization(given)) => {
            let function = participation.role.first().cloned();
            let named = performers
                .into_iter()
                .map(|who| ImmunizationPerformer { function: function.clone(), actor: Some(who) });
            add_new(&mut given.performer, named);
            add_new(&mut given.extension, location);
        }
        Some(Resource::MedicationAdministration(given)) => {
            let function = participation.role.first().cloned();
            let named = performers
                .into_iter()
                .map(|who| MedicationPerformer { function: function.clone(), actor: Some(who) });
            add_new(&mut given.performer, named);
            add_new(&mut given.extension, location);
        }
        _ => {}
    }
    // What has neither person nor organisation keeps its role with the device or the place.
    let beside: Vec<_> =
        devices.into_iter().map(|id| reference(extension::PARTICIPATION_DEVICE, id)).collect();
    if (!said || !beside.is_empty())
        && let Some(resource) = cx.entry(id)
    {
        let extension = {
            let mut all = participation;
            all.extension.extend(beside);
            all.whole()
        };
        add_new(resource.extension_mut(), extension);
    }
}

/// Members of the patient's team; a place or device alone is said of the patient.
pub(super) fn into_team<'a>(cx: &mut Context<'_, 'a>, patient: Uuid, part: Part<'a>) {
    let (mut participation, beside) = part.split();
    participation.extension.extend(beside);
    if participation.members.is_empty() {
        let extension = participation.whole();
        if let Some(resource) = cx.entry(patient) {
            add_new(resource.extension_mut(), extension);
        }
        return;
    }
    participation.in_team(cx, patient);
}
