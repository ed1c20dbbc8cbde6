//! The contracts of [`ProviderDirectory`], [`NoticeRegister`] and [`OptOuts`].

use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{
    BusinessIdentifier, Notice, NoticeId, NoticeState, NotifiedEvent, Protection,
};
use zorgsluis_domain::port::{
    AddressFault, AddressFaultReason, NoticeRegister, OptOut, OptOuts, PageRequest, Provider,
    ProviderDirectory, ProviderError, Reservation,
};
use zorgsluis_domain::text::Language;

use crate::records::GARBAGE;
use crate::{at, message};

pub fn identifier(value: &str) -> BusinessIdentifier {
    BusinessIdentifier { system: "http://fhir.nl/fhir/NamingSystem/agb-z".into(), value: value.into() }
}

/// A provider of the test's own.
pub fn provider(number: u128, name: &str, identifiers: &[&str]) -> Provider {
    Provider {
        id: Uuid::from_u128(number),
        identifiers: identifiers.iter().map(|value| identifier(value)).collect(),
        name: name.into(),
        organisation: Some("Huisartsen Noord".into()),
        address: Some(format!("P{number}@Huisartsen-Noord.example")),
        language: Language::Dutch,
        certificate: Some(vec![0x30, 0, 255, 7]),
        opted_out: [NotifiedEvent::Discharge].into(),
        active: true,
        address_fault: None,
    }
}

fn noon() -> jiff::Timestamp {
    at("2026-11-02T12:00:00Z")
}

async fn put<D: ProviderDirectory>(directory: &D, provider: &Provider, expected: Option<u64>) -> u64 {
    directory.put(provider, expected, noon(), "import").await.unwrap()
}

pub async fn each_put_makes_a_version_and_all_stay<D: ProviderDirectory>(directory: D) {
    let first = provider(1, "A.B. de Wit", &["01004567"]);
    assert!(directory.get(first.id).await.unwrap().is_none());
    assert!(directory.history(first.id).await.unwrap().is_empty());
    assert_eq!(put(&directory, &first, None).await, 1);
    let fault = AddressFault {
        address: "p1@huisartsen-noord.example".into(),
        why: AddressFaultReason::Bounced,
        since: noon(),
    };
    let second = Provider { address: None, certificate: None, address_fault: Some(fault), ..first.clone() };
    let later = at("2026-11-02T12:00:01.000002Z");
    assert_eq!(directory.put(&second, Some(1), later, "access-token").await.unwrap(), 2);
    let stands = directory.get(first.id).await.unwrap().unwrap();
    assert_eq!((&stands.provider, stands.version, stands.changed), (&second, 2, later));
    assert_eq!(stands.changed_by, "access-token");
    let history = directory.history(first.id).await.unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0], stands);
    assert_eq!((&history[1].provider, history[1].version), (&first, 1));
    assert_eq!((history[1].changed, history[1].changed_by.as_str()), (noon(), "import"));
}

pub async fn of_many_puts_on_one_version_one_wins<D: ProviderDirectory + Clone + 'static>(directory: D) {
    for expected in [None, Some(1)] {
        let tasks: Vec<_> = (0..16)
            .map(|n| {
                let directory = directory.clone();
                let provider = provider(1, &format!("Writer {n}"), &["01004567"]);
                tokio::spawn(async move { directory.put(&provider, expected, noon(), "import").await })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(version) => {
                    assert_eq!(version, expected.unwrap_or(0) + 1);
                    won += 1;
                }
                Err(error) => assert!(matches!(error, ProviderError::Conflict), "{error}"),
            }
        }
        assert_eq!(won, 1);
    }
    assert_eq!(directory.history(Uuid::from_u128(1)).await.unwrap().len(), 2);
    let unknown = directory.put(&provider(2, "B", &[]), Some(1), noon(), "import").await;
    assert!(matches!(unknown, Err(ProviderError::Conflict)));
}

pub async fn no_two_active_providers_share_an_identifier<D: ProviderDirectory>(directory: D) {
    let first = provider(1, "A", &["01004567", "01004568"]);
    put(&directory, &first, None).await;
    let other = provider(2, "B", &["01004568"]);
    let held = directory.put(&other, None, noon(), "import").await;
    assert!(matches!(held, Err(ProviderError::IdentifierHeld(holder)) if holder == first.id));
    assert!(directory.get(other.id).await.unwrap().is_none(), "nothing was written");
    // One that is not active may have it, and may not become active with it.
    let inactive = Provider { active: false, ..other.clone() };
    put(&directory, &inactive, None).await;
    let held = directory.put(&other, Some(1), noon(), "import").await;
    assert!(matches!(held, Err(ProviderError::IdentifierHeld(_))));
    let given_up = Provider { identifiers: vec![identifier("01004567")], ..first };
    put(&directory, &given_up, Some(1)).await;
    assert_eq!(put(&directory, &other, Some(1)).await, 2);
}

