//! The contract of [`Keys`].

use std::collections::HashSet;

use aws_lc_rs::hmac;
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, Sealed};
use zorgsluis_domain::{PortError, Pseudonym, Purpose};

fn patient(number: u8) -> KeyOwner {
    KeyOwner::Patient(Pseudonym::from_bytes([number; 32]))
}

pub async fn pseudonyms_differ_by_purpose_and_parts<K: Keys>(keys: K) {
    let parts: [&[&[u8]]; 5] = [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[], &[b""]];
    let all: HashSet<_> = Purpose::ALL
        .iter()
        .flat_map(|purpose| parts.iter().map(|parts| keys.pseudonym(*purpose, parts)))
        .collect();
    assert_eq!(all.len(), Purpose::ALL.len() * parts.len());
    assert_eq!(keys.pseudonym(Purpose::Message, &[b"a"]), keys.pseudonym(Purpose::Message, &[b"a"]));
}

pub async fn an_identity_pseudonym_is_an_hmac_under_the_identity_key<K: Keys>(keys: K) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, keys.identity_key().expose_phi());
    let tag = hmac::sign(&key, b"\0\0\0\x06system\0\0\0\x09999911120");
    let pseudonym = keys.pseudonym(Purpose::Identity, &[b"system", b"999911120"]);
    assert_eq!(pseudonym.as_bytes().as_slice(), tag.as_ref());
}

pub async fn what_was_sealed_opens_in_its_context_only<K: Keys>(keys: K) {
    for plaintext in [b"".as_slice(), b"secret", &[7; 100_000]] {
        let sealed = keys.seal(&patient(1), DataClass::Dossier, b"here", plaintext).await.unwrap();
        assert_eq!(keys.open(&sealed, b"here").await.unwrap().expose_phi(), plaintext);
        assert!(matches!(keys.open(&sealed, b"there").await, Err(PortError::Damaged { .. })));
        for at in [0, sealed.ciphertext.len() / 2, sealed.ciphertext.len() - 1] {
            let mut changed = sealed.clone();
            changed.ciphertext[at] ^= 1;
            assert!(matches!(keys.open(&changed, b"here").await, Err(PortError::Damaged { .. })));
        }
        let cut = Sealed { ciphertext: sealed.ciphertext[..5].to_vec(), ..sealed };
        assert!(matches!(keys.open(&cut, b"here").await, Err(PortError::Damaged { .. })));
    }
}

pub async fn the_same_text_is_sealed_differently_each_time<K: Keys>(keys: K) {
    let one = keys.seal(&patient(1), DataClass::Dossier, b"", b"text").await.unwrap();
    let two = keys.seal(&patient(1), DataClass::Dossier, b"", b"text").await.unwrap();
    assert_eq!(one.key, two.key);
    assert_ne!(one.ciphertext, two.ciphertext);
}

pub async fn each_owner_and_class_has_a_key_of_its_own<K: Keys>(keys: K) {
    let mut ids = HashSet::new();
    for owner in [patient(1), patient(2), KeyOwner::Sender("LAB".into()), KeyOwner::System] {
        for class in [DataClass::Dossier, DataClass::Wzd, DataClass::Log] {
            ids.insert(keys.seal(&owner, class, b"", b"x").await.unwrap().key);
        }
    }
    assert_eq!(ids.len(), 12);
}

pub async fn many_first_uses_at_once_make_one_key<K: Keys + Clone + 'static>(keys: K) {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let keys = keys.clone();
            tokio::spawn(async move { keys.seal(&patient(1), DataClass::Log, b"", b"x").await.unwrap().key })
        })
        .collect();
    let mut ids = HashSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
}

pub async fn destroying_erases_one_owner_and_class<K: Keys>(keys: K) {
    let gone = keys.seal(&patient(1), DataClass::Dossier, b"", b"gone").await.unwrap();
    let log = keys.seal(&patient(1), DataClass::Log, b"", b"log").await.unwrap();
    let other = keys.seal(&patient(2), DataClass::Dossier, b"", b"other").await.unwrap();
    assert_eq!(keys.destroy(&patient(1), DataClass::Dossier).await.unwrap(), 1);
    assert!(matches!(keys.open(&gone, b"").await, Err(PortError::Erased { .. })));
    assert_eq!(keys.open(&log, b"").await.unwrap().expose_phi(), b"log");
    assert_eq!(keys.open(&other, b"").await.unwrap().expose_phi(), b"other");
    assert_eq!(keys.destroy(&patient(1), DataClass::Dossier).await.unwrap(), 0);
    // What comes later has a new key; what is erased stays so.
    let new = keys.seal(&patient(1), DataClass::Dossier, b"", b"new").await.unwrap();
    assert_ne!(new.key, gone.key);
    assert_eq!(keys.open(&new, b"").await.unwrap().expose_phi(), b"new");
    assert!(matches!(keys.open(&gone, b"").await, Err(PortError::Erased { .. })));
}

pub async fn of_many_destructions_at_once_one_counts<K: Keys + Clone + 'static>(keys: K) {
    let sealed = keys.seal(&patient(1), DataClass::Dossier, b"", b"x").await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let keys = keys.clone();
            tokio::spawn(async move { keys.destroy(&patient(1), DataClass::Dossier).await.unwrap() })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    assert_eq!(count, 1);
    assert!(matches!(keys.open(&sealed, b"").await, Err(PortError::Erased { .. })));
}
