//! Providers into the directory: from a file, and by an operator.

use std::collections::HashSet;

use futures_util::future::join_all;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::{Provider, ProviderError, StoredProvider};
use zorgsluis_notifier::is_address;

use super::{Record, bundle, table};
use crate::certificate::Certificate;
use crate::registers::Act;
use crate::report::Findings;
use crate::{By, Options, RegisterError, Registers, Report, Source, check};

/// Who stands behind a version that an import wrote, and through whom it came.
const IMPORT: &str = "import";
/// Providers in one audit entry.
const PER_ENTRY: usize = 100;
/// Providers that are written at a time.
const AT_ONCE: usize = 64;

/// What is to be written.
struct Change {
    provider: Provider,
    /// The version that stands; none for a new provider.
    expected: Option<u64>,
    findings: Findings,
}

/// What was seen in the file until now.
#[derive(Default)]
struct Seen {
    identifiers: HashSet<BusinessIdentifier>,
    providers: HashSet<Uuid>,
}

impl Registers {
    /// Takes providers from a file. All rows are checked before any is written; when one is refused,
    /// nothing is, unless [`Options::partly`]. Done again with the same file it changes nothing. Nobody is
    /// deleted: who is not in the file stays, and `active` says no for who is gone.
    pub async fn import_providers(
        &self,
        source: &Source<'_>,
        options: Options,
        by: &By,
    ) -> Result<Report, RegisterError> {
        let now = self.now();
        let records = match source {
            Source::Csv { data, mapping, files } => table::read(data, mapping, files, now)?,
            Source::Bundle(data) => bundle::read(data, now)?,
        };
        let mut report = Report { dry_run: options.dry_run, ..Report::default() };
        let mut seen = Seen::default();
        let mut changes = Vec::new();
        for record in records {
            match self.plan(record, &mut seen).await? {
                Planned::Refused(findings) => report.take(findings),
                Planned::Unchanged(findings) => {
                    report.unchanged += 1;
                    report.take(findings);
                }
                Planned::Change(change) => changes.push(*change),
            }
        }
        report.written = !options.dry_run && (report.refused == 0 || options.partly);
        if report.written {
            self.write(changes, now, by, &mut report).await?;
        } else {
            for change in changes {
                *(if change.expected.is_some() { &mut report.changed } else { &mut report.created }) += 1;
                report.take(change.findings);
            }
            let act = Act::new(Action::Read, "provider-import-checked");
            self.record(&[self.entry(now, by, act)]).await?;
        }
        report.problems.sort_by_key(|problem| problem.line);
        Ok(report)
    }

    async fn plan(&self, mut record: Record, seen: &mut Seen) -> Result<Planned, RegisterError> {
        if record.findings.is_refused() {
            return Ok(Planned::Refused(record.findings));
        }
        let identifiers: Vec<BusinessIdentifier> =
            record.identifiers.iter().map(|(identifier, _)| identifier.clone()).collect();
        if identifiers.iter().any(|identifier| seen.identifiers.contains(identifier)) {
            record.findings.refuse("", "row-twice");
            return Ok(Planned::Refused(record.findings));
        }
        seen.identifiers.extend(identifiers.iter().cloned());
        let known = match self.known(&identifiers).await? {
            Ok(known) => known,
            Err(code) => {
                record.findings.refuse("", code);
                return Ok(Planned::Refused(record.findings));
            }
        };
        let id = match &known {
            Some(known) => known.provider.id,
            None => self.new_id(identifiers.first()).await?,
        };
        if !seen.providers.insert(id) {
            record.findings.refuse("", "row-twice");
            return Ok(Planned::Refused(record.findings));
        }
        let mut findings = std::mem::replace(
            &mut record.findings,
            Findings::new(crate::report::Place { line: 0, entry: String::new() }),
        );
        let stands = known.as_ref().map(|known| &known.provider);
        let provider = record.onto(id, stands);
        if stands == Some(&provider) {
            return Ok(Planned::Unchanged(findings));
        }
        if provider.active && self.held_by_another(&provider).await? {
            findings.refuse("", "identifier-held");
            return Ok(Planned::Refused(findings));
        }
        let expected = known.map(|known| known.version);
        Ok(Planned::Change(Box::new(Change { provider, expected, findings })))
    }

