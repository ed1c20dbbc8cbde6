//! Taking connections, and stopping.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{Connection, Shared, close};
use crate::metrics::{Gauge, Metrics, add};
use crate::peer::{AddressFull, Peers, Seat, Share};
use crate::tls::{HandshakeFailure, Tls};
use crate::{Door, End, Peer, Port, Settings, Snapshot, exposition};

/// How long to wait when the operating system has no connection to give (no file descriptors left).
const ACCEPT_FAILED: Duration = Duration::from_millis(100);

/// The MLLP server. Cloning gives another handle on the same one: its limits and counts hold for all sockets
/// that it serves.
#[derive(Clone)]
pub struct Listener {
    inner: Arc<Inner>,
}

struct Inner {
    door: Arc<dyn Door>,
    settings: Settings,
    metrics: Metrics,
    large: Semaphore,
    handshakes: Semaphore,
    slots: Arc<Semaphore>,
    peers: Arc<Peers>,
    serial: AtomicU64,
    tls: OnceLock<Tls>,
    draining: AtomicBool,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Whether every connection ended by itself; if not, some were cut off at the end of [`Settings::drain`].
    pub complete: bool,
}

/// Whether messages can come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether the door would accept a message now.
    pub open: bool,
    /// Whether the listener is stopping.
    pub draining: bool,
    /// Connections that are open.
    pub connections: u64,
    /// Connections that may be open at the same time.
    pub limit: u64,
}

