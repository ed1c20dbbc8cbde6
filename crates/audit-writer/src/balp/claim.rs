//! Which profiles an AuditEvent claims in `meta.profile`.

use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Action, ObjectRole};

use super::kind::Kind;
use super::{agent, own, succeeded};

/// The canonical base of the profiles of IHE ITI BALP 1.1.
const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit";

/// The profiles that an entry's AuditEvent claims, and if none of them is of IHE BALP, why not.
///
/// Nothing is made up to fit a pattern: what an entry does not know, its event does not claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Canonical URLs, the most specific first. The last is always our own `audit-entry`, which holds the fields
    /// of NEN 7513 that every entry has.
    pub profiles: Vec<String>,
    /// Why no pattern of IHE BALP is claimed.
    pub not_balp: Option<NotBalp>,
}

/// Why an event claims no pattern of IHE BALP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotBalp {
    /// BALP has no pattern for this kind of event.
    NoPattern,
    /// It did not succeed: the REST patterns fix `outcome` to 0, and what failed to go out was not disclosed.
    Failed,
    /// The network address of the client, sender or recipient is not known (`agent.network` 1..1).
    NoAddress,
    /// More than one further user asked for it (slice `user` 0..1).
    SeveralUsers,
    /// Nothing is named that the slice `data` or `query` could hold (1..1), or a disclosure names no data.
    NoData,
    /// A disclosure of data about nobody in particular (slice `patient` 1..1).
    NoPatient,
    /// The action is not the one that the pattern fixes.
    OtherAction,
    /// Another system reported it, and its event is given back as it was submitted.
    Reported,
}

impl Claim {
    pub(super) fn of(entry: &AuditEntry, kind: Kind) -> Self {
        let (first, not_balp) = match balp(entry, kind) {
            Ok(name) => (Some(format!("{BALP}.{name}")), None),
            Err(why) => (own_profile(kind).map(own), Some(why)),
        };
        Self { profiles: first.into_iter().chain([own("audit-entry")]).collect(), not_balp }
    }

    pub(super) const fn reported() -> Self {
        Self { profiles: Vec::new(), not_balp: Some(NotBalp::Reported) }
    }
}

/// Our own profile for a kind that BALP has none for.
const fn own_profile(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Denial => Some("audit-denial"),
        Kind::Refusal => Some("audit-refusal"),
        Kind::BreakGlass => Some("audit-break-glass"),
        Kind::DirectAccess => Some("audit-direct-access"),
        Kind::Erasure => Some("audit-erasure"),
        Kind::Export => Some("audit-export"),
        Kind::Print => Some("audit-print"),
        Kind::LogIn | Kind::LogOut => Some("audit-session"),
        Kind::LogRead | Kind::LogVerify => Some("audit-log-use"),
        _ => None,
    }
}

/// The pattern of BALP that the entry has everything for.
fn balp(entry: &AuditEntry, kind: Kind) -> Result<String, NotBalp> {
    let patient = if entry.patient.is_some() { "Patient" } else { "" };
    let (name, action) = match kind {
        Kind::Create => ("Create", Action::Create),
        // BALP knows no other pattern for a history, and its slices of `subtype` are open.
        Kind::Read | Kind::History => ("Read", Action::Read),
        Kind::Update => ("Update", Action::Update),
        Kind::Delete => ("Delete", Action::Delete),
        Kind::Search => ("Query", Action::Execute),
        Kind::Import => return disclosure(entry, Action::Create, "Recipient"),
        Kind::Disclosure => return disclosure(entry, Action::Read, "Source"),
        Kind::ConsentDenial => return Ok(String::from("AuthZconsent")),
        _ => return Err(NotBalp::NoPattern),
    };
    if entry.event.action != action {
        return Err(NotBalp::OtherAction);
    }
    if !succeeded(entry) {
        return Err(NotBalp::Failed);
    }
    if !agent::both_on_a_network(entry) {
        return Err(NotBalp::NoAddress);
    }
    if !agent::at_most_one_further_user(entry) {
        return Err(NotBalp::SeveralUsers);
    }
    let wanted = if kind == Kind::Search { one_query(entry) } else { has_data(entry) };
    if wanted { Ok(format!("{patient}{name}")) } else { Err(NotBalp::NoData) }
}

fn disclosure(entry: &AuditEntry, action: Action, side: &str) -> Result<String, NotBalp> {
    if entry.event.action != action {
        return Err(NotBalp::OtherAction);
    }
    // What did not go out was not disclosed.
    if !succeeded(entry) {
        return Err(NotBalp::Failed);
    }
    if entry.patient.is_none() {
        return Err(NotBalp::NoPatient);
    }
    if entry.objects.is_empty() {
        return Err(NotBalp::NoData);
    }
    if !agent::both_on_a_network(entry) {
        return Err(NotBalp::NoAddress);
    }
    Ok(format!("PrivacyDisclosure.{side}"))
}

/// The slice `data` of the REST patterns is the first resource; further ones stand beside it under their type.
fn has_data(entry: &AuditEntry) -> bool {
    entry.objects.iter().any(|object| object.role == ObjectRole::Resource)
}

/// The slice `query`: exactly one, with the raw query.
fn one_query(entry: &AuditEntry) -> bool {
    let mut queries = entry.objects.iter().filter(|object| object.role == ObjectRole::Query);
    let raw = queries.next().and_then(|object| object.query.as_deref());
    raw.is_some_and(|query| !query.is_empty()) && queries.next().is_none()
}
