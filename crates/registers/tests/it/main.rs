//! The registers over the embedded stores.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod operator;
mod patients;
mod providers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{AuditSink, Clock, PageRequest, Provider, ProviderDirectory as _};
use zorgsluis_domain::{AuditEntry, PortError};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_registers::{By, Files, Options, Ports, RegisterError, Registers, Report, Source};

/// A log that can be switched off.
#[derive(Default)]
struct Sink {
    entries: Mutex<Vec<AuditEntry>>,
    broken: AtomicBool,
}

#[async_trait]
impl AuditSink for Sink {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(PortError::unavailable("audit.record", "switched off by the test"));
        }
        self.entries.lock().unwrap().extend_from_slice(entries);
        Ok(())
    }
}

/// Registers in a data directory of their own.
struct World {
    directory: DataDirectory,
    registers: Registers,
    audit: Arc<Sink>,
    _folder: TempDir,
}

const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");

fn event_file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{EVENTS}/{name}")).unwrap()
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(FixedClock("2026-11-22T10:00:00Z".parse().unwrap()));
        let directory = DataDirectory::open_with_clock(folder.path().join("data"), clock).unwrap();
        let audit = Arc::new(Sink::default());
        let registers = Registers::new(ports(&directory, &audit), "linde");
        Self { registers, directory, audit, _folder: folder }
    }

    async fn providers(&self, source: Source<'_>) -> Result<Report, RegisterError> {
        self.registers.import_providers(&source, Options::default(), &By::command_line()).await
    }

    async fn patients(&self, source: Source<'_>) -> Result<Report, RegisterError> {
        self.registers.import_patients(&source, Options::default(), &By::command_line()).await
    }

    async fn all(&self) -> Vec<Provider> {
        let found = self.directory.provider_directory().list(&PageRequest::first(1000)).await.unwrap();
        found.items.into_iter().map(|stored| stored.provider).collect()
    }

    fn entries(&self) -> Vec<AuditEntry> {
        std::mem::take(&mut self.audit.entries.lock().unwrap())
    }

    fn break_log(&self) {
        self.audit.broken.store(true, Ordering::SeqCst);
    }
}

fn ports(directory: &DataDirectory, audit: &Arc<Sink>) -> Ports {
    Ports {
        providers: Arc::new(directory.provider_directory()),
        patients: Arc::new(directory.patient_index()),
        opt_outs: Arc::new(directory.opt_outs()),
        notices: Arc::new(directory.notice_register()),
        fhir: Arc::new(directory.fhir_store()),
        keys: Arc::new(directory.keys()),
        audit: audit.clone(),
        clock: directory.clock(),
    }
}

/// Line, column, code and whether it is refused, of each problem.
fn problems(report: &Report) -> Vec<(u64, &str, &str, bool)> {
    let problems = report.problems.iter();
    problems.map(|one| (one.line, one.at.as_str(), one.code.as_str(), one.refused)).collect()
}

fn csv<'a>(data: &'a str, mapping: &'a str, files: &'a Files) -> Source<'a> {
    Source::Csv { data: data.as_bytes(), mapping, files }
}
