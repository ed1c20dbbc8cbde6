//! Words, numbers and marks, with their places in code points.
//!
//! The build script reads the vocabulary with this very module, so a term of the vocabulary and the same term
//! in a note fall into the same tokens.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters: `hartfalen`, `Crohn's`, `i.v.`.
    Word,
    /// Digits: `10`, `0,5`, `½`.
    Number,
    /// One mark: `,`.
    Mark(char),
    /// The end of a line.
    Line,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Bytes before it.
    pub start: usize,
    /// Bytes before its end.
    pub end: usize,
    /// Code points before it.
    pub at: u32,
    /// Code points before its end.
    pub until: u32,
    /// No blank before it.
    pub glued: bool,
    /// Written with dots: `i.v.`, `z.n.`.
    pub dotted: bool,
    /// Where its normal form stands among those of all tokens.
    normal: (usize, usize),
}

/// The tokens of a text.
#[derive(Default)]
pub(crate) struct Tokens {
    /// In the order of the text.
    pub all: Vec<Token>,
    normals: String,
}

impl Tokens {
    /// Cuts a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut tokens = Self::default();
        let mut cursor = Cursor { text, byte: 0, point: 0 };
        let mut glued = false;
        while let Some(letter) = cursor.peek() {
            if letter == '\n' || letter == '\r' || letter == '\u{2028}' || letter == '\u{85}' {
                let (start, at) = cursor.here();
                cursor.next();
                if letter == '\r' && cursor.peek() == Some('\n') {
                    cursor.next();
                }
                tokens.push(Kind::Line, (start, at), cursor.here(), false, false, "");
                glued = false;
            } else if letter.is_whitespace() || letter.is_control() || is_invisible(letter) {
                cursor.next();
                glued = false;
            } else {
                tokens.one(letter, &mut cursor, glued);
                glued = true;
            }
        }
        tokens
    }

    /// The normal form of one: lower case, without diacritics and apostrophes, `i.v.` as `iv`.
    pub(crate) fn normal(&self, token: &Token) -> &str {
        self.normals.get(token.normal.0..token.normal.1).unwrap_or_default()
    }

    /// The normal form of the token at an index; empty beyond the end.
    pub(crate) fn normal_at(&self, index: usize) -> &str {
        self.all.get(index).map_or("", |token| self.normal(token))
    }

    fn one(&mut self, letter: char, cursor: &mut Cursor<'_>, glued: bool) {
        let from = cursor.here();
        if is_digit(letter) {
            cursor.number();
            let raw = cursor.text.get(from.0..cursor.byte).unwrap_or_default();
            self.push(Kind::Number, from, cursor.here(), glued, false, raw);
        } else if is_letter(letter) {
            let dotted = cursor.word();
            let raw = cursor.text.get(from.0..cursor.byte).unwrap_or_default();
            let mut normal = String::with_capacity(raw.len());
            fold(raw, &mut normal);
            if dotted {
                normal.retain(|letter| letter != '.');
            }
            self.push(Kind::Word, from, cursor.here(), glued, dotted, &normal);
        } else {
            cursor.next();
            let mark = match letter {
                '‐' | '‑' | '–' | '—' | '−' => '-',
                '’' | '‘' | '´' | '`' => '\'',
                '“' | '”' | '„' => '"',
                other => other,
            };
            let mut buffer = [0; 4];
            self.push(Kind::Mark(mark), from, cursor.here(), glued, false, mark.encode_utf8(&mut buffer));
        }
    }

    fn push(
        &mut self,
        kind: Kind,
        (start, at): (usize, u32),
        (end, until): (usize, u32),
        glued: bool,
        dotted: bool,
        normal: &str,
    ) {
        let from = self.normals.len();
        self.normals.push_str(normal);
        let normal = (from, self.normals.len());
        self.all.push(Token { kind, start, end, at, until, glued, dotted, normal });
    }
}

fn fold(raw: &str, into: &mut String) {
    if raw.is_ascii() {
        into.extend(
            raw.bytes().filter(|byte| *byte != b'\'').map(|byte| char::from(byte.to_ascii_lowercase())),
        );
        return;
    }
    for letter in raw.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            '\'' | '’' | '‘' | '´' | '`' => {}
            'æ' => into.push_str("ae"),
            'œ' => into.push_str("oe"),
            'ø' => into.push('o'),
            'ĳ' => into.push_str("ij"),
            other if is_combining_mark(other) => {}
            other => into.push(other),
        }
    }
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '½' | '¼' | '¾')
}

fn is_letter(letter: char) -> bool {
    (letter.is_alphanumeric() || is_combining_mark(letter)) && !is_digit(letter)
}

/// Joiners and marks of direction, which no reader sees.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// A place in a text, in bytes and in code points.
#[derive(Clone)]
struct Cursor<'a> {
    text: &'a str,
    byte: usize,
    point: u32,
}

impl Cursor<'_> {
    fn here(&self) -> (usize, u32) {
        (self.byte, self.point)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.byte..)?.chars().next()
    }

    fn second(&self) -> Option<char> {
        let mut letters = self.text.get(self.byte..)?.chars();
        letters.next();
        letters.next()
    }

    fn next(&mut self) {
        if let Some(letter) = self.peek() {
            self.byte += letter.len_utf8();
            self.point = self.point.saturating_add(1);
        }
    }

    /// `12`, `0,5`, `10.000`: a dot or comma counts when a digit follows.
    fn number(&mut self) {
        while let Some(letter) = self.peek() {
            let joins = matches!(letter, '.' | ',') && self.second().is_some_and(is_digit);
            if !is_digit(letter) && !joins {
                return;
            }
            self.next();
        }
    }

    /// Letters, apostrophes between them; or short groups of letters with dots, such as `i.v.m.`. Says whether
    /// there were dots.
    fn word(&mut self) -> bool {
        let mut ahead = self.clone();
        let mut groups = 0;
        loop {
            let mut letters = 0;
            while ahead.peek().is_some_and(is_letter) {
                ahead.next();
                letters += 1;
            }
            if letters == 0 || letters > 2 || groups > 7 {
                break;
            }
            groups += 1;
            if ahead.peek() == Some('.') && ahead.second().is_some_and(is_letter) {
                ahead.next();
                continue;
            }
            if groups > 1 {
                // The last dot belongs to it.
                if ahead.peek() == Some('.') {
                    ahead.next();
                }
                *self = ahead;
                return true;
            }
            break;
        }
        while let Some(letter) = self.peek() {
            let joins = matches!(letter, '\'' | '’') && self.second().is_some_and(is_letter);
            if !is_letter(letter) && !joins {
                break;
            }
            self.next();
        }
        false
    }
}
