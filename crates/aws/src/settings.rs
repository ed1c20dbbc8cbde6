//! What is set from outside: the environment, read once.

use std::collections::HashMap;
use std::fmt;

use tlog::WitnessKey;

use crate::Endpoints;

/// A program that runs on AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Behind the API: takes messages; and sweeps.
    Ingest,
    /// Behind the inbound queue.
    Converter,
    /// Behind the queue of notes.
    Enricher,
    /// Behind the queue of notices, and that of the events of mails.
    Notifier,
    /// Behind the audit queue.
    AuditWriter,
    /// The MLLP listener, a container.
    Listener,
    /// The command line of an operator. What a command does not use need not be set.
    CommandLine,
}

impl Program {
    /// All that are deployed.
    pub const ALL: [Self; 6] =
        [Self::Ingest, Self::Converter, Self::Enricher, Self::Notifier, Self::AuditWriter, Self::Listener];

    /// Its name: of its crate, of its file in `functions/`, in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Converter => "converter",
            Self::Enricher => "enricher",
            Self::Notifier => "notifier",
            Self::AuditWriter => "audit-writer",
            Self::Listener => "listener",
            Self::CommandLine => "command-line",
        }
    }

    /// What it reads from the environment; the same stands in `functions/*.json`, from which the
    /// infrastructure sets it.
    #[must_use]
    pub const fn variables(self) -> &'static [Variable] {
        use Variable as V;
        match self {
            Self::Ingest => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::SettingsBucket,
                V::InboundQueue,
                V::AuditQueue,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
            ],
            Self::CommandLine => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::LogBucket,
                V::SettingsBucket,
                V::InboundQueue,
                V::AuditQueue,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
                V::LogSigningKey,
                V::FhirStore,
                V::FhirBundles,
                V::LogRetentionDays,
                V::ErasureWait,
            ],
            Self::Converter => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::SettingsBucket,
                V::InboundQueue,
                V::NotesQueue,
                V::NoticesQueue,
                V::AuditQueue,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
                V::FhirStore,
                V::FhirBundles,
            ],
            Self::Enricher => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::SettingsBucket,
                V::NotesQueue,
                V::NoticesQueue,
                V::AuditQueue,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
                V::FhirStore,
                V::FhirBundles,
                V::ComprehendMedical,
                V::ComprehendMedicalDailyLimit,
                V::ComprehendMedicalSnomed,
            ],
            Self::Notifier => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::SettingsBucket,
                V::NoticesQueue,
                V::AuditQueue,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
                V::FhirStore,
                V::FhirBundles,
                V::MailFrom,
                V::MailConfigurationSet,
                V::Pages,
            ],
            Self::AuditWriter => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::LogBucket,
                V::SettingsBucket,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
                V::LogSigningKey,
                V::LogNextSigningKey,
                V::LogWitnesses,
                V::LogRetentionDays,
            ],
            Self::Listener => &[
                V::Organisation,
                V::TablePrefix,
                V::RawBucket,
                V::SettingsBucket,
                V::InboundQueue,
                V::AuditQueue,
                V::PhiKey,
                V::AuditKey,
                V::PseudonymKey,
                V::ListenerPlain,
                V::ListenerTls,
                V::ListenerHealth,
                V::ListenerCertificate,
                V::ListenerKey,
                V::ListenerClientCa,
                V::ListenerCrl,
            ],
        }
    }
}

/// How a value must look.
enum Shape {
    /// Not empty, of characters that names in AWS are made of.
    Name,
    /// `http://` or `https://`.
    Url,
    /// An e-mail address.
    Mail,
    /// A whole number above zero.
    Number,
    /// `on` or `off`.
    Switch,
    /// An IP address and a port.
    Socket,
    /// A path of a file.
    File,
    /// Witnesses of the log.
    Witnesses,
}

