//! What each event says of who is who (HL7 v2.5.1 §3.3, and §3.3 of v2.3.1 for A18, A30, A34 to A36 and A39), as
//! data: persons who are added, deleted, linked and merged, and numbers that are merged, changed and moved.

mod events;

use std::collections::HashSet;

use hl7v2::{Field, Place, Segment};
use zorgsluis_domain::Phi;

use crate::context::{Context, REFERENCE};
use crate::conversion::{Merge, Move, PatientIdentifier, PatientIdentity, Refusal, Unlink};
use crate::convert::refuse;
use crate::datatype::cx as identifier;
use crate::identity::rule;
use crate::segment::mrg;
use crate::segment::pid::PatientDraft;
use crate::segment::pv1::EncounterDraft;

pub(crate) use events::EVENTS;

/// What an event says of who is who.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    trigger: &'static str,
    /// What the numbers of MRG name, and is replaced by what PID and PV1 name.
    replaces: &'static [Of],
    /// It was one thing all the time: only its number changed.
    renamed: bool,
    /// What goes from the patient of MRG to the one of PID.
    moves: Option<Of>,
    /// Whether the person is in use.
    active: Option<bool>,
    /// Whether the persons of two PID are linked.
    linked: Option<bool>,
}

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Patient,
    Account,
    Visit,
    /// Another number of the visit (PV1-50, MRG-6).
    AlternateVisit,
}

/// An event that says nothing of it.
pub(crate) const NONE: &Effect =
    &Effect { trigger: "", replaces: &[], renamed: false, moves: None, active: None, linked: None };

const fn merges(trigger: &'static str, replaces: &'static [Of]) -> Effect {
    Effect { trigger, replaces, ..*NONE }
}

const fn renames(trigger: &'static str, replaces: &'static [Of]) -> Effect {
    Effect { trigger, replaces, renamed: true, ..*NONE }
}

const fn moves(trigger: &'static str, what: Of) -> Effect {
    Effect { trigger, moves: Some(what), ..*NONE }
}

use Of::{Account, AlternateVisit, Patient, Visit};

const EFFECTS: &[Effect] = &[
    merges("A18", &[Patient, Account]),
    Effect { trigger: "A24", linked: Some(true), ..*NONE },
    Effect { trigger: "A28", active: Some(true), ..*NONE },
    Effect { trigger: "A29", active: Some(false), ..*NONE },
    merges("A30", &[Patient]),
    merges("A34", &[Patient]),
    merges("A35", &[Account]),
    merges("A36", &[Patient, Account]),
    Effect { trigger: "A37", linked: Some(false), ..*NONE },
    merges("A39", &[Patient]),
    merges("A40", &[Patient]),
    merges("A41", &[Account]),
    merges("A42", &[Visit]),
    moves("A43", Patient),
    moves("A44", Account),
    moves("A45", Visit),
    renames("A46", &[Patient]),
    renames("A47", &[Patient]),
    renames("A49", &[Account]),
    renames("A50", &[Visit]),
    renames("A51", &[AlternateVisit]),
];

/// What an event says of who is who.
pub(crate) fn effect_of(trigger: &str) -> &'static Effect {
    EFFECTS.iter().find(|effect| effect.trigger == trigger).unwrap_or(NONE)
}

impl Effect {
    /// Whether it needs an MRG.
    pub(crate) const fn needs_mrg(&self) -> bool {
        !self.replaces.is_empty() || self.moves.is_some()
    }

    /// Whether it is about several patients.
    pub(crate) const fn of_several(&self) -> bool {
        self.needs_mrg() || self.linked.is_some()
    }

    /// Links the patients of the groups with each other, or takes the link away.
    ///
    /// # Errors
    ///
    /// `no-second-patient` when there is only one.
    pub(crate) fn link(&self, cx: &mut Context<'_, '_>) -> Result<(), Refusal> {
        let Some(linked) = self.linked else { return Ok(()) };
        let mut seen = HashSet::new();
        let ids: Vec<uuid::Uuid> =
            cx.patients.iter().map(|patient| patient.id).filter(|id| seen.insert(*id)).collect();
        if ids.len() < 2 {
            let at = Place::of_segment(*b"PID", 2);
            return Err(refuse("no-second-patient", at, "a link is between two patients, and there is one"));
        }
        if !cx.may_copy(REFERENCE.saturating_mul(ids.len()), ids.len(), Place::of_segment(*b"PID", 2)) {
            return Ok(());
        }
        for (at, one) in ids.iter().enumerate() {
            for other in ids.iter().skip(at + 1) {
                if !linked {
                    cx.unlinks.push(Unlink { patients: [*one, *other] });
                    continue;
                }
                for (id, other) in [(*one, *other), (*other, *one)] {
                    let link = fhir::PatientLink {
                        other: Some(fhir::Reference::to(other)),
                        r#type: Some("seealso"),
                    };
                    if let Some(fhir::Resource::Patient(patient)) = cx.entry(id) {
                        crate::context::add_new(&mut patient.link, [link]);
                    }
                }
            }
        }
        Ok(())
    }

