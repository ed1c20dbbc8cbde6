//! What a person reads: colours when standard output is a terminal, plain text otherwise.

use std::fmt::Display;
use std::io::IsTerminal;

/// How words are marked on this output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    /// For standard output: colours on a terminal, unless `NO_COLOR` is set (no-color.org).
    pub(crate) fn for_stdout() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colours: wanted && std::io::stdout().is_terminal() }
    }

    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { colours: false }
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    pub(crate) fn attention(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    pub(crate) fn bad(self, text: impl Display) -> String {
        self.paint("31", text)
    }
}

/// `1 entry`, `2 entries`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// The first eight digits of a UUID: enough for the eye, not for a look-up.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
