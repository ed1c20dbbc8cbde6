//! The whole system on embedded stores, in one process.

mod announcement;
pub(crate) mod chain;
pub(crate) mod clients;
mod letters;
mod log_access;
mod log_state;
mod mail;
mod parts;
mod reconcile;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zorgsluis_audit_writer::{RemoteWitness, Submitted, Submitter};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, User};
use zorgsluis_domain::port::{AuditSink, Journal, Queue, Random as _};
use zorgsluis_domain::{AuditEntry, Clock, EntryId};
use zorgsluis_embedded::reconcile::{Found, Tally};
use zorgsluis_embedded::{DataDirectory, SystemRandom};
use zorgsluis_gateway::AccessToken;
use zorgsluis_ingest::Ingest;
use zorgsluis_listener::{IngestDoor, Listener, Tls, TlsFiles};
use zorgsluis_worker::{Process, work};

use crate::erase::{Work, tombstone_file};
use crate::failure::Failure;

pub(crate) use announcement::{ANNOUNCEMENT, Announcement};
pub(crate) use chain::{chain_of, log_of, others_sealed};
#[cfg(feature = "aws")]
pub(crate) use chain::{predecessor, that_sealed};
pub(crate) use log_access::{
    LogAccess, is_sealed, log_rotation, logged_in, logs_in, organisation, origin, reader_of, rotate_key,
    source,
};
use log_state::LogKeeper;
pub(crate) use mail::MailConfig;
use parts::Queues;
pub(crate) use parts::{ingest, registers};
use reconcile::daily;
pub(crate) use reconcile::{percent, ratio, ratios, reconcile};

/// Workers at each queue. Each takes up to ten messages at a time.
const WORKERS: usize = 2;
/// How often the log's new entries are covered by a signed checkpoint.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// How long a witness that is down is left alone at most.
const WITNESS_REST: Duration = Duration::from_secs(300);
/// How long the end of the system waits for the witnesses of the last checkpoint.
const LAST_SUBMISSION: Duration = Duration::from_secs(3);
/// How often messages are looked for that were stored and never queued.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// A message younger than this may still be on its way into the queue.
const SWEEP_AGE: Duration = Duration::from_secs(30);

/// How a system is started.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) mllp: SocketAddr,
    pub(crate) http: SocketAddr,
    /// MLLP over TLS.
    pub(crate) mllp_tls: Option<(SocketAddr, TlsFiles)>,
    /// Health and metrics of the listener.
    pub(crate) mllp_health: Option<SocketAddr>,
    /// How providers are told.
    pub(crate) mail: MailConfig,
    pub(crate) profiles: Profiles,
    pub(crate) organisation: String,
    /// The file of tombstones, when it is not the one beside the directory.
    pub(crate) tombstones: Option<PathBuf>,
    /// How often the stores are compared with the log.
    pub(crate) reconcile_every: Option<Duration>,
    /// To whom the log's checkpoints are submitted.
    pub(crate) witnesses: Vec<RemoteWitness>,
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
    /// Where it listens for MLLP over TLS.
    pub(crate) mllp_tls: Option<SocketAddr>,
    /// Where the listener tells its health and metrics.
    pub(crate) mllp_health: Option<SocketAddr>,
    queues: Queues,
    directory: DataDirectory,
    log: LogAccess,
    keeper: Arc<LogKeeper>,
    /// Takes nothing in any more.
    closing: CancellationToken,
    /// All that had begun to come in is in.
    ended: CancellationToken,
    /// Works on nothing new any more.
    workers_stop: watch::Sender<bool>,
    doors: JoinSet<()>,
    workers: JoinSet<()>,
    witnesses: JoinSet<Submitter>,
    data: PathBuf,
}

