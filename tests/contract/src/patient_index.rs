//! The contract of [`PatientIndex`].

use uuid::Uuid;
use zorgsluis_domain::port::{Claim, IndexChange, IndexedIdentifier, PatientIndex};
use zorgsluis_domain::{PortError, Pseudonym};

fn identifier(number: u8) -> Pseudonym {
    Pseudonym::from_bytes([number; 32])
}

/// An identifier as the index keeps it.
pub fn indexed(number: u8) -> IndexedIdentifier {
    IndexedIdentifier {
        pseudonym: identifier(number),
        owner: Pseudonym::from_bytes([number ^ 0xff; 32]),
        stand_in: Uuid::from_u128(u128::from(number) << 64),
    }
}

fn patient(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub async fn an_identifier_stays_with_who_claimed_it_first<I: PatientIndex>(index: I) {
    assert_eq!(index.claim(&indexed(1), patient(1)).await.unwrap(), Claim::Claimed);
    assert_eq!(index.claim(&indexed(1), patient(1)).await.unwrap(), Claim::Held);
    assert_eq!(index.claim(&indexed(1), patient(2)).await.unwrap(), Claim::Conflict(patient(1)));
    assert_eq!(index.claim(&indexed(2), patient(2)).await.unwrap(), Claim::Claimed);
    let resolved = index.resolve(&[identifier(2), identifier(9), identifier(1)]).await.unwrap();
    assert_eq!(resolved, [Some(patient(2)), None, Some(patient(1))]);
    assert!(index.resolve(&[]).await.unwrap().is_empty());
}

pub async fn of_many_claims_at_once_one_wins<I: PatientIndex + Clone + 'static>(index: I) {
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let index = index.clone();
            tokio::spawn(async move { index.claim(&indexed(1), patient(n)).await.unwrap() })
        })
        .collect();
    let mut claims = Vec::new();
    for task in tasks {
        claims.push(task.await.unwrap());
    }
    let holder = index.resolve(&[identifier(1)]).await.unwrap()[0].unwrap();
    assert_eq!(claims.iter().filter(|claim| **claim == Claim::Claimed).count(), 1);
    assert_eq!(claims.iter().filter(|claim| **claim == Claim::Conflict(holder)).count(), 15);
}

pub async fn the_survivor_is_the_end_of_all_merges<I: PatientIndex>(index: I) {
    assert_eq!(index.survivor(patient(1)).await.unwrap(), patient(1));
    assert!(index.merged_into(patient(3)).await.unwrap().is_empty());
    index.merge(patient(1), patient(2)).await.unwrap();
    index.merge(patient(2), patient(3)).await.unwrap();
    for number in 1..=3 {
        assert_eq!(index.survivor(patient(number)).await.unwrap(), patient(3));
    }
    let mut merged = index.merged_into(patient(3)).await.unwrap();
    merged.sort_unstable();
    assert_eq!(merged, [patient(1), patient(2)], "directly, and by way of others");
    // Told again, and told of two that are one already.
    index.merge(patient(1), patient(2)).await.unwrap();
    index.merge(patient(1), patient(3)).await.unwrap();
    assert_eq!(index.survivor(patient(1)).await.unwrap(), patient(3));
}

pub async fn a_merge_never_closes_a_circle_or_changes_its_mind<I: PatientIndex>(index: I) {
    index.merge(patient(1), patient(2)).await.unwrap();
    index.merge(patient(2), patient(3)).await.unwrap();
    for (old, new) in [(1, 1), (3, 1), (3, 2), (1, 4)] {
        let merged = index.merge(patient(old), patient(new)).await;
        assert!(matches!(merged, Err(PortError::Refused { .. })), "{old} into {new}");
    }
    assert_eq!(index.survivor(patient(1)).await.unwrap(), patient(3));
    assert_eq!(index.survivor(patient(3)).await.unwrap(), patient(3));
}

pub async fn merges_at_once_close_no_circle<I: PatientIndex + Clone + 'static>(index: I) {
    // Each of 16 patients into the next, the last into the first, all at once, twice over.
    let tasks: Vec<_> = (0..32)
        .map(|n: u128| {
            let index = index.clone();
            tokio::spawn(async move { index.merge(patient(n % 16), patient((n + 1) % 16)).await })
        })
        .collect();
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(PortError::Refused { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 2, "the one that would close the circle, both times");
    let mut survivors = Vec::new();
    for n in 0..16 {
        survivors.push(index.survivor(patient(n)).await.unwrap());
    }
    survivors.dedup();
    assert_eq!(survivors.len(), 1);
    assert_eq!(index.merged_into(survivors[0]).await.unwrap().len(), 15);
}

pub async fn two_merges_at_once_of_four_patients_close_no_circle<I: PatientIndex + Clone + 'static>(
    index: I,
) {
    // a → b and c → d stand; b into c and d into a touch no patient in common, and only one of them may be.
    for round in 0..8 {
        let [a, b, c, d] = [1, 2, 3, 4].map(|number| patient(round * 10 + number));
        index.merge(a, b).await.unwrap();
        index.merge(c, d).await.unwrap();
        let tasks = [(b, c), (d, a)].map(|(old, new)| {
            let index = index.clone();
            tokio::spawn(async move { index.merge(old, new).await })
        });
        let mut merged = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => merged += 1,
                Err(error) => assert!(matches!(error, PortError::Refused { .. }), "{error}"),
            }
        }
        assert_eq!(merged, 1);
        assert_eq!(index.survivor(a).await.unwrap(), index.survivor(c).await.unwrap());
    }
}

