//! What the mail system tells of mails afterwards: the events of Amazon SES.
//!
//! SES publishes what becomes of a mail (sent, delivered, bounced, …) to EventBridge, a rule puts that into the queue
//! `mail-events`, and [`Notifier::mail_event`] takes it from there. A mail is known by its tag `notice`, the id of
//! the notice. `docs/notices.md` has the table of what is made of each event.
//!
//! Events come late, twice, in any order, and about mails of others. Each is looked at beside the notice as it
//! stands, and the stronger word wins whichever came first: taken < perhaps not delivered < complained of < failed.
//! A word about an attempt that another has followed changes nothing. An entry in the audit log is durable before
//! anything is changed.
//!
//! An event holds the address of the recipient: it is compared and never logged.

mod address;
mod entry;
pub mod lambda;
mod read;
mod settle;

use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{Notice, NoticeState};
use zorgsluis_domain::port::{AddressFaultReason, DeadLetter};
use zorgsluis_worker::ProcessError;

pub use read::{MailEvent, Told};
pub use settle::{BOUNCED, COMPLAINED, NOT_RENDERED, PERHAPS_BOUNCED, REJECTED};

use crate::{Notifier, communication};
use settle::{Verdict, verdict};

/// How often a notice is looked at again when others move it on meanwhile.
const ROUNDS: usize = 8;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is about no notice of ours, or nothing is to be made of it.
    Elsewhere,
    /// The notice, its Communication and the directory say so now, or did before.
    Told(Told),
}

impl Notifier {
    /// Takes an event of the mail system, as its queue holds it. Doing it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`ProcessError::Refused`] when it is no event that can be read; [`ProcessError::Port`] when a port failed:
    /// what was done stands, the rest is done in the next delivery.
    pub async fn mail_event(&self, body: &str) -> Result<Taken, ProcessError> {
        let Some(event) = MailEvent::read(body)? else { return Ok(Taken::Elsewhere) };
        let Some(line) = self.told_of(&event).await? else { return Ok(Taken::Elsewhere) };
        if let Some(why) = fault(event.told) {
            self.mark_address(&line, &event, why).await?;
        }
        // What this mail came to is what stands in the register: let the record follow, if it does not yet.
        if line.receipt.as_deref() == Some(event.mail.as_str()) && !self.follows(&line).await? {
            self.follow(line.id).await?;
        }
        if matches!(event.told, Told::Bounced | Told::NotSent(_))
            && line.state == NoticeState::Refused
            && line.receipt.as_deref() == Some(event.mail.as_str())
        {
            self.set_aside(&line, event.told.name()).await?;
        }
        Ok(Taken::Told(event.told))
    }

    /// Brings the register in line with an event, and gives the line as it stands then; `None` when there is no
    /// such notice: the mail is of somebody else who sends by the same configuration set.
    async fn told_of(&self, event: &MailEvent) -> Result<Option<Notice>, ProcessError> {
        for _ in 0..ROUNDS {
            let Some(line) = self.ports.notices.get(event.notice).await? else { return Ok(None) };
            let Verdict::Settle { to, why } = verdict(&line, event) else { return Ok(Some(line)) };
            let now = self.ports.clock.now();
            let entry = self.entry_of_event(&line, event, now).await?;
            self.ports.audit.record(&[entry]).await?;
            // When it was sent is when the mail system took it; what came of it later is known from now on.
            let at = match event.told {
                Told::Taken => event.sent.clamp(line.reserved.min(now), now),
                _ => now,
            };
            let (from, mail) = ([line.state], event.mail.as_str());
            self.ports.notices.settle(line.id, &from, to, at, Some(mail), why).await?;
            tracing::info!(notice = %line.id, told = event.told.name(), state = to.name(), "a mail is told of");
        }
        Err(PortError::Conflict { operation: "notifier.mail-event" }.into())
    }

    /// Whether the Communication says what the register does, as far as that can be told at a glance: a mail that
    /// simply arrived has two events at least, and each would compose it anew.
    async fn follows(&self, line: &Notice) -> Result<bool, ProcessError> {
        if line.state != NoticeState::Sent || line.why.is_some() {
            return Ok(false);
        }
        Ok(communication::status(&*self.ports.fhir, line.id).await?.as_deref() == Some("completed"))
    }

    /// A notice that came back goes again when its message is offered again: the message is set aside, as where the
    /// mail system refuses at once.
    async fn set_aside(&self, line: &Notice, why: &'static str) -> Result<(), ProcessError> {
        let letter = self.ports.dead_letters.get(line.message).await?;
        let received = self.ports.journal.get(line.message).await?;
        let received = received.and_then(|way| way.steps.first().map(|step| step.at));
        self.parking
            .park(&DeadLetter {
                message: line.message,
                // Nothing hangs on the order of what is told again; a message set aside before keeps its group.
                group: letter.map_or_else(|| line.message.to_string(), |letter| letter.group),
                received: received.unwrap_or(line.reserved),
                parked: self.ports.clock.now(),
                code: why.to_owned(),
                at: None,
                text: String::from("the mail of a notice came back"),
                attempts: 1,
            })
            .await?;
        Ok(())
    }
}

/// What an event says of the address.
const fn fault(told: Told) -> Option<AddressFaultReason> {
    match told {
        Told::Bounced => Some(AddressFaultReason::Bounced),
        Told::Complained => Some(AddressFaultReason::Complained),
        _ => None,
    }
}
