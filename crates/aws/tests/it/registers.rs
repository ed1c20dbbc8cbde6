//! Providers, notices, opt-outs, dead letters.

use uuid::Uuid;
use zorgsluis_aws::{DynamoDeadLetters, DynamoNoticeRegister, DynamoOptOuts, DynamoProviderDirectory};
use zorgsluis_contract::{at, message, records, registers};
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{BusinessIdentifier, Notice, NoticeId, NoticeState};
use zorgsluis_domain::port::{
    DeadLetter, DeadLetters, NoticeRegister, OptOut, OptOuts, PageRequest, Provider, ProviderDirectory,
    ProviderError,
};

use super::ministack::World;
use super::suite::suite;

async fn providers(world: &World) -> DynamoProviderDirectory {
    DynamoProviderDirectory::new(&world.clients, world.table("providers").await)
}

async fn notices(world: &World) -> DynamoNoticeRegister {
    DynamoNoticeRegister::new(&world.clients, world.table("notices").await)
}

async fn opt_outs(world: &World) -> DynamoOptOuts {
    DynamoOptOuts::new(&world.clients, world.table("opt-outs").await)
}

async fn dead_letters(world: &World) -> DynamoDeadLetters {
    DynamoDeadLetters::new(&world.clients, world.table("dead-letters").await)
}

suite!(the_providers, world => (super::providers(&world).await), registers:
    each_put_makes_a_version_and_all_stay,
    of_many_puts_on_one_version_one_wins,
    no_two_active_providers_share_an_identifier,
    of_many_active_providers_with_one_identifier_one_is_written,
    providers_are_found_by_identifier_and_address,
    providers_are_listed_by_name,
);

suite!(the_notices, world => (super::notices(&world).await), registers:
    of_many_reservations_one_is_new,
    a_notice_is_settled_from_the_states_named_only,
    of_many_who_settle_a_notice_one_does,
    notices_are_listed_changed_last_first,
);

suite!(the_opt_outs, world => (super::opt_outs(&world).await), registers:
    the_newest_wish_of_a_patient_stands,
);

suite!(the_dead_letters, world => (super::dead_letters(&world).await), records:
    a_dead_letter_is_kept_replaced_and_removed,
    a_letter_parked_again_meanwhile_stays,
    a_letter_is_removed_once_though_many_try,
    dead_letters_are_listed_oldest_receipt_first,
);

