//! What can be said of profiles before a message comes: every mistake, and what never has an effect.

use super::registry::{Profiles, texts};
use super::{ProfileError, SenderProfile, authority};
use crate::{mapping, table};

use std::collections::HashSet;
use std::path::Path;

/// What was found in profile files.
#[derive(Debug, Default)]
pub struct Checked {
    /// Every mistake, in the order of files and lines. What is no TOML, or has a key that is unknown, is the only
    /// one of its file: nothing behind it can be read.
    pub mistakes: Vec<ProfileError>,
    /// What stands in a profile and never has an effect: profile, and what it is. Only where there are no
    /// mistakes.
    pub idle: Vec<(String, String)>,
    /// The names of the senders; `default` among them.
    pub names: Vec<String>,
}

/// Reads profiles as [`Profiles::load`] does, and goes on behind a mistake.
///
/// # Errors
/// A file or folder that cannot be read.
pub fn check(path: &Path) -> Result<Checked, ProfileError> {
    let files = texts(path)?;
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (profiles, mistakes) = Profiles::read(&files);
    let mut checked = Checked { mistakes, ..Checked::default() };
    if checked.mistakes.is_empty() {
        for profile in profiles.iter() {
            checked.names.push(profile.name.clone());
            checked.idle.extend(idle(profile).into_iter().map(|what| (profile.name.clone(), what)));
        }
    }
    Ok(checked)
}

/// What never has an effect in a profile.
fn idle(profile: &SenderProfile) -> Vec<String> {
    let mut found = Vec::new();
    for (name, uri) in &profile.coding_systems {
        if table::coding_system_uri(name).as_deref() == Some(uri.as_str()) {
            found.push(format!("coding-systems: `{name}` means {uri} anyway"));
        }
    }
    for (name, uri) in &profile.authorities {
        if authority::known(name, "") == Some(uri.as_str()) {
            found.push(format!("authorities: `{name}` means {uri} anyway"));
        }
    }
    for (event, recipients) in &profile.notify {
        if recipients.is_empty() {
            found.push(format!("notify: nobody is told of {event:?}").to_lowercase());
        }
    }
    let every = [String::new()];
    let mut before: HashSet<(&str, &str, &str)> = HashSet::new();
    for map in &profile.codes {
        for field in map.fields.iter().filter(|field| !is_converted(field)) {
            found.push(format!("codes: no message has a field `{field}` that is converted"));
        }
        let fields = if map.fields.is_empty() { &every[..] } else { &map.fields };
        for code in map.codes.keys() {
            let taken = |field: &str| {
                before.contains(&(&*map.from, "", &**code)) || before.contains(&(&*map.from, field, &**code))
            };
            if fields.iter().all(|field| taken(field)) {
                found.push(format!("codes: `{code}` is mapped by a list before this one"));
            }
        }
        for field in fields {
            before.extend(map.codes.keys().map(|code| (&*map.from, &**field, &**code)));
        }
    }
    found.sort();
    found
}

/// Whether the field is one that HL7 v2 has; of a segment that is not converted it is not.
fn is_converted(field: &str) -> bool {
    let Some((segment, number)) = field.split_once('-') else { return false };
    let Ok(number) = number.parse::<usize>() else { return false };
    // Segments whose table is still to come are taken at their word.
    mapping::maps().iter().find(|map| map.segment == segment).is_none_or(|map| number <= map.fields.len())
}
