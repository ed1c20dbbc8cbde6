//! Who is to be told of a message.

use zorgsluis_converter::{Notice, convert};
use zorgsluis_domain::notice::NotifiedEvent;

use crate::support::{event, options};

const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";

fn notice(bytes: &[u8]) -> Option<Notice> {
    let options = options();
    convert(bytes, &options).unwrap().notice
}

fn of(start: &str) -> Option<Notice> {
    notice(&event(start))
}

/// Place, identifiers and address of each.
fn named(notice: &Notice) -> Vec<(String, Vec<String>, Option<String>)> {
    let one = |recipient: &zorgsluis_domain::notice::NamedRecipient| {
        let identifiers =
            recipient.identifiers.iter().map(|one| format!("{}|{}", one.system, one.value)).collect();
        (recipient.at.clone(), identifiers, recipient.address.clone())
    };
    notice.recipients.iter().map(one).collect()
}

fn agb(number: &str) -> Vec<String> {
    vec![format!("{AGB}|{number}")]
}

#[test]
fn an_admission_tells_the_general_practitioner() {
    let found = of("28-").unwrap();
    assert_eq!(found.event, NotifiedEvent::Admission);
    assert_eq!(found.occurred.as_deref(), Some("2026-11-16T14:10:00+01:00"));
    assert!(found.encounter.is_some() && found.about.is_empty() && found.empty.is_empty());
    assert_eq!(named(&found), [("PD1[1]-4[1]".to_owned(), agb("01004567"), None)]);
}

#[test]
fn a_registration_tells_the_referrer_too() {
    let found = of("30-").unwrap();
    assert_eq!(found.event, NotifiedEvent::Registration);
    assert_eq!(
        named(&found),
        [
            ("PD1[1]-4[1]".to_owned(), agb("01004568"), None),
            ("PV1[1]-8[1]".to_owned(), agb("03012345"), None),
        ]
    );
}

#[test]
fn an_address_is_told_apart_from_a_number() {
    let found = of("31-").unwrap();
    let address = Some("h.onbekend@elders.example".to_owned());
    assert_eq!(named(&found), [("PD1[1]-4[1]".to_owned(), vec![], address)]);
    assert_eq!(found.empty, ["PV1-8"]);
    let found = of("32-").unwrap();
    let address = Some("praktijk@dewit-post.example".to_owned());
    assert_eq!(named(&found), [("PD1[1]-4[1]".to_owned(), agb("01004567"), address)]);
}

#[test]
fn transfer_and_discharge() {
    let transfer = of("02-").unwrap();
    assert_eq!((transfer.event, transfer.empty), (NotifiedEvent::Transfer, vec!["PD1-4".to_owned()]));
    let discharge = of("06-").unwrap();
    assert_eq!(discharge.event, NotifiedEvent::Discharge);
    assert_eq!(discharge.occurred.as_deref(), Some("2026-11-09T15:20:00+01:00"));
    assert_eq!(discharge.empty, ["PD1-4", "PV1-8"]);
}

#[test]
fn only_a_settled_result_is_told() {
    assert_eq!(of("43-"), None, "preliminary");
    for (start, status) in [("44-", "final"), ("45-", "corrected")] {
        let found = of(start).unwrap();
        assert_eq!(found.event, NotifiedEvent::Result, "{status}");
        assert_eq!(found.about.len(), 1);
        assert!(found.about[0].starts_with("DiagnosticReport/"));
        assert_eq!(named(&found)[0].1, agb("01999101"));
    }
    let panel = of("40-").unwrap();
    assert_eq!(panel.about.len(), 2);
    assert_eq!(panel.recipients.len(), 1, "who ordered both is named once");
}

#[test]
fn who_ordered_stands_in_obr_where_orc_says_nothing() {
    let text = |orc: &str, obr: &str| {
        format!(
            "MSH|^~\\&|LABSYS|LINDE|||20261103091600+0100||ORU^R01|T1|P|2.5.1\rPID|1||1000001^^^LINDE^PI\r\
             ORC|RE|P1|F1|||||||||{orc}\rOBR|1|P1|F1|A^a^L||||||||||||{obr}|||||||||F\r"
        )
    };
    let doctor = "01004567^de Wit^A^^^^^^VEKTIS";
    let other = "01004568^Smits^C^^^^^^VEKTIS";
    let found = notice(text("", doctor).as_bytes()).unwrap();
    assert_eq!(named(&found), [("OBR[1]-16[1]".to_owned(), agb("01004567"), None)]);
    let found = notice(text(other, doctor).as_bytes()).unwrap();
    assert_eq!(named(&found), [("ORC[1]-12[1]".to_owned(), agb("01004568"), None)]);
    assert_eq!(notice(text("", "").as_bytes()).unwrap().empty, ["ORC-12"]);
}

const HEAD: &str =
    "MSH|^~\\&|LABSYS|LINDE|||20261103091600+0100||ORU^R01|T1|P|2.5.1\rPID|1||1000001^^^LINDE^PI\r";