macro_rules! variables {
    ($($(#[$said:meta])* $variable:ident = $name:literal, $shape:ident, $default:expr;)*) => {
        /// A variable of the environment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Variable {
            $($(#[$said])* $variable,)*
        }

        impl Variable {
            /// Its name in the environment.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variable => concat!("ZORGSLUIS_", $name),)* }
            }

            const fn shape(self) -> Shape {
                match self { $(Self::$variable => Shape::$shape,)* }
            }

            /// What holds when it is not set.
            const fn default(self) -> Default {
                match self { $(Self::$variable => $default,)* }
            }
        }
    };
}

/// What holds when a variable is not set.
enum Default {
    /// Nothing: it must be set.
    Needed,
    /// That nothing is set.
    Unset,
    /// This.
    Is(&'static str),
}

use Default::{Is, Needed, Unset};

variables! {
    /// Whose data: the organisation that the log and the metrics name.
    Organisation = "ORGANISATION", Name, Needed;
    /// What stands before the names of the tables.
    TablePrefix = "TABLE_PREFIX", Name, Is("zorgsluis");
    /// The bucket of raw messages.
    RawBucket = "RAW_BUCKET", Name, Needed;
    /// The bucket of the audit log.
    LogBucket = "LOG_BUCKET", Name, Needed;
    /// The bucket of keys, profiles and certificates.
    SettingsBucket = "SETTINGS_BUCKET", Name, Needed;
    /// URL of the queue between acceptance and conversion.
    InboundQueue = "INBOUND_QUEUE", Url, Needed;
    /// URL of the queue of the enricher.
    NotesQueue = "NOTES_QUEUE", Url, Needed;
    /// URL of the queue of the notifier.
    NoticesQueue = "NOTICES_QUEUE", Url, Needed;
    /// URL of the queue of entries of the log.
    AuditQueue = "AUDIT_QUEUE", Url, Needed;
    /// The KMS key of what holds PHI.
    PhiKey = "PHI_KEY", Name, Needed;
    /// The KMS key of the audit log.
    AuditKey = "AUDIT_KEY", Name, Needed;
    /// The KMS key of the keys of pseudonyms.
    PseudonymKey = "PSEUDONYM_KEY", Name, Needed;
    /// The KMS key that signs checkpoints.
    LogSigningKey = "LOG_SIGNING_KEY", Name, Needed;
    /// The KMS key that signs checkpoints once it has taken over from that one (docs/operations/key-rotation.md).
    LogNextSigningKey = "LOG_NEXT_SIGNING_KEY", Name, Unset;
    /// The witnesses to which checkpoints are submitted: `URL KEY`, separated by commas.
    LogWitnesses = "LOG_WITNESSES", Witnesses, Unset;
    /// Days for which an entry of the log cannot be removed; five years unless said otherwise (NEN 7513).
    LogRetentionDays = "LOG_RETENTION_DAYS", Number, Is("1827");
    /// Seconds for which an erasure waits for what is under way: longer than the time limit of any function that writes.
    ErasureWait = "ERASURE_WAIT_SECONDS", Number, Is("150");
    /// The FHIR store, with its `r4/`.
    FhirStore = "FHIR_STORE", Url, Needed;
    /// Bundles a second that the FHIR store takes of all programs together.
    FhirBundles = "FHIR_BUNDLES_PER_SECOND", Number, Is("10");
    /// Who sends notices.
    MailFrom = "MAIL_FROM", Mail, Needed;
    /// The configuration set of SES: TLS, and where events go.
    MailConfigurationSet = "MAIL_CONFIGURATION_SET", Name, Needed;
    /// Where links in notices lead.
    Pages = "PAGES", Url, Needed;
    /// Whether notes in English go to Comprehend Medical.
    ComprehendMedical = "COMPREHEND_MEDICAL", Switch, Is("off");
    /// Requests a day that it may be asked.
    ComprehendMedicalDailyLimit = "COMPREHEND_MEDICAL_DAILY_LIMIT", Number, Is("1000");
    /// Whether it is asked for SNOMED CT codes too.
    ComprehendMedicalSnomed = "COMPREHEND_MEDICAL_SNOMED", Switch, Is("off");
    /// Where the listener takes MLLP without TLS; nowhere when it is not set.
    ListenerPlain = "LISTENER_PLAIN", Socket, Unset;
    /// Where the listener takes MLLP over TLS; nowhere when it is not set.
    ListenerTls = "LISTENER_TLS", Socket, Unset;
    /// Where the listener tells health and metrics.
    ListenerHealth = "LISTENER_HEALTH", Socket, Is("0.0.0.0:9575");
    /// The listener's certificate, PEM.
    ListenerCertificate = "LISTENER_CERTIFICATE", File, Is("/tls/server.pem");
    /// Its private key, PEM.
    ListenerKey = "LISTENER_KEY", File, Is("/tls/server.key");
    /// The authorities whose clients may connect, PEM.
    ListenerClientCa = "LISTENER_CLIENT_CA", File, Is("/tls/client-ca.pem");
    /// Their lists of revoked certificates.
    ListenerCrl = "LISTENER_CRL", File, Unset;
}

impl Variable {
    fn fits(self, value: &str) -> bool {
        match self.shape() {
            Shape::Name => {
                !value.is_empty()
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte))
            }
            Shape::Url => value.starts_with("https://") || value.starts_with("http://"),
            Shape::Mail => {
                value.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
            }
            Shape::Number => value.parse::<u32>().is_ok_and(|number| number > 0),
            Shape::Switch => matches!(value, "on" | "off"),
            Shape::Socket => value.parse::<std::net::SocketAddr>().is_ok(),
            Shape::File => value.starts_with('/'),
            Shape::Witnesses => value.split(',').map(str::trim).all(is_witness),
        }
    }

    const fn wanted(self) -> &'static str {
        match self.shape() {
            Shape::Name => "a name of ASCII letters, digits and -_.:/+=@",
            Shape::Url => "an https URL",
            Shape::Mail => "an e-mail address",
            Shape::Number => "a whole number above zero",
            Shape::Switch => "on or off",
            Shape::Socket => "an IP address with a port",
            Shape::File => "an absolute path",
            Shape::Witnesses => "URL KEY of each witness (C2SP vkey), separated by commas",
        }
    }
}

