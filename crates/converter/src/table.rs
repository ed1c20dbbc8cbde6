//! HL7 tables: the sender's code to the FHIR code that means the same.
//!
//! The meanings follow the concept maps of the HL7 v2-to-FHIR implementation guide; where that guide
//! leaves a gap (result status R, S, U, W …) the choice stands here. A [`Target`] says whether it
//! keeps the whole meaning: if not ([`Target::exact`] is false), the caller writes the original
//! coding beside it, so that nothing is lost by translation.
//!
//! Codes are compared without regard to case and surrounding blanks, because real feeds send `m`
//! and `f `. A code that is not in its table gives `None`: it is the sender's own, and is kept as such.
//!
//! ```
//! use zorgsluis_converter::table;
//! let sex = table::administrative_sex("m").expect("in the table");
//! assert_eq!((sex.code, sex.exact), ("male", true));
//! // "Results entered, not verified" has no status of its own in FHIR.
//! assert!(!table::observation_status("R").expect("in the table").exact);
//! assert!(table::observation_status("?").is_none());
//! ```

mod coding_system;
mod identifier;
mod person;
mod result;
mod specimen;
mod visit;

pub use coding_system::{coding_system_uri, hl7_table_uri};

pub(crate) use coding_system::is_oid;

use std::cmp::Ordering;

/// A FHIR code that stands for an HL7 v2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The code system, a URI.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// The code system's own English text, where the table has it.
    pub display: Option<&'static str>,
    /// Whether the code keeps the whole meaning. If not, keep the original coding beside it.
    pub exact: bool,
}

/// One line of a table.
struct Row {
    source: &'static str,
    /// `None`: the system of the table.
    system: Option<&'static str>,
    code: &'static str,
    display: &'static str,
    exact: bool,
}

impl Row {
    /// The same meaning.
    const fn exact(
        source: &'static str,
        system: &'static str,
        code: &'static str,
        display: &'static str,
    ) -> Self {
        Self { source, system: Some(system), code, display, exact: true }
    }

    /// A wider, narrower or only likely meaning.
    const fn near(
        source: &'static str,
        system: &'static str,
        code: &'static str,
        display: &'static str,
    ) -> Self {
        Self { source, system: Some(system), code, display, exact: false }
    }

    /// A code that FHIR takes from the HL7 table itself.
    const fn same(code: &'static str, display: &'static str) -> Self {
        Self { source: code, system: None, code, display, exact: true }
    }
}

/// Rows in the order of their upper-cased source codes.
struct Table {
    system: &'static str,
    rows: &'static [Row],
}

impl Table {
    const fn mapped(rows: &'static [Row]) -> Self {
        Self { system: "", rows }
    }

    const fn same(system: &'static str, rows: &'static [Row]) -> Self {
        Self { system, rows }
    }

    fn get(&self, code: &str) -> Option<Target> {
        let code = code.trim();
        let at = self.rows.binary_search_by(|row| compare(row.source, code)).ok()?;
        let row = self.rows.get(at)?;
        Some(Target {
            system: row.system.unwrap_or(self.system),
            code: row.code,
            display: Some(row.display),
            exact: row.exact,
        })
    }
}

