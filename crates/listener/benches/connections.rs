//! Memory of the listener at 2,000 connections, plain and TLS, and messages a second at 256, with a door that stores nothing:
//! `cargo bench -p zorgsluis-listener`.
//!
//! The listener runs in a process of its own (this program again, with `--listen`), so that what is measured is
//! the listener and not its clients. Memory is read from /proc; elsewhere than on Linux it is left out.
//! Both processes need more than 2,000 open files (`ulimit -n 4096`).
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints what it measured, and ends when it cannot"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use hl7v2::ack::{AckBuilder, AckCode, Header};
use hl7v2::mllp::Broken;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;
use zorgsluis_listener::{Answer, Door, Listener, Peer, Settings, Tls, TlsFiles};

struct NothingStored;

#[async_trait]
impl Door for NothingStored {
    async fn accept(&self, content: Bytes, _peer: &Peer) -> Vec<Answer> {
        let header = Header::read(&content);
        vec![Answer { code: AckCode::AA, bytes: AckBuilder::new(AckCode::AA, &header).build() }]
    }
    async fn refuse(&self, _broken: &Broken, _peer: &Peer) -> Vec<Answer> {
        Vec::new()
    }
    async fn is_open(&self) -> bool {
        true
    }
}

#[tokio::main]
async fn main() {
    if std::env::args().any(|argument| argument == "--listen") {
        listen().await;
    } else {
        measure().await;
    }
}

async fn listen() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{} {}", socket.local_addr().unwrap(), secure.local_addr().unwrap());
    let folder = PathBuf::from(std::env::args_os().last().unwrap());
    let tls = Tls::load(TlsFiles {
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
        client_ca: folder.join("ca.pem"),
        crl: None,
    });
    let settings = Settings { connections: 2_000, connections_per_peer: 2_000, ..Settings::default() };
    let listener = Listener::new(Arc::new(NothingStored), settings);
    let end = CancellationToken::new();
    tokio::join!(listener.serve(socket, end.clone()), listener.serve_tls(secure, tls.unwrap(), end));
}

/// An authority with a server and a client: writes the server's files and gives what the client has.
fn certificates(folder: &Path) -> TlsConnector {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let issue = |name: &str, key: &KeyPair| {
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(key, &authority).unwrap()
    };
    let (server, client) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(folder.join("server.pem"), issue("127.0.0.1", &server).pem()).unwrap();
    std::fs::write(folder.join("server.key"), server.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let own = vec![issue("sender.example", &client).der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(own, PrivateKeyDer::try_from(client.serialize_der()).unwrap());
    TlsConnector::from(Arc::new(config.unwrap()))
}

/// The listener in a process of its own, and its addresses, plain and TLS.
fn start(folder: &Path) -> (Child, String, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("--listen")
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (plain, secure) = line.trim().split_once(' ').unwrap();
    (child, plain.to_owned(), secure.to_owned())
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let connector = certificates(folder.path());
    let (mut child, address, _) = start(folder.path());
    let message = format!("\x0bMSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.5\rPID|1|{}\x1c\r", "x".repeat(1_100));

    println!("memory of the listener, resident (to reach: 64 MB at 2,000 connections)");
    report(child.id(), "no connection");
    let mut open = Vec::new();
    for _ in 0..2_000 {
        open.push(TcpStream::connect(&address).await.unwrap());
    }
    exchange(&mut open[1_999], &message).await;
    report(child.id(), "2,000 connections, waiting");
    for stream in &mut open {
        exchange(stream, &message).await;
    }
    report(child.id(), "2,000 connections, each after a message of 1.1 KB");
    let half = &message.as_bytes()[..600];
    for stream in &mut open {
        stream.write_all(half).await.unwrap();
    }
    exchange_rest(&mut open[1_999], &message.as_bytes()[600..]).await;
    report(child.id(), "2,000 connections, each inside a message");
    drop(open);

    let (connections, messages) = (256, 200);
    let began = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..connections {
        let (address, message) = (address.clone(), message.clone());
        clients.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            for _ in 0..messages {
                exchange(&mut stream, &message).await;
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    let per_second = f64::from(connections * messages) / began.elapsed().as_secs_f64();
    println!("messages a second, {connections} connections, nothing stored: {per_second:.0}");
    child.kill().unwrap();
    child.wait().unwrap();

    let (mut child, _, address) = start(folder.path());
    report(child.id(), "TLS: no connection");
    let mut open = Vec::new();
    for _ in 0..2_000 {
        let stream = TcpStream::connect(&address).await.unwrap();
        open.push(connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap());
    }
    for stream in &mut open {
        exchange(stream, &message).await;
    }
    report(child.id(), "TLS: 2,000 connections, each after a message of 1.1 KB");
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), message: &str) {
    exchange_rest(stream, message.as_bytes()).await;
}

async fn exchange_rest(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x1c\r") {
        stream.read_buf(&mut answer).await.unwrap();
    }
}

fn report(process: u32, what: &str) {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else { return };
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("unknown");
    println!("  {what:<52} {:>12}", resident.trim());
}
