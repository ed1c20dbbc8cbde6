//! nl-core: the rules of each profile that is named, as a table of our own, over all events and mapping examples.
//! Read from the differentials of Nictiz-R4-zib2020 (commit 63373ef) and its examples; the converter's own rules
//! (`src/nl_core`) are another reading of the same, so that a slip of one shows in the other.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::Value;
use zorgsluis_converter::convert;

use crate::support::{events, options};

const NICTIZ: &str = "http://nictiz.nl/fhir/StructureDefinition/";
const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";
const SNOMED: &str = "http://snomed.info/sct";

/// What stands in a Bundle by its address.
type Bundle = HashMap<String, Value>;

/// A rule of a profile: where it stands, and whether a resource keeps it.
struct Rule {
    profile: &'static str,
    cited: &'static str,
    holds: fn(&Value, &Bundle) -> bool,
}

const fn rule(profile: &'static str, cited: &'static str, holds: fn(&Value, &Bundle) -> bool) -> Rule {
    Rule { profile, cited, holds }
}

/// Resource types with the profiles that they may name. The rules of a profile are all of the zib profile below it as
/// well; slices are open, so what fits none is allowed.
const PROFILES: &[(&str, &str)] = &[
    ("Patient", "nl-core-Patient"),
    ("RelatedPerson", "nl-core-ContactPerson"),
    ("Practitioner", "nl-core-HealthProfessional-Practitioner"),
    ("PractitionerRole", "nl-core-HealthProfessional-PractitionerRole"),
    ("Organization", "nl-core-HealthcareProvider-Organization"),
    ("Organization", "nl-core-Payer-Organization"),
    ("Encounter", "nl-core-Encounter"),
    ("Coverage", "nl-core-Payer.InsuranceCompany"),
    ("AllergyIntolerance", "nl-core-AllergyIntolerance"),
    ("Condition", "nl-core-Problem"),
    ("Observation", "nl-core-LaboratoryTestResult"),
];

