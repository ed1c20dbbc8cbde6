//! Which engine reads which text, and what leaves the organisation for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::runtime::Handle;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{Analysis, Language};
use zorgsluis_domain::{Phi, PortError};

use crate::finding::Findings;
use crate::note::{Text, Written};

/// The engines that read notes.
#[derive(Clone)]
pub struct Engines {
    /// Reads both languages, and finds out which one a text is written in. Nothing leaves the organisation.
    pub embedded: Arc<dyn TextAnalysis>,
    /// Reads English, where there is one. It never gets Dutch.
    pub english: Option<Arc<dyn TextAnalysis>>,
}

/// An engine and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EngineName {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl EngineName {
    pub(crate) fn of(engine: &dyn TextAnalysis) -> Self {
        Self { name: engine.engine().to_owned(), version: engine.version().to_owned() }
    }
}

/// What was read in a document.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) findings: Findings,
    pub(crate) engines: BTreeSet<EngineName>,
    /// Texts that an engine read.
    pub(crate) texts: u32,
}

/// How a text is to be read.
pub(crate) enum Step<'a> {
    /// The embedded engine read it, and found this.
    Read(Analysis),
    /// This engine is to be asked, which may be outside.
    Ask(&'a Arc<dyn TextAnalysis>),
    /// No engine reads this language.
    Nothing,
}

impl Engines {
    /// What is to be done with a text. Where it does not say its language, the embedded engine finds out.
    pub(crate) async fn first_step(&self, text: &Text) -> Result<Step<'_>, PortError> {
        let (language, analysis) = match text.written {
            Written::Otherwise => return Ok(Step::Nothing),
            Written::In(language) => (Some(language), None),
            Written::Unsaid => {
                let analysis = analyse(&self.embedded, text.text.clone(), None).await?;
                (analysis.language, Some(analysis))
            }
        };
        match (language, &self.english, analysis) {
            (Some(Language::English), Some(english), _) => Ok(Step::Ask(english)),
            (_, _, Some(analysis)) => Ok(Step::Read(analysis)),
            (language, _, None) => {
                Ok(Step::Read(analyse(&self.embedded, text.text.clone(), language).await?))
            }
        }
    }
}

/// Lets an engine read a text. One that is not outside reads it here and now, for as long as it takes: it
/// does so where it stalls nobody.
pub(crate) async fn analyse(
    engine: &Arc<dyn TextAnalysis>,
    text: Phi<String>,
    language: Option<Language>,
) -> Result<Analysis, PortError> {
    if engine.is_outside() {
        return engine.analyse(&text, language).await;
    }
    let (engine, runtime) = (Arc::clone(engine), Handle::current());
    aside(move || runtime.block_on(engine.analyse(&text, language))).await?
}

/// Runs what takes long and waits for nothing on a thread of its own. A panic there is one here.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PortError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The server is being stopped: the message comes again.
            Err(_) => Err(PortError::Unavailable { operation: "enrich", retry_after: None, cause: None }),
        },
    }
}
