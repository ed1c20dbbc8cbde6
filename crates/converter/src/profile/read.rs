//! Profiles in TOML: the shape of the file, and every check that the shape cannot make.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use hl7v2::charset::Charset;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use toml::Spanned;

use super::authority::is_uri;
use super::error::At;
use super::{
    ApplicationAck, CodeMap, Demographics, IdentifierRule, MappedCode, NotifiedEvent, Problem, Recipient,
    SenderProfile, Unsupported, ZPlace, ZRule, ZTarget, ZValue,
};

type Text = Spanned<String>;
/// Keys are unique in TOML, so a map of spanned keys loses nothing.
type Map<V> = BTreeMap<Text, V>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) default: Option<Spanned<Raw>>,
    #[serde(default)]
    sender: Vec<Spanned<Raw>>,
}

impl File {
    pub(super) fn senders(&self) -> impl Iterator<Item = &Spanned<Raw>> {
        self.sender.iter()
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Raw {
    name: Option<Text>,
    application: Option<Text>,
    facility: Option<Text>,
    time_zone: Option<Text>,
    character_set: Option<Text>,
    unsupported: Option<Unsupported>,
    application_ack: Option<ApplicationAck>,
    demographics: Option<Demographics>,
    patient_identifier: Option<Spanned<RawIdentifierRule>>,
    #[serde(default)]
    authorities: Map<Text>,
    #[serde(default)]
    coding_systems: Map<Text>,
    #[serde(default)]
    codes: Vec<Spanned<RawCodeMap>>,
    #[serde(default)]
    z_segments: Map<Map<Spanned<RawZRule>>>,
    notify: Option<RawNotify>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdentifierRule {
    r#type: Option<String>,
    authority: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCodeMap {
    #[serde(default)]
    from: String,
    #[serde(default)]
    fields: Vec<Text>,
    to: Text,
    map: BTreeMap<String, RawCode>,
}

/// `"2345-7"` or `{ code = "2345-7", display = "Glucose" }`.
struct RawCode {
    code: String,
    display: Option<String>,
}

impl<'de> Deserialize<'de> for RawCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            code: String,
            display: Option<String>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RawCode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code, or { code = \"…\", display = \"…\" }")
            }
            fn visit_str<E: serde::de::Error>(self, code: &str) -> Result<RawCode, E> {
                Ok(RawCode { code: code.to_owned(), display: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawCode, A::Error> {
                let long = Long::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawCode { code: long.code, display: long.display })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawZRule {
    extension: Option<Text>,
    on: Option<Text>,
    r#as: Option<ZValue>,
    ignore: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawNotify {
    admission: Option<Vec<Recipient>>,
    transfer: Option<Vec<Recipient>>,
    discharge: Option<Vec<Recipient>>,
    registration: Option<Vec<Recipient>>,
    result: Option<Vec<Recipient>>,
}

/// By what a sender is known; empty text stands for any.
pub(super) struct Selector {
    pub(super) application: String,
    pub(super) facility: String,
}

pub(super) fn file(text: &str) -> Result<File, At> {
    toml::from_str(text).map_err(|error: toml::de::Error| At {
        offset: error.span().map_or(0, |span| span.start),
        problem: Problem::Syntax(error.message().to_owned()),
    })
}

/// `[default]`; what is wrong in it goes to `wrong`.
pub(super) fn default_profile(raw: &Spanned<Raw>, wrong: &mut Vec<At>) -> SenderProfile {
    let body = raw.get_ref();
    for (key, value) in
        [("name", &body.name), ("application", &body.application), ("facility", &body.facility)]
    {
        wrong.extend(value.as_ref().map(|value| at(value, Problem::SelectorInDefault(key))));
    }
    let mut profile = SenderProfile::unknown_sender();
    fill(&mut profile, body, wrong);
    profile
}

/// A sender; what is wrong in it goes to `wrong`. None where nobody can tell which one it is.
pub(super) fn sender(
    raw: &Spanned<Raw>,
    default: &SenderProfile,
    wrong: &mut Vec<At>,
) -> Option<(SenderProfile, Selector)> {
    let body = raw.get_ref();
    let mut profile = default.clone();
    fill(&mut profile, body, wrong);
    let Some(name) = &body.name else {
        wrong.push(at(raw, Problem::NoName));
        return None;
    };
    if !is_name(name.get_ref()) {
        wrong.push(at(name, Problem::BadName(name.get_ref().clone())));
    }
    let trimmed =
        |text: &Option<Text>| text.as_ref().map(|t| t.get_ref().trim().to_owned()).unwrap_or_default();
    let selector = Selector { application: trimmed(&body.application), facility: trimmed(&body.facility) };
    if selector.application.is_empty() && selector.facility.is_empty() {
        wrong.push(at(raw, Problem::NoSelector(name.get_ref().clone())));
        return None;
    }
    profile.name.clone_from(name.get_ref());
    Some((profile, selector))
}

/// Puts what a file says over what the profile holds so far. Maps are joined, key by key; lists of
/// recipients are replaced.
fn fill(profile: &mut SenderProfile, raw: &Raw, wrong: &mut Vec<At>) {
    if let Some(zone) = &raw.time_zone {
        match TimeZone::get(zone.get_ref()) {
            Ok(found) => profile.time_zone = found,
            Err(_) => wrong.push(at(zone, Problem::UnknownTimeZone(zone.get_ref().clone()))),
        }
    }
    if let Some(name) = &raw.character_set {
        match Charset::for_name(name.get_ref()) {
            Ok(charset) => profile.character_set = Some(charset),
            Err(_) => wrong.push(at(name, Problem::UnknownCharacterSet(name.get_ref().clone()))),
        }
    }
    profile.unsupported = raw.unsupported.unwrap_or(profile.unsupported);
    profile.application_ack = raw.application_ack.unwrap_or(profile.application_ack);
    profile.demographics = raw.demographics.unwrap_or(profile.demographics);
    if let Some(rule) = &raw.patient_identifier {
        let RawIdentifierRule { r#type, authority } = rule.get_ref();
        if r#type.is_none() && authority.is_none() {
            wrong.push(at(rule, Problem::EmptyIdentifierRule));
        } else {
            let (kind, authority) = (r#type.clone(), authority.clone());
            profile.identifier_rule = Some(IdentifierRule { kind, authority });
        }
    }
    add_uris(&mut profile.authorities, &raw.authorities, wrong);
    add_uris(&mut profile.coding_systems, &raw.coding_systems, wrong);
    let own: Vec<CodeMap> = raw.codes.iter().map(|map| code_map(map, wrong)).collect();
    // The sender's own maps are asked before those of [default].
    profile.codes.splice(0..0, own);
    for (segment, rules) in &raw.z_segments {
        let name = kept(z_segment(segment), wrong);
        for (field, rule) in rules {
            let (place, rule) = (kept(z_place(field), wrong), kept(z_rule(rule), wrong));
            if let (Some(name), Some(place), Some(rule)) = (&name, place, rule) {
                profile.z_segments.entry(name.clone()).or_default().insert(place, rule);
            }
        }
    }
    if let Some(raw) = &raw.notify {
        for (event, recipients) in [
            (NotifiedEvent::Admission, &raw.admission),
            (NotifiedEvent::Transfer, &raw.transfer),
            (NotifiedEvent::Discharge, &raw.discharge),
            (NotifiedEvent::Registration, &raw.registration),
            (NotifiedEvent::Result, &raw.result),
        ] {
            if let Some(recipients) = recipients {
                profile.notify.insert(event, recipients.clone());
            }
        }
    }
}

/// What was read, or nothing and the mistake among the others.
fn kept<T>(read: Result<T, At>, wrong: &mut Vec<At>) -> Option<T> {
    read.map_err(|mistake| wrong.push(mistake)).ok()
}

fn add_uris(known: &mut HashMap<String, String>, raw: &Map<Text>, wrong: &mut Vec<At>) {
    for (name, uri) in raw {
        if let Some(uri) = kept(checked_uri(uri), wrong) {
            known.insert(name.get_ref().trim().to_ascii_uppercase(), uri);
        }
    }
}

fn code_map(raw: &Spanned<RawCodeMap>, wrong: &mut Vec<At>) -> CodeMap {
    let body = raw.get_ref();
    let system = kept(checked_uri(&body.to), wrong).unwrap_or_default();
    if body.map.is_empty() {
        wrong.push(at(raw, Problem::EmptyCodeMap));
    }
    for field in body.fields.iter().filter(|field| !is_field(field.get_ref())) {
        wrong.push(at(field, Problem::NotAField(field.get_ref().clone())));
    }
    CodeMap {
        from: body.from.trim().to_ascii_uppercase(),
        fields: body.fields.iter().map(|field| field.get_ref().clone()).collect(),
        codes: body
            .map
            .iter()
            .map(|(local, target)| {
                let (code, display) = (target.code.clone(), target.display.clone());
                (local.trim().to_owned(), MappedCode { system: system.clone(), code, display })
            })
            .collect(),
    }
}

fn z_rule(raw: &Spanned<RawZRule>) -> Result<ZRule, At> {
    match raw.get_ref() {
        RawZRule { extension: Some(url), on: Some(on), r#as, ignore: None } => {
            Ok(ZRule::Extension { url: checked_uri(url)?, on: z_target(on)?, kind: r#as.unwrap_or_default() })
        }
        RawZRule { extension: None, on: None, r#as: None, ignore: Some(reason) }
            if !reason.trim().is_empty() =>
        {
            Ok(ZRule::Ignore { reason: reason.trim().to_owned() })
        }
        _ => Err(at(raw, Problem::UnclearZRule)),
    }
}

fn z_segment(name: &Text) -> Result<String, At> {
    let text = name.get_ref();
    let rest = text.strip_prefix('Z').unwrap_or_default();
    if rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        Ok(text.clone())
    } else {
        Err(at(name, Problem::NotAZSegment(text.clone())))
    }
}

fn z_target(name: &Text) -> Result<ZTarget, At> {
    match name.get_ref().as_str() {
        "patient" | "Patient" => Ok(ZTarget::Patient),
        "encounter" | "Encounter" => Ok(ZTarget::Encounter),
        other if fhir::Resource::KINDS.contains(&other) => Ok(ZTarget::Other(other.to_owned())),
        other => Err(at(name, Problem::NotAResource(other.to_owned()))),
    }
}

/// `3`, `3.2` or `*`.
fn z_place(name: &Text) -> Result<ZPlace, At> {
    let text = name.get_ref().as_str();
    if text == "*" {
        return Ok((0, 0));
    }
    let number = |text: &str| text.parse().ok().filter(|&number: &u16| number > 0);
    let read = match text.split_once('.') {
        None => number(text).map(|field| (field, 0)),
        Some((field, component)) => number(field).zip(number(component)),
    };
    read.ok_or_else(|| at(name, Problem::NotAFieldNumber(text.to_owned())))
}

fn checked_uri(uri: &Text) -> Result<String, At> {
    let text = uri.get_ref();
    if is_uri(text) { Ok(text.clone()) } else { Err(at(uri, Problem::NotAUri(text.clone()))) }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// `OBX-3`.
fn is_field(text: &str) -> bool {
    text.split_once('-').is_some_and(|(segment, number)| {
        segment.len() == 3
            && segment.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && number.parse::<u16>().is_ok_and(|n| n > 0)
    })
}

fn at<T>(place: &Spanned<T>, problem: Problem) -> At {
    At { offset: place.span().start, problem }
}