const RULES: &[Rule] = &[
    rule("nl-core-Patient", "Patient.name, nl-core-NameInformation", |one, _| names(one)),
    rule("nl-core-Patient", "Patient.address, nl-core-AddressInformation", |one, _| addresses(one)),
    rule(
        "nl-core-Patient",
        "Patient.gender.extension:genderCodelist, GeslachtCodelijst, required",
        |one, _| gender(one) && (one["_gender"].is_null() || one["gender"].is_string()),
    ),
    rule("nl-core-Patient", "Patient.maritalStatus, BurgerlijkeStaatCodelijst, required", |one, _| {
        let system = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
        one["maritalStatus"].is_null() || has(&one["maritalStatus"], system, &["D", "M", "S", "T", "U", "W"])
    }),
    rule(
        "nl-core-Patient",
        "Patient.communication.language, CommunicatieTaalCodelijst, required",
        |one, _| {
            let is_two = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
            list(&one["communication"])
                .iter()
                .all(|one| codes(&one["language"], "urn:oid:1.0.639.1").any(is_two))
        },
    ),
    rule("nl-core-Patient", "Patient.identifier:bsn, patternIdentifier: nine digits", |one, _| {
        let bsn = identifiers(one, "http://fhir.nl/fhir/NamingSystem/bsn");
        bsn.iter().all(|value| value.len() == 9 && value.bytes().all(|b| b.is_ascii_digit()))
    }),
    rule("nl-core-ContactPerson", "RelatedPerson.patient 1..1", |one, _| one["patient"].is_object()),
    rule("nl-core-ContactPerson", "RelatedPerson.name, nl-core-NameInformation", |one, _| names(one)),
    rule("nl-core-ContactPerson", "RelatedPerson.address, nl-core-AddressInformation", |one, _| {
        addresses(one)
    }),
    rule(
        "nl-core-HealthProfessional-Practitioner",
        "Practitioner.name, nl-core-NameInformation",
        |one, _| names(one),
    ),
    rule(
        "nl-core-HealthProfessional-Practitioner",
        "Practitioner.address, nl-core-AddressInformation",
        |one, _| addresses(one),
    ),
    rule(
        "nl-core-HealthProfessional-Practitioner",
        "Practitioner.gender.extension:genderCodelist, GeslachtCodelijst, required",
        |one, _| gender(one),
    ),
    rule(
        "nl-core-HealthProfessional-PractitionerRole",
        "PractitionerRole.specialty:specialty 0..1, SpecialismeCodelijsten",
        |one, _| at_most_one_of_cod016(&one["specialty"]),
    ),
    rule(
        "nl-core-HealthcareProvider-Organization",
        "Organization.identifier:agb or :ura, patternIdentifier: without one nobody knows whose it is",
        |one, _| registered(one, &["agb-z", "ura"]) && !registered(one, &["uzovi"]),
    ),
    rule(
        "nl-core-HealthcareProvider-Organization",
        "Organization.address, nl-core-AddressInformation",
        |one, _| addresses(one),
    ),
    rule(
        "nl-core-HealthcareProvider-Organization",
        "Organization.type:departmentSpecialty 0..1",
        |one, _| at_most_one_of_cod016(&one["type"]),
    ),
    rule("nl-core-HealthcareProvider-Organization", "Organization.contact.name and .address", |one, _| {
        list(&one["contact"]).iter().all(|contact| {
            (contact["name"].is_null() || (contact["name"]["use"] == "official" && name(&contact["name"])))
                && (contact["address"].is_null() || address(&contact["address"]))
        })
    }),
    rule("nl-core-Payer-Organization", "Organization.identifier:uzovi 0..1, patternIdentifier", |one, _| {
        identifiers(one, "http://fhir.nl/fhir/NamingSystem/uzovi").len() == 1
    }),
    rule("nl-core-Payer-Organization", "Organization.address, nl-core-AddressInformation", |one, _| {
        addresses(one)
    }),
    rule("nl-core-Encounter", "Encounter.location 0..1", |one, _| list(&one["location"]).len() <= 1),
    rule("nl-core-Encounter", "Encounter.class, ActEncounterCode, extensible", |one, _| {
        one["class"]["system"] == "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    }),
    rule("nl-core-Encounter", "Encounter.participant:healthProfessional.type 0..1", |one, bundle| {
        list(&one["participant"]).iter().all(|participant| {
            list(&participant["type"]).len() <= 1
                || kind_of(&participant["individual"], bundle) != Some("PractitionerRole")
        })
    }),
    rule("nl-core-Payer.InsuranceCompany", "Coverage.payor 1..1", |one, _| list(&one["payor"]).len() == 1),
    rule(
        "nl-core-Payer.InsuranceCompany",
        "Coverage.type, VerzekeringssoortCodelijst, required",
        |one, _| {
            let of = "urn:oid:2.16.840.1.113883.2.4.3.11.60.101.5.1";
            let is_letter = |code: &str| code.len() == 1 && code.bytes().all(|b| b.is_ascii_uppercase());
            one["type"].is_null() || codes(&one["type"], of).any(is_letter)
        },
    ),
    rule(
        "nl-core-AllergyIntolerance",
        "AllergyIntolerance.code, VeroorzakendeStofCodelijsten, required",
        |one, _| substance(&one["code"]),
    ),
    rule("nl-core-AllergyIntolerance", "AllergyIntolerance.category 0..1", |one, _| {
        list(&one["category"]).len() <= 1 && list(&one["_category"]).len() <= 1
    }),
    rule("nl-core-AllergyIntolerance", "AllergyIntolerance.note 0..1", |one, _| {
        list(&one["note"]).len() <= 1
    }),
    rule(
        "nl-core-AllergyIntolerance",
        "AllergyIntolerance.reaction.substance, SpecifiekeStofCodelijsten, and .exposureRoute, required",
        |one, _| {
            list(&one["reaction"]).iter().all(|reaction| {
                (reaction["substance"].is_null() || substance(&reaction["substance"]))
                    && reaction["exposureRoute"].is_null()
            })
        },
    ),
    rule("nl-core-Problem", "Condition.code, ProbleemNaamCodelijst, required", |one, _| {
        [
            "http://hl7.org/fhir/sid/icd-10-nl",
            "http://hl7.org/fhir/sid/icpc-1-nl",
            "http://hl7.org/fhir/sid/icf-nl",
            "http://hl7.org/fhir/sid/dsm5",
            "urn:oid:2.16.840.1.113883.6.126",
            "urn:oid:2.16.840.1.113883.3.3210.14.2.2.35",
        ]
        .iter()
        .any(|of| codes(&one["code"], of).any(|code| code.bytes().any(|b| b.is_ascii_digit())))
    }),
    rule(
        "nl-core-Problem",
        "Condition.verificationStatus.coding:verificationStatusCodelist 1..1",
        |one, _| {
            let status = &one["verificationStatus"];
            status.is_null() || codes(status, SNOMED).eq(["410605003"])
        },
    ),
    rule("nl-core-Problem", "Condition.category:problemType 0..1", |one, _| of_snomed(&one["category"]) <= 1),
    rule("nl-core-Problem", "Condition.bodySite 0..1, AnatomischeLocatieCodelijst, required", |one, _| {
        one["bodySite"].is_null()
    }),
    rule("nl-core-Problem", "Condition.note 0..1", |one, _| list(&one["note"]).len() <= 1),
    rule("nl-core-LaboratoryTestResult", "Observation.category:laboratoryCategory 1..1", |one, _| {
        let of = "http://terminology.hl7.org/CodeSystem/observation-category";
        list(&one["category"]).iter().filter(|category| has(category, of, &["laboratory"])).count() == 1
    }),
    rule("nl-core-LaboratoryTestResult", "Observation.category:resultType 0..1", |one, _| {
        of_snomed(&one["category"]) <= 1
    }),
    rule(
        "nl-core-LaboratoryTestResult",
        "Observation.code, TestCode-en-Onderzoek-Codelijsten (LOINC, NHG 45), required",
        |one, _| {
            let is_loinc = |code: &str| {
                code.split_once('-').is_some_and(|(number, check)| {
                    number.parse::<u32>().is_ok_and(|n| n < 10_000_000)
                        && check.parse().ok() == check_digit(number)
                })
            };
            codes(&one["code"], "http://loinc.org").any(is_loinc)
                || codes(&one["code"], "urn:oid:2.16.840.1.113883.2.4.4.30.45")
                    .any(|c| c.parse::<u32>().is_ok())
        },
    ),
    rule("nl-core-LaboratoryTestResult", "Observation.performer:performer 0..1", |one, bundle| {
        let performers = list(&one["performer"]);
        performers.iter().filter(|who| kind_of(who, bundle) == Some("Organization")).count() <= 1
    }),
    rule("nl-core-LaboratoryTestResult", "Observation.interpretation:resultInterpretation 0..1", |one, _| {
        list(&one["interpretation"]).iter().filter(|one| one["coding"].is_null()).count() <= 1
    }),
    rule("nl-core-LaboratoryTestResult", "Observation.note 0..1", |one, _| list(&one["note"]).len() <= 1),
    rule("nl-core-LaboratoryTestResult", "Observation.method, TestmethodeCodelijst, required", |one, _| {
        one["method"].is_null()
    }),
];

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn codes<'v>(concept: &'v Value, of: &'v str) -> impl Iterator<Item = &'v str> {
    list(&concept["coding"])
        .iter()
        .filter(move |one| one["system"] == of)
        .filter_map(|one| one["code"].as_str())
}

fn has(concept: &Value, of: &str, wanted: &[&str]) -> bool {
    codes(concept, of).any(|code| wanted.contains(&code))
}

fn of_snomed(concepts: &Value) -> usize {
    list(concepts).iter().filter(|one| codes(one, SNOMED).next().is_some()).count()
}

fn at_most_one_of_cod016(concepts: &Value) -> bool {
    let of = "urn:oid:2.16.840.1.113883.2.4.6.7";
    list(concepts).iter().filter(|one| codes(one, of).next().is_some()).count() <= 1
}

fn identifiers<'v>(resource: &'v Value, system: &str) -> Vec<&'v str> {
    let of = list(&resource["identifier"]).iter().filter(|one| one["system"] == system);
    of.map(|one| one["value"].as_str().unwrap_or_default()).collect()
}

