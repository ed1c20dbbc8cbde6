//! Tables of PRB, GOL, PTH, RF1, FT1 and STF: life cycles, referrals, transactions.

use super::{Row, Table};

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const REQUEST_STATUS: &str = "http://hl7.org/fhir/request-status";
const REQUEST_PRIORITY: &str = "http://hl7.org/fhir/request-priority";
const TASK_STATUS: &str = "http://hl7.org/fhir/task-status";
const CHARGE_STATUS: &str = "http://hl7.org/fhir/chargeitem-status";
const GOAL_STATUS: &str = "http://hl7.org/fhir/goal-status";

/// PRB-14 (a table of the user's: these are the words of HL7 v2.5.1 §12.4.2.14) → `Condition.clinicalStatus`.
pub(super) static PROBLEM_STATUS: Table = Table::mapped(&[
    Row::exact("A", CLINICAL, "active", "Active"),
    Row::exact("ACTIVE", CLINICAL, "active", "Active"),
    Row::exact("I", CLINICAL, "inactive", "Inactive"),
    Row::exact("INACTIVE", CLINICAL, "inactive", "Inactive"),
    Row::exact("R", CLINICAL, "resolved", "Resolved"),
    Row::exact("RECURRENCE", CLINICAL, "recurrence", "Recurrence"),
    Row::exact("RELAPSE", CLINICAL, "relapse", "Relapse"),
    Row::exact("REMISSION", CLINICAL, "remission", "Remission"),
    Row::exact("RESOLVED", CLINICAL, "resolved", "Resolved"),
]);

/// PRB-13 and PRB-19 → `Condition.verificationStatus`.
pub(super) static PROBLEM_CONFIRMATION: Table = Table::mapped(&[
    Row::exact("CONFIRMED", VERIFICATION, "confirmed", "Confirmed"),
    Row::exact("DIFFERENTIAL", VERIFICATION, "differential", "Differential"),
    Row::exact("PROVISIONAL", VERIFICATION, "provisional", "Provisional"),
    Row::exact("REFUTED", VERIFICATION, "refuted", "Refuted"),
    Row::exact("UNCONFIRMED", VERIFICATION, "unconfirmed", "Unconfirmed"),
]);

/// GOL-18 → `Goal.lifecycleStatus`.
pub(super) static GOAL_LIFE_CYCLE: Table = Table::mapped(&[
    Row::exact("ACCEPTED", GOAL_STATUS, "accepted", "Accepted"),
    Row::near("ACHIEVED", GOAL_STATUS, "completed", "Completed"),
    Row::exact("ACTIVE", GOAL_STATUS, "active", "Active"),
    Row::exact("CANCELLED", GOAL_STATUS, "cancelled", "Cancelled"),
    Row::exact("COMPLETED", GOAL_STATUS, "completed", "Completed"),
    Row::exact("ON-HOLD", GOAL_STATUS, "on-hold", "On Hold"),
    Row::exact("PLANNED", GOAL_STATUS, "planned", "Planned"),
    Row::exact("PROPOSED", GOAL_STATUS, "proposed", "Proposed"),
    Row::exact("REJECTED", GOAL_STATUS, "rejected", "Rejected"),
]);

/// PTH-5 → `CarePlan.status`.
pub(super) static PATHWAY_LIFE_CYCLE: Table = Table::mapped(&[
    Row::exact("ACTIVE", REQUEST_STATUS, "active", "Active"),
    Row::near("CANCELLED", REQUEST_STATUS, "revoked", "Revoked"),
    Row::exact("COMPLETED", REQUEST_STATUS, "completed", "Completed"),
    Row::exact("DRAFT", REQUEST_STATUS, "draft", "Draft"),
    Row::exact("ON-HOLD", REQUEST_STATUS, "on-hold", "On Hold"),
    Row::near("PLANNED", REQUEST_STATUS, "draft", "Draft"),
    Row::exact("REVOKED", REQUEST_STATUS, "revoked", "Revoked"),
]);

/// RF1-1, table 0283 → `ServiceRequest.status`.
pub(super) static REFERRAL_STATUS: Table = Table::mapped(&[
    Row::near("A", REQUEST_STATUS, "active", "Active"),
    Row::near("E", REQUEST_STATUS, "revoked", "Revoked"),
    Row::near("P", REQUEST_STATUS, "active", "Active"),
    Row::near("R", REQUEST_STATUS, "revoked", "Revoked"),
]);

/// RF1-1, table 0283 → `Task.status`.
pub(super) static REFERRAL_TASK: Table = Table::mapped(&[
    Row::exact("A", TASK_STATUS, "accepted", "Accepted"),
    Row::near("E", TASK_STATUS, "failed", "Failed"),
    Row::near("P", TASK_STATUS, "requested", "Requested"),
    Row::exact("R", TASK_STATUS, "rejected", "Rejected"),
]);

/// RF1-2, table 0280 → `ServiceRequest.priority`.
pub(super) static REFERRAL_PRIORITY: Table = Table::mapped(&[
    Row::exact("A", REQUEST_PRIORITY, "asap", "ASAP"),
    Row::exact("R", REQUEST_PRIORITY, "routine", "Routine"),
    Row::exact("S", REQUEST_PRIORITY, "stat", "STAT"),
]);

/// FT1-6, table 0017 → `ChargeItem.status`: what is a charge is to be billed; a credit or a payment is not.
pub(super) static TRANSACTION_STATUS: Table = Table::mapped(&[
    Row::near("AJ", CHARGE_STATUS, "billable", "Billable"),
    Row::near("CD", CHARGE_STATUS, "not-billable", "Not billable"),
    Row::exact("CG", CHARGE_STATUS, "billable", "Billable"),
    Row::near("CO", CHARGE_STATUS, "billable", "Billable"),
    Row::near("CR", CHARGE_STATUS, "not-billable", "Not billable"),
    Row::near("PY", CHARGE_STATUS, "not-billable", "Not billable"),
]);
