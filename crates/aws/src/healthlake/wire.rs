//! Signed requests to one data store, with time-outs and a budget of attempts.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};
use zorgsluis_domain::{Clock, PortError};

use super::HealthLakeLimits;
use super::pace::Pace;
use crate::{Clients, SystemClock};

type Cause = Box<dyn Error + Send + Sync>;

/// Name of the service in signatures.
const SERVICE: &str = "healthlake";
/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(2);
/// The pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// A wait that the service asks for and that is not worth going back to the queue for.
const SHORT: Duration = Duration::from_secs(2);
/// Credentials are asked for anew this long before they expire.
const EXPIRY: Duration = Duration::from_secs(300);
/// Bytes of an answer at most: 160 resources of a hundred kilobytes.
const MAX_ANSWER: usize = 16 << 20;

/// What is asked.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) operation: &'static str,
    pub(super) method: &'static str,
    /// Behind the endpoint: never a value that was searched for.
    pub(super) path: String,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    /// Whether it counts as a request with a Bundle.
    pub(super) bundle: bool,
}

impl Ask {
    pub(super) fn get(operation: &'static str, path: String) -> Self {
        Self { operation, method: "GET", path, content_type: "", body: Bytes::new(), bundle: false }
    }
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<Timestamp>,
    retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

/// Why an attempt gave no answer that can be used; it may have been carried out.
pub(super) struct Trouble {
    retry_after: Option<Duration>,
    /// Certainly not carried out.
    pub(super) undone: bool,
    /// Another attempt would meet the same.
    lasting: bool,
    cause: Cause,
}

impl Trouble {
    pub(super) fn failed(self, operation: &'static str) -> PortError {
        PortError::Unavailable { operation, retry_after: self.retry_after, cause: Some(self.cause) }
    }
}

/// A status that is trouble.
#[derive(Debug)]
struct Status(u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.0)
    }
}

impl Error for Status {}

/// One data store.
pub(super) struct Wire {
    /// With a slash at its end.
    endpoint: String,
    region: String,
    provider: SharedCredentialsProvider,
    credentials: Mutex<Option<Credentials>>,
    connector: SharedHttpConnector,
    pace: Pace,
    limits: HealthLakeLimits,
}

impl Wire {
    pub(super) fn new(
        clients: &Clients,
        endpoint: &str,
        limits: HealthLakeLimits,
    ) -> Result<Self, PortError> {
        let refused = |reason: &str| PortError::Refused { operation: "fhir.open", reason: reason.to_owned() };
        let config = clients.config();
        let local =
            ["http://127.0.0.1:", "http://localhost:"].iter().any(|start| endpoint.starts_with(start));
        if !(endpoint.starts_with("https://") || local) || endpoint.contains(['?', '#', '@']) {
            return Err(refused("the endpoint is no https URL"));
        }
        let region = config.region().ok_or_else(|| refused("no region"))?.to_string();
        let provider = config.credentials_provider().ok_or_else(|| refused("no credentials"))?;
        let settings =
            HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(limits.attempt).build();
        let connector = Connector::builder()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .connector_settings(settings)
            .build();
        Ok(Self {
            endpoint: format!("{}/", endpoint.trim_end_matches('/')),
            region,
            provider,
            credentials: Mutex::new(None),
            connector: SharedHttpConnector::new(connector),
            pace: Pace::new(limits.bundles_per_second),
            limits,
        })
    }

