//! The command line of Zorgsluis; everything stands in the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    zorgsluis::main()
}