const WIT: &str = "01004567^de Wit^A^^^^^^VEKTIS";
const JONES: &str = "01004568^Jones^B^^^^^^VEKTIS";

/// One order of a result message: its number, ORC-12, OBR-16, OBR-25.
fn order(number: u32, orc: &str, obr: &str, status: &str) -> String {
    format!(
        "ORC|RE|P{number}|F{number}|||||||||{orc}\r\
         OBR|{number}|P{number}|F{number}|T{number}^t^L||||||||||||{obr}|||||||||{status}\r"
    )
}

/// What each is told of: AGB, and the numbers of the orders, by the reports in [`Notice::about`].
fn told(text: &str) -> Vec<(String, Vec<usize>)> {
    let found = notice(text.as_bytes()).unwrap();
    let nth = |report: &String| found.about.iter().position(|one| one == report).unwrap();
    let who = |at: &zorgsluis_domain::notice::NamedRecipient| at.identifiers[0].value.clone();
    found.recipients.iter().map(|one| (who(one), one.about.iter().map(nth).collect())).collect()
}

#[test]
fn who_ordered_is_told_of_what_he_ordered() {
    let (wit, jones) = ("01004567".to_owned(), "01004568".to_owned());
    // Of two, one is preliminary: who ordered only that is not told at all.
    let one_each = format!("{HEAD}{}{}", order(1, WIT, "", "P"), order(2, JONES, "", "F"));
    assert_eq!(told(&one_each), [(jones.clone(), vec![0])]);
    let both_settled = format!("{HEAD}{}{}", order(1, WIT, "", "F"), order(2, JONES, "", "F"));
    assert_eq!(told(&both_settled), [(wit.clone(), vec![0]), (jones.clone(), vec![1])]);
    // The field of each order decides, OBR-16 where its own ORC-12 says nothing.
    let mixed = format!("{HEAD}{}{}", order(1, WIT, JONES, "F"), order(2, "", JONES, "C"));
    assert_eq!(told(&mixed), [(wit.clone(), vec![0]), (jones.clone(), vec![1])]);
    let again = format!(
        "{HEAD}{}{}{}",
        order(1, WIT, "", "F"),
        order(2, &format!("{JONES}~{JONES}"), "", "F"),
        order(3, WIT, "", "F")
    );
    assert_eq!(told(&again), [(wit.clone(), vec![0, 2]), (jones, vec![1])]);
    // A further OBR of the same order, and one of another order that names nobody.
    let further = "OBR|2|P1|F2|B^b^L|||||||||||||||||||||F\rOBR|3|P3|F3|C^c^L|||||||||||||||||||||F\r";
    assert_eq!(told(&format!("{HEAD}{}{further}", order(1, WIT, "", "F"))), [(wit, vec![0, 1])]);
    // Nobody ordered what is settled.
    let nobody = notice(format!("{HEAD}{}{}", order(1, WIT, "", "P"), order(2, "", "", "F")).as_bytes());
    let nobody = nobody.unwrap();
    assert_eq!((nobody.recipients.len(), nobody.empty), (0, vec!["ORC-12".to_owned()]));
}

#[test]
fn who_is_named_on_another_ground_is_told_of_everything() {
    let head = format!("{HEAD}PD1||||{WIT}\r").replace("LABSYS", "POCT");
    let text = format!("{head}{}{}", order(1, JONES, "", "F"), order(2, WIT, "", "F"));
    let folder = tempfile::tempdir().unwrap();
    let profile = "[[sender]]\nname = \"poct\"\nfacility = \"LINDE\"\napplication = \"POCT\"\n\
                   [sender.notify]\nresult = [\"ORC-12\", \"PD1-4\"]\n";
    std::fs::write(folder.path().join("poct.toml"), profile).unwrap();
    let profiles = zorgsluis_converter::profile::Profiles::load(folder.path()).unwrap();
    let options = zorgsluis_converter::ConvertOptions { profiles, ..options() };
    let found = convert(text.as_bytes(), &options).unwrap().notice.unwrap();
    let shown: Vec<(&str, usize)> =
        found.recipients.iter().map(|one| (one.identifiers[0].value.as_str(), one.about.len())).collect();
    assert_eq!((shown, found.about.len()), (vec![("01004568", 1), ("01004567", 0)], 2), "empty is all");
}

