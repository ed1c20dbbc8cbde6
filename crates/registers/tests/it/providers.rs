use zorgsluis_domain::audit::{Action, EventKind};
use zorgsluis_domain::notice::{BusinessIdentifier, NotifiedEvent};
use zorgsluis_domain::port::ProviderDirectory as _;
use zorgsluis_domain::text::Language;
use zorgsluis_registers::{
    By, CERTIFICATE_EXTENSION, Certificate, CertificateFault, Files, Options, RegisterError, Source,
    referenced_files,
};

use crate::{World, csv, event_file, problems};

const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";
const MAPPING: &str = r#"
    separator = ";"
    identifiers = [
      { column = "AGB", system = "http://fhir.nl/fhir/NamingSystem/agb-z" },
      { column = "UZI", system = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers" },
    ]
    name = ["Naam"]
    address = "E-mail"
    language = { column = "Taal" }
    certificate = "Certificaat"
    active = "Actief"
    opted-out = "Niet"
"#;
const HEAD: &str = "AGB;UZI;Naam;E-mail;Taal;Certificaat;Actief;Niet\n";

fn agb(value: &str) -> BusinessIdentifier {
    BusinessIdentifier { system: AGB.into(), value: value.into() }
}

/// The files that events/providers.csv names.
fn event_files() -> Files {
    let mapping = String::from_utf8(event_file("providers.mapping.toml")).unwrap();
    let named = referenced_files(&event_file("providers.csv"), &mapping).unwrap();
    named.into_iter().map(|name| (name.clone(), event_file(&name))).collect()
}

#[tokio::test]
async fn the_invented_providers_are_taken_once() {
    let world = World::new();
    let (data, files) = (event_file("providers.csv"), event_files());
    let mapping = String::from_utf8(event_file("providers.mapping.toml")).unwrap();
    let source = Source::Csv { data: &data, mapping: &mapping, files: &files };
    let rows = String::from_utf8_lossy(&data).lines().count() - 1;
    assert_eq!(files.len(), 3);
    let report = world.providers(source).await.unwrap();
    assert_eq!((report.created, report.changed, report.refused), (rows, 0, 0));
    assert_eq!(problems(&report), [(7, "Certificaat", "certificate-expired", false)]);
    let entries = world.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].event.kind, entries[0].event.action), (EventKind::Register, Action::Create));
    assert_eq!(entries[0].objects.iter().filter(|one| one.id.starts_with("Provider/")).count(), rows);

    let providers = world.all().await;
    let of = |name: &str| providers.iter().find(|provider| provider.name == name).unwrap();
    let wit = of("A.B. de Wit");
    assert_eq!(wit.identifiers, [agb("01004567")]);
    assert_eq!(wit.address.as_deref(), Some("dewit@praktijk-dewit.example"));
    assert_eq!(wit.organisation.as_deref(), Some("Huisartsenpraktijk De Wit"));
    let certificate = Certificate::read(wit.certificate.as_ref().unwrap()).unwrap();
    assert_eq!(certificate.key, "RSA 3072");
    assert_eq!(certificate.is_of("DeWit@praktijk-dewit.example"), Ok(()));
    assert!(certificate.subject.starts_with("CN="), "{}", certificate.subject);
    let jones = of("E. Jones");
    assert_eq!((jones.language, jones.identifiers.len()), (Language::English, 2));
    assert_eq!(Certificate::read(jones.certificate.as_ref().unwrap()).unwrap().key, "EC P-256");
    assert!(of("G. Timmer").certificate.is_none(), "an expired certificate is none");
    assert!(!of("F. Visser").active);
    assert_eq!(of("D. Mulder").opted_out, [NotifiedEvent::Discharge].into());

    let again = world.providers(source).await.unwrap();
    assert_eq!((again.created, again.changed, again.unchanged), (0, 0, rows));
    let history = world.directory.provider_directory().history(wit.id).await.unwrap();
    assert_eq!((history.len(), history[0].changed_by.as_str()), (1, "import"));
}

