//! The SDK clients, made once per cold start.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{Builder, tls};

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(2);
/// For one attempt. A long poll of SQS has a time of its own.
const ATTEMPT: Duration = Duration::from_secs(8);
/// For an operation with all its attempts.
const OPERATION: Duration = Duration::from_secs(25);
/// The first and three more, with growing pauses.
const ATTEMPTS: u32 = 4;

/// Where services are reached when it is not AWS itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// All of them.
    pub all: Option<String>,
    /// Comprehend Medical, where it stands elsewhere.
    pub comprehend_medical: Option<String>,
}

/// The SDK clients. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clients {
    config: SdkConfig,
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// SES.
    pub ses: aws_sdk_sesv2::Client,
    /// Comprehend Medical.
    pub comprehend_medical: aws_sdk_comprehendmedical::Client,
}

impl Clients {
    /// Clients for a region. Without `credentials` those that the SDK finds: in a function and in a container
    /// those of its role.
    pub async fn load(region: &str, endpoints: &Endpoints, credentials: Option<Credentials>) -> Self {
        let http = Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        if let Some(all) = &endpoints.all {
            loader = loader.endpoint_url(all);
        }
        if let Some(credentials) = credentials {
            loader = loader.credentials_provider(credentials);
        }
        Self::of(loader.load().await, endpoints)
    }

    fn of(config: SdkConfig, endpoints: &Endpoints) -> Self {
        // Names of buckets are no names of hosts where an emulator stands.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(endpoints.all.is_some()).build();
        let mut medical = aws_sdk_comprehendmedical::config::Builder::from(&config);
        medical.set_endpoint_url(endpoints.comprehend_medical.clone().or_else(|| endpoints.all.clone()));
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::new(&config),
            kms: aws_sdk_kms::Client::new(&config),
            ses: aws_sdk_sesv2::Client::new(&config),
            comprehend_medical: aws_sdk_comprehendmedical::Client::from_conf(medical.build()),
            config,
        }
    }

    /// What the clients were made from: credentials, region and HTTP client for the calls that no SDK makes.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }
}
