//! The claim of a resource that several messages said together: what each of them kept, the whole may break, and
//! the other way round. So it is made anew of what stands, of as much of it as the rules look at.

use fhir::{
    Address, AllergyIntolerance, AllergyReaction, Annotation, CodeableConcept, Coding, Condition, Coverage,
    Element, ElementList, Encounter, EncounterLocation, EncounterParticipant, Extension, ExtensionValue,
    HumanName, Identifier, Observation, Organization, OrganizationContact, Patient, PatientCommunication,
    Practitioner, PractitionerRole, Reference, RelatedPerson, Resource,
};
use serde_json::{Map, Value};

use super::Others;

/// Before the name of each profile of Nictiz.
const NICTIZ: &str = "http://nictiz.nl/fhir/StructureDefinition/";

/// Names in `meta` the profile that the content keeps, and none that it does not keep.
pub(crate) fn renew(resource_type: &str, content: &Map<String, Value>, meta: &mut Map<String, Value>) {
    let Some((resource, others)) = read(resource_type, content) else { return };
    let mut profiles = match meta.remove("profile") {
        Some(Value::Array(profiles)) => profiles,
        _ => Vec::new(),
    };
    profiles.retain(|one| !one.as_str().is_some_and(is_ours));
    profiles.extend(super::profile(&resource, &others).map(Value::from));
    if !profiles.is_empty() {
        meta.insert(String::from("profile"), Value::Array(profiles));
    }
}

/// Whether a claim is one that is made anew.
pub(crate) fn is_ours(profile: &str) -> bool {
    profile.starts_with(NICTIZ)
}

/// Of a resource what the rules look at, and what the resources are to which it refers.
fn read<'v>(resource_type: &str, all: &'v Map<String, Value>) -> Option<(Resource<'v>, Others)> {
    let mut others = Others::default();
    let names = || list(all, "name", human_name);
    let addresses = || list(all, "address", address);
    let resource = match resource_type {
        "Patient" => Resource::Patient(Box::new(Patient {
            name: names(),
            address: addresses(),
            gender: all.get("gender").map(|_| ""),
            gender_ext: all.get("_gender").map(element),
            marital_status: all.get("maritalStatus").map(concept),
            communication: list(all, "communication", |one| PatientCommunication {
                language: one.get("language").map(concept),
                ..PatientCommunication::default()
            }),
            ..Patient::default()
        })),
        "RelatedPerson" => Resource::RelatedPerson(Box::new(RelatedPerson {
            name: names(),
            address: addresses(),
            patient: all.get("patient").map(|_| Reference::default()),
            ..RelatedPerson::default()
        })),
        "Practitioner" => Resource::Practitioner(Box::new(Practitioner {
            name: names(),
            address: addresses(),
            gender_ext: all.get("_gender").map(element),
            ..Practitioner::default()
        })),
        "PractitionerRole" => Resource::PractitionerRole(Box::new(PractitionerRole {
            specialty: list(all, "specialty", concept),
            ..PractitionerRole::default()
        })),
        "Organization" => Resource::Organization(Box::new(Organization {
            identifier: list(all, "identifier", |one| Identifier {
                system: text(one, "system").map(Into::into),
                ..Identifier::default()
            }),
            r#type: list(all, "type", concept),
            address: addresses(),
            contact: list(all, "contact", |one| OrganizationContact {
                name: one.get("name").map(human_name),
                address: one.get("address").map(address),
                ..OrganizationContact::default()
            }),
            ..Organization::default()
        })),
        "Encounter" => Resource::Encounter(Box::new(Encounter {
            class: all.get("class").map(coding),
            location: list(all, "location", |_| EncounterLocation::default()),
            participant: list(all, "participant", |one| {
                let who = one.get("individual").and_then(|who| text(who, "reference"));
                let role = who.and_then(|who| who.strip_prefix("PractitionerRole/")?.parse().ok());
                others.roles.extend(role);
                EncounterParticipant {
                    r#type: items(one.get("type"), concept),
                    individual: role.map(Reference::to),
                    ..EncounterParticipant::default()
                }
            }),
            ..Encounter::default()
        })),
        "Coverage" => Resource::Coverage(Box::new(Coverage {
            payor: list(all, "payor", |_| Reference::default()),
            r#type: all.get("type").map(concept),
            ..Coverage::default()
        })),
        "AllergyIntolerance" => Resource::AllergyIntolerance(Box::new(AllergyIntolerance {
            code: all.get("code").map(concept),
            category: list(all, "category", |_| ""),
            category_ext: elements(all.get("_category")),
            note: list(all, "note", |_| Annotation::default()),
            reaction: list(all, "reaction", |one| AllergyReaction {
                substance: one.get("substance").map(concept),
                ..AllergyReaction::default()
            }),
            ..AllergyIntolerance::default()
        })),
        "Condition" => Resource::Condition(Box::new(Condition {
            verification_status: all.get("verificationStatus").map(concept),
            category: list(all, "category", concept),
            code: all.get("code").map(concept),
            body_site: list(all, "bodySite", concept),
            note: list(all, "note", |_| Annotation::default()),
            ..Condition::default()
        })),
        "Observation" => Resource::Observation(Box::new(Observation {
            category: list(all, "category", concept),
            code: all.get("code").map(concept),
            performer: list(all, "performer", |one| {
                let who = text(one, "reference").and_then(|who| who.strip_prefix("Organization/"));
                let organization = who.and_then(|who| who.parse().ok());
                others.organizations.extend(organization);
                organization.map(Reference::to).unwrap_or_default()
            }),
            interpretation: list(all, "interpretation", concept),
            note: list(all, "note", |_| Annotation::default()),
            method: all.get("method").map(concept),
            ..Observation::default()
        })),
        _ => return None,
    };
    Some((resource, others))
}