fn registered(resource: &Value, registers: &[&str]) -> bool {
    let found =
        |register| !identifiers(resource, &format!("http://fhir.nl/fhir/NamingSystem/{register}")).is_empty();
    registers.iter().any(found)
}

fn kind_of<'b>(reference: &Value, bundle: &'b Bundle) -> Option<&'b str> {
    bundle.get(reference["reference"].as_str()?)?["resourceType"].as_str()
}

fn extensions<'v>(element: &'v Value, url: &'v str) -> impl Iterator<Item = &'v Value> {
    list(&element["extension"])
        .iter()
        .filter(move |one| one["url"].as_str().is_some_and(|of| of.ends_with(url)))
}

/// HPK, SSK and SNK of the G-Standaard, and thesaurus 122.
fn substance(concept: &Value) -> bool {
    ["7", "1.725", "1.750", "1.902.122"].iter().any(|table| {
        let of = format!("urn:oid:2.16.840.1.113883.2.4.4.{table}");
        list(&concept["coding"]).iter().any(|one| {
            one["system"] == *of && one["code"].as_str().is_some_and(|code| code.parse::<u64>().is_ok())
        })
    })
}

/// The check digit of a LOINC code: the digits from the right, every other one from the first doubled.
fn check_digit(number: &str) -> Option<u32> {
    let mut sum = 0;
    for (at, digit) in number.chars().rev().enumerate() {
        let digit = digit.to_digit(10)?;
        sum += if at % 2 == 1 {
            digit
        } else if digit > 4 {
            2 * digit - 9
        } else {
            2 * digit
        };
    }
    Some((10 - sum % 10) % 10)
}

