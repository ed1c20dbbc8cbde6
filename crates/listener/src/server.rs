//! Taking connections, and stopping.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{Connection, Shared};
use crate::metrics::{Metrics, add};
use crate::{Door, End, Settings, Snapshot};

/// How long to wait when the operating system has no connection to give (no file descriptors left).
const ACCEPT_FAILED: Duration = Duration::from_millis(100);

/// The MLLP server. Cloning gives another handle on the same one.
#[derive(Clone)]
pub struct Listener {
    inner: Arc<Inner>,
}

struct Inner {
    door: Arc<dyn Door>,
    settings: Settings,
    metrics: Metrics,
    large: Semaphore,
    slots: Arc<Semaphore>,
    serial: AtomicU64,
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
    /// Connections that are open.
    pub connections: u64,
    /// Connections that may be open at the same time.
    pub limit: u64,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

impl Listener {
    /// A listener in front of this door.
    pub fn new(door: Arc<dyn Door>, settings: Settings) -> Self {
        let large = Semaphore::new(settings.large_frames.clamp(1, Semaphore::MAX_PERMITS));
        let slots = Arc::new(Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS)));
        let (metrics, serial) = (Metrics::default(), AtomicU64::new(0));
        Self { inner: Arc::new(Inner { door, settings, metrics, large, slots, serial }) }
    }

    /// Takes connections until `shutdown`, then drains: takes no more, finishes what has begun to arrive, and
    /// cuts off what is left after [`Settings::drain`].
    pub async fn serve(&self, socket: TcpListener, shutdown: CancellationToken) -> Drained {
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        while let Some((stream, peer, slot)) = self.next(&socket, &shutdown).await {
            let (listener, shutdown, cut) = (self.clone(), shutdown.clone(), cut.clone());
            tasks.spawn(async move {
                listener.connection(stream, peer, &shutdown, &cut).await;
                drop(slot);
            });
        }
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

    /// The next connection, as soon as there is room for one; `None` at shutdown.
    async fn next(
        &self,
        socket: &TcpListener,
        shutdown: &CancellationToken,
    ) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
        let slots = &self.inner.slots;
        if slots.available_permits() == 0 {
            add(&self.inner.metrics.connections_paused, 1);
            tracing::warn!("connection limit reached: no further ones are taken until one ends");
        }
        let slot = shutdown.run_until_cancelled(Arc::clone(slots).acquire_owned()).await?.ok()?;
        loop {
            match shutdown.run_until_cancelled(socket.accept()).await? {
                Ok((stream, peer)) => {
                    // Answers are small and waited for.
                    let _ = stream.set_nodelay(true);
                    return Some((stream, peer.ip(), slot));
                }
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "a connection could not be taken");
                    shutdown.run_until_cancelled(sleep(ACCEPT_FAILED)).await?;
                }
            }
        }
    }

    /// Serves one connection over any stream until it ends, or until `cut` ends it in the middle. From
    /// `shutdown` on it finishes what has begun and then ends by itself.
    pub async fn connection<S>(
        &self,
        stream: S,
        peer: IpAddr,
        shutdown: &CancellationToken,
        cut: &CancellationToken,
    ) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let inner = &*self.inner;
        let number = inner.serial.fetch_add(1, Ordering::Relaxed);
        let _open = Open::new(&inner.metrics);
        tracing::debug!(connection = number, %peer, "connection opened");
        let shared = Shared {
            door: inner.door.as_ref(),
            settings: &inner.settings,
            metrics: &inner.metrics,
            large: &inner.large,
        };
        let connection = Connection::new(shared, stream, peer);
        let end = cut.run_until_cancelled(connection.run(shutdown)).await.unwrap_or(End::Drained);
        inner.metrics.ended(end);
        match end {
            End::Closed | End::Idle | End::Drained => {
                tracing::debug!(connection = number, reason = end.name(), "connection ended");
            }
            End::FrameTime | End::WriteTime | End::Junk | End::Failed => {
                tracing::warn!(connection = number, %peer, reason = end.name(), "connection ended");
            }
        }
        end
    }

    /// The counts since start.
    pub fn metrics(&self) -> Snapshot {
        self.inner.metrics.snapshot()
    }

    /// Whether messages can come in: asks the door.
    pub async fn health(&self) -> Health {
        Health {
            open: self.inner.door.is_open().await,
            connections: self.metrics().connections_open,
            limit: self.inner.settings.connections as u64,
        }
    }
}

/// Counts a connection as open, also when its task panics.
struct Open<'m>(&'m Metrics);

impl<'m> Open<'m> {
    fn new(metrics: &'m Metrics) -> Self {
        add(&metrics.connections_total, 1);
        add(&metrics.connections_open, 1);
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connections_open.fetch_sub(1, Ordering::Relaxed);
    }
}
