//! The comparison itself.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use zorgsluis_domain::reconciliation::{Area, Found, Tally};
use zorgsluis_domain::{AuditEntry, EntryId, MessageId};

use crate::event::{Deed, Event, Roles, What};
use crate::facts::{Facts, Logged};
use crate::telling::{Telling, after, any_within, before, found, shown};

/// How late files may come: AWS names about five minutes on average, and promises none.
const LATE: SignedDuration = SignedDuration::from_mins(15);
/// How much a clock may be off.
const OFF: SignedDuration = SignedDuration::from_mins(2);
/// How long an entry may wait for its write: a message that failed comes again.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// How far from a reading of a person its entry may be.
const NEAR: SignedDuration = SignedDuration::from_mins(10);
/// How long before what was done directly, or by an erasure, its entry may stand.
const WORK: SignedDuration = SignedDuration::from_hours(24);

/// What CloudTrail wrote down, compared with what the log says. Give it all events and entries, then compare.
///
/// Memory grows with them: some hundred bytes for each.
#[derive(Debug)]
pub struct Comparison {
    roles: Roles,
    facts: Facts,
    events: Vec<Event>,
    seen: HashSet<String>,
    twice: u64,
    /// The register of notices: what SES called the mail.
    receipts: HashMap<String, Uuid>,
    /// Nothing outside of it is looked at.
    period: (Timestamp, Timestamp),
}

impl Comparison {
    /// Of a deployment whose functions have these roles.
    #[must_use]
    pub fn new(roles: Roles) -> Self {
        Self {
            roles,
            facts: Facts::default(),
            events: Vec::new(),
            seen: HashSet::new(),
            twice: 0,
            receipts: HashMap::new(),
            period: (Timestamp::MIN, Timestamp::MAX),
        }
    }

    /// Only what was done from `from` to before `to`.
    #[must_use]
    pub const fn within(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.period = (from, to);
        self
    }

    /// Takes the events of a file. One that came before, in this file or another, counts once.
    pub fn events(&mut self, events: Vec<Event>) {
        for event in events {
            if self.seen.insert(event.id.clone()) {
                self.events.push(event);
            } else {
                self.twice += 1;
            }
        }
    }

    /// Takes an entry of the log; one that was erased says nothing more.
    pub fn entry(&mut self, id: EntryId, entry: &AuditEntry) {
        self.facts.take(id, entry);
    }

    /// Takes a line of the register of notices: under which id SES took the mail.
    pub fn notice(&mut self, notice: Uuid, receipt: &str) {
        self.receipts.insert(receipt.to_owned(), notice);
    }

    /// Compares, and tells what it finds: of what CloudTrail wrote down first, in the order of time, then of what only
    /// the log says.
    pub fn compare(mut self, mut tell: impl FnMut(Found)) -> Tally {
        self.events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let mut telling = Telling { tell: &mut tell, tally: Tally::default() };
        let mut mailed = BTreeSet::new();
        let (from, to) = self.period;
        for event in &self.events {
            if (from..to).contains(&event.at) {
                self.event(event, &mut mailed, &mut telling);
            } else if matches!(event.what, What::Mail { .. }) {
                // Its entry may stand within.
                let mut silent = Telling { tell: &mut |_| {}, tally: Tally::default() };
                self.event(event, &mut mailed, &mut silent);
            }
        }
        self.entries(&mailed, &mut telling);
        if self.twice > 0 {
            let at = format!("{} delivered more than once, and counted once", self.twice);
            let apart =
                Found { time: None, ..found(Area::Log, "delivered-twice", false, at, Timestamp::MIN) };
            telling.tell(apart);
        }
        telling.tally
    }

    /// Whether the log does not reach as far as this event yet: its entry may be on its way.
    fn is_ahead(&self, event: &Event) -> bool {
        self.facts.end.is_some_and(|end| event.at > end)
    }

