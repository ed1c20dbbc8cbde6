//! All events run at trace level; nothing that the invented people could be known by appears in a log
//! line, metric, page, URL or file name, nor in clear in a file other than the FHIR store.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use crate::harness::{Server, events, import_providers, root, run, stderr, stdout};

/// What identifies or describes the patients and their kin in a message: names, numbers, addresses,
/// notes. Cut by hand, not by the parser under test.
pub(crate) fn secrets(message: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for segment in message.split(|byte| *byte == b'\r' || *byte == b'\n') {
        let fields: Vec<&[u8]> = segment.split(|byte| *byte == b'|').collect();
        let name = fields.first().copied().unwrap_or_default();
        // Field, and which of its components; none is all of it, uncut.
        let wanted: &[(usize, Option<&[usize]>)] = match name {
            b"PID" => &[
                (3, Some(&[1])),
                (5, Some(&[1, 2, 3])),
                (6, Some(&[1])),
                (11, Some(&[1, 5])),
                (13, Some(&[1])),
                (19, Some(&[1])),
            ],
            b"NK1" => &[(2, Some(&[1, 2])), (4, Some(&[1, 5])), (5, Some(&[1]))],
            b"MRG" => &[(1, Some(&[1]))],
            b"IN1" => &[(36, Some(&[1]))],
            b"NTE" => &[(3, None)],
            b"OBX" if fields.get(2).is_some_and(|kind| matches!(*kind, b"TX" | b"FT" | b"ST")) => {
                &[(5, None)]
            }
            _ => &[],
        };
        for (field, components) in wanted {
            for repetition in fields.get(*field).copied().unwrap_or_default().split(|byte| *byte == b'~') {
                match components {
                    None => drop(found.insert(repetition.to_vec())),
                    Some(numbers) => {
                        let parts: Vec<&[u8]> = repetition.split(|byte| *byte == b'^').collect();
                        for number in *numbers {
                            for part in
                                parts.get(number - 1).copied().unwrap_or_default().split(|byte| *byte == b'&')
                            {
                                found.insert(part.to_vec());
                            }
                        }
                    }
                }
            }
        }
    }
    // A prefix (`van der`) is in many names, those of providers in the directory among them.
    found.retain(|secret| {
        secret.len() >= 5 && secret.iter().any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    });
    found
}

/// The same value as it may stand in UTF-8 text.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let latin: String = secret.iter().map(|byte| char::from(*byte)).collect();
    let mut spellings = vec![secret.to_vec(), latin.into_bytes()];
    spellings.dedup();
    spellings
}

/// An acknowledgement without its time (MSH-7) and its own random id (MSH-10): their digits may be anybody's number.
fn without_time_and_id(answer: &str) -> String {
    let fields = answer.split('|').enumerate().filter(|(nth, _)| ![6, 9].contains(nth));
    fields.map(|(_, field)| field).collect::<Vec<_>>().join("|")
}