fn gender(resource: &Value) -> bool {
    let told: Vec<_> = extensions(&resource["_gender"], "ext-CodeSpecification").collect();
    told.len() <= 1
        && told.iter().all(|one| {
            let concept = &one["valueCodeableConcept"];
            has(concept, "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender", &["M", "F", "UN"])
                || has(concept, "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", &["UNK"])
        })
}

/// `name` of nl-core persons: nameInformation (official) 0..2, nameInformation-GivenName (usual).
fn names(resource: &Value) -> bool {
    let of =
        |using: &str| list(&resource["name"]).iter().filter(|one| one["use"] == *using).collect::<Vec<_>>();
    let (official, usual) = (of("official"), of("usual"));
    let bare = |one: &&Value| ["family", "prefix", "suffix"].iter().all(|part| one[part].is_null());
    official.len() <= 2
        && official.iter().all(|one| name(one))
        && usual.iter().all(|one| list(&one["given"]).len() == 1 && bare(one))
}

/// zib-NameInformation-1 and -2, nl-core-NameInformation-01 and -02, givenOrInitial 1..*, nameUsage 0..1.
fn name(one: &Value) -> bool {
    let family = |part: &str| extensions(&one["_family"], part).next().is_some();
    let given = list(&one["given"]);
    let kinds: Vec<Option<&str>> = (0..given.len())
        .map(|nth| extensions(&one["_given"][nth], "iso21090-EN-qualifier").next()?["valueCode"].as_str())
        .collect();
    let parts = ["own-prefix", "own-name", "partner-prefix", "partner-name"].map(family);
    let usage: Vec<_> = extensions(one, "humanname-assembly-order").collect();
    (!parts[0] || parts[1])
        && (!parts[2] || parts[3])
        && (!parts.contains(&true) || one["family"].is_string())
        && (one["text"].is_string()
            || (one["family"].is_null() && kinds.iter().all(|kind| *kind == Some("IN"))))
        && kinds.iter().all(Option::is_some)
        && usage.len() <= 1
        && usage.iter().all(|one| one["valueCode"].as_str().is_some_and(|code| code.starts_with("NL")))
}

