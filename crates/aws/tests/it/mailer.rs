//! Mail through SES: what is handed over, and what each failure says of the mail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;
use zorgsluis_aws::{Clients, Endpoints, SesMailer};
use zorgsluis_domain::Phi;
use zorgsluis_domain::notice::{NoticeId, OutgoingMail};
use zorgsluis_domain::port::{MailError, MailTrace, Mailer};

use crate::ministack::{REGION, World, credentials};

/// What the service does with a request.
#[derive(Clone)]
enum Does {
    Answers(u16, &'static str, &'static str),
    /// Reads it, and says nothing.
    Hangs,
    /// Reads it, and breaks the connection.
    BreaksOff,
}

/// A SES that does one thing, and keeps the requests.
struct Ses {
    endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Ses {
    async fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, does.clone(), Arc::clone(&kept)));
            }
        });
        Self { endpoint, requests }
    }

    async fn mailer(&self) -> SesMailer {
        mailer_at(&self.endpoint).await
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut connection: TcpStream, does: Does, kept: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = connection.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            kept.lock().unwrap().push(text);
            break;
        }
    }
    match does {
        Does::Hangs => tokio::time::sleep(Duration::from_secs(60)).await,
        Does::BreaksOff => {}
        Does::Answers(status, code, body) => {
            let answer = format!(
                "HTTP/1.1 {status} X\r\nx-amzn-errortype: {code}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    }
}

async fn mailer_at(endpoint: &str) -> SesMailer {
    let endpoints = Endpoints { all: Some(endpoint.to_owned()), comprehend_medical: None };
    let clients = Clients::load(REGION, &endpoints, Some(credentials())).await;
    SesMailer::new(&clients, "berichten@linde.example", "zorgsluis-notices")
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        notice: NoticeId(Uuid::from_u128(0xd906_d153)),
        from: "berichten@linde.example".into(),
        to: "praktijk@brug.example".into(),
        message: Phi::new(
            b"Subject: Bericht\r\nTo: somebody@else.example\r\n\r\nJohanna van den Berg\r\n".to_vec(),
        ),
    }
}

#[tokio::test]
async fn a_mail_is_handed_over_as_it_is_with_its_notice_as_its_tag() {
    let ses = Ses::that(Does::Answers(200, "", r#"{"MessageId":"0102-invented"}"#)).await;
    assert_eq!(ses.mailer().await.send(&mail()).await.unwrap(), "0102-invented");
    let requests = ses.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v2/email/outbound-emails "), "{head}");
    let mut body: Value = serde_json::from_str(body).unwrap();
    let raw = body["Content"]["Raw"]["Data"].take();
    let raw = base64::engine::general_purpose::STANDARD.decode(raw.as_str().unwrap()).unwrap();
    assert_eq!(&raw, mail().message.expose_phi());
    assert_eq!(
        body,
        json!({
            "FromEmailAddress": "berichten@linde.example",
            "Destination": { "ToAddresses": ["praktijk@brug.example"] },
            "Content": { "Raw": { "Data": null } },
            "EmailTags": [{ "Name": "notice", "Value": mail().notice.to_string() }],
            "ConfigurationSetName": "zorgsluis-notices",
        })
    );
    assert!(!head.contains("Johanna") && !head.contains("brug"));
}

#[tokio::test]
async fn what_the_service_refuses_for_good_is_refused_with_its_code() {
    for (status, code, said) in [
        (400, "MessageRejected", "ses-message-rejected"),
        (400, "BadRequestException", "ses-bad-request"),
        (413, "", "ses-refused"),
    ] {
        let ses = Ses::that(Does::Answers(status, code, r#"{"message":"Johanna"}"#)).await;
        match ses.mailer().await.send(&mail()).await {
            Err(MailError::Refused(why)) => assert_eq!(why, said),
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(ses.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn what_concerns_every_mail_was_not_sent_and_waits() {
    for (status, code) in [
        (429, "TooManyRequestsException"),
        (400, "LimitExceededException"),
        (400, "AccountSuspendedException"),
        (400, "SendingPausedException"),
        (400, "MailFromDomainNotVerifiedException"),
        (404, "NotFoundException"),
        (403, "AccessDeniedException"),
        (403, "ExpiredTokenException"),
        (503, "ThrottlingException"),
    ] {
        let ses = Ses::that(Does::Answers(status, code, r#"{"message":"Johanna"}"#)).await;
        match ses.mailer().await.send(&mail()).await {
            Err(MailError::NotSent(error)) => {
                assert!(error.is_transient(), "{code}");
                assert!(!error.to_string().contains("Johanna"));
            }
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(ses.requests().len(), 1, "{code}: nothing is repeated");
    }
}

#[tokio::test]
async fn what_nobody_can_tell_is_unknown_and_is_asked_once() {
    for does in [
        Does::Answers(500, "InternalServiceErrorException", "{}"),
        Does::Answers(503, "", ""),
        Does::Answers(200, "", "not json"),
        Does::Answers(200, "", "{}"),
        Does::BreaksOff,
        Does::Hangs,
    ] {
        let ses = Ses::that(does).await;
        let sent = ses.mailer().await.send(&mail()).await;
        assert!(matches!(sent, Err(MailError::Unknown)), "{sent:?}");
        assert_eq!(ses.requests().len(), 1, "a mail that may have been taken is not sent again");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let nobody = "http://nobody.invalid".to_owned();
    for endpoint in [endpoint, nobody] {
        let sent = mailer_at(&endpoint).await.send(&mail()).await;
        assert!(matches!(sent, Err(MailError::NotSent(error)) if error.is_transient()), "{endpoint}");
    }
}

#[tokio::test]
async fn an_emulated_ses_takes_it_and_cannot_be_asked() {
    let world = World::new().await;
    let from = "berichten@linde.example";
    world.clients.ses.create_email_identity().email_identity(from).send().await.unwrap();
    let set = format!("{}-notices", world.name);
    world.clients.ses.create_configuration_set().configuration_set_name(&set).send().await.unwrap();
    let mailer = SesMailer::new(&world.clients, from, set);
    assert!(!mailer.send(&mail()).await.unwrap().is_empty());
    assert_eq!(mailer.trace(mail().notice).await.unwrap(), MailTrace::Unknown);
}
