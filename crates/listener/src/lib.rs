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
//! # Order and pressure
//!
//! The messages of one connection are accepted one after the other, and answered in that order, also when the
//! sender does not wait for answers. While one is being accepted or answered nothing more is read from that
//! connection, so a sender that is too fast is slowed down by TCP. At [`Settings::connections`] no further ones
//! are taken from the operating system until one ends.
//!
//! # Memory
//!
//! A waiting connection holds a buffer of a kilobyte. Frames above [`Settings::small_frame`] need one of
//! [`Settings::large_frames`] permits before more of them is read, so all connections together stay below
//! `connections × 2 × small_frame + large_frames × 2 × frame_limit` bytes of buffers.
//!
//! # What is logged
//!
//! Connection numbers, counts and reasons: nothing that the other side wrote, no control ids.
//!
//! ```
//! use std::sync::Arc;
//! use tokio::net::TcpListener;
//! use tokio_util::sync::CancellationToken;
//! use zorgsluis_listener::{Door, Listener, Settings};
//!
//! # async fn run(door: Arc<dyn Door>) -> std::io::Result<()> {
//! let listener = Listener::new(door, Settings::default());
//! let shutdown = CancellationToken::new();
//! let socket = TcpListener::bind("127.0.0.1:2575").await?;
//! let drained = listener.serve(socket, shutdown).await;
//! assert!(drained.complete, "every connection ended by itself");
//! # Ok(())
//! # }
//! ```

mod connection;
mod door;
mod metrics;
mod server;
mod settings;

pub use connection::End;
pub use door::{Answer, Door, IngestDoor};
pub use metrics::Snapshot;
pub use server::{Drained, Health, Listener};
pub use settings::Settings;