    /// The end of the time that one operation may take.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.limits.operation
    }

    /// Attempts at most.
    pub(super) const fn attempts(&self) -> u32 {
        self.limits.attempts
    }

    /// Asks until there is an answer that is not trouble, within the budget. Only for what may be done twice.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Answer, PortError> {
        let deadline = self.deadline();
        let mut attempt = 1;
        loop {
            match self.once(ask, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => match self.wait(&trouble, attempt, deadline).await {
                    true => attempt += 1,
                    false => return Err(trouble.failed(ask.operation)),
                },
            }
        }
    }

    /// Waits before another attempt; not when none is left, or when the service asks for a long wait: then the
    /// message goes back to the queue.
    pub(super) async fn wait(&self, trouble: &Trouble, attempt: u32, deadline: Instant) -> bool {
        let pause =
            trouble.retry_after.unwrap_or(PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(5)));
        let end = Instant::now() + pause;
        if trouble.lasting || attempt >= self.limits.attempts || pause > SHORT || end >= deadline {
            return false;
        }
        sleep_until(end).await;
        true
    }

    /// One attempt. Statuses that say nothing about the request itself are trouble.
    pub(super) async fn once(&self, ask: &Ask, deadline: Instant) -> Result<Answer, Trouble> {
        let undone = |cause| Trouble { retry_after: None, undone: true, lasting: false, cause };
        if ask.bundle {
            self.pace.turn(deadline).await.map_err(|wait| Trouble {
                retry_after: Some(wait),
                ..undone("no turn before the end of the time".into())
            })?;
        }
        let end = deadline.min(Instant::now() + self.limits.attempt);
        let signed = timeout_at(end, self.signed(ask)).await;
        let request = signed.map_err(|cause| undone(cause.into()))?.map_err(undone)?;
        let lost = |cause| Trouble { retry_after: None, undone: false, lasting: false, cause };
        let answer = timeout_at(end, self.answer(request)).await;
        let answer = answer.map_err(|cause| lost(cause.into()))?.map_err(lost)?;
        match answer.status {
            // Not allowed: an operator mends that, and the request is good.
            401 | 403 | 408 | 425 | 429 | 500.. => {
                let (status, retry_after) = (answer.status, answer.retry_after);
                if ask.bundle && status == 429 {
                    self.pace.hold(retry_after.unwrap_or(PAUSE)).await;
                }
                let lasting = matches!(status, 401 | 403);
                if lasting {
                    *self.credentials.lock().await = None;
                }
                let undone = lasting || status == 429;
                Err(Trouble { retry_after, undone, lasting, cause: Box::new(Status(status)) })
            }
            _ => Ok(answer),
        }
    }

    async fn signed(&self, ask: &Ask) -> Result<HttpRequest, Cause> {
        let uri = format!("{}{}", self.endpoint, ask.path);
        let mut headers = vec![
            ("accept", "application/fhir+json"),
            // What is not understood is refused, and never left out of a search.
            ("prefer", "handling=strict"),
            // Resources whose index is behind are found too, in the version before.
            ("x-amz-fhir-history-consistency-level", "strong"),
        ];
        if !ask.content_type.is_empty() {
            headers.push(("content-type", ask.content_type));
        }
        let now = SystemTime::from(SystemClock.now());
        let identity = self.credentials(now).await?.into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(now)
            .settings(settings)
            .build()?
            .into();
        let body = SignableBody::Bytes(&ask.body);
        let signable = SignableRequest::new(ask.method, uri.as_str(), headers.iter().copied(), body)?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(ask.body.clone()));
        request.set_method(ask.method)?;
        request.set_uri(uri)?;
        for (name, value) in headers {
            request.headers_mut().try_insert(name, value)?;
        }
        for (name, value) in instructions.headers() {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
        }
        Ok(request)
    }

    /// Those of the role, until shortly before they expire.
    async fn credentials(&self, now: SystemTime) -> Result<Credentials, Cause> {
        let mut held = self.credentials.lock().await;
        if let Some(credentials) = held.as_ref()
            && credentials.expiry().is_none_or(|expiry| now + EXPIRY < expiry)
        {
            return Ok(credentials.clone());
        }
        let credentials = self.provider.provide_credentials().await?;
        *held = Some(credentials.clone());
        Ok(credentials)
    }

    async fn answer(&self, request: HttpRequest) -> Result<Answer, Cause> {
        let mut response = self.connector.call(request).await?;
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        let (status, etag) = (response.status().as_u16(), header("etag"));
        let last_modified = header("last-modified")
            .and_then(|text| rfc2822::parse(&text).ok())
            .map(|zoned| zoned.timestamp());
        let retry_after = header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let mut body = BytesMut::new();
        let mut stream = ByteStream::new(response.take_body());
        while let Some(data) = stream.try_next().await? {
            if body.len().saturating_add(data.len()) > MAX_ANSWER {
                return Err("the answer is too long".into());
            }
            body.extend_from_slice(&data);
        }
        Ok(Answer { status, etag, last_modified, retry_after, body: body.freeze() })
    }
}
