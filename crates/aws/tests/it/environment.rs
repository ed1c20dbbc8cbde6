//! Reading the environment.

use std::collections::HashMap;

use zorgsluis_aws::{Program, Settings, SettingsError, Variable};

fn read(values: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let values: HashMap<&str, &str> = values.iter().copied().collect();
    Settings::read(Program::Converter, |name| values.get(name).map(|value| (*value).to_owned()))
}

const GOOD: [(&str, &str); 12] = [
    ("AWS_REGION", "eu-west-1"),
    ("ZORGSLUIS_ORGANISATION", "linde"),
    ("ZORGSLUIS_RAW_BUCKET", "zorgsluis-raw"),
    ("ZORGSLUIS_SETTINGS_BUCKET", "zorgsluis-settings"),
    ("ZORGSLUIS_INBOUND_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/inbound.fifo"),
    ("ZORGSLUIS_NOTES_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/notes.fifo"),
    ("ZORGSLUIS_NOTICES_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/notices.fifo"),
    ("ZORGSLUIS_AUDIT_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/audit"),
    ("ZORGSLUIS_PHI_KEY", "arn:aws:kms:eu-west-1:123456789012:key/1"),
    ("ZORGSLUIS_AUDIT_KEY", "arn:aws:kms:eu-west-1:123456789012:key/2"),
    ("ZORGSLUIS_PSEUDONYM_KEY", "arn:aws:kms:eu-west-1:123456789012:key/3"),
    ("ZORGSLUIS_FHIR_STORE", "https://healthlake.eu-west-1.amazonaws.com/datastore/0/r4/"),
];

#[test]
fn what_is_set_is_read_and_what_need_not_be_has_its_default() {
    let settings = read(&GOOD).unwrap();
    assert_eq!(settings.organisation(), "linde");
    assert_eq!(settings.table("messages"), "zorgsluis-messages");
    assert_eq!(settings.get(Variable::LogBucket), None, "not the converter's");
    assert!(settings.need(Variable::LogBucket).unwrap_err().to_string().contains("ZORGSLUIS_LOG_BUCKET"));
    let mut other = GOOD.to_vec();
    other.push(("ZORGSLUIS_TABLE_PREFIX", "acceptance"));
    assert_eq!(read(&other).unwrap().table("messages"), "acceptance-messages");
}

#[test]
fn all_that_is_missing_or_wrong_is_named_at_once_and_no_value_is() {
    let values: Vec<_> = GOOD
        .iter()
        .map(|(name, value)| match *name {
            "ZORGSLUIS_FHIR_STORE" => (*name, "ftp://secret.example"),
            "ZORGSLUIS_PHI_KEY" => (*name, "se cret"),
            "AWS_REGION" | "ZORGSLUIS_AUDIT_QUEUE" => (*name, ""),
            _ => (*name, *value),
        })
        .collect();
    let error = read(&values).unwrap_err();
    assert_eq!(error.missing, ["ZORGSLUIS_AUDIT_QUEUE", "AWS_REGION"]);
    assert_eq!(
        error.wrong.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["ZORGSLUIS_PHI_KEY", "ZORGSLUIS_FHIR_STORE"]
    );
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("secret") && !shown.contains("se cret"), "{shown}");
    let names = ["AUDIT_QUEUE", "AWS_REGION", "PHI_KEY", "FHIR_STORE"];
    assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
}
