use zorgsluis_domain::MessageId;
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::{
    BusinessIdentifier, Notice, NoticeId, NoticeState, NotifiedEvent, Protection,
};
use zorgsluis_domain::port::{NoticeRegister as _, PatientIndex as _, Provider};
use zorgsluis_notifier::NOT_SENT;
use zorgsluis_registers::{By, Decision, Files, RegisterError};

use crate::{World, csv};

const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

async fn one_provider(world: &World) -> Provider {
    let mapping = "identifiers = [{ column = \"AGB\", system = \"http://fhir.nl/fhir/NamingSystem/agb-z\" }]\n\
                   name = [\"Naam\"]";
    world.providers(csv("AGB,Naam\n01004567,de Wit\n", mapping, &Files::new())).await.unwrap();
    world.entries();
    world.all().await.remove(0)
}

#[tokio::test]
async fn a_change_is_checked_logged_and_refused_when_somebody_was_first() {
    let world = World::new();
    let stands = one_provider(&world).await;
    let by = By::command_line();
    let change =
        async |provider: &Provider, version| world.registers.change_provider(provider, version, &by).await;
    let with = |address: &str| Provider { address: Some(address.into()), ..stands.clone() };
    for (wrong, field, code) in [
        (with("a@b"), "address", "address-invalid"),
        (
            Provider { certificate: Some(vec![1, 2, 3]), ..stands.clone() },
            "certificate",
            "certificate-unreadable",
        ),
        (Provider { name: "a\r\nBcc: x".into(), ..stands.clone() }, "name", "control-character"),
    ] {
        let refused = change(&wrong, 1).await;
        assert!(
            matches!(refused, Err(RegisterError::Refused { field: f, code: c }) if f == field && c == code),
            "{refused:?}"
        );
    }
    assert_eq!(change(&stands, 1).await.unwrap(), 1, "nothing changed: no version");
    assert!(world.entries().is_empty());
    assert_eq!(change(&with("a@b.example"), 1).await.unwrap(), 2);
    assert_eq!(world.entries()[0].event.action, Action::Update);
    assert!(matches!(change(&with("c@d.example"), 1).await, Err(RegisterError::Conflict)));
    let unknown = Provider { id: uuid::Uuid::nil(), identifiers: Vec::new(), ..stands.clone() };
    assert!(matches!(change(&unknown, 1).await, Err(RegisterError::NotFound(_))));
    world.break_log();
    assert!(matches!(change(&with("c@d.example"), 2).await, Err(RegisterError::Audit(_))));
    assert_eq!(world.all().await[0].address.as_deref(), Some("a@b.example"));
}

#[tokio::test]
async fn a_look_up_that_cannot_be_logged_tells_nothing() {
    let world = World::new();
    let mapping = format!("identifiers = [{{ column = \"BSN\", system = \"{BSN}\" }}]");
    world.patients(csv("BSN\n999911120\n", &mapping, &Files::new())).await.unwrap();
    let bsn = BusinessIdentifier { system: BSN.into(), value: "999911120".into() };
    let card = world.registers.look_up(&bsn, &By::command_line()).await.unwrap().unwrap();
    let (identifier, holder) = card.looked_up.unwrap();
    assert_eq!((holder, card.history.len(), card.opted_out), (card.patient, 1, false));
    assert_eq!(world.directory.patient_index().resolve(&[identifier]).await.unwrap(), [Some(holder)]);
    assert!(!format!("{card:?}").contains("999911120"));
    world.break_log();
    let look_up = world.registers.look_up(&bsn, &By::command_line()).await;
    assert!(matches!(look_up, Err(RegisterError::Audit(_))));
    let card = world.registers.card(holder, &By::command_line()).await;
    assert!(matches!(card, Err(RegisterError::Audit(_))));
    let by = By::command_line();
    assert!(world.registers.set_opt_out(holder, true, &by).await.is_err());
    assert!(world.registers.release(&identifier, holder, "typing error", &by).await.is_err());
    assert_eq!(world.directory.patient_index().resolve(&[identifier]).await.unwrap(), [Some(holder)]);
}

#[tokio::test]
async fn what_certainly_was_not_sent_is_decided_at_once() {
    let world = World::new();
    let now: jiff::Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let register = world.directory.notice_register();
    let line = |number: u128, why: Option<&str>| Notice {
        id: NoticeId(uuid::Uuid::from_u128(number)),
        message: MessageId(uuid::Uuid::from_u128(1)),
        provider: uuid::Uuid::from_u128(2),
        event: NotifiedEvent::Admission,
        protection: Protection::Smime,
        state: NoticeState::Reserved,
        reserved: now,
        changed: now,
        receipt: None,
        why: why.map(str::to_owned),
    };
    // A mailbox over quota: the last try is a moment ago, and so will every other be.
    let put_off = line(3, Some(NOT_SENT));
    let on_its_way = line(4, None);
    for notice in [&put_off, &on_its_way] {
        register.reserve(notice).await.unwrap();
    }
    let by = By::command_line();
    assert!(Decision::is_possible(&put_off, now) && !Decision::is_possible(&on_its_way, now));
    assert!(world.registers.decide(put_off.id, Decision::Drop, &by).await.unwrap());
    assert!(!world.registers.decide(on_its_way.id, Decision::Drop, &by).await.unwrap());
    assert_eq!(register.get(put_off.id).await.unwrap().unwrap().state, NoticeState::Dropped);
}
