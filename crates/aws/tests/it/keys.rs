//! Keys on KMS and DynamoDB.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use zorgsluis_aws::{AwsKeys, KeySettings, SettingsBucket, SystemClock};
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, Sealed};
use zorgsluis_domain::{PortError, Pseudonym, Purpose};
use zorgsluis_embedded::DataDirectory;

use crate::lossy::Lossy;
use crate::made::{IDENTITY, PSEUDONYM};
use crate::ministack::World;
use crate::suite::suite;

suite!(the_keys, world => (world.keys().await), keys:
    pseudonyms_differ_by_purpose_and_parts,
    an_identity_pseudonym_is_an_hmac_under_the_identity_key,
    what_was_sealed_opens_in_its_context_only,
    the_same_text_is_sealed_differently_each_time,
    each_owner_and_class_has_a_key_of_its_own,
    many_first_uses_at_once_make_one_key,
    destroying_erases_one_owner_and_class,
    of_many_destructions_at_once_one_counts,
);

const PARTS: [&[u8]; 2] = [b"http://fhir.nl/fhir/NamingSystem/bsn", b"999911120"];

fn lab() -> KeyOwner {
    KeyOwner::Sender("LAB-OF-TEST".into())
}

async fn seal(keys: &AwsKeys, text: &[u8]) -> Sealed {
    keys.seal(&lab(), DataClass::Dossier, b"here", text).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_root_keys_give_the_same_pseudonyms_as_embedded() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let directory = DataDirectory::open(&data).unwrap();
    let embedded = directory.keys();
    let file = |name: &str| std::fs::read(data.join("keys").join(name)).unwrap();
    let world = World::new().await;
    let (bucket, settings) = world.deployed(&file("identity.key"), &file("pseudonym.key")).await;
    let keys = world.more_keys(&bucket, &settings).await;
    assert_eq!(keys.identity_key(), embedded.identity_key());
    for purpose in Purpose::ALL {
        for parts in [&PARTS[..], &[], &[b""], &[b"ab", b"c"]] {
            assert_eq!(keys.pseudonym(purpose, parts), embedded.pseudonym(purpose, parts));
        }
    }
    directory.close().await;
}

