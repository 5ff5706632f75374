//! Certificate and key: found, read, and proved to belong together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{Context, SHA256, digest};
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use tokio_rustls::rustls::{Error as RustlsError, InconsistentKeys};

use super::error::{TlsError, origin};
use crate::config::{CertificateSource, TlsSettings};

/// Names of pairs in the certificate directory, certificate first: our own, then what other tools write
/// (openssl, certbot, Kubernetes secrets). The first pair that is there counts.
pub(super) const PAIRS: &[(&str, &str)] = &[
    ("server.crt", "server.key"),
    ("cert.pem", "key.pem"),
    ("fullchain.pem", "privkey.pem"),
    ("tls.crt", "tls.key"),
];

/// Where the Node gateway keeps the pair that it makes: beside our directory, which is looked at first.
const NODE_DIRECTORY: &str = "cert";

/// What to do where there is no pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Create {
    /// Make one and write it where the next start finds it; renew one that was made so.
    AndKeep,
    /// Make one and leave nothing behind.
    InMemory,
    /// Only renew one that was made here: one is served already.
    RenewOnly,
}

/// A certificate that can be served.
#[derive(Debug)]
pub(super) struct Certificate {
    pub key: CertifiedKey,
    pub fingerprint: String,
    /// Where it is from: the setting, the file.
    pub origin: String,
    /// Made here, and not found.
    pub self_made: bool,
    /// Made here for a key that is in a file, and not written beside it.
    pub unwritten: bool,
    /// It was made here, and the next start makes another of the same key.
    pub is_renewed: bool,
}

/// PEM text and where it is from.
pub(super) struct Pem {
    pub text: String,
    pub origin: String,
}

/// The files that count, there or not; none where the settings hold the pair itself.
pub(super) fn files(settings: &TlsSettings) -> Vec<PathBuf> {
    match &settings.certificate {
        CertificateSource::Content { .. } => Vec::new(),
        CertificateSource::Files { certificate, key } => vec![certificate.clone(), key.clone()],
        CertificateSource::Directory(directory) => {
            let ours = PAIRS.iter().map(|names| (directory.clone(), names));
            let theirs = PAIRS.iter().take(1).map(|names| (node_directory(directory), names));
            ours.chain(theirs)
                .flat_map(|(directory, (certificate, key))| [directory.join(certificate), directory.join(key)])
                .collect()
        }
    }
}

/// What tells one chain from another.
pub(super) fn digest_of(chain: &[CertificateDer<'_>]) -> Vec<u8> {
    let mut all = Context::new(&SHA256);
    for certificate in chain {
        all.update(certificate);
    }
    all.finish().as_ref().to_vec()
}

fn node_directory(directory: &Path) -> PathBuf {
    directory.with_file_name(NODE_DIRECTORY)
}

/// The pair in the directory, else the one of the Node gateway, if there is one.
pub(super) fn pair(directory: &Path, warnings: &mut Vec<String>) -> Result<Option<(PathBuf, PathBuf)>, TlsError> {
    let ours = pair_in(directory, PAIRS)?;
    let first = PAIRS.get(..1).unwrap_or_default();
    let theirs = pair_in(&node_directory(directory), first);
    let Some(ours) = ours else {
        return theirs;
    };
    if let Ok(Some((unused, _))) = theirs {
        warnings.push(format!(
            "{} is not used, because {} is there",
            unused.display(),
            ours.0.display()
        ));
    }
    Ok(Some(ours))
}

/// The first of these pairs that is there.
pub(super) fn pair_in(directory: &Path, names: &[(&str, &str)]) -> Result<Option<(PathBuf, PathBuf)>, TlsError> {
    let mut half = None;
    for (certificate, key) in names {
        let (certificate, key) = (directory.join(certificate), directory.join(key));
        match (certificate.exists(), key.exists()) {
            (true, true) => return Ok(Some((certificate, key))),
            (false, false) => {}
            (true, false) => half = half.or(Some((certificate, key))),
            (false, true) => half = half.or(Some((key, certificate))),
        }
    }
    match half {
        None => Ok(None),
        Some((found, missing)) => Err(TlsError::HalfPair {
            found: found.display().to_string(),
            missing: missing.display().to_string(),
        }),
    }
}

pub(super) fn read(variable: &str, path: &Path) -> Result<Pem, TlsError> {
    let origin = origin(variable, path);
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Pem { text, origin }),
            Err(_) => Err(TlsError::NotPem {
                origin,
                reason: "it is binary (DER is not supported)".into(),
            }),
        },
        Err(error) => Err(TlsError::Unreadable {
            origin,
            reason: error.to_string(),
        }),
    }
}

