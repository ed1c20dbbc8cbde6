//! Encrypted mails, read by the real openssl.

use std::path::Path;
use std::sync::Arc;

use mail_parser::{MessageParser, MimeHeaders};
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::notice::{NoticeOutcome, Protection};
use zorgsluis_domain::text::Language;
use zorgsluis_notifier::{
    CertificateFault, ContentCipher, RecipientCertificate, SigningIdentity, SigningPem,
};

use crate::certificates::{Recipient, openssl, recipient, recipient_named, succeeded};
use crate::world::{BRUG, PRACTICE, World, named, signing, start};

const ENCRYPTS: &str = "keyUsage=critical,keyEncipherment,digitalSignature";
const AGREES: &str = "keyUsage=critical,keyAgreement,digitalSignature";

/// Decrypts a mail and checks its signature; gives the MIME entity that was signed.
pub(crate) fn opened(folder: &Path, mail: &[u8], recipient: &Recipient, signer: &SigningPem) -> Vec<u8> {
    std::fs::write(folder.join("mail.eml"), mail).unwrap();
    std::fs::write(folder.join("signer.pem"), &signer.certificate).unwrap();
    let (certificate, key) = (recipient.certificate.to_str().unwrap(), recipient.key.to_str().unwrap());
    succeeded(&openssl(
        folder,
        &["cms", "-decrypt", "-in", "mail.eml", "-recip", certificate, "-inkey", key, "-out", "signed.eml"],
    ));
    let at = start().as_second().to_string();
    succeeded(&openssl(
        folder,
        &[
            "cms",
            "-verify",
            "-in",
            "signed.eml",
            "-CAfile",
            "signer.pem",
            "-purpose",
            "smimesign",
            "-attime",
            &at,
            "-out",
            "inner.eml",
        ],
    ));
    std::fs::read(folder.join("inner.eml")).unwrap()
}

