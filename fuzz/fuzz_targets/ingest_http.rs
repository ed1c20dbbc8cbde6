//! `POST /hl7`: an event of API Gateway (JSON), or a content type in the first line and a body behind it. Every
//! answer has a status of the API; who is told "accepted" finds the bytes stored and queued, in that order, once
//! however often they come; and queue, journal and audit log hold no value of the message.
#![no_main]

#[path = "../../crates/ingest/tests/it/doubles.rs"]
#[allow(dead_code, reason = "made for the tests of the crate")]
mod doubles;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use doubles::Doubles;
use hl7v2::ack::Acknowledgement;
use hl7v2::{Message, batch};
use libfuzzer_sys::fuzz_target;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::Transport;
use zorgsluis_ingest::http::{HttpAnswer, MEDIA_TYPE};
use zorgsluis_ingest::{Ingest, ProfileRules, Settings, Source, lambda};

const STATUSES: [u16; 9] = [202, 400, 401, 404, 405, 413, 415, 429, 503];
const MARKER: &str = "Zq7Wx";

static PROFILES: LazyLock<Profiles> = LazyLock::new(|| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/profiles");
    Profiles::load(&folder).expect("the profiles of the examples")
});

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        if bytes.starts_with(b"{") {
            event(bytes).await;
            return;
        }
        let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let (content_type, body) = bytes.split_at(line);
        let body = body.get(1..).unwrap_or_default();
        posted(core::str::from_utf8(content_type).ok(), body).await;
        // The fuzzer need not find out what the content type must be.
        posted(Some(MEDIA_TYPE), body).await;
        hidden(body).await;
    });
});

fn ingest(doubles: &Doubles) -> Ingest {
    let settings = Settings { batch_limit: 8, ..Settings::default() };
    Ingest::new(doubles.ports(), Arc::new(ProfileRules::new(PROFILES.clone())), settings)
}

/// An event as the function gets it, of either kind of API.
async fn event(bytes: &[u8]) {
    let doubles = Doubles::new();
    if let Ok(request) = serde_json::from_slice(bytes) {
        let response = lambda::handle(&ingest(&doubles), request, None).await;
        assert!(STATUSES.map(i64::from).contains(&response.status_code));
        assert!(serde_json::to_vec(&response).is_ok(), "fit to be sent to the runtime");
        let stored = !doubles.state().payloads.is_empty();
        // Of a batch, some may be stored and one refused.
        assert!(if stored { matches!(response.status_code, 202 | 400) } else { response.status_code != 202 });
    }
    let doubles = Doubles::new();
    if let Ok(request) = serde_json::from_slice(bytes) {
        let response = lambda::handle_rest(&ingest(&doubles), request, None).await;
        assert!(STATUSES.map(i64::from).contains(&response.status_code));
        assert!(serde_json::to_vec(&response).is_ok(), "fit to be sent to the runtime");
    }
}

async fn posted(content_type: Option<&str>, body: &[u8]) {
    let (doubles, source) = (Doubles::new(), Source::new(Transport::Http, Some("192.0.2.1".into())));
    let ingest = ingest(&doubles);
    let answer = ingest.post(content_type, body, &source).await;
    check(&answer);
    let stored = doubles.state().payloads.len();
    assert_eq!(doubles.state().queue.len(), stored, "what is stored is queued");
    assert!(answer.status != 202 || stored > 0, "what is acknowledged is stored");
    assert!(matches!(answer.status, 202 | 400) || stored == 0);
    let several = batch::messages(body).count();
    assert!(stored <= several);
    {
        let state = doubles.state();
        for (_, _, kept) in state.payloads.values() {
            assert!(
                !kept.is_empty() && body.windows(kept.len()).any(|part| part == kept),
                "stored as it came"
            );
        }
        let order = state.book.iter().filter(|step| matches!(**step, "payload.put" | "queue.send"));
        let mut puts = 0_i32;
        for step in order {
            puts += if *step == "payload.put" { 1 } else { -1 };
            assert!(puts >= 0, "durable first, queued after");
        }
    }
    let before: BTreeSet<_> = doubles.state().payloads.keys().copied().collect();
    let again = ingest.post(content_type, body, &source).await;
    assert_eq!(again.status, answer.status, "a sender that repeats the whole is always right");
    assert_eq!(doubles.state().payloads.keys().copied().collect::<BTreeSet<_>>(), before);
    assert_eq!(doubles.state().queue.len(), before.len(), "nothing is done a second time");
}

fn check(answer: &HttpAnswer) {
    assert!(STATUSES.contains(&answer.status));
    assert_eq!(answer.retry_after.is_some(), matches!(answer.status, 429 | 503));
    assert_eq!(answer.content_type == MEDIA_TYPE, matches!(answer.status, 202 | 400));
    if let Some(refusal) = &answer.refusal {
        assert!(refusal.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "fit for a header");
    }
    if answer.content_type == MEDIA_TYPE {
        for entry in batch::messages(&answer.body) {
            let read = Acknowledgement::parse(entry.bytes).expect("an acknowledgement can be read");
            assert!(read.code.is_accepted() || answer.status == 400);
        }
    }
}

/// The name of the patient is in nothing that is kept beside the message.
async fn hidden(body: &[u8]) {
    let Ok(message) = Message::parse(body) else { return };
    let Some(name) = message.segment("PID").map(|pid| pid.field(5).value()) else { return };
    if name.is_empty() || body.windows(MARKER.len()).any(|part| part == MARKER.as_bytes()) {
        return;
    }
    let start = name.offset() as usize;
    let changed = [&body[..start], MARKER.as_bytes(), &body[start + name.raw().len()..]].concat();
    let doubles = Doubles::new();
    let answer = ingest(&doubles).post(Some(MEDIA_TYPE), &changed, &Source::new(Transport::Http, None)).await;
    let state = doubles.state();
    let kept =
        format!("{:?}{:?}{:?}{:?}{:?}", state.queue, state.journal, state.audit, state.notes, answer.refusal);
    assert!(!kept.contains(MARKER), "a value stands beside the message");
    assert!(
        !answer.body.windows(MARKER.len()).any(|part| part == MARKER.as_bytes()),
        "a value in the answer"
    );
}
