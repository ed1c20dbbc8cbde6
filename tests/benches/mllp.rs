//! MLLP with durable acknowledgement, against an acknowledger that stores nothing, in one run.
//!
//! `cargo bench -p zorgsluis-tests --bench mllp` (or `make bench ARGS=mllp`). The servers are processes
//! of their own on 127.0.0.1, and get the same load in turns:
//!
//! * **nothing**: the listener before a door that parses the message, builds the same acknowledgement and
//!   keeps nothing;
//! * **durable**: the listener before ingest over the embedded stores: what an acknowledgement costs;
//! * **whole**: `zorgsluis serve`, which converts, applies and logs on the same cores meanwhile.
//!
//! The first two also get it over TLS 1.3 with client certificates, the handshakes before the clock starts. The
//! figures to look at are the ratios to *nothing*, and of TLS to plain.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails loudly"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use hl7v2::ack::{AckBuilder, AckCode, Header};
use hl7v2::mllp::Broken;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::port::AuditSink;
use zorgsluis_domain::{AuditEntry, PortError};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_ingest::{Ingest, ProfileRules};
use zorgsluis_listener::{Answer, Door, IngestDoor, Listener, Peer, Settings, Tls, TlsFiles};

const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(3);
const CONNECTIONS: [usize; 3] = [1, 32, 256];
const MANY: usize = 2_000;

/// Stores nothing.
struct Nothing;

#[async_trait]
impl Door for Nothing {
    async fn accept(&self, content: Bytes, _peer: &Peer) -> Vec<Answer> {
        let code = if hl7v2::Message::parse(&content).is_ok() { AckCode::AA } else { AckCode::AR };
        let bytes =
            AckBuilder::new(code, &Header::read(&content)).sent_at("20261101").control_id("N1").build();
        vec![Answer { code, bytes }]
    }

    async fn refuse(&self, _broken: &Broken, _peer: &Peer) -> Vec<Answer> {
        Vec::new()
    }

    async fn is_open(&self) -> bool {
        true
    }
}

/// Serves this door on two ports, whose addresses it prints: plain, and TLS with the certificates in this folder.
async fn serve(door: impl Door + 'static, certificates: &Path) {
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{} {}", plain.local_addr().unwrap(), secure.local_addr().unwrap());
    let tls = Tls::load(TlsFiles {
        certificate: certificates.join("server.pem"),
        key: certificates.join("server.key"),
        client_ca: certificates.join("ca.pem"),
        crl: None,
    });
    let listener = Listener::new(Arc::new(door), Settings::default());
    let end = tokio_util::sync::CancellationToken::new();
    tokio::join!(listener.serve(plain, end.clone()), listener.serve_tls(secure, tls.unwrap(), end));
}

fn serve_nothing(certificates: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(serve(Nothing, certificates));
}

/// Nothing is refused in this load, so nothing is logged.
struct NoEntries;

#[async_trait]
impl AuditSink for NoEntries {
    async fn record(&self, _entries: &[AuditEntry]) -> Result<(), PortError> {
        Err(PortError::Refused {
            operation: "audit.record",
            reason: String::from("no log in this benchmark"),
        })
    }
}

fn serve_durable(data: &str, certificates: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let directory = DataDirectory::open(data).unwrap();
        let ports = zorgsluis_ingest::Ports {
            payloads: Arc::new(directory.payloads()),
            queue: Arc::new(directory.queue("inbound", Duration::from_secs(60))),
            journal: Arc::new(directory.journal()),
            dead_letters: Arc::new(directory.dead_letters()),
            audit: Arc::new(NoEntries),
            keys: Arc::new(directory.keys()),
            clock: directory.clock(),
        };
        let settings = zorgsluis_ingest::Settings { queue_limit: u64::MAX, ..Default::default() };
        let ingest = Ingest::new(ports, Arc::new(ProfileRules::new(Profiles::builtin())), settings);
        let door = IngestDoor::new(Arc::new(ingest), directory.clock());
        serve(door, certificates).await;
    });
}