#[tokio::test]
async fn every_fault_is_named_by_line_column_and_code_and_nothing_is_written() {
    let world = World::new();
    let rows = [
        "01004567;;de Wit;dewit@praktijk-dewit.example;nl;;ja;",
        "1004568;;C. Smits;;;;;",
        "01004569;123;C. Smits;;;;;",
        ";;C. Smits;;;;;",
        "01004570;;;;;;;",
        "01004571;;A;dewit@praktijk;nl;;ja;",
        "01004572;;A;;de;;misschien;verjaardag",
        "01004573;;A;;;certificates/none.pem;;",
        "01004574;;A;;;../../etc/shadow.pem;;",
        "01004575;;A;;;bm90IGEgY2VydGlmaWNhdGU=;;",
        "01004567;;Another;;;;;",
        "01004576;;A;;",
        "\"\"\"01004577\";;A;;;;;",
    ];
    let data = format!("{HEAD}{}\n", rows.join("\n"));
    let files = Files::new();
    let report = world.providers(csv(&data, MAPPING, &files)).await.unwrap();
    assert_eq!(
        problems(&report),
        [
            (3, "AGB", "agb-not-8-digits", true),
            (4, "UZI", "uzi-not-9-digits", true),
            (5, "AGB", "identifier-missing", true),
            (6, "Naam", "name-missing", true),
            (7, "E-mail", "address-invalid", true),
            (8, "Taal", "language-unknown", true),
            (8, "Actief", "active-unknown", true),
            (8, "Niet", "event-unknown", true),
            (9, "Certificaat", "certificate-file-missing", true),
            (10, "Certificaat", "certificate-path-outside", true),
            (11, "Certificaat", "certificate-unreadable", true),
            (12, "", "row-twice", true),
            (13, "", "row-length", true),
            (14, "AGB", "agb-not-8-digits", true),
        ]
    );
    assert_eq!((report.created, report.refused, report.written), (1, 12, false));
    assert!(world.all().await.is_empty(), "all rows are right, or none is written");
    let json = serde_json::to_string(&report).unwrap();
    for value in ["1004568", "praktijk", "shadow", "verjaardag", "misschien", "Smits"] {
        assert!(!json.contains(value), "{value} in {json}");
    }
    // Asked for, the right ones are taken.
    let options = Options { partly: true, dry_run: false };
    let partly = world
        .registers
        .import_providers(&csv(&data, MAPPING, &files), options, &By::command_line())
        .await
        .unwrap();
    assert_eq!((partly.created, partly.refused, partly.written), (1, 12, true));
    assert_eq!(world.all().await.len(), 1);
}

#[tokio::test]
async fn a_dry_run_tells_and_writes_nothing() {
    let world = World::new();
    let data = format!("{HEAD}01004567;;de Wit;;;;;\n");
    let options = Options { dry_run: true, partly: false };
    let files = Files::new();
    let source = csv(&data, MAPPING, &files);
    let report = world.registers.import_providers(&source, options, &By::command_line()).await.unwrap();
    assert_eq!((report.created, report.written, report.dry_run), (1, false, true));
    assert!(world.all().await.is_empty());
    assert_eq!(world.entries()[0].event.action, Action::Read);
}

