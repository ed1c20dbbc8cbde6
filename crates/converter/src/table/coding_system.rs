//! HL7 table 0396: the names of code systems in CWE.3 and CWE.6, to the URIs that FHIR knows.

use std::borrow::Cow;

use super::compare;

/// Names as feeds write them, in the order of their upper-cased bytes. Besides table 0396 there are
/// the spellings that Dutch systems use. `ATC` is not here: in table 0396 it is the American Type
/// Culture Collection, in Dutch feeds WHO's ATC, so only a sender's profile can tell.
static NAMES: &[(&str, &str)] = &[
    ("C4", "http://www.ama-assn.org/go/cpt"),
    ("CAS", "urn:oid:2.16.840.1.113883.6.61"),
    ("CDCREC", "urn:oid:2.16.840.1.113883.6.238"),
    ("CPT", "http://www.ama-assn.org/go/cpt"),
    ("CVX", "http://hl7.org/fhir/sid/cvx"),
    ("DCM", "http://dicom.nema.org/resources/ontology/DCM"),
    ("FDAUNII", "http://fdasis.nlm.nih.gov"),
    ("GPK", "urn:oid:2.16.840.1.113883.2.4.4.1"),
    ("HCPCS", "urn:oid:2.16.840.1.113883.6.285"),
    ("HPK", "urn:oid:2.16.840.1.113883.2.4.4.7"),
    ("I10", "http://hl7.org/fhir/sid/icd-10"),
    ("I10C", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("I10P", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("I9C", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("I9CDX", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("I9CP", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("ICD-10", "http://hl7.org/fhir/sid/icd-10"),
    ("ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("ICD-10-NL", "http://hl7.org/fhir/sid/icd-10-nl"),
    ("ICD10", "http://hl7.org/fhir/sid/icd-10"),
    ("ICD10CM", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("ICD10NL", "http://hl7.org/fhir/sid/icd-10-nl"),
    ("ICDO3", "urn:oid:2.16.840.1.113883.6.43.1"),
    ("ICF", "http://hl7.org/fhir/sid/icf"),
    ("ICPC", "http://hl7.org/fhir/sid/icpc-1"),
    ("ICPC-1", "http://hl7.org/fhir/sid/icpc-1"),
    ("ICPC-1-NL", "http://hl7.org/fhir/sid/icpc-1-nl"),
    ("ISO3166_1", "urn:iso:std:iso:3166"),
    ("ISO3166_2", "urn:iso:std:iso:3166:-2"),
    ("ISO4217", "urn:iso:std:iso:4217"),
    ("ISO639", "urn:oid:1.0.639.1"),
    ("LN", "http://loinc.org"),
    ("LOINC", "http://loinc.org"),
    ("MDC", "urn:iso:std:iso:11073:10101"),
    ("MVX", "http://terminology.hl7.org/CodeSystem/MVX"),
    ("NDC", "http://hl7.org/fhir/sid/ndc"),
    ("NULLFL", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"),
    ("PRK", "urn:oid:2.16.840.1.113883.2.4.4.10"),
    ("RXNORM", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("SCT", "http://snomed.info/sct"),
    ("SCT2", "http://snomed.info/sct"),
    ("SNOMED", "http://snomed.info/sct"),
    ("SNOMED CT", "http://snomed.info/sct"),
    ("SNOMED-CT", "http://snomed.info/sct"),
    ("SNOMEDCT", "http://snomed.info/sct"),
    ("UCUM", "http://unitsofmeasure.org"),
    ("USPS", "https://www.usps.com/"),
    ("WC", "http://www.whocc.no/atc"),
];

/// The URI of a code system by its HL7 v2 name (table 0396, HL7 v2.5.1 §2.C.2.177), `HL7nnnn` and a
/// plain OID among them. `None` for local systems (`L`, `99zzz`) and for what is not known.
#[must_use]
pub fn coding_system_uri(name: &str) -> Option<Cow<'static, str>> {
    let name = name.trim();
    if let Ok(at) = NAMES.binary_search_by(|(known, _)| compare(known, name)) {
        return NAMES.get(at).map(|&(_, uri)| Cow::Borrowed(uri));
    }
    if let Some(table) = hl7_table_number(name) {
        return Some(Cow::Owned(hl7_table_uri(table)));
    }
    is_oid(name).then(|| Cow::Owned(format!("urn:oid:{name}")))
}

/// The code system of an HL7 v2 table: `0078` → `http://terminology.hl7.org/CodeSystem/v2-0078`.
#[must_use]
pub fn hl7_table_uri(table: &str) -> String {
    format!("http://terminology.hl7.org/CodeSystem/v2-{table}")
}

/// `0078` of `HL70078`.
fn hl7_table_number(name: &str) -> Option<&str> {
    let (prefix, digits) = name.split_at_checked(3)?;
    (prefix.eq_ignore_ascii_case("HL7") && digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then_some(digits)
}

/// An object identifier: at least three arcs, the first 0–2, none with a leading zero.
pub(crate) fn is_oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    matches!(arcs.next(), Some("0" | "1" | "2"))
        && text.bytes().filter(|&b| b == b'.').count() >= 2
        && arcs.all(|arc| {
            !arc.is_empty()
                && arc.bytes().all(|b| b.is_ascii_digit())
                && (arc == "0" || !arc.starts_with('0'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.windows(2).all(|pair| compare(pair[0].0, pair[1].0).is_lt()));
    }

    #[test]
    fn known_names_tables_and_oids_have_a_uri() {
        assert_eq!(coding_system_uri(" ln ").as_deref(), Some("http://loinc.org"));
        assert_eq!(
            coding_system_uri("HL70078").as_deref(),
            Some("http://terminology.hl7.org/CodeSystem/v2-0078")
        );
        assert_eq!(
            coding_system_uri("2.16.840.1.113883.6.1").as_deref(),
            Some("urn:oid:2.16.840.1.113883.6.1")
        );
        for local in ["L", "99zda", "", "HL7", "HL7ab12", "2.16", "2..1", "2.016.1", "3.1.1", "ë7"] {
            assert_eq!(coding_system_uri(local), None, "{local}");
        }
    }
}
