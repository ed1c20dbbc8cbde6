//! Messages over a socket into real stores: character sets, acknowledgement modes, duplicates, and who sent.

use hl7v2::ack::AckCode::{self, AA, AE, AR, CA, CE, CR};
use zorgsluis_domain::Stage;
use zorgsluis_domain::audit::NetworkAccessPoint;
use zorgsluis_listener::Settings;

use crate::pki::Pki;
use crate::stores::Stores;
use crate::support::{Client, Running};

const NAME: &str = "epd.linde.example";
const MANY: u64 = 1_000;

/// An ADT^A01 with these: sender, MSH-10, MSH-15 and MSH-16, MSH-18, name.
fn adt(sender: &str, id: &str, acks: &str, charset: &str, name: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "MSH|^~\\&|{sender}|LINDE|ZS|LINDE|20261102083000+0100||ADT^A01^ADT_A01|{id}|P|2.5|||{acks}|NLD|{charset}\r\
         EVN|A01|20261102083000\rPID|1||1000001^^^LINDE^PI||"
    )
    .into_bytes();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(b"^Arie||19610412|M\r");
    bytes
}

async fn send(client: &mut Client, message: &[u8]) {
    client.raw(&[b"\x0b", message, b"\x1c\r"].concat()).await;
}

async fn start(stores: &Stores) -> Running {
    Running::start(stores.door(MANY), Settings::default()).await
}

#[tokio::test]
async fn what_was_acknowledged_is_kept_byte_by_byte_in_every_character_set() {
    let cases: [(&str, &[u8]); 6] = [
        ("8859/1", b"Pr\xf6f"),
        ("8859/15", b"Pr\xa4f"),
        ("UNICODE UTF-8", "Pröf€".as_bytes()),
        ("ASCII", b"Proef"),
        // A byte that ASCII does not have, as senders write it all the same.
        ("ASCII", b"Pr\xf6f"),
        // No character set said.
        ("", b"Pr\xf6f"),
    ];
    let stores = Stores::new();
    let running = start(&stores).await;
    let mut client = running.connect().await;
    let mut sent = Vec::new();
    for (number, (charset, name)) in cases.into_iter().enumerate() {
        let id = format!("M{number}");
        let message = adt("ZIS", &id, "|", charset, name);
        send(&mut client, &message).await;
        client.expect(AA, &id).await;
        sent.push(message);
    }
    let waiting = stores.waiting().await;
    assert_eq!(waiting.len(), sent.len());
    for (message, bytes) in waiting.into_iter().zip(sent) {
        assert_eq!(stores.payload(message).await, bytes);
    }
}

#[tokio::test]
async fn what_is_not_in_its_character_set_is_no_reason_to_refuse() {
    let stores = Stores::new();
    let running = start(&stores).await;
    let mut client = running.connect().await;
    let message = adt("ZIS", "M1", "|", "UNICODE UTF-8", b"Pr\xf6f");
    send(&mut client, &message).await;
    client.expect(AA, "M1").await;
    assert_eq!(stores.payload(stores.waiting().await[0]).await, message);
}

#[tokio::test]
async fn an_answer_is_in_the_character_set_of_its_message() {
    let stores = Stores::new();
    let running = start(&stores).await;
    let mut client = running.connect().await;
    // MSH-3 comes back as the receiving application.
    for (charset, name) in [("8859/1", &b"K\xf6"[..]), ("UNICODE UTF-8", "Kö".as_bytes())] {
        let mut message = b"MSH|^~\\&|".to_vec();
        message.extend_from_slice(name);
        message.extend_from_slice(
            format!("|LINDE|ZS|LINDE|2026||ADT^A01|M|P|2.5||||||{charset}\rPID|1\r").as_bytes(),
        );
        send(&mut client, &message).await;
        let answer = client.answer_bytes().await.unwrap();
        let found = answer.windows(name.len()).any(|window| window == name);
        assert!(found, "{charset}: {}", String::from_utf8_lossy(&answer));
    }
}

/// What is answered to a good, a refused and a premature message, by MSH-15 and MSH-16.
#[tokio::test]
async fn acknowledgements_follow_the_mode() {
    let table: [(&str, &str, &[AckCode], &[AckCode]); 11] = [
        ("ZIS", "|", &[AA], &[AR]),
        ("ZIS", "AL|NE", &[CA], &[CR]),
        ("ZIS", "NE|NE", &[], &[]),
        ("ZIS", "ER|NE", &[], &[CR]),
        ("ZIS", "SU|NE", &[CA], &[]),
        ("ZIS", "AL|AL", &[CA], &[CR]),
        ("ZIS", "NE|AL", &[], &[AR]),
        ("TALK", "AL|AL", &[CA, AA], &[CR]),
        ("TALK", "NE|AL", &[AA], &[AR]),
        ("TALK", "AL|ER", &[CA], &[CR]),
        ("TALK", "SU|SU", &[CA, AA], &[]),
    ];
    let stores = Stores::new();
    let running = start(&stores).await;
    let mut client = running.connect().await;
    for (number, (sender, acks, good, bad)) in table.into_iter().enumerate() {
        let id = format!("G{number}");
        send(&mut client, &adt(sender, &id, acks, "8859/1", b"Proef")).await;
        for code in good {
            client.expect(*code, &id).await;
        }
        // A broken separator: never acceptable.
        let id = format!("B{number}");
        let broken = adt(sender, &id, acks, "8859/1", b"Proef");
        send(&mut client, &[b"MSH|^^\\&|", &broken[9..]].concat()).await;
        for code in bad {
            client.expect(*code, &id).await;
        }
        // The next answer is that of the next message: nothing else was in between.
        let id = format!("N{number}");
        send(&mut client, &adt("ZIS", &id, "|", "8859/1", b"Proef")).await;
        client.expect(AA, &id).await;
    }
}

