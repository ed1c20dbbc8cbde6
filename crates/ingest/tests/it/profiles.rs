//! The converter's profiles as rules: what is grouped together, and what is supported.

use std::sync::Arc;

use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, convert};
use zorgsluis_ingest::{Ingest, ProfileRules, SenderRules, Settings, Verdict};

use crate::doubles::Doubles;
use crate::support::mllp;

const PROFILES: &str = r#"
[[sender]]
name = "hospital"
application = "ZIS"
patient-identifier = { type = "PI", authority = "LINDE" }
authorities.LINDE = "https://linde.example/patient"

[[sender]]
name = "laboratory"
application = "LAB"
unsupported = "reject"
patient-identifier = { type = "PI", authority = "LINDE" }
authorities.LINDE = "https://linde.example/patient"
"#;

fn message(sender: &str, kind: &str, pid_3: &str) -> Vec<u8> {
    format!("MSH|^~\\&|{sender}||||20261102083000||{kind}|M1|P|2.5\rPID|1||{pid_3}||Sluiswachter^A\r")
        .into_bytes()
}

#[tokio::test]
async fn senders_that_name_a_patient_by_the_same_identifier_share_the_group() {
    let doubles = Doubles::new();
    let rules = Arc::new(ProfileRules::new(Profiles::parse(&[("profiles.toml", PROFILES)]).unwrap()));
    let ingest = Ingest::new(doubles.ports(), rules, Settings::default());
    for (sender, pid_3) in [
        ("ZIS", "999911120^^^NLMINBIZA^NNNLD~1000001^^^LINDE^PI"),
        ("LAB", "1000001^^^LINDE^PI~77^^^LAB^VN"),
        ("ZIS", "1000002^^^LINDE^PI"),
        ("OTHER", "1000001^^^LINDE^PI"),
    ] {
        let accepted = ingest.accept(&message(sender, "ADT^A01", pid_3), &mllp()).await;
        assert_eq!(accepted.verdict, Verdict::Accepted);
    }
    let state = doubles.state();
    let groups: Vec<_> = state.queue.iter().map(|queued| &queued.group).collect();
    assert_eq!(groups[0], groups[1]);
    assert_ne!(groups[0], groups[2]);
    assert_ne!(groups[0], groups[3], "a sender without a profile means its own authority by that name");
}

#[tokio::test]
async fn a_profile_that_rejects_is_followed() {
    let doubles = Doubles::new();
    let rules = Arc::new(ProfileRules::new(Profiles::parse(&[("profiles.toml", PROFILES)]).unwrap()));
    let ingest = Ingest::new(doubles.ports(), rules, Settings::default());
    let unsupported = |sender| message(sender, "ADT^A19", "1000001^^^LINDE^PI");
    assert_eq!(ingest.accept(&unsupported("ZIS"), &mllp()).await.verdict, Verdict::Accepted);
    assert_eq!(ingest.accept(&unsupported("LAB"), &mllp()).await.verdict, Verdict::Refused);
}

#[test]
fn what_ingest_calls_supported_is_what_the_converter_converts() {
    let profiles = ProfileRules::new(Profiles::builtin());
    let options = ConvertOptions::demonstration();
    let mut kinds: Vec<String> = (1..=62).map(|n| format!("ADT^A{n:02}")).collect();
    kinds.extend(
        ["ORU^R01", "ORU^R30", "ORM^O01", "SIU^S12", "SIU^S25", "MDM^T02", "MDM^T12", "ACK", "", "adt^a01"]
            .map(String::from),
    );
    for kind in kinds {
        let bytes = message("ZIS", &kind, "1000001^^^LINDE^PI");
        let parsed = hl7v2::Message::parse(&bytes).unwrap();
        let refusal = convert(&bytes, &options).err();
        let converted = refusal.is_none_or(|refusal| refusal.code != "unsupported-event");
        assert_eq!(profiles.supports(&parsed), converted, "{kind}");
    }
}
