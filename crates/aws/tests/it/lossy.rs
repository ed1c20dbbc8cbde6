//! A way to MiniStack on which answers get lost: the request is done, and nobody hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use zorgsluis_aws::{Clients, Endpoints};

use super::ministack::{REGION, World, credentials};

/// Clients that reach a world by way of a line that loses answers when told to.
pub(crate) struct Lossy {
    pub(crate) clients: Clients,
    to_lose: Arc<AtomicU32>,
    held: Arc<Held>,
}

/// An answer that has come, and is kept back.
#[derive(Default)]
struct Held {
    wanted: AtomicBool,
    /// One is.
    kept: Notify,
    /// It may go on.
    free: Notify,
}

impl Lossy {
    /// Loses the answers to the next `count` requests in whose head this stands: a method and path, the name of an
    /// operation.
    pub(crate) async fn new(world: &World, needle: &str, count: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = world.endpoint.strip_prefix("http://").unwrap().to_owned();
        let to_lose = Arc::new(AtomicU32::new(count));
        let held = Arc::<Held>::default();
        let (losing, holding, needle) = (Arc::clone(&to_lose), Arc::clone(&held), needle.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, needle) = (server.clone(), needle.clone());
                let (losing, holding) = (Arc::clone(&losing), Arc::clone(&holding));
                tokio::spawn(async move { carry(stream, &server, &needle, &losing, &holding).await });
            }
        });
        let endpoints = Endpoints { all: Some(endpoint), comprehend_medical: None };
        Self { clients: Clients::load(REGION, &endpoints, Some(credentials())).await, to_lose, held }
    }

    /// Keeps the next such answer back, until it is released.
    pub(crate) fn hold(&self) {
        self.held.wanted.store(true, Ordering::SeqCst);
    }

    /// Waits until one is kept back.
    pub(crate) async fn is_held(&self) {
        self.held.kept.notified().await;
    }

    pub(crate) fn release(&self) {
        self.held.free.notify_one();
    }

    /// Loses the answers of the next `count`.
    pub(crate) fn lose(&self, count: u32) {
        self.to_lose.store(count, Ordering::SeqCst);
    }

    /// Whether all were lost that were to be.
    pub(crate) fn lost_all(&self) -> bool {
        self.to_lose.load(Ordering::SeqCst) == 0
    }
}

/// One request of a connection, and its answer.
async fn carry(mut from: TcpStream, server: &str, needle: &str, to_lose: &AtomicU32, held: &Held) {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if from.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let headers = String::from_utf8_lossy(request.split_at(head).0).into_owned();
    let length: usize = headers
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .unwrap_or(0);
    while request.len() < head + length {
        if from.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let mut to = TcpStream::connect(server).await.unwrap();
    // One request a connection: the answer ends where the connection does. (No header that is signed.)
    let line = request.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    let (line, rest) = request.split_at(line);
    to.write_all(&[line, b"connection: close\r\n", rest].concat()).await.unwrap();
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).await.unwrap();
    if headers.contains(needle) && held.wanted.swap(false, Ordering::SeqCst) {
        held.kept.notify_one();
        held.free.notified().await;
    }
    let lost = headers.contains(needle)
        && to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if !lost {
        let _ = from.write_all(&answer).await;
    }
    let _ = from.shutdown().await;
}
