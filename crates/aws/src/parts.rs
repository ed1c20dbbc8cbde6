//! The ports on AWS, made from the settings once.

use std::sync::Arc;
use std::time::Duration;

use tlog::{EntryIndex, Signer};
use tokio::sync::OnceCell;
use zorgsluis_domain::port::{
    DeadLetters, ErasureStore, FhirStore, Journal, Keys, NoticeRegister, OptOuts, PatientIndex, PayloadStore,
    ProviderDirectory, Queue, TombstoneStore,
};
use zorgsluis_domain::{Clock, PortError};

use crate::function::Failed;
use crate::{
    AwsErasures, AwsKeys, Clients, DynamoDeadLetters, DynamoEntryIndex, DynamoJournal, DynamoNoticeRegister,
    DynamoOptOuts, DynamoPatientIndex, DynamoProviderDirectory, HealthLake, HealthLakeLimits, KeySettings,
    KmsSigner, Pace, S3LogStorage, S3Payloads, S3Tombstones, Settings, SettingsBucket, SettingsError,
    SqsQueue, SystemClock, Variable,
};

/// How many processes share what the FHIR store takes: the concurrencies of the functions that have it, together
/// (`functions/*.json`), once for each of their queues. Lambda starts no more of them at once.
pub const FHIR_PROCESSES: u32 = 10;

/// Makes the ports of a program. Each is made when it is asked for: a program that does not ask for a port needs
/// neither its settings nor its rights.
#[derive(Debug, Clone)]
pub struct Parts {
    settings: Arc<Settings>,
    clients: Clients,
    keys: Arc<OnceCell<AwsKeys>>,
}

impl Parts {
    /// Makes the clients, with the credentials of the program's role.
    pub async fn load(settings: Arc<Settings>) -> Self {
        let clients = Clients::load(&settings.region, &settings.endpoints, None).await;
        Self::new(settings, clients)
    }

    /// With clients that there are.
    #[must_use]
    pub fn new(settings: Arc<Settings>, clients: Clients) -> Self {
        Self { settings, clients, keys: Arc::default() }
    }

    /// What was set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The SDK clients.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// What was set that is no word of the environment: keys, profiles, what signs mails.
    ///
    /// # Errors
    ///
    /// When the program has no such setting.
    pub fn bucket(&self) -> Result<SettingsBucket, SettingsError> {
        Ok(SettingsBucket::new(&self.clients, self.settings.need(Variable::SettingsBucket)?))
    }

    /// Pseudonyms, and encryption per patient and class: the keys of pseudonyms are read and unwrapped here, once.
    ///
    /// # Errors
    ///
    /// A setting that the program lacks; what S3 and KMS answer.
    pub async fn keys(&self) -> Result<Arc<dyn Keys>, Failed> {
        Ok(Arc::new(self.aws_keys().await?))
    }

    /// One for all ports of the program: what one of them destroys opens nothing for the others.
    async fn aws_keys(&self) -> Result<AwsKeys, Failed> {
        self.keys.get_or_try_init(|| self.load_keys()).await.cloned()
    }

    async fn load_keys(&self) -> Result<AwsKeys, Failed> {
        let settings = KeySettings {
            table: self.settings.table("keys"),
            pseudonyms: self.settings.need(Variable::PseudonymKey)?.to_owned(),
            phi: self.settings.need(Variable::PhiKey)?.to_owned(),
            audit: self.settings.need(Variable::AuditKey)?.to_owned(),
        };
        Ok(AwsKeys::load(&self.clients, &self.bucket()?, &settings, self.clock()).await?)
    }

    /// The raw messages, sealed by `keys`.
    ///
    /// # Errors
    ///
    /// When the program has no such setting.
    pub fn payloads(&self, keys: &Arc<dyn Keys>) -> Result<Arc<dyn PayloadStore>, SettingsError> {
        let bucket = self.settings.need(Variable::RawBucket)?;
        let table = self.settings.table("messages");
        Ok(Arc::new(S3Payloads::new(&self.clients, bucket, table, Arc::clone(keys))))
    }

