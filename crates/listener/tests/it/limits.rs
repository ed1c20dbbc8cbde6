//! Limits and time-outs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hl7v2::ack::AckCode::{AA, AR};
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use zorgsluis_listener::Settings;

use crate::support::{Running, TestDoor, message, soon};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_frame_above_the_limit_is_refused_and_the_next_taken() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings { frame_limit: 1000, ..Settings::default() }).await;
    let mut client = running.connect().await;
    client.send(&format!("{}{}", message("long"), "x".repeat(100_000))).await;
    client.expect(AR, "long").await;
    client.send(&message("next")).await;
    client.expect(AA, "next").await;
    assert_eq!(door.taken(), [message("next")]);
    assert_eq!(running.listener.metrics().broken_too_long, 1);
}

#[tokio::test]
async fn a_large_frame_passes_below_the_limit() {
    let settings = Settings { large_frames: 1, ..Settings::default() };
    let running = Running::start(TestDoor::open(), settings).await;
    let mut clients = Vec::new();
    for id in 0..4 {
        let mut client = running.connect().await;
        let large = format!("{}{}", message(id), "x".repeat(3 << 20));
        clients.push(tokio::spawn(async move {
            client.send(&large).await;
            client.expect(AA, &id.to_string()).await;
        }));
    }
    for client in clients {
        soon(client).await.unwrap();
    }
}

#[tokio::test]
async fn further_connections_wait_until_one_ends() {
    let settings = Settings { connections: 2, ..Settings::default() };
    let running = Running::start(TestDoor::open(), settings).await;
    let (mut first, mut second) = (running.connect().await, running.connect().await);
    for client in [&mut first, &mut second] {
        client.send(&message(1)).await;
        client.expect(AA, "1").await;
    }
    // The operating system takes it, the listener does not.
    let mut third = running.connect().await;
    third.send(&message(3)).await;
    let counts = running.counts(|counts| counts.connections_paused > 0).await;
    assert_eq!((counts.connections_total, counts.frames), (2, 2));
    drop(first);
    third.expect(AA, "3").await;
    second.send(&message(4)).await;
    second.expect(AA, "4").await;
}

#[tokio::test]
async fn a_connection_without_messages_is_closed() {
    let running = Running::start(TestDoor::open(), Settings { idle: SHORT, ..Settings::default() }).await;
    let mut client = running.connect().await;
    assert_eq!(client.answer().await, None);
    running.counts(|counts| counts.ends_idle == 1).await;
}

#[tokio::test]
async fn a_frame_that_does_not_go_on_is_closed() {
    let running = Running::start(TestDoor::open(), Settings { frame: SHORT, ..Settings::default() }).await;
    let mut client = running.connect().await;
    client.raw(b"\x0bMSH|^~\\&|").await;
    assert_eq!(client.answer().await, None);
    running.counts(|counts| counts.ends_frame_time == 1).await;
}

#[tokio::test]
async fn a_sender_that_reads_no_answers_is_closed() {
    let door = Arc::new(TestDoor {
        taken: Mutex::default(),
        turns: Semaphore::new(Semaphore::MAX_PERMITS),
        padding: 200_000,
    });
    let running = Running::start(door.clone(), Settings { write: SHORT, ..Settings::default() }).await;
    let mut client = running.connect().await;
    let sent = 2000;
    let all: String = (0..sent).map(|id| format!("\x0b{}\x1c\r", message(id))).collect();
    // It goes on sending, as far as the listener lets it.
    let _ = soon(client.stream.write_all(all.as_bytes())).await;
    running.counts(|counts| counts.ends_write_time == 1).await;
    assert!(door.taken().len() < sent);
}

#[tokio::test]
async fn what_speaks_no_mllp_is_closed_without_an_answer() {
    let running =
        Running::start(TestDoor::open(), Settings { junk_limit: 1000, ..Settings::default() }).await;
    let mut client = running.connect().await;
    let _ = client.stream.write_all(&b"GET / HTTP/1.1 ".repeat(200)).await;
    assert_eq!(client.answer().await, None);
    let counts = running.counts(|counts| counts.ends_junk == 1).await;
    assert_eq!(counts.frames, 0);
}
