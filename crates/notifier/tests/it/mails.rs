//! What the mails say, and what they never say.

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;
use serde_json::json;
use zorgsluis_domain::notice::{NoticeId, NoticeOrder, NotifiedEvent};
use zorgsluis_domain::text::Language;

use crate::certificates::{Recipient, recipient};
use crate::smime::opened;
use crate::world::{BRUG, World, named, signing};

fn practice_certificate(folder: &std::path::Path) -> Recipient {
    recipient(folder, "P-256", &["keyUsage=critical,keyAgreement"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_without_certificate_is_a_link_and_no_more() {
    let world = World::new().await;
    let mut practice = world.practice();
    practice.name = String::from("Huisartsenpraktijk Zuid-Öst");
    world.enlist(&practice).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let bytes = world.last_mail();
    assert!(bytes.is_ascii(), "it passes every relay");
    let notice = NoticeId::of(reference.message, practice.id);
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(
        mail.subject(),
        Some(
            format!("Bericht van Ziekenhuis De Linde [{}]", notice.to_string().split('-').next().unwrap())
                .as_str()
        )
    );
    assert_eq!(mail.to().unwrap().first().unwrap().name(), Some("Huisartsenpraktijk Zuid-Öst"));
    assert_eq!(mail.message_id(), Some(format!("{notice}@linde.example").as_str()));
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    let link = format!("https://berichten.linde.example/notices/{notice}");
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    for body in [&text, &html] {
        assert!(body.contains(&link), "{body}");
        assert!(body.contains("Er is een bericht over een patiënt van uw praktijk."), "{body}");
        for event in ["opname", "opgenomen", "Cardiologie", "Smit"] {
            assert!(!body.contains(event), "{event}");
        }
    }
    assert_eq!(mail.content_type().unwrap().subtype(), Some("alternative"));
    assert_eq!(mail.text_body_count() + mail.html_body_count(), 2);
    assert!(String::from_utf8_lossy(&bytes).contains("quoted-printable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_told_in_english_with_its_flags() {
    let folder = tempfile::tempdir().unwrap();
    let held = practice_certificate(folder.path());
    let world = World::new().await;
    let mut practice = world.practice();
    (practice.certificate, practice.language) = (Some(held.der.clone()), Language::English);
    world.enlist(&practice).await;
    let observation = |id: &str, name: &str, value: serde_json::Value, flag: &str, status: &str| {
        let mut resource = json!({
            "resourceType": "Observation", "id": id, "status": status, "code": { "text": name },
            "interpretation": [{ "coding": [{ "code": flag }] }],
            "referenceRange": [{ "low": { "value": 3.5 }, "high": { "value": 5.0 } }],
        });
        resource.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        resource
    };
    let ids =
        ["0000000000f2", "0000000000f3", "0000000000f4"].map(|end| format!("7f9c24e8-0000-5000-8000-{end}"));
    let quantity = json!({ "valueQuantity": { "value": 6.10, "unit": "mmol/L" } });
    let quantity = serde_json::from_str(&quantity.to_string().replace("6.1", "6.10")).unwrap();
    world.put(observation(&ids[0], "Kalium", quantity, "H", "final")).await;
    world
        .put(observation(
            &ids[1],
            "Opmerking",
            json!({ "valueString": "<b>vet</b> & meer" }),
            "N",
            "preliminary",
        ))
        .await;
    world
        .put(observation(&ids[2], "Ingetrokken", json!({ "valueString": "weg" }), "N", "entered-in-error"))
        .await;
    let results: Vec<_> = ids.iter().map(|id| json!({ "reference": format!("Observation/{id}") })).collect();
    world.put(json!({
        "resourceType": "DiagnosticReport", "id": "7f9c24e8-0000-5000-8000-0000000000f1", "status": "final",
        "code": { "text": "Electrolyten" }, "effectiveDateTime": "2026-11-03T08:15:00+01:00", "result": results,
    })).await;
    let order = NoticeOrder {
        event: NotifiedEvent::Result,
        about: vec![String::from("DiagnosticReport/7f9c24e8-0000-5000-8000-0000000000f1")],
        ..world.order(vec![named(BRUG)])
    };
    world.notify(&order).await.1.unwrap();
    let inner = opened(folder.path(), &world.last_mail(), &held, signing());
    let mail = MessageParser::default().parse(&inner).unwrap();
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    for told in [
        "There is a result of your patient.",
        "Date of birth: 12 April 1961",
        "- Electrolyten, 3 November 2026, 08:15",
        "- Kalium: 6.10 mmol/L [reference: 3.5 - 5.0] — abnormal: high",
        "- Opmerking: <b>vet</b> & meer [reference: 3.5 - 5.0] (preliminary)",
        "- Diabetes mellitus type 2 (read from the note by software, unconfirmed)",
    ] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    assert!(!text.contains("Ingetrokken"));
    assert!(!html.contains("<b>vet") && html.contains("vet") && html.contains("lang=\"en\""), "{html}");
    // All that was read to write it stands in the log.
    let read: Vec<String> = world
        .entries()
        .iter()
        .flat_map(|entry| entry.objects.iter().map(|object| object.id.clone()))
        .collect();
    for kind in [
        "Patient/",
        "Encounter/",
        "Practitioner/",
        "DiagnosticReport/",
        "Observation/",
        "Condition/",
        "MedicationStatement/",
    ] {
        assert!(read.iter().any(|id| id.starts_with(kind)), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_the_directory_writes_no_headers() {
    let world = World::new().await;
    let mut practice = world.practice();
    for name in [
        "Brug\r\nBcc: x@elders.example",
        "Brug\u{85}X: y",
        "\"Brug\" <x@elders.example>,",
        "é\nSubject: hallo",
        "",
    ] {
        practice.name = name.to_owned();
        world.enlist(&practice).await;
        world.notify(&world.order(vec![named(BRUG)])).await.1.unwrap();
        let bytes = world.last_mail();
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.header_raw("Bcc"), None);
        let to = mail.to().unwrap();
        assert_eq!(
            (to.iter().count(), to.first().unwrap().address()),
            (1, Some("praktijk@brug.example")),
            "{name:?}"
        );
        assert!(mail.subject().unwrap().starts_with("Bericht van Ziekenhuis"));
        let names: Vec<_> = mail.headers().iter().map(|header| header.name().to_owned()).collect();
        assert_eq!(
            names,
            ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
        );
    }
}

/// Words that stand nowhere but in the patient's data.
#[derive(Debug, Clone)]
struct Marked {
    words: Vec<String>,
    birth: String,
    event: NotifiedEvent,
}

fn marked() -> impl Strategy<Value = Marked> {
    let words =
        proptest::collection::vec("[B-DF-HJ-NP-TV-Z][aeiou][bcdfghjklmnpqrstvwxz]{3}[A-Z][a-zë]{3,9}", 6);
    (words, 1900..2020_i32, 1..=12_u8, 1..=28_u8, 0..5_usize).prop_map(|(words, year, month, day, event)| {
        Marked { words, birth: format!("{year}-{month:02}-{day:02}"), event: NotifiedEvent::ALL[event] }
    })
}

impl Marked {
    /// Whether something of the patient can be read in what is given.
    fn stands_in(&self, text: &str) -> Option<&str> {
        let text = text.to_lowercase();
        let all = self.words.iter().map(String::as_str).chain([self.birth.as_str()]);
        all.into_iter().find(|word| text.contains(&word.to_lowercase()))
    }
}

#[test]
fn nothing_of_a_patient_stands_outside_what_is_encrypted() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let held = practice_certificate(folder.path());
    let world = runtime.block_on(World::new());
    let mut config = ProptestConfig::with_cases(24);
    config.failure_persistence = None;
    proptest!(config, |(marked in marked(), encrypted in any::<bool>(), english in any::<bool>())| {
        runtime.block_on(async {
            let mut practice = world.practice();
            practice.certificate = encrypted.then(|| held.der.clone());
            practice.language = if english { Language::English } else { Language::Dutch };
            world.enlist(&practice).await;
            let [name, number, ward, doctor, condition, medicine] = &marked.words[..] else { panic!() };
            let patient = format!("Patient/{}", world.patient);
            world.put(json!({
                "resourceType": "Patient", "id": world.patient.to_string(), "gender": "female", "birthDate": marked.birth,
                "name": [{ "use": "official", "text": format!("Anna {name}") }],
                "identifier": [{ "type": { "coding": [{ "code": "PI" }] }, "value": number }],
            })).await;
            world.put(json!({
                "resourceType": "Encounter", "id": world.encounter.to_string(), "status": "in-progress",
                "class": { "code": "IMP" }, "subject": { "reference": patient },
                "participant": [{ "type": [{ "coding": [{ "code": "ATND" }] }], "individual": { "display": doctor } }],
                "location": [{ "location": { "display": ward } }],
            })).await;
            world.put(json!({
                "resourceType": "Condition", "id": "7f9c24e8-0000-5000-8000-0000000000a1",
                "code": { "text": condition }, "subject": { "reference": patient },
            })).await;
            world.put(json!({
                "resourceType": "MedicationStatement", "id": "7f9c24e8-0000-5000-8000-0000000000b1", "status": "active",
                "medicationCodeableConcept": { "text": medicine }, "subject": { "reference": patient },
            })).await;
            let order = NoticeOrder { event: marked.event, ..world.order(vec![named(BRUG)]) };
            let (reference, ended) = world.notify(&order).await;
            ended.unwrap();
            let bytes = world.last_mail();
            let mail = MessageParser::default().parse(&bytes).unwrap();
            let mut seen = String::from_utf8(bytes.clone()).unwrap();
            for header in mail.headers() {
                seen.push_str(&format!("{:?}", header.value()));
            }
            seen.extend([mail.subject().map(str::to_owned), mail.body_text(0).map(Into::into), mail.body_html(0).map(Into::into)].into_iter().flatten());
            let notice = NoticeId::of(reference.message, practice.id);
            seen.push_str(&world.communication(notice).await.unwrap().to_string());
            seen.push_str(&format!("{:?} {:?}", world.steps(&reference).await, world.line(notice).await));
            assert_eq!(marked.stands_in(&seen), None);
            if encrypted {
                // The marks are where they belong: the test looks for what is there.
                let inner = opened(folder.path(), &bytes, &held, signing());
                let inner = MessageParser::default().parse(&inner).unwrap();
                assert!(marked.stands_in(&inner.body_text(0).unwrap()).is_some());
                let headers: String = inner.headers().iter().map(|header| format!("{:?}", header.value())).collect();
                assert_eq!(marked.stands_in(&headers), None);
            } else {
                assert!(!seen.contains("multipart/signed"));
            }
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_sender_wrote_makes_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let held = practice_certificate(folder.path());
    let world = World::new().await;
    let mut practice = world.practice();
    practice.certificate = Some(held.der.clone());
    world.enlist(&practice).await;
    world
        .put(json!({
            "resourceType": "Patient", "id": world.patient.to_string(),
            "name": [{ "text": "Johanna\r\n- Geslacht: man\u{2028}- Geboortedatum: 1 mei 1950\u{7}\u{202e}x" }],
            "birthDate": "1961-04-12", "gender": "female",
        }))
        .await;
    world.put(json!({
        "resourceType": "DiagnosticReport", "id": "7f9c24e8-0000-5000-8000-0000000000f1", "status": "final",
        "code": { "text": "X-thorax\n- Kalium: 9.9" }, "conclusion": "Geen infiltraat.\n\nMedicatie\n- morfine",
    })).await;
    let order = NoticeOrder {
        event: NotifiedEvent::Result,
        about: vec![String::from("DiagnosticReport/7f9c24e8-0000-5000-8000-0000000000f1")],
        ..world.order(vec![named(BRUG)])
    };
    world.notify(&order).await.1.unwrap();
    let inner = opened(folder.path(), &world.last_mail(), &held, signing());
    let mail = MessageParser::default().parse(&inner).unwrap();
    let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
    for told in [
        "- Naam: Johanna - Geslacht: man - Geboortedatum: 1 mei 1950 x\n",
        "- X-thorax - Kalium: 9.9\n",
        "- Conclusie: Geen infiltraat.\n    Medicatie\n    - morfine\n",
    ] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("- Geslacht:")).count(), 1, "{text}");
    assert_eq!(text.lines().filter(|line| *line == "Medicatie").count(), 1, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_stands_once_in_the_words_of_whoever_stated_it() {
    let folder = tempfile::tempdir().unwrap();
    let held = practice_certificate(folder.path());
    let world = World::new().await;
    let mut practice = world.practice();
    practice.certificate = Some(held.der.clone());
    world.enlist(&practice).await;
    let software = json!({ "tag": [{ "code": "machine-extracted" }] });
    let condition = |end: &str, system: &str, code: &str, words: &str, by_software: bool| {
        json!({
            "resourceType": "Condition", "id": format!("7f9c24e8-0000-5000-8000-00000000{end}"),
            "meta": if by_software { software.clone() } else { json!({}) },
            "code": { "coding": [{ "system": system, "code": code }], "text": words },
            "subject": { "reference": format!("Patient/{}", world.patient) },
        })
    };
    let (dutch, clinical) = ("http://hl7.org/fhir/sid/icd-10-nl", "http://hl7.org/fhir/sid/icd-10-cm");
    // Whichever of the two is read first.
    world.put(condition("00c1", dutch, "J18.9", "Pneumonie", false)).await;
    world.put(condition("00c2", clinical, "J18.9", "longontsteking", true)).await;
    world.put(condition("00c3", clinical, "I48.9", "boezemfibrilleren", true)).await;
    world.put(condition("00c4", dutch, "I48.9", "Atriumfibrilleren", false)).await;
    world.put(condition("00c5", "http://snomed.info/sct", "J18.9", "Iets anders", true)).await;
    // Two of one code that people told apart.
    world.put(condition("00c6", dutch, "S52.5", "Polsfractuur links", false)).await;
    world.put(condition("00c7", dutch, "S52.5", "Polsfractuur rechts", false)).await;
    let medicine = |end: &str, code: &str, words: &str, dosage: &str, by_software: bool| {
        json!({
            "resourceType": "MedicationStatement", "id": format!("7f9c24e8-0000-5000-8000-00000000{end}"),
            "meta": if by_software { software.clone() } else { json!({}) }, "status": "active",
            "medicationCodeableConcept": { "coding": [{ "system": "http://www.whocc.no/atc", "code": code }], "text": words },
            "subject": { "reference": format!("Patient/{}", world.patient) }, "dosage": [{ "text": dosage }],
        })
    };
    world.put(medicine("00d1", "H02AB06", "prednisolon", "5 mg 's ochtends", false)).await;
    world.put(medicine("00d2", "H02AB06", "prednisolon", "2,5 mg 's avonds", false)).await;
    world.put(medicine("00d3", "H02AB06", "Prednison", "5 mg", true)).await;
    world.notify(&world.order(vec![named(BRUG)])).await.1.unwrap();
    let inner = opened(folder.path(), &world.last_mail(), &held, signing());
    let text = MessageParser::default().parse(&inner).unwrap().body_text(0).unwrap().into_owned();
    for told in
        ["Pneumonie", "Atriumfibrilleren", "Iets anders", "links", "rechts", "5 mg 's ochtends", "2,5 mg"]
    {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    for left_out in ["longontsteking", "boezemfibrilleren", "Prednison,"] {
        assert!(!text.contains(left_out), "{left_out}:\n{text}");
    }
}
