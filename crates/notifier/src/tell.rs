//! One provider: reserve, send, confirm.

mod ticket;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use zorgsluis_domain::notice::{
    Notice, NoticeId, NoticeOrder, NoticeOutcome, NoticeState, NoticeStep, OutgoingMail, Protection,
};
use zorgsluis_domain::port::{MailError, Provider, Reservation, ResourceKey};
use zorgsluis_domain::{EntryId, PortError, QueueReference, Stage, Way};
use zorgsluis_worker::ProcessError;

pub(crate) use ticket::SENDING_AGAIN;
pub(crate) use ticket::is_to_be_sent;
pub use ticket::{NOT_SENT, SEND_AGAIN};
use ticket::{Next, ROUNDS};

use crate::communication::{Communication, Status};
use crate::events::COMPLAINED;
use crate::mail::Envelope;
use crate::smime::RecipientCertificate;
use crate::trail::Trail;
use crate::{CertificateFault, NotifierError, Ports, PutOff, Settings, dossier, lookup};

/// An operator decided that it is not sent.
const DROPPED: &str = "dropped-by-operator";
const NO_CERTIFICATE: &str = "no-certificate";
/// The library could not encrypt for the certificate, although nothing is wrong with it.
const NOT_ENCRYPTED: &str = "certificate-unusable";
/// The organisation's own certificate is not valid (any more): what it signs would be taken for forged.
const SIGNING_CERTIFICATE: &str = "signing-certificate-expired";

/// Who is told, of what, on whose behalf.
pub(crate) struct Telling<'a> {
    pub(crate) ports: &'a Ports,
    pub(crate) settings: &'a Settings,
    pub(crate) reference: &'a QueueReference,
    pub(crate) order: &'a NoticeOrder,
    /// The surviving id.
    pub(crate) patient: Uuid,
    pub(crate) way: Option<&'a Way>,
    pub(crate) trail: Trail<'a>,
}

/// A mail, and what it took to write it.
struct Written {
    mail: OutgoingMail,
    protection: Protection,
    read: Vec<(ResourceKey, u64)>,
}

impl<'a> Telling<'a> {
    /// The same, of another order: what one of several is told of.
    pub(crate) fn of<'o>(&self, order: &'o NoticeOrder) -> Telling<'o>
    where
        'a: 'o,
    {
        Telling { order, trail: self.trail.clone(), ..*self }
    }
}