    /// The provider that the identifiers lead to: an active one before those that are not.
    async fn known(
        &self,
        identifiers: &[BusinessIdentifier],
    ) -> Result<Result<Option<StoredProvider>, &'static str>, RegisterError> {
        let found = self.ports.providers.find(identifiers).await?;
        let (mut active, mut inactive): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| found.provider.active);
        Ok(match (active.len(), inactive.len()) {
            (1, _) => Ok(active.pop()),
            (0, 0 | 1) => Ok(inactive.pop()),
            _ => Err("provider-ambiguous"),
        })
    }

    async fn held_by_another(&self, provider: &Provider) -> Result<bool, RegisterError> {
        let found = self.ports.providers.find(&provider.identifiers).await?;
        Ok(found.iter().any(|found| found.provider.active && found.provider.id != provider.id))
    }

    /// The id of a new provider: made from its first identifier, so that two imports at a time make one.
    async fn new_id(&self, identifier: Option<&BusinessIdentifier>) -> Result<Uuid, RegisterError> {
        let name = identifier
            .map(|identifier| format!("provider {} {}", identifier.system, identifier.value))
            .unwrap_or_default();
        let mut id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        // The one who had it before has another identifier now.
        while self.ports.providers.get(id).await?.is_some() {
            id = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes());
        }
        Ok(id)
    }

    async fn write(
        &self,
        changes: Vec<Change>,
        now: Timestamp,
        by: &By,
        report: &mut Report,
    ) -> Result<(), RegisterError> {
        let mut entries = Vec::new();
        for (action, new) in [(Action::Create, true), (Action::Update, false)] {
            let objects: Vec<(String, Option<u64>)> = changes
                .iter()
                .filter(|change| change.expected.is_none() == new)
                .map(|change| {
                    let version = change.expected.unwrap_or(0) + 1;
                    (format!("Provider/{}", change.provider.id), Some(version))
                })
                .collect();
            for objects in objects.chunks(PER_ENTRY) {
                let act = Act { objects: objects.to_vec(), ..Act::new(action, "provider-import") };
                entries.push(self.entry(now, by, act));
            }
        }
        if entries.is_empty() {
            entries.push(self.entry(now, by, Act::new(Action::Read, "provider-import-without-change")));
        }
        self.record(&entries).await?;
        let mut changes = changes.into_iter();
        loop {
            // Some at a time: they share the cost of a commit.
            let mut some: Vec<Change> = changes.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                return Ok(());
            }
            let put = |change: &Change| self.put(change.provider.clone(), change.expected, now);
            let written = join_all(some.iter().map(put)).await;
            for (mut change, written) in some.drain(..).zip(written) {
                match written {
                    Ok(_) if change.expected.is_some() => report.changed += 1,
                    Ok(_) => report.created += 1,
                    Err(ProviderError::Conflict) => change.findings.refuse("", "changed-meanwhile"),
                    Err(ProviderError::IdentifierHeld(_)) => change.findings.refuse("", "identifier-held"),
                    Err(ProviderError::Port(error)) => return Err(error.into()),
                }
                report.take(change.findings);
            }
        }
    }

    async fn put(
        &self,
        provider: Provider,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<u64, ProviderError> {
        self.ports.providers.put(&provider, expected, now, IMPORT).await
    }

    /// Writes a provider as an operator wants it; `expected` is the version that the operator saw.
    pub async fn change_provider(
        &self,
        provider: &Provider,
        expected: u64,
        by: &By,
    ) -> Result<u64, RegisterError> {
        let refused = |field, code| Err(RegisterError::Refused { field, code });
        if let Some(address) = &provider.address
            && !is_address(address)
        {
            return refused("address", "address-invalid");
        }
        if let Some(certificate) = &provider.certificate
            && let Err(fault) = Certificate::read(certificate)
        {
            return refused("certificate", fault.code());
        }
        for (field, text) in
            [("name", Some(&provider.name)), ("organisation", provider.organisation.as_ref())]
        {
            if let Some(Err(code)) = text.map(|text| check::text(text)) {
                return refused(field, code);
            }
        }
        if provider.active && self.held_by_another(provider).await? {
            return refused("active", "identifier-held");
        }
        let stands = self.ports.providers.get(provider.id).await?;
        let Some(stands) = stands else { return Err(RegisterError::NotFound("provider")) };
        if stands.version != expected {
            return Err(RegisterError::Conflict);
        }
        if stands.provider == *provider {
            return Ok(expected);
        }
        let now = self.now();
        let objects = vec![(format!("Provider/{}", provider.id), Some(expected + 1))];
        let act = Act { objects, ..Act::new(Action::Update, "provider-changed") };
        self.record(&[self.entry(now, by, act)]).await?;
        match self.ports.providers.put(provider, Some(expected), now, &by.user.id).await {
            Ok(version) => Ok(version),
            Err(ProviderError::Conflict) => Err(RegisterError::Conflict),
            Err(ProviderError::IdentifierHeld(_)) => refused("active", "identifier-held"),
            Err(ProviderError::Port(error)) => Err(error.into()),
        }
    }
}

enum Planned {
    Refused(Findings),
    Unchanged(Findings),
    Change(Box<Change>),
}