    fn event(&self, event: &Event, mailed: &mut BTreeSet<Uuid>, telling: &mut Telling<'_>) {
        let function = self.roles.function(&event.by);
        match &event.what {
            What::Message(id, deed) => self.message(event, *id, *deed, function, telling),
            // Notes go with the work on a message, too.
            What::NoteRemoved(_) if function.is_some_and(|by| by != "erasure") => {}
            What::NoteRemoved(id) => self.message(event, *id, Deed::Removed, function, telling),
            What::Resource(resource, deed) => {
                self.resource(event, resource.as_deref(), *deed, function, telling)
            }
            // What a function writes with it is compared the other way round: each entry that announced a write.
            What::Bundle if function.is_some() || event.failed => {}
            What::Bundle => {
                self.expect_direct(event, Area::Writes, "write-without-entry", "a Bundle", telling)
            }
            What::Copied => {
                let mut logged = self.facts.exported.iter().chain(&self.facts.direct);
                let near = |at: &Timestamp| (before(event.at, WORK)..=after(event.at, NEAR)).contains(at);
                let matched = event.failed || logged.any(near);
                self.told(
                    event,
                    Area::Reads,
                    "read-without-entry",
                    "all resources, copied out",
                    matched,
                    telling,
                );
            }
            What::Mail { receipt, notice } => {
                if event.failed {
                    return;
                }
                let known = receipt.as_ref().and_then(|receipt| self.receipts.get(receipt).copied());
                // Where neither an id nor a notice is told, a disclosure of the last minutes that no other mail belongs to.
                let recent = || {
                    let near = |at: Timestamp| (before(event.at, LATE)..=after(event.at, OFF)).contains(&at);
                    let mut disclosed = self.facts.disclosed.iter();
                    disclosed.find(|(id, (at, _))| near(*at) && !mailed.contains(*id)).map(|(id, _)| *id)
                };
                let untold = receipt.is_none() && function == Some("notifier");
                let of = notice.or(known).or_else(|| untold.then(recent).flatten());
                let matched = of.is_some_and(|notice| self.facts.disclosed.contains_key(&notice));
                let at = of.map_or_else(|| String::from("a mail"), |notice| format!("notice {notice}"));
                mailed.extend(of);
                self.told(event, Area::Mails, "mail-without-entry", &at, matched, telling);
            }
        }
    }

    fn message(
        &self,
        event: &Event,
        id: Uuid,
        deed: Deed,
        function: Option<&str>,
        telling: &mut Telling<'_>,
    ) {
        let logged = self.facts.messages.get(&id).map_or(&[][..], Vec::as_slice);
        let at = format!("message {id}");
        match deed {
            // A function that reads works on the message; what it does with it is logged as that.
            Deed::Read if function.is_some() || event.failed => {}
            Deed::Read => {
                let direct = self.direct_near(event.at);
                let matched = direct || any_within(logged, before(event.at, NEAR), after(event.at, NEAR));
                self.told(event, Area::Reads, "read-without-entry", &at, matched, telling);
            }
            // It stood there: the message came again.
            Deed::Written if event.failed => {}
            Deed::Written if function == Some("erasure") => {
                self.told(
                    event,
                    Area::Messages,
                    "erasure-without-entry",
                    &at,
                    self.erased_by(event.at),
                    telling,
                );
            }
            Deed::Written => {
                if logged.is_empty() && function.is_some() && self.is_young(event.at) {
                    telling.tell(found(Area::Messages, "waiting", false, at, event.at));
                } else {
                    // Nobody but a function has a reason to put one there, whatever was logged of it before.
                    let matched =
                        if function.is_some() { !logged.is_empty() } else { self.direct_near(event.at) };
                    self.told(event, Area::Messages, "message-without-entry", &at, matched, telling);
                }
            }
            Deed::Removed if event.failed => {}
            Deed::Removed => {
                let matched = function == Some("erasure") && self.erased_by(event.at);
                self.told(event, Area::Messages, "erasure-without-entry", &at, matched, telling);
            }
        }
    }

    fn resource(
        &self,
        event: &Event,
        resource: Option<&str>,
        deed: Deed,
        function: Option<&str>,
        telling: &mut Telling<'_>,
    ) {
        let logged = resource.and_then(|name| self.facts.resources.get(name)).map_or(&[][..], Vec::as_slice);
        let place = resource.unwrap_or("a resource that the event does not name");
        match (deed, function) {
            _ if event.failed => {}
            (Deed::Read, Some(_)) => {}
            (Deed::Read, None) if resource.is_none() => {
                self.expect_direct(event, Area::Reads, "read-without-entry", "a search, or a read", telling);
            }
            (Deed::Read, None) => {
                let direct = self.direct_near(event.at);
                let matched = direct || any_within(logged, before(event.at, NEAR), after(event.at, NEAR));
                self.told(event, Area::Reads, "read-without-entry", place, matched, telling);
            }
            (Deed::Removed, Some("erasure")) => {
                let matched = self.erased_by(event.at);
                self.told(event, Area::Writes, "erasure-without-entry", place, matched, telling);
            }
            // A function whose write is not named is compared the other way round.
            (Deed::Written | Deed::Removed, Some(_)) if resource.is_none() => {}
            // What the log says of it explains what a function did with it, and nobody else.
            (Deed::Written | Deed::Removed, by) => {
                let announced = by.is_some() && any_within(logged, Timestamp::MIN, after(event.at, OFF));
                let matched = announced || self.direct_near(event.at);
                self.told(event, Area::Writes, "write-without-entry", place, matched, telling);
            }
        }
    }