pub async fn of_many_active_providers_with_one_identifier_one_is_written<D>(directory: D)
where
    D: ProviderDirectory + Clone + 'static,
{
    let tasks: Vec<_> = (1..=16)
        .map(|n| {
            let directory = directory.clone();
            // Each has two identifiers, in the order of its own: nobody waits for the other for ever.
            let shared = if n % 2 == 0 { ["01004567", "01004568"] } else { ["01004568", "01004567"] };
            let provider = provider(n, "A", &shared);
            tokio::spawn(async move { directory.put(&provider, None, noon(), "import").await })
        })
        .collect();
    let (mut won, mut holders) = (0, Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(ProviderError::IdentifierHeld(holder)) => holders.push(holder),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((won, holders.len()), (1, 15));
    let found = directory.find(&[identifier("01004567")]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(holders.iter().all(|holder| *holder == found[0].provider.id));
    assert_eq!(
        directory.list(&PageRequest::first(20)).await.unwrap().items.len(),
        1,
        "nothing else was written"
    );
}

pub async fn providers_are_found_by_identifier_and_address<D: ProviderDirectory>(directory: D) {
    let first = provider(1, "A", &["01004567", "01004568"]);
    let second = Provider { active: false, ..provider(2, "B", &["01004569"]) };
    put(&directory, &first, None).await;
    put(&directory, &second, None).await;
    let wanted = ["01004568", "01004569", "01004567", "99999999"].map(identifier);
    let mut found: Vec<_> =
        directory.find(&wanted).await.unwrap().into_iter().map(|stored| stored.provider).collect();
    found.sort_by_key(|provider| provider.id);
    assert_eq!(found, [first.clone(), second], "each once, also who is not active");
    let other_system = BusinessIdentifier { system: "x".into(), value: "01004567".into() };
    assert!(directory.find(&[other_system]).await.unwrap().is_empty());
    assert!(directory.find(&[]).await.unwrap().is_empty());
    let by_address = directory.find_by_address("p1@huisartsen-NOORD.example").await.unwrap();
    assert_eq!(by_address[0].provider, first);
    assert!(directory.find_by_address("p1").await.unwrap().is_empty());
    // What is no longer so leads nowhere.
    let changed = Provider { identifiers: vec![identifier("01004570")], address: None, ..first };
    put(&directory, &changed, Some(1)).await;
    assert!(directory.find(&["01004567", "01004568"].map(identifier)).await.unwrap().is_empty());
    assert!(directory.find_by_address("p1@huisartsen-noord.example").await.unwrap().is_empty());
    assert_eq!(directory.find(&[identifier("01004570")]).await.unwrap()[0].version, 2);
}

pub async fn providers_are_listed_by_name<D: ProviderDirectory>(directory: D) {
    let names = ["de Wit", "Ångström", "Smits", "de Wit", "angel", "Zuid", "smits"];
    for (number, name) in (1..).zip(names) {
        put(&directory, &provider(number, name, &[]), None).await;
    }
    let (mut page, mut listed) = (PageRequest::first(2), Vec::new());
    loop {
        let found = directory.list(&page).await.unwrap();
        assert!(found.items.len() <= 2);
        listed.extend(found.items.into_iter().map(|stored| stored.provider.id.as_u128()));
        match found.next {
            Some(next) => {
                assert!(!next.to_lowercase().contains("wit"), "a name stands in no cursor");
                page.after = Some(next);
            }
            None => break,
        }
    }
    assert_eq!(listed, [5, 2, 1, 4, 3, 7, 6], "without regard to case and accents; of one name, by id");
    let unknown = Uuid::from_u128(99).to_string();
    for garbage in GARBAGE.into_iter().chain([unknown.as_str()]) {
        let listed = directory.list(&PageRequest { after: Some(garbage.into()), limit: 2 }).await;
        assert!(matches!(listed, Err(PortError::Refused { .. })), "{garbage}");
    }
}

/// A notice that was reserved now.
pub fn notice(number: u128) -> Notice {
    reserved_at(number, "2026-11-02T12:00:00Z")
}

fn reserved_at(number: u128, reserved: &str) -> Notice {
    let provider = Uuid::from_u128(1);
    Notice {
        id: NoticeId::of(message(number), provider),
        message: message(number),
        provider,
        event: NotifiedEvent::Admission,
        protection: Protection::Smime,
        state: NoticeState::Reserved,
        reserved: at(reserved),
        changed: at(reserved),
        receipt: None,
        why: None,
    }
}

pub async fn of_many_reservations_one_is_new<N: NoticeRegister + Clone + 'static>(register: N) {
    let wanted = notice(1);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (register, wanted) = (register.clone(), wanted.clone());
            tokio::spawn(async move { register.reserve(&wanted).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        match task.await.unwrap() {
            Reservation::New => new += 1,
            Reservation::Standing(standing) => assert_eq!(standing, wanted),
        }
    }
    assert_eq!(new, 1);
    assert_eq!(register.get(wanted.id).await.unwrap(), Some(wanted.clone()));
    assert_eq!(register.get(NoticeId::of(message(2), wanted.provider)).await.unwrap(), None);
    let sent = Notice { state: NoticeState::Sent, ..notice(3) };
    assert!(register.reserve(&sent).await.is_err(), "a reservation is reserved");
}

pub async fn a_notice_is_settled_from_the_states_named_only<N: NoticeRegister>(register: N) {
    let wanted = notice(1);
    let id = wanted.id;
    let (reserved, later) = ([NoticeState::Reserved], at("2026-11-02T12:00:01Z"));
    let sent = NoticeState::Sent;
    assert!(!register.settle(id, &reserved, sent, later, None, None).await.unwrap(), "it is not there");
    register.reserve(&wanted).await.unwrap();
    assert!(!register.settle(id, &[], sent, later, None, None).await.unwrap());
    let unknown = NoticeState::Unknown;
    assert!(!register.settle(id, &[unknown, sent], unknown, later, None, None).await.unwrap());
    assert!(register.settle(id, &reserved, unknown, later, None, Some("time-out")).await.unwrap());
    let stands = register.get(id).await.unwrap().unwrap();
    assert_eq!((stands.state, stands.changed, stands.why.as_deref()), (unknown, later, Some("time-out")));
    assert_eq!(stands.reserved, wanted.reserved);
    assert!(!register.settle(id, &reserved, sent, later, None, None).await.unwrap());
    let last = at("2026-11-02T12:00:02Z");
    let both = [NoticeState::Reserved, unknown];
    assert!(register.settle(id, &both, sent, last, Some("receipt-1"), None).await.unwrap());
    let stands = register.get(id).await.unwrap().unwrap();
    assert_eq!((stands.state, stands.receipt.as_deref(), stands.why), (sent, Some("receipt-1"), None));
    let standing = register.reserve(&wanted).await.unwrap();
    assert!(matches!(standing, Reservation::Standing(found) if found.state == sent));
}

pub async fn of_many_who_settle_a_notice_one_does<N: NoticeRegister + Clone + 'static>(register: N) {
    let wanted = notice(1);
    register.reserve(&wanted).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (register, id) = (register.clone(), wanted.id);
            let receipt = format!("receipt-{n}");
            tokio::spawn(async move {
                let from = [NoticeState::Reserved];
                register.settle(id, &from, NoticeState::Sent, noon(), Some(&receipt), None).await.unwrap()
            })
        })
        .collect();
    let mut settled = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        if task.await.unwrap() {
            settled.push(format!("receipt-{n}"));
        }
    }
    assert_eq!(settled.len(), 1);
    assert_eq!(register.get(wanted.id).await.unwrap().unwrap().receipt, settled.pop());
    let listed = register.list(None, &PageRequest::first(9)).await.unwrap().items;
    assert_eq!(listed.len(), 1, "in the one state that it has");
}

