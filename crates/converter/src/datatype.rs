//! HL7 v2 datatypes to FHIR datatypes: one module for each, named after it.

pub(crate) mod cwe;
pub(crate) mod cx;
pub(crate) mod hd;
pub(crate) mod pl;
pub(crate) mod xad;
pub(crate) mod xcn;
pub(crate) mod xon;
pub(crate) mod xpn;
pub(crate) mod xtn;