    fn expect_direct(
        &self,
        event: &Event,
        area: Area,
        kind: &'static str,
        place: &str,
        telling: &mut Telling<'_>,
    ) {
        if !event.failed {
            self.told(event, area, kind, place, self.direct_near(event.at), telling);
        }
    }

    /// Counts an event, and tells of it when it has no entry.
    fn told(
        &self,
        event: &Event,
        area: Area,
        kind: &'static str,
        place: &str,
        matched: bool,
        telling: &mut Telling<'_>,
    ) {
        if !matched && self.is_ahead(event) {
            telling.tell(found(
                area,
                "under-way",
                false,
                format!("{place}, by {}", shown(&event.by)),
                event.at,
            ));
            return;
        }
        telling.expect(area, matched);
        if !matched {
            telling.tell(found(area, kind, true, format!("{place}, by {}", shown(&event.by)), event.at));
        }
    }

    /// Whether somebody recorded that they work on the stores directly, shortly before.
    fn direct_near(&self, at: Timestamp) -> bool {
        self.facts.direct.iter().any(|logged| (before(at, WORK)..=after(at, NEAR)).contains(logged))
    }

    /// Whether an erasure was recorded shortly before.
    fn erased_by(&self, at: Timestamp) -> bool {
        self.facts.erased.iter().any(|logged| (before(at, WORK)..=after(at, OFF)).contains(logged))
    }

    /// Whether it happened so lately that its entry, or its event, may still come.
    fn is_young(&self, at: Timestamp) -> bool {
        self.events.last().is_none_or(|last| at > before(last.at, LATE))
    }

    /// What the log says was done, and no event tells of.
    fn entries(&self, mailed: &BTreeSet<Uuid>, telling: &mut Telling<'_>) {
        let (from, to) = self.period;
        let within = |(at, _): &Logged| (from..to).contains(at);
        let mut bundles: HashMap<&str, Vec<Timestamp>> = HashMap::new();
        let mut put = HashSet::new();
        for event in &self.events {
            match (&event.what, self.roles.function(&event.by)) {
                (What::Bundle, Some(function)) if !event.failed => {
                    bundles.entry(function).or_default().push(event.at);
                }
                (What::Resource(_, Deed::Written | Deed::Removed), Some(function)) if !event.failed => {
                    bundles.entry(function).or_default().push(event.at);
                }
                (What::Message(id, Deed::Written), _) => {
                    put.insert(*id);
                }
                _ => {}
            }
        }
        let mut announced: Vec<_> = self.facts.announced.iter().filter(|one| within(&one.logged)).collect();
        announced.sort_by_key(|one| one.logged.0);
        for one in announced {
            let (at, entry) = one.logged;
            let span = before(at, OFF)..=after(at, PATIENCE);
            let written =
                bundles.get(one.function).is_some_and(|times| times.iter().any(|time| span.contains(time)));
            let place = format!("what the {} announced", one.function);
            let lacking = Found {
                message: one.message,
                entry: Some(entry),
                ..found(Area::Writes, "entry-without-event", true, place, at)
            };
            self.lacking(lacking, written, telling);
        }
        for (message, logged) in self.facts.imported.iter().filter(|(_, logged)| within(logged)) {
            let lacking = Found {
                message: Some(MessageId(*message)),
                entry: Some(logged.1),
                ..found(Area::Messages, "entry-without-event", true, format!("message {message}"), logged.0)
            };
            // One that came before the period was put before it.
            if !put.contains(message) && logged.0 > after(from, PATIENCE) {
                self.lacking(lacking, false, telling);
            }
        }
        for (notice, logged) in self.facts.disclosed.iter().filter(|(_, logged)| within(logged)) {
            if !mailed.contains(notice) {
                let place = format!("notice {notice}");
                let lacking = found(Area::Mails, "entry-without-mail", true, place, logged.0);
                self.lacking(Found { entry: Some(logged.1), ..lacking }, false, telling);
            }
        }
    }

    /// Counts what an entry says, and tells of it when no event does: not yet, of the last minutes.
    fn lacking(&self, lacking: Found, matched: bool, telling: &mut Telling<'_>) {
        if !matched && lacking.time.is_some_and(|at| self.is_young(at)) {
            telling.tell(Found { kind: "not-delivered-yet", difference: false, ..lacking });
            return;
        }
        telling.expect(lacking.area, matched);
        if !matched {
            telling.tell(lacking);
        }
    }
}
