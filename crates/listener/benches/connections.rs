//! Memory of the listener at 2,000 connections, and messages a second at 256, with a door that stores nothing:
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
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use hl7v2::ack::{AckBuilder, AckCode, Header};
use hl7v2::mllp::Broken;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use zorgsluis_listener::{Answer, Door, Listener, Settings};

struct NothingStored;

#[async_trait]
impl Door for NothingStored {
    async fn accept(&self, content: Bytes, _peer: IpAddr) -> Vec<Answer> {
        let header = Header::read(&content);
        vec![Answer { code: AckCode::AA, bytes: AckBuilder::new(AckCode::AA, &header).build() }]
    }
    async fn refuse(&self, _broken: &Broken, _peer: IpAddr) -> Vec<Answer> {
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
    println!("{}", socket.local_addr().unwrap());
    let settings = Settings { connections: 2_000, ..Settings::default() };
    Listener::new(Arc::new(NothingStored), settings).serve(socket, CancellationToken::new()).await;
}

async fn measure() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("--listen")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().to_owned();
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
    let start = Instant::now();
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
    let per_second = f64::from(connections * messages) / start.elapsed().as_secs_f64();
    println!("messages a second, {connections} connections, nothing stored: {per_second:.0}");
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn exchange(stream: &mut TcpStream, message: &str) {
    exchange_rest(stream, message.as_bytes()).await;
}

async fn exchange_rest(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
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