/// Environment variables that cannot hold line ends have them as `\n`.
pub(super) fn with_line_ends(text: &str) -> String {
    text.replace("\\r", "").replace("\\n", "\n")
}

/// Reads chain and key, and proves that they belong together.
pub(super) fn assemble(
    certificate: Result<Pem, TlsError>,
    key: Result<Pem, TlsError>,
    warnings: &mut Vec<String>,
) -> Result<Certificate, Vec<TlsError>> {
    let certificate = certificate.and_then(|pem| Ok((chain(&pem)?, pem.origin)));
    let key = key.and_then(|pem| Ok((private_key(&pem)?, pem.origin)));
    match (certificate, key) {
        (Ok((chain, certificate)), Ok((key, key_origin))) => {
            let origins = Origins {
                certificate: &certificate,
                key: &key_origin,
            };
            matching(chain, key, &origins, warnings).map_err(|error| vec![error])
        }
        (certificate, key) => Err(certificate.err().into_iter().chain(key.err()).collect()),
    }
}

fn chain(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Result<Vec<_>, _> = rustls_pemfile::certs(&mut pem.text.as_bytes()).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::NoCertificate(pem.origin.clone())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(TlsError::NotPem {
            origin: pem.origin.clone(),
            reason: error.to_string(),
        }),
    }
}

fn private_key(pem: &Pem) -> Result<Arc<dyn SigningKey>, TlsError> {
    let der: Option<PrivateKeyDer<'static>> =
        rustls_pemfile::private_key(&mut pem.text.as_bytes()).map_err(|error| {
            encrypted_or(
                pem,
                TlsError::NotPem {
                    origin: pem.origin.clone(),
                    reason: error.to_string(),
                },
            )
        })?;
    let der = der.ok_or_else(|| encrypted_or(pem, TlsError::NoKey(pem.origin.clone())))?;
    any_supported_type(&der).map_err(|error| {
        let reason = match error {
            RustlsError::General(reason) => reason,
            other => other.to_string(),
        };
        encrypted_or(
            pem,
            TlsError::UnusableKey {
                origin: pem.origin.clone(),
                reason,
            },
        )
    })
}

/// PKCS#8 and the older form of encryption both look like no key or a broken one to the PEM reader.
fn encrypted_or(pem: &Pem, otherwise: TlsError) -> TlsError {
    let encrypted = pem.text.contains("BEGIN ENCRYPTED PRIVATE KEY")
        || pem
            .text
            .lines()
            .any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
    if encrypted {
        TlsError::EncryptedKey(pem.origin.clone())
    } else {
        otherwise
    }
}

/// Where the two parts of a pair are from.
struct Origins<'a> {
    certificate: &'a str,
    key: &'a str,
}

fn matching(
    chain: Vec<CertificateDer<'static>>,
    key: Arc<dyn SigningKey>,
    origins: &Origins<'_>,
    warnings: &mut Vec<String>,
) -> Result<Certificate, TlsError> {
    let certificate = origins.certificate;
    let mismatch = |hint| TlsError::Mismatch {
        certificate: certificate.into(),
        key: origins.key.into(),
        hint,
    };
    let public = key.public_key().map(|public| public.as_ref().to_vec());
    let holds = |certificate: &CertificateDer<'_>| {
        public
            .as_deref()
            .is_some_and(|public| certificate.windows(public.len()).any(|window| window == public))
    };
    let fingerprint = chain.first().map(|leaf| fingerprint(leaf)).unwrap_or_default();
    let first_holds = chain.first().is_some_and(holds);
    let other_holds = chain.iter().skip(1).any(holds);
    let key = CertifiedKey::new(chain, key);
    match key.keys_match() {
        Ok(()) | Err(RustlsError::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        // Certificates that rustls does not parse (X.509 v1, as `openssl x509 -req` long made them) were
        // served by the Node gateway; the public key is in them literally.
        Err(RustlsError::InvalidCertificate(_)) if first_holds => warnings.push(format!(
            "{certificate}: the certificate is unusual (X.509 v1?); some clients refuse such certificates"
        )),
        Err(_) if other_holds => return Err(mismatch(": the server's own certificate must be the first one there")),
        Err(_) => return Err(mismatch("")),
    }
    Ok(Certificate {
        key,
        fingerprint,
        origin: certificate.to_owned(),
        self_made: false,
        unwritten: false,
        is_renewed: false,
    })
}

/// The SHA-256 fingerprint as openssl prints it.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let bytes: Vec<String> = digest(&SHA256, certificate)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    bytes.join(":")
}
