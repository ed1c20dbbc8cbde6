//! What is written into the NEN 7513 log about an event, before it is acted on.

use jiff::Timestamp;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Event, EventKind, Object, ObjectRole, PatientObject, User,
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
        let mut entry =
            self.entry(line, event, EventKind::ResourceUpdate, now).with_resources([(key.to_string(), None)]);
        entry.patient = patient.map(|id| PatientObject { reference: format!("Patient/{id}") });
        Ok(entry)
    }

    /// The directory changes: mail to an address comes back.
    pub(super) fn entry_of_marking(
        &self,
        line: &Notice,
        event: &MailEvent,
        version: u64,
        now: Timestamp,
    ) -> AuditEntry {
        let mut entry = self.entry(line, event, EventKind::Register, now);
        let mut register = Object::new(ObjectRole::Resource, "register");
        register.description = Some(String::from("provider-undeliverable"));
        entry.objects.push(register);
        let provider = Object::new(ObjectRole::Resource, format!("Provider/{}", line.provider));
        entry.objects.push(Object { version: Some(version), ..provider });
        entry
    }

    /// One for each event and what it does, however often it comes.
    fn entry(&self, line: &Notice, event: &MailEvent, kind: EventKind, now: Timestamp) -> AuditEntry {
        let told = event.told.name();
        let name = format!("mail-event {kind:?} {} {} {told} {}", line.id, event.mail, event.at);
        let mut happened = Event::success(kind, Action::Update);
        happened.trigger = Some(told.to_owned());
        let mut entry = AuditEntry::new(
            EntryId::derived(line.reserved, &name),
            now,
            happened,
            User::system("mail-system", true),
            AccessMethod::Queue,
            self.parking.source.clone(),
        );
        entry.users.push(User::system("zorgsluis", false));
        entry.objects.push(Object::new(ObjectRole::Message, line.message.to_string()));
        entry
    }
}
