//! `zorgsluis codes`: codes that nobody but their sender knows, and how a profile would map them.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, LocalCode, Sender, convert, table};
use zorgsluis_domain::port::{AuditSink as _, PageRequest, PayloadStore as _};
use zorgsluis_embedded::DataDirectory;

use crate::cli::CodesArgs;
use crate::convert::{messages, source};
use crate::failure::Failure;
use crate::system::{LogAccess, organisation};
use crate::terminal::{count, out};

/// How many payloads are asked for at once.
const PAGE: usize = 200;

/// The codes of one sender, by the profile that was used.
type BySender = BTreeMap<(Sender, String), BTreeMap<Key, Seen>>;

/// Field, code system, code.
type Key = (String, String, String);

#[derive(Default)]
struct Seen {
    times: usize,
    texts: BTreeSet<String>,
}

#[derive(Default)]
struct Found {
    by_sender: BySender,
    messages: usize,
    refused: usize,
}

/// Runs the command.
pub(crate) async fn run(args: &CodesArgs) -> Result<(), Failure> {
    let options = options(args)?;
    let mut found = Found::default();
    let mut trouble = Vec::new();
    match &args.data {
        Some(data) => of_directory(data, &options, &mut found).await?,
        None => {
            let (sources, missing) = source::find(&args.inputs);
            trouble = missing;
            for source in sources {
                match source.read() {
                    Ok(bytes) => {
                        messages(&source, &bytes).iter().for_each(|message| found.add(message, &options));
                    }
                    Err(reason) => trouble.push(format!("{}: {reason}", source.name())),
                }
            }
        }
    }
    if args.json {
        tell_json(&found, args.texts)
    } else {
        tell(&found, args.texts)
    }
    say!("zorgsluis: {}, {} refused", count(found.messages, "message", "messages"), found.refused);
    for line in &trouble {
        say!("{line}");
    }
    if trouble.is_empty() { Ok(()) } else { Err(Failure::named()) }
}

fn options(args: &CodesArgs) -> Result<ConvertOptions, Failure> {
    let mut options = ConvertOptions::demonstration();
    let beside = args.data.as_ref().map(|data| data.join("profiles")).filter(|folder| folder.is_dir());
    if let Some(path) = args.profile.as_ref().or(beside.as_ref()) {
        options.profiles = Profiles::load(path).map_err(Failure::usage)?;
    }
    Ok(options)
}

/// All messages that a data directory keeps. Each is about a patient, and whoever reads it is in the log first,
/// whatever is shown of it.
async fn of_directory(data: &Path, options: &ConvertOptions, found: &mut Found) -> Result<(), Failure> {
    let directory = DataDirectory::open_read(data).map_err(Failure::wrong)?;
    let log = LogAccess::open(&directory, &organisation(data, None)?).await?;
    let payloads = directory.payloads();
    let mut page = PageRequest { after: None, limit: PAGE };
    loop {
        let listed = payloads.list(Timestamp::MAX, &page).await.map_err(Failure::wrong)?;
        let entries = listed.items.iter().map(|(message, _)| log.message_read(&directory, *message));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        log.writer.record(&entries).await.map_err(Failure::wrong)?;
        for (message, _) in &listed.items {
            // One that was erased in the meantime has no codes any more.
            if let Ok(payload) = payloads.get(*message).await {
                found.add(payload.bytes.expose_phi(), options);
            }
        }
        match listed.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    log.writer.checkpoint().await.map_err(Failure::wrong)?;
    directory.close().await;
    Ok(())
}

impl Found {
    fn add(&mut self, message: &[u8], options: &ConvertOptions) {
        self.messages += 1;
        // One bad message hurts only itself.
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
            convert(message, options).map(|conversion| {
                (conversion.sender.clone(), conversion.profile.to_owned(), conversion.local_codes())
            })
        }));
        let Ok(Ok((sender, profile, codes))) = read else {
            self.refused += 1;
            return;
        };
        if codes.is_empty() {
            return;
        }
        let of_sender = self.by_sender.entry((sender, profile)).or_default();
        for LocalCode { field, system, code, text } in codes {
            let seen = of_sender.entry((field, system, code)).or_default();
            seen.times += 1;
            if !text.expose_phi().is_empty() && seen.texts.len() < 3 {
                seen.texts.insert(text.into_phi());
            }
        }
    }
}

fn tell_json(found: &Found, texts: bool) {
    for ((sender, profile), codes) in &found.by_sender {
        for ((field, system, code), seen) in codes {
            let mut line = json!({
                "application": sender.application,
                "facility": sender.facility,
                "profile": profile,
                "field": field,
                "system": system,
                "code": code,
                "count": seen.times,
                "line": line_of(code),
            });
            if texts && let Some(line) = line.as_object_mut() {
                line.insert(String::from("texts"), json!(seen.texts));
            }
            out!("{line}");
        }
    }
}

fn tell(found: &Found, texts: bool) {
    if found.by_sender.is_empty() {
        out!("Every code is known or mapped.");
    }
    for ((sender, profile), codes) in &found.by_sender {
        out!("{sender} (profile {profile})\n");
        for ((field, system, code), seen) in codes {
            let system = if system.is_empty() { "no system" } else { system };
            let texts = if texts { seen.texts.iter().map(String::as_str).collect() } else { Vec::new() };
            let line = format!("{:>7}  {field:<8} {system:<16} {code}  {}", seen.times, texts.join(" / "));
            out!("{}", line.trim_end());
        }
        out!(
            "\nTo map them, in the profile of application {:?} and facility {:?}:\n",
            sender.application,
            sender.facility
        );
        let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for (field, system, code) in codes.keys() {
            groups.entry((field, system)).or_default().push(code);
        }
        for ((field, system), codes) in groups {
            out!("[[sender.codes]]");
            if !system.is_empty() {
                out!("from = {}", text_of(system));
            }
            out!("fields = [{}]\nto = {}\n[sender.codes.map]", text_of(field), text_of(&target_of(field)));
            for code in codes {
                out!("{}", line_of(code));
            }
            out!();
        }
    }
}

/// The line of a profile that maps the code, but for what it is mapped to.
fn line_of(code: &str) -> String {
    let bare = code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let key = if bare && !code.is_empty() { code.to_owned() } else { text_of(code) };
    format!("{key} = \"…\"")
}

/// A basic string of TOML, which JSON's strings are.
fn text_of(text: &str) -> String {
    json!(text).to_string()
}

/// What a field is likely to be mapped to: LOINC for what is observed or ordered, the HL7 table of a field that has
/// one, else SNOMED CT.
fn target_of(field: &str) -> String {
    if matches!(field, "OBX-3" | "OBR-4") {
        return String::from("http://loinc.org");
    }
    if field == "OBX-6" {
        return String::from("http://unitsofmeasure.org");
    }
    let table = table::all().into_iter().find_map(|table| {
        let (fields, rest) = table.what.split_once(", table ")?;
        let named = fields.split([' ', ',']).any(|named| named == field);
        named.then(|| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
    });
    table.map_or_else(|| String::from("http://snomed.info/sct"), |table| table::hl7_table_uri(&table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_toml_and_names_what_the_field_is_likely_mapped_to() {
        assert_eq!(line_of("NA"), "NA = \"…\"");
        assert_eq!(line_of("a \"b\""), "\"a \\\"b\\\"\" = \"…\"");
        assert_eq!(target_of("OBX-3"), "http://loinc.org");
        assert_eq!(target_of("PID-8"), "http://terminology.hl7.org/CodeSystem/v2-0001");
        assert_eq!(target_of("DG1-3"), "http://snomed.info/sct");
    }
}
