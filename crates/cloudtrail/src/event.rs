//! Events: what of a record of CloudTrail is kept.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A call that was made. Holds ids only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// CloudTrail's own id, by which it is known when it comes twice.
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    /// The name of the role, or of whoever else called.
    pub(crate) by: String,
    /// It was refused or failed.
    pub(crate) failed: bool,
    pub(crate) what: What,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A raw message, or a note about it, in S3.
    Message(Uuid, Deed),
    /// A note about it was removed.
    NoteRemoved(Uuid),
    /// A resource in HealthLake, where the record names one.
    Resource(Option<String>, Deed),
    /// A Bundle in HealthLake: what stands in it is not told, not even whether it wrote.
    Bundle,
    /// Resources were copied out of HealthLake in bulk.
    Copied,
    /// A mail: SES's id of it, and the notice that its tag names.
    Mail { receipt: Option<String>, notice: Option<Uuid> },
}

/// What was done to one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Written,
    Read,
    Removed,
}

/// How the roles of the functions are called: `<prefix>-<function>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    prefix: String,
}

impl Roles {
    /// Those that begin so: what stands before the names of the deployment, `zorgsluis`.
    #[must_use]
    pub fn of(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The function whose role this is.
    pub(crate) fn function<'n>(&self, name: &'n str) -> Option<&'n str> {
        const FUNCTIONS: [&str; 7] =
            ["audit-writer", "converter", "enricher", "erasure", "ingest", "listener", "notifier"];
        let of = name.strip_prefix(self.prefix.as_str())?.strip_prefix('-')?;
        FUNCTIONS.contains(&of).then_some(of)
    }
}

/// Reads a record; none of what has nothing to do with the stores.
///
/// # Errors
///
/// The name of the field without which a record is none.
pub(crate) fn event(record: &Value) -> Result<Option<Event>, &'static str> {
    let text = |field: &'static str| record.get(field).and_then(Value::as_str).ok_or(field);
    let (source, name) = (text("eventSource")?, text("eventName")?);
    let id = text("eventID")?.to_owned();
    let at: Timestamp = text("eventTime")?.parse().map_err(|_| "eventTime")?;
    let empty = Value::Null;
    let parameters = record.get("requestParameters").unwrap_or(&empty);
    let what = match source {
        "s3.amazonaws.com" => object(name, parameters),
        "healthlake.amazonaws.com" => resource(name, parameters),
        "ses.amazonaws.com" => mail(name, record, parameters),
        _ => None,
    };
    let Some(what) = what else { return Ok(None) };
    let identity = record.get("userIdentity").ok_or("userIdentity")?;
    let failed = record.get("errorCode").is_some_and(|code| !code.is_null());
    Ok(Some(Event { id, at, by: caller(identity), failed, what }))
}

/// The name of the role of a session; else the user, the service, or the kind of identity.
fn caller(identity: &Value) -> String {
    let at = |place: &str| identity.pointer(place).and_then(Value::as_str);
    let of_arn = |place: &str| at(place).and_then(|arn| arn.rsplit('/').next());
    at("/sessionContext/sessionIssuer/userName")
        .or_else(|| of_arn("/sessionContext/sessionIssuer/arn"))
        .or_else(|| at("/userName"))
        .or_else(|| at("/invokedBy"))
        .or_else(|| at("/type"))
        .unwrap_or("(unknown)")
        .to_owned()
}

/// `messages/<id>`, and `notes/<id>/<name>`.
fn object(name: &str, parameters: &Value) -> Option<What> {
    let deed = match name {
        "PutObject" | "CopyObject" | "CompleteMultipartUpload" => Deed::Written,
        "GetObject" | "HeadObject" | "SelectObjectContent" | "GetObjectTorrent" => Deed::Read,
        "DeleteObject" | "DeleteObjects" | "DeleteObjectVersion" => Deed::Removed,
        _ => return None,
    };
    let mut parts = parameters.get("key").and_then(Value::as_str)?.split('/');
    let (kind, id) = (parts.next()?, parts.next()?.parse().ok()?);
    match kind {
        "messages" => Some(What::Message(id, deed)),
        // They are written with the work on a message; who looks at them looks at the message.
        "notes" => match deed {
            Deed::Read => Some(What::Message(id, deed)),
            Deed::Removed => Some(What::NoteRemoved(id)),
            Deed::Written => None,
        },
        _ => None,
    }
}

fn resource(name: &str, parameters: &Value) -> Option<What> {
    let of = |deed| Some(What::Resource(named(parameters), deed));
    match name {
        "CreateResource" | "UpdateResource" | "PatchResource" => of(Deed::Written),
        "DeleteResource" => of(Deed::Removed),
        "ProcessBundle" => Some(What::Bundle),
        "StartFHIRExportJob" | "StartFHIRExportJobWithPost" | "StartFHIRExportJobWithGet" => {
            Some(What::Copied)
        }
        "StartFHIRImportJob" | "StartFHIRImportJobWithPost" => Some(What::Resource(None, Deed::Written)),
        name if name.starts_with("Read")
            || name.starts_with("VersionRead")
            || name.starts_with("Search")
            || name.starts_with("GetHistory") =>
        {
            of(Deed::Read)
        }
        _ => None,
    }
}

/// The resource that request parameters name. How HealthLake calls the fields is not published: two that go together,
/// a type and an id, or a path that ends in both.
fn named(parameters: &Value) -> Option<String> {
    let fields = parameters.as_object()?;
    let field = |wanted: &[&str]| {
        let of = |(name, value): (&String, &Value)| {
            wanted
                .iter()
                .any(|one| one.eq_ignore_ascii_case(name))
                .then(|| value.as_str().map(str::to_owned))?
        };
        fields.iter().find_map(of)
    };
    if let (Some(kind), Some(id)) = (field(&["resourceType", "type"]), field(&["resourceId", "id"]))
        && is_type(&kind)
        && id.parse::<Uuid>().is_ok()
    {
        return Some(format!("{kind}/{id}"));
    }
    fields.values().filter_map(Value::as_str).find_map(|text| {
        let parts: Vec<&str> = text.split(['/', '?']).collect();
        parts.windows(2).find_map(|pair| match pair {
            [kind, id] if is_type(kind) && id.parse::<Uuid>().is_ok() => Some(format!("{kind}/{id}")),
            _ => None,
        })
    })
}

fn is_type(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn mail(name: &str, record: &Value, parameters: &Value) -> Option<What> {
    let sends =
        ["SendEmail", "SendRawEmail", "SendBulkEmail", "SendTemplatedEmail", "SendBulkTemplatedEmail"];
    if !sends.contains(&name) {
        return None;
    }
    let places = ["/responseElements/messageId", "/additionalEventData/sesMessageId"];
    let receipt = places.iter().find_map(|place| record.pointer(place).and_then(Value::as_str));
    let tags = ["emailTags", "tags"].iter().filter_map(|field| parameters.get(*field)?.as_array()).flatten();
    let notice = tags
        .filter(|tag| tag.get("name").and_then(Value::as_str) == Some("notice"))
        .find_map(|tag| tag.get("value")?.as_str()?.parse().ok());
    Some(What::Mail { receipt: receipt.map(str::to_owned), notice })
}
