//! CWE, CE, CNE, CF, IS and ID: coded values (HL7 v2.5.1 §2.A.13, v2.8.2 §2.A.13).
//!
//! Three codes (components 1–3, 4–6, 10–12) with the versions of their systems (7, 8, 13) are three codings;
//! the original text (9) is the concept's text. The OIDs of v2.7 (14–22) name code systems and value sets: an
//! OID gives a coding its system where the name gives none, a value set stands in the standard extension.

use std::borrow::Cow;

use fhir::{CodeableConcept, Coding, Extension};
use hl7v2::{Component, Repetition, Value};

use super::Parts;
use crate::context::{Context, add_new, extension};
use crate::table::{Target, is_oid};

/// A table that gives the FHIR code of an HL7 code.
pub(crate) type Table = fn(&str) -> Option<Target>;

/// A concept. `field` is where it stands (`OBX-3`), for the profile's code maps; `table` translates
/// the first code: exactly, then the translation stands alone; with loss, then before the original.
pub(crate) fn concept<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    field: &str,
    table: Option<Table>,
) -> Option<CodeableConcept<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    let parts = Parts::<13>::of(from);
    let part = |n: usize| parts.value(n);
    let mut concept = CodeableConcept::default();
    let code = part(1);
    let oids = if parts.has_more() { Oids::of(from) } else { None };
    let profile = cx.profile;
    let mapped = if profile.translates() {
        let mut own = [(1, 3), (4, 6), (10, 12)].into_iter().filter(|&(code, _)| part(code).is_present());
        own.find_map(|(code, system)| profile.translate(field, &part(system).text(), &part(code).text()))
    } else {
        None
    };
    let target = match table {
        // A local code may be mapped to one of the HL7 table, which then is translated as if it had been sent.
        Some(table) if code.is_present() => table(&code.text()).or_else(|| {
            let target = table(mapped.filter(|mapped| mapped.is_of_hl7_table())?.code.as_str())?;
            Some(Target { exact: false, ..target })
        }),
        _ => None,
    };
    if let Some(target) = target {
        let mut coding = Coding::new(target.system, target.code);
        coding.display = target.display.map(Cow::Borrowed);
        concept.coding.push(coding);
    }
    if let Some(mapped) = mapped {
        let mut coding = Coding::new(mapped.system.as_str(), mapped.code.as_str());
        coding.display = mapped.display.as_deref().map(Cow::Borrowed);
        concept.coding.push(coding);
    }
    // A code of the HL7 table itself is the code that was translated.
    let of_table = !part(3).is_present() || part(3).raw().trim_ascii().starts_with(b"HL7");
    let exact =
        target.is_some_and(|target| target.exact) && of_table && !part(7).is_present() && oids.is_none();
    if exact {
        cx.mark(code);
        cx.mark(part(3));
        concept.text = cx.write(part(2));
    } else {
        add(cx, &mut concept, [part(1), part(2), part(3), part(7)], oids.map(|oids| oids.of_code(0)));
    }
    add(cx, &mut concept, [part(4), part(5), part(6), part(8)], oids.map(|oids| oids.of_code(1)));
    add(cx, &mut concept, [part(10), part(11), part(12), part(13)], oids.map(|oids| oids.of_code(2)));
    match cx.write(part(9)) {
        Some(text) if concept.text.is_none() => concept.text = Some(text),
        // The text of a code without system is taken by the original text: it becomes a display.
        Some(text) => {
            let display = concept.text.replace(text);
            if display != concept.text {
                concept.coding.push(Coding { display, ..Coding::default() });
            }
        }
        None => {}
    }
    if from.has_subcomponents() {
        strays(cx, from, &mut concept);
    }
    let coded = concept.coding.iter().any(|coding| coding.code.is_some());
    if coded && concept.coding.iter().all(|coding| coding.system.is_none()) {
        cx.local_code(from.place());
    }
    if concept == CodeableConcept::default() {
        super::without(cx, from, "a code system or value set, and no code of it");
        return None;
    }
    // With a code the first three components are written; without one, and behind them, one may be left: the name
    // of a code system of which there is no code, or what is no component of the datatype.
    if !coded || from.component_count() > 3 {
        super::further(cx, from, 1, &mut concept.extension);
    } else {
        super::further(cx, from, 22, &mut concept.extension);
    }
    Some(concept)
}

/// A concept of a table that HL7 leaves to each site: a code that names another system is none of the table's.
pub(crate) fn concept_of_site<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    field: &str,
    table: Option<Table>,
) -> Option<CodeableConcept<'a>> {
    let system = from.component(3).value();
    let of_table = !system.is_present() || system.raw().trim_ascii().starts_with(b"HL7");
    concept(cx, from, field, table.filter(|_| of_table))
}

