//! TLS: who gets in, under which name, and what becomes of the others.

use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, date_time_ymd};
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zorgsluis_listener::{Drained, Settings, Tls, TlsError, TlsFile, TlsFiles};

use crate::pki::{Identity, Pki};
use crate::support::{Running, TestDoor, message, soon};

const NAME: &str = "epd.linde.example";

async fn running(pki: &Pki) -> Running {
    Running::start_tls(TestDoor::open(), Settings::default(), &pki.tls()).await
}

/// Tries to send as this client. Under TLS 1.3 a client learns only from the first answer that it was refused.
async fn is_refused(running: &Running, identity: &Identity) -> bool {
    let Ok(mut stream) = running.handshake(identity).await else { return true };
    let _ = stream.write_all(format!("\x0b{}\x1c\r", message(1)).as_bytes()).await;
    let mut answer = Vec::new();
    let read = soon(stream.read_buf(&mut answer)).await;
    assert!(answer.is_empty(), "answered");
    read.is_err() || running.listener.metrics().frames == 0
}

#[tokio::test]
async fn tls_1_3_and_1_2_are_spoken() {
    let pki = Pki::new();
    let running = running(&pki).await;
    for (versions, spoken) in [([&TLS13], ProtocolVersion::TLSv1_3), ([&TLS12], ProtocolVersion::TLSv1_2)] {
        let stream = running.handshake(&pki.client_of_versions(NAME, &versions)).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
        let mut client = crate::support::Client::over(stream);
        for id in 0..3 {
            client.exchange(id).await;
        }
    }
    let counts = running.listener.metrics();
    assert_eq!((counts.tls_connections_total, counts.connections_total, counts.frames), (2, 2, 6));
    running.metric("zorgsluis_mllp_tls_handshake_seconds_count 2\n").await;
}

/// A ClientHello of TLS 1.1 (RFC 4346 §7.4.1.2), as old interface engines send it; rustls cannot.
#[tokio::test]
async fn tls_1_1_is_not_spoken() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let mut hello = vec![0x16, 3, 1, 0, 55, 1, 0, 0, 51, 3, 2];
    hello.extend([7; 32]);
    // No session, one cipher, no compression; signature_algorithms as its only extension.
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 1]);
    let mut stream = running.reach_tls().await;
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    // A fatal alert: protocol_version.
    assert_eq!((answer[0], &answer[5..]), (0x15, &[2, 70][..]));
    running.handshake_failed("incompatible").await;
}

#[tokio::test]
async fn the_name_of_the_certificate_is_handed_on_with_each_message() {
    let pki = Pki::new();
    let door = TestDoor::open();
    let running = Running::start_tls(door.clone(), Settings::default(), &pki.tls()).await;
    let by_common_name = pki.client_with(NAME, 2, |params| {
        *params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "LAB Linde");
    });
    running.connect_tls(&pki.client(NAME)).await.exchange(1).await;
    running.connect_tls(&by_common_name).await.exchange(2).await;
    running.connect().await.exchange(3).await;
    let peers: Vec<_> = door.peers().into_iter().map(|peer| (peer.address.to_string(), peer.name)).collect();
    let address = || "127.0.0.1".to_owned();
    assert_eq!(
        peers,
        [(address(), Some(NAME.to_owned())), (address(), Some("LAB Linde".to_owned())), (address(), None)]
    );
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let pki = Pki::new();
    let running = running(&pki).await;
    assert!(is_refused(&running, &pki.nobody()).await);
    running.handshake_failed("no-certificate").await;
    running.counts(|counts| counts.connections_open == 0).await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let pki = Pki::new();
    let running = running(&pki).await;
    assert!(is_refused(&running, &pki.client_issued_by(&Pki::named("Another one"), NAME)).await);
    running.handshake_failed("unknown-issuer").await;
    // One that only has the same name.
    assert!(is_refused(&running, &pki.client_issued_by(&Pki::new(), NAME)).await);
    running.counts(|counts| counts.tls_connections_total == 2 && counts.connections_open == 0).await;
    assert_eq!(running.listener.metrics().frames, 0);
}

