//! Messages that are made to hurt: time and memory grow with the size of a message, not with its square.

use std::time::Duration;

use zorgsluis_converter::{ConvertOptions, Refusal, convert};

use crate::support::busy;

/// Bytes of each message: far beyond any real one, and little enough for a test.
const SIZE: usize = 200_000;
/// In a build without optimisation. What grew by the square took minutes.
const MOST_TIME: Duration = Duration::from_secs(15);
/// Bytes of Bundle for a byte of message. FHIR's names are long: a short OBR is written as a request, a report and
/// their references.
const MOST_GROWTH: usize = 120;

const PATIENT: &str = "PID|1||1000001^^^LINDE^PI||Vries^Anna||19800101|F\r";
const VISIT: &str = "PV1|1|I|C3^12^1^LINDE||||||||||||||||V1^^^LINDE^VN\r";

fn header(event: &str) -> String {
    format!("MSH|^~\\&|ZIS|LINDE|Z|L|20260102103000||{event}|M1|P|2.5.1|||||NLD|8859/1\rEVN||20260102\r")
}

/// As many parts as fit, each made from its number.
fn many(part: impl Fn(usize) -> String) -> String {
    repeated(SIZE, part)
}

fn repeated(size: usize, part: impl Fn(usize) -> String) -> String {
    let mut all = String::with_capacity(size + 100);
    for number in 1.. {
        if all.len() >= size {
            break;
        }
        all.push_str(&part(number));
    }
    all
}

/// Repetitions of a field.
fn listed(part: impl Fn(usize) -> String) -> String {
    let mut all = many(|number| part(number) + "~");
    all.pop();
    all
}

fn admission(rest: &str) -> String {
    header("ADT^A01^ADT_A01") + PATIENT + VISIT + rest
}

fn results(rest: &str) -> String {
    header("ORU^R01^ORU_R01") + PATIENT + VISIT + "OBR|1|O1^Z|F1^L|X^Y^99zli|||20260101\r" + rest
}

fn pharmacy(rest: &str) -> String {
    header("RDE^O11^RDE_O11") + PATIENT + VISIT + "ORC|NW|O1^Z\rRXE|1^Q6H|M^X|1||mg\r" + rest
}

/// Converts within the time, and gives how many bytes the Bundle has.
fn written(name: &str, message: &str) -> Result<usize, Refusal> {
    let options = ConvertOptions::demonstration();
    let start = busy();
    let written = convert(message.as_bytes(), &options).map(|conversion| {
        let report = conversion.report("worst", 0);
        assert!(report.mapped > 0, "{name}");
        conversion.bundle_json().len()
    });
    let took = busy().saturating_sub(start);
    assert!(took < MOST_TIME, "{name}: {took:?} for {} bytes", message.len());
    written
}

#[test]
fn a_long_list_takes_time_by_its_length() {
    let visit_of = |doctors: &str| header("ADT^A01^ADT_A01") + PATIENT + "PV1|1|I|C3|||||" + doctors + "\r";
    let cases = [
        (
            "identifiers",
            header("ADT^A01") + "PID|1||" + &listed(|n| format!("{n}^^^LINDE^PI")) + "||Vries^A\r",
        ),
        (
            "authorities",
            header("ADT^A01") + "PID|1||" + &listed(|n| format!("{n}^^^A{n}^PI")) + "||Vries^A\r",
        ),
        ("names", admission("").replace("Vries^Anna", &listed(|n| format!("V{n}^A")))),
        ("consultants", visit_of(&listed(|n| format!("{n}^D^A")))),
        ("practitioners", admission(&format!("PD1||||{}\r", listed(|n| format!("{n}^D"))))),
        ("roles", admission(&many(|n| format!("ROL|{n}|AD|PP|{n}^D\r")))),
        ("allergies", admission(&many(|n| format!("AL1|{n}|DA|C{n}^X^L|SV|R\r")))),
        ("the same allergy", admission(&many(|n| format!("AL1|{n}|DA|C^X^L|SV|R\r")))),
        (
            "charges",
            header("DFT^P03") + PATIENT + VISIT + &many(|n| format!("FT1|{n}|T{n}||2026||CG|C{n}^X\r")),
        ),
        ("the same charge", {
            let charges = many(|n| format!("FT1|1|T1||2026||CG|C^X||||||||||||||{n}^D\r"));
            header("DFT^P03") + PATIENT + VISIT + &charges
        }),
        ("results", results(&many(|n| format!("OBX|{n}|NM|K{n}^K^99zli||1|mmol/L\r")))),
        ("performers", results(&format!("OBX|1|NM|K^K||1|||||||||||{}\r", listed(|n| format!("{n}^A"))))),
        ("participants", results(&many(|n| format!("PRT|{n}|AD||PP|{n}^D\r")))),
        ("orders", results(&many(|n| format!("OBR|{n}|O{n}^Z|F{n}^L|X^Y^L\r")))),
        ("blanks", results(&many(|n| format!("OBX|{n}|TX|K{n}^K||\\.sp200\\x\r")))),
        ("escapes", results(&format!("OBX|1|TX|K^K||{}\r", many(|_| "\\T\\X41".to_owned())))),
        ("routes that are deleted", pharmacy(&many(|n| format!("RXR|R{n}|\"\"\r")))),
        ("merged", {
            let numbers = listed(|n| format!("{n}^^^LINDE^PI"));
            header("ADT^A40^ADT_A39") + PATIENT + "MRG|" + &numbers + "\r"
        }),
        ("unknown segments", admission(&many(|n| format!("ZZ{}|x^y&z~a\r", n % 10)))),
    ];
    for (name, message) in cases {
        let bundle = written(name, &message).unwrap();
        assert!(bundle <= MOST_GROWTH * message.len(), "{name}: {bundle} from {}", message.len());
    }
}

