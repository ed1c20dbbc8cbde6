//! A certification authority of the test, and what it issues.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName,
    DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use zorgsluis_listener::{Tls, TlsFiles};

/// An authority that issues server and client certificates, and a folder for the files.
pub(crate) struct Pki {
    pub(crate) folder: TempDir,
    ca: CertifiedIssuer<'static, KeyPair>,
}

/// What a client has: perhaps a certificate, versions of TLS, and the authority it trusts.
#[derive(Clone)]
pub(crate) struct Identity {
    config: Arc<ClientConfig>,
}

impl Identity {
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

fn write(path: &Path, text: &str) {
    // As careful administrators do: whole or not at all.
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

impl Pki {
    /// With the files of a server in the folder.
    pub(crate) fn new() -> Self {
        Self::named("Authority of a test")
    }

    /// The same under another name.
    pub(crate) fn named(authority: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, authority);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let pki = Self { folder: tempfile::tempdir().unwrap(), ca };
        pki.renew_server();
        write(&pki.path("ca.pem"), &pki.ca.pem());
        pki
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.path("server.pem"),
            key: self.path("server.key"),
            client_ca: self.path("ca.pem"),
            crl: None,
        }
    }

    pub(crate) fn tls(&self) -> Tls {
        Tls::load(self.files()).unwrap()
    }

    /// Writes a new certificate and key of the server; gives the certificate.
    pub(crate) fn renew_server(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.ca).unwrap();
        write(&self.path("server.key"), &key.serialize_pem());
        write(&self.path("server.pem"), &certificate.pem());
        certificate.der().clone()
    }

    /// Puts this text into a file.
    pub(crate) fn put(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    /// A list that revokes the certificates of these serial numbers.
    pub(crate) fn put_crl(&self, revoked: &[u8]) {
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(4000, 1, 1),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&[*serial]),
                    revocation_time: date_time_ymd(2024, 1, 1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        self.put("crl.pem", &list.signed_by(&self.ca).unwrap().pem().unwrap());
    }

    /// A client of this name.
    pub(crate) fn client(&self, name: &str) -> Identity {
        self.client_with(name, 1, |_| {})
    }

    /// A client of this name, its certificate as `change` makes it.
    pub(crate) fn client_with(
        &self,
        name: &str,
        serial: u8,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        self.client_of(&self.ca, name, serial, change)
    }

    /// A client that trusts this authority, and whose certificate another one has issued.
    pub(crate) fn client_issued_by(&self, other: &Self, name: &str) -> Identity {
        self.client_of(&other.ca, name, 1, |_| {})
    }

    fn client_of(
        &self,
        issuer: &CertifiedIssuer<'static, KeyPair>,
        name: &str,
        serial: u8,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from_slice(&[serial]));
        change(&mut params);
        let der = params.signed_by(&key, issuer).unwrap().der().clone();
        self.identity(
            rustls::ALL_VERSIONS,
            Some((der, PrivateKeyDer::try_from(key.serialize_der()).unwrap())),
        )
    }

    /// A client without a certificate.
    pub(crate) fn nobody(&self) -> Identity {
        self.identity(rustls::ALL_VERSIONS, None)
    }

    /// A client that speaks these versions only.
    pub(crate) fn client_of_versions(
        &self,
        name: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let der = params.signed_by(&key, &self.ca).unwrap().der().clone();
        self.identity(versions, Some((der, PrivateKeyDer::try_from(key.serialize_der()).unwrap())))
    }

    fn identity(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        own: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> Identity {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            Some((der, key)) => config.with_client_auth_cert(vec![der], key).unwrap(),
            None => config.with_no_client_auth(),
        };
        Identity { config: Arc::new(config) }
    }
}
