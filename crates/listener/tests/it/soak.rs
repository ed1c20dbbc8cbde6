//! Many thousands of messages over many connections, plain and TLS, good and bad: the memory of the listener
//! stays where it is. The listener is a process of its own (this program again).
//!
//! `ZORGSLUIS_SOAK_SECONDS=3600 cargo test -p zorgsluis-listener --test it soak` for longer than the usual
//! twelve seconds.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;
use zorgsluis_listener::{Listener, Settings, Tls, TlsFiles};

use crate::pki::{Identity, Pki};
use crate::support::{Client, TestDoor, message};

/// Where the certificates lie, for the process that listens.
const FOLDER: &str = "ZORGSLUIS_SOAK_FOLDER";
const SECONDS: &str = "ZORGSLUIS_SOAK_SECONDS";
const CLIENTS: u8 = 24;
/// What memory may grow between the first and the last third.
const GROWTH: u64 = 8 << 20;

#[expect(clippy::disallowed_methods, reason = "the test starts itself with it, or a person does")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Not a test: the listener of [`memory_stays_where_it_is`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of the soak test"]
async fn the_listening_half() {
    let Some(folder) = variable(FOLDER).map(PathBuf::from) else { return };
    let tls = Tls::load(TlsFiles {
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
        client_ca: folder.join("ca.pem"),
        crl: None,
    });
    let settings = Settings {
        // Those that say nothing go soon, those that come too fast wait.
        idle: Duration::from_millis(500),
        frame: Duration::from_millis(500),
        pace: Duration::from_millis(300),
        handshake: Duration::from_millis(500),
        connections: usize::from(CLIENTS) - 4,
        reload: Duration::from_millis(50),
        ..Settings::default()
    };
    let listener = Listener::new(TestDoor::forgetting(), settings);
    let end = CancellationToken::new();
    let mut sockets = Vec::new();
    let mut addresses = String::from("LISTENING");
    for _ in 0..3 {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses += &format!(" {}", socket.local_addr().unwrap());
        sockets.push(socket);
    }
    println!("\n{addresses}");
    // The other half is gone when its end of the pipe is.
    std::thread::spawn({
        let end = end.clone();
        move || {
            let _ = std::io::stdin().read(&mut [0]);
            end.cancel();
        }
    });
    let [plain, secure, health] = sockets.try_into().unwrap();
    tokio::join!(
        listener.serve(plain, end.clone()),
        listener.serve_tls(secure, tls.unwrap(), end.clone()),
        listener.serve_health(health, end.clone()),
    );
}

struct Half {
    child: Child,
    plain: SocketAddr,
    secure: SocketAddr,
    health: SocketAddr,
}

