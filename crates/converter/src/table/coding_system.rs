//! HL7 table 0396: the names of code systems in CWE.3 and CWE.6, to the URIs that FHIR knows.

use std::borrow::Cow;

use super::compare;

/// Names as feeds write them, in the order of their upper-cased bytes. Besides table 0396 there are
/// the spellings that Dutch systems use. `ATC` is not here: in table 0396 it is the American Type
/// Culture Collection, in Dutch feeds WHO's ATC, so only a sender's profile can tell.
pub(super) static NAMES: &[(&str, &str)] = &[
    ("ACR", "urn:oid:2.16.840.1.113883.6.76"),
    ("ART", "urn:oid:2.16.840.1.113883.6.60"),
    ("ATC-WHO", "http://www.whocc.no/atc"),
    ("ATC/WHO", "http://www.whocc.no/atc"),
    ("BCP-47", "urn:ietf:bcp:47"),
    ("BCP47", "urn:ietf:bcp:47"),
    ("C4", "http://www.ama-assn.org/go/cpt"),
    ("C5", "http://www.ama-assn.org/go/cpt"),
    ("CAS", "urn:oid:2.16.840.1.113883.6.61"),
    ("CBV", "urn:oid:2.16.840.1.113883.2.4.3.120.5.3"),
    ("CDCREC", "urn:oid:2.16.840.1.113883.6.238"),
    ("CLINVAR-V", "http://www.ncbi.nlm.nih.gov/clinvar"),
    ("COD016", "urn:oid:2.16.840.1.113883.2.4.6.7"),
    ("COD016-VEKT", "urn:oid:2.16.840.1.113883.2.4.6.7"),
    ("COD472", "urn:oid:2.16.840.1.113883.2.4.3.11.22.472"),
    ("COD472-VEKT", "urn:oid:2.16.840.1.113883.2.4.3.11.22.472"),
    ("CPT", "http://www.ama-assn.org/go/cpt"),
    ("CPT-4", "http://www.ama-assn.org/go/cpt"),
    ("CPT4", "http://www.ama-assn.org/go/cpt"),
    ("CPTM", "http://www.ama-assn.org/go/cpt"),
    ("CVX", "http://hl7.org/fhir/sid/cvx"),
    ("CVX_VACCINE", "http://hl7.org/fhir/sid/cvx"),
    ("DBSNP", "http://www.ncbi.nlm.nih.gov/projects/SNP"),
    ("DCM", "http://dicom.nema.org/resources/ontology/DCM"),
    ("DHD", "urn:oid:2.16.840.1.113883.2.4.3.120.5.1"),
    ("DHD-DT", "urn:oid:2.16.840.1.113883.2.4.3.120.5.1"),
    ("DHD-VT", "urn:oid:2.16.840.1.113883.2.4.3.120.5.2"),
    ("DIAGNOSETHESAURUS", "urn:oid:2.16.840.1.113883.2.4.3.120.5.1"),
    ("DICOM", "http://dicom.nema.org/resources/ontology/DCM"),
    ("FDAUNII", "http://fdasis.nlm.nih.gov"),
    ("G-STANDAARD-GPK", "urn:oid:2.16.840.1.113883.2.4.4.1"),
    ("G-STANDAARD-HPK", "urn:oid:2.16.840.1.113883.2.4.4.7"),
    ("G-STANDAARD-PRK", "urn:oid:2.16.840.1.113883.2.4.4.10"),
    ("G-STANDAARD-SNK", "urn:oid:2.16.840.1.113883.2.4.4.1.750"),
    ("G-STANDAARD-SSK", "urn:oid:2.16.840.1.113883.2.4.4.1.725"),
    ("G-STANDAARD-TH122", "urn:oid:2.16.840.1.113883.2.4.4.1.902.122"),
    ("G-STANDAARD-ZI", "urn:oid:2.16.840.1.113883.2.4.4.8"),
    ("GPK", "urn:oid:2.16.840.1.113883.2.4.4.1"),
    ("HCPCS", "urn:oid:2.16.840.1.113883.6.285"),
    ("HGNC", "http://www.genenames.org"),
    ("HGNC-SYMB", "http://www.genenames.org"),
    ("HGVS", "http://varnomen.hgvs.org"),
    ("HGVS.C", "http://varnomen.hgvs.org"),
    ("HPK", "urn:oid:2.16.840.1.113883.2.4.4.7"),
    ("HPO", "http://human-phenotype-ontology.org"),
    ("I10", "http://hl7.org/fhir/sid/icd-10"),
    ("I10C", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("I10CM", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("I10P", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("I10PCS", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("I11", "http://id.who.int/icd/release/11/mms"),
    ("I9", "http://hl7.org/fhir/sid/icd-9"),
    ("I9C", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("I9CDX", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("I9CP", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("IC2", "http://hl7.org/fhir/sid/icpc-2"),
    ("ICD-10", "http://hl7.org/fhir/sid/icd-10"),
    ("ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("ICD-10-NL", "http://hl7.org/fhir/sid/icd-10-nl"),
    ("ICD-10-PCS", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("ICD-11", "http://id.who.int/icd/release/11/mms"),
    ("ICD-9", "http://hl7.org/fhir/sid/icd-9"),
    ("ICD-9-CM", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("ICD-O-3", "urn:oid:2.16.840.1.113883.6.43.1"),
    ("ICD10", "http://hl7.org/fhir/sid/icd-10"),
    ("ICD10CM", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("ICD10NL", "http://hl7.org/fhir/sid/icd-10-nl"),
    ("ICD10PCS", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("ICD11", "http://id.who.int/icd/release/11/mms"),
    ("ICD9", "http://hl7.org/fhir/sid/icd-9"),
    ("ICD9CM", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("ICDO", "urn:oid:2.16.840.1.113883.6.43.1"),
    ("ICDO3", "urn:oid:2.16.840.1.113883.6.43.1"),
    ("ICF", "http://hl7.org/fhir/sid/icf"),
    ("ICPC", "http://hl7.org/fhir/sid/icpc-1"),
    ("ICPC-1", "http://hl7.org/fhir/sid/icpc-1"),
    ("ICPC-1-NL", "http://hl7.org/fhir/sid/icpc-1-nl"),
    ("ICPC-2", "http://hl7.org/fhir/sid/icpc-2"),
    ("ICPC-NL", "http://hl7.org/fhir/sid/icpc-1-nl"),
    ("ICPC1", "http://hl7.org/fhir/sid/icpc-1"),
    ("ICPC1NL", "http://hl7.org/fhir/sid/icpc-1-nl"),
    ("ICPC2", "http://hl7.org/fhir/sid/icpc-2"),
    ("ISO+", "urn:oid:2.16.840.1.113883.6.62"),
    ("ISO3166", "urn:iso:std:iso:3166"),
    ("ISO3166_1", "urn:iso:std:iso:3166"),
    ("ISO3166_2", "urn:iso:std:iso:3166:-2"),
    ("ISO4217", "urn:iso:std:iso:4217"),
    ("ISO639", "urn:oid:1.0.639.1"),
    ("LN", "http://loinc.org"),
    ("LNC", "http://loinc.org"),
    ("LOINC", "http://loinc.org"),
    ("MDC", "urn:iso:std:iso:11073:10101"),
    ("MEDDRA", "urn:oid:2.16.840.1.113883.6.163"),
    ("MEDR", "urn:oid:2.16.840.1.113883.6.163"),
    ("MVX", "http://terminology.hl7.org/CodeSystem/MVX"),
    ("NCI", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
    ("NCIT", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
    ("NDC", "http://hl7.org/fhir/sid/ndc"),
    ("NDFRT", "http://hl7.org/fhir/ndfrt"),
    ("NHG TABEL 45", "urn:oid:2.16.840.1.113883.2.4.4.30.45"),
    ("NHG-15", "urn:oid:2.16.840.1.113883.2.4.4.30.15"),
    ("NHG-25", "urn:oid:2.16.840.1.113883.2.4.4.5"),
    ("NHG-45", "urn:oid:2.16.840.1.113883.2.4.4.30.45"),
    ("NHG-TABEL-45", "urn:oid:2.16.840.1.113883.2.4.4.30.45"),
    ("NHG15", "urn:oid:2.16.840.1.113883.2.4.4.30.15"),
    ("NHG25", "urn:oid:2.16.840.1.113883.2.4.4.5"),
    ("NHG45", "urn:oid:2.16.840.1.113883.2.4.4.30.45"),
    ("NHGTABEL45", "urn:oid:2.16.840.1.113883.2.4.4.30.45"),
    ("NUBC", "https://www.nubc.org/CodeSystem/RevenueCodes"),
    ("NUCCPROVIDERCODES", "http://nucc.org/provider-taxonomy"),
    ("NUCCPT", "http://nucc.org/provider-taxonomy"),
    ("NULLFL", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"),
    ("NZA", "urn:oid:2.16.840.1.113883.2.4.3.27.15.5"),
    ("OMIM", "http://www.omim.org"),
    ("ORPHA", "http://www.orpha.net"),
    ("PRK", "urn:oid:2.16.840.1.113883.2.4.4.10"),
    ("REFSEQ-T", "http://www.ncbi.nlm.nih.gov/refseq"),
    ("RXN", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("RXNORM", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("SCT", "http://snomed.info/sct"),
    ("SCT2", "http://snomed.info/sct"),
    ("SN-CT", "http://snomed.info/sct"),
    ("SNCT", "http://snomed.info/sct"),
    ("SNK", "urn:oid:2.16.840.1.113883.2.4.4.1.750"),
    ("SNM-CT", "http://snomed.info/sct"),
    ("SNOMED", "http://snomed.info/sct"),
    ("SNOMED CT", "http://snomed.info/sct"),
    ("SNOMED-CT", "http://snomed.info/sct"),
    ("SNOMEDCT", "http://snomed.info/sct"),
    ("SNOMEDCT_NL", "http://snomed.info/sct"),
    ("SNOMED_CT", "http://snomed.info/sct"),
    ("SSK", "urn:oid:2.16.840.1.113883.2.4.4.1.725"),
    ("UCUM", "http://unitsofmeasure.org"),
    ("UCUM-UNITS", "http://unitsofmeasure.org"),
    ("UNII", "http://fdasis.nlm.nih.gov"),
    ("USPS", "https://www.usps.com/"),
    ("UZOVI", "urn:oid:2.16.840.1.113883.2.4.6.4"),
    ("VERRICHTINGENTHESAURUS", "urn:oid:2.16.840.1.113883.2.4.3.120.5.2"),
    ("WC", "http://www.whocc.no/atc"),
    ("WHO-ATC", "http://www.whocc.no/atc"),
    ("WHOATC", "http://www.whocc.no/atc"),
    ("Z-INDEX", "urn:oid:2.16.840.1.113883.2.4.4.8"),
    ("ZI", "urn:oid:2.16.840.1.113883.2.4.4.8"),
    ("ZINR", "urn:oid:2.16.840.1.113883.2.4.4.8"),
    ("ZORGACTIVITEIT", "urn:oid:2.16.840.1.113883.2.4.3.27.15.5"),
];

/// The OIDs of code systems that FHIR knows by another address (FHIR R4 §4.3, terminology.hl7.org), in the
/// order of their bytes. Those of HL7 v2 tables have a rule: 2.16.840.1.113883.12.n.
pub(super) static OIDS: &[(&str, &str)] = &[
    ("1.0.3166.1.2.2", "urn:iso:std:iso:3166"),
    ("1.0.3166.1.2.3", "urn:iso:std:iso:3166"),
    ("1.0.3166.2", "urn:iso:std:iso:3166:-2"),
    ("1.2.840.10008.2.16.4", "http://dicom.nema.org/resources/ontology/DCM"),
    ("2.16.840.1.113883.12.227", "http://terminology.hl7.org/CodeSystem/MVX"),
    ("2.16.840.1.113883.12.292", "http://hl7.org/fhir/sid/cvx"),
    ("2.16.840.1.113883.2.4.4.31.1", "http://hl7.org/fhir/sid/icpc-1-nl"),
    ("2.16.840.1.113883.3.26.1.1", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
    ("2.16.840.1.113883.4.9", "http://fdasis.nlm.nih.gov"),
    ("2.16.840.1.113883.5.1", "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"),
    ("2.16.840.1.113883.5.1001", "http://terminology.hl7.org/CodeSystem/v3-ActMood"),
    ("2.16.840.1.113883.5.1002", "http://terminology.hl7.org/CodeSystem/v3-ActRelationshipType"),
    ("2.16.840.1.113883.5.1008", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"),
    ("2.16.840.1.113883.5.1052", "http://terminology.hl7.org/CodeSystem/v3-ActSite"),
    ("2.16.840.1.113883.5.1063", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"),
    ("2.16.840.1.113883.5.1064", "http://terminology.hl7.org/CodeSystem/v3-ParticipationSignature"),
    ("2.16.840.1.113883.5.1076", "http://terminology.hl7.org/CodeSystem/v3-ReligiousAffiliation"),
    ("2.16.840.1.113883.5.1077", "http://terminology.hl7.org/CodeSystem/v3-EducationLevel"),
    ("2.16.840.1.113883.5.110", "http://terminology.hl7.org/CodeSystem/v3-RoleClass"),
    ("2.16.840.1.113883.5.111", "http://terminology.hl7.org/CodeSystem/v3-RoleCode"),
    ("2.16.840.1.113883.5.1119", "http://terminology.hl7.org/CodeSystem/v3-AddressUse"),
    ("2.16.840.1.113883.5.112", "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"),
    ("2.16.840.1.113883.5.129", "http://terminology.hl7.org/CodeSystem/v3-SpecimenType"),
    ("2.16.840.1.113883.5.139", "http://terminology.hl7.org/CodeSystem/v3-TimingEvent"),
    ("2.16.840.1.113883.5.14", "http://terminology.hl7.org/CodeSystem/v3-ActStatus"),
    ("2.16.840.1.113883.5.2", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"),
    ("2.16.840.1.113883.5.25", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"),
    ("2.16.840.1.113883.5.4", "http://terminology.hl7.org/CodeSystem/v3-ActCode"),
    ("2.16.840.1.113883.5.43", "http://terminology.hl7.org/CodeSystem/v3-EntityNamePartQualifier"),
    ("2.16.840.1.113883.5.45", "http://terminology.hl7.org/CodeSystem/v3-EntityNameUse"),
    ("2.16.840.1.113883.5.6", "http://terminology.hl7.org/CodeSystem/v3-ActClass"),
    ("2.16.840.1.113883.5.60", "http://terminology.hl7.org/CodeSystem/v3-LanguageAbilityMode"),
    ("2.16.840.1.113883.5.61", "http://terminology.hl7.org/CodeSystem/v3-LanguageAbilityProficiency"),
    ("2.16.840.1.113883.5.7", "http://terminology.hl7.org/CodeSystem/v3-ActPriority"),
    ("2.16.840.1.113883.5.8", "http://terminology.hl7.org/CodeSystem/v3-ActReason"),
    ("2.16.840.1.113883.5.83", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"),
    ("2.16.840.1.113883.5.84", "http://terminology.hl7.org/CodeSystem/v3-ObservationMethod"),
    ("2.16.840.1.113883.5.88", "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction"),
    ("2.16.840.1.113883.5.89", "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"),
    ("2.16.840.1.113883.5.90", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"),
    ("2.16.840.1.113883.6.1", "http://loinc.org"),
    ("2.16.840.1.113883.6.101", "http://nucc.org/provider-taxonomy"),
    ("2.16.840.1.113883.6.103", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.104", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.12", "http://www.ama-assn.org/go/cpt"),
    ("2.16.840.1.113883.6.174", "http://www.omim.org"),
    ("2.16.840.1.113883.6.24", "urn:iso:std:iso:11073:10101"),
    ("2.16.840.1.113883.6.254", "http://hl7.org/fhir/sid/icf"),
    ("2.16.840.1.113883.6.281", "http://www.genenames.org"),
    ("2.16.840.1.113883.6.282", "http://varnomen.hgvs.org"),
    ("2.16.840.1.113883.6.3", "http://hl7.org/fhir/sid/icd-10"),
    ("2.16.840.1.113883.6.3.2", "http://hl7.org/fhir/sid/icd-10-nl"),
    ("2.16.840.1.113883.6.4", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("2.16.840.1.113883.6.42", "http://hl7.org/fhir/sid/icd-9"),
    ("2.16.840.1.113883.6.59", "http://hl7.org/fhir/sid/cvx"),
    ("2.16.840.1.113883.6.69", "http://hl7.org/fhir/sid/ndc"),
    ("2.16.840.1.113883.6.73", "http://www.whocc.no/atc"),
    ("2.16.840.1.113883.6.8", "http://unitsofmeasure.org"),
    ("2.16.840.1.113883.6.88", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("2.16.840.1.113883.6.96", "http://snomed.info/sct"),
];

/// The URI of a code system by its HL7 v2 name (table 0396, HL7 v2.5.1 §2.C.2.177), `HL7nnnn`, an OID or a URI
/// among them. `None` for local systems (`L`, `99zzz`) and for what is not known.
#[must_use]
pub fn coding_system_uri(name: &str) -> Option<Cow<'static, str>> {
    let name = name.trim();
    if let Ok(at) = NAMES.binary_search_by(|(known, _)| compare(known, name)) {
        return NAMES.get(at).map(|&(_, uri)| Cow::Borrowed(uri));
    }
    if let Some(table) = hl7_table_number(name) {
        return Some(Cow::Owned(hl7_table_uri(table)));
    }
    if let Some(uri) = v3_uri(name) {
        return Some(Cow::Owned(uri));
    }
    let oid = name.strip_prefix("urn:oid:").unwrap_or(name);
    if is_oid(oid) {
        return Some(of_oid(oid));
    }
    is_web_address(name).then(|| Cow::Owned(name.to_owned()))
}

/// The code system of an OID: where FHIR knows it by another address, that.
fn of_oid(oid: &str) -> Cow<'static, str> {
    if let Ok(at) = OIDS.binary_search_by(|(known, _)| (*known).cmp(oid))
        && let Some(&(_, uri)) = OIDS.get(at)
    {
        return Cow::Borrowed(uri);
    }
    if let Some(table) = oid.strip_prefix("2.16.840.1.113883.12.").and_then(|n| n.parse::<u16>().ok()) {
        return Cow::Owned(hl7_table_uri(&format!("{table:04}")));
    }
    Cow::Owned(format!("urn:oid:{oid}"))
}

/// `v3-ActCode` and `HL7V3ActCode`: a code system of HL7 v3 by its name.
fn v3_uri(name: &str) -> Option<String> {
    let rest = [3, 5].into_iter().find_map(|at| {
        let (prefix, rest) = name.split_at_checked(at)?;
        let known = prefix.eq_ignore_ascii_case("v3-") || prefix.eq_ignore_ascii_case("HL7V3");
        known.then_some(rest)
    })?;
    OIDS.iter().find_map(|(_, uri)| {
        let (base, known) = uri.rsplit_once("/v3-")?;
        known.eq_ignore_ascii_case(rest).then(|| format!("{base}/v3-{known}"))
    })
}

/// A web address, as FHIR names most code systems.
fn is_web_address(name: &str) -> bool {
    let rest = name.strip_prefix("http://").or_else(|| name.strip_prefix("https://"));
    let iso = name.strip_prefix("urn:iso:");
    let plain = |rest: &str| {
        rest.len() > 3 && rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
    };
    rest.is_some_and(|rest| rest.contains('.') && plain(rest)) || iso.is_some_and(plain)
}

/// The code system of an HL7 v2 table: `0078` → `http://terminology.hl7.org/CodeSystem/v2-0078`.
#[must_use]
pub fn hl7_table_uri(table: &str) -> String {
    format!("http://terminology.hl7.org/CodeSystem/v2-{table}")
}

/// `0078` of `HL70078`, and of the ways in which it is also written: `HL7-0078`, `v2-0078`.
fn hl7_table_number(name: &str) -> Option<&str> {
    let (prefix, digits) = name.split_at_checked(3)?;
    let digits = digits.strip_prefix(['-', '_', ' ']).unwrap_or(digits);
    let known = prefix.eq_ignore_ascii_case("HL7") || prefix.eq_ignore_ascii_case("v2-");
    (known && digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// An object identifier: at least three arcs, the first 0–2, none with a leading zero.
pub(crate) fn is_oid(text: &str) -> bool {
    // Names of code systems and authorities are asked, and hardly one begins like an OID.
    if !text.starts_with(['0', '1', '2']) {
        return false;
    }
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
        for pair in NAMES.windows(2) {
            assert!(compare(pair[0].0, pair[1].0).is_lt(), "{}", pair[0].0);
        }
        assert!(OIDS.is_sorted_by(|a, b| a.0 < b.0) && OIDS.iter().all(|(oid, _)| is_oid(oid)));
    }

    #[test]
    fn known_names_tables_and_oids_have_a_uri() {
        assert_eq!(coding_system_uri(" ln ").as_deref(), Some("http://loinc.org"));
        assert_eq!(
            coding_system_uri("HL70078").as_deref(),
            Some("http://terminology.hl7.org/CodeSystem/v2-0078")
        );
        assert_eq!(
            coding_system_uri("2.16.840.1.113883.2.4.3.120.5.1").as_deref(),
            Some("urn:oid:2.16.840.1.113883.2.4.3.120.5.1")
        );
        for (name, uri) in [
            ("2.16.840.1.113883.6.1", "http://loinc.org"),
            ("urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/sct"),
            ("2.16.840.1.113883.12.78", "http://terminology.hl7.org/CodeSystem/v2-0078"),
            ("HL7-0078", "http://terminology.hl7.org/CodeSystem/v2-0078"),
            ("v2-0078", "http://terminology.hl7.org/CodeSystem/v2-0078"),
            ("v3-actcode", "http://terminology.hl7.org/CodeSystem/v3-ActCode"),
            ("HL7V3RoleCode", "http://terminology.hl7.org/CodeSystem/v3-RoleCode"),
            ("http://example.org/codes", "http://example.org/codes"),
        ] {
            assert_eq!(coding_system_uri(name).as_deref(), Some(uri), "{name}");
        }
        for local in [
            "L",
            "99zda",
            "",
            "HL7",
            "HL7ab12",
            "2.16",
            "2..1",
            "2.016.1",
            "3.1.1",
            "ë7",
            "v3-Nothing",
            "http://a b.c",
            "http:x",
        ] {
            assert_eq!(coding_system_uri(local), None, "{local}");
        }
    }
}