#[test]
fn an_address_is_found_wherever_it_stands() {
    let address = |xcn: &str| {
        let text = format!("{HEAD}{}", order(1, xcn, "", "F"));
        notice(text.as_bytes()).unwrap().recipients.remove(0).address
    };
    for (xcn, expected) in [
        ("01004567^de Wit <evil@evil.example>^A^^^^^^VEKTIS", Some("evil@evil.example")),
        ("01004567^de Wit^A (mailto:evil@evil.example)^^^^^^VEKTIS", Some("evil@evil.example")),
        ("01004567^de Wit^evil@localhost^^^^^^VEKTIS", Some("evil@localhost")),
        ("01004567^de Wit^wit@post.example^WIT@post.example^^^^^VEKTIS", Some("wit@post.example")),
        (
            "01004567^de Wit^wit@post.example^evil@evil.example^^^^^VEKTIS",
            Some("wit@post.example evil@evil.example"),
        ),
        ("01004567^wit@post.example;evil@evil.example", Some("wit@post.example evil@evil.example")),
        ("01004567^de Wit^A^^^^^^VEKTIS&evil@evil.example", Some("evil@evil.example")),
        ("01004567^de Wit^A^^^^^^VEKTIS", None),
    ] {
        assert_eq!(address(xcn).as_deref(), expected, "{xcn}");
    }
}

#[test]
fn nobody_is_told_of_anything_else() {
    for start in ["03-", "07-", "14-", "16-", "24-", "29-", "51-", "80-", "81-"] {
        assert_eq!(of(start), None, "{start}");
    }
}

#[test]
fn numbers_are_as_the_resources_have_them() {
    let text = |xcn: &str| {
        format!(
            "MSH|^~\\&|ZIS|LINDE|||20261103||ADT^A01|1|P|2.5.1\rEVN|A01|20261103\rPID|1||1000001^^^LINDE^PI\r\
             PD1||||{xcn}\rPV1|1|I|||||||||||||||||V1^^^LINDE^VN\r"
        )
    };
    let systems = |xcn: &str| {
        let found = notice(text(xcn).as_bytes()).unwrap();
        found
            .recipients
            .iter()
            .flat_map(|one| one.identifiers.iter())
            .map(|one| one.system.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(systems("012345^A"), ["sender:LINDE"]);
    assert_eq!(
        systems("012345^A^^^^^^^LINDE"),
        ["https://ziekenhuis-linde.example/fhir/NamingSystem/patientnummer"]
    );
    assert_eq!(systems("012345^A^^^^^^^ELDERS"), ["authority:ELDERS"]);
    assert_eq!(systems("900012345^A^^^^^^^^^^^UZI"), ["http://fhir.nl/fhir/NamingSystem/uzi-nr-pers"]);
    assert_eq!(systems("01004567^A^^^^^^^VEKTIS~01004568^B^^^^^^^VEKTIS"), [AGB, AGB]);
    let by_name = notice(text("^Jansen^P").as_bytes()).unwrap();
    assert!(by_name.recipients[0].identifiers.is_empty() && by_name.empty.is_empty());
    assert_eq!(notice(text("\"\"").as_bytes()).unwrap().empty, ["PD1-4"]);
}

#[test]
fn of_several_patients_nobody_is_told() {
    let text = "MSH|^~\\&|LABSYS|LINDE|||20261103091600+0100||ORU^R01|T1|P|2.5.1\r\
                PID|1||1000001^^^LINDE^PI\rORC|RE|P1|F1|||||||||01004567^W^^^^^^^VEKTIS\rOBR|1|P1|F1|A|||||||||||||||||||||F\r\
                PID|2||1000002^^^LINDE^PI\rORC|RE|P2|F2|||||||||01004567^W^^^^^^^VEKTIS\rOBR|1|P2|F2|A|||||||||||||||||||||F\r";
    let options = options();
    let conversion = convert(text.as_bytes(), &options).unwrap();
    assert_eq!(conversion.notice, None);
    assert!(conversion.warnings.iter().any(|one| one.code == "notice-of-several-patients"));
}

#[test]
fn of_very_many_the_first_fifty_are_told_and_one_more_says_that_there_were_others() {
    // Each twice, so that those who are known already take no place from others.
    let people: Vec<String> =
        (0..60).flat_map(|n| [n, n]).map(|n| format!("010045{n:02}^A^^^^^^^VEKTIS")).collect();
    let text = format!(
        "MSH|^~\\&|ZIS|LINDE|||20261103||ADT^A01|1|P|2.5.1\rEVN|A01|20261103\rPID|1||1000001^^^LINDE^PI\r\
         PD1||||{}\rPV1|1|I|||||||||||||||||V1^^^LINDE^VN\r",
        people.join("~")
    );
    let options = options();
    let conversion = convert(text.as_bytes(), &options).unwrap();
    let found = conversion.notice.as_ref().unwrap();
    assert_eq!(found.recipients.len(), 51);
    assert_eq!(named(found)[50], ("PD1[1]-4[101]".to_owned(), agb("01004550"), None));
    let warned: Vec<String> = conversion
        .warnings
        .iter()
        .filter(|one| one.code == "too-many-recipients")
        .map(|one| one.at.to_string())
        .collect();
    assert_eq!(warned, ["PD1[1]-4[101]"], "once, at the first who is left out");
}

#[test]
fn its_shape_tells_nothing() {
    let found = of("32-").unwrap();
    let shown = format!("{found:?}");
    assert!(
        !shown.contains("dewit") && !shown.contains("01004567") && shown.contains("recipients: 1"),
        "{shown}"
    );
}
