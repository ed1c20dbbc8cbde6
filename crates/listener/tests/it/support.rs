//! A door that keeps what it takes, a client that speaks MLLP, and a running listener.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use hl7v2::ack::{AckBuilder, AckCode, Acknowledgement, Header};
use hl7v2::mllp::{Broken, Codec, Frame};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{Decoder, Encoder};
use tokio_util::sync::CancellationToken;
use zorgsluis_listener::{Answer, Door, Drained, Listener, Peer, Settings, Snapshot, Tls};

use crate::pki::Identity;

/// So long that only a hanging listener reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that will happen, and fails if it does not.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened long ago")
}

/// A door that keeps what it takes. Each message needs a permit of `turns`.
pub(crate) struct TestDoor {
    pub(crate) taken: Mutex<Vec<String>>,
    /// Who sent them.
    pub(crate) peers: Mutex<Vec<Peer>>,
    pub(crate) turns: Semaphore,
    /// Bytes of text in each answer, to fill the buffers of a peer that does not read.
    padding: usize,
    /// Keeps nothing.
    forgets: bool,
}

impl TestDoor {
    pub(crate) fn open() -> Arc<Self> {
        Self::answering(0)
    }

    pub(crate) fn closed() -> Arc<Self> {
        Self::with(Semaphore::new(0), 0)
    }

    /// Open, with so many bytes of text in each answer.
    pub(crate) fn answering(padding: usize) -> Arc<Self> {
        Self::with(Semaphore::new(Semaphore::MAX_PERMITS), padding)
    }

    /// Open, and keeps nothing.
    pub(crate) fn forgetting() -> Arc<Self> {
        let mut door = Self::with(Semaphore::new(Semaphore::MAX_PERMITS), 0);
        Arc::get_mut(&mut door).unwrap().forgets = true;
        door
    }

    fn with(turns: Semaphore, padding: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), peers: Mutex::default(), turns, padding, forgets: false })
    }

    pub(crate) fn peers(&self) -> Vec<Peer> {
        self.peers.lock().unwrap().clone()
    }

    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

fn answer(code: AckCode, head: &[u8], padding: usize) -> Vec<Answer> {
    let header = Header::read(head);
    let bytes = AckBuilder::new(code, &header).text("x".repeat(padding)).build();
    vec![Answer { code, bytes }]
}

#[async_trait]
impl Door for TestDoor {
    async fn accept(&self, content: Bytes, peer: &Peer) -> Vec<Answer> {
        let _turn = self.turns.acquire().await.unwrap();
        if !self.forgets {
            self.peers.lock().unwrap().push(peer.clone());
            self.taken.lock().unwrap().push(String::from_utf8(content.to_vec()).unwrap());
        }
        assert!(!content.ends_with(b"panic"), "as the test asked for");
        answer(AckCode::AA, &content, self.padding)
    }

    async fn refuse(&self, broken: &Broken, _peer: &Peer) -> Vec<Answer> {
        answer(AckCode::AR, &broken.head, 0)
    }

    async fn is_open(&self) -> bool {
        self.turns.available_permits() > 0
    }
}

/// A listener on a plain port, and on a TLS port when it was started with certificates.
pub(crate) struct Running {
    pub(crate) listener: Listener,
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) shutdown: CancellationToken,
    tasks: Vec<JoinHandle<Drained>>,
}

async fn bind() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

impl Running {
    pub(crate) async fn start(door: Arc<dyn Door>, settings: Settings) -> Self {
        let (socket, address) = bind().await;
        let (listener, shutdown) = (Listener::new(door, settings), CancellationToken::new());
        let task = {
            let (listener, shutdown) = (listener.clone(), shutdown.clone());
            tokio::spawn(async move { listener.serve(socket, shutdown).await })
        };
        Self { listener, address, tls_address: None, shutdown, tasks: vec![task] }
    }