impl Half {
    fn start(pki: &Pki) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "soak::the_listening_half", "--ignored", "--nocapture"])
            .env(FOLDER, pki.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.find_map(|line| line.unwrap().strip_prefix("LISTENING ").map(str::to_owned)).unwrap();
        let mut addresses = line.split(' ').map(|address| address.parse().unwrap());
        let mut next = || addresses.next().unwrap();
        let (plain, secure, health) = (next(), next(), next());
        // What it says at its end must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, plain, secure, health }
    }

    /// Resident memory in bytes, where the operating system tells.
    fn memory(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * 4_096)
    }

    async fn metrics(&self) -> String {
        crate::health::ask(self.health, "GET", "/metrics").await.2
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Small pseudo-random numbers, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

struct Load {
    pki: Pki,
    good: Identity,
    nobody: Identity,
    until: Instant,
    answered: AtomicU64,
    connections: AtomicU64,
}

impl Load {
    /// One connection after the other, each from an address of its own.
    async fn client(self: Arc<Self>, number: u8, plain: SocketAddr, secure: SocketAddr) {
        let mut dice = Dice(u64::from(number));
        while Instant::now() < self.until {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::new(127, 0, 1, number), 0).into()).unwrap();
            let is_plain = number.is_multiple_of(2);
            let Ok(stream) = socket.connect(if is_plain { plain } else { secure }).await else { continue };
            self.connections.fetch_add(1, Ordering::Relaxed);
            if is_plain {
                self.talk(Client::over(stream), &mut dice).await;
                continue;
            }
            let identity = if dice.roll(8) == 0 { &self.nobody } else { &self.good };
            let connector = TlsConnector::from(identity.config());
            if let Ok(stream) = connector.connect("127.0.0.1".try_into().unwrap(), stream).await {
                self.talk(Client::over(stream), &mut dice).await;
            }
        }
    }

    /// Some messages, and an end of some kind. The listener may end it before.
    async fn talk(&self, mut client: Client, dice: &mut Dice) {
        for id in 0..=dice.roll(40) {
            let size = match dice.roll(60) {
                0 => 300_000,
                1..=4 => 20_000,
                _ => 800,
            };
            let text = format!("\x0b{}{}\x1c\r", message(id), "x".repeat(size));
            if client.try_raw(text.as_bytes()).await.is_err() {
                return;
            }
            let Some((_, answered)) = client.answer().await else { return };
            assert_eq!(answered, id.to_string());
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        match dice.roll(6) {
            0 => drop(client.try_raw(b"\x0bMSH|^~\\&|half").await),
            1 => drop(client.try_raw("junk ".repeat(20_000).as_bytes()).await),
            2 => {
                let _ = client.try_raw(format!("\x0b{}{}", message(0), "x".repeat(200_000)).as_bytes()).await;
                let _ = client.answer_bytes().await;
            }
            3 => {
                // Says nothing until it is sent away.
                let _ = client.answer_bytes().await;
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_where_it_is() {
    let pki = Pki::new();
    let half = Half::start(&pki);
    let seconds = variable(SECONDS).map_or(12, |seconds| seconds.parse().unwrap());
    let duration = Duration::from_secs(seconds);
    let begun = Instant::now();
    let (good, nobody) = (pki.client("epd.linde.example"), pki.nobody());
    let (answered, connections) = (AtomicU64::new(0), AtomicU64::new(0));
    let load = Arc::new(Load { pki, good, nobody, until: begun + duration, answered, connections });
    let clients: Vec<_> = (1..=CLIENTS)
        .map(|number| tokio::spawn(Arc::clone(&load).client(number, half.plain, half.secure)))
        .collect();

    let mut thirds: [Vec<u64>; 3] = Default::default();
    let mut renewals = 0;
    while begun.elapsed() < duration {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let third = (begun.elapsed().as_millis() * 3 / duration.as_millis()).min(2) as usize;
        thirds[third].extend(half.memory());
        if renewals < 10 * third {
            renewals += 1;
            load.pki.renew_server();
        }
    }
    for client in clients {
        client.await.unwrap();
    }
    let metrics = half.metrics().await;
    let (answered, connections) =
        (load.answered.load(Ordering::Relaxed), load.connections.load(Ordering::Relaxed));
    let peak = |third: &[u64]| third.iter().max().copied().unwrap_or_default();
    let (first, last) = (peak(&thirds[0]), peak(&thirds[2]));
    println!(
        "{answered} messages over {connections} connections: {} KiB at most in the first third, {} KiB in the last",
        first >> 10,
        last >> 10
    );
    assert!(answered > 1_000 && connections > 100, "{answered} messages over {connections} connections");
    assert!(last <= first + GROWTH, "memory grew from {first} to {last} bytes");
    // Each kind of trouble was there, and nothing was left behind by it.
    for reason in ["closed", "idle", "junk", "pace"] {
        let none = format!("zorgsluis_mllp_connections_ended_total{{reason=\"{reason}\"}} 0\n");
        assert!(!metrics.contains(&none), "{reason}: {metrics}");
    }
    assert!(!metrics.contains("failures_total{reason=\"no-certificate\"} 0\n"), "{metrics}");
    assert!(!metrics.contains("reloads_total{result=\"in-force\"} 0\n"), "{metrics}");
    crate::support::soon(async {
        loop {
            let metrics = half.metrics().await;
            if ["port=\"plain\"} 0\n", "port=\"tls\"} 0\n"]
                .iter()
                .all(|port| metrics.contains(&format!("zorgsluis_mllp_connections_open{{{port}")))
                && metrics.contains("zorgsluis_mllp_in_flight 0\n")
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
