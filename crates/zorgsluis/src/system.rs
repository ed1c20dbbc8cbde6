//! The whole system on embedded stores, in one process.

mod log_state;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tlog::Signer as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zorgsluis_audit_writer::{AuditLog, AuditWriter, LogReader, ReadBy};
use zorgsluis_converter::process::{self, Processor};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_domain::audit::{AccessMethod, Action, Event, EventKind, Source, User};
use zorgsluis_domain::port::{AuditSink, Journal, Keys as _, Queue, Random as _};
use zorgsluis_domain::{AuditEntry, Clock, EntryId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};
use zorgsluis_gateway::{AccessToken, Gateway};
use zorgsluis_ingest::{Ingest, ProfileRules};
use zorgsluis_listener::{IngestDoor, Listener};

use crate::failure::Failure;

use self::log_state::LogKeeper;

/// The queue between acceptance and conversion.
const INBOUND: &str = "inbound";
/// How long a message that was taken from the queue stays hidden.
const VISIBILITY: Duration = Duration::from_secs(60);
/// Workers that convert. Each takes up to ten messages at a time.
const WORKERS: usize = 2;
/// How often the log's new entries are covered by a signed checkpoint.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// How often messages are looked for that were stored and never queued.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// A message younger than this may still be on its way into the queue.
const SWEEP_AGE: Duration = Duration::from_secs(30);
/// Whose log it is when nobody says.
const DEFAULT_ORGANISATION: &str = "demo-hospital";
/// What a running server tells the commands that want to reach it, in the data directory.
pub(crate) const ANNOUNCEMENT: &str = "server.json";

/// How a system is started.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) mllp: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) profiles: Profiles,
    pub(crate) organisation: String,
}

/// What `server.json` says. Readable by the owner of the data directory only.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Announcement {
    pub(crate) pid: u32,
    pub(crate) mllp: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) token: String,
}

impl Announcement {
    /// What a server that holds this directory announced; `None` when there is none.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(data.join(ANNOUNCEMENT)).ok()?).ok()
    }

    fn write(&self, data: &Path) -> Result<(), Failure> {
        let path = data.join(ANNOUNCEMENT);
        let temporary = data.join("server.json.new");
        let json = serde_json::to_vec(self).map_err(Failure::wrong)?;
        write_private(&temporary, &json)
            .and_then(|()| std::fs::rename(&temporary, &path))
            .map_err(|error| Failure::file(&path, &error))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    // Created anew, never opened: what somebody else put there keeps neither its mode nor its target.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(bytes)
}

/// The log of an organisation in a data directory, and who writes to it.
pub(crate) struct LogAccess {
    pub(crate) writer: Arc<AuditWriter>,
    pub(crate) organisation: String,
}

impl LogAccess {
    /// Opens the log for writing; works beside a running server too.
    pub(crate) async fn open(directory: &DataDirectory, organisation: &str) -> Result<Self, Failure> {
        let signer = directory.log_signer(&origin(organisation)).map_err(Failure::wrong)?;
        let log = log_of(directory, organisation)?;
        let writer = AuditWriter::open(log, &SystemRandom, Arc::new(signer)).await.map_err(Failure::wrong)?;
        Ok(Self { writer: Arc::new(writer), organisation: organisation.to_owned() })
    }

    /// A reader of the log on behalf of the person at the command line; each reading is logged first.
    pub(crate) fn reader(&self, directory: &DataDirectory) -> LogReader {
        let sink = Arc::clone(&self.writer) as Arc<dyn AuditSink>;
        reader_of(directory, self.writer.log().clone(), sink, &self.organisation)
    }
}

/// The name of an organisation's log in its checkpoints.
fn origin(organisation: &str) -> String {
    format!("zorgsluis/{organisation}")
}

