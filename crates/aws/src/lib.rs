//! The ports of Zorgsluis on AWS, and what every function shares.
//!
//! # Words
//!
//! * **adapter**: an implementation of a port on an AWS service. Cheap to clone; all of them pass the contract
//!   suite that `embedded` passes (`tests/contract`).
//! * **clients**: the SDK clients, made once per cold start ([`Clients`]), with the time-outs and retries of
//!   this crate and the credentials of the function's role.
//! * **table**: a DynamoDB table. Keys, attributes and indexes of each stand in `tables/*.json`, which the
//!   infrastructure and the tests read too, so that they cannot differ.
//! * **action**: an IAM action that an adapter needs, `actions/*.json`: one file for each port. A function is
//!   granted the actions of its ports (`functions/*.json`) and no other.
//!
//! # PHI
//!
//! No name of an object, key of an item, queue attribute, tag, log line, metric or error text holds PHI. What an
//! SDK error says stays in the source of the [`PortError`](zorgsluis_domain::PortError) and is never printed.

mod clients;
mod comprehend_medical;
mod dead_letters;
mod engines;
mod erasure;
mod failure;
pub mod function;
mod healthlake;
mod hindered;
mod journal;
mod keys;
mod log;
pub mod logs;
mod mailer;
mod messages;
mod notices;
mod opt_outs;
mod parts;
mod patient_index;
mod payloads;
mod provider_directory;
mod queue;
mod random;
mod settings;
mod settings_bucket;
mod system;
mod table;

pub use clients::{Clients, Endpoints};
pub use comprehend_medical::{ComprehendMedical, ComprehendMedicalSettings};
pub use dead_letters::DynamoDeadLetters;
pub use engines::MailSigning;
pub use erasure::{AwsErasures, Pace, S3Tombstones};
pub use healthlake::{HealthLake, HealthLakeLimits};
pub use journal::DynamoJournal;
pub use keys::{AwsKeys, KeySettings};
pub use log::{DynamoEntryIndex, KmsSigner, S3LogStorage};
pub use mailer::{NOTICE_TAG, SesMailer};
pub use notices::DynamoNoticeRegister;
pub use opt_outs::DynamoOptOuts;
pub use parts::{FHIR_PROCESSES, Parts};
pub use patient_index::DynamoPatientIndex;
pub use payloads::S3Payloads;
pub use provider_directory::DynamoProviderDirectory;
pub use queue::SqsQueue;
pub use settings::{Program, Settings, SettingsError, Variable};
pub use settings_bucket::SettingsBucket;
pub use system::{SystemClock, SystemRandom};
