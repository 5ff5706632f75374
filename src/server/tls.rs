//! The rustls configuration of the listener: versions, cipher suites, certificate. With its parts below
//! `tls/`, the only user of rustls, rustls-pemfile and rcgen.
//! Must not know: sockets, LDAP, how the settings were read.

mod authority;
mod certificate;
mod ciphers;
pub mod client;
pub mod reload;
mod self_made;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring as provider;
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SignatureAlgorithm, SupportedProtocolVersion};
use x509_parser::parse_x509_certificate;

use crate::config::{TlsSettings, TlsVersion};

use certificate::Create;

/// What the listener needs to speak TLS, and what the operator should know about it.
#[derive(Clone, Debug)]
pub struct TlsSetup {
    /// The configuration; no client certificates, no ALPN, the same certificate with and without SNI.
    pub config: Arc<ServerConfig>,
    /// The SHA-256 fingerprint of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub fingerprint: String,
    /// The end of the certificate's validity in seconds since 1970, if it can be read.
    pub not_after: Option<i64>,
    /// A digest of the whole chain.
    chain: Vec<u8>,
    /// The files as they were before they were read.
    stamps: reload::Stamps,
    /// The pair was made by ourselves, because none is configured and none was found.
    pub self_made: bool,
    /// It is not in the files, which have an older one of the same key.
    unwritten: bool,
    /// What is legal but odd, each a sentence that names the setting.
    pub warnings: Vec<String>,
}

impl TlsSetup {
    /// What turns an accepted connection into an encrypted one.
    pub fn acceptor(&self) -> Acceptor {
        Acceptor::from(Arc::clone(&self.config))
    }
}

/// Accepts TLS on a connection.
pub type Acceptor = tokio_rustls::TlsAcceptor;
/// A connection that speaks TLS.
pub type TlsStream<S> = tokio_rustls::server::TlsStream<S>;

/// Version and cipher suite that were agreed on, for the log.
pub fn parameters<S>(stream: &TlsStream<S>) -> (Option<&'static str>, Option<&'static str>) {
    let (_, connection) = stream.get_ref();
    let version = connection.protocol_version().and_then(|version| version.as_str());
    let cipher = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    (version, cipher)
}

/// One thing that is wrong with certificate, key or TLS parameters. Never shows a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    /// A file that is not there or may not be read.
    #[error("{origin}: cannot be read: {reason}")]
    Unreadable {
        /// The setting and the file.
        origin: String,
        /// The system's words.
        reason: String,
    },
    /// Text that is no PEM.
    #[error("{origin}: is no PEM text: {reason}")]
    NotPem {
        /// The setting and the file.
        origin: String,
        /// What the PEM reader says.
        reason: String,
    },
    /// PEM text without a certificate.
    #[error("{0}: no certificate found (no `BEGIN CERTIFICATE`)")]
    NoCertificate(String),
    /// PEM text without a key.
    #[error("{0}: no private key found (`BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY`)")]
    NoKey(String),
    /// A key that only a passphrase opens.
    #[error("{0}: the private key is encrypted; decrypt it, such as with `openssl pkey -in KEY -out NEWKEY`")]
    EncryptedKey(String),
    /// A key that cannot sign.
    #[error(
        "{origin}: the private key cannot be used ({reason}); RSA of 2048 bits or more, ECDSA P-256 or P-384 and Ed25519 can"
    )]
    UnusableKey {
        /// The setting and the file.
        origin: String,
        /// What rustls says.
        reason: String,
    },
    /// A key that belongs to another certificate.
    #[error("{key}: the private key does not belong to the certificate of {certificate}{hint}")]
    Mismatch {
        /// Where the certificate is from.
        certificate: String,
        /// Where the key is from.
        key: String,
        /// What may have happened.
        hint: &'static str,
    },
    /// One file of a pair.
    #[error("{found}: is there without {missing}; add that file, or remove both to have a pair made")]
    HalfPair {
        /// The file that is there.
        found: String,
        /// The file that is not.
        missing: String,
    },
    /// Neither file of a pair.
    #[error("{0}: there is no certificate any more")]
    NoPair(String),
    /// No usable cipher suite.
    #[error("TLS_CIPHERS: {0}")]
    Ciphers(String),
    /// No certificate of our own.
    #[error("no certificate can be made: {0}")]
    SelfMade(String),
    /// rustls refuses the whole.
    #[error("TLS cannot be set up: {0}")]
    Refused(String),
}

/// Everything that is wrong, at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsErrors(pub Vec<TlsError>);

