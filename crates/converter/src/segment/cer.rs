//! CER: a certificate of a member of the staff (HL7 v2.5.1 §15.4.2).

use fhir::{Identifier, PractitionerQualification, Reference};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::edu;
use crate::context::Context;
use crate::datatype::{cwe, xon};
use crate::mapping::{Map, left, to};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, cer: Segment<'m, 'a>, practitioner: Uuid) {
    let mut one = PractitionerQualification::default();
    let number = cx.write(cer.field(2).value());
    one.identifier.extend(number.map(|number| Identifier { value: Some(number), ..Identifier::default() }));
    one.issuer = xon::organization(cx, cer.field(4).first()).map(Reference::to);
    one.code = cwe::concept(cx, cer.field(10).first(), "CER-10", None);
    one.period = cx.period(cer.field(25).value(), cer.field(27).value());
    one.extension = beside::extensions(cx, cer, BESIDE, practitioner);
    edu::add(cx, practitioner, one);
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "CER",
    name: "Certificate Detail",
    fields: &[
        "Set ID",
        "Serial Number",
        "Version",
        "Granting Authority",
        "Issuing Authority",
        "Signature",
        "Granting Country",
        "Granting State Province",
        "Granting County Parish",
        "Certificate Type",
        "Certificate Domain",
        "Subject ID",
        "Subject Name",
        "Subject Directory Attribute Extension",
        "Subject Public Key Info",
        "Authority Key Identifier",
        "Basic Constraint",
        "CRL Distribution Point",
        "Jurisdiction Country",
        "Jurisdiction State Province",
        "Jurisdiction County Parish",
        "Jurisdiction Breadth",
        "Granting Date",
        "Issuing Date",
        "Activation Date",
        "Inactivation Date",
        "Expiration Date",
        "Renewal Date",
        "Revocation Date",
        "Revocation Reason Code",
        "Certificate Status Code",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Practitioner.qualification.identifier"),
        to(3, "Practitioner.qualification.extension(v2-cer-version)"),
        to(4, "Practitioner.qualification.issuer"),
        to(5, "Practitioner.qualification.extension(v2-cer-issuing-authority)"),
        to(6, "Practitioner.qualification.extension(v2-cer-signature)"),
        to(7, "Practitioner.qualification.extension(v2-cer-granting-country)"),
        to(8, "Practitioner.qualification.extension(v2-cer-granting-state-province)"),
        to(9, "Practitioner.qualification.extension(v2-cer-granting-county-parish)"),
        to(10, "Practitioner.qualification.code"),
        to(11, "Practitioner.qualification.extension(v2-cer-certificate-domain)"),
        to(12, "Practitioner.qualification.extension(v2-cer-subject-id)"),
        to(13, "Practitioner.qualification.extension(v2-cer-subject-name)"),
        to(14, "Practitioner.qualification.extension(v2-cer-subject-directory-attribute-extension)"),
        to(15, "Practitioner.qualification.extension(v2-cer-subject-public-key-info)"),
        to(16, "Practitioner.qualification.extension(v2-cer-authority-key-identifier)"),
        to(17, "Practitioner.qualification.extension(v2-cer-basic-constraint)"),
        to(18, "Practitioner.qualification.extension(v2-cer-crl-distribution-point)"),
        to(19, "Practitioner.qualification.extension(v2-cer-jurisdiction-country)"),
        to(20, "Practitioner.qualification.extension(v2-cer-jurisdiction-state-province)"),
        to(21, "Practitioner.qualification.extension(v2-cer-jurisdiction-county-parish)"),
        to(22, "Practitioner.qualification.extension(v2-cer-jurisdiction-breadth)"),
        to(23, "Practitioner.qualification.extension(v2-cer-granting-date)"),
        to(24, "Practitioner.qualification.extension(v2-cer-issuing-date)"),
        to(25, "Practitioner.qualification.period"),
        to(26, "Practitioner.qualification.extension(v2-cer-inactivation-date)"),
        to(27, "Practitioner.qualification.period"),
        to(28, "Practitioner.qualification.extension(v2-cer-renewal-date)"),
        to(29, "Practitioner.qualification.extension(v2-cer-revocation-date)"),
        to(30, "Practitioner.qualification.extension(v2-cer-revocation-reason-code)"),
        to(31, "Practitioner.qualification.extension(v2-cer-certificate-status-code)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    3 "cer-version" Is::Text,
    5 "cer-issuing-authority" Is::Person,
    6 "cer-signature" Is::Parts(&["source", "type", "subtype", "encoding", "data"]),
    7 "cer-granting-country" Is::Concept,
    8 "cer-granting-state-province" Is::Concept,
    9 "cer-granting-county-parish" Is::Concept,
    11 "cer-certificate-domain" Is::Concept,
    12 "cer-subject-id" Is::Entity,
    13 "cer-subject-name" Is::Text,
    14 "cer-subject-directory-attribute-extension" Is::Concept,
    15 "cer-subject-public-key-info" Is::Concept,
    16 "cer-authority-key-identifier" Is::Concept,
    17 "cer-basic-constraint" Is::Flag,
    18 "cer-crl-distribution-point" Is::Concept,
    19 "cer-jurisdiction-country" Is::Concept,
    20 "cer-jurisdiction-state-province" Is::Concept,
    21 "cer-jurisdiction-county-parish" Is::Concept,
    22 "cer-jurisdiction-breadth" Is::Concept,
    23 "cer-granting-date" Is::Time,
    24 "cer-issuing-date" Is::Time,
    26 "cer-inactivation-date" Is::Time,
    28 "cer-renewal-date" Is::Time,
    29 "cer-revocation-date" Is::Time,
    30 "cer-revocation-reason-code" Is::Concept,
    31 "cer-certificate-status-code" Is::Concept,
];
