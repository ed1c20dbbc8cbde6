//! What is written into the NEN 7513 log about an event, before it is acted on.

use jiff::Timestamp;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, Deed, EntryBuilder, EventKind, Object, ObjectRole, User,
};
use zorgsluis_domain::notice::Notice;
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{AuditEntry, EntryId};
use zorgsluis_worker::ProcessError;

use super::MailEvent;
use crate::{Notifier, communication};

impl Notifier {
    /// The mail system told what became of a notice: its line and its Communication change.
    pub(super) async fn entry_of_event(
        &self,
        line: &Notice,
        event: &MailEvent,
        now: Timestamp,
    ) -> Result<AuditEntry, ProcessError> {
        // What was erased has no patient any more; the register holds no PHI and follows all the same.
        let patient = match self.order(line.message).await {
            Ok(order) => Some(self.ports.patients.survivor(order.patient).await?),
            Err(ProcessError::Port(error)) if error.is_transient() => return Err(error.into()),
            Err(_) => None,
        };
        let key: ResourceKey = communication::key(line.id);
        Ok(self
            .entry(line, event, EventKind::ResourceUpdate, Deed::updated(), now)
            .resources([(key.to_string(), None)])
            .patient_if_any(patient.map(|id| format!("Patient/{id}")))
            .build())
    }

    /// The directory changes: mail to an address comes back.
    pub(super) fn entry_of_marking(
        &self,
        line: &Notice,
        event: &MailEvent,
        version: u64,
        now: Timestamp,
    ) -> AuditEntry {
        let deed = Deed::on_register(Action::Update, "provider-undeliverable");
        let provider = Object::new(ObjectRole::Resource, format!("Provider/{}", line.provider));
        self.entry(line, event, EventKind::Register, deed, now)
            .object(Object { version: Some(version), ..provider })
            .build()
    }

    /// One for each event and what it does, however often it comes.
    fn entry(
        &self,
        line: &Notice,
        event: &MailEvent,
        kind: EventKind,
        deed: Deed,
        now: Timestamp,
    ) -> EntryBuilder {
        let told = event.told.name();
        let name = format!("mail-event {kind:?} {} {} {told} {}", line.id, event.mail, event.at);
        AuditEntry::of(deed.triggered_by(Some(told)))
            .at(EntryId::derived(line.reserved, &name), now)
            .by(User::system("mail-system", true))
            .through(AccessMethod::Queue, Application::zorgsluis())
            .reported_by(self.parking.source.clone())
            .user(User::system("zorgsluis", false))
            .message(line.message.to_string())
    }
}
