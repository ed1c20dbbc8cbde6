//! Mail to a real SMTP server: aiosmtpd, in a process of its own (`tests/smtp_sink.py`).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use zorgsluis_domain::notice::{NoticeId, NoticeState, OutgoingMail};
use zorgsluis_domain::port::{MailError, MailTrace, Mailer};
use zorgsluis_domain::{Phi, PortError};
use zorgsluis_notifier::smtp::{SmtpMailer, SmtpSettings};
use zorgsluis_notifier::{Notifier, Ports, PutOff};

use crate::certificates::{openssl, succeeded};
use crate::world::{BRUG, PRACTICE, World, named};

struct Sink {
    child: Child,
    folder: tempfile::TempDir,
    ports: serde_json::Value,
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The Python that `make` prepares, with aiosmtpd; or another.
fn python() -> PathBuf {
    if let Some(named) = std::env::var_os("ZORGSLUIS_PYTHON") {
        return named.into();
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let prepared = home.join(".cache/zorgsluis/python/bin/python3");
    if prepared.exists() { prepared } else { PathBuf::from("python3") }
}

impl Sink {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = openssl(
            folder.path(),
            &[
                "req",
                "-x509",
                "-nodes",
                "-days",
                "30",
                "-subj",
                "/CN=relay",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-keyout",
                "relay.key",
                "-out",
                "relay.pem",
                "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
            ],
        );
        succeeded(&made);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_sink.py");
        let mut child = Command::new(python())
            .args(["-W", "ignore", script])
            .arg(folder.path())
            .args([folder.path().join("relay.pem"), folder.path().join("relay.key")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports = serde_json::from_str(&line).ok();
        assert!(
            ports.is_some(),
            "the SMTP sink did not start: `make test` prepares a Python with aiosmtpd, or set ZORGSLUIS_PYTHON"
        );
        let ports = ports.unwrap();
        Self { child, folder, ports }
    }

    fn mailer(&self, url: &str, door: &str) -> SmtpMailer {
        let url = url.replace("PORT", &self.ports[door].to_string());
        let mut settings = SmtpSettings::parse(&url).unwrap();
        settings.roots = Some(std::fs::read(self.folder.path().join("relay.pem")).unwrap());
        settings.timeout = Duration::from_secs(4);
        SmtpMailer::new(settings).unwrap()
    }

    fn plain(&self) -> SmtpMailer {
        self.mailer("smtp://127.0.0.1:PORT?tls=none", "plain")
    }

    fn taken(&self) -> Vec<Vec<u8>> {
        let mut found: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "eml"))
            .collect();
        found.sort();
        found.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
    }
}

fn mail(to: &str) -> OutgoingMail {
    // A line of one dot, a long line, a line that begins with dots.
    let message = format!("Subject: proef\r\n\r\n.\r\n..twee\r\n{}\r\neinde\r\n", "x".repeat(900));
    OutgoingMail {
        notice: NoticeId(uuid::Uuid::from_u128(7)),
        from: String::from("berichten@linde.example"),
        to: to.to_owned(),
        message: Phi::new(message.into_bytes()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_as_it_was_written_through_every_door() {
    let sink = Sink::start();
    let user = "zorgsluis%40linde:geheim%2Fwoord";
    let doors = [
        sink.plain(),
        sink.mailer(&format!("smtp://{user}@127.0.0.1:PORT"), "starttls"),
        sink.mailer("smtps://127.0.0.1:PORT", "implicit"),
        sink.mailer("smtps://localhost:PORT", "implicit"),
    ];
    for (number, door) in doors.iter().enumerate() {
        let mail = mail(PRACTICE);
        let receipt = door.send(&mail).await.unwrap();
        assert!(receipt.starts_with("smtp 2.0.0 taken as"), "{receipt}");
        assert_eq!(sink.taken()[number], *mail.message.expose_phi());
        assert_eq!(door.trace(mail.notice).await.unwrap(), MailTrace::Unknown);
        assert!(!format!("{door:?}").contains("geheim"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_answers_says_whether_a_mail_went() {
    let sink = Sink::start();
    let relay = sink.plain();
    let send = async |to: &str| relay.send(&mail(&format!("{to}@brug.example"))).await.unwrap_err();
    assert!(matches!(send("nobody").await, MailError::Refused(code) if code == "smtp-550"));
    assert!(matches!(send("spam").await, MailError::Refused(code) if code == "smtp-554"));
    for later in ["full", "later", "mute"] {
        let error = send(later).await;
        let MailError::NotSent(PortError::Unavailable { cause: Some(cause), .. }) = &error else {
            panic!("{later}: {error:?}");
        };
        // It is this mail that is put off, and not the relay that is away.
        assert!(cause.is::<PutOff>(), "{later}: {error:?}");
    }
    assert_eq!(sink.taken().len(), 0);
    // Behind the last dot nobody can tell.
    for (number, lost) in ["cut", "silent"].into_iter().enumerate() {
        let error = send(lost).await;
        assert!(matches!(error, MailError::Unknown), "{lost}: {error:?}");
        assert_eq!(sink.taken().len(), number + 1, "it had been taken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_cannot_be_trusted_gets_nothing() {
    let sink = Sink::start();
    let not_sent = async |relay: SmtpMailer| {
        let error = relay.send(&mail(PRACTICE)).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        let MailError::NotSent(PortError::Unavailable { cause: Some(cause), .. }) = &error else {
            panic!("{shown}");
        };
        // That concerns every mail.
        assert!(!cause.is::<PutOff>(), "{shown}");
        assert!(!shown.contains("geheim"));
    };
    // Another password; no STARTTLS where it is demanded; a certificate that nobody vouches for; nobody there.
    not_sent(sink.mailer("smtp://zorgsluis%40linde:geheim@127.0.0.1:PORT", "starttls")).await;
    not_sent(sink.mailer("smtp://127.0.0.1:PORT", "plain")).await;
    let url = format!("smtps://127.0.0.1:{}", sink.ports["implicit"]);
    not_sent(SmtpMailer::new(SmtpSettings::parse(&url).unwrap()).unwrap()).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    not_sent(SmtpMailer::new(SmtpSettings::parse(&format!("smtps://127.0.0.1:{free}")).unwrap()).unwrap())
        .await;
    assert_eq!(sink.taken().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_goes_over_smtp_once() {
    let sink = Sink::start();
    let world = World::new().await;
    let mut practice = world.practice();
    let ports = Ports { mailer: Arc::new(sink.plain()), ..world.ports() };
    let notifier = Notifier::new(ports, world.settings.clone()).unwrap();
    for (address, state) in [
        (PRACTICE, NoticeState::Sent),
        ("cut@brug.example", NoticeState::Unknown),
        ("nobody@brug.example", NoticeState::Refused),
    ] {
        practice.address = Some(address.to_owned());
        world.enlist(&practice).await;
        let reference = world.message(&world.order(vec![named(BRUG)])).await;
        for _ in 0..3 {
            drop(notifier.notify(&reference).await);
            world.clock.turn(1000);
        }
        let line = world.line(NoticeId::of(reference.message, practice.id)).await.unwrap();
        assert_eq!(line.state, state, "{address}");
    }
    assert_eq!(sink.taken().len(), 2);
}