/// Subcomponents, which a coded value that is a field has not: an unescaped separator in a text makes them.
fn strays<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>, concept: &mut CodeableConcept<'a>) {
    for component in from.components().filter(|component| component.subcomponent_count() > 1) {
        for value in component.subcomponents().skip(1).filter(Value::is_present) {
            if !cx.is_marked(value) {
                let text = cx.write(value);
                concept.extension.extend(text.map(|text| Extension::string(extension::ORIGINAL_TEXT, text)));
            }
        }
    }
}

/// Components 14–22, which few messages have: of each of the three codes the OIDs of its system and of its
/// value set, and the version of that.
#[derive(Clone, Copy)]
struct Oids<'m, 'a>(Repetition<'m, 'a>);

impl<'m, 'a> Oids<'m, 'a> {
    fn of(from: Repetition<'m, 'a>) -> Option<Self> {
        let some = from.components().skip(13).any(|c| !c.value().is_empty());
        some.then_some(Self(from))
    }

    fn of_code(self, nth: usize) -> [Value<'m, 'a>; 3] {
        [0, 1, 2].map(|at| self.0.component(14 + 3 * nth + at).value())
    }

    /// Writes them to the coding whose system the name gave, or did not.
    fn write(cx: &mut Context<'_, 'a>, coding: &mut Coding<'a>, [system, set, version]: [Value<'_, 'a>; 3]) {
        let named = cx.profile.coding_system(&system.text());
        if named.is_some() && (coding.system.is_none() || coding.system == named) {
            coding.system = named;
            cx.mark(system);
        } else if let Some(oid) = cx.write(system) {
            coding.extension.push(Extension::string(extension::CODE_SYSTEM_NAME, oid));
        }
        // What is no URI is no value set: it stays in the report.
        if set.text().contains(char::is_whitespace) {
            return;
        }
        let Some(set) = cx.write(set) else { return };
        let mut set = if is_oid(&set) { format!("urn:oid:{set}") } else { set.into_owned() };
        if let Some(version) = cx.write(version) {
            set.push('|');
            set.push_str(&version);
        }
        let uri = fhir::ExtensionValue::Uri(set.into());
        coding.extension.push(Extension::new(extension::VALUE_SET, uri));
    }
}

/// A coding of code, text, name of the system and version, added to the concept; text without a code
/// becomes the concept's text.
fn add<'a>(
    cx: &mut Context<'_, 'a>,
    concept: &mut CodeableConcept<'a>,
    [code, text, system, version]: [Value<'_, 'a>; 4],
    oids: Option<[Value<'_, 'a>; 3]>,
) {
    if code.is_empty() && text.is_empty() {
        return;
    }
    let bare = !text.is_present() && !system.is_present();
    // `Penicilline V` alone in CWE.1 is what people wrote, not a code.
    if bare && concept.text.is_none() && concept.coding.is_empty() && code.raw().contains(&b' ') {
        concept.text = cx.write(code);
        return;
    }
    let Some(code) = cx.write_code(code) else {
        let text = cx.write(text);
        if system.is_present() || version.is_present() {
            // Of which system the text is, without its code.
            let mut coding = Coding { display: text.clone(), ..Coding::default() };
            system_of(cx, &mut coding, system);
            coding.version = cx.write(version);
            concept.coding.push(coding);
            concept.text = concept.text.take().or(text);
        } else if let Some(text) = text {
            if concept.text.is_none() {
                concept.text = Some(text);
            } else {
                concept.coding.push(Coding { display: Some(text), ..Coding::default() });
            }
        }
        return;
    };
    let mut coding = coding_of(cx, code, system);
    coding.display = cx.write(text);
    coding.version = cx.write(version);
    if let Some(oids) = oids {
        Oids::write(cx, &mut coding, oids);
    }
    concept.coding.push(coding);
}

/// A coding with its system: a URI where the name is known, else the name in an extension.
pub(crate) fn coding_of<'a>(
    cx: &mut Context<'_, 'a>,
    code: Cow<'a, str>,
    system: Value<'_, 'a>,
) -> Coding<'a> {
    let mut coding = Coding { code: Some(code), ..Coding::default() };
    system_of(cx, &mut coding, system);
    coding
}

fn system_of<'a>(cx: &mut Context<'_, 'a>, coding: &mut Coding<'a>, system: Value<'_, 'a>) {
    if !system.is_present() {
        return;
    }
    coding.system = cx.profile.coding_system(&system.text());
    if coding.system.is_some() {
        cx.mark(system);
    } else if let Some(name) = cx.write(system) {
        coding.extension.push(Extension::string(extension::CODE_SYSTEM_NAME, name));
    }
}

