//! `peers NAME MESSAGES SECONDS [BUNDLES]`: see ../README.md for what a runner reads and prints.

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use zorgsluis_converter::{ConvertOptions, convert};

struct Input {
    name: String,
    text: String,
}

/// How many segments were found, when the message was accepted.
type Run = fn(&str, &ConvertOptions) -> Option<usize>;

fn ours_parse(text: &str, _: &ConvertOptions) -> Option<usize> {
    Some(hl7v2::Message::parse(text.as_bytes()).ok()?.segments().count())
}

/// Parsed, and split down to the last subcomponent: what peers do that keep a tree of everything.
fn ours_split(text: &str, _: &ConvertOptions) -> Option<usize> {
    let message = hl7v2::Message::parse(text.as_bytes()).ok()?;
    black_box(message.leaves().count());
    Some(message.segments().count())
}

fn ours_convert(text: &str, options: &ConvertOptions) -> Option<usize> {
    let bundle = convert(text.as_bytes(), options).ok()?.bundle_json();
    (!black_box(bundle).is_empty()).then_some(0)
}

fn hl7_parser(text: &str, _: &ConvertOptions) -> Option<usize> {
    // Its own setting for messages whose lines end in LF.
    let with_lf = !text.contains('\r');
    Some(hl7_parser::Message::parse_with_lenient_newlines(text, with_lf).ok()?.segments().count())
}

fn rust_hl7(text: &str, _: &ConvertOptions) -> Option<usize> {
    // Behind the last CR it finds an empty segment.
    let message = rusthl7::message::Message::try_from(text).ok()?;
    Some(message.segments.iter().filter(|segment| !segment.source.is_empty()).count())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, messages, seconds, rest @ ..] = arguments.as_slice() else { panic!("NAME MESSAGES SECONDS [BUNDLES]") };
    let run: Run = match name.as_str() {
        "zorgsluis-parse" => ours_parse,
        "zorgsluis-split" => ours_split,
        "zorgsluis-convert" => ours_convert,
        "hl7-parser" => hl7_parser,
        "rust-hl7" => rust_hl7,
        other => panic!("unknown peer {other}"),
    };
    let options = ConvertOptions::demonstration();
    // A peer that panics on a message has not accepted it.
    std::panic::set_hook(Box::new(|_| {}));
    let try_one = |text: &str| std::panic::catch_unwind(|| run(text, &options)).ok().flatten();
    let text = std::fs::read_to_string(messages).unwrap();
    let inputs = text.lines().map(|line| {
        let one: serde_json::Value = serde_json::from_str(line).unwrap();
        Input { name: one["name"].as_str().unwrap().into(), text: one["text"].as_str().unwrap().into() }
    });
    let accepted: Vec<(Input, usize)> =
        inputs.filter_map(|input| try_one(&input.text).map(|segments| (input, segments))).collect();
    if let [folder] = rest {
        for (input, _) in &accepted {
            let bundle = convert(input.text.as_bytes(), &options).unwrap().bundle_json();
            std::fs::File::create(format!("{folder}/{}.json", input.name)).unwrap().write_all(&bundle).unwrap();
        }
    }
    let limit = Duration::from_secs_f64(seconds.parse().unwrap());
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < limit && !accepted.is_empty() {
        for (input, _) in &accepted {
            black_box(run(black_box(&input.text), &options));
            count += 1;
        }
    }
    let elapsed = start.elapsed().as_secs_f64();
    let found: serde_json::Map<String, serde_json::Value> =
        accepted.iter().map(|(input, segments)| (input.name.clone(), (*segments).into())).collect();
    let line = serde_json::json!({ "accepted": found, "messages": count, "seconds": elapsed });
    writeln!(std::io::stdout(), "{line}").unwrap();
}