fn addresses(resource: &Value) -> bool {
    list(&resource["address"]).iter().all(address)
}

/// addressType 0..1, the parts of a line 0..1, houseNumberIndication, LandCodelijsten.
fn address(one: &Value) -> bool {
    let kinds: Vec<_> = extensions(one, "ext-AddressInformation.AddressType").collect();
    let country: Vec<_> = extensions(&one["_country"], "ext-CodeSpecification").collect();
    let is = |code: &str, length, of: fn(&u8) -> bool| code.len() == length && code.as_bytes().iter().all(of);
    kinds.len() <= 1
        && list(&one["_line"]).iter().all(|line| {
            let parts = ["streetName", "houseNumber", "buildingNumberSuffix", "additionalLocator", "unitID"];
            let each_once = parts.iter().all(|part| {
                let url = format!("{HL7}iso21090-ADXP-{part}");
                list(&line["extension"]).iter().filter(|one| one["url"] == *url).count() <= 1
            });
            each_once
                && extensions(line, "iso21090-ADXP-additionalLocator")
                    .all(|one| one["valueString"] == "by" || one["valueString"] == "to")
        })
        && country.len() <= 1
        && country.iter().all(|one| {
            let concept = &one["valueCodeableConcept"];
            codes(concept, "urn:iso:std:iso:3166").any(|code| is(code, 2, u8::is_ascii_uppercase))
                || codes(concept, "urn:oid:2.16.840.1.113883.2.4.4.16.34")
                    .any(|code| is(code, 4, u8::is_ascii_digit))
        })
}

/// The Bundles of all events and mapping examples that convert, with the name of the file.
fn bundles() -> Vec<(String, Bundle)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping");
    let options = options();
    let mut all = Vec::new();
    for file in [events(), examples].iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hl7") {
            continue;
        }
        let message = std::fs::read(&path).unwrap();
        let Ok(conversion) = convert(&message, &options) else { continue };
        let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
        let entries = list(&bundle["entry"]).iter();
        let by_url =
            entries.map(|one| (one["fullUrl"].as_str().unwrap().to_owned(), one["resource"].clone()));
        all.push((path.file_name().unwrap().to_string_lossy().into_owned(), by_url.collect()));
    }
    assert!(all.len() > 200, "{} Bundles", all.len());
    all
}

fn claims(resource: &Value, profile: &str) -> bool {
    list(&resource["meta"]["profile"]).iter().any(|one| *one == *format!("{NICTIZ}{profile}"))
}

#[test]
fn a_resource_names_a_profile_exactly_where_it_keeps_its_rules() {
    let mut wrong = Vec::new();
    let mut claimed: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, bundle) in &bundles() {
        for resource in bundle.values() {
            let kind = resource["resourceType"].as_str().unwrap();
            for one in list(&resource["meta"]["profile"]) {
                let short = one.as_str().unwrap().strip_prefix(NICTIZ).unwrap_or("a profile of nobody");
                if !PROFILES.contains(&(kind, short)) {
                    wrong.push(format!("{file}: {kind} names {short}, of which no rule is known"));
                }
            }
            for (_, profile) in PROFILES.iter().filter(|(of, _)| *of == kind) {
                let rules = RULES.iter().filter(|rule| rule.profile == *profile);
                let broken: Vec<_> =
                    rules.filter(|rule| !(rule.holds)(resource, bundle)).map(|rule| rule.cited).collect();
                match (claims(resource, profile), broken.is_empty()) {
                    (true, true) => *claimed.entry(profile).or_default() += 1,
                    (true, false) => {
                        wrong.push(format!("{file}: {kind} names {profile} and breaks {broken:?}"))
                    }
                    (false, true) => {
                        wrong.push(format!("{file}: {kind} keeps {profile} and does not name it"))
                    }
                    (false, false) => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let silent: Vec<_> = PROFILES.iter().filter(|(_, profile)| !claimed.contains_key(profile)).collect();
    assert!(silent.is_empty(), "no example names {silent:?}");
}
