//! nl-core: which resources may name a profile of Nictiz (zib2020, FHIR R4).
//!
//! `meta.profile` is a promise, so it is made last, when nothing more is added to a resource, and only where each
//! rule of the profile holds that what we write can break ([`rule`]). In the store it is made anew of what several
//! messages said together ([`stored`]).
//!
//! Not claimed, because whether the code is in a required value set cannot be told without that set:
//! nl-core-AllergyIntolerance (`AllergyIntolerance.code`), nl-core-Problem (`Condition.code`),
//! nl-core-LaboratoryTestResult (`Observation.code`), nl-core-Procedure-event (`Procedure.code`),
//! nl-core-Vaccination-event (`Immunization.vaccineCode`). Nor what is said of the thing rather than of its
//! elements: nl-core-HealthcareProvider (a bed is no location of a care provider), nl-core-TextResult (whether
//! a report is one of text or a panel of numbers).

use std::collections::HashSet;

use fhir::{Resource, nl};
use uuid::Uuid;

use crate::context::Context;

mod rule;
mod stored;

pub(crate) use stored::{is_ours, renew};

/// Gives each resource of the Bundle the profile that it keeps, if it keeps one.
pub(crate) fn claim(cx: &mut Context<'_, '_>) {
    let roles: HashSet<Uuid> = cx
        .entries
        .iter()
        .filter(|entry| matches!(entry.resource, Resource::PractitionerRole(_)))
        .map(|entry| entry.full_url.0)
        .collect();
    for entry in &mut cx.entries {
        let Some(profile) = profile(&entry.resource, &roles) else { continue };
        let meta = match &mut entry.resource {
            Resource::Patient(one) => &mut one.meta,
            Resource::RelatedPerson(one) => &mut one.meta,
            Resource::Practitioner(one) => &mut one.meta,
            Resource::PractitionerRole(one) => &mut one.meta,
            Resource::Organization(one) => &mut one.meta,
            Resource::Encounter(one) => &mut one.meta,
            Resource::Coverage(one) => &mut one.meta,
            _ => continue,
        };
        let profiles = &mut meta.get_or_insert_default().profile;
        if !profiles.contains(&profile) {
            profiles.push(profile);
        }
    }
}

/// The profile that a resource keeps; `roles` are those resources that are a PractitionerRole.
fn profile(resource: &Resource<'_>, roles: &HashSet<Uuid>) -> Option<&'static str> {
    match resource {
        Resource::Patient(one) => rule::patient(one).then_some(nl::PATIENT),
        Resource::RelatedPerson(one) => rule::contact_person(one).then_some(nl::CONTACT_PERSON),
        Resource::Practitioner(one) => rule::practitioner(one).then_some(nl::PRACTITIONER),
        Resource::PractitionerRole(one) => rule::practitioner_role(one).then_some(nl::PRACTITIONER_ROLE),
        Resource::Organization(one) => rule::organization(one),
        Resource::Encounter(one) => rule::encounter(one, roles).then_some(nl::ENCOUNTER),
        Resource::Coverage(one) => rule::coverage(one).then_some(nl::INSURANCE_COMPANY),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
