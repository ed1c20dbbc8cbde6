//! Amazon Comprehend Medical reads English notes.
//!
//! Three operations read each text: `DetectEntitiesV2` finds conditions, medicines and what is said of them,
//! `InferICD10CM` and `InferRxNorm` give codes; `InferSNOMEDCT` does too, where the settings want it. Each has a
//! limit of its own for the length of a text, so each gets its own pieces ([`pieces`]); what is found in them is put
//! back to the places of the whole text and joined ([`merge`]).
//!
//! Requests are spread over time to stay under the quota of the account ([`pace`]), and counted: there is a number
//! of requests a day ([`budget`]). When it is used up the text is refused, and the enricher lets the embedded
//! recogniser read it: nobody's notice waits for tomorrow.

mod answer;
mod budget;
mod merge;
mod pace;
mod pieces;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use zorgsluis_clinical_text::language;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{Analysis, Language};
use zorgsluis_domain::{Clock, Phi, PortError};

use self::answer::Found;
use self::budget::Budget;
use self::pace::Pace;
use self::pieces::{Limit, Piece, pieces};
use crate::Clients;
use crate::failure::failed;

const ANALYSE: &str = "text_analysis.analyse";
/// The engine's name, as Provenance and audit entries give it.
const ENGINE: &str = "amazon-comprehend-medical";
/// The version of the service's API. The versions of its models are known from its answers only.
const API: &str = "2018-10-30";

/// What one request takes, by the quotas of the service.
const ENTITIES: Limit = Limit::Characters(20_000);
const CODES: Limit = Limit::Characters(10_000);
const SNOMED: Limit = Limit::Bytes(5_000);
/// Requests a second for each operation: the quota of an account that asked for no other.
const PER_SECOND: u32 = 40;
const SNOMED_PER_SECOND: u32 = 2;
/// When a throttled text comes again, where the service does not say.
const AGAIN: Duration = Duration::from_secs(2);

/// What an organisation decides about Comprehend Medical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComprehendMedicalSettings {
    /// The table that counts the requests of a day, for all instances together.
    pub budget_table: String,
    /// Requests a day at most (UTC).
    pub daily_limit: u64,
    /// Whether SNOMED CT codes are asked for too.
    pub snomed: bool,
}

/// Comprehend Medical. Cheap to clone; clones share pace and count.
#[derive(Clone)]
pub struct ComprehendMedical {
    client: aws_sdk_comprehendmedical::Client,
    budget: Budget,
    snomed: bool,
    paces: Arc<Paces>,
}

/// One for each operation.
struct Paces {
    entities: Pace,
    icd: Pace,
    rx_norm: Pace,
    snomed: Pace,
}

impl ComprehendMedical {
    /// The engine over the clients of this cold start.
    #[must_use]
    pub fn new(clients: &Clients, settings: ComprehendMedicalSettings, clock: Arc<dyn Clock>) -> Self {
        let ComprehendMedicalSettings { budget_table, daily_limit, snomed } = settings;
        Self {
            client: clients.comprehend_medical.clone(),
            budget: Budget::new(clients.dynamodb.clone(), budget_table, daily_limit, clock),
            snomed,
            paces: Arc::new(Paces {
                entities: Pace::new(PER_SECOND),
                icd: Pace::new(PER_SECOND),
                rx_norm: Pace::new(PER_SECOND),
                snomed: Pace::new(SNOMED_PER_SECOND),
            }),
        }
    }

    async fn read(&self, text: &str) -> Result<Analysis, PortError> {
        let (whole, short) = (pieces(text, ENTITIES), pieces(text, CODES));
        let tiny = if self.snomed { pieces(text, SNOMED) } else { Vec::new() };
        // All of a text or nothing of it: half a text would be paid for and thrown away.
        self.budget.take(whole.len() + 2 * short.len() + tiny.len()).await?;
        let (entities, icd, rx_norm, snomed) = tokio::try_join!(
            self.entities(&whole),
            self.icd(&short),
            self.rx_norm(&short),
            self.snomed(&tiny)
        )?;
        let model_version = [&entities, &icd, &rx_norm, &snomed]
            .into_iter()
            .zip(["entities", "icd-10-cm", "rxnorm", "snomed-ct"])
            .filter_map(|(found, name)| Some(format!("{name} {}", found.model.as_deref()?)))
            .fold(API.to_owned(), |all, one| format!("{all}; {one}"));
        let entities = merge::merge(text, entities.all, [icd.all, rx_norm.all, snomed.all]);
        Ok(Analysis { entities, language: Some(Language::English), model_version })
    }

    async fn entities(&self, pieces: &[Piece<'_>]) -> Result<Found, PortError> {
        let mut found = Found::default();
        for piece in pieces {
            self.paces.entities.wait().await;
            let answer = self.client.detect_entities_v2().text(piece.text).send().await.map_err(away)?;
            found.entities(piece.start, &answer);
        }
        Ok(found)
    }

    async fn icd(&self, pieces: &[Piece<'_>]) -> Result<Found, PortError> {
        let mut found = Found::default();
        for piece in pieces {
            self.paces.icd.wait().await;
            let answer = self.client.infer_icd10_cm().text(piece.text).send().await.map_err(away)?;
            found.icd(piece.start, &answer);
        }
        Ok(found)
    }

    async fn rx_norm(&self, pieces: &[Piece<'_>]) -> Result<Found, PortError> {
        let mut found = Found::default();
        for piece in pieces {
            self.paces.rx_norm.wait().await;
            let answer = self.client.infer_rx_norm().text(piece.text).send().await.map_err(away)?;
            found.rx_norm(piece.start, &answer);
        }
        Ok(found)
    }

    async fn snomed(&self, pieces: &[Piece<'_>]) -> Result<Found, PortError> {
        let mut found = Found::default();
        for piece in pieces {
            self.paces.snomed.wait().await;
            let answer = self.client.infer_snomedct().text(piece.text).send().await.map_err(away)?;
            found.snomed(piece.start, &answer);
        }
        Ok(found)
    }
}

/// What a failed request means; a quota that is used up asks for a little time.
fn away<E>(error: SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let throttled = matches!(error.code(), Some("ThrottlingException" | "TooManyRequestsException"))
        || error.raw_response().is_some_and(|response| response.status().as_u16() == 429);
    match failed(ANALYSE, error) {
        PortError::Unavailable { operation, retry_after: None, cause } if throttled => {
            PortError::Unavailable { operation, retry_after: Some(AGAIN), cause }
        }
        error => error,
    }
}

#[async_trait]
impl TextAnalysis for ComprehendMedical {
    fn engine(&self) -> &str {
        ENGINE
    }

    fn version(&self) -> &str {
        API
    }

    fn is_outside(&self) -> bool {
        true
    }

    async fn analyse(&self, text: &Phi<String>, language: Option<Language>) -> Result<Analysis, PortError> {
        let text = text.expose_phi();
        let language = language.or_else(|| language::detect(text));
        if language != Some(Language::English) || text.trim().is_empty() {
            return Ok(Analysis { entities: Vec::new(), language, model_version: API.to_owned() });
        }
        self.read(text).await
    }
}

impl std::fmt::Debug for ComprehendMedical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComprehendMedical").field("snomed", &self.snomed).finish_non_exhaustive()
    }
}
