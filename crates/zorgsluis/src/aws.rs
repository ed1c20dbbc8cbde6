//! The stores on AWS for the command line: what the functions use, with the same names in the environment.

#[cfg(feature = "aws")]
pub(crate) use with::{ingest, providers, registers};
#[cfg(not(feature = "aws"))]
pub(crate) use without::{ingest, providers, registers};

/// A build that has AWS.
#[cfg(feature = "aws")]
mod with {
    use std::sync::Arc;

    use zorgsluis_audit_writer::QueueSink;
    use zorgsluis_aws::{Parts, Program, Settings};
    use zorgsluis_converter::profile::Profiles;
    use zorgsluis_domain::port::{AuditSink, ProviderDirectory};
    use zorgsluis_ingest::{Ingest, ProfileRules};
    use zorgsluis_registers::Registers;

    use crate::failure::Failure;
}

/// A build without.
#[cfg(not(feature = "aws"))]
mod without {
    use std::sync::Arc;

    use zorgsluis_domain::port::ProviderDirectory;
    use zorgsluis_ingest::Ingest;
    use zorgsluis_registers::Registers;

    use crate::failure::Failure;

    fn none<T>() -> Result<T, Failure> {
        Err(Failure::usage("this build has no AWS: build it with `--features aws` (docs/functions.md)"))
    }

    pub(crate) async fn ingest() -> Result<Ingest, Failure> {
        none()
    }

    pub(crate) async fn registers() -> Result<Registers, Failure> {
        none()
    }

    pub(crate) async fn providers() -> Result<Arc<dyn ProviderDirectory>, Failure> {
        none()
    }
}