    /// What a group says: PID, and perhaps MRG and PV1.
    ///
    /// # Errors
    ///
    /// A refusal when a number is missing without which nobody can tell what is meant.
    pub(crate) fn convert<'m, 'a>(
        &self,
        cx: &mut Context<'m, 'a>,
        pid: Segment<'m, 'a>,
        group: (Option<Segment<'m, 'a>>, Option<Segment<'m, 'a>>),
        patient: &mut PatientDraft<'a>,
        encounter: &mut Option<EncounterDraft<'a>>,
    ) -> Result<(), Refusal> {
        if self.active.is_some() {
            patient.resource.active = self.active;
        }
        let (Some(mrg), pv1) = group else { return Ok(()) };
        if !self.needs_mrg() {
            mrg::mention(cx, mrg, patient, encounter.as_mut());
            return Ok(());
        }
        let mut old_patient = None;
        if self.replaces.contains(&Patient) {
            let old = mrg::replace_patient(cx, mrg, patient)?;
            self.merge(cx, "Patient", old, patient.id);
            old_patient = Some(old);
        } else if self.moves == Some(Patient) {
            self.move_number(cx, pid, mrg, patient)?;
            return Ok(());
        } else if let Some(from) = mrg::mention_patient(cx, mrg, patient) {
            old_patient = Some(from);
        }
        let of_old = old_patient.unwrap_or(patient.id);
        self.accounts(cx, pid, mrg, patient, of_old)?;
        // A visit without a number of its own is known by its account.
        let by_account = pv1.is_some_and(|pv1| !pv1.field(19).is_present());
        self.visits(cx, mrg, patient, encounter, of_old, by_account)
    }

    fn merge(&self, cx: &mut Context<'_, '_>, kind: &'static str, old: uuid::Uuid, new: uuid::Uuid) {
        cx.merges.push(Merge { kind, surviving: new, obsolete: vec![old], renamed: self.renamed });
    }

    fn accounts<'m, 'a>(
        &self,
        cx: &mut Context<'m, 'a>,
        pid: Segment<'m, 'a>,
        mrg: Segment<'m, 'a>,
        patient: &PatientDraft<'a>,
        of_old: uuid::Uuid,
    ) -> Result<(), Refusal> {
        let (new, old) = (pid.field(18), mrg.field(3));
        let replaces = self.replaces.contains(&Account);
        let only = self.replaces.first() == Some(&Account);
        if self.moves == Some(Account) && of_old != patient.id {
            // The number is in both; MRG-3 may be left out.
            let field = if new.is_present() { new } else { old };
            let Some(id) = mrg::account(cx, field, patient.id, None) else {
                return Err(refuse("no-account", new.place(), "no account is named that could be moved"));
            };
            cx.moves.push(Move { kind: "Account", id, from: of_old, to: patient.id });
            if old.is_present() {
                mrg::account(cx, old, of_old, None);
            }
            return Ok(());
        }
        let ids = (mrg::account_of(cx, new), mrg::account_of(cx, old));
        match ids {
            (Some(into), Some(was)) if replaces && into != was => {
                mrg::account(cx, new, patient.id, None);
                mrg::account(cx, old, of_old, Some(into));
                self.merge(cx, "Account", was, into);
            }
            (Some(_), Some(_)) if only => {
                return Err(refuse(
                    "merge-with-itself",
                    old.place(),
                    "PID-18 and MRG-3 are the same account",
                ));
            }
            _ if only => {
                let at = if ids.0.is_none() { new.place() } else { old.place() };
                let text = "PID-18 and MRG-3 name the accounts, and one of them is empty";
                return Err(refuse("no-account", at, text));
            }
            (_, Some(_)) => {
                mrg::account(cx, old, of_old, None);
            }
            _ => {}
        }
        Ok(())
    }

    fn visits<'m, 'a>(
        &self,
        cx: &mut Context<'m, 'a>,
        mrg: Segment<'m, 'a>,
        patient: &PatientDraft<'a>,
        encounter: &mut Option<EncounterDraft<'a>>,
        of_old: uuid::Uuid,
        by_account: bool,
    ) -> Result<(), Refusal> {
        let old = mrg::visit_of(cx, mrg, by_account);
        let at = mrg.field(5).place();
        let moves = self.moves == Some(Visit);
        let replaces = self.replaces.contains(&Visit)
            // A visit that is known by its account alone has another number when the account has.
            || (by_account && self.replaces.contains(&Account));
        if let Some(visit) = encounter.as_mut() {
            match old {
                Some(old) if old == visit.id => mrg::visit_numbers(cx, mrg, &mut visit.resource),
                Some(old) if replaces || moves => {
                    mrg::visit(cx, mrg, old, of_old, Some(visit.id));
                    let renamed = self.renamed || moves;
                    let merge =
                        Merge { kind: "Encounter", surviving: visit.id, obsolete: vec![old], renamed };
                    cx.merges.push(merge);
                }
                Some(old) => mrg::visit(cx, mrg, old, of_old, None),
                None if self.replaces == [Visit] => {
                    return Err(refuse("no-visit", at, "MRG-5 names no visit that is replaced"));
                }
                None => self.alternate(cx, mrg, visit),
            }
            if moves && of_old != patient.id {
                cx.moves.push(Move { kind: "Encounter", id: visit.id, from: of_old, to: patient.id });
            }
            return Ok(());
        }
        match old {
            // The number is in both; PV1 may be left out.
            Some(id) if moves => {
                mrg::visit(cx, mrg, id, patient.id, None);
                if of_old != patient.id {
                    cx.moves.push(Move { kind: "Encounter", id, from: of_old, to: patient.id });
                }
            }
            _ if moves || self.replaces.contains(&Visit) || self.replaces.contains(&AlternateVisit) => {
                return Err(refuse("no-visit", at, "PV1-19 names no visit that the event is about"));
            }
            Some(id) => mrg::visit(cx, mrg, id, of_old, None),
            None => mrg::leave_alternate(cx, mrg),
        }
        Ok(())
    }

