//! The Dutch layer: nl-core (Nictiz zib2020, R4), naming systems, and the 11-test.

/// BSN, the citizen service number.
pub const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
/// AGB, the register of care providers (Vektis).
pub const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";
/// UZI numbers of persons.
pub const UZI_PERSON: &str = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers";
/// UZI numbers of systems.
pub const UZI_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/uzi-nr-sys";
/// URA, the number of a subscriber of the UZI register.
pub const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
/// BIG, the register of health professionals.
pub const BIG: &str = "http://fhir.nl/fhir/NamingSystem/big";
/// UZOVI, the register of health insurers.
pub const UZOVI: &str = "http://fhir.nl/fhir/NamingSystem/uzovi";
/// KvK, the trade register.
pub const KVK: &str = "http://fhir.nl/fhir/NamingSystem/kvk";

/// nl-core-Patient.
pub const PATIENT: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Patient";
/// nl-core-Encounter.
pub const ENCOUNTER: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Encounter";
/// nl-core-ContactPerson.
pub const CONTACT_PERSON: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-ContactPerson";
/// nl-core-HealthProfessional-Practitioner.
pub const PRACTITIONER: &str =
    "http://nictiz.nl/fhir/StructureDefinition/nl-core-HealthProfessional-Practitioner";
/// nl-core-HealthProfessional-PractitionerRole.
pub const PRACTITIONER_ROLE: &str =
    "http://nictiz.nl/fhir/StructureDefinition/nl-core-HealthProfessional-PractitionerRole";
/// nl-core-HealthcareProvider-Organization.
pub const ORGANIZATION: &str =
    "http://nictiz.nl/fhir/StructureDefinition/nl-core-HealthcareProvider-Organization";
/// nl-core-Payer-Organization.
pub const PAYER: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Payer-Organization";

/// nl-core-Payer.InsuranceCompany.
pub const INSURANCE_COMPANY: &str =
    "http://nictiz.nl/fhir/StructureDefinition/nl-core-Payer.InsuranceCompany";

/// nl-core-AllergyIntolerance.
pub const ALLERGY_INTOLERANCE: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-AllergyIntolerance";
/// nl-core-Problem.
pub const PROBLEM: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Problem";
/// nl-core-LaboratoryTestResult.
pub const LABORATORY_TEST_RESULT: &str =
    "http://nictiz.nl/fhir/StructureDefinition/nl-core-LaboratoryTestResult";

/// Countries of the GBA, table 34.
pub const GBA_COUNTRY: &str = "urn:oid:2.16.840.1.113883.2.4.4.16.34";

/// The zib code behind a FHIR code.
pub const CODE_SPECIFICATION: &str = "http://nictiz.nl/fhir/StructureDefinition/ext-CodeSpecification";
/// What kind of address it is.
pub const ADDRESS_TYPE: &str = "http://nictiz.nl/fhir/StructureDefinition/ext-AddressInformation.AddressType";
/// In what order own and partner's name are used: NL1 to NL4.
pub const ASSEMBLY_ORDER: &str = "http://hl7.org/fhir/StructureDefinition/humanname-assembly-order";
/// The prefix of one's own family name: `van der`.
pub const OWN_PREFIX: &str = "http://hl7.org/fhir/StructureDefinition/humanname-own-prefix";
/// One's own family name without prefix.
pub const OWN_NAME: &str = "http://hl7.org/fhir/StructureDefinition/humanname-own-name";
/// The prefix of the partner's family name.
pub const PARTNER_PREFIX: &str = "http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix";
/// The partner's family name without prefix.
pub const PARTNER_NAME: &str = "http://hl7.org/fhir/StructureDefinition/humanname-partner-name";
/// Whether a given name is a full one (BR) or an initial (IN).
pub const NAME_QUALIFIER: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier";
/// The street of an address line.
pub const STREET_NAME: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-streetName";
/// The house number of an address line.
pub const HOUSE_NUMBER: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-houseNumber";
/// The house letter and addition of an address line.
pub const HOUSE_NUMBER_SUFFIX: &str =
    "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-buildingNumberSuffix";
/// `by` (bij) or `to` (tegenover).
pub const ADDITIONAL_LOCATOR: &str =
    "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-additionalLocator";
/// A further indication of where the address is.
pub const UNIT_ID: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-unitID";

/// Whether nine digits pass the 11-test of the BSN: 9A+8B+7C+6D+5E+4F+3G+2H−I is a multiple of 11,
/// and they are not all zero.
///
/// ```
/// assert!(fhir::nl::passes_eleven_test("999911120"));
/// assert!(!fhir::nl::passes_eleven_test("999940003"));
/// assert!(!fhir::nl::passes_eleven_test("12345678"));
/// ```
pub fn passes_eleven_test(number: &str) -> bool {
    let digits = number.as_bytes();
    if digits.len() != 9 || !digits.iter().all(u8::is_ascii_digit) || number == "000000000" {
        return false;
    }
    let sum: i32 = digits
        .iter()
        .zip([9, 8, 7, 6, 5, 4, 3, 2, -1])
        .map(|(digit, weight)| i32::from(digit - b'0') * weight)
        .sum();
    sum % 11 == 0
}
