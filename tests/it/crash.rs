//! The served process is killed at thirty moments under load. Afterwards no acknowledged message is
//! missing, none has two effects, the log verifies, and reopening needed no repair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::harness::{Mllp, Server, code, run, stderr, stdout};

const ROUNDS: u32 = 30;
const SENDERS: u32 = 4;

/// A result of its own: one patient of five, one order, one Observation.
fn message(number: u32) -> Vec<u8> {
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
    unanswered: Option<u32>,
    next: &AtomicU32,
    stop: &AtomicBool,
) -> (Option<u32>, Vec<u32>) {
    let mut acknowledged = Vec::new();
    let mut pending = unanswered;
    let mut connection = Mllp::connect(server);
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

#[test]
fn killed_at_thirty_moments_nothing_is_lost_and_nothing_happens_twice() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let seed = 0x5eed_2b1d_0c0f_fee5_u64;
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    let next = AtomicU32::new(0);
    let mut acknowledged = BTreeSet::new();
    let mut unanswered: Vec<Option<u32>> = vec![None; SENDERS as usize];

    for _ in 0..ROUNDS {
        let server = Server::start(&data);
        let address = server.mllp;
        let stop = AtomicBool::new(false);
        let pause = Duration::from_millis(5 + random.below(250));
        let results: Vec<_> = std::thread::scope(|scope| {
            let senders: Vec<_> = unanswered
                .iter()
                .map(|pending| scope.spawn(|| send_until_broken(address, *pending, &next, &stop)))
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
    let server = Server::start(&data);
    for number in unanswered.into_iter().flatten() {
        assert_eq!(code(&server.send(&message(number))), "AA");
        acknowledged.insert(number);
    }
    // The same message once more is acknowledged and changes nothing.
    for number in acknowledged.iter().take(20) {
        assert_eq!(code(&server.send(&message(*number))), "AA");
    }
    server.settle();

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
    assert!(acknowledged.len() > 100, "only {} messages were sent under load", acknowledged.len());
    let missing: Vec<_> = acknowledged.iter().filter(|number| !found.contains_key(number)).collect();
    assert!(missing.is_empty(), "acknowledged and not there: {missing:?}");
    let doubled: Vec<_> = found.iter().filter(|(_, versions)| versions.as_slice() != ["1"]).collect();
    assert!(doubled.is_empty(), "with more than one effect: {doubled:?}");
    let observations = server.all("Observation");
    assert_eq!(observations.len(), found.len());
    assert!(observations.iter().all(|observation| observation["meta"]["versionId"] == "1"));
    assert_eq!(server.all("Patient").len(), 5);

    assert!(server.stop().success());
    let verified = run(["audit", "verify", "--sealed", "--data", data.to_str().unwrap()]);
    assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));

    // Every message has the entry of its conversion, and has it once.
    let exported = run(["audit", "export", "--json", "--data", data.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    let mut imports: BTreeMap<String, u32> = BTreeMap::new();
    for line in stdout(&exported).lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["type"]["code"] == "110107" {
            let message = event["entity"]
                .as_array()
                .unwrap()
                .iter()
                .find_map(|entity| entity["what"]["identifier"]["value"].as_str())
                .expect("the message")
                .to_owned();
            *imports.entry(message).or_default() += 1;
        }
    }
    assert_eq!(imports.len(), found.len(), "an entry for each message");
}