fn human_name(name: &Value) -> HumanName<'_> {
    HumanName {
        r#use: match text(name, "use") {
            Some("official") => Some("official"),
            Some("usual") => Some("usual"),
            _ => None,
        },
        extension: items(name.get("extension"), extension),
        text: text(name, "text").map(Into::into),
        family: text(name, "family").map(Into::into),
        family_ext: name.get("_family").map(element),
        given: items(name.get("given"), |one| one.as_str().unwrap_or_default().into()),
        given_ext: elements(name.get("_given")),
        prefix: items(name.get("prefix"), |_| "".into()),
        suffix: items(name.get("suffix"), |_| "".into()),
        ..HumanName::default()
    }
}

fn address(address: &Value) -> Address<'_> {
    Address {
        extension: items(address.get("extension"), extension),
        line_ext: elements(address.get("_line")),
        country_ext: address.get("_country").map(element),
        ..Address::default()
    }
}

fn element(element: &Value) -> Element<'_> {
    Element { extension: items(element.get("extension"), extension) }
}

fn elements(value: Option<&Value>) -> ElementList<'_> {
    ElementList(items(value, |one| one.is_object().then(|| element(one))))
}

/// Values of other types are looked at by no rule.
fn extension(one: &Value) -> Extension<'_> {
    let value = match (text(one, "valueString"), text(one, "valueCode"), one.get("valueCodeableConcept")) {
        (Some(string), ..) => ExtensionValue::String(string.into()),
        (_, Some(code), _) => ExtensionValue::Code(code.into()),
        (.., Some(found)) => ExtensionValue::CodeableConcept(Box::new(concept(found))),
        _ => ExtensionValue::Parts(Vec::new()),
    };
    Extension::new(text(one, "url").unwrap_or_default(), value)
}

fn concept(one: &Value) -> CodeableConcept<'_> {
    CodeableConcept { coding: items(one.get("coding"), coding), ..CodeableConcept::default() }
}

fn coding(one: &Value) -> Coding<'_> {
    Coding {
        system: text(one, "system").map(Into::into),
        code: text(one, "code").map(Into::into),
        ..Coding::default()
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn list<'v, T>(all: &'v Map<String, Value>, name: &str, of: impl FnMut(&'v Value) -> T) -> Vec<T> {
    items(all.get(name), of)
}

fn items<'v, T>(value: Option<&'v Value>, of: impl FnMut(&'v Value) -> T) -> Vec<T> {
    value.and_then(Value::as_array).into_iter().flatten().map(of).collect()
}
