//! A log on the embedded stores, with entries about invented people.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};
use tempfile::TempDir;
use tlog::Signer as _;
use zorgsluis_audit_answers::{Asked, Extent, Format, Language, Subject, Written, write};
use zorgsluis_audit_writer::{AuditLog, AuditWriter, Form, LogReader, Question, ReadBy, Reading};
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, DataCategory, Deed, Event, EventKind, PatientObject, PurposeOfUse,
    Source, User,
};
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::{AuditEntry, EntryId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

pub(crate) const ANNA: &str = "Patient/5c2f7e1a-9d0b-5e6f-8a41-3b7d9c0e1f22";
pub(crate) const BRAM: &str = "Patient/77aa1b34-0c1d-5e2f-8b3a-4d5e6f708192";
/// What no answer without names tells.
pub(crate) const SECRETS: [&str; 4] = ["arts-17", "Waterman", "900030787", "11223344"];

pub(crate) struct World {
    pub(crate) directory: DataDirectory,
    pub(crate) writer: Arc<AuditWriter>,
    _folder: TempDir,
}

fn source() -> Source {
    Source { enterprise_site_id: "ziekenhuis-linde".into(), source_id: "gateway".into(), source_type: 4 }
}

/// Hours after 2026-11-16T08:00:00Z.
pub(crate) fn time(hours: i64) -> Timestamp {
    Timestamp::from_second(1_794_816_000).unwrap() + hours.hours()
}

/// A doctor reads a result of a patient.
pub(crate) fn read(hour: i64, patient: &str) -> AuditEntry {
    let user = User {
        name: Some("H.J. van der Waterman".into()),
        uzi: Some("900030787".into()),
        agb: Some("11223344".into()),
        roles: vec!["http://fhir.nl/fhir/NamingSystem/uzi-rolcode|01.015".into()],
        department: Some("INT".into()),
        purpose: Some(PurposeOfUse::Treatment),
        ..User::system("arts-17", true)
    };
    let event = Event::success(EventKind::ResourceRead, Action::Read);
    let id = EntryId::derived(time(hour), &format!("{hour} {patient}"));
    let mut entry = AuditEntry::of(Deed::read())
        .at(id, time(hour))
        .by(user)
        .through(AccessMethod::Http, Application::zorgsluis())
        .reported_by(source())
        .build();
    entry.event = event;
    entry.patient = Some(PatientObject { reference: patient.into() });
    entry.data_categories = vec![DataCategory::Results];
    entry.legal_basis.authorisation_protocol = Some("policy/7".into());
    entry.legal_basis.treatment_relationship_protocol = Some("admission/1".into());
    entry.legal_basis.consent_profile = Some("opt-in".into());
    entry
}

impl World {
    pub(crate) async fn with(entries: &[AuditEntry]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let signer = Arc::new(directory.log_signer("zorgsluis/linde").unwrap());
        let log = AuditLog::new(
            Arc::new(directory.log_storage()),
            Arc::new(directory.entry_index("linde")),
            Arc::new(directory.keys()),
            "linde",
            "zorgsluis/linde",
            vec![signer.verifying_key().clone()],
        );
        let writer = AuditWriter::open(log.unwrap(), &SystemRandom, signer).await.unwrap();
        writer.append(entries).await.unwrap();
        Self { directory, writer: Arc::new(writer), _folder: folder }
    }

    /// Asks at hour 1000.
    pub(crate) async fn ask(&self, asked: &Asked, form: Form, after: Option<&str>) -> Reading {
        let by = ReadBy {
            user: User::system("privacy-officer", true),
            responsible: None,
            access: AccessMethod::CommandLine,
            source: source(),
        };
        let clock = Arc::new(FixedClock(time(1000)));
        let log = self.writer.log().clone();
        let reader = LogReader::new(log, self.writer.clone(), clock, Arc::new(SystemRandom), by);
        let (from, to) = asked.period().unwrap();
        let question = Question {
            terms: asked.subject.terms(),
            from,
            to,
            newest_first: asked.newest_first,
            after: after.map(str::to_owned),
            form,
            note: asked.with_names.then(|| "with names".to_owned()),
        };
        reader.ask(&question).await.unwrap()
    }

    pub(crate) async fn told(&self, asked: &Asked, extent: Extent, format: Format) -> (String, Written) {
        self.told_behind(asked, extent, format, None).await
    }

    pub(crate) async fn told_behind(
        &self,
        asked: &Asked,
        extent: Extent,
        format: Format,
        after: Option<&str>,
    ) -> (String, Written) {
        let mut reading = self.ask(asked, Form::Shown, after).await;
        let mut out = Vec::new();
        let written = write(&mut reading, asked, extent, format, &mut out).await.unwrap();
        (String::from_utf8(out).unwrap(), written)
    }
}

pub(crate) const ALL: Extent = Extent { page: None, totals: true };

/// What is asked, of everything before the readings of the tests themselves.
pub(crate) fn asked(subject: Subject) -> Asked {
    Asked {
        subject,
        organisation: "linde".into(),
        from: None,
        to: Some("2026-12-15".parse().unwrap()),
        newest_first: false,
        with_names: false,
        language: Language::Dutch,
        made: time(1000),
    }
}

pub(crate) fn about(patient: &str) -> Asked {
    asked(Subject::Patient(vec![patient.to_owned()]))
}