pub async fn notices_are_listed_changed_last_first<N: NoticeRegister>(register: N) {
    for (number, reserved) in [(1, "12:00:00"), (2, "12:00:02"), (3, "12:00:01"), (4, "12:00:02")] {
        register.reserve(&reserved_at(number, &format!("2026-11-02T{reserved}Z"))).await.unwrap();
    }
    let first = notice(1).id;
    let reserved = [NoticeState::Reserved];
    let later = at("2026-11-02T13:00:00Z");
    register.settle(first, &reserved, NoticeState::Unknown, later, None, None).await.unwrap();
    for (state, count) in [
        (None, 4),
        (Some(NoticeState::Reserved), 3),
        (Some(NoticeState::Unknown), 1),
        (Some(NoticeState::Sent), 0),
    ] {
        let (mut page, mut listed) = (PageRequest::first(2), Vec::new());
        loop {
            let found = register.list(state, &page).await.unwrap();
            listed.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(listed.len(), count, "{state:?}");
        assert!(listed.iter().all(|notice| state.is_none_or(|state| notice.state == state)));
        assert!(listed.is_sorted_by_key(|notice| std::cmp::Reverse(notice.changed)));
        if state.is_none() {
            assert_eq!(listed[0].id, first);
        }
    }
    for garbage in GARBAGE {
        let listed = register.list(None, &PageRequest { after: Some(garbage.into()), limit: 2 }).await;
        assert!(matches!(listed, Err(PortError::Refused { .. })), "{garbage}");
    }
}

pub async fn the_newest_wish_of_a_patient_stands<O: OptOuts>(opt_outs: O) {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let wish = |patient, opted_out, time: &str| OptOut {
        patient,
        opted_out,
        at: at(&format!("2026-11-02T{time}Z")),
        by: "access-token".into(),
    };
    assert!(!opt_outs.opted_out(&[one, other]).await.unwrap());
    assert!(!opt_outs.opted_out(&[]).await.unwrap());
    opt_outs.put(&wish(one, true, "12:00:00")).await.unwrap();
    assert!(opt_outs.opted_out(&[other, one]).await.unwrap(), "any of them");
    assert!(!opt_outs.opted_out(&[other]).await.unwrap());
    opt_outs.put(&wish(one, false, "12:00:01")).await.unwrap();
    assert!(!opt_outs.opted_out(&[other, one]).await.unwrap());
    let history = opt_outs.history(one).await.unwrap();
    assert_eq!(history, [wish(one, false, "12:00:01"), wish(one, true, "12:00:00")]);
    assert!(opt_outs.history(other).await.unwrap().is_empty());
}