#[test]
fn as_many_visits_as_a_message_may_have_take_no_time() {
    let visits: String = (1..=19_200).map(|n| format!("PV1|||||||||||||||||||V{n}\r")).collect();
    let message = header("BAR^P01") + PATIENT + &visits;
    let start = busy();
    written("visits", &message).unwrap();
    let took = busy().saturating_sub(start);
    // Under a second; each looked for among all those before it: about eight.
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn what_would_be_written_by_the_square_is_refused() {
    let half = |part: &dyn Fn(usize) -> String| repeated(SIZE / 2, part);
    let persons = repeated(SIZE / 2, |n| format!("{n}^D~"));
    let reasons = repeated(SIZE / 2, |n| format!("R{n}~"));
    let specimens = half(&|n| format!("SPM|{n}|S{n}\r"));
    let orders = half(&|n| format!("OBR|{n}||F{n}^L|X^Y\r"));
    let insurances = half(&|n| format!("IN1|{n}|P|I{n}|N\r"));
    let notes = half(&|n| format!("NTE|{n}||note {n}\r"));
    let cases = [
        ("links", header("ADT^A24^ADT_A24") + &many(|n| format!("PID|1||{n}^^^L^PI\r")), "PID[2]"),
        ("roles", admission(&format!("ROL|1|AD|PP|{persons}||||{reasons}\r")), "ROL[1]"),
        ("parts", results(&format!("PRT|1|AD|{reasons}|PP|{persons}\r")), "PRT[1]"),
        ("specimens", header("OUL^R22^OUL_R22") + PATIENT + VISIT + &specimens + &orders, ""),
        (
            "insurances",
            header("ORM^O01")
                + PATIENT
                + VISIT
                + &insurances
                + &half(&|n| format!("ORC|NW|{n}\rOBR|1|{n}||X\r")),
            "",
        ),
        (
            "appointments",
            header("SIU^S12^SIU_S12")
                + "SCH|1^P|2^P\r"
                + PATIENT
                + "RGS|1\rAIP|1|A|"
                + &persons
                + "\r"
                + &notes,
            "AIP[1]",
        ),
    ];
    let mut taken = Vec::new();
    for (name, message, at) in cases {
        match written(name, &message) {
            Ok(bundle) => {
                assert!(bundle <= MOST_GROWTH * message.len(), "{name}: {bundle} from {}", message.len());
                taken.push(name);
            }
            Err(refusal) => {
                assert_eq!(refusal.code, "too-many-copies", "{name}: {refusal}");
                assert!(refusal.at.starts_with(at), "{name}: {refusal}");
            }
        }
    }
    assert_eq!(taken, [""; 0], "written after all");
}

#[test]
fn many_of_a_few_are_no_reason_to_refuse() {
    let insurances: String = (1..=5).map(|n| format!("IN1|{n}|P|I{n}|N\r")).collect();
    let orders: String = (1..=500).map(|n| format!("ORC|NW|{n}^Z\rOBR|1|{n}^Z||X^Y\r")).collect();
    written("orders of an insured", &(header("ORM^O01") + PATIENT + VISIT + &insurances + &orders)).unwrap();
    let specimens: String = (1..=20).map(|n| format!("SPM|{n}|S{n}\r")).collect();
    let reports: String = (1..=200).map(|n| format!("OBR|{n}||F{n}^L|X^Y\rOBX|1|ST|A^B||x\r")).collect();
    written("a row of tubes", &(header("OUL^R22^OUL_R22") + PATIENT + VISIT + &specimens + &reports))
        .unwrap();
}

#[test]
fn codes_of_nobody_are_listed_in_the_time_of_their_number() {
    let options = ConvertOptions::demonstration();
    // What the kernel tells of a thread's time has steps of some milliseconds: the few are listed as often as makes
    // them as many.
    let time = |count: usize, times: usize| {
        let listed: String = (1..=count).map(|n| format!("AL1|{n}|DA|C{n}^X^L|SV\r")).collect();
        let message = admission(&listed);
        let conversion = convert(message.as_bytes(), &options).unwrap();
        let start = busy();
        for _ in 0..times {
            assert_eq!(conversion.local_codes().len(), count);
        }
        busy().saturating_sub(start)
    };
    let (few, many) = (time(300, 160), time(4_800, 10));
    assert!(many < 4 * few.max(Duration::from_millis(10)), "few at a time {few:?}, many {many:?}");
}