/// A CWE inside a component: its parts are subcomponents. Otherwise as [`concept`].
pub(crate) fn concept_of_component<'a>(
    cx: &mut Context<'_, 'a>,
    from: Component<'_, 'a>,
    field: &str,
    table: Option<Table>,
) -> Option<CodeableConcept<'a>> {
    // Nearly always: names, addresses and numbers have several such components that few senders fill.
    if from.is_empty() {
        return None;
    }
    let part = |n: usize| from.subcomponent(n);
    let mut concept = CodeableConcept::default();
    let code = part(1);
    let target = table.filter(|_| code.is_present()).and_then(|table| table(&code.text()));
    let own = cx.profile.coding_system(&part(3).text());
    // A code that already says that it is of the table needs no second coding.
    let target = target.filter(|target| own.as_deref() != Some(target.system));
    if let Some(target) = target {
        let mut coding = Coding::new(target.system, target.code);
        coding.display = target.display.map(Cow::Borrowed);
        concept.coding.push(coding);
    }
    let profile = cx.profile;
    if let Some(mapped) = profile.translate(field, &part(3).text(), &code.text()) {
        let mut coding = Coding::new(mapped.system.as_str(), mapped.code.as_str());
        coding.display = mapped.display.as_deref().map(Cow::Borrowed);
        concept.coding.push(coding);
    }
    if target.is_some_and(|target| target.exact) && !part(3).is_present() {
        cx.mark(code);
        concept.text = cx.write(part(2));
    } else {
        add_subcomponents(cx, &mut concept, [code, part(2), part(3)]);
    }
    add_subcomponents(cx, &mut concept, [part(4), part(5), part(6)]);
    if concept.text.is_none() {
        concept.text = cx.write(part(9));
    }
    (concept != CodeableConcept::default()).then_some(concept)
}

fn add_subcomponents<'a>(
    cx: &mut Context<'_, 'a>,
    concept: &mut CodeableConcept<'a>,
    [code, text, system]: [Value<'_, 'a>; 3],
) {
    if let Some(code) = cx.write_code(code) {
        let mut coding = coding_of(cx, code, system);
        coding.display = cx.write(text);
        concept.coding.push(coding);
    } else if concept.text.is_none() {
        concept.text = cx.write(text);
    }
}

/// One coding where FHIR takes no concept (Encounter.class). `system` is the code system of a code
/// that the table does not know.
pub(crate) fn coding<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    field: &str,
    table: Table,
) -> Option<Coding<'a>> {
    let mut concept = concept(cx, from, field, Some(table))?;
    if concept.coding.len() > 1 || concept.coding.is_empty() {
        let codings = std::mem::take(&mut concept.coding);
        let mut codings = codings.into_iter();
        let mut first = codings.next().unwrap_or_default();
        let rest =
            CodeableConcept { coding: codings.collect(), text: concept.text, ..CodeableConcept::default() };
        if rest != CodeableConcept::default() {
            first.extension.push(Extension::concept(extension::ORIGINAL_CODE, rest));
        }
        first.extension.extend(concept.extension);
        return Some(first);
    }
    let mut only = concept.coding.pop()?;
    only.extension.append(&mut concept.extension);
    if let Some(text) = concept.text {
        match only.display {
            None => only.display = Some(text),
            Some(_) => {
                let rest = CodeableConcept::text(text);
                only.extension.push(Extension::concept(extension::ORIGINAL_CODE, rest));
            }
        }
    }
    Some(only)
}

/// Adds what another concept says of the same: all codings, and a second text as one.
pub(crate) fn merge<'a>(known: &mut CodeableConcept<'a>, more: CodeableConcept<'a>) {
    add_new(&mut known.coding, more.coding);
    add_new(&mut known.extension, more.extension);
    match (&known.text, more.text) {
        (None, text) => known.text = text,
        (Some(known_text), Some(text)) if *known_text != text => {
            add_new(&mut known.coding, [Coding { display: Some(text), ..Coding::default() }]);
        }
        _ => {}
    }
}

/// A concept where FHIR has a list of codings: its text is a coding of its own, and what else it says stands with the
/// first.
pub(crate) fn codings(concept: CodeableConcept<'_>) -> Vec<Coding<'_>> {
    let CodeableConcept { mut coding, text, extension, .. } = concept;
    coding.extend(text.map(|text| Coding { display: Some(text), ..Coding::default() }));
    if coding.is_empty() && !extension.is_empty() {
        coding.push(Coding::default());
    }
    if let Some(first) = coding.first_mut() {
        first.extension.extend(extension);
    }
    coding
}

/// What stands for a coded value in a natural key: system and code, else the text. `None` when it
/// says nothing.
pub(crate) fn key<'a>(
    cx: &Context<'_, 'a>,
    from: Repetition<'_, 'a>,
) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let text = |n: usize| crate::context::trim(from.component(n).value().text());
    for (code, system) in [(1, 3), (4, 6)] {
        let value = text(code);
        if !value.is_empty() {
            let name = text(system);
            return Some((cx.profile.coding_system(&name).unwrap_or(name), value));
        }
    }
    [2, 5, 9].into_iter().map(text).find(|text| !text.is_empty()).map(|text| (Cow::Borrowed("text"), text))
}
