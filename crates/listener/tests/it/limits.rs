//! Limits and time-outs.

use std::time::Duration;

use hl7v2::ack::AckCode::{AA, AR};
use tokio::io::AsyncWriteExt;
use zorgsluis_listener::Settings;

use crate::pki::Pki;
use crate::support::{Client, Running, TestDoor, message, soon};

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
    let door = TestDoor::answering(200_000);
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

#[tokio::test]
async fn a_frame_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    for limit in [500, 40_000] {
        let settings = Settings { frame_limit: limit, ..Settings::default() };
        let running = Running::start(TestDoor::open(), settings).await;
        let mut client = running.connect().await;
        let sized = |id: &str, size: usize| {
            let mut text = message(id);
            text.extend(std::iter::repeat_n('x', size - text.len()));
            text
        };
        client.send(&sized("fits", limit)).await;
        client.expect(AA, "fits").await;
        client.send(&sized("over", limit + 1)).await;
        client.expect(AR, "over").await;
        client.exchange("next").await;
        assert_eq!(running.listener.metrics().broken_too_long, 1);
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_leaves_room_for_others() {
    let settings = Settings { connections_per_peer: 2, ..Settings::default() };
    let running = Running::start(TestDoor::open(), settings).await;
    let mut first = running.connect().await;
    first.exchange(1).await;
    let mut second = running.connect().await;
    second.exchange(2).await;
    assert!(running.connect().await.is_closed().await);
    assert_eq!(running.listener.metrics().connections_refused, 1);
    // Another address of the same machine.
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    Client::over(other.connect(running.address).await.unwrap()).exchange(3).await;
    drop(first);
    running.counts(|counts| counts.connections_open == 1).await;
    running.connect().await.exchange(4).await;
    second.exchange(5).await;
}

#[tokio::test]
async fn the_limit_holds_for_both_ports_together() {
    let pki = Pki::new();
    let settings = Settings { connections: 2, ..Settings::default() };
    let running = Running::start_tls(TestDoor::open(), settings, &pki.tls()).await;
    // A port where nobody comes takes no place: both are for the plain port here.
    let (mut first, mut second) = (running.connect().await, running.connect().await);
    first.exchange(1).await;
    second.exchange(2).await;
    let identity = pki.client("epd.linde.example");
    let waiting = running.connect_tls(&identity);
    let (mut third, ()) = tokio::join!(waiting, async {
        running.counts(|counts| counts.connections_paused > 0).await;
        assert_eq!(running.listener.metrics().tls_connections_total, 0);
        drop(first);
    });
    third.exchange(3).await;
    second.exchange(4).await;
}

fn half_a_large_frame(id: usize) -> String {
    format!("\x0b{}{}", message(id), "x".repeat(100_000))
}

#[tokio::test]
async fn large_frames_that_stall_give_their_permits_to_others() {
    let settings = Settings { large_frames: 4, large_frames_per_peer: 4, pace: SHORT, ..Settings::default() };
    let running = Running::start(TestDoor::open(), settings).await;
    let mut stalled = Vec::new();
    for id in 0..8 {
        let mut client = running.connect().await;
        client.raw(half_a_large_frame(id).as_bytes()).await;
        stalled.push(client);
    }
    let mut honest = running.connect().await;
    honest.send(&format!("{}{}", message("honest"), "x".repeat(1 << 20))).await;
    honest.expect(AA, "honest").await;
    for client in &mut stalled {
        assert!(client.is_closed().await);
    }
    let counts = running.counts(|counts| counts.ends_pace == 8).await;
    assert_eq!(counts.ends_frame_time, 0);
}

#[tokio::test]
async fn a_large_frame_that_comes_at_its_pace_passes() {
    let settings = Settings { pace: SHORT * 20, pace_bytes: 2_000, ..Settings::default() };
    let running = Running::start(TestDoor::open(), settings).await;
    let mut client = running.connect().await;
    let framed = format!("\x0b{}{}\x1c\r", message("steady"), "x".repeat(60_000));
    for piece in framed.as_bytes().chunks(3_000) {
        client.raw(piece).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.expect(AA, "steady").await;
}

#[tokio::test]
async fn one_address_leaves_permits_for_large_frames_to_others() {
    let settings = Settings { large_frames: 2, large_frames_per_peer: 1, ..Settings::default() };
    let running = Running::start(TestDoor::open(), settings).await;
    let mut stalled = Vec::new();
    for id in 0..4 {
        let mut client = running.connect().await;
        client.raw(half_a_large_frame(id).as_bytes()).await;
        stalled.push(client);
    }
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = Client::over(other.connect(running.address).await.unwrap());
    other.send(&format!("{}{}", message("other"), "x".repeat(1 << 20))).await;
    other.expect(AA, "other").await;
    // Those that wait pass one after the other as soon as the first goes on.
    for (id, client) in stalled.iter_mut().enumerate() {
        client.raw(b"\x1c\r").await;
        client.expect(AA, &id.to_string()).await;
    }
}