/// The organisation whose log is meant: the one that was named, else the one whose log stands in the
/// data directory. A directory holds the log of one organisation, and another name is a mistake.
pub(crate) fn organisation(data: &Path, named: Option<&str>) -> Result<String, Failure> {
    let mut there: Vec<String> = std::fs::read_dir(data.join("log"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    there.sort();
    match (there.as_slice(), named) {
        ([], named) => Ok(named.unwrap_or(DEFAULT_ORGANISATION).to_owned()),
        ([only], None) => Ok(only.clone()),
        (_, Some(named)) if there.iter().any(|name| name == named) => Ok(named.to_owned()),
        (_, Some(named)) => Err(Failure::usage(format!(
            "--organisation {named}: this directory holds the log of {}",
            there.join(", ")
        ))),
        (_, None) => Err(Failure::usage(format!(
            "--organisation is needed: this directory holds the logs of {}",
            there.join(", ")
        ))),
    }
}

/// An organisation's log, not yet opened for writing.
pub(crate) fn log_of(directory: &DataDirectory, organisation: &str) -> Result<AuditLog, Failure> {
    let origin = origin(organisation);
    let signer = directory.log_signer(&origin).map_err(Failure::wrong)?;
    AuditLog::new(
        Arc::new(directory.log_storage()),
        Arc::new(directory.entry_index(organisation)),
        Arc::new(directory.keys()),
        organisation,
        &origin,
        vec![signer.verifying_key().clone()],
    )
    .map_err(|error| Failure::usage(format!("--organisation {organisation}: {error}")))
}

/// A reader on behalf of the person at the command line, which logs each reading to `sink`.
pub(crate) fn reader_of(
    directory: &DataDirectory,
    log: AuditLog,
    sink: Arc<dyn AuditSink>,
    organisation: &str,
) -> LogReader {
    let by = ReadBy {
        user: User::system("operator", true),
        responsible: None,
        access: AccessMethod::CommandLine,
        source: source(organisation),
    };
    LogReader::new(log, sink, directory.clock(), Arc::new(SystemRandom), by)
}

fn source(organisation: &str) -> Source {
    Source {
        enterprise_site_id: organisation.to_owned(),
        source_id: String::from("zorgsluis"),
        source_type: 4,
    }
}

/// Ingest over a data directory.
pub(crate) fn ingest(directory: &DataDirectory, log: &LogAccess, profiles: Profiles) -> Ingest {
    let ports = zorgsluis_ingest::Ports {
        payloads: Arc::new(directory.payloads()),
        queue: Arc::new(directory.queue(INBOUND, VISIBILITY)),
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        keys: Arc::new(directory.keys()),
        clock: directory.clock(),
    };
    let settings =
        zorgsluis_ingest::Settings { organisation: log.organisation.clone(), ..Default::default() };
    Ingest::new(ports, Arc::new(ProfileRules::new(profiles)), settings)
}

/// The running system.
pub(crate) struct System {
    /// Where it listens.
    pub(crate) mllp: SocketAddr,
    /// Where it serves HTTP.
    pub(crate) http: SocketAddr,
    /// The bearer token of `/fhir` and the pages.
    pub(crate) token: String,
    /// The ways of the messages.
    pub(crate) journal: Arc<dyn Journal>,
    /// The inbound queue.
    pub(crate) queue: Arc<dyn Queue>,
    directory: DataDirectory,
    log: LogAccess,
    keeper: Arc<LogKeeper>,
    /// Takes nothing in any more.
    closing: CancellationToken,
    /// Works on nothing new any more.
    workers_stop: watch::Sender<bool>,
    doors: JoinSet<()>,
    workers: JoinSet<()>,
    data: PathBuf,
}

impl System {
    /// Opens the stores, binds the sockets and starts everything.
    pub(crate) async fn start(config: Config) -> Result<Self, Failure> {
        zorgsluis_gateway::check_address(config.http)
            .map_err(|error| Failure::usage(format!("--http {}: {error}", config.http)))?;
        let directory = DataDirectory::open(&config.data).map_err(Failure::wrong)?;
        let log = LogAccess::open(&directory, &config.organisation).await?;
        let keeper = Arc::new(LogKeeper::new(Arc::clone(&log.writer), directory.clock()));
        let clock = directory.clock();
        log.writer
            .record(&[lifecycle(&*clock, EventKind::ApplicationStart, &config.organisation)?])
            .await
            .map_err(Failure::wrong)?;

        let queue: Arc<dyn Queue> = Arc::new(directory.queue(INBOUND, VISIBILITY));
        let journal: Arc<dyn Journal> = Arc::new(directory.journal());
        let ingest = Arc::new(ingest(&directory, &log, config.profiles.clone()));
        let mllp_socket = bind(config.mllp).await?;
        let http_socket = bind(config.http).await?;
        let mllp = mllp_socket.local_addr().map_err(Failure::wrong)?;
        let http = http_socket.local_addr().map_err(Failure::wrong)?;
        let token = AccessToken::generate().map_err(Failure::wrong)?;
        let revealed = token.reveal().to_owned();

        let listener = Listener::new(
            Arc::new(IngestDoor::new(Arc::clone(&ingest), Arc::clone(&clock))),
            zorgsluis_listener::Settings::default(),
        );
        let gateway = gateway(&directory, &log, &ingest, &keeper, token)?;
        let closing = CancellationToken::new();
        let mut doors = JoinSet::new();
        {
            let (listener, closing) = (listener.clone(), closing.clone());
            doors.spawn(async move {
                if !listener.serve(mllp_socket, closing).await.complete {
                    tracing::warn!("some MLLP connections were cut off at the end of the drain");
                }
            });
        }
        {
            let closing = closing.clone();
            doors.spawn(async move {
                if let Err(error) =
                    zorgsluis_gateway::serve(&gateway, http_socket, closing.cancelled_owned()).await
                {
                    tracing::error!(%error, "HTTP ended");
                }
            });
        }
        let (workers_stop, stop) = watch::channel(false);
        let mut workers = JoinSet::new();
        let processor = processor(&directory, &log, config.profiles);
        for _ in 0..WORKERS {
            workers.spawn(process::work(Arc::clone(&queue), processor.clone(), stop.clone()));
        }
        workers.spawn(sweep(ingest, stop.clone()));
        workers.spawn(checkpoints(Arc::clone(&keeper), stop));
        let system = Self {
            mllp,
            http,
            token: revealed,
            journal,
            queue,
            directory,
            log,
            keeper,
            closing,
            workers_stop,
            doors,
            workers,
            data: config.data,
        };
        system.announce()?;
        Ok(system)
    }

    /// Writes down where it can be reached, for `replay` and for tests.
    fn announce(&self) -> Result<(), Failure> {
        Announcement { pid: std::process::id(), mllp: self.mllp, http: self.http, token: self.token.clone() }
            .write(&self.data)
    }

    /// Waits until nothing is in the inbound queue any more.
    pub(crate) async fn settle(&self) -> Result<(), Failure> {
        loop {
            let depth = self.queue.depth().await.map_err(Failure::wrong)?;
            if depth.waiting == 0 && depth.in_flight == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Verifies the log as it stands, sealed by a checkpoint.
    pub(crate) async fn verify(&self) -> Result<tlog::Report, Failure> {
        self.keeper.checkpoint().await.map_err(Failure::wrong)?;
        self.keeper.verify().await.map_err(Failure::wrong)
    }

    /// Takes nothing in any more, answers what has begun, converts what was taken, seals the log.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.closing.cancel();
        while self.doors.join_next().await.is_some() {}
        let _ = self.workers_stop.send(true);
        while self.workers.join_next().await.is_some() {}
        let clock = self.directory.clock();
        let ended = lifecycle(&*clock, EventKind::ApplicationStop, &self.log.organisation)?;
        self.log.writer.record(&[ended]).await.map_err(Failure::wrong)?;
        self.keeper.checkpoint().await.map_err(Failure::wrong)?;
        let _ = std::fs::remove_file(self.data.join(ANNOUNCEMENT));
        self.directory.close().await;
        Ok(())
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::wrong(format!("{address}: {error}")))
}

fn processor(directory: &DataDirectory, log: &LogAccess, profiles: Profiles) -> Processor {
    let ports = process::Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::new(directory.fhir_store()),
        patients: Arc::new(directory.patient_index()),
        keys: Arc::new(directory.keys()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        clock: directory.clock(),
    };
    let key = IdentityKey::new(directory.keys().identity_key().expose_phi());
    Processor::new(ports, ConvertOptions { profiles, key }, &log.organisation)
}

fn gateway(
    directory: &DataDirectory,
    log: &LogAccess,
    ingest: &Arc<Ingest>,
    keeper: &Arc<LogKeeper>,
    token: AccessToken,
) -> Result<Gateway, Failure> {
    let parts = zorgsluis_gateway::Parts {
        ingest: Arc::clone(ingest),
        store: Arc::new(directory.fhir_store()),
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        queue: Arc::new(directory.queue(INBOUND, VISIBILITY)),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        log: Arc::clone(keeper) as Arc<dyn zorgsluis_gateway::LogState>,
        clock: directory.clock(),
    };
    let settings = zorgsluis_gateway::Settings {
        token,
        organisation: log.organisation.clone(),
        resource_types: resource_types(),
    };
    Gateway::new(parts, settings).map_err(Failure::wrong)
}

/// What the embedded store can search, for the CapabilityStatement.
fn resource_types() -> Vec<zorgsluis_gateway::ResourceType> {
    use zorgsluis_embedded::{search_parameters, searchable_types};
    searchable_types()
        .map(|name| zorgsluis_gateway::ResourceType {
            name,
            parameters: search_parameters(name)
                .iter()
                .map(|parameter| zorgsluis_gateway::SearchParameter {
                    name: parameter.name,
                    kind: parameter.kind.code(),
                })
                .collect(),
        })
        .collect()
}

fn lifecycle(clock: &dyn Clock, kind: EventKind, organisation: &str) -> Result<AuditEntry, Failure> {
    let mut bits = [0; 10];
    SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
    let now = clock.now();
    Ok(AuditEntry::new(
        EntryId::new(now, bits),
        now,
        Event::success(kind, Action::Execute),
        User::system("zorgsluis", true),
        AccessMethod::Internal,
        source(organisation),
    ))
}

/// Sleeps, or ends early when the system stops. Says whether to go on.
async fn rest(time: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stop.wait_for(|stopped| *stopped) => false,
    }
}

async fn sweep(ingest: Arc<Ingest>, mut stop: watch::Receiver<bool>) {
    // At start nothing is on its way: whatever was stored and not queued was cut off by a crash.
    let mut age = Duration::ZERO;
    loop {
        if let Err(error) = ingest.sweep(age).await {
            tracing::warn!(%error, "the sweep for messages never queued did not end");
        }
        age = SWEEP_AGE;
        if !rest(SWEEP_EVERY, &mut stop).await {
            return;
        }
    }
}

async fn checkpoints(keeper: Arc<LogKeeper>, mut stop: watch::Receiver<bool>) {
    while rest(CHECKPOINT_EVERY, &mut stop).await {
        if let Err(error) = keeper.checkpoint().await {
            tracing::error!(%error, "the log could not be covered by a checkpoint");
        }
    }
}
