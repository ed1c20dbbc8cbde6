//! nl-core: which resources may name a profile of Nictiz (zib2020, FHIR R4).
//!
//! `meta.profile` is a promise, so it is made last, when nothing more is added to a resource, and only where each
//! rule of the profile holds that what we write can break ([`rule`]). In the store it is made anew of what several
//! messages said together ([`stored`]).
//!
//! Bindings of strength `required` to sets of codes: where a set takes in a whole code system, a code of that
//! system is in it. A subset of SNOMED CT is not at hand, so a code of it is no reason for a claim; hence
//! nl-core-Procedure-event (`Procedure.code`) and nl-core-Vaccination-event (`Immunization.vaccineCode`) are never
//! claimed. Nor is what is said of the thing rather than of its elements: nl-core-HealthcareProvider (a bed is no
//! location of a care provider), nl-core-TextResult (whether a report is one of text or a panel of numbers).

use std::collections::HashSet;

use fhir::{Resource, nl};
use uuid::Uuid;

use crate::context::Context;

mod clinical;
mod rule;
mod stored;

pub(crate) use stored::{is_ours, renew};

/// Gives each resource of the Bundle the profile that it keeps, if it keeps one.
pub(crate) fn claim(cx: &mut Context<'_, '_>) {
    let mut others = Others::default();
    for entry in &cx.entries {
        match entry.resource {
            Resource::PractitionerRole(_) => others.roles.insert(entry.full_url.0),
            Resource::Organization(_) => others.organizations.insert(entry.full_url.0),
            _ => continue,
        };
    }
    for entry in &mut cx.entries {
        let Some(profile) = profile(&entry.resource, &others) else { continue };
        let meta = match &mut entry.resource {
            Resource::Patient(one) => &mut one.meta,
            Resource::RelatedPerson(one) => &mut one.meta,
            Resource::Practitioner(one) => &mut one.meta,
            Resource::PractitionerRole(one) => &mut one.meta,
            Resource::Organization(one) => &mut one.meta,
            Resource::Encounter(one) => &mut one.meta,
            Resource::Coverage(one) => &mut one.meta,
            Resource::AllergyIntolerance(one) => &mut one.meta,
            Resource::Condition(one) => &mut one.meta,
            Resource::Observation(one) => &mut one.meta,
            _ => continue,
        };
        let profiles = &mut meta.get_or_insert_default().profile;
        if !profiles.contains(&profile) {
            profiles.push(profile);
        }
    }
}

/// The resources to which others refer, where a rule asks what they are.
#[derive(Default)]
struct Others {
    roles: HashSet<Uuid>,
    organizations: HashSet<Uuid>,
}

/// The profile that a resource keeps.
fn profile(resource: &Resource<'_>, others: &Others) -> Option<&'static str> {
    match resource {
        Resource::Patient(one) => rule::patient(one).then_some(nl::PATIENT),
        Resource::RelatedPerson(one) => rule::contact_person(one).then_some(nl::CONTACT_PERSON),
        Resource::Practitioner(one) => rule::practitioner(one).then_some(nl::PRACTITIONER),
        Resource::PractitionerRole(one) => rule::practitioner_role(one).then_some(nl::PRACTITIONER_ROLE),
        Resource::Organization(one) => rule::organization(one),
        Resource::Encounter(one) => rule::encounter(one, &others.roles).then_some(nl::ENCOUNTER),
        Resource::Coverage(one) => rule::coverage(one).then_some(nl::INSURANCE_COMPANY),
        Resource::AllergyIntolerance(one) => clinical::allergy(one).then_some(nl::ALLERGY_INTOLERANCE),
        Resource::Condition(one) => clinical::problem(one).then_some(nl::PROBLEM),
        Resource::Observation(one) => {
            clinical::laboratory(one, &others.organizations).then_some(nl::LABORATORY_TEST_RESULT)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