#[tokio::test]
async fn rows_match_by_any_identifier_and_a_change_is_a_version() {
    let world = World::new();
    let files = Files::new();
    let first = format!("{HEAD}01004567;900012345;de Wit;dewit@praktijk-dewit.example;en;;ja;discharge\n");
    world.providers(csv(&first, MAPPING, &files)).await.unwrap();
    let id = world.all().await[0].id;
    world.entries();
    // By the UZI number: another AGB code, another address, and empty columns.
    let second = format!("{HEAD}01009999;900012345;de Wit;wit@elders.example;;;;\n");
    let report = world.providers(csv(&second, MAPPING, &files)).await.unwrap();
    assert_eq!((report.created, report.changed), (0, 1));
    let stands = world.all().await.remove(0);
    assert_eq!((stands.id, stands.address.as_deref()), (id, Some("wit@elders.example")));
    assert_eq!(stands.identifiers.len(), 2);
    assert!(stands.identifiers.contains(&agb("01009999")) && !stands.identifiers.contains(&agb("01004567")));
    assert_eq!(stands.language, Language::English, "an empty language says nothing");
    assert!(stands.active && stands.opted_out.is_empty());
    assert_eq!(world.directory.provider_directory().history(id).await.unwrap().len(), 2);
    let entries = world.entries();
    assert_eq!((entries[0].event.action, entries[0].objects[1].version), (Action::Update, Some(2)));
    // The code that was given up goes to somebody new, who gets another id.
    let third = format!("{HEAD}01004567;;Nieuw;;;;;\n");
    world.providers(csv(&third, MAPPING, &files)).await.unwrap();
    assert_eq!(world.all().await.len(), 2);
    // Who is not in the file stays; who is gone is told so.
    let fourth = format!("{HEAD}01009999;;de Wit;;;;nee;\n");
    world.providers(csv(&fourth, MAPPING, &files)).await.unwrap();
    let active: Vec<_> = world.all().await.into_iter().filter(|provider| provider.active).collect();
    assert_eq!(active.len(), 1);
}

#[tokio::test]
async fn a_row_that_leads_to_two_providers_is_refused() {
    let world = World::new();
    let files = Files::new();
    let both = format!("{HEAD}01004567;;A;;;;;\n;900012345;B;;;;;\n");
    world.providers(csv(&both, MAPPING, &files)).await.unwrap();
    let joined = format!("{HEAD}01004567;900012345;A;;;;;\n");
    let report = world.providers(csv(&joined, MAPPING, &files)).await.unwrap();
    assert_eq!(problems(&report), [(2, "", "provider-ambiguous", true)]);
}

#[tokio::test]
async fn columns_that_are_not_mapped_are_left_as_they_stand() {
    let world = World::new();
    let files = Files::new();
    let first = format!("{HEAD}01004567;;de Wit;dewit@praktijk-dewit.example;en;;ja;discharge\n");
    world.providers(csv(&first, MAPPING, &files)).await.unwrap();
    let mapping = "identifiers = [{ column = \"AGB\", system = \"http://fhir.nl/fhir/NamingSystem/agb-z\" }]\n\
                   name = [\"Voor\", \"Achter\"]\nencoding = \"iso-8859-1\"";
    let data = b"Achter,AGB,Voor\r\nde W\xedt,01004567,A.B.\r\n,,\r\n";
    let report = world.providers(Source::Csv { data, mapping, files: &files }).await.unwrap();
    assert_eq!((report.changed, report.refused), (1, 0), "{report:?}");
    let stands = world.all().await.remove(0);
    assert_eq!(stands.name, "A.B. de Wít");
    assert_eq!(stands.address.as_deref(), Some("dewit@praktijk-dewit.example"));
    assert_eq!((stands.language, stands.opted_out.len()), (Language::English, 1));
}

#[tokio::test]
async fn a_file_that_is_not_what_the_mapping_says_is_refused_as_a_whole() {
    let world = World::new();
    let files = Files::new();
    let missing = world.providers(csv("AGB;Naam\n", MAPPING, &files)).await;
    assert_eq!(missing.unwrap_err().to_string(), "the file has no column `UZI`, which the mapping names");
    let wrong = world.providers(csv(HEAD, "name = [\"Naam\"]\nnaem = 1", &files)).await;
    assert!(matches!(wrong, Err(RegisterError::Mapping { line: 2, .. })), "{wrong:?}");
    let latin = Source::Csv { data: b"AGB;UZI;Naam\n1;2;\xeb\n", mapping: MAPPING, files: &files };
    assert!(matches!(world.providers(latin).await, Err(RegisterError::Encoding { line: 2, .. })));
    for bundle in [&b"[]"[..], b"{}", b"{\"resourceType\":\"Bundle\",\"entry\":7}", b"AGB;UZI"] {
        assert!(matches!(world.providers(Source::Bundle(bundle)).await, Err(RegisterError::NotABundle)));
    }
    let large = vec![b'x'; zorgsluis_registers::MAX_DATA + 1];
    assert!(matches!(world.providers(Source::Bundle(&large)).await, Err(RegisterError::TooLarge)));
}

