//! What the store answers: Bundles, resources, outcomes. Resources stay the bytes that came.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use zorgsluis_domain::port::{ResourceKey, StoredResource};
use zorgsluis_domain::{Phi, PortError};

#[derive(Deserialize)]
pub(super) struct Bundle<'a> {
    #[serde(default, borrow)]
    pub(super) entry: Vec<Entry<'a>>,
    #[serde(default)]
    link: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    relation: String,
    url: String,
}

#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) resource: Option<&'a RawValue>,
    search: Option<Search>,
    pub(super) response: Option<Response>,
}

#[derive(Deserialize)]
struct Search {
    mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    #[serde(default)]
    status: String,
    etag: Option<String>,
    location: Option<String>,
    last_modified: Option<Timestamp>,
}

impl Response {
    /// `201` of `201 Created`.
    pub(super) fn status(&self) -> Option<u16> {
        self.status.split(' ').next()?.parse().ok()
    }

    /// The version that it tells.
    pub(super) fn version(&self) -> Option<u64> {
        let located = || self.location.as_deref()?.rsplit_once("/_history/")?.1.parse().ok();
        self.etag.as_deref().and_then(etag).or_else(located)
    }
}

/// The version that an ETag tells: `W/"3"`, `"3"` or `3`.
pub(super) fn etag(text: &str) -> Option<u64> {
    text.strip_prefix("W/").unwrap_or(text).trim_matches('"').parse().ok()
}

fn damaged(operation: &'static str, reason: &str) -> PortError {
    PortError::Damaged { operation, reason: reason.to_owned() }
}

impl<'a> Bundle<'a> {
    pub(super) fn parse(operation: &'static str, body: &'a [u8]) -> Result<Self, PortError> {
        serde_json::from_slice(body).map_err(|_| damaged(operation, "the answer is no Bundle"))
    }

    /// The query of the next page's link, when there is a next page.
    pub(super) fn next(&self) -> Option<&str> {
        let next = self.link.iter().find(|link| link.relation == "next")?;
        next.url.split_once('?').map(|(_, query)| query)
    }
}

impl Entry<'_> {
    /// Whether it is a resource that was looked for, and not a remark.
    pub(super) fn is_match(&self) -> bool {
        let mode = self.search.as_ref().and_then(|search| search.mode.as_deref());
        mode.is_none_or(|mode| mode == "match")
    }

    /// A version of a history: a resource, or its deletion.
    pub(super) fn version(
        &self,
        operation: &'static str,
        key: &ResourceKey,
    ) -> Result<StoredResource, PortError> {
        if let Some(resource) = self.resource {
            return stored(operation, Some(key), resource.get().as_bytes());
        }
        let response = self.response.as_ref();
        let version = response.and_then(Response::version);
        let version = version.ok_or_else(|| damaged(operation, "a deletion without its version"))?;
        Ok(deletion(key, version, response.and_then(|response| response.last_modified)))
    }
}

/// A version that is a deletion.
pub(super) fn deletion(key: &ResourceKey, version: u64, at: Option<Timestamp>) -> StoredResource {
    StoredResource {
        key: key.clone(),
        version,
        last_updated: at.unwrap_or(Timestamp::UNIX_EPOCH),
        deleted: true,
        json: Phi::new(Vec::new()),
        reading: None,
    }
}

/// A resource as the store gave it; when it must be that of a key, it is checked to be.
pub(super) fn stored(
    operation: &'static str,
    key: Option<&ResourceKey>,
    json: &[u8],
) -> Result<StoredResource, PortError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        resource_type: String,
        id: String,
        meta: Meta,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        version_id: String,
        last_updated: Timestamp,
    }
    let head: Head = serde_json::from_slice(json)
        .map_err(|_| damaged(operation, "a resource without type, id, version or time"))?;
    let found = ResourceKey::new(head.resource_type, head.id);
    if key.is_some_and(|key| *key != found) {
        return Err(damaged(operation, "another resource than that which was asked for"));
    }
    let version = head.meta.version_id.parse();
    let version = version.map_err(|_| damaged(operation, "meta.versionId is no number"))?;
    let json = Phi::new(json.to_vec());
    let last_updated = head.meta.last_updated;
    Ok(StoredResource { key: found, version, last_updated, deleted: false, json, reading: None })
}

/// What an OperationOutcome says that holds no value: the code of its first error and the place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    code: String,
    place: Option<String>,
}

impl Outcome {
    /// `None` when it is no OperationOutcome.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Outcomes {
            #[serde(rename = "resourceType")]
            resource_type: String,
            #[serde(default)]
            issue: Vec<Issue>,
        }
        #[derive(Deserialize)]
        struct Issue {
            #[serde(default)]
            severity: String,
            #[serde(default)]
            code: String,
            #[serde(default)]
            expression: Vec<String>,
        }
        let outcome: Outcomes = serde_json::from_slice(body).ok()?;
        if outcome.resource_type != "OperationOutcome" {
            return None;
        }
        let error = |issue: &&Issue| matches!(issue.severity.as_str(), "error" | "fatal");
        let issue = outcome.issue.iter().find(error).or(outcome.issue.first());
        let code = issue.map(|issue| issue.code.as_str()).filter(|code| CODES.contains(code));
        let place = issue.and_then(|issue| issue.expression.first()).filter(|place| is_place(place));
        Some(Self { code: code.unwrap_or("unknown").to_owned(), place: place.cloned() })
    }

    /// In words that are safe to log.
    pub(super) fn reason(&self) -> String {
        match &self.place {
            Some(place) => format!("{} at {place}", self.code),
            None => self.code.clone(),
        }
    }
}

/// The codes of issues (FHIR R4, IssueType): no other word of the store is passed on.
const CODES: [&str; 31] = [
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
];

/// Whether it is a path of elements and nothing else: `Bundle.entry[3].resource.birthDate`.
fn is_place(text: &str) -> bool {
    let element = |part: &str| {
        let name = part.trim_end_matches(|last: char| last.is_ascii_digit() || matches!(last, '[' | ']'));
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    text.len() <= 120 && text.starts_with("Bundle.entry[") && text.split('.').all(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_a_response_says() {
        for (etag, location, version) in [
            (Some(r#"W/"3""#), None, Some(3)),
            (Some("4"), None, Some(4)),
            (None, Some("https://x/r4/Patient/p/_history/5"), Some(5)),
            (Some("W/\"x\""), None, None),
            (None, None, None),
        ] {
            let response = Response {
                status: String::from("200 OK"),
                etag: etag.map(str::to_owned),
                location: location.map(str::to_owned),
                last_modified: None,
            };
            assert_eq!((response.status(), response.version()), (Some(200), version));
        }
    }

    #[test]
    fn no_value_gets_out_of_an_outcome() {
        let outcome = |code: &str, place: &str| {
            let json = format!(
                r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"{code}","diagnostics":"Jansen","expression":["{place}"]}}]}}"#
            );
            Outcome::parse(json.as_bytes()).unwrap().reason()
        };
        assert_eq!(
            outcome("invalid", "Bundle.entry[3].resource.birthDate"),
            "invalid at Bundle.entry[3].resource.birthDate"
        );
        assert_eq!(outcome("Jansen", "999911120"), "unknown");
        assert_eq!(outcome("value", "Bundle.entry[0].resource.where(family='Jansen')"), "value");
        assert_eq!(Outcome::parse(b"{}"), None);
        assert_eq!(Outcome::parse(b"<html>"), None);
    }
}
