//! What the adapters call is what `actions/*.json` says, and what programs read is what `functions/*.json` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zorgsluis_aws::{FHIR_PROCESSES, Program};

/// Action files, and the sources of which they speak: a port that shares its sources with another is compared
/// together with it.
const ADAPTERS: [(&[&str], &[&str]); 14] = [
    (&["payloads", "journal"], &["payloads.rs", "payloads", "journal.rs", "journal", "messages.rs"]),
    (&["dead-letters"], &["dead_letters.rs"]),
    (&["patient-index"], &["patient_index.rs", "patient_index"]),
    (&["provider-directory"], &["provider_directory.rs", "provider_directory"]),
    (&["notices"], &["notices.rs"]),
    (&["opt-outs"], &["opt_outs.rs"]),
    // The keys of pseudonyms are read from the bucket of settings.
    (&["keys", "keys-destroy", "settings"], &["keys.rs", "keys", "settings_bucket.rs", "engines.rs"]),
    (&["queue-send", "queue-receive", "audit-sink"], &["queue.rs", "queue"]),
    // Who verifies reads all three.
    (&["log-storage", "entry-index", "log-signer", "log-verify"], &["log"]),
    (&["mailer"], &["mailer.rs"]),
    (&["text-analysis"], &["comprehend_medical"]),
    // Signed by hand: no calls of an SDK. The stand-in checks what is asked of it.
    (&["fhir-store"], &["healthlake"]),
    // What is asked of the other stores by who destroys, and by nobody else.
    (
        &["erasure"],
        &["erasure", "journal/erase.rs", "keys/erase.rs", "patient_index/erase.rs", "payloads/erase.rs"],
    ),
    // The helpers of the others.
    (&[], &["table.rs", "table"]),
];

/// A call as it stands in the sources, the action that it needs, and those that it may need besides.
const CALLS: [(&str, &str, &[&str]); 42] = [
    (".get_item()", "dynamodb:GetItem", &[]),
    ("table.get(", "dynamodb:GetItem", &[]),
    (".put_item()", "dynamodb:PutItem", &[]),
    ("table.put(", "dynamodb:PutItem", &[]),
    ("Write::put(", "dynamodb:PutItem", &[]),
    (".update_item()", "dynamodb:UpdateItem", &[]),
    ("Write::update(", "dynamodb:UpdateItem", &[]),
    (".delete_item()", "dynamodb:DeleteItem", &[]),
    ("Write::delete(", "dynamodb:DeleteItem", &[]),
    ("Write::check(", "dynamodb:ConditionCheckItem", &[]),
    (".query()", "dynamodb:Query", &[]),
    ("table.query(", "dynamodb:Query", &[]),
    (".scan()", "dynamodb:Scan", &[]),
    (".scan(OPERATION)", "dynamodb:Scan", &[]),
    (".scan(operation)", "dynamodb:Scan", &[]),
    (".batch_get_item()", "dynamodb:BatchGetItem", &[]),
    ("table.get_all(", "dynamodb:BatchGetItem", &[]),
    (".batch_write_item()", "dynamodb:BatchWriteItem", &[]),
    // Whoever may list is told that an object is not there; others are refused.
    (".get_object()", "s3:GetObject", &["s3:ListBucket"]),
    ("set_version_id(", "s3:GetObjectVersion", &[]),
    (".head_object()", "s3:GetObject", &["s3:ListBucket"]),
    (".put_object()", "s3:PutObject", &[]),
    ("object_lock_mode(", "s3:PutObjectRetention", &[]),
    // Versions, past their lock.
    (".delete_object()", "s3:DeleteObjectVersion", &["s3:BypassGovernanceRetention"]),
    (".list_objects_v2()", "s3:ListBucket", &[]),
    (".list_object_versions()", "s3:ListBucketVersions", &[]),
    (".get_bucket_versioning()", "s3:GetBucketVersioning", &[]),
    (".send_message_batch()", "sqs:SendMessage", &[]),
    (".receive_message()", "sqs:ReceiveMessage", &[]),
    (".delete_message_batch()", "sqs:DeleteMessage", &[]),
    (".change_message_visibility_batch()", "sqs:ChangeMessageVisibility", &[]),
    (".get_queue_attributes()", "sqs:GetQueueAttributes", &[]),
    (".generate_data_key()", "kms:GenerateDataKey", &[]),
    (".decrypt()", "kms:Decrypt", &[]),
    (".encrypt()", "kms:Encrypt", &[]),
    ("kms.sign()", "kms:Sign", &[]),
    (".get_public_key()", "kms:GetPublicKey", &[]),
    (".send_email()", "ses:SendEmail", &["ses:SendRawEmail"]),
    (".detect_entities_v2()", "comprehendmedical:DetectEntitiesV2", &[]),
    (".infer_icd10_cm()", "comprehendmedical:InferICD10CM", &[]),
    (".infer_rx_norm()", "comprehendmedical:InferRxNorm", &[]),
    (".infer_snomedct()", "comprehendmedical:InferSNOMEDCT", &[]),
];

