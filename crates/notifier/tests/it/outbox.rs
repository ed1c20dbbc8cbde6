//! The outbox of the embedded system.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use zorgsluis_domain::Phi;
use zorgsluis_domain::notice::{NoticeId, OutgoingMail};
use zorgsluis_domain::port::{MailTrace, Mailer};
use zorgsluis_notifier::{Notifier, Ports};

use crate::world::{BRUG, World, named};

fn mail(number: u128, text: &str) -> OutgoingMail {
    OutgoingMail {
        notice: NoticeId(uuid::Uuid::from_u128(number)),
        from: String::from("berichten@linde.example"),
        to: String::from("praktijk@brug.example"),
        message: Phi::new(text.as_bytes().to_vec()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_stands_once_in_the_outbox_for_its_owner_only() {
    let world = World::new().await;
    let outbox = world.directory.outbox();
    let folder = world.path().join("outbox");
    assert_eq!(outbox.folder(), folder);
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let first = mail(1, "Subject: een\r\n\r\n");
    assert_eq!(outbox.trace(first.notice).await.unwrap(), MailTrace::Absent);
    let receipt = outbox.send(&first).await.unwrap();
    assert_eq!(outbox.trace(first.notice).await.unwrap(), MailTrace::Sent(receipt.clone()));
    // Another mail under the same notice does not take its place, and is no second one.
    assert_eq!(outbox.send(&mail(1, "Subject: twee\r\n\r\n")).await.unwrap(), receipt);
    let file = folder.join(format!("{}.eml", first.notice));
    assert_eq!(std::fs::read(&file).unwrap(), first.message.expose_phi().as_slice());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let left = std::fs::read_dir(world.path().join("tmp")).unwrap();
    assert!(!left.flatten().any(|entry| entry.path().extension().is_some_and(|end| end == "eml")));

    let many: Vec<_> = (0..16)
        .map(|n| {
            let outbox = outbox.clone();
            tokio::spawn(
                async move { outbox.send(&mail(2, &format!("Subject: {n}\r\n\r\n"))).await.unwrap() },
            )
        })
        .collect();
    for sent in many {
        sent.await.unwrap();
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_leaves_the_notice_for_later() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let ports = Ports { mailer: Arc::new(world.directory.outbox()), ..world.ports() };
    let notifier = Notifier::new(ports, world.settings.clone()).unwrap();
    let (folder, away) = (world.path().join("outbox"), world.path().join("elders"));
    std::fs::rename(&folder, &away).unwrap();
    let reference = world.message(&world.order(vec![named(BRUG)])).await;
    let error = notifier.notify(&reference).await.unwrap_err();
    assert!(matches!(error, zorgsluis_worker::ProcessError::Port(error) if error.is_transient()));
    std::fs::rename(&away, &folder).unwrap();
    notifier.notify(&reference).await.unwrap();
    let notice = NoticeId::of(reference.message, world.practice().id);
    let sent = std::fs::read_to_string(folder.join(format!("{notice}.eml"))).unwrap();
    assert!(
        sent.contains("To: \"Huisartsenpraktijk De Brug\" <praktijk@brug.example>")
            || sent.contains("To: Huisartsenpraktijk De Brug <praktijk@brug.example>"),
        "{sent}"
    );
}
