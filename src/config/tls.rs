//! TLS to clients: the certificate and what is spoken.

use std::path::PathBuf;

use super::errors::{Problem, Warning};
use super::parse::Reader;
use crate::database_uri::Secret;

/// Where a certificate is looked for, and kept, if none is configured.
const CERTIFICATE_DIRECTORY: &str = "certs";

/// Certificate and TLS parameters.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// Where certificate and key are.
    pub certificate: CertificateSource,
    /// `TLS_MIN_VERSION`; not above `max_version`.
    pub min_version: TlsVersion,
    /// `TLS_MAX_VERSION`
    pub max_version: TlsVersion,
    /// `TLS_CIPHERS` as given. None for all.
    pub ciphers: Option<String>,
    /// `LDAP_COMMON_NAME`: the name in a certificate that the gateway makes.
    pub common_name: String,
}

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// `LDAP_CERT_CONTENT`, `LDAP_KEY_CONTENT`: PEM, whose line ends may be written as `\n`.
    Content {
        /// The certificate chain.
        certificate: String,
        /// The private key.
        key: Secret,
    },
    /// `LDAP_CERT_PATH`, `LDAP_KEY_PATH`
    Files {
        /// The certificate chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// A pair in this directory. If there is none, the gateway makes one.
    Directory(PathBuf),
}

/// A TLS version that the gateway can speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246
    #[default]
    V1_2,
    /// RFC 8446
    V1_3,
}

impl TlsSettings {
    pub(super) fn read(reader: &mut Reader, common_name: &str, unencrypted: bool) -> Self {
        let min_version = tls_version(reader, "TLS_MIN_VERSION");
        let max_version = tls_version(reader, "TLS_MAX_VERSION");
        if let (Some(min), Some(max)) = (min_version, max_version)
            && min > max
        {
            reader
                .problems
                .push(Problem::other("TLS_MIN_VERSION", "is higher than TLS_MAX_VERSION"));
        }
        let certificate = certificate(reader);
        if unencrypted && certificate != CertificateSource::Directory(CERTIFICATE_DIRECTORY.into()) {
            let text = "is true: the certificate that is configured is not used, passwords cross the network readable";
            reader.warnings.push(Warning::new("LDAP_UNENCRYPTED", text));
        }
        TlsSettings {
            certificate,
            min_version: min_version.unwrap_or_default(),
            max_version: max_version.unwrap_or_default(),
            ciphers: reader.text("TLS_CIPHERS"),
            common_name: common_name.to_owned(),
        }
    }
}

/// Reads `1.2`, `TLSv1.2`, `TLSv1_2`, `tls1.2`. Deployed settings hold older versions too. An older lowest version only means
/// "do not be strict"; an older highest one would leave nothing.
fn tls_version(reader: &mut Reader, name: &'static str) -> Option<TlsVersion> {
    let mut old = false;
    let version = reader.parsed(name, "1.2 or 1.3", |text| {
        let text = text.to_ascii_lowercase().replace('_', ".").replace(' ', "");
        let text = text.strip_prefix("tls").unwrap_or(&text);
        match text.strip_prefix('v').unwrap_or(text) {
            "1.2" => Some(TlsVersion::V1_2),
            "1.3" => Some(TlsVersion::V1_3),
            "1" | "1.0" | "1.1" if name == "TLS_MIN_VERSION" => {
                old = true;
                Some(TlsVersion::V1_2)
            }
            _ => None,
        }
    });
    if old {
        reader.warnings.push(Warning::new(
            name,
            "TLS 1.0 and 1.1 are not supported; 1.2 is the lowest version",
        ));
    }
    version
}

fn certificate(reader: &mut Reader) -> CertificateSource {
    let content = (reader.text("LDAP_CERT_CONTENT"), reader.secret("LDAP_KEY_CONTENT"));
    let files = (reader.text("LDAP_CERT_PATH"), reader.text("LDAP_KEY_PATH"));
    reader.half_given("LDAP_CERT_CONTENT", "LDAP_KEY_CONTENT");
    reader.half_given("LDAP_CERT_PATH", "LDAP_KEY_PATH");
    match (content, files) {
        ((Some(certificate), Some(key)), files) => {
            if files != (None, None) {
                let text = "have no effect: LDAP_CERT_CONTENT and LDAP_KEY_CONTENT have precedence";
                reader
                    .warnings
                    .push(Warning::new("LDAP_CERT_PATH, LDAP_KEY_PATH", text));
            }
            CertificateSource::Content { certificate, key }
        }
        (_, (Some(certificate), Some(key))) => CertificateSource::Files {
            certificate: PathBuf::from(certificate),
            key: PathBuf::from(key),
        },
        _ => CertificateSource::Directory(PathBuf::from(CERTIFICATE_DIRECTORY)),
    }
}
