//! The rules of allergies, problems and laboratory results. Their codes are bound to sets that Nictiz makes of whole
//! code systems and of subsets of SNOMED CT. What is of a whole system is in the set, as far as the code has the form
//! of one; a code of SNOMED CT alone is not known to be in it.

use std::collections::HashSet;

use fhir::{AllergyIntolerance, CodeableConcept, Condition, Observation, system};
use uuid::Uuid;

use super::rule::codes;

/// VerificatieStatusCodelijst: "confirmed", the one code of it that Nictiz' example pairs with FHIR's.
const CONFIRMED: &str = "410605003";

/// nl-core-AllergyIntolerance.
pub(super) fn allergy(allergy: &AllergyIntolerance<'_>) -> bool {
    // AllergyIntolerance.code, required VeroorzakendeStofCodelijsten.
    allergy.code.as_ref().is_some_and(causative_agent)
        // AllergyIntolerance.category 0..1.
        && allergy.category.len().max(allergy.category_ext.0.len()) <= 1
        // AllergyIntolerance.note 0..1.
        && allergy.note.len() <= 1
        // AllergyIntolerance.reaction.substance, required SpecifiekeStofCodelijsten.
        && allergy.reaction.iter().all(|reaction| reaction.substance.as_ref().is_none_or(causative_agent))
}

/// HPK, SSK and SNK of the G-Standaard, and its thesaurus 122: numbers.
fn causative_agent(concept: &CodeableConcept<'_>) -> bool {
    const SYSTEMS: [&str; 4] = [
        "urn:oid:2.16.840.1.113883.2.4.4.7",
        "urn:oid:2.16.840.1.113883.2.4.4.1.725",
        "urn:oid:2.16.840.1.113883.2.4.4.1.750",
        "urn:oid:2.16.840.1.113883.2.4.4.1.902.122",
    ];
    SYSTEMS.iter().any(|of| codes(concept, of).any(is_number))
}

/// nl-core-Problem.
pub(super) fn problem(condition: &Condition<'_>) -> bool {
    // Condition.code, required ProbleemNaamCodelijst.
    condition.code.as_ref().is_some_and(problem_name)
        // Condition.verificationStatus.coding:verificationStatusCodelist 1..1, required VerificatieStatusCodelijst.
        && condition.verification_status.as_ref().is_none_or(|status| {
            codes(status, system::SNOMED).eq([CONFIRMED])
        })
        // Condition.category:problemType 0..1: a code of SNOMED CT.
        && condition.category.iter().filter(|one| codes(one, system::SNOMED).next().is_some()).count() <= 1
        // Condition.bodySite, required AnatomischeLocatieCodelijst: a subset of SNOMED CT.
        && condition.body_site.is_empty()
        // Condition.note 0..1.
        && condition.note.len() <= 1
}

/// The Dutch ICD-10, ICPC-1-NL, ICF, DSM-IV, DSM-5 and the list of diagnoses of mental health care, each as a whole.
fn problem_name(concept: &CodeableConcept<'_>) -> bool {
    const SYSTEMS: [&str; 6] = [
        "http://hl7.org/fhir/sid/icd-10-nl",
        "http://hl7.org/fhir/sid/icpc-1-nl",
        "http://hl7.org/fhir/sid/icf-nl",
        "http://hl7.org/fhir/sid/dsm5",
        "urn:oid:2.16.840.1.113883.6.126",
        "urn:oid:2.16.840.1.113883.3.3210.14.2.2.35",
    ];
    SYSTEMS.iter().any(|of| codes(concept, of).any(|code| code.bytes().any(|byte| byte.is_ascii_digit())))
}

/// nl-core-LaboratoryTestResult. `organizations` are those resources that are an Organization.
pub(super) fn laboratory(observation: &Observation<'_>, organizations: &HashSet<Uuid>) -> bool {
    let is_laboratory = |one: &&CodeableConcept<'_>| {
        codes(one, "http://terminology.hl7.org/CodeSystem/observation-category")
            .any(|code| code == "laboratory")
    };
    // Observation.category:laboratoryCategory 1..1.
    observation.category.iter().filter(is_laboratory).count() == 1
        // Observation.category:resultType 0..1: a code of SNOMED CT.
        && observation.category.iter().filter(|one| codes(one, system::SNOMED).next().is_some()).count() <= 1
        // Observation.code, required TestCode-en-Onderzoek-Codelijsten: LOINC, and NHG table 45.
        && observation.code.as_ref().is_some_and(|code| {
            codes(code, system::LOINC).any(is_loinc)
                || codes(code, "urn:oid:2.16.840.1.113883.2.4.4.30.45").any(is_number)
        })
        // Observation.performer:performer 0..1: an organisation.
        && observation
            .performer
            .iter()
            .filter(|one| one.reference.is_some_and(|urn| organizations.contains(&urn.0)))
            .count()
            <= 1
        // Observation.interpretation:resultInterpretation 0..1: the one without a code.
        && observation.interpretation.iter().filter(|one| one.coding.is_empty()).count() <= 1
        // Observation.note 0..1.
        && observation.note.len() <= 1
        // Observation.method, required TestmethodeCodelijst: a subset of SNOMED CT.
        && observation.method.is_none()
}

/// `2345-7`: up to seven digits and a check digit (modulus 10, LOINC Users' Guide, appendix C).
fn is_loinc(code: &str) -> bool {
    let Some((number, check)) = code.split_once('-') else { return false };
    let digits = number.bytes().rev().map(|byte| u32::from(byte.wrapping_sub(b'0')));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit })
        .sum();
    number.len() <= 7
        && is_number(number)
        && check.len() == 1
        && check.bytes().all(|byte| u32::from(byte.wrapping_sub(b'0')) == (10 - sum % 10) % 10)
}

fn is_number(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit())
}
