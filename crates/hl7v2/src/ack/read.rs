//! Reading an acknowledgement.

use super::AckCode;
use crate::{Message, ParseError, Place, Segment};
use core::fmt;

/// An acknowledgement that came back. `Debug` prints no text of the other side.
#[derive(Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// MSA-1.
    pub code: AckCode,
    /// MSA-2: the MSH-10 of what is acknowledged.
    pub control_id: String,
    /// MSA-3.
    pub text: Option<String>,
    /// What ERR says.
    pub problems: Vec<ReportedProblem>,
}

/// One thing that the other side found wrong. `Debug` prints no text of the other side.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportedProblem {
    /// Where in the message, if it says so in a way that can be read.
    pub place: Option<Place>,
    /// The code of table 0357, ERR-3.1 or ERR-1.4.1.
    pub condition: Option<u16>,
    /// The other side's own code, ERR-5.1.
    pub code: Option<String>,
    /// ERR-8, else ERR-7, else the name of the condition.
    pub text: Option<String>,
}

/// Why bytes are not an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AckReadError {
    /// They are not a message.
    #[error("the answer is not a message")]
    Parse(#[from] ParseError),
    /// There is no MSA segment.
    #[error("the answer has no MSA segment")]
    MissingMsa,
    /// MSA-1 is none of AA, AE, AR, CA, CE, CR.
    #[error("the answer has an unknown acknowledgement code in MSA[1]-1")]
    UnknownCode,
}

impl Acknowledgement {
    /// Reads an acknowledgement from its bytes, without a frame.
    pub fn parse(bytes: &[u8]) -> Result<Self, AckReadError> {
        Self::read(&Message::parse(bytes)?)
    }

    /// Reads an acknowledgement from a message that is one.
    pub fn read(message: &Message<'_>) -> Result<Self, AckReadError> {
        let msa = message.segment("MSA").ok_or(AckReadError::MissingMsa)?;
        let code = AckCode::from_text(msa.field(1).value().text().trim()).ok_or(AckReadError::UnknownCode)?;
        let mut problems = Vec::new();
        for err in message.segments_named("ERR") {
            if err.field(2).is_empty() && err.field(3).is_empty() {
                problems.extend(err.field(1).repetitions().map(|eld| {
                    let component = |n: usize| eld.component(n).value().text();
                    ReportedProblem {
                        place: place([component(1), component(2), component(3)].iter().map(AsRef::as_ref)),
                        condition: component(4).trim().parse().ok(),
                        code: None,
                        text: some(eld.component(4).subcomponent(2).text().into_owned()),
                    }
                }));
            } else {
                problems.push(Self::problem(err));
            }
        }
        let text = some(msa.field(3).value().text().into_owned());
        Ok(Self { code, control_id: msa.field(2).value().text().into_owned(), text, problems })
    }

    /// ERR from v2.5 on.
    fn problem(err: Segment<'_, '_>) -> ReportedProblem {
        let text = |n: usize, component: usize| {
            some(err.field(n).first().component(component).value().text().into_owned())
        };
        let location = err.field(2).first();
        let parts: Vec<_> = location.components().map(|component| component.value().text()).collect();
        ReportedProblem {
            place: place(parts.iter().map(AsRef::as_ref)),
            condition: text(3, 1).and_then(|code| code.trim().parse().ok()),
            code: text(5, 1),
            text: text(8, 1).or_else(|| text(7, 1)).or_else(|| text(3, 2)),
        }
    }
}

fn some(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}

/// Segment, sequence, field, repetition, component, subcomponent; the later ones may be missing.
fn place<'t>(mut parts: impl Iterator<Item = &'t str>) -> Option<Place> {
    let segment: [u8; 3] = parts.next()?.as_bytes().try_into().ok()?;
    if !crate::place::is_segment_name(segment) {
        return None;
    }
    let mut number = || parts.next().and_then(|part| part.trim().parse::<u16>().ok()).unwrap_or(0);
    let mut place = Place::of_segment(segment, number().max(1));
    (place.field, place.repetition) = (number(), number());
    (place.component, place.subcomponent) = (number(), number());
    Some(place)
}

impl fmt::Debug for Acknowledgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Acknowledgement({}, {} problems)", self.code, self.problems.len())
    }
}

impl fmt::Debug for ReportedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReportedProblem({:?}, {:?})", self.place, self.condition)
    }
}
