//! TLS as a client: how far the server's certificate is looked at. That the server has the certificate's key is checked
//! in any case.

use std::{io, path::Path, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        client::{
            WantsClientCert, WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{self, CertificateDer, ServerName, UnixTime, pem::PemObject},
    },
};

/// What a server must prove.
#[derive(Debug, Clone)]
pub(crate) enum Trust {
    /// Nothing: any certificate will do.
    Any,
    /// That one of these authorities issued its certificate, for whatever name.
    Authority(Arc<WebPkiServerVerifier>),
    /// That one of these authorities issued its certificate for its name.
    AuthorityAndName(Arc<WebPkiServerVerifier>),
}

/// A configuration that still wants to know whether we have a certificate.
///
/// # Errors
/// The TLS versions do not fit the cryptography, which does not happen.
pub(crate) fn builder(trust: Trust) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        trust,
        provider: Arc::clone(&provider),
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))
}

/// Why there are no authorities to verify a server by.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file is not there, or is no PEM.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] pki_types::pem::Error),
    /// One of its certificates is none.
    #[error("has a certificate that cannot be used: {0}")]
    Unusable(#[source] Error),
    /// It is PEM without a certificate.
    #[error("has no certificate in it")]
    Empty,
    /// The system's list of authorities is empty or not there: a container image may have none.
    #[error("this system has no authorities (SSL_CERT_FILE names a file of them)")]
    NoneInSystem,
    /// The TLS versions do not fit the cryptography, which does not happen.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] Error),
}

/// Verifies a server's certificate, for its name, by the authorities in a PEM file and by no others.
///
/// # Errors
/// The file has none, or one that cannot be used.
pub(crate) fn verifying_by(path: &Path) -> Result<ClientConfig, TrustError> {
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path)? {
        authorities.add(certificate?).map_err(TrustError::Unusable)?;
    }
    if authorities.is_empty() {
        return Err(TrustError::Empty);
    }
    verifying(authorities)
}

/// Verifies a server's certificate, for its name, by the system's authorities.
///
/// # Errors
/// The system has none.
pub(crate) fn verifying_by_system() -> Result<ClientConfig, TrustError> {
    let mut authorities = RootCertStore::empty();
    // An authority that cannot be used is missed by whoever needs it.
    for certificate in rustls_native_certs::load_native_certs().certs {
        let _ = authorities.add(certificate);
    }
    if authorities.is_empty() {
        return Err(TrustError::NoneInSystem);
    }
    verifying(authorities)
}

/// Accepts no server at all: for a client that must not speak TLS.
///
/// # Errors
/// [`TrustError::Tls`] alone.
pub(crate) fn verifying_nobody() -> Result<ClientConfig, TrustError> {
    verifying(RootCertStore::empty())
}

fn verifying(authorities: RootCertStore) -> Result<ClientConfig, TrustError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Tls)?;
    Ok(builder.with_root_certificates(authorities).with_no_client_auth())
}

/// Makes a connection without looking at whose certificate it is: who asks whether a gateway is ready does not ask who it
/// is.
///
/// # Errors
/// The handshake's.
pub async fn connect_unverified<S>(stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = builder(Trust::Any).map_err(io::Error::other)?.with_no_client_auth();
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (authority, with_name) = match &self.trust {
            Trust::Any => return Ok(ServerCertVerified::assertion()),
            Trust::Authority(authority) => (authority, false),
            Trust::AuthorityAndName(authority) => (authority, true),
        };
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !with_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