/// A short number counts where it stands by itself: five digits are in many a UUID.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let short = needle.len() < 7 && needle.iter().all(u8::is_ascii_digit);
    let goes_on =
        |at: Option<usize>| at.and_then(|at| haystack.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let mut places = haystack.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
    places.any(|(at, _)| !short || !goes_on(at.checked_sub(1)) && !goes_on(Some(at + needle.len())))
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_trace_of_a_patient_outside_the_fhir_store() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = folder.path().join("trace.log");
    std::fs::create_dir(&data).unwrap();
    import_providers(&data);
    let profiles = root().join("events/profiles");
    let arguments = ["--log", "trace", "--profiles", profiles.to_str().unwrap()];
    let server = Server::start_with(&data, &arguments, File::create(&log).unwrap());

    let mut all_secrets = BTreeSet::new();
    for path in events() {
        let message = std::fs::read(&path).unwrap();
        all_secrets.extend(secrets(&message));
        let answer = without_time_and_id(&server.send(&message));
        for secret in secrets(&message) {
            assert!(!contains(answer.as_bytes(), &secret), "the answer to {} repeats PHI", path.display());
        }
        let (status, _) = server.post_hl7(&message);
        assert!(matches!(status, 202 | 400), "{}: {status}", path.display());
    }
    server.settle();
    assert!(all_secrets.len() > 60, "the events are about people: {}", all_secrets.len());

    // Searches by what identifies, in the body; then everything that an operator can look at.
    for secret in all_secrets.iter().filter_map(|secret| std::str::from_utf8(secret).ok()).take(40) {
        let (status, _) = server.post_form("/fhir/Patient/_search", &[("identifier", secret)]);
        assert_eq!(status, 200);
        server.post_form("/fhir/Patient/_search", &[("name", secret)]);
        let (status, _) = server.get(&format!("/fhir/Patient?identifier={}", secret.replace(' ', "+")));
        assert_eq!(status, 400, "a URL holds no identifier");
    }
    let mut seen = Vec::new();
    for path in ["/", "/dead-letters", "/log", "/providers", "/notices?state=all", "/metrics", "/health"] {
        let (status, body) = server.get(path);
        assert_eq!(status, 200, "{path}");
        for link in body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            if link.starts_with("/messages/") {
                seen.push((link.to_owned(), server.get(link).1));
            }
        }
        seen.push((path.to_owned(), body));
    }
    assert!(seen.len() > 5);
    let patient = server.all("Patient").first().unwrap()["id"].as_str().unwrap().to_owned();
    let data_text = data.to_str().unwrap().to_owned();
    let history = run(["audit", "history", "--data", &data_text, "--patient", &patient, "--log", "trace"]);
    assert!(history.status.success(), "{}", stderr(&history));
    seen.push((String::from("audit history"), stdout(&history) + &stderr(&history)));

    assert!(server.stop().success());
    let verified = run(["audit", "verify", "--sealed", "--data", &data_text, "--log", "trace"]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    seen.push((String::from("audit verify"), stdout(&verified) + &stderr(&verified)));

    let mut paths = Vec::new();
    files(&data, &mut paths);
    assert!(paths.len() > 5, "the data directory holds files");
    paths.push(log);
    let mut in_fhir_store = 0;
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read(path).unwrap();
        for secret in all_secrets.iter().flat_map(|secret| spellings(secret)) {
            assert!(!contains(path.to_str().unwrap().as_bytes(), &secret), "a file name holds PHI");
            if contains(&content, &secret) {
                assert!(name.starts_with("fhir.db"), "PHI in clear in {name}");
                in_fhir_store += 1;
            }
        }
    }
    assert!(in_fhir_store > 20, "the test knows PHI when it sees it: {in_fhir_store}");
    let mails: Vec<_> =
        paths.iter().filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    let encrypted =
        |path: &std::path::PathBuf| contains(&std::fs::read(path).unwrap(), b"application/pkcs7-mime");
    let shut = mails.iter().filter(|path| encrypted(path)).count();
    assert!(
        shut > 1 && mails.len() > shut + 1,
        "mails of both kinds were looked at: {shut} of {}",
        mails.len()
    );
    for (place, text) in &seen {
        for secret in all_secrets.iter().flat_map(|secret| spellings(secret)) {
            assert!(!contains(text.as_bytes(), &secret), "PHI on {place}");
        }
    }
}

#[test]
fn the_test_finds_a_name_that_stands_somewhere() {
    let found = secrets(b"MSH|x\rPID|1||999911120^^^NLMINBIZA~12345^^^Z||de Vri\xebs&de&Vri\xebs^Anna\r");
    let found: Vec<&[u8]> = found.iter().map(Vec::as_slice).collect();
    assert_eq!(found, [&b"12345"[..], b"999911120", b"Vri\xebs", b"de Vri\xebs"]);
    assert_eq!(spellings(b"Vri\xebs")[1], "Vriës".as_bytes());
}
