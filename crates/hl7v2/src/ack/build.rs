//! Writing an acknowledgement.

use super::{AckCode, Header, Problem};
use crate::{Delimiters, Place, escape};

/// Writes an acknowledgement to what a [`Header`] was read from.
///
/// Sender and receiver change places; MSH-2, MSH-11, MSH-12 and MSH-18 are echoed; MSA-2 is MSH-10 as it came. ERR
/// is written as the sender's version has it: ERR-1 up to v2.4, ERR-2 to ERR-8 from v2.5 on. Whatever came, the
/// answer has exactly the lines written here and no frame byte.
#[derive(Clone, Debug)]
pub struct AckBuilder<'h, 'a> {
    header: &'h Header<'a>,
    code: AckCode,
    sent_at: String,
    control_id: String,
    text: Option<String>,
    problems: Vec<Problem>,
}

impl<'h, 'a> AckBuilder<'h, 'a> {
    /// An acknowledgement with this code.
    pub fn new(code: AckCode, header: &'h Header<'a>) -> Self {
        Self {
            header,
            code,
            sent_at: String::new(),
            control_id: String::new(),
            text: None,
            problems: Vec::new(),
        }
    }

    /// MSH-7, as an HL7 time: `YYYYMMDDHHMMSS[.S…][+/-ZZZZ]`.
    #[must_use]
    pub fn sent_at(mut self, time: impl Into<String>) -> Self {
        self.sent_at = time.into();
        self
    }

    /// MSH-10 of the answer: an id of ours, at most 20 characters for old receivers.
    #[must_use]
    pub fn control_id(mut self, id: impl Into<String>) -> Self {
        self.control_id = id.into();
        self
    }

    /// MSA-3, which v2.7 withdrew: written up to v2.6. Without it, the text of the first problem stands there.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Adds something that was wrong.
    #[must_use]
    pub fn problem(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    /// The acknowledgement, segments ended by CR, without a frame.
    pub fn build(&self) -> Vec<u8> {
        let version = self.header.version();
        let delimiters = self.header.delimiters();
        let mut out = Writer { delimiters, bytes: Vec::with_capacity(256) };

        let echo = |n| self.header.echo(n);
        let or = |echoed: Vec<u8>, default: &str| if echoed.is_empty() { default.into() } else { echoed };
        let mut msh = vec![
            echo(5),
            echo(6),
            echo(3),
            echo(4),
            self.own(&self.sent_at),
            Vec::new(),
            self.message_type(version),
            self.own(&self.control_id),
            or(echo(11), "P"),
            or(echo(12), "2.5"),
        ];
        msh.resize(15, Vec::new());
        msh.push(echo(18));
        out.bytes.extend_from_slice(b"MSH");
        out.bytes.push(delimiters.field);
        out.bytes.extend(delimiters.encoding_characters());
        out.fields(msh);

        let text = self.text.as_deref().or(self.problems.first().map(|problem| problem.text.as_ref()));
        let text = text.filter(|_| version < [2, 7, 0]).map(|text| self.own(text)).unwrap_or_default();
        out.bytes.extend_from_slice(b"MSA");
        out.fields(vec![self.code.as_str().into(), echo(10), text]);

        if version < [2, 5, 0] {
            let repetition = delimiters.repetition;
            let listed = self.problems.iter().take(if repetition.is_some() { usize::MAX } else { 1 });
            let locations: Vec<Vec<u8>> = listed.map(|problem| self.location_old(problem)).collect();
            if !locations.is_empty() {
                out.bytes.extend_from_slice(b"ERR");
                out.fields(vec![locations.join(&repetition.unwrap_or_default())]);
            }
        } else {
            for problem in &self.problems {
                let (code, name) = problem.condition.code();
                out.bytes.extend_from_slice(b"ERR");
                out.fields(vec![
                    Vec::new(),
                    self.location(problem.place),
                    self.components(&[&code.to_string(), name, "HL70357"]),
                    problem.severity.as_str().into(),
                    self.own(&problem.code),
                    Vec::new(),
                    Vec::new(),
                    self.own(&problem.text),
                ]);
            }
        }
        out.bytes
    }

    /// `ACK^A01^ACK`; the structure came with v2.3.1, and an unknown event is left out.
    fn message_type(&self, version: [u8; 3]) -> Vec<u8> {
        let event = self.header.component(9, 2);
        let event = event.trim();
        // Events are a letter and two digits; what is none is not repeated.
        let known = event.len() == 3 && event.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match (known, version >= [2, 3, 1]) {
            (true, true) => self.components(&["ACK", event, "ACK"]),
            (true, false) => self.components(&["ACK", event]),
            (false, _) => b"ACK".to_vec(),
        }
    }

    /// ERL: segment, sequence, field, repetition, component, subcomponent.
    fn location(&self, place: Option<Place>) -> Vec<u8> {
        let Some(place) = place else { return Vec::new() };
        let numbers = [place.nth, place.field, place.repetition, place.component, place.subcomponent];
        let numbers = numbers.map(|n| if n == 0 { String::new() } else { n.to_string() });
        let mut parts = vec![place.segment_name()];
        parts.extend(numbers.iter().map(String::as_str));
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        self.components(&parts)
    }

    /// ELD: segment, sequence, field, and the code with its name as subcomponents.
    fn location_old(&self, problem: &Problem) -> Vec<u8> {
        let (code, name) = problem.condition.code();
        let mut parts = match problem.place {
            Some(place) => {
                let field = if place.field == 0 { String::new() } else { place.field.to_string() };
                vec![self.own(place.segment_name()), self.own(&place.nth.to_string()), self.own(&field)]
            }
            None => vec![Vec::new(); 3],
        };
        let coded = [code.to_string(), name.to_owned(), "HL70357".to_owned()].map(|part| self.own(&part));
        parts.push(match self.header.delimiters().subcomponent {
            Some(separator) => coded.join(&separator),
            None => self.own(&code.to_string()),
        });
        parts.join(&self.header.delimiters().component)
    }

    fn components(&self, parts: &[&str]) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| self.own(part)).collect();
        parts.join(&self.header.delimiters().component)
    }

    /// A text of ours, in the sender's separators and character set.
    fn own(&self, text: &str) -> Vec<u8> {
        self.header.charset().encode(&escape::encode(text, &self.header.delimiters())).into_owned()
    }
}

struct Writer {
    delimiters: Delimiters,
    bytes: Vec<u8>,
}

impl Writer {
    /// Appends fields, without empty ones at the end, and ends the segment.
    fn fields(&mut self, mut fields: Vec<Vec<u8>>) {
        while fields.last().is_some_and(Vec::is_empty) {
            fields.pop();
        }
        for field in fields {
            self.bytes.push(self.delimiters.field);
            self.bytes.extend(field);
        }
        self.bytes.push(b'\r');
    }
}
