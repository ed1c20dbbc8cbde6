//! Who is told, who is not, and what becomes of that.

use uuid::Uuid;
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::notice::{
    BusinessIdentifier, NamedRecipient, NoticeId, NoticeOrder, NoticeOutcome, NotifiedEvent,
};
use zorgsluis_domain::port::{OptOut, OptOuts, PatientIndex, Provider};
use zorgsluis_notifier::Content;
use zorgsluis_worker::Outcome;

use crate::world::{BRUG, PRACTICE, World, agb, code, named, start};

fn by_address(address: &str) -> NamedRecipient {
    NamedRecipient {
        at: String::from("PD1[1]-4[1]"),
        identifiers: Vec::new(),
        address: Some(address.to_owned()),
        about: Vec::new(),
    }
}

async fn only(world: &World, recipient: NamedRecipient) -> (String, Option<String>, usize) {
    let before = world.post.count();
    let (reference, ended) = world.notify(&world.order(vec![recipient])).await;
    let why = world.steps(&reference).await.first().and_then(|step| step.why.clone());
    (code(ended), why, world.post.count() - before)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_comes_from_the_directory_alone() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let told = (String::from("ok"), Some(String::from("no-certificate")), 1);
    assert_eq!(only(&world, named(BRUG)).await, told);
    // The same address, however it is written, is no reason for doubt.
    let same = NamedRecipient { address: Some(String::from(" mailto:Praktijk@BRUG.example")), ..named(BRUG) };
    assert_eq!(only(&world, same).await, told);
    // Nothing but an address: it must be one of the directory.
    assert_eq!(only(&world, by_address("PRAKTIJK@brug.example")).await, told);
    let refused = |why: &str| (why.to_owned(), Some(why.to_owned()), 0);
    assert_eq!(only(&world, by_address("iemand@elders.example")).await, refused("recipient-unknown"));
    let other = NamedRecipient { address: Some(String::from("iemand@elders.example")), ..named(BRUG) };
    assert_eq!(only(&world, other).await, refused("recipient-address-mismatch"));
    // An address never helps an identifier that is not known.
    let stranger = NamedRecipient { address: Some(String::from(PRACTICE)), ..named("01999999") };
    assert_eq!(only(&world, stranger).await, refused("recipient-unknown"));
    let nobody = NamedRecipient { identifiers: Vec::new(), ..named(BRUG) };
    assert_eq!(only(&world, nobody).await, refused("recipient-unknown"));
    for mail in world.post.mails.lock().unwrap().iter() {
        assert_eq!(mail.to, PRACTICE);
        assert!(!String::from_utf8_lossy(mail.message.expose_phi()).contains("elders"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_none_and_unusable_addresses_are_refused() {
    let world = World::new().await;
    let mut one = world.practice();
    one.identifiers
        .push(BusinessIdentifier { system: String::from("authority:LINDE"), value: String::from("H1") });
    let mut other = world.practice();
    (other.id, other.identifiers) = (uuid::Uuid::from_u128(2), vec![agb("01000002")]);
    other.address = None;
    world.enlist(&one).await;
    world.enlist(&other).await;
    let both = NamedRecipient { identifiers: vec![agb(BRUG), agb("01000002")], ..named(BRUG) };
    assert_eq!(only(&world, both).await.0, "recipient-ambiguous");
    assert_eq!(only(&world, named("01000002")).await.0, "recipient-without-address");
    for address in ["a@b@c", "a@b\r\nBcc: x@y.example", "geen adres"] {
        other.address = Some(address.to_owned());
        world.enlist(&other).await;
        assert_eq!(only(&world, named("01000002")).await.0, "recipient-address-unusable", "{address:?}");
    }
    assert_eq!(world.post.count(), 0);
    // Two identifiers of one provider are one provider.
    let twice = NamedRecipient { identifiers: [one.identifiers.clone()].concat(), ..named(BRUG) };
    assert_eq!(only(&world, twice).await.0, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_is_parked_logged_and_told_after_a_replay() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let stranger = NamedRecipient { at: String::from("PV1[1]-8[1]"), ..named("01000002") };
    let reference = world.message(&world.order(vec![stranger, named(BRUG)])).await;
    assert_eq!(world.delivered(&reference).await, Outcome::Parked);
    // The other one was told all the same.
    assert_eq!(world.post.count(), 1);
    let letter = world.letter(&reference).await.unwrap();
    assert_eq!((letter.code.as_str(), letter.at.as_deref()), ("recipient-unknown", Some("PV1[1]-8[1]")));
    let refusals = world.entries().into_iter().filter(|entry| entry.event.kind == EventKind::Refusal);
    let refusals: Vec<_> = refusals.filter_map(|entry| entry.event.outcome_reason).collect();
    assert!(refusals.iter().all(|why| why == "recipient-unknown") && refusals.len() >= 2, "{refusals:?}");
    assert_eq!(world.delivered(&reference).await, Outcome::Done, "a second delivery finds it parked");

    let mut other = world.practice();
    (other.id, other.identifiers) = (uuid::Uuid::from_u128(2), vec![agb("01000002")]);
    other.address = Some(String::from("tweede@brug.example"));
    world.enlist(&other).await;
    world.replayed(&reference).await;
    assert_eq!(world.delivered(&reference).await, Outcome::Done);
    let steps = world.steps(&reference).await;
    let outcomes: Vec<_> = steps.iter().map(|step| step.outcome).collect();
    assert_eq!(outcomes, [NoticeOutcome::Sent, NoticeOutcome::SentBefore]);
    assert_eq!(world.post.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_are_kept_and_shown() {
    let world = World::new().await;
    let mut practice = world.practice();
    practice.opted_out.insert(NotifiedEvent::Admission);
    world.enlist(&practice).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let step = world.steps(&reference).await.remove(0);
    assert_eq!((step.outcome, step.why.as_deref()), (NoticeOutcome::Withheld, Some("provider-opted-out")));
    let communication = world.communication(step.notice.unwrap()).await.unwrap();
    assert_eq!(communication["status"], "not-done");
    assert_eq!(communication["statusReason"]["coding"][0]["code"], "provider-opted-out");
    assert!(communication.get("sent").is_none());
    // Another event goes out.
    let order = zorgsluis_domain::notice::NoticeOrder {
        event: NotifiedEvent::Discharge,
        ..world.order(vec![named(BRUG)])
    };
    world.notify(&order).await.1.unwrap();
    assert_eq!(world.post.count(), 1);

    practice.opted_out.clear();
    practice.active = false;
    world.enlist(&practice).await;
    assert_eq!(
        only(&world, named(BRUG)).await,
        (String::from("ok"), Some(String::from("provider-inactive")), 0)
    );

    practice.active = true;
    world.enlist(&practice).await;
    // The wish of a patient who was merged into this one counts too.
    let old = uuid::Uuid::from_u128(0x7f9c_24e8_0000_5000_8000_0000_0000_0099);
    world.directory.patient_index().merge(old, world.patient).await.unwrap();
    let wish = OptOut { patient: old, opted_out: true, at: start(), by: String::from("balie") };
    world.directory.opt_outs().put(&wish).await.unwrap();
    assert_eq!(
        only(&world, named(BRUG)).await,
        (String::from("ok"), Some(String::from("patient-opted-out")), 0)
    );
    let order = zorgsluis_domain::notice::NoticeOrder { patient: old, ..world.order(vec![named(BRUG)]) };
    let (reference, ended) = world.notify(&order).await;
    ended.unwrap();
    let notice = NoticeId::of(reference.message, practice.id);
    let subject = world.communication(notice).await.unwrap()["subject"]["reference"].clone();
    assert_eq!(subject, format!("Patient/{}", world.patient), "the survivor");
    assert_eq!(world.post.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_stops_what_a_crash_left_unsent_and_not_what_went() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let wish = OptOut { patient: world.patient, opted_out: true, at: start(), by: String::from("balie") };
    let order = world.order(vec![named(BRUG)]);
    let (gone, ended) = world.notify(&order).await;
    ended.unwrap();
    let left = world.message(&order).await;
    let notice = NoticeId::of(left.message, world.practice().id);
    crate::once::reserved(&world, notice, left.message).await;
    world.directory.opt_outs().put(&wish).await.unwrap();
    world.clock.turn(61);
    assert_eq!(world.delivered(&left).await, Outcome::Done);
    let step = world.steps(&left).await.remove(0);
    assert_eq!((step.outcome, step.why.as_deref()), (NoticeOutcome::Withheld, Some("patient-opted-out")));
    assert_eq!(world.line(notice).await.unwrap().state, zorgsluis_domain::notice::NoticeState::Dropped);
    world.replayed(&gone).await;
    assert_eq!(world.delivered(&gone).await, Outcome::Done);
    assert_eq!(world.steps(&gone).await[0].outcome, NoticeOutcome::SentBefore);
    assert_eq!(world.post.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_in_two_fields_has_one_notice() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let second = NamedRecipient { at: String::from("PV1[1]-9[1]"), ..named(BRUG) };
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG), second])).await;
    ended.unwrap();
    let steps = world.steps(&reference).await;
    assert_eq!(steps[0].outcome, NoticeOutcome::Sent);
    assert_eq!((steps[1].outcome, steps[1].why.as_deref()), (NoticeOutcome::Withheld, Some("named-twice")));
    assert_eq!(world.post.count(), 1);
    assert_eq!(world.communication(steps[0].notice.unwrap()).await.unwrap()["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ordered_is_told_of_his_own_reports_only() {
    let world = World::new().await;
    let ids = ["7f9c24e8-0000-5000-8000-0000000000f1", "7f9c24e8-0000-5000-8000-0000000000f2"];
    let reports = ids.map(|id| format!("DiagnosticReport/{id}"));
    for id in ids {
        let report = serde_json::json!({
            "resourceType": "DiagnosticReport", "id": id, "status": "final", "code": { "text": "Onderzoek" }
        });
        world.put(report).await;
    }
    let practice = world.practice();
    let other =
        Provider { id: Uuid::from_u128(0xb202), identifiers: vec![agb("01000002")], ..practice.clone() };
    world.enlist(&practice).await;
    world.enlist(&other).await;
    let own = |nth: usize, value: &str| NamedRecipient { about: vec![reports[nth].clone()], ..named(value) };
    let everything = named("01000002");
    for (recipients, expected) in [
        (vec![own(0, BRUG), own(1, "01000002")], [vec![0], vec![1]]),
        (vec![own(0, BRUG), own(0, "01000002"), own(1, "01000002")], [vec![0], vec![0, 1]]),
        (vec![own(0, BRUG), own(1, "01000002"), everything], [vec![0], vec![0, 1]]),
    ] {
        let order =
            NoticeOrder { event: NotifiedEvent::Result, about: reports.to_vec(), ..world.order(recipients) };
        let (reference, ended) = world.notify(&order).await;
        ended.unwrap();
        for (provider, expected) in [&practice, &other].into_iter().zip(expected) {
            let expected: Vec<String> = expected.into_iter().map(|nth: usize| reports[nth].clone()).collect();
            let notice = NoticeId::of(reference.message, provider.id);
            let about = |communication: &serde_json::Value| -> Vec<String> {
                let all = communication["about"].as_array().unwrap();
                all.iter().map(|one| one["reference"].as_str().unwrap().to_owned()).collect()
            };
            assert_eq!(about(&world.communication(notice).await.unwrap()), expected);
            // The page of the notice, and what is written after an operator's decision, tell no more.
            let Content::Letter(letter) = world.notifier().letter(notice).await.unwrap() else { panic!() };
            let read: Vec<String> = letter
                .read
                .iter()
                .map(|(key, _)| key.to_string())
                .filter(|key| key.starts_with("DiagnosticReport/"))
                .collect();
            assert_eq!(read, expected);
            world.notifier().follow(notice).await.unwrap();
            assert_eq!(about(&world.communication(notice).await.unwrap()), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_named_is_no_error() {
    let world = World::new().await;
    let mut order = world.order(Vec::new());
    order.empty = vec![String::from("PD1-4"), String::from("PV1-9")];
    let (reference, ended) = world.notify(&order).await;
    ended.unwrap();
    let steps = world.steps(&reference).await;
    assert_eq!(steps.len(), 2);
    assert!(
        steps.iter().all(
            |step| step.outcome == NoticeOutcome::Withheld && step.why.as_deref() == Some("no-recipient")
        )
    );
    let mut strange = world.order(Vec::new());
    strange.v = 2;
    assert_eq!(code(world.notify(&strange).await.1), "notice-order-unreadable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_names_hundreds_tells_the_first_fifty() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let mut recipients: Vec<_> = (0..200).map(|number| named(&format!("0199{number:04}"))).collect();
    recipients[49] = named(BRUG);
    recipients[50].at = String::from("PD1[1]-4[51]");
    recipients[60] = named(BRUG);
    let reference = world.message(&world.order(recipients)).await;
    assert_eq!(world.delivered(&reference).await, Outcome::Parked);
    let steps = world.steps(&reference).await;
    assert_eq!((steps.len(), world.post.count()), (51, 1));
    assert_eq!(steps[49].outcome, NoticeOutcome::Sent);
    assert_eq!((steps[50].at.as_str(), steps[50].outcome), ("PD1[1]-4[51]", NoticeOutcome::Refused));
    assert_eq!(steps[50].why.as_deref(), Some("too-many-recipients"));
    let about = |entry: &zorgsluis_domain::AuditEntry| {
        entry.event.outcome_reason.as_deref() == Some("too-many-recipients")
    };
    assert!(world.entries().iter().any(about));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_when_somebody_with_the_same_number_has_opted_out() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let perhaps = uuid::Uuid::from_u128(0x7f9c_24e8_0000_5000_8000_0000_0000_0077);
    let wish = OptOut { patient: perhaps, opted_out: true, at: start(), by: String::from("import") };
    world.directory.opt_outs().put(&wish).await.unwrap();
    let order =
        zorgsluis_domain::notice::NoticeOrder { perhaps: vec![perhaps], ..world.order(vec![named(BRUG)]) };
    let (reference, ended) = world.notify(&order).await;
    ended.unwrap();
    let step = world.steps(&reference).await.remove(0);
    assert_eq!((step.outcome, step.why.as_deref()), (NoticeOutcome::Withheld, Some("patient-opted-out")));
    assert_eq!(world.post.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admission_that_was_cancelled_since_is_not_told() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    world
        .put(serde_json::json!({
            "resourceType": "Encounter",
            "id": world.encounter.to_string(),
            "status": "cancelled",
            "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" },
        }))
        .await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let step = world.steps(&reference).await.remove(0);
    assert_eq!((step.outcome, step.why.as_deref()), (NoticeOutcome::Withheld, Some("cancelled-since")));
    assert_eq!(world.post.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_stated_is_not_cut_off_by_what_software_read() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let condition = |nth: usize, text: &str, read: bool| {
        let tag = serde_json::json!([{ "code": "machine-extracted" }]);
        let mut condition = serde_json::json!({
            "resourceType": "Condition",
            "id": uuid::Uuid::from_u128(0x1000 + nth as u128).to_string(),
            "subject": { "reference": format!("Patient/{}", world.patient) },
            "code": { "text": text },
        });
        if read {
            condition["meta"] = serde_json::json!({ "tag": tag });
        }
        condition
    };
    for nth in 0..150 {
        world.put(condition(nth, &format!("gelezen {nth}"), true)).await;
    }
    for nth in 150..160 {
        world.put(condition(nth, &format!("gesteld {nth}"), false)).await;
    }
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let notice = NoticeId::of(reference.message, world.practice().id);
    let zorgsluis_notifier::Content::Letter(read) = world.notifier().letter(notice).await.unwrap() else {
        panic!("the letter is shown");
    };
    let lines: Vec<&str> = read
        .letter
        .expose_phi()
        .sections
        .iter()
        .flat_map(|section| &section.lines)
        .map(|line| line.text.as_str())
        .collect();
    for nth in 150..160 {
        assert!(lines.contains(&format!("gesteld {nth}").as_str()), "{nth} is missing");
    }
}
