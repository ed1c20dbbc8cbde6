//! The MLLP listener: takes HL7 v2 messages from sockets, hands them on, and writes the answers.
//!
//! # Words
//!
//! * **frame**: one message between the start and end bytes of MLLP ([`hl7v2::mllp`]).
//! * **door** ([`Door`]): what frames are handed to; [`IngestDoor`] is the one that makes messages durable. The
//!   listener itself knows nothing of stores: it answers what the door says.
//! * **broken frame**: too long, cut off by the next one, empty, or ended with the connection. It never reaches
//!   the door as a message. It is answered with AR (AE where sending again helps) or CR and CE; a connection that
//!   ends inside a frame is closed without an answer.
//! * **drain**: at the end no new connections are taken; what has begun to arrive is finished and answered, for at
//!   most [`Settings::drain`].
//!
//! * **port**: a way in ([`Port`]): plain TCP, or TLS with a client certificate. One [`Listener`] serves both,
//!   with one set of limits and counts.
//! * **peer** ([`Peer`]): the other side: its address and, on the TLS port, the name that its certificate
//!   proves. That name is the sender in journal and audit log.
//! * **reload**: files of certificates are read again when they change ([`Tls`]). New connections are served
//!   with the new ones, those that stand go on; files that cannot be used change nothing.
//!
//! `docs/listener.md` tells how to run it: certificates, limits, metrics.
//!
//! # Order and pressure
//!
//! The messages of one connection are accepted one after the other, and answered in that order, also when the
//! sender does not wait for answers. While one is being accepted or answered nothing more is read from that
//! connection, so a sender that is too fast is slowed down by TCP. At [`Settings::connections`] one further
//! connection of each port is taken from the operating system and waits; the others wait there. One address has
//! at most [`Settings::connections_per_peer`] of them.
//!
//! # Memory
//!
//! A waiting connection holds a buffer of a kilobyte (with TLS some twenty more). Frames above
//! [`Settings::small_frame`] need one of [`Settings::large_frames`] permits before more of them is read, so all
//! connections together stay below `connections × 2 × small_frame + large_frames × 2 × frame_limit` bytes of
//! buffers. A frame that holds such a permit must go on arriving ([`Settings::pace`]), and one address holds at
//! most [`Settings::large_frames_per_peer`].
//!
//! # What is logged
//!
//! Connection numbers, addresses, names of certificates, counts and reasons: nothing of what the other side
//! wrote into frames, no control ids.
//!
//! ```
//! use std::sync::Arc;
//! use tokio::net::TcpListener;
//! use tokio_util::sync::CancellationToken;
//! use zorgsluis_listener::{Door, Listener, Settings, Tls, TlsFiles};
//!
//! # async fn run(door: Arc<dyn Door>) -> Result<(), Box<dyn std::error::Error>> {
//! let tls = Tls::load(TlsFiles {
//!     certificate: "tls/server.pem".into(),
//!     key: "tls/server.key".into(),
//!     client_ca: "tls/client-ca.pem".into(),
//!     crl: None,
//! })?;
//! let listener = Listener::new(door, Settings::default());
//! let (shutdown, drained) = (CancellationToken::new(), CancellationToken::new());
//! let health = tokio::spawn({
//!     let (listener, drained) = (listener.clone(), drained.clone());
//!     let socket = TcpListener::bind("127.0.0.1:9575").await?;
//!     async move { listener.serve_health(socket, drained).await }
//! });
//! let plain = TcpListener::bind("127.0.0.1:2575").await?;
//! let secure = TcpListener::bind("127.0.0.1:2576").await?;
//! let (plain, secure) = tokio::join!(
//!     listener.serve(plain, shutdown.clone()),
//!     listener.serve_tls(secure, tls, shutdown.clone()),
//! );
//! assert!(plain.complete && secure.complete, "every connection ended by itself");
//! drained.cancel();
//! health.await?;
//! # Ok(())
//! # }
//! ```

mod certificates;
mod connection;
mod door;
mod exposition;
mod http;
mod metrics;
mod peer;
mod server;
mod settings;
mod tls;

pub use certificates::{CertificatesError, write_certificates};
pub use connection::End;
pub use door::{Answer, Door, IngestDoor};
pub use metrics::Snapshot;
pub use peer::{Peer, Port};
pub use server::{Drained, Health, Listener};
pub use settings::Settings;
pub use tls::{Expiry, HandshakeFailure, Reload, Reloads, Tls, TlsError, TlsFile, TlsFiles};
