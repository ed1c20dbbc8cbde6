//! What the segments of billing say beside a patient: the account and who pays for it (BAR, DFT, and the
//! same segments in any other message), the procedures, and who has a part in those.
//!
//! FHIR R4 has the insurances and guarantors of an account; what it has in claims only (accident, related
//! group, uniform billing) stands beside the account as extensions.

use std::collections::HashMap;

use fhir::{Account, AccountCoverage, Period, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use crate::context::{Context, add_new};
use crate::conversion::{Authority, EntryNote, KnownThrough};
use crate::datatype::{cx as identifier, hd};
use crate::identity::rule;
use crate::segment::beside::{self, Beside};
use crate::segment::ft1::{self, Charged};
use crate::segment::pv1::EncounterDraft;
use crate::segment::{
    Listed, abs, acc, aut, blc, dg1, drg, gt1, in2, in3, nte, pr1, prt, rmi, rol, ub1, ub2,
};

/// What an event says of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accounting {
    /// It is opened (P01).
    Opened,
    /// It is changed, or something is charged to it.
    Changed,
    /// It is ended (P06).
    Ended,
    /// It is purged (P02).
    Purged,
}

/// The segments of billing of one patient.
#[derive(Default)]
pub(crate) struct Billing<'m, 'a> {
    of_account: Vec<Segment<'m, 'a>>,
    charges: Vec<Charge<'m, 'a>>,
    /// What a ROL or PRT is about that comes next.
    last: Option<Uuid>,
    /// The insurance that IN2 and IN3 go on about.
    insurance: Option<Uuid>,
    /// Whether a charge, or a note on one, was just told.
    in_charge: bool,
}

/// What is charged, for which diagnoses and procedures.
struct Charge<'m, 'a> {
    ft1: Segment<'m, 'a>,
    /// The visit that is told of where it stands.
    visit: Option<Uuid>,
    /// ROL and PRT right behind it.
    parts: Vec<Segment<'m, 'a>>,
    conditions: Vec<Uuid>,
    procedures: Vec<Uuid>,
    notes: Vec<Segment<'m, 'a>>,
}

const BLOOD: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-blood";
const INCIDENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-incident";