    pub(crate) async fn start_tls(door: Arc<dyn Door>, settings: Settings, tls: &Tls) -> Self {
        let mut running = Self::start(door, settings).await;
        let (socket, address) = bind().await;
        running.tls_address = Some(address);
        let (listener, tls, shutdown) = (running.listener.clone(), tls.clone(), running.shutdown.clone());
        running.tasks.push(tokio::spawn(async move { listener.serve_tls(socket, tls, shutdown).await }));
        running
    }

    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client::over(stream)
    }

    /// A TCP connection to the TLS port.
    pub(crate) async fn reach_tls(&self) -> TcpStream {
        TcpStream::connect(self.tls_address.unwrap()).await.unwrap()
    }

    /// A handshake with the TLS port, as this client.
    pub(crate) async fn handshake(&self, identity: &Identity) -> std::io::Result<TlsStream<TcpStream>> {
        let server = "127.0.0.1".try_into().unwrap();
        soon(TlsConnector::from(identity.config()).connect(server, self.reach_tls().await)).await
    }

    pub(crate) async fn connect_tls(&self, identity: &Identity) -> Client {
        Client::over(self.handshake(identity).await.unwrap())
    }

    /// Waits until a handshake has failed for this reason, as the metrics tell.
    pub(crate) async fn handshake_failed(&self, reason: &str) {
        let line = format!("zorgsluis_mllp_tls_handshake_failures_total{{reason=\"{reason}\"}} 1\n");
        self.metric(&line).await;
    }

    /// Waits until the metrics hold this text.
    pub(crate) async fn metric(&self, text: &str) {
        soon(async {
            while !self.listener.prometheus().contains(text) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }

    /// Waits until the counts are as wanted.
    pub(crate) async fn counts(&self, wanted: impl Fn(Snapshot) -> bool) -> Snapshot {
        soon(async {
            loop {
                let counts = self.listener.metrics();
                if wanted(counts) {
                    return counts;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await
    }

    pub(crate) async fn stop(self) -> Drained {
        self.shutdown.cancel();
        self.stopped().await
    }

    pub(crate) async fn stopped(self) -> Drained {
        let mut complete = true;
        for task in self.tasks {
            complete &= soon(task).await.unwrap().complete;
        }
        Drained { complete }
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub(crate) struct Client {
    pub(crate) stream: Box<dyn Stream>,
    codec: Codec,
    buffer: BytesMut,
}

/// A message with this control id.
pub(crate) fn message(id: impl std::fmt::Display) -> String {
    format!("MSH|^~\\&|A|B|C|D|||ADT^A01|{id}|P|2.5\rPID|1")
}

impl Client {
    pub(crate) fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), codec: Codec::new(1 << 24), buffer: BytesMut::new() }
    }

    /// Sends a message and expects AA.
    pub(crate) async fn exchange(&mut self, id: impl std::fmt::Display) {
        self.send(&message(&id)).await;
        self.expect(AckCode::AA, &id.to_string()).await;
    }

    /// Whether the listener has ended the connection.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.answer().await.is_none()
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.try_raw(bytes).await.unwrap();
    }

    /// Where the listener may have ended the connection.
    pub(crate) async fn try_raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    pub(crate) async fn send(&mut self, message: &str) {
        let mut framed = BytesMut::new();
        self.codec.encode(message, &mut framed).unwrap();
        self.raw(&framed).await;
    }

    /// The next answer; `None` when the connection has ended.
    pub(crate) async fn answer(&mut self) -> Option<(AckCode, String)> {
        let bytes = self.answer_bytes().await?;
        let read = Acknowledgement::parse(&bytes).unwrap();
        Some((read.code, read.control_id))
    }

    /// The same, as it came.
    pub(crate) async fn answer_bytes(&mut self) -> Option<Bytes> {
        soon(async {
            loop {
                match self.codec.decode(&mut self.buffer).unwrap() {
                    Some(Frame::Message(bytes)) => return Some(bytes),
                    Some(Frame::Broken(broken)) => panic!("a broken answer: {broken:?}"),
                    None => {}
                }
                match self.stream.read_buf(&mut self.buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        })
        .await
    }

    pub(crate) async fn expect(&mut self, code: AckCode, id: &str) {
        assert_eq!(self.answer().await, Some((code, id.to_owned())));
    }
}
