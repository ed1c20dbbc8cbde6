//! The served process is killed at thirty moments under load. Afterwards no acknowledged message is
//! missing, none has two effects, the log verifies, and reopening needed no repair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::harness::{Mllp, Server, code, import_providers, run, stderr, stdout};
use crate::reconcile::reconcile;

const ROUNDS: u32 = 30;
const SENDERS: u32 = 4;

/// A result of its own: one patient of five, one order, one Observation.
fn result(number: u32) -> Vec<u8> {
    let patient = 700_000 + number % 5;
    format!(
        "MSH|^~\\&|LAB|WEST|ZS|WEST|2026110112{:02}{:02}+0100||ORU^R01^ORU_R01|C{number:06}|P|2.5|||||NLD|8859/1\r\
         PID|1||{patient}^^^WEST^PI||Proef{patient}&&Proef{patient}^A||19700101|F\r\
         OBR|1|P{number}^ZIS|F{number}^LAB|24331-1^Lipiden^LN|||202611011100+0100|||||||||||||||202611011130+0100||CH|F\r\
         OBX|1|NM|2093-3^Cholesterol^LN||5.1|mmol/L|||||F\r",
        number / 60 % 60,
        number % 60,
    )
    .into_bytes()
}

/// An admission of its own: one patient of five, one visit, one note, one general practitioner of two, of
/// whom one has a certificate.
fn admission(number: u32) -> Vec<u8> {
    let patient = 800_000 + number % 5;
    let doctor = ["01004567^Wit&de&Wit^A^B", "01004568^Smits^C^"][number as usize % 2];
    let time = format!("2026110112{:02}{:02}+0100", number / 60 % 60, number % 60);
    format!(
        "MSH|^~\\&|ZIS|WEST|ZS|WEST|{time}||ADT^A01^ADT_A01|A{number:06}|P|2.5|||||NLD|8859/1\r\
         EVN|A01|{time}\r\
         PID|1||{patient}^^^WEST^PI||Proef{patient}&&Proef{patient}^A||19700101|F\r\
         PD1|1|||{doctor}^^^^^VEKTIS\r\
         PV1|1|I|W1||||||||||||||||V{number}^^^WEST^VN\r\
         OBX|1|TX|N{number}^Opnamenotitie^L||Opgenomen in verband met een longontsteking, geen koorts.||||||F\r"
    )
    .into_bytes()
}

/// A small generator (xorshift), so that a failing run can be repeated by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Sends messages until the connection breaks: first again the one that got no answer, as a sender
/// does. Gives the number that is still without an answer, and those acknowledged.
fn send_until_broken(
    server: std::net::SocketAddr,
    message: fn(u32) -> Vec<u8>,
    unanswered: Option<u32>,
    next: &AtomicU32,
    stop: &AtomicBool,
) -> (Option<u32>, Vec<u32>) {
    let mut acknowledged = Vec::new();
    let mut pending = unanswered;
    // Killed before it was reached: nothing was sent.
    let Some(mut connection) = Mllp::try_connect(server) else { return (unanswered, acknowledged) };
    while !stop.load(Ordering::Relaxed) {
        let number = pending.take().unwrap_or_else(|| next.fetch_add(1, Ordering::Relaxed));
        match connection.exchange(&message(number)) {
            Some(answer) if code(&answer) == "AA" => acknowledged.push(number),
            Some(answer) => panic!("message {number} was answered {answer:?}"),
            None => return (Some(number), acknowledged),
        }
    }
    (pending, acknowledged)
}

