//! Each rule of a profile: a resource that keeps it, and the same resource with that one rule broken.

use fhir::{
    Address, AllergyIntolerance, CodeableConcept, Coding, Condition, Coverage, Element, ElementList,
    Encounter, EncounterLocation, EncounterParticipant, Extension, HumanName, Identifier, Observation,
    Organization, Patient, Practitioner, PractitionerRole, Reference, RelatedPerson, system,
};

use super::clinical::{allergy, laboratory, problem};
use super::rule::*;
use super::*;

fn concept<'a>(system: &'a str, code: &'a str) -> CodeableConcept<'a> {
    CodeableConcept::of(Coding::new(system, code))
}

fn specification<'a>(system: &'a str, code: &'a str) -> Element<'a> {
    Element::of(Extension::concept(nl::CODE_SPECIFICATION, concept(system, code)))
}

/// Anna van Putten, in full and with a qualifier.
fn official() -> HumanName<'static> {
    let family = [Extension::string(nl::OWN_PREFIX, "van"), Extension::string(nl::OWN_NAME, "Putten")];
    HumanName {
        r#use: Some("official"),
        text: Some("Anna van Putten".into()),
        family: Some("van Putten".into()),
        family_ext: Element::some(family.to_vec()),
        given: vec!["Anna".into()],
        given_ext: ElementList(vec![Some(Element::of(Extension::code(nl::NAME_QUALIFIER, "BR")))]),
        extension: vec![Extension::code(nl::ASSEMBLY_ORDER, "NL1")],
        ..HumanName::default()
    }
}

fn usual() -> HumanName<'static> {
    HumanName { r#use: Some("usual"), given: vec!["Jo".into()], ..HumanName::default() }
}

fn home() -> Address<'static> {
    let line = vec![
        Extension::string(nl::STREET_NAME, "Dorpsstraat"),
        Extension::string(nl::ADDITIONAL_LOCATOR, "by"),
    ];
    Address {
        line: vec!["Dorpsstraat by 12".into()],
        line_ext: ElementList(vec![Element::some(line)]),
        country: Some("Nederland".into()),
        country_ext: Some(specification(system::COUNTRY, "NL")),
        ..Address::default()
    }
}

fn person() -> Patient<'static> {
    Patient {
        name: vec![official(), usual()],
        address: vec![home()],
        gender: Some("female"),
        gender_ext: Some(specification(system::ADMINISTRATIVE_GENDER, "F")),
        marital_status: Some(concept(system::MARITAL_STATUS, "D")),
        communication: vec![fhir::PatientCommunication {
            language: Some(concept("urn:oid:1.0.639.1", "nl")),
            preferred: None,
        }],
        ..Patient::default()
    }
}

/// A rule, and what breaks it.
type Change<'c, T> = (&'static str, &'c dyn Fn(&mut T));

