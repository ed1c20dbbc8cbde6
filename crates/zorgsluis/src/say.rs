//! What a person is told on standard error.

use std::fmt::Arguments;
use std::io::Write as _;

/// `eprintln!` for this command line, which must not panic where nobody reads standard error any longer
/// (`2>&1 | head`): then nothing can be said, and what is done goes on. To be had everywhere in this crate.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::write_error(format_args!("{}\n", format_args!($($part)*))) };
}

/// Writes to standard error, if anybody reads it: see `say!`.
pub(crate) fn write_error(text: Arguments<'_>) {
    // In one piece: other threads write there too.
    let _nobody_reads = std::io::stderr().lock().write_all(text.to_string().as_bytes());
}