/// Runs a server again and again, kills it at thirty moments under load, and leaves it running with all
/// messages acknowledged and worked on. Gives their numbers.
fn storm(data: &Path, arguments: &[&str], seed: u64, message: fn(u32) -> Vec<u8>) -> (Server, BTreeSet<u32>) {
    let mut random = Random(seed);
    let next = AtomicU32::new(0);
    let mut acknowledged = BTreeSet::new();
    let mut unanswered: Vec<Option<u32>> = vec![None; SENDERS as usize];
    for _ in 0..ROUNDS {
        let server = Server::start_with(data, arguments, Stdio::null());
        let address = server.mllp;
        let stop = AtomicBool::new(false);
        let pause = Duration::from_millis(5 + random.below(250));
        let results: Vec<_> = std::thread::scope(|scope| {
            let senders: Vec<_> = unanswered
                .iter()
                .map(|pending| scope.spawn(|| send_until_broken(address, message, *pending, &next, &stop)))
                .collect();
            std::thread::sleep(pause);
            server.kill();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        unanswered.clear();
        for (pending, done) in results {
            unanswered.push(pending);
            acknowledged.extend(done);
        }
    }

    // The last sender of each broken connection sends again, as it would; then all is at rest.
    let server = Server::start_with(data, arguments, Stdio::null());
    for number in unanswered.into_iter().flatten() {
        assert_eq!(code(&server.send(&message(number))), "AA");
        acknowledged.insert(number);
    }
    // The same message once more is acknowledged and changes nothing.
    for number in acknowledged.iter().take(20) {
        assert_eq!(code(&server.send(&message(*number))), "AA");
    }
    server.settle();
    assert!(acknowledged.len() > 100, "only {} messages were sent under load", acknowledged.len());
    (server, acknowledged)
}

/// Stops the server, verifies the log, and gives it as AuditEvents.
fn exported(server: Server, data: &str) -> Vec<serde_json::Value> {
    assert!(server.stop().success());
    let verified = run(["audit", "verify", "--sealed", "--data", data]);
    assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
    let (report, complete) = reconcile(Path::new(data), &[]);
    assert!(complete, "what was done has its entry: {report}");
    let exported = run(["audit", "export", "--json", "--data", data]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    stdout(&exported).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How often each message stands in events of this DICOM type.
fn by_message(events: &[serde_json::Value], code: &str) -> BTreeMap<String, u32> {
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for event in events.iter().filter(|event| event["type"]["code"] == code) {
        let entities = event["entity"].as_array().unwrap();
        let message = entities
            .iter()
            .find_map(|entity| entity["what"]["identifier"]["value"].as_str())
            .expect("the message");
        *found.entry(message.to_owned()).or_default() += 1;
    }
    found
}

#[test]
fn killed_at_thirty_moments_nothing_is_lost_and_nothing_happens_twice() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (server, acknowledged) = storm(&data, &[], 0x5eed_2b1d_0c0f_fee5, result);

    let mut found: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for report in server.all("DiagnosticReport") {
        let filler = report["identifier"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|identifier| identifier["value"].as_str())
            .find_map(|value| value.strip_prefix('F')?.parse::<u32>().ok())
            .expect("a filler order number");
        found.entry(filler).or_default().push(report["meta"]["versionId"].as_str().unwrap().to_owned());
    }
    let missing: Vec<_> = acknowledged.iter().filter(|number| !found.contains_key(number)).collect();
    assert!(missing.is_empty(), "acknowledged and not there: {missing:?}");
    let doubled: Vec<_> = found.iter().filter(|(_, versions)| versions.as_slice() != ["1"]).collect();
    assert!(doubled.is_empty(), "with more than one effect: {doubled:?}");
    let observations = server.all("Observation");
    assert_eq!(observations.len(), found.len());
    assert!(observations.iter().all(|observation| observation["meta"]["versionId"] == "1"));
    assert_eq!(server.all("Patient").len(), 5);

    // Every message has the entry of its conversion, and has it once.
    let imports = by_message(&exported(server, data.to_str().unwrap()), "110107");
    assert_eq!(imports.len(), found.len(), "an entry for each message");
}

#[test]
fn killed_at_thirty_moments_every_note_is_read_and_every_provider_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let profile = folder.path().join("west.toml");
    let rules = "[[sender]]\nname = \"west\"\napplication = \"ZIS\"\nfacility = \"WEST\"\n\
                 patient-identifier = { type = \"PI\", authority = \"WEST\" }\n\
                 notify.admission = [\"PD1-4\"]\n";
    std::fs::write(&profile, rules).unwrap();
    std::fs::create_dir(&data).unwrap();
    import_providers(&data);
    let arguments = ["--profiles", profile.to_str().unwrap()];
    let (server, acknowledged) = storm(&data, &arguments, 0x5eed_0a0b_1c2d_3e4f, admission);

    // Each visit has one Condition that software read from its note, in its first version.
    let mut read: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for condition in server.all("Condition") {
        assert_eq!(condition["verificationStatus"]["coding"][0]["code"], "unconfirmed");
        let visit = condition["encounter"]["reference"].as_str().unwrap().to_owned();
        read.entry(visit).or_default().push(condition["meta"]["versionId"].as_str().unwrap().to_owned());
    }
    let visits = server.all("Encounter").len();
    assert!(visits >= acknowledged.len());
    assert_eq!(read.len(), visits, "a note that was not read");
    assert!(read.values().all(|versions| versions.as_slice() == ["1"]), "a note that was read twice");

    // Each message has one mail and one Communication, and stands in the log.
    let mails = std::fs::read_dir(data.join("outbox")).unwrap().count();
    assert_eq!(mails, visits, "a provider who was not told, or told twice");
    let communications = server.all("Communication");
    assert_eq!(communications.len(), visits);
    assert!(communications.iter().all(|communication| communication["status"] == "completed"));
    let disclosures = by_message(&exported(server, data.to_str().unwrap()), "110106");
    // Killed between the entry and the mail, it may read a newer patient the next time, and says so.
    assert_eq!(disclosures.len(), visits, "a mail without an entry");
}
