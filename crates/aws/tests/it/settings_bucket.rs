//! The bucket of the settings.

use zorgsluis_aws::SettingsBucket;
use zorgsluis_domain::PortError;

use crate::ministack::World;

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_by_their_names() {
    let world = World::new().await;
    let name = world.bucket("settings").await;
    let settings = SettingsBucket::new(&world.clients, name.as_str());
    assert_eq!(settings.profiles().await.unwrap(), []);
    assert_eq!(settings.mail_signature().await.unwrap(), None);
    assert!(matches!(settings.key("identity").await, Err(PortError::NotFound { .. })));
    for (key, body) in [
        ("profiles/lab.toml", "b"),
        ("profiles/adt.toml", "a"),
        ("profiles/readme.md", "not a profile"),
        ("profiles/old/adt.toml", "of a folder"),
        ("profiles/", ""),
        ("mail/certificate.pem", "certificate"),
        ("keys/identity", "wrapped"),
    ] {
        world.object(&name, key, body.as_bytes()).await;
    }
    let profiles = settings.profiles().await.unwrap();
    assert_eq!(profiles, [("adt.toml".into(), b"a".to_vec()), ("lab.toml".into(), b"b".to_vec())]);
    assert_eq!(settings.key("identity").await.unwrap(), b"wrapped");
    assert!(matches!(settings.mail_signature().await, Err(PortError::NotFound { .. })), "no key to it");
    world.object(&name, "mail/key", b"key").await;
    let (certificate, key) = settings.mail_signature().await.unwrap().unwrap();
    assert_eq!((certificate.as_slice(), key.as_slice()), (b"certificate".as_slice(), b"key".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_in_mails_is_read_where_one_is_set() {
    let world = World::new().await;
    let name = world.bucket("settings").await;
    let settings = SettingsBucket::new(&world.clients, name.as_str());
    assert_eq!(settings.mail_name().await.unwrap(), None);
    // What begins like it is another thing.
    world.object(&name, "mail/name.old", b"Ziekenhuis De Eik").await;
    assert_eq!(settings.mail_name().await.unwrap(), None);
    for (body, read) in [("Ziekenhuis De Linde\n", Some("Ziekenhuis De Linde")), (" \n", None)] {
        world.object(&name, "mail/name", body.as_bytes()).await;
        assert_eq!(settings.mail_name().await.unwrap().as_deref(), read);
    }
    world.object(&name, "mail/name", b"Ziekenhuis \xcf").await;
    assert!(matches!(settings.mail_name().await, Err(PortError::Damaged { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_profiles_are_read_page_by_page_and_a_huge_one_is_not() {
    let world = World::new().await;
    let name = world.bucket("settings").await;
    let settings = SettingsBucket::new(&world.clients, name.as_str());
    for n in 0..1003 {
        world.object(&name, &format!("profiles/{n:04}.toml"), b"x").await;
    }
    let profiles = settings.profiles().await.unwrap();
    assert_eq!(profiles.len(), 1003);
    assert!(profiles.is_sorted());
    world.object(&name, "profiles/0000.toml", &vec![b'#'; (1 << 20) + 1]).await;
    assert!(matches!(settings.profiles().await, Err(PortError::Damaged { .. })));
}
