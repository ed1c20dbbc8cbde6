//! Tables of SCH and AI*: what became of an appointment, and why it was made.

use super::{Row, Table};

const STATUS: &str = "http://hl7.org/fhir/appointmentstatus";
const PARTICIPATION: &str = "http://hl7.org/fhir/participationstatus";
const SNOMED: &str = "http://snomed.info/sct";
const V2_REASON: &str = "http://terminology.hl7.org/CodeSystem/v2-0276";

/// HL7 table 0278 (SCH-25) → `Appointment.status`.
pub(super) static APPOINTMENT_STATUS: Table = Table::mapped(&[
    Row::near("Blocked", STATUS, "booked", "Booked"),
    Row::exact("Booked", STATUS, "booked", "Booked"),
    Row::exact("Cancelled", STATUS, "cancelled", "Cancelled"),
    Row::exact("Complete", STATUS, "fulfilled", "Fulfilled"),
    Row::near("Dc", STATUS, "cancelled", "Cancelled"),
    Row::near("Deleted", STATUS, "entered-in-error", "Entered in error"),
    Row::near("Discontinued", STATUS, "cancelled", "Cancelled"),
    Row::exact("Noshow", STATUS, "noshow", "No Show"),
    Row::near("Overbook", STATUS, "booked", "Booked"),
    Row::exact("Pending", STATUS, "pending", "Pending"),
    Row::near("Started", STATUS, "checked-in", "Checked In"),
    Row::exact("Waitlist", STATUS, "waitlist", "Waitlisted"),
]);

/// The event of a SIU → `Appointment.status`, where SCH-25 says nothing.
pub(super) static APPOINTMENT_STATUS_OF_EVENT: Table = Table::mapped(&[
    Row::exact("S12", STATUS, "booked", "Booked"),
    Row::exact("S13", STATUS, "booked", "Booked"),
    Row::exact("S14", STATUS, "booked", "Booked"),
    Row::exact("S15", STATUS, "cancelled", "Cancelled"),
    Row::near("S16", STATUS, "cancelled", "Cancelled"),
    Row::near("S17", STATUS, "entered-in-error", "Entered in error"),
    Row::exact("S18", STATUS, "booked", "Booked"),
    Row::exact("S19", STATUS, "booked", "Booked"),
    Row::exact("S20", STATUS, "booked", "Booked"),
    Row::exact("S21", STATUS, "booked", "Booked"),
    Row::exact("S22", STATUS, "booked", "Booked"),
    Row::exact("S26", STATUS, "noshow", "No Show"),
]);

/// HL7 table 0278 (AIS-10, AIG-14, AIL-12, AIP-12) → `Appointment.participant.status`.
pub(super) static PARTICIPANT_STATUS: Table = Table::mapped(&[
    Row::near("Blocked", PARTICIPATION, "accepted", "Accepted"),
    Row::near("Booked", PARTICIPATION, "accepted", "Accepted"),
    Row::near("Cancelled", PARTICIPATION, "declined", "Declined"),
    Row::near("Complete", PARTICIPATION, "accepted", "Accepted"),
    Row::near("Dc", PARTICIPATION, "declined", "Declined"),
    Row::near("Deleted", PARTICIPATION, "declined", "Declined"),
    Row::near("Discontinued", PARTICIPATION, "declined", "Declined"),
    Row::near("Noshow", PARTICIPATION, "accepted", "Accepted"),
    Row::near("Overbook", PARTICIPATION, "accepted", "Accepted"),
    Row::near("Pending", PARTICIPATION, "needs-action", "Needs Action"),
    Row::near("Started", PARTICIPATION, "accepted", "Accepted"),
    Row::near("Waitlist", PARTICIPATION, "tentative", "Tentative"),
]);

/// HL7 table 0276 (SCH-6, SCH-7) → `Appointment.reasonCode`. SNOMED CT says what is done, the table why an
/// appointment is made: the sender's own code stays beside it.
pub(super) static APPOINTMENT_REASON: Table = Table::same(
    V2_REASON,
    &[
        Row::near("CHECKUP", SNOMED, "866149003", "Annual visit"),
        Row::near("EMERGENCY", SNOMED, "373110003", "Emergency procedure"),
        Row::near("FOLLOWUP", SNOMED, "185389009", "Follow-up visit"),
        Row::near("ROUTINE", SNOMED, "3780001", "Routine patient disposition, no follow-up planned"),
        Row::same("WALKIN", "A previously unscheduled walk-in visit"),
    ],
);
