//! The rustls configuration of the listener: versions, cipher suites, certificate.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring as provider;
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SignatureAlgorithm, SupportedProtocolVersion};
use x509_parser::parse_x509_certificate;

use super::certificate::{self, Certificate, Create, Pem};
use super::error::{TlsError, TlsErrors};
use super::facts::{CertificateFacts, facts_of};
use super::stamps::Stamps;
use super::validity::Validity;
use super::{ciphers, self_made};
use crate::config::{CertificateSource, TlsSettings, TlsVersion};

/// What the listener needs to speak TLS, and what the operator should know about it.
#[derive(Clone, Debug)]
pub struct TlsSetup {
    /// The configuration; no client certificates, no ALPN, the same certificate with and without SNI.
    pub config: Arc<ServerConfig>,
    /// The SHA-256 fingerprint of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub fingerprint: String,
    /// Where the certificate is from: the setting, the file.
    pub origin: String,
    /// What its certificates say, the server's own first; those that cannot be read are left out.
    pub facts: Vec<CertificateFacts>,
    /// The end of the certificate's validity in seconds since 1970, if it can be read.
    pub not_after: Option<i64>,
    /// A digest of the whole chain.
    pub(super) chain: Vec<u8>,
    /// The files as they were before they were read.
    pub(super) stamps: Stamps,
    /// The pair was made by ourselves, because none is configured and none was found.
    pub self_made: bool,
    /// It was made by ourselves, and the next start makes another of the same key.
    pub is_renewed: bool,
    /// It is not in the files, which have an older one of the same key.
    pub(super) unwritten: bool,
    /// What is legal but odd, each a sentence that names the setting.
    pub warnings: Vec<String>,
}

impl TlsSetup {
    /// What turns an accepted connection into an encrypted one.
    pub fn acceptor(&self) -> Acceptor {
        Acceptor::from(Arc::clone(&self.config))
    }

    /// From when until when each of its certificates is valid.
    pub fn validities(&self) -> Vec<Validity> {
        self.facts.iter().map(|facts| facts.validity.clone()).collect()
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

pub(super) fn build(settings: &TlsSettings, create: Create) -> Result<TlsSetup, TlsErrors> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let stamps = Stamps::of(settings);
    let suites = ciphers::select(settings, &mut warnings)
        .map_err(|error| errors.push(error))
        .ok();
    let certificate = certificate(settings, create, &mut warnings)
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
    let facts = facts_of(&certificate.key.cert, &certificate.origin);
    let origin = certificate.origin.clone();
    let is_renewed = certificate.is_renewed;
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
        origin,
        facts,
        not_after,
        chain,
        stamps,
        self_made,
        is_renewed,
        unwritten,
        warnings,
    })
}

/// The certificate that the settings name, or the one of the directory.
fn certificate(
    settings: &TlsSettings,
    create: Create,
    warnings: &mut Vec<String>,
) -> Result<Certificate, Vec<TlsError>> {
    match &settings.certificate {
        CertificateSource::Content { certificate, key } => certificate::assemble(
            Ok(Pem {
                text: certificate::with_line_ends(certificate),
                origin: "LDAP_CERT_CONTENT".into(),
            }),
            Ok(Pem {
                text: certificate::with_line_ends(key.reveal()),
                origin: "LDAP_KEY_CONTENT".into(),
            }),
            warnings,
        ),
        CertificateSource::Files { certificate, key } => certificate::assemble(
            certificate::read("LDAP_CERT_PATH", certificate),
            certificate::read("LDAP_KEY_PATH", key),
            warnings,
        ),
        CertificateSource::Directory(directory) => self_made::load(&settings.common_name, directory, create, warnings),
    }
}

/// The end of a certificate in DER, in seconds since 1970; None where it cannot be read.
pub(super) fn not_after(certificate: &[u8]) -> Option<i64> {
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
