//! Texts that are longer than a request may be, cut where nothing is torn.

/// How long the text of a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Unicode code points.
    Characters(usize),
    /// Bytes of UTF-8.
    Bytes(usize),
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// Code points before it.
    pub(super) start: u32,
    pub(super) text: &'t str,
}

/// A text in pieces within the limit: cut behind the last sentence that fits; a sentence that is longer behind its
/// last line or word that fits; and a word that is longer (nothing that a clinician wrote) where it must. Pieces of
/// nothing but blanks are left out.
pub(super) fn pieces(text: &str, limit: Limit) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut start) = (text, 0_usize);
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(cut(rest, limit));
        if !piece.trim().is_empty() {
            found.push(Piece { start: u32::try_from(start).unwrap_or(u32::MAX), text: piece });
        }
        start += piece.chars().count();
        rest = behind;
    }
    found
}

/// The byte at which the first piece ends; behind 0.
fn cut(text: &str, limit: Limit) -> usize {
    let fits = fitting(text, limit);
    if fits == text.len() {
        return fits;
    }
    let window = text.get(..fits).unwrap_or(text);
    let (mut sentence, mut line, mut word) = (None, None, None);
    let mut before = Before::default();
    for (at, c) in window.char_indices() {
        // A place between two characters is a place to cut when what stands behind it is known to begin anew.
        if before.ends_sentence && !c.is_whitespace() {
            if before.blank_line || c.is_uppercase() || c.is_ascii_digit() || "-*•#".contains(c) {
                sentence = Some(at);
            }
            before.ends_sentence = false;
        }
        before.see(c);
        if c == '\n' {
            line = Some(at + c.len_utf8());
        }
        if c.is_whitespace() {
            word = Some(at + c.len_utf8());
        }
    }
    sentence.or(line).or(word).filter(|at| *at > 0).unwrap_or(fits)
}

/// What was read last.
#[derive(Default)]
struct Before {
    /// Letters and digits of the word so far: `Vit.` and `Dr.` end no sentence.
    word: usize,
    /// A full stop behind a word, a question or exclamation mark, that only blanks followed yet.
    stop: bool,
    /// The same, with a blank behind it.
    ends_sentence: bool,
    /// Line ends since the last that is no blank.
    lines: usize,
    blank_line: bool,
}

impl Before {
    fn see(&mut self, c: char) {
        if c.is_whitespace() {
            self.lines += usize::from(c == '\n');
            self.blank_line = self.lines > 1;
            self.ends_sentence |= self.stop || self.blank_line;
            (self.stop, self.word) = (false, 0);
            return;
        }
        (self.lines, self.blank_line) = (0, false);
        match c {
            '.' => self.stop = self.word > 3,
            '!' | '?' => self.stop = true,
            ')' | '"' | '\'' | '”' | '’' if self.stop => {}
            _ => self.stop = false,
        }
        self.word = if c.is_alphanumeric() { self.word + 1 } else { 0 };
    }
}

/// The bytes of the longest beginning within the limit; one character at least.
fn fitting(text: &str, limit: Limit) -> usize {
    match limit {
        Limit::Characters(most) => text.char_indices().nth(most.max(1)).map_or(text.len(), |(at, _)| at),
        Limit::Bytes(most) if text.len() <= most => text.len(),
        Limit::Bytes(most) => {
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
            let first = text.chars().next().map_or(0, char::len_utf8);
            ends.take_while(|end| *end <= most).last().unwrap_or(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, pieces};

    fn texts(text: &str, limit: Limit) -> Vec<&str> {
        let found = pieces(text, limit);
        for piece in &found {
            let at: String =
                text.chars().skip(piece.start as usize).take(piece.text.chars().count()).collect();
            assert_eq!(at, piece.text, "a piece stands where it says");
        }
        found.iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn what_fits_is_one_piece() {
        assert_eq!(texts("No fever.", Limit::Characters(9)), ["No fever."]);
        assert_eq!(texts("", Limit::Characters(9)), [""; 0]);
        assert_eq!(texts(" \n ", Limit::Characters(2)), [""; 0]);
    }

    #[test]
    fn a_text_is_cut_behind_the_last_sentence_that_fits() {
        let text = "No fever. Known asthma. Takes metoprolol 50 mg.";
        assert_eq!(
            texts(text, Limit::Characters(30)),
            ["No fever. Known asthma. ", "Takes metoprolol 50 mg."]
        );
        assert_eq!(
            texts(text, Limit::Characters(23)),
            ["No fever. ", "Known asthma. ", "Takes metoprolol 50 mg."]
        );
    }

    #[test]
    fn an_abbreviation_and_a_number_end_no_sentence() {
        let text = "Low vit. D and 3.5 mg of iron. Then more of all the rest.";
        assert_eq!(texts(text, Limit::Characters(40))[0], "Low vit. D and 3.5 mg of iron. ");
        assert_eq!(texts("aaaa vit. Deficit here", Limit::Characters(14)), ["aaaa vit. ", "Deficit here"]);
    }

    #[test]
    fn a_blank_line_ends_a_sentence_and_a_line_does_not() {
        assert_eq!(
            texts("chronic\n\nasthma\nnow here", Limit::Characters(20)),
            ["chronic\n\n", "asthma\nnow here"]
        );
    }

    #[test]
    fn a_sentence_that_is_too_long_is_cut_between_lines_or_words_and_a_word_where_it_must() {
        assert_eq!(
            texts("one two\nthree four five", Limit::Characters(14)),
            ["one two\n", "three four ", "five"]
        );
        assert_eq!(texts("one two three", Limit::Characters(6)), ["one ", "two ", "three"]);
        assert_eq!(texts("éééééé", Limit::Characters(4)), ["éééé", "éé"]);
        assert_eq!(texts("éééééé", Limit::Bytes(5)), ["éé", "éé", "éé"]);
        assert_eq!(texts("😀😀", Limit::Bytes(1)), ["😀", "😀"], "no limit stops it");
    }

    #[test]
    fn characters_are_code_points_and_bytes_are_bytes() {
        assert_eq!(texts("ëë ëë", Limit::Characters(5)).len(), 1);
        assert_eq!(texts("ëë ëë", Limit::Bytes(8)), ["ëë ", "ëë"]);
    }
}
