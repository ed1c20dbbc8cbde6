//! An AuditEvent of another system. No panic; what is refused is told by places of the standard and not by values; what
//! is taken has one id, says the same when it is read again, and becomes an entry that holds all of it.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use zorgsluis_audit_writer::reported::{Submitter, check};
use zorgsluis_audit_writer::to_audit_event;

fuzz_target!(|json: &str| {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
    let submitter = Submitter { name: "epd", organisation: "linde" };
    match check(json, now) {
        Err(issues) => {
            assert!((1..=20).contains(&issues.len()));
            for issue in issues {
                let place = issue.expression.bytes();
                assert!(issue.expression.starts_with("AuditEvent"));
                assert!(place.into_iter().all(|b| b.is_ascii_alphanumeric() || b".[]".contains(&b)));
            }
        }
        Ok(event) => {
            let id = event.entry_id(&submitter);
            let again = check(&serde_json::from_str::<Value>(json).expect("JSON").to_string(), now);
            assert_eq!(again.expect("the same event").entry_id(&submitter), id);
            let Ok(entry) = event.into_entry(&submitter, None, now) else { return };
            assert_eq!(entry.id, id);
            let back = to_audit_event(&entry);
            let submitted: Value = serde_json::from_str(json).expect("JSON");
            for (name, value) in submitted.as_object().expect("an object") {
                assert!(matches!(name.as_str(), "id" | "extension") || back[name] == *value, "{name}");
            }
        }
    }
});