impl<'m, 'a> Billing<'m, 'a> {
    /// Takes a segment, unless it is none of billing.
    pub(crate) fn take(
        &mut self,
        cx: &mut Context<'m, 'a>,
        segment: Segment<'m, 'a>,
        patient: Uuid,
        visit: Option<&mut EncounterDraft<'a>>,
    ) -> bool {
        let of_visit = visit.as_ref().map(|visit| visit.id);
        let behind_charge = std::mem::replace(&mut self.in_charge, segment.id() == "FT1");
        match segment.id() {
            "NTE" if behind_charge => {
                self.in_charge = true;
                if let Some(charge) = self.charges.last_mut() {
                    charge.notes.push(segment);
                }
            }
            "PR1" => {
                let last = pr1::convert(cx, segment, patient, of_visit);
                self.last = last;
                if let Some(charge) = self.charge(of_visit) {
                    add_new(&mut charge.procedures, last);
                }
            }
            "FT1" => {
                self.last = None;
                self.charges.push(Charge {
                    ft1: segment,
                    visit: of_visit,
                    parts: Vec::new(),
                    conditions: Vec::new(),
                    procedures: Vec::new(),
                    notes: Vec::new(),
                });
            }
            "ROL" | "PRT" if behind_charge => {
                self.in_charge = true;
                self.charges.last_mut().into_iter().for_each(|charge| charge.parts.push(segment));
            }
            "DG1" if self.charge(of_visit).is_some() => {
                self.last = None;
                let listed = dg1::convert(cx, segment, patient, visit);
                if let (Some(charge), Listed::Member(id)) = (self.charge(of_visit), listed) {
                    add_new(&mut charge.conditions, [id]);
                }
            }
            "ROL" | "PRT" if self.last.is_some() => {
                let about = self.last.filter(|id| cx.has(*id));
                if segment.id() == "ROL" {
                    rol::about(cx, segment, patient, about);
                } else {
                    prt::convert(cx, segment, patient, about);
                }
            }
            "AUT" => {
                let about = |resource: Option<&mut Resource<'_>>| {
                    matches!(resource, Some(Resource::Procedure(_) | Resource::Coverage(_)))
                };
                let Some(id) = self.last.filter(|id| about(cx.entry(*id))) else { return false };
                aut::on(cx, segment, id);
            }
            "IN2" => {
                if let Some(id) = self.insurance {
                    in2::convert(cx, segment, id, patient);
                }
            }
            "IN3" => {
                if let Some(id) = self.insurance {
                    in3::convert(cx, segment, id, patient);
                }
            }
            "GT1" | "ACC" | "DRG" | "UB1" | "UB2" | "ABS" | "BLC" | "RMI" => {
                self.last = None;
                self.of_account.push(segment);
            }
            "NTE" | "OBX" | "ROL" | "PRT" => return false,
            _ => {
                self.last = None;
                return false;
            }
        }
        true
    }

    /// The charge that is being told of: what stands behind another visit is no part of it.
    fn charge(&mut self, visit: Option<Uuid>) -> Option<&mut Charge<'m, 'a>> {
        self.charges.last_mut().filter(|charge| charge.visit == visit)
    }

    /// An insurance was told: IN2, IN3, ROL and PRT go on about it.
    pub(crate) fn insured(&mut self, listed: &Listed) {
        self.insurance = if let Listed::Member(id) = listed { Some(*id) } else { None };
        self.last = self.insurance;
    }

    /// The account, if the message says anything of it.
    pub(crate) fn finish(
        self,
        cx: &mut Context<'m, 'a>,
        pid: Segment<'m, 'a>,
        patient: Uuid,
        visit: Option<&mut EncounterDraft<'a>>,
    ) -> Option<Uuid> {
        let numbered = pid.field(18).is_present() && cx.registers == Authority::Registration;
        if cx.accounting.is_none() && self.of_account.is_empty() && self.charges.is_empty() && !numbered {
            return None;
        }
        let id = identify(cx, pid, patient, visit.as_ref().map(|visit| visit.id));
        let mut account = Account { id: Some(id), ..Account::default() };
        account.subject.push(Reference::to(patient));
        for repetition in pid.field(18).repetitions() {
            let written = identifier::identifier(cx, repetition, Some("AN"));
            add_new(&mut account.identifier, written);
        }
        state(cx, id, &mut account);
        for segment in self.of_account {
            of_account(cx, segment, id, patient, &mut account);
        }
        account.coverage = coverages(cx, patient);
        let ambiguous = ambiguous(cx, &self.charges);
        for (charge, ambiguous) in self.charges.into_iter().zip(ambiguous) {
            let to = Charged { patient, visit: charge.visit, account: Some(id), ambiguous };
            charged(cx, charge, to);
        }
        if let Some(visit) = visit {
            add_new(&mut visit.resource.account, [Reference::to(id)]);
        }
        if let Some(Resource::Account(known)) = cx.entry(id) {
            // Another group of the message told of it, too.
            add_new(&mut known.identifier, account.identifier);
            add_new(&mut known.subject, account.subject);
            add_new(&mut known.coverage, account.coverage);
            add_new(&mut known.guarantor, account.guarantor);
            add_new(&mut known.extension, account.extension);
        } else {
            let authority = if cx.accounting.is_some() { Authority::Registration } else { cx.registers };
            cx.put_as(id, account, EntryNote { authority, asserted: cx.asserted });
        }
        Some(id)
    }
}

/// Of each charge, whether another one of the message has the same number and says something else: then the number
/// tells nobody which of them is meant.
fn ambiguous<'m, 'a>(cx: &Context<'m, 'a>, all: &[Charge<'m, 'a>]) -> Vec<bool> {
    let number = |one: &Charge<'m, 'a>| hd::ei_key(cx, one.ft1.field(2).first());
    let said = |one: &Charge<'m, 'a>| ft1::CONTENT.map(|n| one.ft1.field(n).raw());
    // What the first of a number says; none where another one of that number says something else.
    let mut first = HashMap::new();
    for one in all {
        let known = first.entry(number(one)).or_insert_with(|| Some(said(one)));
        *known = known.filter(|known| *known == said(one));
    }
    let unclear = |one| number(one).is_some_and(|number| first.get(&Some(number)) == Some(&None));
    all.iter().map(unclear).collect()
}

