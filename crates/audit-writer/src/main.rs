//! The function behind the audit queue.

use std::process::ExitCode;

use zorgsluis_audit_writer::function::Behind;

fn main() -> ExitCode {
    zorgsluis_aws::function::run::<Behind>()
}