pub async fn an_identifier_of_a_merged_patient_is_held_by_the_survivor<I: PatientIndex>(index: I) {
    index.claim(&indexed(1), patient(1)).await.unwrap();
    index.merge(patient(1), patient(2)).await.unwrap();
    assert_eq!(index.claim(&indexed(1), patient(2)).await.unwrap(), Claim::Held);
    assert_eq!(index.claim(&indexed(1), patient(3)).await.unwrap(), Claim::Conflict(patient(1)));
    assert_eq!(index.resolve(&[identifier(1)]).await.unwrap(), [Some(patient(1))]);
}

pub async fn what_was_released_can_be_claimed_by_another<I: PatientIndex>(index: I) {
    index.claim(&indexed(1), patient(1)).await.unwrap();
    assert!(!index.release(&identifier(1), patient(2)).await.unwrap(), "it is another's");
    assert!(!index.release(&identifier(2), patient(1)).await.unwrap(), "it is nobody's");
    assert!(index.release(&identifier(1), patient(1)).await.unwrap());
    assert!(!index.release(&identifier(1), patient(1)).await.unwrap(), "once");
    assert_eq!(index.resolve(&[identifier(1)]).await.unwrap(), [None]);
    assert_eq!(index.claim(&indexed(1), patient(2)).await.unwrap(), Claim::Claimed);
}

pub async fn the_history_tells_all_that_happened<I: PatientIndex>(index: I) {
    assert!(index.history(patient(1)).await.unwrap().is_empty());
    index.claim(&indexed(1), patient(1)).await.unwrap();
    index.claim(&indexed(1), patient(1)).await.unwrap();
    index.claim(&indexed(1), patient(2)).await.unwrap();
    index.claim(&indexed(2), patient(1)).await.unwrap();
    index.release(&identifier(1), patient(1)).await.unwrap();
    index.merge(patient(1), patient(3)).await.unwrap();
    index.merge(patient(1), patient(3)).await.unwrap();
    let changes = async |number| {
        let history = index.history(patient(number)).await.unwrap();
        assert!(history.is_sorted_by_key(|event| std::cmp::Reverse(event.at)));
        history.into_iter().map(|event| event.change).collect::<Vec<_>>()
    };
    let expected = [
        IndexChange::MergedInto(patient(3)),
        IndexChange::Released(identifier(1)),
        IndexChange::Claimed(identifier(2)),
        IndexChange::Claimed(identifier(1)),
    ];
    assert_eq!(changes(1).await, expected, "what changed nothing is no event");
    assert_eq!(changes(2).await, []);
    assert_eq!(changes(3).await, [IndexChange::Merged(patient(1))]);
}

pub async fn changes_of_one_patient_at_once_are_all_told<I: PatientIndex + Clone + 'static>(index: I) {
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let index = index.clone();
            tokio::spawn(async move { index.claim(&indexed(n), patient(1)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Claim::Claimed);
    }
    let history = index.history(patient(1)).await.unwrap();
    let mut claimed: Vec<_> = history.into_iter().map(|event| event.change).collect();
    claimed.sort_unstable_by_key(|change| format!("{change:?}"));
    claimed.dedup();
    assert_eq!(claimed.len(), 16);
    let all: Vec<_> = (0..16).map(identifier).collect();
    assert_eq!(index.resolve(&all).await.unwrap(), [Some(patient(1)); 16]);
}

pub async fn lines_of_the_log_are_led_to_by_all_numbers_of_a_person<I: PatientIndex>(index: I) {
    index.merge(patient(1), patient(2)).await.unwrap();
    index.merge(patient(2), patient(3)).await.unwrap();
    for asked in [1, 2, 3] {
        let mut all = index.in_log(patient(asked)).await.unwrap();
        assert_eq!(all[0], patient(3), "the present one first");
        all.sort_unstable();
        assert_eq!(all, [patient(1), patient(2), patient(3)]);
    }
    assert_eq!(index.in_log(patient(9)).await.unwrap(), [patient(9)]);
    // Who stood for them before anybody here knew them stays with the first who had the number.
    index.claim(&indexed(1), patient(1)).await.unwrap();
    assert!(index.in_log(patient(2)).await.unwrap().contains(&indexed(1).stand_in));
    index.claim(&indexed(7), patient(7)).await.unwrap();
    assert!(index.release(&identifier(7), patient(7)).await.unwrap());
    index.claim(&indexed(7), patient(8)).await.unwrap();
    assert_eq!(index.in_log(patient(7)).await.unwrap(), [patient(7), indexed(7).stand_in]);
    assert_eq!(index.in_log(patient(8)).await.unwrap(), [patient(8)]);
    assert!(index.erased_with(&identifier(1)).await.unwrap().is_empty());
}