impl System {
    /// Opens the stores, binds the sockets and starts everything.
    pub(crate) async fn start(config: Config) -> Result<Self, Failure> {
        zorgsluis_gateway::check_address(config.http)
            .map_err(|error| Failure::usage(format!("--http {}: {error}", config.http)))?;
        let directory = DataDirectory::open(&config.data).map_err(Failure::wrong)?;
        let log = LogAccess::open_unchecked(&directory, &config.organisation).await?;
        // Before anything is served: what was destroyed, and an older copy of the directory brought back.
        let tombstones = tombstone_file(&config.data, config.tombstones.as_deref())?;
        let redone = Work::new(directory.clone(), log.clone(), tombstones, false).redo().await?;
        if redone.erasures > 0 {
            let (erasures, scrubbed) = (redone.erasures, redone.scrubbed);
            tracing::warn!(
                erasures,
                scrubbed,
                "data that had been destroyed stood here again, and were destroyed"
            );
        }
        if log.rotating {
            rotate_key(&directory, &log).await?;
        }
        let keeper = Arc::new(LogKeeper::new(Arc::clone(&log.writer), directory.clock()));
        let clock = directory.clock();
        log.writer
            .record(&[lifecycle(&*clock, Deed::started(), &config.organisation)?])
            .await
            .map_err(Failure::wrong)?;

        let queues = Queues::of(&directory);
        let journal: Arc<dyn Journal> = Arc::new(directory.journal());
        let ingest = Arc::new(ingest(&directory, &log, config.profiles.clone()));
        let (http_socket, http) = bind(config.http).await?;
        let token = AccessToken::generate().map_err(Failure::wrong)?;
        let revealed = token.reveal().to_owned();

        let listener = Listener::new(
            Arc::new(IngestDoor::new(Arc::clone(&ingest), Arc::clone(&clock))),
            zorgsluis_listener::Settings::default(),
        );
        let pages = format!("http://{http}");
        let notifier = parts::notifier(&directory, &log, &config.mail, &pages)?;
        let gateway = parts::gateway(
            &config.data,
            &directory,
            &log,
            &queues,
            &ingest,
            &keeper,
            &listener,
            &notifier,
            token,
        )?;
        let (closing, ended) = (CancellationToken::new(), CancellationToken::new());
        let mut doors = JoinSet::new();
        let (mllp_socket, mllp) = bind(config.mllp).await?;
        doors.spawn(drained(listener.clone(), mllp_socket, None, closing.clone()));
        let mut mllp_tls = None;
        if let Some((address, files)) = config.mllp_tls {
            let tls = Tls::load(files).map_err(Failure::usage)?;
            let (socket, bound) = bind(address).await?;
            mllp_tls = Some(bound);
            tokio::spawn(reload_at_hangup(tls.clone(), closing.clone()).map_err(Failure::wrong)?);
            doors.spawn(drained(listener.clone(), socket, Some(tls), closing.clone()));
        }
        let mut mllp_health = None;
        if let Some(address) = config.mllp_health {
            let (socket, bound) = bind(address).await?;
            mllp_health = Some(bound);
            let ended = ended.clone();
            // Behind the drain: a load balancer reads that the listener is stopping.
            tokio::spawn(async move { listener.serve_health(socket, ended).await });
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
        let converter = Arc::new(parts::processor(&directory, &log, &queues, config.profiles));
        let enricher = Arc::new(parts::enricher(&directory, &log, &queues)?);
        let notifier = Arc::new(notifier);
        employ(&mut workers, &queues.inbound, &converter, &clock, &stop);
        employ(&mut workers, &queues.notes, &enricher, &clock, &stop);
        employ(&mut workers, &queues.notices, &notifier, &clock, &stop);
        workers.spawn(sweep(ingest, stop.clone()));
        let mut witnesses = JoinSet::new();
        for witness in config.witnesses {
            let log = log.writer.log();
            let submitter = Submitter::new(log.tlog().clone(), log.verifying_keys().to_vec(), witness);
            witnesses.spawn(submissions(submitter, stop.clone()));
        }
        workers.spawn(checkpoints(Arc::clone(&keeper), stop.clone()));
        if let Some(every) = config.reconcile_every {
            let reader = log.own_reader(directory.clock());
            workers.spawn(daily(directory.clone(), reader, Arc::clone(&keeper), every, stop));
        }
        let system = Self {
            mllp,
            http,
            token: revealed,
            mllp_tls,
            mllp_health,
            ended,
            journal,
            queues,
            directory,
            log,
            keeper,
            closing,
            workers_stop,
            doors,
            workers,
            witnesses,
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

    /// Waits until nothing is in the queues any more.
    pub(crate) async fn settle(&self) -> Result<(), Failure> {
        for (_, queue) in self.queues.all() {
            loop {
                let depth = queue.depth().await.map_err(Failure::wrong)?;
                if depth.waiting == 0 && depth.in_flight == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Ok(())
    }

    /// Verifies the log as it stands, sealed by a checkpoint.
    pub(crate) async fn verify(&self) -> Result<tlog::Report, Failure> {
        self.keeper.checkpoint().await.map_err(Failure::wrong)?;
        self.keeper.verify().await.map_err(Failure::wrong)
    }

    /// Compares what the stores hold with what the log says.
    pub(crate) async fn reconcile(&self, tell: impl FnMut(Found) + Send + 'static) -> Result<Tally, Failure> {
        let reader = self.log.own_reader(self.directory.clock());
        let all = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let tally = reconcile(&self.directory, &reader, all, |_| {}, tell).await?;
        self.keeper.reconciled(&tally);
        Ok(tally)
    }

    /// Takes nothing in any more, answers what has begun, converts what was taken, seals the log.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.closing.cancel();
        while self.doors.join_next().await.is_some() {}
        self.ended.cancel();
        let _ = self.workers_stop.send(true);
        while self.workers.join_next().await.is_some() {}
        let clock = self.directory.clock();
        let ended = lifecycle(&*clock, Deed::stopped(), &self.log.organisation)?;
        self.log.writer.record(&[ended]).await.map_err(Failure::wrong)?;
        self.keeper.checkpoint().await.map_err(Failure::wrong)?;
        // The last checkpoint, too; but nobody waits long for a witness.
        let last = async {
            while let Some(submitter) = self.witnesses.join_next().await {
                if let Ok(mut submitter) = submitter {
                    submitter.submit().await;
                }
            }
        };
        let _ = tokio::time::timeout(LAST_SUBMISSION, last).await;
        let _ = std::fs::remove_file(self.data.join(ANNOUNCEMENT));
        self.directory.close().await;
        Ok(())
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let socket =
        TcpListener::bind(address).await.map_err(|error| Failure::wrong(format!("{address}: {error}")))?;
    let bound = socket.local_addr().map_err(Failure::wrong)?;
    Ok((socket, bound))
}

/// Serves MLLP until the system closes, and lets what has begun end.
async fn drained(listener: Listener, socket: TcpListener, tls: Option<Tls>, closing: CancellationToken) {
    let drained = match tls {
        Some(tls) => listener.serve_tls(socket, tls, closing).await,
        None => listener.serve(socket, closing).await,
    };
    if !drained.complete {
        tracing::warn!("some MLLP connections were cut off at the end of the drain");
    }
}

/// Reads the certificates again at each SIGHUP.
fn reload_at_hangup(
    tls: Tls,
    closing: CancellationToken,
) -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while let Some(Some(())) = closing.run_until_cancelled(hangup.recv()).await {
            // What is wrong with the files, it logs and counts by itself.
            let _ = tls.reload().await;
        }
    })
}

/// Puts workers to a queue.
fn employ<P: Process>(
    workers: &mut JoinSet<()>,
    queue: &Arc<dyn Queue>,
    process: &Arc<P>,
    clock: &Arc<dyn Clock>,
    stop: &watch::Receiver<bool>,
) {
    for _ in 0..WORKERS {
        workers.spawn(work(Arc::clone(queue), Arc::clone(process), Arc::clone(clock), stop.clone()));
    }
}

fn lifecycle(clock: &dyn Clock, deed: Deed, organisation: &str) -> Result<AuditEntry, Failure> {
    let mut bits = [0; 10];
    SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
    let now = clock.now();
    Ok(AuditEntry::of(deed)
        .at(EntryId::new(now, bits), now)
        .by(User::system("zorgsluis", true))
        .through(AccessMethod::Internal, Application::zorgsluis())
        .reported_by(source(organisation))
        .build())
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

/// Submits each checkpoint to one witness, ever less often while it is down.
async fn submissions(mut submitter: Submitter, mut stop: watch::Receiver<bool>) -> Submitter {
    let mut pause = CHECKPOINT_EVERY;
    while rest(pause, &mut stop).await {
        pause = if submitter.submit().await == Submitted::Cosigned {
            CHECKPOINT_EVERY
        } else {
            (pause * 2).min(WITNESS_REST)
        };
    }
    submitter
}
