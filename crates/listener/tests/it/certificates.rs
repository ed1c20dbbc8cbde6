//! Certificates from variables into files.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zorgsluis_listener::{CertificatesError, Tls, TlsFiles, write_certificates};

use crate::pki::Pki;

const SECRETS: [&str; 3] = ["ZORGSLUIS_TLS_CERTIFICATE", "ZORGSLUIS_TLS_KEY", "ZORGSLUIS_TLS_CLIENT_CA"];
const PATHS: [&str; 3] =
    ["ZORGSLUIS_LISTENER_CERTIFICATE", "ZORGSLUIS_LISTENER_KEY", "ZORGSLUIS_LISTENER_CLIENT_CA"];

/// As ECS sets them: texts of a working set-up, and paths in `folder`.
fn variables(pki: &Pki, folder: &Path) -> HashMap<&'static str, String> {
    let files = pki.files();
    let mut variables = HashMap::new();
    for ((secret, path), file) in
        SECRETS.iter().zip(PATHS).zip([files.certificate, files.key, files.client_ca])
    {
        variables.insert(*secret, std::fs::read_to_string(&file).unwrap());
        let name = file.file_name().unwrap();
        variables.insert(path, folder.join(name).to_str().unwrap().to_owned());
    }
    variables
}

fn write(variables: &HashMap<&'static str, String>) -> Result<(), CertificatesError> {
    write_certificates(|name| variables.get(name).cloned())
}

fn tls(variables: &HashMap<&'static str, String>) -> Tls {
    let [certificate, key, client_ca] = PATHS.map(|path| variables[path].clone().into());
    Tls::load(TlsFiles { certificate, key, client_ca, crl: None }).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn variables_become_files_that_tls_stands_on_and_only_the_owner_reads() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let mut variables = variables(&pki, folder.path());
    // A file of an earlier start, and one that everybody may read.
    std::fs::write(&variables[PATHS[1]], "old").unwrap();
    std::fs::set_permissions(&variables[PATHS[1]], std::fs::Permissions::from_mode(0o644)).unwrap();
    write(&variables).unwrap();
    write(&variables).unwrap();
    tls(&variables);
    for path in PATHS {
        let mode = std::fs::metadata(&variables[path]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    assert_eq!(names(folder.path()).len(), 3, "nothing else is left");

    variables.insert("ZORGSLUIS_TLS_CRL", "-----BEGIN X509 CRL-----\n".to_owned());
    assert_eq!(write(&variables).unwrap_err().to_string(), "ZORGSLUIS_LISTENER_CRL is not set");
    let list = folder.path().join("crl.pem");
    variables.insert("ZORGSLUIS_LISTENER_CRL", list.to_str().unwrap().to_owned());
    write(&variables).unwrap();
    assert_eq!(std::fs::read_to_string(list).unwrap(), variables["ZORGSLUIS_TLS_CRL"]);
}

#[tokio::test]
async fn a_variable_that_is_missing_or_no_pem_is_named_and_nothing_written() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let whole = variables(&pki, folder.path());
    for name in SECRETS.into_iter().chain(PATHS) {
        for without in [None, Some(""), Some(" \n")] {
            let mut variables = whole.clone();
            variables.remove(name);
            variables.extend(without.map(|empty| (name, empty.to_owned())));
            assert_eq!(write(&variables).unwrap_err().to_string(), format!("{name} is not set"));
        }
        let mut variables = whole.clone();
        variables.insert(name, "hunter2".to_owned());
        let told = write(&variables).unwrap_err();
        assert!(told.to_string().starts_with(&format!("{name} must be ")), "{told}");
        assert!(!format!("{told:?}").contains("hunter2"), "no value");
    }
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_by_the_variable() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let variables = variables(&pki, &folder.path().join("nowhere"));
    let told = write(&variables).unwrap_err();
    assert_eq!(told.to_string(), "ZORGSLUIS_LISTENER_CERTIFICATE: the file cannot be written");
}
