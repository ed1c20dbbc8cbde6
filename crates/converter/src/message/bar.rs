//! BAR: accounts are opened, changed, ended and purged (HL7 v2.5.1 §6.4.1, §6.4.2, §6.4.5, §6.4.6, §6.4.8).
//! There is no official map: designed from FHIR.

use super::Says;
use super::adt::{self, Adt};
use super::billing::Accounting;
use super::oru::patients;
use crate::context::Context;
use crate::conversion::{Authority, Refusal};
use crate::mapping::{Event as EventRow, own};

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    own("P01", "add account", "Account, open from the event; with its insurances, guarantors and diagnoses"),
    own("P02", "purge accounts", "the Account is inactive"),
    own("P05", "update account", "Account, without saying whether it is open"),
    own("P06", "end account", "the Account is inactive, and its period ends"),
    own("P12", "update diagnoses and procedures", "Condition and Procedure of the visit, and the Account"),
];

/// Converts a BAR message. The registration sends it: what it says of the patient counts like ADT, but an
/// account that is ended or purged says nothing new of the patient.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &super::Event) -> Result<(), Refusal> {
    let (says, registers) = match event.trigger.as_str() {
        "P01" => (Accounting::Opened, Authority::Registration),
        "P02" => (Accounting::Purged, Authority::Mention),
        "P06" => (Accounting::Ended, Authority::Mention),
        _ => (Accounting::Changed, Authority::Registration),
    };
    cx.registers = registers;
    cx.accounting = Some(says);
    for group in patients(cx, "an account is a patient's, and there is no PID")? {
        adt::patient_group(cx, Adt::MENTION, Says::Results, &group)?;
    }
    Ok(())
}
