//! The rules of the profiles, each beside its element and constraint, as the StructureDefinitions of nl-core and of
//! the zib profiles under them give them. A slice is open unless said otherwise: what fits none is allowed.

use std::collections::HashSet;

use fhir::{
    Address, CodeableConcept, Coding, Coverage, Encounter, Extension, ExtensionValue, HumanName,
    Organization, Patient, Practitioner, PractitionerRole, RelatedPerson, nl, system,
};
use uuid::Uuid;

/// VEKTIS COD016: what a professional or a department specialises in.
pub(super) const SPECIALTY: &str = "urn:oid:2.16.840.1.113883.2.4.6.7";
/// VerzekeringssoortCodelijst: kinds of insurance.
pub(super) const INSURANCE_TYPE: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.101.5.1";
/// ISO 639-1.
const LANGUAGE: &str = "urn:oid:1.0.639.1";

/// nl-core-Patient.
pub(super) fn patient(patient: &Patient<'_>) -> bool {
    names(&patient.name)
        && patient.address.iter().all(address)
        // Patient.gender.extension:genderCodelist 0..1, required GeslachtCodelijst.
        && patient.gender_ext.as_ref().is_none_or(|element| gender(&element.extension))
        // Patient.gender: what has only an extension has no value of AdministrativeGender.
        && (patient.gender_ext.is_none() || patient.gender.is_some())
        // Patient.maritalStatus, required BurgerlijkeStaatCodelijst.
        && patient.marital_status.as_ref().is_none_or(marital_status)
        // Patient.communication.language, required CommunicatieTaalCodelijst: ISO 639-1, two letters, no region.
        && patient.communication.iter().all(|one| {
            one.language.as_ref().is_some_and(|language| {
                codes(language, LANGUAGE).any(|code| is_letters(code, 2, u8::is_ascii_lowercase))
            })
        })
}

/// nl-core-ContactPerson. `relationship` is sliced by value set and open.
pub(super) fn contact_person(person: &RelatedPerson<'_>) -> bool {
    names(&person.name) && person.address.iter().all(address) && person.patient.is_some()
}

/// nl-core-HealthProfessional-Practitioner.
pub(super) fn practitioner(person: &Practitioner<'_>) -> bool {
    names(&person.name)
        && person.address.iter().all(address)
        // Practitioner.gender.extension:genderCodelist, required GeslachtCodelijst.
        && person.gender_ext.as_ref().is_none_or(|element| gender(&element.extension))
}

/// nl-core-HealthProfessional-PractitionerRole: `specialty:specialty` 0..1 of COD016.
pub(super) fn practitioner_role(role: &PractitionerRole<'_>) -> bool {
    at_most_one_specialty(&role.specialty)
}

