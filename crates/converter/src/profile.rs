//! Sender profiles: what a sender means where HL7 v2 leaves it to the sender.
//!
//! HL7 v2 messages say neither in which time zone their clocks run, nor which of several patient
//! identifiers is the sender's own, nor what a local code means. A [`SenderProfile`] says it, for one
//! sending application and facility (MSH-3, MSH-4). [`Profiles`] holds them all and one default for
//! everybody else. They are written in TOML; `docs/sender-profiles.md` explains every key.
//!
//! ```
//! use zorgsluis_converter::profile::{Profiles, Unsupported};
//!
//! let profiles = Profiles::parse(&[("east.toml", r#"
//!     [[sender]]
//!     name = "hospital-east"
//!     application = "EPD"
//!     facility = "ZHOOST"
//!     unsupported = "reject"
//!     authorities = { ZHOOST = "https://example.org/fhir/NamingSystem/patient-number" }
//! "#)])?;
//! let east = profiles.for_sender("EPD", "ZHOOST");
//! assert_eq!(east.unsupported, Unsupported::Reject);
//! assert_eq!(
//!     east.identifier_system("ZHOOST", "", "").as_deref(),
//!     Some("https://example.org/fhir/NamingSystem/patient-number")
//! );
//! assert_eq!(profiles.for_sender("LAB", "ZHOOST").name, "default");
//!
//! let mistake = Profiles::parse(&[("west.toml", "[default]\ntime-zone = \"Europe/Amsterdm\"\n")]);
//! assert_eq!(
//!     mistake.unwrap_err().to_string(),
//!     "west.toml:2:13: `Europe/Amsterdm` is not a time zone of the IANA database"
//! );
//! # Ok::<(), zorgsluis_converter::profile::ProfileError>(())
//! ```

mod authority;
mod check;
mod error;
mod read;
mod registry;
mod setting;

pub use check::{Checked, check};
pub use error::{Problem, ProfileError};
pub use registry::Profiles;
pub use setting::{ApplicationAck, Demographics, MappedCode, Recipient, Unsupported, ZRule, ZTarget, ZValue};
pub use zorgsluis_domain::notice::NotifiedEvent;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use hl7v2::charset::Charset;
use hl7v2::{Field, Repetition};
use jiff::tz::TimeZone;

use crate::table;

/// Everything that is known about one sender.
#[derive(Debug, Clone)]
pub struct SenderProfile {
    /// Its name, in reports, metrics and logs.
    pub name: String,
    /// The zone of times without an offset.
    pub time_zone: TimeZone,
    /// Read the message in this character set, whatever MSH-18 says.
    pub character_set: Option<Charset>,
    /// What happens to events that are not supported.
    pub unsupported: Unsupported,
    /// Application acknowledgements in enhanced mode.
    pub application_ack: ApplicationAck,
    /// What registration messages may change.
    pub demographics: Demographics,
    identifier_rule: Option<IdentifierRule>,
    authorities: HashMap<String, String>,
    coding_systems: HashMap<String, String>,
    codes: Vec<CodeMap>,
    z_segments: BTreeMap<String, BTreeMap<ZPlace, ZRule>>,
    notify: HashMap<NotifiedEvent, Vec<Recipient>>,
}

/// Field and component of a Z-segment; component 0 is the whole field, field 0 every field without a rule.
type ZPlace = (u16, u16);

/// Which repetition of PID-3 is the sender's own identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IdentifierRule {
    kind: Option<String>,
    authority: Option<String>,
}

#[derive(Debug, Clone)]
struct CodeMap {
    /// Upper-cased name of the local code system in CWE.3; empty for none.
    from: String,
    /// `OBX-3`; empty for every field.
    fields: Vec<String>,
    codes: HashMap<String, MappedCode>,
}