/// One charge, with the diagnoses that it is for and the procedures that are charged.
fn charged<'m, 'a>(cx: &mut Context<'m, 'a>, charge: Charge<'m, 'a>, to: Charged) {
    let patient = to.patient;
    let id = ft1::convert(cx, charge.ft1, to);
    for part in charge.parts {
        match part.id() {
            "ROL" => rol::about(cx, part, patient, Some(id)),
            _ => prt::convert(cx, part, patient, Some(id)),
        }
    }
    let notes: Vec<_> = nte::notes(cx, &charge.notes).iter().map(nte::Note::annotation).collect();
    let mut reasons = Vec::new();
    for condition in &charge.conditions {
        if let Some(Resource::Condition(condition)) = cx.entry(*condition) {
            reasons.extend(condition.code.clone());
        }
    }
    if let Some(Resource::ChargeItem(item)) = cx.entry(id) {
        add_new(&mut item.note, notes);
        add_new(&mut item.reason, reasons);
        add_new(&mut item.service, charge.procedures.into_iter().map(Reference::to));
        add_new(&mut item.supporting_information, charge.conditions.into_iter().map(Reference::to));
    }
}

/// By its number, else by the visit, else by the patient.
fn identify<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pid: Segment<'m, 'a>,
    patient: Uuid,
    visit: Option<Uuid>,
) -> Uuid {
    let at = pid.field(18).place();
    if let Some((authority, number)) = identifier::key(cx, pid.field(18).first()) {
        return cx.id(&rule::ACCOUNT, &[&[&authority, &number]], at);
    }
    match visit {
        Some(visit) => {
            let id = cx.id(&rule::ACCOUNT_OF_VISIT, &[&[&visit.hyphenated().to_string()]], at);
            cx.known_through.push(KnownThrough { kind: "Account", id, other: visit });
            id
        }
        None => cx.id(&rule::ACCOUNT_OF_PATIENT, &[&[&patient.hyphenated().to_string()]], at),
    }
}

/// Status and period, by the event. When it happened is EVN-6, else EVN-2.
fn state<'a>(cx: &mut Context<'_, 'a>, id: Uuid, account: &mut Account<'a>) {
    let says = cx.accounting.unwrap_or(Accounting::Changed);
    let status = match says {
        Accounting::Opened => "active",
        Accounting::Changed => {
            cx.presume(id, "status");
            "active"
        }
        Accounting::Ended | Accounting::Purged => "inactive",
    };
    account.status = Some(status);
    let moments = cx.message.segment("EVN").map(|evn| [evn.field(6).value(), evn.field(2).value()]);
    let moment = moments.into_iter().flatten().find(|value| value.is_present());
    let Some(moment) = moment else { return };
    let mut period = Period::default();
    match says {
        Accounting::Opened => (period.start, period.start_ext) = cx.date_time(moment),
        Accounting::Ended => (period.end, period.end_ext) = cx.date_time(moment),
        Accounting::Changed | Accounting::Purged => return,
    }
    account.service_period = Some(period);
}

fn of_account<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    id: Uuid,
    patient: Uuid,
    account: &mut Account<'a>,
) {
    let table: &'static [Beside] = match segment.id() {
        "GT1" => {
            let guarantor = gt1::convert(cx, segment, patient, id);
            add_new(&mut account.guarantor, guarantor);
            return;
        }
        "DRG" => drg::BESIDE,
        "ACC" => acc::BESIDE,
        "UB1" => ub1::BESIDE,
        "UB2" => ub2::BESIDE,
        "ABS" => abs::BESIDE,
        "BLC" => blc::BESIDE,
        "RMI" => rmi::BESIDE,
        _ => return,
    };
    let all = beside::extensions(cx, segment, table, id);
    match segment.id() {
        "BLC" => account.extension.extend(beside::together(BLOOD, all)),
        "RMI" => account.extension.extend(beside::together(INCIDENT, all)),
        _ => account.extension.extend(all),
    }
}

/// The insurances that the message names for the patient, in the order in which they pay.
fn coverages<'a>(cx: &Context<'_, 'a>, patient: Uuid) -> Vec<AccountCoverage<'a>> {
    let of_patient = cx.coverages(patient).map(|(id, coverage)| AccountCoverage {
        coverage: Some(Reference::to(id)),
        priority: coverage.order,
    });
    of_patient.collect()
}
