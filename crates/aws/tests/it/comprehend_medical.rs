//! Comprehend Medical over its stand-in: what it finds and where, its limits, and what a day may cost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zorgsluis_aws::{Clients, ComprehendMedical, ComprehendMedicalSettings, Endpoints};
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_clinical_text::deidentify::{Known, deidentify};
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::text::{Analysis, Entity, Language};
use zorgsluis_domain::{Phi, PortError};
use zorgsluis_stand_ins::comprehend_medical::{self, Quota};
use zorgsluis_stand_ins::faults::{Answer, Fault, Silence};
use zorgsluis_stand_ins::gate::{Gate, Running};
use zorgsluis_stand_ins::sigv4::Keys;

use crate::ministack::{REGION, World, credentials};

const ENGLISH: Option<Language> = Some(Language::English);
const NOTE: &str = "Naïve 😀 patient, no fever. Known asthma; mother had diabetes. Zoë started metoprolol 50 mg twice \
    daily for hypertension. Pneumonia is suspected.";

/// A service and the table of one test's own.
struct Service {
    clients: Clients,
    table: String,
    gate: Gate,
    running: Running,
}

impl Service {
    async fn new(quota: Quota) -> Self {
        let world = World::new().await;
        let table = world.table("budget").await;
        let known = credentials();
        let keys = Keys::new([(known.access_key_id(), known.secret_access_key())]);
        let (service, gate) = comprehend_medical::service(keys, quota).unwrap();
        let running = Running::start(([127, 0, 0, 1], 0).into(), service).await.unwrap();
        let endpoints = Endpoints {
            all: Some(world.endpoint.clone()),
            comprehend_medical: Some(format!("http://{}", running.address)),
        };
        let clients = Clients::load(REGION, &endpoints, Some(credentials())).await;
        Self { clients, table, gate, running }
    }

    fn engine(&self, daily_limit: u64, snomed: bool, day: &str) -> ComprehendMedical {
        let at: Timestamp = format!("{day}T23:59:59Z").parse().unwrap();
        let settings = ComprehendMedicalSettings { budget_table: self.table.clone(), daily_limit, snomed };
        ComprehendMedical::new(&self.clients, settings, Arc::new(FixedClock(at)))
    }

    async fn read(&self, text: &str, snomed: bool) -> Analysis {
        let engine = self.engine(1000, snomed, "2026-11-22");
        engine.analyse(&Phi::new(text.to_owned()), ENGLISH).await.unwrap()
    }

    fn asked(&self, operation: &str) -> usize {
        self.gate.lines().iter().filter(|line| line.ends_with(operation)).count()
    }
}

fn wide() -> Quota {
    Quota::of(1000, 1000)
}