/// What no program is granted, and why it is called all the same.
const OPERATORS: [(&str, &str); 3] = [
    // The index is made anew from the log by an operator, with rights of their own (docs/operations/log.md).
    ("entry-index", "dynamodb:Scan"),
    ("entry-index", "dynamodb:ConditionCheckItem"),
    ("entry-index", "dynamodb:DeleteItem"),
];

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// The JSON files of a folder, by name.
fn files(folder: &str) -> BTreeMap<String, Value> {
    let entries = std::fs::read_dir(here(folder)).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        })
        .collect()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap())
}

fn port_name(port: &Value) -> &str {
    port.as_str().or(port["port"].as_str()).unwrap()
}

/// The code of a source or of a folder of them, without comments and blanks.
fn code(path: &Path) -> String {
    if path.is_dir() {
        let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        // Of an adapter of its own.
        files.retain(|file| !file.ends_with("erase.rs"));
        files.sort();
        return files.iter().map(|file| code(file)).collect();
    }
    let source = std::fs::read_to_string(path).unwrap();
    let lines = source.split("#[cfg(test)]").next().unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(str::chars).filter(|letter| !letter.is_whitespace()).collect()
}

/// The actions of a port that its adapter asks for itself, not a service on its behalf.
fn granted(ports: &[&str], actions: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let needs = ports.iter().flat_map(|port| actions[*port]["needs"].as_array().unwrap());
    let own = needs.filter(|need| need["via"].is_null());
    own.flat_map(|need| texts(&need["actions"]).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn each_adapter_calls_what_its_file_says_and_nothing_else() {
    let actions = files("actions");
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (ports, sources) in ADAPTERS {
        told.extend(ports);
        if ports.is_empty() || ports == ["fhir-store"] {
            continue;
        }
        let code: String = sources.iter().map(|source| code(&here("src").join(source))).collect();
        let called: Vec<_> = CALLS.iter().filter(|(call, ..)| code.contains(call)).collect();
        let needed: BTreeSet<&str> = called.iter().map(|(_, action, _)| *action).collect();
        let granted = granted(ports, &actions);
        for action in &needed {
            if ports.iter().any(|port| OPERATORS.contains(&(*port, *action))) {
                assert!(!granted.contains(*action), "{ports:?}: {action} is an operator's");
                continue;
            }
            assert!(granted.contains(*action), "{ports:?}: called and not granted: {action}");
        }
        for action in &granted {
            let besides = called.iter().any(|(.., besides)| besides.contains(&action.as_str()));
            assert!(
                needed.contains(action.as_str()) || besides,
                "{ports:?}: granted and not called: {action}"
            );
        }
    }
    let known: BTreeSet<&str> = actions.keys().map(String::as_str).collect();
    assert_eq!(told, known, "each file of actions is compared");
}

#[test]
fn no_call_of_an_sdk_is_overlooked() {
    let all = code(&here("src"));
    let mut seen = 0;
    for client in ["dynamodb", "s3", "kms", "sqs", "ses", "comprehend_medical", "client"] {
        for called in [format!("{client}."), format!("{client}().")] {
            let pieces: Vec<&str> = all.split(&called).collect();
            for piece in pieces.windows(2) {
                // The end of a longer name is another thing.
                let longer =
                    piece[0].ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
                let Some((name, _)) = piece[1].split_once("()").filter(|_| !longer) else { continue };
                let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if !is_name || ["clone", "config"].contains(&name) {
                    continue;
                }
                let call = format!(".{name}()");
                // What a transaction holds is known by `Write::…`.
                let known = call == ".transact_write_items()"
                    || CALLS.iter().any(|(known, ..)| known.ends_with(&call));
                assert!(known, "{called}{name}() is not in CALLS");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "the sources are read: {seen} calls");
}

#[test]
fn each_source_belongs_to_an_adapter_or_to_what_they_share() {
    const SHARED: [&str; 15] = [
        "clients.rs",
        "engines.rs",
        "failure.rs",
        "function",
        "hindered.rs",
        "lib.rs",
        "log",
        "logs.rs",
        "parts.rs",
        "random.rs",
        "settings.rs",
        "system.rs",
        "table",
        "table.rs",
        "messages.rs",
    ];
    let told: BTreeSet<&str> =
        ADAPTERS.iter().flat_map(|(_, sources)| *sources).copied().chain(SHARED).collect();
    for entry in std::fs::read_dir(here("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(told.contains(name.as_str()), "src/{name} is of no adapter in ADAPTERS");
    }
}

#[test]
fn programs_read_what_their_files_name() {
    let functions = files("functions");
    let names: Vec<&str> = functions.keys().map(String::as_str).collect();
    let mut programs: Vec<&str> = Program::ALL.iter().map(|program| program.name()).collect();
    programs.sort_unstable();
    assert_eq!(names, programs);
    for program in Program::ALL {
        let file = &functions[program.name()];
        assert_eq!(file["function"], program.name());
        let told: BTreeSet<&str> = texts(&file["environment"]).collect();
        let read: BTreeSet<&str> = program.variables().iter().map(|variable| variable.name()).collect();
        assert_eq!(told, read, "{}", program.name());
    }
}

#[test]
fn functions_with_the_fhir_store_share_what_it_takes_a_second() {
    let has =
        |file: &Value| file["ports"].as_array().unwrap().iter().any(|port| port_name(port) == "fhir-store");
    let processes: u64 = files("functions")
        .values()
        .filter(|file| has(file))
        // Each mapping of a queue has this concurrency for itself.
        .map(|file| {
            let queues = 1 + file["also"].as_array().map_or(0, Vec::len);
            file["concurrency"].as_u64().unwrap() * u64::try_from(queues).unwrap()
        })
        .sum();
    assert_eq!(processes, u64::from(FHIR_PROCESSES), "of which each takes its share");
}

#[test]
fn programs_have_ports_that_are_known_and_queues_that_they_may_read() {
    let (functions, actions) = (files("functions"), files("actions"));
    for (name, file) in &functions {
        let mut read: BTreeSet<&str> = BTreeSet::new();
        for port in file["ports"].as_array().unwrap() {
            let port_name = port_name(port);
            assert!(actions.contains_key(port_name), "{name}: no actions of {port_name}");
            if port_name == "queue-receive" {
                read.extend(texts(&port["on"]));
            }
        }
        let also = file["also"].as_array().into_iter().flatten().map(|also| &also["queue"]);
        let queues = [&file["queue"]].into_iter().chain(also).filter_map(Value::as_str);
        let queues: BTreeSet<String> = queues.map(|queue| format!("queue/{queue}")).collect();
        assert_eq!(read, queues.iter().map(String::as_str).collect(), "{name}");
        if file["queue"] != "audit" {
            assert!(file["batch"].as_u64().unwrap_or(0) <= 10, "{name}: a FIFO batch is ten at most");
        }
    }
}