/// Whether this is a URL and the public key of who cosigns there.
fn is_witness(pair: &str) -> bool {
    pair.split_once(' ').is_some_and(|(url, key)| {
        let known = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        known.is_some_and(|host| !host.is_empty()) && WitnessKey::parse(key.trim()).is_ok()
    })
}

/// What is wrong with the environment. Names each variable; holds none of their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// Needed and not set.
    pub missing: Vec<&'static str>,
    /// Set to what it cannot be: name, and what it must be.
    pub wrong: Vec<(&'static str, &'static str)>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|name| format!("{name} is not set"));
        let wrong = self.wrong.iter().map(|(name, wanted)| format!("{name} must be {wanted}"));
        f.write_str(&missing.chain(wrong).collect::<Vec<_>>().join("; "))
    }
}

/// What was set.
#[derive(Debug, Clone)]
pub struct Settings {
    program: Program,
    values: HashMap<Variable, String>,
    /// The region.
    pub region: String,
    /// Where services are reached when it is not AWS itself: in tests.
    pub endpoints: Endpoints,
}

impl Settings {
    /// What the environment says for a program.
    ///
    /// # Errors
    ///
    /// Each variable that is missing, and each that cannot be what it says, all at once.
    pub fn from_environment(program: Program) -> Result<Self, SettingsError> {
        #[expect(clippy::disallowed_methods, reason = "this is where the environment is read, once")]
        Self::read(program, |name| std::env::var(name).ok())
    }

    /// The same, from elsewhere: `get` answers the value of a variable.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn read(program: Program, get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let mut error = SettingsError { missing: Vec::new(), wrong: Vec::new() };
        let mut values = HashMap::new();
        for variable in program.variables() {
            match (get(variable.name()), variable.default()) {
                (Some(value), _) if variable.fits(&value) => {
                    values.insert(*variable, value);
                }
                (Some(_), _) => error.wrong.push((variable.name(), variable.wanted())),
                (None, Is(value)) => {
                    values.insert(*variable, value.to_owned());
                }
                (None, Unset) => {}
                (None, Needed) if program == Program::CommandLine && *variable != Variable::Organisation => {}
                (None, Needed) => error.missing.push(variable.name()),
            }
        }
        let region = get("AWS_REGION");
        if region.is_none() {
            error.missing.push("AWS_REGION");
        }
        if !error.missing.is_empty() || !error.wrong.is_empty() {
            return Err(error);
        }
        let endpoints = Endpoints {
            all: get("AWS_ENDPOINT_URL"),
            comprehend_medical: get("ZORGSLUIS_COMPREHEND_MEDICAL_ENDPOINT"),
        };
        Ok(Self { program, values, region: region.unwrap_or_default(), endpoints })
    }

    /// The program that they are for.
    #[must_use]
    pub const fn program(&self) -> Program {
        self.program
    }

    /// A value that is set, or holds when nothing is.
    #[must_use]
    pub fn get(&self, variable: Variable) -> Option<&str> {
        self.values.get(&variable).map(String::as_str)
    }

    /// A value without which something cannot be made.
    ///
    /// # Errors
    ///
    /// When the program has no such variable: a fault of the program.
    pub fn need(&self, variable: Variable) -> Result<&str, SettingsError> {
        let error = || SettingsError { missing: vec![variable.name()], wrong: Vec::new() };
        self.get(variable).ok_or_else(error)
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// As [`need`](Self::need).
    pub fn number(&self, variable: Variable) -> Result<u32, SettingsError> {
        let wrong =
            |_| SettingsError { missing: Vec::new(), wrong: vec![(variable.name(), variable.wanted())] };
        self.need(variable)?.parse().map_err(wrong)
    }

    /// Whose data it is.
    #[must_use]
    pub fn organisation(&self) -> &str {
        self.get(Variable::Organisation).unwrap_or_default()
    }

    /// The real name of a table.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        format!("{}-{name}", self.get(Variable::TablePrefix).unwrap_or("zorgsluis"))
    }
}
