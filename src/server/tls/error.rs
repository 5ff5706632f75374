//! What may be wrong with certificate, key and TLS parameters, in words for the operator.

use std::fmt;
use std::path::Path;

use thiserror::Error;

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
    pub(super) fn is_no_pair(&self) -> bool {
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

/// A file as an error names it: the setting, where there is one, and the path.
pub(super) fn origin(variable: &str, path: &Path) -> String {
    if variable.is_empty() {
        path.display().to_string()
    } else {
        format!("{variable} ({})", path.display())
    }
}
