//! `POST [base]`: a Bundle of events (IHE ITI-20, FHIR feed): batch, transaction or collection.

use std::collections::BTreeSet;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use zorgsluis_audit_writer::reported::Issue;

use super::super::{FhirError, base, outcome};
use super::create::no_parameters;
use super::intake::{Judged, MAX_BODY, Submission, location, read_body};
use crate::Gateway;
use crate::clients::Client;
use crate::disclosure::Caller;

/// Events of a Bundle at most.
const MAX_EVENTS: usize = 500;

/// Issues that the answer to a refused transaction names at most.
const TOLD_ISSUES: usize = 100;

/// What is read of a Bundle. What stands beside the events is about their transport, and is not kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Submitted<'a> {
    resource_type: &'a str,
    r#type: &'a str,
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
    #[serde(default, rename = "id")]
    _id: Option<IgnoredAny>,
    #[serde(default, rename = "meta")]
    _meta: Option<IgnoredAny>,
    #[serde(default, rename = "language")]
    _language: Option<IgnoredAny>,
    #[serde(default, rename = "identifier")]
    _identifier: Option<IgnoredAny>,
    #[serde(default, rename = "timestamp")]
    _timestamp: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry<'a> {
    #[serde(default, rename = "fullUrl")]
    _full_url: Option<IgnoredAny>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request: Option<Asked<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    method: &'a str,
    url: &'a str,
}

/// How the events of a Bundle belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Each for itself.
    Batch,
    /// All or none.
    Transaction,
    /// Each for itself, without requests.
    Collection,
}

pub(super) async fn submit(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, FhirError> {
    let (head, body) = request.into_parts();
    no_parameters(head.uri.query())?;
    let text = read_body(&gateway, &head.headers, body, MAX_BODY, "a Bundle may be 4 MiB at most").await?;
    let submission = Submission::new(&gateway, &client, &caller);
    let (kind, bundle) = match read(&text) {
        Ok(read) => read,
        Err(issue) => {
            let issues = vec![issue];
            submission.tell_refused(0, 0, &issues).await?;
            return Err(FhirError::Refused(issues));
        }
    };
    let mut judged = Vec::with_capacity(bundle.entry.len());
    for (index, entry) in bundle.entry.iter().enumerate() {
        judged.push(judge(&submission, kind, index, entry).await?);
    }
    let refused: Vec<&Vec<Issue>> = judged.iter().filter_map(|judged| judged.as_ref().err()).collect();
    if !refused.is_empty() {
        let count = refused.len();
        let mut issues: Vec<Issue> = refused.into_iter().flatten().cloned().collect();
        submission.tell_refused(count, judged.len(), &issues).await?;
        if kind == Kind::Transaction {
            if issues.len() > TOLD_ISSUES {
                let text = format!("and {} more issues", issues.len() - TOLD_ISSUES);
                issues.truncate(TOLD_ISSUES);
                issues.push(Issue { code: "processing", expression: String::from("Bundle.entry"), text });
            }
            return Err(FhirError::Refused(issues));
        }
    }
    let answers = take(&submission, judged, &base(&head.headers)).await?;
    let kind = if kind == Kind::Transaction { "transaction-response" } else { "batch-response" };
    let mut answer = json!({ "resourceType": "Bundle", "type": kind });
    if let (Some(answer), false) = (answer.as_object_mut(), answers.is_empty()) {
        answer.insert(String::from("entry"), Value::Array(answers));
    }
    let bytes = serde_json::to_vec(&answer).map_err(|_| FhirError::Answer)?;
    Ok(super::super::json(StatusCode::OK, bytes))
}

/// Records what passed, each once, all in one call; and answers for each.
async fn take(submission: &Submission<'_>, judged: Vec<Judged>, base: &str) -> Result<Vec<Value>, FhirError> {
    let ids: Vec<_> = judged.iter().filter_map(|judged| Some(judged.as_ref().ok()?.id)).collect();
    let mut known: BTreeSet<_> = submission
        .known(&ids)
        .await?
        .into_iter()
        .zip(ids)
        .filter_map(|(known, id)| known.then_some(id))
        .collect();
    let mut new = Vec::with_capacity(judged.len());
    let answers = judged
        .into_iter()
        .map(|judged| match judged {
            Ok(entry) => {
                let id = entry.id;
                let is_new = known.insert(id);
                if is_new {
                    new.push(entry);
                }
                let status = if is_new { "201 Created" } else { "200 OK" };
                json!({ "response": { "status": status, "location": location(base, id) } })
            }
            Err(issues) => {
                let status = outcome::refusal_status(&issues);
                json!({ "response": { "status": status.as_str(), "outcome": outcome::refusal(&issues) } })
            }
        })
        .collect();
    if !new.is_empty() {
        submission.record(&new).await?;
    }
    Ok(answers)
}

/// Judges an event of the Bundle. The places of issues are those in the Bundle.
async fn judge(
    submission: &Submission<'_>,
    kind: Kind,
    index: usize,
    entry: &Entry<'_>,
) -> Result<Judged, FhirError> {
    let at = format!("Bundle.entry[{index}]");
    let issue = |code, expression: String, text: &str| {
        Ok(Err(vec![Issue { code, expression, text: text.to_owned() }]))
    };
    match &entry.request {
        Some(asked) if asked.method != "POST" || asked.url != super::AUDIT_EVENT => {
            let text = "events are created: method POST, url AuditEvent";
            return issue("not-supported", format!("{at}.request"), text);
        }
        None if kind != Kind::Collection => return issue("required", format!("{at}.request"), "is missing"),
        _ => {}
    }
    let Some(resource) = entry.resource else {
        return issue("required", format!("{at}.resource"), "is missing");
    };
    let judged = submission.judge(resource.get()).await?;
    Ok(judged.map_err(|issues| {
        let placed = |mut issue: Issue| {
            let below = issue.expression.strip_prefix(super::AUDIT_EVENT).unwrap_or_default().to_owned();
            issue.expression = format!("{at}.resource{below}");
            issue
        };
        issues.into_iter().map(placed).collect()
    }))
}

fn read(text: &str) -> Result<(Kind, Submitted<'_>), Issue> {
    let issue = |code, expression: &str, text: &str| Issue {
        code,
        expression: expression.to_owned(),
        text: text.to_owned(),
    };
    let Ok(bundle) = serde_json::from_str::<Submitted<'_>>(text) else {
        let text = "not a Bundle in JSON, or one with elements that are not taken: type and entry are, of an entry \
                    fullUrl, resource and request (method, url)";
        return Err(issue("structure", "Bundle", text));
    };
    if bundle.resource_type != "Bundle" {
        return Err(issue("invalid", "Bundle", "not a Bundle"));
    }
    let kind = match bundle.r#type {
        "batch" => Kind::Batch,
        "transaction" => Kind::Transaction,
        "collection" => Kind::Collection,
        _ => return Err(issue("not-supported", "Bundle.type", "not one of batch, transaction, collection")),
    };
    if bundle.entry.len() > MAX_EVENTS {
        return Err(issue("too-long", "Bundle.entry", "a Bundle may hold 500 events at most"));
    }
    Ok((kind, bundle))
}
