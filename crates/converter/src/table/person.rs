//! Tables of PID, NK1 and PD1: sex, marital status, relationship, names, addresses, telephones.

use super::{Row, Table};

const GENDER: &str = "http://hl7.org/fhir/administrative-gender";
const V3_GENDER: &str = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender";
const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
const NULL_FLAVOR: &str = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";
const ROLE_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const V2_RELATIONSHIP: &str = "http://terminology.hl7.org/CodeSystem/v2-0063";
const V2_CONTACT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/v2-0131";
const ADDRESS_USE: &str = "http://hl7.org/fhir/address-use";
const ADDRESS_TYPE: &str = "http://hl7.org/fhir/address-type";
const NAME_USE: &str = "http://hl7.org/fhir/name-use";
const CONTACT_USE: &str = "http://hl7.org/fhir/contact-point-use";
const CONTACT_SYSTEM: &str = "http://hl7.org/fhir/contact-point-system";

/// HL7 table 0001 → `Patient.gender`. The words are what feeds send that never saw the table.
pub(super) static SEX: Table = Table::mapped(&[
    Row::near("A", GENDER, "other", "Other"),
    Row::exact("F", GENDER, "female", "Female"),
    Row::near("FEMALE", GENDER, "female", "Female"),
    Row::exact("M", GENDER, "male", "Male"),
    Row::near("MALE", GENDER, "male", "Male"),
    Row::near("MAN", GENDER, "male", "Male"),
    Row::near("N", GENDER, "other", "Other"),
    Row::exact("O", GENDER, "other", "Other"),
    Row::exact("U", GENDER, "unknown", "Unknown"),
    Row::near("UN", GENDER, "other", "Other"),
    Row::near("UNK", GENDER, "unknown", "Unknown"),
    Row::near("V", GENDER, "female", "Female"),
    Row::near("VROUW", GENDER, "female", "Female"),
    Row::near("X", GENDER, "other", "Other"),
]);

/// HL7 table 0001 → the code of `ext-CodeSpecification` on `Patient.gender` (nl-core-Patient).
pub(super) static GENDER_CODE: Table = Table::mapped(&[
    Row::near("A", V3_GENDER, "UN", "Undifferentiated"),
    Row::exact("F", V3_GENDER, "F", "Female"),
    Row::near("FEMALE", V3_GENDER, "F", "Female"),
    Row::exact("M", V3_GENDER, "M", "Male"),
    Row::near("MALE", V3_GENDER, "M", "Male"),
    Row::near("MAN", V3_GENDER, "M", "Male"),
    Row::near("N", V3_GENDER, "UN", "Undifferentiated"),
    Row::near("O", V3_GENDER, "UN", "Undifferentiated"),
    Row::exact("U", NULL_FLAVOR, "UNK", "Unknown"),
    Row::exact("UN", V3_GENDER, "UN", "Undifferentiated"),
    Row::exact("UNK", NULL_FLAVOR, "UNK", "Unknown"),
    Row::near("V", V3_GENDER, "F", "Female"),
    Row::near("VROUW", V3_GENDER, "F", "Female"),
    Row::near("X", V3_GENDER, "UN", "Undifferentiated"),
]);

/// HL7 table 0002 → v3-MaritalStatus, or a null flavour for what says nothing.
pub(super) static MARITAL_STATUS: Table = Table::mapped(&[
    Row::near("A", MARITAL, "L", "Legally Separated"),
    Row::exact("B", MARITAL, "U", "unmarried"),
    Row::near("C", MARITAL, "T", "Domestic partner"),
    Row::exact("D", MARITAL, "D", "Divorced"),
    Row::exact("E", MARITAL, "L", "Legally Separated"),
    Row::near("G", MARITAL, "T", "Domestic partner"),
    Row::exact("I", MARITAL, "I", "Interlocutory"),
    Row::exact("M", MARITAL, "M", "Married"),
    Row::exact("N", MARITAL, "A", "Annulled"),
    Row::near("O", NULL_FLAVOR, "OTH", "other"),
    Row::exact("P", MARITAL, "T", "Domestic partner"),
    Row::near("R", MARITAL, "T", "Domestic partner"),
    Row::exact("S", MARITAL, "S", "Never Married"),
    Row::near("T", NULL_FLAVOR, "NAVU", "Not available"),
    Row::exact("U", NULL_FLAVOR, "UNK", "unknown"),
    Row::exact("W", MARITAL, "W", "Widowed"),
]);

