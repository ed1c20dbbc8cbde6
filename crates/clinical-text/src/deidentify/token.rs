//! Words of a text, folded for comparison.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use super::Kind;

/// Stands for each byte of a mask that the text holds already.
pub(super) const MASKED: char = '\u{1}';

/// The text, byte for byte as long, in which masks are no words.
pub(super) fn shadow(text: &str) -> String {
    let mut shadow = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, from) = rest.split_at(at);
        shadow.push_str(before);
        let mask = Kind::ALL.into_iter().map(Kind::mask).find(|mask| from.starts_with(mask));
        let length = mask.map_or(1, str::len);
        match mask {
            Some(mask) => shadow.extend(mask.chars().map(|_| MASKED)),
            None => shadow.push('['),
        }
        rest = from.get(length..).unwrap_or_default();
    }
    shadow.push_str(rest);
    shadow
}

/// Lower case, without diacritics: `Müller` and `muller` are one.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(word.len());
    word.chars().for_each(|char| fold_into(char, &mut folded));
    folded
}

/// The same for one character.
pub(super) fn fold_into(char: char, to: &mut String) {
    if char.is_ascii() {
        to.push(char.to_ascii_lowercase());
        return;
    }
    for part in
        char.to_lowercase().nfkd().filter(|part| !unicode_normalization::char::is_combining_mark(*part))
    {
        match part {
            'ß' => to.push_str("ss"),
            'ø' => to.push('o'),
            'ł' => to.push('l'),
            'đ' | 'ð' => to.push('d'),
            'æ' => to.push_str("ae"),
            'œ' => to.push_str("oe"),
            'ı' => to.push('i'),
            other => to.extend(other.to_lowercase()),
        }
    }
}

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Begins in lower case.
    Lower,
    /// Begins with a capital.
    Capital,
    /// All capitals, two or more.
    Upper,
    /// One capital.
    Letter,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Letters.
    Word(Case),
    /// Digits.
    Number,
    /// Any other character.
    Mark(char),
}

/// What stands before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing.
    None,
    /// Blanks.
    Blank,
    /// One end of line.
    Line,
    /// An empty line, or the beginning of the text.
    Paragraph,
}

/// A word, a number or one other character.
#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: &'t str,
    /// Words folded; else empty.
    pub(super) fold: String,
    pub(super) form: Form,
    pub(super) gap: Gap,
    /// A sentence, line or item begins here.
    pub(super) opens: bool,
}

impl Token<'_> {
    pub(super) fn case(&self) -> Option<Case> {
        match self.form {
            Form::Word(case) => Some(case),
            _ => None,
        }
    }

    /// Whether it begins with a capital and has more than one letter.
    pub(super) fn is_capital(&self) -> bool {
        matches!(self.form, Form::Word(Case::Capital | Case::Upper))
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.form == Form::Mark(mark)
    }

    /// Whether it stands on the line of the token before it.
    pub(super) fn is_near(&self) -> bool {
        self.gap <= Gap::Blank
    }
}

/// The tokens of a text.
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    pub(super) list: Vec<Token<'t>>,
}

impl<'t> Tokens<'t> {
    pub(super) fn read(text: &'t str) -> Self {
        let mut list: Vec<Token<'t>> = Vec::with_capacity(text.len() / 5 + 1);
        let mut gap = Gap::Paragraph;
        let mut chars = text.char_indices().peekable();
        while let Some((start, char)) = chars.next() {
            if char.is_whitespace() {
                gap = match (gap, char) {
                    (Gap::Line, '\n') => Gap::Paragraph,
                    (Gap::None | Gap::Blank, '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}') => {
                        Gap::Line
                    }
                    (Gap::None, _) => Gap::Blank,
                    (other, _) => other,
                };
                continue;
            }
            let mut end = start + char.len_utf8();
            let mut take = |accept: fn(char) -> bool| {
                while let Some((at, next)) = chars.next_if(|(_, next)| accept(*next)) {
                    end = at + next.len_utf8();
                }
            };
            let is_word = char.is_alphabetic();
            if is_word {
                take(|next| next.is_alphabetic() || unicode_normalization::char::is_combining_mark(next));
            } else if char.is_ascii_digit() {
                take(|next| next.is_ascii_digit());
            }
            let word = text.get(start..end).unwrap_or_default();
            let form = if is_word {
                Form::Word(case(word))
            } else if char.is_ascii_digit() {
                Form::Number
            } else {
                Form::Mark(char)
            };
            let opens = gap >= Gap::Line
                || list.last().is_some_and(|last| {
                    matches!(last.form, Form::Mark('.' | '!' | '?' | ':' | ';' | '*' | '•' | '·' | '>' | '|'))
                        || (last.is_mark('-') && (last.gap != Gap::None))
                });
            let fold = if is_word { fold(word) } else { String::new() };
            list.push(Token { start, end, text: word, fold, form, gap, opens });
            gap = Gap::None;
        }
        Self { text, list }
    }

    pub(super) fn get(&self, index: usize) -> Option<&Token<'t>> {
        self.list.get(index)
    }

    pub(super) fn before(&self, index: usize) -> Option<&Token<'t>> {
        index.checked_sub(1).and_then(|index| self.list.get(index))
    }

    /// The folded word at that place; empty when there is no word.
    pub(super) fn word(&self, index: usize) -> &str {
        self.get(index).map_or("", |token| token.fold.as_str())
    }

    pub(super) fn is_mark(&self, index: usize, mark: char) -> bool {
        self.get(index).is_some_and(|token| token.is_mark(mark))
    }

    /// Whether the token stands on the same line as the one before it.
    pub(super) fn is_near(&self, index: usize) -> bool {
        self.get(index).is_some_and(Token::is_near)
    }

    /// The first token that begins at or behind this byte.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.list.partition_point(|token| token.start < byte)
    }

    /// The bytes of the tokens from the first to the last, both included.
    pub(super) fn bytes(&self, first: usize, last: usize) -> Range<usize> {
        let start = self.get(first).map_or(0, |token| token.start);
        start..self.get(last).map_or(start, |token| token.end)
    }
}

fn case(word: &str) -> Case {
    let mut chars = word.chars().filter(|char| char.is_alphabetic());
    if !chars.next().is_some_and(char::is_uppercase) {
        return Case::Lower;
    }
    let (mut rest, mut lower) = (0, 0);
    for char in chars {
        rest += 1;
        lower += usize::from(!char.is_uppercase());
    }
    match (rest, lower) {
        (0, _) => Case::Letter,
        (_, 0) => Case::Upper,
        _ => Case::Capital,
    }
}

/// Counts code points, forward only.
pub(super) struct CodePoints<'t> {
    text: &'t str,
    byte: usize,
    count: u32,
}

impl<'t> CodePoints<'t> {
    pub(super) const fn of(text: &'t str) -> Self {
        Self { text, byte: 0, count: 0 }
    }

    /// The code points before this byte, which is not before the one that was asked last.
    pub(super) fn before(&mut self, byte: usize) -> u32 {
        let between = self.text.get(self.byte..byte).map_or(0, |part| part.chars().count());
        self.count = self.count.saturating_add(u32::try_from(between).unwrap_or(u32::MAX));
        self.byte = byte;
        self.count
    }
}

/// Whether letters or digits stand at neither side of these bytes.
pub(super) fn is_apart(text: &str, start: usize, end: usize) -> bool {
    !before(text, start).is_some_and(char::is_alphanumeric)
        && !after(text, end).is_some_and(char::is_alphanumeric)
}

pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

pub(super) fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}
