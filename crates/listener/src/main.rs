//! The listener as a container: MLLP, plain and over TLS, in front of the stores on AWS.
//!
//! SIGTERM ends it: no connection is taken any more, `/health` says so, what has begun to arrive is accepted and
//! answered, and the process ends with 0. SIGHUP reads the certificates again, as does any change of their files.
//!
//! `listener write-certificates` writes the certificates from the environment into those files, and ends.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zorgsluis_audit_writer::QueueSink;
use zorgsluis_aws::function::{self, Failed, Metric, Metrics};
use zorgsluis_aws::{Parts, Program, Settings, Variable, logs};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_ingest::{Ingest, Ports, ProfileRules, Verdict};
use zorgsluis_listener::{IngestDoor, Listener, Tls, TlsFiles, write_certificates};

/// How often what was counted is written for CloudWatch.
const COUNT_EVERY: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    match std::env::args_os().nth(1) {
        None => {}
        Some(word) if word == "write-certificates" => return certificates_from_environment(),
        Some(_) => return ends("the only command is write-certificates"),
    }
    function::start(Program::Listener, |settings| {
        let runtime = tokio::runtime::Runtime::new().map_err(Failed::because)?;
        runtime.block_on(serve(settings))
    })
}

/// What a container does that ends before the listener starts: it has the secrets, and none of the other variables.
fn certificates_from_environment() -> ExitCode {
    logs::start(Program::Listener);
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the other place where the environment is read, once"
    )]
    match write_certificates(|name| std::env::var(name).ok()) {
        Ok(()) => {
            tracing::info!("the certificates are written");
            ExitCode::SUCCESS
        }
        Err(error) => ends(&error.to_string()),
    }
}

fn ends(reason: &str) -> ExitCode {
    tracing::error!(reason, "the program ends");
    ExitCode::FAILURE
}

async fn serve(settings: Settings) -> Result<(), Failed> {
    // Before anything else: a signal that comes while it starts is one too.
    let mut terminate = signal(SignalKind::terminate()).map_err(Failed::because)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failed::because)?;
    let plain = socket(&settings, Variable::ListenerPlain).await?;
    let secure = socket(&settings, Variable::ListenerTls).await?;
    let tls = secure.as_ref().map(|_| certificates(&settings)).transpose()?;
    let health = socket(&settings, Variable::ListenerHealth).await?;
    if plain.is_none() && secure.is_none() {
        return Err(Failed::because("neither ZORGSLUIS_LISTENER_TLS nor ZORGSLUIS_LISTENER_PLAIN is set"));
    }
    let parts = Parts::load(Arc::new(settings)).await;
    let ingest = tokio::select! {
        made = ingest(&parts) => Arc::new(made?),
        _ = terminate.recv() => return Ok(()),
    };
    let door = IngestDoor::new(Arc::clone(&ingest), parts.clock());
    let listener = Listener::new(Arc::new(door), zorgsluis_listener::Settings::default());

    let (closing, ended) = (CancellationToken::new(), CancellationToken::new());
    let mut aside = JoinSet::new();
    if let Some(health) = health {
        let (listener, ended) = (listener.clone(), ended.clone());
        // Until after the drain: the load balancer reads that the listener is stopping.
        aside.spawn(async move { listener.serve_health(health, ended).await });
    }
    aside.spawn(count(ingest, parts.settings().organisation().to_owned(), ended.clone()));
    let mut doors = JoinSet::new();
    if let Some(socket) = plain {
        let (listener, closing) = (listener.clone(), closing.clone());
        doors.spawn(async move { listener.serve(socket, closing).await });
    }
    if let (Some(socket), Some(tls)) = (secure, tls) {
        tokio::spawn(reload_at_hangup(tls.clone(), closing.clone()).map_err(Failed::because)?);
        let closing = closing.clone();
        doors.spawn(async move { listener.serve_tls(socket, tls, closing).await });
    }
    tracing::info!("the listener takes messages");
    let early = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        // A door that ends before it was asked to is a fault: the orchestrator begins anew.
        _ = doors.join_next() => true,
    };
    closing.cancel();
    let mut complete = true;
    while let Some(drained) = doors.join_next().await {
        complete &= drained.is_ok_and(|drained| drained.complete);
    }
    ended.cancel();
    while aside.join_next().await.is_some() {}
    if early {
        return Err(Failed::because("a port was closed before its time"));
    }
    if !complete {
        tracing::warn!("some connections were cut off at the end of the drain");
    }
    tracing::info!("the listener has ended");
    Ok(())
}

/// Binds what is set.
async fn socket(settings: &Settings, variable: Variable) -> Result<Option<TcpListener>, Failed> {
    let Some(address) = settings.get(variable).and_then(|text| text.parse::<SocketAddr>().ok()) else {
        return Ok(None);
    };
    let failed = |error| Failed::because(format!("{}: {address}: {error}", variable.name()));
    TcpListener::bind(address).await.map(Some).map_err(failed)
}

fn certificates(settings: &Settings) -> Result<Tls, Failed> {
    Tls::load(TlsFiles {
        certificate: settings.need(Variable::ListenerCertificate)?.into(),
        key: settings.need(Variable::ListenerKey)?.into(),
        client_ca: settings.need(Variable::ListenerClientCa)?.into(),
        crl: settings.get(Variable::ListenerCrl).map(Into::into),
    })
    .map_err(Failed::because)
}

async fn ingest(parts: &Parts) -> Result<Ingest, Failed> {
    let keys = parts.keys().await?;
    let profiles = parts.profiles().await?;
    let profiles: Vec<(&str, &str)> = profiles.iter().map(|(name, text)| (&**name, &**text)).collect();
    let profiles = Profiles::parse(&profiles).map_err(Failed::because)?;
    let ports = Ports {
        payloads: parts.payloads(&keys)?,
        queue: parts.queue(Variable::InboundQueue)?,
        journal: parts.journal(),
        dead_letters: parts.dead_letters(),
        audit: Arc::new(QueueSink::new(Arc::clone(&keys), parts.queue(Variable::AuditQueue)?)),
        keys,
        clock: parts.clock(),
    };
    let organisation = parts.settings().organisation().to_owned();
    let settings = zorgsluis_ingest::Settings { organisation, ..Default::default() };
    Ok(Ingest::new(ports, Arc::new(ProfileRules::new(profiles)), settings))
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

/// Writes metrics each minute, and at the end.
async fn count(ingest: Arc<Ingest>, organisation: String, ended: CancellationToken) {
    let mut before = (0, 0);
    loop {
        let goes_on = ended.run_until_cancelled(tokio::time::sleep(COUNT_EVERY)).await.is_some();
        let of = |wanted: Verdict| -> u64 {
            ingest.counts().iter().filter(|count| count.verdict == wanted).map(|count| count.messages).sum()
        };
        let now = (of(Verdict::Accepted), of(Verdict::Refused));
        let metrics = Metrics::new(&organisation);
        metrics.add(Metric::Accepted, now.0.saturating_sub(before.0));
        metrics.add(Metric::Refused, now.1.saturating_sub(before.1));
        metrics.emit(Program::Listener);
        before = now;
        if !goes_on {
            return;
        }
    }
}
