//! One patient's place in the registers: looked up, and changed by an operator.

use std::collections::BTreeSet;

use uuid::Uuid;
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::{IndexEvent, OptOut};

use crate::registers::Act;
use crate::{By, RegisterError, Registers, check};

/// What the registers know of a patient. Holds no identifier's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The id under which the data live now.
    pub patient: Uuid,
    /// The identifier that was looked up, as the index has it, and the patient under whom it stands: one
    /// that was merged into this one, or this one.
    pub looked_up: Option<(Pseudonym, Uuid)>,
    /// The systems of the identifiers in the patient's record.
    pub systems: BTreeSet<String>,
    /// Patients that were merged into this one.
    pub merged: Vec<Uuid>,
    /// Whether the patient, or one merged into it, has opted out of notices.
    pub opted_out: bool,
    /// The wishes, of all of them, the newest first.
    pub wishes: Vec<OptOut>,
    /// What happened in the index, to whom, the newest first.
    pub history: Vec<(Uuid, IndexEvent)>,
}

impl Registers {
    /// The patient with this identifier. The audit entry is written before anything is told, also when
    /// there is nobody.
    pub async fn look_up(
        &self,
        identifier: &BusinessIdentifier,
        by: &By,
    ) -> Result<Option<Card>, RegisterError> {
        let pseudonym = self.indexed(identifier).pseudonym;
        let holder = self.ports.patients.resolve(&[pseudonym]).await?.pop().flatten();
        let object = (format!("PatientIndex/{pseudonym}"), None);
        let Some(holder) = holder else {
            let act = Act::new(Action::Read, "patient-looked-up");
            let act = Act { objects: vec![object], failed: Some("not-found"), ..act };
            self.record(&[self.entry(self.now(), by, act)]).await?;
            return Ok(None);
        };
        let survivor = self.ports.patients.survivor(holder).await?;
        let act = Act::new(Action::Read, "patient-looked-up");
        let act = Act { patient: Some(survivor), objects: vec![object], ..act };
        self.record(&[self.entry(self.now(), by, act)]).await?;
        self.read_card(survivor, Some((pseudonym, holder))).await.map(Some)
    }

    /// A patient by id; none when neither index nor store knows it. The audit entry is written first.
    pub async fn card(&self, patient: Uuid, by: &By) -> Result<Option<Card>, RegisterError> {
        let survivor = self.ports.patients.survivor(patient).await?;
        let card = self.read_card(survivor, None).await?;
        let known = !card.history.is_empty() || !card.systems.is_empty() || !card.wishes.is_empty();
        let failed = (!known).then_some("not-found");
        let act = Act { patient: Some(survivor), failed, ..Act::new(Action::Read, "patient-shown") };
        self.record(&[self.entry(self.now(), by, act)]).await?;
        Ok(known.then_some(card))
    }

    async fn read_card(
        &self,
        patient: Uuid,
        looked_up: Option<(Pseudonym, Uuid)>,
    ) -> Result<Card, RegisterError> {
        let merged = self.ports.patients.merged_into(patient).await?;
        let (mut wishes, mut history) = (Vec::new(), Vec::new());
        for one in std::iter::once(patient).chain(merged.iter().copied()) {
            wishes.extend(self.ports.opt_outs.history(one).await?);
            let events = self.ports.patients.history(one).await?;
            history.extend(events.into_iter().map(|event| (one, event)));
        }
        wishes.sort_by_key(|wish| std::cmp::Reverse(wish.at));
        history.sort_by_key(|(_, event)| std::cmp::Reverse(event.at));
        let stored = self.stored_identifiers(patient).await?;
        Ok(Card {
            patient,
            looked_up,
            systems: stored.into_iter().map(|(system, _)| system).collect(),
            opted_out: self.has_opted_out(patient).await?,
            merged,
            wishes,
            history,
        })
    }

    /// The patient, and all that were merged into the same one.
    async fn family(&self, patient: Uuid) -> Result<Vec<Uuid>, RegisterError> {
        let survivor = self.ports.patients.survivor(patient).await?;
        let mut family = self.ports.patients.merged_into(survivor).await?;
        family.insert(0, survivor);
        Ok(family)
    }

    pub(super) async fn has_opted_out(&self, patient: Uuid) -> Result<bool, RegisterError> {
        Ok(self.ports.opt_outs.opted_out(&self.family(patient).await?).await?)
    }

    /// Writes a patient's wish down: to be left out of notices, or not any more. A wish that is taken back
    /// is taken back for all that were merged.
    pub async fn set_opt_out(&self, patient: Uuid, opted_out: bool, by: &By) -> Result<(), RegisterError> {
        let family = self.family(patient).await?;
        if self.ports.opt_outs.opted_out(&family).await? == opted_out {
            return Ok(());
        }
        let now = self.now();
        let survivor = family.first().copied().unwrap_or(patient);
        let what = if opted_out { "opted-out" } else { "opted-in" };
        let act = Act::new(Action::Update, what);
        let act = Act { patient: Some(survivor), objects: vec![(String::from("OptOut"), None)], ..act };
        self.record(&[self.entry(now, by, act)]).await?;
        for one in family {
            let concerned =
                if opted_out { one == survivor } else { self.ports.opt_outs.opted_out(&[one]).await? };
            if concerned {
                let wish = OptOut { patient: one, opted_out, at: now, by: by.user.id.clone() };
                self.ports.opt_outs.put(&wish).await?;
            }
        }
        Ok(())
    }

    /// Takes an identifier from a patient, with the operator's reason, which stands in the log. False when
    /// it is not this patient's (any more).
    pub async fn release(
        &self,
        identifier: &Pseudonym,
        patient: Uuid,
        reason: &str,
        by: &By,
    ) -> Result<bool, RegisterError> {
        if reason.trim().is_empty() {
            return Err(RegisterError::Refused { field: "reason", code: "reason-missing" });
        }
        if let Err(code) = check::text(reason) {
            return Err(RegisterError::Refused { field: "reason", code });
        }
        if self.ports.patients.resolve(&[*identifier]).await?.pop().flatten() != Some(patient) {
            return Ok(false);
        }
        let objects = vec![(format!("PatientIndex/{identifier}"), None)];
        let act = Act::new(Action::Delete, "identifier-released");
        let mut entry = self.entry(self.now(), by, Act { patient: Some(patient), objects, ..act });
        if let Some(object) = entry.objects.last_mut() {
            object.description = Some(reason.trim().to_owned());
        }
        self.record(&[entry]).await?;
        Ok(self.ports.patients.release(identifier, patient).await?)
    }
}
