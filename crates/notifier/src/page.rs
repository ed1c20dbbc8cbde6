//! What the page of a notice needs: its letter, composed again, and its Communication after a decision.

use uuid::Uuid;
use zorgsluis_domain::notice::{NoticeId, NoticeState};
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{Phi, PortError, QueueReference};
use zorgsluis_worker::ProcessError;

use crate::letter::{Letter, full};
use crate::notifier::withheld;
use crate::tell::Telling;
use crate::trail::Trail;
use crate::{Notifier, dossier};

/// An operator decided that it is not sent.
const DROPPED: &str = "dropped";

/// What the page of a notice may show.
#[derive(Debug)]
pub enum Content {
    /// The letter.
    Letter(ReadLetter),
    /// Nothing, by a wish or rule that holds now: `dropped`, `patient-opted-out`, `provider-inactive`,
    /// `provider-opted-out`.
    Withheld {
        /// About whom it would be.
        patient: Uuid,
        /// The wish or rule.
        why: &'static str,
    },
}

/// A letter as the store has it now, and what was read for it: whoever shows it writes that into the log
/// first.
#[derive(Debug)]
pub struct ReadLetter {
    /// About whom it is.
    pub patient: Uuid,
    /// Each resource that was read, with its version.
    pub read: Vec<(ResourceKey, u64)>,
    /// What it says.
    pub letter: Phi<Letter>,
}

impl Notifier {
    /// The letter of a notice, composed from what stands in the store now, as for a mail that is encrypted. The
    /// same wishes hold as for a mail: who must not be told now, is shown nothing.
    ///
    /// Writes no audit entry: nothing has been shown yet.
    ///
    /// # Errors
    ///
    /// [`PortError::NotFound`] when there is no such notice, or its provider is not in the directory;
    /// [`ProcessError::Refused`] when the order to notify cannot be read; what a port answers.
    pub async fn letter(&self, notice: NoticeId) -> Result<Content, ProcessError> {
        let absent = PortError::NotFound { operation: "notifier.letter" };
        let Some(line) = self.ports.notices.get(notice).await? else { return Err(absent.into()) };
        let order = self.order(line.message).await?;
        let patient = self.ports.patients.survivor(order.patient).await?;
        if line.state == NoticeState::Dropped {
            return Ok(Content::Withheld { patient, why: DROPPED });
        }
        let Some(held) = self.ports.directory.get(line.provider).await? else { return Err(absent.into()) };
        let held_back = self.held_back(&order, patient).await?;
        if let Some(why) = withheld(&held.provider, held_back, order.event) {
            return Ok(Content::Withheld { patient, why });
        }
        let order = self.told(&order, line.provider).await?;
        let dossier = dossier::read(&*self.ports.fhir, &order, patient).await?;
        let letter = Phi::new(full(&self.settings, &held.provider, notice, &order, &dossier));
        Ok(Content::Letter(ReadLetter { patient, read: dossier.read, letter }))
    }

    /// Brings the Communication of a notice in line with the register, after an operator decided what became
    /// of it. Sends nothing.
    ///
    /// # Errors
    ///
    /// As of [`Notifier::notify`]; [`PortError::NotFound`] when there is no such notice.
    pub async fn follow(&self, notice: NoticeId) -> Result<(), ProcessError> {
        let absent = PortError::NotFound { operation: "notifier.follow" };
        let Some(line) = self.ports.notices.get(notice).await? else { return Err(absent.into()) };
        let Some(held) = self.ports.directory.get(line.provider).await? else { return Err(absent.into()) };
        if line.state == NoticeState::Reserved {
            return Ok(());
        }
        let order = self.order(line.message).await?;
        let order = self.told(&order, line.provider).await?;
        let way = self.ports.journal.get(line.message).await?;
        let patient = self.ports.patients.survivor(order.patient).await?;
        let reference = QueueReference::new(line.message, line.reserved);
        let telling = Telling {
            ports: &self.ports,
            settings: &self.settings,
            reference: &reference,
            order: &order,
            patient,
            way: way.as_ref(),
            trail: Trail::new(&self.parking.source, &reference, patient, way.as_ref()),
        };
        let protection = line.protection;
        telling.ended("", &line, protection, None, &held.provider, &mut Vec::new()).await.map(|_| ())
    }
}
