//! The command line, unchanged, for the end-to-end tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    zorgsluis::main()
}