#[tokio::test]
async fn a_full_queue_asks_to_come_again() {
    let stores = Stores::new();
    let running = Running::start(stores.door(0), Settings::default()).await;
    let mut client = running.connect().await;
    send(&mut client, &adt("ZIS", "M1", "|", "8859/1", b"Proef")).await;
    client.expect(AE, "M1").await;
    send(&mut client, &adt("ZIS", "M2", "AL|NE", "8859/1", b"Proef")).await;
    client.expect(CE, "M2").await;
    assert!(!running.listener.health().await.open);
    assert_eq!(stores.waiting().await, []);
}

#[tokio::test]
async fn an_unsupported_event_is_refused_where_the_profile_says_so() {
    let stores = Stores::new();
    let running = start(&stores).await;
    let mut client = running.connect().await;
    for (sender, code) in [("ZIS", AA), ("STRICT", AR)] {
        let message = String::from_utf8(adt(sender, "M1", "|", "8859/1", b"Proef")).unwrap();
        send(&mut client, message.replace("A01", "Q99").as_bytes()).await;
        client.expect(code, "M1").await;
    }
}

#[tokio::test]
async fn a_duplicate_is_acknowledged_alike_and_kept_once() {
    let stores = Stores::new();
    let running = start(&stores).await;
    let message = adt("ZIS", "M1", "AL|NE", "8859/1", b"Proef");
    for _ in 0..3 {
        // As after a lost acknowledgement: on a connection of its own.
        let mut client = running.connect().await;
        send(&mut client, &message).await;
        client.expect(CA, "M1").await;
    }
    assert_eq!(stores.waiting().await.len(), 1);
}

#[tokio::test]
async fn a_batch_is_answered_message_by_message() {
    let stores = Stores::new();
    let running = start(&stores).await;
    let mut client = running.connect().await;
    let mut batch = b"BHS|^~\\&|ZIS\r".to_vec();
    for id in ["M1", "M2", "M3"] {
        batch.extend(adt("ZIS", id, "|", "8859/1", b"Proef"));
    }
    batch.extend(b"BTS|3\r");
    send(&mut client, &batch).await;
    for id in ["M1", "M2", "M3"] {
        client.expect(AA, id).await;
    }
    assert_eq!(stores.waiting().await.len(), 3);
}

#[tokio::test]
async fn the_proved_name_is_the_sender_in_journal_and_audit_log() {
    let pki = Pki::new();
    let stores = Stores::new();
    let running = Running::start_tls(stores.door(MANY), Settings::default(), &pki.tls()).await;
    let mut secure = running.connect_tls(&pki.client(NAME)).await;
    let mut plain = running.connect().await;
    for (client, id) in [(&mut secure, "M1"), (&mut plain, "M2")] {
        send(client, &adt("TALK", id, "|", "8859/1", b"Proef")).await;
        client.expect(AA, id).await;
        send(client, b"nothing of HL7").await;
        client.expect(AR, "").await;
        send(client, b"").await;
        client.expect(AR, "").await;
    }
    running.metric("zorgsluis_mllp_messages_total{verdict=\"accepted\"} 2\n").await;
    running.metric("zorgsluis_mllp_messages_total{verdict=\"refused\"} 4\n").await;
    let mut senders = Vec::new();
    for message in stores.waiting().await {
        let way = stores.way(message).await;
        let Some(Stage::Received { sender, .. }) = way.first() else { panic!("{way:?}") };
        senders.push(sender.clone());
    }
    assert_eq!(senders, [NAME, "talk"]);
    let entries = stores.entries();
    let users: Vec<_> = entries.iter().map(|entry| &entry.users[0]).collect();
    let shown: Vec<_> = users.iter().map(|user| (user.id.as_str(), user.alternate_id.as_deref())).collect();
    let secure = (NAME, Some("default"));
    assert_eq!(shown, [secure, secure, ("default", None), ("default", None)]);
    let address = Some(NetworkAccessPoint::Ip("127.0.0.1".to_owned()));
    assert!(users.iter().all(|user| user.requestor && user.network == address));
}