/// An authority with a server and a client, made for this run: writes the server's files into this folder and
/// gives what the client has.
fn certificates(folder: &Path) -> Arc<ClientConfig> {
    let key = || KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).unwrap();
    let issue = |name: &str, key: &KeyPair| {
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(key, &authority).unwrap()
    };
    let (server, client) = (key(), key());
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(folder.join("server.pem"), issue("127.0.0.1", &server).pem()).unwrap();
    std::fs::write(folder.join("server.key"), server.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let own = vec![issue("sender.example", &client).der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(own, PrivateKeyDer::try_from(client.serialize_der()).unwrap());
    Arc::new(config.unwrap())
}

fn message(number: u64) -> Vec<u8> {
    let patient = 600_000 + number % 1_000;
    let mut text = format!(
        "MSH|^~\\&|ZIS|WEST|ZS|WEST|20261101120000.{:04}+0100||ADT^A08^ADT_A01|B{number}|P|2.5|||||NLD|8859/1\r\
         EVN|A08|20261101115959+0100\r\
         PID|1||{patient}^^^WEST^PI||Proef{patient}&&Proef{patient}^A^B^^^^L||19700101|F|||Teststraat 1&Teststraat&1^^Testdorp^^9999ZZ^NL^M\r\
         PV1|1|I|A1^1^1^WEST||||||||||||||||V{patient}^^^WEST^VN\r",
        number % 10_000
    );
    while text.len() < 1_100 {
        text.push_str("NTE|1||proef\r");
    }
    text.into_bytes()
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

struct Client {
    stream: Box<dyn Stream>,
    answer: Vec<u8>,
}

impl Client {
    /// Plain, or with TLS.
    fn connect(to: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Self {
        let mut tcp = TcpStream::connect(to).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(tcp),
            Some(config) => {
                let mut session =
                    ClientConnection::new(Arc::clone(config), "127.0.0.1".try_into().unwrap()).unwrap();
                while session.is_handshaking() {
                    session.complete_io(&mut tcp).unwrap();
                }
                Box::new(StreamOwned::new(session, tcp))
            }
        };
        Self { stream, answer: vec![0; 4_096] }
    }

    /// Plain, from one of many addresses: one address has at most half of all connections.
    fn connect_from(runtime: &tokio::runtime::Runtime, number: usize, to: SocketAddr) -> Self {
        let from = Ipv4Addr::new(127, 0, 0, 2 + u8::try_from(number % 4).unwrap());
        let tcp = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind((from, 0).into()).unwrap();
            socket.connect(to).await.unwrap().into_std().unwrap()
        });
        tcp.set_nonblocking(false).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream: Box::new(tcp), answer: vec![0; 4_096] }
    }

    fn exchange(&mut self, message: &[u8]) {
        let mut frame = Vec::with_capacity(message.len() + 3);
        frame.push(0x0b);
        frame.extend_from_slice(message);
        frame.extend_from_slice(b"\x1c\r");
        self.stream.write_all(&frame).unwrap();
        let mut have = 0;
        while !self.answer[..have].ends_with(b"\x1c\r") {
            let got = self.stream.read(&mut self.answer[have..]).unwrap();
            assert!(got > 0, "the connection ended");
            have += got;
        }
        let accepted = self.answer[..have].windows(7).any(|window| window == b"MSA|AA|");
        assert!(accepted, "not accepted");
    }
}