impl TlsErrors {
    /// There is nothing to read.
    fn is_no_pair(&self) -> bool {
        matches!(self.0.as_slice(), [TlsError::NoPair(_)])
    }
}

impl fmt::Display for TlsErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for TlsErrors {}

/// Builds the listener's configuration; makes and keeps a pair and its authority where none is configured.
/// Blocking: reads and perhaps writes files.
///
/// # Errors
/// Everything that is wrong with certificate, key and cipher suites.
pub fn server_config(settings: &TlsSettings) -> Result<TlsSetup, TlsErrors> {
    build(settings, Create::AndKeep)
}

/// Does what [`server_config`] does, but leaves no files behind: for `check`.
///
/// # Errors
/// As [`server_config`].
pub fn check(settings: &TlsSettings) -> Result<TlsSetup, TlsErrors> {
    build(settings, Create::InMemory)
}

fn build(settings: &TlsSettings, create: Create) -> Result<TlsSetup, TlsErrors> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let stamps = reload::Stamps::of(settings);
    let suites = ciphers::select(settings, &mut warnings)
        .map_err(|error| errors.push(error))
        .ok();
    let certificate = certificate::load(settings, create, &mut warnings)
        .map_err(|mut more| errors.append(&mut more))
        .ok();
    let (Some(suites), Some(certificate)) = (suites, certificate) else {
        return Err(TlsErrors(errors));
    };

    // A suite of TLS 1.2 also fixes the kind of the certificate's key; one that cannot be used is as good
    // as absent, and a version without suites must not be offered: clients would choose it and fail.
    let algorithm = certificate.key.key.algorithm();
    let usable: Vec<_> = suites
        .into_iter()
        .filter(|suite| suite.usable_for_signature_algorithm(algorithm))
        .collect();
    let mut versions: Vec<&'static SupportedProtocolVersion> = Vec::new();
    for (version, supported, name) in [(TlsVersion::V1_3, &TLS13, "1.3"), (TlsVersion::V1_2, &TLS12, "1.2")] {
        if version < settings.min_version || version > settings.max_version {
            continue;
        }
        if usable.iter().any(|suite| suite.version() == supported) {
            versions.push(supported);
        } else {
            warnings.push(format!(
                "TLS_CIPHERS: TLS {name} is not offered, none of its suites that fit the certificate's {} key is named; \
                 there are {}",
                key_kind(algorithm),
                ciphers::fitting(algorithm, supported)
            ));
        }
    }
    if versions.is_empty() {
        let fitting: Vec<String> = [(TlsVersion::V1_3, &TLS13), (TlsVersion::V1_2, &TLS12)]
            .into_iter()
            .filter(|(version, _)| (settings.min_version..=settings.max_version).contains(version))
            .map(|(_, supported)| ciphers::fitting(algorithm, supported))
            .collect();
        let error = format!(
            "none of the named suites fits the certificate's {} key; there are {}",
            key_kind(algorithm),
            fitting.join(", ")
        );
        return Err(TlsErrors(vec![TlsError::Ciphers(error)]));
    }
    let provider = CryptoProvider {
        cipher_suites: usable,
        ..provider::default_provider()
    };
    let (fingerprint, self_made, unwritten) = (certificate.fingerprint, certificate.self_made, certificate.unwritten);
    let not_after = certificate.key.cert.first().and_then(|leaf| not_after(leaf));
    let chain = certificate::digest_of(&certificate.key.cert);
    let refused = |error: tokio_rustls::rustls::Error| TlsErrors(vec![TlsError::Refused(error.to_string())]);
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)
        .map_err(refused)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate.key)));
    // Tickets are sealed with a key that changes every few hours and is never stored: a client that
    // reconnects saves the signature, and the server remembers nothing.
    config.ticketer = provider::Ticketer::new().map_err(refused)?;
    Ok(TlsSetup {
        config: Arc::new(config),
        fingerprint,
        not_after,
        chain,
        stamps,
        self_made,
        unwritten,
        warnings,
    })
}

/// The end of a certificate in DER, in seconds since 1970; None where it cannot be read.
fn not_after(certificate: &[u8]) -> Option<i64> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

fn key_kind(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::RSA => "RSA",
        SignatureAlgorithm::ED25519 => "Ed25519",
        _ => "ECDSA",
    }
}

/// A file as an error names it: the setting, where there is one, and the path.
fn origin(variable: &str, path: &Path) -> String {
    if variable.is_empty() {
        path.display().to_string()
    } else {
        format!("{variable} ({})", path.display())
    }
}
