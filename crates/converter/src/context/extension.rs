//! Extensions of our own, where FHIR has no place for what HL7 v2 says, that several segments share.

use super::own;

/// The text that stood where a date, number or code was expected.
pub(crate) const ORIGINAL_TEXT: &str = own!("original-text");
/// The code from which a required code was translated with loss, or that could not be translated.
pub(crate) const ORIGINAL_CODE: &str = own!("original-code");
/// The check digit of an identifier (CX.2).
pub(crate) const CHECK_DIGIT: &str = own!("check-digit");
/// How the check digit of an identifier is computed (CX.3).
pub(crate) const CHECK_DIGIT_SCHEME: &str = own!("check-digit-scheme");
/// The facility where an identifier was given (CX.6).
pub(crate) const ASSIGNING_FACILITY: &str = own!("assigning-facility");
/// Who, what or where has a part in something, as what and from when to when (PRT).
pub(crate) const PARTICIPATION: &str = own!("participation");
/// The number that a participation has (ROL-1, PRT-1).
pub(crate) const PARTICIPATION_NUMBER: &str = own!("participation-number");
/// Where someone takes part (PRT-9).
pub(crate) const PARTICIPATION_LOCATION: &str = own!("participation-location");
/// With what (PRT-10).
pub(crate) const PARTICIPATION_DEVICE: &str = own!("participation-device");
/// From when to when.
pub(crate) const PARTICIPATION_PERIOD: &str = own!("participation-period");
/// Why a participation, allergy or restriction was added or changed (ROL-8, PRT-3, IAM-8, ARV-4).
pub(crate) const ACTION_REASON: &str = own!("action-reason");
/// How long something lasts, in words (ROL-7, PRT-13).
pub(crate) const DURATION: &str = own!("duration");
/// For what kind of part of an organisation someone acts (ROL-10, PRT-7).
pub(crate) const ORGANIZATION_UNIT_TYPE: &str = own!("organization-unit-type");
/// How someone is best reached (PRT-23, PD1-11).
pub(crate) const PREFERRED_CONTACT: &str = own!("preferred-contact");
/// An address or telephone number of someone for whom there is no resource.
pub(crate) const WHEREABOUTS: &str = own!("whereabouts");
/// The name of who gave a number, where FHIR has only a URI for it.
pub(crate) const ASSIGNING_AUTHORITY: &str = own!("assigning-authority");
/// What took the place of a visit or account that has another number now, or was merged.
pub(crate) const REPLACED_BY: &str = own!("replaced-by");
/// The value set from which a code was taken (CWE.15).
pub(crate) const VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/valueset-reference";
/// The name of a local code system (CWE.3) that has no URI.
pub(crate) const CODE_SYSTEM_NAME: &str = own!("code-system-name");