/// Messages a second over so many connections.
fn load(to: SocketAddr, tls: Option<&Arc<ClientConfig>>, connections: usize, next: &AtomicU64) -> f64 {
    let stop = AtomicBool::new(false);
    let done = AtomicU64::new(0);
    let clients: Vec<Client> = (0..connections).map(|_| Client::connect(to, tls)).collect();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for mut client in clients {
            let (stop, done) = (&stop, &done);
            std::thread::Builder::new()
                .stack_size(256 << 10)
                .spawn_scoped(scope, move || {
                    while !stop.load(Ordering::Relaxed) {
                        client.exchange(&message(next.fetch_add(1, Ordering::Relaxed)));
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .unwrap();
        }
        std::thread::sleep(TURN);
        stop.store(true, Ordering::Relaxed);
    });
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// This program again, as one of the servers; it prints its addresses, plain and TLS.
fn start_self(arguments: &[&str]) -> (Process, SocketAddr, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (plain, secure) = line.trim().split_once(' ').unwrap();
    (Process(child), plain.parse().unwrap(), secure.parse().unwrap())
}

fn start_whole(data: &std::path::Path) -> (Process, SocketAddr) {
    let child = Command::new(env!("CARGO_BIN_EXE_zorgsluis-under-test"))
        .args(["serve", "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    loop {
        let announced = std::fs::read(data.join("server.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        if let Some(announced) = announced {
            return (process, announced["mllp"].as_str().unwrap().parse().unwrap());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Peak memory of a process in MiB (VmHWM).
fn peak(process: &Process) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().skip(1).map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--store-nothing", certificates] => return serve_nothing(Path::new(certificates)),
        ["--durable", data, certificates] => return serve_durable(data, Path::new(certificates)),
        _ => {}
    }
    let folder = tempfile::tempdir().unwrap();
    let tls = certificates(folder.path());
    let certificates = folder.path().to_str().unwrap();
    let next = AtomicU64::new(0);
    println!(
        "mllp: 1.1 KB ADT^A08, each acknowledged before the next on its connection; medians of {TURNS} turns"
    );
    println!("{:>12} {:>60}   {:>60}", "", "messages a second", "ratios");
    println!(
        "{:>12} {:>11} {:>11} {:>11} {:>12} {:>12}   {:>9} {:>9} {:>13} {:>13} {:>12}",
        "connections",
        "nothing",
        "durable",
        "whole",
        "nothing-tls",
        "durable-tls",
        "durable",
        "whole",
        "nothing-tls",
        "durable-tls",
        "durable-tls",
    );
    println!(
        "{:>12} {:>11} {:>11} {:>11} {:>12} {:>12}   {:>9} {:>9} {:>13} {:>13} {:>12}",
        "", "", "", "", "", "", ":nothing", ":nothing", ":nothing", ":nothing-tls", ":durable",
    );
    for connections in CONNECTIONS {
        let mut rates: [Vec<f64>; 5] = Default::default();
        let mut ratios: [Vec<f64>; 5] = Default::default();
        for turn in 0..TURNS {
            let (process, plain, secure) = start_self(&["--store-nothing", certificates]);
            let nothing = load(plain, None, connections, &next);
            let nothing_tls = load(secure, Some(&tls), connections, &next);
            drop(process);
            // A fresh folder each time: its queue is empty, as that of one that keeps up.
            let durable = |over: Option<&Arc<ClientConfig>>| {
                let data = folder.path().join(format!("durable-{connections}-{turn}"));
                let arguments = ["--durable", data.to_str().unwrap(), certificates];
                let (process, plain, secure) = start_self(&arguments);
                let rate = load(if over.is_some() { secure } else { plain }, over, connections, &next);
                drop(process);
                std::fs::remove_dir_all(&data).unwrap();
                rate
            };
            let (durable_tls, durable) = (durable(Some(&tls)), durable(None));
            let data = folder.path().join(format!("whole-{connections}-{turn}"));
            let (process, address) = start_whole(&data);
            let whole = load(address, None, connections, &next);
            drop(process);
            std::fs::remove_dir_all(&data).unwrap();
            for (rates, rate) in rates.iter_mut().zip([nothing, durable, whole, nothing_tls, durable_tls]) {
                rates.push(rate);
            }
            let of = [
                durable / nothing,
                whole / nothing,
                nothing_tls / nothing,
                durable_tls / nothing_tls,
                durable_tls / durable,
            ];
            for (ratios, ratio) in ratios.iter_mut().zip(of) {
                ratios.push(ratio);
            }
        }
        let [nothing, durable, whole, nothing_tls, durable_tls] = rates.map(|mut rates| median(&mut rates));
        let [a, b, c, d, e] = ratios.map(|mut ratios| median(&mut ratios));
        println!(
            "{connections:>12} {nothing:>11.0} {durable:>11.0} {whole:>11.0} {nothing_tls:>12.0} \
             {durable_tls:>12.0}   {a:>9.2} {b:>9.2} {c:>13.2} {d:>13.2} {e:>12.2}"
        );
    }

    let data = folder.path().join("many");
    let (process, address) = start_whole(&data);
    let before = peak(&process);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut clients: Vec<Client> =
        (0..MANY).map(|number| Client::connect_from(&runtime, number, address)).collect();
    for client in &mut clients {
        client.exchange(&message(next.fetch_add(1, Ordering::Relaxed)));
    }
    println!(
        "mllp: {MANY} connections, one message each: peak memory of the whole server {:.0} MiB ({before:.0} MiB before)",
        peak(&process)
    );
}