/// An entity without its counts and the codes that only one of the two knows.
fn essence(entity: &Entity) -> Value {
    let attributes: Vec<Value> = entity
        .attributes
        .iter()
        .map(|one| json!([one.r#type, one.begin_offset, one.end_offset, one.text]))
        .collect();
    let mut traits: Vec<String> = entity.traits.iter().map(|one| format!("{:?}", one.name)).collect();
    traits.sort_unstable();
    let codes: Vec<&str> = entity.icd10cm_concepts.iter().map(|one| one.code.as_str()).collect();
    json!([
        [entity.begin_offset, entity.end_offset, entity.text, entity.category, entity.r#type],
        attributes,
        traits,
        codes
    ])
}

fn of_the_recogniser(text: &str) -> Vec<Value> {
    let recogniser = Recogniser::embedded().unwrap();
    recogniser.read(text, ENGLISH).entities.iter().map(essence).collect()
}

fn essences(analysis: &Analysis) -> Vec<Value> {
    analysis.entities.iter().map(essence).collect()
}

/// A note of at least so many characters, none like the other.
fn long(characters: usize) -> String {
    let mut text = String::new();
    for day in 1.. {
        text.push_str(&format!(
            "On day {day} 😀 Zoë had fever and pneumonia; metoprolol {day} mg was given. "
        ));
        if text.chars().count() >= characters {
            return text;
        }
    }
    unreachable!()
}

#[tokio::test]
async fn what_it_finds_stands_where_the_recogniser_finds_it() {
    let service = Service::new(wide()).await;
    let found = service.read(NOTE, false).await;
    assert_eq!(essences(&found), of_the_recogniser(NOTE));
    assert!(found.entities.len() >= 5);
    let metoprolol = found.entities.iter().find(|entity| entity.text == "metoprolol").unwrap();
    assert_eq!(metoprolol.rx_norm_concepts[0].code, "6918");
    assert_eq!(found.language, ENGLISH);
    assert_eq!(found.model_version, "2018-10-30; entities 2.5.0; icd-10-cm 2.4.0; rxnorm 2.3.0");
    let ids: Vec<u32> = found
        .entities
        .iter()
        .flat_map(|one| std::iter::once(one.id).chain(one.attributes.iter().map(|a| a.id)))
        .collect();
    assert_eq!(ids, (0..ids.len() as u32).collect::<Vec<_>>(), "counted through");
}

#[tokio::test]
async fn snomed_codes_are_asked_for_where_the_settings_say_so() {
    let service = Service::new(wide()).await;
    let found = service.read(NOTE, true).await;
    let asthma = found.entities.iter().find(|entity| entity.text == "asthma").unwrap();
    assert_eq!(asthma.snomed_ct_concepts[0].code, "195967001");
    assert_eq!((service.asked("InferSNOMEDCT"), service.asked("InferICD10CM")), (1, 1));
    assert!(service.read(NOTE, false).await.entities.iter().all(|one| one.snomed_ct_concepts.is_empty()));
    assert_eq!(service.asked("InferSNOMEDCT"), 1);
}

#[tokio::test]
async fn a_text_over_every_limit_is_read_in_pieces_and_nothing_is_torn_or_doubled() {
    let service = Service::new(wide()).await;
    let text = long(21_000);
    let found = service.read(&text, false).await;
    assert_eq!(essences(&found), of_the_recogniser(&text));
    let asked = ["DetectEntitiesV2", "InferICD10CM", "InferRxNorm"].map(|name| service.asked(name));
    assert_eq!(asked, [2, 3, 3]);

    let text = long(11_000);
    let found = service.read(&text, true).await;
    assert_eq!(essences(&found), of_the_recogniser(&text));
    assert_eq!(service.asked("InferSNOMEDCT"), 3, "bytes, and of those there are more");
    let fevers = found.entities.iter().filter(|one| one.text == "fever");
    assert!(fevers.clone().count() > 100 && fevers.clone().all(|one| !one.snomed_ct_concepts.is_empty()));
}

#[tokio::test]
async fn another_language_and_an_empty_text_cost_nothing() {
    let service = Service::new(wide()).await;
    let engine = service.engine(1000, false, "2026-11-22");
    let dutch = "De patiënt heeft al drie dagen koorts en hoest; longontsteking is niet uitgesloten.";
    for (text, language) in [(NOTE, Some(Language::Dutch)), (dutch, None), ("", ENGLISH), (" \n", ENGLISH)] {
        let found = engine.analyse(&Phi::new(text.to_owned()), language).await.unwrap();
        assert!(found.entities.is_empty());
    }
    assert_eq!(service.gate.lines(), Vec::<String>::new());
    assert!(!engine.analyse(&Phi::new(NOTE.to_owned()), None).await.unwrap().entities.is_empty());
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_waited_for() {
    let service = Service::new(Quota::of(0, 0)).await;
    let engine = service.engine(1000, false, "2026-11-22");
    match engine.analyse(&Phi::new(NOTE.to_owned()), ENGLISH).await {
        Err(PortError::Unavailable { retry_after: Some(after), .. }) => {
            assert!(after >= Duration::from_secs(1))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_said_of_when_to_come_again_is_passed_on() {
    let service = Service::new(wide()).await;
    service.gate.faults.set(Fault { retry_after: Some(7), ..Fault::new(1000, Answer::Status(429)) });
    let engine = service.engine(1000, false, "2026-11-22");
    let failed = engine.analyse(&Phi::new(NOTE.to_owned()), ENGLISH).await;
    assert!(
        matches!(failed, Err(PortError::Unavailable { retry_after: Some(after), .. }) if after.as_secs() == 7),
        "{failed:?}"
    );
}

#[tokio::test]
async fn trouble_that_passes_is_not_noticed() {
    let service = Service::new(wide()).await;
    for answer in [
        Answer::Status(429),
        Answer::Status(500),
        Answer::Silence(Silence::Cut),
        Answer::Silence(Silence::Drop),
        Answer::Silence(Silence::Hang),
    ] {
        service.gate.faults.set(Fault::new(1, answer).on("POST /InferICD10CM"));
        let began = Instant::now();
        assert_eq!(essences(&service.read(NOTE, false).await), of_the_recogniser(NOTE), "{answer:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "a hang ends");
    }
}

#[tokio::test]
async fn a_day_costs_no_more_than_it_may_and_the_next_day_begins_anew() {
    let service = Service::new(wide()).await;
    let text = Phi::new(NOTE.to_owned());
    // Three requests a note: two notes a day, whichever instance reads them.
    let instances = [service.engine(8, false, "2026-11-22"), service.engine(8, false, "2026-11-22")];
    let mut running = tokio::task::JoinSet::new();
    for nth in 0..10 {
        let (engine, text) = (instances[nth % 2].clone(), text.clone());
        running.spawn(async move { engine.analyse(&text, ENGLISH).await });
    }
    let ended = running.join_all().await;
    assert_eq!(ended.iter().filter(|one| one.is_ok()).count(), 2);
    assert!(
        ended.iter().flatten_errors().all(|error| matches!(error, PortError::Refused { .. })),
        "the embedded recogniser reads the others"
    );
    assert_eq!(service.gate.lines().len(), 6);
    service.engine(8, false, "2026-11-23").analyse(&text, ENGLISH).await.unwrap();
    assert_eq!(service.gate.lines().len(), 9);
    let none = service.engine(2, false, "2026-11-24").analyse(&text, ENGLISH).await;
    assert!(matches!(none, Err(PortError::Refused { .. })), "less than one note takes");
}

/// The errors of results.
trait FlattenErrors<'a> {
    fn flatten_errors(self) -> impl Iterator<Item = &'a PortError>;
}

impl<'a, I: Iterator<Item = &'a Result<Analysis, PortError>>> FlattenErrors<'a> for I {
    fn flatten_errors(self) -> impl Iterator<Item = &'a PortError> {
        self.filter_map(|one| one.as_ref().err())
    }
}

#[tokio::test]
async fn without_its_count_nothing_is_asked() {
    let service = Service::new(wide()).await;
    let settings =
        ComprehendMedicalSettings { budget_table: "nowhere".into(), daily_limit: 1000, snomed: false };
    let clock = Arc::new(FixedClock("2026-11-22T12:00:00Z".parse().unwrap()));
    let engine = ComprehendMedical::new(&service.clients, settings, clock);
    let failed = engine.analyse(&Phi::new(NOTE.to_owned()), ENGLISH).await.unwrap_err();
    assert!(failed.is_transient());
    assert!(service.gate.lines().is_empty());
}

#[tokio::test]
async fn a_masked_text_comes_back_to_the_places_of_the_note() {
    let service = Service::new(wide()).await;
    let note =
        "Zoë Zilverberg (😀, BSN 999911120, Rietkraagsteeg 12): no fever, known asthma, metoprolol 50 mg.";
    let mut known = Known::default();
    known.name("Zoë").name("Zilverberg").address("Rietkraagsteeg 12");
    let masked = deidentify(note, &known);
    assert!(!masked.text().contains("Zilverberg") && !masked.text().contains("999911120"));
    let found = masked.restore(service.read(masked.text(), false).await, note);
    let said: Vec<_> = found
        .entities
        .iter()
        .map(|one| {
            let at: String = note
                .chars()
                .skip(one.begin_offset as usize)
                .take((one.end_offset - one.begin_offset) as usize)
                .collect();
            assert_eq!(at, one.text);
            one.text.clone()
        })
        .collect();
    assert_eq!(said, ["fever", "asthma", "metoprolol"]);
}

/// A request as boto3 makes it.
async fn json_1_1(service: &Service, operation: &str, body: &[u8], secret: Option<&str>) -> (u16, Value) {
    let known = credentials();
    let secret = secret.unwrap_or(known.secret_access_key());
    let identity =
        aws_credential_types::Credentials::new(known.access_key_id(), secret, None, None, "tests").into();
    #[expect(clippy::disallowed_methods, reason = "signatures are made at the real time")]
    let now = std::time::SystemTime::now();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("comprehendmedical")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let host = service.running.address.to_string();
    let target = format!("ComprehendMedical_20181030.{operation}");
    let mut headers = vec![
        ("host".to_owned(), host.clone()),
        ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
        ("x-amz-target".to_owned(), target),
    ];
    let uri = format!("http://{host}/");
    let signed = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new("POST", &uri, signed, SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    headers.extend(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut wire = String::from("POST / HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        wire.push_str(&format!("{name}: {value}\r\n"));
    }
    wire.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut connection = TcpStream::connect(service.running.address).await.unwrap();
    connection.write_all(wire.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn request(text: &str) -> Vec<u8> {
    json!({ "Text": text }).to_string().into_bytes()
}

#[tokio::test]
async fn the_stand_in_speaks_json_1_1_too_and_is_as_strict() {
    let service = Service::new(wide()).await;
    let (status, found) = json_1_1(&service, "DetectEntitiesV2", &request(NOTE), None).await;
    assert_eq!((status, found["ModelVersion"].as_str()), (200, Some("2.5.0")));
    let places: Vec<Value> = found["Entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["BeginOffset"], one["EndOffset"], one["Text"], one["Category"], one["Type"]]))
        .collect();
    let wanted: Vec<Value> = of_the_recogniser(NOTE).iter().map(|one| one[0].clone()).collect();
    assert_eq!(places, wanted);

    for (operation, most) in [("DetectEntitiesV2", 20_000), ("InferICD10CM", 10_000), ("InferRxNorm", 10_000)]
    {
        let fits = "é".repeat(most);
        assert_eq!(json_1_1(&service, operation, &request(&fits), None).await.0, 200, "{operation}");
        let (status, said) = json_1_1(&service, operation, &request(&format!("{fits}e")), None).await;
        assert_eq!((status, said["__type"].as_str()), (400, Some("TextSizeLimitExceededException")));
    }
    let (status, _) = json_1_1(&service, "InferSNOMEDCT", &request(&"é".repeat(2_501)), None).await;
    assert_eq!(status, 400, "bytes");
    for (operation, body, code) in [
        ("DetectEntitiesV2", request(""), "InvalidRequestException"),
        ("DetectEntitiesV2", b"{}".to_vec(), "InvalidRequestException"),
        ("DetectEntitiesV2", b"{\"Text\":\"\xff\"}".to_vec(), "InvalidEncodingException"),
        ("Guess", request(NOTE), "UnknownOperationException"),
    ] {
        let (status, said) = json_1_1(&service, operation, &body, None).await;
        assert_eq!((status, said["__type"].as_str()), (400, Some(code)));
    }
    let (status, said) = json_1_1(&service, "DetectEntitiesV2", &request(NOTE), Some("wrong")).await;
    assert_eq!((status, said["__type"].as_str()), (403, Some("InvalidSignatureException")));
}

#[tokio::test]
async fn the_stand_in_holds_to_its_quota_a_second() {
    let service = Service::new(Quota::of(1, 1)).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(json_1_1(&service, "InferRxNorm", &request("No fever."), None).await);
    }
    let last = statuses.pop().unwrap();
    assert_eq!((last.0, last.1["__type"].as_str()), (429, Some("TooManyRequestsException")));
    assert!(statuses.iter().all(|(status, _)| *status == 200));
}
