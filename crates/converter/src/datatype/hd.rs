//! HD and EI: who gave an identifier, who sent a message (HL7 v2.5.1 §2.A.33, §2.A.28).

use std::borrow::Cow;

use fhir::{CodeableConcept, Identifier, Organization, Reference, nl};
use hl7v2::{Component, Repetition, Value};
use uuid::Uuid;

use crate::context::{Context, trim};
use crate::identity::rule;

/// The three parts of an HD: namespace, universal id, its type.
#[derive(Clone, Copy)]
pub(crate) struct Hd<'m, 'a> {
    pub(crate) namespace: Value<'m, 'a>,
    pub(crate) universal_id: Value<'m, 'a>,
    pub(crate) universal_type: Value<'m, 'a>,
}

impl<'m, 'a> Hd<'m, 'a> {
    /// An HD inside a component: its parts are subcomponents.
    pub(crate) fn of_component(component: Component<'m, 'a>) -> Self {
        Self {
            namespace: component.subcomponent(1),
            universal_id: component.subcomponent(2),
            universal_type: component.subcomponent(3),
        }
    }

    /// An HD that is a field (first = 1), or the end of an EI (first = 2): its parts are components.
    pub(crate) fn of_repetition(repetition: Repetition<'m, 'a>, first: usize) -> Self {
        let namespace = repetition.component(first);
        if namespace.subcomponent(2).is_present() && !repetition.component(first + 1).value().is_present() {
            // One level too deep, and plain what is meant: `4711^LINDE&1.2.3&ISO`.
            return Self::of_component(namespace);
        }
        Self {
            namespace: repetition.component(first).value(),
            universal_id: repetition.component(first + 1).value(),
            universal_type: repetition.component(first + 2).value(),
        }
    }

    pub(crate) fn is_present(&self) -> bool {
        self.namespace.is_present() || self.universal_id.is_present()
    }

    /// The identifier system, looked at and not written.
    pub(crate) fn system(&self, cx: &Context<'_, 'a>) -> Option<Cow<'a, str>> {
        if !self.is_present() {
            return None;
        }
        let (namespace, id, kind) =
            (self.namespace.text(), self.universal_id.text(), self.universal_type.text());
        cx.profile.identifier_system(&namespace, &id, &kind)
    }

    /// What stands for this authority in a natural key or in the patient index: its system, else its
    /// name, else the sender.
    pub(crate) fn key(&self, cx: &Context<'_, 'a>) -> Cow<'a, str> {
        if let Some(system) = self.system(cx) {
            return system;
        }
        let name = if self.namespace.is_present() { self.namespace } else { self.universal_id };
        let name = trim(name.text());
        if name.is_empty() {
            Cow::Owned(format!("sender:{}", cx.sender_key()))
        } else {
            Cow::Owned(format!("authority:{name}"))
        }
    }

    /// All that an HD says, as a name: `LINDE`, or `LINDE (linde.example, DNS)`.
    pub(crate) fn name(&self, cx: &mut Context<'_, 'a>) -> Option<Cow<'a, str>> {
        joined([self.namespace, self.universal_id, self.universal_type].map(|value| cx.write(value)))
    }

    /// The identifier system and, where the namespace is no more than a name, the name. Marks what
    /// either of them stands for.
    pub(crate) fn write(&self, cx: &mut Context<'_, 'a>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        let Some(system) = self.system(cx) else {
            return (None, self.name(cx));
        };
        if !self.universal_id.is_present() {
            cx.mark(self.namespace);
            return (Some(system), None);
        }
        let (namespace, id, kind) =
            (self.namespace.text(), self.universal_id.text(), self.universal_type.text());
        if cx.profile.identifier_system("", &id, &kind).as_deref() == Some(&*system) {
            cx.mark(self.universal_id);
            // The system says what kind of id it is, where the kind is one that makes systems.
            if matches!(kind.trim().to_ascii_uppercase().as_str(), "ISO" | "UUID" | "GUID" | "URI") {
                cx.mark(self.universal_type);
            }
        }
        let named = cx.profile.identifier_system(&namespace, "", "").as_deref() == Some(&*system);
        if named {
            cx.mark(self.namespace);
        }
        // What the system does not say stands in the name.
        let rest = [self.namespace, self.universal_id, self.universal_type]
            .map(|value| if cx.is_marked(value) { None } else { cx.write(value) });
        let name = joined(rest);
        (Some(system), name)
    }
}

