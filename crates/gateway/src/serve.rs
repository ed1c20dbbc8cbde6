//! The gateway on a socket.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::auth::tell_left_out;
use crate::denial::WINDOW_SECONDS;
use crate::{Gateway, GatewayError};

/// Connections at a time; more wait in the socket's backlog.
const CONNECTIONS: usize = 256;
/// The header of a request must be there within this time.
const HEADER: Duration = Duration::from_secs(15);
/// How long requests that are being answered may take once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// A pause after the socket refused to accept (too many open files).
const PAUSE: Duration = Duration::from_millis(100);

/// Whether the gateway may listen here. Until access decisions exist, it shows its data to whoever is on the
/// same machine and has the token, and to nobody else.
pub fn check_address(address: SocketAddr) -> Result<(), GatewayError> {
    if address.ip().is_loopback() { Ok(()) } else { Err(GatewayError::NotLoopback(address)) }
}

/// Serves until `stop` is done, then lets what is being answered end.
pub async fn serve(
    gateway: &Gateway,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), GatewayError> {
    check_address(listener.local_addr().map_err(GatewayError::Socket)?)?;
    let router = gateway.router();
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    let denials = tokio::spawn({
        let gateway = gateway.clone();
        async move {
            loop {
                tokio::time::sleep(Duration::from_secs(u64::from(WINDOW_SECONDS))).await;
                tell_left_out(&gateway).await;
            }
        }
    });
    loop {
        let permit = tokio::select! {
            permit = connections.clone().acquire_owned() => permit,
            () = &mut stop => break,
        };
        let Ok(permit) = permit else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let service = router.clone().map_request(move |mut request: Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(axum::body::Body::new)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks off is the caller's affair.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    denials.abort();
    tell_left_out(gateway).await;
    Ok(())
}
