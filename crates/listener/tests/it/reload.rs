//! Certificates that change while the listener runs.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use zorgsluis_listener::{Reload, Settings, Tls, TlsFiles};

use crate::pki::{Identity, Pki};
use crate::support::{Running, TestDoor};

const NAME: &str = "epd.linde.example";

/// Looks at the files so often that a test need not wait, or never.
fn looking(every: Duration) -> Settings {
    Settings { reload: every, ..Settings::default() }
}

const OFTEN: Duration = Duration::from_millis(10);
const NEVER: Duration = Duration::from_secs(100_000);

/// What the server shows to a new connection.
async fn shown(running: &Running, identity: &Identity) -> CertificateDer<'static> {
    let stream = running.handshake(identity).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap().first().unwrap().clone();
    shown.into_owned()
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_and_others_go_on() {
    let pki = Pki::new();
    let tls = pki.tls();
    let running = Running::start_tls(TestDoor::open(), looking(NEVER), &tls).await;
    let identity = pki.client(NAME);
    let mut standing = running.connect_tls(&identity).await;
    standing.exchange(1).await;
    let before = shown(&running, &identity).await;

    assert_eq!(tls.reload().await.unwrap(), Reload::Unchanged);
    let new = pki.renew_server();
    assert_eq!(tls.reload().await.unwrap(), Reload::InForce);
    assert_ne!(before, new);
    assert_eq!(shown(&running, &identity).await, new);
    standing.exchange(2).await;
    running.metric("zorgsluis_mllp_tls_reloads_total{result=\"in-force\"} 1\n").await;
}

#[tokio::test]
async fn files_are_watched_under_load() {
    let pki = Pki::new();
    let tls = pki.tls();
    let running = Running::start_tls(TestDoor::open(), looking(OFTEN), &tls).await;
    let identity = pki.client(NAME);
    let mut clients = Vec::new();
    for number in 0..8_usize {
        let mut client = running.connect_tls(&identity).await;
        clients.push(tokio::spawn(async move {
            for id in 0..300 {
                client.exchange(number * 1_000 + id).await;
            }
        }));
    }
    for round in 1..=3 {
        // Key first, certificate after: for a moment they do not belong together, and that is no harm.
        let new = pki.renew_server();
        running.metric(&format!("zorgsluis_mllp_tls_reloads_total{{result=\"in-force\"}} {round}\n")).await;
        assert_eq!(shown(&running, &identity).await, new);
    }
    for client in clients {
        client.await.unwrap();
    }
    let counts = running.listener.metrics();
    assert_eq!((counts.frames, counts.answers_aa, counts.ends_failed), (2_400, 2_400, 0));
    assert!(tls.reloads().current);
}

#[tokio::test]
async fn a_broken_file_leaves_the_old_one_in_force_until_it_is_mended() {
    let pki = Pki::new();
    let tls = pki.tls();
    let running = Running::start_tls(TestDoor::open(), looking(OFTEN), &tls).await;
    let identity = pki.client(NAME);
    let old = shown(&running, &identity).await;
    let good = std::fs::read_to_string(pki.path("server.pem")).unwrap();

    pki.put("server.pem", "-----BEGIN CERTIFICATE-----\nbroken");
    running.metric("zorgsluis_mllp_tls_files_in_force 0\n").await;
    assert_eq!(shown(&running, &identity).await, old);
    assert!(tls.reload().await.is_err(), "asked for, it says so again");
    std::fs::remove_file(pki.path("ca.pem")).unwrap();
    assert!(tls.reload().await.is_err());
    assert_eq!(shown(&running, &identity).await, old);

    let other = Pki::new();
    pki.put("ca.pem", &std::fs::read_to_string(other.path("ca.pem")).unwrap());
    pki.put("server.pem", &good);
    running.metric("zorgsluis_mllp_tls_files_in_force 1\n").await;
    // Now the clients of the other authority get in, and only they.
    running.connect_tls(&pki.client_issued_by(&other, NAME)).await.exchange(1).await;
    if let Ok(stream) = running.handshake(&identity).await {
        assert!(crate::support::Client::over(stream).is_closed().await);
    }
}

#[tokio::test]
async fn what_is_broken_is_reported_once_and_going_back_is_no_change() {
    let pki = Pki::new();
    let tls = pki.tls();
    let running = Running::start_tls(TestDoor::open(), looking(OFTEN), &tls).await;
    let good = std::fs::read_to_string(pki.path("server.key")).unwrap();
    pki.put("server.key", "");
    running.metric("zorgsluis_mllp_tls_files_in_force 0\n").await;
    tokio::time::sleep(OFTEN * 10).await;
    assert_eq!(tls.reloads().failed, 1);
    pki.put("server.key", &good);
    running.metric("zorgsluis_mllp_tls_files_in_force 1\n").await;
    assert_eq!((tls.reloads().done, tls.reloads().failed), (0, 1));
}

#[tokio::test]
async fn a_revocation_holds_from_the_next_connection_on() {
    let pki = Pki::new();
    pki.put_crl(&[]);
    let tls = Tls::load(TlsFiles { crl: Some(pki.path("crl.pem")), ..pki.files() }).unwrap();
    let running = Running::start_tls(TestDoor::open(), looking(NEVER), &tls).await;
    let identity = pki.client_with(NAME, 7, |_| {});
    let mut standing = running.connect_tls(&identity).await;
    standing.exchange(1).await;
    pki.put_crl(&[7]);
    assert_eq!(tls.reload().await.unwrap(), Reload::InForce);
    // The same client again: no session is resumed past the list.
    if let Ok(stream) = running.handshake(&identity).await {
        assert!(crate::support::Client::over(stream).is_closed().await);
    }
    running.handshake_failed("revoked").await;
    standing.exchange(2).await;
}
