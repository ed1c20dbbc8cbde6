//! A note with what was found in it marked, for people.

use zorgsluis_domain::text::{Analysis, Category, Entity, TraitName};

use crate::terminal::Style;

/// The text with its entities marked: in colour, or as `[koorts|CONDITION -NEG]` where there is none. Control
/// characters of the text, which could steer a terminal, are shown as `�`.
pub(crate) fn marked(text: &str, analysis: &Analysis, style: Style) -> String {
    let mut entities: Vec<&Entity> = analysis.entities.iter().collect();
    entities.sort_by_key(|entity| (entity.begin_offset, std::cmp::Reverse(entity.end_offset)));
    let mut shown = String::with_capacity(text.len() * 2);
    let mut chars = text.chars().map(visible);
    let mut at = 0;
    for entity in entities {
        // What lies within another is shown by that one.
        let Some(before) = entity.begin_offset.checked_sub(at) else { continue };
        shown.extend(chars.by_ref().take(before as usize));
        let words: String =
            chars.by_ref().take(entity.end_offset.saturating_sub(entity.begin_offset) as usize).collect();
        if words.is_empty() {
            break;
        }
        shown.push_str(&mark(&words, entity, style));
        at = entity.end_offset;
    }
    shown.extend(chars);
    shown
}

fn visible(char: char) -> char {
    if char.is_control() && !matches!(char, '\n' | '\t') { '\u{FFFD}' } else { char }
}

/// Red a condition, green a medicine, dim what is absent.
fn mark(words: &str, entity: &Entity, style: Style) -> String {
    let label = label(entity);
    if !style.has_colours() {
        return format!("[{words}|{label}]");
    }
    let shown = match entity.category {
        _ if entity.has(TraitName::Negation) => style.dim(words),
        Category::MedicalCondition => style.bad(words),
        Category::Medication => style.good(words),
        _ => style.attention(words),
    };
    match label.split_once(' ') {
        Some((_, traits)) => format!("{shown}{}", style.dim(format_args!("({traits})"))),
        None => shown,
    }
}

/// `CONDITION -NEG FAM`: what it is, and what the words around it say.
fn label(entity: &Entity) -> String {
    let mut label = String::from(match entity.category {
        Category::MedicalCondition => "CONDITION",
        Category::Medication => "MEDICINE",
        Category::Anatomy => "ANATOMY",
        Category::TestTreatmentProcedure => "PROCEDURE",
        Category::TimeExpression => "TIME",
        Category::ProtectedHealthInformation => "PHI",
        Category::BehavioralEnvironmentalSocial => "SOCIAL",
    });
    for (name, mark) in [
        (TraitName::Negation, " -NEG"),
        (TraitName::PertainsToFamily, " FAM"),
        (TraitName::PastHistory, " PAST"),
        (TraitName::Hypothetical, " HYP"),
    ] {
        if entity.has(name) {
            label.push_str(mark);
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_marked_in_the_text() {
        let recogniser = zorgsluis_clinical_text::Recogniser::embedded().unwrap();
        let text = "Geen koorts. Start metoprolol.\u{1b}[2J";
        let analysis = recogniser.read(text, None);
        assert_eq!(
            marked(text, &analysis, Style::plain()),
            "Geen [koorts|CONDITION -NEG]. Start [metoprolol|MEDICINE].\u{FFFD}[2J"
        );
    }
}
