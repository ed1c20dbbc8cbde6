//! The notifier behind the gateway, on the same stores.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::NoticeId;
use zorgsluis_domain::port::AuditSink;
use zorgsluis_embedded::DataDirectory;
use zorgsluis_gateway::{Content, Letter, Letters, ReadLetter, Section};
use zorgsluis_notifier::{Notifier, Ports, Settings, SigningIdentity, SigningPem};
use zorgsluis_worker::ProcessError;

pub(crate) fn notifier(directory: &DataDirectory, audit: Arc<dyn AuditSink>) -> Notifier {
    static SIGNING: OnceLock<SigningPem> = OnceLock::new();
    let pem = SIGNING.get_or_init(|| {
        let now = directory.clock().now();
        SigningIdentity::generate("Ziekenhuis De Linde", "berichten@linde.example", now).unwrap()
    });
    let settings = Settings::new(
        "linde",
        "Ziekenhuis De Linde",
        "berichten@linde.example",
        "https://berichten.linde.example",
        Arc::new(SigningIdentity::from_pem(pem).unwrap()),
    );
    let ports = Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::new(directory.fhir_store()),
        patients: Arc::new(directory.patient_index()),
        directory: Arc::new(directory.provider_directory()),
        notices: Arc::new(directory.notice_register()),
        opt_outs: Arc::new(directory.opt_outs()),
        mailer: Arc::new(directory.outbox()),
        keys: Arc::new(directory.keys()),
        audit,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        clock: directory.clock(),
    };
    Notifier::new(ports, settings).unwrap()
}

/// As `zorgsluis serve` wires it.
pub(crate) struct TestLetters {
    pub(crate) notifier: Notifier,
    pub(crate) store_away: Arc<AtomicBool>,
}

#[async_trait]
impl Letters for TestLetters {
    async fn letter(&self, notice: NoticeId) -> Result<Content, PortError> {
        match self.notifier.letter(notice).await.map_err(port)? {
            zorgsluis_notifier::Content::Withheld { patient, why } => Ok(Content::Withheld { patient, why }),
            zorgsluis_notifier::Content::Letter(read) => Ok(Content::Letter(ReadLetter {
                patient: read.patient,
                read: read.read,
                letter: read.letter.map(shown),
            })),
        }
    }

    async fn follow(&self, notice: NoticeId) -> Result<(), PortError> {
        if self.store_away.load(Ordering::SeqCst) {
            return Err(PortError::unavailable("fhir.transaction", "switched off by the test"));
        }
        self.notifier.follow(notice).await.map_err(port)
    }
}

fn shown(letter: zorgsluis_notifier::Letter) -> Letter {
    let section = |section: zorgsluis_notifier::Section| Section {
        heading: section.heading.to_owned(),
        lines: section.lines.into_iter().map(|line| (line.text, line.mark.map(str::to_owned))).collect(),
    };
    Letter {
        language: letter.language,
        title: letter.title,
        opening: letter.opening,
        sections: letter.sections.into_iter().map(section).collect(),
    }
}

fn port(error: ProcessError) -> PortError {
    match error {
        ProcessError::Port(error) => error,
        ProcessError::Refused { code, .. } => PortError::Refused { operation: "letters", reason: code },
    }
}