impl Health {
    /// Whether a load balancer should send new connections here.
    pub const fn is_ready(&self) -> bool {
        self.open && !self.draining
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

/// A connection that was taken, with its place among all and among those of its address.
struct Taken {
    stream: TcpStream,
    address: IpAddr,
    seat: Seat,
    slot: OwnedSemaphorePermit,
}

impl Listener {
    /// A listener in front of this door.
    pub fn new(door: Arc<dyn Door>, settings: Settings) -> Self {
        let permits = |count: usize| count.clamp(1, Semaphore::MAX_PERMITS);
        let inner = Inner {
            door,
            metrics: Metrics::default(),
            large: Semaphore::new(permits(settings.large_frames)),
            handshakes: Semaphore::new(permits(settings.handshakes)),
            slots: Arc::new(Semaphore::new(permits(settings.connections))),
            peers: Arc::new(Peers::new(&settings)),
            serial: AtomicU64::new(0),
            tls: OnceLock::new(),
            draining: AtomicBool::new(false),
            settings,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes plain connections until `shutdown`, then drains: takes no more, finishes what has begun to arrive,
    /// and cuts off what is left after [`Settings::drain`].
    pub async fn serve(&self, socket: TcpListener, shutdown: CancellationToken) -> Drained {
        self.serve_port(socket, None, shutdown).await
    }

    /// The same with TLS: each connection begins with a handshake in which the client shows its certificate.
    /// Meanwhile the files of `tls` are looked at each [`Settings::reload`].
    ///
    /// Metrics show the first `tls` that one listener serves.
    pub async fn serve_tls(&self, socket: TcpListener, tls: Tls, shutdown: CancellationToken) -> Drained {
        let _ = self.inner.tls.set(tls.clone());
        let end = CancellationToken::new();
        let (served, ()) = tokio::join!(
            async {
                let drained = self.serve_port(socket, Some(tls.clone()), shutdown).await;
                end.cancel();
                drained
            },
            tls.watch(self.inner.settings.reload, &end),
        );
        served
    }

    async fn serve_port(
        &self,
        socket: TcpListener,
        tls: Option<Tls>,
        shutdown: CancellationToken,
    ) -> Drained {
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        while let Some(taken) = self.next(&socket, &shutdown).await {
            let (listener, tls) = (self.clone(), tls.clone());
            let (shutdown, cut) = (shutdown.clone(), cut.clone());
            tasks.spawn(async move { listener.run(taken, tls, &shutdown, &cut).await });
        }
        self.inner.draining.store(true, Ordering::Relaxed);
        drop(socket);
        tasks.close();
        tracing::info!(connections = tasks.len(), "draining");
        let complete = timeout(self.inner.settings.drain, tasks.wait()).await.is_ok();
        if !complete {
            tracing::warn!(connections = tasks.len(), "connections cut off at the end of the drain");
            cut.cancel();
            tasks.wait().await;
        }
        Drained { complete }
    }

    /// The next connection for which there is room, as soon as there is; `None` at shutdown.
    ///
    /// It is taken before it has its place, so that a port where nobody comes keeps no place from the other.
    async fn next(&self, socket: &TcpListener, shutdown: &CancellationToken) -> Option<Taken> {
        let Inner { metrics, slots, peers, .. } = &*self.inner;
        loop {
            let (stream, address) = match shutdown.run_until_cancelled(socket.accept()).await? {
                Ok((stream, address)) => (stream, address.ip().to_canonical()),
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "a connection could not be taken");
                    shutdown.run_until_cancelled(sleep(ACCEPT_FAILED)).await?;
                    continue;
                }
            };
            let seat = match peers.enter(address) {
                Ok(seat) => seat,
                Err(AddressFull { told }) => {
                    add(&metrics.connections_refused, 1);
                    // Once: it may try without end.
                    if !told {
                        tracing::warn!(peer = %address, "one address has as many connections as it may have");
                    }
                    continue;
                }
            };
            if slots.available_permits() == 0 {
                add(&metrics.connections_paused, 1);
                tracing::warn!("connection limit reached: no further ones are served until one ends");
            }
            let slot = shutdown.run_until_cancelled(Arc::clone(slots).acquire_owned()).await?.ok()?;
            // Answers are small and waited for.
            let _ = stream.set_nodelay(true);
            return Some(Taken { stream, address, seat, slot });
        }
    }

    /// Serves a connection to its end.
    async fn run(
        self,
        taken: Taken,
        tls: Option<Tls>,
        shutdown: &CancellationToken,
        cut: &CancellationToken,
    ) {
        let Taken { stream, address, seat, slot } = taken;
        let metrics = &self.inner.metrics;
        add(&metrics.connections_total, 1);
        let open = Gauge::up(&metrics.connections_open);
        match tls {
            None => {
                let peer = Peer::plain(address);
                self.connection(stream, &peer, Port::Plain, &seat.share, (shutdown, cut)).await;
            }
            Some(tls) => {
                add(&metrics.tls_connections_total, 1);
                let _open = Gauge::up(&metrics.tls_connections_open);
                let secured = self.secure(stream, address, &seat.share, &tls);
                if let Some((stream, peer)) = shutdown.run_until_cancelled(secured).await.flatten() {
                    self.connection(stream, &peer, Port::Tls, &seat.share, (shutdown, cut)).await;
                }
            }
        }
        // In this order: who sees that it is not open any more finds its place free.
        drop((seat, slot));
        drop(open);
    }

    /// Does the handshake, and takes the name from the certificate.
    async fn secure(
        &self,
        stream: TcpStream,
        address: IpAddr,
        share: &Share,
        tls: &Tls,
    ) -> Option<(Box<TlsStream<TcpStream>>, Peer)> {
        match self.handshake(stream, share, tls).await {
            Ok((stream, name)) => Some((stream, Peer { address, name: Some(name) })),
            Err(failure) => {
                self.inner.metrics.handshake_failed(failure);
                match failure {
                    // Port checks of load balancers look like this.
                    HandshakeFailure::Closed => {
                        tracing::debug!(peer = %address, reason = failure.name(), "TLS handshake failed");
                    }
                    _ => tracing::warn!(peer = %address, reason = failure.name(), "TLS handshake failed"),
                }
                None
            }
        }
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        share: &Share,
        tls: &Tls,
    ) -> Result<(Box<TlsStream<TcpStream>>, String), HandshakeFailure> {
        let allowed = self.inner.settings.handshake;
        let turn = timeout(allowed, async {
            let own = share.handshakes.acquire().await;
            (own, self.inner.handshakes.acquire().await)
        });
        let turn = turn.await.map_err(|_| HandshakeFailure::Busy)?;
        let begun = Instant::now();
        let accepting = TlsAcceptor::from(tls.config()).accept(stream).into_fallible();
        let accepted = timeout(allowed, Box::pin(accepting)).await.map_err(|_| HandshakeFailure::TimedOut)?;
        drop(turn);
        match accepted {
            Ok(stream) => {
                self.inner.metrics.handshake_time.observe(begun.elapsed());
                let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
                // The verifier let nobody in without one.
                let name =
                    zorgsluis_ingest::peer_name(certificates.first().ok_or(HandshakeFailure::NoCertificate)?);
                Ok((Box::new(stream), name))
            }
            Err((error, mut stream)) => {
                // The alert that says why arrives only if the socket is not reset.
                close(&mut stream, &mut BytesMut::new()).await;
                Err(HandshakeFailure::of(&error))
            }
        }
    }

    /// Serves one connection until it ends, or until `cut` ends it in the middle. From `shutdown` on it
    /// finishes what has begun and then ends by itself.
    async fn connection<S>(
        &self,
        stream: S,
        peer: &Peer,
        port: Port,
        share: &Share,
        (shutdown, cut): (&CancellationToken, &CancellationToken),
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let inner = &*self.inner;
        let number = inner.serial.fetch_add(1, Ordering::Relaxed);
        let (address, name) = (peer.address, peer.name.as_deref());
        tracing::debug!(connection = number, port = port.name(), peer = %address, name, "connection opened");
        let shared = Shared {
            door: inner.door.as_ref(),
            settings: &inner.settings,
            metrics: &inner.metrics,
            large: &inner.large,
            share,
        };
        let connection = Connection::new(shared, stream, peer, port);
        let end = cut.run_until_cancelled(connection.run(shutdown)).await.unwrap_or(End::Drained);
        inner.metrics.ended(end);
        let reason = end.name();
        match end {
            End::Closed | End::Idle | End::Drained => {
                tracing::debug!(connection = number, reason, "connection ended");
            }
            _ => tracing::warn!(connection = number, peer = %address, name, reason, "connection ended"),
        }
    }

    /// The counts since start.
    pub fn metrics(&self) -> Snapshot {
        self.inner.metrics.snapshot()
    }

    /// All metrics in the text format of Prometheus (version 0.0.4), for a page of one's own; the same as
    /// [`serve_health`](Self::serve_health) shows. No PHI, and a bounded number of labels.
    pub fn prometheus(&self) -> String {
        let Inner { metrics, settings, tls, door, .. } = &*self.inner;
        exposition::text(metrics, settings.connections as u64, tls.get(), &door.verdicts())
    }

    /// Whether connections are taken: until the drain begins. Asks nobody, so that it is also true while a
    /// store or queue is out of reach.
    pub fn is_live(&self) -> bool {
        !self.inner.draining.load(Ordering::Relaxed)
    }

    /// Whether messages can come in: asks the door.
    pub async fn health(&self) -> Health {
        Health {
            open: self.inner.door.is_open().await,
            draining: !self.is_live(),
            connections: self.metrics().connections_open,
            limit: self.inner.settings.connections as u64,
        }
    }
}