/// A table that FHIR takes over as it is, and whose texts nobody needs: system and sorted codes.
struct Codes(&'static str, &'static [&'static str]);

impl Codes {
    fn get(&self, code: &str) -> Option<Target> {
        let code = code.trim();
        let at = self.1.binary_search_by(|known| compare(known, code)).ok()?;
        Some(Target { system: self.0, code: self.1.get(at)?, display: None, exact: true })
    }
}

/// Byte order, ASCII letters as upper case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes().map(|b| b.to_ascii_uppercase()).cmp(b.bytes().map(|b| b.to_ascii_uppercase()))
}

macro_rules! lookups {
    ($($(#[$doc:meta])* $name:ident => $table:expr;)*) => {
        $($(#[$doc])* #[must_use] pub fn $name(code: &str) -> Option<Target> { $table.get(code) })*
        #[cfg(test)]
        fn every_table() -> Vec<(&'static str, Vec<&'static str>)> {
            vec![$((stringify!($name), $table.sources())),*]
        }
    };
}

lookups! {
    /// PID-8, table 0001 → `Patient.gender`.
    administrative_sex => person::SEX;
    /// PID-8, table 0001 → the code in nl-core's `ext-CodeSpecification` on `Patient.gender`.
    gender_code => person::GENDER_CODE;
    /// PID-16, table 0002 → `Patient.maritalStatus`.
    marital_status => person::MARITAL_STATUS;
    /// NK1-3, table 0063 → `RelatedPerson.relationship`.
    relationship => person::RELATIONSHIP;
    /// NK1-7, table 0131 → `RelatedPerson.relationship`.
    contact_role => person::CONTACT_ROLE;
    /// XAD.7, table 0190 → `Address.use`.
    address_use => person::ADDRESS_USE_OF;
    /// XAD.7, table 0190 → `Address.type`.
    address_type => person::ADDRESS_TYPE_OF;
    /// XPN.7, table 0200 → `HumanName.use`.
    name_use => person::NAME_USE_OF;
    /// XTN.2, table 0201 → `ContactPoint.use`.
    telecom_use => person::TELECOM_USE_OF;
    /// XTN.3, table 0202 → `ContactPoint.system`. CP (cellular) also means `use = mobile`.
    telecom_system => person::TELECOM_SYSTEM_OF;
    /// PV1-2, table 0004 → `Encounter.class`.
    patient_class => visit::PATIENT_CLASS;
    /// PV1-2, table 0004 → `Encounter.status`, where the event itself says nothing of it.
    encounter_status_of_class => visit::ENCOUNTER_STATUS_OF_CLASS;
    /// PV1-4, table 0007, as its own code system → `Encounter.type`.
    admission_type => visit::ADMISSION_TYPE;
    /// PV1-4, table 0007 → `Encounter.priority`, where v3-ActPriority has the meaning.
    admission_priority => visit::ADMISSION_PRIORITY;
    /// DG1-6, table 0052 → `Encounter.diagnosis.use`.
    diagnosis_type => visit::DIAGNOSIS_TYPE;
    /// AL1-2, table 0127 → `AllergyIntolerance.type`.
    allergy_type => visit::ALLERGY_TYPE_OF;
    /// AL1-2, table 0127 → `AllergyIntolerance.category`.
    allergy_category => visit::ALLERGY_CATEGORY_OF;
    /// AL1-2, table 0127, as its own code system: the original beside type and category.
    allergen_type => visit::ALLERGEN_TYPE;
    /// AL1-4, table 0128 → `AllergyIntolerance.criticality`.
    allergy_criticality => visit::ALLERGY_CRITICALITY;
    /// AL1-4, table 0128 → `AllergyIntolerance.reaction.severity`.
    allergy_reaction_severity => visit::REACTION_SEVERITY;
    /// AL1-4, table 0128, as its own code system: the original beside the two above.
    allergy_severity => visit::ALLERGY_SEVERITY;
    /// OBX-8, table 0078 → `Observation.interpretation`.
    interpretation => result::INTERPRETATION_OF;
    /// OBX-11, table 0085 → `Observation.status`.
    observation_status => result::OBSERVATION_STATUS_OF;
    /// OBR-25, table 0123 → `DiagnosticReport.status`.
    report_status => result::REPORT_STATUS_OF;
    /// OBR-24, table 0074 → `DiagnosticReport.category`.
    service_section => result::SERVICE_SECTION;
    /// ORC-5, table 0038 → `ServiceRequest.status`.
    order_status => result::ORDER_STATUS;
    /// OBR-5 and TQ1-9, table 0485 → `ServiceRequest.priority`.
    order_priority => result::ORDER_PRIORITY;
    /// NTE-4, table 0364, as its own code system.
    comment_type => result::COMMENT_TYPE;
    /// OBX-10, table 0080, as its own code system.
    abnormality_nature => result::ABNORMALITY_NATURE;
    /// SPM-4, table 0487, as its own code system → `Specimen.type`.
    specimen_type => specimen::TYPE;
    /// OBR-15, table 0070, as its own code system → `Specimen.type`.
    specimen_source => specimen::SOURCE;
    /// SPM-7, table 0488, as its own code system → `Specimen.collection.method`.
    collection_method => specimen::COLLECTION_METHOD;
    /// SPM-6, table 0371, as its own code system → `Specimen.container.additive[x]`.
    specimen_additive => specimen::ADDITIVE;
    /// SPM-24, table 0493, as its own code system → `Specimen.condition`.
    specimen_condition => specimen::CONDITION;
    /// SPM-21, table 0490, as its own code system.
    specimen_reject_reason => specimen::REJECT_REASON;
    /// CX.5 and XCN.13, table 0203 → `Identifier.type`.
    identifier_type => identifier::IDENTIFIER_TYPE;
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Table {
        pub(super) fn sources(&self) -> Vec<&'static str> {
            self.rows.iter().map(|row| row.source).collect()
        }
    }

    impl Codes {
        pub(super) fn sources(&self) -> Vec<&'static str> {
            self.1.to_vec()
        }
    }

    /// Binary search finds only what is in order, and a code twice would be two answers.
    #[test]
    fn every_table_is_in_order_and_without_doubles() {
        for (name, sources) in every_table() {
            for pair in sources.windows(2) {
                assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{name}: {} {}", pair[0], pair[1]);
            }
        }
    }
}
