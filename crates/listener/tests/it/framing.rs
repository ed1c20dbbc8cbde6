//! Frames of all shapes, and their answers.

use hl7v2::ack::AckCode::{AA, AR};
use tokio::io::AsyncWriteExt;
use zorgsluis_listener::Settings;

use crate::support::{Running, TestDoor, message};

#[tokio::test]
async fn a_message_is_handed_on_and_answered() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    for id in 0..3 {
        client.send(&message(id)).await;
        client.expect(AA, &id.to_string()).await;
    }
    assert_eq!(door.taken(), [message(0), message(1), message(2)]);
    let counts = running.listener.metrics();
    assert_eq!((counts.frames, counts.answers_aa, counts.connections_open), (3, 3, 1));
    drop(client);
    running.counts(|counts| counts.connections_open == 0).await;
}

#[tokio::test]
async fn pipelined_messages_are_answered_in_order() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let mut client = running.connect().await;
    let all: String = (0..100).map(|id| format!("\x0b{}\x1c\r", message(id))).collect();
    client.raw(all.as_bytes()).await;
    for id in 0..100 {
        client.expect(AA, &id.to_string()).await;
    }
}

#[tokio::test]
async fn a_frame_may_come_byte_by_byte_without_its_last_cr() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    for byte in format!("\r\n\x0b{}\x1c", message("slow")).bytes() {
        client.raw(&[byte]).await;
    }
    client.expect(AA, "slow").await;
    client.raw(b"\r").await;
    client.send(&message("next")).await;
    client.expect(AA, "next").await;
    assert_eq!(running.listener.metrics().junk_bytes, 0);
}

#[tokio::test]
async fn junk_is_counted_and_not_answered() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let mut client = running.connect().await;
    client.raw(b"hello").await;
    client.send(&message(1)).await;
    client.expect(AA, "1").await;
    assert_eq!(running.listener.metrics().junk_bytes, 5);
}

#[tokio::test]
async fn a_frame_cut_off_by_the_next_is_refused_and_the_next_taken() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    client.raw(format!("\x0b{}", message("cut")).as_bytes()).await;
    client.send(&message("whole")).await;
    client.expect(AR, "cut").await;
    client.expect(AA, "whole").await;
    client.raw(b"\x0b\x1c\r").await;
    client.expect(AR, "").await;
    assert_eq!(door.taken(), [message("whole")]);
    let counts = running.listener.metrics();
    assert_eq!((counts.broken_interrupted, counts.broken_empty, counts.frames), (1, 1, 1));
}

#[tokio::test]
async fn half_a_frame_is_never_taken_for_a_message() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    client.raw(format!("\x0b{}\x1c\r\x0b{}", message("whole"), message("half")).as_bytes()).await;
    client.stream.shutdown().await.unwrap();
    // The other direction is still open: what was whole is answered.
    client.expect(AA, "whole").await;
    assert_eq!(client.answer().await, None);
    running.counts(|counts| counts.broken_unterminated == 1 && counts.connections_open == 0).await;
    assert_eq!(door.taken(), [message("whole")]);
}

#[tokio::test]
async fn connections_do_not_wait_for_each_other() {
    let door = TestDoor::closed();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut clients = Vec::new();
    for id in 0..20 {
        let mut client = running.connect().await;
        client.send(&message(id)).await;
        clients.push(client);
    }
    running.counts(|counts| counts.frames == 20).await;
    assert_eq!(door.taken(), [""; 0]);
    assert!(!running.listener.health().await.open);
    door.turns.add_permits(1);
    for (id, client) in clients.iter_mut().enumerate() {
        client.expect(AA, &id.to_string()).await;
    }
    let health = running.listener.health().await;
    assert!(health.open && health.connections == 20);
}

#[tokio::test]
async fn a_panic_hurts_only_its_connection() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let (mut bad, mut good) = (running.connect().await, running.connect().await);
    bad.send(&format!("{}|panic", message(1))).await;
    assert_eq!(bad.answer().await, None);
    good.send(&message(2)).await;
    good.expect(AA, "2").await;
    running.counts(|counts| counts.connections_open == 1).await;
}

#[tokio::test]
async fn end_and_start_may_come_in_pieces_of_any_size() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let stream: String = (0..20).map(|id| format!("\x0b{}\x1c\r", message(id))).collect();
    for size in [1, 2, 3, 7, 60, 61, 4_096] {
        let mut client = running.connect().await;
        for piece in stream.as_bytes().chunks(size) {
            client.raw(piece).await;
        }
        for id in 0..20 {
            client.expect(AA, &id.to_string()).await;
        }
    }
    assert_eq!(door.taken().len(), 7 * 20);
}

#[tokio::test]
async fn frames_may_end_without_a_cr_or_with_a_lf() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let mut client = running.connect().await;
    let all: String = ["", "\r", "\n", "\r\n", "\r\r"]
        .iter()
        .enumerate()
        .map(|(id, end)| format!("\x0b{}\x1c{end}", message(id)))
        .collect();
    client.raw(all.as_bytes()).await;
    for id in 0..5 {
        client.expect(AA, &id.to_string()).await;
    }
    assert_eq!(running.listener.metrics().junk_bytes, 0);
}

#[tokio::test]
async fn junk_between_frames_loses_none_of_them() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let mut client = running.connect().await;
    let all: String = (0..10).map(|id| format!("\x0b{}\x1c\rjunk\0", message(id))).collect();
    client.raw(all.as_bytes()).await;
    for id in 0..10 {
        client.expect(AA, &id.to_string()).await;
    }
    running.counts(|counts| counts.junk_bytes == 50).await;
}

#[tokio::test]
async fn two_start_blocks_are_a_frame_that_begins_with_one() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    client.raw(format!("\x0b\x0b{}\x1c\r", message("twice")).as_bytes()).await;
    // The first one begins a frame that the second one ends.
    client.expect(AR, "").await;
    client.expect(AA, "twice").await;
    assert_eq!(door.taken(), [message("twice")]);
}

#[tokio::test]
async fn a_start_byte_within_a_field_belongs_to_it() {
    let door = TestDoor::open();
    let running = Running::start(door.clone(), Settings::default()).await;
    let mut client = running.connect().await;
    let odd = format!("{}|a\x0bb", message("odd"));
    client.raw(format!("\x0b{odd}\x1c\r").as_bytes()).await;
    client.expect(AA, "odd").await;
    assert_eq!(door.taken(), [odd]);
}

#[tokio::test]
async fn metrics_count_frames_bytes_and_answers() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let mut client = running.connect().await;
    for id in 0..3 {
        client.send(&message(id)).await;
        client.expect(AA, &id.to_string()).await;
    }
    let counts = running.counts(|counts| counts.in_flight == 0 && counts.answers_aa == 3).await;
    assert_eq!(counts.frame_bytes, 3 * message(0).len() as u64);
    assert!(counts.answer_bytes > 3 * 20);
    running.metric("zorgsluis_mllp_answer_seconds_count 3\n").await;
}