    /// MRG-6 without MRG-5: another number of the visit of PV1, which is an old one.
    fn alternate<'m, 'a>(
        &self,
        cx: &mut Context<'m, 'a>,
        mrg: Segment<'m, 'a>,
        visit: &mut EncounterDraft<'a>,
    ) {
        if !self.replaces.contains(&AlternateVisit) && self.moves != Some(Visit) {
            mrg::leave_alternate(cx, mrg);
            return;
        }
        let before = visit.resource.identifier.len();
        mrg::visit_numbers(cx, mrg, &mut visit.resource);
        for number in visit.resource.identifier.iter_mut().skip(before).filter(|_| self.renamed) {
            number.r#use = Some("old");
        }
    }

    /// A43: the number that PID and MRG have in common goes to the patient of the other numbers of PID.
    fn move_number<'m, 'a>(
        &self,
        cx: &mut Context<'m, 'a>,
        pid: Segment<'m, 'a>,
        mrg: Segment<'m, 'a>,
        patient: &mut PatientDraft<'a>,
    ) -> Result<(), Refusal> {
        let keys = |cx: &Context<'m, 'a>, list: Field<'m, 'a>| {
            let persons = list.repetitions().filter(|one| !identifier::is_of_visit(*one));
            let keys: Vec<_> = persons.filter_map(|one| Some((identifier::key(cx, one)?, one))).collect();
            keys
        };
        let (here, there) = (keys(cx, pid.field(3)), keys(cx, mrg.field(1)));
        let Some((moved, _)) = here.iter().find(|(key, _)| there.iter().any(|(other, _)| other == key))
        else {
            let text = "PID-3 and MRG-1 have no number in common, which would be the one that moves";
            return Err(refuse("no-moved-number", mrg.field(1).place(), text));
        };
        let own = keys(cx, pid.field(2));
        let others = here.iter().chain(&own).filter(|(key, _)| !there.iter().any(|(other, _)| other == key));
        let targets: Vec<_> = others.filter(|(_, one)| !cx.profile.is_false_bsn(*one)).collect();
        let Some((target, at)) = targets.first() else {
            let text = "PID names no other number than the one that moves: nobody can tell to whom";
            return Err(refuse("no-target", pid.field(3).place(), text));
        };
        let id_of = |cx: &mut Context<'m, 'a>, key: &identifier::Key<'a>, at: Place| {
            cx.id(&rule::PATIENT, &[&[&key.0, &key.1]], at)
        };
        let number = id_of(cx, moved, mrg.field(1).place());
        let to = if patient.id == number { id_of(cx, target, at.place()) } else { patient.id };
        // What PID says is said of the one to whom the number goes.
        for deletion in cx.deletions.iter_mut().filter(|deletion| deletion.entry == patient.id) {
            deletion.entry = to;
        }
        cx.patients.retain(|known| known.id != patient.id);
        (patient.id, patient.resource.id) = (to, Some(to));
        let phi = |key: &identifier::Key<'a>| {
            Phi::new(PatientIdentifier { system: key.0.to_string(), value: key.1.to_string() })
        };
        let of_target = targets.iter().map(|(key, _)| phi(key)).collect();
        cx.patients.push(PatientIdentity { id: to, identifiers: of_target });
        cx.patients.push(PatientIdentity { id: number, identifiers: vec![phi(moved)] });
        let left: Vec<_> = keys(cx, mrg.field(4))
            .into_iter()
            .chain(there)
            .filter(|(key, _)| key != moved && !here.iter().any(|(other, _)| other == key))
            .collect();
        mrg::moved_number(cx, mrg, number, patient);
        self.merge(cx, "Patient", number, to);
        if let Some((key, at)) = left.first() {
            let from = id_of(cx, key, at.place());
            let identifiers = left.iter().map(|(key, _)| phi(key)).collect();
            cx.patients.push(PatientIdentity { id: from, identifiers });
            mrg::left_behind(cx, mrg, from, &left.iter().map(|(_, one)| *one).collect::<Vec<_>>());
            cx.moves.push(Move { kind: "Patient", id: number, from, to });
        } else {
            mrg::same_patient(cx, mrg, patient);
        }
        Ok(())
    }
}
