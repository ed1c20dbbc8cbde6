//! Write before disclose: the audit entries about an answer are durable before it leaves.

use std::collections::BTreeMap;
use std::net::IpAddr;

use zorgsluis_domain::audit::{
    AccessMethod, Application, DataCategory, Deed, EntryBuilder, LegalBasis, NetworkAccessPoint, Object,
    ObjectRole, Source, User,
};
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{AuditEntry, EntryId};
use zorgsluis_registers::By;

use crate::Gateway;
use crate::clients::Client;
use crate::fhir::FhirError;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) peer: Option<IpAddr>,
    /// As it came; [`Caller::traceparent`] gives it only when it is one.
    pub(crate) traceparent: Option<String>,
    /// Who brought credentials of their own; else it is the operator, or nobody.
    pub(crate) client: Option<Client>,
}

impl Caller {
    /// The client, or the holder of the token: until access decisions exist, no operator is known by name.
    pub(crate) fn user(&self) -> User {
        let name = self.client.as_ref().map_or("access-token", |client| &*client.name);
        let mut user = User::system(name, true);
        user.network = self.peer.map(|peer| NetworkAccessPoint::Ip(peer.to_string()));
        user
    }

    /// Who acts on a register.
    pub(crate) fn by(&self) -> By {
        By { user: self.user(), access: AccessMethod::Http, traceparent: self.traceparent() }
    }

    pub(crate) fn traceparent(&self) -> Option<String> {
        let text = self.traceparent.as_deref()?;
        let known = text.len() == 55 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        known.then(|| text.to_owned())
    }
}

/// A resource that an answer shows, or that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Disclosed {
    pub(crate) key: ResourceKey,
    pub(crate) version: Option<u64>,
    /// The number under which the store wrote this reading down.
    pub(crate) reading: Option<u64>,
    /// The patients that it is about, `Patient/<id>`.
    pub(crate) patients: Vec<String>,
}

/// What is about to be answered.
#[derive(Debug)]
pub(crate) struct Disclosure<'a> {
    /// What is done; failed, with the reason, when nothing is shown (`not-found`).
    pub(crate) deed: Deed,
    pub(crate) resource_type: &'a str,
    pub(crate) resources: Vec<Disclosed>,
    /// Patients whom the request itself names: it is about them also when nothing is found.
    pub(crate) named: Vec<String>,
}

impl Gateway {
    /// An entry with what all entries of the gateway have.
    pub(crate) fn entry(&self, deed: Deed, caller: &Caller) -> EntryBuilder {
        let now = self.0.parts.clock.now();
        let source = Source {
            enterprise_site_id: self.0.settings.organisation.clone(),
            source_id: "gateway".to_owned(),
            source_type: 4,
        };
        let id = EntryId::derived(now, &self.entry_name());
        let protocol = if caller.client.is_some() { "client-token/1" } else { "access-token/1" };
        let basis = LegalBasis {
            authorisation_protocol: Some(protocol.to_owned()),
            checks: vec!["bearer-token".to_owned(), "loopback".to_owned()],
            ..LegalBasis::default()
        };
        AuditEntry::of(deed)
            .at(id, now)
            .by(caller.user())
            .through(AccessMethod::Http, Application::zorgsluis())
            .reported_by(source)
            .legal_basis(basis)
            .traceparent(caller.traceparent())
    }

    /// Writes the entries about an answer, one for each patient whom it concerns. When this fails, nothing
    /// may be shown.
    pub(crate) async fn disclose(
        &self,
        caller: &Caller,
        disclosure: Disclosure<'_>,
    ) -> Result<(), FhirError> {
        let mut by_patient: BTreeMap<Option<&str>, Vec<&Disclosed>> = BTreeMap::new();
        for resource in &disclosure.resources {
            if resource.patients.is_empty() {
                by_patient.entry(None).or_default().push(resource);
            }
            for patient in &resource.patients {
                by_patient.entry(Some(patient)).or_default().push(resource);
            }
        }
        for patient in &disclosure.named {
            by_patient.entry(Some(patient)).or_default();
        }
        if by_patient.is_empty() {
            by_patient.insert(None, Vec::new());
        }
        let entries: Vec<AuditEntry> = by_patient
            .into_iter()
            .map(|(patient, resources)| {
                let entry =
                    self.entry(disclosure.deed.clone(), caller).patient_if_any(patient.map(str::to_owned));
                let touched = resources.iter().map(|resource| Object {
                    version: resource.version,
                    reading: resource.reading,
                    ..Object::new(ObjectRole::Resource, resource.key.to_string())
                });
                touched
                    .fold(entry, EntryBuilder::resource)
                    .category(DataCategory::of_resource(disclosure.resource_type))
                    .build()
            })
            .collect();
        self.0.parts.audit.record(&entries).await.map_err(FhirError::Audit)
    }
}
