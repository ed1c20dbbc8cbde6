//! Reading clinical notes.

use async_trait::async_trait;

use crate::text::{Analysis, Language};
use crate::{Phi, PortError};

/// Finds conditions and medicines in free text.
#[async_trait]
pub trait TextAnalysis: Send + Sync {
    /// The engine's name, as Provenance and audit entries name it: `zorgsluis-recogniser`.
    fn engine(&self) -> &str;

    /// The engine's version, vocabulary included, as [`Analysis::model_version`] gives it. Of an engine outside
    /// only the version of its interface may be known before it answers; the analysis tells the rest.
    fn version(&self) -> &str;

    /// Whether the text leaves the organisation. It is de-identified first where the settings say so.
    fn is_outside(&self) -> bool;

    /// Analyses one text. Without a language the engine finds out; a language that it does not read
    /// gives no entities, which is no error.
    ///
    /// # Errors
    ///
    /// [`PortError::Unavailable`] when the engine cannot be reached or its quota is used up;
    /// [`PortError::Refused`] when it will not take this text: never, or not before what a day may cost is there
    /// again. Another engine reads it then.
    async fn analyse(&self, text: &Phi<String>, language: Option<Language>) -> Result<Analysis, PortError>;
}