/// The example keeps the profile, and each of these changes breaks it.
fn each_breaks<T: Clone>(example: &T, keeps: impl Fn(&T) -> bool, changes: &[Change<'_, T>]) {
    assert!(keeps(example));
    for (rule, change) in changes {
        let mut broken = example.clone();
        change(&mut broken);
        assert!(!keeps(&broken), "{rule}");
    }
}

#[test]
fn each_rule_of_a_name_can_be_broken() {
    each_breaks(
        &official(),
        name_information,
        &[
            ("zib-NameInformation-1", &|name| {
                name.family_ext = Some(Element::of(Extension::string(nl::OWN_PREFIX, "van")));
            }),
            ("zib-NameInformation-2", &|name| {
                name.family_ext = Some(Element::of(Extension::string(nl::PARTNER_PREFIX, "van")));
            }),
            ("nl-core-NameInformation-01", &|name| name.text = None),
            ("nl-core-NameInformation-02", &|name| name.family = None),
            ("HumanName.given.extension:givenOrInitial", &|name| name.given.push("Maria".into())),
            ("HumanName.extension:nameUsage", &|name| {
                name.extension.push(Extension::code(nl::ASSEMBLY_ORDER, "NL2"));
            }),
        ],
    );
    let initials = HumanName {
        r#use: Some("official"),
        given: vec!["J.".into()],
        given_ext: ElementList(vec![Some(Element::of(Extension::code(nl::NAME_QUALIFIER, "IN")))]),
        ..HumanName::default()
    };
    assert!(name_information(&initials), "initials alone need no text");
    each_breaks(
        &usual(),
        calling_name,
        &[
            ("one given name", &|name| name.given.push("Annie".into())),
            ("no family name", &|name| name.family = Some("Putten".into())),
        ],
    );
}

#[test]
fn each_rule_of_an_address_can_be_broken() {
    each_breaks(
        &home(),
        address,
        &[
            ("Address.extension:addressType", &|address| {
                for code in ["HP", "PST"] {
                    let kind = concept(system::ADDRESS_USE, code);
                    address.extension.push(Extension::concept(nl::ADDRESS_TYPE, kind));
                }
            }),
            ("houseNumberIndication", &|address| {
                let other = Extension::string(nl::ADDITIONAL_LOCATOR, "t/o");
                address.line_ext = ElementList(vec![Some(Element::of(other))]);
            }),
            ("Address.line.extension:streetName", &|address| {
                let twice =
                    vec![Extension::string(nl::STREET_NAME, "A"), Extension::string(nl::STREET_NAME, "B")];
                address.line_ext = ElementList(vec![Element::some(twice)]);
            }),
            ("LandCodelijsten", &|address| {
                address.country_ext = Some(specification("urn:example:countries", "NL"));
            }),
            ("LandCodelijsten, three letters", &|address| {
                address.country_ext = Some(specification(system::COUNTRY, "NLD"));
            }),
            ("LandCodelijsten, GBA", &|address| {
                address.country_ext = Some(specification(nl::GBA_COUNTRY, "30"));
            }),
        ],
    );
}

#[test]
fn each_rule_of_a_patient_can_be_broken() {
    each_breaks(
        &person(),
        patient,
        &[
            ("an official name", &|patient| patient.name.push(HumanName { text: None, ..official() })),
            ("two official names", &|patient| patient.name.extend([official(), official()])),
            ("a calling name", &|patient| patient.name[1].given.clear()),
            ("an address", &|patient| {
                patient.address[0].country_ext = Some(specification("urn:example:countries", "NL"));
            }),
            ("GeslachtCodelijst", &|patient| {
                patient.gender_ext = Some(specification(system::ADMINISTRATIVE_GENDER, "X"));
            }),
            ("Patient.gender", &|patient| patient.gender = None),
            ("BurgerlijkeStaatCodelijst", &|patient| {
                patient.marital_status = Some(concept(system::MARITAL_STATUS, "I"));
            }),
            ("BurgerlijkeStaatCodelijst, text alone", &|patient| {
                patient.marital_status = Some(CodeableConcept::text("gehuwd"));
            }),
            ("CommunicatieTaalCodelijst", &|patient| {
                patient.communication[0].language = Some(concept("urn:example:languages", "nl"));
            }),
            ("CommunicatieTaalCodelijst, with a region", &|patient| {
                patient.communication[0].language = Some(concept("urn:oid:1.0.639.1", "en-US"));
            }),
        ],
    );
    assert!(patient(&Patient::default()), "no element is demanded");
    let mut other = person();
    other.name.push(HumanName { r#use: Some("maiden"), family: Some("Smit".into()), ..HumanName::default() });
    other.multiple_birth = Some(fhir::MultipleBirth::Integer(2));
    assert!(patient(&other), "other names and the rank of a birth are in open slices");
}

#[test]
fn relatives_and_professionals_keep_the_rules_of_names_and_addresses() {
    let relative = RelatedPerson {
        patient: Some(Reference::display("patient")),
        name: vec![official()],
        address: vec![home()],
        ..RelatedPerson::default()
    };
    each_breaks(
        &relative,
        contact_person,
        &[
            ("name", &|person| person.name[0].text = None),
            ("address", &|person| person.address[0].country_ext = Some(specification("urn:example", "NL"))),
            ("RelatedPerson.patient", &|person| person.patient = None),
        ],
    );
    let doctor = Practitioner { name: vec![official()], address: vec![home()], ..Practitioner::default() };
    each_breaks(
        &doctor,
        practitioner,
        &[
            ("name", &|person| person.name[0].text = None),
            ("GeslachtCodelijst", &|person| {
                person.gender_ext = Some(specification(system::ADMINISTRATIVE_GENDER, "X"));
            }),
            ("address", &|person| person.address[0].country_ext = Some(specification("urn:example", "NL"))),
        ],
    );
    let role =
        PractitionerRole { specialty: vec![concept(SPECIALTY, "0100")], ..PractitionerRole::default() };
    each_breaks(
        &role,
        practitioner_role,
        &[("specialty:specialty", &|role| role.specialty.push(concept(SPECIALTY, "0303")))],
    );
}

#[test]
fn an_organisation_is_what_its_register_says() {
    let of = |register: &'static str| Organization {
        identifier: vec![Identifier::new(register, "1")],
        address: vec![home()],
        ..Organization::default()
    };
    assert_eq!(organization(&of(nl::AGB)), Some(nl::ORGANIZATION));
    assert_eq!(organization(&of(nl::URA)), Some(nl::ORGANIZATION));
    assert_eq!(organization(&of(nl::UZOVI)), Some(nl::PAYER));
    assert_eq!(organization(&of("urn:example")), None);
    each_breaks(
        &of(nl::UZOVI),
        |one| organization(one) == Some(nl::PAYER),
        &[("identifier:uzovi", &|one| one.identifier.push(Identifier::new(nl::UZOVI, "2")))],
    );
    each_breaks(
        &of(nl::AGB),
        |one| organization(one) == Some(nl::ORGANIZATION),
        &[
            ("address", &|one| one.address[0].country_ext = Some(specification("urn:example", "NL"))),
            ("type:departmentSpecialty", &|one| {
                one.r#type = vec![concept(SPECIALTY, "0100"), concept(SPECIALTY, "0303")];
            }),
            ("contact.name, which is official", &|one| {
                let name = Some(HumanName { r#use: None, ..official() });
                one.contact = vec![fhir::OrganizationContact { name, ..Default::default() }];
            }),
            ("contact.address", &|one| {
                let country_ext = Some(specification("urn:example", "NL"));
                let address = Some(Address { country_ext, ..home() });
                one.contact = vec![fhir::OrganizationContact { address, ..Default::default() }];
            }),
        ],
    );
}

#[test]
fn each_rule_of_a_visit_can_be_broken() {
    let who = Uuid::from_u128(7);
    let roles = HashSet::from([who]);
    let visit = Encounter {
        class: Some(Coding::new(system::ACT_CODE, "IMP")),
        location: vec![EncounterLocation::default()],
        participant: vec![EncounterParticipant {
            r#type: vec![concept(system::PARTICIPATION_TYPE, "ATND")],
            individual: Some(Reference::to(who)),
            ..EncounterParticipant::default()
        }],
        ..Encounter::default()
    };
    each_breaks(
        &visit,
        |visit| encounter(visit, &roles),
        &[
            ("Encounter.location", &|visit| visit.location.push(EncounterLocation::default())),
            ("ActEncounterCode", &|visit| visit.class = Some(Coding::new("urn:example", "IMP"))),
            ("participant:healthProfessional.type", &|visit| {
                visit.participant[0].r#type.push(concept(system::PARTICIPATION_TYPE, "ADM"));
            }),
        ],
    );
    let mut other = visit;
    other.participant[0].individual = Some(Reference::to(Uuid::from_u128(8)));
    other.participant[0].r#type.push(concept(system::PARTICIPATION_TYPE, "ADM"));
    assert!(encounter(&other, &roles), "who is no role is in no slice");
}

#[test]
fn each_rule_of_an_insurance_can_be_broken() {
    let insurance = Coverage {
        payor: vec![Reference::display("insurer")],
        r#type: Some(concept(INSURANCE_TYPE, "B")),
        ..Coverage::default()
    };
    each_breaks(
        &insurance,
        coverage,
        &[
            ("Coverage.payor", &|one| one.payor.push(Reference::display("another"))),
            ("VerzekeringssoortCodelijst", &|one| one.r#type = Some(concept("urn:example", "B"))),
            ("VerzekeringssoortCodelijst, no code of it", &|one| {
                one.r#type = Some(concept(INSURANCE_TYPE, "HMO"));
            }),
        ],
    );
}

#[test]
fn each_rule_of_an_allergy_can_be_broken() {
    let substance = |code| concept("urn:oid:2.16.840.1.113883.2.4.4.1.725", code);
    let example = AllergyIntolerance { code: Some(substance("12345")), ..AllergyIntolerance::default() };
    each_breaks(
        &example,
        allergy,
        &[
            ("AllergyIntolerance.code", &|one| one.code = None),
            ("VeroorzakendeStofCodelijsten, SNOMED CT", &|one| {
                one.code = Some(concept(system::SNOMED, "91934008"))
            }),
            ("VeroorzakendeStofCodelijsten, no code of it", &|one| one.code = Some(substance("AMOX"))),
            ("AllergyIntolerance.category", &|one| one.category = vec!["food", "medication"]),
            ("AllergyIntolerance.note", &|one| one.note = vec![fhir::Annotation::default(); 2]),
            ("AllergyIntolerance.reaction.substance", &|one| {
                let substance = Some(concept("urn:example", "1"));
                one.reaction = vec![fhir::AllergyReaction { substance, ..Default::default() }];
            }),
        ],
    );
}

#[test]
fn each_rule_of_a_problem_can_be_broken() {
    let example = Condition {
        code: Some(concept("http://hl7.org/fhir/sid/icd-10-nl", "S72.0")),
        verification_status: Some(concept(system::SNOMED, "410605003")),
        ..Condition::default()
    };
    each_breaks(
        &example,
        problem,
        &[
            ("Condition.code", &|one| one.code = None),
            ("ProbleemNaamCodelijst", &|one| {
                one.code = Some(concept("http://hl7.org/fhir/sid/icd-10", "S72.0"))
            }),
            ("verificationStatusCodelist", &|one| {
                let fhir = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
                one.verification_status = Some(concept(fhir, "confirmed"));
            }),
            ("Condition.category:problemType", &|one| {
                one.category =
                    vec![concept(system::SNOMED, "282291009"), concept(system::SNOMED, "409586006")];
            }),
            ("Condition.bodySite", &|one| one.body_site = vec![concept(system::SNOMED, "344001")]),
            ("Condition.note", &|one| one.note = vec![fhir::Annotation::default(); 2]),
        ],
    );
    let of_nobody = Condition { verification_status: None, ..example };
    assert!(problem(&of_nobody), "a status is not demanded");
}

#[test]
fn each_rule_of_a_laboratory_result_can_be_broken() {
    let category = || concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory");
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let organizations = HashSet::from([one, two]);
    let example = Observation {
        category: vec![category()],
        code: Some(concept(system::LOINC, "2951-2")),
        performer: vec![Reference::to(one), Reference::to(Uuid::from_u128(3))],
        ..Observation::default()
    };
    each_breaks(
        &example,
        |observation| laboratory(observation, &organizations),
        &[
            ("laboratoryCategory 1..", &|one| one.category.clear()),
            ("laboratoryCategory ..1", &|one| one.category.push(category())),
            ("Observation.category:resultType", &|one| {
                one.category.extend([concept(system::SNOMED, "275711006"), concept(system::SNOMED, "1")]);
            }),
            ("Observation.code", &|one| one.code = Some(concept("urn:example", "2951-2"))),
            ("LOINC, wrong check digit", &|one| one.code = Some(concept(system::LOINC, "2951-3"))),
            ("LOINC, no code of it", &|one| one.code = Some(concept(system::LOINC, "LP1234-5"))),
            ("Observation.performer:performer", &|one| one.performer.push(Reference::to(two))),
            ("Observation.interpretation:resultInterpretation", &|one| {
                one.interpretation = vec![CodeableConcept::text("hoog"), CodeableConcept::text("te hoog")];
            }),
            ("Observation.note", &|one| one.note = vec![fhir::Annotation::default(); 2]),
            ("TestmethodeCodelijst", &|one| one.method = Some(concept(system::SNOMED, "1"))),
        ],
    );
}

/// What a message claims, the store claims of the same resource; one rule for both.
#[test]
fn a_resource_in_the_store_is_read_as_the_rules_see_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let options = crate::ConvertOptions::demonstration();
    let mut claimed = HashSet::new();
    let mut silent = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "hl7") {
            continue;
        }
        let message = std::fs::read(&file).unwrap();
        let Ok(conversion) = crate::convert(&message, &options) else { continue };
        let mut text = String::from_utf8(conversion.bundle_json()).unwrap();
        let bundle: serde_json::Value = serde_json::from_str(&text).unwrap();
        for entry in bundle["entry"].as_array().unwrap() {
            let kind = entry["resource"]["resourceType"].as_str().unwrap();
            let url = entry["fullUrl"].as_str().unwrap();
            text = text.replace(
                &format!("\"reference\":\"{url}\""),
                &format!("\"reference\":\"{kind}/{}\"", url.trim_start_matches("urn:uuid:")),
            );
        }
        let bundle: serde_json::Value = serde_json::from_str(&text).unwrap();
        for entry in bundle["entry"].as_array().unwrap() {
            let mut content = entry["resource"].as_object().unwrap().clone();
            let kind = content["resourceType"].as_str().unwrap().to_owned();
            let mut meta = content.remove("meta").unwrap_or_default();
            let before = meta.get("profile").cloned();
            let Some(meta) = meta.as_object_mut() else {
                let mut none = serde_json::Map::new();
                renew(&kind, &content, &mut none);
                assert!(none.is_empty(), "{kind} in {}", file.display());
                silent += 1;
                continue;
            };
            renew(&kind, &content, meta);
            assert_eq!(meta.get("profile"), before.as_ref(), "{kind} in {}", file.display());
            claimed.extend(before.map(|profile| profile.to_string()));
        }
    }
    assert!(silent > 0);
    assert_eq!(claimed.len(), 10, "{claimed:?}");
}
