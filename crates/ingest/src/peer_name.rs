//! The name that a sender proves: by its client certificate, or by its identity in IAM.

use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Bytes of a name at most. A host name has up to 253, those in use far fewer.
const LIMIT: usize = 128;

/// The name of the peer, for logs: the first name of the certificate that is fit for them, in the order
/// DNS name, URI, e-mail address (RFC 5280 §4.2.1.6), common name; else `sha256:` and the fingerprint of the
/// certificate, which is its own as well. Names are never cut or replaced: two peers never share one by it.
pub fn peer_name(certificate: &[u8]) -> String {
    named(certificate)
        .unwrap_or_else(|| format!("sha256:{}", hex::encode(digest(&SHA256, certificate).as_ref())))
}

fn named(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let of_kind =
        |kind: fn(&GeneralName<'_>) -> Option<String>| names.iter().filter_map(kind).find(|name| fit(name));
    of_kind(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    })
    .or_else(|| {
        of_kind(|name| match name {
            GeneralName::URI(name) => Some((*name).to_owned()),
            _ => None,
        })
    })
    .or_else(|| {
        of_kind(|name| match name {
            GeneralName::RFC822Name(name) => Some((*name).to_owned()),
            _ => None,
        })
    })
    .or_else(|| {
        let mut common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        common.find(|name| fit(name)).map(str::to_owned)
    })
}

/// The name of an identity of IAM: its ARN. Of an assumed role without the name of the session, which the caller
/// chooses; where the ARN has other characters than a name may have, `iam:` and its unique id, which has none.
pub(crate) fn caller_name(arn: &str, unique: &str) -> Option<String> {
    let role = arn.starts_with("arn:") && arn.contains(":sts:") && arn.contains(":assumed-role/");
    let arn = if role { arn.rsplit_once('/').map_or(arn, |(role, _session)| role) } else { arn };
    let unique = unique.split(':').next().unwrap_or_default();
    let by_id = || Some(format!("iam:{unique}")).filter(|name| !unique.is_empty() && fit(name));
    Some(arn.to_owned()).filter(|arn| arn.starts_with("arn:") && fit(arn)).or_else(by_id)
}

/// Whether it is short and of characters that no log, page or query takes for anything else.
pub(crate) fn fit(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/@+ ".contains(&byte);
    // Nobody gets to claim a fingerprint.
    (1..=LIMIT).contains(&name.len())
        && name.bytes().all(allowed)
        && name.trim() == name
        && !name.starts_with("sha256:")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn name(common: &str, others: Vec<SanType>) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common);
        params.subject_alt_names = others;
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        peer_name(certificate.der())
    }

    #[test]
    fn the_first_name_that_fits_is_taken() {
        let dns = || SanType::DnsName("epd.linde.example".try_into().unwrap());
        let uri = || SanType::URI("urn:oid:2.16.528.1".try_into().unwrap());
        let mail = || SanType::Rfc822Name("epd@linde.example".try_into().unwrap());
        assert_eq!(name("EPD", vec![mail(), uri(), dns()]), "epd.linde.example");
        assert_eq!(name("EPD", vec![mail(), uri()]), "urn:oid:2.16.528.1");
        assert_eq!(name("EPD", vec![mail()]), "epd@linde.example");
        assert_eq!(name("EPD Linde", vec![]), "EPD Linde");
    }

    #[test]
    fn a_caller_of_iam_is_named_by_what_it_did_not_choose_itself() {
        let user = "arn:aws:iam::123456789012:user/systems/zis";
        assert_eq!(caller_name(user, "AIDAEXAMPLE").as_deref(), Some(user));
        assert_eq!(
            caller_name("arn:aws:sts::123456789012:assumed-role/zis-linde/i-0abc", "AROAEXAMPLE:i-0abc")
                .as_deref(),
            Some("arn:aws:sts::123456789012:assumed-role/zis-linde")
        );
        let odd = "arn:aws:iam::123456789012:user/a=b,c";
        assert_eq!(caller_name(odd, "AIDAEXAMPLE").as_deref(), Some("iam:AIDAEXAMPLE"));
        assert_eq!(caller_name("", ""), None);
        assert_eq!(caller_name("zis", "a\nb"), None);
    }

    #[test]
    fn what_does_not_fit_gives_way_to_the_fingerprint() {
        let many = "x".repeat(65);
        let long = SanType::URI(format!("urn:{many}{many}").try_into().unwrap());
        assert_eq!(name("EPD", vec![long]), "EPD");
        for common in ["", " EPD", "a\"b", "a\nb", "Lïnde", "sha256:00"] {
            let shown = name(common, vec![]);
            assert!(shown.len() == 71 && shown.starts_with("sha256:"), "{shown}");
        }
        assert!(peer_name(b"not a certificate").starts_with("sha256:"));
    }
}