fn noon() -> jiff::Timestamp {
    at("2026-11-02T12:00:00Z")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_is_free_when_its_provider_is_active_no_more() {
    let directory = providers(&World::new().await).await;
    let first = registers::provider(1, "A", &["01004567"]);
    directory.put(&first, None, noon(), "import").await.unwrap();
    let left = Provider { active: false, ..first.clone() };
    directory.put(&left, Some(1), noon(), "import").await.unwrap();
    let second = registers::provider(2, "B", &["01004567"]);
    directory.put(&second, None, noon(), "import").await.unwrap();
    let back = directory.put(&first, Some(2), noon(), "import").await;
    assert!(matches!(back, Err(ProviderError::IdentifierHeld(holder)) if holder == second.id));
    let found = directory.find(&[registers::identifier("01004567")]).await.unwrap();
    assert_eq!(found.len(), 2, "who left is found too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_written_twice_is_one() {
    let directory = providers(&World::new().await).await;
    let provider = registers::provider(1, "A", &["01004567", "01004567"]);
    for _ in 0..2 {
        assert_eq!(directory.put(&provider, None, noon(), "import").await.unwrap(), 1);
    }
    let renamed = Provider { name: "B".into(), ..provider.clone() };
    for _ in 0..2 {
        assert_eq!(directory.put(&renamed, Some(1), noon(), "import").await.unwrap(), 2);
    }
    let late = directory.put(&provider, Some(1), noon(), "import").await;
    assert!(matches!(late, Err(ProviderError::Conflict)));
    assert_eq!(directory.history(provider.id).await.unwrap().len(), 2);
    assert_eq!(
        directory.list(&PageRequest::first(9)).await.unwrap().items.len(),
        1,
        "under its name now only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_longer_than_one_answer_is_read_to_its_end() {
    let directory = providers(&World::new().await).await;
    // Each version 60 KB: one answer of DynamoDB holds 17 of them.
    let provider =
        |n: u8| Provider { certificate: Some(vec![n; 60_000]), ..registers::provider(1, "A", &["01004567"]) };
    for n in 0..40_u8 {
        let expected = (n > 0).then_some(u64::from(n));
        directory.put(&provider(n), expected, noon(), "import").await.unwrap();
    }
    let history = directory.history(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(history.len(), 40);
    assert!(history.iter().rev().zip(0..).all(|(stored, n)| stored.provider == provider(n)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_item_can_hold_is_refused() {
    let directory = providers(&World::new().await).await;
    let large = Provider { certificate: Some(vec![0; 410_000]), ..registers::provider(1, "A", &[]) };
    let answer = directory.put(&large, None, noon(), "import").await;
    assert!(matches!(answer, Err(ProviderError::Port(PortError::Refused { .. }))), "{answer:?}");
    let values: Vec<_> = (0..60).map(|n| n.to_string()).collect();
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    let many = registers::provider(1, "A", &values);
    let answer = directory.put(&many, None, noon(), "import").await;
    assert!(matches!(answer, Err(ProviderError::Port(PortError::Refused { .. }))));
    let some = registers::provider(1, "A", values.get(..40).unwrap());
    assert_eq!(directory.put(&some, None, noon(), "import").await.unwrap(), 1);
    let others = Provider { identifiers: vec![], ..some };
    assert_eq!(directory.put(&others, Some(1), noon(), "import").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_identifier_is_found_however_long_or_odd() {
    let directory = providers(&World::new().await).await;
    let odd = ["", "é/#", &"9".repeat(5000)]
        .map(|value| BusinessIdentifier { system: "sender:".into(), value: value.to_owned() });
    let provider = Provider { identifiers: odd.to_vec(), ..registers::provider(1, &"N".repeat(3000), &[]) };
    directory.put(&provider, None, noon(), "import").await.unwrap();
    for identifier in odd {
        assert_eq!(directory.find(&[identifier]).await.unwrap()[0].provider, provider);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_listing_of_notices_gives_each_once_in_order() {
    let register = notices(&World::new().await).await;
    let why = "x".repeat(30_000);
    let mut expected = Vec::new();
    for n in 0..120 {
        let provider = Uuid::from_u128(n);
        let changed = noon() + jiff::SignedDuration::from_secs((n % 40) as i64);
        let notice = Notice {
            id: NoticeId::of(message(n), provider),
            provider,
            reserved: changed,
            changed,
            ..registers::notice(n)
        };
        register.reserve(&notice).await.unwrap();
        // 3.6 MB: more than one answer of DynamoDB in each partition.
        let from = [NoticeState::Reserved];
        assert!(
            register.settle(notice.id, &from, NoticeState::Unknown, changed, None, Some(&why)).await.unwrap()
        );
        expected.push((changed, notice.id));
    }
    expected.sort_unstable();
    expected.reverse();
    for state in [None, Some(NoticeState::Unknown)] {
        for size in [7, 1000] {
            let (mut page, mut listed) = (PageRequest::first(size), Vec::new());
            loop {
                let found = register.list(state, &page).await.unwrap();
                assert!(found.items.len() <= size);
                listed.extend(found.items.into_iter().map(|notice| (notice.changed, notice.id)));
                match found.next {
                    Some(next) => page.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(listed, expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_listing_of_dead_letters_gives_each_once_in_order() {
    let letters = dead_letters(&World::new().await).await;
    for n in 0..100 {
        let letter = DeadLetter {
            text: "x".repeat(30_000),
            received: noon() - jiff::SignedDuration::from_secs((n / 3) as i64),
            ..records::letter(n, "2024-03-07T10:00:00Z")
        };
        letters.park(&letter).await.unwrap();
    }
    for size in [7, 1000] {
        let (mut page, mut listed) = (PageRequest::first(size), Vec::new());
        loop {
            let found = letters.list(&page).await.unwrap();
            listed.extend(found.items.into_iter().map(|letter| (letter.received, letter.message)));
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(listed.len(), 100);
        assert!(listed.is_sorted());
        listed.dedup();
        assert_eq!(listed.len(), 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_at_once_are_all_kept_and_one_told_twice_is_one() {
    let register = opt_outs(&World::new().await).await;
    let patient = Uuid::from_u128(1);
    let wish = |n: i64| OptOut {
        patient,
        opted_out: n % 2 == 0,
        at: noon() + jiff::SignedDuration::from_secs(n),
        by: "access-token".into(),
    };
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (register, wish) = (register.clone(), wish(n));
            tokio::spawn(async move { register.put(&wish).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let history = register.history(patient).await.unwrap();
    assert_eq!(history.len(), 16);
    assert_eq!(register.opted_out(&[patient]).await.unwrap(), history[0].opted_out);
    // The last that was written stands, whatever its time says.
    let earlier = OptOut { opted_out: !history[0].opted_out, at: at("2026-11-01T12:00:00Z"), ..wish(0) };
    for _ in 0..2 {
        register.put(&earlier).await.unwrap();
    }
    assert_eq!(register.history(patient).await.unwrap().len(), 17);
    assert_eq!(register.opted_out(&[patient, patient]).await.unwrap(), earlier.opted_out);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_patients_one_who_has_opted_out_is_enough() {
    let register = opt_outs(&World::new().await).await;
    let all: Vec<_> = (0..250).map(Uuid::from_u128).collect();
    let wish = OptOut { patient: all[249], opted_out: true, at: noon(), by: "import".into() };
    register.put(&wish).await.unwrap();
    assert!(register.opted_out(&all).await.unwrap());
    assert!(!register.opted_out(all.get(..249).unwrap()).await.unwrap());
}
