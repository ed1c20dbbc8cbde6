//! How much of the marked PHI in notes of our own is found, and how much of what is masked is PHI.

use zorgsluis_clinical_text::deidentify::{Known, deidentify};

struct Note {
    language: &'static str,
    text: String,
    /// Code points from, to.
    marked: Vec<(u32, u32)>,
}

fn notes(file: &'static str) -> Vec<Note> {
    let body = file.split_once('\n').unwrap().1;
    body.split("\n---\n")
        .map(|note| {
            let (language, marked_text) = note.trim_end().split_once('\n').unwrap();
            let (mut text, mut marked) = (String::new(), Vec::new());
            let mut rest = marked_text;
            while let Some((before, from)) = rest.split_once('{') {
                let (mark, after) = from.split_once('}').unwrap();
                let words = mark.split_once('|').unwrap().1;
                text.push_str(before);
                let begin = text.chars().count() as u32;
                text.push_str(words);
                marked.push((begin, begin + words.chars().count() as u32));
                rest = after;
            }
            text.push_str(rest);
            Note { language, text, marked }
        })
        .collect()
}

#[derive(Default, Debug, Clone, Copy)]
struct Score {
    notes: usize,
    marked: usize,
    found: usize,
    masked: usize,
    right: usize,
}

impl Score {
    fn recall(self) -> f64 {
        self.found as f64 / self.marked as f64
    }

    fn precision(self) -> f64 {
        self.right as f64 / self.masked as f64
    }
}

/// A mark is found when all its letters and digits are masked; titles inside it may stay. A mask is right when it
/// touches a mark.
fn score(notes: &[Note], language: &str, tell: bool) -> Score {
    let mut score = Score::default();
    for note in notes.iter().filter(|note| note.language == language) {
        score.notes += 1;
        let chars: Vec<char> = note.text.chars().collect();
        let words = |from: u32, to: u32| chars[from as usize..to as usize].iter().collect::<String>();
        let masked = deidentify(&note.text, &Known::default());
        let covers = |at: u32| masked.spans().iter().any(|span| span.begin <= at && at < span.end);
        for (from, to) in &note.marked {
            score.marked += 1;
            let words = words(*from, *to);
            let title: u32 = ["Mr. ", "Mrs. ", "Ms. ", "Dr. ", "mevrouw ", "dhr. ", "apotheek ", "begin "]
                .iter()
                .find(|title| words.starts_with(**title))
                .map_or(0, |title| title.chars().count() as u32);
            let found = (from + title..*to).all(|at| {
                covers(at) || !chars[at as usize].is_alphanumeric() || words.ends_with(" jl") && at + 2 >= *to
            });
            score.found += usize::from(found);
            if !found && tell {
                println!("missed: {words:?} in {}", masked.text());
            }
        }
        for span in masked.spans() {
            score.masked += 1;
            let right = note.marked.iter().any(|(from, to)| span.begin < *to && *from < span.end);
            score.right += usize::from(right);
            if !right && tell {
                println!("too much: {:?} {:?}", words(span.begin, span.end), span.kind);
            }
        }
    }
    score
}

const TUNING: &str = include_str!("tuning.txt");
const HELD_OUT: &str = include_str!("held-out.txt");

#[test]
fn what_is_found_of_our_own_notes() {
    let (tuning, held_out) = (notes(TUNING), notes(HELD_OUT));
    println!("| Notes | Language | Notes | Marked | Recall | Precision |\n|---|---|---|---|---|---|");
    for (name, notes, floor) in [("tuning", &tuning, 0.97), ("held out", &held_out, 0.9)] {
        for language in ["nl", "en"] {
            let score = score(notes, language, name == "tuning");
            println!(
                "| {name} | {language} | {} | {} | {:.3} | {:.3} |",
                score.notes,
                score.marked,
                score.recall(),
                score.precision()
            );
            assert!(score.recall() >= floor, "{name} {language}: {score:?}");
            assert!(score.precision() >= floor, "{name} {language}: {score:?}");
        }
    }
    let count =
        |language: &str| tuning.iter().chain(&held_out).filter(|note| note.language == language).count();
    assert!(count("nl") >= 40 && count("en") >= 20, "{} {}", count("nl"), count("en"));
}
