//! Engines outside the organisation: what they get of a note, and the entry that says so.

use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{Analysis, Language};

use crate::Enricher;
use crate::engine::EngineName;
use crate::note::{Document, Text};
use crate::run::Done;
use crate::trail::Trail;

pub(crate) struct Outside<'a> {
    enricher: &'a Enricher,
    document: &'a Document,
    patient: Option<Uuid>,
    trail: &'a Trail<'a>,
}
impl<'a> Outside<'a> {
    pub(crate) fn new(
        enricher: &'a Enricher,
        document: &'a Document,
        patient: Option<Uuid>,
        trail: &'a Trail<'a>,
    ) -> Self {
        Self { enricher, document, patient, trail }
    }
    pub(crate) async fn ask(
        &mut self,
        engine: &dyn TextAnalysis,
        text: &Text,
        done: &mut Done,
    ) -> Result<Analysis, PortError> {
        let entries = [self.trail.of_disclosure(
            self.document,
            text.attachment,
            &EngineName::of(engine),
            false,
            self.patient,
        )];
        self.enricher.audit.record(&entries).await?;
        done.entries(&entries);
        engine.analyse(&text.text, Some(Language::English)).await
    }
}
