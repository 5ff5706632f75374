//! `TLS_CIPHERS`: OpenSSL's and IANA's names of the cipher suites that rustls has.

use tokio_rustls::rustls::crypto::ring::{DEFAULT_CIPHER_SUITES, cipher_suite as suite};
use tokio_rustls::rustls::{SignatureAlgorithm, SupportedCipherSuite, SupportedProtocolVersion};

use super::error::TlsError;
use crate::config::TlsSettings;

/// OpenSSL's name, IANA's name, the suite. TLS 1.3 suites have one name.
const NAMES: &[(&str, &str, SupportedCipherSuite)] = &[
    (
        "TLS_AES_256_GCM_SHA384",
        "TLS13_AES_256_GCM_SHA384",
        suite::TLS13_AES_256_GCM_SHA384,
    ),
    (
        "TLS_AES_128_GCM_SHA256",
        "TLS13_AES_128_GCM_SHA256",
        suite::TLS13_AES_128_GCM_SHA256,
    ),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS13_CHACHA20_POLY1305_SHA256",
        suite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// OpenSSL's words that mean, among what rustls has, every suite.
const EVERYTHING: &[&str] = &["DEFAULT", "HIGH", "ALL", "SECURE", "AEAD"];

/// What OpenSSL lists exclude by habit and rustls never had: no need to mention it.
const NEVER_HERE: &[&str] = &[
    "aNULL", "eNULL", "NULL", "EXPORT", "EXP", "LOW", "MEDIUM", "DES", "3DES", "RC4", "RC2", "IDEA", "SEED", "MD5",
    "PSK", "SRP", "DSS", "aDSS", "ADH", "AECDH", "kRSA", "RSA", "kDH", "CAMELLIA", "ARIA", "SSLv2", "SSLv3", "SHA1",
    "SHA", "CBC", "aDH", "kECDH", "aECDH", "DH", "CBC3", "AESCCM", "CCM",
];

/// The suites that `TLS_CIPHERS` names and the configured versions have; all where it is absent.
pub(super) fn select(
    settings: &TlsSettings,
    warnings: &mut Vec<String>,
) -> Result<Vec<SupportedCipherSuite>, TlsError> {
    let Some(text) = &settings.ciphers else {
        return Ok(DEFAULT_CIPHER_SUITES.to_vec());
    };
    let mut chosen: Vec<SupportedCipherSuite> = Vec::new();
    let mut removed: Vec<SupportedCipherSuite> = Vec::new();
    let mut unknown = Vec::new();
    for word in text.split([':', ',', ' ', '\t', '\n']).filter(|word| !word.is_empty()) {
        if let Some(name) = word.strip_prefix(['!', '-']) {
            match find(name) {
                Some(suite) => removed.push(suite),
                None if NEVER_HERE.contains(&name) => {}
                None => unknown.push(word),
            }
        } else if let Some(suite) = find(word) {
            if !chosen.contains(&suite) {
                chosen.push(suite);
            }
        } else if EVERYTHING.iter().any(|name| name.eq_ignore_ascii_case(word)) {
            let more: Vec<_> = DEFAULT_CIPHER_SUITES
                .iter()
                .filter(|suite| !chosen.contains(suite))
                .copied()
                .collect();
            chosen.extend(more);
        } else {
            unknown.push(word);
        }
    }
    chosen.retain(|suite| !removed.contains(suite));
    if !unknown.is_empty() {
        warnings.push(format!(
            "TLS_CIPHERS: ignored, as this server has no such suite: {}",
            unknown.join(", ")
        ));
    }
    if chosen.is_empty() {
        let names: Vec<_> = NAMES.iter().map(|(name, ..)| *name).collect();
        return Err(TlsError::Ciphers(format!(
            "no suite is left; there are {}",
            names.join(", ")
        )));
    }
    Ok(chosen)
}

/// OpenSSL's names of a version's suites that a key of this kind can be used with.
pub(super) fn fitting(algorithm: SignatureAlgorithm, version: &SupportedProtocolVersion) -> String {
    let names: Vec<_> = NAMES
        .iter()
        .filter(|(_, _, suite)| suite.version() == version && suite.usable_for_signature_algorithm(algorithm))
        .map(|(openssl, ..)| *openssl)
        .collect();
    names.join(", ")
}

fn find(name: &str) -> Option<SupportedCipherSuite> {
    NAMES
        .iter()
        .find(|(openssl, iana, _)| openssl.eq_ignore_ascii_case(name) || iana.eq_ignore_ascii_case(name))
        .map(|(_, _, suite)| *suite)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;
    use crate::config::{CertificateSource, TlsVersion};

    fn chosen(ciphers: &str) -> (Result<usize, TlsError>, Vec<String>) {
        let settings = TlsSettings {
            certificate: CertificateSource::Directory("none".into()),
            min_version: TlsVersion::V1_2,
            max_version: TlsVersion::V1_3,
            ciphers: Some(ciphers.into()),
            common_name: "x".into(),
        };
        let mut warnings = Vec::new();
        let suites = select(&settings, &mut warnings);
        (suites.map(|suites| suites.len()), warnings)
    }

    #[test]
    fn every_suite_of_rustls_has_a_name() {
        for suite in DEFAULT_CIPHER_SUITES {
            assert!(NAMES.iter().any(|(_, _, named)| named == suite), "{suite:?}");
        }
    }

    #[test]
    fn both_kinds_of_names_are_known() {
        assert_eq!(
            chosen("ECDHE-RSA-AES256-GCM-SHA384:tls_aes_256_gcm_sha384"),
            (Ok(2), vec![])
        );
        assert_eq!(
            chosen("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256"),
            (Ok(1), vec![])
        );
        assert_eq!(chosen("HIGH:!aNULL:!MD5"), (Ok(9), vec![]));
        assert_eq!(chosen("HIGH:!ECDHE-RSA-AES128-GCM-SHA256").0, Ok(8));
    }

    #[test]
    fn others_are_named_and_none_left_is_an_error() {
        let (suites, warnings) = chosen("DHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=2:!AES128");
        assert_eq!(suites, Ok(1));
        assert_eq!(
            warnings,
            ["TLS_CIPHERS: ignored, as this server has no such suite: DHE-RSA-AES256-SHA, @SECLEVEL=2, !AES128"]
        );
        assert!(matches!(chosen("AES256-SHA").0, Err(TlsError::Ciphers(_))));
        assert!(matches!(chosen("HIGH:!TLS_AES_128_GCM_SHA256:::").0, Ok(8)));
    }
}
