//! The people of a message: whose names, numbers and addresses are masked in its own notes.

use hl7v2::{Component, Field, Message, Repetition, Segment};
use zorgsluis_clinical_text::deidentify::Known;

/// How a field tells of a person or an institution (HL7 v2.5.1 §2.A).
#[derive(Clone, Copy)]
enum Type {
    /// An identifier.
    Cx,
    /// A name.
    Xpn,
    /// A professional.
    Xcn,
    /// An address.
    Xad,
    /// A telephone number or e-mail address.
    Xtn,
    /// An organisation.
    Xon,
    /// A date.
    Date,
    /// A town.
    Town,
    /// A number as it is.
    Number,
}

use Type::{Cx, Date, Number, Town, Xad, Xcn, Xon, Xpn, Xtn};

/// The fields that tell of people, by segment.
const FIELDS: &[(&str, &[(usize, Type)])] = &[
    ("EVN", &[(5, Xcn)]),
    (
        "PID",
        &[
            (2, Cx),
            (3, Cx),
            (4, Cx),
            (5, Xpn),
            (6, Xpn),
            (7, Date),
            (9, Xpn),
            (11, Xad),
            (13, Xtn),
            (14, Xtn),
            (18, Cx),
            (19, Number),
            (20, Number),
            (21, Cx),
            (23, Town),
        ],
    ),
    ("PD1", &[(3, Xon), (4, Xcn)]),
    ("MRG", &[(1, Cx), (2, Cx), (3, Cx), (4, Cx), (5, Cx), (7, Xpn)]),
    (
        "NK1",
        &[
            (2, Xpn),
            (4, Xad),
            (5, Xtn),
            (6, Xtn),
            (12, Cx),
            (13, Xon),
            (16, Date),
            (30, Xpn),
            (31, Xtn),
            (32, Xad),
            (33, Cx),
        ],
    ),
    ("PV1", &[(7, Xcn), (8, Xcn), (9, Xcn), (17, Xcn), (19, Cx), (50, Cx), (52, Xcn)]),
    ("PV2", &[(13, Xcn), (23, Xon)]),
    ("ROL", &[(4, Xcn), (11, Xad), (12, Xtn)]),
    (
        "ORC",
        &[(10, Xcn), (11, Xcn), (12, Xcn), (14, Xtn), (19, Xcn), (21, Xon), (22, Xad), (23, Xtn), (24, Xad)],
    ),
    ("OBR", &[(10, Xcn), (16, Xcn), (17, Xtn), (28, Xcn), (32, Xcn), (33, Xcn), (34, Xcn), (35, Xcn)]),
    ("OBX", &[(16, Xcn), (23, Xon), (24, Xad), (25, Xcn)]),
    ("NTE", &[(5, Xcn)]),
    ("DG1", &[(16, Xcn)]),
    ("IN1", &[(4, Xon), (6, Xpn), (16, Xpn), (18, Date), (19, Xad), (36, Number), (49, Cx)]),
    ("IN2", &[(1, Cx), (2, Number), (61, Cx)]),
    ("GT1", &[(2, Cx), (3, Xpn), (4, Xpn), (5, Xad), (6, Xtn), (7, Xtn), (8, Date), (12, Number)]),
    ("TXA", &[(5, Xcn), (9, Xcn), (10, Xcn), (11, Xcn), (22, Xcn)]),
];

/// What the message says of the people around it; nothing when it cannot be parsed.
pub(super) fn of(message: &[u8]) -> Known {
    let mut known = Known::default();
    let Ok(message) = Message::parse(message) else { return known };
    for (name, fields) in FIELDS {
        for segment in message.segments_named(name) {
            for (number, kind) in *fields {
                learn(&mut known, segment, *number, *kind);
            }
        }
    }
    known
}

fn learn(known: &mut Known, segment: Segment<'_, '_>, number: usize, kind: Type) {
    let field: Field<'_, '_> = segment.field(number);
    for repetition in field.repetitions().filter(|repetition| repetition.is_present()) {
        let part = |n: usize| repetition.component(n).value().text().into_owned();
        match kind {
            Cx | Number => {
                known.identifier(&part(1));
            }
            Xpn => name(known, repetition, 1),
            Xcn => {
                let number = part(1);
                if number.contains('@') {
                    known.email(&number);
                } else {
                    known.identifier(&number);
                }
                name(known, repetition, 2);
            }
            Xad => {
                for line in repetition.component(1).subcomponents().chain([repetition.component(2).value()]) {
                    known.address(&line.text());
                }
                let house = repetition.component(1);
                let street = house.subcomponent(2).text();
                if !street.is_empty() {
                    known.address(&format!("{street} {} {}", house.subcomponent(3).text(), part(2)));
                }
                known.place(&part(3)).address(&part(5));
            }
            Xtn => {
                for n in [1, 4, 12] {
                    let value = part(n);
                    if value.contains('@') {
                        known.email(&value);
                    } else {
                        known.phone(&value);
                    }
                }
                known.phone(&format!("{}{}{}", part(5), part(6), part(7)));
            }
            Xon => {
                known.institution(&part(1)).identifier(&part(3)).identifier(&part(10));
            }
            Date => {
                known.date(&part(1));
            }
            Town => {
                known.place(&part(1));
            }
        }
    }
}

/// A name: family, given names and initials, from the component `family` on.
fn name(known: &mut Known, from: Repetition<'_, '_>, family: usize) {
    let parts: Component<'_, '_> = from.component(family);
    let mut whole = String::new();
    let mut initials = String::new();
    for n in [1, 2] {
        let given = from.component(family + n).value().text();
        for word in
            given.split(|char: char| char.is_whitespace() || char == '.').filter(|word| !word.is_empty())
        {
            let run = word.chars().count() <= 4 && word.chars().all(char::is_uppercase);
            initials.extend(word.chars().take(if run { 4 } else { 1 }).flat_map(char::to_uppercase));
            whole.push_str(word);
            whole.push(' ');
        }
        known.name(&given);
    }
    known.initials(&initials);
    for part in parts.subcomponents() {
        known.name(&part.text());
    }
    whole.push_str(&parts.value().text());
    known.name(&whole);
}