#[tokio::test]
async fn without_an_audit_entry_nothing_is_written() {
    let world = World::new();
    world.break_log();
    let data = format!("{HEAD}01004567;;de Wit;;;;;\n");
    let refused = world.providers(csv(&data, MAPPING, &Files::new())).await;
    assert!(matches!(refused, Err(RegisterError::Audit(_))));
    assert!(world.all().await.is_empty());
}

#[tokio::test]
async fn a_bundle_of_practitioners_gives_the_same_providers() {
    let world = World::new();
    let pem = String::from_utf8(event_file("certificates/jones.pem")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let bundle = serde_json::json!({
        "resourceType": "Bundle", "type": "collection",
        "entry": [
            { "fullUrl": "urn:uuid:1", "resource": { "resourceType": "Organization", "name": "Ziekenhuis De Linde" } },
            { "fullUrl": "urn:uuid:2", "resource": {
                "resourceType": "Practitioner", "active": true,
                "identifier": [
                    { "system": AGB, "value": "03012345" },
                    { "use": "old", "system": AGB, "value": "03000000" } ],
                "name": [{ "use": "official", "prefix": ["dr."], "given": ["E."], "family": "Jones" }],
                "communication": [{ "coding": [{ "system": "urn:ietf:bcp:47", "code": "en-GB" }] }] } },
            { "fullUrl": "urn:uuid:3", "resource": {
                "resourceType": "PractitionerRole",
                "practitioner": { "reference": "urn:uuid:2" }, "organization": { "reference": "urn:uuid:1" },
                "endpoint": [{ "reference": "Endpoint/e" }] } },
            { "resource": { "resourceType": "Endpoint", "id": "e", "status": "active",
                "address": "mailto:e.jones@ziekenhuis-linde.example",
                "extension": [{ "url": CERTIFICATE_EXTENSION, "valueBase64Binary": base64 }] } },
            { "resource": { "resourceType": "Practitioner", "id": "p",
                "identifier": [{ "system": AGB, "value": "01004567" }],
                "name": [{ "text": "A.B. de Wit" }],
                "telecom": [{ "system": "phone", "value": "030" },
                            { "system": "email", "value": "dewit@praktijk-dewit.example" }] } },
            { "resource": { "resourceType": "PractitionerRole", "active": false,
                "practitioner": { "reference": "Practitioner/p" },
                "organization": { "display": "Huisartsenpraktijk De Wit" } } },
        ],
    });
    let data = serde_json::to_vec(&bundle).unwrap();
    let report = world.providers(Source::Bundle(&data)).await.unwrap();
    assert_eq!((report.created, problems(&report)), (2, vec![]));
    let providers = world.all().await;
    let jones = providers.iter().find(|provider| provider.name == "dr. E. Jones").unwrap();
    assert_eq!(jones.identifiers, [agb("03012345")]);
    assert_eq!(jones.address.as_deref(), Some("e.jones@ziekenhuis-linde.example"));
    assert_eq!(jones.organisation.as_deref(), Some("Ziekenhuis De Linde"));
    assert_eq!((jones.language, jones.active), (Language::English, true));
    assert!(jones.certificate.is_some());
    let wit = providers.iter().find(|provider| provider.name == "A.B. de Wit").unwrap();
    assert!(!wit.active, "the only role has ended");
    assert_eq!(wit.address.as_deref(), Some("dewit@praktijk-dewit.example"));
    assert_eq!(world.providers(Source::Bundle(&data)).await.unwrap().unchanged, 2);

    let wrong = serde_json::to_vec(&serde_json::json!({
        "resourceType": "Bundle",
        "entry": [{ "resource": { "resourceType": "Practitioner", "name": [{ "text": "X" }],
            "telecom": [{ "system": "email", "value": "x@y" }] } }],
    }));
    let report = world.providers(Source::Bundle(&wrong.unwrap())).await.unwrap();
    let found = problems(&report);
    assert!(found.contains(&(0, "entry[0].resource.telecom", "address-invalid", true)), "{found:?}");
}

#[test]
fn certificates_that_mails_cannot_be_encrypted_for_are_refused() {
    for (name, code) in
        [("dewit.pem", None), ("jones.pem", None), ("make.sh", Some("certificate-unreadable"))]
    {
        let read = Certificate::read(&event_file(&format!("certificates/{name}")));
        assert_eq!(read.err().map(CertificateFault::code), code, "{name}");
    }
    for (file, code) in [
        ("rsa-1024.pem", "certificate-key-weak"),
        ("ed25519.pem", "certificate-key-weak"),
        ("tls-server.pem", "certificate-usage"),
        ("sign-only.pem", "certificate-usage"),
    ] {
        let path = format!("{}/tests/certificates/{file}", env!("CARGO_MANIFEST_DIR"));
        let read = Certificate::read(&std::fs::read(path).unwrap());
        assert_eq!(read.err().map(CertificateFault::code), Some(code), "{file}");
    }
    let key = event_file("certificates/dewit.test-key.pem");
    let read = Certificate::read(&key);
    assert_eq!(read.err(), Some(CertificateFault::Unreadable), "a private key is no certificate");
}

/// What is in both places is asked of one: no certificate is good here and no certificate there.
#[tokio::test]
async fn a_certificate_of_another_is_taken_with_a_warning_and_never_encrypted_for() {
    let other = include_str!("../certificates/subject-address.pem");
    let (address, now) = ("dewit@praktijk-dewit.example", "2026-11-22T10:00:00Z".parse().unwrap());
    let world = World::new();
    let quoted = other.trim();
    let data = format!("{HEAD}01004567;;de Wit;{address};nl;\"{quoted}\";;\n");
    let report = world.providers(csv(&data, MAPPING, &Files::new())).await.unwrap();
    assert_eq!(problems(&report), [(2, "Certificaat", "certificate-other-address", false)]);
    let stored = world.all().await.remove(0).certificate.unwrap();
    let mine = Certificate::read(&stored).unwrap();
    assert_eq!(mine.addresses, ["iemand@anders.example"]);
    assert_eq!(mine.is_of(address), Err(CertificateFault::OtherAddress));
    let notifier = zorgsluis_notifier::RecipientCertificate::check(&stored, address, now);
    assert_eq!(notifier.err(), Some(CertificateFault::OtherAddress));
}

#[tokio::test]
async fn a_spreadsheet_that_leaves_empty_columns_is_read() {
    let mapping = "separator = \";\"\nname = [\"Naam\"]\n\
                   identifiers = [{ column = \"AGB\", system = \"http://fhir.nl/fhir/NamingSystem/agb-z\" }]";
    for (heading, row, problem) in [
        ("AGB;Naam;;", "01004567;de Wit;;", None),
        ("AGB;Naam;;", "01004567;de Wit", None),
        ("AGB;Naam;;", "01004567;de Wit;;opmerking", None),
        ("AGB;Naam", "01004567;de Wit;;;", None),
        ("AGB;Opmerking;Naam;Opmerking", "01004567;a;de Wit;b", None),
        ("AGB;;Naam;", "01004567;;de Wit", None),
        ("AGB;Naam;;", "01004567", Some("row-length")),
        ("AGB;Naam;;", "01004567;de Wit;;;meer", Some("row-length")),
    ] {
        let world = World::new();
        let data = format!("{heading}\n{row}\n");
        let report = world.providers(csv(&data, mapping, &Files::new())).await.unwrap();
        let found = problems(&report).first().map(|problem| problem.2);
        assert_eq!(found, problem, "{heading} / {row}");
        if problem.is_none() {
            assert_eq!(world.all().await[0].name, "de Wit", "{heading} / {row}");
        }
    }
    let twice = World::new().providers(csv("AGB;Naam;Naam\n01004567;a;b\n", mapping, &Files::new())).await;
    assert!(matches!(&twice, Err(RegisterError::ColumnTwice { column }) if column == "Naam"), "{twice:?}");
}