/// `name (id, type)`, of what is there.
fn joined([name, id, kind]: [Option<Cow<'_, str>>; 3]) -> Option<Cow<'_, str>> {
    let detail = match (id, kind) {
        (Some(id), Some(kind)) => Some(Cow::Owned(format!("{id}, {kind}"))),
        (id, kind) => id.or(kind),
    };
    match (name, detail) {
        (Some(name), Some(detail)) => Some(Cow::Owned(format!("{name} ({detail})"))),
        (name, detail) => name.or(detail),
    }
}

/// Who assigned an identifier (CX.4, XCN.9). Where that is empty, a type (CX.5, XCN.13) that is the name of
/// a Dutch register stands for it: then the identifier is the same either way.
#[derive(Clone, Copy)]
pub(crate) struct Assigner<'m, 'a> {
    authority: Hd<'m, 'a>,
    kind: Value<'m, 'a>,
    register: Option<&'static str>,
    is_vektis: bool,
    is_uzovi: bool,
}

/// The system of a Dutch register, by its name.
fn register(name: &str) -> Option<&'static str> {
    const REGISTERS: [(&str, &str); 5] =
        [("AGB", nl::AGB), ("BIG", nl::BIG), ("URA", nl::URA), ("UZI", nl::UZI_PERSON), ("UZOVI", nl::UZOVI)];
    let name = name.trim();
    REGISTERS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, system)| *system)
}

impl<'m, 'a> Assigner<'m, 'a> {
    pub(crate) fn of(authority: Component<'m, 'a>, kind: Value<'m, 'a>) -> Self {
        let authority = Hd::of_component(authority);
        // VEKTIS keeps two registers: of care providers (AGB) and of insurers (UZOVI).
        let is_vektis = !authority.universal_id.is_present()
            && authority.namespace.text().trim().eq_ignore_ascii_case("VEKTIS");
        let register = register(&kind.text())
            .filter(|register| !authority.is_present() || (is_vektis && *register == nl::UZOVI));
        Self { authority, kind, register, is_vektis, is_uzovi: false }
    }

    /// Who assigned this number of an organisation. VEKTIS gives care providers eight digits (AGB) and insurers
    /// four (UZOVI).
    pub(crate) fn of_organization(self, number: &str) -> Self {
        let number = number.trim().as_bytes();
        let is_uzovi = self.is_vektis && number.len() == 4 && number.iter().all(u8::is_ascii_digit);
        Self { is_uzovi, ..self }
    }

    /// The register of the number; what the profile says of VEKTIS goes before its length.
    fn register(&self, cx: &Context<'_, 'a>) -> Option<&'static str> {
        let by_length = || self.authority.system(cx).as_deref() == Some(nl::AGB);
        self.register.or_else(|| (self.is_uzovi && by_length()).then_some(nl::UZOVI))
    }

    /// As [`Hd::key`].
    pub(crate) fn key(&self, cx: &Context<'_, 'a>) -> Cow<'a, str> {
        let typed = || self.typed(cx).map_or_else(|| self.authority.key(cx), Cow::Borrowed);
        self.register(cx).map_or_else(typed, Cow::Borrowed)
    }

    /// As [`Hd::write`].
    pub(crate) fn write(&self, cx: &mut Context<'_, 'a>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        if let Some(register) = self.register(cx) {
            if self.authority.namespace.is_present() {
                cx.mark(self.authority.namespace);
            }
            return (Some(Cow::Borrowed(register)), None);
        }
        if let Some(system) = self.typed(cx) {
            cx.mark(self.authority.namespace);
            // The universal id is of the authority, whatever kind of number it gives.
            for value in [self.authority.universal_id, self.authority.universal_type] {
                cx.ignore(value, "the profile names the system of this kind of number");
            }
            return (Some(Cow::Borrowed(system)), None);
        }
        self.authority.write(cx)
    }

    /// The system that the profile gives to numbers of this kind by this authority (`LINDE^VN`).
    fn typed(&self, cx: &Context<'_, 'a>) -> Option<&'a str> {
        let profile = cx.profile;
        if !profile.has_typed_authorities() || !self.kind.is_present() {
            return None;
        }
        profile.typed_authority(&self.authority.namespace.text(), &self.kind.text())
    }
}