async fn told(world: &World, recipient: &Recipient) -> Vec<u8> {
    let mut practice = world.practice();
    practice.certificate = Some(recipient.der.clone());
    world.enlist(&practice).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let steps = world.steps(&reference).await;
    assert_eq!(
        (steps[0].outcome, steps[0].protection),
        (NoticeOutcome::Sent, Some(Protection::Smime)),
        "{steps:?}"
    );
    world.last_mail()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_decrypts_and_verifies_every_kind_of_key_and_cipher() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, usage) in [("rsa:2048", ENCRYPTS), ("P-256", AGREES), ("P-384", AGREES)] {
        let held = recipient(folder.path(), kind, &[usage, "subjectAltName=email:Praktijk@Brug.example"]);
        for cipher in [ContentCipher::Aes256Gcm, ContentCipher::Aes256Cbc] {
            let mut world = World::new().await;
            world.settings.cipher = cipher;
            let mail = told(&world, &held).await;
            let outer = String::from_utf8(mail.clone()).unwrap();
            for secret in ["Johanna", "Berg", "1961", "angina", "7393670"] {
                assert!(!outer.contains(secret), "{secret}");
            }
            let inner = opened(folder.path(), &mail, &held, signing());
            let inner = MessageParser::default().parse(&inner).unwrap();
            let text = inner.body_text(0).unwrap();
            for told in [
                "Bestemd voor: Huisartsenpraktijk De Brug",
                "Naam: Johanna van den Berg-de Vries",
                "Geboortedatum: 12 april 1961",
                "Geslacht: vrouw",
                "Patiëntnummer van het ziekenhuis: 7393670",
                "Wanneer: 22 november 2026, 10:10",
                "Afdeling: C3 (Cardiologie)",
                "Behandelaar: dr. K. Smit",
                "- Instabiele angina pectoris\n",
                "- Diabetes mellitus type 2 (door software uit de notitie gelezen, niet bevestigd)",
                "- metformine, 500 mg, 2dd1 (door software",
            ] {
                assert!(text.replace("\r\n", "\n").contains(told), "{told}:\n{text}");
            }
            for never in ["999911120", "Longembolie"] {
                assert!(!text.contains(never), "{never}");
            }
            // What the mail says of itself is signed too (RFC 9788).
            assert_eq!(inner.to().unwrap().first().unwrap().address().unwrap(), PRACTICE);
            assert!(inner.subject().unwrap().starts_with("Bericht van Ziekenhuis De Linde: opname ["));
            assert_eq!(inner.content_type().unwrap().attribute("hp"), Some("cipher"));
            let outer = MessageParser::default().parse(mail.as_slice()).unwrap();
            for header in ["From", "To", "Subject", "Date", "Message-ID"] {
                let said = outer.header_raw(header).unwrap().trim();
                assert_eq!(inner.header_raw(header).unwrap().trim(), said);
                let again = format!("{header}: {said}").replace("\r\n", "");
                let found = inner
                    .headers_raw()
                    .any(|(name, value)| name == "HP-Outer" && value.replace("\r\n", "").trim() == again);
                assert!(found, "{again}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_a_certification_authority_signs_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let held = recipient(path, "P-256", &[AGREES]);
    for (kind, form) in [("rsa:2048", "pkcs8"), ("P-384", "sec1"), ("rsa:3072", "pkcs1")] {
        let signer =
            recipient(path, kind, &["keyUsage=digitalSignature", "extendedKeyUsage=emailProtection"]);
        let key = match form {
            "pkcs8" => std::fs::read_to_string(&signer.key).unwrap(),
            _ => {
                let key = signer.key.to_str().unwrap();
                let out = openssl(path, &["pkey", "-in", key, "-traditional"]);
                String::from_utf8(succeeded(&out).stdout.clone()).unwrap()
            }
        };
        let pem = SigningPem { certificate: std::fs::read_to_string(&signer.certificate).unwrap(), key };
        let mut world = World::new().await;
        world.settings.signing = Arc::new(SigningIdentity::from_pem(&pem).unwrap());
        let mail = told(&world, &held).await;
        let inner = opened(path, &mail, &held, &pem);
        assert!(String::from_utf8_lossy(&inner).contains("Johanna"), "{kind}");
    }
    let mixed = SigningPem {
        certificate: signing().certificate.clone(),
        key: std::fs::read_to_string(&held.key).unwrap(),
    };
    assert!(SigningIdentity::from_pem(&mixed).is_err(), "a key of another certificate");
}

/// Changes one byte of the CMS in a mail, `back` bytes from its end.
fn tampered(mail: &[u8], back: usize) -> Vec<u8> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut body: Vec<u8> = body.trim_end().bytes().collect();
    let at = body.len() - back;
    body[at] = if body[at] == b'A' { b'B' } else { b'A' };
    format!("{head}\r\n\r\n{}\r\n", String::from_utf8(body).unwrap()).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_the_way_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let held = recipient(path, "rsa:2048", &[ENCRYPTS]);
    let (certificate, key) = (held.certificate.to_str().unwrap(), held.key.to_str().unwrap());
    let decrypt =
        ["cms", "-decrypt", "-in", "mail.eml", "-recip", certificate, "-inkey", key, "-out", "signed.eml"];
    let at = start().as_second().to_string();
    let verify = [
        "cms",
        "-verify",
        "-in",
        "signed.eml",
        "-CAfile",
        "signer.pem",
        "-purpose",
        "smimesign",
        "-attime",
        &at,
        "-out",
        "inner.eml",
    ];
    for cipher in [ContentCipher::Aes256Gcm, ContentCipher::Aes256Cbc] {
        let mut world = World::new().await;
        world.settings.cipher = cipher;
        let mail = told(&world, &held).await;
        opened(path, &mail, &held, signing());
        for back in [60, 400, 2000] {
            std::fs::write(path.join("mail.eml"), tampered(&mail, back)).unwrap();
            let read = openssl(path, &decrypt);
            match cipher {
                ContentCipher::Aes256Gcm => assert!(!read.status.success(), "{back}"),
                // The signature notices what the cipher does not.
                ContentCipher::Aes256Cbc => {
                    assert!(!(read.status.success() && openssl(path, &verify).status.success()), "{back}");
                }
            }
        }
        // What was signed, changed by somebody who could decrypt it.
        std::fs::write(path.join("mail.eml"), &mail).unwrap();
        succeeded(&openssl(path, &decrypt));
        let signed = std::fs::read(path.join("signed.eml")).unwrap();
        std::fs::write(path.join("signed.eml"), tampered(&signed, 2400)).unwrap();
        assert!(!openssl(path, &verify).status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_encrypted_for_counts_as_no_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let good = recipient(path, "rsa:2048", &[ENCRYPTS]);
    let check = |der: &[u8], at| RecipientCertificate::check(der, PRACTICE, at).err();
    assert_eq!(check(&good.der, start()), None);
    let later = start() + jiff::Span::new().hours(24 * 4000);
    let before = start() - jiff::Span::new().hours(24 * 4000);
    assert_eq!(check(&good.der, later), Some(CertificateFault::Expired));
    assert_eq!(check(&good.der, before), Some(CertificateFault::NotYetValid));
    let signs_only = recipient(
        path,
        "rsa:2048",
        &["keyUsage=digitalSignature", "basicConstraints=CA:FALSE", "nsComment=x"],
    );
    assert_eq!(check(&signs_only.der, start()), Some(CertificateFault::Usage));
    let web = recipient(path, "P-256", &[AGREES, "extendedKeyUsage=serverAuth"]);
    assert_eq!(check(&web.der, start()), Some(CertificateFault::Usage));
    let small = recipient(path, "rsa:1024", &[ENCRYPTS]);
    assert_eq!(check(&small.der, start()), Some(CertificateFault::Key));
    let other = recipient(path, "P-384", &[AGREES, "subjectAltName=email:iemand@anders.example"]);
    assert_eq!(check(&other.der, start()), Some(CertificateFault::OtherAddress));
    assert_eq!(check(b"no certificate", start()), Some(CertificateFault::Unreadable));
    // What somebody put into the directory is anything at all.
    for at in 0..good.der.len() {
        for bit in [0x01, 0x80] {
            let mut bent = good.der.clone();
            bent[at] ^= bit;
            check(&bent, start());
            check(&good.der[..at], start());
        }
    }

    // A key that shows only in use that it is none: its point is not on the curve.
    let world = World::new().await;
    let mut practice = world.practice();
    let mut bent = recipient(path, "P-256", &[AGREES]).der;
    let point = bent.windows(3).position(|bytes| bytes == [0x42, 0x00, 0x04]).unwrap() + 3;
    bent[point + 5] ^= 1;
    practice.certificate = Some(bent);
    world.enlist(&practice).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let step = &world.steps(&reference).await[0];
    assert_eq!((step.outcome, step.protection), (NoticeOutcome::Sent, Some(Protection::WithoutPhi)));
    assert_eq!(step.why.as_deref(), Some("certificate-unusable"));
    // What was read for the mail that could not be encrypted was told to nobody.
    let told = world.entries().into_iter().find(|entry| entry.event.kind == EventKind::Disclosure).unwrap();
    assert!(!told.objects.iter().any(|object| object.id.starts_with("Patient/")), "{told:?}");

    practice.certificate = Some(other.der);
    practice.language = Language::English;
    world.enlist(&practice).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let step = &world.steps(&reference).await[0];
    assert_eq!((step.outcome, step.protection), (NoticeOutcome::Sent, Some(Protection::WithoutPhi)));
    assert_eq!(step.why.as_deref(), Some("certificate-other-address"));
    let mail = String::from_utf8(world.last_mail()).unwrap();
    assert!(
        mail.contains("There is a message about a patient of your practice.") && !mail.contains("Johanna")
    );
}

#[test]
fn the_alternative_name_decides_whose_a_certificate_is_else_the_subject() {
    let folder = tempfile::tempdir().unwrap();
    let mine = format!("/CN=De Brug/emailAddress={}", PRACTICE.to_uppercase());
    let other = "/CN=De Brug/emailAddress=iemand@anders.example";
    let check = |subject: &str, names: &[&str]| {
        let mut extensions = vec![AGREES];
        extensions.extend(names);
        let made = recipient_named(folder.path(), subject, "P-256", &extensions);
        RecipientCertificate::check(&made.der, PRACTICE, start()).err()
    };
    // RFC 8550 §3.
    assert_eq!(check(&mine, &[]), None);
    assert_eq!(check(other, &[]), Some(CertificateFault::OtherAddress));
    assert_eq!(check(other, &["subjectAltName=DNS:brug.example"]), Some(CertificateFault::OtherAddress));
    assert_eq!(check(other, &["subjectAltName=email:praktijk@brug.example"]), None);
    let elsewhere = "subjectAltName=email:iemand@anders.example";
    assert_eq!(check(&mine, &[elsewhere]), Some(CertificateFault::OtherAddress));
    // RFC 8398: a mailbox in other letters is an address too.
    let utf8 = "subjectAltName=otherName:1.3.6.1.5.5.7.8.9;UTF8:iemand@anders.example";
    assert_eq!(check("/CN=De Brug", &[utf8]), Some(CertificateFault::OtherAddress));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_with_a_certificate_that_has_expired() {
    let folder = tempfile::tempdir().unwrap();
    let held = recipient(folder.path(), "P-256", &[AGREES]);
    let mut world = World::new().await;
    let old = start() - jiff::Span::new().hours(24 * 1200);
    let pem = SigningIdentity::generate("Ziekenhuis De Linde", "berichten@linde.example", old).unwrap();
    let identity = SigningIdentity::from_pem(&pem).unwrap();
    assert!(identity.is_valid(old) && !identity.is_valid(start()));
    world.settings.signing = std::sync::Arc::new(identity);
    let mut practice = world.practice();
    practice.certificate = Some(held.der);
    world.enlist(&practice).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let step = &world.steps(&reference).await[0];
    assert_eq!((step.outcome, step.protection), (NoticeOutcome::Sent, Some(Protection::WithoutPhi)));
    assert_eq!(step.why.as_deref(), Some("signing-certificate-expired"));
    assert!(!String::from_utf8(world.last_mail()).unwrap().contains("pkcs7"));
}

#[test]
fn an_identity_knows_whom_it_was_made_for() {
    let made = SigningIdentity::from_pem(signing()).unwrap();
    assert!(made.is_made_for("Ziekenhuis De Linde", "Berichten@linde.example"));
    assert!(!made.is_made_for("Ziekenhuis De Linde", "post@linde.example"));
    assert!(!made.is_made_for("Ziekenhuis De Eik", "berichten@linde.example"));
}
