//! DFT: what is charged (HL7 v2.5.1 §6.4.3, §6.4.10). There is no official map: designed from FHIR.

use super::Says;
use super::adt::{self, Adt};
use super::billing::Accounting;
use super::oru::patients;
use crate::context::Context;
use crate::conversion::{Authority, Refusal};
use crate::mapping::{Event as EventRow, own};

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    own("P03", "post transactions", "a ChargeItem for each FT1, on the Account"),
    own("P11", "post transactions, expanded", "the same, with guarantors and insurances of each transaction"),
];

/// Converts a DFT message. Its PID only mentions the patient; the charges are its own.
pub(crate) fn convert(cx: &mut Context<'_, '_>, _: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Mention;
    cx.accounting = Some(Accounting::Changed);
    for group in patients(cx, "a charge is about a patient, and there is no PID")? {
        adt::patient_group(cx, Adt::MENTION, Says::Results, &group)?;
    }
    Ok(())
}