    /// The way of each message.
    #[must_use]
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(DynamoJournal::new(&self.clients, self.settings.table("messages")))
    }

    /// What was set aside.
    #[must_use]
    pub fn dead_letters(&self) -> Arc<dyn DeadLetters> {
        Arc::new(DynamoDeadLetters::new(&self.clients, self.settings.table("dead-letters")))
    }

    /// Whose identifier is whose.
    #[must_use]
    pub fn patients(&self) -> Arc<dyn PatientIndex> {
        Arc::new(DynamoPatientIndex::new(&self.clients, self.settings.table("patient-index"), self.clock()))
    }

    /// Who may be told, and at which address.
    #[must_use]
    pub fn providers(&self) -> Arc<dyn ProviderDirectory> {
        Arc::new(DynamoProviderDirectory::new(&self.clients, self.settings.table("providers")))
    }

    /// Which notices were sent.
    #[must_use]
    pub fn notices(&self) -> Arc<dyn NoticeRegister> {
        Arc::new(DynamoNoticeRegister::new(&self.clients, self.settings.table("notices")))
    }

    /// The patients' wishes.
    #[must_use]
    pub fn opt_outs(&self) -> Arc<dyn OptOuts> {
        Arc::new(DynamoOptOuts::new(&self.clients, self.settings.table("opt-outs")))
    }

    /// What was destroyed, kept apart from the tables.
    ///
    /// # Errors
    ///
    /// When the program has no such setting.
    pub fn tombstones(&self) -> Result<Arc<dyn TombstoneStore>, SettingsError> {
        Ok(Arc::new(self.s3_tombstones()?))
    }

    fn s3_tombstones(&self) -> Result<S3Tombstones, SettingsError> {
        let bucket = self.settings.need(Variable::LogBucket)?;
        let retention = self.settings.number(Variable::LogRetentionDays)?;
        Ok(S3Tombstones::new(&self.clients, bucket, self.settings.organisation(), retention))
    }

    /// What destroys what stands about a patient, and what was declared to forbid it.
    ///
    /// # Errors
    ///
    /// As of [`keys`](Self::keys) and [`fhir`](Self::fhir).
    pub async fn erasures(&self) -> Result<Arc<dyn ErasureStore>, Failed> {
        let keys = self.aws_keys().await?;
        let fhir = self.health_lake(&keys)?;
        let prefix = self.settings.get(Variable::TablePrefix).unwrap_or_default();
        let bucket = self.settings.need(Variable::RawBucket)?;
        let tombstones = self.s3_tombstones()?;
        let settle = self.settings.number(Variable::ErasureWait)?;
        let pace = Pace { settle: Duration::from_secs(settle.into()), ..Pace::default() };
        let erasures = AwsErasures::new(&self.clients, prefix, bucket, fhir, keys, tombstones);
        Ok(Arc::new(erasures.at_pace(pace)))
    }

    /// The objects of the log.
    ///
    /// # Errors
    ///
    /// When the program has no such setting.
    pub fn log_storage(&self) -> Result<Arc<S3LogStorage>, SettingsError> {
        let retention = self.settings.number(Variable::LogRetentionDays)?;
        let bucket = self.settings.need(Variable::LogBucket)?;
        Ok(Arc::new(S3LogStorage::new(&self.clients, bucket, retention)))
    }

    /// The index of the log of a shard.
    #[must_use]
    pub fn entry_index(&self, shard: &str) -> Arc<dyn EntryIndex> {
        Arc::new(DynamoEntryIndex::new(&self.clients, &self.settings.table("log-index"), shard))
    }

    /// What signs the checkpoints of the log of this name, by the variable that holds the key.
    ///
    /// # Errors
    ///
    /// A setting that the program lacks; what KMS answers.
    pub async fn log_signer(&self, key: Variable, origin: &str) -> Result<Arc<dyn Signer>, Failed> {
        Ok(Arc::new(KmsSigner::load(&self.clients, self.settings.need(key)?, origin).await?))
    }

    /// A queue, by the variable that holds its URL.
    ///
    /// # Errors
    ///
    /// When the program has no such setting.
    pub fn queue(&self, queue: Variable) -> Result<Arc<dyn Queue>, SettingsError> {
        Ok(Arc::new(SqsQueue::new(&self.clients, self.settings.need(queue)?)))
    }

    /// The FHIR store. A process takes its share of what the store takes a second, one Bundle at least; the
    /// [others](FHIR_PROCESSES) may be at work at the same time.
    ///
    /// # Errors
    ///
    /// A setting that the program lacks, or an address that cannot be one.
    pub fn fhir(&self, keys: &Arc<dyn Keys>) -> Result<Arc<dyn FhirStore>, Failed> {
        Ok(Arc::new(self.health_lake(&**keys)?))
    }

    fn health_lake(&self, keys: &dyn Keys) -> Result<HealthLake, Failed> {
        let endpoint = self.settings.need(Variable::FhirStore)?;
        let all = self.settings.number(Variable::FhirBundles)?;
        let share = HealthLakeLimits { bundles_per_second: all / FHIR_PROCESSES, ..Default::default() };
        Ok(HealthLake::new(&self.clients, endpoint, keys, share)?)
    }

    /// The profiles of senders, with the names of their files.
    ///
    /// # Errors
    ///
    /// A setting that the program lacks; what S3 answers; a file that is no UTF-8.
    pub async fn profiles(&self) -> Result<Vec<(String, String)>, Failed> {
        let mut profiles = Vec::new();
        for (name, bytes) in self.bucket()?.profiles().await? {
            let reason = format!("the profile {name} is no UTF-8");
            let damaged = |_| PortError::Damaged { operation: "settings.profiles", reason };
            profiles.push((name.clone(), String::from_utf8(bytes).map_err(damaged)?));
        }
        Ok(profiles)
    }
}