/// Computed by another implementation (Python's hmac and hashlib) from the words of the port and of the crate.
#[tokio::test(flavor = "multi_thread")]
async fn pseudonyms_are_what_their_description_says() {
    let keys = World::new().await.keys().await;
    let expected = [
        "b85eee16c76bf2ef3f2f3c7c297df39ea510b47ebc1ebe5f57eddcea96f9138e",
        "54bde286e1daef4611c5937f21159b963f9f2cfa2a38369b112b12ea91a1d6ba",
        "276ecc96cdc9a5ece3da498d255939b778b56b96b6981aedabe651318b7b3a56",
        "4687c0279769cbadaf429444f959712ba24d93e2d6b0abeb6dff6449c38fb326",
        "08b23cf11e2f87cfbf03279adaafd67dd85688db32f3d3060622fc4d08dfbab7",
        "0b2846c4dd455026ed5fef56b35708beb883e9c538f714682371aa7ecf0b5159",
        "0c2a54eea0d9db300b9646792e706214038131ea6062ad1d02fc242ba991fba0",
    ];
    for (purpose, expected) in Purpose::ALL.into_iter().zip(expected) {
        assert_eq!(keys.pseudonym(purpose, &PARTS).to_string(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_function_sealed_another_opens() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let (one, other) = (world.more_keys(&bucket, &settings).await, world.more_keys(&bucket, &settings).await);
    let sealed = seal(&one, b"text").await;
    assert_eq!(other.open(&sealed, b"here").await.unwrap().expose_phi(), b"text");
    assert_eq!(seal(&other, b"text").await.key, sealed.key);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_uses_in_many_functions_at_once_make_one_key() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let keys = world.more_keys(&bucket, &settings).await;
        tasks.push(tokio::spawn(async move { seal(&keys, b"x").await }));
    }
    let mut ids = HashSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap().key);
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(items(&world, &settings).await.len(), 2, "no key is left over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_function_destroyed_is_erased_here() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let (one, other) = (world.more_keys(&bucket, &settings).await, world.more_keys(&bucket, &settings).await);
    let sealed = seal(&one, b"text").await;
    assert_eq!(other.destroy(&lab(), DataClass::Dossier).await.unwrap(), 1);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    // It seals no more, though it is still in memory; what is sealed now can be read.
    let new = seal(&one, b"new").await;
    assert_ne!(new.key, sealed.key);
    assert_eq!(other.open(&new, b"here").await.unwrap().expose_phi(), b"new");
    let third = world.more_keys(&bucket, &settings).await;
    assert!(matches!(third.open(&sealed, b"here").await, Err(PortError::Erased { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_tells_nothing_about_an_owner() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let keys = world.more_keys(&bucket, &settings).await;
    let pseudonym = Pseudonym::from_bytes([7; 32]);
    seal(&keys, b"text").await;
    keys.seal(&KeyOwner::Patient(pseudonym), DataClass::Log, b"", b"text").await.unwrap();
    keys.destroy(&lab(), DataClass::Dossier).await.unwrap();
    let items = items(&world, &settings).await;
    assert_eq!(items.len(), 3);
    let text = format!("{items:?}");
    assert!(!text.contains("LAB-OF-TEST") && !text.contains(&pseudonym.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_key_of_another_context_is_refused() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let keys = world.more_keys(&bucket, &settings).await;
    let mine = seal(&keys, b"mine").await;
    let other = keys.seal(&KeyOwner::System, DataClass::Dossier, b"", b"other").await.unwrap();
    // Somebody who can write into the table gives one owner the key of another.
    let wrapped = item(&world, &settings, &other).await["wrapped_key"].clone();
    let mut changed = item(&world, &settings, &mine).await;
    let original = changed.insert("wrapped_key".into(), wrapped).unwrap();
    put(&world, &settings, changed.clone()).await;
    let fresh = world.more_keys(&bucket, &settings).await;
    assert!(matches!(fresh.open(&mine, b"here").await, Err(PortError::Damaged { .. })));
    // Or calls it one of another class.
    changed.insert("wrapped_key".into(), original.clone());
    changed.insert("class".into(), AttributeValue::S("wzd".into()));
    put(&world, &settings, changed.clone()).await;
    assert!(matches!(fresh.open(&mine, b"here").await, Err(PortError::Damaged { .. })));
    changed.insert("class".into(), AttributeValue::S("dossier".into()));
    put(&world, &settings, changed).await;
    assert_eq!(fresh.open(&mine, b"here").await.unwrap().expose_phi(), b"mine");
    let never = Sealed { key: uuid::Uuid::from_u128(7), ..mine };
    assert!(matches!(fresh.open(&never, b"here").await, Err(PortError::Damaged { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn root_keys_are_taken_for_their_purpose_only() {
    let world = World::new().await;
    let settings = KeySettings {
        table: world.table("keys").await,
        pseudonyms: world.cmk().await,
        phi: world.cmk().await,
        audit: world.cmk().await,
    };
    let name = world.bucket("settings").await;
    let bucket = SettingsBucket::new(&world.clients, name.as_str());
    let load = async || AwsKeys::load(&world.clients, &bucket, &settings, Arc::new(SystemClock)).await;
    assert!(matches!(load().await, Err(PortError::NotFound { .. })));
    let good = world.wrapped(&settings.pseudonyms, "identity", &IDENTITY).await;
    let swapped = world.wrapped(&settings.pseudonyms, "identity", &PSEUDONYM).await;
    let short = world.wrapped(&settings.pseudonyms, "pseudonym", &PSEUDONYM[..31]).await;
    world.object(&name, "keys/identity", &good).await;
    for wrong in [swapped, short, b"no ciphertext".to_vec(), PSEUDONYM.to_vec()] {
        world.object(&name, "keys/pseudonym", &wrong).await;
        assert!(matches!(load().await, Err(PortError::Damaged { .. })));
    }
    let right = world.wrapped(&settings.pseudonyms, "pseudonym", &PSEUDONYM).await;
    world.object(&name, "keys/pseudonym", &right).await;
    assert!(load().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cmk_that_is_switched_off_is_trouble_that_passes() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let sealed = seal(&world.more_keys(&bucket, &settings).await, b"text").await;
    let fresh = world.more_keys(&bucket, &settings).await;
    world.clients.kms.disable_key().key_id(&settings.phi).send().await.unwrap();
    assert!(matches!(fresh.open(&sealed, b"here").await, Err(PortError::Unavailable { .. })));
    let owner = KeyOwner::System;
    let first = fresh.seal(&owner, DataClass::Dossier, b"", b"x").await;
    assert!(matches!(first, Err(PortError::Unavailable { .. })));
    // Another class has another CMK.
    assert!(fresh.seal(&owner, DataClass::Log, b"", b"x").await.is_ok());
    world.clients.kms.enable_key().key_id(&settings.phi).send().await.unwrap();
    assert!(fresh.open(&sealed, b"here").await.is_ok());
    let elsewhere = KeySettings { audit: "00000000-0000-4000-8000-000000000000".into(), ..settings };
    let elsewhere = world.more_keys(&bucket, &elsewhere).await;
    let none = elsewhere.seal(&lab(), DataClass::Log, b"", b"x").await;
    assert!(
        matches!(none, Err(PortError::Unavailable { .. })),
        "a key that is not there is no message's fault"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_destroyed_is_destroyed_again_in_a_restored_table() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let keys = world.more_keys(&bucket, &settings).await;
    let sealed = seal(&keys, b"text").await;
    let kept = keys.seal(&KeyOwner::System, DataClass::Dossier, b"", b"kept").await.unwrap();
    let backup = items(&world, &settings).await;
    keys.destroy(&lab(), DataClass::Dossier).await.unwrap();
    let destroyed = [sealed.key];

    let later = World::new().await;
    let restored = KeySettings { table: later.table("keys").await, ..settings };
    for item in backup {
        put(&later, &restored, item).await;
    }
    let keys = world.more_keys(&bucket, &restored).await;
    assert_eq!(keys.destroy_again(&destroyed).await.unwrap(), 1);
    assert_eq!(keys.destroy_again(&destroyed).await.unwrap(), 0);
    assert!(matches!(keys.open(&sealed, b"here").await, Err(PortError::Erased { .. })));
    assert_ne!(seal(&keys, b"new").await.key, sealed.key);
    assert_eq!(keys.open(&kept, b"").await.unwrap().expose_phi(), b"kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destruction_whose_answer_got_lost_is_done_once() {
    let world = World::new().await;
    let (bucket, settings) = world.deployed_keys().await;
    let sealed = seal(&world.more_keys(&bucket, &settings).await, b"text").await;
    let lossy = Lossy::new(&world, "TransactWriteItems", 1).await;
    let keys = AwsKeys::load(&lossy.clients, &bucket, &settings, Arc::new(SystemClock)).await.unwrap();
    assert_eq!(keys.destroy(&lab(), DataClass::Dossier).await.unwrap(), 1);
    assert!(lossy.lost_all());
    assert!(matches!(keys.open(&sealed, b"here").await, Err(PortError::Erased { .. })));
}

type Item = std::collections::HashMap<String, AttributeValue>;

async fn items(world: &World, settings: &KeySettings) -> Vec<Item> {
    world.clients.dynamodb.scan().table_name(&settings.table).send().await.unwrap().items.unwrap()
}

async fn item(world: &World, settings: &KeySettings, sealed: &Sealed) -> Item {
    let key = AttributeValue::S(format!("key/{}", sealed.key));
    items(world, settings).await.into_iter().find(|item| item["pk"] == key).unwrap()
}

async fn put(world: &World, settings: &KeySettings, item: Item) {
    let put = world.clients.dynamodb.put_item().table_name(&settings.table).set_item(Some(item));
    put.send().await.unwrap();
}