/// HL7 table 0063 → v3-RoleCode where it has the meaning, else the table itself.
pub(super) static RELATIONSHIP: Table = Table::mapped(&[
    Row::exact("ASC", V2_RELATIONSHIP, "ASC", "Associate"),
    Row::exact("BRO", ROLE_CODE, "BRO", "brother"),
    Row::exact("CGV", V2_RELATIONSHIP, "CGV", "Care giver"),
    Row::exact("CHD", ROLE_CODE, "CHILD", "child"),
    Row::exact("DEP", V2_RELATIONSHIP, "DEP", "Handicapped dependent"),
    Row::near("DOM", ROLE_CODE, "SIGOTHR", "significant other"),
    Row::near("EMC", V2_CONTACT_ROLE, "C", "Emergency Contact"),
    Row::exact("EME", V2_RELATIONSHIP, "EME", "Employee"),
    Row::near("EMR", V2_CONTACT_ROLE, "E", "Employer"),
    Row::exact("EXF", ROLE_CODE, "EXT", "extended family member"),
    Row::exact("FCH", ROLE_CODE, "CHLDFOST", "foster child"),
    Row::exact("FND", ROLE_CODE, "FRND", "unrelated friend"),
    Row::exact("FTH", ROLE_CODE, "FTH", "father"),
    Row::exact("GCH", ROLE_CODE, "GRNDCHILD", "grandchild"),
    Row::exact("GRD", ROLE_CODE, "GUARD", "guardian"),
    Row::exact("GRP", ROLE_CODE, "GRPRN", "grandparent"),
    Row::exact("MGR", V2_RELATIONSHIP, "MGR", "Manager"),
    Row::exact("MTH", ROLE_CODE, "MTH", "mother"),
    Row::exact("NCH", ROLE_CODE, "NCHILD", "natural child"),
    Row::exact("NON", V2_RELATIONSHIP, "NON", "None"),
    Row::exact("OAD", V2_RELATIONSHIP, "OAD", "Other adult"),
    Row::near("OTH", V2_CONTACT_ROLE, "O", "Other"),
    Row::exact("OWN", V2_RELATIONSHIP, "OWN", "Owner"),
    Row::exact("PAR", ROLE_CODE, "PRN", "parent"),
    Row::exact("SCH", ROLE_CODE, "STPCHLD", "step child"),
    Row::exact("SEL", ROLE_CODE, "ONESELF", "self"),
    Row::exact("SIB", ROLE_CODE, "SIB", "sibling"),
    Row::exact("SIS", ROLE_CODE, "SIS", "sister"),
    Row::exact("SPO", ROLE_CODE, "SPS", "spouse"),
    Row::exact("TRA", V2_RELATIONSHIP, "TRA", "Trainer"),
    Row::near("UNK", V2_CONTACT_ROLE, "U", "Unknown"),
    Row::exact("WRD", V2_RELATIONSHIP, "WRD", "Ward of court"),
]);

/// HL7 table 0131.
pub(super) static CONTACT_ROLE: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0131",
    &[
        Row::same("BP", "Billing contact person"),
        Row::same("C", "Emergency Contact"),
        Row::same("CP", "Contact person"),
        Row::same("E", "Employer"),
        Row::same("EP", "Emergency contact person"),
        Row::same("F", "Federal Agency"),
        Row::same("I", "Insurance Company"),
        Row::same("N", "Next-of-Kin"),
        Row::same("O", "Other"),
        Row::same("PR", "Person preparing referral"),
        Row::same("S", "State Agency"),
        Row::same("U", "Unknown"),
    ],
);

/// HL7 table 0190 → `Address.use`.
pub(super) static ADDRESS_USE_OF: Table = Table::mapped(&[
    Row::exact("B", ADDRESS_USE, "work", "Work"),
    Row::near("BA", ADDRESS_USE, "old", "Old / Incorrect"),
    Row::exact("BI", ADDRESS_USE, "billing", "Billing"),
    Row::near("C", ADDRESS_USE, "temp", "Temporary"),
    Row::exact("H", ADDRESS_USE, "home", "Home"),
    Row::near("HV", ADDRESS_USE, "temp", "Temporary"),
    Row::near("O", ADDRESS_USE, "work", "Work"),
    Row::near("V", ADDRESS_USE, "temp", "Temporary"),
]);

/// HL7 table 0190 → `Address.type`.
pub(super) static ADDRESS_TYPE_OF: Table = Table::mapped(&[
    Row::exact("M", ADDRESS_TYPE, "postal", "Postal"),
    Row::near("SH", ADDRESS_TYPE, "postal", "Postal"),
]);

/// HL7 table 0200 → `HumanName.use`.
pub(super) static NAME_USE_OF: Table = Table::mapped(&[
    Row::near("BAD", NAME_USE, "old", "Old"),
    Row::exact("D", NAME_USE, "usual", "Usual"),
    Row::exact("L", NAME_USE, "official", "Official"),
    Row::exact("M", NAME_USE, "maiden", "Name changed for Marriage"),
    Row::exact("MSK", NAME_USE, "anonymous", "Anonymous"),
    Row::exact("N", NAME_USE, "nickname", "Nickname"),
    Row::near("NAV", NAME_USE, "temp", "Temp"),
    Row::near("NOUSE", NAME_USE, "old", "Old"),
    Row::near("R", NAME_USE, "official", "Official"),
    Row::near("S", NAME_USE, "anonymous", "Anonymous"),
    Row::exact("TEMP", NAME_USE, "temp", "Temp"),
]);

/// HL7 table 0201 → `ContactPoint.use`.
pub(super) static TELECOM_USE_OF: Table = Table::mapped(&[
    Row::near("ORN", CONTACT_USE, "home", "Home"),
    Row::exact("PRN", CONTACT_USE, "home", "Home"),
    Row::exact("PRS", CONTACT_USE, "mobile", "Mobile"),
    Row::near("VHN", CONTACT_USE, "temp", "Temp"),
    Row::exact("WPN", CONTACT_USE, "work", "Work"),
]);

/// HL7 table 0202 → `ContactPoint.system`. CP also means `use = mobile`.
pub(super) static TELECOM_SYSTEM_OF: Table = Table::mapped(&[
    Row::exact("BP", CONTACT_SYSTEM, "pager", "Pager"),
    Row::near("CP", CONTACT_SYSTEM, "phone", "Phone"),
    Row::exact("FX", CONTACT_SYSTEM, "fax", "Fax"),
    Row::exact("INTERNET", CONTACT_SYSTEM, "email", "Email"),
    Row::near("MD", CONTACT_SYSTEM, "other", "Other"),
    Row::exact("PH", CONTACT_SYSTEM, "phone", "Phone"),
    Row::near("SAT", CONTACT_SYSTEM, "phone", "Phone"),
    Row::near("TDD", CONTACT_SYSTEM, "other", "Other"),
    Row::near("TTY", CONTACT_SYSTEM, "other", "Other"),
    Row::near("X.400", CONTACT_SYSTEM, "email", "Email"),
]);