#[tokio::test]
async fn an_expired_certificate_and_one_of_tomorrow_are_refused() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let expired = pki.client_with(NAME, 1, |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    assert!(is_refused(&running, &expired).await);
    running.handshake_failed("expired").await;
    let early = pki.client_with(NAME, 1, |params| {
        params.not_before = date_time_ymd(3900, 1, 1);
        params.not_after = date_time_ymd(3901, 1, 1);
    });
    assert!(is_refused(&running, &early).await);
    running.metric("reason=\"expired\"} 2\n").await;
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_another_is_not() {
    let pki = Pki::new();
    pki.put_crl(&[7]);
    let tls = Tls::load(TlsFiles { crl: Some(pki.path("crl.pem")), ..pki.files() }).unwrap();
    let running = Running::start_tls(TestDoor::open(), Settings::default(), &tls).await;
    assert!(is_refused(&running, &pki.client_with(NAME, 7, |_| {})).await);
    running.handshake_failed("revoked").await;
    running.connect_tls(&pki.client_with(NAME, 8, |_| {})).await.exchange(1).await;
    assert!(tls.expiry().crl.is_some());
}

#[tokio::test]
async fn a_server_certificate_alone_does_not_make_a_client() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let server = pki.client_with(NAME, 1, |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert!(is_refused(&running, &server).await);
    running.handshake_failed("bad-certificate").await;
}

#[tokio::test]
async fn mllp_on_the_tls_port_is_closed() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let mut stream = running.reach_tls().await;
    stream.write_all(format!("\x0b{}\x1c\r", message(1)).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert_ne!(answer.first(), Some(&0x0b));
    running.handshake_failed("not-tls").await;
    assert_eq!(running.listener.metrics().frames, 0);
}

#[tokio::test]
async fn tls_on_the_plain_port_is_closed_at_once() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(pki.client(NAME).config());
    let handshake = soon(connector.connect("127.0.0.1".try_into().unwrap(), stream)).await;
    assert!(handshake.is_err());
    let counts = running.counts(|counts| counts.ends_tls_on_plain == 1).await;
    assert_eq!((counts.frames, counts.broken_unterminated), (0, 0));
}

#[tokio::test]
async fn a_handshake_that_stalls_is_closed_and_keeps_nobody_out() {
    let pki = Pki::new();
    let settings = Settings {
        handshake: Duration::from_secs(1),
        handshakes: 2,
        handshakes_per_peer: 2,
        ..Settings::default()
    };
    let running = Running::start_tls(TestDoor::open(), settings, &pki.tls()).await;
    let mut stalled = Vec::new();
    for _ in 0..2 {
        let mut stream = running.reach_tls().await;
        stream.write_all(&[0x16, 3, 1]).await.unwrap();
        stalled.push(stream);
    }
    running.counts(|counts| counts.tls_connections_open == 2).await;
    // Both places are taken: this one waits for its turn, or is sent away and comes again.
    let identity = pki.client(NAME);
    let stream = loop {
        if let Ok(stream) = running.handshake(&identity).await {
            break stream;
        }
    };
    crate::support::Client::over(stream).exchange(1).await;
    for mut stream in stalled {
        let mut nothing = Vec::new();
        let _ = soon(stream.read_to_end(&mut nothing)).await;
    }
    running.metric("reason=\"timed-out\"} 2\n").await;
}

#[tokio::test]
async fn a_handshake_is_not_waited_for_at_the_end() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let mut stream = running.reach_tls().await;
    stream.write_all(&[0x16, 3, 1]).await.unwrap();
    running.counts(|counts| counts.tls_connections_open == 1).await;
    assert_eq!(running.stop().await, Drained { complete: true });
}

#[tokio::test]
async fn a_client_that_closes_without_the_alert_loses_nothing() {
    let pki = Pki::new();
    let door = TestDoor::open();
    let running = Running::start_tls(door.clone(), Settings::default(), &pki.tls()).await;
    let mut stream = running.handshake(&pki.client(NAME)).await.unwrap();
    stream.write_all(format!("\x0b{}\x1c\r", message("last")).as_bytes()).await.unwrap();
    // The end of TCP, not of TLS.
    stream.get_mut().0.shutdown().await.unwrap();
    let mut client = crate::support::Client::over(stream);
    assert_eq!(client.answer().await.unwrap().1, "last");
    let counts = running.counts(|counts| counts.connections_open == 0).await;
    assert_eq!((counts.ends_closed, counts.ends_failed), (1, 0));
}

#[tokio::test]
async fn large_and_pipelined_frames_pass_tls() {
    let pki = Pki::new();
    let running = running(&pki).await;
    let mut client = running.connect_tls(&pki.client(NAME)).await;
    client.send(&format!("{}{}", message("large"), "x".repeat(3 << 20))).await;
    client.expect(hl7v2::ack::AckCode::AA, "large").await;
    let all: String = (0..100).map(|id| format!("\x0b{}\x1c\r", message(id))).collect();
    client.raw(all.as_bytes()).await;
    for id in 0..100 {
        client.expect(hl7v2::ack::AckCode::AA, &id.to_string()).await;
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let pki = Pki::new();
    let missing = Tls::load(TlsFiles { key: pki.path("none.key"), ..pki.files() }).unwrap_err();
    assert!(matches!(missing, TlsError::Unreadable { file: TlsFile::Key, .. }), "{missing}");
    let swapped = TlsFiles { certificate: pki.path("server.key"), ..pki.files() };
    let malformed = Tls::load(swapped).unwrap_err();
    assert!(matches!(malformed, TlsError::Malformed { file: TlsFile::Certificate }), "{malformed}");
    let other = Pki::new();
    let unlike = Tls::load(TlsFiles { key: other.path("server.key"), ..pki.files() }).unwrap_err();
    assert!(matches!(unlike, TlsError::KeyPair { .. }), "{unlike}");
    let no_list = Tls::load(TlsFiles { crl: Some(pki.path("ca.pem")), ..pki.files() }).unwrap_err();
    assert!(matches!(no_list, TlsError::Malformed { file: TlsFile::Crl }), "{no_list}");
}
