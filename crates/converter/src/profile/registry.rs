//! All profiles, chosen by sender.

use std::collections::HashMap;
use std::path::Path;

use hl7v2::Message;

use super::error::At;
use super::read::{self, Selector};
use super::{Problem, ProfileError, SenderProfile};

/// The profiles of all known senders, and the default for the rest.
#[derive(Debug, Clone)]
pub struct Profiles {
    default: SenderProfile,
    senders: Vec<SenderProfile>,
    /// Application → facility → index; empty text stands for any.
    chosen_by: HashMap<String, HashMap<String, usize>>,
}

impl Default for Profiles {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Profiles {
    /// No sender known: everybody gets the built-in default.
    #[must_use]
    pub fn builtin() -> Self {
        Self { default: SenderProfile::unknown_sender(), senders: Vec::new(), chosen_by: HashMap::new() }
    }

    /// Reads one `.toml` file, or all of a folder (not below it) in the order of their names.
    ///
    /// # Errors
    /// What cannot be read, or the first mistake, with file, line and column.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let texts = texts(path)?;
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Self::parse(&texts)
    }

    /// Reads profiles from texts with the names of their files. `[default]` may stand in any one of
    /// them and holds for all.
    ///
    /// # Errors
    /// The first mistake, with file, line and column.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, ProfileError> {
        let (profiles, mistakes) = Self::read(files);
        mistakes.into_iter().next().map_or(Ok(profiles), Err)
    }

    /// Reads on behind a mistake: the profiles as far as they are right, and every mistake, in the order of the
    /// files and lines. What is no TOML, or has a key or a type that is unknown, is the only mistake of its file.
    pub(super) fn read(files: &[(&str, &str)]) -> (Self, Vec<ProfileError>) {
        let mut profiles = Self::builtin();
        let mut default_in: Option<&str> = None;
        let read: Vec<_> = files.iter().map(|&(name, text)| (name, text, read::file(text))).collect();
        let mut wrong: Vec<Vec<At>> = Vec::with_capacity(files.len());
        for (name, _, file) in &read {
            let mut here = Vec::new();
            match file {
                Err(mistake) => here.push(mistake.clone()),
                Ok(file) => {
                    if let Some(default) = &file.default {
                        if let Some(first) = default_in {
                            let problem = Problem::DefaultTwice(first.to_owned());
                            here.push(At { offset: default.span().start, problem });
                        } else {
                            default_in = Some(name);
                            profiles.default = read::default_profile(default, &mut here);
                        }
                    }
                }
            }
            wrong.push(here);
        }
        let mut mistakes = Vec::new();
        for ((name, text, file), mut here) in read.into_iter().zip(wrong) {
            for sender in file.iter().flat_map(read::File::senders) {
                if let Some((profile, selector)) = read::sender(sender, &profiles.default, &mut here) {
                    here.extend(profiles.add(profile, selector, sender.span().start).err());
                }
            }
            here.sort_by_key(|mistake| mistake.offset);
            mistakes.extend(here.into_iter().map(|mistake| mistake.in_file(name, text)));
        }
        (profiles, mistakes)
    }

    fn add(&mut self, profile: SenderProfile, selector: Selector, offset: usize) -> Result<(), At> {
        if self.iter().any(|known| known.name == profile.name) {
            return Err(At { offset, problem: Problem::NameTwice(profile.name) });
        }
        let index = self.senders.len();
        let facilities = self.chosen_by.entry(selector.application).or_default();
        if let Some(&first) = facilities.get(&selector.facility) {
            let name = self.senders.get(first).map_or_else(String::new, |sender| sender.name.clone());
            return Err(At { offset, problem: Problem::SelectorTwice(name) });
        }
        facilities.insert(selector.facility, index);
        self.senders.push(profile);
        Ok(())
    }

    /// The profile of a sender by MSH-3.1 and MSH-4.1. A profile that names both goes before one that
    /// names the application, that before one that names the facility, that before the default.
    #[must_use]
    pub fn for_sender(&self, application: &str, facility: &str) -> &SenderProfile {
        let (application, facility) = (application.trim(), facility.trim());
        let index = [(application, facility), (application, ""), ("", facility)]
            .into_iter()
            .find_map(|(a, f)| self.chosen_by.get(a)?.get(f));
        index.and_then(|&at| self.senders.get(at)).unwrap_or(&self.default)
    }

    /// The profile of a message's sender.
    #[must_use]
    pub fn for_message(&self, message: &Message<'_>) -> &SenderProfile {
        let header = message.header();
        self.for_sender(&header.field(3).value().text(), &header.field(4).value().text())
    }

    /// The profile by name; the default's is `default`.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&SenderProfile> {
        self.iter().find(|profile| profile.name == name)
    }

    /// All profiles, the default first.
    pub fn iter(&self) -> impl Iterator<Item = &SenderProfile> {
        std::iter::once(&self.default).chain(&self.senders)
    }
}

/// The `.toml` files of a path with their texts, in the order of their names.
pub(super) fn texts(path: &Path) -> Result<Vec<(String, String)>, ProfileError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |cause| ProfileError::Unreadable { path, cause }
    };
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(unreadable(path))? {
            let file = entry.map_err(unreadable(path))?.path();
            if file.extension().is_some_and(|extension| extension == "toml") {
                files.push(file);
            }
        }
        files.sort();
        if files.is_empty() {
            return Err(ProfileError::NoProfiles { path: path.to_owned() });
        }
    } else {
        files.push(path.to_owned());
    }
    let mut texts = Vec::with_capacity(files.len());
    for file in &files {
        let text = std::fs::read_to_string(file).map_err(unreadable(file))?;
        texts.push((file.display().to_string(), text));
    }
    Ok(texts)
}
