//! IN3: what an insurer agreed to pay for (HL7 v2.5.1 §6.5.8). It belongs to the IN1 before it. FHIR R4 has it
//! in claims only: each IN3 is one extension of the Coverage, and the case manager is of a CareTeam.

use fhir::{CareTeam, CareTeamParticipant, CodeableConcept, Coding, Reference, Resource, system};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new};
use crate::identity::rule;
use crate::mapping::{Map, left, to};

const CERTIFICATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-certification";

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, in3: Segment<'m, 'a>, id: Uuid, patient: Uuid) {
    let all = beside::extensions(cx, in3, BESIDE, id);
    let certification = beside::together(CERTIFICATION, all);
    if let Some(Resource::Coverage(coverage)) = cx.entry(id) {
        add_new(&mut coverage.extension, certification);
    }
    let Some(name) = cx.write(in3.field(21).value()) else { return };
    let team = cx.id(&rule::CARE_TEAM_OF_COVERAGE, &[&[&id.hyphenated().to_string()]], in3.place());
    let role = CodeableConcept {
        coding: vec![Coding::new(system::SNOMED, "768832004").with_display("Case manager")],
        text: Some("case manager".into()),
        ..CodeableConcept::default()
    };
    let member = Some(Reference::display(name));
    let one = CareTeamParticipant { role: vec![role], member, ..CareTeamParticipant::default() };
    if !cx.has(team) {
        let subject = Some(Reference::to(patient));
        cx.put(team, CareTeam { id: Some(team), status: Some("active"), subject, ..CareTeam::default() });
        cx.presume(team, "status");
    }
    if let Some(Resource::CareTeam(known)) = cx.entry(team) {
        add_new(&mut known.participant, [one]);
    }
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "IN3",
    name: "Insurance Additional Information, Certification",
    fields: &[
        "Set ID",
        "Certification Number",
        "Certified By",
        "Certification Required",
        "Penalty",
        "Certification Date Time",
        "Certification Modify Date Time",
        "Operator",
        "Certification Begin Date",
        "Certification End Date",
        "Days",
        "Non Concur Code Description",
        "Non Concur Effective Date Time",
        "Physician Reviewer",
        "Certification Contact",
        "Certification Contact Phone Number",
        "Appeal Reason",
        "Certification Agency",
        "Certification Agency Phone Number",
        "Pre Certification Requirement",
        "Case Manager",
        "Second Opinion Date",
        "Second Opinion Status",
        "Second Opinion Documentation Received",
        "Second Opinion Physician",
        "Certification Type",
        "Certification Category",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Coverage.extension(v2-certification).extension(v2-in3-certification-number)"),
        to(3, "Coverage.extension(v2-certification).extension(v2-in3-certified-by)"),
        to(4, "Coverage.extension(v2-certification).extension(v2-in3-certification-required)"),
        to(5, "Coverage.extension(v2-certification).extension(v2-in3-penalty)"),
        to(6, "Coverage.extension(v2-certification).extension(v2-in3-certification-date-time)"),
        to(7, "Coverage.extension(v2-certification).extension(v2-in3-certification-modify-date-time)"),
        to(8, "Coverage.extension(v2-certification).extension(v2-in3-operator)"),
        to(9, "Coverage.extension(v2-certification).extension(v2-in3-certification-begin-date)"),
        to(10, "Coverage.extension(v2-certification).extension(v2-in3-certification-end-date)"),
        to(11, "Coverage.extension(v2-certification).extension(v2-in3-days)"),
        to(12, "Coverage.extension(v2-certification).extension(v2-in3-non-concur-code-description)"),
        to(13, "Coverage.extension(v2-certification).extension(v2-in3-non-concur-effective-date-time)"),
        to(14, "Coverage.extension(v2-certification).extension(v2-in3-physician-reviewer)"),
        to(15, "Coverage.extension(v2-certification).extension(v2-in3-certification-contact)"),
        to(16, "Coverage.extension(v2-certification).extension(v2-in3-certification-contact-phone-number)"),
        to(17, "Coverage.extension(v2-certification).extension(v2-in3-appeal-reason)"),
        to(18, "Coverage.extension(v2-certification).extension(v2-in3-certification-agency)"),
        to(19, "Coverage.extension(v2-certification).extension(v2-in3-certification-agency-phone-number)"),
        to(20, "Coverage.extension(v2-certification).extension(v2-in3-pre-certification-requirement)"),
        to(21, "CareTeam.participant"),
        to(22, "Coverage.extension(v2-certification).extension(v2-in3-second-opinion-date)"),
        to(23, "Coverage.extension(v2-certification).extension(v2-in3-second-opinion-status)"),
        to(
            24,
            "Coverage.extension(v2-certification).extension(v2-in3-second-opinion-documentation-received)",
        ),
        to(25, "Coverage.extension(v2-certification).extension(v2-in3-second-opinion-physician)"),
        to(26, "Coverage.extension(v2-certification).extension(v2-in3-certification-type)"),
        to(27, "Coverage.extension(v2-certification).extension(v2-in3-certification-category)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    2 "in3-certification-number" Is::Id,
    3 "in3-certified-by" Is::Person,
    4 "in3-certification-required" Is::Flag,
    5 "in3-penalty" Is::Parts(&["indicator", "quantity", "currency"]),
    6 "in3-certification-date-time" Is::Time,
    7 "in3-certification-modify-date-time" Is::Time,
    8 "in3-operator" Is::Person,
    9 "in3-certification-begin-date" Is::Date,
    10 "in3-certification-end-date" Is::Date,
    11 "in3-days" Is::Parts(&["day-type", "number-of-days"]),
    12 "in3-non-concur-code-description" Is::Concept,
    13 "in3-non-concur-effective-date-time" Is::Time,
    14 "in3-physician-reviewer" Is::Person,
    15 "in3-certification-contact" Is::Text,
    16 "in3-certification-contact-phone-number" Is::Contact,
    17 "in3-appeal-reason" Is::Concept,
    18 "in3-certification-agency" Is::Concept,
    19 "in3-certification-agency-phone-number" Is::Contact,
    20 "in3-pre-certification-requirement" Is::Flag,
    22 "in3-second-opinion-date" Is::Date,
    23 "in3-second-opinion-status" Is::Concept,
    24 "in3-second-opinion-documentation-received" Is::Concept,
    25 "in3-second-opinion-physician" Is::Person,
    26 "in3-certification-type" Is::Concept,
    27 "in3-certification-category" Is::Concept,
];