/// nl-core-Payer-Organization of an insurer, nl-core-HealthcareProvider-Organization of a care provider. Which it
/// is, its register tells; of an organisation in neither nobody knows.
pub(super) fn organization(organization: &Organization<'_>) -> Option<&'static str> {
    let in_register = |register: &str| {
        organization.identifier.iter().filter(|one| one.system.as_deref() == Some(register)).count()
    };
    if !organization.address.iter().all(address) {
        return None;
    }
    match in_register(nl::UZOVI) {
        // Organization.identifier:uzovi 0..1.
        1 => Some(nl::PAYER),
        // Organization.type:departmentSpecialty 0..1.
        0 if in_register(nl::AGB) + in_register(nl::URA) > 0
            && at_most_one_specialty(&organization.r#type)
            // Organization.contact.name and .address: nl-core-NameInformation, nl-core-AddressInformation.
            && organization.contact.iter().all(|contact| {
                contact.name.as_ref().is_none_or(|name| name.r#use == Some("official") && name_information(name))
                    && contact.address.as_ref().is_none_or(address)
            }) =>
        {
            Some(nl::ORGANIZATION)
        }
        _ => None,
    }
}

/// nl-core-Encounter.
pub(super) fn encounter(encounter: &Encounter<'_>, roles: &HashSet<Uuid>) -> bool {
    // Encounter.location 0..1.
    encounter.location.len() <= 1
        // Encounter.class, extensible ActEncounterCode: a class of another system is not in it.
        && encounter.class.as_ref().is_some_and(|class| class.system.as_deref() == Some(system::ACT_CODE))
        // Encounter.participant:healthProfessional.type 0..1, of those who are a PractitionerRole.
        && encounter.participant.iter().all(|participant| {
            let who = participant.individual.as_ref().and_then(|one| one.reference);
            participant.r#type.len() <= 1 || !who.is_some_and(|urn| roles.contains(&urn.0))
        })
}

/// nl-core-Payer.InsuranceCompany.
pub(super) fn coverage(coverage: &Coverage<'_>) -> bool {
    // Coverage.payor 1..1; Coverage.type, required VerzekeringssoortCodelijst.
    coverage.payor.len() == 1
        && coverage.r#type.as_ref().is_none_or(|kind| {
            codes(kind, INSURANCE_TYPE).any(|code| is_letters(code, 1, u8::is_ascii_uppercase))
        })
}

/// `name` of nl-core persons, sliced by `use`: nameInformation (official) 0..2, nameInformation-GivenName (usual).
fn names(names: &[HumanName<'_>]) -> bool {
    let official = names.iter().filter(|name| name.r#use == Some("official"));
    official.clone().count() <= 2
        && official.clone().all(name_information)
        && names.iter().filter(|name| name.r#use == Some("usual")).all(calling_name)
}

/// nl-core-NameInformation.
pub(super) fn name_information(name: &HumanName<'_>) -> bool {
    let family = name.family_ext.as_ref().map(|element| element.extension.as_slice()).unwrap_or_default();
    let has = |url: &str| family.iter().any(|one| one.url == url);
    let qualified = |nth: usize| {
        let element = name.given_ext.0.get(nth).and_then(Option::as_ref);
        element.is_some_and(|element| element.extension.iter().any(|one| one.url == nl::NAME_QUALIFIER))
    };
    let only_initials = (0..name.given.len()).all(|nth| {
        let element = name.given_ext.0.get(nth).and_then(Option::as_ref);
        element.is_some_and(|element| {
            element
                .extension
                .iter()
                .any(|one| matches!(&one.value, ExtensionValue::Code(code) if code == "IN"))
        })
    });
    // zib-NameInformation-1: an own prefix needs an own name.
    (!has(nl::OWN_PREFIX) || has(nl::OWN_NAME))
        // zib-NameInformation-2: a partner's prefix needs a partner's name.
        && (!has(nl::PARTNER_PREFIX) || has(nl::PARTNER_NAME))
        // nl-core-NameInformation-02: parts of the family name need the whole.
        && (family.is_empty() || name.family.is_some())
        // nl-core-NameInformation-01: a family name or a full given name needs the text.
        && (name.text.is_some() || (name.family.is_none() && only_initials))
        // HumanName.given.extension:givenOrInitial 1..*.
        && (0..name.given.len()).all(qualified)
        // HumanName.extension:nameUsage 0..1, required name-assembly-order.
        && at_most(&name.extension, nl::ASSEMBLY_ORDER, 1)
}

/// nl-core-NameInformation.GivenName: the one name by which somebody is called, and no family name.
pub(super) fn calling_name(name: &HumanName<'_>) -> bool {
    name.given.len() == 1 && name.family.is_none() && name.prefix.is_empty() && name.suffix.is_empty()
}

/// nl-core-AddressInformation.
pub(super) fn address(address: &Address<'_>) -> bool {
    // Address.extension:addressType 0..1.
    at_most(&address.extension, nl::ADDRESS_TYPE, 1)
        // Address.line.extension: each part 0..1, the indication `by` or `to`.
        && address.line_ext.0.iter().flatten().all(|line| {
            [nl::STREET_NAME, nl::HOUSE_NUMBER, nl::HOUSE_NUMBER_SUFFIX, nl::ADDITIONAL_LOCATOR, nl::UNIT_ID]
                .iter()
                .all(|url| at_most(&line.extension, url, 1))
                && line.extension.iter().filter(|one| one.url == nl::ADDITIONAL_LOCATOR).all(|one| {
                    matches!(&one.value, ExtensionValue::String(text) if text == "by" || text == "to")
                })
        })
        // Address.country.extension:countryCode 0..1, required LandCodelijsten: ISO 3166-1 or GBA.
        && address.country_ext.as_ref().is_none_or(|element| {
            at_most(&element.extension, nl::CODE_SPECIFICATION, 1)
                && specifications(&element.extension).all(|concept| {
                    codes(concept, system::COUNTRY).any(|code| is_letters(code, 2, u8::is_ascii_uppercase))
                        || codes(concept, nl::GBA_COUNTRY).any(|code| is_letters(code, 4, u8::is_ascii_digit))
                })
        })
}

/// GeslachtCodelijst: M, F and UN of v3-AdministrativeGender, UNK of NullFlavor.
fn gender(extension: &[Extension<'_>]) -> bool {
    at_most(extension, nl::CODE_SPECIFICATION, 1)
        && specifications(extension).all(|concept| {
            has_code(concept, system::ADMINISTRATIVE_GENDER, &["M", "F", "UN"])
                || has_code(concept, system::NULL_FLAVOR, &["UNK"])
        })
}

/// Of BurgerlijkeStaatCodelijst those codes that are certain: S is discouraged since 2020 and still in it.
fn marital_status(concept: &CodeableConcept<'_>) -> bool {
    has_code(concept, system::MARITAL_STATUS, &["D", "M", "S", "T", "U", "W"])
}

fn at_most_one_specialty(concepts: &[CodeableConcept<'_>]) -> bool {
    concepts.iter().filter(|concept| has_code(concept, SPECIALTY, &[])).count() <= 1
}

fn at_most(extension: &[Extension<'_>], url: &str, most: usize) -> bool {
    extension.iter().filter(|one| one.url == url).count() <= most
}

fn specifications<'e, 'a>(extension: &'e [Extension<'a>]) -> impl Iterator<Item = &'e CodeableConcept<'a>> {
    extension.iter().filter(|one| one.url == nl::CODE_SPECIFICATION).filter_map(|one| match &one.value {
        ExtensionValue::CodeableConcept(concept) => Some(&**concept),
        _ => None,
    })
}

/// Whether a coding is of the system, and one of the codes where any are named.
fn has_code(concept: &CodeableConcept<'_>, of: &str, wanted: &[&str]) -> bool {
    codes(concept, of).any(|code| wanted.is_empty() || wanted.contains(&code))
}

/// The codes of one system.
pub(super) fn codes<'c>(concept: &'c CodeableConcept<'_>, of: &str) -> impl Iterator<Item = &'c str> {
    let of_system = move |coding: &&Coding<'_>| coding.system.as_deref() == Some(of);
    concept.coding.iter().filter(of_system).filter_map(|coding| coding.code.as_deref())
}

fn is_letters(code: &str, length: usize, of: impl Fn(&u8) -> bool) -> bool {
    code.len() == length && code.bytes().all(|byte| of(&byte))
}
