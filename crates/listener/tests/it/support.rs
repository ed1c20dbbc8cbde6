//! A door that keeps what it takes, a client that speaks MLLP, and a running listener.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use hl7v2::ack::{AckBuilder, AckCode, Acknowledgement, Header};
use hl7v2::mllp::{Broken, Codec, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::codec::{Decoder, Encoder};
use tokio_util::sync::CancellationToken;
use zorgsluis_listener::{Answer, Door, Drained, Listener, Settings, Snapshot};

/// So long that only a hanging listener reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that will happen, and fails if it does not.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened long ago")
}

/// A door that keeps what it takes. Each message needs a permit of `turns`.
pub(crate) struct TestDoor {
    pub(crate) taken: Mutex<Vec<String>>,
    pub(crate) turns: Semaphore,
    /// Bytes of text in each answer, to fill the buffers of a peer that does not read.
    pub(crate) padding: usize,
}

impl TestDoor {
    pub(crate) fn open() -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), turns: Semaphore::new(Semaphore::MAX_PERMITS), padding: 0 })
    }

    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), turns: Semaphore::new(0), padding: 0 })
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
    async fn accept(&self, content: Bytes, _peer: IpAddr) -> Vec<Answer> {
        let _turn = self.turns.acquire().await.unwrap();
        self.taken.lock().unwrap().push(String::from_utf8(content.to_vec()).unwrap());
        assert!(!content.ends_with(b"panic"), "as the test asked for");
        answer(AckCode::AA, &content, self.padding)
    }

    async fn refuse(&self, broken: &Broken, _peer: IpAddr) -> Vec<Answer> {
        answer(AckCode::AR, &broken.head, 0)
    }

    async fn is_open(&self) -> bool {
        self.turns.available_permits() > 0
    }
}

pub(crate) struct Running {
    pub(crate) listener: Listener,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    task: JoinHandle<Drained>,
}

impl Running {
    pub(crate) async fn start(door: Arc<TestDoor>, settings: Settings) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (listener, shutdown) = (Listener::new(door, settings), CancellationToken::new());
        let task = {
            let (listener, shutdown) = (listener.clone(), shutdown.clone());
            tokio::spawn(async move { listener.serve(socket, shutdown).await })
        };
        Self { listener, address, shutdown, task }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client {
            stream: TcpStream::connect(self.address).await.unwrap(),
            codec: Codec::new(1 << 24),
            buffer: BytesMut::new(),
        }
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
        soon(self.task).await.unwrap()
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    codec: Codec,
    buffer: BytesMut,
}

/// A message with this control id.
pub(crate) fn message(id: impl std::fmt::Display) -> String {
    format!("MSH|^~\\&|A|B|C|D|||ADT^A01|{id}|P|2.5\rPID|1")
}

impl Client {
    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: &str) {
        let mut framed = BytesMut::new();
        self.codec.encode(message, &mut framed).unwrap();
        self.raw(&framed).await;
    }

    /// The next answer; `None` when the connection has ended.
    pub(crate) async fn answer(&mut self) -> Option<(AckCode, String)> {
        soon(async {
            loop {
                match self.codec.decode(&mut self.buffer).unwrap() {
                    Some(Frame::Message(bytes)) => {
                        let read = Acknowledgement::parse(&bytes).unwrap();
                        return Some((read.code, read.control_id));
                    }
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
