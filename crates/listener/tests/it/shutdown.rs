//! Draining.

use std::time::Duration;

use hl7v2::ack::AckCode::AA;
use tokio::net::TcpStream;
use zorgsluis_listener::{Drained, Settings};

use crate::pki::Pki;
use crate::support::{Running, TestDoor, message};

#[tokio::test]
async fn waiting_connections_are_closed_and_no_new_ones_taken() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let address = running.address;
    let mut client = running.connect().await;
    client.send(&message(1)).await;
    client.expect(AA, "1").await;
    running.shutdown.cancel();
    assert_eq!(client.answer().await, None);
    drop(client);
    assert_eq!(running.stopped().await, Drained { complete: true });
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_is_being_accepted_is_answered() {
    let door = TestDoor::closed();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    client.send(&message("in flight")).await;
    running.counts(|counts| counts.frames == 1).await;
    running.shutdown.cancel();
    door.turns.add_permits(1);
    client.expect(AA, "in flight").await;
    assert_eq!(client.answer().await, None);
    drop(client);
    assert_eq!(running.stopped().await, Drained { complete: true });
}

#[tokio::test]
async fn what_has_begun_to_arrive_is_finished() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let mut client = running.connect().await;
    let whole = message("begun");
    let (before, behind) = whole.split_at(20);
    // A message before it shows that its first half has been read.
    client.raw(format!("\x0b{}\x1c\r\x0b{before}", message("before")).as_bytes()).await;
    client.expect(AA, "before").await;
    running.shutdown.cancel();
    client.raw(format!("{behind}\x1c\r").as_bytes()).await;
    client.expect(AA, "begun").await;
    assert_eq!(client.answer().await, None);
    drop(client);
    assert_eq!(running.stopped().await, Drained { complete: true });
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let settings = Settings { drain: Duration::from_millis(50), ..Settings::default() };
    let running = Running::start(TestDoor::closed(), settings).await;
    let mut client = running.connect().await;
    client.send(&message(1)).await;
    running.counts(|counts| counts.frames == 1).await;
    assert_eq!(running.stop().await, Drained { complete: false });
    assert_eq!(client.answer().await, None);
}

#[tokio::test]
async fn what_has_begun_to_arrive_over_tls_is_finished() {
    let pki = Pki::new();
    let running = Running::start_tls(TestDoor::open(), Settings::default(), &pki.tls()).await;
    let mut client = running.connect_tls(&pki.client("epd.linde.example")).await;
    let whole = message("begun");
    let (before, behind) = whole.split_at(20);
    client.raw(format!("\x0b{}\x1c\r\x0b{before}", message("before")).as_bytes()).await;
    client.expect(AA, "before").await;
    running.shutdown.cancel();
    client.raw(format!("{behind}\x1c\r").as_bytes()).await;
    client.expect(AA, "begun").await;
    assert!(client.is_closed().await);
    drop(client);
    assert_eq!(running.stopped().await, Drained { complete: true });
}
