//! AUT: what an insurer authorised (HL7 v2.5.1 §11.6.2). FHIR R4 has it in claims only: each AUT is one
//! extension of the request that it is about, or of the procedure before it.

use fhir::{Extension, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new};
use crate::mapping::{Map, to};

const AUTHORIZATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-authorization";

/// What the segment says, as one extension.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    aut: Segment<'m, 'a>,
    owner: Uuid,
) -> Option<Extension<'a>> {
    let all = beside::extensions(cx, aut, BESIDE, owner);
    beside::together(AUTHORIZATION, all)
}

/// The same, on a procedure or an insurance that was put.
pub(crate) fn on<'m, 'a>(cx: &mut Context<'m, 'a>, aut: Segment<'m, 'a>, id: Uuid) {
    let extension = convert(cx, aut, id);
    match cx.entry(id) {
        Some(Resource::Procedure(procedure)) => add_new(&mut procedure.extension, extension),
        Some(Resource::Coverage(coverage)) => add_new(&mut coverage.extension, extension),
        _ => {}
    }
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "AUT",
    name: "Authorization Information",
    fields: &[
        "Authorizing Payor Plan ID",
        "Authorizing Payor Company ID",
        "Authorizing Payor Company Name",
        "Authorization Effective Date",
        "Authorization Expiration Date",
        "Authorization Identifier",
        "Reimbursement Limit",
        "Requested Number of Treatments",
        "Authorized Number of Treatments",
        "Process Date",
        "Requested Discipline S",
        "Authorized Discipline S",
        "Authorization Referral Type",
        "Approval Status",
        "Planned Treatment Stop Date",
        "Clinical Service",
        "Reason Text",
        "Number of Authorized Treatments Units",
        "Number of Used Treatments Units",
        "Number of Schedule Treatments Units",
        "Encounter Type",
        "Remaining Benefit Amount",
        "Authorized Provider",
        "Authorized Health Professional",
        "Source Text",
        "Source Date",
        "Source Phone",
        "Comment",
        "Action Code",
    ],
    rows: &[
        to(1, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorizing-payor-plan-id)"),
        to(1, "Procedure.extension(v2-authorization)"),
        to(2, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorizing-payor-company-id)"),
        to(2, "Procedure.extension(v2-authorization)"),
        to(3, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorizing-payor-company-name)"),
        to(3, "Procedure.extension(v2-authorization)"),
        to(4, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorization-effective-date)"),
        to(4, "Procedure.extension(v2-authorization)"),
        to(5, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorization-expiration-date)"),
        to(5, "Procedure.extension(v2-authorization)"),
        to(6, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorization-identifier)"),
        to(6, "Procedure.extension(v2-authorization)"),
        to(7, "ServiceRequest.extension(v2-authorization).extension(v2-aut-reimbursement-limit)"),
        to(7, "Procedure.extension(v2-authorization)"),
        to(8, "ServiceRequest.extension(v2-authorization).extension(v2-aut-requested-number-of-treatments)"),
        to(8, "Procedure.extension(v2-authorization)"),
        to(9, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorized-number-of-treatments)"),
        to(9, "Procedure.extension(v2-authorization)"),
        to(10, "ServiceRequest.extension(v2-authorization).extension(v2-aut-process-date)"),
        to(10, "Procedure.extension(v2-authorization)"),
        to(11, "ServiceRequest.extension(v2-authorization).extension(v2-aut-requested-discipline-s)"),
        to(11, "Procedure.extension(v2-authorization)"),
        to(12, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorized-discipline-s)"),
        to(12, "Procedure.extension(v2-authorization)"),
        to(13, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorization-referral-type)"),
        to(13, "Procedure.extension(v2-authorization)"),
        to(14, "ServiceRequest.extension(v2-authorization).extension(v2-aut-approval-status)"),
        to(14, "Procedure.extension(v2-authorization)"),
        to(15, "ServiceRequest.extension(v2-authorization).extension(v2-aut-planned-treatment-stop-date)"),
        to(15, "Procedure.extension(v2-authorization)"),
        to(16, "ServiceRequest.extension(v2-authorization).extension(v2-aut-clinical-service)"),
        to(16, "Procedure.extension(v2-authorization)"),
        to(17, "ServiceRequest.extension(v2-authorization).extension(v2-aut-reason-text)"),
        to(17, "Procedure.extension(v2-authorization)"),
        to(
            18,
            "ServiceRequest.extension(v2-authorization).extension(v2-aut-number-of-authorized-treatments-units)",
        ),
        to(18, "Procedure.extension(v2-authorization)"),
        to(
            19,
            "ServiceRequest.extension(v2-authorization).extension(v2-aut-number-of-used-treatments-units)",
        ),
        to(19, "Procedure.extension(v2-authorization)"),
        to(
            20,
            "ServiceRequest.extension(v2-authorization).extension(v2-aut-number-of-schedule-treatments-units)",
        ),
        to(20, "Procedure.extension(v2-authorization)"),
        to(21, "ServiceRequest.extension(v2-authorization).extension(v2-aut-encounter-type)"),
        to(21, "Procedure.extension(v2-authorization)"),
        to(22, "ServiceRequest.extension(v2-authorization).extension(v2-aut-remaining-benefit-amount)"),
        to(22, "Procedure.extension(v2-authorization)"),
        to(23, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorized-provider)"),
        to(23, "Procedure.extension(v2-authorization)"),
        to(24, "ServiceRequest.extension(v2-authorization).extension(v2-aut-authorized-health-professional)"),
        to(24, "Procedure.extension(v2-authorization)"),
        to(25, "ServiceRequest.extension(v2-authorization).extension(v2-aut-source-text)"),
        to(25, "Procedure.extension(v2-authorization)"),
        to(26, "ServiceRequest.extension(v2-authorization).extension(v2-aut-source-date)"),
        to(26, "Procedure.extension(v2-authorization)"),
        to(27, "ServiceRequest.extension(v2-authorization).extension(v2-aut-source-phone)"),
        to(27, "Procedure.extension(v2-authorization)"),
        to(28, "ServiceRequest.extension(v2-authorization).extension(v2-aut-comment)"),
        to(28, "Procedure.extension(v2-authorization)"),
        to(29, "ServiceRequest.extension(v2-authorization).extension(v2-aut-action-code)"),
        to(29, "Procedure.extension(v2-authorization)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    1 "aut-authorizing-payor-plan-id" Is::Concept,
    2 "aut-authorizing-payor-company-id" Is::Concept,
    3 "aut-authorizing-payor-company-name" Is::Text,
    4 "aut-authorization-effective-date" Is::Time,
    5 "aut-authorization-expiration-date" Is::Time,
    6 "aut-authorization-identifier" Is::Entity,
    7 "aut-reimbursement-limit" Is::Amount,
    8 "aut-requested-number-of-treatments" Is::Quantity,
    9 "aut-authorized-number-of-treatments" Is::Quantity,
    10 "aut-process-date" Is::Time,
    11 "aut-requested-discipline-s" Is::Concept,
    12 "aut-authorized-discipline-s" Is::Concept,
    13 "aut-authorization-referral-type" Is::Concept,
    14 "aut-approval-status" Is::Concept,
    15 "aut-planned-treatment-stop-date" Is::Time,
    16 "aut-clinical-service" Is::Concept,
    17 "aut-reason-text" Is::Text,
    18 "aut-number-of-authorized-treatments-units" Is::Quantity,
    19 "aut-number-of-used-treatments-units" Is::Quantity,
    20 "aut-number-of-schedule-treatments-units" Is::Quantity,
    21 "aut-encounter-type" Is::Concept,
    22 "aut-remaining-benefit-amount" Is::Amount,
    23 "aut-authorized-provider" Is::Organization,
    24 "aut-authorized-health-professional" Is::Person,
    25 "aut-source-text" Is::Text,
    26 "aut-source-date" Is::Time,
    27 "aut-source-phone" Is::Contact,
    28 "aut-comment" Is::Text,
    29 "aut-action-code" Is::Concept,
];
