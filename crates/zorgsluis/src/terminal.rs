//! What a person reads: colours when standard output is a terminal, plain text otherwise.

use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, IsTerminal, Write as _};

/// `println!` for this command line: see [`write_out`].
macro_rules! out {
    () => { $crate::terminal::write_out(format_args!("\n")) };
    ($($part:tt)*) => { $crate::terminal::write_out(format_args!("{}\n", format_args!($($part)*))) };
}

/// `print!` for this command line: see [`write_out`].
macro_rules! out_part {
    ($($part:tt)*) => { $crate::terminal::write_out(format_args!($($part)*)) };
}

pub(crate) use {out, out_part};

/// Writes to standard output. A reader that has seen enough (`| head`) ends the program quietly; where
/// writing fails otherwise (a full disk), it ends with status 1, as nothing that follows could be told.
pub(crate) fn write_out(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        say!("zorgsluis: standard output: {error}");
        std::process::exit(1);
    }
}

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

    /// Whether words are marked by colour.
    pub(crate) const fn has_colours(self) -> bool {
        self.colours
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