impl SenderProfile {
    /// The profile of a sender of whom nothing is known: Europe/Amsterdam, keep what is unsupported,
    /// no application acknowledgement, authoritative demographics.
    pub(crate) fn unknown_sender() -> Self {
        Self {
            name: String::from("default"),
            time_zone: TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC),
            character_set: None,
            unsupported: Unsupported::default(),
            application_ack: ApplicationAck::default(),
            demographics: Demographics::default(),
            identifier_rule: None,
            authorities: HashMap::new(),
            coding_systems: HashMap::new(),
            codes: Vec::new(),
            z_segments: BTreeMap::new(),
            notify: HashMap::new(),
        }
    }

    /// Which repetition of PID-3 or MRG-1 (from 1) is the sender's own identifier of the patient: the
    /// one that the profile names by type (CX.5) and authority (CX.4). Where it names none, or the
    /// message has none such: type PI, else MR, else PT, else another that is neither a BSN nor the
    /// number of a visit or account (VN, AN), else the BSN, else whatever is there.
    #[must_use]
    pub fn patient_identifier(&self, field: Field<'_, '_>) -> Option<usize> {
        let mut best: Option<(u8, usize)> = None;
        for (index, repetition) in field.repetitions().enumerate() {
            if !repetition.component(1).value().is_present() || self.is_false_bsn(repetition) {
                continue;
            }
            let rank = self.rank(repetition);
            if best.is_none_or(|(least, _)| rank < least) {
                best = Some((rank, index + 1));
            }
        }
        best.map(|(_, nth)| nth)
    }

    /// Whether a CX is a BSN that nobody can have: it fails the 11-test, as every placeholder does
    /// (999999999, 123456789). Many patients have it, so it identifies none.
    pub(crate) fn is_false_bsn(&self, cx: Repetition<'_, '_>) -> bool {
        let authority = cx.component(4);
        let part = |nth| authority.subcomponent(nth).text();
        self.identifier_system(&part(1), &part(2), &part(3)).as_deref() == Some(fhir::nl::BSN)
            && !fhir::nl::passes_eleven_test(cx.component(1).value().text().trim())
    }

    fn rank(&self, cx: Repetition<'_, '_>) -> u8 {
        let kind = cx.component(5).value().text();
        let kind = kind.trim();
        let authority = cx.component(4);
        let is_authority =
            |name: &str| authority.subcomponents().any(|part| part.text().trim().eq_ignore_ascii_case(name));
        if let Some(rule) = &self.identifier_rule
            && rule.kind.as_ref().is_none_or(|named| kind.eq_ignore_ascii_case(named))
            && rule.authority.as_ref().is_none_or(|named| is_authority(named))
        {
            return 0;
        }
        if is_authority("NLMINBIZA") || is_authority("2.16.840.1.113883.2.4.6.3") {
            return 5;
        }
        const BY_TYPE: [(&str, u8); 5] = [("PI", 1), ("MR", 2), ("PT", 3), ("VN", 6), ("AN", 6)];
        BY_TYPE.iter().find(|(name, _)| kind.eq_ignore_ascii_case(name)).map_or(4, |&(_, rank)| rank)
    }

    /// The identifier system of an assigning authority (HD: namespace, universal id, its type). The
    /// profile's own map goes first, then what is the same for everybody in the Netherlands, then
    /// what the universal id says by itself. `None`: only a name that nobody gave a meaning.
    #[must_use]
    pub fn identifier_system<'a>(
        &'a self,
        namespace: &str,
        universal_id: &str,
        universal_type: &str,
    ) -> Option<Cow<'a, str>> {
        let (namespace, universal_id) = (namespace.trim(), universal_id.trim());
        [namespace, universal_id]
            .into_iter()
            .filter(|name| !name.is_empty())
            .find_map(|name| lookup(&self.authorities, name))
            .map(Cow::Borrowed)
            .or_else(|| authority::known(namespace, universal_id).map(Cow::Borrowed))
            .or_else(|| authority::from_universal_id(namespace, universal_id, universal_type).map(Cow::Owned))
    }

    /// Whether an authority has a system for numbers of one kind (`LINDE^VN`).
    pub(crate) fn has_typed_authorities(&self) -> bool {
        self.authorities.keys().any(|name| name.contains('^'))
    }

    /// The system of the numbers of one kind that an authority gives.
    pub(crate) fn typed_authority(&self, namespace: &str, kind: &str) -> Option<&str> {
        let (namespace, kind) = (namespace.trim(), kind.trim());
        let is_it = |name: &str| {
            name.split_once('^').is_some_and(|(authority, of)| {
                authority.eq_ignore_ascii_case(namespace) && of.eq_ignore_ascii_case(kind)
            })
        };
        self.authorities.iter().find(|(name, _)| is_it(name)).map(|(_, system)| system.as_str())
    }

    /// The URI of a code system by its name in CWE.3 or CWE.6; the profile's own names go first.
    #[must_use]
    pub fn coding_system(&self, name: &str) -> Option<Cow<'_, str>> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        lookup(&self.coding_systems, name).map(Cow::Borrowed).or_else(|| table::coding_system_uri(name))
    }

    /// Whether the profile maps any codes: few do, and then nothing needs to be looked up.
    pub(crate) fn translates(&self) -> bool {
        !self.codes.is_empty()
    }

    /// What the sender's local code stands for. `field` is the place as `OBX-3`, `system` the name in
    /// CWE.3 (empty when there is none). The caller keeps the original coding beside the answer.
    #[must_use]
    pub fn translate(&self, field: &str, system: &str, code: &str) -> Option<&MappedCode> {
        if self.codes.is_empty() {
            return None;
        }
        let (system, code) = (system.trim(), code.trim());
        self.codes
            .iter()
            .filter(|map| map.from.eq_ignore_ascii_case(system))
            .filter(|map| map.fields.is_empty() || map.fields.iter().any(|named| named == field))
            .find_map(|map| map.codes.get(code))
    }

    /// The same for a code that stands alone in a field, by its place.
    #[must_use]
    pub(crate) fn translate_at(&self, at: hl7v2::Place, code: &str) -> Option<&MappedCode> {
        if self.codes.is_empty() {
            return None;
        }
        self.translate(&format!("{}-{}", at.segment_name(), at.field), "", code)
    }

    /// What to do with a field of a Z-segment; a rule for the field goes before one for all (`*`).
    #[must_use]
    pub fn z_field(&self, segment: &str, field: u16) -> Option<&ZRule> {
        let rules = self.z_segments.get(segment)?;
        rules.get(&(field, 0)).or_else(|| rules.get(&(0, 0)))
    }

    /// What to do with one component of a field (`3.2`), where the profile says something of it alone.
    #[must_use]
    pub fn z_component(&self, segment: &str, field: u16, component: u16) -> Option<&ZRule> {
        self.z_segments.get(segment)?.get(&(field, component))
    }

    /// The fields that name who is told of an event.
    #[must_use]
    pub fn notify(&self, event: NotifiedEvent) -> &[Recipient] {
        self.notify.get(&event).map_or(&[], Vec::as_slice)
    }
}

/// Names of authorities and code systems are compared without regard to case: the keys are upper case.
fn lookup<'m>(map: &'m HashMap<String, String>, name: &str) -> Option<&'m str> {
    if map.is_empty() {
        return None;
    }
    map.get(name.to_ascii_uppercase().as_str()).map(String::as_str)
}
