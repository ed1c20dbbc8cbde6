//! A message to a Bundle: no panic, the same Bundle twice, a ledger that accounts for every leaf, ids that
//! stand once, references that resolve.
#![no_main]

use hl7v2::Message;
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use zorgsluis_converter::{ConvertOptions, convert};

fuzz_target!(|bytes: &[u8]| {
    let options = ConvertOptions::demonstration();
    let conversion = match convert(bytes, &options) {
        Ok(conversion) => conversion,
        Err(refusal) => {
            assert!(!refusal.at.is_empty() && !refusal.code.is_empty());
            return;
        }
    };
    let json = conversion.bundle_json();
    let again = convert(bytes, &options).map(|again| again.bundle_json());
    assert_eq!(again.as_deref(), Ok(json.as_slice()));

    let report = conversion.report("fuzz", 0);
    let leaves = Message::parse(bytes).map(|message| message.leaves().count());
    assert_eq!(leaves, Ok(report.mapped + report.ignored.len() + report.unmapped.len()));

    let bundle: serde_json::Value = serde_json::from_slice(&json).expect("a Bundle is JSON");
    let ids: HashSet<_> = conversion.bundle.entry.iter().map(|entry| entry.full_url).collect();
    assert_eq!(ids.len(), conversion.bundle.entry.len());
    resolve(&bundle, &ids.iter().map(ToString::to_string).collect());
});

fn resolve(value: &serde_json::Value, urls: &HashSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            if let Some(reference) = members.get("reference").and_then(serde_json::Value::as_str) {
                assert!(urls.contains(reference));
            }
            members.values().for_each(|member| resolve(member, urls));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| resolve(item, urls)),
        _ => {}
    }
}