impl Telling<'_> {
    /// Tells a provider, or finds that it was told. Adds the ids of audit entries.
    pub(crate) async fn tell(
        &self,
        at: &str,
        provider: &Provider,
        address: &str,
        entries: &mut Vec<EntryId>,
    ) -> Result<NoticeStep, ProcessError> {
        let notice = NoticeId::of(self.reference.message, provider.id);
        let certificate = self.certificate(provider, address);
        let mut written_as = None;
        for _ in 0..ROUNDS {
            match self.next(notice).await? {
                Next::Again => {}
                Next::Send(ticket) if provider.undeliverable().is_some() => {
                    let why = lookup::undeliverable(provider);
                    match ticket {
                        None => {
                            let step = self.refuse(at, why, entries).await?;
                            return Ok(NoticeStep { provider: Some(provider.id), ..step });
                        }
                        Some(line) => {
                            let (from, to) = ([line.state], NoticeState::Refused);
                            self.settle(notice, &from, to, None, Some(why)).await?;
                        }
                    }
                }
                Next::Send(ticket) => {
                    let written = self.write(notice, provider, address, certificate.as_ref().ok()).await?;
                    written_as = Some(written.protection);
                    // What came of it stands in the register; a mailer that could not tell is asked again.
                    self.send(notice, ticket, provider, written, entries).await?;
                }
                Next::Settled(line) => {
                    let protection = written_as.unwrap_or(line.protection);
                    let unusable = written_as == Some(Protection::WithoutPhi);
                    let why = certificate
                        .as_ref()
                        .map_or_else(|why| Some(*why), |_| unusable.then_some(NOT_ENCRYPTED));
                    return self.ended(at, &line, protection, why, provider, entries).await;
                }
            }
        }
        Err(PortError::Conflict { operation: "notifier.tell" }.into())
    }

    /// The certificate to encrypt for, or why there is none.
    fn certificate(&self, provider: &Provider, address: &str) -> Result<RecipientCertificate, &'static str> {
        let now = self.ports.clock.now();
        let der = provider.certificate.as_deref().ok_or(NO_CERTIFICATE)?;
        let certificate = RecipientCertificate::check(der, address, now).map_err(CertificateFault::code)?;
        if !self.settings.signing.is_valid(now) {
            tracing::error!("the certificate that mails are signed with has expired: notices go without PHI");
            return Err(SIGNING_CERTIFICATE);
        }
        Ok(certificate)
    }

    /// Reads what the mail tells and writes it. Nothing of the patient is read for a mail without PHI.
    async fn write(
        &self,
        notice: NoticeId,
        provider: &Provider,
        address: &str,
        certificate: Option<&RecipientCertificate>,
    ) -> Result<Written, ProcessError> {
        let now = self.ports.clock.now();
        let envelope = Envelope { settings: self.settings, provider, to: address, notice, now };
        let unwritten =
            |error: NotifierError| ProcessError::refused("mail-not-written", None, error.to_string());
        let mut read = Vec::new();
        if let Some(certificate) = certificate {
            let mut dossier = dossier::read(&*self.ports.fhir, self.order, self.patient).await?;
            read = std::mem::take(&mut dossier.read);
            match envelope.smime(self.order, &dossier, certificate) {
                Ok(mail) => return Ok(Written { mail, protection: Protection::Smime, read }),
                // A key that cannot be encrypted for after all: nothing of what was read is told.
                Err(NotifierError::Encrypt) => read.clear(),
                Err(error) => return Err(unwritten(error)),
            }
        }
        let mail = envelope.link().map_err(unwritten)?;
        Ok(Written { mail, protection: Protection::WithoutPhi, read })
    }

    /// Writes down what will be told, takes the ticket, and hands the mail over.
    async fn send(
        &self,
        notice: NoticeId,
        ticket: Option<Notice>,
        provider: &Provider,
        written: Written,
        entries: &mut Vec<EntryId>,
    ) -> Result<(), ProcessError> {
        let now = self.ports.clock.now();
        let Written { mail, protection, read } = written;
        // What an operator has sent again is told again, also when it says the same.
        let again = ticket.as_ref().filter(|line| line.why.as_deref() == Some(SEND_AGAIN));
        let again = again.map(|line| line.changed);
        let entry = self.trail.disclosure(notice, provider, &mail.to, &read, again, now);
        self.record(entry, entries).await?;
        self.communicate(notice, provider, protection, Status::InProgress, entries).await?;
        let conflict = || PortError::Conflict { operation: "notifier.ticket" };
        let since = ticket.as_ref().map_or(now, |line| line.reserved);
        match ticket {
            None => {
                let line = Notice {
                    id: notice,
                    message: self.reference.message,
                    provider: provider.id,
                    event: self.order.event,
                    protection,
                    state: NoticeState::Reserved,
                    reserved: now,
                    changed: now,
                    receipt: None,
                    why: None,
                };
                if self.ports.notices.reserve(&line).await? != Reservation::New {
                    return Err(conflict().into());
                }
            }
            Some(line) => {
                let why = Some(SENDING_AGAIN);
                if !self.settle(notice, &[line.state], NoticeState::Unknown, None, why).await? {
                    return Err(conflict().into());
                }
            }
        }
        let open = [NoticeState::Reserved, NoticeState::Unknown];
        match self.ports.mailer.send(&mail).await {
            Ok(receipt) => self.confirm(notice, &receipt).await?,
            Err(MailError::Refused(code)) => {
                self.settle(notice, &open, NoticeState::Refused, None, Some(&code)).await?;
            }
            Err(MailError::NotSent(error)) => {
                if let Some(PutOff(code)) = put_off(&error)
                    && self.patience_is_over(since)
                {
                    self.settle(notice, &open, NoticeState::Refused, None, Some(code)).await?;
                    return Ok(());
                }
                self.settle(notice, &open, NoticeState::Reserved, None, Some(NOT_SENT)).await?;
                return Err(error.into());
            }
            Err(MailError::Unknown) => self.leave_open(notice).await?,
        }
        Ok(())
    }

    /// Whether a mail that is put off was tried long enough, since it was reserved or its message replayed.
    fn patience_is_over(&self, reserved: Timestamp) -> bool {
        let steps = self.way.map(|way| way.steps.as_slice()).unwrap_or_default();
        let replayed = steps.iter().rev().find(|step| matches!(step.stage, Stage::Replayed));
        let since = replayed.map_or(reserved, |step| step.at.max(reserved));
        let patience = SignedDuration::try_from(self.settings.patience).unwrap_or(SignedDuration::MAX);
        self.ports.clock.now().duration_since(since) >= patience
    }

    /// What became of a notice that is settled: its Communication, its entry where it failed, its step.
    pub(crate) async fn ended(
        &self,
        at: &str,
        line: &Notice,
        protection: Protection,
        why: Option<&str>,
        provider: &Provider,
        entries: &mut Vec<EntryId>,
    ) -> Result<NoticeStep, ProcessError> {
        let said = line.why.as_deref().unwrap_or("unknown");
        let (outcome, status, why) = match line.state {
            NoticeState::Sent => {
                let outcome =
                    if self.told_before(line.id) { NoticeOutcome::SentBefore } else { NoticeOutcome::Sent };
                let why = why.filter(|_| protection == Protection::WithoutPhi);
                // A reason: it was found out later that it was sent, and when is not known.
                let sent = Some(line.changed).filter(|_| line.why.is_none());
                let complained = line.why.as_deref().filter(|why| *why == COMPLAINED);
                (outcome, Status::Completed(sent, complained), why)
            }
            NoticeState::Refused => (NoticeOutcome::Refused, Status::Stopped(said), Some(said)),
            NoticeState::Unknown => (NoticeOutcome::Unknown, Status::Unknown(said), Some(said)),
            NoticeState::Dropped => {
                let why = line.why.as_deref().unwrap_or(DROPPED);
                (NoticeOutcome::Withheld, Status::NotDone(why), Some(why))
            }
            NoticeState::Reserved => {
                return Err(PortError::Conflict { operation: "notifier.ended" }.into());
            }
        };
        if matches!(outcome, NoticeOutcome::Refused | NoticeOutcome::Unknown) {
            tracing::warn!(notice = %line.id, state = line.state.name(), why = said, "a notice did not surely go out");
            let entry = self.trail.failed(line, provider, said, self.ports.clock.now());
            self.record(entry, entries).await?;
        }
        self.communicate(line.id, provider, protection, status, entries).await?;
        Ok(NoticeStep {
            at: at.to_owned(),
            notice: Some(line.id),
            provider: Some(provider.id),
            outcome,
            protection: Some(protection),
            why: why.map(str::to_owned),
        })
    }

    /// Whether the journal says already that this notice was sent.
    fn told_before(&self, notice: NoticeId) -> bool {
        let steps = self.way.map(|way| way.steps.as_slice()).unwrap_or_default();
        steps.iter().any(|step| match &step.stage {
            Stage::Notified { notices, .. } => {
                notices.iter().any(|step| step.notice == Some(notice) && step.outcome == NoticeOutcome::Sent)
            }
            _ => false,
        })
    }

    /// A provider who is known and is not told, by a wish or rule.
    pub(crate) async fn withhold(
        &self,
        at: &str,
        provider: &Provider,
        why: &'static str,
        entries: &mut Vec<EntryId>,
    ) -> Result<NoticeStep, ProcessError> {
        let notice = NoticeId::of(self.reference.message, provider.id);
        self.call_back(notice, why).await?;
        if let Some(line) = self.ports.notices.get(notice).await?
            && line.state != NoticeState::Dropped
        {
            // What went, or perhaps went, before the wish was spoken is told as it is.
            return self.ended(at, &line, line.protection, None, provider, entries).await;
        }
        let now = self.ports.clock.now();
        let entry = self.trail.refused(at, why, Some((provider, notice)), now);
        self.record(entry, entries).await?;
        let communication = Communication {
            protection: None,
            ..self.communication(notice, provider, Protection::WithoutPhi, Status::NotDone(why))
        };
        communication.write(self.ports, &self.trail, entries).await?;
        Ok(NoticeStep {
            at: at.to_owned(),
            notice: Some(notice),
            provider: Some(provider.id),
            outcome: NoticeOutcome::Withheld,
            protection: None,
            why: Some(why.to_owned()),
        })
    }

    /// Somebody who cannot be told, because something is wrong.
    pub(crate) async fn refuse(
        &self,
        at: &str,
        why: &'static str,
        entries: &mut Vec<EntryId>,
    ) -> Result<NoticeStep, ProcessError> {
        self.record(self.trail.refused(at, why, None, self.ports.clock.now()), entries).await?;
        tracing::info!(message = %self.reference.message, at, why, "a provider whom a message names is not told");
        Ok(step_without_provider(at, NoticeOutcome::Refused, why))
    }

    async fn record(
        &self,
        entry: zorgsluis_domain::AuditEntry,
        entries: &mut Vec<EntryId>,
    ) -> Result<(), PortError> {
        let id = entry.id;
        self.ports.audit.record(&[entry]).await?;
        if !entries.contains(&id) {
            entries.push(id);
        }
        Ok(())
    }

    fn communication<'c>(
        &'c self,
        notice: NoticeId,
        provider: &'c Provider,
        protection: Protection,
        status: Status<'c>,
    ) -> Communication<'c> {
        Communication {
            notice,
            order: self.order,
            patient: self.patient,
            provider,
            sender: &self.settings.name,
            protection: Some(protection),
            status,
        }
    }

    async fn communicate(
        &self,
        notice: NoticeId,
        provider: &Provider,
        protection: Protection,
        status: Status<'_>,
        entries: &mut Vec<EntryId>,
    ) -> Result<(), PortError> {
        let communication = self.communication(notice, provider, protection, status);
        communication.write(self.ports, &self.trail, entries).await
    }
}

/// Whether it is this mail that the mail system put off, and not everybody's.
fn put_off(error: &PortError) -> Option<&PutOff> {
    match error {
        PortError::Unavailable { cause: Some(cause), .. } => cause.downcast_ref(),
        _ => None,
    }
}

/// A step about a place that leads to no provider.
pub(crate) fn step_without_provider(at: &str, outcome: NoticeOutcome, why: &str) -> NoticeStep {
    NoticeStep {
        at: at.to_owned(),
        notice: None,
        provider: None,
        outcome,
        protection: None,
        why: Some(why.to_owned()),
    }
}
