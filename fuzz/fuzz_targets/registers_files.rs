//! What an operator hands in: CSV files with a mapping, certificates. No panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zorgsluis_notifier::RecipientCertificate;
use zorgsluis_registers::referenced_files;

const MAPPING: &str = "identifiers = [{ column = \"AGB\", system = \"http://fhir.nl/fhir/NamingSystem/agb-z\" }]\n\
    name = [\"Naam\"]\ncertificate = \"Certificaat\"\nlanguage = { fixed = \"nl\" }\n";

fuzz_target!(|bytes: &[u8]| {
    let _ = RecipientCertificate::read(bytes);
    let mut data = b"AGB,Naam,Certificaat\n".to_vec();
    data.extend_from_slice(bytes);
    let _ = referenced_files(&data, MAPPING);
    if let Ok(mapping) = std::str::from_utf8(bytes) {
        let _ = referenced_files(b"AGB,Naam\n01004567,de Wit\n", mapping);
    }
});