/// An identifier from EI: id and authority. An EI that has a universal id only (`^^1.2.3^ISO`) is that id.
pub(crate) fn ei<'a>(cx: &mut Context<'_, 'a>, ei: Repetition<'_, 'a>) -> Option<Identifier<'a>> {
    let value = cx.write(ei.component(1).value());
    let authority = of_ei(ei);
    let only_universal = value.is_none() && !authority.namespace.is_present();
    let (system, name) = authority.write(cx);
    let assigner = name.map(|name| Box::new(Reference::display(name)));
    let identifier = match (value, system) {
        // A universal id alone is itself the number of a thing.
        (None, Some(id)) if only_universal => Identifier::new("urn:ietf:rfc:3986", id),
        (value, system) => Identifier { system, value, ..Identifier::default() },
    };
    let mut identifier = Identifier { assigner, ..identifier };
    super::further(cx, ei, 4, &mut identifier.extension);
    (identifier != Identifier::default()).then_some(identifier)
}

/// The authority of an EI. Some write it as in a CX: all of it in the second component.
fn of_ei<'m, 'a>(ei: Repetition<'m, 'a>) -> Hd<'m, 'a> {
    let second = ei.component(2);
    if second.subcomponent_count() > 1 && !ei.component(3).is_present() {
        return Hd::of_component(second);
    }
    let mut authority = Hd::of_repetition(ei, 2);
    if second.subcomponent_count() > 1 && !ei.component(4).is_present() {
        authority = Hd { universal_type: ei.component(3).value(), ..Hd::of_component(second) };
    }
    authority
}

/// What stands for an EI in a natural key: authority and id. `None` when it has no id.
pub(crate) fn ei_key<'a>(
    cx: &Context<'_, 'a>,
    ei: Repetition<'_, 'a>,
) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let value = trim(ei.component(1).value().text());
    let authority = of_ei(ei);
    if value.is_empty() && !authority.namespace.is_present() {
        // A universal id alone: see `ei`.
        return Some((Cow::Borrowed("urn:ietf:rfc:3986"), authority.system(cx)?));
    }
    (!value.is_empty()).then(|| (authority.key(cx), value))
}

/// The organisation that an HD names: put once, its id given back.
pub(crate) fn organization<'a>(cx: &mut Context<'_, 'a>, hd: Hd<'_, 'a>) -> Option<Uuid> {
    if !hd.is_present() {
        return None;
    }
    let at = hd.namespace.place();
    let system = hd.system(cx).filter(|_| hd.universal_id.is_present());
    let name = cx.write(hd.namespace);
    let id = match (&system, &name) {
        (Some(system), _) => cx.id(&rule::ORGANIZATION, &[&["urn:ietf:rfc:3986", system]], at),
        (None, Some(name)) => {
            let sender = cx.sender_key().to_owned();
            cx.id(&rule::ORGANIZATION_BY_NAME, &[&[&sender], &[name]], at)
        }
        (None, None) => {
            let value = cx.write(hd.universal_id)?;
            let id = cx.id(&rule::ORGANIZATION, &[&["", &value]], at);
            let kind = cx.write(hd.universal_type).map(|kind| Box::new(CodeableConcept::text(kind)));
            let identifier = Identifier { value: Some(value), r#type: kind, ..Identifier::default() };
            super::xon::put(cx, id, Organization { identifier: vec![identifier], ..Organization::default() });
            return Some(id);
        }
    };
    let mut organization = Organization { name, ..Organization::default() };
    if let Some(system) = system {
        cx.mark(hd.universal_id);
        cx.mark(hd.universal_type);
        organization.identifier.push(Identifier::new("urn:ietf:rfc:3986", system));
    } else if let Some(value) = cx.write(hd.universal_id) {
        // A number of a kind that has no URI (table 0301: DNS, L, M, N).
        let kind = cx.write(hd.universal_type).map(|kind| Box::new(CodeableConcept::text(kind)));
        let identifier = Identifier { value: Some(value), r#type: kind, ..Identifier::default() };
        organization.identifier.push(identifier);
    }
    super::xon::put(cx, id, organization);
    Some(id)
}
